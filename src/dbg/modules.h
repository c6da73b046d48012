/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel modules that are loaded (/proc/modules); none on a kernel
 * without modules.
 */
#ifndef DBG_MODULES_H
#define DBG_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "dbg/world.h"

struct module {
	struct str name;	/* with '_', never '-' */
	uint32_t size;		/* bytes */
	uint64_t addr;		/* 0 = hidden from us */
};

struct modules {
	struct module *v;
	uint32_t n, cap;
};

/* Sorted by name. */
struct err *modules_list(const struct world *w, struct arena *a,
			 struct modules *ret) must_check;

/* Is the module there at this moment, or just coming?  name with '_'. */
bool modules_has(const struct world *w, struct str name);

#endif
