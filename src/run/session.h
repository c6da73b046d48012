/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: an image, run on this kernel.  Creates maps, loads and attaches
 * programs, runs begin probes, starts the command, waits for events in one
 * loop, runs end probes, takes all down, reports what was lost.
 */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "image/image.h"

struct detach;
struct world;

struct session_options {
	struct world *world;
	const char *debuginfo;	/* as in host_options */
	const char *name;	/* -m, or NULL: "spile_" and its pid */
	const char *command;	/* -c, or NULL: run by sh, as the user */
	pid_t target;		/* -x, or 0 */
	const char *output;	/* -o, or NULL: standard output */
	uint32_t timeout;	/* -T, s; 0 = none */
	uint64_t buffer;	/* -s, bytes of the data ring; 0 = default */
	unsigned verbose;	/* -v */
	bool no_warnings;	/* -w */
	bool colour;
	bool timing;		/* -t: hits of each probe, at the end */
	bool tolerant;		/* errors and skips never end it */
	uint64_t file_bytes;	/* -S: of each output file; 0 = there is one */
	uint32_t max_files;	/* ... that are kept; 0 = all */
	uint32_t monitor;	/* --monitor: seconds; 0 = none */
	struct detach *detach;	/* -F: of this process; or NULL */
};

/* What became of it: the exit status that SystemTap's would have. */
struct session_status {
	int exit;
};

struct err *session_run(struct image *img, const struct session_options *o,
			struct session_status *ret) must_check;

#endif
