/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions of the run time (intrinsic.def).
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "codegen/rt.h"

#define PAUSE_CALLS 256	/* some 20 ns each */

static ir_ref arg(struct cg_fn *fn, ir_ref r, uint32_t k)
{
	return fn->f->args.v[ir_insn(fn->f, r)->args + k];
}

static void by_helper(struct cg_fn *fn, ir_ref r, enum cg_helper h)
{
	code_call(fn->c, h);
	cg_set_long(fn, r, code_result(fn->c));
}

static void of_session(struct cg_fn *fn, ir_ref r, uint32_t off)
{
	cg_reg at = code_map_value(fn->c, fn->g->img->globals_map, off);

	cg_set_long(fn, r, code_ld(fn->c, at, 0, 8));
}

static void wall(struct cg_fn *fn, ir_ref r)
{
	cg_reg now, at;

	code_call(fn->c, HELPER_ktime_get_ns);
	now = code_result(fn->c);
	at = code_map_value(fn->c, fn->g->img->globals_map,
			    offsetof(struct image_session, wall_offset));
	code_alu(fn->c, BPF_ADD, now, code_ld(fn->c, at, 0, 8));
	cg_set_long(fn, r, now);
}

static void boot(struct cg_fn *fn, ir_ref r)
{
	by_helper(fn, r, cg_has(fn, FEATURE_BIT(BOOT_NS)) ?
			 HELPER_ktime_get_boot_ns : HELPER_ktime_get_ns);
}

static void end_by_abort(struct cg_fn *fn)
{
	cg_exit(fn);
	cg_leave(fn);
}

void cg_intrin_text(struct cg_fn *fn, ir_ref r, struct cg_str dst)
{
	bool is_user = ir_insn(fn->f, r)->imm == INTRIN_USER_STR;

	cg_read_text(fn, dst, cg_long(fn, arg(fn, r, 0)), arg(fn, r, 1),
		     is_user ? LOAD_USER : 0);
}

/* The format is a constant of the kernel's own kind; what it takes, a word. */
static void symbol_text(struct cg_fn *fn, ir_ref r)
{
	struct cg_code *c = fn->c;
	struct cg_str dst = cg_new_string(fn, r), format;

	format = cg_literal(fn->g, image_intern(fn->g->img, fn->g->a,
						STR("%pS")));
	code_store(c, R10, cg_word(fn), cg_long(fn, arg(fn, r, 0)), 8);
	code_mov(c, R1, cg_str_addr(fn, dst));
	code_movi(c, R2, dst.bound + 1);
	code_mov(c, R3, cg_str_addr(fn, format));
	code_mov(c, R4, R10);
	code_alui(c, BPF_ADD, R4, cg_word(fn));
	code_movi(c, R5, 8);
	code_call(c, HELPER_snprintf);
}

static void raise_signal(struct cg_fn *fn, ir_ref r)
{
	if (cg_is_visited(fn)) {	/* it would be ours */
		cg_set_long(fn, r, code_const(fn->c, -ENOSYS));
		return;
	}
	code_mov(fn->c, R1, cg_long(fn, arg(fn, r, 0)));
	by_helper(fn, r, HELPER_send_signal_thread);
}

static void mapped(struct cg_fn *fn, ir_ref r)
{
	struct cg_code *c = fn->c;
	cg_reg args[3];

	if (cg_is_apart(fn)) {		/* it is of the current task */
		cg_set_long(fn, r, code_const(c, 0));
		return;
	}
	for (uint32_t k = 0; k < 3; k++)
		args[k] = cg_long(fn, arg(fn, r, k));
	code_mov(c, R1, args[0]);
	code_mov(c, R2, args[1]);
	code_mov(c, R3, args[2]);
	code_call_sub(c, rt_routine(fn, RT_MAPPED), 3);
	cg_set_long(fn, r, code_result(c));
}

static void return_pc(struct cg_fn *fn, ir_ref r)
{
	cg_reg slot = cg_long(fn, arg(fn, r, 0));
	cg_reg pc = cg_long(fn, arg(fn, r, 1));
	struct cg_code *c = fn->c;

	if (cg_is_apart(fn)) {		/* it is of the current task */
		cg_set_long(fn, r, pc);
		return;
	}
	code_mov(c, R1, slot);
	code_mov(c, R2, pc);
	code_call_sub(c, rt_routine(fn, RT_RETURN), 2);
	cg_set_long(fn, r, code_result(c));
}

/* A few microseconds, where a handler has some two thousand turns in all. */
static void pause_turn(struct cg_fn *fn)
{
	for (uint32_t i = 0; fn->by_tail && i < PAUSE_CALLS; i++)
		code_call(fn->c, HELPER_ktime_get_ns);
}

