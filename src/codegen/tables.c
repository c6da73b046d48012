/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What grows while code is made: places of the sources, constant data, the
 * maps that only the code needs.
 */
#include <assert.h>
#include <string.h>

#include "base/bits.h"
#include "codegen/cg.h"
#include "image/unwind.h"
#include "lang/source.h"

#define RING_DATA (2u << 20)	/* bytes, unless the session says */
#define STACKS_MAX 8192	/* different ones */
#define PLACES_MAX 65536
#define FAMILY_MAX 8192	/* processes at once */
#define RING_CONTROL (64u << 10)
#define TURNS_MAX 4096		/* steps of loops, without bpf_loop */
#define TOKEN_MAX 64		/* bytes of a token that are shown */
#define LINE_MAX 256		/* the same, of a line: one may be a script */

static uint32_t place_slot(struct cg *g, uint64_t key)
{
	uint32_t mask = g->places.cap - 1;
	uint32_t i = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (i &= mask; g->places.v[i]; i = (i + 1) & mask)
		if (g->places.key[i] == key)
			break;
	return i;
}

static void grow_places(struct cg *g)
{
	uint64_t *key = g->places.key;
	uint32_t *v = g->places.v, cap = g->places.cap;

	if (4 * g->places.n < 3 * cap)
		return;
	g->places.cap = cap ? 2 * cap : 64;
	g->places.key = arena_array(g->a, g->places.cap, uint64_t);
	g->places.v = arena_array(g->a, g->places.cap, uint32_t);
	for (uint32_t i = 0; i < cap; i++) {
		uint32_t s;

		if (!v[i])
			continue;
		s = place_slot(g, key[i]);
		g->places.key[s] = key[i];
		g->places.v[s] = v[i];
	}
}

uint32_t cg_place(struct cg *g, struct span span)
{
	uint64_t key = (uint64_t)span.pos << 32 | span.len;
	struct place p;
	struct str token;
	uint32_t s;

	if (!g->o->sources || !span.len)
		return IMAGE_NONE;
	grow_places(g);
	s = place_slot(g, key);
	if (g->places.v[s])
		return g->places.v[s] - 1;
	p = source_place(g->o->sources, span.pos);
	if (!p.source)
		return IMAGE_NONE;
	token = str_sub(source_text(g->o->sources, span), 0, TOKEN_MAX);
	vec_push(g->a, &g->img->places, (struct image_place){
		.file = image_intern(g->img, g->a, p.source->name),
		.line = p.line,
		.col = p.col,
		.token = image_intern(g->img, g->a, token),
		.source = image_intern(g->img, g->a,
				       str_sub(p.text, 0, LINE_MAX)) });
	g->places.n++;
	g->places.key[s] = key;
	g->places.v[s] = g->img->places.n;
	return g->img->places.n - 1;
}

static uint32_t add_map(struct cg *g, const char *name,
			enum image_map_kind kind, uint32_t value_size,
			uint32_t max_entries)
{
	vec_push(g->a, &g->img->maps, (struct image_map){
		.name = image_intern(g->img, g->a, str_from(name)),
		.kind = kind,
		.key_size = value_size ? 4 : 0,
		.value_size = value_size,
		.max_entries = max_entries });
	return g->img->maps.n - 1;
}

uint32_t cg_rodata_map(struct cg *g)
{
	if (g->img->rodata_map == IMAGE_NONE)
		g->img->rodata_map = add_map(g, "rodata", IMAP_RODATA, 8, 1);
	return g->img->rodata_map;
}

uint32_t cg_data_map(struct cg *g)
{
	if (g->img->data_map == IMAGE_NONE)
		g->img->data_map = add_map(g, "data", IMAP_DATA, 0, RING_DATA);
	return g->img->data_map;
}

uint32_t cg_control_map(struct cg *g)
{
	if (g->img->control_map == IMAGE_NONE)
		g->img->control_map = add_map(g, "control", IMAP_CONTROL, 0,
					      RING_CONTROL);
	return g->img->control_map;
}

