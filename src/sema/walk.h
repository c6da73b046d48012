/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Visiting every expression or statement below a node.  Below a resolved
 * target variable stand the expressions of its operations.
 */
#ifndef SEMA_WALK_H
#define SEMA_WALK_H

#include "lang/ast.h"

/*
 * Calls fn on the place of each expression below (and of *e itself), so that
 * fn may put another in its place.  Parents first: fn returns whether to go
 * into the expression that now stands there.
 */
typedef bool walk_expr_fn(struct ast_expr **e, void *data);

void walk_expr(struct ast_expr **e, walk_expr_fn *fn, void *data);
void walk_exprs(struct ast_stmt *s, walk_expr_fn *fn, void *data);

enum walk_engine { WALK_BOTH, WALK_KERNEL, WALK_HOST };

/* As walk_exprs, without the branches of `if (__in_kernel())` that are for
 * the other engine. */
void walk_exprs_of(struct ast_stmt *s, enum walk_engine engine,
		   walk_expr_fn *fn, void *data);

/* Is it a call of __in_kernel()? */
bool walk_asks_engine(const struct ast_expr *e);

/* As walk_expr, children first. */
typedef void walk_expr_post_fn(struct ast_expr **e, void *data);

void walk_expr_post(struct ast_expr **e, walk_expr_post_fn *fn, void *data);
void walk_exprs_post(struct ast_stmt *s, walk_expr_post_fn *fn, void *data);

/* How the value of a resolved target variable is computed; NULL: e is none,
 * or not resolved. */
const struct target *walk_target_of(const struct ast_expr *e);

/* Statements, parents first; fn returns whether to go into this one. */
typedef bool walk_stmt_fn(struct ast_stmt **s, void *data);

void walk_stmts(struct ast_stmt **s, walk_stmt_fn *fn, void *data);

#endif
