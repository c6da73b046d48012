/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hard cases for whoever reads variables in optimized code: values split over
 * registers, constants, bit-fields, loops that are unrolled, structs taken
 * apart, inlined functions in inlined functions, arguments that die early.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline, noclone))

enum colour { RED, GREEN = 5, BLUE = -3 };

struct pair {
	int first, second;
};

struct bits {
	unsigned int a : 3, b : 7;
	int c : 5;
	long long d : 40;
};

struct node {
	struct node *next;
	const char *name;
	union {
		int number;
		float real;
	};
	enum colour colour;
	struct bits bits;
};

typedef unsigned long ulong_t;

int counter = 3;
static long hidden[4] = { 10, 20, 30, 40 };
static __thread int per_thread = 7;
const char *const greeting = "hello";
volatile int sink;

static inline int square(int x)
{
	int y = x * x;

	sink = y;
	return y;
}

static inline int poly(int x, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++) {
		int term = square(x + i) + i;

		sum += term;
	}
	return sum;
}

NOINLINE long many(int a, char b, short c, long d, unsigned char e, uint64_t f,
		   int g, int h, double x, float y)
{
	long local = a + b;
	struct pair p = { a, c };
	int on_stack[3] = { a, b, c };

	sink = on_stack[a & 1];
	local += p.first * p.second + d;
	local ^= (long)(x * y);
	if (local & 1) {
		long inner = local * 3 + e;

		sink = (int)inner;
		local += (long)f;
	}
	return local + g - h;
}

NOINLINE struct pair swap(struct pair p)
{
	int t = p.first;

	p.first = p.second;
	p.second = t;
	sink = p.first;
	return p;
}

NOINLINE int fields(struct bits b, const struct node *n)
{
	struct bits copy = b;
	int total = copy.a + copy.b;

	copy.c = -2;
	copy.d = 123456789012;
	total += (int)copy.c + (int)copy.d;
	while (n) {
		const struct node *next = n->next;

		total += n->number;
		sink = total;
		n = next;
	}
	return total;
}

NOINLINE ulong_t loop(const uint8_t *data, size_t size)
{
	ulong_t hash = 5381;
	int constant = 42;

	for (size_t i = 0; i < size; i++) {
		uint8_t byte = data[i];

		hash = hash * 33 + byte;
		if (byte == 'l')
			sink = constant;
	}
	return hash;
}

NOINLINE int recurse(int depth, int acc)
{
	int here = acc + depth;

	if (!depth)
		return here;
	sink = here;
	return recurse(depth - 1, here) + per_thread;
}

NOINLINE int variable_size(int n)
{
	int array[n];
	int sum = 0;

	for (int i = 0; i < n; i++)
		array[i] = i * n;
	for (int i = 0; i < n; i++)
		sum += array[i];
	return sum;
}

NOINLINE int by_pointer(int *p, struct node *n)
{
	int old = *p;

	*p += 2;
	n->number = old;
	n->colour = old & 1 ? GREEN : BLUE;
	sink = n->colour;
	return old;
}

NOINLINE double floats(double a, float b, int n)
{
	double sum = a;
	float half = b / 2;

	for (int i = 0; i < n; i++) {
		sum += half * i;
		half += 0.25f;
	}
	sink = (int)sum;
	return sum;
}

NOINLINE int unused(int gone, int kept, int *out)
{
	int copy = kept + 1;

	*out = copy;
	asm volatile("" ::: "memory");
	return copy * 2;
}

NOINLINE __int128 wide(__int128 a, int64_t b)
{
	__int128 c = a * b;

	sink = (int)c;
	return c + b;
}

int main(int argc, char **argv)
{
	struct node second = { .name = "second", .number = 12 };
	struct node first = { .next = &second, .name = "first", .number = 5 };
	struct bits b = { .a = 5, .b = 100, .c = -7, .d = -99999999999 };
	struct pair p = { argc, 17 };
	int x = argc + 10;
	long total = 0;

	total += many(x, 'b', -3, 1L << 40, 250, UINT64_C(1) << 63, 7, -8, 2.5,
		      1.5f);
	p = swap(p);
	total += p.first + p.second;
	total += poly(x, 3);
	total += poly(argc, 2);
	total += fields(b, &first);
	total += (long)loop((const uint8_t *)greeting, strlen(greeting));
	total += recurse(3, argc);
	total += variable_size(argc + 3);
	total += by_pointer(&counter, &first);
	total += (long)floats(1.25, 3.5f, 4);
	total += unused(1, x, &x);
	total += (long)wide(x, -3);
	total += hidden[argc & 3];
	printf("%ld %s\n", total, argv[0] ? "ok" : "");
	return 0;
}
