/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A foreach loop must not write to the array that it goes through, neither
 * itself nor by a function that it calls.  Part of check.
 */
#ifndef SEMA_CHECK_LOOP_H
#define SEMA_CHECK_LOOP_H

#include "sema/program.h"

void check_loop_writes(struct program *p, struct ast_stmt *foreach);

/* In the kernel a loop over an array has one place where it stands, so a
 * function must not call itself from inside of one. */
void check_loop_recursion(struct program *p, struct func *f);

#endif
