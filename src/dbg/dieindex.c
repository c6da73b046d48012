/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index is one block of bytes, in the cache file as in memory:
 *
 *	head | entries by bucket | buckets | ranges by address | units | text
 *
 * A bucket is the number of its first entry; the next bucket's number ends
 * it.  A text is a length and bytes; names that are equal share one.
 */
#include "dbg/dieindex.h"

#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/search.h"
#include "dbg/cachefile.h"
#include "dbg/diesplit.h"

#define DIEINDEX_BYTES_MAX (1u << 30)
#define DIEINDEX_TEXT_MAX (1u << 30) /* what comes then has no name */
#define DIEINDEX_LOOK 64	     /* names compared, to share texts */
#define DIEINDEX_TYPES (UINT64_C(1) << 63)
#define DIEINDEX_SMALL (16u << 20) /* bytes of .debug_info */

struct dieindex_head {
	struct dieindex_identity id;
	uint32_t nentries, nbuckets, nranges, nunits;
	uint32_t main_units; /* the first of them */
	uint32_t ntext;	     /* bytes */
	uint32_t is_cross, pad;
	uint64_t size; /* of it all */
	uint64_t sum;  /* of what is above */
};

struct dieindex_row {
	uint32_t hash;
	uint32_t name;	    /* offset into the text */
	uint32_t off;	    /* of the entry, in its unit */
	uint32_t unit_kind; /* unit << 8 | kind */
};

struct dieindex_range {
	uint64_t start, end;
	uint64_t unit; /* offset of a unit of the file */
};

struct dieindex_unit {
	uint64_t off; /* DIEINDEX_TYPES: in .debug_types */
};

struct dieindex {
	struct die_file *file;
	struct arena arena;
	struct str cache_dir;
	/* The block. */
	const char *data;
	uint64_t size;
	bool is_mapped, is_ready;
	/* One that lied, which somebody may still have names of. */
	const char *lie;
	uint64_t lie_size;
	const struct dieindex_head *head;
	const struct dieindex_row *rows;
	const uint32_t *buckets;
	const struct dieindex_range *ranges;
	const struct dieindex_unit *offs;
	const char *text;
	/* Units by number: the file's, then those of its alternate. */
	struct die_unit **units;
	uint32_t nunits, main_units;
	bool has_units;
	/* Ranges without the scan. */
	VEC(struct dieindex_range) quick;
	bool has_quick; /* .debug_aranges */
	bool has_roots; /* and what it leaves out */
};

struct dieindex *dieindex_create(struct die_file *f, struct str cache_dir)
{
	struct dieindex *x = calloc(1, sizeof(*x));

	if (!x)
		abort();
	arena_init(&x->arena);
	x->file = f;
	x->cache_dir = arena_str(&x->arena, cache_dir);
	return x;
}

static void dieindex_drop(struct dieindex *x)
{
	if (x->is_mapped)
		munmap((void *)(uintptr_t)x->data, x->size);
	else
		free((void *)(uintptr_t)x->data);
	x->data = NULL;
	x->is_mapped = x->is_ready = false;
}

void dieindex_destroy(struct dieindex *x)
{
	if (!x)
		return;
	dieindex_drop(x);
	if (x->lie)
		munmap((void *)(uintptr_t)x->lie, x->lie_size);
	free(x->units);
	arena_deinit(&x->arena);
	free(x);
}

/* ---- units ---- */

static void dieindex_read_units(struct dieindex *x)
{
	struct die_file *alt;
	struct die_unit **u, **au = NULL;
	uint32_t n, nalt = 0;

	if (x->has_units)
		return;
	x->has_units = true;
	u = die_units(x->file, &n);
	alt = diesplit_alt(x->file);
	if (alt)
		au = die_units(alt, &nalt);
	x->units = calloc(n + UINT64_C(1) + nalt, sizeof(struct die_unit *));
	if (!x->units)
		abort();
	if (n)
		memcpy(x->units, u, n * sizeof(struct die_unit *));
	if (nalt)
		memcpy(x->units + n, au, nalt * sizeof(struct die_unit *));
	x->main_units = n;
	x->nunits = n + nalt;
}

