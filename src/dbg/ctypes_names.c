/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/ctypes_names.h"

void ctypes_names_init(struct ctypes_names *n, struct ctypes *types,
		       struct arena *arena)
{
	n->types = types;
	n->arena = arena;
	map_init(&n->known, arena);
}

struct str ctypes_names_get(struct ctypes_names *n, uint32_t id)
{
	struct str key = { (const char *)&id, sizeof(id) };
	struct str *s = map_find(&n->known, key);

	if (s)
		return *s;
	s = arena_new(n->arena, struct str);
	*s = ctypes_type_name(n->types, id, n->arena);
	map_set(&n->known, arena_str(n->arena, key), s);
	return *s;
}
