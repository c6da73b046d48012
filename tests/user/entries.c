/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A traced program that gives some of its functions pointers to nowhere, whose
 * functions call themselves, and one of which returns in a child, too. */
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

struct item {
	int number;
};

__attribute__((noinline)) int take(const struct item *item, int n)
{
	return item ? item->number + n : n;
}

__attribute__((noinline)) int down(int n)
{
	int below = n ? down(n - 1) : 0;

	asm volatile("" : : : "memory");
	return below + 1;
}

__attribute__((noinline)) int split(int n)
{
	int child = n ? fork() : 0;

	asm volatile("" : : : "memory");
	return child;
}

int main(void)
{
	struct item item = { 7 };
	int sum = 0, child;

	for (int i = 0; i < 4; i++)
		sum += take(i % 2 ? &item : NULL, i);
	sum += down(3);
	child = split(42);
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	return sum != 24;
}
