/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/resolve/module.h"

#include "dbg/kernel_file.h"
#include "dbg/modules.h"

struct str module_name(struct arena *a, struct str name)
{
	char *s = arena_alloc(a, name.len + 1);

	for (uint32_t i = 0; i < name.len; i++)
		s[i] = name.s[i] == '-' ? '_' : name.s[i];
	s[name.len] = 0;
	return (struct str){ s, name.len };
}

struct world_names modules_meant(struct program *p, struct str pattern)
{
	struct world_names names = {};
	struct modules loaded = {};
	struct str path;
	struct err *e;

	pattern = module_name(p->arena, pattern);
	err_free(modules_list(p->world, p->arena, &loaded));
	for (uint32_t i = 0; i < loaded.n; i++)
		if (str_glob(pattern, loaded.v[i].name))
			vec_push(p->arena, &names, loaded.v[i].name);
	if (names.n || str_is(pattern, "*"))
		return names;
	if (str_has_glob(pattern)) {
		err_free(kernel_file_modules(p->world, p->arena, pattern,
					     &names));
		return names;
	}
	e = kernel_file_module(p->world, p->arena, pattern, &path);
	if (!e)
		vec_push(p->arena, &names, pattern);
	err_free(e);
	return names;
}

enum resolve_status module_unknown(struct query *q,
				   const struct ast_component *c)
{
	enum resolve_status status =
		query_nothing(q, c->arg_span, DIAG_UNKNOWN_MODULE,
			      "no module '%" STR_FMT "' is loaded or installed",
			      STR_ARG(c->string));

	q->answer->help =
		STR("write ? behind the probe point to go without it");
	return status;
}

const struct ast_point *module_point(struct program *p,
				     const struct ast_point *point,
				     struct str module)
{
	struct ast_point *copy = arena_new(p->arena, struct ast_point);

	*copy = *point;
	copy->v = arena_array(p->arena, point->n, struct ast_component);
	for (uint32_t i = 0; i < point->n; i++) {
		copy->v[i] = point->v[i];
		if (str_is(point->v[i].name, "module"))
			copy->v[i].string = module;
	}
	return copy;
}
