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
#include <sys/types.h>

#include "base/str.h"
#include "run/value.h"

struct buf;
struct stacks;

/* The stack of a process; or a place: one address, of a process or, pid 0, of
 * the kernel. */
struct stacks_user {
	pid_t pid;
	uint64_t time;		/* when it was first seen */
	uint32_t n;
	uint64_t frames[];
};

/* Adds the text of a stack, given by its addresses as text. */
typedef void stacks_write_fn(void *data, struct str addresses,
			     enum stack_as as, struct buf *to);

typedef void stacks_write_user_fn(void *data, const struct stacks_user *u,
				  enum stack_as as, struct buf *to);

struct stacks_options {
	int fd;			/* the stacks map, which must outlive it; -1 =
				 * there is none */
	int user_fd;		/* the ustacks map, the same */
	uint32_t user_key;	/* bytes of its keys */
	int places_fd;		/* the places map, the same */
	uint64_t mark;		/* as in the session block */
	/* For texts other than addresses. */
	stacks_write_fn *write;
	stacks_write_user_fn *write_user;
	void *data;
};

struct stacks *stacks_create(const struct stacks_options *o);
void stacks_destroy(struct stacks *s);

/* s as people see it: itself when no stack is in it.  Other text lives until
 * stacks_forget().  A stack that the map does not have is empty. */
struct str stacks_text(struct stacks *st, struct str s);

/* The process's stack that stacks_text() has made this text of; NULL = none. */
const struct stacks_user *stacks_user(const struct stacks *st, struct str text);

/* v, or if it is a string what stacks_text() makes of it. */
struct value stacks_value(struct stacks *st, struct value v);

/* Frees texts that are not of one stack alone. */
void stacks_forget(struct stacks *st);

/* A mark at random: eight bytes, none of them 0. */
uint64_t stacks_mark(void);

#endif
