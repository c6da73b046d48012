/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routines that take texts apart, for kernels that have none of their own.
 *
 * What changes from turn to turn is in memory, and so any number to the
 * verifier; positions are kept inside by masks, and not by comparing, so that
 * a turn leaves no ways open but the end of the loop.  That one is looked at
 * first (code_stop_if()): later turns find it done.
 */
#include "codegen/rt.h"

/* v = *(u64 *)(work + off) & mask */
static cg_reg masked(struct cg_code *c, cg_reg work, int32_t off, cg_reg mask)
{
	cg_reg v = code_ld(c, work, off, 8);

	code_alu(c, BPF_AND, v, mask);
	return v;
}

static cg_reg load_at(struct cg_code *c, cg_reg base, cg_reg i, uint32_t size)
{
	cg_reg at = code_copy(c, base);

	code_alu(c, BPF_ADD, at, i);
	return code_ld(c, at, 0, size);
}

static void add_one(struct cg_code *c, cg_reg work, int32_t off)
{
	code_store(c, work, off, code_addi(c, code_ld(c, work, off, 8), 1), 8);
}

/* a == b, of bytes: 1 or 0, without a branch. */
static cg_reg same_byte(struct cg_code *c, cg_reg a, cg_reg b)
{
	cg_reg v = code_copy(c, a);

	code_alu(c, BPF_XOR, v, b);
	code_alui(c, BPF_SUB, v, 1);
	code_alui(c, BPF_RSH, v, 63);
	return v;
}

/* v == 0, of a number that is not negative. */
static cg_reg is_zero(struct cg_code *c, cg_reg v)
{
	cg_reg z = code_addi(c, v, -1);

	code_alui(c, BPF_RSH, z, 63);
	return z;
}

/* a + on * (b - a), where on = 1 or 0 */
static cg_reg choose(struct cg_code *c, cg_reg on, cg_reg b, cg_reg a)
{
	cg_reg v = code_copy(c, b);

	code_alu(c, BPF_SUB, v, a);
	code_alu(c, BPF_MUL, v, on);
	code_alu(c, BPF_ADD, v, a);
	return v;
}

/* ---- finding: the algorithm of Knuth, Morris and Pratt ---- */

/* A needle: its bytes, `mask` + 1 of them, then as many u16: how much of it
 * ends before each position once more. */

static cg_reg border_addr(struct cg_code *c, cg_reg needle, cg_reg mask,
			  cg_reg j)
{
	cg_reg at = code_copy(c, needle);

	code_alu(c, BPF_ADD, at, mask);
	code_alu(c, BPF_ADD, at, j);
	code_alu(c, BPF_ADD, at, j);
	return code_addi(c, at, 1);
}

/* The next place in the needle: one on when the bytes are the same. */
static cg_reg next_place(struct cg_code *c, cg_reg needle, cg_reg mask,
			 cg_reg j, cg_reg same)
{
	cg_reg border = code_ld(c, border_addr(c, needle, mask, j), 0, 2);

	return choose(c, same, code_addi(c, j, 1), border);
}

#define WORK_I 0
#define WORK_J 8
#define WORK_RET 16

/* args: needle, work, mask */
static void border_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
			cg_label done)
{
	cg_reg i = masked(c, arg[1], WORK_I, arg[2]), j, p, same, next, at;

	(void)fn;
	p = load_at(c, arg[0], i, 1);
	code_stop_if(c, BPF_JEQ, p, 0, done);
	j = masked(c, arg[1], WORK_J, arg[2]);
	same = same_byte(c, p, load_at(c, arg[0], j, 1));
	next = next_place(c, arg[0], arg[2], j, same);
	code_store(c, arg[1], WORK_J, next, 8);
	code_alu(c, BPF_OR, same, is_zero(c, j));
	code_alu(c, BPF_ADD, i, same);
	code_alu(c, BPF_AND, i, arg[2]);
	code_store(c, arg[1], WORK_I, i, 8);
	at = border_addr(c, arg[0], arg[2], i);
	next = choose(c, same, next, code_ld(c, at, 0, 2));
	code_store(c, at, 0, next, 2);
}

