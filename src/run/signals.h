/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals that end a session: the first asks it to, the second ends the
 * process on the spot, whatever it is doing (a write that nobody reads, a
 * handler in a loop).  What hangs on it in the kernel goes with it.
 */
#ifndef RUN_SIGNALS_H
#define RUN_SIGNALS_H

#include <stdbool.h>

#include "base/err.h"

/* Takes over SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD and SIGPIPE.  ret is a
 * descriptor that becomes readable when one of them comes; one set at a time
 * in a process. */
struct err *signals_open(int *ret) must_check;
void signals_close(int fd);

/* Has a signal asked for the end?  Makes fd quiet again. */
bool signals_taken(int fd);

#endif
