/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A function of the library that gives what the host makes of the moment, as
 * usymname() does of the process that is running:
 *
 *	return __intrinsic(__pid_tgid(), addr)
 *	return __intrinsic(task_tid(task))
 *
 * As a function it could not be called in kernel handlers.  A call of it
 * becomes what it returns: then the host's part is evaluated late (late.h),
 * and the moment, where there is one, is an operand.
 */
#ifndef SEMA_UNFOLD_H
#define SEMA_UNFOLD_H

#include "sema/program.h"

/* Needs names resolved. */
void unfold(struct program *p);

#endif
