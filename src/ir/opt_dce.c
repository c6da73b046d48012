/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drops what nobody reads: values without effect, and writes to variables
 * that are not read again.
 *
 * Needs: nothing.  Leaves: every value is used or has an effect.
 */
#include "ir/cfg.h"
#include "ir/pass.h"

struct dce {
	struct ir_func *f;
	struct arena *a;
	struct cfg cfg;
	bool *used;
	bool *dead;		/* writes */
	struct { ir_ref *v; uint32_t n, cap; } todo;
	bool changed;
};

static void mark_dead_set(uint32_t block, uint32_t at, const uint64_t *live,
			  void *data)
{
	struct dce *d = data;
	ir_ref r = d->f->blocks.v[block].insns.v[at];
	const struct ir_insn *i = ir_insn(d->f, r);

	d->dead[r] = i->op == OP_SET && !(live[i->imm / 64] >> i->imm % 64 & 1);
}

static void find_dead_sets(struct dce *d)
{
	struct cfg_live live = cfg_live(&d->cfg);

	for (uint32_t k = 0; k < d->cfg.n; k++)
		cfg_each_write(&d->cfg, &live, d->cfg.order[k], mark_dead_set,
			       d);
}

static void use(ir_ref *r, void *data)
{
	struct dce *d = data;

	if (*r == IR_NONE || d->used[*r])
		return;
	d->used[*r] = true;
	vec_push(d->a, &d->todo, *r);
}

static bool is_root(const struct dce *d, ir_ref r)
{
	return !d->dead[r] && !pass_is_removable(d->f, ir_insn(d->f, r));
}

static void find_used(struct dce *d)
{
	for (uint32_t k = 0; k < d->cfg.n; k++) {
		const struct ir_block *b = &d->f->blocks.v[d->cfg.order[k]];

		for (uint32_t i = 0; i < b->insns.n; i++)
			if (is_root(d, b->insns.v[i]))
				use(&b->insns.v[i], d);
	}
	while (d->todo.n)
		ir_each_use(d->f, ir_insn(d->f, d->todo.v[--d->todo.n]), use,
			    d);
}

static void drop_unused(struct dce *d, struct ir_block *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->insns.n; i++) {
		if (d->used[b->insns.v[i]])
			b->insns.v[n++] = b->insns.v[i];
		else
			d->changed = true;
	}
	b->insns.n = n;
}

static bool round_of(struct ir_func *f, struct arena *scratch)
{
	struct dce d = { .f = f, .a = scratch };

	cfg_init(&d.cfg, f, scratch);
	d.used = arena_array(scratch, f->insns.n + 1, bool);
	d.dead = arena_array(scratch, f->insns.n + 1, bool);
	find_dead_sets(&d);
	find_used(&d);
	for (uint32_t k = 0; k < d.cfg.n; k++)
		drop_unused(&d, &f->blocks.v[d.cfg.order[k]]);
	return d.changed;
}

/* A dropped read makes further writes useless. */
#define ROUNDS_MAX 4

static void dce(struct ir_program *p, struct ir_func *f, struct arena *scratch)
{
	(void)p;
	for (int n = 0; n < ROUNDS_MAX && round_of(f, scratch); n++)
		;
}

void opt_dce(struct ir_program *p)
{
	pass_each(p, dce);
}
