/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One block of bytes, in the cache file as in memory:
 *
 *	head | rows by address | copies | text
 *
 * A row is a function's own code, or all copies of what was inlined that have
 * its name, file and line.  A text is a length and bytes; equal ones are one.
 */
#include "dbg/funcindex.h"

#include <dwarf.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "dbg/cachefile.h"
#include "dbg/debuginfo_data.h"
#include "dbg/diescope.h"

#define FUNCINDEX_MAGIC "SPILEFX4"
#define FUNCINDEX_BYTES_MAX (1u << 30)
#define FUNCINDEX_CHUNK 8	/* units taken at once */
#define FUNCINDEX_KNOWN 1024	/* origins remembered, of a unit */

enum funcindex_flag {
	FUNCINDEX_INLINE = 1,
	FUNCINDEX_EXTERNAL = 2,
	FUNCINDEX_DECLARED = 4,	 /* inline */
	FUNCINDEX_INLINES = 8,	 /* there are copies */
	FUNCINDEX_PART = 16,	 /* the rest of a split function */
	FUNCINDEX_START = 32,	 /* in .init.text */
	FUNCINDEX_PLACED = 64,	 /* in a symbol */
	FUNCINDEX_NAMED = 128,	 /* at the only symbol of its name */
};

struct funcindex_head {
	struct dieindex_identity id;
	char numbered_by[8];	/* what counted the units, and how many */
	uint32_t nunits;
	uint32_t nrows, ncopies, ntext;
	uint64_t size;	/* of it all */
	uint64_t sum;	/* of what is behind */
};

struct funcindex_row {
	uint64_t entry;
	uint32_t size;		/* of the range that entry is in */
	uint32_t name, linkage, file;	/* in the text */
	uint32_t line;
	uint32_t unit, off;	/* number, and of the entry in it */
	uint32_t flags;
	uint32_t first, n;	/* of copies */
};

struct funcindex_place {
	uint32_t unit, off;
};

struct funcindex {
	struct arena arena;
	struct die_file *file;
	struct dieindex *names;
	struct str cache_dir;
	const char *data;
	uint64_t size;
	bool is_mapped, was_looked_for;
	/* One that lied, which somebody may still have names of. */
	const char *lie;
	uint64_t lie_size;
	const struct funcindex_head *head;	/* NULL = is not there */
	const struct funcindex_row *rows;
	const struct funcindex_place *places;
	const char *text;
};

struct funcindex *funcindex_create(struct die_file *f, struct dieindex *names,
				   struct str cache_dir)
{
	struct funcindex *x = calloc(1, sizeof(*x));

	if (!x)
		abort();
	arena_init(&x->arena);
	x->file = f;
	x->names = names;
	x->cache_dir = arena_str(&x->arena, cache_dir);
	return x;
}

static void funcindex_drop(struct funcindex *x)
{
	if (x->is_mapped)
		munmap((void *)(uintptr_t)x->data, x->size);
	else
		free((void *)(uintptr_t)x->data);
	x->data = NULL;
	x->head = NULL;
	x->is_mapped = false;
}

void funcindex_destroy(struct funcindex *x)
{
	if (!x)
		return;
	funcindex_drop(x);
	if (x->lie)
		munmap((void *)(uintptr_t)x->lie, x->lie_size);
	arena_deinit(&x->arena);
	free(x);
}

/* ---- what units have ---- */

struct funcindex_copy {
	struct funcindex_place place;
	bool is_rest;
	uint64_t entry;
};

struct funcindex_group {
	struct str key;
	struct dbg_function f;		/* of the first copy */
	VEC(struct funcindex_copy) copies;
};

struct funcindex_found {
	struct dbg_function f;
	uint32_t unit;
};

struct funcindex_job {
	struct die_unit **units;
	uint32_t n;
};

