/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a recorder and its reader meet: names, sockets and frames, which both
 * sides must agree on.
 */
#ifndef RUN_MEETING_H
#define RUN_MEETING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum meeting_kind {
	MEETING_OUTPUT,		/* for standard output */
	MEETING_MESSAGE,	/* for standard error */
	MEETING_EXIT,		/* one byte: the exit status; the last */
};

struct meeting_frame {
	uint8_t kind;		/* enum meeting_kind */
	uint8_t zero[3];
	uint32_t len;		/* of the text behind it */
};

#define MEETING_FRAME_MAX (1u << 20)

/* The path of a socket; empty = none. */
struct meeting_place {
	char path[104];
};

/* Listens at a socket of that name, which only this user and root can connect
 * to.  ERR_OTHER: another session has the name. */
struct err *meeting_listen(const char *name, struct meeting_place *place,
			   int *ret) must_check;
/* Removes the socket's name; not the socket. */
void meeting_leave(struct meeting_place *place);

/* Connects to the session of that name; an error lists those that there are. */
struct err *meeting_connect(const char *name, int *ret) must_check;

/* Is it this user, or root, at the other end? */
bool meeting_is_allowed(int fd);

/* Sends a whole frame; waits a second at most for room in the socket.  False:
 * it did not go through. */
bool meeting_send(int fd, enum meeting_kind kind, struct str text);

/* Closes, and sets to -1. */
void meeting_close(int *fd);

#endif
