/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which strings may be stacks of the kernel: in handlers there these have no
 * text yet.  They can be copied, joined with other text, kept, compared for
 * being the same and printed; not taken apart.
 */
#ifndef SEMA_STACKS_H
#define SEMA_STACKS_H

#include "sema/program.h"

/* Does the program ask for any? */
bool stacks_used(struct program *p);

/* Sets var.holds_stack, .key_stacks and .is_set, func.gives_stack. */
void stacks_find(struct program *p);

/* May e be one?  After stacks_find(). */
bool stacks_may_be(const struct ast_expr *e);

/* The operand of e that may be a stack though e wants its text; or NULL. */
const struct ast_expr *stacks_taken_apart(const struct ast_expr *e);

#endif
