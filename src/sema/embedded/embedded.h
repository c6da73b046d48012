/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Embedded C: %{ ... %}.  What is between becomes a tree of the script's
 * language when names are resolved (scope), so that all the passes behind that
 * know nothing of C.  What is not understood stays, with what is to be said
 * about it: elide may find that it is not used, else check says it.
 *
 * Needs the types of the kernel (BTF).
 */
#ifndef SEMA_EMBEDDED_EMBEDDED_H
#define SEMA_EMBEDDED_EMBEDDED_H

#include "sema/program.h"

/* Gives a function that is written in C its body. */
void embedded_function(struct program *p, struct ast_function *fn);

/* Expressions and statements in C below, in place; fn: whose body it is, or
 * NULL: a handler's. */
void embedded_body(struct program *p, struct ast_stmt **body,
		   const struct ast_function *fn);
void embedded_expr(struct program *p, struct ast_expr **e);

/* Is it a variable that C code has, or its translation? */
bool embedded_is_name(struct str name);

#endif
