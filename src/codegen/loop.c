/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/loop.h"

void loop_begin(struct cg_fn *fn, struct cg_loop *l, uint32_t n)
{
	struct cg_code *c = fn->c;

	*l = (struct cg_loop){
		.begin = code_label(c),
		.next = code_label(c),
		.end = code_label(c),
		.i = code_reg(c),
		.n = n,
	};
	if (cg_has(fn, FEATURE_BIT(MAY_GOTO))) {
		l->slot = cell_new(fn, 0);
		code_place_label(c, l->begin);
		code_load(c, l->i, fn->scratch, (int32_t)l->slot, 8);
	} else {
		code_movi(c, l->i, 0);
		code_place_label(c, l->begin);
	}
	code_ifi(c, BPF_JGE, l->i, n, l->end);
}

void loop_end(struct cg_fn *fn, struct cg_loop *l)
{
	struct cg_code *c = fn->c;

	code_place_label(c, l->next);
	if (cg_has(fn, FEATURE_BIT(MAY_GOTO))) {
		cg_reg i = code_ld(c, fn->scratch, (int32_t)l->slot, 8);

		code_alui(c, BPF_ADD, i, 1);
		cell_set(fn, l->slot, i);
		code_may_goto(c, l->end);
		cell_free(fn, l->slot);
	} else {
		code_alui(c, BPF_ADD, l->i, 1);
	}
	code_jmp(c, l->begin);
	code_place_label(c, l->end);
}

cg_cell cell_new(struct cg_fn *fn, int32_t v)
{
	cg_cell cell = cg_slot(fn, 8);

	cell_seti(fn, cell, v);
	return cell;
}

void cell_free(struct cg_fn *fn, cg_cell cell)
{
	cg_slot_free(fn, cell);
}

void cell_set(struct cg_fn *fn, cg_cell cell, cg_reg v)
{
	code_store(fn->c, fn->scratch, (int32_t)cell, v, 8);
}

void cell_seti(struct cg_fn *fn, cg_cell cell, int32_t v)
{
	code_storei(fn->c, fn->scratch, (int32_t)cell, v, 8);
}

cg_reg cell_get(struct cg_fn *fn, cg_cell cell)
{
	return code_ld(fn->c, fn->scratch, (int32_t)cell, 8);
}

cg_reg cell_get_max(struct cg_fn *fn, cg_cell cell, uint32_t most)
{
	cg_reg v = cell_get(fn, cell);

	code_cap(fn->c, v, most);
	return v;
}

void code_cap(struct cg_code *c, cg_reg v, uint32_t most)
{
	cg_label fits = code_label(c);

	code_ifi(c, BPF_JLE, v, most, fits);
	code_movi(c, v, most);
	code_place_label(c, fits);
}
