/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a unit's table of files have one of a pattern?  Of thousands of units
 * a few do; what it takes to say no is the head of the line table alone, read
 * in place, of which nothing is kept.
 */
#ifndef DBG_LINEFILES_H
#define DBG_LINEFILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "dbg/die.h"

struct linefiles {
	struct str pattern;
	struct str tail;	/* what names end with that match it */
	struct arena *arena;
	/* By the offset into .debug_line_str: 0 = not asked yet, 1 = ends with
	 * the tail, 2 = does not. */
	uint8_t *ends;
	uint64_t nends;
	const struct die_file *ends_file;
	struct die_attr *dirs;	/* of the table that is read */
};

void linefiles_init(struct linefiles *s, struct str pattern, struct arena *a);

/* May be true where it is not: who looks closer, says. */
bool linefiles_has(struct linefiles *s, struct die_unit *u);

/* The pattern is the whole path, or its end from a '/' on. */
bool linefiles_is_suffix(struct str pattern, struct str path);

#endif
