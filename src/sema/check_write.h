/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be assigned to with -g: memory of the process, and its registers at
 * probes of its code; nothing of the kernel.
 */
#ifndef SEMA_CHECK_WRITE_H
#define SEMA_CHECK_WRITE_H

#include <stdbool.h>

#include "sema/check_kernel.h"
#include "sema/program.h"

/* Whatever the probe, is there a place that can be written?  Reports it. */
void check_write(struct program *p, const struct ast_expr *to,
		 const struct target *t);

/* Does it go to registers?  Reports those that are not a process's, or that it
 * would not go on with. */
bool check_write_registers(const struct kernel_place *at,
			   const struct ast_expr *to, const struct target *t);

/* Does what is assigned go to memory of the process; to registers? */
bool check_writes_user(const struct target *t);
bool check_writes_registers(const struct target *t);

#endif
