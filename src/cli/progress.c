/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRESS_BAR "####################"

/* One line, written over itself; it is cleared when all is over. */
static bool progress_line(void *ctx, struct str build_id, uint64_t done,
			  uint64_t total)
{
	int parts = sizeof(PROGRESS_BAR) - 1;
	int full = total ? (int)(done >= total ? (uint64_t)parts :
				 done / (total / (uint64_t)parts + 1)) : 0;

	(void)ctx;
	if (!done && !total)
		fprintf(stderr, "\r\033[K");
	else if (!total)
		fprintf(stderr, "\rasking for debug information of %.8s ...",
			build_id.s);
	else
		fprintf(stderr, "\rdebug information of %.8s [%-*.*s] %" PRIu64
			" of %" PRIu64 " MB", build_id.s, parts, full,
			PROGRESS_BAR, done >> 20, total >> 20);
	fflush(stderr);
	return false;
}

void progress_show(struct world *w)
{
	if (isatty(STDERR_FILENO))
		world_on_progress(w, progress_line, NULL);
}
