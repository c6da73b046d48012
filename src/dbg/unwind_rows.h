/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call frame information of a whole file, made small: what is needed to go from
 * frame to frame with nothing but pc, sp and fp.
 */
#ifndef DBG_UNWIND_ROWS_H
#define DBG_UNWIND_ROWS_H

#include <stdint.h>

#include "dbg/objfile.h"
#include "image/unwind.h"

struct unwind_row {
	uint64_t start;		/* link-time address */
	struct unwind_rule rule;	/* until the next row */
};

struct unwind_rows {
	struct unwind_row *v;	/* by address */
	uint32_t n, cap;
};

/* The rows of a file for x86-64; of others, none.  debug: the file with its
 * debug information, or NULL. */
void unwind_rows_read(struct objfile *main, struct objfile *debug,
		      struct arena *a, struct unwind_rows *ret);

#endif
