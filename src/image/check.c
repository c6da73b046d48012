/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/check.h"

#include "base/bits.h"
#include "image/dfa.h"
#include "image/unwind.h"

#define MAPS_MAX 4096
#define ENTRIES_MAX (1U << 30)

struct err *check_bad(const char *section, uint32_t i, const char *what)
{
	return err_new(ERR_FORMAT, "bad image: %s %u: %s", section, i, what);
}

static bool is_string(const struct image *img, istr s)
{
	return s < img->strings.n;
}

static bool is_place(const struct image *img, uint32_t place)
{
	return place == IMAGE_NONE || place < img->places.n;
}

static bool is_value_type(uint32_t type)
{
	return type == IT_LONG || type == IT_STRING;
}

static struct err *check_limits(const struct image *img)
{
	const struct image_limits *l = &img->limits;

	if (l->maxstringlen < 2 || l->maxstringlen > UINT16_MAX)
		return check_bad("limit", 0, "MAXSTRINGLEN is out of range");
	if (l->maxaction > INT32_MAX)
		return check_bad("limit", 1, "MAXACTION is out of range");
	if (!img->strings.n || img->strings.v[0].len)
		return check_bad("string", 0, "is not empty");
	if (!is_string(img, img->arch))
		return check_bad("string", img->arch, "does not exist");
	if (img->features >> FEATURE_N)
		return check_bad("feature", FEATURE_N, "is unknown");
	return NULL;
}

static bool is_of_stacks(const struct image_map *m)
{
	if (m->value_size == 8)
		return m->key_size == 8 * IMAGE_STACK_FRAMES;
	return m->value_size == 16 && m->key_size % 8 == 0 &&
	       m->key_size > 8 * IMAGE_USTACK_HEAD &&
	       m->key_size <= 8 * (IMAGE_USTACK_HEAD + IMAGE_USTACK_FRAMES);
}

static struct err *check_maps(const struct image *img)
{
	if (img->maps.n > MAPS_MAX)
		return check_bad("map", MAPS_MAX, "is one too many");
	for (uint32_t i = 0; i < img->maps.n; i++) {
		const struct image_map *m = &img->maps.v[i];

		if (!is_string(img, m->name))
			return check_bad("map", i, "has no name");
		if (m->kind > IMAP_STANDINS)
			return check_bad("map", i, "is of no known kind");
		if (m->kind == IMAP_GLOBALS && i != img->globals_map)
			return check_bad("map", i, "holds globals too");
		if (m->key_size > CHECK_KEY_MAX ||
		    m->value_size > CHECK_VALUE_MAX ||
		    m->max_entries > ENTRIES_MAX)
			return check_bad("map", i, "is too large");
		/* The kernel copies whole words of each CPU's value. */
		if ((m->kind == IMAP_STATS || m->kind == IMAP_PERCPU_HASH) &&
		    m->value_size % 8)
			return check_bad("map", i, "is not of whole words");
		if (m->kind == IMAP_STACKS && !is_of_stacks(m))
			return check_bad("map", i, "does not hold stacks");
		if (m->kind == IMAP_PROGS && m->init >= img->progs.n)
			return check_bad("map", i, "names no program");
		if (m->kind == IMAP_RODATA &&
		    (!check_range(m->init, m->init_len, img->bytes.n) ||
		     m->init_len > m->value_size))
			return check_bad("map", i, "has no contents");
	}
	return NULL;
}

static bool is_map(const struct image *img, uint32_t map,
		   enum image_map_kind kind)
{
	return map < img->maps.n && img->maps.v[map].kind == kind;
}

static bool is_map_or_none(const struct image *img, uint32_t map,
			   enum image_map_kind kind)
{
	return map == IMAGE_NONE || is_map(img, map, kind);
}

/* A map, if it is one, with values of this size. */
static bool has_value(const struct image *img, uint32_t map, uint32_t size)
{
	return map == IMAGE_NONE || img->maps.v[map].value_size == size;
}

