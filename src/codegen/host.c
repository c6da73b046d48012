/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host functions, flattened: blocks one behind another, values renumbered to
 * where they stand.  (The image's conventions: operands and blocks count
 * from the function's first, calls name functions of the image.)
 */
#include <assert.h>

#include "codegen/cg.h"

struct flatten {
	struct cg *g;
	const struct ir_func *f;
	uint32_t *number;	/* of each value in the image */
};

static void number_values(struct flatten *fl)
{
	uint32_t n = 0;

	for (uint32_t b = 0; b < fl->f->blocks.n; b++) {
		const struct ir_block *bl = &fl->f->blocks.v[b];

		for (uint32_t i = 0; i < bl->insns.n; i++)
			fl->number[bl->insns.v[i]] = n++;
	}
}

static uint32_t value(const struct flatten *fl, ir_ref r)
{
	return r == IR_NONE ? IMAGE_NONE : fl->number[r];
}

static bool raises(const struct ir_insn *i)
{
	return ir_op(i)->flags & OPF_RAISES;
}

static void flatten_insn(struct flatten *fl, const struct ir_insn *i)
{
	struct cg *g = fl->g;
	bool jumps = i->op == OP_JMP || i->op == OP_BR;
	struct image_insn insn = {
		.op = i->op,
		.type = i->type,
		.nargs = i->nargs,
		.args = g->img->args.n,
		.a = value(fl, i->a),
		.b = jumps ? i->b : value(fl, i->b),
		.c = jumps ? i->c : value(fl, i->c),
		.aux = i->aux,
		.imm = i->imm,
		.place = raises(i) ? cg_place(g, i->span) : IMAGE_NONE,
	};

	assert(!(ir_op(i)->flags & OPF_KERNEL));
	if (i->op == OP_CALL)
		insn.imm = g->host_func[i->imm];
	for (uint32_t k = 0; k < i->nargs; k++)
		vec_push(g->a, &g->img->args,
			 value(fl, fl->f->args.v[i->args + k]));
	vec_push(g->a, &g->img->code, insn);
}

static void flatten_blocks(struct flatten *fl, uint32_t first)
{
	struct cg *g = fl->g;

	for (uint32_t b = 0; b < fl->f->blocks.n; b++) {
		const struct ir_block *bl = &fl->f->blocks.v[b];

		vec_push(g->a, &g->img->blocks, (struct image_block){
			.first = g->img->code.n - first,
			.n = bl->insns.n,
			.catch = bl->catch });
		for (uint32_t i = 0; i < bl->insns.n; i++)
			flatten_insn(fl, ir_insn(fl->f, bl->insns.v[i]));
	}
}

static void flatten(struct cg *g, const struct ir_func *f,
		    struct image_func *ret)
{
	struct flatten fl = {
		.g = g,
		.f = f,
		.number = arena_array(g->a, f->insns.n + 1, uint32_t),
	};

	*ret = (struct image_func){
		.name = image_intern(g->img, g->a, f->name),
		.first = g->img->code.n,
		.first_block = g->img->blocks.n,
		.nblocks = f->blocks.n,
		.first_var = g->img->vars.n,
		.nvars = f->vars.n,
		.nparams = f->nparams,
		.type = f->type,
		.is_library = f->is_library,
	};
	number_values(&fl);
	for (uint32_t v = 0; v < f->vars.n; v++)
		vec_push(g->a, &g->img->vars, (struct image_var){
			.name = image_intern(g->img, g->a, f->vars.v[v].name),
			.type = f->vars.v[v].type });
	flatten_blocks(&fl, ret->first);
	ret->n = g->img->code.n - ret->first;
}

void cg_host(struct cg *g)
{
	uint32_t n = 0;

	g->host_func = arena_array(g->a, g->p->funcs.n + 1, uint32_t);
	for (uint32_t f = 0; f < g->p->funcs.n; f++)
		g->host_func[f] = g->p->funcs.v[f]->is_kernel ? IMAGE_NONE :
								n++;
	for (uint32_t f = 0; f < g->p->funcs.n; f++) {
		struct image_func func;

		if (g->p->funcs.v[f]->is_kernel)
			continue;
		flatten(g, g->p->funcs.v[f], &func);
		vec_push(g->a, &g->img->funcs, func);
	}
}
