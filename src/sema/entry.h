/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * @entry(expr) in a probe of a return: the value that expr had when the
 * function or the call was entered.  A probe there keeps it in an array by
 * thread; the handler of the return takes it from there.  Functions may call
 * each other, so theirs are kept by depth, too.
 */
#ifndef SEMA_ENTRY_H
#define SEMA_ENTRY_H

#include "sema/program.h"

/* Does the handler ask for values at entry? */
bool entry_is_asked(const struct probe *pr);

/*
 * In the handlers of the probes first ... first + n - 1, which are copies of
 * one handler: @entry() becomes a name.  Returns the handler of the probe
 * that keeps the values, for the caller to put at each entry (a copy each);
 * NULL = it cannot be done.
 */
struct ast_stmt *entry_rewrite(struct program *p, uint32_t first, uint32_t n);

#endif
