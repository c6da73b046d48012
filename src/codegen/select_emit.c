/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records for the host: a struct image_record and the operands.  A small one
 * is reserved in the ring at its most size and filled there; a large one is
 * built in scratch, packed, and copied as it came out.
 */
#include <stddef.h>

#include "base/bits.h"
#include "codegen/cg.h"

#define RESERVE_MAX 256		/* bytes */
#define WAKE_AT (32 << 10)	/* bytes that wait before the host is woken */

static bool is_text(const struct cg_fn *fn, ir_ref r)
{
	return ir_insn(fn->f, r)->type == IT_STRING;
}

/* Most bytes of a text operand: length, space, text with its NUL. */
static uint32_t text_size(const struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	uint32_t bound = i->bound;

	if (i->op == OP_STR)
		bound = MIN(image_str(fn->g->img, (istr)i->imm).len,
			    fn->g->img->limits.maxstringlen - 1);
	return 8 + align_up(bound + 1, 8);
}

static uint32_t record_size(const struct cg_fn *fn, const struct ir_insn *i)
{
	uint32_t n = sizeof(struct image_record);

	for (uint32_t k = 0; k < i->nargs; k++) {
		ir_ref r = fn->f->args.v[i->args + k];

		n += is_text(fn, r) ? text_size(fn, r) : 8;
	}
	return n;
}

bool cg_big_record(const struct cg_fn *fn, const struct ir_insn *i)
{
	return record_size(fn, i) > RESERVE_MAX;
}

static void put_head(struct cg_fn *fn, const struct ir_insn *i, cg_reg rec)
{
	code_storei(fn->c, rec, offsetof(struct image_record, func),
		    (int32_t)fn->g->host_func[i->imm], 4);
	cg_put_origin(fn, rec, offsetof(struct image_record, probe));
}

static void put_long(struct cg_fn *fn, cg_reg rec, int32_t off, ir_ref r)
{
	int64_t imm;

	if (cg_is_const(fn, r, &imm) && code_fits(imm))
		code_storei(fn->c, rec, off, (int32_t)imm, 8);
	else
		code_store(fn->c, rec, off, cg_long(fn, r), 8);
}

/* How the host hears of it: when enough waits, else at its next look. */
static cg_reg wake_flags(struct cg_fn *fn, cg_reg size, uint32_t fixed)
{
	struct cg_code *c = fn->c;
	cg_reg flags = code_const(c, BPF_RB_NO_WAKEUP);
	cg_label few = code_label(c);
	int32_t at = offsetof(struct image_session, data_waiting);
	cg_reg session, n;

	n = size == NO_REG ? code_const(c, fixed) : code_copy(c, size);
	session = code_map_value(c, fn->g->img->globals_map, 0);
	if (cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		code_atomic(c, BPF_ADD | BPF_FETCH, session, at, n);
	} else {
		code_atomic(c, BPF_ADD, session, at, n);
		n = code_ld(c, session, at, 8);
	}
	code_ifi(c, BPF_JLT, n, WAKE_AT, few);
	code_storei(c, session, at, 0, 8);
	code_movi(c, flags, BPF_RB_FORCE_WAKEUP);
	code_place_label(c, few);
	return flags;
}

/* Buckets, which may be 0: as long as they are. */
static bool is_buckets(const struct cg_fn *fn, ir_ref r)
{
	return ir_insn(fn->f, r)->op == OP_HIST_TAKE;
}

static void put_buckets(struct cg_fn *fn, cg_reg at, int32_t off, ir_ref r)
{
	uint32_t n = ir_insn(fn->f, r)->bound;
	int32_t from = cg_string(fn, r).off;
	struct cg_code *c = fn->c;

	code_storei(c, at, off, (int32_t)n, 4);
	code_storei(c, at, off + 4, (int32_t)text_size(fn, r) - 8, 4);
	for (uint32_t k = 0; k < n; k += 8)
		code_store(c, at, off + 8 + (int32_t)k,
			   code_ld(c, fn->scratch, from + (int32_t)k, 8), 8);
}

/* Text r at rec + off: its length, its room, and room for it. */
static void put_text(struct cg_fn *fn, cg_reg rec, int32_t off, ir_ref r)
{
	struct cg_code *c = fn->c;
	uint32_t room = text_size(fn, r) - 8;
	struct cg_str to = { .base = CG_IN_REG, .reg = rec, .off = off + 8,
			     .bound = ir_insn(fn->f, r)->bound };
	cg_reg n;

	if (is_buckets(fn, r)) {
		put_buckets(fn, rec, off, r);
		return;
	}
	code_storei(c, rec, off + 4, (int32_t)room, 4);
	if (fn->vals[r].late || cg_text_is_words(fn, r, room - 1)) {
		cg_text_put(fn, r, to);
		code_storei(c, rec, off, -1, 4);
		return;
	}
	n = cg_str_put(fn, cg_str_addr(fn, to), room, cg_string(fn, r));
	code_alui(c, BPF_SUB, n, 1);
	code_store(c, rec, off, n, 4);
}

