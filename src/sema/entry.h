/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * @entry(expr) in a probe of a return: the value that expr had when the
 * function or the call was entered.  Parameters, and what they point to, are
 * so without saying (stapprobes(3stap), "More on return probes").  A probe at
 * the entry keeps the value in an array by thread; the handler of the return
 * takes it from there.  Functions may call each other, so theirs are kept by
 * depth, too.
 */
#ifndef SEMA_ENTRY_H
#define SEMA_ENTRY_H

#include "sema/program.h"

/* Do the handlers of the probes first ... first + n - 1, which are copies of
 * one, ask for values at entry? */
bool entry_is_asked(struct program *p, uint32_t first, uint32_t n);

/*
 * In those handlers: @entry() becomes a name.  Returns the handler of the probe
 * that keeps the values, for the caller to put at each entry (a copy each);
 * NULL = it cannot be done.
 */
struct ast_stmt *entry_rewrite(struct program *p, uint32_t first, uint32_t n);

#endif