static bool are_unwind_maps(const struct image *img)
{
	static const struct {
		uint32_t kind, value, entries;
	} want[UNWIND_MAPS_N] = {
		{ IMAP_UNWIND_PROCS, sizeof(struct unwind_proc),
		  UNWIND_PROCS_MAX },
		{ IMAP_UNWIND_MAPPINGS,
		  UNWIND_MAPPINGS_MAX * sizeof(struct unwind_mapping), 1 },
		{ IMAP_UNWIND_ROWS, 4, UNWIND_CHUNKS_MAX },
		{ IMAP_UNWIND_RULES,
		  UNWIND_RULES_MAX * sizeof(struct unwind_rule), 1 },
	};

	if (img->unwind_maps == IMAGE_NONE)
		return true;
	for (uint32_t i = 0; i < UNWIND_MAPS_N; i++) {
		const struct image_map *m = &img->maps.v[img->unwind_maps + i];

		if (!is_map(img, img->unwind_maps + i,
			    (enum image_map_kind)want[i].kind) ||
		    m->key_size != 4 || m->value_size != want[i].value ||
		    m->max_entries != want[i].entries)
			return false;
	}
	return true;
}

/* Do n counters at off lie in the globals map, behind the session block? */
static bool holds_counters(const struct image *img, uint32_t off, uint64_t n)
{
	uint64_t size = img->maps.v[img->globals_map].value_size;

	return off >= IMAGE_SESSION_SIZE && off % 8 == 0 && off <= size &&
	       n <= (size - off) / 8;
}

static struct err *check_well_known(const struct image *img)
{
	if (!is_map(img, img->globals_map, IMAP_GLOBALS) ||
	    img->maps.v[img->globals_map].value_size < IMAGE_SESSION_SIZE)
		return check_bad("map", img->globals_map,
				 "does not hold globals");
	if (!is_map_or_none(img, img->stats_map, IMAP_STATS) ||
	    !is_map_or_none(img, img->scratch_map, IMAP_SCRATCH) ||
	    !is_map_or_none(img, img->rodata_map, IMAP_RODATA) ||
	    !is_map_or_none(img, img->data_map, IMAP_DATA) ||
	    !is_map_or_none(img, img->control_map, IMAP_CONTROL) ||
	    !is_map_or_none(img, img->stacks_map, IMAP_STACKS) ||
	    !is_map_or_none(img, img->ustacks_map, IMAP_STACKS) ||
	    !is_map_or_none(img, img->places_map, IMAP_STACKS) ||
	    !has_value(img, img->stacks_map, 8) ||
	    !has_value(img, img->ustacks_map, 16) ||
	    !has_value(img, img->places_map, 16) ||
	    !are_unwind_maps(img))
		return check_bad("map", img->stats_map,
				 "is not what it is used for");
	if (!holds_counters(img, img->losses_off,
			    (uint64_t)img->probes.n * LOSS_N) ||
	    !holds_counters(img, img->hits_off,
			    (uint64_t)img->probes.n * image_hits_size(img) /
				    8))
		return check_bad("map", img->globals_map,
				 "has no room for the counters");
	return NULL;
}

/* ---- globals ---- */

static const char *stat_fault(const struct image_stat *s)
{
	uint64_t span = (uint64_t)s->stop - (uint64_t)s->start;

	if (s->fields >= 2 * STAT_SUMSQ || s->hist > HIST_LINEAR)
		return "has unknown fields";
	if (s->hist == HIST_LINEAR &&
	    (s->interval <= 0 || s->stop < s->start ||
	     span / (uint64_t)s->interval > UINT16_MAX))
		return "has a bad histogram";
	return NULL;
}

static uint32_t value_size(const struct image_global *g)
{
	if (g->type == IT_STATS)
		return image_stat_size(&g->stat);
	if (g->type == IT_STRING)
		return g->is_array ? align_up(g->bound + 1U, 8) :
				     g->bound + 1U;
	return 8;
}

static const char *keys_fault(const struct image_global *g)
{
	uint32_t off = 0;

	if (!g->nkeys || g->nkeys > IMAGE_KEYS)
		return "has a bad number of keys";
	for (uint32_t k = 0; k < g->nkeys; k++) {
		if (!is_value_type(g->key_type[k]) || g->key_off[k] != off)
			return "has a bad key";
		off += g->key_type[k] == IT_LONG ?
			       8 : align_up(g->key_bound[k] + 1U, 8);
	}
	return off == g->key_size ? NULL : "has a bad key size";
}

