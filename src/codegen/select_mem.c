/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of the kernel, of user space and of the probe's context.
 */
#include "base/bits.h"
#include "codegen/cg.h"
#include "dbg/arch.h"

#define PT_REGS_MAX 160		/* bytes that every processor's has at least */

/* A context is read by whole words only: that is allowed for every kind. */
static cg_reg context(struct cg_fn *fn, int64_t off, uint32_t size)
{
	cg_reg v = code_ld(fn->c, fn->ctx, (int32_t)(off & ~INT64_C(7)), 8);

	if (off & 7 && (uint32_t)(off & 7) + size < 8)
		code_alui(fn->c, BPF_RSH, v, 8 * (off & 7));
	else if (off & 7)
		code_alui(fn->c, BPF_RSH, v, 64 - 8 * size);
	return v;
}

/* Cuts a value to its size, with or without its sign. */
static void narrow(struct cg_fn *fn, cg_reg v, uint32_t aux)
{
	uint32_t bits = 64 - 8 * (aux & LOAD_SIZE);

	if (!bits)
		return;
	code_alui(fn->c, BPF_LSH, v, bits);
	code_alui(fn->c, aux & LOAD_SIGNED ? BPF_ARSH : BPF_RSH, v, bits);
}

/* Does the verifier know the words of the context as pointers? */
static bool has_typed_context(const struct cg_fn *fn)
{
	uint32_t kind = fn->probe->image.kind;

	return kind == PROBE_FENTRY || kind == PROBE_FEXIT ||
	       kind == PROBE_NETFILTER;
}

/* Kernels that cannot peek know the types, too; but their verifiers do not
 * believe that the registers are there, so that nothing is won. */
bool cg_has_typed_regs(const struct cg_fn *fn)
{
	return fn->probe->image.kind == PROBE_SYSCALL &&
	       cg_has(fn, FEATURE_BIT(PEEK)) &&
	       cg_has(fn, FEATURE_BIT(TP_BTF));
}

/* A word whose type keeps a program from reading it can be copied. */
static cg_reg copied_word(struct cg_fn *fn, const struct ir_insn *i)
{
	struct cg_code *c = fn->c;
	int64_t n = i->imm & ~CTX_WORD_COPIED;
	cg_reg off = i->aux ? code_access(c, i->aux - 1, n) : code_const(c, n);

	code_alui(c, BPF_LSH, off, 3);
	code_storei(c, R10, cg_word(fn), 0, 8);
	code_mov(c, R1, R10);
	code_alui(c, BPF_ADD, R1, cg_word(fn));
	code_movi(c, R2, 8);
	code_mov(c, R3, fn->ctx);
	code_alu(c, BPF_ADD, R3, off);
	code_call(c, HELPER_probe_read_kernel);
	return code_ld(c, R10, cg_word(fn), 8);
}

/* What the verifier takes for a pointer it lets nobody divide, shift or mask;
 * negated it is any number. */
void cg_ctx_word(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	cg_reg v;

	if (i->imm & CTX_WORD_COPIED) {
		cg_set_long(fn, r, copied_word(fn, i));
		return;
	}
	v = context(fn, 8 * i->imm, 8);
	if (i->aux)
		code_relocate(fn->c, IREL_ACCESS_WORD, i->aux - 1);
	if (has_typed_context(fn) ||
	    (!i->imm && !i->aux && cg_has_typed_regs(fn))) {
		code_alui(fn->c, BPF_NEG, v, 0);
		code_alui(fn->c, BPF_NEG, v, 0);
	}
	cg_set_long(fn, r, v);
}

void cg_access(struct cg_fn *fn, ir_ref r)
{
	uint32_t n = (uint32_t)ir_insn(fn->f, r)->imm;

	cg_set_long(fn, r, code_access(fn->c, n,
				       fn->g->img->accesses.v[n].value));
}

/* struct bpf_perf_event_value: the count, then the times that it was wanted
 * and that it ran. */
#define PERF_VALUE_SIZE 24

