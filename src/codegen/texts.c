/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where texts are made.  In scratch, in general.  One that is the part of a
 * key or of a record, and nothing else, is made there when its time comes:
 * *late*.  A short one that is only compared, or goes into several of them, is
 * made on the stack.  So most handlers need no scratch, and copy no texts.
 */
#include "base/bits.h"
#include "codegen/cg.h"

#define STACK_EACH 64u	/* bytes of stack for one text; for all of them */
#define STACK_ALL 96
#define TEXT_WORDS 63u		/* bytes: a longer one is copied by a helper */

enum use {
	USE_KEY = 1,
	USE_RECORD = 2,
	USE_COMPARE = 4,
	USE_OTHER = 8,
};

struct texts {
	struct cg_fn *fn;
	uint8_t *uses;		/* of each value: enum use, all of them */
	ir_ref *by;		/* the last of them */
	const struct ir_insn *user;
	ir_ref number;
};

static bool is_comm(const struct ir_insn *i)
{
	return i->op == OP_INTRIN && i->imm == INTRIN_COMM;
}

/* Is it read from memory, or the name of the task? */
static bool is_made_anywhere(const struct cg_fn *fn, const struct ir_insn *i)
{
	if (is_comm(i))
		return !cg_is_apart(fn);
	return i->op == OP_LOAD_STR ||
	       (i->op == OP_INTRIN && (i->imm == INTRIN_KERNEL_STR ||
				       i->imm == INTRIN_USER_STR));
}

static bool is_key(const struct texts *t, ir_ref r)
{
	const struct ir_insn *i = t->user;

	if (i->op < OP_AGET || i->op > OP_STAT_ADD || i->a == r ||
	    cg_is_slice(t->fn, i))
		return false;
	for (uint32_t k = 0; k < i->nargs; k++)
		if (t->fn->f->args.v[i->args + k] == r)
			return true;
	return false;
}

static void note_use(ir_ref *r, void *data)
{
	struct texts *t = data;

	if (*r == IR_NONE || ir_insn(t->fn->f, *r)->type != IT_STRING)
		return;
	t->by[*r] = t->number;
	if (is_key(t, *r))
		t->uses[*r] |= USE_KEY;
	else if (t->user->op == OP_EMIT)
		t->uses[*r] |= USE_RECORD;
	else if (t->user->op == OP_STR_EQ || t->user->op == OP_STR_CMP ||
		 (t->user->op == OP_MATCH &&
		  cg_match_is_direct(t->fn, t->user)))
		t->uses[*r] |= USE_COMPARE;
	else
		t->uses[*r] |= USE_OTHER;
}

/* Does it only look at something?  What it reads stays where it is. */
static bool is_question(const struct ir_insn *i)
{
	return i->op == OP_INTRIN &&
	       (intrin_info[i->imm].flags & (INF_PURE | INF_CONTEXT) ||
		i->imm == INTRIN_KERNEL_STR || i->imm == INTRIN_USER_STR);
}

/* May it be made as late as at its use?  Not when something that happens
 * between would not have happened if it had failed. */
static bool can_wait(const struct cg_fn *fn, ir_ref r)
{
	const struct ir_block *b = &fn->f->blocks.v[fn->vals[r].block];

	if (is_comm(ir_insn(fn->f, r)))
		return true;
	for (uint32_t k = fn->vals[r].at + 1; k < fn->vals[r].last; k++) {
		const struct ir_insn *i = ir_insn(fn->f, b->insns.v[k]);

		if (fn->vals[b->insns.v[k]].late || is_question(i))
			continue;
		if (!(ir_op(i)->flags & OPF_PURE) ||
		    ir_op(i)->flags & OPF_RAISES)
			return false;
	}
	return true;
}

static bool key_has_room(const struct cg_fn *fn, const struct ir_insn *user,
			 ir_ref r)
{
	const struct image_global *g = &fn->g->img->globals.v[user->imm];

	for (uint32_t k = 0; k < user->nargs; k++)
		if (fn->f->args.v[user->args + k] == r &&
		    g->key_bound[k] < ir_insn(fn->f, r)->bound)
			return false;
	return true;
}

static bool is_late(const struct texts *t, ir_ref r)
{
	const struct cg_fn *fn = t->fn;
	const struct ir_insn *user = ir_insn(fn->f, t->by[r]);

	if (fn->vals[r].uses != 1 || fn->vals[r].last == UINT32_MAX)
		return false;
	if (t->uses[r] == USE_KEY)
		return key_has_room(fn, user, r) && can_wait(fn, r);
	/* A record that is reserved must be given back when something fails. */
	return t->uses[r] == USE_RECORD && is_comm(ir_insn(fn->f, r)) &&
	       !cg_big_record(fn, user);
}

