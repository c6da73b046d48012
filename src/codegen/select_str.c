/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings: where they lie, how they are copied, compared and joined.  The
 * kernel's own probe_read_kernel_str is the copy routine: it stops at the
 * NUL, never reads or writes more than it is told, and says how much.
 */
#include <assert.h>

#include "base/bits.h"
#include "codegen/cg.h"
#include "codegen/loop.h"
#include "codegen/rt.h"

struct cg_str cg_scratch_str(int32_t off, uint16_t bound)
{
	return (struct cg_str){ .base = CG_IN_SCRATCH, .off = off,
				.bound = bound };
}

struct cg_str cg_string(struct cg_fn *fn, ir_ref r)
{
	assert(fn->vals[r].str.base != CG_NOWHERE);
	return fn->vals[r].str;
}

struct cg_str cg_new_string(struct cg_fn *fn, ir_ref r)
{
	uint16_t bound = ir_insn(fn->f, r)->bound;
	struct cg_str s;

	if (fn->vals[r].on_stack) {
		s = cg_text_on_stack(fn, r);
	} else {
		s = cg_scratch_str((int32_t)cg_slot(fn, bound + 1u), bound);
		s.is_temp = true;
	}
	fn->vals[r].str = s;
	return s;
}

cg_reg cg_str_addr(struct cg_fn *fn, struct cg_str s)
{
	switch ((enum cg_base)s.base) {
	case CG_IN_SCRATCH:
		return code_addi(fn->c, fn->scratch, s.off);
	case CG_IN_STACK:
		return code_addi(fn->c, R10, s.off);
	case CG_IN_MAP:
		return code_map_value(fn->c, s.map, (uint32_t)s.off);
	case CG_IN_REG:
		return code_addi(fn->c, s.reg, s.off);
	case CG_NOWHERE:
		break;
	}
	assert(s.base != CG_NOWHERE);
	return NO_REG;
}

static void read_str(struct cg_fn *fn, cg_reg dst, uint32_t room, cg_reg src)
{
	code_mov(fn->c, R1, dst);
	code_movi(fn->c, R2, room);
	code_mov(fn->c, R3, src);
	code_call(fn->c, HELPER_probe_read_kernel_str);
}

void cg_str_copy(struct cg_fn *fn, struct cg_str dst, struct cg_str src)
{
	cg_reg to = cg_str_addr(fn, dst);

	if (src.base == CG_IN_MAP && !src.bound) {
		code_storei(fn->c, to, 0, 0, 1);
		return;
	}
	read_str(fn, to, MIN(dst.bound, src.bound) + 1u,
		 cg_str_addr(fn, src));
}

void cg_str_clear(struct cg_fn *fn, struct cg_str dst)
{
	code_storei(fn->c, cg_str_addr(fn, dst), 0, 0, 1);
}

cg_reg cg_str_put(struct cg_fn *fn, cg_reg dst, uint32_t cap,
		  struct cg_str src)
{
	struct cg_code *c = fn->c;
	cg_label some = code_label(c), fits = code_label(c);
	cg_reg n;

	read_str(fn, dst, MIN(cap, src.bound + 1u), cg_str_addr(fn, src));
	n = code_result(c);
	code_ifi(c, BPF_JSGE, n, 1, some);
	code_storei(c, dst, 0, 0, 1);
	code_movi(c, n, 1);
	code_place_label(c, some);
	code_ifi(c, BPF_JLE, n, cap, fits);
	code_movi(c, n, cap);
	code_place_label(c, fits);
	return n;
}

/* room = cap - pos, at most max, at least 1 */
static cg_reg room_left(struct cg_code *c, cg_reg pos, uint32_t cap,
			uint32_t max)
{
	cg_label some = code_label(c), few = code_label(c);
	cg_reg room = code_const(c, cap);

	code_alu(c, BPF_SUB, room, pos);
	code_ifi(c, BPF_JSGE, room, 1, some);
	code_movi(c, room, 1);
	code_place_label(c, some);
	code_ifi(c, BPF_JLE, room, max, few);
	code_movi(c, room, max);
	code_place_label(c, few);
	return room;
}

/* `room` bytes were copied of src: if its text goes on behind them, it was cut
 * because MAXSTRINGLEN is what it is.  That is counted. */
