/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stack of recursive functions: variables are pushed before a call and
 * popped behind it, in scratch, to MAXNESTING levels.
 */
#include "base/bits.h"
#include "codegen/loop.h"

#define STACK_MAX (16u << 10)	/* bytes */

static uint32_t size_of(struct cg_fn *fn, uint32_t var)
{
	const struct ir_var *v = &fn->f->vars.v[var];

	return v->type == IT_STRING ? align_up(v->bound + 1u, 8) : 8;
}

void cg_save_init(struct cg_fn *fn)
{
	uint32_t level = 0;

	for (uint32_t v = 0; v < fn->f->vars.n; v++)
		if (fn->vars[v].is_saved)
			level += size_of(fn, v);
	if (!level)
		return;
	fn->save_size = MIN(level * (fn->g->img->limits.maxnesting + 1),
			    STACK_MAX);
	fn->save_stack = (int32_t)cg_slot(fn, fn->save_size);
	fn->save_top = (int32_t)cell_new(fn, 0);
}

/* Where on the stack `top` is. */
static cg_reg entry(struct cg_fn *fn, cg_reg top)
{
	cg_reg at = cg_scratch_addr(fn, fn->save_stack);

	code_alu(fn->c, BPF_ADD, at, top);
	return at;
}

static struct cg_str text_at(cg_reg at, uint32_t size)
{
	return (struct cg_str){ .base = CG_IN_REG, .reg = at,
				.bound = (uint16_t)(size - 1) };
}

void cg_save(struct cg_fn *fn, ir_ref r)
{
	struct cg_code *c = fn->c;
	uint32_t var = (uint32_t)ir_insn(fn->f, r)->imm;
	uint32_t size = size_of(fn, var);
	struct cg_var *v = &fn->vars[var];
	cg_cell cell = (cg_cell)fn->save_top;
	cg_reg top = cell_get(fn, cell);
	cg_label ok = code_label(c);

	code_ifi(c, BPF_JLE, top, fn->save_size - size, ok);
	cg_raise(fn, IERR_NESTING, NO_REG);
	code_place_label(c, ok);
	if (fn->f->vars.v[var].type == IT_STRING)
		cg_str_copy(fn, text_at(entry(fn, top), size), v->str);
	else
		code_store(c, entry(fn, top), 0,
			   code_ld(c, fn->scratch, v->off, 8), 8);
	cell_set(fn, cell, code_addi(c, top, size));
}

void cg_restore(struct cg_fn *fn, ir_ref r)
{
	struct cg_code *c = fn->c;
	uint32_t var = (uint32_t)ir_insn(fn->f, r)->imm;
	uint32_t size = size_of(fn, var);
	struct cg_var *v = &fn->vars[var];
	cg_cell cell = (cg_cell)fn->save_top;
	cg_reg top = code_addi(c, cell_get(fn, cell), -(int64_t)size);

	code_cap(c, top, fn->save_size - size);
	cell_set(fn, cell, top);
	if (fn->f->vars.v[var].type == IT_STRING)
		cg_str_copy(fn, v->str, text_at(entry(fn, top), size));
	else
		code_store(c, fn->scratch, v->off,
			   code_ld(c, entry(fn, top), 0, 8), 8);
}
