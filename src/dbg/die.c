/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/die.h"

#include <dwarf.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/search.h"
#include "dbg/diescope.h"
#include "dbg/diesplit.h"
#include "dbg/lines.h"

#define DIE_UNITS_MAX (1u << 20)
#define DIE_EARLY_MAX 256
#define DIE_WORK_MAX (UINT64_C(1) << 28)
#define DIE_ABBREVS_MAX (1u << 16)
#define DIE_SPECS_MAX (1u << 20)

/* ---- files ---- */

struct die_file *die_file_create(struct objfile *obj, bool is_dwo)
{
	struct die_file *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	arena_init(&f->arena);
	f->obj = obj;
	f->is_dwo = is_dwo;
	return f;
}

static void die_unit_deinit(struct die_unit *u)
{
	die_abbrevs_deinit(&u->abbrevs);
	lines_destroy(u->lines);
	diescope_table_destroy(u->functions);
}

struct die_unit_read die_unit_read(const struct die_unit *u)
{
	return (struct die_unit_read){
		.abbrevs = u->abbrevs.v,
		.lines = u->has_lines,
		.functions = u->functions,
	};
}

void die_unit_forget(struct die_unit *u, struct die_unit_read had)
{
	if (!had.abbrevs)
		die_abbrevs_deinit(&u->abbrevs);
	if (!had.lines && u->has_lines) {
		lines_destroy(u->lines);
		u->lines = NULL;
		u->has_lines = false;
	}
	if (!had.functions) {
		diescope_table_destroy(u->functions);
		u->functions = NULL;
	}
}

void die_units_leave(struct die_unit *const *units, uint32_t n)
{
	const struct die_unit *u = units[0], *last = units[n - 1];
	struct objfile_data d = die_section(u->file, u->in_types ? DIE_TYPES :
								   DIE_INFO);

	if (u->file == last->file && u->in_types == last->in_types &&
	    u->off < last->end)
		objfile_forget(u->file->obj, d.p + u->off, last->end - u->off);
}

void die_file_destroy(struct die_file *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; i < f->units.n; i++)
		die_unit_deinit(f->units.v[i]);
	for (uint32_t i = 0; i < f->early.n; i++)
		if (!f->early.v[i]->is_listed)
			die_unit_deinit(f->early.v[i]);
	diesplit_destroy(f->dwos);
	die_file_destroy(f->alt);
	die_file_destroy(f->dwp);
	objfile_close(f->obj);
	free(f->signatures);
	arena_deinit(&f->arena);
	free(f);
}

struct objfile_data die_section(struct die_file *f, enum die_section s)
{
	static const char *const names[][2] = {
		[DIE_INFO] = { ".debug_info", ".debug_info.dwo" },
		[DIE_TYPES] = { ".debug_types", ".debug_types.dwo" },
		[DIE_ABBREV] = { ".debug_abbrev", ".debug_abbrev.dwo" },
		[DIE_STR] = { ".debug_str", ".debug_str.dwo" },
		[DIE_LINE_STR] = { ".debug_line_str",
				   ".debug_line_str.dwo" },
		[DIE_STR_OFFSETS] = { ".debug_str_offsets",
				      ".debug_str_offsets.dwo" },
		[DIE_ADDR] = { ".debug_addr", ".debug_addr" },
		[DIE_LINE] = { ".debug_line", ".debug_line.dwo" },
		[DIE_LOC] = { ".debug_loc", ".debug_loc.dwo" },
		[DIE_LOCLISTS] = { ".debug_loclists",
				   ".debug_loclists.dwo" },
		[DIE_RANGES] = { ".debug_ranges", ".debug_ranges" },
		[DIE_RNGLISTS] = { ".debug_rnglists",
				   ".debug_rnglists.dwo" },
		[DIE_ARANGES] = { ".debug_aranges", ".debug_aranges" },
	};

	if (!f->has_section[s]) {
		f->sections[s] = objfile_data(f->obj, names[s][f->is_dwo]);
		f->has_section[s] = true;
	}
	return f->sections[s];
}

/* ---- units ---- */

