/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Variables that compilers leave nothing of. */
#include <stdio.h>

static int folded = 3;
static int written;

__attribute__((noinline)) static int work(int x)
{
	written = x;
	return x * folded;
}

int main(int argc, char **argv)
{
	(void)argv;
	printf("%d\n", work(argc));
	return 0;
}
