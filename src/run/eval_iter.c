/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreach, and histograms.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "run/engine.h"
#include "run/fold.h"
#include "run/hist.h"
#include "run/stat.h"

static void drop(struct iteration *it)
{
	snapshot_destroy(it->sn);
	it->sn = NULL;
}

void iter_drop(struct host *h, uint32_t first)
{
	while (h->niters > first)
		drop(&h->iters[--h->niters]);
}

/* Room for one more; its number, from 1. */
static int64_t obtain(struct host *h)
{
	if (h->niters == h->iters_cap) {
		h->iters_cap = h->iters_cap ? 2 * h->iters_cap : 16;
		h->iters = reallocarray(h->iters, h->iters_cap,
					sizeof(*h->iters));
		if (!h->iters)
			abort();
	}
	h->iters[h->niters] = (struct iteration){};
	return ++h->niters;
}

const struct iteration *iter_at(const struct host *h, int64_t number)
{
	const struct iteration *it;

	if (number < 1 || number > h->niters)
		return NULL;
	it = &h->iters[number - 1];
	return it->sn && it->at ? it : NULL;
}

void iter_note_write(struct host *h, uint32_t global)
{
	for (uint32_t i = 0; i < h->niters; i++) {
		if (h->iters[i].sn && h->iters[i].spec->global == global)
			h->iters[i].has_written = true;
	}
}

const struct snapshot *iter_drainable(const struct host *h, uint32_t global)
{
	for (uint32_t i = h->niters; i-- > h->frame->first_iter;) {
		const struct iteration *it = &h->iters[i];

		if (it->sn && it->spec->global == global &&
		    !it->spec->slice && !it->has_written)
			return it->sn;
	}
	return NULL;
}

static bool same_value(struct value a, struct value b)
{
	if (a.type != b.type)
		return false;
	return a.type == IT_STRING ? str_eq(a.s, b.s) : a.l == b.l;
}

static bool is_at(const struct iteration *it, const struct value *keys)
{
	for (uint32_t k = 0; k < it->sn->global->nkeys; k++) {
		if (!same_value(snapshot_key(it->sn, it->at - 1, k), keys[k]))
			return false;
	}
	return true;
}

const uint8_t *iter_current(const struct host *h, uint32_t global,
			    const struct value *keys)
{
	for (uint32_t i = h->niters; i-- > h->frame->first_iter;) {
		const struct iteration *it = &h->iters[i];

		if (it->sn && it->at && it->spec->global == global &&
		    !it->has_written && is_at(it, keys))
			return snapshot_raw(it->sn, it->at - 1) +
			       it->sn->global->key_size;
	}
	return NULL;
}

/* The arguments of an iteration as a whole key, wildcards as IT_VOID: either
 * all keys are given, or only those that are fixed. */
static void slice_keys(struct host *h, const struct image_insn *i,
		       const struct image_iter *spec, struct value *ret)
{
	uint32_t nkeys = h->img->globals.v[spec->global].nkeys, next = 0;
	const struct value *args = host_list(h, i);
	struct value keys[IMAGE_KEYS] = {};

	for (uint32_t k = 0; k < nkeys; k++) {
		if (i->nargs == nkeys)
			keys[k] = args[k];
		else if (spec->slice >> k & 1 && next < i->nargs)
			keys[k] = args[next++];
	}
	memcpy(ret, keys, sizeof(keys));
}

static enum image_sort sort_of(const struct image_iter *spec)
{
	return spec->dir ? (enum image_sort)spec->sort : SORT_NONE;
}

static void start(struct host *h, const struct image_insn *i,
		  struct iteration *it)
{
	const struct image_iter *spec = it->spec;
	struct value keys[IMAGE_KEYS];
	int64_t limit = INT64_MAX;

	if (spec->has_limit && i->a != IMAGE_NONE)
		limit = MAX(host_long(h, i->a), (int64_t)0);
	it->sn = fold_snapshot(h->fold, spec->global);
	it->sn->stacks = h->stacks;
	if (sort_of(spec) != SORT_NONE) {
		snapshot_sort(it->sn, sort_of(spec), spec->key,
			      (enum stat_op)spec->stat, spec->dir);
		store_reorder(h->store, spec->global, it->sn,
			      spec->slice ? it->sn->n :
			      (uint32_t)MIN(limit, (int64_t)it->sn->n));
	}
	if (spec->slice) {
		slice_keys(h, i, spec, keys);
		fold_keys(h->fold, spec->global, keys);
		store_keep_slice(h->store, it->sn, keys);
	}
	it->end = (uint32_t)MIN(limit, (int64_t)it->sn->n);
}

enum step eval_iter_new(struct host *h, const struct image_insn *i)
{
	uint32_t slot = (uint32_t)(i - h->img->code.v) - h->frame->func->first;
	int64_t number = h->frame->slots[slot].l;
	struct iteration *it;