/* The part of the header that depends on the version and kind. */
static void die_read_header(struct reader *r, struct die_unit *u)
{
	u->version = reader_u16(r);
	u->kind = u->in_types ? DW_UT_type : DW_UT_compile;
	if (u->version >= 5) {
		u->kind = reader_u8(r);
		u->address_size = reader_u8(r);
		u->abbrev_off = reader_uint(r, u->offset_size);
	} else {
		u->abbrev_off = reader_uint(r, u->offset_size);
		u->address_size = reader_u8(r);
	}
	if (u->kind == DW_UT_skeleton || u->kind == DW_UT_split_compile)
		u->signature = reader_u64(r);
	if (u->kind == DW_UT_type || u->kind == DW_UT_split_type) {
		u->signature = reader_u64(r);
		u->type = u->off + reader_uint(r, u->offset_size);
	}
}

/* A unit's header; takes r behind the unit.  False = outside. */
static bool die_parse_unit(struct die_file *f, struct reader *r,
			   const uint8_t *start, bool in_types,
			   struct die_unit *u)
{
	uint64_t length;
	struct reader body;

	*u = (struct die_unit){ .file = f, .in_types = in_types };
	u->off = (uint64_t)(r->p - start);
	u->offset_size = 4;
	length = reader_u32(r);
	if (length == UINT32_MAX) {
		u->offset_size = 8;
		length = reader_u64(r);
	}
	body = *r;
	reader_skip(r, length);
	if (r->bad)
		return false;
	u->end = (uint64_t)(r->p - start);
	body.end = r->p;
	die_read_header(&body, u);
	u->root = (uint64_t)(body.p - start);
	if (body.bad)
		u->version = 0;
	return true;
}

static bool die_is_good(const struct die_unit *u)
{
	return u->version >= 2 && u->version <= 5 &&
	       (u->address_size == 4 || u->address_size == 8);
}

static struct die_unit *die_early(struct die_file *f, uint64_t off)
{
	for (uint32_t i = 0; i < f->early.n; i++)
		if (off >= f->early.v[i]->off && off < f->early.v[i]->end)
			return f->early.v[i];
	return NULL;
}

static void die_read_units(struct die_file *f, enum die_section s)
{
	struct objfile_data d = die_section(f, s);
	struct reader r = reader_at(d.p, d.size, 0);
	struct die_unit u, *place;

	while (!r.bad && reader_left(&r) > 4 && f->units.n < DIE_UNITS_MAX) {
		if (!die_parse_unit(f, &r, d.p, s == DIE_TYPES, &u))
			break;
		if (!die_is_good(&u))
			continue;
		place = u.in_types ? NULL : die_early(f, u.off);
		if (!place || place->off != u.off) {
			place = arena_new(&f->arena, struct die_unit);
			*place = u;
		}
		place->is_listed = true;
		vec_push(&f->arena, &f->units, place);
	}
}

struct die_unit **die_units(struct die_file *f, uint32_t *n)
{
	if (!f->has_units) {
		f->has_units = true;
		die_read_units(f, DIE_INFO);
		die_read_units(f, DIE_TYPES);
		if (f->is_dwo)
			diesplit_contributions(f);
	}
	*n = f->units.n;
	return f->units.v;
}

struct die_unit *die_unit_at(struct die_file *f, uint64_t off)
{
	struct die_unit *early = die_early(f, off), **u;
	uint32_t n, at;

	if (early)
		return early;
	u = die_units(f, &n);
	at = SEARCH(n, i, !u[i]->in_types && u[i]->end <= off);
	return at < n && !u[at]->in_types && u[at]->off <= off ? u[at] : NULL;
}

struct die_unit *die_unit_from(struct die_file *f, uint64_t off)
{
	struct objfile_data d = die_section(f, DIE_INFO);
	struct reader r = reader_at(d.p, d.size, off);
	struct die_unit *place, u;

	if (f->is_dwo || f->early.n >= DIE_EARLY_MAX)
		die_units(f, &(uint32_t){ 0 });
	place = f->has_units ? die_unit_at(f, off) : die_early(f, off);
	if (place || f->has_units)
		return place && place->off == off ? place : NULL;
	if (r.bad || !die_parse_unit(f, &r, d.p, false, &u) ||
	    !die_is_good(&u))
		return NULL;
	place = arena_new(&f->arena, struct die_unit);
	*place = u;
	vec_push(&f->arena, &f->early, place);
	return place;
}