void cg_perf_read(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_code *c = fn->c;
	cg_label ok = code_label(c);
	int16_t at = code_stack(c, PERF_VALUE_SIZE);
	/* Entry 0, or that of the CPU (BPF_F_CURRENT_CPU). */
	cg_reg which = code_const(c, i->aux ? 0 : UINT32_MAX);

	code_map(c, R1, cg_perf_map(fn->g, (istr)i->imm, i->aux != 0));
	code_mov(c, R2, which);
	code_mov(c, R3, R10);
	code_alui(c, BPF_ADD, R3, at);
	code_movi(c, R4, PERF_VALUE_SIZE);
	code_call(c, HELPER_perf_event_read_value);
	code_ifi(c, BPF_JEQ, code_result(c), 0, ok);
	cg_raise(fn, IERR_PERF, NO_REG);
	code_place_label(c, ok);
	cg_set_long(fn, r, code_ld(c, R10, at, 8));
}

cg_reg cg_peek_base(struct cg_fn *fn, cg_reg base)
{
	struct cg_code *c = fn->c;

	code_mov(c, R1, base);
	code_movi(c, R2, 0);
	code_call_kfunc(c, image_intern(fn->g->img, fn->g->a,
					STR("bpf_rdonly_cast")), 2);
	return code_result(c);
}

cg_reg cg_regs(struct cg_fn *fn)
{
	cg_reg regs = code_ld(fn->c, fn->ctx, 0, 8);

	return cg_has_typed_regs(fn) ? regs : cg_peek_base(fn, regs);
}

cg_reg cg_peek(struct cg_fn *fn, cg_reg base, int64_t off, uint32_t size)
{
	struct cg_code *c = fn->c;
	bool is_near = off == (int16_t)off;

	if (!is_near && code_fits(off))
		base = code_addi(c, base, off);
	else if (!is_near)
		code_alu(c, BPF_ADD, base = code_copy(c, base),
			 code_const(c, off));
	return code_ld(c, cg_peek_base(fn, base), is_near ? (int32_t)off : 0,
		       size);
}

/* The address a + imm, in a register of its own. */
static cg_reg address(struct cg_fn *fn, const struct ir_insn *i)
{
	cg_reg v = code_copy(fn->c, cg_long(fn, i->a));

	if (!code_fits(i->imm))
		code_alu(fn->c, BPF_ADD, v, code_const(fn->c, i->imm));
	else if (i->imm)
		code_alui(fn->c, BPF_ADD, v, i->imm);
	return v;
}

bool cg_may_wait(struct cg_fn *fn)
{
	bool may = fn->can_sleep && !fn->is_locked && fn->c == fn->funcs.v[0];

	fn->sleeps |= may;
	return may;
}

/* To the word: the bytes that could not be read at once. */
static cg_reg wait_for(struct cg_fn *fn, cg_reg at, uint32_t size)
{
	struct cg_code *c = fn->c;

	code_mov(c, R1, R10);
	code_alui(c, BPF_ADD, R1, cg_word(fn));
	code_movi(c, R2, size);
	code_mov(c, R3, at);
	code_call(c, HELPER_copy_from_user);
	return code_result(c);
}

/* Of the task that is visited: copies all of size bytes (in R2, which the
 * caller sets with R1), or goes to `fault`.  Only a program that waits can. */
static void copy_visited(struct cg_fn *fn, cg_reg at, cg_label fault)
{
	struct cg_code *c = fn->c;

	code_mov(c, R3, at);
	cg_visited(fn, R4, fault);
	code_movi(c, R5, 0);
	code_call(c, HELPER_copy_from_user_task);
	code_ifi(c, BPF_JNE, code_result(c), 0, fault);
}

/* To the word. */
static void load_visited(struct cg_fn *fn, cg_reg at, uint32_t size,
			 cg_label ok)
{
	struct cg_code *c = fn->c;
	cg_label fault = code_label(c);

	if (!cg_may_wait(fn))
		return;
	code_mov(c, R1, R10);
	code_alui(c, BPF_ADD, R1, cg_word(fn));
	code_movi(c, R2, size);
	copy_visited(fn, at, fault);
	code_jmp(c, ok);
	code_place_label(c, fault);
}