static const char *task_fault(const struct image *img,
			      const struct image_global *g)
{
	if (!is_map(img, g->map, IMAP_TASK) || g->nkeys != 1 ||
	    g->type != IT_LONG || g->wrap || g->ordered || g->show)
		return "is not kept with tasks";
	if (img->maps.v[g->map].key_size != 4 ||
	    img->maps.v[g->map].value_size != IMAGE_TASK_SIZE)
		return "does not fit its map";
	return NULL;
}

static const char *array_fault(const struct image *img,
			       const struct image_global *g)
{
	bool percpu = g->type == IT_STATS;
	const char *fault = keys_fault(g);
	const struct image_map *m;

	if (fault)
		return fault;
	if (g->of_task)
		return task_fault(img, g);
	if (!is_map(img, g->map, percpu ? IMAP_PERCPU_HASH : IMAP_HASH))
		return "has no map";
	m = &img->maps.v[g->map];
	if (m->key_size != g->key_size || (g->off != 0 && g->off != 8) ||
	    m->value_size != g->off + align_up(value_size(g), 8))
		return "does not fit its map";
	if (!g->max_entries || g->max_entries > ENTRIES_MAX)
		return "has a bad size";
	if (g->fold >= FOLD_N)
		return "is folded in no way";
	if (!g->wrap || g->ring_map == IMAGE_NONE)
		return NULL;
	if (!is_map(img, g->ring_map, IMAP_RING_KEYS) ||
	    img->maps.v[g->ring_map].value_size != 8 + g->key_size ||
	    img->maps.v[g->ring_map].max_entries < g->max_entries)
		return "has no ring";
	return holds_counters(img, g->tail_off, 1) ? NULL : "has no tail";
}

static const char *scalar_fault(const struct image *img,
				const struct image_global *g)
{
	uint32_t map = g->type == IT_STATS ? img->stats_map :
					     img->globals_map;
	uint32_t least = g->type == IT_STATS ? 0 : IMAGE_SESSION_SIZE;

	if (map >= img->maps.n || g->map != map)
		return "is in no map";
	if (g->off < least || (g->type != IT_STRING && g->off % 8) ||
	    !check_range(g->off, value_size(g), img->maps.v[map].value_size))
		return "does not fit its map";
	return NULL;
}

static struct err *check_globals(const struct image *img)
{
	for (uint32_t i = 0; i < img->globals.n; i++) {
		const struct image_global *g = &img->globals.v[i];
		const char *fault = NULL;

		if (!is_string(img, g->name) || !is_string(img, g->init_str))
			return check_bad("global", i, "has no name");
		if (!is_value_type(g->type) && g->type != IT_STATS)
			return check_bad("global", i, "has no type");
		if (g->type == IT_STATS)
			fault = stat_fault(&g->stat);
		if (!fault)
			fault = g->is_array ? array_fault(img, g) :
					      scalar_fault(img, g);
		if (fault)
			return check_bad("global", i, fault);
	}
	return NULL;
}

/* ---- programs ---- */

static const char *reloc_fault(const struct image *img,
			       const struct image_prog *p,
			       const struct image_reloc *r)
{
	if (r->insn >= p->n)
		return "has a relocation outside";
	switch ((enum image_reloc_kind)r->kind) {
	case IREL_MAP:
	case IREL_MAP_VALUE:
		if (r->what >= img->maps.n || r->insn + 1 >= p->n)
			return "has a relocation to no map";
		return NULL;
	case IREL_KFUNC:
		return is_string(img, r->what) ? NULL :
						 "has a nameless call";
	case IREL_SUBPROG:
		return NULL;
	case IREL_ACCESS:
	case IREL_ACCESS_WORD:
		if (r->what >= img->accesses.n ||
		    r->insn + (r->kind == IREL_ACCESS) >= p->n)
			return "has a relocation to no access";
		return NULL;
	case IREL_COPY:
		return NULL;
	}
	return "has an unknown relocation";
}

