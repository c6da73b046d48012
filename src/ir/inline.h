/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of kernel handlers replaced by the bodies that they call: what
 * inline.c (a copy for each call) and share.c (one copy for all) have in
 * common.
 */
#ifndef IR_INLINE_H
#define IR_INLINE_H

#include "ir/ir.h"

struct share;

/* Where a block comes from. */
struct inline_where {
	uint32_t owner;		/* the shared body it belongs to (number of
				 * the function), or IR_NONE: the handler */
	uint32_t depth;		/* of calls, counted from there */
};

/* One handler. */
struct inlining {
	struct ir_program *p;
	struct ir_func *f;
	struct arena *scratch;		/* for what the handler alone needs */
	VEC(struct inline_where) where;		/* of each block */
	VEC(uint32_t) var_owner;		/* of each variable */
	struct share *share;
};

/* The copy of a function in the handler. */
struct inline_copy {
	const struct ir_func *from;
	uint32_t vars, insns, args, blocks;	/* where those of `from` are:
						 * number 0 became this */
	uint32_t entry;		/* block: sets locals to 0 */
	uint32_t cont;		/* block that returns go to */
	uint32_t result;	/* variable for the value, or IR_NONE */
	ir_ref at;		/* the instruction that is being copied */
};

/* Copies blocks, values, variables; fills copy but for from, cont, result. */
void inline_body(struct inlining *in, struct inline_copy *copy, uint32_t catch,
		 struct inline_where where);

/* Gives the call's arguments to the variables from `vars` on. */
void inline_pass(struct inlining *in, uint32_t block, uint32_t vars,
		 const struct ir_insn *call);

uint32_t inline_block(struct inlining *in, uint32_t catch,
		      struct inline_where where);
uint32_t inline_var(struct inlining *in, struct str name, uint8_t type,
		    uint16_t bound, uint32_t owner);
struct ir_insn inline_insn(enum image_op op, struct span span);
ir_ref inline_append(struct inlining *in, uint32_t block, enum image_op op,
		     int64_t imm, ir_ref a, struct span span);
void inline_set(struct inlining *in, uint32_t block, uint32_t var,
		ir_ref value, struct span span);
ir_ref inline_get(struct inlining *in, uint32_t block, uint32_t var,
		  struct span span);
ir_ref inline_const(struct inlining *in, uint32_t block, int64_t n,
		    struct span span);
void inline_jump(struct inlining *in, uint32_t from, uint32_t to,
		 struct span span);

#endif
