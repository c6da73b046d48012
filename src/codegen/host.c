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

/*
 * A function that both engines share may read what only a handler in the
 * kernel has, the probe's context: here that raises the error of a read that
 * failed.  What stands behind it becomes a block of its own, which is never
 * entered, and begins with a value of the right type in place of what was read.
 */
static bool is_fault(const struct ir_insn *i)
{
	if (i->op == OP_INTRIN)
		return intrin_info[i->imm].flags & INF_KERNEL;
	if (i->op == OP_LOAD || i->op == OP_LOAD_STR)
		return i->aux & LOAD_CTX;
	return i->op == OP_STORE || i->op == OP_CTX_WORD ||
	       i->op == OP_PERF_READ;
}

static void number_values(struct flatten *fl)
{
	uint32_t n = 0;

	for (uint32_t b = 0; b < fl->f->blocks.n; b++) {
		const struct ir_block *bl = &fl->f->blocks.v[b];

		for (uint32_t i = 0; i < bl->insns.n; i++) {
			if (is_fault(ir_insn(fl->f, bl->insns.v[i])))
				n++;	/* the RAISE before it */
			fl->number[bl->insns.v[i]] = n++;
		}
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

static enum image_error fault_kind(const struct ir_insn *i)
{
	bool user = i->op == OP_INTRIN ? i->imm == INTRIN_USER_STR :
					 i->aux & LOAD_USER;

	if (i->op == OP_PERF_READ)
		return IERR_PERF;
	if (i->type == IT_STRING)
		return user ? IERR_USER_STR_FAULT : IERR_KERNEL_STR_FAULT;
	return user ? IERR_USER_FAULT : IERR_KERNEL_FAULT;
}

/* The address that is read, as far as it is a value. */
static ir_ref fault_address(struct flatten *fl, const struct ir_insn *i)
{
	return i->op == OP_INTRIN ? fl->f->args.v[i->args] : i->a;
}

static void flatten_fault(struct flatten *fl, const struct ir_insn *i)
{
	struct cg *g = fl->g;
	struct image_insn insn = {
		.op = OP_RAISE, .type = IT_VOID, .args = g->img->args.n,
		.a = value(fl, fault_address(fl, i)),
		.b = IMAGE_NONE, .c = IMAGE_NONE, .imm = fault_kind(i),
		.place = cg_place(g, i->span),
	};

	vec_push(g->a, &g->img->code, insn);
	insn.op = i->type == IT_STRING ? OP_STR : OP_CONST;
	insn.type = i->type == IT_STRING ? IT_STRING : IT_LONG;
	insn.a = IMAGE_NONE;
	insn.imm = 0;
	vec_push(g->a, &g->img->code, insn);
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

/* The rest of a block, when a fault has cut it: blocks that come behind those
 * of the function. */
struct rest {
	VEC(struct image_block) blocks;
};

static void flatten_block(struct flatten *fl, uint32_t b, uint32_t first,
			  struct rest *rest)
{
	struct cg *g = fl->g;
	const struct ir_block *bl = &fl->f->blocks.v[b];
	struct image_block block = { .first = g->img->code.n - first,
				     .catch = bl->catch };
	bool cut = false;

	for (uint32_t k = 0; k < bl->insns.n; k++) {
		const struct ir_insn *i = ir_insn(fl->f, bl->insns.v[k]);
		uint32_t at = g->img->code.n - first + 1;

		if (!is_fault(i)) {
			flatten_insn(fl, i);
			continue;
		}
		flatten_fault(fl, i);
		block.n = at - block.first;
		if (cut)
			vec_push(g->a, &rest->blocks, block);
		else
			vec_push(g->a, &g->img->blocks, block);
		block.first = at;
		cut = true;
	}
	block.n = g->img->code.n - first - block.first;
	if (cut)
		vec_push(g->a, &rest->blocks, block);
	else
		vec_push(g->a, &g->img->blocks, block);
}

static void flatten_blocks(struct flatten *fl, uint32_t first)
{
	struct cg *g = fl->g;
	struct rest rest = {};

	for (uint32_t b = 0; b < fl->f->blocks.n; b++)
		flatten_block(fl, b, first, &rest);
	for (uint32_t b = 0; b < rest.blocks.n; b++)
		vec_push(g->a, &g->img->blocks, rest.blocks.v[b]);
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
	ret->nblocks = g->img->blocks.n - ret->first_block;
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
