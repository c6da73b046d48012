/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stack of the process that is running.  As that of the kernel
 * (select_stack.c) it is a few bytes, which stand for its addresses in a map;
 * there is also whose they are, without which they mean nothing.
 */
#include <stddef.h>

#include "codegen/cg.h"
#include "codegen/rt.h"
#include "codegen/unwind.h"
#include "dbg/arch.h"
#include "image/unwind.h"

#define USTACK_FLAGS 256	/* BPF_F_USER_STACK */
#define USTACK_WAIT_NS 100000000	/* for the host, at most */
#define USTACK_AGAIN_MS 10	/* a process is not asked for again before */
#define USTACK_MS_SHIFT 20

static uint32_t most_frames(struct cg_fn *fn)
{
	return cg_has(fn, FEATURE_BIT(BIG_KEYS)) ? IMAGE_USTACK_FRAMES :
						   IMAGE_USTACK_SHORT;
}

static bool has_ustack(const struct cg_fn *fn)
{
	return !cg_is_apart(fn);
}

/* Whose stack: the process, and which program of those that it has run. */
static void put_head(struct cg_fn *fn, struct cg_str key)
{
	struct cg_code *c = fn->c;
	cg_reg exec = cg_member_of(fn, cg_current(fn), "task_struct",
				   "self_exec_id");
	cg_reg head = cg_pid_tgid(fn);

	code_alui(c, BPF_RSH, head, 32);
	code_alui(c, BPF_LSH, head, USTACK_TGID_SHIFT);
	if (exec != NO_REG) {
		code_alui(c, BPF_AND, exec, 0xffff);
		code_alui(c, BPF_LSH, exec, USTACK_EXEC_SHIFT);
		code_alu(c, BPF_OR, head, exec);
	}
	code_store(c, fn->scratch, key.off, head, 8);
}

/* Frames that are wanted. */
static cg_reg frames_wanted(struct cg_fn *fn, ir_ref n)
{
	uint32_t most = most_frames(fn);
	struct cg_code *c = fn->c;
	cg_label few = code_label(c);
	cg_reg v;

	if (n == IR_NONE)
		return code_const(c, most);
	v = code_copy(c, cg_long(fn, n));
	code_ifi(c, BPF_JLE, v, most, few);
	code_movi(c, v, most);
	code_place_label(c, few);
	return v;
}

/* Frames as the kernel finds them, by frame pointers. */
static void take_pointers(struct cg_fn *fn, struct cg_str walk, ir_ref n)
{
	struct cg_code *c = fn->c;
	cg_reg size = frames_wanted(fn, n);

	code_alui(c, BPF_LSH, size, 3);
	code_mov(c, R1, fn->ctx);
	code_mov(c, R2, cg_str_addr(fn, walk));
	code_alui(c, BPF_ADD, R2, WALK_FRAMES);
	code_mov(c, R3, size);
	code_movi(c, R4, USTACK_FLAGS);
	code_call(c, HELPER_get_stack);
}

/* Can a program walk over the stack itself?  With loops, where a call leaves
 * what it returns to on the stack. */
static bool can_walk(struct cg_fn *fn)
{
	const struct arch *arch = fn->g->o->arch;

	return arch && arch->ret_on_stack &&
	       (cg_has(fn, FEATURE_BIT(MAY_GOTO)) ||
		cg_has(fn, FEATURE_BIT(BPF_LOOP)));
}

static bool is_of_process(const struct cg_fn *fn)
{
	uint32_t kind = fn->probe->image.kind;

	return kind == PROBE_UPROBE || kind == PROBE_URETPROBE;
}

static const int32_t walk_starts[] = { WALK_PC, WALK_SP, WALK_FP };

void cg_ustack_from(struct cg_fn *fn, ir_ref pc, ir_ref sp, ir_ref fp)
{
	const ir_ref from[] = { pc, sp, fp };

	for (int32_t k = 0; k < 3; k++)
		code_store(fn->c, fn->scratch, fn->ustack_from + 8 + 8 * k,
			   cg_long(fn, from[k]), 8);
	code_storei(fn->c, fn->scratch, fn->ustack_from, 1, 8);
}

/* The script's own, once, when it has said where to begin. */
static void put_said(struct cg_fn *fn, struct cg_str walk)
{
	struct cg_code *c = fn->c;
	cg_label none = code_label(c);

	if (!fn->has_ustack_from)
		return;
	code_ifi(c, BPF_JEQ, code_ld(c, fn->scratch, fn->ustack_from, 8), 0,
		 none);
	for (int32_t k = 0; k < 3; k++)
		code_store(c, fn->scratch, walk.off + walk_starts[k],
			   code_ld(c, fn->scratch,
				   fn->ustack_from + 8 + 8 * k, 8), 8);
	code_place_label(c, none);
}

