/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder (-F): a session without a terminal keeps the last of what
 * it says in memory, until someone attaches (-A) and reads it.  Who attaches
 * gets what is there, then what comes, and may leave again or end the session.
 *
 * They meet at a socket, DIR/NAME.sock, where DIR is /run/spile for root and a
 * directory of the user's own for others.  What goes over it are frames:
 * { u8 kind, u8[3] 0, u32 length } and text; back comes one byte that ends the
 * session.
 */
#ifndef RUN_RECORDER_H
#define RUN_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "run/output.h"

struct recorder;

/* Keeps at most so many bytes. */
struct err *recorder_create(const char *name, uint64_t bytes,
			    struct recorder **ret) must_check;
/* Whatever has not been read is gone. */
void recorder_destroy(struct recorder *r);

/* For output_open(). */
struct output_sink recorder_sink(struct recorder *r);

/* Readable when recorder_serve() has something to do. */
int recorder_fd(const struct recorder *r);

/* Talks to who is attached, without waiting.  Returns whether he has asked for
 * the end. */
bool recorder_serve(struct recorder *r);

/* The session is over, with this exit status: gives what is there to who is
 * attached; if it waits, also to who will be, unless a signal comes first.
 * Has somebody read it? */
bool recorder_finish(struct recorder *r, int status, int signals, bool waits);

/* The other side: attaches to a session of that name; prints what comes, and
 * ends the session at an interrupt.  SIGQUIT, or a standard output that nobody
 * reads, leaves it alone.  ret is the exit status. */
struct err *recorder_attach(const char *name, int *ret) must_check;

#endif
