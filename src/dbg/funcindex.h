/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All functions of a file in short: those with code of their own, and which
 * were inlined, and where.  Names alone (dieindex.h) do not tell; to find out,
 * all units are walked over, once: what comes of it is kept in the cache
 * directory beside the index of names.  A list then needs no unit, and who asks
 * for copies looks at these alone.
 */
#ifndef DBG_FUNCINDEX_H
#define DBG_FUNCINDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dbg/dieindex.h"

struct funcindex;

struct funcindex_entry {
	struct dbg_function f;	/* of what was inlined: a copy where a probe
				 * can be, if there is one; without .die,
				 * .origin */
	uint32_t unit, off;	/* .die, for funcindex_die() */
	uint32_t first, n;	/* of what was inlined: its copies */
	bool has_symbol;	/* its code is in a symbol, */
	bool is_symbol;		/* begins with the only one of its name, */
	bool is_part;		/* is the rest of a split function, */
	bool is_of_start;	/* is thrown away after the start */
};

/* Reads nothing yet.  x must outlive it. */
struct funcindex *funcindex_create(struct die_file *f, struct dieindex *x,
				   struct str cache_dir);
void funcindex_destroy(struct funcindex *x);

/* Was it made already? */
bool funcindex_is_made(struct funcindex *x);
/* Makes it, where it can be kept; false = it cannot. */
bool funcindex_need(struct funcindex *x);
/* Makes it anew, and keeps it where it can. */
void funcindex_make(struct funcindex *x);

/* What is in it, as a number; and how many rows it has. */
uint64_t funcindex_identity(const struct funcindex *x);
uint32_t funcindex_count(const struct funcindex *x);

/* The next row from *at on, which becomes the one behind it, whose name matches
 * a shell pattern; by address.  false = no more. */
bool funcindex_next(struct funcindex *x, struct str pattern, uint32_t *at,
		    struct funcindex_entry *ret);

/* unit NULL = there is none. */
struct dbg_die funcindex_die(struct funcindex *x,
			     const struct funcindex_entry *e);

/* Copy i of those of a function, as the debug information has it: false = it
 * has none there, and the index is not of this file. */
bool funcindex_copy(struct funcindex *x, const struct funcindex_entry *e,
		    uint32_t i, struct dbg_function *ret);
/* The same of a function with code of its own. */
bool funcindex_own(struct funcindex *x, const struct funcindex_entry *e,
		   struct dbg_function *ret);

/* It told of what is not there: is made anew, once.  false = it was already. */
bool funcindex_distrust(struct funcindex *x);

#endif