static void reserve(struct cg_fn *fn, const struct ir_insn *i, uint32_t size)
{
	struct cg_code *c = fn->c;
	cg_label lost = code_label(c), done = code_label(c);
	int32_t off = sizeof(struct image_record);
	cg_reg rec, flags;

	code_map(c, R1, cg_data_map(fn->g));
	code_movi(c, R2, size);
	code_movi(c, R3, 0);
	code_call(c, HELPER_ringbuf_reserve);
	rec = code_result(c);
	code_ifi(c, BPF_JEQ, rec, 0, lost);
	put_head(fn, i, rec);
	for (uint32_t k = 0; k < i->nargs; k++) {
		ir_ref r = fn->f->args.v[i->args + k];

		if (is_text(fn, r))
			put_text(fn, rec, off, r);
		else
			put_long(fn, rec, off, r);
		off += is_text(fn, r) ? (int32_t)text_size(fn, r) : 8;
	}
	flags = wake_flags(fn, NO_REG, size);
	code_mov(c, R1, rec);
	code_mov(c, R2, flags);
	code_call(c, HELPER_ringbuf_submit);
	code_jmp(c, done);
	code_place_label(c, lost);
	cg_loss(fn, LOSS_RING);
	code_place_label(c, done);
}

/* Appends at `at`, whose distance from the start the verifier keeps in
 * `pos`; both grow. */
static void pack_text(struct cg_fn *fn, cg_reg base, cg_reg pos, uint32_t most,
		      ir_ref r)
{
	struct cg_code *c = fn->c;
	uint32_t room = text_size(fn, r) - 8;
	cg_reg at = code_copy(c, base), n, space;
	cg_label fits = code_label(c);

	code_alu(c, BPF_ADD, at, pos);
	if (is_buckets(fn, r)) {
		put_buckets(fn, at, 0, r);
		code_alui(c, BPF_ADD, pos, room + 8);
		return;
	}
	n = cg_str_put(fn, code_addi(c, at, 8), room, cg_string(fn, r));
	space = code_addi(c, n, 7);
	code_alui(c, BPF_AND, space, -8);
	code_alui(c, BPF_SUB, n, 1);
	code_store(c, at, 0, n, 4);
	code_store(c, at, 4, space, 4);
	code_alu(c, BPF_ADD, pos, space);
	code_alui(c, BPF_ADD, pos, 8);
	code_ifi(c, BPF_JLE, pos, most, fits);
	code_movi(c, pos, most);
	code_place_label(c, fits);
}

static void pack(struct cg_fn *fn, const struct ir_insn *i, uint32_t size)
{
	struct cg_code *c = fn->c;
	uint32_t slot = cg_slot(fn, size), most = sizeof(struct image_record);
	cg_reg base = cg_scratch_addr(fn, (int32_t)slot);
	cg_reg pos = code_const(c, most), flags;
	cg_label ok = code_label(c);

	put_head(fn, i, base);
	for (uint32_t k = 0; k < i->nargs; k++) {
		ir_ref r = fn->f->args.v[i->args + k];
		cg_reg at;

		most += is_text(fn, r) ? text_size(fn, r) : 8;
		if (is_text(fn, r)) {
			pack_text(fn, base, pos, most, r);
			continue;
		}
		at = code_copy(c, base);
		code_alu(c, BPF_ADD, at, pos);
		put_long(fn, at, 0, r);
		code_alui(c, BPF_ADD, pos, 8);
	}
	flags = wake_flags(fn, pos, 0);
	code_map(c, R1, cg_data_map(fn->g));
	code_mov(c, R2, base);
	code_mov(c, R3, pos);
	code_mov(c, R4, flags);
	code_call(c, HELPER_ringbuf_output);
	code_ifi(c, BPF_JEQ, code_result(c), 0, ok);
	cg_loss(fn, LOSS_RING);
	code_place_label(c, ok);
	cg_slot_free(fn, slot);
}

void cg_emit(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	uint32_t size = record_size(fn, i);

	if (size <= RESERVE_MAX)
		reserve(fn, i, size);
	else
		pack(fn, i, size);
}