/* The registers of a system call are in memory for certain: to read them cannot
 * fail. */
static bool is_there(const struct cg_fn *fn, const struct ir_insn *i)
{
	const struct ir_insn *base = ir_insn(fn->f, i->a);

	return fn->probe->image.kind == PROBE_SYSCALL &&
	       base->op == OP_CTX_WORD && !base->imm && !base->aux &&
	       i->imm >= 0 && i->imm < PT_REGS_MAX && !(i->aux & LOAD_USER);
}

/* To the word; on when it could not be read. */
static void load_word(struct cg_fn *fn, cg_reg at, uint32_t aux, cg_label ok)
{
	struct cg_code *c = fn->c;
	uint32_t size = aux & LOAD_SIZE;

	code_mov(c, R1, R10);
	code_alui(c, BPF_ADD, R1, cg_word(fn));
	code_movi(c, R2, size);
	code_mov(c, R3, at);
	code_call(c, aux & LOAD_USER ? HELPER_probe_read_user :
				       HELPER_probe_read_kernel);
	code_ifi(c, BPF_JEQ, code_result(c), 0, ok);
	if (aux & LOAD_USER && cg_may_wait(fn))
		code_ifi(c, BPF_JEQ, wait_for(fn, at, size), 0, ok);
}

/* The helpers have put zeros into the word: for who wants these nothing is to
 * be done, and the verifier has one way to follow. */
static void load_failed(struct cg_fn *fn, const struct ir_insn *i, cg_reg v,
			cg_reg at, cg_label end)
{
	if ((i->aux & (LOAD_QUIET | LOAD_ASKS)) == LOAD_QUIET &&
	    !(i->aux & LOAD_USER && cg_is_visited(fn)))
		return;
	if (i->aux & (LOAD_QUIET | LOAD_ASKS)) {
		code_movi(fn->c, v, 0);
		code_jmp(fn->c, end);
		return;
	}
	cg_raise(fn, i->aux & LOAD_USER ? IERR_USER_FAULT : IERR_KERNEL_FAULT,
		 at);
}

/* What can be read at once is, unless it is 0: that may be a fault, of which
 * the helper knows. */
void cg_load(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_code *c = fn->c;
	uint32_t size = i->aux & LOAD_SIZE;
	cg_label ok = code_label(c), some = code_label(c);
	cg_reg at, v;

	if (i->aux & LOAD_CTX) {
		v = context(fn, i->imm, size);
		narrow(fn, v, i->aux);
		cg_set_long(fn, r, v);
		return;
	}
	if (!(i->aux & LOAD_ASKS) && is_there(fn, i) &&
	    cg_has(fn, FEATURE_BIT(PEEK))) {
		v = code_ld(c, cg_regs(fn), (int32_t)i->imm, size);
		if (i->aux & LOAD_SIGNED)
			narrow(fn, v, i->aux);
		cg_set_long(fn, r, v);
		return;
	}
	v = code_reg(c);
	at = address(fn, i);
	if (!(i->aux & (LOAD_USER | LOAD_ASKS)) &&
	    cg_has(fn, FEATURE_BIT(PEEK))) {
		code_mov(c, v, cg_peek(fn, at, 0, size));
		code_ifi(c, BPF_JNE, v, 0, some);
	}
	if (i->aux & LOAD_USER && cg_is_visited(fn))
		load_visited(fn, at, size, ok);
	else
		load_word(fn, at, i->aux, ok);
	load_failed(fn, i, v, at, some);
	code_place_label(c, ok);
	if (i->aux & LOAD_ASKS)
		code_movi(c, v, 1);
	else
		code_load(c, v, R10, cg_word(fn), size);
	code_place_label(c, some);
	if (i->aux & LOAD_SIGNED)
		narrow(fn, v, i->aux);
	cg_set_long(fn, r, v);
}