uint32_t cg_scratch_map(struct cg *g)
{
	if (g->img->scratch_map == IMAGE_NONE)
		g->img->scratch_map = add_map(g, "scratch", IMAP_SCRATCH, 8,
					      CG_SCRATCH_SLOTS);
	return g->img->scratch_map;
}

uint32_t cg_wait_map(struct cg *g)
{
	if (g->wait_map == IMAGE_NONE)
		g->wait_map = add_map(g, "waiting", IMAP_SCRATCH, 8,
				      CG_WAIT_SLOTS);
	return g->wait_map;
}

/* Made when it is first asked for; values are of 8 bytes. */
static uint32_t keyed_map(struct cg *g, uint32_t *map, const char *name,
			  enum image_map_kind kind, uint32_t key_size,
			  uint32_t entries)
{
	if (*map == IMAGE_NONE) {
		*map = add_map(g, name, kind, 8, entries);
		g->img->maps.v[*map].key_size = key_size;
	}
	return *map;
}

uint32_t cg_stacks_map(struct cg *g)
{
	return keyed_map(g, &g->img->stacks_map, "stacks", IMAP_STACKS,
			 8 * IMAGE_STACK_FRAMES, STACKS_MAX);
}

uint32_t cg_told_map(struct cg *g, uint32_t number)
{
	uint32_t map = keyed_map(g, &g->told_map, "told", IMAP_TOLD, 16, 0);
	struct image_map *m = &g->img->maps.v[map];

	m->max_entries = MAX(m->max_entries, number);
	return map;
}

uint32_t cg_family_map(struct cg *g)
{
	return keyed_map(g, &g->family_map, "family", IMAP_FAMILY, 8,
			 FAMILY_MAX);
}

uint32_t cg_digests_map(struct cg *g)
{
	return keyed_map(g, &g->digests_map, "stack_ids", IMAP_HASH, 8,
			 STACKS_MAX);
}

uint32_t cg_ustacks_map(struct cg *g, uint32_t frames)
{
	if (g->img->ustacks_map == IMAGE_NONE) {
		g->img->ustacks_map = add_map(g, "ustacks", IMAP_STACKS, 16,
					      STACKS_MAX);
		g->img->maps.v[g->img->ustacks_map].key_size =
			8 * (IMAGE_USTACK_HEAD + frames);
	}
	return g->img->ustacks_map;
}

uint32_t cg_places_map(struct cg *g)
{
	if (g->img->places_map == IMAGE_NONE) {
		g->img->places_map = add_map(g, "places", IMAP_STACKS, 16,
					     PLACES_MAX);
		g->img->maps.v[g->img->places_map].key_size =
			8 * (IMAGE_USTACK_HEAD + 1);
	}
	return g->img->places_map;
}

uint32_t cg_unwind_maps(struct cg *g)
{
	if (g->img->unwind_maps != IMAGE_NONE)
		return g->img->unwind_maps;
	g->img->unwind_maps = add_map(g, "procs", IMAP_UNWIND_PROCS,
				      sizeof(struct unwind_proc),
				      UNWIND_PROCS_MAX);
	add_map(g, "mappings", IMAP_UNWIND_MAPPINGS,
		UNWIND_MAPPINGS_MAX * sizeof(struct unwind_mapping), 1);
	add_map(g, "rows", IMAP_UNWIND_ROWS, 4, UNWIND_CHUNKS_MAX);
	add_map(g, "rules", IMAP_UNWIND_RULES,
		UNWIND_RULES_MAX * sizeof(struct unwind_rule), 1);
	return g->img->unwind_maps;
}

uint32_t cg_iter_map(struct cg *g)
{
	if (g->iter_map == IMAGE_NONE)
		g->iter_map = add_map(g, "iter", IMAP_ITER, 8, 1);
	return g->iter_map;
}

