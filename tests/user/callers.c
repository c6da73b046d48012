/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function, called often from two others. */
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

int main(void)
{
	for (int i = 0; i < 5000; i++) {
		first(i);
		second(i);
		second(i);
	}
	return 0;
}
