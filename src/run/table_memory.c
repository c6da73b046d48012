/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array in memory: slots of key and value, a hash over them, and a list
 * in order of insertion.  Slot 0 is the list's head.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "run/stat.h"
#include "run/table.h"

struct link {
	uint32_t prev, next;	/* in order; of a free slot: next free */
	uint32_t chain;		/* next in the same bucket, 0 = none */
};

struct memory {
	struct table table;
	struct link *links;
	uint8_t *data;		/* of slots: key, value */
	uint32_t *buckets;	/* a slot, 0 = none */
	uint32_t nbuckets;	/* a power of two */
	uint32_t nslots, cap;	/* slots that were ever in use; room */
	uint32_t free;		/* first free slot, 0 = none */
	uint32_t n;		/* entries */
	uint32_t size;		/* of one slot's data */
};

static struct memory *memory_of(struct table *t)
{
	return (struct memory *)(void *)t;
}

static uint8_t *key_at(const struct memory *m, uint32_t slot)
{
	return m->data + (size_t)slot * m->size;
}

static uint8_t *value_at(const struct memory *m, uint32_t slot)
{
	return key_at(m, slot) + m->table.key_size;
}

static void *resize(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n, size);
	if (!p)
		abort();
	return p;
}

static uint32_t bucket_of(const struct memory *m, const void *key)
{
	struct str s = { key, m->table.key_size };

	return (uint32_t)str_hash(s) & (m->nbuckets - 1);
}

static void memory_destroy(struct table *t)
{
	struct memory *m = memory_of(t);

	free(m->links);
	free(m->data);
	free(m->buckets);
	free(m);
}

static void rehash(struct memory *m, uint32_t nbuckets)
{
	m->nbuckets = nbuckets;
	m->buckets = resize(m->buckets, nbuckets, sizeof(*m->buckets));
	memset(m->buckets, 0, nbuckets * sizeof(*m->buckets));
	for (uint32_t i = m->links[0].next; i; i = m->links[i].next) {
		uint32_t b = bucket_of(m, key_at(m, i));

		m->links[i].chain = m->buckets[b];
		m->buckets[b] = i;
	}
}

static void grow(struct memory *m)
{
	uint32_t cap = m->cap ? m->cap * 2 : 64;

	m->links = resize(m->links, cap, sizeof(*m->links));
	m->data = resize(m->data, cap, m->size);
	if (!m->cap)
		m->links[0] = (struct link){};
	m->cap = cap;
	rehash(m, cap);
}

static uint32_t find(const struct memory *m, const void *key)
{
	uint32_t i = m->buckets[bucket_of(m, key)];

	while (i && memcmp(key_at(m, i), key, m->table.key_size) != 0)
		i = m->links[i].chain;
	return i;
}

static void unlink_slot(struct memory *m, uint32_t i)
{
	struct link *l = &m->links[i];

	m->links[l->prev].next = l->next;
	m->links[l->next].prev = l->prev;
}

/* Puts a slot into the list, behind slot `prev`. */
static void link_slot(struct memory *m, uint32_t i, uint32_t prev)
{
	struct link *l = &m->links[i];

	l->prev = prev;
	l->next = m->links[prev].next;
	m->links[l->next].prev = i;
	m->links[prev].next = i;
}

static void remove_slot(struct memory *m, uint32_t i)
{
	uint32_t *at = &m->buckets[bucket_of(m, key_at(m, i))];

	while (*at != i)
		at = &m->links[*at].chain;
	*at = m->links[i].chain;
	unlink_slot(m, i);
	m->links[i].next = m->free;
	m->free = i;
	m->n--;
}

static uint32_t new_slot(struct memory *m)
{
	uint32_t i = m->free;

	if (i) {
		m->free = m->links[i].next;
		return i;
	}
	if (m->nslots == m->cap)
		grow(m);
	return m->nslots++;
}

