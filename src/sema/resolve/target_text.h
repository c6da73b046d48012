/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values as text: $x$, $x$$, $$vars and its kin, @enumname.  Each becomes an
 * ordinary sprintf() of members, put in the place of the expression.
 */
#ifndef SEMA_RESOLVE_TARGET_TEXT_H
#define SEMA_RESOLVE_TARGET_TEXT_H

#include <stdbool.h>

#include "sema/resolve/path.h"

enum target_depth {
	TARGET_PLAIN,		/* a number */
	TARGET_MEMBERS,		/* {.a=1, .b={...}} */
	TARGET_ALL,		/* members of members, too */
};

/* Makes *e the text of the object that pa leads to. */
void target_text(const struct path *pa, enum target_depth depth,
		 struct ast_expr *e);

/* Makes *e the text of $$vars, $$parms, $$locals, $$return, $$name or
 * $$system; false = there is no such thing here. */
bool target_scope_text(struct program *p, const struct target_scope *s,
		       struct str name, enum target_depth depth,
		       struct ast_expr *e);

/* Makes *e the name of the enumerator of BTF type `type` that `value` is, or
 * the empty string.  value is evaluated more than once. */
void target_enum_text(struct program *p, struct ctype_ref type,
		      const struct ast_expr *value, struct ast_expr *e);

#endif
