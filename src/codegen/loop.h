/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops of a known most number of turns, and numbers in scratch memory.
 *
 * Where the kernel has may_goto the counter lives in scratch: what is read
 * from there is any number to the verifier, which so follows one turn.  Else
 * it is a register, and the verifier follows every turn.
 *
 * A cell is a u64 in scratch.  A number that becomes a distance or a size is
 * put there and got back within bounds, so that ways of the program that
 * differ only in it are one to the verifier.
 */
#ifndef CODEGEN_LOOP_H
#define CODEGEN_LOOP_H

#include "codegen/cg.h"

struct cg_loop {
	cg_label begin, next, end;
	cg_reg i;		/* 0 .. n - 1 */
	uint32_t n, slot;
};

/*
 *	loop_begin(fn, &l, n);
 *	... l.i ...		to l.next: the next turn; to l.end: out
 *	loop_end(fn, &l);
 */
void loop_begin(struct cg_fn *fn, struct cg_loop *l, uint32_t n);
void loop_end(struct cg_fn *fn, struct cg_loop *l);

typedef uint32_t cg_cell;

cg_cell cell_new(struct cg_fn *fn, int32_t v);
void cell_free(struct cg_fn *fn, cg_cell cell);
void cell_set(struct cg_fn *fn, cg_cell cell, cg_reg v);
void cell_seti(struct cg_fn *fn, cg_cell cell, int32_t v);
cg_reg cell_get(struct cg_fn *fn, cg_cell cell);
/* As an unsigned number of at most `most`. */
cg_reg cell_get_max(struct cg_fn *fn, cg_cell cell, uint32_t most);

/* v = min(v, most), unsigned. */
void code_cap(struct cg_code *c, cg_reg v, uint32_t most);

#endif
