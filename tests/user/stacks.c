/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks of all kinds: inlined, of changing size, called by the C library, of
 * signal handlers, of jumps. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define OPAQUE __attribute__((noinline))
#define INLINED static inline __attribute__((always_inline))
#define KEEP() __asm__ volatile("" ::: "memory")

int mid(int k);
int changing(int n);
void signals(void);
int tail(int k);
void leaf(int k);

OPAQUE void leaf(int k)
{
	__asm__ volatile("" : : "r"(k) : "memory");
}

INLINED void inner(int k)
{
	leaf(k);
	KEEP();
}

INLINED void outer(int k)
{
	inner(k + 1);
	KEEP();
}

OPAQUE int mid(int k)
{
	outer(k);
	return k + 1;
}

OPAQUE int changing(int n)
{
	volatile char *room = __builtin_alloca((size_t)n);

	memset((char *)(long)room, n, (size_t)n);
	mid(n);
	return room[n / 2];
}

static int compare(const void *a, const void *b)
{
	leaf(3);
	return *(const int *)a - *(const int *)b;
}

static void handler(int number)
{
	leaf(number);
	KEEP();
}

OPAQUE void signals(void)
{
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	KEEP();
}

OPAQUE int tail(int k)
{
	return mid(k * 2);
}

int main(void)
{
	int v[] = { 3, 1, 2 };

	mid(1);
	changing(100);
	qsort(v, 3, sizeof(v[0]), compare);
	signals();
	return tail(7) != 15;
}
