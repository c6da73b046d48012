/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes one variable five times, and ends. */
volatile long written;

int main(void)
{
	for (int i = 0; i < 5; i++)
		written += i;
	return written != 10;
}
