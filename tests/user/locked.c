/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A traced program with an inlined function that, in one of its copies, begins
 * with an instruction that the kernel takes no probe at.
 */
static int x;

static inline __attribute__((always_inline)) void bump(int how)
{
	if (how)
		__asm__ volatile("lock incl %0" : "+m"(x));
	else
		__asm__ volatile("incl %0" : "+m"(x));
}

__attribute__((noinline)) void locked(int n)
{
	__asm__ volatile("" : : "r"(n));
	bump(1);
}

__attribute__((noinline)) void plain(int n)
{
	__asm__ volatile("" : : "r"(n));
	bump(0);
}

int main(void)
{
	locked(1);
	plain(2);
	plain(3);
	return 0;
}
