/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Globals and arrays.
 */
#include "run/engine.h"
#include "run/stat.h"

static bool has_wildcard(const struct value *keys, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		if (keys[k].type == IT_VOID)
			return true;
	}
	return false;
}

static void delete_all(struct host *h, uint32_t global)
{
	const struct snapshot *sn = NULL;

	if (h->img->globals.v[global].is_array)
		sn = iter_drainable(h, global);
	if (sn)
		store_drain(h->store, global, sn);
	else
		store_clear(h->store, global);
}

enum step eval_delete(struct host *h, const struct image_insn *i)
{
	uint32_t global = (uint32_t)i->imm;
	const struct value *keys = host_keys(h, i);

	if (!i->nargs)
		delete_all(h, global);
	else if (has_wildcard(keys, i->nargs))
		store_delete_slice(h->store, global, keys);
	else
		store_delete(h->store, global, keys);
	iter_note_write(h, global);
	return STEP_ON;
}

enum step eval_has(struct host *h, const struct image_insn *i)
{
	uint32_t global = (uint32_t)i->imm;
	const struct value *keys = host_keys(h, i);

	host_set_long(h, has_wildcard(keys, i->nargs) ?
				 store_has_any(h->store, global, keys) :
				 store_has(h->store, global, keys));
	return STEP_ON;
}

enum step eval_stat_get(struct host *h, const struct image_insn *i)
{
	const struct image_global *g = &h->img->globals.v[i->imm];
	int64_t arg = i->a == IMAGE_NONE ? 0 : host_long(h, i->a), v = 0;
	const struct value *keys = host_keys(h, i);
	const uint8_t *stat = iter_current(h, (uint32_t)i->imm, keys);
	enum image_error error;

	if (!stat)
		stat = store_stat(h->store, (uint32_t)i->imm, keys);
	if (!stat_get(&g->stat, stat, (enum stat_op)i->aux, arg, &v, &error))
		return host_raise(h, error);
	host_set_long(h, v);
	return STEP_ON;
}

/* What a store that has no room raises is in h->error. */
static enum step written(bool ok)
{
	return ok ? STEP_ON : STEP_RAISE;
}

static const struct value *prepare_write(struct host *h,
					 const struct image_insn *i)
{
	host_raise(h, IERR_ARRAY_FULL);
	iter_note_write(h, (uint32_t)i->imm);
	return host_keys(h, i);
}

enum step eval_write(struct host *h, const struct image_insn *i)
{
	const struct value *keys = prepare_write(h, i);

	return written(store_set(h->store, (uint32_t)i->imm, keys,
				 h->frame->slots[i->a], &h->error));
}

enum step eval_add(struct host *h, const struct image_insn *i)
{
	const struct value *keys = prepare_write(h, i);

	return written(store_add(h->store, (uint32_t)i->imm, keys,
				 host_long(h, i->a), &h->error));
}

enum step eval_stat_add(struct host *h, const struct image_insn *i)
{
	const struct value *keys = prepare_write(h, i);

	return written(store_stat_add(h->store, (uint32_t)i->imm, keys,
				      host_long(h, i->a), &h->error));
}

enum step eval_stat_clear(struct host *h, const struct image_insn *i)
{
	const struct value *keys = host_keys(h, i);

	if (i->nargs)
		store_delete(h->store, (uint32_t)i->imm, keys);
	else
		store_clear(h->store, (uint32_t)i->imm);
	iter_note_write(h, (uint32_t)i->imm);
	return STEP_ON;
}

static struct value read_value(struct host *h, uint32_t global,
			       const struct value *keys)
{
	const struct image_global *g = &h->img->globals.v[global];
	const uint8_t *p = g->is_array ? iter_current(h, global, keys) : NULL;

	if (!p)
		return store_get(h->store, global, keys);
	return g->type == IT_STRING ? value_decode_str(p, g->bound) :
				      value_decode_long(p);
}

enum step eval_read(struct host *h, const struct image_insn *i)
{
	struct value v = read_value(h, (uint32_t)i->imm, host_keys(h, i));

	if (v.type == IT_STRING)
		host_set_str(h, v.s);
	else
		host_set_long(h, v.l);
	return STEP_ON;
}
