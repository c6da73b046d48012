/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What -v, --vp and -q say on standard error: a line for each pass, with the
 * words and units that SystemTap has for it.
 */
#ifndef CLI_VERBOSE_H
#define CLI_VERBOSE_H

#include <stdint.h>

struct compile;
struct options;

/* Times in microseconds: of the processor for us and for the kernel, and of
 * the clock on the wall. */
struct verbose_clock {
	int64_t user, system, real;
};

struct verbose_clock verbose_now(void);

/* -vv: a step of a pass took so long. */
void verbose_step(const char *name, const struct verbose_clock *start);

/* A pass is done: tells what it came to, if that is asked for, and sets start
 * to now. */
void verbose_pass(struct compile *c, unsigned number,
		  struct verbose_clock *start);

/* Pass 5 begins, and is over. */
void verbose_begin_run(const struct options *o);
void verbose_end_run(const struct options *o,
		     const struct verbose_clock *start);

/* A pass has found errors, which are printed elsewhere. */
void verbose_failed(struct compile *c, unsigned number);

#endif
