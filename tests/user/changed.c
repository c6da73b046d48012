/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says what became of its variables, which the compiler keeps in registers; for
 * each line that it reads. */
#include <stdio.h>

struct pair {
	int a, b;
};

struct bits {
	unsigned int low : 3, high : 7;
	int sign : 5;
	long next;
};

#define CALLED __attribute__((noinline))
#define OPAQUE(x) __asm__ volatile("" : "+r"(x))

CALLED static long add(int a, unsigned int b, long c, signed char d,
		       unsigned char e)
{
	__asm__ volatile("");
	return (a < 0 ? 1000 : 0) + a + (long)b + c + d + e;
}

CALLED static int sum(struct pair p)
{
	__asm__ volatile("");
	return p.a * 100 + p.b;
}

CALLED static long repeat(long n)
{
	long s = 0;

	for (long i = 0; i < n; i++) {
		OPAQUE(i);
		s += 10; /* changed */
		OPAQUE(s);
	}
	return s;
}

CALLED static int twice(int x)
{
	__asm__ volatile("");
	return x * 2;
}

CALLED static long fields(struct bits *b)
{
	__asm__ volatile("" ::: "memory");
	return b->low + 10 * b->high + 10000 * b->sign + b->next;
}

int main(void)
{
	char line[80];

	while (fgets(line, sizeof(line), stdin)) {
		struct bits b = { 1, 2, 3, 1000000 };
		struct pair p = { 1, 2 };
		long added, total, repeated, doubled;
		int n = 1;

		OPAQUE(n);
		OPAQUE(p);
		added = add(n, 2u * (unsigned int)n, 3 * n,
			    (signed char)(4 * n), (unsigned char)(5 * n));
		total = sum(p);
		repeated = repeat(4 * n);
		doubled = twice(21 * n);

		printf("%ld %ld %ld %ld %ld\n", added, total, repeated, doubled,
		       fields(&b));
		fflush(stdout);
	}
	return 0;
}
