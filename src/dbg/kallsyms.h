/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's symbols (/proc/kallsyms).  Nothing is read before the first
 * question; that takes some 50 ms, so never ask at start.
 */
#ifndef DBG_KALLSYMS_H
#define DBG_KALLSYMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "dbg/world.h"

struct kallsyms;

struct kallsym {
	struct str name, module;	/* module empty = the kernel itself */
	uint64_t addr;
	uint64_t size;			/* up to the next, if kallsyms_at() gave
					 * it; 0 = not known */
	char type;			/* nm's letter */
};

/* w must outlive it. */
struct kallsyms *kallsyms_create(const struct world *w);
void kallsyms_destroy(struct kallsyms *k);

/* The first symbol of this name.  ERR_NOT_FOUND; ERR_PERMISSION when the
 * kernel hides addresses from us. */
struct err *kallsyms_find(struct kallsyms *k, struct str name,
			  struct kallsym *ret) must_check;

/* The symbol at or below addr; the offset into it is addr - ret->addr. */
struct err *kallsyms_at(struct kallsyms *k, uint64_t addr,
			struct kallsym *ret) must_check;

/* All of them, by ascending address: i from 0 on, false = no more. */
struct err *kallsyms_load(struct kallsyms *k) must_check;
bool kallsyms_get(const struct kallsyms *k, uint32_t i, struct kallsym *ret);

/* The function that the compiler made a copy of which takes fewer arguments
 * ("f" of "f.isra.0", "f.constprop.0.isra.0"); empty = this is none. */
struct str kallsyms_copied(struct str name);

/* Is it that of a function of the kernel itself? */
bool kallsym_is_function(const struct kallsym *sym);

#endif
