/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routines for strings, for kernels that have none of their own.
 */
#include "codegen/rt.h"

#define LOW_BITS INT64_C(0x0101010101010101)
#define HIGH_BITS ((int64_t)0x8080808080808080)

/* z = in each byte that is 0, and maybe in some above the first of them, the
 * highest bit. */
static void zero_bytes(struct cg_code *c, cg_reg z, cg_reg x)
{
	cg_reg t = code_copy(c, x);

	code_mov(c, z, x);
	code_alu(c, BPF_SUB, z, code_const(c, LOW_BITS));
	code_alui(c, BPF_XOR, t, -1);
	code_alu(c, BPF_AND, z, t);
	code_alu(c, BPF_AND, z, code_const(c, HIGH_BITS));
}

/* x < y, of unsigned numbers: 1 or 0, without a branch, each of which would
 * double what a verifier has to follow. */
static cg_reg is_below(struct cg_code *c, cg_reg x, cg_reg y)
{
	/* the borrow of x - y: (~x & y) | ((~x | y) & (x - y)) */
	cg_reg both = code_copy(c, x), any = code_copy(c, x);
	cg_reg diff = code_copy(c, x);

	code_alui(c, BPF_XOR, both, -1);
	code_alui(c, BPF_XOR, any, -1);
	code_alu(c, BPF_AND, both, y);
	code_alu(c, BPF_OR, any, y);
	code_alu(c, BPF_SUB, diff, y);
	code_alu(c, BPF_AND, any, diff);
	code_alu(c, BPF_OR, both, any);
	code_alui(c, BPF_RSH, both, 63);
	return both;
}

/* Of the words x and y, the first that differ or have a NUL, as text: <0, 0,
 * >0. */
static cg_reg compare_words(struct cg_code *c, cg_reg x, cg_reg y, cg_reg z)
{
	cg_reg mask = code_addi(c, z, -1), v;

	/* up to the first NUL and with it */
	code_alu(c, BPF_XOR, mask, z);
	code_alu(c, BPF_AND, x, mask);
	code_alu(c, BPF_AND, y, mask);
	code_big_endian(c, x);
	code_big_endian(c, y);
	v = is_below(c, y, x);
	code_alu(c, BPF_SUB, v, is_below(c, x, y));
	return v;
}

#define WORK_POS 0
#define WORK_RET 8

/* args: texts, work, where the last word begins */
static void strcmp_turn(struct cg_fn *fn, struct cg_code *c,
			const cg_reg *arg, cg_label done)
{
	cg_reg pos = code_ld(c, arg[2], WORK_POS, 8), at, x, y, z, t;
	cg_label in = code_label(c), same = code_label(c);

	(void)fn;
	code_if(c, BPF_JLE, pos, arg[3], in);
	code_jmp_kept(c, done);
	code_place_label(c, in);
	at = code_copy(c, arg[0]);
	code_alu(c, BPF_ADD, at, pos);
	x = code_ld(c, at, 0, 8);
	at = code_copy(c, arg[1]);
	code_alu(c, BPF_ADD, at, pos);
	y = code_ld(c, at, 0, 8);
	z = code_reg(c);
	zero_bytes(c, z, x);
	t = code_copy(c, x);
	code_alu(c, BPF_XOR, t, y);
	code_alu(c, BPF_OR, t, z);
	code_ifi(c, BPF_JEQ, t, 0, same);
	code_store(c, arg[2], WORK_RET, compare_words(c, x, y, z), 8);
	code_jmp_kept(c, done);
	code_place_label(c, same);
	code_alui(c, BPF_ADD, pos, 8);
	code_store(c, arg[2], WORK_POS, pos, 8);
}

/* R1, R2 = texts, R3 = work, R4 = most words of eight bytes, known. */
void rt_strcmp(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg arg[] = { code_copy(c, R1), code_copy(c, R2),
			 code_copy(c, R3), code_copy(c, R4) };
	cg_reg most = code_copy(c, arg[3]);

	code_alui(c, BPF_SUB, arg[3], 1);
	code_alui(c, BPF_LSH, arg[3], 3);
	code_storei(c, arg[2], WORK_POS, 0, 8);
	code_storei(c, arg[2], WORK_RET, 0, 8);
	rt_turns(fn, c, arg, 4, most, strcmp_turn);
	code_load(c, R0, arg[2], WORK_RET, 8);
	code_exit(c);
}

/*
 * A loop whose count is in memory at `count`: with may_goto the verifier
 * follows one turn of it; else a register counts too, and it follows all.
 */
struct turns {
	cg_label again, done;
	cg_reg known;
	uint32_t most;
};

static void turns_begin(struct cg_fn *fn, struct cg_code *c, struct turns *t,
			uint32_t most)
{
	*t = (struct turns){ code_label(c), code_label(c), NO_REG, most };
	if (!cg_has(fn, FEATURE_BIT(MAY_GOTO)))
		t->known = code_const(c, 0);
	code_place_label(c, t->again);
}

