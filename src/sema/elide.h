/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is never used or cannot run goes, before it is checked further:
 * scripts rely on it (a branch on @defined, a function for another kernel).
 */
#ifndef SEMA_ELIDE_H
#define SEMA_ELIDE_H

#include "sema/program.h"

/*
 * Needs resolved names and targets.  Leaves only functions that are called,
 * variables that are used, probes that do something; usage flags are right.
 * With -u, only branches that cannot be taken go, and functions that are
 * not called.
 */
void elide(struct program *p);

#endif
