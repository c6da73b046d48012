/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that are neither of names nor of types: what may be modified where,
 * how statistics are used, what runs in the kernel and what does not.
 */
#ifndef SEMA_CHECK_H
#define SEMA_CHECK_H

#include "sema/program.h"

/* Needs types.  Leaves only diagnostics. */
void check(struct program *p);

#endif