/* R2 = the room: all of it, or max + 1 bytes where that is less. */
static void string_room(struct cg_fn *fn, ir_ref max, uint32_t room)
{
	struct cg_code *c = fn->c;
	cg_label small = code_label(c), done = code_label(c);
	int64_t imm;
	cg_reg n;

	if (max == IR_NONE) {
		code_movi(c, R2, room);
		return;
	}
	if (cg_is_const(fn, max, &imm)) {
		code_movi(c, R2, imm < 0 ? 1 : MIN(imm + 1, (int64_t)room));
		return;
	}
	n = code_copy(c, cg_long(fn, max));
	code_ifi(c, BPF_JSGE, n, 0, small);
	code_movi(c, n, 0);
	code_place_label(c, small);
	code_ifi(c, BPF_JLT, n, room - 1, done);
	code_movi(c, n, room - 1);
	code_place_label(c, done);
	code_alui(c, BPF_ADD, n, 1);
	code_mov(c, R2, n);
}

static void read_text(struct cg_fn *fn, struct cg_str dst, cg_reg at,
		      ir_ref max, bool user, cg_label ok)
{
	struct cg_code *c = fn->c;

	string_room(fn, max, dst.bound + 1u);
	code_mov(c, R1, cg_str_addr(fn, dst));
	code_mov(c, R3, at);
	code_call(c, user ? HELPER_probe_read_user_str :
			    HELPER_probe_read_kernel_str);
	code_ifi(c, BPF_JSGE, code_result(c), 0, ok);
}

/* The page that the text begins in, and then the one behind it, if the text
 * may reach so far: longer ones have been read by who made them. */
static void wait_for_text(struct cg_fn *fn, struct cg_str dst, cg_reg at,
			  ir_ref max, cg_label ok)
{
	struct cg_code *c = fn->c;
	uint32_t page = fn->g->o->arch ? fn->g->o->arch->page_size : 4096;
	cg_label fault = code_label(c);
	cg_reg next;

	code_ifi(c, BPF_JNE, wait_for(fn, at, 1), 0, fault);
	read_text(fn, dst, at, max, true, ok);
	next = code_copy(c, at);
	code_alui(c, BPF_OR, next, page - 1);
	code_alui(c, BPF_ADD, next, 1);
	code_ifi(c, BPF_JNE, wait_for(fn, next, 1), 0, fault);
	read_text(fn, dst, at, max, true, ok);
	code_place_label(c, fault);
}

/* The text ends behind max bytes, at the latest with its place. */
static void end_text(struct cg_fn *fn, struct cg_str dst, ir_ref max)
{
	struct cg_code *c = fn->c;
	cg_label done = code_label(c), none = code_label(c);
	cg_reg to, n;

	code_storei(c, cg_str_addr(fn, dst), dst.bound, 0, 1);
	if (max == IR_NONE)
		return;
	n = code_copy(c, cg_long(fn, max));
	code_ifi(c, BPF_JSLE, n, 0, none);
	code_ifi(c, BPF_JGE, n, dst.bound, done);
	to = cg_str_addr(fn, dst);
	code_alu(c, BPF_ADD, to, n);
	code_storei(c, to, 0, 0, 1);
	code_jmp(c, done);
	code_place_label(c, none);
	code_storei(c, cg_str_addr(fn, dst), 0, 0, 1);
	code_place_label(c, done);
}

/* The bytes up to the end of the page that is k pages behind that of `at`, and
 * nothing behind them, if they are not more than there is place for. */
static void read_pages(struct cg_fn *fn, struct cg_str dst, cg_reg at,
		       uint32_t k, cg_label ok)
{
	struct cg_code *c = fn->c;
	uint32_t page = fn->g->o->arch ? fn->g->o->arch->page_size : 4096;
	cg_label fault = code_label(c);
	cg_reg n = code_const(c, page), in = code_copy(c, at), end;

	code_alui(c, BPF_AND, in, page - 1);
	code_alu(c, BPF_SUB, n, in);
	code_alui(c, BPF_ADD, n, (int64_t)k * page);
	code_ifi(c, BPF_JGT, n, dst.bound, fault);
	code_mov(c, R1, cg_str_addr(fn, dst));
	code_mov(c, R2, n);
	copy_visited(fn, at, fault);
	end = cg_str_addr(fn, dst);
	code_alu(c, BPF_ADD, end, n);
	code_storei(c, end, 0, 0, 1);
	code_jmp(c, ok);
	code_place_label(c, fault);
}

