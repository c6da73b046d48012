/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/lines.h"

#include <dwarf.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/search.h"
#include "base/vec.h"

#define LINES_FILES_MAX (1u << 20)
#define LINES_ROWS_MAX (1u << 24)
#define LINES_EXTRA_BYTES (1u << 20)

/* ---- the header ---- */

uint32_t lines_formats(struct reader *r,
		       struct lines_format formats[LINES_FORMATS_MAX])
{
	uint32_t n = reader_u8(r);

	if (n > LINES_FORMATS_MAX) {
		r->bad = true;
		return 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		formats[i].content = reader_uleb(r);
		formats[i].form = reader_uleb(r);
	}
	return n;
}

/* One entry of DWARF 5's tables of directories and files. */
static void lines_entry(struct lines *l, struct reader *r,
			const struct lines_format *formats, uint32_t n,
			struct str *name, uint32_t *dir)
{
	for (uint32_t i = 0; i < n; i++) {
		struct die_attr a = {
			.unit = l->forms,
			.form = (uint16_t)formats[i].form,
			.p = r->p,
			.end = r->end,
		};
		uint64_t v;

		if (formats[i].content == DW_LNCT_path)
			*name = die_attr_str(&a);
		else if (formats[i].content == DW_LNCT_directory_index &&
			 die_attr_uint(&a, &v))
			*dir = (uint32_t)MIN(v, UINT64_C(0xffffffff));
		if (formats[i].form > UINT16_MAX ||
		    formats[i].form == DW_FORM_implicit_const ||
		    !die_skip(l->forms, a.form, r))
			r->bad = true;
	}
}

static void lines_table_5(struct lines *l, struct reader *r, bool files)
{
	struct lines_format formats[LINES_FORMATS_MAX];
	uint32_t nformats = lines_formats(r, formats);
	uint64_t n = reader_uleb(r);
	struct str *names;
	uint32_t *dirs;

	/* An entry has a byte at least. */
	if (r->bad || n > LINES_FILES_MAX || (n && !nformats) ||
	    n > reader_left(r)) {
		r->bad = true;
		return;
	}
	names = arena_array(&l->arena, n + 1, struct str);
	dirs = arena_array(&l->arena, n + 1, uint32_t);
	for (uint64_t i = 0; i < n && !r->bad; i++)
		lines_entry(l, r, formats, nformats, &names[i], &dirs[i]);
	if (files) {
		l->files = names;
		l->file_dirs = dirs;
		l->nfiles = (uint32_t)n;
	} else {
		l->dirs = names;
		l->ndirs = (uint32_t)n;
	}
}

/* Before DWARF 5: lists that an empty name ends; both count from 1. */
static void lines_tables_4(struct lines *l, struct reader *r,
			   struct str comp_dir)
{
	VEC(struct str) dirs = {}, files = {};
	VEC(uint32_t) file_dirs = {};
	struct str s;

	vec_push(&l->arena, &dirs, comp_dir);
	vec_push(&l->arena, &files, (struct str){});
	vec_push(&l->arena, &file_dirs, 0);
	while ((s = reader_str(r)).len && dirs.n < LINES_FILES_MAX)
		vec_push(&l->arena, &dirs, s);
	while ((s = reader_str(r)).len && files.n < LINES_FILES_MAX) {
		vec_push(&l->arena, &files, s);
		vec_push(&l->arena, &file_dirs, (uint32_t)reader_uleb(r));
		reader_uleb(r);
		reader_uleb(r);
	}
	l->dirs = dirs.v;
	l->ndirs = dirs.n;
	l->files = files.v;
	l->file_dirs = file_dirs.v;
	l->nfiles = files.n;
}

bool lines_prologue(struct lines *l, struct reader *r)
{
	uint64_t length = reader_u32(r), header;
	unsigned int offset_size = 4;

	if (length == UINT32_MAX) {
		length = reader_u64(r);
		offset_size = 8;
	}
	if (!reader_has(r, length))
		return false;
	r->end = l->end = r->p + length;
	l->forms = l->unit;
	/* An assembler may have written it, with another taste. */
	if (l->unit->offset_size != offset_size) {
		l->other = *l->unit;
		l->other.offset_size = (uint8_t)offset_size;
		l->forms = &l->other;
	}
	l->version = (uint8_t)MIN(reader_u16(r), 255);
	l->address_size = l->unit->address_size;
	if (l->version >= 5) {
		l->address_size = reader_u8(r);
		reader_u8(r);
	}
	header = reader_uint(r, offset_size);
	if (!reader_has(r, header) || l->version < 2 || l->version > 5)
		return false;
	l->program = r->p + header;
	l->min_inst = reader_u8(r);
	if (l->version >= 4)
		reader_u8(r);
	l->default_stmt = reader_u8(r);
	l->line_base = (int8_t)reader_u8(r);
	l->line_range = reader_u8(r);
	l->opcode_base = reader_u8(r);
	l->lengths = r->p;
	reader_skip(r, l->opcode_base ? l->opcode_base - 1u : 0);
	return !r->bad && l->line_range &&
	       (l->address_size == 4 || l->address_size == 8);
}

