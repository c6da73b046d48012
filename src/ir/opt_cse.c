/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was computed before is not computed again: of two equal pure
 * operations the second becomes the first, where the first is always done
 * before.
 *
 * Needs: nothing.  Leaves: values that opt_dce finds useless.
 */
#include "ir/cfg.h"
#include "ir/pass.h"

#define BUCKETS 1024		/* a power of two */
#define CHAIN_MAX 64

struct entry {
	ir_ref r;
	uint32_t block;
	struct entry *next;
};

struct cse {
	struct ir_func *f;
	struct arena *a;
	struct cfg cfg;
	ir_ref *to;
	struct entry **buckets;
};

/* Who runs does not change under a handler in the kernel; the host runs one
 * after the other, and each is itself. */
static bool is_pure(const struct ir_func *f, const struct ir_insn *i)
{
	uint32_t same = f->is_kernel ? INF_PURE | INF_STABLE : INF_PURE;

	if (i->op == OP_INTRIN)
		return intrin_info[i->imm].flags & same &&
		       !(intrin_info[i->imm].flags & INF_RAISES);
	return ir_op(i)->flags & OPF_PURE;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t hash(const struct ir_func *f, const struct ir_insn *i)
{
	uint64_t h = mix(i->op, (uint64_t)i->imm);

	h = mix(h, (uint64_t)i->a << 32 | i->b);
	h = mix(h, (uint64_t)i->c << 32 | i->aux);
	for (uint32_t k = 0; k < i->nargs; k++)
		h = mix(h, f->args.v[i->args + k]);
	return h;
}

static bool equal(const struct ir_func *f, const struct ir_insn *x,
		  const struct ir_insn *y)
{
	if (x->op != y->op || x->type != y->type || x->bound != y->bound ||
	    x->imm != y->imm || x->a != y->a || x->b != y->b ||
	    x->c != y->c || x->aux != y->aux || x->nargs != y->nargs)
		return false;
	for (uint32_t k = 0; k < x->nargs; k++)
		if (f->args.v[x->args + k] != f->args.v[y->args + k])
			return false;
	return true;
}

static void look_at(struct cse *c, uint32_t block, ir_ref r)
{
	struct ir_insn *i = ir_insn(c->f, r);
	struct entry **bucket, *e;
	uint32_t n = 0;

	pass_rename(c->f, i, c->to);
	if (!is_pure(c->f, i))
		return;
	bucket = &c->buckets[hash(c->f, i) & (BUCKETS - 1)];
	for (e = *bucket; e && n < CHAIN_MAX; e = e->next, n++)
		if (equal(c->f, ir_insn(c->f, e->r), i) &&
		    (e->block == block ||
		     cfg_dominates(&c->cfg, e->block, block))) {
			c->to[r] = e->r;
			return;
		}
	e = arena_new(c->a, struct entry);
	*e = (struct entry){ .r = r, .block = block, .next = *bucket };
	*bucket = e;
}

static void cse(struct ir_program *p, struct ir_func *f, struct arena *scratch)
{
	struct cse c = { .f = f, .a = scratch };

	(void)p;
	cfg_init(&c.cfg, f, scratch);
	cfg_dominators(&c.cfg);
	c.to = pass_names(f, scratch);
	c.buckets = arena_array(scratch, BUCKETS, struct entry *);
	for (uint32_t k = 0; k < c.cfg.n; k++) {
		uint32_t b = c.cfg.order[k];

		for (uint32_t i = 0; i < f->blocks.v[b].insns.n; i++)
			look_at(&c, b, f->blocks.v[b].insns.v[i]);
	}
}

void opt_cse(struct ir_program *p)
{
	pass_each(p, cse);
}
