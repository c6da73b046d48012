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

/* The body of a loop over texts: what it changes lies in scratch; of outside
 * it knows its argument and up to two texts, which it finds in `text` (never
 * in its argument).  Its labels are those of fn->c, and its own. */
#define LOOP_TEXTS 2
typedef void loop_body(struct cg_fn *fn, struct cg_loop *l,
		       struct cg_str text[LOOP_TEXTS], void *arg);

/* n turns of it, or until it goes to l->end; text ends with CG_NOWHERE. */
void loop_texts(struct cg_fn *fn, uint32_t n,
		const struct cg_str text[LOOP_TEXTS], loop_body *body,
		void *arg);

/* Another function of the program is made, from enter to leave; `number` is
 * its number for code_sub_addr(). */
struct cg_inner {
	struct cg_code *c;
	cg_reg scratch;
	int16_t error_area, key_area, value_area, word_area, text_area;
	int16_t irq_flags;
};

struct cg_inner inner_enter(struct cg_fn *fn, uint32_t *number);
void inner_leave(struct cg_fn *fn, struct cg_inner in);
/* Leaves the function that is being made with ret. */
void inner_return(struct cg_fn *fn, int32_t ret);

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

/* Tells the verifier that v is at most that, which it always is: without
 * another way for it to follow, as far as that can be. */
void code_at_most(struct cg_code *c, cg_reg v, uint32_t most);

#endif
