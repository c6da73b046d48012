/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/diesplit.h"

#include <dwarf.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "base/search.h"
#include "base/vec.h"

#define DIESPLIT_FILES_MAX 65536
#define DIESPLIT_COLUMNS_MAX 16

/* The .dwo files of a file, open. */
struct die_dwos {
	struct arena arena;
	VEC(struct die_file *) files;
};

static struct die_dwos *diesplit_dwos(struct die_file *f)
{
	if (!f->dwos) {
		f->dwos = calloc(1, sizeof(*f->dwos));
		if (!f->dwos)
			abort();
		arena_init(&f->dwos->arena);
	}
	return f->dwos;
}

void diesplit_destroy(struct die_dwos *dwos)
{
	if (!dwos)
		return;
	for (uint32_t i = 0; i < dwos->files.n; i++)
		die_file_destroy(dwos->files.v[i]);
	arena_deinit(&dwos->arena);
	free(dwos);
}

static struct die_file *diesplit_open(const char *path, bool is_dwo)
{
	struct objfile *obj;
	struct stat st;
	struct err *err;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return NULL;
	err = objfile_open(path, &obj);
	if (err_drop(err))
		return NULL;
	return die_file_create(obj, is_dwo);
}

/* The directory of a path with its '/'; empty = none. */
static struct str diesplit_dir(struct str path)
{
	uint32_t n = path.len;

	while (n && path.s[n - 1] != '/')
		n--;
	return str_sub(path, 0, n);
}

static struct str diesplit_base(struct str path)
{
	return str_sub(path, diesplit_dir(path).len, path.len);
}

/* ---- split units ---- */

static struct die_unit *diesplit_unit(struct die_file *f, uint64_t id)
{
	uint32_t n;
	struct die_unit **u = die_units(f, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (u[i]->in_types || u[i]->kind == DW_UT_split_type ||
		    u[i]->kind == DW_UT_type)
			continue;
		die_unit_bases(u[i]);
		if (u[i]->signature == id)
			return u[i];
	}
	return NULL;
}

static bool diesplit_take(struct die_unit *u, struct die_file *f)
{
	struct die_unit *split = f ? diesplit_unit(f, u->signature) : NULL;

	if (!split || split->skeleton)
		return false;
	split->skeleton = u;
	u->split = split;
	return true;
}

static bool diesplit_try(struct die_unit *u, const char *path)
{
	struct die_dwos *dwos = diesplit_dwos(u->file);
	struct die_file *f;

	if (dwos->files.n >= DIESPLIT_FILES_MAX)
		return false;
	f = diesplit_open(path, true);
	if (!f)
		return false;
	if (!diesplit_take(u, f)) {
		die_file_destroy(f);
		return false;
	}
	vec_push(&dwos->arena, &dwos->files, f);
	return true;
}

/* "prog.dwp" beside the program or beside its separate debug file. */
static struct die_file *diesplit_open_package(struct die_file *f)
{
	struct die_file *dwp;
	struct arena a;

	arena_init(&a);
	dwp = diesplit_open(arena_printf(&a, "%s.dwp",
					 objfile_path(f->obj)).s, true);
	if (!dwp && f->program.len)
		dwp = diesplit_open(arena_printf(&a, "%" STR_FMT ".dwp",
						 STR_ARG(f->program)).s, true);
	arena_deinit(&a);
	return dwp;
}

static bool diesplit_package(struct die_unit *u)
{
	struct die_file *f = u->file;

	if (!f->has_dwp) {
		f->has_dwp = true;
		f->dwp = diesplit_open_package(f);
	}
	return diesplit_take(u, f->dwp);
}

static void diesplit_missing(struct die_file *f, struct str name)
{
	if (!f->missing.len)
		f->missing = arena_str(&f->arena, name);
}

/* Beside a file of the program. */
static void diesplit_try_beside(struct die_unit *u, struct str file,
				struct str name, struct arena *a)
{
	struct str dir = diesplit_dir(file);

	if (!u->split && file.len)
		diesplit_try(u, arena_printf(a, "%" STR_FMT "%" STR_FMT,
					     STR_ARG(dir),
					     STR_ARG(diesplit_base(name))).s);
}

void diesplit_find(struct die_unit *u)
{
	struct dbg_die root = { u, u->root };
	struct str name = die_str(root, DW_AT_dwo_name), dir;
	struct arena a;

	if (!name.len)
		name = die_str(root, DW_AT_GNU_dwo_name);
	die_unit_bases(u);
	if (!name.len || diesplit_package(u))
		return;
	dir = die_str(root, DW_AT_comp_dir);
	arena_init(&a);
	if (name.s[0] == '/' || !dir.len)
		diesplit_try(u, arena_str(&a, name).s);
	else
		diesplit_try(u, arena_printf(&a, "%" STR_FMT "/%" STR_FMT,
					     STR_ARG(dir), STR_ARG(name)).s);
	diesplit_try_beside(u, str_from(objfile_path(u->file->obj)), name, &a);
	diesplit_try_beside(u, u->file->program, name, &a);
	if (!u->split)
		diesplit_missing(u->file, name);
	arena_deinit(&a);
}

/* ---- packages ---- */

struct diesplit_index {
	uint32_t columns, units, slots;
	bool is_v5;
	struct reader hashes, rows, heads, offsets;
};

