/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dominance is kept for the starts and ends of blocks: an error leaves a
 * block before all of its values are made, so the edge to a catch block
 * begins at the start of a block, the others at its end.  Node 2 * k is the
 * start of the block at position k, 2 * k + 1 its end.  (Cooper, Harvey,
 * Kennedy: A Simple, Fast Dominance Algorithm.)
 */
#include "ir/cfg.h"

#include <string.h>

struct walk {
	struct cfg *c;
	uint8_t *seen;
	uint32_t *post, n;	/* filled from the back */
};

static void find_successors(struct cfg *c, uint32_t b)
{
	const struct ir_insn *last = ir_last(c->f, b);
	struct cfg_list *l = &c->succs[b];

	l->cap = last ? last->nargs + 3u : 1;
	l->v = arena_array(c->a, l->cap, uint32_t);
	l->n = ir_successors(c->f, b, l->v, l->cap - 1);
	if (c->f->blocks.v[b].catch != IR_NONE)
		l->v[l->n++] = c->f->blocks.v[b].catch;
}

/* Where a block may go; catch is last. */
static uint32_t successors(const struct cfg *c, uint32_t b, uint32_t **ret)
{
	*ret = c->succs[b].v;
	return c->succs[b].n;
}

struct open_block {
	uint32_t block, next, nto;
	uint32_t *to;
};

static struct open_block open_block(struct walk *w, uint32_t b)
{
	struct open_block o = { .block = b };

	w->seen[b] = 1;
	find_successors(w->c, b);
	o.nto = successors(w->c, b, &o.to);
	o.next = o.nto;
	return o;
}

/* Depth first, without recursion; the last successor first. */
static void walk_blocks(struct walk *w)
{
	uint32_t depth = 0, to;
	struct open_block *stack;

	stack = arena_array(w->c->a, w->c->f->blocks.n + 1, struct open_block);
	stack[depth++] = open_block(w, 0);
	while (depth) {
		struct open_block *o = &stack[depth - 1];

		if (!o->next) {
			w->post[--w->n] = o->block;
			depth--;
			continue;
		}
		to = o->to[--o->next];
		if (!w->seen[to])
			stack[depth++] = open_block(w, to);
	}
}

static void find_preds(struct cfg *c)
{
	uint32_t *to;

	for (uint32_t k = 0; k < c->n; k++) {
		uint32_t b = c->order[k];
		uint32_t n = successors(c, b, &to);

		if (c->f->blocks.v[b].catch != IR_NONE)
			c->is_catch[to[--n]] = true;
		for (uint32_t s = 0; s < n; s++)
			vec_push(c->a, &c->preds[to[s]], b);
	}
}

void cfg_init(struct cfg *c, const struct ir_func *f, struct arena *a)
{
	uint32_t n = f->blocks.n;
	struct walk w = { .c = c, .n = n };

	*c = (struct cfg){ .f = f, .a = a };
	w.seen = arena_array(a, n + 1, uint8_t);
	w.post = arena_array(a, n + 1, uint32_t);
	c->position = arena_array(a, n + 1, uint32_t);
	c->preds = arena_array(a, n + 1, struct cfg_list);
	c->succs = arena_array(a, n + 1, struct cfg_list);
	c->is_catch = arena_array(a, n + 1, bool);
	if (n)
		walk_blocks(&w);
	c->order = w.post + w.n;
	c->n = n - w.n;
	for (uint32_t b = 0; b < n; b++)
		c->position[b] = IR_NONE;
	for (uint32_t k = 0; k < c->n; k++)
		c->position[c->order[k]] = k;
	find_preds(c);
}

/* ---- dominators ---- */

static uint32_t meet(const uint32_t *idom, uint32_t x, uint32_t y)
{
	while (x != y)
		if (x > y)
			x = idom[x];
		else
			y = idom[y];
	return x;
}

/* The catch block's predecessors: starts of the blocks that have it. */
static void add_catch_preds(const struct cfg *c, struct cfg_list *starts)
{
	for (uint32_t k = 0; k < c->n; k++) {
		uint32_t catch = c->f->blocks.v[c->order[k]].catch;

		if (catch != IR_NONE)
			vec_push(c->a, &starts[catch], 2 * k);
	}
	for (uint32_t k = 0; k < c->n; k++) {
		uint32_t b = c->order[k];

		for (uint32_t i = 0; i < c->preds[b].n; i++)
			vec_push(c->a, &starts[b],
				 2 * c->position[c->preds[b].v[i]] + 1);
	}
}