static struct err *check_accesses(const struct image *img)
{
	for (uint32_t i = 0; i < img->accesses.n; i++) {
		const struct image_access *a = &img->accesses.v[i];

		if (a->kind >= ACCESS_N)
			return check_bad("access", i, "is of no known kind");
		if (!is_string(img, a->module) || !is_string(img, a->type) ||
		    !is_string(img, a->path))
			return check_bad("access", i, "has no name");
	}
	return NULL;
}

static bool has_standin(const struct image *img, const struct image_prog *p)
{
	uint32_t map = p->standins_map;

	return !p->is_standin && p->standin <= img->progs.n &&
	       img->progs.v[p->standin - 1].is_standin &&
	       is_map(img, map, IMAP_STANDINS) &&
	       has_value(img, map, sizeof(uint64_t)) &&
	       p->standins_at < img->maps.v[map].max_entries;
}

static struct err *check_prog(const struct image *img, uint32_t i)
{
	const struct image_prog *p = &img->progs.v[i];
	const char *fault;

	if (!is_string(img, p->name) || !is_string(img, p->attach_to) ||
	    !is_string(img, p->attach_module) || !p->n ||
	    !check_range(p->first, p->n, img->insns.n) ||
	    !check_range(p->first_reloc, p->nrelocs, img->relocs.n) ||
	    !check_range(p->first_line, p->nlines, img->lines.n))
		return check_bad("program", i, "has parts outside");
	if (p->standin && !has_standin(img, p))
		return check_bad("program", i, "has no place for stand-ins");
	for (uint32_t k = 0; k < p->nrelocs; k++) {
		fault = reloc_fault(img, p, &img->relocs.v[p->first_reloc + k]);
		if (fault)
			return check_bad("program", i, fault);
	}
	for (uint32_t k = 0; k < p->nlines; k++) {
		const struct image_line *l = &img->lines.v[p->first_line + k];

		if (l->insn >= p->n || !is_place(img, l->place))
			return check_bad("program", i, "has a bad line");
	}
	return NULL;
}

static struct err *check_places(const struct image *img)
{
	for (uint32_t i = 0; i < img->places.n; i++) {
		const struct image_place *p = &img->places.v[i];

		if (!is_string(img, p->file) || !is_string(img, p->token) ||
		    !is_string(img, p->source))
			return check_bad("place", i, "has no text");
	}
	return NULL;
}

/* ---- probes, formats, iterations, expressions ---- */

/* A function that a probe may run: of no parameters. */
static bool is_handler(const struct image *img, uint32_t func)
{
	return func < img->funcs.n && !img->funcs.v[func].nparams;
}

static bool is_site(const struct image *img, const struct image_site *s)
{
	return is_string(img, s->point) && is_string(img, s->name) &&
	       is_string(img, s->module);
}

static struct err *check_sites(const struct image *img)
{
	for (uint32_t i = 0; i < img->sites.n; i++)
		if (!is_site(img, &img->sites.v[i]))
			return check_bad("site", i, "has no text");
	return NULL;
}

static struct err *check_probe(const struct image *img, uint32_t i)
{
	const struct image_probe *p = &img->probes.v[i];

	if (!is_string(img, p->point) || !is_string(img, p->name) ||
	    !is_site(img, &p->site) || !is_place(img, p->place))
		return check_bad("probe", i, "has no text");
	if (p->kind >= PROBE_N)
		return check_bad("probe", i, "is of no known kind");
	if (!check_range(p->first_site, p->nsites, img->sites.n))
		return check_bad("probe", i, "has sites outside");
	if (p->cond != IMAGE_NONE &&
	    (!is_handler(img, p->cond) ||
	     img->funcs.v[p->cond].type != IT_LONG))
		return check_bad("probe", i, "has a bad condition");
	if (image_probe_is_kernel((enum image_probe_kind)p->kind)) {
		if (p->prog >= img->progs.n)
			return check_bad("probe", i, "has no program");
	} else if (p->kind != PROBE_NEVER && !is_handler(img, p->func)) {
		return check_bad("probe", i, "has no handler");
	}
	return NULL;
}

