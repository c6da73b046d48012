/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How variables are used and functions called, over the whole program: the
 * flags of struct var and struct func that say so.
 */
#ifndef SEMA_USAGE_H
#define SEMA_USAGE_H

#include "sema/program.h"

#define USAGE_MAX_CALLS 100	/* depth of a chain of calls */

/*
 * Sets them all anew, from the probes and the functions that these reach.
 * Needs resolved names; may run again after code has gone.  Returns the
 * length of the longest chain of calls: where it is more than
 * USAGE_MAX_CALLS, nothing may follow calls.
 */
uint32_t usage_compute(struct program *p);

/* Can evaluating it change anything?  Needs usage_compute() for calls. */
bool usage_has_effect(struct ast_expr *e);

/* Can it be left out where its value is not wanted?  What divides cannot: that
 * may end in an error. */
bool usage_is_idle(struct ast_expr *e);

/* Does anyone ask for the groups of a match of =~? */
bool usage_asks_groups(const struct program *p);

/* Will the variable be printed when the session ends? */
bool usage_is_shown(const struct program *p, const struct var *v);

#endif
