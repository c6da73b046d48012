/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a session's answers go: standard output or a file, buffered, in the
 * order they are made; and messages to people, on standard error, never ahead
 * of the answers that were made before them.
 *
 * A failing write (disk full, reader gone) is remembered; output_failed()
 * tells, and the session ends.
 */
#ifndef RUN_OUTPUT_H
#define RUN_OUTPUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "run/value.h"

struct output_options {
	const char *path;	/* NULL = standard output; strftime(3)'s %
				 * sequences are filled in */
	bool no_warnings;
	bool colour;		/* of messages */
};

struct output;

struct err *output_open(const struct output_options *o,
			struct output **ret) must_check;
/* Flushes first. */
void output_close(struct output *out);

void output_write(struct output *out, struct str text);

/* The buffer itself, for those that format into it; call output_settle()
 * after adding. */
struct buf *output_buf(struct output *out);
void output_settle(struct output *out);

/* Everything so far reaches the file. */
void output_flush(struct output *out);

/* errno of the first write that failed, or 0. */
int output_failed(const struct output *out);

/* One line to standard error: "WARNING: ...", "ERROR: ...", or as it is. */
void output_warn(struct output *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void output_error(struct output *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void output_log(struct output *out, struct str line);

/* "ERROR: <message> near <kind> '<token>' at FILE:L:C in probe <point>". */
void output_run_error(struct output *out, const struct image *img,
		      uint32_t probe, const struct run_error *e);

/* The message alone, as catch gets it. */
void run_error_message(const struct run_error *e, struct buf *ret);

/* How many warnings were given (also those not shown). */
uint32_t output_warnings(const struct output *out);

#endif
