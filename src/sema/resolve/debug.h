/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug information for the program: which file has been opened for what, and
 * the variables at an address as roots of target variables.
 */
#ifndef SEMA_RESOLVE_DEBUG_H
#define SEMA_RESOLVE_DEBUG_H

#include "dbg/debuginfo.h"
#include "sema/program.h"
#include "sema/resolve/target.h"

/* The debug information of the kernel or of a module. */
struct debug_source {
	struct str module;	/* empty = the kernel */
	struct debuginfo *info;	/* NULL: there is none, */
	struct ctypes *types;
	struct str why, help;	/* this says why */
};

/* Opened when first asked for; never NULL. */
struct debug_source *debug_source_get(struct program *p, struct str module);
/* The types of a module: its BTF, else those of its debug information; NULL =
 * neither is there. */
struct ctypes *debug_module_types(struct program *p, struct str module);
void debug_sources_close(struct program *p);

/* The variables that are visible at pc in a function (own or inlined; none =
 * the innermost one) of the source. */
const struct target_scope *debug_scope(struct program *p,
				       struct debug_source *src, uint64_t pc,
				       struct dbg_die scope, struct str what);

/* What there is when a function returns: its result. */
const struct target_scope *debug_return_scope(struct program *p,
					      struct debug_source *src,
					      const struct dbg_function *f,
					      struct str what);

/* A global variable as a root; false = there is none of this name. */
bool debug_global(struct program *p, struct debug_source *src, struct str name,
		  struct str file, struct target_root *ret);

#endif
