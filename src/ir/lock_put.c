/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock is taken in one block D, which every way to a global leads
 * through and no loop repeats: a handler that only looks at its task and
 * leaves takes none.  It is held in the blocks that D dominates and from which
 * a global may still be touched; and given back behind the last touch, before
 * a NEXT, or on the edge that leads out of these blocks.
 *
 * A block that locks or unlocks has no catch block: else nobody would know
 * in there whether the lock is held.
 */
#include "ir/lock_put.h"

#include "ir/cfg.h"

struct putting {
	struct ir_program *p;
	struct ir_func *f;
	lock_touches_fn *touches;
	const void *data;
	struct cfg cfg;
	bool *held;		/* blocks */
};

static struct ir_insn plain(const struct ir_func *f, enum image_op op)
{
	return (struct ir_insn){ .op = (uint8_t)op, .a = IR_NONE, .b = IR_NONE,
				 .c = IR_NONE, .span = f->span };
}

static void insert(struct ir_program *p, struct ir_func *f, uint32_t block,
		   uint32_t at, enum image_op op)
{
	struct ir_block *b = &f->blocks.v[block];
	ir_ref r = ir_insn_new(p, f, plain(f, op));

	vec_push(p->arena, &b->insns, r);
	for (uint32_t i = b->insns.n - 1; i > at; i--)
		b->insns.v[i] = b->insns.v[i - 1];
	b->insns.v[at] = r;
}

static void jump(struct ir_program *p, struct ir_func *f, uint32_t from,
		 uint32_t to)
{
	struct ir_insn i = plain(f, OP_JMP);

	i.b = to;
	ir_append(p, f, from, i);
}

/* What stands from `at` on moves to a new block with the same catch block. */
static uint32_t split(struct ir_program *p, struct ir_func *f, uint32_t block,
		      uint32_t at)
{
	uint32_t rest = ir_block_new(p, f, f->blocks.v[block].catch);
	struct ir_block *b = &f->blocks.v[block];

	for (uint32_t i = at; i < b->insns.n; i++)
		vec_push(p->arena, &f->blocks.v[rest].insns, b->insns.v[i]);
	b->insns.n = at;
	return rest;
}

/* ---- before NEXT ---- */

static void put_before_next(struct ir_program *p, struct ir_func *f,
			    uint32_t block, enum image_op op)
{
	uint32_t last = f->blocks.v[block].insns.n - 1, rest;

	if (f->blocks.v[block].catch == IR_NONE) {
		insert(p, f, block, last, op);
		return;
	}
	rest = split(p, f, block, last);
	f->blocks.v[rest].catch = IR_NONE;
	jump(p, f, block, rest);
	insert(p, f, rest, 0, op);
}

static bool ends_in_next(const struct ir_func *f, uint32_t block)
{
	const struct ir_insn *last = ir_last(f, block);

	return last && last->op == OP_NEXT;
}

void lock_put_before_next(struct ir_program *p, struct ir_func *f,
			  enum image_op op)
{
	uint32_t n = f->blocks.n;

	for (uint32_t b = 0; b < n; b++)
		if (ends_in_next(f, b))
			put_before_next(p, f, b, op);
}

/* ---- where to lock ---- */

static bool touches_any(const struct putting *s, uint32_t block)
{
	const struct ir_block *b = &s->f->blocks.v[block];

	for (uint32_t i = 0; i < b->insns.n; i++)
		if (s->touches(ir_insn(s->f, b->insns.v[i]), s->data))
			return true;
	return false;
}

/* Does the start of block x come before block y on every way? */
static bool start_dominates(const struct cfg *c, uint32_t x, uint32_t y)
{
	uint32_t from = 2 * c->position[y], to = 2 * c->position[x];

	while (from > to)
		from = c->idom[from];
	return from == to;
}

/* Ways that meet must agree: an error takes the lock along into the catch
 * block, and who leads to a block where it is held, holds it. */
static bool must_hold(const struct putting *s, uint32_t d, uint32_t b)
{
	const struct cfg_list *to = &s->cfg.succs[b];

	for (uint32_t n = 0; n < to->n; n++)
		if (to->v[n] != d && s->held[to->v[n]])
			return true;
	return false;
}

static bool spread(struct putting *s, uint32_t d, uint32_t b)
{
	uint32_t catch = s->f->blocks.v[b].catch;
	bool changed = false;

	if (!s->held[b] && must_hold(s, d, b))
		s->held[b] = changed = true;
	if (s->held[b] && catch != IR_NONE && !s->held[catch])
		s->held[catch] = changed = true;
	return changed;
}

/* Blocks that touch, with those between d and them. */
static void find_held(struct putting *s, uint32_t d)
{
	bool changed = true;

	for (uint32_t k = 0; k < s->cfg.n; k++) {
		uint32_t b = s->cfg.order[k];

		s->held[b] = b == d || touches_any(s, b);
	}
	while (changed) {
		changed = false;
		for (uint32_t k = s->cfg.n; k-- > 0;)
			changed |= spread(s, d, s->cfg.order[k]);
	}
}