void rt_borders(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg arg[] = { code_copy(c, R1), code_copy(c, R2), code_copy(c, R3) };
	cg_reg most = code_addi(c, arg[2], 1);

	code_alui(c, BPF_LSH, most, 1);
	code_storei(c, arg[1], WORK_I, 1, 8);
	code_storei(c, arg[1], WORK_J, 0, 8);
	code_storei(c, border_addr(c, arg[0], arg[2], code_const(c, 0)), 0, 0,
		    4);
	rt_turns(fn, c, arg, 3, most, border_turn);
	code_movi(c, R0, 0);
	code_exit(c);
}

/* args: text, needle, work, masks of both */
static void find_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
		      cg_label done)
{
	cg_label on = code_label(c);
	cg_reg mask = code_copy(c, arg[3]), i, j, p, q, same;

	(void)fn;
	code_alui(c, BPF_RSH, mask, 16);
	j = masked(c, arg[2], WORK_J, mask);
	q = load_at(c, arg[1], j, 1);
	code_ifi(c, BPF_JNE, q, 0, on);
	i = code_ld(c, arg[2], WORK_I, 8);
	code_alu(c, BPF_SUB, i, j);
	code_store(c, arg[2], WORK_RET, i, 8);
	code_jmp_kept(c, done);
	code_place_label(c, on);
	mask = code_copy(c, arg[3]);
	code_alui(c, BPF_AND, mask, 0xffff);
	i = masked(c, arg[2], WORK_I, mask);
	p = load_at(c, arg[0], i, 1);
	code_stop_if(c, BPF_JEQ, p, 0, done);
	same = same_byte(c, p, q);
	mask = code_copy(c, arg[3]);
	code_alui(c, BPF_RSH, mask, 16);
	code_store(c, arg[2], WORK_J, next_place(c, arg[1], mask, j, same), 8);
	code_alu(c, BPF_OR, same, is_zero(c, j));
	code_alu(c, BPF_ADD, i, same);
	code_store(c, arg[2], WORK_I, i, 8);
}

void rt_find(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg arg[] = { code_copy(c, R1), code_copy(c, R2), code_copy(c, R3),
			 code_copy(c, R4) };
	cg_reg most = code_copy(c, arg[3]);

	code_alui(c, BPF_AND, most, 0xffff);
	code_alui(c, BPF_ADD, most, 1);
	code_alui(c, BPF_LSH, most, 1);
	code_storei(c, arg[2], WORK_I, 0, 8);
	code_storei(c, arg[2], WORK_J, 0, 8);
	code_storei(c, arg[2], WORK_RET, -1, 8);
	rt_turns(fn, c, arg, 4, most, find_turn);
	code_load(c, R0, arg[2], WORK_RET, 8);
	code_exit(c);
}

/* ---- tokens ---- */

/* args: text, table, position, mask */
static void set_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
		     cg_label done)
{
	cg_reg i = masked(c, arg[2], 0, arg[3]);
	cg_reg b = load_at(c, arg[0], i, 1);

	(void)fn;
	code_stop_if(c, BPF_JEQ, b, 0, done);
	code_alu(c, BPF_ADD, b, arg[1]);
	code_storei(c, b, 0, 1, 1);
	add_one(c, arg[2], 0);
}

void rt_byte_set(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg arg[] = { code_copy(c, R1), code_copy(c, R2), code_copy(c, R3),
			 code_copy(c, R4) };

	for (int32_t k = 0; k < 256; k += 8)
		code_storei(c, arg[1], k, 0, 8);
	code_storei(c, arg[1], 0, RT_SET_END, 1);
	code_storei(c, arg[2], 0, 0, 8);
	rt_turns(fn, c, arg, 4, code_addi(c, arg[3], 1), set_turn);
	code_movi(c, R0, 0);
	code_exit(c);
}

/* args: text, table, position, mask, what to go on at */
static void span_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
		      cg_label done)
{
	cg_reg b = load_at(c, arg[0], masked(c, arg[2], 0, arg[3]), 1);
	cg_reg v;

	(void)fn;
	v = load_at(c, arg[1], b, 1);
	code_alu(c, BPF_XOR, v, arg[4]);
	code_stop_if(c, BPF_JNE, v, 0, done);
	add_one(c, arg[2], 0);
}