bool die_work(struct die_file *f, uint64_t n)
{
	return atomic_fetch_add(&f->work, n) < DIE_WORK_MAX;
}

struct die_unit *die_unit_full(struct die_unit *u)
{
	if (u->file->is_dwo || (u->version >= 5 && u->kind != DW_UT_skeleton))
		return u;
	if (!u->has_split) {
		u->has_split = true;
		diesplit_find(u);
	}
	return u->split ? u->split : u;
}

/* Table of type units by signature. */
static void die_hash_signatures(struct die_file *f)
{
	uint32_t n, size = 64;
	struct die_unit **u = die_units(f, &n);

	while (size < 2 * n)
		size *= 2;
	f->signatures = calloc(size, sizeof(*f->signatures));
	if (!f->signatures)
		abort();
	f->nsignatures = size;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t h = (uint32_t)u[i]->signature & (size - 1);

		if (u[i]->kind != DW_UT_type && u[i]->kind != DW_UT_split_type)
			continue;
		while (f->signatures[h])
			h = (h + 1) & (size - 1);
		f->signatures[h] = i + 1;
	}
}

struct dbg_die die_by_signature(struct die_file *f, uint64_t sig)
{
	uint32_t h;

	if (!f->signatures)
		die_hash_signatures(f);
	h = (uint32_t)sig & (f->nsignatures - 1);
	for (; f->signatures[h]; h = (h + 1) & (f->nsignatures - 1)) {
		struct die_unit *u = f->units.v[f->signatures[h] - 1];

		if (u->signature == sig && u->type < u->end)
			return (struct dbg_die){ u, u->type };
	}
	return (struct dbg_die){};
}

/* ---- abbreviations ---- */

static void *die_grow(void *v, uint32_t n, uint32_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap ? 2 * *cap : 128;
	v = realloc(v, *cap * size);
	if (!v)
		abort();
	return v;
}

static bool die_read_specs(struct reader *r, struct die_abbrevs *t,
			   struct die_abbrev *a)
{
	a->first = t->nspecs;
	while (t->nspecs < DIE_SPECS_MAX) {
		uint64_t name = reader_uleb(r), form = reader_uleb(r);
		struct die_spec s = { (uint16_t)name, (uint16_t)form, 0 };

		if (form == DW_FORM_implicit_const)
			s.implicit = reader_sleb(r);
		if (r->bad || name > UINT16_MAX || form > UINT16_MAX)
			return false;
		if (!name && !form) {
			a->n = t->nspecs - a->first;
			return true;
		}
		t->specs = die_grow(t->specs, t->nspecs, &t->specs_cap,
				    sizeof(*t->specs));
		t->specs[t->nspecs++] = s;
	}
	return false;
}

static int die_abbrev_compare(const void *a, const void *b)
{
	const struct die_abbrev *x = a, *y = b;

	return x->code < y->code ? -1 : x->code > y->code;
}

static bool die_read_abbrevs(struct reader *r, struct die_abbrevs *t)
{
	while (!r->bad && t->n < DIE_ABBREVS_MAX) {
		uint64_t code = reader_uleb(r), tag;
		struct die_abbrev a = {};

		if (!code)
			return !r->bad;
		tag = reader_uleb(r);
		a.code = (uint32_t)code;
		a.tag = (uint16_t)tag;
		a.has_children = reader_u8(r);
		if (code > UINT32_MAX || !tag || tag > UINT16_MAX ||
		    !die_read_specs(r, t, &a))
			return false;
		t->v = die_grow(t->v, t->n, &t->cap, sizeof(*t->v));
		t->v[t->n++] = a;
		t->is_dense &= code == t->n;
	}
	return false;
}

bool die_abbrevs_read(struct die_file *f, uint64_t off,
		      struct die_abbrevs *t)
{
	struct objfile_data d = die_section(f, DIE_ABBREV);
	struct reader r = reader_at(d.p, d.size, off);
	bool good;

	t->n = t->nspecs = 0;
	t->is_dense = true;
	good = die_read_abbrevs(&r, t);
	/* For the search, if codes are not 1, 2, 3 ... */
	if (good && !t->is_dense)
		qsort(t->v, t->n, sizeof(*t->v), die_abbrev_compare);
	return die_work(f, t->nspecs) && good;
}

