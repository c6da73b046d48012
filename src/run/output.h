/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a session's answers go: standard output, a file, or a sink, buffered,
 * in the order they are made; and messages to people, on standard error, never
 * ahead of the answers that were made before them.
 *
 * A file may be one of several: FILE.0, FILE.1 ... of limited size, of which
 * the oldest go (-S).  Lines are not torn.
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

/* Takes all that is said, instead of a file and standard error. */
struct output_sink {
	void (*take)(void *data, bool is_message, struct str text);
	void *data;
};

struct output_options {
	const char *path;	/* NULL = standard output; strftime(3)'s %
				 * sequences are filled in */
	uint64_t file_bytes;	/* of each file, at most; 0 = there is one */
	uint32_t max_files;	/* that are kept; 0 = all */
	bool messages_too;	/* messages go to the file, too */
	struct output_sink sink;	/* take NULL = none */
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

/* Goes on in the next file: FILE.1 after FILE.  Nothing without a file. */
void output_switch(struct output *out);

/* There is no terminal any more: to the sink, or with the file's answers. */
void output_leave(struct output *out, struct output_sink sink);

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

#endif
