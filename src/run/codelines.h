/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source lines of the kernel's addresses, and what was inlined there: by
 * the debug information of the kernel and of its modules, each opened when an
 * address in it is asked for.
 */
#ifndef RUN_CODELINES_H
#define RUN_CODELINES_H

#include "base/err.h"
#include "dbg/debuginfo.h"
#include "dbg/kallsyms.h"

struct codelines;

/* dirs: where to look first, as for debuginfo_open_kernel(), or NULL.  w must
 * outlive it. */
struct codelines *codelines_create(struct world *w, const char *dirs);
void codelines_destroy(struct codelines *cl);

/* Opens what there is of the kernel, and reads what every answer takes of it;
 * says nothing when there is none. */
void codelines_prepare(struct codelines *cl);

/* The functions that share an address, innermost first; at least one, with a
 * line.  sym: the symbol that it is in.  They live until the next question.  An
 * error of opening comes once for each module, then ERR_NOT_FOUND. */
struct err *codelines_at(struct codelines *cl, const struct kallsym *sym,
			 uint64_t addr, struct dbg_frames *ret) must_check;

#endif
