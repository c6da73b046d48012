/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops of a script on kernels that have no may_goto but can call a function
 * many times (bpf_loop, or bpf_for_each_map_elem over an array made for
 * that).  The whole handler becomes that function: one call runs it to the
 * next jump back, and the next call goes on there.  So nothing may stay in a
 * register from one block to another: such values, variables and the error
 * at hand live in scratch.
 *
 * The handler proper claims scratch, calls, and frees it.
 *
 * The same is done for very long handlers with loops in loops on new kernels:
 * the verifier then sees no loop at all.
 */
#ifndef CODEGEN_STEPPED_H
#define CODEGEN_STEPPED_H

#include "codegen/cg.h"

/* Is this handler to be made so? */
bool stepped_wanted(const struct cg_fn *fn);

/* Between the prologue and the first block: goes over to the function. */
void stepped_begin(struct cg_fn *fn);

/* In the function: ends this call; the next goes on at block `to`. */
void stepped_jump(struct cg_fn *fn, uint32_t to);

/* In the function: the handler is done. */
void stepped_done(struct cg_fn *fn);

/* Behind the last block: back to the handler.  When the calls came to an end
 * before the script did, it goes to `enough`. */
void stepped_end(struct cg_fn *fn, cg_label enough);

#endif