/* What the kernel knows of return addresses that return probes, anybody's, have
 * taken away from this stack. */
static void put_returns(struct cg_fn *fn, struct cg_str walk)
{
	struct cg_code *c = fn->c;

	code_mov(c, R1, cg_str_addr(fn, walk));
	code_alui(c, BPF_ADD, R1, WALK_RETURN);
	code_call_sub(c, rt_routine(fn, RT_RETURN_BEGIN), 1);
}

/* The registers of the process. */
static cg_reg process_regs(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;

	if (is_of_process(fn))
		return fn->ctx;
	code_call(c, HELPER_get_current_task_btf);
	code_mov(c, R1, code_result(c));
	code_call(c, HELPER_task_pt_regs);
	return code_result(c);
}

/* Where the process is. */
static void put_registers(struct cg_fn *fn, struct cg_str walk)
{
	const struct arch *arch = fn->g->o->arch;
	const struct arch_reg *r = arch->regs;
	struct cg_code *c = fn->c;
	cg_reg regs = process_regs(fn);

	code_store(c, fn->scratch, walk.off + WALK_PC,
		   code_ld(c, regs, r[arch->ip].offset, 8), 8);
	code_store(c, fn->scratch, walk.off + WALK_SP,
		   code_ld(c, regs, r[arch->sp].offset, 8), 8);
	code_store(c, fn->scratch, walk.off + WALK_FP,
		   code_ld(c, regs, r[arch->fp].offset, 8), 8);
	code_storei(c, fn->scratch, walk.off + WALK_EXACT, 1, 8);
	put_returns(fn, walk);
	put_said(fn, walk);
}

static void proc_key(struct cg_fn *fn, struct cg_str walk, cg_reg to)
{
	code_mov(fn->c, to, cg_str_addr(fn, walk));
	code_alui(fn->c, BPF_ADD, to, WALK_PROC);
}

/* What there is of the process; to `none`. */
static cg_reg find_proc(struct cg_fn *fn, struct cg_str walk, cg_label none)
{
	struct cg_code *c = fn->c;
	cg_reg v;

	code_map(c, R1, cg_unwind_maps(fn->g) + UNWIND_PROCS);
	proc_key(fn, walk, R2);
	code_call(c, HELPER_map_lookup_elem);
	v = code_result(c);
	code_ifi(c, BPF_JEQ, v, 0, none);
	return v;
}

/* Until the host has answered, but not for long. */
static void wait_for_host(struct cg_fn *fn, struct cg_str walk)
{
	struct cg_code *c = fn->c;
	cg_reg until;

	(void)cg_may_wait(fn);
	code_call(c, HELPER_ktime_get_ns);
	until = code_result(c);
	code_alui(c, BPF_ADD, until, USTACK_WAIT_NS);
	code_store(c, fn->scratch, walk.off + WALK_WANTED, until, 8);
	code_mov(c, R1, cg_str_addr(fn, walk));
	code_call_sub(c, rt_routine(fn, RT_UNWIND_WAIT), 1);
}

/* Now, in steps of about a millisecond. */
static cg_reg now_ms(struct cg_fn *fn)
{
	cg_reg v;

	code_call(fn->c, HELPER_ktime_get_ns);
	v = code_result(fn->c);
	code_alui(fn->c, BPF_RSH, v, USTACK_MS_SHIFT);
	code_alui(fn->c, BPF_LSH, v, 32);
	code_alui(fn->c, BPF_RSH, v, 32);
	return v;
}

static void clear_frames(struct cg_fn *fn, struct cg_str walk)
{
	for (uint32_t k = 0; k < most_frames(fn); k++)
		code_storei(fn->c, fn->scratch,
			    walk.off + WALK_FRAMES + 8 * (int32_t)k, 0, 8);
}

/* Asks the host, once: the frames, which are zeros still, are an empty answer,
 * but for when that was. */
