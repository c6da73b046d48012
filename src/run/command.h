/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command of -c: a child that waits until the probes are attached, then
 * becomes the command.
 */
#ifndef RUN_COMMAND_H
#define RUN_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct command {
	pid_t pid;		/* 0 = there is none */
	int go;			/* closed, or written to, when it may start */
	bool started, ended;
	bool stops;		/* when it has become the command, before that
				 * runs: command_start_stopped() */
	int watch;		/* of one that is no child: a pidfd, or 0 */
	int status;		/* of waitpid(), when ended */
};

/* Makes the child, and waits until it runs.  Words without a shell's characters
 * are run as they are, so that pid is the program's own; all else by sh.
 * stops: for command_start_stopped(). */
struct err *command_create(const char *text, bool stops,
			   struct command *ret) must_check;

/* How it names the program that it becomes, to be freed; NULL when a shell will
 * run it, or there is no such program here. */
char *command_word(const char *text);

/* Lets the child become the command; nothing when there is none. */
void command_start(struct command *c);

/* The same of one that stops; waits until it has become the command, of which
 * no instruction has run.  Then command_continue(). */
struct err *command_start_stopped(struct command *c) must_check;
void command_continue(struct command *c);

/* Has it ended?  Does not wait. */
bool command_reap(struct command *c);

/* This process is not the one that made it: that it ends is seen all the same,
 * but not how. */
void command_adopt(struct command *c);

/* Ends it, if it runs. */
void command_destroy(struct command *c);

#endif