/* Nothing finds the end of a text of another task: all there is place for is
 * copied, or as many pages as there are. */
static void text_visited(struct cg_fn *fn, struct cg_str dst, cg_reg at,
			 ir_ref max, cg_label ok)
{
	struct cg_code *c = fn->c;
	uint32_t page = fn->g->o->arch ? fn->g->o->arch->page_size : 4096;
	cg_label fault = code_label(c), got = code_label(c);
	cg_label none = code_label(c);

	if (!cg_may_wait(fn))
		return;
	code_mov(c, R1, cg_str_addr(fn, dst));
	code_movi(c, R2, dst.bound + 1);
	copy_visited(fn, at, fault);
	code_jmp(c, got);
	code_place_label(c, fault);
	for (uint32_t k = (dst.bound + page - 1) / page; k--;)
		read_pages(fn, dst, at, k, got);
	code_jmp(c, none);
	code_place_label(c, got);
	end_text(fn, dst, max);
	code_jmp(c, ok);
	code_place_label(c, none);
}

void cg_read_text(struct cg_fn *fn, struct cg_str dst, cg_reg at, ir_ref max,
		  uint32_t aux)
{
	struct cg_code *c = fn->c;
	bool user = aux & LOAD_USER;
	cg_label ok = code_label(c);

	if (user && cg_is_visited(fn))
		text_visited(fn, dst, at, max, ok);
	else
		read_text(fn, dst, at, max, user, ok);
	if (user && !cg_is_visited(fn) && cg_may_wait(fn))
		wait_for_text(fn, dst, at, max, ok);
	if (aux & LOAD_QUIET)
		cg_str_clear(fn, dst);
	else
		cg_raise(fn, user ? IERR_USER_STR_FAULT :
				    IERR_KERNEL_STR_FAULT, at);
	code_place_label(c, ok);
}

void cg_load_text(struct cg_fn *fn, ir_ref r, struct cg_str dst)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	cg_reg at = address(fn, i);

	cg_read_text(fn, dst, at, i->b, i->aux);
}

void cg_load_str(struct cg_fn *fn, ir_ref r)
{
	cg_load_text(fn, r, cg_new_string(fn, r));
}

/* Of the registers that the process goes on with. */
static void store_register(struct cg_fn *fn, const struct ir_insn *i)
{
	cg_has(fn, FEATURE_BIT(WRITE_REGISTERS));
	code_store(fn->c, fn->ctx, (int32_t)i->imm, cg_long(fn, i->b), 8);
}

/* Guru mode's assignments.  The kernel offers no way to write into its own
 * memory: sema has refused such a store. */
void cg_store(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_code *c = fn->c;
	uint32_t size = i->aux & LOAD_SIZE;
	cg_label ok;
	cg_reg at;

	if (i->aux & LOAD_CTX) {
		store_register(fn, i);
		return;
	}
	ok = code_label(c);
	at = address(fn, i);
	if (cg_is_visited(fn)) {	/* it would be our own memory */
		cg_raise(fn, IERR_USER_WRITE, at);
		return;
	}
	code_store(c, R10, cg_word(fn), cg_long(fn, i->b), size);
	code_mov(c, R1, at);
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, cg_word(fn));
	code_movi(c, R3, size);
	cg_has(fn, FEATURE_BIT(WRITE_USER));
	code_call(c, HELPER_probe_write_user);
	code_ifi(c, BPF_JEQ, code_result(c), 0, ok);
	cg_raise(fn, IERR_USER_WRITE, at);
	code_place_label(c, ok);
}
