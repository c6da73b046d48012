/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "run/stacks.h"
#include "run/stat.h"

struct order {
	const struct snapshot *sn;
	enum image_sort by;
	uint32_t key;
	enum stat_op stat;
	int dir;
};

void snapshot_destroy(struct snapshot *sn)
{
	if (!sn)
		return;
	free(sn->order);
	buf_deinit(&sn->entries);
	free(sn);
}

struct value value_decode_str(const uint8_t *p, uint32_t bound)
{
	uint32_t n = (uint32_t)strnlen((const char *)p, bound);

	return value_str((struct str){ (const char *)p, n });
}

struct value value_decode_long(const uint8_t *p)
{
	int64_t l;

	memcpy(&l, p, sizeof(l));
	return value_long(l);
}

static const uint8_t *entry(const struct snapshot *sn, uint32_t number)
{
	return (const uint8_t *)sn->entries.data +
	       (size_t)number * sn->entry_size;
}

static struct value entry_key(const struct snapshot *sn, uint32_t number,
			      uint32_t k)
{
	const struct image_global *g = sn->global;
	const uint8_t *p = entry(sn, number) + g->key_off[k];

	return g->key_type[k] == IT_LONG ?
		       value_decode_long(p) :
		       value_decode_str(p, g->key_bound[k]);
}

static struct value entry_value(const struct snapshot *sn, uint32_t number)
{
	const struct image_global *g = sn->global;
	const uint8_t *p = entry(sn, number) + g->key_size;

	return g->type == IT_LONG ? value_decode_long(p) :
				    value_decode_str(p, g->bound);
}

static const uint8_t *entry_stat(const struct snapshot *sn, uint32_t number)
{
	return entry(sn, number) + sn->global->key_size;
}

static int64_t entry_extract(const struct order *o, uint32_t number)
{
	enum stat_op op = o->by == SORT_STAT ? o->stat : STAT_OP_COUNT;
	enum image_error unused;
	int64_t v = 0;

	/* As SystemTap has it, there is no sorting by variance. */
	if (op == STAT_OP_VARIANCE || op == STAT_OP_BUCKET)
		op = STAT_OP_COUNT;
	stat_get(&o->sn->global->stat, entry_stat(o->sn, number), op, 0, &v,
		 &unused);
	return v;
}

static struct value stack_text(const struct order *o, struct value v)
{
	return o->sn->stacks ? stacks_value(o->sn->stacks, v) : v;
}

static struct value sort_value(const struct order *o, uint32_t number)
{
	if (o->by == SORT_KEY)
		return stack_text(o, entry_key(o->sn, number, o->key));
	if (o->sn->global->type == IT_STATS)
		return value_long(entry_extract(o, number));
	return stack_text(o, entry_value(o->sn, number));
}

static int compare_values(struct value a, struct value b)
{
	if (a.type == IT_STRING)
		return str_cmp(a.s, b.s);
	return (a.l > b.l) - (a.l < b.l);
}

static int compare(const void *pa, const void *pb, void *data)
{
	const uint32_t *a = pa, *b = pb;
	const struct order *o = data;
	int c = compare_values(sort_value(o, *a), sort_value(o, *b));

	if (o->dir < 0)
		c = -c;
	return c ? c : (*a > *b) - (*a < *b);
}

void snapshot_sort(struct snapshot *sn, enum image_sort by, uint32_t key,
		   enum stat_op stat, int dir)
{
	struct order o = { sn, by, key, stat, dir };

	if (by != SORT_NONE && sn->n > 1)
		qsort_r(sn->order, sn->n, sizeof(*sn->order), compare, &o);
}

const uint8_t *snapshot_raw(const struct snapshot *sn, uint32_t i)
{
	return entry(sn, sn->order[i]);
}

struct value snapshot_key(const struct snapshot *sn, uint32_t i, uint32_t k)
{
	return entry_key(sn, sn->order[i], k);
}

struct value snapshot_value(const struct snapshot *sn, uint32_t i)
{
	return entry_value(sn, sn->order[i]);
}

const uint8_t *snapshot_stat(const struct snapshot *sn, uint32_t i)
{
	return entry_stat(sn, sn->order[i]);
}
