/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types: long, string or stats for every variable, key, function and
 * expression of the whole program.
 */
#ifndef SEMA_TYPES_H
#define SEMA_TYPES_H

#include "sema/program.h"

/* Leaves every type known, or a diagnostic; a function that never gives a
 * value stays TY_UNKNOWN.  -G values become numbers where they must. */
void types_infer(struct program *p);

#endif
