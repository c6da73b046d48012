/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bits.h"
#include "base/map.h"
#include "run/stacks.h"
#include "run/store.h"

struct fold {
	const struct image *img;
	struct store *store;
	struct stacks *stacks;
	struct arena arena;
	struct map firsts;	/* a text to the struct str that stands for
				 * it */
	bool *is_done;		/* since fold_begin(), by number of a global */
	uint8_t *key;		/* room for the longest */
};

static uint32_t longest_key(const struct image *img)
{
	uint32_t size = 0;

	for (uint32_t i = 0; i < img->globals.n; i++)
		size = MAX(size, img->globals.v[i].key_size);
	return size;
}

struct fold *fold_create(const struct image *img, struct store *store,
			 struct stacks *stacks)
{
	struct fold *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->img = img;
	f->store = store;
	f->stacks = stacks;
	f->is_done = arena_array(&f->arena, img->globals.n + 1, bool);
	f->key = arena_alloc(&f->arena, longest_key(img) + 1);
	map_init(&f->firsts, &f->arena);
	return f;
}

void fold_destroy(struct fold *f)
{
	if (!f)
		return;
	arena_deinit(&f->arena);
	free(f);
}

void fold_begin(struct fold *f)
{
	memset(f->is_done, 0, f->img->globals.n * sizeof(*f->is_done));
}

static struct str remember(struct fold *f, struct str text, struct str first)
{
	struct str *copy = arena_new(&f->arena, struct str);

	*copy = arena_str(&f->arena, first);
	map_set(&f->firsts, arena_str(&f->arena, text), copy);
	return *copy;
}

/* What stands for all strings that read as this one. */
static struct str first_of(struct fold *f, struct str s)
{
	struct str text = stacks_text(f->stacks, s);
	const struct str *first = map_find(&f->firsts, text);

	if (first)
		return *first;
	return text.s == s.s ? s : remember(f, text, s);
}

/* The key that stands for an entry's, in f->key; false = it does itself. */
static bool find_first(struct fold *f, const struct snapshot *sn, uint32_t i)
{
	const struct image_global *g = sn->global;
	bool differs = false;

	memcpy(f->key, snapshot_raw(sn, i), g->key_size);
	for (uint32_t k = 0; k < g->nkeys; k++) {
		struct value v = snapshot_key(sn, i, k);
		struct str s;

		if (v.type != IT_STRING)
			continue;
		s = first_of(f, v.s);
		if (str_eq(s, v.s) || s.len > g->key_bound[k])
			continue;
		memset(f->key + g->key_off[k], 0, g->key_bound[k] + 1U);
		memcpy(f->key + g->key_off[k], s.s, s.len);
		differs = true;
	}
	return differs;
}

static void fold_array(struct fold *f, uint32_t global)
{
	struct snapshot *sn;

	if (f->is_done[global])
		return;
	f->is_done[global] = true;
	sn = store_snapshot(f->store, global);
	for (uint32_t i = 0; i < sn->n; i++)
		if (find_first(f, sn, i))
			store_fold(f->store, global, snapshot_raw(sn, i),
				   f->key);
	snapshot_destroy(sn);
}

/* Without what has come, or stayed, at other keys. */
static void keep_firsts(struct fold *f, struct snapshot *sn)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < sn->n; i++)
		if (!find_first(f, sn, i))
			sn->order[n++] = sn->order[i];
	sn->n = n;
}

struct snapshot *fold_snapshot(struct fold *f, uint32_t global)
{
	bool folds = f->img->globals.v[global].fold;
	struct snapshot *sn;

	if (folds)
		fold_array(f, global);
	sn = store_snapshot(f->store, global);
	if (folds)
		keep_firsts(f, sn);
	return sn;
}

void fold_keys(struct fold *f, uint32_t global, struct value *keys)
{
	const struct image_global *g = &f->img->globals.v[global];

	if (!g->fold)
		return;
	fold_array(f, global);
	for (uint32_t k = 0; k < g->nkeys; k++)
		if (keys[k].type == IT_STRING)
			keys[k].s = first_of(f, keys[k].s);
}
