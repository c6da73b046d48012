/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * @probewrite(NAME): does a handler write to a variable?  A script's or an
 * outer alias's statements, that is; not those of the alias which asks, whose
 * prologue gives the variable its value in the first place.
 */
#ifndef SEMA_PROBEWRITE_H
#define SEMA_PROBEWRITE_H

#include "lang/ast.h"

/* Decides e, a @probewrite, by what these n statements write to. */
void probewrite_decide(struct ast_expr *e, struct ast_stmt *const *stmts,
		       uint32_t n);

/* The same for each @probewrite in a statement. */
void probewrite_decide_all(struct ast_stmt *in, struct ast_stmt *const *stmts,
			   uint32_t n);

#endif
