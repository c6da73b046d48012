/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared libraries: which ones the dynamic linker loads for a program and
 * where it finds them, and what a running process has mapped.
 */
#ifndef DBG_SOLIB_H
#define DBG_SOLIB_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "dbg/mappings.h"
#include "dbg/world.h"

struct solib {
	struct str name;	/* as a program asks for it: "libc.so.6" */
	struct str path;	/* the file, as the program's processes see it,
				 * links followed; empty = there is none */
	struct str here;	/* path for us: in the process's root directory,
				 * or an entry of /proc/PID/map_files when the
				 * file has no name any more */
};

struct solibs {
	struct solib *v;
	uint32_t n, cap;
};

/*
 * What a program needs, and what that needs: in the order in which the linker
 * loads it, the linker itself last.  path: the program's, below root; root: a
 * directory as of inroot.h, or empty: then LD_LIBRARY_PATH is ours, and so are
 * relative paths.
 */
struct err *solib_needed(const struct world *w, struct arena *a,
			 struct str root, struct str path,
			 struct solibs *ret) must_check;

/* Where the file of a mapping of a process can be read. */
struct str solib_mapped_path(const struct world *w, struct arena *a, pid_t pid,
			     const struct mapping *m);

/* The files that a process has mapped as code, its program first, each once;
 * name is the SONAME, else the file's. */
struct err *solib_mapped(const struct world *w, struct arena *a, pid_t pid,
			 struct solibs *ret) must_check;

/* Does the name, which may be a shell pattern, mean this one?  By its whole
 * path, or without a slash by any of its file names. */
bool solib_matches(const struct solib *l, struct str name);

/* Where the linker finds a library by name for a program like the one at path
 * (its machine, its search path); ERR_NOT_FOUND. */
struct err *solib_find(const struct world *w, struct arena *a,
		       struct str root, struct str path, struct str name,
		       struct solib *ret) must_check;

#endif
