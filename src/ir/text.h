/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the text of the representation is made of, for print.c and parse.c:
 *
 *	global g0 "n" (long string(15)) : long cond
 *	iter i0 g0 key 0 desc slice 5 limit value
 *	probe p0 "begin" f0 f3
 *	func f0 "probe_0" kernel params 1 : long
 *	  var v0 "s" : string(15)
 *	b0: loop catch b2
 *	  %0 = get v0:s : string(15)
 *	  g.add g0:n %1
 *	  %2 = a.get g1:x (%0 *)
 *	  %3 = load 16 %2 [4 signed]
 *	  br %3 b1 b2
 *
 * An instruction is: its value, operation, immediate, a b c (`_` = none),
 * (args) (`*` = none), [aux], : type (long when it is not said).  What stands
 * behind a ':' in a name is for the reader.
 */
#ifndef IR_TEXT_H
#define IR_TEXT_H

#include "ir/ir.h"

/* What the immediate of an operation is. */
enum ir_imm {
	IMM_NONE,
	IMM_NUMBER,
	IMM_STRING,
	IMM_VAR,
	IMM_FORMAT,
	IMM_ERROR,
	IMM_FUNC,
	IMM_GLOBAL,
	IMM_ITER,
	IMM_INTRINSIC,
	IMM_DFA,
};

enum ir_imm ir_imm(enum image_op op);

/* Are operands b and c blocks? */
static inline bool ir_is_jump(enum image_op op)
{
	return op == OP_JMP || op == OP_BR;
}

/* The names of enum image_error, stat_op, load_as and conversions. */
const char *ir_error_name(uint32_t e);
const char *ir_stat_op_name(uint32_t op);
const char *ir_load_flag(uint32_t bit);	/* 4 LOAD_SIGNED, 5 ..., or NULL */
#define IR_CONVERSIONS "\0duoxXpcsbmM"	/* enum image_conv */

#define IR_LOAD_FLAG_FIRST 4
#define IR_LOAD_FLAG_LAST 8

#endif
