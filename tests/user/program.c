/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests/user/ traces: each call and each value is known.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum color { RED, GREEN = 5, BLUE };

struct inner {
	int8_t small;
	unsigned int low : 3, high : 5;
	int negative : 4;
};

struct item {
	long id;
	const char *name;
	struct inner in;
	enum color color;
	int numbers[4];
	struct item *next;
	union {
		long whole;
		int half[2];
	};
};

static struct item second = {
	.id = 2, .name = "second", .in = { -2, 2, 12, -3 }, .color = BLUE,
	.numbers = { 10, 20, 30, 40 }, .whole = 0x100000002,
};

static struct item first = {
	.id = 1, .name = "first", .in = { -1, 1, 11, -1 }, .color = GREEN,
	.numbers = { 1, 2, 3, 4 }, .next = &second, .whole = 7,
};

static long total;
int shared = 7;

/* Nothing is known of these to who calls them. */
#define OPAQUE __attribute__((noipa, noinline))

OPAQUE long visit(struct item *item, int depth)
{
	long sum = item->id * depth;

	total += sum;
	if (item->next)
		sum += visit(item->next, depth + 1);
	return sum;
}

static inline __attribute__((always_inline)) long twice(long v)
{
	return 2 * v + shared;
}

OPAQUE long inlines(long n)
{
	long r = twice(n);

	if (r > 10)
		goto big;
	return r;
big:
	return twice(r) + 1;
}

OPAQUE int fails(const char *path, unsigned char byte)
{
	return path[0] == byte ? -2 : -13;
}

OPAQUE long loop(int n)
{
	long s = 0;

	for (int i = 0; i < n; i++) {
		s += i * n;
		shared++;	/* line: loop body */
	}
	return s;
}

int main(int argc, char **argv)
{
	long r = visit(&first, 1);

	(void)argv;
	for (int i = 0; i < 3; i++)
		r += inlines(i);
	r += fails("/etc/passwd", '/');
	r += fails("relative", '/');
	r += loop(4 + argc - 1);
	printf("%ld %ld\n", r, total);
	return 0;
}
