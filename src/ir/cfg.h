/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flow of control of a function: order of blocks, who comes before whom,
 * dominance, and which variables are live.  Computed when asked for; nothing
 * keeps it up to date.
 */
#ifndef IR_CFG_H
#define IR_CFG_H

#include "ir/ir.h"

struct cfg_list {
	uint32_t *v;
	uint32_t n, cap;
};

struct cfg {
	const struct ir_func *f;
	struct arena *a;
	uint32_t *order, n;	/* reachable blocks, each before those it
				 * leads to, but for back edges */
	uint32_t *position;	/* of a block in order, or IR_NONE */
	struct cfg_list *preds;		/* of each block, reachable ones; the
					 * blocks it is the catch block of are
					 * not among them */
	struct cfg_list *succs;		/* of each reachable block; its catch
					 * block is the last */
	bool *is_catch;		/* of some reachable block */
	uint32_t *idom;		/* see cfg.c */
};

void cfg_init(struct cfg *c, const struct ir_func *f, struct arena *a);

static inline bool cfg_reachable(const struct cfg *c, uint32_t b)
{
	return c->position[b] != IR_NONE;
}

/* After cfg_init: fills in dominators. */
void cfg_dominators(struct cfg *c);

/* Is all of block x done whenever block y begins? */
bool cfg_dominates(const struct cfg *c, uint32_t x, uint32_t y);

/* A set of variables for each block. */
struct cfg_live {
	uint64_t *bits;
	uint32_t words;		/* of each set */
};

/* The variables whose value at the start of a block may still be read. */
struct cfg_live cfg_live(const struct cfg *c);

static inline bool cfg_is_live(const struct cfg_live *l, uint32_t block,
			       uint32_t var)
{
	return l->bits[block * l->words + var / 64] >> var % 64 & 1;
}

/* Calls fn on each `set` and `restore` of block b, from the last to the first,
 * with the variables that are live behind it. */
typedef void cfg_write_fn(uint32_t block, uint32_t at, const uint64_t *live,
			  void *data);
void cfg_each_write(const struct cfg *c, const struct cfg_live *l, uint32_t b,
		    cfg_write_fn *fn, void *data);

#endif
