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

struct elfsyms;

/* The debug information of the kernel, of a module, of a program or library. */
struct debug_source {
	struct str module;	/* empty = the kernel, or path says */
	struct str path;	/* of a program's or library's file */
	struct elfsyms *symbols;	/* of the same; NULL: is no ELF file */
	struct debuginfo *info;	/* NULL: there is none, */
	struct ctypes *types;
	struct str why, help;	/* this says why */
	bool is_unasked;	/* ... and no server was asked for it */
};

/* Opened when first asked for; never NULL. */
struct debug_source *debug_source_get(struct program *p, struct str module);
/* The same of what is on this machine: where it is of use, and not needed. */
struct debug_source *debug_source_here(struct program *p, struct str module);
struct debug_source *debug_source_file(struct program *p, struct str path);
/* Is it of a program for another processor?  32-bit programs run on this
 * machine, too: their arguments are not in the registers that are known. */
bool debug_is_foreign(const struct program *p, const struct debug_source *src);
/* The types of a module: its BTF, else those of its debug information; NULL =
 * neither is there. */
struct ctypes *debug_module_types(struct program *p, struct str module);
void debug_sources_close(struct program *p);

/* The variables that are visible at pc in a function (own or inlined; none =
 * the innermost one) of the source.  Those of programs are found from the
 * address that was hit.  name: of the function, empty = unknown. */
struct target_scope *debug_scope(struct program *p, struct debug_source *src,
				 uint64_t pc, struct dbg_die scope,
				 struct str name, struct str what);

/* What there is when a function returns, whose probe is at pc: its result. */
struct target_scope *debug_return_scope(struct program *p,
					struct debug_source *src,
					const struct dbg_function *f,
					uint64_t pc, struct str what);

/* A global variable as a root, for a handler of this scope; false = there is
 * none of this name. */
bool debug_global(struct program *p, struct debug_source *src,
		  const struct target_scope *scope, struct str name,
		  struct str file, struct target_root *ret);

/* The same by symbols alone: a number of 1, 2, 4 or 8 bytes, which has a sign
 * as far as anyone knows. */
bool debug_symbol(struct program *p, struct debug_source *src,
		  const struct target_scope *scope, struct str name,
		  struct target_root *ret);

/* Makes r what is at a location of the source, for a handler of this scope:
 * the operations that give its address, or its place; or says what it is that
 * it misses. */
void debug_locate(struct program *p, const struct target_scope *scope,
		  struct debug_source *src, const struct dbg_loc *loc,
		  struct target_root *r);

/* The variable outside of functions that a name means in the probed code. */
bool debug_visible(struct program *p, const struct target_scope *scope,
		   struct str name, struct target_root *ret);

#endif
