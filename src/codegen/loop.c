/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/loop.h"

#include <string.h>

#include "base/bits.h"

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

struct cg_inner inner_enter(struct cg_fn *fn, uint32_t *number)
{
	struct cg_inner in = { fn->c, fn->scratch, fn->error_area,
			       fn->key_area, fn->value_area, fn->word_area,
			       fn->text_area, fn->irq_flags };

	fn->c = cg_func_new(fn);
	fn->c->place = in.c->place;
	*number = fn->funcs.n - 1;
	fn->error_area = fn->key_area = fn->value_area = 0;
	fn->word_area = fn->text_area = 0;
	return in;
}

void inner_leave(struct cg_fn *fn, struct cg_inner in)
{
	fn->c = in.c;
	fn->scratch = in.scratch;
	fn->error_area = in.error_area;
	fn->key_area = in.key_area;
	fn->value_area = in.value_area;
	fn->word_area = in.word_area;
	fn->text_area = in.text_area;
	fn->irq_flags = in.irq_flags;
}

void inner_return(struct cg_fn *fn, int32_t ret)
{
	code_movi(fn->c, R0, ret);
	code_exit(fn->c);
}

/* ---- loops over texts ---- */

/* What a called body is given, on the stack: */
#define ARG_SCRATCH 0
#define ARG_TEXT 8		/* + 8 * k: where text k is */
#define ARG_SIZE (ARG_TEXT + 8 * LOOP_TEXTS)

/* Does the body have to be told where it is? */
static bool must_tell(struct cg_str s)
{
	return s.base == CG_IN_REG || s.base == CG_IN_STACK;
}

static void tell(struct cg_fn *fn, const struct cg_str text[LOOP_TEXTS])
{
	int16_t area;

	if (!fn->text_area)
		fn->text_area = code_stack(fn->c, ARG_SIZE);
	area = fn->text_area;
	code_store(fn->c, R10, area + ARG_SCRATCH, fn->scratch, 8);
	for (int k = 0; k < LOOP_TEXTS; k++)
		if (must_tell(text[k]))
			code_store(fn->c, R10, area + ARG_TEXT + 8 * k,
				   cg_str_addr(fn, text[k]), 8);
}

static uint32_t called_body(struct cg_fn *fn, uint32_t n,
			    const struct cg_str text[LOOP_TEXTS],
			    loop_body *body, void *arg)
{
	struct cg_str mine[LOOP_TEXTS];
	uint32_t number;
	struct cg_inner in = inner_enter(fn, &number);
	struct cg_loop l = { .next = code_label(fn->c),
			     .end = code_label(fn->c) };
	cg_reg told;

	l.i = code_copy(fn->c, R1);
	l.n = n;
	told = code_copy(fn->c, R2);
	code_cap(fn->c, l.i, n - 1);
	fn->scratch = code_ld(fn->c, told, ARG_SCRATCH, 8);
	for (int k = 0; k < LOOP_TEXTS; k++) {
		mine[k] = text[k];
		if (!must_tell(text[k]))
			continue;
		mine[k].base = CG_IN_REG;
		mine[k].off = 0;
		mine[k].reg = code_ld(fn->c, told, ARG_TEXT + 8 * k, 8);
	}
	body(fn, &l, mine, arg);
	code_place_label(fn->c, l.next);
	inner_return(fn, 0);
	code_place_label(fn->c, l.end);
	inner_return(fn, 1);
	inner_leave(fn, in);
	return number;
}

static void call_loop(struct cg_fn *fn, uint32_t n, uint32_t function)
{
	struct cg_code *c = fn->c;

	code_movi(c, R1, n);
	code_sub_addr(c, R2, function);
	code_mov(c, R3, R10);
	code_alui(c, BPF_ADD, R3, fn->text_area);
	code_movi(c, R4, 0);
	code_call(c, HELPER_loop);
}

void loop_texts(struct cg_fn *fn, uint32_t n,
		const struct cg_str text[LOOP_TEXTS], loop_body *body,
		void *arg)
{
	struct cg_str same[LOOP_TEXTS];
	struct cg_loop l;

	if (!cg_has(fn, FEATURE_BIT(MAY_GOTO)) &&
	    cg_has(fn, FEATURE_BIT(BPF_LOOP))) {
		tell(fn, text);
		call_loop(fn, n, called_body(fn, n, text, body, arg));
		return;
	}
	memcpy(same, text, sizeof(same));
	loop_begin(fn, &l, n);
	body(fn, &l, same, arg);
	loop_end(fn, &l);
}

/* ---- cells ---- */

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

void code_at_most(struct cg_code *c, cg_reg v, uint32_t most)
{
	if (most == mask_over(most))
		code_alui(c, BPF_AND, v, most);
	else
		code_cap(c, v, most);
}
