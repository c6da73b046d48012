/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says what became of its variables. */
#include <stdio.h>

struct box {
	int n;
	unsigned int bits : 3, more : 5;
	char c;
	long l;
};

static short total = -1;

__attribute__((noinline)) static long work(struct box *p, int n)
{
	int local = n * 2;

	total++;
	return local + n + p->n;
}

int main(void)
{
	struct box b[2] = { { 1, 2, 9, 'c', 4 }, { 5, 1, 9, 'd', 8 } };
	long sum = work(b, 10);

	printf("%d %d %d %c %ld, %ld, %d, %ld\n", b[0].n, b[0].bits, b[0].more,
	       b[0].c, b[0].l, b[1].l, total, sum);
	return 0;
}
