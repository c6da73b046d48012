/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiled regular expression: the table that ir/regex makes, and that
 * host and kernel code match with.  It finds the leftmost of the longest
 * matches, in one pass, and where its groups begin and end.
 *
 *	struct dfa_header
 *	u8  class[256]		of each byte
 *	u32 next[nstates][nclasses]
 *	u16 accept[nstates][2]
 *	u8  cmds[ncmds]		pairs { dst, src }
 *
 * all little-endian and without gaps, from a 4-byte boundary.
 *
 *	state = start; run(start_cmds)
 *	for pos = 0 .. :
 *		end = pos == length
 *		if accept[state][end]:
 *			matched; run(accept[state][end])
 *			if !ngroups: done
 *		if end: done
 *		e = next[state][class[byte at pos]]
 *		state = e & 0xffff; if !state: done
 *		run(e >> 16), with pos + 1 as the position
 *
 * run(i): from cmds[i] on, pairs until dst is DFA_END.  A pair sets register
 * dst to register src, or to the position (DFA_POS), or to "unset"
 * (DFA_UNSET, 0xffff).  Registers are u16.  In accept commands dst is not a
 * register but a place in the result: 2 * group for where the group starts,
 * + 1 for where it ends; group 0 is the whole match.  cmds[0] is an empty
 * list; accept 0 = does not accept, 1 = accepts and there is nothing to run.
 *
 * State 0 is where nothing matches any more.  Without groups (ngroups 0) only
 * whether there is a match is told, and all command lists are empty.
 */
#ifndef IMAGE_DFA_H
#define IMAGE_DFA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define DFA_END		255
#define DFA_POS		254
#define DFA_UNSET	253
#define DFA_UNSET_POS	0xffff

#define DFA_GROUPS_MAX	16	/* with group 0 */
#define DFA_REGS_MAX	128
#define DFA_STATES_MAX	4096
#define DFA_TABLE_MAX	(256 * 1024)
#define DFA_RUN_MAX	256	/* most bytes of one list of commands */

struct dfa_header {
	uint16_t nstates, nclasses;
	uint16_t nregs, ngroups;
	uint16_t start, start_cmds;
	uint32_t ncmds;		/* bytes; even, ends in DFA_END */
};

struct dfa_groups {
	uint32_t n;		/* 0 without groups */
	uint16_t pos[2 * DFA_GROUPS_MAX];
};

/* Is this a table that can be matched with in bounds? */
bool dfa_check(const uint8_t *table, uint32_t len);

/* Positions beyond 65534 do not exist: the rest of s is not looked at.  ret
 * may be NULL. */
bool dfa_match(const uint8_t *table, struct str s, struct dfa_groups *ret);

#endif
