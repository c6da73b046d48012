/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of the kernel itself that can be hooked at their entry, with
 * their addresses.  To find them is to read the kernel's list of what can be
 * traced and that of its symbols, which takes it longer than to hook a thousand
 * of them; the answer stays the same until the next boot, so it is kept
 * (dbg/cachefile.h).  Functions of modules are not among them.
 */
#ifndef DBG_HOOKABLE_H
#define DBG_HOOKABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "dbg/world.h"

struct hookable;

struct hookable_function {
	struct str name;
	uint64_t addr;
};

/* is_anew: what was kept is not believed.  ERR_PERMISSION, ERR_NOT_FOUND: the
 * kernel tells nothing. */
struct err *hookable_open(struct world *w, bool is_anew,
			  struct hookable **ret) must_check;
void hookable_close(struct hookable *h);

/* Function i, by ascending name, from 0 on; false = no more.  Several may have
 * one name. */
bool hookable_get(const struct hookable *h, uint32_t i,
		  struct hookable_function *ret);

/* The first that is not before this name. */
uint32_t hookable_find(const struct hookable *h, struct str name);

#endif
