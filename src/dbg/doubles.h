/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that several functions of the running kernel have: static ones of
 * different files.  To find out is to read all symbols, so they are kept until
 * the next boot.
 */
#ifndef DBG_DOUBLES_H
#define DBG_DOUBLES_H

#include <stdbool.h>

#include "base/str.h"
#include "dbg/kallsyms.h"
#include "dbg/world.h"

struct doubles;

/* k: asked if it was not kept; or NULL.  Both must outlive it. */
struct doubles *doubles_create(struct world *w, struct kallsyms *k);
void doubles_destroy(struct doubles *d);

/* false, too, where the kernel hides its symbols. */
bool doubles_has(struct doubles *d, struct str name);

#endif
