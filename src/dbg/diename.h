/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names with the namespaces and classes around them: "shapes::base::area".
 */
#ifndef DBG_DIENAME_H
#define DBG_DIENAME_H

#include "base/arena.h"
#include "dbg/debuginfo.h"

/* "shapes::base" of what is declared there (die: the declaration, or what
 * refers to it); empty = at the top.  What has no name is left out. */
struct str diename_scope(struct arena *a, struct dbg_die die);

/* Is it declared in this scope: the whole one, or its end?  Shell pattern;
 * empty = anywhere. */
bool diename_is_in(struct arena *a, struct dbg_die die, struct str scope);

/* Splits "shapes::base::area" at the last "::"; false = has none. */
bool diename_split(struct str name, struct str *scope, struct str *last);

#endif