/* Routines go through a text by a number that they do not know beforehand.  To
 * read the stack so, older verifiers refuse, and others want the number to be
 * seen to be a multiple of eight: only where the kernel itself goes through
 * texts do they not read them. */
static bool reads_stack(const struct cg_fn *fn)
{
	return fn->features & FEATURE_BIT(KF_STRING) &&
	       fn->features & FEATURE_BIT(STRNCMP);
}

void cg_place_texts(struct cg_fn *fn)
{
	uint32_t n = fn->f->insns.n + 1, left = STACK_ALL;
	struct ir_func *f = fn->g->p->funcs.v[fn->probe->func];
	struct texts t = { .fn = fn, .uses = arena_array(fn->g->a, n, uint8_t),
			   .by = arena_array(fn->g->a, n, ir_ref) };

	for (uint32_t k = 0; k < fn->norder; k++) {
		struct ir_block *b = &f->blocks.v[fn->order[k]];

		for (uint32_t i = 0; i < b->insns.n; i++) {
			t.number = b->insns.v[i];
			t.user = ir_insn(f, t.number);
			ir_each_use(f, ir_insn(f, t.number), note_use, &t);
		}
	}
	for (ir_ref r = 0; r < f->insns.n; r++) {
		const struct ir_insn *i = ir_insn(f, r);
		uint32_t size = align_up(i->bound + 1u, 8);

		if (!fn->vals[r].uses || !is_made_anywhere(fn, i))
			continue;
		fn->vals[r].late = is_late(&t, r);
		if (fn->vals[r].late || t.uses[r] & USE_OTHER ||
		    fn->is_stepped || !reads_stack(fn) ||
		    size > MIN(left, STACK_EACH))
			continue;
		left -= size;
		fn->vals[r].on_stack = true;
		fn->vals[r].to_key = t.uses[r] & (USE_KEY | USE_RECORD);
	}
}

/* The name of the task is all zeros behind its end, on every kernel, if it was
 * before. */
static void clear(struct cg_fn *fn, struct cg_str dst)
{
	for (int32_t k = 0; k <= dst.bound; k += 8)
		code_storei(fn->c, R10, dst.off + k, 0, 8);
}

struct cg_str cg_text_on_stack(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_str s = {
		.base = CG_IN_STACK,
		.off = code_stack(fn->c, i->bound + 1u),
		.bound = i->bound,
		.is_padded = is_comm(i) && fn->vals[r].to_key,
	};

	if (s.is_padded)
		clear(fn, s);
	return s;
}

static cg_reg base_of(struct cg_fn *fn, struct cg_str s)
{
	if (s.base == CG_IN_STACK)
		return R10;
	return s.base == CG_IN_SCRATCH ? fn->scratch : s.reg;
}

/* Both are whole words; what src has less is zeros. */
static void copy_words(struct cg_fn *fn, struct cg_str dst, struct cg_str src)
{
	cg_reg to = dst.base == CG_IN_STACK ? R10 : cg_str_addr(fn, dst);
	cg_reg from = base_of(fn, src);
	int32_t off = dst.base == CG_IN_STACK ? dst.off : 0;

	for (int32_t k = 0; k <= dst.bound; k += 8)
		if (k <= src.bound)
			code_store(fn->c, to, off + k,
				   code_ld(fn->c, from, src.off + k, 8), 8);
		else
			code_storei(fn->c, to, off + k, 0, 8);
}

bool cg_text_is_words(struct cg_fn *fn, ir_ref r, uint32_t bound)
{
	const struct cg_val *v = &fn->vals[r];

	return !v->late && v->str.is_padded && v->str.bound <= TEXT_WORDS &&
	       align_up(v->str.bound + 1u, 8) <= align_up(bound + 1u, 8) &&
	       bound <= TEXT_WORDS;
}

void cg_text_put(struct cg_fn *fn, ir_ref r, struct cg_str dst)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	uint32_t place = fn->c->place;

	if (cg_text_is_words(fn, r, dst.bound)) {
		copy_words(fn, dst, cg_string(fn, r));
		return;
	}
	if (!fn->vals[r].late) {
		cg_str_copy(fn, dst, cg_string(fn, r));
		return;
	}
	fn->c->place = cg_place(fn->g, i->span);
	if (dst.bound > i->bound)
		dst.bound = i->bound;
	if (is_comm(i))
		cg_comm(fn, dst);
	else if (i->op == OP_LOAD_STR)
		cg_load_text(fn, r, dst);
	else
		cg_intrin_text(fn, r, dst);
	fn->c->place = place;
}
