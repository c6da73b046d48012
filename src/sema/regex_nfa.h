/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the two halves of regex_compile(): the pattern as a machine that
 * may be in many places at once (regex.c makes it, regex_dfa.c makes the
 * table of it).
 */
#ifndef SEMA_REGEX_NFA_H
#define SEMA_REGEX_NFA_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

#define NFA_MAX 8192

enum nfa_op {
	NFA_SET,	/* a byte of set `arg`, then x */
	NFA_SPLIT,	/* x, or with less right y */
	NFA_SAVE,	/* position into tag `arg`, then x */
	NFA_BEGIN,	/* only at the start of the string, then x */
	NFA_END,	/* only at its end, then x */
	NFA_MATCH,
};

struct nfa_node {
	uint8_t op;		/* enum nfa_op */
	uint16_t arg;
	uint32_t x, y;
};

struct nfa_set {
	uint8_t bits[32];
};

static inline bool nfa_set_has(const struct nfa_set *s, uint32_t byte)
{
	return s->bits[byte / 8] >> byte % 8 & 1;
}

struct nfa {
	VEC(struct nfa_node) nodes;
	VEC(struct nfa_set) sets;
	uint32_t start;
	uint32_t ngroups;	/* with group 0 */
};

/* tags: the groups are wanted. */
struct err *regex_table(const struct nfa *n, bool tags, struct arena *a,
			struct str *ret) must_check;

#endif
