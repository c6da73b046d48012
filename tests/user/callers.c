/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that are called often, from several others. */
static volatile long sum;

__attribute__((noinline)) static void work(long n)
{
	sum += n;
}

__attribute__((noinline)) static void first(long n)
{
	work(n);
	sum++;
}

__attribute__((noinline)) static void second(long n)
{
	work(n);
	sum++;
}

#ifdef RETURNS
/* Calls itself: only the outermost comes from elsewhere. */
__attribute__((noinline)) static long deep(long n)
{
	long below = n > 0 ? deep(n - 1) : 0;

	sum++;
	return below + sum;
}

__attribute__((noinline)) static void third(void)
{
	sum += deep(3);
	sum++;
}

#ifdef __clang__
#define JUMPS __attribute__((noinline))
#else
#define JUMPS __attribute__((noinline, optimize("optimize-sibling-calls")))
#endif

/* Ends with a jump; clang has that from -O1 on. */
JUMPS static void last(long n)
{
	sum += n;
	work(n);
}

/* The same; what calls it does not say that it does. */
JUMPS static void hidden(long n)
{
	sum -= n;
	work(n);
}

static void (*volatile by_pointer)(long n) = hidden;
#endif

int main(void)
{
	for (int i = 0; i < 5000; i++) {
		first(i);
		second(i);
		second(i);
	}
#ifdef RETURNS
	third();
	third();
	last(sum);
	last(1);
	by_pointer(1);
#endif
	return 0;
}
