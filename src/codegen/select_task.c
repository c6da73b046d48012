/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arrays that are kept with the task (ir/opt_task.c): the value, then 1 where
 * there is an element.  Where there is none the value is 0.  What was found
 * once in a handler is not looked for again: it stays as long as the task.
 */
#include "codegen/array.h"

#define HERE 8		/* offset of the 1 */

/* Is this block only entered behind that one?  By single ways in alone. */
static bool is_behind(const struct cg_fn *fn, uint32_t block, uint32_t of)
{
	while (block != of && fn->only_pred[block] != IR_NONE)
		block = fn->only_pred[block];
	return block == of;
}

static struct cg_task *known(struct cg_fn *fn, uint32_t map)
{
	for (uint32_t i = 0; i < fn->tasks.n; i++) {
		struct cg_task *t = &fn->tasks.v[i];

		if (t->map == map && is_behind(fn, fn->block, t->block))
			return t;
	}
	return NULL;
}

/* Goes on to the call with the element's address in `at`, or 0. */
static void find(struct cg_fn *fn, cg_reg at, uint32_t map, bool make)
{
	struct cg_code *c = fn->c;

	code_call(c, HELPER_get_current_task_btf);
	code_mov(c, R2, R0);
	code_map(c, R1, map);
	code_movi(c, R3, 0);
	code_movi(c, R4, make ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	code_call(c, HELPER_task_storage_get);
	code_mov(c, at, R0);
}

static cg_reg element(struct cg_fn *fn, const struct image_global *g,
		      bool make)
{
	struct cg_task *t = fn->is_stepped || fn->is_long ? NULL :
							   known(fn, g->map);
	cg_label ok = code_label(fn->c);
	cg_reg at = t ? t->at : code_reg(fn->c);

	if (t && make)
		code_ifi(fn->c, BPF_JNE, at, 0, ok);
	if (!t || make)
		find(fn, at, g->map, make);
	code_place_label(fn->c, ok);
	if (!t)
		vec_push(fn->g->a, &fn->tasks,
			 (struct cg_task){ g->map, fn->block, at });
	return at;
}

void cg_task_get(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = array_global(fn, r);
	cg_label none = code_label(fn->c);
	cg_reg at = element(fn, g, false), v = code_const(fn->c, 0);

	code_ifi(fn->c, BPF_JEQ, at, 0, none);
	code_load(fn->c, v, at, 0, 8);
	code_place_label(fn->c, none);
	cg_set_long(fn, r, v);
}

void cg_task_has(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = array_global(fn, r);
	cg_label none = code_label(fn->c);
	cg_reg at = element(fn, g, false), v = code_const(fn->c, 0);

	code_ifi(fn->c, BPF_JEQ, at, 0, none);
	code_load(fn->c, v, at, HERE, 8);
	code_place_label(fn->c, none);
	cg_set_long(fn, r, v);
}

/* Without memory for it, the hit is lost. */
void cg_task_change(struct cg_fn *fn, ir_ref r, bool add)
{
	const struct image_global *g = array_global(fn, r);
	ir_ref value = ir_insn(fn->f, r)->a;
	struct cg_code *c = fn->c;
	cg_label none = code_label(c), done = code_label(c);
	cg_reg at = element(fn, g, true);

	code_ifi(c, BPF_JEQ, at, 0, none);
	if (add)
		code_atomic(c, BPF_ADD, at, 0, cg_long(fn, value));
	else
		code_store(c, at, 0, cg_long(fn, value), 8);
	code_storei(c, at, HERE, 1, 8);
	code_jmp(c, done);
	code_place_label(c, none);
	cg_loss(fn, LOSS_SCRATCH);
	cg_leave(fn);
	code_place_label(c, done);
}

void cg_task_delete(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = array_global(fn, r);
	cg_label none = code_label(fn->c);
	cg_reg at = element(fn, g, false);

	code_ifi(fn->c, BPF_JEQ, at, 0, none);
	code_storei(fn->c, at, 0, 0, 8);
	code_storei(fn->c, at, HERE, 0, 8);
	code_place_label(fn->c, none);
}