/* Negated twice an address is any number. */
static void task_regs(struct cg_fn *fn, ir_ref r)
{
	struct cg_code *c = fn->c;
	cg_label none = code_label(c);
	cg_reg v = code_const(c, 0), task = code_reg(c);

	if (cg_is_visited(fn)) {
		cg_visited(fn, task, none);
	} else {
		code_call(c, HELPER_get_current_task_btf);
		code_mov(c, task, R0);
	}
	code_mov(c, R1, task);
	code_call(c, HELPER_task_pt_regs);
	code_alui(c, BPF_NEG, R0, 0);
	code_mov(c, v, R0);
	code_alui(c, BPF_NEG, v, 0);
	code_place_label(c, none);
	cg_set_long(fn, r, v);
}

/* Where the context is: on the stack of who runs the program. The program's own
 * frame may be elsewhere, in memory of the CPU. Negated it is a number to the
 * verifier. */
static void stack_pointer(struct cg_fn *fn, ir_ref r)
{
	cg_reg v = code_copy(fn->c, fn->ctx);

	code_alui(fn->c, BPF_NEG, v, 0);
	code_alui(fn->c, BPF_NEG, v, 0);
	cg_set_long(fn, r, v);
}

static void constant(struct cg_fn *fn, ir_ref r, int64_t v)
{
	cg_set_long(fn, r, code_const(fn->c, v));
}