static void ask(struct cg_fn *fn, struct cg_str walk, bool waits)
{
	struct cg_code *c = fn->c;
	cg_label asked = code_label(c);

	code_store(c, fn->scratch, walk.off + WALK_FRAMES, now_ms(fn), 8);
	code_map(c, R1, cg_unwind_maps(fn->g) + UNWIND_PROCS);
	proc_key(fn, walk, R2);
	code_mov(c, R3, cg_str_addr(fn, walk));
	code_alui(c, BPF_ADD, R3, WALK_FRAMES);
	code_movi(c, R4, BPF_NOEXIST);
	code_call(c, HELPER_map_update_elem);
	code_storei(c, fn->scratch, walk.off + WALK_FRAMES, 0, 8);
	code_ifi(c, BPF_JNE, code_result(c), 0, asked);
	cg_ask_space(fn, code_ld(c, fn->scratch, walk.off + WALK_PROC, 4));
	code_place_label(c, asked);
	if (waits)
		wait_for_host(fn, walk);
}

/* The number of its mappings; to `none` when nobody has answered.  Who finds
 * that another thread has just asked waits, too. */
static cg_reg answer(struct cg_fn *fn, struct cg_str walk, cg_reg proc,
		     bool waits, cg_label none)
{
	cg_label old = code_label(fn->c), known = code_label(fn->c);
	struct cg_code *c = fn->c;
	cg_reg count = code_reg(c), ago;

	code_load(c, count, proc, offsetof(struct unwind_proc, n), 4);
	code_ifi(c, BPF_JNE, count, 0, known);
	if (waits) {
		ago = now_ms(fn);
		code_alu(c, BPF_SUB, ago,
			 code_ld(c, proc, offsetof(struct unwind_proc, first),
				 4));
		code_ifi(c, BPF_JGT, ago, USTACK_WAIT_NS >> USTACK_MS_SHIFT,
			 old);
		wait_for_host(fn, walk);
		code_mov(c, proc, find_proc(fn, walk, none));
		code_load(c, count, proc, offsetof(struct unwind_proc, n), 4);
		code_ifi(c, BPF_JNE, count, 0, known);
	}
	code_place_label(c, old);
	code_jmp(c, none);
	code_place_label(c, known);
	return count;
}

/* Walks by the tables; to `none` when there are none for this process. */
static void take_walk(struct cg_fn *fn, struct cg_str walk, ir_ref n,
		      bool waits, cg_label none)
{
	cg_label first = code_label(fn->c), known = code_label(fn->c);
	struct cg_code *c = fn->c;
	cg_reg proc = code_reg(c), count;

	put_registers(fn, walk);
	code_mov(c, proc, find_proc(fn, walk, first));
	code_jmp(c, known);
	code_place_label(c, first);
	ask(fn, walk, waits);
	code_mov(c, proc, find_proc(fn, walk, none));
	code_place_label(c, known);
	count = answer(fn, walk, proc, waits, none);
	code_store(c, fn->scratch, walk.off + WALK_COUNT, count, 8);
	code_store(c, fn->scratch, walk.off + WALK_FIRST,
		   code_ld(c, proc, offsetof(struct unwind_proc, first), 4),
		   8);
	code_store(c, fn->scratch, walk.off + WALK_ANSWERED,
		   code_ld(c, proc, offsetof(struct unwind_proc, answered), 4),
		   8);
	code_store(c, fn->scratch, walk.off + WALK_ANSWER_AT,
		   code_ld(c, proc, offsetof(struct unwind_proc, at), 4), 8);
	code_store(c, fn->scratch, walk.off + WALK_LIMIT,
		   frames_wanted(fn, n), 8);
	code_mov(c, R1, cg_str_addr(fn, walk));
	code_movi(c, R2, most_frames(fn));
	code_call_sub(c, rt_routine(fn, RT_UNWIND), 2);
}

static cg_reg walk_field(struct cg_fn *fn, struct cg_str walk, int32_t field)
{
	return code_ld(fn->c, fn->scratch, walk.off + field, 8);
}

/* To `again` when new tables may say more: those that nobody asked for may be
 * of the program that the process ran before, and what is not in older ones it
 * may have mapped since. */
static void if_tables_old(struct cg_fn *fn, struct cg_str walk, cg_label again)
{
	struct cg_code *c = fn->c;
	cg_label end = code_label(c);
	cg_reg ago;

	code_ifi(c, BPF_JEQ, walk_field(fn, walk, WALK_ANSWERED), 0, again);
	code_ifi(c, BPF_JNE, walk_field(fn, walk, WALK_LOSS), WALK_LOSS_STALE,
		 end);
	ago = now_ms(fn);
	code_alu(c, BPF_SUB, ago, walk_field(fn, walk, WALK_ANSWER_AT));
	code_ifi(c, BPF_JGT, ago, USTACK_AGAIN_MS, again);
	code_place_label(c, end);
}

