/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/vm_map.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

static void *alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		abort();
	return p;
}

static bool is_hash(const struct vm_map *map)
{
	return map->m->kind == IMAP_HASH ||
	       map->m->kind == IMAP_PERCPU_HASH ||
	       map->m->kind == IMAP_STACKS || map->m->kind == IMAP_TOLD ||
	       map->m->kind == IMAP_FAMILY;
}

static bool is_ring(const struct vm_map *map)
{
	return map->m->kind == IMAP_DATA || map->m->kind == IMAP_CONTROL;
}

static bool is_percpu(const struct image_map *m)
{
	return m->kind == IMAP_PERCPU_HASH || m->kind == IMAP_STATS ||
	       m->kind == IMAP_STANDINS;
}

static size_t all_copies(const struct vm_map *map)
{
	return (size_t)map->stride * map->ncpus;
}

static struct vm_element *add(struct vm_map *map)
{
	struct vm_element *e;

	if (map->n == map->cap) {
		map->cap = map->cap ? 2 * map->cap : 16;
		map->v = realloc(map->v, map->cap * sizeof(*map->v));
		if (!map->v)
			abort();
	}
	e = &map->v[map->n++];
	*e = (struct vm_element){
		.key = alloc(map->m->key_size),
		.value = alloc(all_copies(map)),
		.live = true,
	};
	map->live++;
	return e;
}

void vm_map_init(struct vm_map *map, const struct image *img, uint32_t number,
		 uint32_t ncpus)
{
	const struct image_map *m = &img->maps.v[number];

	*map = (struct vm_map){
		.m = m,
		.number = number,
		.ncpus = is_percpu(m) ? MAX(ncpus, 1u) : 1,
		.stride = align_up(m->value_size, 8),
	};
	if (is_hash(map) || is_ring(map))
		return;
	for (uint32_t i = 0; i < image_map_entries(m, ncpus); i++)
		add(map);
	if (m->kind == IMAP_RODATA)
		memcpy(map->v[0].value, img->bytes.v + m->init, m->init_len);
}

static void release(struct vm_element *e)
{
	free(e->key);
	free(e->value);
}

void vm_map_deinit(struct vm_map *map)
{
	for (uint32_t i = 0; i < map->n; i++)
		release(&map->v[i]);
	free(map->v);
}

struct vm_element *vm_map_find(struct vm_map *map, const void *key)
{
	uint32_t i;

	if (is_ring(map))
		return NULL;
	if (!is_hash(map)) {
		memcpy(&i, key, sizeof(i));
		return i < map->n ? &map->v[i] : NULL;
	}
	for (i = 0; i < map->n; i++)
		if (map->v[i].live &&
		    !memcmp(map->v[i].key, key, map->m->key_size))
			return &map->v[i];
	return NULL;
}

int vm_map_update(struct vm_map *map, const void *key, const void *value,
		  uint64_t flags)
{
	struct vm_element *e = vm_map_find(map, key);

	if (!is_hash(map) || (!e && flags == BPF_EXIST))
		return e && !is_hash(map) ? -EINVAL : -ENOENT;
	if (e && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!e && map->live >= map->m->max_entries)
		return -E2BIG;
	if (!e) {
		e = add(map);
		memcpy(e->key, key, map->m->key_size);
	}
	memcpy(e->value, value, map->m->value_size);
	return 0;
}

int vm_map_delete(struct vm_map *map, const void *key)
{
	struct vm_element *e = is_hash(map) ? vm_map_find(map, key) : NULL;

	if (!e)
		return -ENOENT;
	e->live = false;
	map->live--;
	return 0;
}

void vm_map_settle(struct vm_map *map)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < map->n; i++) {
		if (map->v[i].live)
			map->v[n++] = map->v[i];
		else
			release(&map->v[i]);
	}
	map->n = n;
}

bool vm_map_holds(const struct vm_map *map, uint64_t addr, uint64_t size)
{
	uint64_t room = map->m->value_size;

	for (uint32_t i = 0; i < map->n; i++) {
		uint64_t at = addr - ptr_u64(map->v[i].value);
		uint64_t copy = map->stride ? at / map->stride : 0;

		if (at >= all_copies(map))
			continue;
		at -= copy * map->stride;
		return at <= room && size <= room - at;
	}
	return false;
}
