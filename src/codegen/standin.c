/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/standin.h"

#include "codegen/cg.h"
#include "codegen/emit.h"
#include "codegen/regalloc.h"
#include "ir/standins.h"

/* What each task has: by which mark the hit is known that a copy is handling or
 * has handled, and that of the hit that this one interrupts. */
#define MARK 0
#define OUTER_MARK 8
#define NUMBER_SHIFT 48	/* in a mark, above what tells addresses apart */
#define BY_LAST IMAGE_COPIES	/* the handler is to leave none */

static bool needs_standins(struct cg_fn *fn)
{
	if (!standins_wanted(fn->g->p, fn->probe))
		return false;
	return !cg_has(fn, FEATURE_BIT(TP_KEPT));
}

/* Its arguments lie on the stack: at the same place for all copies, elsewhere
 * for the hit of an interrupt.  (Negated, a pointer is a number.) */
static cg_reg mark_of_hit(struct cg_fn *fn)
{
	cg_reg mark = code_copy(fn->c, fn->ctx);

	code_alui(fn->c, BPF_NEG, mark, 0);
	code_alu(fn->c, BPF_ADD, mark,
		 code_const(fn->c, (int64_t)fn->standin << NUMBER_SHIFT));
	return mark;
}

/* The task's marks, or 0. */
static cg_reg find_marks(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;

	code_call(c, HELPER_get_current_task_btf);
	code_mov(c, R2, R0);
	code_map(c, R1, cg_marks_map(fn->g));
	code_movi(c, R3, 0);
	code_movi(c, R4, BPF_LOCAL_STORAGE_GET_F_CREATE);
	code_call(c, HELPER_task_storage_get);
	return code_copy(c, R0);
}

static cg_reg number_of_copy(struct cg_code *c)
{
	cg_reg copy = code_reg(c);

	code_movi(c, copy, 0);
	code_relocate(c, IREL_COPY, 0);
	return copy;
}

static void count_hit(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label none = code_label(c);

	code_storei(c, R10, cg_word(fn), (int32_t)fn->standin - 1, 4);
	code_map(c, R1, cg_standins_map(fn->g, fn->standin));
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, cg_word(fn));
	code_call(c, HELPER_map_lookup_elem);
	code_ifi(c, BPF_JEQ, R0, 0, none);
	code_atomic(c, BPF_ADD, R0, 0, code_const(c, 1));
	code_place_label(c, none);
}

static void store_mark(struct cg_fn *fn, cg_reg marks, cg_reg mark, cg_reg copy)
{
	cg_reg v = code_copy(fn->c, mark);

	code_alu(fn->c, BPF_ADD, v, copy);
	code_store(fn->c, marks, MARK, v, 8);
}

/* That of the hit that this one interrupts is there again. */
static void take_mark(struct cg_fn *fn, cg_reg marks)
{
	struct cg_code *c = fn->c;

	code_store(c, marks, MARK, code_ld(c, marks, OUTER_MARK, 8), 8);
	code_storei(c, marks, OUTER_MARK, 0, 8);
}

/* Where the old mark is of such a hit, too, it is none that this one
 * interrupts. */
static void put_mark(struct cg_fn *fn, cg_reg marks, cg_reg mark, cg_reg copy,
		     cg_reg old, cg_reg since)
{
	struct cg_code *c = fn->c;
	cg_label same = code_label(c);

	code_ifi(c, BPF_JLE, since, BY_LAST, same);
	code_store(c, marks, OUTER_MARK, old, 8);
	code_place_label(c, same);
	store_mark(fn, marks, mark, copy);
}

static cg_reg since_mark(struct cg_code *c, cg_reg old, cg_reg mark)
{
	cg_reg since = code_copy(c, old);

	code_alu(c, BPF_SUB, since, mark);
	return since;
}

/* A program that calls others has no stack of its own for each CPU, but that of
 * the task: such a one is for who runs alone there.  (It does not call.) */
