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

#include "lang/ast.h"

/* In an operand of a print in a kernel handler: is e evaluated on the host?
 * (Its own operands are asked again.) */
bool late_is_late(struct ast_expr *e);

/* Does evaluating e take what only the host has?  In kernel code this is
 * possible only where late_is_late() holds. */
bool late_needs_host(struct ast_expr *e);

#endif