uint32_t cg_perf_map(struct cg *g, istr name, bool of_task)
{
	uint32_t i;

	for (i = 0; i < g->img->maps.n; i++) {
		const struct image_map *m = &g->img->maps.v[i];

		if (m->kind == IMAP_PERF && m->name == name)
			return i;
	}
	i = add_map(g, "", IMAP_PERF, 4, of_task ? 1 : MAX(g->o->ncpus, 1u));
	g->img->maps.v[i].name = name;
	return i;
}

uint32_t cg_progs_map(struct cg *g, const char *name)
{
	return add_map(g, name, IMAP_PROGS, 4, 1);
}

uint32_t cg_standins_map(struct cg *g, uint32_t n)
{
	if (g->standins_map == IMAGE_NONE)
		g->standins_map = add_map(g, "standins", IMAP_STANDINS,
					  sizeof(uint64_t), 0);
	g->img->maps.v[g->standins_map].max_entries = n;
	return g->standins_map;
}

uint32_t cg_marks_map(struct cg *g)
{
	if (g->marks_map == IMAGE_NONE)
		g->marks_map = add_map(g, "marks", IMAP_TASK, IMAGE_TASK_SIZE,
				       0);
	return g->marks_map;
}

uint32_t cg_turns_map(struct cg *g)
{
	if (g->turns_map == IMAGE_NONE)
		g->turns_map = add_map(g, "turns", IMAP_ITER, 8, TURNS_MAX);
	return g->turns_map;
}

uint32_t cg_rodata(struct cg *g, const void *data, uint32_t n,
		   uint32_t align)
{
	const uint8_t *p = data;
	uint32_t off;

	while (g->rodata.n % align)
		vec_push(g->a, &g->rodata, 0);
	off = g->rodata.n;
	for (uint32_t i = 0; i < n; i++)
		vec_push(g->a, &g->rodata, p[i]);
	return off;
}

struct cg_str cg_literal(struct cg *g, istr s)
{
	struct str text = image_str(g->img, s);
	uint32_t n = MIN(text.len, g->img->limits.maxstringlen - 1);
	uint32_t *old = g->string_off;

	if (s >= g->nstring_off) {
		uint32_t cap = MAX(2 * s, g->img->strings.n + 16);

		g->string_off = arena_array(g->a, cap, uint32_t);
		if (old)
			memcpy(g->string_off, old,
			       g->nstring_off * sizeof(*old));
		g->nstring_off = cap;
	}
	if (!g->string_off[s]) {
		g->string_off[s] = 1 + cg_rodata(g, text.s, n, 8);
		vec_push(g->a, &g->rodata, 0);
	}
	return (struct cg_str){ .base = CG_IN_MAP, .map = cg_rodata_map(g),
				.off = (int32_t)g->string_off[s] - 1,
				.bound = (uint16_t)n };
}

void cg_finish_maps(struct cg *g)
{
	struct image *img = g->img;

	if (img->rodata_map != IMAGE_NONE) {
		struct image_map *m = &img->maps.v[img->rodata_map];

		while (g->rodata.n % 8 || !g->rodata.n)
			vec_push(g->a, &g->rodata, 0);
		m->value_size = g->rodata.n;
		m->init = img->bytes.n;
		m->init_len = g->rodata.n;
		for (uint32_t i = 0; i < g->rodata.n; i++)
			vec_push(g->a, &img->bytes, g->rodata.v[i]);
	}
	if (img->scratch_map != IMAGE_NONE)
		img->maps.v[img->scratch_map].value_size =
			align_up(g->scratch_size, 8);
	if (g->wait_map != IMAGE_NONE)
		img->maps.v[g->wait_map].value_size =
			align_up(g->wait_size, 8);
	if (g->iter_map != IMAGE_NONE) {
		img->maps.v[g->iter_map].value_size = align_up(g->iter_size, 8);
		img->maps.v[g->iter_map].max_entries =
			g->niters * CG_SCRATCH_SLOTS * MAX(g->o->ncpus, 1u);
	}
}
