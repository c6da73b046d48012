/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One block of bytes, in the cache file as in memory:
 *
 *	head | by row: where its text is | texts
 *
 * Equal texts are one.
 */
#include "dbg/funcvars.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "dbg/cachefile.h"
#include "dbg/ctypes_die.h"
#include "dbg/ctypes_names.h"
#include "dbg/debuginfo_data.h"

#define FUNCVARS_MAGIC "SPILEVX1"
#define FUNCVARS_BYTES_MAX (1u << 30)
#define FUNCVARS_CHUNK 32	/* units that are left at once */

struct funcvars_head {
	struct dieindex_identity id;
	uint64_t of;		/* the index of functions: its sum */
	uint64_t size;		/* of it all */
	uint32_t nrows, ntext;
	uint64_t sum;		/* of what is behind */
};

struct funcvars_place {
	uint32_t off, len;	/* in the texts */
};

struct funcvars {
	struct debuginfo *d;
	struct arena arena, scratch, of_types;
	struct str cache_dir;
	/* Of one after the other. */
	struct ctypes *types;
	struct ctypes_names names;
	/* The block. */
	const char *data;
	uint64_t size;
	bool is_mapped, was_looked_for;
	const struct funcvars_head *head;	/* NULL = is not there */
	const struct funcvars_place *places;
	const char *text;
};

struct funcvars *funcvars_create(struct debuginfo *d, struct str cache_dir)
{
	struct funcvars *x = calloc(1, sizeof(*x));

	if (!x)
		abort();
	arena_init(&x->arena);
	arena_init(&x->scratch);
	arena_init(&x->of_types);
	x->d = d;
	x->cache_dir = arena_str(&x->arena, cache_dir);
	return x;
}

static void funcvars_drop(struct funcvars *x)
{
	if (x->is_mapped)
		munmap((void *)(uintptr_t)x->data, x->size);
	else
		free((void *)(uintptr_t)x->data);
	x->data = NULL;
	x->head = NULL;
	x->is_mapped = false;
}

/* Types are known by where they are in units, which come and go. */
static void funcvars_forget(struct funcvars *x)
{
	if (!x->types)
		return;
	ctypes_close(x->types);
	x->types = NULL;
	arena_reset(&x->of_types);
}

void funcvars_destroy(struct funcvars *x)
{
	if (!x)
		return;
	funcvars_forget(x);
	funcvars_drop(x);
	arena_deinit(&x->of_types);
	arena_deinit(&x->scratch);
	arena_deinit(&x->arena);
	free(x);
}

/* ---- one function ---- */

static void funcvars_put(struct funcvars *x, const struct dbg_var *v,
			 struct buf *ret)
{
	struct str type = ctypes_names_get(&x->names,
					   ctypes_die_id(x->types, v->type));

	buf_str(ret, STR(" $"));
	buf_str(ret, v->name);
	buf_char(ret, ':');
	buf_str(ret, type);
}

void funcvars_text(struct funcvars *x, const struct dbg_function *f,
		   struct buf *ret)
{
	struct dbg_vars vars;

	if (!x->types) {
		x->types = ctypes_die_create(x->d);
		ctypes_names_init(&x->names, x->types, &x->of_types);
	}
	err_free(debuginfo_vars_in_order(x->d, &x->scratch,
					 debuginfo_begin(x->d, f), f->die,
					 &vars));
	for (uint32_t i = 0; i < vars.n; i++)
		funcvars_put(x, &vars.v[i], ret);
	arena_reset(&x->scratch);
}

/* ---- all ---- */

struct funcvars_row {
	struct funcindex_entry e;
	uint32_t row;
};

struct funcvars_job {
	struct arena arena;
	VEC(struct funcvars_row) rows;
	struct funcvars_place *places;		/* by row */
	struct map known;			/* places, by text */
	struct buf text;
	/* Units whose bytes are still in memory. */
	struct die_unit *done[FUNCVARS_CHUNK];
	uint32_t ndone;
};

static int funcvars_compare(const void *a, const void *b)
{
	const struct funcvars_row *x = a, *y = b;

	if (x->e.unit != y->e.unit)
		return x->e.unit < y->e.unit ? -1 : 1;
	return x->e.off < y->e.off ? -1 : x->e.off > y->e.off;
}

static struct funcvars_place funcvars_keep(struct funcvars_job *j,
					   struct str text)
{
	struct funcvars_place *had = map_find(&j->known, text);

	if (had)
		return *had;
	had = arena_new(&j->arena, struct funcvars_place);
	*had = (struct funcvars_place){ (uint32_t)j->text.len, text.len };
	buf_str(&j->text, text);
	map_set(&j->known, arena_str(&j->arena, text), had);
	return *had;
}

static void funcvars_leave(struct funcvars_job *j)
{
	if (j->ndone)
		die_units_leave(j->done, j->ndone);
	j->ndone = 0;
}

