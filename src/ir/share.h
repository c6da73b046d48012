/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that a kernel handler holds only once, however many places call
 * them: those that call themselves, and large ones.
 */
#ifndef IR_SHARE_H
#define IR_SHARE_H

#include "ir/inline.h"

/* Decides which functions of the handler are shared. */
void share_init(struct inlining *in);
bool share_wants(const struct inlining *in, const struct ir_func *callee);

/* The variable that holds what the function returns; IR_NONE: nothing. */
uint32_t share_result(struct inlining *in, const struct ir_func *callee);

/*
 * Tests that a call to `where` does not nest too deep.  Returns the block that
 * goes on when it does not; IR_NONE: always too deep, there is no call.
 */
uint32_t share_nesting(struct inlining *in, uint32_t block,
		       const struct inline_where *where,
		       const struct ir_insn *call);

/* Makes `block`, which ends where the call was, call it and come back to
 * `cont`. */
void share_call(struct inlining *in, uint32_t block, uint32_t cont,
		const struct ir_insn *call);

/* Once no call is left: the ways back, and what recursion has to save. */
void share_finish(struct inlining *in);

#endif
