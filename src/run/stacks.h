/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks that the kernel has seen.  In strings of the kernel a stack is a few
 * bytes (image/image.h); they stay what they are while they are copied, kept
 * and compared with each other, and become text here when somebody looks:
 * addresses with blanks between them.
 */
#ifndef RUN_STACKS_H
#define RUN_STACKS_H

#include <stdint.h>

#include "base/str.h"
#include "run/value.h"

struct buf;
struct stacks;

/* Adds the text of a stack, given by its addresses as text. */
typedef void stacks_write_fn(void *data, struct str addresses,
			     enum stack_as as, struct buf *to);

/* fd: the stacks map, which must outlive it, or -1: there is none.  mark: as
 * in the session block.  write: for texts other than addresses. */
struct stacks *stacks_create(int fd, uint64_t mark, stacks_write_fn *write,
			     void *data);
void stacks_destroy(struct stacks *s);

/* s as people see it: itself when no stack is in it.  Other text lives until
 * stacks_forget().  A stack that the map does not have is empty. */
struct str stacks_text(struct stacks *st, struct str s);

/* v, or if it is a string what stacks_text() makes of it. */
struct value stacks_value(struct stacks *st, struct value v);

/* Frees texts that are not of one stack alone. */
void stacks_forget(struct stacks *st);

/* A mark at random: eight bytes, none of them 0. */
uint64_t stacks_mark(void);

#endif
