/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What handlers in the kernel can do only where its BPF offers the means: to
 * walk over an array, to read a statistic.  It is said when the script is
 * compiled, at its place.
 */
#ifndef SEMA_CHECK_KERNEL_H
#define SEMA_CHECK_KERNEL_H

#include "sema/program.h"

struct kernel_place {
	struct program *program;
	const struct probe *probe;	/* whose handler comes to this */
	const struct ast_expr *call;	/* of the script, in which it is, when
					 * that is in the library; or NULL */
};

/* Looks at a statement itself, or an expression itself, not at its parts. */
void check_kernel_stmt(const struct kernel_place *at,
		       const struct ast_stmt *s);
void check_kernel_expr(const struct kernel_place *at,
		       const struct ast_expr *e);

/* How large keys of arrays may be, where there are handlers in the kernel.
 * Needs bounds. */
void check_kernel_keys(struct program *p);

#endif
