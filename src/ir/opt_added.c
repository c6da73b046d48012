/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A global that a handler of the kernel adds to once and reads only behind
 * that, n++; if (n == 10): the addition says what it came to, nobody else's
 * addition is seen, and no lock is needed (lock.c).
 *
 * Needs: kernel handlers without calls.  Leaves: GNEXT.
 */
#include "ir/cfg.h"
#include "ir/pass.h"

struct place {
	ir_ref ref;
	uint32_t block, at;
};

struct added {
	struct ir_func *f;
	struct cfg cfg;
	ir_ref *to;		/* pass_names() */
	struct place *add;	/* of each global: the only addition, */
	bool *not;		/* unless it is used otherwise */
};

static bool is_global(const struct ir_insn *i)
{
	return ir_op(i)->flags & OPF_GLOBAL && i->op != OP_CALL &&
	       i->op != OP_ITER_NEW;
}

static bool is_behind(const struct added *a, const struct place *add,
		      uint32_t block, uint32_t at)
{
	return block == add->block ? at > add->at :
				     cfg_dominates(&a->cfg, add->block, block);
}

typedef void each_fn(struct added *a, ir_ref r, uint32_t block, uint32_t at);

static void each(struct added *a, each_fn *fn)
{
	for (uint32_t b = 0; b < a->f->blocks.n; b++)
		for (uint32_t i = 0; i < a->f->blocks.v[b].insns.n; i++) {
			ir_ref r = a->f->blocks.v[b].insns.v[i];

			if (is_global(ir_insn(a->f, r)))
				fn(a, r, b, i);
		}
}

static void find_add(struct added *a, ir_ref r, uint32_t block, uint32_t at)
{
	const struct ir_insn *i = ir_insn(a->f, r);
	struct place *add = &a->add[i->imm];

	if (i->op != OP_GADD) {
		a->not[i->imm] |= i->op != OP_GGET;
		return;
	}
	a->not[i->imm] |= add->ref != IR_NONE ||
			  !cfg_reachable(&a->cfg, block);
	*add = (struct place){ r, block, at };
}

static void check_read(struct added *a, ir_ref r, uint32_t block, uint32_t at)
{
	const struct ir_insn *i = ir_insn(a->f, r);
	const struct place *add = &a->add[i->imm];

	if (i->op == OP_GGET)
		a->not[i->imm] |= add->ref == IR_NONE ||
				  !is_behind(a, add, block, at);
}

static void take_read(struct added *a, ir_ref r, uint32_t block, uint32_t at)
{
	const struct ir_insn *i = ir_insn(a->f, r);
	struct ir_insn *add;

	(void)block, (void)at;
	if (i->op != OP_GGET || a->not[i->imm])
		return;
	add = ir_insn(a->f, a->add[i->imm].ref);
	add->op = OP_GNEXT;
	add->type = IT_LONG;
	a->to[r] = a->add[i->imm].ref;
}

/* Puts the sums where the reads were. */
static void rename_all(struct added *a)
{
	for (uint32_t b = 0; b < a->f->blocks.n; b++) {
		struct ir_block *block = &a->f->blocks.v[b];
		uint32_t n = 0;

		for (uint32_t i = 0; i < block->insns.n; i++) {
			ir_ref r = block->insns.v[i];

			pass_rename(a->f, ir_insn(a->f, r), a->to);
			if (a->to[r] == r)
				block->insns.v[n++] = r;
		}
		block->insns.n = n;
	}
}

static void added(struct ir_program *p, struct ir_func *f,
		  struct arena *scratch)
{
	uint32_t n = p->image->globals.n;
	struct added a = { .f = f };

	if (!f->is_kernel || !(p->features & FEATURE_BIT(ATOMIC_FETCH)))
		return;
	a.to = pass_names(f, scratch);
	a.add = arena_array(scratch, n + 1, struct place);
	a.not = arena_array(scratch, n + 1, bool);
	for (uint32_t g = 0; g < n; g++)
		a.add[g].ref = IR_NONE;
	cfg_init(&a.cfg, f, scratch);
	cfg_dominators(&a.cfg);
	each(&a, find_add);
	each(&a, check_read);
	each(&a, take_read);
	rename_all(&a);
}

void opt_added(struct ir_program *p)
{
	pass_each(p, added);
}
