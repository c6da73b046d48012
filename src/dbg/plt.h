/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of a program's procedure linkage table: the small pieces of code
 * through which it calls functions of other files.
 */
#ifndef DBG_PLT_H
#define DBG_PLT_H

#include "base/arena.h"
#include "base/str.h"
#include "dbg/objfile.h"

struct plt_entry {
	struct str name;	/* the called function */
	struct str version;	/* "GLIBC_2.34"; empty = none */
	uint64_t addr;		/* link-time; where calls go */
	uint32_t size;		/* bytes */
};

struct plt_entries {
	struct plt_entry *v;
	uint32_t n, cap;
};

/* All, by address; names live as long as o.  x86_64 and arm64. */
void plt_entries(struct objfile *o, struct arena *a, struct plt_entries *ret);

#endif