void rt_span(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg arg[] = { code_copy(c, R1), code_copy(c, R2), code_copy(c, R3),
			 code_copy(c, R4), code_copy(c, R5) };

	rt_turns(fn, c, arg, 5, code_addi(c, arg[3], 1), span_turn);
	code_movi(c, R0, 0);
	code_exit(c);
}

/* ---- numbers ---- */

/* args: text, table of digits, work (position, value, base), mask */
static void number_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
			cg_label done)
{
	cg_reg b = load_at(c, arg[0], masked(c, arg[2], 0, arg[3]), 1);
	cg_reg d = load_at(c, arg[1], b, 1), base = code_ld(c, arg[2], 16, 8);
	cg_label on = code_label(c);
	cg_reg v;

	(void)fn;
	code_if(c, BPF_JLT, d, base, on);
	code_jmp_kept(c, done);
	code_place_label(c, on);
	v = code_ld(c, arg[2], 8, 8);
	code_alu(c, BPF_MUL, v, base);
	code_alu(c, BPF_ADD, v, d);
	code_store(c, arg[2], 8, v, 8);
	add_one(c, arg[2], 0);
}

void rt_number(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg arg[] = { code_copy(c, R1), code_copy(c, R2), code_copy(c, R3),
			 code_copy(c, R4) };

	rt_turns(fn, c, arg, 4, code_addi(c, arg[3], 1), number_turn);
	code_movi(c, R0, 0);
	code_exit(c);
}

/* ---- quoting ---- */

#define QUOTE_I RT_QUOTE_SIZE /* behind what the caller sees */

/* Where the next `len` bytes are written, and that they are; to `done` when
 * there is no room for them. */
static cg_reg quote_place(struct cg_code *c, const cg_reg *arg, cg_reg len,
			  cg_label done)
{
	cg_reg mask = code_copy(c, arg[4]), pos, end, over, at;
	cg_label on = code_label(c);

	code_alui(c, BPF_RSH, mask, 16);
	pos = masked(c, arg[2], RT_QUOTE_POS, mask);
	end = code_copy(c, len);
	code_alu(c, BPF_ADD, end, pos);
	over = code_ld(c, arg[2], RT_QUOTE_ROOM, 8);
	code_if(c, BPF_JLE, end, over, on);
	code_storei(c, arg[2], RT_QUOTE_LEFT, 1, 8);
	code_jmp_kept(c, done);
	code_place_label(c, on);
	at = code_copy(c, arg[3]);
	code_alu(c, BPF_ADD, at, pos);
	code_store(c, arg[2], RT_QUOTE_POS, end, 8);
	/* fits = end, if three more would have fit */
	code_alu(c, BPF_SUB, over, end);
	code_alui(c, BPF_SUB, over, 3);
	code_alui(c, BPF_RSH, over, 63);
	code_store(c, arg[2], RT_QUOTE_FITS,
		   choose(c, over, code_ld(c, arg[2], RT_QUOTE_FITS, 8), end),
		   8);
	return at;
}

/* The code of a character that begins with byte b and has n bytes, the others
 * at `at`; to `plain` if it is not well formed. */
static cg_reg decode(struct cg_code *c, cg_reg b, cg_reg at, int32_t n,
		     cg_label plain)
{
	static const int32_t least[] = { [2] = 0x80, [3] = 0x800,
					 [4] = 0x10000 };
	cg_reg v = code_copy(c, b), d, kind;

	code_alui(c, BPF_AND, v, 0x7f >> n);
	for (int32_t k = 1; k < n; k++) {
		d = code_ld(c, at, k, 1);
		kind = code_copy(c, d);
		code_alui(c, BPF_AND, kind, 0xc0);
		code_ifi(c, BPF_JNE, kind, 0x80, plain);
		code_alui(c, BPF_AND, d, 0x3f);
		code_alui(c, BPF_LSH, v, 6);
		code_alu(c, BPF_OR, v, d);
	}
	code_ifi(c, BPF_JLT, v, least[n], plain);
	if (n == 4)
		code_ifi(c, BPF_JGT, v, 0x10ffff, plain);
	return v;
}

