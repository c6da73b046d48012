/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was lost: hits whose handler did not run, output that did not arrive.
 * Counted in the globals map, by probe and class; said at the end.
 */
#ifndef RUN_LOSS_H
#define RUN_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"
#include "run/output.h"
#include "run/store.h"

/* Hits whose handler was skipped, of all probes. */
uint64_t loss_skipped(const struct image *img, struct store *store);

/* Of these, hits that tracing itself made: inside another handler, or by
 * spile while it held the globals.  They are said at the end, and do not
 * count for MAXSKIPPED: no patience of anybody's would avoid them. */
uint64_t loss_own(const struct image *img, struct store *store);

/* Warnings: errors and skips in sum, then each probe's losses by class;
 * truncated strings, which SystemTap passes over, only when verbose. */
void loss_report(const struct image *img, struct store *store,
		 struct output *out, bool verbose);

/* -t: each probe's hits and times, and where it is. */
void loss_report_hits(const struct image *img, struct store *store,
		      struct output *out);

#endif