void cg_intrin(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);

	switch ((enum image_intrinsic)i->imm) {
	case INTRIN_PID_TGID:
		if (!fn->vals[r].uses)
			break;
		cg_set_long(fn, r, cg_pid_tgid(fn));
		break;
	case INTRIN_UID_GID:
		cg_set_long(fn, r, cg_uid_gid(fn));
		break;
	case INTRIN_COMM:
		cg_comm(fn, cg_new_string(fn, r));
		break;
	case INTRIN_FUNC_IP:
		code_mov(fn->c, R1, fn->ctx);
		by_helper(fn, r, HELPER_get_func_ip);
		break;
	case INTRIN_TASK:
		cg_set_long(fn, r, cg_current(fn));
		break;
	case INTRIN_TASK_REGS:
		task_regs(fn, r);
		break;
	case INTRIN_MAPPED:
		mapped(fn, r);
		break;
	case INTRIN_RETURN_PC:
		return_pc(fn, r);
		break;
	case INTRIN_STACK_POINTER:
		stack_pointer(fn, r);
		break;
	case INTRIN_CPU:
		by_helper(fn, r, HELPER_get_smp_processor_id);
		break;
	case INTRIN_KTIME_NS:
		by_helper(fn, r, HELPER_ktime_get_ns);
		break;
	case INTRIN_BOOT_NS:
		boot(fn, r);
		break;
	case INTRIN_WALL_NS:
		wall(fn, r);
		break;
	case INTRIN_JIFFIES:
		by_helper(fn, r, HELPER_jiffies64);
		break;
	case INTRIN_HZ:
		constant(fn, r, fn->g->o->hz ? fn->g->o->hz : 250);
		break;
	case INTRIN_EXIT:
		cg_exit(fn);
		break;
	case INTRIN_ABORT:
		end_by_abort(fn);
		break;
	case INTRIN_ERROR:
		cg_raise_text(fn, cg_string(fn, arg(fn, r, 0)));
		break;
	case INTRIN_TARGET:
		of_session(fn, r, offsetof(struct image_session, target));
		break;
	case INTRIN_STP_PID:
		of_session(fn, r, offsetof(struct image_session, stp_pid));
		break;
	case INTRIN_TZ_GMTOFF:
		of_session(fn, r, offsetof(struct image_session, gmtoff));
		break;
	case INTRIN_RANDOM:
		by_helper(fn, r, HELPER_get_prandom_u32);
		break;
	case INTRIN_PROBE_POINT:
		cg_point(fn, r);
		break;
	case INTRIN_PROBE_FUNC:
		cg_point_func(fn, r);
		return;
	case INTRIN_PROBE_MARK:
		cg_point_mark(fn, r);
		return;
	case INTRIN_PROBE_NAME:
		cg_point_name(fn, r);
		break;
	case INTRIN_IN_KERNEL:
		constant(fn, r, 1);
		break;
	case INTRIN_STRLEN:
		cg_strlen(fn, r, arg(fn, r, 0));
		break;
	case INTRIN_SUBSTR:
		cg_substr(fn, r, arg(fn, r, 0), arg(fn, r, 1), arg(fn, r, 2));
		break;
	case INTRIN_BYTE:
		cg_byte(fn, r, arg(fn, r, 0), arg(fn, r, 1));
		break;
	case INTRIN_CHAR:
		cg_char(fn, r, arg(fn, r, 0));
		break;
	case INTRIN_STRPOS:
		cg_strpos(fn, r, arg(fn, r, 0), arg(fn, r, 1));
		break;
	case INTRIN_STRTOL:
		cg_strtol(fn, r, arg(fn, r, 0), arg(fn, r, 1));
		break;
	case INTRIN_QUOTED:
		cg_quoted(fn, r, arg(fn, r, 0), arg(fn, r, 1), arg(fn, r, 2));
		break;
	case INTRIN_TOKEN:
		cg_token(fn, r, arg(fn, r, 0), arg(fn, r, 1));
		break;
	case INTRIN_MATCHED:
		cg_matched(fn, r, arg(fn, r, 0));
		break;
	case INTRIN_NGROUPS:
		cg_ngroups(fn, r);
		break;
	case INTRIN_SYM_TEXT:
		symbol_text(fn, r);
		break;
	case INTRIN_KERNEL_STR:
	case INTRIN_USER_STR:
		cg_intrin_text(fn, r, cg_new_string(fn, r));
		break;
	case INTRIN_RAISE:
		raise_signal(fn, r);
		break;
	case INTRIN_VERDICT:
		cg_set_long(fn, r, code_ld(fn->c, fn->scratch, fn->verdict,
					   8));
		break;
	case INTRIN_DECIDE:
		code_store(fn->c, fn->scratch, fn->verdict,
			   cg_long(fn, arg(fn, r, 0)), 8);
		break;
	case INTRIN_GURU:
		break;
	case INTRIN_PAUSE:
		pause_turn(fn);
		break;
	case INTRIN_STACK:
		cg_stack(fn, r, arg(fn, r, 0), arg(fn, r, 1));
		break;
	case INTRIN_PLACE:
		cg_place_text(fn, r, arg(fn, r, 0), arg(fn, r, 1));
		break;
	case INTRIN_USTACK:
		cg_ustack(fn, r, arg(fn, r, 0), arg(fn, r, 1));
		break;
	case INTRIN_USTACK_FROM:
		cg_ustack_from(fn, arg(fn, r, 0), arg(fn, r, 1),
			       arg(fn, r, 2));
		break;
	case INTRIN_USTACK_AT:
		cg_ustack_at(fn, r, arg(fn, r, 0));
		break;
	case INTRIN_STACK_AT:
		cg_stack_at(fn, r, arg(fn, r, 0));
		break;
	case INTRIN_TZ_NAME:
		/* sema leaves no such call in kernel code; a text that only
		 * the host knows reads as empty */
	case INTRIN_WARN:
	case INTRIN_LOG:
	case INTRIN_LOG_ERR:
	case INTRIN_SYSTEM:
	case INTRIN_SWITCH_FILE:
	case INTRIN_FTRACE:
	case INTRIN_PRINTK:
	case INTRIN_PANIC:
	case INTRIN_SPECULATE:
	case INTRIN_COMMIT:
	case INTRIN_DISCARD:
	case INTRIN_CTIME:
	case INTRIN_ERRNO_NAME:
	case INTRIN_SIGNAL_NAME:
	case INTRIN_SYSCALL_NAME:
	case INTRIN_SYSCALL_NUM:
	case INTRIN_FLAGS_TEXT:
	case INTRIN_FLAG_NAME:
	case INTRIN_FLAG_MASK:
	case INTRIN_FLAG_VALUE:
	case INTRIN_SYMBOL:
	case INTRIN_SYM_NAME:
	case INTRIN_SYM_DATA:
	case INTRIN_SYM_MODULE:
	case INTRIN_SYM_LINE:
	case INTRIN_TASK_STACK:
	case INTRIN_STACK_LINES:
	case INTRIN_PRINT_STACK:
	case INTRIN_PRINT_CODE:
	case INTRIN_USYM:
	case INTRIN_USYM_BASE:
	case INTRIN_PRINT_USTACK:
	case INTRIN_USTACK_LINES:
	case INTRIN_TEXT:
	case INTRIN_TEXT_SET:
	case INTRIN_TEXT_ADD:
	case INTRIN_MODULE_NAME:
	case INTRIN_LOAD:
	case INTRIN_MODULE_SIZE:
	case INTRIN_ENV_VAR:
	case INTRIN_N:
		fprintf(stderr, "codegen: %s in kernel code\n",
			intrin_info[i->imm].name);
		abort();
	}
}