struct funcindex_thread {
	struct funcindex_job *job;
	struct arena arena;
	struct map groups, paths;
	struct buf key;
	VEC(struct funcindex_found) own;
	/* Of the unit at hand. */
	struct die_unit *unit;
	uint32_t number;
	/* The functions that the walk is in, the outermost first. */
	struct {
		struct dbg_die die;
		uint32_t depth;
	} in[DIE_DEPTH_MAX];
	uint32_t nin;
	struct {
		struct dbg_die origin;
		struct funcindex_group *group;
	} known[FUNCINDEX_KNOWN];
};

/* The file's name goes with the unit's lines. */
static void funcindex_keep(struct funcindex_thread *t, struct dbg_function *f)
{
	struct map_entry *had = map_find(&t->paths, f->file);

	if (!had) {
		had = arena_new(&t->arena, struct map_entry);
		had->key = arena_str(&t->arena, f->file);
		map_set(&t->paths, had->key, had);
	}
	f->file = had->key;
}

static struct funcindex_group *funcindex_group(struct arena *a, struct map *m,
					       struct str key,
					       const struct dbg_function *f)
{
	struct funcindex_group *g = map_find(m, key);

	if (g)
		return g;
	g = arena_new(a, struct funcindex_group);
	g->key = arena_str(a, key);
	g->f = *f;
	map_set(m, g->key, g);
	return g;
}

/* Of copies of one origin the first says it all. */
static struct funcindex_group *funcindex_group_of(struct funcindex_thread *t,
						  struct dbg_die die,
						  struct dbg_die origin)
{
	uint32_t slot = (uint32_t)(origin.off * 0x9e3779b1u >> 7) %
			FUNCINDEX_KNOWN;
	struct dbg_function f;

	if (t->known[slot].group && dbg_die_eq(t->known[slot].origin, origin))
		return t->known[slot].group;
	if (!debuginfo_describe(die, &f) || !f.name.len)
		return NULL;
	funcindex_keep(t, &f);
	t->key.len = 0;
	buf_str(&t->key, f.name);
	buf_printf(&t->key, "%c%u%c", 0, f.line, 0);
	buf_str(&t->key, f.file);
	t->known[slot].origin = origin;
	t->known[slot].group = funcindex_group(&t->arena, &t->groups,
					       buf_view(&t->key), &f);
	return t->known[slot].group;
}

static bool funcindex_is_rest(struct funcindex_thread *t, struct dbg_die die)
{
	return t->nin && debuginfo_is_at_declaration(die) &&
	       dbg_die_eq(die_origin(t->in[t->nin - 1].die), die_origin(die));
}

/* From where its unit begins. */
static uint32_t funcindex_off(struct dbg_die die)
{
	return (uint32_t)(die.off - die.unit->off);
}

static void funcindex_add_copy(struct funcindex_thread *t, struct dbg_die die)
{
	struct dbg_die origin = die_ref(die, DW_AT_abstract_origin);
	struct funcindex_copy copy = {
		.place = { t->number, funcindex_off(die) },
	};
	struct funcindex_group *g;

	if (!origin.unit || !die_entry(die, &copy.entry))
		return;
	copy.is_rest = funcindex_is_rest(t, die);
	g = funcindex_group_of(t, die, origin);
	if (g)
		vec_push(&t->arena, &g->copies, copy);
}

/* As diescan.h has functions. */
static void funcindex_add_own(struct funcindex_thread *t, struct dbg_die die)
{
	struct funcindex_found found = { .unit = t->number };
	struct die_attr a;

	if (die_attr(die, DW_AT_declaration, &a) ||
	    die_attr(die, DW_AT_inline, &a) ||
	    !debuginfo_describe(die, &found.f) || !found.f.name.len)
		return;
	funcindex_keep(t, &found.f);
	vec_push(&t->arena, &t->own, found);
}

static bool funcindex_is_scope(uint16_t tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
}

static void funcindex_enter(struct funcindex_thread *t,
			    const struct die_walk *w)
{
	if (w->tag == DW_TAG_subprogram &&
	    (!t->nin || !diescope_is_c(t->unit)))
		funcindex_add_own(t, w->die);
	if (w->tag == DW_TAG_inlined_subroutine)
		funcindex_add_copy(t, w->die);
	if (t->nin == DIE_DEPTH_MAX)
		return;
	t->in[t->nin].die = w->die;
	t->in[t->nin++].depth = w->depth;
}

