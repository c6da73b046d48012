/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold between any two passes: every block ends in the only
 * terminator it has, numbers are in range, operands have the types that the
 * operation wants, and each value is made before it is used.
 */
#include <stdlib.h>

#include "ir/cfg.h"
#include "ir/text.h"

struct verify {
	const struct ir_program *p;
	const struct ir_func *f;
	const char *pass;
	struct cfg cfg;
	uint32_t *def;		/* the block of each value, or IR_NONE */
	uint32_t *at;		/* and its place there */
	uint32_t block, place;	/* that are looked at */
	ir_ref r;
};

static void broken(const struct verify *v, const char *what)
{
	fprintf(stderr, "spile: after pass %s: b%u, instruction %u: %s\n",
		v->pass, v->block, v->place, what);
	ir_print_func(v->p, v->f, stderr);
	abort();
}

static void want(const struct verify *v, bool holds, const char *what)
{
	if (!holds)
		broken(v, what);
}

/* ---- numbers ---- */

static uint64_t imm_limit(const struct verify *v, enum ir_imm kind)
{
	const struct image *img = v->p->image;

	switch (kind) {
	case IMM_NONE:
	case IMM_NUMBER:
		break;
	case IMM_STRING:
		return img->strings.n;
	case IMM_VAR:
		return v->f->vars.n;
	case IMM_FORMAT:
		return img->formats.n;
	case IMM_ERROR:
		return IERR_N;
	case IMM_FUNC:
		return v->p->funcs.n;
	case IMM_GLOBAL:
		return img->globals.n;
	case IMM_ITER:
		return img->iters.n;
	case IMM_INTRINSIC:
		return INTRIN_N;
	case IMM_DFA:
		return v->p->dfas.n;
	}
	return UINT64_MAX;
}

static void check_block_number(uint32_t *block, void *data)
{
	const struct verify *v = data;

	want(v, *block < v->f->blocks.n, "no such block");
}

/* ---- operands ---- */

static uint8_t type_of(const struct verify *v, ir_ref r)
{
	return ir_insn(v->f, r)->type;
}

static void want_type(const struct verify *v, ir_ref r, uint8_t type)
{
	want(v, r != IR_NONE, "an operand is missing");
	want(v, type_of(v, r) == type, "operand of the wrong type");
}

static void want_args(const struct verify *v, const struct ir_insn *i,
		      const uint8_t *types, uint32_t n)
{
	want(v, i->nargs == n, "wrong number of arguments");
	for (uint32_t k = 0; k < n; k++)
		if (v->f->args.v[i->args + k] != IR_NONE)
			want_type(v, v->f->args.v[i->args + k], types[k]);
}

static void check_call(const struct verify *v, const struct ir_insn *i)
{
	const struct ir_func *f = v->p->funcs.v[i->imm];

	want(v, i->nargs == f->nparams, "wrong number of arguments");
	want(v, f->blocks.n && f->nparams <= f->vars.n, "calls what is not");
	for (uint32_t k = 0; k < i->nargs; k++)
		want_type(v, v->f->args.v[i->args + k], f->vars.v[k].type);
	want(v, i->op != OP_EMIT || !f->is_kernel, "emits kernel code");
}

static void check_keys(const struct verify *v, const struct ir_insn *i)
{
	const struct image_global *g = &v->p->image->globals.v[i->imm];

	bool is_hist = i->op == OP_PRINT_HIST || i->op == OP_HIST_STR;

	if (is_hist && i->aux & HIST_TAKEN)
		for (uint32_t k = 0; k < i->nargs; k++)
			want_type(v, v->f->args.v[i->args + k], IT_STRING);
	else if (i->nargs || (g->is_array && i->op != OP_ADEL && !is_hist))
		want_args(v, i, g->key_type, g->nkeys);
	if (i->op == OP_GSET || i->op == OP_ASET)
		want_type(v, i->a, g->type);
	if (i->op == OP_GADD || i->op == OP_GNEXT || i->op == OP_AADD ||
	    i->op == OP_STAT_ADD)
		want_type(v, i->a, IT_LONG);
}

static void check_intrinsic(const struct verify *v, const struct ir_insn *i)
{
	const struct intrin_info *info = &intrin_info[i->imm];

	for (uint32_t k = 0; k < i->nargs; k++) {
		want(v, info->args[k], "too many arguments");
		want_type(v, v->f->args.v[i->args + k],
			  info->args[k] == 'S' ? IT_STRING : IT_LONG);
	}
	want(v, !info->args[i->nargs], "too few arguments");
}