/* v in n hexadecimal digits. */
static void put_hex(struct cg_code *c, cg_reg at, int32_t off, cg_reg v,
		    int32_t n)
{
	for (int32_t k = n - 1; k >= 0; k--) {
		cg_reg d = code_copy(c, v), letter;

		code_alui(c, BPF_RSH, d, 4 * k);
		code_alui(c, BPF_AND, d, 15);
		letter = code_addi(c, d, -10);
		code_alui(c, BPF_XOR, letter, -1);
		code_alui(c, BPF_ARSH, letter, 63);
		code_alui(c, BPF_AND, letter, 'a' - '9' - 1);
		code_alui(c, BPF_ADD, d, '0');
		code_alu(c, BPF_ADD, d, letter);
		code_store(c, at, off + n - 1 - k, d, 1);
	}
}

/* Where a verifier follows each turn, there are too many ways through it. */
static bool knows_characters(const struct cg_fn *fn)
{
	return cg_has(fn, FEATURE_BIT(MAY_GOTO)) ||
	       cg_has(fn, FEATURE_BIT(BPF_LOOP));
}

/* A character that begins with byte b, if it is one of more bytes: \u and its
 * code; to `next` when it has been written. */
static void quote_wide(struct cg_code *c, const cg_reg *arg, cg_reg b,
		       cg_label done, cg_label next)
{
	cg_label plain = code_label(c);
	cg_reg mask, at, to, v, i;

	code_ifi(c, BPF_JLT, b, 0xc0, plain);
	code_ifi(c, BPF_JGE, b, 0xf8, plain);
	code_ifi(c, BPF_JEQ, code_ld(c, arg[2], RT_QUOTE_WIDE, 8), 0, plain);
	mask = code_copy(c, arg[4]);
	code_alui(c, BPF_AND, mask, 0xffff);
	at = code_copy(c, arg[0]);
	code_alu(c, BPF_ADD, at, masked(c, arg[2], QUOTE_I, mask));
	for (int32_t n = 2; n <= 4; n++) {
		int32_t digits = n < 4 ? 4 : 8;
		cg_label longer = code_label(c);

		if (n < 4)
			code_ifi(c, BPF_JGE, b, 0xff & ~(0xff >> (n + 1)),
				 longer);
		v = decode(c, b, at, n, plain);
		to = quote_place(c, arg, code_const(c, 2 + digits), done);
		code_storei(c, to, 0, '\\' | (n < 4 ? 'u' : 'U') << 8, 2);
		put_hex(c, to, 2, v, digits);
		i = code_ld(c, arg[2], QUOTE_I, 8);
		code_store(c, arg[2], QUOTE_I, code_addi(c, i, n), 8);
		code_jmp(c, next);
		code_place_label(c, longer);
	}
	code_place_label(c, plain);
}

/* args: text, table, work, text to write, masks of both */
static void quote_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
		       cg_label done)
{
	cg_reg mask = code_copy(c, arg[4]), b, row, at;
	cg_label next = code_label(c);

	code_alui(c, BPF_AND, mask, 0xffff);
	b = load_at(c, arg[0], masked(c, arg[2], QUOTE_I, mask), 1);
	code_stop_if(c, BPF_JEQ, b, 0, done);
	if (knows_characters(fn))
		quote_wide(c, arg, b, done, next);
	code_alui(c, BPF_LSH, b, 3);
	row = code_copy(c, arg[1]);
	code_alu(c, BPF_ADD, row, b);
	at = quote_place(c, arg, code_ld(c, row, 4, 1), done);
	code_store(c, at, 0, code_ld(c, row, 0, 4), 4);
	add_one(c, arg[2], QUOTE_I);
	code_place_label(c, next);
}

void rt_quote(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg arg[] = { code_copy(c, R1), code_copy(c, R2), code_copy(c, R3),
			 code_copy(c, R4), code_copy(c, R5) };
	cg_reg most = code_copy(c, arg[4]);

	code_alui(c, BPF_AND, most, 0xffff);
	code_alui(c, BPF_ADD, most, 1);
	code_storei(c, arg[2], QUOTE_I, 0, 8);
	rt_turns(fn, c, arg, 5, most, quote_turn);
	code_movi(c, R0, 0);
	code_exit(c);
}
