/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/layout.h"

#include "base/bits.h"
#include "dbg/arch.h"
#include "dbg/world.h"
#include "sema/usage.h"

struct layout {
	const struct program *p;
	struct arena *a;
	struct image *img;
	uint32_t globals_size;	/* bytes of the globals map */
	uint32_t stats_size;	/* of the per-CPU map of statistics */
};

static uint8_t image_type(enum ty t)
{
	switch (t) {
	case TY_STRING:
		return IT_STRING;
	case TY_STATS:
		return IT_STATS;
	case TY_LONG:
	case TY_UNKNOWN:	/* never assigned: reads as 0 */
		break;
	}
	return IT_LONG;
}

static uint32_t string_size(uint32_t bound)
{
	return align_up(bound + 1, 8);
}

static uint32_t place(uint32_t *size, uint32_t n)
{
	uint32_t off = align_up(*size, 8);

	*size = off + n;
	return off;
}

static uint32_t map_add(struct layout *l, struct str name,
			enum image_map_kind kind, uint32_t key_size,
			uint32_t value_size, uint32_t max_entries)
{
	vec_push(l->a, &l->img->maps, (struct image_map){
		.name = image_intern(l->img, l->a, name),
		.kind = kind, .key_size = key_size,
		.value_size = value_size, .max_entries = max_entries,
	});
	return l->img->maps.n - 1;
}

static uint32_t stats_map(struct layout *l)
{
	if (l->img->stats_map == IMAGE_NONE)
		l->img->stats_map = map_add(l, STR("stats"), IMAP_STATS, 4,
					    8, 1);
	return l->img->stats_map;
}

static void place_scalar(struct layout *l, const struct var *v,
			 struct image_global *g)
{
	if (g->type == IT_STATS) {
		g->map = stats_map(l);
		g->off = place(&l->stats_size, image_stat_size(&g->stat));
		return;
	}
	g->map = l->img->globals_map;
	g->off = place(&l->globals_size, g->type == IT_STRING ?
					 v->bound + 1u : 8u);
}

static uint32_t place_keys(const struct var *v, struct image_global *g)
{
	uint32_t size = 0;

	for (uint32_t k = 0; k < v->nkeys; k++) {
		g->key_type[k] = image_type(v->key_type[k]);
		g->key_bound[k] = v->key_bound[k];
		g->key_off[k] = place(&size, g->key_type[k] == IT_STRING ?
				      string_size(v->key_bound[k]) : 8);
	}
	return size;
}

static uint32_t value_size(const struct image_global *g)
{
	switch ((enum image_type)g->type) {
	case IT_STRING:
		return string_size(g->bound);
	case IT_STATS:
		/* one that nothing is asked of has no fields */
		return MAX(image_stat_size(&g->stat), 8u);
	case IT_LONG:
	case IT_VOID:
		break;
	}
	return 8;
}

static void place_array(struct layout *l, const struct var *v,
			struct image_global *g)
{
	enum image_map_kind kind = g->type == IT_STATS ? IMAP_PERCPU_HASH :
							 IMAP_HASH;

	g->key_size = place_keys(v, g);
	g->off = g->ordered ? 8 : 0;
	g->map = map_add(l, v->name, kind, g->key_size,
			 g->off + value_size(g),
			 g->max_entries + (g->wrap ? IMAGE_WRAP_SPARE : 0));
	if (!g->wrap)
		return;
	g->ring_map = map_add(l, v->name, IMAP_RING_KEYS, 4,
			      8 + g->key_size, g->max_entries);
	g->tail_off = place(&l->globals_size, 8);
}

static void init_value(struct layout *l, const struct var *v,
		       struct image_global *g)
{
	if (v->has_override && v->type == TY_STRING)
		g->init_str = image_intern(l->img, l->a, v->override_str);
	else if (v->has_override)
		g->init = v->override;
	else if (v->init && v->init->kind == AST_NUMBER)
		g->init = v->init->number;
	else if (v->init && v->init->kind == AST_STRING)
		g->init_str = image_intern(l->img, l->a, v->init->string);
}

static enum image_fold fold_of(const struct var *v)
{
	if (!v->is_array || !v->key_stacks || v->wrap)
		return FOLD_NONE;
	return v->is_set ? FOLD_LAST : FOLD_ADD;
}

static void global_add(struct layout *l, const struct var *v)
{
	struct image_global g = {
		.name = image_intern(l->img, l->a, v->name),
		.type = image_type(v->type),
		.is_array = v->is_array,
		.ordered = v->is_array && (v->ordered || v->wrap),
		.wrap = v->is_array && v->wrap,
		.show = usage_is_shown(l->p, v),
		.fold = (uint8_t)fold_of(v),
		.nkeys = (uint8_t)v->nkeys,
		.bound = v->bound,
		.max_entries = v->size > 0 ? (uint32_t)v->size :
					l->img->limits.maxmapentries,
		.has_size = v->has_size,
		.ring_map = IMAGE_NONE,
		.stat = v->stat,
	};

	init_value(l, v, &g);
	if (v->is_array)
		place_array(l, v, &g);
	else
		place_scalar(l, v, &g);
	vec_push(l->a, &l->img->globals, g);
}

static void place_counters(struct layout *l)
{
	uint32_t n = l->p->probes.n;

	l->globals_size = IMAGE_SESSION_SIZE;
	l->img->losses_off = place(&l->globals_size, n * LOSS_N * 8);
	l->img->hits_off = place(&l->globals_size,
				 n * image_hits_size(l->img));
}

void layout(const struct program *p, struct ir_program *ret)
{
	struct image *img = ret->image;
	struct layout l = { .p = p, .a = ret->arena, .img = img };

	img->arch = image_intern(img, l.a, world_arch(p->world)->name);
	img->limits = p->options->limits;
	img->guru = p->options->guru;
	img->show_globals = p->options->show_globals;
	img->globals_map = map_add(&l, STR("globals"), IMAP_GLOBALS, 4, 8, 1);
	img->stats_map = IMAGE_NONE;
	place_counters(&l);
	for (uint32_t i = 0; i < p->globals.n; i++) {
		global_add(&l, p->globals.v[i]);
		vec_push(l.a, &ret->globals, (struct ir_global){
			.in_condition = p->globals.v[i]->in_condition,
			.of_call = p->globals.v[i]->decl->of_call });
	}
	img->maps.v[img->globals_map].value_size =
		align_up(l.globals_size, 8);
	if (img->stats_map != IMAGE_NONE)
		img->maps.v[img->stats_map].value_size =
			MAX(l.stats_size, 8u);	/* nobody reads them */
}
