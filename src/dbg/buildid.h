/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program or library that a build-id means.
 */
#ifndef DBG_BUILDID_H
#define DBG_BUILDID_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "dbg/world.h"

/* Is text a build-id: hexadecimal digits, 16 at least? */
bool buildid_is(struct str text);

/*
 * Looks in .build-id directories, at what runs, in the directories of
 * search_path and of libraries, and asks debuginfod.  ERR_NOT_FOUND says
 * where it looked.  ret can be opened from here.
 */
struct err *buildid_find(const struct world *w, struct arena *a,
			 struct str id, struct str search_path,
			 struct str *ret) must_check;

#endif
