/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syscall.* and other patterns in one program.  A handler that asks only for
 * the name of a call, for its arguments as text to print, and for its result,
 * can be one for many calls: it takes all that any of them may need, and the
 * host makes the text when it knows which call it was.
 *
 * Calls whose arguments are more than that (two texts and one structure) keep
 * probes of their own.
 */
#ifndef SEMA_SYSCALLS_GROUP_H
#define SEMA_SYSCALLS_GROUP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "sema/program.h"

struct arch;

/* A point FAMILY.PATTERN or FAMILY.PATTERN.return. */
struct syscalls_group {
	const struct arch *arch;
	struct str family, pattern;
	bool is_return;
};

/* Can this point and handler be served so?  Sets ret. */
bool syscalls_group_find(const struct program *p, const struct ast_point *pt,
			 const struct ast_stmt *body,
			 struct syscalls_group *ret);

/* Is the alias "syscall.read.return" one of those that the group serves (or
 * "syscall.read", with a suffix to come)? */
bool syscalls_group_has(const struct syscalls_group *g, struct str name);

/* The definition of an alias for the whole group, NUL behind it; empty when
 * there are too few calls in it. */
struct str syscalls_group_text(struct arena *a,
			       const struct syscalls_group *g);

#endif
