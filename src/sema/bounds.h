/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long each string can get: slots, keys and records are sized by this.
 */
#ifndef SEMA_BOUNDS_H
#define SEMA_BOUNDS_H

#include "sema/program.h"

/*
 * Sets the bounds (most bytes, without the NUL) of string variables, keys,
 * functions and expressions; MAXSTRINGLEN - 1 is the most.  Needs types.
 */
void bounds_infer(struct program *p);

#endif
