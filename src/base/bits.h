/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alignment and small arithmetic.
 */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdint.h>

#define MIN(a, b)                              \
	({                                     \
		typeof(a) mina_ = (a);         \
		typeof(b) minb_ = (b);         \
		mina_ < minb_ ? mina_ : minb_; \
	})
#define MAX(a, b)                              \
	({                                     \
		typeof(a) maxa_ = (a);         \
		typeof(b) maxb_ = (b);         \
		maxa_ > maxb_ ? maxa_ : maxb_; \
	})

/* To a power of two. */
static inline uint32_t align_up(uint32_t n, uint32_t to)
{
	return (n + to - 1) & ~(to - 1);
}

/* The least 2^k - 1 that is not below n. */
static inline uint32_t mask_over(uint32_t n)
{
	uint32_t mask = 1;

	while (mask < n)
		mask = 2 * mask + 1;
	return mask;
}

/* What a pointer is to the kernel's and the image's 64-bit fields. */
static inline uint64_t ptr_u64(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

#endif