static bool lines_header(struct lines *l, struct reader r, struct str comp_dir)
{
	if (!lines_prologue(l, &r))
		return false;
	if (l->version >= 5) {
		lines_table_5(l, &r, false);
		lines_table_5(l, &r, true);
	} else {
		lines_tables_4(l, &r, comp_dir);
	}
	return !r.bad;
}

/* ---- the program ---- */

struct lines_machine {
	struct lines *l;
	struct reader r;
	struct lines_row row;
	uint32_t sequence;	/* first row of it */
	bool is_dead;		/* of code that the linker dropped */
};

static void lines_reset(struct lines_machine *m)
{
	m->row = (struct lines_row){
		.file = 1,
		.line = 1,
		.is_stmt = m->l->default_stmt,
	};
	m->sequence = m->l->n;
	m->is_dead = false;
}

static void lines_emit(struct lines_machine *m)
{
	struct lines *l = m->l;

	if (l->n < LINES_ROWS_MAX && !m->is_dead) {
		m->row.view = l->n;
		vec_push(&l->arena, l, m->row);
	}
	m->row.is_prologue_end = false;
}

static void lines_set_address(struct lines_machine *m, uint64_t size)
{
	uint64_t addr;

	if (size != 4 && size != 8) {
		reader_skip(&m->r, size);
		return;
	}
	addr = reader_uint(&m->r, (unsigned int)size);
	m->row.addr = addr;
	/* What linkers put where the code is gone. */
	m->is_dead = addr >= (size == 4 ? UINT32_MAX - 1 : UINT64_MAX - 1) ||
		     (!addr && !objfile_is_relocatable(m->l->unit->file->obj));
}

static void lines_extended(struct lines_machine *m)
{
	uint64_t size = reader_uleb(&m->r);
	const uint8_t *start = m->r.p;

	if (!size || !reader_has(&m->r, size))
		return;
	switch (reader_u8(&m->r)) {
	case DW_LNE_end_sequence:
		m->row.is_end = true;
		lines_emit(m);
		lines_reset(m);
		break;
	case DW_LNE_set_address:
		lines_set_address(m, size - 1);
		break;
	default:
		break;
	}
	if (!m->r.bad)
		m->r.p = start + size;
}

static void lines_special(struct lines_machine *m, uint8_t op)
{
	unsigned int adjusted = op - m->l->opcode_base;

	m->row.addr += (uint64_t)m->l->min_inst * (adjusted /
						   m->l->line_range);
	m->row.line += m->l->line_base + (int)(adjusted % m->l->line_range);
	lines_emit(m);
}

static void lines_standard(struct lines_machine *m, uint8_t op)
{
	struct lines *l = m->l;

	switch (op) {
	case DW_LNS_copy:
		lines_emit(m);
		break;
	case DW_LNS_advance_pc:
		m->row.addr += l->min_inst * reader_uleb(&m->r);
		break;
	case DW_LNS_advance_line:
		m->row.line += (uint32_t)reader_sleb(&m->r);
		break;
	case DW_LNS_set_file:
		m->row.file = (uint32_t)MIN(reader_uleb(&m->r),
					    (uint64_t)UINT32_MAX);
		break;
	case DW_LNS_set_column:
		m->row.column = (uint16_t)MIN(reader_uleb(&m->r),
					      (uint64_t)UINT16_MAX);
		break;
	case DW_LNS_negate_stmt:
		m->row.is_stmt = !m->row.is_stmt;
		break;
	case DW_LNS_const_add_pc:
		m->row.addr += (uint64_t)l->min_inst *
			       ((255u - l->opcode_base) / l->line_range);
		break;
	case DW_LNS_fixed_advance_pc:
		m->row.addr += reader_u16(&m->r);
		break;
	case DW_LNS_set_prologue_end:
		m->row.is_prologue_end = true;
		break;
	case DW_LNS_set_basic_block:
	case DW_LNS_set_epilogue_begin:
		break;
	default:
		for (uint8_t i = l->lengths[op - 1]; i; i--)
			reader_uleb(&m->r);
	}
}

static int lines_compare(const void *a, const void *b)
{
	const struct lines_row *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	/* The end of a sequence comes before the start of the next one. */
	if (x->is_end != y->is_end)
		return x->is_end ? -1 : 1;
	return x->view < y->view ? -1 : x->view > y->view;
}

