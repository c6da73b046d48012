/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads of a variable become the value that was written to it, where that is
 * known: within a block, and from a block into those that only it leads to.
 *
 * Needs: nothing.  Leaves: reads and writes that opt_dce finds useless.
 */
#include "ir/cfg.h"
#include "ir/pass.h"

#define DEPTH_MAX 256		/* of knowledge that is looked through */

/* What is known, newest first; blocks that follow share the tail. */
struct known {
	uint32_t var;
	ir_ref value;		/* IR_NONE: nothing is known */
	const struct known *older;
};

struct copying {
	struct ir_func *f;
	struct arena *a;
	struct cfg cfg;
	ir_ref *to;
	const struct known **at_end;	/* of each block */
	const struct known *now;
};

static void know(struct copying *c, uint32_t var, ir_ref value)
{
	struct known *k = arena_new(c->a, struct known);

	*k = (struct known){ .var = var, .value = value, .older = c->now };
	c->now = k;
}

static ir_ref find(const struct copying *c, uint32_t var)
{
	const struct known *k = c->now;

	for (uint32_t n = 0; k && n < DEPTH_MAX; k = k->older, n++)
		if (k->var == var)
			return k->value;
	return IR_NONE;
}

/* A text that is longer than the variable is cut as it is written. */
static bool fits(const struct copying *c, uint32_t var, ir_ref value)
{
	return c->f->vars.v[var].type != IT_STRING ||
	       ir_insn(c->f, value)->bound <= c->f->vars.v[var].bound;
}

static void copy_insn(struct copying *c, ir_ref r)
{
	struct ir_insn *i = ir_insn(c->f, r);
	uint32_t var = (uint32_t)i->imm;
	ir_ref value;

	pass_rename(c->f, i, c->to);
	if (i->op == OP_SET) {
		know(c, var, fits(c, var, i->a) ? i->a : IR_NONE);
	} else if (i->op == OP_RESTORE) {
		know(c, var, IR_NONE);
	} else if (i->op == OP_GET) {
		value = find(c, var);
		if (value != IR_NONE)
			c->to[r] = value;
		else
			know(c, var, r);
	}
}

static const struct known *known_at_start(const struct copying *c, uint32_t b)
{
	const struct cfg_list *preds = &c->cfg.preds[b];

	if (preds->n != 1 || c->cfg.is_catch[b] || !b ||
	    c->cfg.position[preds->v[0]] >= c->cfg.position[b])
		return NULL;
	return c->at_end[preds->v[0]];
}

static void copy(struct ir_program *p, struct ir_func *f,
		 struct arena *scratch)
{
	struct copying c = { .f = f, .a = scratch };

	(void)p;
	cfg_init(&c.cfg, f, scratch);
	c.to = pass_names(f, scratch);
	c.at_end = arena_array(scratch, f->blocks.n + 1,
			       const struct known *);
	for (uint32_t k = 0; k < c.cfg.n; k++) {
		uint32_t b = c.cfg.order[k];

		c.now = known_at_start(&c, b);
		for (uint32_t i = 0; i < f->blocks.v[b].insns.n; i++)
			copy_insn(&c, f->blocks.v[b].insns.v[i]);
		c.at_end[b] = c.now;
	}
}

void opt_copy(struct ir_program *p)
{
	pass_each(p, copy);
}
