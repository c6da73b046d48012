/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The access path that an expression of the script means: $x, @cast(...),
 * @var(...), a variable whose C type is known; and the members and elements
 * behind them.
 */
#ifndef SEMA_RESOLVE_EXPR_H
#define SEMA_RESOLVE_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "lang/ast.h"
#include "sema/program.h"
#include "sema/resolve/path.h"
#include "sema/resolve/target.h"

/* Where the expression stands. */
struct expr_context {
	struct program *program;
	const struct target_scope *scope;	/* of the handler, or NULL */
	bool last;			/* what has no C type now never has */
};

enum resolved {
	RESOLVED,		/* the path's target may still be undefined */
	RESOLVE_LATER,		/* the type of a variable is not known yet */
};

/* The path that e means. */
enum resolved expr_path(const struct expr_context *c, struct ast_expr *e,
			struct path *ret);

/* The same of @cast and the others that have no rounds. */
struct path expr_atop(const struct expr_context *c, struct ast_expr *e);

/* A path to nothing, which says why. */
struct path expr_undefined(const struct expr_context *c, uint32_t diag,
			   struct str why, struct str help);

/* The same for a variable ("$x") that the scope does not have: it tells which
 * it has. */
struct path expr_no_variable(const struct expr_context *c, struct str name);

/* What the value of e points to; in = NULL: that is not known. */
struct ctype_ref expr_points_to(const struct ast_expr *e);

/* The i-th argument, when it is a string literal, or NULL. */
const struct str *expr_literal(const struct ast_exprs *args, uint32_t i);

#endif
