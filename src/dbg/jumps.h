/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the jumps of some code go.  Far ones, with a distance of 32 bits, are
 * looked for at every byte: so code need not be told from data for it, and what
 * is found too much is one in billions.
 */
#ifndef DBG_JUMPS_H
#define DBG_JUMPS_H

#include <stdbool.h>
#include <stdint.h>

struct jumps {
	uint8_t *bits;		/* of each byte: a far jump goes there */
	uint64_t addr, n;	/* of the code */
};

/* Reads n bytes of x86 code, which are at addr, in place of what was read
 * before.  Deinit when done; {} is empty. */
void jumps_read(struct jumps *j, const uint8_t *p, uint64_t n, uint64_t addr);
void jumps_deinit(struct jumps *j);

/* Was code read that holds addr? */
bool jumps_know(const struct jumps *j, uint64_t addr);

/* Does a far jump in the code go to addr, which is known? */
bool jumps_go_to(const struct jumps *j, uint64_t addr);

#endif
