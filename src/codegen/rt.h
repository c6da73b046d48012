/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routines of the run time: functions that the code of a handler calls,
 * added to a program when it first needs them.  They are made by the same
 * means as the handler itself (code.h).  Pointers are checked by the
 * verifier for each call anew, so that one routine serves every kind of
 * memory.
 */
#ifndef CODEGEN_RT_H
#define CODEGEN_RT_H

#include "codegen/cg.h"

enum rt {
#define RT(id, fn) RT_##id,
#include "codegen/rt.def"
#undef RT
	RT_N
};

/* In a table of bytes: 1 = one of the set. */
#define RT_SET_END 2 /* the NUL */

/* Cells of quoting. */
#define RT_QUOTE_POS 0	 /* where the next is written */
#define RT_QUOTE_FITS 8	 /* the last place where three more would fit */
#define RT_QUOTE_ROOM 16 /* how far it may go */
#define RT_QUOTE_LEFT 24 /* 1 = something was left out */
#define RT_QUOTE_WIDE 32 /* 1 = characters of UTF-8, else bytes */
#define RT_QUOTE_SIZE 40 /* and 8 of its own */

/* Its number in the program, for code_call_sub(). */
uint32_t rt_routine(struct cg_fn *fn, enum rt which);

/*
 * A loop in a routine: `body` makes the code of one turn, which falls out
 * below for the next and jumps to `done` for the last.  `arg` are registers
 * that stay as they are, the same in each turn; `most` is a number known to
 * the verifier.  What else there is must be in memory.
 *
 * With may_goto or bpf_loop the verifier follows one or two turns, else each.
 */
typedef void rt_body(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
		     cg_label done);
void rt_turns(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
	      uint32_t nargs, cg_reg most, rt_body *body);

/* What stands at base + off in the kernel's memory, of 1 to 8 bytes that no
 * type vouches for; to `none` when it is 0 or cannot be read. */
cg_reg rt_peek(struct cg_fn *fn, struct cg_code *c, cg_reg base, uint32_t off,
	       uint32_t size, cg_label none);

#define RT(id, name) void name(struct cg_fn *fn, struct cg_code *c);
#include "codegen/rt.def"
#undef RT

#endif
