// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of many kinds, for their symbols.
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
static int chosen_a(int x) { return x + 1; }
int (*choose(void))(int) { return chosen_a; }
int chosen(int) __attribute__((ifunc("choose")));
__attribute__((noinline)) int exported(int x) { return puts("x") + x; }
int alias(int) __attribute__((alias("exported")));
int weak(int x) __attribute__((weak));
int weak(int x) { return x + atoi("3"); }
__attribute__((visibility("hidden"), noinline)) int hidden(int x)
{
	return (int)strlen(getenv("HOME")) + x;
}
static __attribute__((noinline, noclone)) int internal(int x)
{
	return x * abs(x) + printf("%d\n", x);
}
int variable = 5;
}

__asm__(".pushsection .text\n"
	".type sizeless, @function\n"
	".globl sizeless\n"
	"sizeless: nop; nop; ret\n"
	".globl untyped\n"
	"untyped: nop; ret\n"
	".popsection\n");

namespace space {
template <typename T> struct Box {
	T v;
	__attribute__((noinline)) T get(T x) { return v + x; }
	__attribute__((noinline)) Box(T x) : v(x) {}
	bool operator<(const Box &o) const { return v < o.v; }
};
__attribute__((noinline)) int run(int n)
{
	Box<int> b(n);

	return b.get(n) + internal(n);
}
} // namespace space

int main(int argc, char **)
{
	return space::run(argc) + chosen(argc) + hidden(argc) + weak(argc) +
	       exported(argc);
}
