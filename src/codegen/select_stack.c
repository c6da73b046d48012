/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's stack: addresses as text, "0xffffffff81000000 0x...", each of
 * the same length.  The kernel writes the addresses at the end of the place
 * for the text, which then grows towards them and never catches up: so there
 * is no other memory, and no loop.
 */
#include "base/bits.h"
#include "codegen/cg.h"

#define STACK_TEXT 19	/* bytes of one address, with the blank */
#define STACK_FRAMES 48 /* at most */
#define STACK_SKIP_MAX 200

/* Frames of the machinery that runs the handler: the program, what calls it
 * for a tracepoint, and what the tracepoint calls. */
static int64_t own_frames(const struct cg_fn *fn)
{
	switch ((enum image_probe_kind)fn->probe->image.kind) {
	case PROBE_RAW_TP:
	case PROBE_PROCESS:
	case PROBE_SYSCALL:
		return 3;
	case PROBE_FENTRY:
	case PROBE_FEXIT:
	case PROBE_NETFILTER:
	case PROBE_PERF:
	case PROBE_WATCH:
	case PROBE_KPROBE:
	case PROBE_KRETPROBE:
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_ERROR:
	case PROBE_NEVER:
	case PROBE_TIMER:
	case PROBE_PROCFS:
	case PROBE_N:
		break;
	}
	return 0;
}

/* Programs for packets may not ask for it. */
static bool has_stack(const struct cg_fn *fn)
{
	return fn->probe->image.kind != PROBE_NETFILTER;
}

/* The lowest 32 bits of v as eight digits, in memory from `off` on. */
static void put_digits(struct cg_fn *fn, cg_reg to, int32_t off, cg_reg v)
{
	static const struct {
		int shift;
		int64_t mask;
	} spread[] = {
		{ 16, 0x0000ffff0000ffff },
		{ 8, 0x00ff00ff00ff00ff },
		{ 4, 0x0f0f0f0f0f0f0f0f },
	};
	struct cg_code *c = fn->c;
	cg_reg letters;

	for (uint32_t i = 0; i < ARRAY_SIZE(spread); i++) {
		cg_reg more = code_copy(c, v);

		code_alui(c, BPF_LSH, more, spread[i].shift);
		code_alu(c, BPF_OR, v, more);
		code_alu(c, BPF_AND, v, code_const(c, spread[i].mask));
	}
	/* 1 in each byte that is more than 9 */
	letters = code_copy(c, v);
	code_alu(c, BPF_ADD, letters, code_const(c, 0x0606060606060606));
	code_alui(c, BPF_RSH, letters, 4);
	code_alu(c, BPF_AND, letters, code_const(c, 0x0101010101010101));
	code_alui(c, BPF_MUL, letters, 'a' - '0' - 10);
	code_alu(c, BPF_ADD, v, letters);
	code_alu(c, BPF_ADD, v, code_const(c, 0x3030303030303030));
	code_big_endian(c, v);
	code_store(c, to, off, v, 8);
}

static void put_address(struct cg_fn *fn, cg_reg to, int32_t off, cg_reg v)
{
	struct cg_code *c = fn->c;
	cg_reg high = code_copy(c, v), low = code_copy(c, v);

	code_alui(c, BPF_RSH, high, 32);
	code_alui(c, BPF_LSH, low, 32);
	code_alui(c, BPF_RSH, low, 32);
	code_storei(c, to, off, '0', 1);
	code_storei(c, to, off + 1, 'x', 1);
	put_digits(fn, to, off + 2, high);
	put_digits(fn, to, off + 10, low);
	code_storei(c, to, off + 18, ' ', 1);
}

void cg_backtrace(struct cg_fn *fn, ir_ref r)
{
	struct cg_str dst = cg_new_string(fn, r);
	uint32_t n = MIN((dst.bound + 1u) / STACK_TEXT, (uint32_t)STACK_FRAMES);
	int32_t from = (int32_t)((dst.bound + 1u - 8 * n) & ~7u);
	struct cg_code *c = fn->c;
	cg_label end = code_label(c);
	cg_reg at = cg_str_addr(fn, dst);

	code_storei(c, at, 0, 0, 1);
	if (!n || !has_stack(fn))
		return;
	code_mov(c, R1, fn->ctx);
	code_mov(c, R2, at);
	code_alui(c, BPF_ADD, R2, from);
	code_movi(c, R3, 8 * n);
	code_movi(c, R4, own_frames(fn));
	code_call(c, HELPER_get_stack);
	for (uint32_t i = 0; i < n; i++) {
		int32_t off = (int32_t)(i * STACK_TEXT);
		cg_reg v = code_ld(c, at, from + 8 * (int32_t)i, 8);

		/* behind the last there are zeros */
		code_storei(c, at, i ? off - 1 : 0, 0, 1);
		code_ifi(c, BPF_JEQ, v, 0, end);
		if (i)
			code_storei(c, at, off - 1, ' ', 1);
		put_address(fn, at, off, v);
	}
	code_storei(c, at, (int32_t)(n * STACK_TEXT) - 1, 0, 1);
	code_place_label(c, end);
}

void cg_stack_at(struct cg_fn *fn, ir_ref r, ir_ref n)
{
	struct cg_code *c = fn->c;
	cg_label end = code_label(c);
	int16_t word = cg_word(fn);
	cg_reg depth = code_copy(c, cg_long(fn, n)), v = code_const(c, 0);

	if (!has_stack(fn)) {
		cg_set_long(fn, r, v);
		return;
	}
	code_ifi(c, BPF_JGT, depth, STACK_SKIP_MAX, end);
	code_alui(c, BPF_ADD, depth, own_frames(fn));
	code_storei(c, R10, word, 0, 8);
	code_mov(c, R1, fn->ctx);
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, word);
	code_movi(c, R3, 8);
	code_mov(c, R4, depth);
	code_call(c, HELPER_get_stack);
	code_load(c, v, R10, word, 8);
	code_place_label(c, end);
	cg_set_long(fn, r, v);
}
