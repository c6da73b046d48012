/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions that the kernel can hook at their entry, from tracefs: names,
 * and on newer kernels their addresses.  A function of a module that is not
 * loaded is not among them.  Reading the list takes the kernel some
 * milliseconds: only for those who need many.
 */
#ifndef DBG_TRACEABLE_H
#define DBG_TRACEABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "dbg/world.h"

struct traceable {
	struct str name, module; /* module empty = the kernel itself */
	uint64_t addr;		 /* 0 = the list has no addresses */
};

/* The list as text, appended to ret.  ERR_PERMISSION, ERR_NOT_FOUND: there is
 * none that we may read. */
struct err *traceable_read(struct world *w, struct buf *ret) must_check;

/* Cuts the next function off the text; false = that was the last. */
bool traceable_next(struct str *rest, struct traceable *ret);

#endif