static void turns_end(struct cg_code *c, struct turns *t)
{
	if (t->known == NO_REG) {
		code_may_goto(c, t->done);
	} else {
		code_alui(c, BPF_ADD, t->known, 1);
		code_ifi(c, BPF_JGE, t->known, t->most, t->done);
	}
	code_jmp(c, t->again);
	code_place_label(c, t->done);
}

#define WORK_NDIGITS 72
#define WORK_VALUE 96		/* what is left of v */

/* args: work, base, what lies between '9' and the next digit */
static void digit_turn(struct cg_fn *fn, struct cg_code *c,
		       const cg_reg *arg, cg_label done)
{
	cg_reg v = code_ld(c, arg[0], WORK_VALUE, 8), n, d, at;
	cg_label some = code_label(c), low = code_label(c), in = code_label(c);

	(void)fn;
	code_ifi(c, BPF_JNE, v, 0, some);
	code_jmp_kept(c, done);
	code_place_label(c, some);
	d = code_copy(c, v);
	code_alu(c, BPF_MOD, d, arg[1]);
	code_alu(c, BPF_DIV, v, arg[1]);
	code_store(c, arg[0], WORK_VALUE, v, 8);
	code_alui(c, BPF_ADD, d, '0');
	code_ifi(c, BPF_JLE, d, '9', low);
	code_alu(c, BPF_ADD, d, arg[2]);
	code_place_label(c, low);
	n = code_ld(c, arg[0], WORK_NDIGITS, 8);
	code_ifi(c, BPF_JLT, n, 64, in);
	code_jmp_kept(c, done);
	code_place_label(c, in);
	at = code_const(c, 63);	/* byte 63 - n */
	code_alu(c, BPF_SUB, at, n);
	code_alu(c, BPF_ADD, at, arg[0]);
	code_store(c, at, 0, d, 1);
	code_alui(c, BPF_ADD, n, 1);
	code_store(c, arg[0], WORK_NDIGITS, n, 8);
}

/* R1 = the work space of a number, R2 = v, R3 = base, R4 = what lies between
 * '9' and the next digit.  The digits come to stand before byte 64, their
 * number into byte 72. */
void rt_digits(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg arg[] = { code_copy(c, R1), code_copy(c, R3),
			 code_copy(c, R4) };

	code_store(c, arg[0], WORK_VALUE, code_copy(c, R2), 8);
	code_storei(c, arg[0], WORK_NDIGITS, 0, 8);
	rt_turns(fn, c, arg, 3, code_const(c, 22), digit_turn);
	code_movi(c, R0, 0);
	code_exit(c);
}

/* The carry of rem * 2 + (hi >> 63), or rem >= d: 1 or 0. */
static cg_reg quotient_bit(struct cg_code *c, cg_reg carry, cg_reg rem,
			   cg_reg d)
{
	cg_reg bit = is_below(c, rem, d);

	code_alui(c, BPF_XOR, bit, 1);
	code_alu(c, BPF_OR, bit, carry);
	return bit;
}

/* v <<= 1, with the highest bit of `from` below. */
static void shift_in(struct cg_code *c, cg_reg v, cg_reg from)
{
	cg_reg top = code_copy(c, from);

	code_alui(c, BPF_RSH, top, 63);
	code_alui(c, BPF_LSH, v, 1);
	code_alu(c, BPF_OR, v, top);
}

/* R1 = two words, low first, divided by R2 in place, bit by bit; the third
 * word is for the count. */
void rt_div128(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg at = code_copy(c, R1), d = code_copy(c, R2);
	cg_reg lo = code_ld(c, at, 0, 8), hi = code_ld(c, at, 8, 8);
	cg_reg rem = code_const(c, 0), carry, bit, n;
	struct turns t;

	code_storei(c, at, 16, 0, 8);
	turns_begin(fn, c, &t, 128);
	carry = code_copy(c, rem);
	code_alui(c, BPF_RSH, carry, 63);
	shift_in(c, rem, hi);
	shift_in(c, hi, lo);
	bit = quotient_bit(c, carry, rem, d);
	code_alui(c, BPF_LSH, lo, 1);
	code_alu(c, BPF_OR, lo, bit);
	code_alui(c, BPF_NEG, bit, 0);
	code_alu(c, BPF_AND, bit, d);
	code_alu(c, BPF_SUB, rem, bit);
	n = code_ld(c, at, 16, 8);
	code_alui(c, BPF_ADD, n, 1);
	code_store(c, at, 16, n, 8);
	code_ifi(c, BPF_JGE, n, 128, t.done);
	turns_end(c, &t);
	code_store(c, at, 0, lo, 8);
	code_store(c, at, 8, hi, 8);
	code_movi(c, R0, 0);
	code_exit(c);
}
