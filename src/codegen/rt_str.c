/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routines for strings, for kernels that have none of their own.
 */
#include "codegen/rt.h"

/* Byte by byte to the first difference or NUL.  The turns are counted by a
 * known number, so that every verifier can follow. */
void rt_strcmp(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg a = code_copy(c, R1), b = code_copy(c, R2);
	cg_reg left = code_copy(c, R3), x, y;
	cg_label again = code_label(c), differ = code_label(c);
	cg_label equal = code_label(c);

	(void)fn;
	x = code_reg(c);
	y = code_reg(c);
	code_place_label(c, again);
	code_load(c, x, a, 0, 1);
	code_load(c, y, b, 0, 1);
	code_if(c, BPF_JNE, x, y, differ);
	code_ifi(c, BPF_JEQ, x, 0, equal);
	code_alui(c, BPF_ADD, a, 1);
	code_alui(c, BPF_ADD, b, 1);
	code_alui(c, BPF_SUB, left, 1);
	code_ifi(c, BPF_JNE, left, 0, again);
	code_place_label(c, equal);
	code_movi(c, R0, 0);
	code_exit(c);
	code_place_label(c, differ);
	code_alu(c, BPF_SUB, x, y);
	code_mov(c, R0, x);
	code_exit(c);
}

/* R1 = the work space of a number, R2 = v, R3 = base, R4 = what lies between
 * '9' and the next digit.  The digits come to stand before byte 64, their
 * number into byte 72. */
void rt_digits(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg work = code_copy(c, R1), v = code_copy(c, R2);
	cg_reg base = code_copy(c, R3), gap = code_copy(c, R4);
	cg_reg at = code_addi(c, work, 64), n = code_const(c, 0), d;
	cg_label again = code_label(c), done = code_label(c);
	cg_label low = code_label(c);

	(void)fn;
	d = code_reg(c);
	code_place_label(c, again);
	code_ifi(c, BPF_JEQ, v, 0, done);
	code_ifi(c, BPF_JGE, n, 22, done);
	code_mov(c, d, v);
	code_alu(c, BPF_MOD, d, base);
	code_alu(c, BPF_DIV, v, base);
	code_alui(c, BPF_ADD, d, '0');
	code_ifi(c, BPF_JLE, d, '9', low);
	code_alu(c, BPF_ADD, d, gap);
	code_place_label(c, low);
	code_alui(c, BPF_SUB, at, 1);
	code_store(c, at, 0, d, 1);
	code_alui(c, BPF_ADD, n, 1);
	code_jmp(c, again);
	code_place_label(c, done);
	code_store(c, work, 72, n, 8);
	code_movi(c, R0, 0);
	code_exit(c);
}

/* R1 = two words, low first, divided by R2 in place: bit by bit. */
void rt_div128(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg at = code_copy(c, R1), d = code_copy(c, R2);
	cg_reg lo = code_ld(c, at, 0, 8), hi = code_ld(c, at, 8, 8);
	cg_reg rem = code_const(c, 0), n = code_const(c, 0), top, carry;
	cg_label again = code_label(c), take = code_label(c);
	cg_label next = code_label(c);

	(void)fn;
	code_place_label(c, again);
	carry = code_copy(c, rem);
	code_alui(c, BPF_RSH, carry, 63);
	code_alui(c, BPF_LSH, rem, 1);
	top = code_copy(c, hi);
	code_alui(c, BPF_RSH, top, 63);
	code_alu(c, BPF_OR, rem, top);
	code_alui(c, BPF_LSH, hi, 1);
	top = code_copy(c, lo);
	code_alui(c, BPF_RSH, top, 63);
	code_alu(c, BPF_OR, hi, top);
	code_alui(c, BPF_LSH, lo, 1);
	code_ifi(c, BPF_JNE, carry, 0, take);
	code_if(c, BPF_JLT, rem, d, next);
	code_place_label(c, take);
	code_alu(c, BPF_SUB, rem, d);
	code_alui(c, BPF_OR, lo, 1);
	code_place_label(c, next);
	code_alui(c, BPF_ADD, n, 1);
	code_ifi(c, BPF_JLT, n, 128, again);
	code_store(c, at, 0, lo, 8);
	code_store(c, at, 8, hi, 8);
	code_movi(c, R0, 0);
	code_exit(c);
}
