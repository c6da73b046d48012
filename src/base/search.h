/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Binary search.
 */
#ifndef BASE_SEARCH_H
#define BASE_SEARCH_H

#include <stdint.h>

/*
 * How many of n elements, from the first on, a condition holds for; it must
 * hold for none behind them.  cond says it of element number i:
 *
 *	above = SEARCH(t->n, i, t->v[i].start <= pc);
 */
#define SEARCH(n, i, cond)                                     \
	({                                                     \
		uint32_t low_ = 0, high_ = (n);                \
							       \
		while (low_ < high_) {                         \
			uint32_t i = low_ + (high_ - low_) / 2; \
							       \
			if (cond)                              \
				low_ = i + 1;                  \
			else                                   \
				high_ = i;                     \
		}                                              \
		low_;                                          \
	})

#endif