static bool improve(struct cfg *c, const struct cfg_list *preds, uint32_t k)
{
	const struct cfg_list *p = &preds[c->order[k]];
	uint32_t best = IR_NONE;

	for (uint32_t i = 0; i < p->n; i++)
		if (c->idom[p->v[i]] != IR_NONE)
			best = best == IR_NONE ? p->v[i] :
						 meet(c->idom, best, p->v[i]);
	if (c->idom[2 * k] == best)
		return false;
	c->idom[2 * k] = best;
	c->idom[2 * k + 1] = 2 * k;
	return true;
}

void cfg_dominators(struct cfg *c)
{
	struct cfg_list *preds = arena_array(c->a, c->f->blocks.n + 1,
					      struct cfg_list);
	bool changed = true;

	add_catch_preds(c, preds);
	c->idom = arena_array(c->a, 2 * c->n + 2, uint32_t);
	for (uint32_t i = 0; i < 2 * c->n; i++)
		c->idom[i] = IR_NONE;
	if (!c->n)
		return;
	c->idom[0] = 0;
	c->idom[1] = 0;
	while (changed) {
		changed = false;
		for (uint32_t k = 1; k < c->n; k++)
			changed |= improve(c, preds, k);
	}
}

bool cfg_dominates(const struct cfg *c, uint32_t x, uint32_t y)
{
	uint32_t from = 2 * c->position[y], to = 2 * c->position[x] + 1;

	while (from > to)
		from = c->idom[from];
	return from == to;
}

/* ---- live variables ---- */

static bool reads_var(const struct ir_insn *i)
{
	return i->op == OP_GET || i->op == OP_SAVE;
}

static bool writes_var(const struct ir_insn *i)
{
	return i->op == OP_SET || i->op == OP_RESTORE;
}

static void bit_set(uint64_t *set, uint32_t var, bool on)
{
	if (on)
		set[var / 64] |= UINT64_C(1) << var % 64;
	else
		set[var / 64] &= ~(UINT64_C(1) << var % 64);
}

/* What is live at the end of block b; never anything its catch block reads
 * is dead within. */
static void live_out(const struct cfg *c, const struct cfg_live *l,
		     uint32_t b, uint64_t *set)
{
	uint32_t *to;
	uint32_t n = successors(c, b, &to);

	memset(set, 0, l->words * sizeof(*set));
	for (uint32_t s = 0; s < n; s++)
		for (uint32_t w = 0; w < l->words; w++)
			set[w] |= l->bits[to[s] * l->words + w];
}

static bool in_catch(const struct cfg *c, const struct cfg_live *l, uint32_t b,
		     uint32_t var)
{
	uint32_t catch = c->f->blocks.v[b].catch;

	return catch != IR_NONE && cfg_is_live(l, catch, var);
}

/* From behind an instruction to in front of it. */
static void pass_over(const struct cfg *c, const struct cfg_live *l,
		      uint32_t b, const struct ir_insn *i, uint64_t *set)
{
	uint32_t var = (uint32_t)i->imm;

	if (writes_var(i) && !in_catch(c, l, b, var))
		bit_set(set, var, false);
	else if (reads_var(i))
		bit_set(set, var, true);
}

void cfg_each_write(const struct cfg *c, const struct cfg_live *l, uint32_t b,
		    cfg_write_fn *fn, void *data)
{
	const struct ir_block *bl = &c->f->blocks.v[b];
	uint64_t *set = arena_array(c->a, l->words + 1, uint64_t);

	live_out(c, l, b, set);
	for (uint32_t k = bl->insns.n; k-- > 0;) {
		const struct ir_insn *i = ir_insn(c->f, bl->insns.v[k]);

		if (writes_var(i))
			fn(b, k, set, data);
		pass_over(c, l, b, i, set);
	}
}

static bool flow(const struct cfg *c, const struct cfg_live *l, uint32_t b,
		 uint64_t *set)
{
	const struct ir_block *bl = &c->f->blocks.v[b];
	uint64_t *in = &l->bits[b * l->words];

	live_out(c, l, b, set);
	for (uint32_t k = bl->insns.n; k-- > 0;) {
		const struct ir_insn *i = ir_insn(c->f, bl->insns.v[k]);

		pass_over(c, l, b, i, set);
	}
	if (!memcmp(in, set, l->words * sizeof(*set)))
		return false;
	memcpy(in, set, l->words * sizeof(*set));
	return true;
}

struct cfg_live cfg_live(const struct cfg *c)
{
	struct cfg_live l = { .words = (c->f->vars.n + 63) / 64 };
	uint64_t *set = arena_array(c->a, l.words + 1, uint64_t);
	bool changed = true;

	l.bits = arena_array(c->a, (size_t)c->f->blocks.n * l.words + 1,
			     uint64_t);
	while (changed) {
		changed = false;
		for (uint32_t k = c->n; k-- > 0;)
			changed |= flow(c, &l, c->order[k], set);
	}
	return l;
}
