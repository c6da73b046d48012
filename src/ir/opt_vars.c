/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables that nobody uses go; in kernel handlers, texts that are never
 * needed at the same time share a variable, for each takes its bytes of the
 * handler's scratch memory.  (Longs don't: they may be registers.)
 *
 * A text may use the place of a longer one only if no write has to cut it.
 *
 * Needs: nothing.  Leaves: new numbers of variables; parameters keep theirs.
 */
#include "ir/cfg.h"
#include "ir/pass.h"

struct sharing {
	struct ir_func *f;
	struct arena *a;
	struct cfg cfg;
	struct cfg_live live;
	uint64_t *meets;	/* bits: pairs that are needed together */
	uint32_t words;		/* of a row of it */
	bool *used, *is_cut;
	uint32_t *to;		/* the variable whose place each has */
};

static bool names_var(const struct ir_insn *i)
{
	return i->op == OP_GET || i->op == OP_SET || i->op == OP_SAVE ||
	       i->op == OP_RESTORE;
}

static void find_used(struct sharing *s)
{
	struct ir_func *f = s->f;

	for (uint32_t v = 0; v < f->nparams; v++)
		s->used[v] = true;
	for (uint32_t b = 0; b < f->blocks.n; b++)
		for (uint32_t k = 0; k < f->blocks.v[b].insns.n; k++) {
			const struct ir_insn *i =
				ir_insn(f, f->blocks.v[b].insns.v[k]);

			if (!names_var(i))
				continue;
			s->used[i->imm] = true;
			s->is_cut[i->imm] |=
				i->op == OP_SET &&
				ir_insn(f, i->a)->bound >
					f->vars.v[i->imm].bound;
		}
}

static void meet(struct sharing *s, uint32_t v, uint32_t w)
{
	s->meets[v * s->words + w / 64] |= UINT64_C(1) << w % 64;
	s->meets[w * s->words + v / 64] |= UINT64_C(1) << v % 64;
}

static void meet_all(struct sharing *s, uint32_t v, const uint64_t *set)
{
	for (uint32_t w = 0; w < s->f->vars.n; w++)
		if (w != v && set[w / 64] >> w % 64 & 1)
			meet(s, v, w);
}

static void met(uint32_t block, uint32_t at, const uint64_t *set, void *data)
{
	struct sharing *s = data;
	const struct ir_insn *i =
		ir_insn(s->f, s->f->blocks.v[block].insns.v[at]);

	if (s->f->vars.v[i->imm].type == IT_STRING)
		meet_all(s, (uint32_t)i->imm, set);
}

static void find_meets(struct sharing *s)
{
	const uint64_t *entry = s->live.bits;

	s->words = (s->f->vars.n + 63) / 64;
	s->meets = arena_array(s->a, (size_t)s->f->vars.n * s->words + 1,
			       uint64_t);
	for (uint32_t k = 0; k < s->cfg.n; k++)
		cfg_each_write(&s->cfg, &s->live, s->cfg.order[k], met, s);
	/* What is read before it is written begins as "". */
	for (uint32_t v = 0; v < s->f->vars.n; v++)
		if (cfg_is_live(&s->live, 0, v))
			meet_all(s, v, entry);
}

static bool can_share(const struct sharing *s, uint32_t v, uint32_t place)
{
	const struct ir_var *x = &s->f->vars.v[v], *y = &s->f->vars.v[place];

	if (y->type != IT_STRING || !s->used[place] || s->to[place] != place ||
	    y->bound < x->bound || (s->is_cut[v] && y->bound != x->bound))
		return false;
	for (uint32_t w = 0; w < s->f->vars.n; w++)
		if (s->to[w] == place &&
		    s->meets[v * s->words + w / 64] >> w % 64 & 1)
			return false;
	return true;
}

/* The longest first, so that shorter ones find a place. */
static uint32_t longest(const struct sharing *s, const bool *done)
{
	uint32_t best = IR_NONE;

	for (uint32_t v = s->f->nparams; v < s->f->vars.n; v++)
		if (!done[v] && s->used[v] &&
		    s->f->vars.v[v].type == IT_STRING &&
		    (best == IR_NONE ||
		     s->f->vars.v[v].bound > s->f->vars.v[best].bound))
			best = v;
	return best;
}

static void find_places(struct sharing *s)
{
	bool *done = arena_array(s->a, s->f->vars.n + 1, bool);
	uint32_t *places = arena_array(s->a, s->f->vars.n + 1, uint32_t);
	uint32_t n = 0, v, k;

	while ((v = longest(s, done)) != IR_NONE) {
		done[v] = true;
		for (k = 0; k < n && !can_share(s, v, places[k]); k++)
			;
		if (k < n)
			s->to[v] = places[k];
		else
			places[n++] = v;
	}
}

/* The variables that remain, in their old order. */
static void renumber(struct sharing *s)
{
	struct ir_func *f = s->f;
	uint32_t *number = arena_array(s->a, f->vars.n + 1, uint32_t), n = 0;

	for (uint32_t v = 0; v < f->vars.n; v++)
		if (s->used[v] && s->to[v] == v) {
			f->vars.v[n] = f->vars.v[v];
			number[v] = n++;
		}
	for (uint32_t b = 0; b < f->blocks.n; b++)
		for (uint32_t k = 0; k < f->blocks.v[b].insns.n; k++) {
			struct ir_insn *i =
				ir_insn(f, f->blocks.v[b].insns.v[k]);

			if (names_var(i))
				i->imm = number[s->to[i->imm]];
		}
	f->vars.n = n;
}

static void vars(struct ir_program *p, struct ir_func *f,
		 struct arena *scratch)
{
	struct sharing s = { .f = f, .a = scratch };

	(void)p;
	s.used = arena_array(scratch, f->vars.n + 1, bool);
	s.is_cut = arena_array(scratch, f->vars.n + 1, bool);
	s.to = arena_array(scratch, f->vars.n + 1, uint32_t);
	for (uint32_t v = 0; v < f->vars.n; v++)
		s.to[v] = v;
	find_used(&s);
	if (f->is_kernel) {
		cfg_init(&s.cfg, f, scratch);
		s.live = cfg_live(&s.cfg);
		find_meets(&s);
		find_places(&s);
	}
	renumber(&s);
}

void opt_vars(struct ir_program *p)
{
	pass_each(p, vars);
}
