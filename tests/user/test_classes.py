#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root g++
"""Classes of C++: types by their whole names, of which several namespaces have
one; bases that are virtual; functions in sections of their own, which begin
where another ends."""
import os
import subprocess
import sys
import tempfile

SLOW = float(os.environ.get("LIVE_SLOW", "1"))
MAIN = """
namespace one { struct node { long pad; int v; }; }
namespace two { struct node; struct list { node *first; }; list *make(); }
namespace geo {
class shape { public: virtual ~shape() {} virtual int sides() { return 0; }
	int id = 7; };
class named { public: virtual void hello() {} int label = 9; };
class square : public shape, public virtual named {
public:
	int sides() override { return 4 + side; }
	int side = 6;
};
}
template <typename T> T twice(const T &t) { return t + t; }
struct add { int k; int operator()(int a) const { return a + k; } };
int __attribute__((noinline)) look(geo::shape *s, two::list *l, void *p)
{
	return s->sides() + (l != nullptr) + (p != nullptr);
}
int main()
{
	geo::square s;
	one::node n = { 1, 2 };
	int k = 8;
	auto more = [k](int a) { return a + k; };
	int sum = look(&s, two::make(), &n);

	return (sum + twice(21) + add{3}(4) +
		more(5)) & 0;
}
"""
OTHER = """
namespace two { struct node { int v; char c; }; struct list { node *first; };
node a = { 55, 'x' }; list all = { &a };
list *make() { return &all; } }
"""
SCRIPT = """
probe process.function("look") {
	println($s->id, " ", @cast($s, "geo::square")->side, " ",
		@cast($s, "class geo::square")->id)
	println($l->first->v, " ", @cast($p, "one::node")->v, " ",
		@cast($l->first, "two::node")->v)
}
probe process.function("geo::square::sides") { println($this->side) }
probe process.function("twice<int>") { println(user_int($t)) }
probe process.function("add::operator()") { println($a, " ", $this->k) }
probe process.function("operator()") {
	if (@defined($__closure))
		println($a, " ", $k, " ", $__closure->__k)
}
"""
WANTED = ["7 6 7", "55 2 55", "6", "21", "4 3", "5 8 8"]


def main():
    with tempfile.TemporaryDirectory() as d:
        for name, text in ("main", MAIN), ("other", OTHER):
            with open(f"{d}/{name}.cc", "w", encoding="ascii") as f:
                f.write(text)
        subprocess.run(["g++", "-g", "-O0", "-o", "classes", "main.cc",
                        "other.cc"], cwd=d, check=True)
        r = subprocess.run(
            [os.environ["SPILE"], "-c", f"{d}/classes", "-e", SCRIPT],
            capture_output=True, text=True, timeout=60 * SLOW, check=False)
        if r.stdout.splitlines() != WANTED:
            sys.exit(r.stdout + r.stderr)


main()
