/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which modules a point means, for the kinds that have module("name").
 */
#ifndef SEMA_RESOLVE_MODULE_H
#define SEMA_RESOLVE_MODULE_H

#include "dbg/world.h"
#include "sema/resolve/kind.h"

/* As modules are called when they are loaded: '_', never '-'. */
struct str module_name(struct arena *a, struct str name);

/* The modules that are meant, by name: a pattern means those that are loaded;
 * a name also one that can be loaded later.  None = module_unknown(). */
struct world_names modules_meant(struct program *p, struct str pattern);
enum resolve_status module_unknown(struct query *q,
				   const struct ast_component *c);

/* The point, with one module in place of a pattern. */
const struct ast_point *module_point(struct program *p,
				     const struct ast_point *point,
				     struct str module);

#endif