/* Behind the attributes of an abbreviation; how many they are.  Most numbers
 * are a byte, and there are millions of them. */
static uint32_t die_skip_specs(struct reader *r)
{
	uint32_t n = 0;
	uint64_t name, form;

	do {
		while (reader_left(r) > 2 && r->p[0] && r->p[0] < 0x80 &&
		       r->p[1] && r->p[1] < 0x80 &&
		       r->p[1] != DW_FORM_implicit_const) {
			r->p += 2;
			n++;
		}
		name = reader_uleb(r);
		form = reader_uleb(r);
		if (form == DW_FORM_implicit_const)
			reader_sleb(r);
		n++;
	} while (!r->bad && (name || form));
	return n;
}

/* A reader at what one abbreviation says of attributes, without a table of
 * them all. */
static bool die_find_specs(struct die_file *f, uint64_t off, uint64_t wanted,
			   struct reader *ret)
{
	struct objfile_data d = die_section(f, DIE_ABBREV);
	struct reader r = reader_at(d.p, d.size, off);
	uint64_t code = 0;
	uint32_t n = 0;

	while (!r.bad && (code = reader_uleb(&r)) && n < DIE_SPECS_MAX) {
		reader_uleb(&r);
		reader_u8(&r);
		if (code == wanted)
			break;
		n += die_skip_specs(&r);
	}
	*ret = r;
	return die_work(f, n) && !r.bad && code == wanted;
}

bool die_root_attr(struct die_unit *u, uint16_t wanted, struct die_attr *ret)
{
	struct objfile_data d = die_section(u->file, u->in_types ? DIE_TYPES :
								   DIE_INFO);
	struct reader r = reader_at(d.p, u->end, u->root), specs;
	uint64_t code = reader_uleb(&r), name, form;
	int64_t implicit = 0;

	if (u->abbrevs.v)
		return die_attr((struct dbg_die){ u, u->root }, wanted, ret);
	if (r.bad || !code ||
	    !die_find_specs(u->file, u->abbrev_off, code, &specs))
		return false;
	do {
		name = reader_uleb(&specs);
		form = reader_uleb(&specs);
		if (form == DW_FORM_implicit_const)
			implicit = reader_sleb(&specs);
		if (specs.bad || form > UINT16_MAX || (!name && !form))
			return false;
		*ret = (struct die_attr){ u, (uint16_t)form, implicit, r.p,
					  r.end };
	} while (name != wanted && die_skip(u, (uint16_t)form, &r));
	return name == wanted && form != DW_FORM_indirect;
}

const struct die_abbrev *die_abbrevs_find(const struct die_abbrevs *t,
					  uint64_t code)
{
	struct die_abbrev key = { .code = (uint32_t)code };

	if (t->is_dense)
		return code && code <= t->n ? &t->v[code - 1] : NULL;
	if (!t->n || code > UINT32_MAX)
		return NULL;
	return bsearch(&key, t->v, t->n, sizeof(key), die_abbrev_compare);
}

void die_abbrevs_deinit(struct die_abbrevs *t)
{
	free(t->v);
	free(t->specs);
	*t = (struct die_abbrevs){};
}

/* ---- entries ---- */

static struct objfile_data die_bytes(const struct die_unit *u)
{
	return die_section(u->file, u->in_types ? DIE_TYPES : DIE_INFO);
}

/* An entry, decoded up to its attributes. */
struct die_view {
	const struct die_abbrev *abbrev;	/* NULL = no entry */
	struct reader attrs;
};

static struct die_view die_view(struct dbg_die die)
{
	struct die_unit *u = die.unit;
	struct objfile_data d;
	struct die_view v = {};
	uint64_t code;

	if (!u || die.off < u->root || die.off >= u->end)
		return v;
	if (!u->abbrevs.v) {
		if (!die_abbrevs_read(u->file, u->abbrev_off, &u->abbrevs))
			u->abbrevs.n = 0;
		if (!u->abbrevs.v)
			return v;
	}
	d = die_bytes(u);
	v.attrs = reader_at(d.p, u->end, die.off);
	code = reader_uleb(&v.attrs);
	if (!v.attrs.bad && code)
		v.abbrev = die_abbrevs_find(&u->abbrevs, code);
	return v;
}

