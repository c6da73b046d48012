/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files by build-id from the servers that DEBUGINFOD_URLS names, through
 * libdebuginfod, which keeps them in a cache of its own.  The library is
 * loaded only when the variable is set.
 */
#ifndef DBG_DEBUGINFOD_H
#define DBG_DEBUGINFOD_H

#include "base/arena.h"
#include "base/str.h"
#include "dbg/world.h"

enum debuginfod_kind {
	DEBUGINFOD_DEBUGINFO,
	DEBUGINFOD_EXECUTABLE,
};

/* The path of the file; empty = there is none.  where gets what was asked,
 * for messages; empty = nothing was.  Progress goes to world_on_progress(). */
struct str debuginfod_find(const struct world *w, struct arena *a,
			   enum debuginfod_kind kind, struct str build_id,
			   struct str *where);

#endif
