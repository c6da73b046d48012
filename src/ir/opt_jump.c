/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Straightens the flow of control: branches on constants, jumps to jumps,
 * blocks that follow only one other, blocks that nothing reaches.  Counts of
 * actions that come to stand in one block become one.
 *
 * Needs: nothing.  Leaves: blocks in the order of cfg.h, all reachable.
 */
#include "ir/cfg.h"
#include "ir/pass.h"

static struct ir_insn *last_of(struct ir_func *f, uint32_t b)
{
	struct ir_block *block = &f->blocks.v[b];

	return block->insns.n ? ir_insn(f, vec_last(&block->insns)) : NULL;
}

static void become_jump(struct ir_insn *i, uint32_t to)
{
	i->op = OP_JMP;
	i->a = i->c = IR_NONE;
	i->b = to;
	i->nargs = 0;
}

/* Where one ends up that is sent to b. */
static uint32_t final_target(const struct ir_func *f, uint32_t b)
{
	for (uint32_t k = 0; k < f->blocks.n; k++) {
		const struct ir_insn *i = ir_last(f, b);

		if (!i || f->blocks.v[b].insns.n != 1 || i->op != OP_JMP)
			break;
		b = i->b;
	}
	return b;
}

static void thread_target(uint32_t *block, void *data)
{
	*block = final_target(data, *block);
}

static void straighten(struct ir_func *f, uint32_t b)
{
	struct ir_insn *i = last_of(f, b);

	if (!i)
		return;
	ir_each_target(f, b, thread_target, f);
	if (i->op != OP_BR)
		return;
	if (i->b == i->c)
		become_jump(i, i->b);
	else if (ir_insn(f, i->a)->op == OP_CONST)
		become_jump(i, ir_insn(f, i->a)->imm ? i->b : i->c);
}

static bool can_raise(const struct ir_func *f, uint32_t b)
{
	const struct ir_block *block = &f->blocks.v[b];

	for (uint32_t k = 0; k < block->insns.n; k++)
		if (ir_op(ir_insn(f, block->insns.v[k]))->flags & OPF_RAISES)
			return true;
	return false;
}

/* Can block `next` become the end of b?  (If b could not raise, it could have
 * the catch block of the other; but that may read values of b.) */
static bool can_append(const struct cfg *c, uint32_t b, uint32_t next)
{
	const struct ir_block *x = &c->f->blocks.v[b];
	const struct ir_block *y = &c->f->blocks.v[next];

	if (!next || next == b || c->preds[next].n != 1 || c->is_catch[next])
		return false;
	return x->catch == y->catch || !can_raise(c->f, next);
}

static void append(struct ir_program *p, struct ir_func *f, uint32_t b,
		   uint32_t next)
{
	struct ir_block *x = &f->blocks.v[b], *y = &f->blocks.v[next];

	x->insns.n--;
	for (uint32_t k = 0; k < y->insns.n; k++)
		vec_push(p->arena, &x->insns, y->insns.v[k]);
	y->insns.n = 0;
}

/* Successors first: what is appended is complete. */
static void merge_blocks(struct ir_program *p, struct cfg *c,
			 struct ir_func *f)
{
	for (uint32_t k = c->n; k-- > 0;) {
		uint32_t b = c->order[k];
		const struct ir_insn *i = ir_last(f, b);

		if (i && i->op == OP_JMP && can_append(c, b, i->b))
			append(p, f, b, i->b);
	}
}

static void merge_ticks(struct ir_func *f, struct ir_block *b)
{
	struct ir_insn *first = NULL;
	uint32_t n = 0;

	for (uint32_t k = 0; k < b->insns.n; k++) {
		struct ir_insn *i = ir_insn(f, b->insns.v[k]);

		if (i->op == OP_TICK && first) {
			first->imm += i->imm;
			continue;
		}
		if (i->op == OP_TICK)
			first = i;
		b->insns.v[n++] = b->insns.v[k];
	}
	b->insns.n = n;
}

static void renumber(uint32_t *block, void *data)
{
	*block = ((const struct cfg *)data)->position[*block];
}

/* Only reachable blocks stay, in the order of the flow. */
static void reorder(struct ir_program *p, struct cfg *c, struct ir_func *f)
{
	struct ir_block *v = arena_array(p->arena, c->n + 1, struct ir_block);

	for (uint32_t k = 0; k < c->n; k++) {
		uint32_t b = c->order[k];

		ir_each_target(f, b, renumber, c);
		v[k] = f->blocks.v[b];
		if (v[k].catch != IR_NONE)
			v[k].catch = c->position[v[k].catch];
		v[k].is_loop = false;
		merge_ticks(f, &v[k]);
	}
	f->blocks.v = v;
	f->blocks.n = c->n;
	f->blocks.cap = c->n + 1;
}

static void mark_back_edge(uint32_t *block, void *data)
{
	struct ir_func *f = ((void **)data)[0];
	uint32_t from = *(uint32_t *)((void **)data)[1];

	if (*block <= from)
		f->blocks.v[*block].is_loop = true;
}

static void mark_loops(struct ir_func *f)
{
	for (uint32_t b = 0; b < f->blocks.n; b++)
		ir_each_target(f, b, mark_back_edge, (void *[]){ f, &b });
}

static void jump(struct ir_program *p, struct ir_func *f,
		 struct arena *scratch)
{
	struct cfg c;

	for (uint32_t b = 0; b < f->blocks.n; b++)
		straighten(f, b);
	cfg_init(&c, f, scratch);
	merge_blocks(p, &c, f);
	cfg_init(&c, f, scratch);
	reorder(p, &c, f);
	mark_loops(f);
}

void opt_jump(struct ir_program *p)
{
	pass_each(p, jump);
}