bool die_attrs(struct dbg_die die, const struct die_abbrev **ret_abbrev,
	       struct reader *ret)
{
	struct die_view v = die_view(die);

	*ret_abbrev = v.abbrev;
	*ret = v.attrs;
	return v.abbrev != NULL;
}

uint16_t die_tag(struct dbg_die die)
{
	struct die_view v = die_view(die);

	return v.abbrev ? v.abbrev->tag : 0;
}

/* The bytes of a value of this form, where all are equally long; else -1. */
static int form_size(const struct die_unit *u, uint16_t form)
{
	switch (form) {
	case DW_FORM_flag_present: case DW_FORM_implicit_const:
		return 0;
	case DW_FORM_data1: case DW_FORM_ref1: case DW_FORM_flag:
	case DW_FORM_strx1: case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2: case DW_FORM_ref2: case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3: case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4: case DW_FORM_ref4: case DW_FORM_strx4:
	case DW_FORM_addrx4: case DW_FORM_ref_sup4:
		return 4;
	case DW_FORM_data8: case DW_FORM_ref8: case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return u->address_size;
	case DW_FORM_strp: case DW_FORM_line_strp: case DW_FORM_sec_offset:
	case DW_FORM_strp_sup: case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		return u->offset_size;
	case DW_FORM_ref_addr:
		return u->version == 2 ? u->address_size : u->offset_size;
	default:
		return -1;
	}
}

bool die_skip(const struct die_unit *u, uint16_t form, struct reader *r)
{
	int size = form_size(u, form);
	uint64_t real;

	if (size >= 0) {
		reader_skip(r, (uint64_t)size);
		return !r->bad;
	}
	switch (form) {
	case DW_FORM_udata: case DW_FORM_ref_udata: case DW_FORM_sdata:
	case DW_FORM_strx: case DW_FORM_addrx: case DW_FORM_loclistx:
	case DW_FORM_rnglistx: case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		reader_uleb(r);
		break;
	case DW_FORM_string:
		reader_str(r);
		break;
	case DW_FORM_block1:
		reader_skip(r, reader_u8(r));
		break;
	case DW_FORM_block2:
		reader_skip(r, reader_u16(r));
		break;
	case DW_FORM_block4:
		reader_skip(r, reader_u32(r));
		break;
	case DW_FORM_block: case DW_FORM_exprloc:
		reader_skip(r, reader_uleb(r));
		break;
	case DW_FORM_indirect:
		/* To follow one more would never end; a constant stands in the
		 * abbreviation. */
		real = reader_uleb(r);
		return real != DW_FORM_indirect &&
		       real != DW_FORM_implicit_const && real <= UINT16_MAX &&
		       die_skip(u, (uint16_t)real, r);
	default:
		return false;
	}
	return !r->bad;
}

/* How many bytes the attributes have, if all entries have the same. */
static void die_measure(struct die_unit *u, struct die_abbrev *a)
{
	uint32_t size = 0;

	a->sibling = a->size = DIE_VARIES;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct die_spec *s = &u->abbrevs.specs[a->first + i];
		int n = form_size(u, s->form);

		if (n < 0 || size + (uint32_t)n >= DIE_VARIES ||
		    (s->name == DW_AT_sibling && s->form != DW_FORM_ref4))
			return;
		if (s->name == DW_AT_sibling)
			a->sibling = (uint16_t)size;
		size += (uint32_t)n;
	}
	if (size)
		a->size = (uint16_t)size;
}

static bool die_skip_measured(struct die_unit *u, const struct die_abbrev *a,
			      struct reader *r, uint64_t *sibling)
{
	uint32_t off;

	if (!reader_has(r, a->size))
		return false;
	if (a->sibling != DIE_VARIES) {
		memcpy(&off, r->p + a->sibling, sizeof(off));
		/* As die_attr_ref() has it. */
		if (u->off + off >= u->root && u->off + off < u->end)
			*sibling = u->off + off;
	}
	r->p += a->size;
	return true;
}

