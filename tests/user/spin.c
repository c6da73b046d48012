/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs until it is told to stop, and writes the same variables all the time. */
#include <unistd.h>

long counter;
int other;
static volatile long step = 3;

__attribute__((noinline)) void bump(long n)
{
	counter += n;
}

int main(void)
{
	for (;;) {
		bump(step);
		if (counter % 2)
			other = (int)counter;
		usleep(10000);
	}
}
