/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops of a script on kernels that have no may_goto.  The whole handler
 * becomes a function that the kernel calls many times (bpf_loop, or
 * bpf_for_each_map_elem over an array made for that): one call runs it to the
 * next jump back, and the next call goes on there.  So nothing may stay in a
 * register from one block to another: such values, variables and the error
 * at hand live in scratch.
 *
 * The handler proper claims scratch, calls, and frees it.
 *
 * Where the kernel has neither, the handler becomes a program that calls
 * itself (a tail call) when it has made as many turns as the verifier may be
 * asked to follow.  It frees the scratch itself; it finds it by the address
 * of its frame, which stays the same.
 *
 * The first is also done for very long handlers with loops in loops on new
 * kernels: the verifier then sees no loop at all.  Where it still gives up, and
 * the script is compiled once more (cg_options.short_steps), a step ends
 * wherever ways through the handler come together.
 */
#ifndef CODEGEN_STEPPED_H
#define CODEGEN_STEPPED_H

#include "codegen/cg.h"

/* Is this handler to be made so?  Sets fn->is_stepped and fn->by_tail. */
void stepped_choose(struct cg_fn *fn);

/* Between the prologue and the first block: goes over to the steps. */
void stepped_begin(struct cg_fn *fn);

/* Does a step of its own begin with this block, from wherever? */
bool stepped_begins(const struct cg_fn *fn, uint32_t to);

/* In the steps: goes on at block `to`, in the next; to `enough` when
 * the kernel has had enough of it. */
void stepped_jump(struct cg_fn *fn, uint32_t to, cg_label enough);

/* In a function: the handler is done. */
void stepped_done(struct cg_fn *fn);

/* Behind the last block of a function: back to the handler.  When the calls
 * came to an end before the script did, it goes to `enough`. */
void stepped_end(struct cg_fn *fn, cg_label enough);

/* Makes the program or programs; gives the number of what is attached. */
uint32_t stepped_emit(struct cg_fn *fn, const struct image_prog *like);

#endif