static void funcindex_walk(struct funcindex_thread *t)
{
	struct die_unit *u = t->unit;
	struct die_walk w = die_walk((struct dbg_die){ u, u->root });

	t->nin = 0;
	while (die_walk_next(&w)) {
		while (t->nin && w.depth <= t->in[t->nin - 1].depth)
			t->nin--;
		if (diescope_is_function(w.tag))
			funcindex_enter(t, &w);
		else if (w.depth == 1)
			w.into = funcindex_is_scope(w.tag);
	}
}

static void funcindex_unit(struct funcindex_thread *t, uint32_t number)
{
	struct die_unit *u = t->job->units[number];
	struct die_unit_read had = die_unit_read(u);

	t->unit = u;
	t->number = number;
	funcindex_walk(t);
	die_unit_forget(u, had);
}

static void funcindex_run(struct funcindex_thread *t)
{
	struct funcindex_job *job = t->job;
	uint32_t i, end;

	for (i = 0; i < job->n; i = end) {
		end = MIN(i + FUNCINDEX_CHUNK, job->n);
		for (uint32_t k = i; k < end; k++)
			funcindex_unit(t, k);
		die_units_leave(job->units + i, end - i);
	}
}

static struct funcindex_thread *funcindex_thread_new(struct funcindex_job *job)
{
	struct funcindex_thread *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->job = job;
	arena_init(&t->arena);
	map_init(&t->groups, &t->arena);
	map_init(&t->paths, &t->arena);
	return t;
}

static void funcindex_thread_destroy(struct funcindex_thread *t)
{
	buf_deinit(&t->key);
	arena_deinit(&t->arena);
	free(t);
}

/* ---- building ---- */

/* What a block is made of. */
struct funcindex_block {
	struct funcindex *x;
	struct arena *arena;
	VEC(struct funcindex_row) rows;
	VEC(struct funcindex_place) places;
	struct map texts;
	struct buf text;
};

static uint32_t funcindex_text_of(struct funcindex_block *b, struct str s)
{
	uint32_t *at = map_find(&b->texts, s);

	if (at)
		return *at;
	at = arena_new(b->arena, uint32_t);
	*at = (uint32_t)b->text.len;
	buf_add(&b->text, &s.len, 4);
	buf_str(&b->text, s);
	map_set(&b->texts, s, at);
	return *at;
}

static uint32_t funcindex_flags(const struct dbg_function *f)
{
	return (f->is_inline ? FUNCINDEX_INLINE : 0) |
	       (f->is_external ? FUNCINDEX_EXTERNAL : 0) |
	       (f->is_declared_inline ? FUNCINDEX_DECLARED : 0) |
	       (f->has_inlines ? FUNCINDEX_INLINES : 0) |
	       (f->is_rest ? FUNCINDEX_PART : 0);
}

static bool funcindex_is_of_start(struct funcindex *x, uint64_t pc)
{
	const struct objfile_section *s = objfile_section_at(x->file->obj, pc);

	return s && str_starts(s->name, STR(".init"));
}

static bool funcindex_is_named(struct funcindex *x,
			       const struct dbg_function *f)
{
	struct objfile_symbol s;
	uint32_t i = 0, n = 0;

	while (objfile_find_symbol(x->file->obj, f->name, &i, &s)) {
		if (s.is_undefined)
			continue;
		if (n++ || s.addr != f->entry)
			return false;
	}
	return n;
}

