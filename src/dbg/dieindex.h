/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From names to entries, and from addresses to units: made once by a scan of
 * the whole file (diescan.h) and kept in a cache directory by build-id, where
 * later runs map it.  What a cache file says is checked when it is used: if
 * an entry is not what the index says, the index is made anew.
 */
#ifndef DBG_DIEINDEX_H
#define DBG_DIEINDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dbg/die.h"
#include "dbg/diescan.h"

struct dieindex;

/* What the head of a file in the cache says of the one that it is about. */
struct dieindex_identity {
	char magic[8];
	char build_id[64];
	uint64_t info_size, str_size, line_size;	/* of the sections */
};

struct dieindex_identity dieindex_identity(struct die_file *f,
					   const char *magic);
/* Where such a file is kept; empty = nowhere. */
struct str dieindex_path(struct die_file *f, struct arena *a,
			 struct str cache_dir, const char *what);

struct dieindex_entry {
	struct str name;
	enum diescan_kind kind;
	bool is_external;
	struct dbg_die die;
};

/* Changes when units get other numbers. */
#define DIEINDEX_MAGIC "SPILEDX6"

/* Zeroed at the start of a search. */
struct dieindex_iter {
	uint32_t at;
	bool is_started;
	const bool *units;	/* by number: those of interest to a search by
				 * a pattern; what is beyond nunits, is */
	uint32_t nunits;
};

/* Reads nothing yet.  cache_dir empty = none is kept. */
struct dieindex *dieindex_create(struct die_file *f, struct str cache_dir);
void dieindex_destroy(struct dieindex *x);

/* The entries of this name and kind, one with each call; false = no more. */
bool dieindex_find(struct dieindex *x, struct str name,
		   enum diescan_kind kind, struct dieindex_iter *i,
		   struct dieindex_entry *ret);
/* All entries of the kind whose name matches a shell pattern. */
bool dieindex_glob(struct dieindex *x, struct str pattern,
		   enum diescan_kind kind, struct dieindex_iter *i,
		   struct dieindex_entry *ret);

/* The unit whose code has pc (the full unit, if it is split); NULL = none.
 * Does not need the scan. */
struct die_unit *dieindex_unit_at(struct dieindex *x, uint64_t pc);

/* Were the names read already (by this run or from the cache)? */
bool dieindex_has_names(struct dieindex *x);

/* Are there references between units (link-time optimization, dwz)?  Then an
 * instance may be in any unit. */
bool dieindex_is_cross(struct dieindex *x);

/* Is the scan so short that it is no use avoiding it? */
bool dieindex_is_small(struct dieindex *x);

/* Unit i of those that have names (split ones for skeletons); NULL = no
 * more. */
struct die_unit *dieindex_unit(struct dieindex *x, uint32_t i);
uint32_t dieindex_units(struct dieindex *x);

#endif
