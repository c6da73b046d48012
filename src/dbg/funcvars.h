/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The variables of a file's functions where these begin, as lists show them:
 * " $from:char const* $n:int".  Of many functions they are made all at once,
 * unit by unit, and kept beside the index of functions (funcindex.h), whose
 * rows they are of: a list then needs no unit.
 */
#ifndef DBG_FUNCVARS_H
#define DBG_FUNCVARS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "dbg/debuginfo.h"

struct funcvars;

/* Reads nothing yet.  d must outlive it. */
struct funcvars *funcvars_create(struct debuginfo *d, struct str cache_dir);
void funcvars_destroy(struct funcvars *x);

/* Were all made already?  The index of functions is there. */
bool funcvars_is_made(struct funcvars *x);
/* Makes them, where they can be kept; false = they cannot. */
bool funcvars_need(struct funcvars *x);
/* Makes them anew, and keeps them where it can. */
void funcvars_make(struct funcvars *x);

/* Of a row of the index; all were made. */
struct str funcvars_get(struct funcvars *x, uint32_t row);

/* Of one function, appended. */
void funcvars_text(struct funcvars *x, const struct dbg_function *f,
		   struct buf *ret);

#endif