/* What symbols and sections say of it. */
static uint32_t funcindex_place_flags(struct funcindex *x,
				      const struct dbg_function *f)
{
	uint32_t flags = 0;
	struct objfile_symbol s;

	if (funcindex_is_of_start(x, f->entry))
		flags |= FUNCINDEX_START;
	if (!objfile_symbol_at(x->file->obj, f->entry, &s))
		return flags;
	flags |= FUNCINDEX_PLACED;
	if (f->is_inline)
		return flags;
	if (s.addr == f->entry && str_find(s.name, STR(".part.")) >= 0)
		flags |= FUNCINDEX_PART;
	if (funcindex_is_named(x, f))
		flags |= FUNCINDEX_NAMED;
	return flags;
}

static void funcindex_push(struct funcindex_block *b,
			   const struct dbg_function *f, uint32_t unit,
			   uint32_t first, uint32_t n)
{
	uint64_t size = f->end - f->entry;

	vec_push(b->arena, &b->rows,
		 (struct funcindex_row){
			 .entry = f->entry,
			 .size = (uint32_t)MIN(size, (uint64_t)UINT32_MAX),
			 .name = funcindex_text_of(b, f->name),
			 .linkage = funcindex_text_of(b, f->linkage),
			 .file = funcindex_text_of(b, f->file),
			 .line = f->line,
			 .unit = unit,
			 .off = funcindex_off(f->die),
			 .flags = funcindex_flags(f) |
				  funcindex_place_flags(b->x, f),
			 .first = first,
			 .n = n,
		 });
}

/* Is it one that can stand for all of them in a list: not code of the start,
 * which is thrown away, nor the rest of a split function? */
static bool funcindex_is_good(struct funcindex *x,
			      const struct funcindex_copy *c)
{
	struct objfile_symbol sym;

	return !c->is_rest && !funcindex_is_of_start(x, c->entry) &&
	       objfile_symbol_at(x->file->obj, c->entry, &sym);
}

static void funcindex_push_group(struct funcindex_block *b,
				 struct die_unit **units,
				 const struct funcindex_group *g)
{
	const struct funcindex_copy *best = &g->copies.v[0];
	struct dbg_function f = g->f;
	uint32_t first = b->places.n;

	for (uint32_t i = 0; i < g->copies.n; i++)
		vec_push(b->arena, &b->places, g->copies.v[i].place);
	for (uint32_t i = 0; i < g->copies.n; i++)
		if (funcindex_is_good(b->x, &g->copies.v[i])) {
			best = &g->copies.v[i];
			break;
		}
	f.die.unit = units[best->place.unit];
	f.die.off = f.die.unit->off + best->place.off;
	f.entry = f.end = best->entry;
	f.is_rest = best->is_rest;
	funcindex_push(b, &f, best->place.unit, first, g->copies.n);
}

