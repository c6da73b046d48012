/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probe points as lists of components: braces multiplied out, names of
 * aliases matched, text made of them.  No meaning is looked up here.
 */
#ifndef SEMA_POINT_H
#define SEMA_POINT_H

#include <stdbool.h>

#include "lang/ast.h"

#define POINT_MAX_FLAT 4096	/* that the braces of one point may make */

/*
 * The points that `pt` stands for when its braces are multiplied out, each
 * with the suffix components behind it; the flags and the condition are
 * those of pt.  False: there are more than POINT_MAX_FLAT.
 */
bool point_flatten(struct arena *a, const struct ast_point *pt,
		   const struct ast_component *suffix, uint32_t nsuffix,
		   struct ast_points *ret);

/* "syscall.open(1)": without ?, ! and the condition. */
struct str point_text(struct arena *a, const struct ast_component *v,
		      uint32_t n);

/* Do names of components hold wildcards?  Names or texts in arguments? */
bool point_has_glob(const struct ast_point *pt);
bool point_is_pattern(const struct ast_point *pt);

/*
 * How many components of the point the whole name stands for: all of them,
 * or fewer when a suffix (".maxactive(10)") is left; 0 = no match.  Name is
 * "syscall.open.return".
 */
uint32_t point_match(const struct ast_point *pt, struct str name);

#endif
