/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the names that units define at their top level, fast: 250 MB of
 * entries of a kernel in a tenth of a second.  Bodies of functions and
 * structs are stepped over, names that were seen before are not looked at
 * again.
 */
#ifndef DBG_DIESCAN_H
#define DBG_DIESCAN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "dbg/die.h"

enum diescan_kind {
	DIESCAN_FUNCTION,	/* has code */
	DIESCAN_INLINE,		/* abstract: what instances are of */
	DIESCAN_VARIABLE,	/* has a location or a constant value */
	DIESCAN_STRUCT,
	DIESCAN_UNION,
	DIESCAN_ENUM,
	DIESCAN_TYPEDEF,	/* and base types */
	DIESCAN_ENUMERATOR,
	DIESCAN_FILE,		/* last part of the name of a file that has
				 * code in the unit */
	DIESCAN_KINDS,
};

#define DIESCAN_EXTERNAL 0x80	/* flag beside the kind */

struct diescan_name {
	struct str name;	/* in the file's bytes */
	uint32_t unit;		/* number among those asked for */
	uint32_t off;		/* of the entry, from its unit's start */
	uint8_t kind;
};

struct diescan_names {
	struct diescan_name *v;
	uint32_t n, cap;
	bool is_cross;		/* origins are in other units, too */
};

/* All names of n units; functions and variables all, types and enumerators
 * once each.  Uses two threads when there is much. */
void diescan(struct die_unit *const *units, uint32_t n, struct arena *a,
	     struct diescan_names *ret);

/* Reads what is read once of each file, for who then has two threads ask;
 * how many bytes the units are. */
uint64_t diescan_prepare(struct die_unit *const *units, uint32_t n);

#endif