static void share_cpu(struct cg_fn *fn)
{
	cg_label on = code_label(fn->c);

	code_ifi(fn->c, BPF_JNE, fn->ctx, 0, on);
	cg_tail_call(fn);
	code_place_label(fn->c, on);
}

void standin_begin(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label act = code_label(c), leave = code_label(c);
	cg_reg mark, marks, old, since;

	if (!needs_standins(fn))
		return;
	fn->standin = ++fn->g->nstandins;
	fn->progs_map = cg_progs_map(fn->g, "handler");
	share_cpu(fn);
	mark = mark_of_hit(fn);
	marks = find_marks(fn);
	code_ifi(c, BPF_JEQ, marks, 0, act);	/* without stand-ins */
	old = code_ld(c, marks, MARK, 8);
	since = since_mark(c, old, mark);
	code_ifi(c, BPF_JNE, since, BY_LAST, leave);
	take_mark(fn, marks);
	code_jmp(c, act);
	code_place_label(c, leave);
	put_mark(fn, marks, mark, code_const(c, 0), old, since);
	code_place_label(c, act);
}

/* ---- the programs that stand in ---- */

/* The hit has been handled; the last copy takes its mark away. */
static void pass_by(struct cg_fn *fn, cg_reg marks, cg_reg mark, cg_reg copy)
{
	struct cg_code *c = fn->c;
	cg_label last = code_label(c);

	code_ifi(c, BPF_JEQ, copy, IMAGE_COPIES - 1, last);
	store_mark(fn, marks, mark, copy);
	code_jmp(c, fn->out);
	code_place_label(c, last);
	take_mark(fn, marks);
	code_jmp(c, fn->out);
}

/* A mark says which copy has seen it last: one that is not before this one has
 * stayed from an earlier hit, whose last copy the kernel has skipped.  Behind
 * the last is nobody to see the handler's mark. */
static void find_handled(struct cg_fn *fn, cg_reg marks)
{
	struct cg_code *c = fn->c;
	cg_label missed = code_label(c), act = code_label(c);
	cg_reg mark = mark_of_hit(fn), copy = number_of_copy(c);
	cg_reg old = code_ld(c, marks, MARK, 8);
	cg_reg since = since_mark(c, old, mark);

	code_if(c, BPF_JGE, since, copy, missed);
	pass_by(fn, marks, mark, copy);
	code_place_label(c, missed);
	code_ifi(c, BPF_JNE, copy, IMAGE_COPIES - 1, act);
	put_mark(fn, marks, mark, code_const(c, BY_LAST), old, since);
	code_place_label(c, act);
}

static void make_standin(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_reg marks;

	cg_enter(fn);
	marks = find_marks(fn);
	code_ifi(c, BPF_JEQ, marks, 0, fn->out);
	find_handled(fn, marks);
	count_hit(fn);
	cg_tail_call(fn);
	code_place_label(c, fn->out);
	cg_exit_code(fn);
	regalloc(c);
}

void standin_emit(const struct cg_fn *handler, uint32_t prog)
{
	struct image *img = handler->g->img;
	struct image_prog like = img->progs.v[prog];
	struct cg_fn fn = { .g = handler->g, .f = handler->f,
			    .probe = handler->probe,
			    .nprobe = handler->nprobe,
			    .features = handler->features,
			    .standin = handler->standin,
			    .progs_map = handler->progs_map };
	uint32_t number;

	if (!fn.standin)
		return;
	img->maps.v[fn.progs_map].init = prog;
	fn.c = cg_func_new(&fn);
	fn.out = code_label(fn.c);
	make_standin(&fn);
	number = emit_prog(img, fn.funcs.v, 1, true, &like);
	img->progs.v[number].is_standin = true;
	img->progs.v[prog].standin = 1 + number;
	img->progs.v[prog].standins_map = fn.g->standins_map;
	img->progs.v[prog].standins_at = fn.standin - 1;
}
