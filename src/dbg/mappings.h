/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process has mapped to be executed: /proc/PID/maps.
 */
#ifndef DBG_MAPPINGS_H
#define DBG_MAPPINGS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "dbg/world.h"

struct mapping {
	uint64_t start, end;
	uint64_t offset;	/* in the file, of start */
	uint32_t dev;		/* major << 20 | minor; 0 = no file */
	uint64_t ino;
	struct str path;	/* or "[vdso]", or empty */
};

struct mappings {
	struct mapping *v;
	uint32_t n, cap;
};

/* The path of a line there, where the kernel writes \012 for a line's end. */
struct str mappings_path(struct arena *a, struct str text);

/* Reads them, ordered by address.  ERR_NOT_FOUND: there is no such process. */
struct err *mappings_read(const struct world *w, struct arena *a, pid_t pid,
			  struct mappings *ret) must_check;

#endif