/* The slot of a key, made if need be; 0 = no room. */
static uint32_t obtain(struct memory *m, const void *key)
{
	uint32_t i = find(m, key), b;

	if (i)
		return i;
	if (m->n >= m->table.global->max_entries) {
		if (!m->table.global->wrap || !m->n)
			return 0;
		remove_slot(m, m->links[0].next);
	}
	i = new_slot(m);
	memcpy(key_at(m, i), key, m->table.key_size);
	memset(value_at(m, i), 0, m->table.value_size);
	b = bucket_of(m, key);
	m->links[i].chain = m->buckets[b];
	m->buckets[b] = i;
	link_slot(m, i, m->links[0].prev);
	m->n++;
	return i;
}

static bool memory_get(struct table *t, const void *key, void *ret)
{
	struct memory *m = memory_of(t);
	uint32_t i = find(m, key);

	if (i && ret)
		memcpy(ret, value_at(m, i), t->value_size);
	return i;
}

static bool memory_put(struct table *t, const void *key, const void *value)
{
	struct memory *m = memory_of(t);
	uint32_t i = obtain(m, key);

	if (i)
		memcpy(value_at(m, i), value, t->value_size);
	return i;
}

static bool memory_add(struct table *t, const void *key, int64_t v)
{
	struct memory *m = memory_of(t);
	uint32_t i = obtain(m, key);
	uint64_t sum;

	if (!i)
		return false;
	memcpy(&sum, value_at(m, i), sizeof(sum));
	sum += (uint64_t)v;
	memcpy(value_at(m, i), &sum, sizeof(sum));
	return true;
}

static bool memory_stat_add(struct table *t, const void *key, int64_t v)
{
	struct memory *m = memory_of(t);
	uint32_t i = obtain(m, key);

	if (i)
		stat_add(&t->global->stat, value_at(m, i), v);
	return i;
}

static bool memory_merge(struct table *t, const void *key, const void *stat)
{
	struct memory *m = memory_of(t);
	uint32_t i = obtain(m, key);

	if (i)
		stat_merge(&t->global->stat, value_at(m, i), stat);
	return i;
}

static void memory_del(struct table *t, const void *key)
{
	struct memory *m = memory_of(t);
	uint32_t i = find(m, key);

	if (i)
		remove_slot(m, i);
}

static void memory_clear(struct table *t)
{
	struct memory *m = memory_of(t);

	m->links[0] = (struct link){};
	m->nslots = 1;
	m->free = 0;
	m->n = 0;
	memset(m->buckets, 0, m->nbuckets * sizeof(*m->buckets));
}

static uint32_t memory_all(struct table *t, struct buf *ret)
{
	struct memory *m = memory_of(t);

	for (uint32_t i = m->links[0].next; i; i = m->links[i].next)
		buf_add(ret, key_at(m, i), m->size);
	return m->n;
}

static void memory_reorder(struct table *t, const uint8_t *const *keys,
			   uint32_t n)
{
	struct memory *m = memory_of(t);
	uint32_t behind = 0;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = find(m, keys[k]);

		if (!i)
			continue;
		unlink_slot(m, i);
		link_slot(m, i, behind);
		behind = i;
	}
}

/* Nobody else writes here: nothing can have come since. */
static void memory_drain(struct table *t, const void *key, const void *seen)
{
	(void)seen;
	memory_del(t, key);
}

static const struct table_ops memory_ops = {
	.destroy = memory_destroy,
	.get = memory_get,
	.put = memory_put,
	.add = memory_add,
	.stat_add = memory_stat_add,
	.merge = memory_merge,
	.del = memory_del,
	.clear = memory_clear,
	.all = memory_all,
	.reorder = memory_reorder,
	.drain = memory_drain,
};

struct table *table_memory_create(const struct image_global *g)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->table.ops = &memory_ops;
	m->table.global = g;
	m->table.key_size = g->key_size;
	m->table.value_size = table_value_size(g);
	m->size = m->table.key_size + m->table.value_size;
	m->nslots = 1;
	grow(m);
	return &m->table;
}
