/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tapset file defines, without parsing it: a start must not pay for
 * a library of which it uses two functions.  The scan may name definitions
 * that a %( ... %) later takes away, but misses none.
 */
#ifndef SEMA_LIBRARY_SCAN_H
#define SEMA_LIBRARY_SCAN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum scan_kind {
	SCAN_FUNCTION,
	SCAN_GLOBAL,
	SCAN_ALIAS,		/* the name is whole: "syscall.open.return" */
	SCAN_MACRO,
	SCAN_KINDS
};

/* Called for each definition that other files may use, in order; names are
 * views of the text, those of aliases live in the arena. */
typedef void scan_fn(enum scan_kind kind, struct str name, void *data);

void library_scan(struct arena *a, struct str text, scan_fn *fn, void *data);

#endif