/* Something in it was not known: once, it asks again. */
static void walk_again(struct cg_fn *fn, struct cg_str walk, ir_ref n,
		       cg_label none)
{
	struct cg_code *c = fn->c;
	cg_label again = code_label(c), end = code_label(c);

	code_ifi(c, BPF_JEQ, walk_field(fn, walk, WALK_LOSS), 0, end);
	if_tables_old(fn, walk, again);
	code_jmp(c, end);
	code_place_label(c, again);
	code_map(c, R1, cg_unwind_maps(fn->g) + UNWIND_PROCS);
	proc_key(fn, walk, R2);
	code_call(c, HELPER_map_delete_elem);
	clear_frames(fn, walk);
	take_walk(fn, walk, n, true, none);
	code_place_label(c, end);
}

/* Counts what it is not sure of. */
static void count_loss(struct cg_fn *fn, struct cg_str walk)
{
	struct cg_code *c = fn->c;
	cg_label guess = code_label(c), end = code_label(c);
	cg_reg loss = walk_field(fn, walk, WALK_LOSS);

	code_ifi(c, BPF_JEQ, loss, WALK_LOSS_NONE, end);
	code_ifi(c, BPF_JEQ, loss, WALK_LOSS_GUESS, guess);
	cg_loss(fn, LOSS_CUT);
	code_jmp(c, end);
	code_place_label(c, guess);
	cg_loss(fn, LOSS_GUESS);
	code_place_label(c, end);
}

/* Without any tables nothing is known but where it is. */
static void take_pc(struct cg_fn *fn, struct cg_str walk, ir_ref n)
{
	struct cg_code *c = fn->c;
	cg_label end = code_label(c);

	cg_loss(fn, LOSS_CUT);
	if (n != IR_NONE)
		code_ifi(c, BPF_JEQ, frames_wanted(fn, n), 0, end);
	code_store(c, fn->scratch, walk.off + WALK_FRAMES,
		   walk_field(fn, walk, WALK_PC), 8);
	code_place_label(c, end);
}

/* By tables, as far as there are any.  Not with the lock, which others wait
 * for, does a process wait for the host. */
static void walk_tables(struct cg_fn *fn, struct cg_str walk, ir_ref n)
{
	bool waits = is_of_process(fn) && !fn->is_locked;
	struct cg_code *c = fn->c;
	cg_label none = code_label(c), end = code_label(c);
	cg_reg tgid = cg_pid_tgid(fn);

	code_alui(c, BPF_RSH, tgid, 32);
	code_store(c, fn->scratch, walk.off + WALK_PROC, tgid, 8);
	take_walk(fn, walk, n, waits, none);
	if (waits)
		walk_again(fn, walk, n, none);
	count_loss(fn, walk);
	code_jmp(c, end);
	code_place_label(c, none);
	take_pc(fn, walk, n);
	code_place_label(c, end);
}

/* Threads of the kernel, and those that are past the end of their process,
 * have no such stack: nothing is lost where there is none. */
static void need_process(struct cg_fn *fn, cg_label none)
{
	cg_reg mm;

	if (is_of_process(fn))
		return;
	cg_if_kthread(fn, none);
	mm = cg_member_of(fn, cg_current(fn), "task_struct", "mm");
	if (mm != NO_REG)
		code_ifi(fn->c, BPF_JEQ, mm, 0, none);
}

/* The frames, n of them or all (IR_NONE), and zeros behind. */
static void take(struct cg_fn *fn, struct cg_str walk, ir_ref n)
{
	cg_label end = code_label(fn->c);

	clear_frames(fn, walk);
	need_process(fn, end);
	if (can_walk(fn))
		walk_tables(fn, walk, n);
	else
		take_pointers(fn, walk, n);
	code_place_label(fn->c, end);
}

/* A walk, and room for a value behind its key. */
static struct cg_str new_walk(struct cg_fn *fn, struct cg_str *key,
			      uint32_t *size)
{
	struct cg_str walk;

	*size = WALK_FRAMES - WALK_HEAD + 8 * most_frames(fn);
	walk = cg_scratch_str((int32_t)cg_slot(fn, WALK_HEAD + *size + 16), 0);
	*key = cg_scratch_str(walk.off + WALK_HEAD, 0);
	return walk;
}

/* All of them, IR_NONE, if n is a constant beyond the most. */
static ir_ref wanted(struct cg_fn *fn, ir_ref n)
{
	int64_t imm;

	return cg_is_const(fn, n, &imm) &&
			(imm < 0 || imm >= most_frames(fn)) ? IR_NONE : n;
}

