/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers in the kernel that ask for more of what only the host has than to
 * print or keep it:
 *
 *	if (umodname(uaddr()) == "libc.so.6")
 *		hits[tid()]++
 *
 * From the first statement on that cannot be in the kernel, the handler becomes
 * a function that the host calls when it reads the handler's record,
 *
 *	print(__moved_1(uaddr(), tid() ...))
 *
 * What is of the moment, and locals that have a value by then, are its
 * arguments.  What may fail and may not be wanted (it stands behind && or
 * another statement) fails where it is used, as it did at the hit.  It leaves
 * its record's call as a handler does (builder), and takes the lock as one
 * (ir/lock); globals it sees and changes when it runs, some time after the hit.
 *
 * Where that cannot be, as the rest reads memory at addresses that it computes
 * itself, all stays as it is, and check_places() says what is wrong.
 */
#ifndef SEMA_MOVED_H
#define SEMA_MOVED_H

#include "sema/program.h"

/* Needs types, usage, stacks; keyed() may have been there.  Returns whether any
 * was moved: usage and stacks are to be computed again. */
bool moved(struct program *p);

#endif