static void count_cut(struct cg_fn *fn, struct cg_str dst, struct cg_str src,
		      cg_reg room, cg_reg copied)
{
	struct cg_code *c = fn->c;
	cg_label whole = code_label(c);
	cg_reg at;

	if (dst.bound + 1u < fn->g->img->limits.maxstringlen ||
	    src.base == CG_IN_REG)
		return;
	code_if(c, BPF_JSLT, copied, room, whole);
	at = cg_str_addr(fn, src);
	code_alu(c, BPF_ADD, at, room);
	code_ifi(c, BPF_JEQ, code_ld(c, at, -1, 1), 0, whole);
	cg_loss(fn, LOSS_STRING);
	code_place_label(c, whole);
}

cg_reg cg_str_append(struct cg_fn *fn, struct cg_str dst, cg_reg pos,
		     struct cg_str src)
{
	struct cg_code *c = fn->c;
	uint32_t cap = dst.bound + 1u;
	cg_label some = code_label(c);
	cg_reg to = cg_str_addr(fn, dst), room, end, at;

	room = room_left(c, pos, cap, src.bound + 1u);
	/* older verifiers forget bounds of what was on the stack */
	at = code_copy(c, pos);
	code_alui(c, BPF_AND, at, mask_over(dst.bound));
	code_alu(c, BPF_ADD, to, at);
	code_mov(c, R1, to);
	code_mov(c, R2, room);
	code_mov(c, R3, cg_str_addr(fn, src));
	code_call(c, HELPER_probe_read_kernel_str);
	end = code_result(c);
	count_cut(fn, dst, src, room, end);
	code_ifi(c, BPF_JSGE, end, 1, some);
	code_movi(c, end, 1);
	code_place_label(c, some);
	code_alu(c, BPF_ADD, end, pos);
	code_alui(c, BPF_SUB, end, 1);
	code_at_most(c, end, dst.bound);
	return end;
}

void cg_str(struct cg_fn *fn, ir_ref r)
{
	fn->vals[r].str = cg_literal(fn->g, (istr)ir_insn(fn->f, r)->imm);
}

void cg_str_cat(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_str dst = cg_new_string(fn, r);
	cg_reg n = cg_str_put(fn, cg_str_addr(fn, dst), dst.bound + 1u,
			      cg_string(fn, i->a));

	code_alui(fn->c, BPF_SUB, n, 1);
	cg_str_append(fn, dst, n, cg_string(fn, i->b));
}

/* <0, 0, >0 into a fresh register. */
static cg_reg compare(struct cg_fn *fn, struct cg_str a, struct cg_str b)
{
	struct cg_code *c = fn->c;
	uint32_t room = MIN(a.bound, b.bound) + 1u, work;

	if (b.base == CG_IN_MAP && b.map == fn->g->img->rodata_map &&
	    cg_has(fn, FEATURE_BIT(STRNCMP))) {
		code_mov(c, R1, cg_str_addr(fn, a));
		code_movi(c, R2, room);
		code_mov(c, R3, cg_str_addr(fn, b));
		code_call(c, HELPER_strncmp);
		return code_result(c);
	}
	if (cg_has(fn, FEATURE_BIT(KF_STRING))) {
		code_mov(c, R1, cg_str_addr(fn, a));
		code_mov(c, R2, cg_str_addr(fn, b));
		code_call_kfunc(c, image_intern(fn->g->img, fn->g->a,
						STR("bpf_strcmp")), 2);
		return code_result(c);
	}
	work = cg_slot(fn, 16);
	code_mov(c, R1, cg_str_addr(fn, a));
	code_mov(c, R2, cg_str_addr(fn, b));
	code_mov(c, R3, cg_scratch_addr(fn, (int32_t)work));
	code_movi(c, R4, (room + 7) / 8);
	code_call_sub(c, rt_routine(fn, RT_STRCMP), 4);
	cg_slot_free(fn, work);
	return code_result(c);
}

void cg_str_compare(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_code *c = fn->c;
	cg_reg n = compare(fn, cg_string(fn, i->a), cg_string(fn, i->b));

	/* the kernel's are of 32 bits */
	code_alui(c, BPF_LSH, n, 32);
	if (i->op == OP_STR_EQ) {
		cg_set_long(fn, r, cg_truth(fn, BPF_JEQ, n, 0));
		return;
	}
	code_alui(c, BPF_ARSH, n, 32);
	cg_set_long(fn, r, n);
}
