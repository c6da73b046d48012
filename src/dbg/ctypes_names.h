/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of types, each made once: thousands of functions of a list have the
 * same few.
 */
#ifndef DBG_CTYPES_NAMES_H
#define DBG_CTYPES_NAMES_H

#include "base/arena.h"
#include "base/map.h"
#include "dbg/ctypes.h"

struct ctypes_names {
	struct ctypes *types;
	struct arena *arena;
	struct map known;	/* struct str, by the bytes of the id */
};

/* types and arena, which names are in, must outlive it. */
void ctypes_names_init(struct ctypes_names *n, struct ctypes *types,
		       struct arena *arena);

/* As ctypes_type_name(). */
struct str ctypes_names_get(struct ctypes_names *n, uint32_t id);

#endif
