/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Late evaluation.  What a kernel handler prints (or gives to the host in
 * another way: warn(), system()) is made on the host, from operands that the
 * kernel recorded.  So texts cost nothing in the kernel, and what only the
 * host knows (symbol names, dates) can be printed from kernel handlers.
 *
 * Evaluated late: constants, formatting, concatenation, histograms, pure
 * functions that give text, and whatever needs the host.  All else is an
 * operand, and has the value of the moment.
 */
#ifndef SEMA_LATE_H
#define SEMA_LATE_H

#include <stdbool.h>

#include "sema/walk.h"

/* In an operand of a print in a kernel handler: is e evaluated on the host?
 * (Its own operands are asked again.) */
bool late_is_late(struct ast_expr *e);

/* Does evaluating e take what only the host has?  In kernel code this is
 * possible only where late_is_late() holds. */
bool late_needs_host(struct ast_expr *e);

/* Does e print (or give the host something in another way), so that its
 * operands are evaluated late in kernel code? */
bool late_prints(const struct ast_expr *e);

/* The operands of such an e.  late_walk() walks those parts that are
 * evaluated in the kernel, as walk_expr() does; late_walk_late() calls fn on
 * each expression of the others and on names in their place, which it may
 * replace by what they stand for. */
void late_walk(struct ast_expr *e, walk_expr_fn *fn, void *data);
void late_walk_late(struct ast_expr *e, walk_expr_fn *fn, void *data);

#endif
