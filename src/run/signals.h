/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals that end a session: the first asks it to, the second, unless it is
 * an echo of the first, ends the process on the spot, whatever it is doing (a
 * write that nobody reads, a handler in a loop).  What hangs on it in the
 * kernel goes with it.  SIGUSR2 asks for the next output file.  What SIGQUIT
 * asks for the session decides.
 */
#ifndef RUN_SIGNALS_H
#define RUN_SIGNALS_H

#include <stdbool.h>

#include "base/err.h"

/* Takes over SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR2, SIGPIPE and
 * SIGXFSZ.
 * ret is a descriptor that becomes readable when one of them comes; one set at
 * a time in a process. */
struct err *signals_open(int *ret) must_check;
/* In a child that is to be another program: what a session takes no notice of,
 * since write() says it, too, ends that one. */
void signals_for_command(void);
/* They do again what they did before.  fd < 0: nothing to do. */
void signals_close(int fd);

/* The signal that has asked for the end, or 0.  Makes fd quiet again. */
int signals_taken(int fd);

/* None has come so far. */
void signals_forget(void);

/* Has one come that ends the session?  signals_taken() will still tell. */
bool signals_stopped(void);

/* What is to be done before a second signal ends the process, by async-signal-
 * safe means; NULL: nothing.  Was there something before? */
bool signals_at_kill(void (*what)(void));

/* Has SIGUSR2 come since this was last asked? */
bool signals_switch(void);

#endif
