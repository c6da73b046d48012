/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions: which ones a call means, and their instances.  Part of scope.
 */
#ifndef SEMA_SCOPE_FUNC_H
#define SEMA_SCOPE_FUNC_H

#include "sema/program.h"

struct scope_funcs;

struct scope_funcs *scope_funcs_new(struct program *p);

/*
 * The function that a call in file f means, first of its overloads, made into
 * an instance for these target variables when it needs them.  NULL after a
 * diagnostic.  Library files that define it are loaded.
 */
struct func *scope_funcs_find(struct scope_funcs *fs, struct ast_expr *call,
			      const struct ast_file *f,
			      const struct target_scope *targets);

/* Does the operator mean something else in each probe? */
bool scope_atop_uses_context(enum ast_atop op);

/* Makes the call one of an intrinsic if its name is one's. */
bool scope_find_intrinsic(struct ast_expr *call);

#endif