/* Can d be the block that locks? */
static bool is_possible(struct putting *s, uint32_t d)
{
	find_held(s, d);
	for (uint32_t k = 0; k < s->cfg.n; k++) {
		uint32_t b = s->cfg.order[k];

		if (!s->held[b])
			continue;
		if (!start_dominates(&s->cfg, d, b))
			return false;
		for (uint32_t n = 0; n < s->cfg.succs[b].n; n++)
			if (s->cfg.succs[b].v[n] == d)
				return false;	/* a loop */
	}
	return true;
}

/* From the first block that touches a global upwards. */
static uint32_t find_block(struct putting *s)
{
	uint32_t k = 0, node;

	while (k + 1 < s->cfg.n && !touches_any(s, s->cfg.order[k]))
		k++;
	for (node = 2 * k; node > 1; node = s->cfg.idom[node])
		if (is_possible(s, s->cfg.order[node / 2]))
			return s->cfg.order[node / 2];
	find_held(s, 0);
	return 0;
}

static uint32_t first_touch(const struct putting *s, uint32_t block)
{
	const struct ir_block *b = &s->f->blocks.v[block];
	uint32_t i = 0;

	while (i + 1 < b->insns.n &&
	       !s->touches(ir_insn(s->f, b->insns.v[i]), s->data))
		i++;
	return i;
}

/* Behind the last touch, when it is held nowhere after this block. */
static bool put_behind_last(struct putting *s, uint32_t block)
{
	const struct ir_block *b = &s->f->blocks.v[block];
	uint32_t i = b->insns.n - 1;

	if (must_hold(s, IR_NONE, block) || b->catch != IR_NONE ||
	    !touches_any(s, block))
		return false;
	while (i > 0 && !s->touches(ir_insn(s->f, b->insns.v[i]), s->data))
		i--;
	insert(s->p, s->f, block, i + 1, OP_UNLOCK);
	return true;
}

/* ---- the edges out ---- */

struct edge {
	struct putting *s;
	uint32_t unlock;	/* block that unlocks and goes to `to` */
	uint32_t to;
};

static void turn_off(uint32_t *block, void *data)
{
	struct edge *e = data;

	if (*block == e->to)
		*block = e->unlock;
}

static void put_on_edges(struct putting *s, uint32_t b)
{
	for (uint32_t n = 0; n < s->cfg.succs[b].n; n++) {
		struct edge e = { .s = s, .to = s->cfg.succs[b].v[n] };

		if (s->held[e.to] || e.to == s->f->blocks.v[b].catch)
			continue;
		e.unlock = ir_block_new(s->p, s->f, IR_NONE);
		ir_append(s->p, s->f, e.unlock, plain(s->f, OP_UNLOCK));
		jump(s->p, s->f, e.unlock, e.to);
		ir_each_target(s->f, b, turn_off, &e);
	}
}

static void put_lock(struct putting *s, uint32_t d)
{
	uint32_t rest;

	if (s->f->blocks.v[d].catch == IR_NONE) {
		insert(s->p, s->f, d, first_touch(s, d), OP_LOCK);
		return;
	}
	rest = split(s->p, s->f, d,
		     ir_insn(s->f, s->f->blocks.v[d].insns.v[0])->op ==
		     OP_CATCH_MSG);
	s->f->blocks.v[d].catch = IR_NONE;
	ir_append(s->p, s->f, d, plain(s->f, OP_LOCK));
	jump(s->p, s->f, d, rest);
}

void lock_put(struct ir_program *p, struct ir_func *f, lock_touches_fn *touches,
	      const void *data)
{
	struct putting s = { .p = p, .f = f, .touches = touches,
			     .data = data };
	struct arena a;
	uint32_t d;

	arena_init(&a);
	cfg_init(&s.cfg, f, &a);
	cfg_dominators(&s.cfg);
	s.held = arena_array(&a, f->blocks.n + 1, bool);
	d = find_block(&s);
	for (uint32_t k = 0; k < s.cfg.n; k++) {
		uint32_t b = s.cfg.order[k];

		if (!s.held[b] || put_behind_last(&s, b))
			continue;
		put_on_edges(&s, b);
		if (ends_in_next(f, b))
			put_before_next(p, f, b, OP_UNLOCK);
	}
	put_lock(&s, d);
	arena_deinit(&a);
}

/* ---- one by one ---- */

void lock_put_each(struct ir_program *p, struct ir_func *f,
		   lock_touches_fn *touches, const void *data)
{
	for (uint32_t b = 0; b < f->blocks.n; b++) {
		struct ir_block *block = &f->blocks.v[b];

		for (uint32_t i = 0; i < block->insns.n; i++) {
			if (!touches(ir_insn(f, block->insns.v[i]), data))
				continue;
			insert(p, f, b, i, OP_LOCK);
			ir_insn(f, block->insns.v[i])->aux = 1;
			insert(p, f, b, i + 2, OP_UNLOCK);
			ir_insn(f, block->insns.v[i + 2])->aux = 1;
			i += 2;
		}
	}
}
