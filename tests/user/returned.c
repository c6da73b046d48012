/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions whose returns are probed, while those further in ask who called
 * them, and what they were given: that is not in a register any more. */
static volatile long sum;

__attribute__((noinline)) static void other(void)
{
#ifdef __x86_64__			/* callers keep nothing in them */
	asm volatile("" ::: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9",
			    "r10", "r11");
#endif
	sum++;
}

__attribute__((noinline)) static void inner(long n)
{
	sum += n;
	other();
	sum++;				/* 19 */
}

__attribute__((noinline)) static void middle(long n)
{
	inner(n + 1000);
	sum++;
}

__attribute__((noinline)) static void outer(long n)
{
	middle(n + 10);
	inner(n);
	sum++;
}

#define FOUR other(), other(), other(), other()

/* Is not called. */
void many(void);
void many(void)
{
	FOUR, FOUR, FOUR, FOUR, FOUR, FOUR, FOUR, FOUR;
	FOUR, FOUR, FOUR, FOUR, FOUR, FOUR, FOUR, FOUR;
	FOUR;
}

int main(void)
{
	for (int i = 0; i < 100; i++)
		outer(i);
	return 0;
}
