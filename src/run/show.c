/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Globals that no one reads are answers too: shown when the session ends.
 */
#include <inttypes.h>

#include "run/engine.h"
#include "run/fold.h"
#include "run/format.h"
#include "run/host.h"
#include "run/stacks.h"
#include "run/stat.h"

static void add_string(struct buf *b, struct str s)
{
	buf_char(b, '"');
	format_escaped(s, b);
	buf_char(b, '"');
}

static void add_value(struct host *h, struct buf *b, struct value v)
{
	v = stacks_value(h->stacks, v);
	if (v.type == IT_STRING)
		add_string(b, v.s);
	else
		buf_printf(b, "%" PRId64, v.l);
}

static int64_t extract(const struct image_stat *s, const uint8_t *stat,
		       enum stat_op op)
{
	enum image_error unused;
	int64_t v = 0;

	stat_get(s, stat, op, 0, &v, &unused);
	return v;
}

static void add_stat(struct buf *b, const struct image_stat *s,
		     const uint8_t *stat)
{
	static const struct {
		enum stat_op op;
		const char *name;
	} ops[] = {
		{ STAT_OP_COUNT, "@count" }, { STAT_OP_MIN, "@min" },
		{ STAT_OP_MAX, "@max" },     { STAT_OP_SUM, "@sum" },
		{ STAT_OP_AVG, "@avg" },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		buf_printf(b, " %s=%" PRId64, ops[i].name,
			   extract(s, stat, ops[i].op));
}

static void show_scalar(struct host *h, uint32_t global, struct buf *b)
{
	const struct image_global *g = &h->img->globals.v[global];

	buf_str(b, image_str(h->img, g->name));
	if (g->type == IT_STATS) {
		add_stat(b, &g->stat, store_stat(h->store, global, NULL));
	} else {
		buf_char(b, '=');
		add_value(h, b, store_get(h->store, global, NULL));
	}
	buf_char(b, '\n');
}

static void show_entry(struct host *h, const struct snapshot *sn, uint32_t i,
		       struct buf *b)
{
	const struct image_global *g = sn->global;

	buf_str(b, image_str(h->img, g->name));
	for (uint32_t k = 0; k < g->nkeys; k++) {
		buf_char(b, k ? ',' : '[');
		add_value(h, b, snapshot_key(sn, i, k));
	}
	buf_char(b, ']');
	if (g->type == IT_STATS) {
		add_stat(b, &g->stat, snapshot_stat(sn, i));
	} else {
		buf_char(b, '=');
		add_value(h, b, snapshot_value(sn, i));
	}
	buf_char(b, '\n');
}

/* Shows entries by decreasing value. */
static void show_array(struct host *h, uint32_t global, uint32_t max,
		       struct buf *b)
{
	struct snapshot *sn = fold_snapshot(h->fold, global);

	sn->stacks = h->stacks;
	snapshot_sort(sn, SORT_VALUE, 0, STAT_OP_COUNT, -1);
	for (uint32_t i = 0; i < sn->n && i < max; i++) {
		show_entry(h, sn, i, b);
		if (b == output_buf(h->out))
			output_settle(h->out);
	}
	if (sn->n > max)
		buf_printf(b, "%" STR_FMT "[...] %u more\n",
			   STR_ARG(image_str(h->img, sn->global->name)),
			   sn->n - max);
	snapshot_destroy(sn);
}

void host_show_global(struct host *h, uint32_t global, uint32_t max,
		      struct buf *to)
{
	if (h->img->globals.v[global].is_array)
		show_array(h, global, max, to);
	else
		show_scalar(h, global, to);
}

void host_show_globals(struct host *h)
{
	if (!h->img->show_globals)
		return;
	for (uint32_t i = 0; i < h->img->globals.n; i++)
		if (h->img->globals.v[i].show)
			host_show_global(h, i, UINT32_MAX,
					 output_buf(h->out));
	output_settle(h->out);
}
