/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that are called with values at the ends of their types. */
#include <stdint.h>

long narrow(int a, unsigned b, short c, unsigned short d, long e,
	    unsigned long f);
int wide(int64_t a, uint64_t b, int32_t c, uint32_t d, const void *e,
	 long long f);
const char words[] = "some words";

__attribute__((noinline)) long narrow(int a, unsigned b, short c,
				      unsigned short d, long e,
				      unsigned long f)
{
	__asm__ volatile("" : : "r"(a), "r"(b), "r"(c), "r"(d), "r"(e),
			 "r"(f));
	return -2;
}

__attribute__((noinline)) int wide(int64_t a, uint64_t b, int32_t c,
				   uint32_t d, const void *e, long long f)
{
	__asm__ volatile("" : : "r"(a), "r"(b), "r"(c), "r"(d), "r"(e),
			 "r"(f));
	return 8;
}

int main(void)
{
	/* Kernels that do not wait for pages find it in memory. */
	__asm__ volatile("" : : "r"(*(const volatile char *)words));
	narrow(-1, 4000000000u, -3, 65000, -5000000000, 18000000000000000000u);
	wide(-9000000000000000000, 18000000000000000001u, -2000000000,
	     4000000001u, words, -7);
	return 0;
}