	/* The same foreach once more: its old snapshot goes. */
	if (number)
		drop(&h->iters[number - 1]);
	else
		number = obtain(h);
	it = &h->iters[number - 1];
	*it = (struct iteration){ .spec = &h->img->iters.v[i->imm] };
	start(h, i, it);
	host_set_long(h, number);
	return STEP_ON;
}

enum step eval_iter_next(struct host *h, const struct image_insn *i)
{
	int64_t number = host_long(h, i->a);
	bool more = false;

	if (number >= 1 && number <= h->niters) {
		struct iteration *it = &h->iters[number - 1];

		more = it->sn && it->at < it->end;
		it->at += more;
	}
	host_set_long(h, more);
	return STEP_ON;
}

/* A value of the type that the instruction has. */
static void set_typed(struct host *h, const struct image_insn *i,
		      struct value v)
{
	if (i->type == IT_STRING)
		host_set_str(h, v.type == IT_STRING ? v.s : STR(""));
	else
		host_set_long(h, v.type == IT_LONG ? v.l : 0);
}

enum step eval_iter_key(struct host *h, const struct image_insn *i)
{
	const struct iteration *it = iter_at(h, host_long(h, i->a));
	struct value v = {};

	if (it && i->imm < it->sn->global->nkeys)
		v = snapshot_key(it->sn, it->at - 1, (uint32_t)i->imm);
	set_typed(h, i, v);
	return STEP_ON;
}

enum step eval_iter_value(struct host *h, const struct image_insn *i)
{
	const struct iteration *it = iter_at(h, host_long(h, i->a));
	struct value v = {};

	if (it && it->sn->global->type != IT_STATS)
		v = snapshot_value(it->sn, it->at - 1);
	set_typed(h, i, v);
	return STEP_ON;
}

static const uint8_t *stat_at(const struct iteration *it)
{
	if (!it || it->sn->global->type != IT_STATS)
		return NULL;
	return snapshot_stat(it->sn, it->at - 1);
}

enum step eval_iter_stat(struct host *h, const struct image_insn *i)
{
	const struct iteration *it = iter_at(h, host_long(h, i->a));
	int64_t arg = i->b == IMAGE_NONE ? 0 : host_long(h, i->b), v = 0;
	const uint8_t *stat = stat_at(it);
	enum image_error error = IERR_STAT_EMPTY;

	if (!stat || !stat_get(&it->sn->global->stat, stat,
			       (enum stat_op)i->aux, arg, &v, &error))
		return host_raise(h, error);
	host_set_long(h, v);
	return STEP_ON;
}

/* The snapshot stays with the frame: see iter_drainable(). */
enum step eval_iter_end(struct host *h, const struct image_insn *i)
{
	(void)h;
	(void)i;
	return STEP_ON;
}

/* What a handler in the kernel took, in texts, as a statistic: h->buckets. */
static const uint8_t *taken_stat(struct host *h, const struct image_insn *i,
				 const struct image_stat *s)
{
	const struct value *parts = host_list(h, i);
	uint32_t size = image_stat_size(s), off = image_stat_buckets_offset(s);
	uint8_t *stat;

	h->buckets.len = 0;
	stat = (uint8_t *)buf_reserve(&h->buckets, size);
	memset(stat, 0, size);
	if (s->fields & STAT_COUNT)	/* or it would not have come */
		stat[image_stat_offset(s, STAT_COUNT)] = 1;
	for (uint32_t k = 0; k < i->nargs; k++) {
		uint32_t n = MIN(parts[k].s.len, size - off);

		if (n)
			memcpy(stat + off, parts[k].s.s, n);
		off += n;
	}
	return stat;
}

enum step eval_hist(struct host *h, const struct image_insn *i)
{
	const struct image_global *g = &h->img->globals.v[i->imm];
	uint32_t elision = h->img->limits.hist_elision;
	const struct iteration *it = NULL;
	const uint8_t *stat;

	if (i->aux & HIST_TAKEN) {
		stat = taken_stat(h, i, &g->stat);
	} else if (i->a == IMAGE_NONE) {
		stat = store_stat(h->store, (uint32_t)i->imm,
				  host_keys(h, i));
	} else {
		it = iter_at(h, host_long(h, i->a));
		stat = stat_at(it);
	}
	if (it)
		g = it->sn->global;
	if (!stat || stat_is_empty(&g->stat, stat))
		return host_raise(h, IERR_STAT_EMPTY);
	if (i->op == OP_PRINT_HIST) {
		hist_text(&g->stat, stat, elision, output_buf(h->out));
		return STEP_ON;
	}
	h->text.len = 0;
	hist_text(&g->stat, stat, elision, &h->text);
	host_set_str(h, buf_view(&h->text));
	return STEP_ON;
}
