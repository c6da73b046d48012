/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A library with variables of all threads, and of each. */
#include <errno.h>

int lib_work(int n);

struct two {
	int a, b;
};

static __thread int per_thread = 5;
__thread long shown = 6;
static int counter = 42;
struct two lib_pair = { 3, 4 };

__attribute__((noinline)) int lib_work(int n)
{
	per_thread += n;
	shown += 2 * n;
	counter++;
	errno = n + 100;
	__asm__ volatile("" ::: "memory");
	return per_thread + counter;
}

#ifdef LARGE
/* More than the dynamic linker has at hand for libraries that come later. */
__thread char large[1 << 16];
#endif