static bool diesplit_header(struct reader r, struct diesplit_index *x)
{
	uint64_t n;

	x->is_v5 = reader_u32(&r) != 2;
	x->columns = reader_u32(&r);
	x->units = reader_u32(&r);
	x->slots = reader_u32(&r);
	if (r.bad || !x->columns || x->columns > DIESPLIT_COLUMNS_MAX)
		return false;
	x->hashes = r;
	n = UINT64_C(8) * x->slots;
	reader_skip(&r, n);
	x->rows = r;
	reader_skip(&r, UINT64_C(4) * x->slots);
	x->heads = r;
	reader_skip(&r, UINT64_C(4) * x->columns);
	x->offsets = r;
	reader_skip(&r, UINT64_C(4) * x->columns * x->units);
	return !r.bad;
}

static struct die_unit *diesplit_unit_from(struct die_file *f, uint64_t off,
					   bool in_types)
{
	struct die_unit *u;
	uint32_t at = SEARCH(f->units.n, i,
			     (u = f->units.v[i],
			      u->in_types < in_types ||
			      (u->in_types == in_types && u->off < off)));

	if (at == f->units.n)
		return NULL;
	u = f->units.v[at];
	return u->off == off && u->in_types == in_types ? u : NULL;
}

/* The row's offsets by the number of their section (DW_SECT_*). */
static void diesplit_row(struct die_file *f, const struct diesplit_index *x,
			 uint32_t row, uint64_t hash)
{
	uint64_t at[16] = {};
	struct reader heads = x->heads, offsets = x->offsets;
	struct die_unit *u;

	reader_skip(&offsets, UINT64_C(4) * x->columns * (row - 1));
	for (uint32_t i = 0; i < x->columns; i++) {
		uint32_t section = reader_u32(&heads);
		uint32_t off = reader_u32(&offsets);

		if (section < 16)
			at[section] = off;
	}
	u = diesplit_unit_from(f, x->is_v5 || !at[2] ? at[1] : at[2],
			       !x->is_v5 && at[2]);
	if (!u || offsets.bad)
		return;
	u->abbrev_off += at[3];
	u->dwp_line = at[4];
	u->dwp_loclists = at[5];
	u->dwp_str_offsets = at[6];
	u->dwp_rnglists = x->is_v5 ? at[8] : 0;
	if (u->version < 5)
		u->signature = hash;
}

static void diesplit_read_index(struct die_file *f, const char *section)
{
	struct objfile_data d = objfile_data(f->obj, section);
	struct diesplit_index x;

	if (!d.p || !diesplit_header(reader_at(d.p, d.size, 0), &x))
		return;
	for (uint32_t i = 0; i < x.slots; i++) {
		uint64_t hash = reader_u64(&x.hashes);
		uint32_t row = reader_u32(&x.rows);

		if (row && row <= x.units)
			diesplit_row(f, &x, row, hash);
	}
}

void diesplit_contributions(struct die_file *f)
{
	diesplit_read_index(f, ".debug_cu_index");
	diesplit_read_index(f, ".debug_tu_index");
}

/* ---- what dwz shares ---- */

/* What dwz made has the build-id that the link says; what it made in the way
 * of DWARF 5, a checksum. */
static bool diesplit_is_alt(struct objfile *o, struct str id)
{
	struct str name, own;
	struct arena a;
	bool same;

	arena_init(&a);
	same = str_eq(objfile_build_id(o), id) ||
	       (objfile_supplementary(o, &a, &name, &own) && !name.len &&
		str_eq(own, id));
	arena_deinit(&a);
	return same;
}

static struct die_file *diesplit_try_alt(const char *path, struct str id)
{
	struct die_file *f = diesplit_open(path, false);

	if (f && !diesplit_is_alt(f->obj, id)) {
		die_file_destroy(f);
		return NULL;
	}
	/* It shares nothing with a third file. */
	if (f)
		f->has_alt = true;
	return f;
}

/* ".build-id/ab/cdef.debug" below a directory. */
static struct die_file *diesplit_alt_by_id(struct str dir, struct str id,
					   struct arena *a)
{
	if (id.len <= 2)
		return NULL;
	return diesplit_try_alt(
		arena_printf(a, "%" STR_FMT "/.build-id/%.2s/%" STR_FMT
			     ".debug", STR_ARG(dir), id.s,
			     STR_ARG(str_sub(id, 2, id.len))).s, id);
}

/* The files of a package may be below any directory together. */
static struct die_file *diesplit_alt_beside(struct str path, struct str id,
					    struct arena *a)
{
	int64_t at = str_find(path, STR("/.build-id/"));

	return at < 0 ? NULL :
			diesplit_alt_by_id(str_sub(path, 0, (uint32_t)at), id,
					   a);
}

static struct die_file *diesplit_open_alt(struct die_file *f, struct arena *a)
{
	struct str path = str_from(objfile_path(f->obj));
	struct str here = diesplit_dir(path), name, id;
	struct die_file *alt;

	if (!objfile_altlink(f->obj, a, &name, &id) &&
	    !(objfile_supplementary(f->obj, a, &name, &id) && name.len))
		return NULL;
	if (name.s[0] == '/')
		here = (struct str){};
	alt = diesplit_try_alt(arena_printf(a, "%" STR_FMT "%" STR_FMT,
					    STR_ARG(here), STR_ARG(name)).s,
			       id);
	if (!alt)
		alt = diesplit_alt_beside(path, id, a);
	if (!alt)
		alt = diesplit_alt_by_id(STR("/usr/lib/debug"), id, a);
	if (!alt)
		diesplit_missing(f, name);
	return alt;
}

struct die_file *diesplit_alt(struct die_file *f)
{
	struct arena a;

	if (!f->has_alt) {
		f->has_alt = true;
		arena_init(&a);
		f->alt = diesplit_open_alt(f, &a);
		arena_deinit(&a);
	}
	return f->alt;
}
