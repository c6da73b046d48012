/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names to what they mean: variables and functions.
 */
#ifndef SEMA_SCOPE_H
#define SEMA_SCOPE_H

#include "sema/program.h"

struct diag;

/*
 * Resolves the names of all probes, and of the functions that these call,
 * which become p->funcs; the globals that are mentioned and all of the
 * script's become p->globals, with -G applied.  Library files that define
 * what is used join p->files, and their probes p->probes.
 */
void scope_resolve(struct program *p);

/* The file that a place is in, or NULL. */
const struct ast_file *scope_file(const struct program *p, struct span span);

/* Says, of a variable that is never assigned, what may have been meant: a call
 * of the function of that name, or one of the variables `beside` it (NULL =
 * none) and the globals.  False: nothing comes to mind. */
bool scope_help_unset(const struct program *p, struct diag *d, struct str name,
		      const struct vars *beside);

#endif
