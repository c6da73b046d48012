/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handler of a probe at one site: a copy of the script's, and what aliases
 * and options put around it. */
#ifndef SEMA_HANDLER_H
#define SEMA_HANDLER_H

#include "sema/program.h"

/* An alias on the way to a site. */
struct use {
	const struct use *outer;
	const struct ast_alias *alias;
	const struct ast_point *point;	/* where it is used */
};

/* body: as the script has it, or NULL: none.  chain: the aliases, innermost
 * first; span: where there is no body. */
struct ast_stmt *handler_make(struct program *p, const struct use *chain,
			      const struct ast_stmt *body, struct span span);

/* if (when) body; when is copied. */
struct ast_stmt *handler_when(struct arena *a, const struct ast_expr *when,
			      struct ast_stmt *body);

#endif