uint32_t check_format_args(const struct image *img, uint32_t format,
			   char *ret, uint32_t max)
{
	const struct image_format *f = &img->formats.v[format];
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		const struct image_piece *p = &img->pieces.v[f->first + i];

		if (p->width_kind == SIZE_ARG && n < max)
			ret[n++] = 'L';
		if (p->prec_kind == SIZE_ARG && n < max)
			ret[n++] = 'L';
		if (p->conv != CONV_LITERAL && n < max)
			ret[n++] = p->conv == CONV_STRING ? 'S' : 'L';
	}
	return n;
}

static struct err *check_formats(const struct image *img)
{
	for (uint32_t i = 0; i < img->formats.n; i++) {
		const struct image_format *f = &img->formats.v[i];

		if (!check_range(f->first, f->n, img->pieces.n))
			return check_bad("format", i, "has parts outside");
	}
	for (uint32_t i = 0; i < img->pieces.n; i++) {
		const struct image_piece *p = &img->pieces.v[i];

		if (p->conv > CONV_BINARY || p->width_kind > SIZE_ARG ||
		    p->prec_kind > SIZE_ARG || !is_string(img, p->text))
			return check_bad("piece", i, "is of no known kind");
	}
	return NULL;
}

static struct err *check_iters(const struct image *img)
{
	for (uint32_t i = 0; i < img->iters.n; i++) {
		const struct image_iter *it = &img->iters.v[i];
		const struct image_global *g;

		if (it->global >= img->globals.n ||
		    !img->globals.v[it->global].is_array)
			return check_bad("iteration", i, "is over no array");
		g = &img->globals.v[it->global];
		if (it->sort > SORT_STAT || it->stat > STAT_OP_BUCKET ||
		    (it->sort == SORT_KEY && it->key >= g->nkeys) ||
		    (it->sort == SORT_STAT && g->type != IT_STATS))
			return check_bad("iteration", i, "has a bad order");
		if (it->slice >> g->nkeys)
			return check_bad("iteration", i, "has a bad slice");
	}
	return NULL;
}

static struct err *check_texts(const struct image *img)
{
	for (uint32_t i = 0; i < img->words.n; i++)
		if (!is_string(img, img->words.v[i]))
			return check_bad("word", i, "is not there");
	for (uint32_t i = 0; i < img->texts.n; i++)
		if (!is_string(img, img->texts.v[i].name) ||
		    !is_string(img, img->texts.v[i].text))
			return check_bad("text", i, "is not there");
	return NULL;
}

static struct err *check_dfas(const struct image *img)
{
	for (uint32_t i = 0; i < img->dfas.n; i++) {
		const struct image_dfa *d = &img->dfas.v[i];

		if (!is_string(img, d->pattern) ||
		    !check_range(d->first, d->n, img->bytes.n) ||
		    !dfa_check(img->bytes.v + d->first, d->n))
			return check_bad("expression", i, "is not a table");
	}
	return NULL;
}

static struct err *check_probes(const struct image *img)
{
	struct err *e = check_accesses(img);

	if (!e)
		e = check_sites(img);
	for (uint32_t i = 0; i < img->progs.n && !e; i++)
		e = check_prog(img, i);
	for (uint32_t i = 0; i < img->probes.n && !e; i++)
		e = check_probe(img, i);
	return e;
}

struct err *image_check(const struct image *img)
{
	static struct err *(*const parts[])(const struct image *) = {
		check_limits, check_maps,    check_well_known, check_globals,
		check_places, check_formats, check_iters,      check_dfas,
		check_texts,  check_code,    check_probes,
	};
	struct err *e = NULL;

	for (uint32_t i = 0; i < ARRAY_SIZE(parts) && !e; i++)
		e = parts[i](img);
	return e;
}

#ifdef UNIT_TEST
#include "unit.h"

/* The mapping of one is what all globals are read and written by. */
UNIT_TEST_CASE(check_globals_are_in_one_map)
{
	struct image_map maps[2] = { { .kind = IMAP_GLOBALS },
				     { .kind = IMAP_GLOBALS } };
	struct str empty = STR("");
	struct image img = {};
	struct err *e;

	img.strings.v = &empty;
	img.strings.n = 1;
	img.maps.v = maps;
	img.maps.n = 1;
	TEST(!check_maps(&img));
	img.maps.n = 2;
	e = check_maps(&img);
	TEST(e && e->code == ERR_FORMAT);
	err_free(e);
}
#endif
