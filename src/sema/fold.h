/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constants: operations on literals become literals, in the tree.
 */
#ifndef SEMA_FOLD_H
#define SEMA_FOLD_H

#include "lang/ast.h"

/* Folds e and everything below; division by zero stays for the run. */
void fold_expr(struct ast_expr **e);

/* Is it a number; is it false or true? */
static inline bool fold_is(const struct ast_expr *e, bool value)
{
	return e->kind == AST_NUMBER && (e->number != 0) == value;
}

#endif
