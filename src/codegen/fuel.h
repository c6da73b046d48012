/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Without may_goto the verifier follows every turn of a script's loop, so
 * they are counted in a register that it knows.  What it must follow is the
 * number of turns times the code in the loop: the more code, the fewer.
 *
 * Each outermost loop begins with the same number.  Code behind a loop is so
 * seen once, and not once for each number of turns that the loop may have
 * left.
 */
#ifndef CODEGEN_FUEL_H
#define CODEGEN_FUEL_H

#include "codegen/cg.h"

/* Before the first block. */
void fuel_begin(struct cg_fn *fn);

/* Before a jump to a block: it may begin a loop. */
void fuel_enter(struct cg_fn *fn, uint32_t to);

/* The same, where the steps of a handler go on in the middle of a loop. */
void fuel_fill(struct cg_fn *fn, uint32_t to);

/* Jumps back to a block, or goes on when there were too many turns. */
void fuel_turn(struct cg_fn *fn, uint32_t to);

#endif