/* Operations of two longs, of one, of two strings. */
static void check_types(const struct verify *v, const struct ir_insn *i)
{
	if (i->op >= OP_ADD && i->op <= OP_GE && i->op != OP_NEG &&
	    i->op != OP_INV) {
		want_type(v, i->a, IT_LONG);
		want_type(v, i->b, IT_LONG);
	} else if (i->op >= OP_STR_EQ && i->op <= OP_STR_CAT) {
		want_type(v, i->a, IT_STRING);
		want_type(v, i->b, IT_STRING);
	} else if (i->op == OP_NEG || i->op == OP_INV || i->op == OP_BR ||
		   i->op == OP_SWITCH || i->op == OP_BITS) {
		want_type(v, i->a, IT_LONG);
	} else if (i->op == OP_SET) {
		want_type(v, i->a, v->f->vars.v[i->imm].type);
	} else if (i->op == OP_CALL || i->op == OP_EMIT) {
		check_call(v, i);
	} else if (i->op == OP_INTRIN) {
		check_intrinsic(v, i);
	} else if (ir_imm(i->op) == IMM_GLOBAL) {
		check_keys(v, i);
	}
}

static void check_use(ir_ref *use, void *data)
{
	const struct verify *v = data;
	uint32_t def;

	if (*use == IR_NONE)
		return;
	want(v, *use < v->f->insns.n, "no such value");
	def = v->def[*use];
	want(v, def != IR_NONE, "value of no block");
	want(v, type_of(v, *use) != IT_VOID, "operand has no value");
	if (!cfg_reachable(&v->cfg, v->block) ||
	    ir_insn(v->f, *use)->op == OP_ITER_NEW)
		return;
	want(v, def == v->block ? v->at[*use] < v->place :
				  cfg_reachable(&v->cfg, def) &&
				  cfg_dominates(&v->cfg, def, v->block),
	     "value is used where it may not have been made");
}

/* ---- instructions ---- */

static void check_insn(struct verify *v, uint32_t n)
{
	struct ir_insn *i = ir_insn(v->f, v->r);
	bool is_last = v->place + 1 == n;
	struct ir_func *f = v->p->funcs.v[v->f->number];

	want(v, i->op < OP_N, "no such operation");
	want(v, is_last == !!(ir_op(i)->flags & OPF_TERM),
	     "a block ends where it ends, and only there");
	want(v, ir_imm(i->op) <= IMM_NUMBER ||
		(uint64_t)i->imm < imm_limit(v, ir_imm(i->op)),
	     "immediate out of range");
	want(v, (uint64_t)i->args + i->nargs <= v->f->args.n || !i->nargs,
	     "arguments out of range");
	want(v, v->f->is_kernel || i->op == OP_STORE ||
		!(ir_op(i)->flags & OPF_KERNEL),
	     "kernel operation in host code");
	want(v, !v->f->is_kernel || !(ir_op(i)->flags & OPF_HOST),
	     "host operation in kernel code");
	ir_each_use(f, i, check_use, v);
	check_types(v, i);
}

static void find_defs(struct verify *v, struct arena *a)
{
	v->def = arena_array(a, v->f->insns.n + 1, uint32_t);
	v->at = arena_array(a, v->f->insns.n + 1, uint32_t);
	for (uint32_t r = 0; r < v->f->insns.n; r++)
		v->def[r] = IR_NONE;
	for (v->block = 0; v->block < v->f->blocks.n; v->block++) {
		const struct ir_block *b = &v->f->blocks.v[v->block];

		for (v->place = 0; v->place < b->insns.n; v->place++) {
			ir_ref r = b->insns.v[v->place];

			want(v, r < v->f->insns.n, "no such instruction");
			want(v, v->def[r] == IR_NONE, "stands in two places");
			v->def[r] = v->block;
			v->at[r] = v->place;
		}
	}
}

static void check_ends(struct verify *v)
{
	for (v->block = 0; v->block < v->f->blocks.n; v->block++) {
		const struct ir_block *b = &v->f->blocks.v[v->block];

		v->place = b->insns.n;
		want(v, b->insns.n, "empty block");
		want(v, b->catch == IR_NONE || b->catch < v->f->blocks.n,
		     "no such catch block");
		ir_each_target(v->p->funcs.v[v->f->number], v->block,
			       check_block_number, v);
	}
}

static void check_func(const struct ir_program *p, const struct ir_func *f,
		       const char *pass)
{
	struct verify v = { .p = p, .f = f, .pass = pass };
	struct arena a;

	arena_init(&a);
	find_defs(&v, &a);
	check_ends(&v);
	cfg_init(&v.cfg, f, &a);
	cfg_dominators(&v.cfg);
	for (v.block = 0; v.block < f->blocks.n; v.block++) {
		const struct ir_block *b = &f->blocks.v[v.block];

		for (v.place = 0; v.place < b->insns.n; v.place++) {
			v.r = b->insns.v[v.place];
			check_insn(&v, b->insns.n);
		}
	}
	arena_deinit(&a);
}

void ir_verify(const struct ir_program *p, const char *pass)
{
	for (uint32_t i = 0; i < p->funcs.n; i++)
		if (p->funcs.v[i]->blocks.n)
			check_func(p, p->funcs.v[i], pass);
}