void cg_ustack(struct cg_fn *fn, ir_ref r, ir_ref n, ir_ref as)
{
	struct cg_code *c = fn->c;
	struct cg_str dst = cg_new_string(fn, r), key, walk;
	cg_label lost = code_label(c), end = code_label(c);
	uint32_t size;
	cg_reg number;

	code_storei(c, fn->scratch, dst.off, 0, 8);
	if (!has_ustack(fn))
		return;
	walk = new_walk(fn, &key, &size);
	take(fn, walk, wanted(fn, n));
	if (fn->has_ustack_from)
		code_storei(c, fn->scratch, fn->ustack_from, 0, 8);
	code_ifi(c, BPF_JEQ, code_ld(c, fn->scratch, walk.off + WALK_FRAMES,
				     8), 0, end);
	put_head(fn, key);
	code_call(c, HELPER_ktime_get_ns);
	code_store(c, fn->scratch, key.off + (int32_t)size + 8,
		   code_result(c), 8);
	number = cg_stack_number(fn, cg_ustacks_map(fn->g, most_frames(fn)),
				 key, size, STACK_AS_USER, lost);
	cg_stack_put(fn, dst, number, as);
	cg_stack_end(fn, lost, end);
	cg_slot_free(fn, (uint32_t)walk.off);
}

/* The kernel's addresses are nobody's. */
static void put_owner(struct cg_fn *fn, struct cg_str key, ir_ref as)
{
	int64_t imm;

	if (cg_is_const(fn, as, &imm) && imm >= STACK_AS_CODE)
		code_storei(fn->c, fn->scratch, key.off, 0, 8);
	else
		put_head(fn, key);
}

void cg_place_text(struct cg_fn *fn, ir_ref r, ir_ref as, ir_ref addr)
{
	struct cg_code *c = fn->c;
	struct cg_str dst = cg_new_string(fn, r), key;
	cg_label lost = code_label(c), end = code_label(c);
	const uint32_t size = 8 * (IMAGE_USTACK_HEAD + 1);
	cg_reg number;

	fn->vals[r].str.is_padded = true;
	code_storei(c, fn->scratch, dst.off, 0, 8);
	code_storei(c, fn->scratch, dst.off + 8, 0, 8);
	key = cg_scratch_str((int32_t)cg_slot(fn, size + 16), 0);
	put_owner(fn, key, as);
	code_store(c, fn->scratch, key.off + 8, cg_long(fn, addr), 8);
	code_call(c, HELPER_ktime_get_ns);
	code_store(c, fn->scratch, key.off + (int32_t)size + 8,
		   code_result(c), 8);
	number = cg_stack_number(fn, cg_places_map(fn->g), key, size,
				 STACK_AS_PLACE, lost);
	cg_stack_put(fn, dst, number, as);
	cg_stack_end(fn, lost, end);
	cg_slot_free(fn, (uint32_t)key.off);
}

/* Where the process is takes no walk. */
static bool is_first(struct cg_fn *fn, ir_ref n)
{
	int64_t imm;

	return cg_is_const(fn, n, &imm) && !imm && can_walk(fn) &&
	       !fn->has_ustack_from;
}

static void take_first(struct cg_fn *fn, cg_reg v)
{
	const struct arch *arch = fn->g->o->arch;
	cg_label none = code_label(fn->c);

	need_process(fn, none);
	code_load(fn->c, v, process_regs(fn), arch->regs[arch->ip].offset, 8);
	code_place_label(fn->c, none);
}

void cg_ustack_at(struct cg_fn *fn, ir_ref r, ir_ref n)
{
	struct cg_code *c = fn->c;
	cg_reg v = code_const(c, 0), at, depth;
	cg_label end = code_label(c);
	struct cg_str key, walk;
	uint32_t size;

	cg_set_long(fn, r, v);
	if (!has_ustack(fn))
		return;
	if (is_first(fn, n)) {
		take_first(fn, v);
		return;
	}
	walk = new_walk(fn, &key, &size);
	take(fn, walk, IR_NONE);
	depth = code_copy(c, cg_long(fn, n));
	code_ifi(c, BPF_JGE, depth, most_frames(fn), end);
	code_alui(c, BPF_LSH, depth, 3);
	at = cg_scratch_addr(fn, walk.off + WALK_FRAMES);
	code_alu(c, BPF_ADD, at, depth);
	code_load(c, v, at, 0, 8);
	code_place_label(c, end);
	cg_slot_free(fn, (uint32_t)walk.off);
}
