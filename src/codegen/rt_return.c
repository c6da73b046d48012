/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a function of a process returns to.  A return probe, anybody's, puts the
 * address of a trampoline where the return address was, and the kernel keeps
 * that in a list of the task's, the innermost first (prepare_uretprobe() of
 * Linux).  Frames that were left by a jump may be in it still, so that a place
 * on the stack is looked for only where there is the trampoline's address.
 */
#include "codegen/return.h"

#include "codegen/rt.h"

#define RETURNS_MAX 64		/* in the list: MAX_URETPROBE_DEPTH of Linux */
#define RETURNS_FOLLOWED 8	/* where the verifier follows each turn */

/* A member, which is in a member, of what `base` points to; to `none` when it
 * is 0. */
static cg_reg get_in(struct cg_fn *fn, struct cg_code *c, cg_reg base,
		     const char *const outer[2], const char *const inner[2],
		     cg_label none)
{
	uint32_t off, off_in = 0, size;

	if (!cg_find_place(fn, outer[0], outer[1], &off, &size) ||
	    (inner && !cg_find_place(fn, inner[0], inner[1], &off_in, &size))) {
		code_jmp(c, none);
		return code_const(c, 0);
	}
	return rt_peek(fn, c, base, off + off_in, size, none);
}

static cg_reg get(struct cg_fn *fn, struct cg_code *c, cg_reg base,
		  const char *type, const char *member, cg_label none)
{
	const char *const outer[] = { type, member };

	return get_in(fn, c, base, outer, NULL, none);
}

/* R1: the memory of a search, which is to begin with this task's innermost. */
void rt_return_begin(struct cg_fn *fn, struct cg_code *c)
{
	static const char *const state[] = { "mm_struct", "uprobes_state" };
	static const char *const area[] = { "uprobes_state", "xol_area" };
	cg_reg search = code_copy(c, R1), task, first, v;
	cg_label none = code_label(c);

	code_storei(c, search, RETURN_AT, 0, 8);
	code_call(c, HELPER_get_current_task);
	task = code_result(c);
	v = get(fn, c, task, "task_struct", "utask", none);
	first = get(fn, c, v, "uprobe_task", "return_instances", none);
	v = get(fn, c, task, "task_struct", "mm", none);
	v = get_in(fn, c, v, state, area, none);
	v = get(fn, c, v, "xol_area", "vaddr", none);
	code_store(c, search, RETURN_TRAMPOLINE, v, 8);
	code_store(c, search, RETURN_AT, first, 8);
	code_place_label(c, none);
	code_movi(c, R0, 0);
	code_exit(c);
}

/* arg: the search.  Several may be of one place: functions that were left by a
 * jump.  They all have the same address. */
static void find_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
		      cg_label done)
{
	cg_reg at = code_ld(c, arg[0], RETURN_AT, 8);
	cg_reg slot = code_ld(c, arg[0], RETURN_SLOT, 8), its;
	cg_label passed = code_label(c);

	its = get(fn, c, at, "return_instance", "stack", done);
	code_if(c, BPF_JLT, its, slot, passed);
	code_if(c, BPF_JNE, its, slot, done);
	code_store(c, arg[0], RETURN_PC,
		   get(fn, c, at, "return_instance", "orig_ret_vaddr", done),
		   8);
	code_jmp(c, done);
	code_place_label(c, passed);
	code_store(c, arg[0], RETURN_AT,
		   get(fn, c, at, "return_instance", "next", done), 8);
}

/* R1: a search, with a place and what is there. */
void rt_return_find(struct cg_fn *fn, struct cg_code *c)
{
	bool loops = cg_has(fn, FEATURE_BIT(MAY_GOTO)) ||
		     cg_has(fn, FEATURE_BIT(BPF_LOOP));
	cg_reg search = code_copy(c, R1);
	cg_label out = code_label(c);

	code_ifi(c, BPF_JEQ, code_ld(c, search, RETURN_AT, 8), 0, out);
	code_if(c, BPF_JNE, code_ld(c, search, RETURN_PC, 8),
		code_ld(c, search, RETURN_TRAMPOLINE, 8), out);
	rt_turns(fn, c, &search, 1,
		 code_const(c, loops ? RETURNS_MAX : RETURNS_FOLLOWED),
		 find_turn);
	code_place_label(c, out);
	code_movi(c, R0, 0);
	code_exit(c);
}

/* R1: where a return address is, R2: what is there; R0: what is meant. */
void rt_return(struct cg_fn *fn, struct cg_code *c)
{
	int16_t search = code_stack(c, RETURN_SIZE);

	code_store(c, R10, search + RETURN_SLOT, code_copy(c, R1), 8);
	code_store(c, R10, search + RETURN_PC, code_copy(c, R2), 8);
	code_storei(c, R10, search + RETURN_TRAMPOLINE, 0, 8);
	code_mov(c, R1, R10);
	code_alui(c, BPF_ADD, R1, search);
	code_call_sub(c, rt_routine(fn, RT_RETURN_BEGIN), 1);
	code_mov(c, R1, R10);
	code_alui(c, BPF_ADD, R1, search);
	code_call_sub(c, rt_routine(fn, RT_RETURN_FIND), 1);
	code_mov(c, R0, code_ld(c, R10, search + RETURN_PC, 8));
	code_exit(c);
}