/* A unit by its number, from what the cache says of it. */
static struct die_unit *dieindex_cached_unit(struct dieindex *x, uint32_t i)
{
	uint64_t off = x->offs[i].off;

	if (i >= x->head->main_units || off & DIEINDEX_TYPES) {
		dieindex_read_units(x);
		return i < x->nunits ? x->units[i] : NULL;
	}
	return die_unit_from(x->file, off);
}

struct die_unit *dieindex_unit(struct dieindex *x, uint32_t i)
{
	struct die_unit *u;

	/* To read the heads of all units is to read the whole file. */
	if (!x->has_units && dieindex_has_names(x)) {
		u = i < x->head->nunits ? dieindex_cached_unit(x, i) : NULL;
		return u ? die_unit_full(u) : NULL;
	}
	dieindex_read_units(x);
	return i < x->nunits ? die_unit_full(x->units[i]) : NULL;
}

uint32_t dieindex_units(struct dieindex *x)
{
	if (!x->has_units && dieindex_has_names(x))
		return x->head->nunits;
	dieindex_read_units(x);
	return x->nunits;
}

/* ---- ranges ---- */

static int dieindex_range_compare(const void *a, const void *b)
{
	const struct dieindex_range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* One set of .debug_aranges: a unit's. */
static void dieindex_aranges_set(struct dieindex *x, struct reader r,
				 unsigned int offset_size)
{
	const uint8_t *start = r.p - (offset_size == 8 ? 12 : 4);
	uint64_t off;
	uint8_t size;

	if (reader_u16(&r) != 2)
		return;
	off = reader_uint(&r, offset_size);
	size = reader_u8(&r);
	reader_u8(&r);
	if (r.bad || (size != 4 && size != 8))
		return;
	reader_skip(&r, (2u * size - (uint64_t)(r.p - start) % (2u * size)) %
				(2u * size));
	while (reader_left(&r) >= 2u * size) {
		uint64_t low = reader_uint(&r, size);
		uint64_t n = reader_uint(&r, size);

		if (n)
			vec_push(&x->arena, &x->quick,
				 (struct dieindex_range){ low, low + n, off });
	}
}

static void dieindex_aranges(struct dieindex *x)
{
	struct objfile_data d = die_section(x->file, DIE_ARANGES);
	struct reader r = reader_at(d.p, d.size, 0), set;

	while (!r.bad && reader_left(&r) > 4) {
		unsigned int offset_size = 4;
		uint64_t n = reader_u32(&r);

		if (n == UINT32_MAX) {
			n = reader_u64(&r);
			offset_size = 8;
		}
		set = r;
		reader_skip(&r, n);
		set.end = r.p;
		if (!r.bad)
			dieindex_aranges_set(x, set, offset_size);
	}
}

/* What .debug_aranges leaves out, the units' roots say. */
static void dieindex_root_ranges(struct dieindex *x, struct die_unit *u)
{
	bool had = u->abbrevs.v != NULL;
	struct dbg_ranges ranges;
	struct arena a;

	arena_init(&a);
	die_ranges((struct dbg_die){ u, u->root }, &a, &ranges);
	for (uint32_t i = 0; i < ranges.n; i++)
		vec_push(&x->arena, &x->quick,
			 (struct dieindex_range){ ranges.v[i].start,
						  ranges.v[i].end, u->off });
	arena_deinit(&a);
	if (!had)
		die_abbrevs_deinit(&u->abbrevs);
}

static void dieindex_sort_ranges(struct dieindex *x)
{
	if (x->quick.n)
		qsort(x->quick.v, x->quick.n, sizeof(*x->quick.v),
		      dieindex_range_compare);
}

static int dieindex_offset_compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void dieindex_read_ranges(struct dieindex *x)
{
	if (x->has_quick)
		return;
	x->has_quick = true;
	dieindex_aranges(x);
	dieindex_sort_ranges(x);
}

static void dieindex_read_roots(struct dieindex *x)
{
	uint32_t n = x->quick.n;
	_cleanup_free_ uint64_t *has = NULL;

	if (x->has_roots)
		return;
	x->has_roots = true;
	dieindex_read_ranges(x);
	dieindex_read_units(x);
	n = x->quick.n;
	has = calloc(n + UINT64_C(1), sizeof(*has));
	if (!has)
		abort();
	for (uint32_t i = 0; i < n; i++)
		has[i] = x->quick.v[i].unit;
	qsort(has, n, sizeof(*has), dieindex_offset_compare);
	for (uint32_t i = 0; i < x->main_units; i++)
		if (!x->units[i]->in_types &&
		    !bsearch(&x->units[i]->off, has, n, sizeof(*has),
			     dieindex_offset_compare))
			dieindex_root_ranges(x, x->units[i]);
	dieindex_sort_ranges(x);
}

static const struct dieindex_range *
dieindex_search(const struct dieindex_range *v, uint32_t n, uint64_t pc)
{
	uint32_t low = SEARCH(n, i, v[i].start <= pc);

	/* Ranges should not overlap; some do. */
	for (uint32_t i = low; i && low - i < 8; i--)
		if (pc < v[i - 1].end)
			return &v[i - 1];
	return NULL;
}

struct die_unit *dieindex_unit_at(struct dieindex *x, uint64_t pc)
{
	const struct dieindex_range *r;
	struct die_unit *u;

	if (x->is_ready) {
		r = dieindex_search(x->ranges, x->head->nranges, pc);
	} else {
		dieindex_read_ranges(x);
		r = dieindex_search(x->quick.v, x->quick.n, pc);
		if (!r) {
			dieindex_read_roots(x);
			r = dieindex_search(x->quick.v, x->quick.n, pc);
		}
	}
	u = r ? die_unit_from(x->file, r->unit) : NULL;
	return u ? die_unit_full(u) : NULL;
}

/* ---- building ---- */

static uint64_t dieindex_sum(const struct dieindex_head *h)
{
	return str_hash((struct str){ (const char *)h,
				      offsetof(struct dieindex_head, sum) });
}

struct dieindex_identity dieindex_identity(struct die_file *f,
					   const char *magic)
{
	struct dieindex_identity ret = {};
	struct str id = objfile_build_id(f->obj);

	memcpy(ret.magic, magic, sizeof(ret.magic));
	if (id.len)
		memcpy(ret.build_id, id.s,
		       MIN(id.len, (uint32_t)sizeof(ret.build_id)));
	ret.info_size = die_section(f, DIE_INFO).size;
	ret.str_size = die_section(f, DIE_STR).size;
	ret.line_size = die_section(f, DIE_LINE).size;
	return ret;
}

/* Counting sort by bucket. */
static void dieindex_buckets(const struct dieindex_row *from, uint32_t n,
			     struct dieindex_row *rows, uint32_t *buckets,
			     uint32_t nbuckets)
{
	for (uint32_t i = 0; i < n; i++)
		buckets[(from[i].hash & (nbuckets - 1)) + 1]++;
	for (uint32_t i = 0; i < nbuckets; i++)
		buckets[i + 1] += buckets[i];
	for (uint32_t i = 0; i < n; i++)
		rows[buckets[from[i].hash & (nbuckets - 1)]++] = from[i];
	/* Each is now where the next one starts. */
	memmove(buckets + 1, buckets, nbuckets * sizeof(*buckets));
	buckets[0] = 0;
}

static struct str dieindex_pool(const struct buf *text, uint32_t off)
{
	struct str s = { text->data + off + 4, 0 };

	memcpy(&s.len, text->data + off, 4);
	return s;
}

/* Gives the names of a bucket their texts; row.name is a number in names. */
static void dieindex_texts(const struct diescan_names *names,
			   struct dieindex_row *rows, uint32_t n,
			   struct buf *text)
{
	for (uint32_t i = 0; i < n; i++) {
		struct str name = names->v[rows[i].name].name;
		uint32_t last = i < DIEINDEX_LOOK ? 0 : i - DIEINDEX_LOOK;
		uint32_t k = i;

		while (k > last &&
		       !(rows[k - 1].hash == rows[i].hash &&
			 str_eq(dieindex_pool(text, rows[k - 1].name), name)))
			k--;
		if (k > last) {
			rows[i].name = rows[k - 1].name;
			continue;
		}
		rows[i].name = (uint32_t)text->len;
		if (text->len > DIEINDEX_TEXT_MAX ||
		    name.len > DIEINDEX_TEXT_MAX)
			name.len = 0;
		buf_add(text, &name.len, 4);
		buf_add(text, name.s, name.len);
	}
}

static struct dieindex_row *dieindex_raw_rows(const struct diescan_names *names)
{
	struct dieindex_row *rows =
		calloc(names->n + UINT64_C(1), sizeof(*rows));

	if (!rows)
		abort();
	for (uint32_t i = 0; i < names->n; i++)
		rows[i] = (struct dieindex_row){
			.hash = (uint32_t)str_hash(names->v[i].name),
			.name = i,
			.off = names->v[i].off,
			.unit_kind = names->v[i].unit << 8 | names->v[i].kind,
		};
	return rows;
}

static void dieindex_assemble(struct dieindex *x, struct dieindex_head *h,
			      struct dieindex_row *rows, uint32_t *buckets,
			      struct buf *text)
{
	struct buf b = {};

	h->size = sizeof(*h) + h->nentries * sizeof(*rows) +
		  (h->nbuckets + UINT64_C(2)) / 2 * 2 * sizeof(*buckets) +
		  h->nranges * sizeof(struct dieindex_range) +
		  h->nunits * sizeof(struct dieindex_unit) + text->len;
	h->sum = dieindex_sum(h);
	buf_reserve(&b, h->size);
	buf_add(&b, h, sizeof(*h));
	buf_add(&b, rows, h->nentries * sizeof(*rows));
	buf_add(&b, buckets,
		(h->nbuckets + UINT64_C(2)) / 2 * 2 * sizeof(*buckets));
	if (h->nranges)
		buf_add(&b, x->quick.v, h->nranges * sizeof(*x->quick.v));
	for (uint32_t i = 0; i < x->nunits; i++) {
		struct dieindex_unit u = { x->units[i]->off };

		if (x->units[i]->in_types)
			u.off |= DIEINDEX_TYPES;
		buf_add(&b, &u, sizeof(u));
	}
	if (text->len)
		buf_add(&b, text->data, text->len);
	x->data = b.data;
	x->size = b.len;
}

static void dieindex_pack(struct dieindex *x, const struct diescan_names *names)
{
	struct dieindex_head h = {
		.id = dieindex_identity(x->file, DIEINDEX_MAGIC),
	};
	_cleanup_free_ struct dieindex_row *from = dieindex_raw_rows(names);
	_cleanup_free_ struct dieindex_row *rows = NULL;
	_cleanup_free_ uint32_t *buckets = NULL;
	struct buf text = {};

	h.nentries = names->n;
	h.nunits = x->nunits;
	h.main_units = x->main_units;
	h.nranges = x->quick.n;
	h.is_cross = names->is_cross;
	for (h.nbuckets = 16; h.nbuckets < names->n / 2;)
		h.nbuckets *= 2;
	rows = calloc(names->n + UINT64_C(1), sizeof(*rows));
	buckets = calloc(h.nbuckets + UINT64_C(2), sizeof(*buckets));
	if (!rows || !buckets)
		abort();
	dieindex_buckets(from, names->n, rows, buckets, h.nbuckets);
	for (uint32_t i = 0; i < h.nbuckets; i++)
		dieindex_texts(names, rows + buckets[i],
			       buckets[i + 1] - buckets[i], &text);
	h.ntext = (uint32_t)text.len;
	dieindex_assemble(x, &h, rows, buckets, &text);
	buf_deinit(&text);
}

static void dieindex_build(struct dieindex *x)
{
	_cleanup_free_ struct die_unit **full = NULL;
	struct diescan_names names;
	struct arena a;

	dieindex_read_roots(x);
	full = calloc(x->nunits + UINT64_C(1), sizeof(struct die_unit *));
	if (!full)
		abort();
	for (uint32_t i = 0; i < x->nunits; i++)
		full[i] = die_unit_full(x->units[i]);
	arena_init(&a);
	diescan(full, x->nunits, &a, &names);
	dieindex_pack(x, &names);
	arena_deinit(&a);
}

/* ---- the block ---- */

/* Sets the pointers; false = the block is not well-formed or not this file's.
 * What the rows say is checked when they are used. */
static bool dieindex_take(struct dieindex *x)
{
	const struct dieindex_head *h = (const void *)x->data;
	struct dieindex_identity mine =
		dieindex_identity(x->file, DIEINDEX_MAGIC);
	uint64_t nbuckets, left;

	if (x->size < sizeof(*h) || h->size != x->size ||
	    h->sum != dieindex_sum(h) ||
	    memcmp(&h->id, &mine, sizeof(mine)) ||
	    h->main_units > h->nunits || !h->nbuckets ||
	    h->nbuckets & (h->nbuckets - 1))
		return false;
	nbuckets = (h->nbuckets + UINT64_C(2)) / 2 * 2;
	left = x->size - sizeof(*h);
	if (h->nentries * sizeof(*x->rows) + nbuckets * sizeof(*x->buckets) +
		    h->nranges * sizeof(*x->ranges) +
		    h->nunits * sizeof(*x->offs) + h->ntext !=
	    left)
		return false;
	x->head = h;
	x->rows = (const void *)(h + 1);
	x->buckets = (const void *)(x->rows + h->nentries);
	x->ranges = (const void *)(x->buckets + nbuckets);
	x->offs = (const void *)(x->ranges + h->nranges);
	x->text = (const void *)(x->offs + h->nunits);
	x->is_ready = true;
	return true;
}

struct str dieindex_path(struct die_file *f, struct arena *a,
			 struct str cache_dir, const char *what)
{
	struct str id = objfile_build_id(f->obj);

	if (!id.len || !cache_dir.len)
		return (struct str){};
	return arena_printf(a, "%" STR_FMT "/%" STR_FMT "-%llx.%s",
			    STR_ARG(cache_dir), STR_ARG(id),
			    (unsigned long long)die_section(f, DIE_INFO).size,
			    what);
}

static struct str dieindex_own_path(struct dieindex *x)
{
	return dieindex_path(x->file, &x->arena, x->cache_dir, "index");
}

static bool dieindex_load(struct dieindex *x)
{
	struct str path = dieindex_own_path(x);

	if (!path.len)
		return false;
	x->data = cachefile_map(path, DIEINDEX_BYTES_MAX, &x->size);
	if (!x->data)
		return false;
	x->is_mapped = true;
	if (dieindex_take(x))
		return true;
	dieindex_drop(x);
	return false;
}

/* What lacks a file may have it the next time. */
static void dieindex_save(struct dieindex *x)
{
	struct str path = dieindex_own_path(x);

	if (path.len && !x->file->missing.len)
		cachefile_save(path, x->data, x->size);
}

static void dieindex_make(struct dieindex *x)
{
	dieindex_build(x);
	if (!dieindex_take(x))
		abort();
	dieindex_save(x);
}

bool dieindex_has_names(struct dieindex *x)
{
	return x->is_ready || dieindex_load(x);
}

static void dieindex_need(struct dieindex *x)
{
	if (!dieindex_has_names(x))
		dieindex_make(x);
}

bool dieindex_is_cross(struct dieindex *x)
{
	dieindex_need(x);
	return x->head->is_cross;
}

bool dieindex_is_small(struct dieindex *x)
{
	return die_section(x->file, DIE_INFO).size < DIEINDEX_SMALL;
}

/* ---- questions ---- */

static struct str dieindex_text(const struct dieindex *x, uint32_t off)
{
	struct reader r = reader_at(x->text, x->head->ntext, off);
	uint32_t n = reader_u32(&r);

	if (r.bad || n > reader_left(&r))
		return (struct str){};
	return (struct str){ (const char *)r.p, n };
}

/* The row's entry, if it is still what the row says. */
static bool dieindex_entry(struct dieindex *x, const struct dieindex_row *r,
			   struct dieindex_entry *ret)
{
	struct die_unit *u = dieindex_unit(x, r->unit_kind >> 8);
	struct str name = dieindex_text(x, r->name);
	uint8_t kind = r->unit_kind & 0xff;

	if (!u || !name.len)
		return false;
	*ret = (struct dieindex_entry){
		.name = name,
		.kind = kind & ~DIESCAN_EXTERNAL,
		.is_external = kind & DIESCAN_EXTERNAL,
		.die = { u, u->off + r->off },
	};
	return ret->kind == DIESCAN_FILE || str_eq(die_name(ret->die), name);
}

/* The index lies: it is made again, once, and the search starts anew. */
static bool dieindex_distrust(struct dieindex *x, struct dieindex_iter *i)
{
	if (x->lie || !x->is_mapped)
		return false;
	x->lie = x->data;
	x->lie_size = x->size;
	x->data = NULL;
	x->is_mapped = x->is_ready = false;
	dieindex_make(x);
	*i = (struct dieindex_iter){};
	return true;
}

static bool dieindex_is_kind(const struct dieindex_row *r,
			     enum diescan_kind kind)
{
	return (r->unit_kind & 0x7f) == kind;
}

/* From where i is on; *lied: all is new, and i at the beginning. */
static bool dieindex_find_next(struct dieindex *x, struct str name,
			       enum diescan_kind kind, struct dieindex_iter *i,
			       struct dieindex_entry *ret, bool *lied)
{
	uint32_t hash = (uint32_t)str_hash(name);
	uint32_t bucket = hash & (x->head->nbuckets - 1);
	uint32_t end = MIN(x->buckets[bucket + 1], x->head->nentries);

	*lied = false;
	if (!i->is_started)
		i->at = x->buckets[bucket];
	i->is_started = true;
	while (i->at < end && !*lied) {
		const struct dieindex_row *r = &x->rows[i->at++];

		if (r->hash != hash || !dieindex_is_kind(r, kind) ||
		    !str_eq(dieindex_text(x, r->name), name))
			continue;
		if (dieindex_entry(x, r, ret))
			return true;
		*lied = dieindex_distrust(x, i);
	}
	return false;
}

bool dieindex_find(struct dieindex *x, struct str name, enum diescan_kind kind,
		   struct dieindex_iter *i, struct dieindex_entry *ret)
{
	bool found, lied;

	dieindex_need(x);
	do {
		found = dieindex_find_next(x, name, kind, i, ret, &lied);
	} while (lied);
	return found;
}

static bool is_of_units(const struct dieindex_row *r,
			const struct dieindex_iter *i)
{
	uint32_t unit = r->unit_kind >> 8;

	return unit >= i->nunits || i->units[unit];
}

bool dieindex_glob(struct dieindex *x, struct str pattern,
		   enum diescan_kind kind, struct dieindex_iter *i,
		   struct dieindex_entry *ret)
{
	bool all = str_is(pattern, "*");

	if (!str_has_glob(pattern))
		return dieindex_find(x, pattern, kind, i, ret);
	dieindex_need(x);
	while (i->at < x->head->nentries) {
		const struct dieindex_row *r = &x->rows[i->at++];

		if (!dieindex_is_kind(r, kind) || !is_of_units(r, i) ||
		    (!all && !str_glob(pattern, dieindex_text(x, r->name))))
			continue;
		if (dieindex_entry(x, r, ret))
			return true;
		dieindex_distrust(x, i);
	}
	return false;
}
