/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/map.h"

#include <stdlib.h>

#include "base/vec.h"

void map_init(struct map *m, struct arena *arena)
{
	*m = (struct map){ .arena = arena };
}

/* The slot of key, or the free slot where it would go. */
static uint32_t *map_slot(const struct map *m, struct str key)
{
	uint32_t mask = m->nslots - 1;
	uint32_t i = (uint32_t)str_hash(key) & mask;

	while (m->slots[i] && !str_eq(m->entries[m->slots[i] - 1].key, key))
		i = (i + 1) & mask;
	return &m->slots[i];
}

static void map_rehash(struct map *m)
{
	m->nslots = m->nslots ? m->nslots * 2 : 16;
	if (!m->nslots)
		abort();
	m->slots = arena_array(m->arena, m->nslots, uint32_t);
	for (uint32_t i = 0; i < m->n; i++)
		*map_slot(m, m->entries[i].key) = i + 1;
}

void *map_find(const struct map *m, struct str key)
{
	uint32_t slot = m->nslots ? *map_slot(m, key) : 0;

	return slot ? m->entries[slot - 1].value : NULL;
}

void *map_set(struct map *m, struct str key, void *value)
{
	uint32_t *slot;
	void *old;

	if (m->n * 2 >= m->nslots)
		map_rehash(m);
	slot = map_slot(m, key);
	if (*slot) {
		old = m->entries[*slot - 1].value;
		m->entries[*slot - 1].value = value;
		return old;
	}
	if (m->n == m->cap)
		m->entries = vec_grow(m->arena, m->entries, m->n, &m->cap,
				      sizeof(*m->entries));
	m->entries[m->n++] = (struct map_entry){ key, value };
	*slot = m->n;
	return NULL;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(map_finds_and_keeps_order)
{
	struct arena a;
	struct map m;
	static int values[500];

	arena_init(&a);
	map_init(&m, &a);
	TEST(!map_find(&m, STR("7")));
	for (int i = 0; i < 500; i++)
		TEST(!map_set(&m, arena_printf(&a, "%d", i), &values[i]));
	for (int i = 0; i < 500; i++)
		TEST(map_find(&m, arena_printf(&a, "%d", i)) == &values[i]);
	TEST(map_set(&m, STR("7"), &values[0]) == &values[7]);
	TEST_EQ(m.n, 500);
	TEST(str_is(m.entries[7].key, "7"));
	TEST(m.entries[7].value == &values[0]);
	TEST(!map_find(&m, STR("")));
	arena_deinit(&a);
}
#endif