static bool lines_is_sorted(const struct lines *l)
{
	for (uint32_t i = 1; i < l->n; i++)
		if (lines_compare(&l->v[i - 1], &l->v[i]) > 0)
			return false;
	return true;
}

static void lines_run(struct lines *l)
{
	struct lines_machine m = {
		.l = l,
		.r = { .p = l->program, .end = l->end },
	};

	lines_reset(&m);
	while (!m.r.bad && reader_left(&m.r)) {
		uint8_t op = reader_u8(&m.r);

		if (op >= l->opcode_base)
			lines_special(&m, op);
		else if (op)
			lines_standard(&m, op);
		else
			lines_extended(&m);
	}
	/* A sequence that does not end says nothing. */
	l->n = MIN(l->n, m.sequence);
	if (!lines_is_sorted(l))
		qsort(l->v, l->n, sizeof(*l->v), lines_compare);
}

/* ---- questions ---- */

static struct lines *lines_create(struct die_unit *u)
{
	struct die_unit *main = u->skeleton ? u->skeleton : u;
	struct dbg_die root = { main, main->root };
	struct objfile_data d = die_section(main->file, DIE_LINE);
	struct lines *l;
	struct die_attr a;
	uint64_t off;

	if (!die_attr(root, DW_AT_stmt_list, &a) || !die_attr_uint(&a, &off))
		return NULL;
	l = calloc(1, sizeof(*l));
	if (!l)
		abort();
	arena_init(&l->arena);
	l->unit = main;
	if (!die_work(main->file, 1) ||
	    !lines_header(l, reader_at(d.p, d.size, off + main->dwp_line),
			  die_str(root, DW_AT_comp_dir))) {
		lines_destroy(l);
		return NULL;
	}
	if (!die_work(main->file, l->nfiles + l->ndirs)) {
		lines_destroy(l);
		return NULL;
	}
	l->joined = arena_array(&l->arena, l->nfiles + 1, bool);
	l->full = arena_array(&l->arena, l->nfiles + 1, struct str);
	return l;
}

void lines_destroy(struct lines *l)
{
	if (!l)
		return;
	arena_deinit(&l->arena);
	free(l);
}

struct lines *lines_files(struct die_unit *u)
{
	if (!u->has_lines) {
		u->has_lines = true;
		u->lines = lines_create(u);
	}
	return u->lines;
}

/* Has it code of its own?  Units of types and what dwz shares show files in
 * the tables of others. */
static bool lines_is_of_code(const struct lines *l)
{
	uint16_t tag = die_tag((struct dbg_die){ l->unit, l->unit->root });

	return tag == DW_TAG_compile_unit || tag == DW_TAG_skeleton_unit;
}

/* A program is one unit's: all together are not much longer than the section,
 * unless somebody means ill. */
static bool lines_may_run(struct lines *l)
{
	struct die_file *f = l->unit->file;

	f->line_bytes += (uint64_t)(l->end - l->program);
	return f->line_bytes <= 4 * die_section(f, DIE_LINE).size +
					LINES_EXTRA_BYTES;
}

struct lines *lines_get(struct die_unit *u)
{
	struct lines *l = lines_files(u);

	if (l && !l->has_rows) {
		l->has_rows = true;
		if (lines_is_of_code(l) && lines_may_run(l))
			lines_run(l);
	}
	return l;
}

struct str lines_file(struct lines *l, uint32_t file)
{
	struct str name, dir = {};

	if (file >= l->nfiles)
		return (struct str){};
	name = l->files[file];
	if (l->joined[file] || !name.len || name.s[0] == '/')
		return name;
	if (l->file_dirs[file] < l->ndirs)
		dir = l->dirs[l->file_dirs[file]];
	/* The compilation directory: relative, it is of no use. */
	if (!l->file_dirs[file] && dir.len && dir.s[0] != '/')
		dir = (struct str){};
	if (dir.len)
		name = arena_printf(&l->arena, "%" STR_FMT "/%" STR_FMT,
				    STR_ARG(dir), STR_ARG(name));
	l->files[file] = name;
	l->joined[file] = true;
	return name;
}

uint32_t lines_from(const struct lines *l, uint64_t addr)
{
	return SEARCH(l->n, i, l->v[i].addr < addr);
}

const struct lines_row *lines_at(const struct lines *l, uint64_t addr)
{
	uint32_t i = addr == UINT64_MAX ? l->n : lines_from(l, addr + 1);

	/* The last row at or below addr. */
	return i && !l->v[i - 1].is_end ? &l->v[i - 1] : NULL;
}
