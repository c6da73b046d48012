/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scalar globals: directly in the value of the globals map.
 */
#include "codegen/cg.h"

static const struct image_global *global(struct cg_fn *fn, ir_ref r)
{
	return &fn->g->img->globals.v[ir_insn(fn->f, r)->imm];
}

static struct cg_str place(const struct image_global *g)
{
	return (struct cg_str){ .base = CG_IN_MAP, .map = g->map,
				.off = (int32_t)g->off, .bound = g->bound };
}

void cg_gget(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = global(fn, r);

	if (g->type == IT_STRING)
		cg_str_copy(fn, cg_new_string(fn, r), place(g));
	else
		cg_set_long(fn, r, code_ld(fn->c, code_map_value(fn->c,
						g->map, g->off), 0, 8));
}

void cg_gset(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = global(fn, r);
	ir_ref v = ir_insn(fn->f, r)->a;
	int64_t imm;
	cg_reg at;

	if (g->type == IT_STRING) {
		cg_str_copy(fn, place(g), cg_string(fn, v));
		return;
	}
	at = code_map_value(fn->c, g->map, g->off);
	if (cg_is_const(fn, v, &imm) && code_fits(imm))
		code_storei(fn->c, at, 0, (int32_t)imm, 8);
	else
		code_store(fn->c, at, 0, cg_long(fn, v), 8);
}

void cg_gnext(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = global(fn, r);
	cg_reg by = cg_long(fn, ir_insn(fn->f, r)->a);
	cg_reg v = code_copy(fn->c, by);

	cg_has(fn, FEATURE_BIT(ATOMIC_FETCH));
	code_atomic(fn->c, BPF_ADD | BPF_FETCH,
		    code_map_value(fn->c, g->map, g->off), 0, v);
	code_alu(fn->c, BPF_ADD, v, by);
	cg_set_long(fn, r, v);
}

void cg_gadd(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = global(fn, r);
	cg_reg at = code_map_value(fn->c, g->map, g->off);

	code_atomic(fn->c, BPF_ADD, at, 0,
		    cg_long(fn, ir_insn(fn->f, r)->a));
}