/* Those of one unit, from row i on: where the next one's begin. */
static uint32_t funcvars_unit(struct funcvars *x, struct funcvars_job *j,
			      uint32_t i, struct buf *line)
{
	struct dbg_die die = funcindex_die(x->d->functions, &j->rows.v[i].e);
	uint32_t unit = j->rows.v[i].e.unit;
	struct die_unit_read had = {};

	if (die.unit)
		had = die_unit_read(die.unit);
	for (; i < j->rows.n && j->rows.v[i].e.unit == unit; i++) {
		struct dbg_function f = j->rows.v[i].e.f;

		f.die = funcindex_die(x->d->functions, &j->rows.v[i].e);
		line->len = 0;
		if (f.die.unit)
			funcvars_text(x, &f, line);
		j->places[j->rows.v[i].row] =
			funcvars_keep(j, buf_view(line));
	}
	funcvars_forget(x);
	if (die.unit) {
		die_unit_forget(die.unit, had);
		j->done[j->ndone++] = die.unit;
	}
	if (j->ndone == FUNCVARS_CHUNK)
		funcvars_leave(j);
	return i;
}

static void funcvars_gather(struct funcvars *x, struct funcvars_job *j)
{
	struct buf line = {};
	uint32_t at = 0;
	struct funcvars_row r;

	while (funcindex_next(x->d->functions, STR("*"), &at, &r.e)) {
		r.row = at - 1;
		vec_push(&j->arena, &j->rows, r);
	}
	j->places = arena_array(&j->arena,
				funcindex_count(x->d->functions) + 1,
				struct funcvars_place);
	if (j->rows.n)
		qsort(j->rows.v, j->rows.n, sizeof(*j->rows.v),
		      funcvars_compare);
	for (uint32_t i = 0; i < j->rows.n;)
		i = funcvars_unit(x, j, i, &line);
	funcvars_leave(j);
	buf_deinit(&line);
}

static void funcvars_assemble(struct funcvars *x, struct funcvars_job *j)
{
	struct funcvars_head h = {
		.id = dieindex_identity(x->d->file, FUNCVARS_MAGIC),
		.of = funcindex_identity(x->d->functions),
		.nrows = funcindex_count(x->d->functions),
		.ntext = (uint32_t)j->text.len,
	};
	struct funcvars_head *head;
	struct buf out = {};

	h.size = sizeof(h) + h.nrows * sizeof(*x->places) + h.ntext;
	buf_reserve(&out, h.size);
	buf_add(&out, &h, sizeof(h));
	buf_add(&out, j->places, h.nrows * sizeof(*x->places));
	buf_str(&out, buf_view(&j->text));
	head = (void *)out.data;
	head->sum = cachefile_sum(head + 1, h.size - sizeof(h));
	x->data = out.data;
	x->size = out.len;
}

static void funcvars_build(struct funcvars *x)
{
	struct funcvars_job j = {};

	funcvars_forget(x);
	arena_init(&j.arena);
	map_init(&j.known, &j.arena);
	funcvars_gather(x, &j);
	funcvars_assemble(x, &j);
	buf_deinit(&j.text);
	arena_deinit(&j.arena);
}

/* ---- the block ---- */

/* Sets the pointers; false = it is damaged, or of something else. */
static bool funcvars_take(struct funcvars *x)
{
	const struct funcvars_head *h = (const void *)x->data;
	struct dieindex_identity mine = dieindex_identity(x->d->file,
							  FUNCVARS_MAGIC);

	if (x->size < sizeof(*h) || h->size != x->size ||
	    memcmp(&h->id, &mine, sizeof(mine)) ||
	    h->of != funcindex_identity(x->d->functions) ||
	    h->nrows != funcindex_count(x->d->functions) ||
	    sizeof(*h) + h->nrows * sizeof(*x->places) + h->ntext != x->size ||
	    h->sum != cachefile_sum(h + 1, x->size - sizeof(*h)))
		return false;
	x->places = (const void *)(h + 1);
	x->text = (const void *)(x->places + h->nrows);
	x->head = h;
	return true;
}

static struct str funcvars_path(struct funcvars *x)
{
	return dieindex_path(x->d->file, &x->arena, x->cache_dir,
			     "variables");
}

bool funcvars_is_made(struct funcvars *x)
{
	struct str path;

	if (x->head && x->head->of != funcindex_identity(x->d->functions))
		funcvars_drop(x);
	if (x->head || x->was_looked_for)
		return x->head;
	x->was_looked_for = true;
	path = funcvars_path(x);
	if (!path.len)
		return false;
	x->data = cachefile_map(path, FUNCVARS_BYTES_MAX, &x->size);
	x->is_mapped = x->data;
	if (x->data && !funcvars_take(x))
		funcvars_drop(x);
	return x->head;
}

void funcvars_make(struct funcvars *x)
{
	struct str path = funcvars_path(x);

	funcvars_build(x);
	if (!funcvars_take(x))
		abort();
	if (path.len && !x->d->file->missing.len)
		cachefile_save(path, x->data, x->size);
}

bool funcvars_need(struct funcvars *x)
{
	struct str path;

	if (funcvars_is_made(x))
		return true;
	path = funcvars_path(x);
	if (!path.len || !cachefile_can_save(path))
		return false;
	funcvars_make(x);
	return true;
}

struct str funcvars_get(struct funcvars *x, uint32_t row)
{
	const struct funcvars_place *p = &x->places[row];

	if (row >= x->head->nrows || p->off > x->head->ntext ||
	    p->len > x->head->ntext - p->off)
		return (struct str){};
	return (struct str){ x->text + p->off, p->len };
}
