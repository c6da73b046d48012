/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Was a function called from where it is meant to be?
 */
#ifndef SEMA_RESOLVE_CALLED_H
#define SEMA_RESOLVE_CALLED_H

#include "sema/resolve/debug.h"

/*
 * The condition, for a handler of this scope, that the function of entry k of
 * the list was called by one of the calls of it in the list, and who called
 * there as the list says; in the scope of a return, that it has returned
 * there.  NULL = nobody can tell.
 */
struct ast_expr *called_condition(struct program *p, struct target_scope *scope,
				  const struct dbg_callees *all, uint32_t k,
				  struct span span);

#endif
