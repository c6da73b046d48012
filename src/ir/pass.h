/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The passes, each on the whole program, and what they share.  What a pass
 * needs and leaves stands at the head of its file.
 */
#ifndef IR_PASS_H
#define IR_PASS_H

#include "ir/ir.h"

void ir_inline(struct ir_program *p);
void ir_lock(struct ir_program *p);

/* Each function that has code. */
void opt_jump(struct ir_program *p);
void opt_copy(struct ir_program *p);
void opt_fold(struct ir_program *p);
void opt_cse(struct ir_program *p);
void opt_dce(struct ir_program *p);
void opt_vars(struct ir_program *p);

/* Globals of the whole program. */
void opt_task(struct ir_program *p);
void opt_alone(struct ir_program *p);
void opt_added(struct ir_program *p);
void opt_held(struct ir_program *p);

/* Calls fn on each function that has code, with an arena that is empty. */
typedef void pass_fn(struct ir_program *p, struct ir_func *f,
		     struct arena *scratch);
void pass_each(struct ir_program *p, pass_fn *fn);

/*
 * Values that stand for others: to[r] is what to read in place of r, or r
 * itself.
 */
ir_ref *pass_names(const struct ir_func *f, struct arena *a);
ir_ref pass_name(const ir_ref *to, ir_ref r);
/* Puts names in place in the operands of one instruction. */
void pass_rename(struct ir_func *f, struct ir_insn *i, const ir_ref *to);

/* May it be left out when nobody reads its value? */
bool pass_is_removable(const struct ir_func *f, const struct ir_insn *i);

#endif