static int funcindex_compare(const void *a, const void *b)
{
	const struct funcindex_row *x = a, *y = b;

	if (x->entry != y->entry)
		return x->entry < y->entry ? -1 : 1;
	if ((x->flags ^ y->flags) & FUNCINDEX_INLINE)
		return x->flags & FUNCINDEX_INLINE ? 1 : -1;
	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

/* What the head says of whose index it is. */
static struct funcindex_head funcindex_head(struct funcindex *x)
{
	struct funcindex_head h = {
		.id = dieindex_identity(x->file, FUNCINDEX_MAGIC),
		.nunits = dieindex_units(x->names),
	};

	memcpy(h.numbered_by, DIEINDEX_MAGIC, sizeof(h.numbered_by));
	return h;
}

static void funcindex_assemble(struct funcindex_block *b)
{
	struct funcindex *x = b->x;
	struct funcindex_head h = funcindex_head(x), *head;
	struct buf out = {};

	h.nrows = b->rows.n;
	h.ncopies = b->places.n;
	h.ntext = (uint32_t)b->text.len;
	h.size = sizeof(h) + h.nrows * sizeof(*b->rows.v) +
		 h.ncopies * sizeof(*b->places.v) + h.ntext;
	buf_reserve(&out, h.size);
	buf_add(&out, &h, sizeof(h));
	if (h.nrows)
		buf_add(&out, b->rows.v, h.nrows * sizeof(*b->rows.v));
	if (h.ncopies)
		buf_add(&out, b->places.v, h.ncopies * sizeof(*b->places.v));
	if (h.ntext)
		buf_add(&out, b->text.data, h.ntext);
	head = (void *)out.data;
	head->sum = cachefile_sum(head + 1, h.size - sizeof(h));
	x->data = out.data;
	x->size = out.len;
}

static void funcindex_pack(struct funcindex *x, struct funcindex_thread *t)
{
	struct funcindex_block b = { .x = x, .arena = &t->arena };
	struct die_unit **units = t->job->units;

	map_init(&b.texts, &t->arena);
	for (uint32_t i = 0; i < t->own.n; i++)
		funcindex_push(&b, &t->own.v[i].f, t->own.v[i].unit, 0, 0);
	for (uint32_t i = 0; i < t->groups.n; i++)
		funcindex_push_group(&b, units, t->groups.entries[i].value);
	if (b.rows.n)
		qsort(b.rows.v, b.rows.n, sizeof(*b.rows.v),
		      funcindex_compare);
	funcindex_assemble(&b);
	buf_deinit(&b.text);
}

/* By one thread: a function may be described by another unit, which two would
 * open and drop at the same time; and so copies come in their order. */
static void funcindex_gather(struct funcindex *x, struct funcindex_job *job)
{
	struct funcindex_thread *t = funcindex_thread_new(job);

	funcindex_run(t);
	funcindex_pack(x, t);
	funcindex_thread_destroy(t);
}

static void funcindex_build(struct funcindex *x)
{
	struct funcindex_job job = {};
	struct die_unit *u;
	VEC(struct die_unit *) units = {};
	struct arena a;

	arena_init(&a);
	for (uint32_t i = 0; (u = dieindex_unit(x->names, i)); i++)
		vec_push(&a, &units, u);
	job.units = units.v;
	job.n = units.n;
	diescan_prepare(units.v, units.n);
	funcindex_gather(x, &job);
	arena_deinit(&a);
}

/* ---- the block ---- */

/* Sets the pointers; false = the block is damaged, or not this file's.  Lists
 * believe what the rows say. */
static bool funcindex_take(struct funcindex *x)
{
	const struct funcindex_head *h = (const void *)x->data;
	struct funcindex_head mine = funcindex_head(x);

	if (x->size < sizeof(*h) || h->size != x->size ||
	    memcmp(h, &mine, offsetof(struct funcindex_head, nrows)) ||
	    sizeof(*h) + h->nrows * sizeof(*x->rows) +
			    h->ncopies * sizeof(*x->places) + h->ntext !=
		    x->size ||
	    h->sum != cachefile_sum(h + 1, x->size - sizeof(*h)))
		return false;
	x->rows = (const void *)(h + 1);
	x->places = (const void *)(x->rows + h->nrows);
	x->text = (const void *)(x->places + h->ncopies);
	x->head = h;
	return true;
}

static struct str funcindex_path(struct funcindex *x)
{
	return dieindex_path(x->file, &x->arena, x->cache_dir, "functions");
}

bool funcindex_is_made(struct funcindex *x)
{
	struct str path;

	if (x->head || x->was_looked_for)
		return x->head;
	x->was_looked_for = true;
	path = funcindex_path(x);
	if (!path.len)
		return false;
	x->data = cachefile_map(path, FUNCINDEX_BYTES_MAX, &x->size);
	x->is_mapped = x->data;
	if (x->data && !funcindex_take(x))
		funcindex_drop(x);
	return x->head;
}

void funcindex_make(struct funcindex *x)
{
	struct str path = funcindex_path(x);

	funcindex_build(x);
	if (!funcindex_take(x))
		abort();
	if (path.len && !x->file->missing.len)
		cachefile_save(path, x->data, x->size);
}

bool funcindex_need(struct funcindex *x)
{
	struct str path;

	if (funcindex_is_made(x))
		return true;
	path = funcindex_path(x);
	if (!path.len || !cachefile_can_save(path))
		return false;
	funcindex_make(x);
	return true;
}

bool funcindex_distrust(struct funcindex *x)
{
	if (x->lie || !x->is_mapped)
		return false;
	x->lie = x->data;
	x->lie_size = x->size;
	x->data = NULL;
	x->head = NULL;
	x->is_mapped = false;
	funcindex_make(x);
	return true;
}

/* ---- questions ---- */

uint64_t funcindex_identity(const struct funcindex *x)
{
	return x->head->sum;
}

uint32_t funcindex_count(const struct funcindex *x)
{
	return x->head->nrows;
}

static struct str funcindex_text(const struct funcindex *x, uint32_t off)
{
	struct reader r = reader_at(x->text, x->head->ntext, off);
	uint32_t n = reader_u32(&r);

	if (r.bad || n > reader_left(&r))
		return (struct str){};
	return (struct str){ (const char *)r.p, n };
}

static bool funcindex_fill(struct funcindex *x, const struct funcindex_row *r,
			   struct str name, struct funcindex_entry *ret)
{
	uint32_t ncopies = x->head->ncopies;

	if (r->first > ncopies || r->n > ncopies - r->first)
		return false;
	*ret = (struct funcindex_entry){
		.f = {
			.name = name,
			.linkage = funcindex_text(x, r->linkage),
			.file = funcindex_text(x, r->file),
			.line = r->line,
			.entry = r->entry,
			.end = r->entry + r->size,
			.is_inline = r->flags & FUNCINDEX_INLINE,
			.is_declared_inline = r->flags & FUNCINDEX_DECLARED,
			.is_external = r->flags & FUNCINDEX_EXTERNAL,
			.has_inlines = r->flags & FUNCINDEX_INLINES,
			.is_rest = r->flags & FUNCINDEX_INLINE &&
				   r->flags & FUNCINDEX_PART,
		},
		.unit = r->unit,
		.off = r->off,
		.first = r->first,
		.n = r->n,
		.has_symbol = r->flags & FUNCINDEX_PLACED,
		.is_symbol = r->flags & FUNCINDEX_NAMED,
		.is_part = r->flags & FUNCINDEX_PART,
		.is_of_start = r->flags & FUNCINDEX_START,
	};
	return true;
}

struct dbg_die funcindex_die(struct funcindex *x,
			     const struct funcindex_entry *e)
{
	struct die_unit *u = dieindex_unit(x->names, e->unit);

	return (struct dbg_die){ u, u ? u->off + e->off : 0 };
}

bool funcindex_next(struct funcindex *x, struct str pattern, uint32_t *at,
		    struct funcindex_entry *ret)
{
	bool all = str_is(pattern, "*"), glob = str_has_glob(pattern);

	while (*at < x->head->nrows) {
		const struct funcindex_row *r = &x->rows[(*at)++];
		struct str name = funcindex_text(x, r->name);

		if (name.len &&
		    (all || (glob ? str_glob(pattern, name) :
				    str_eq(pattern, name))) &&
		    funcindex_fill(x, r, name, ret))
			return true;
	}
	return false;
}

static bool funcindex_check(struct dbg_die die,
			    const struct funcindex_entry *e,
			    struct dbg_function *ret)
{
	return die_tag(die) == (e->f.is_inline ? DW_TAG_inlined_subroutine :
						 DW_TAG_subprogram) &&
	       debuginfo_fill(die, ret) && str_eq(ret->name, e->f.name);
}

bool funcindex_copy(struct funcindex *x, const struct funcindex_entry *e,
		    uint32_t i, struct dbg_function *ret)
{
	const struct funcindex_place *p = &x->places[e->first + i];
	struct die_unit *u = dieindex_unit(x->names, p->unit);

	return u && funcindex_check((struct dbg_die){ u, u->off + p->off }, e,
				    ret);
}

bool funcindex_own(struct funcindex *x, const struct funcindex_entry *e,
		   struct dbg_function *ret)
{
	return funcindex_check(funcindex_die(x, e), e, ret);
}
