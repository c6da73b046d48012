#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gcc clang
#! timeout: 120
"""Programs in C++, with hundreds of types before the first function: each
function that the linker sees is found in the debug information, too: those of
lambdas and of classes in functions among them."""
import os
import re
import subprocess
import sys
import tempfile

TOOL = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"),
                                    "dbgtool"))
SOURCE = """
#include <map>
#include <string>
""" + "\n".join(f"typedef int t{i}; struct empty{i} {{}};"
                for i in range(100)) + """
namespace outer { namespace inner {
struct Klass {
	int value;
	Klass(int v);
	~Klass();
	int method(int x);
	static int fixed(int x);
	struct Nested { int deep(int x); };
	bool operator<(const Klass &o) const;
};
Klass::Klass(int v) : value(v) {}
Klass::~Klass() { value = 0; }
int Klass::method(int x) { return x * value; }
int Klass::fixed(int x) { return x + 1; }
int Klass::Nested::deep(int x) { return x + 2; }
bool Klass::operator<(const Klass &o) const { return value < o.value; }
template <typename T> __attribute__((noinline)) T twice(T x)
{
	return x + x;
}
}
namespace { __attribute__((noinline, used)) int hidden(int x) { return x; } }
}
int apply(std::map<std::string, int> &m)
{
	auto f = [&](int x) __attribute__((noinline)) { return m["a"] + x; };

	struct local { __attribute__((noinline)) int here(int x)
		{ return x + 7; } };
	volatile int seven = 7;

	return local().here(seven) + f(1) + outer::inner::twice(3) + outer::hidden(2);
}
int main() { std::map<std::string, int> m; return apply(m); }
"""
CONFIGS = ["g++ -O0", "g++ -O2", "g++ -O2 -gdwarf-4 -fdebug-types-section",
           "g++ -O2 -gsplit-dwarf", "clang++ -O0", "clang++ -O2",
           "clang++ -O2 -gsplit-dwarf -gdwarf-5"]
NESTED = ["deep", "here", "operator()", "apply", "*e*"]
bad = []


def tool(d, *args):
    r = subprocess.run([TOOL, *args], capture_output=True, text=True,
                       env=dict(os.environ, XDG_CACHE_HOME=d), timeout=30)
    return r.stdout + r.stderr


def check(d, config):
    path = d + "/prog"
    with open(d + "/x.cc", "w", encoding="utf-8") as f:
        f.write(SOURCE)
    subprocess.run([*config.split(), "-g", "-w", d + "/x.cc", "-o", path],
                   check=True, cwd=d)
    mine = {int(a, 16): line for line in tool(d, path, "calls", "*")
            .splitlines() for a in re.findall(r" 0x(\w+)-", line)}
    names = subprocess.run(["nm", path], check=True, capture_output=True,
                           text=True).stdout
    want = {int(a, 16): n for a, n in re.findall(
        r"^(\w+) [tTW] (_Z[\w$]+|main)$", names, re.M)}
    missing = {n for a, n in want.items() if a not in mine}
    if missing or len(want) < 12:
        bad.append(f"{config}: of {len(want)} not found: {missing}")
    for name in ("method", "fixed", "deep", "twice*", "hidden", "apply",
                 "here"):
        text = tool(d, path, "calls", name)
        if not re.search(r"0x\w+-0x\w+ .*x\.cc:\d+", text):
            bad.append(f"{config}: {name}: {text}")
    # The same by the index of functions, which is made for lists.
    before = [tool(d, path, "calls", name) for name in NESTED]
    tool(d, path, "list", "*")
    after = [tool(d, path, "calls", name) for name in NESTED]
    if before != after:
        bad.append(f"{config}: with an index {after}, not {before}")
    text = tool(d, path, "type", "struct", "Klass")
    if "value" not in text:
        bad.append(f"{config}: Klass: {text}")


def main():
    for config in CONFIGS:
        with tempfile.TemporaryDirectory() as d:
            check(d, config)
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