/* Takes r behind the attributes; sibling is set if one of them says it. */
static bool die_skip_attrs(struct die_unit *u, const struct die_abbrev *a,
			   struct reader *r, uint64_t *sibling)
{
	if (!a->size)
		die_measure(u, &u->abbrevs.v[a - u->abbrevs.v]);
	if (a->size != DIE_VARIES)
		return die_skip_measured(u, a, r, sibling);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct die_spec *s = &u->abbrevs.specs[a->first + i];
		struct die_attr attr = { u, s->form, s->implicit, r->p,
					 r->end };

		if (s->name == DW_AT_sibling) {
			struct dbg_die die = die_attr_ref(&attr);

			if (die.unit == u)
				*sibling = die.off;
		}
		if (!die_skip(u, s->form, r))
			return false;
	}
	return true;
}

static uint64_t die_off(const struct die_unit *u, const struct reader *r)
{
	return (uint64_t)(r->p - die_bytes(u).p);
}

struct die_walk die_walk(struct dbg_die start)
{
	return (struct die_walk){ .start = start, .next = start.off };
}

/* The entry that the walk is at was decoded when it came there. */
static struct die_view die_walk_view(const struct die_walk *w,
				     struct dbg_die at)
{
	if (!w->abbrev)
		return die_view(at);
	return (struct die_view){
		.abbrev = w->abbrev,
		.attrs = { .p = w->attrs, .end = w->end },
	};
}

/* Where the walk goes on behind the entry that it is at, and how deep. */
static bool die_walk_step(struct die_walk *w, uint64_t *next)
{
	struct dbg_die at = w->depth ? w->die : w->start;
	struct die_view v = die_walk_view(w, at);
	uint64_t sibling = 0;

	if (!v.abbrev ||
	    !die_skip_attrs(at.unit, v.abbrev, &v.attrs, &sibling))
		return false;
	*next = die_off(at.unit, &v.attrs);
	if (!v.abbrev->has_children)
		return w->depth > 0;
	if (!w->depth || w->into) {
		w->depth++;
		return true;
	}
	if (sibling > at.off && sibling < at.unit->end) {
		*next = sibling;
		return true;
	}
	/* Steps over the children one by one. */
	for (uint32_t depth = 1; depth;) {
		struct dbg_die die = { at.unit, *next };
		struct reader r = reader_at(die_bytes(at.unit).p,
					    at.unit->end, *next);

		if (r.bad || !reader_left(&r))
			return false;
		if (!*r.p) {
			depth--;
			++*next;
			continue;
		}
		v = die_view(die);
		sibling = 0;
		if (!v.abbrev ||
		    !die_skip_attrs(at.unit, v.abbrev, &v.attrs, &sibling))
			return false;
		*next = die_off(at.unit, &v.attrs);
		if (v.abbrev->has_children && sibling > die.off &&
		    sibling < at.unit->end)
			*next = sibling;
		else
			depth += v.abbrev->has_children;
	}
	return true;
}

bool die_walk_next(struct die_walk *w)
{
	struct die_unit *u = w->start.unit;
	uint64_t next;

	if (!u || !die_walk_step(w, &next))
		return false;
	while (w->depth && w->depth < DIE_DEPTH_MAX) {
		struct dbg_die die = { u, next };
		struct die_view v;

		if (next >= u->end)
			return false;
		if (!die_bytes(u).p[next]) {
			next++;
			w->depth--;
			continue;
		}
		v = die_view(die);
		if (!v.abbrev)
			return false;
		w->die = die;
		w->abbrev = v.abbrev;
		w->attrs = v.attrs.p;
		w->end = v.attrs.end;
		w->tag = v.abbrev->tag;
		w->has_children = v.abbrev->has_children;
		w->into = true;
		return true;
	}
	return false;
}

struct dbg_die die_child(struct dbg_die die)
{
	struct die_walk w = die_walk(die);

	return die_walk_next(&w) && w.depth == 1 ? w.die : (struct dbg_die){};
}

struct dbg_die die_next(struct dbg_die die)
{
	struct die_walk w = {
		.start = die,
		.die = die,
		.depth = 1,
		.into = false,
	};

	return die_walk_next(&w) && w.depth == 1 ? w.die : (struct dbg_die){};
}
