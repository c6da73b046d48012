/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a C type's name is looked up: the kernel's BTF, a module's, the debug
 * information of the program that is probed, or the module that @cast, @var
 * and @enum name.
 */
#ifndef SEMA_RESOLVE_TYPES_H
#define SEMA_RESOLVE_TYPES_H

#include <stdbool.h>

#include "base/str.h"
#include "dbg/ctypes.h"
#include "sema/program.h"

struct debug_source;	/* sema/resolve/debug.h */
struct target_scope;	/* sema/resolve/target.h */

/* The kernel's BTF, opened at the first call; NULL when there is none. */
struct ctypes *program_btf(struct program *p);

/* The BTF of a loaded module, on top of the kernel's; NULL when there is
 * none. */
struct ctypes *program_module_types(struct program *p, struct str module);

/* The type of pointers to the type of this name; in NULL: there is none. */
struct ctype_ref types_pointer(struct ctypes *types, struct str pointee);

/* What a module argument of @cast and @var is about; without one (NULL) it is
 * what the probe is about. */
bool types_of_user(const struct target_scope *s, const struct str *module);
bool types_of_kernel(const struct target_scope *s, const struct str *module);

/* The debug information that is meant; what could not be read of it says so
 * (debug.h). */
struct debug_source *types_source(struct program *p,
				  const struct target_scope *s,
				  const struct str *module);

/* The types among which `name` is looked up: those of the program that is
 * probed, then the kernel's; NULL when the module that is named has none. */
struct ctypes *types_find(struct program *p, const struct target_scope *s,
			  const struct str *module, struct str name);

#endif
