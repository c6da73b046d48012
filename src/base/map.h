/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hash map from names to pointers, in an arena.  Keys are not copied: they
 * must live as long as the map.  Iteration is in the order of insertion, so
 * that whatever is printed from a map is deterministic.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct map_entry {
	struct str key;
	void *value;
};

struct map {
	struct arena *arena;
	struct map_entry *entries;	/* in order of insertion */
	uint32_t n, cap;
	uint32_t *slots;		/* index + 1 into entries, 0 = free */
	uint32_t nslots;		/* a power of two */
};

void map_init(struct map *m, struct arena *arena);

/* NULL = not there. */
void *map_find(const struct map *m, struct str key);

/* Sets; returns the value that was there, or NULL. */
void *map_set(struct map *m, struct str key, void *value);

#endif
