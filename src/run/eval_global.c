/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Globals and arrays.
 */
#include <stdlib.h>

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

static void set_value(struct host *h, struct value v)
{
	if (v.type == IT_STRING)
		host_set_str(h, v.s);
	else
		host_set_long(h, v.l);
}

static enum step done(bool ok)
{
	return ok ? STEP_ON : STEP_RAISE;
}

static void delete(struct host *h, uint32_t global, const struct value *keys,
		   uint32_t nkeys)
{
	const struct snapshot *sn = NULL;

	if (nkeys) {
		iter_note_write(h, global);
		if (has_wildcard(keys, nkeys))
			store_delete_slice(h->store, global, keys);
		else
			store_delete(h->store, global, keys);
		return;
	}
	if (h->img->globals.v[global].is_array)
		sn = iter_drainable(h, global);
	if (sn)
		store_drain(h->store, global, sn);
	else
		store_clear(h->store, global);
	iter_note_write(h, global);
}

static bool has(struct host *h, uint32_t global, const struct value *keys,
		uint32_t nkeys)
{
	if (has_wildcard(keys, nkeys))
		return store_has_any(h->store, global, keys);
	return store_has(h->store, global, keys);
}

static enum step get_stat(struct host *h, const struct image_insn *i)
{
	const struct image_global *g = &h->img->globals.v[i->imm];
	int64_t arg = i->a == IMAGE_NONE ? 0 : host_long(h, i->a), v = 0;
	const struct value *keys = host_list(h, i);
	const uint8_t *stat = iter_current(h, (uint32_t)i->imm, keys);
	enum image_error error;

	if (!stat)
		stat = store_stat(h->store, (uint32_t)i->imm, keys);
	if (!stat_get(&g->stat, stat, (enum stat_op)i->aux, arg, &v, &error))
		return host_raise(h, error);
	host_set_long(h, v);
	return STEP_ON;
}

static struct value operand(const struct host *h, uint32_t insn)
{
	return insn == IMAGE_NONE ? value_long(0) : h->frame->slots[insn];
}

static enum step write_global(struct host *h, const struct image_insn *i)
{
	uint32_t global = (uint32_t)i->imm;
	const struct value *keys = host_list(h, i);
	struct value v = operand(h, i->a);
	struct store *s = h->store;

	host_raise(h, IERR_ARRAY_FULL);
	iter_note_write(h, global);
	switch ((enum image_op)i->op) {
	case OP_GSET:
	case OP_ASET:
		return done(store_set(s, global, keys, v, &h->error));
	case OP_GADD:
	case OP_AADD:
		return done(store_add(s, global, keys, v.l, &h->error));
	case OP_STAT_ADD:
		return done(store_stat_add(s, global, keys, v.l, &h->error));
	default:
		abort();
	}
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

enum step eval_global(struct host *h, const struct image_insn *i)
{
	uint32_t global = (uint32_t)i->imm;
	const struct value *keys;

	switch ((enum image_op)i->op) {
	case OP_GSET:
	case OP_ASET:
	case OP_GADD:
	case OP_AADD:
	case OP_STAT_ADD:
		return write_global(h, i);
	case OP_STAT_GET:
		return get_stat(h, i);
	case OP_GGET:
	case OP_AGET:
		set_value(h, read_value(h, global, host_list(h, i)));
		return STEP_ON;
	case OP_AHAS:
		keys = host_list(h, i);
		host_set_long(h, has(h, global, keys, i->nargs));
		return STEP_ON;
	case OP_ADEL:
		delete(h, global, host_list(h, i), i->nargs);
		return STEP_ON;
	case OP_STAT_CLEAR:
		iter_note_write(h, global);
		if (i->nargs)
			store_delete(h->store, global, host_list(h, i));
		else
			store_clear(h->store, global);
		return STEP_ON;
	default:
		abort();
	}
}
