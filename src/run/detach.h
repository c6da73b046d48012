/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session that leaves its terminal (-F): it is a child from the start, which
 * the parent waits for until all is attached, or nothing has come of it.
 */
#ifndef RUN_DETACH_H
#define RUN_DETACH_H

#include <stdbool.h>

#include "base/str.h"

struct detach {
	int parent;		/* told that all is well; -1: has been */
};

/* Forks.  True in the child, where the session is to be run; false in the
 * parent, when it is time to go, with the status to go with. */
bool detach_begin(struct detach *d, int *status);

/* The session runs: the parent says these words, and goes.  From here on
 * nothing is read from or written to the terminal.  False: the parent is not
 * there any more. */
bool detach_done(struct detach *d, struct str words);

#endif
