/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/linefiles.h"

#include <dwarf.h>

#include "base/bits.h"
#include "dbg/lines.h"

#define LINEFILES_ENDS_MAX (4u << 20)
#define LINEFILES_DIRS_MAX 4096

void linefiles_init(struct linefiles *s, struct str pattern, struct arena *a)
{
	uint32_t at = pattern.len;

	while (at && !memchr("/*?[]\\", pattern.s[at - 1], 6))
		at--;
	*s = (struct linefiles){
		.pattern = pattern,
		.tail = str_sub(pattern, at, pattern.len),
		.arena = a,
	};
}

bool linefiles_is_suffix(struct str pattern, struct str path)
{
	bool glob = str_has_glob(pattern);

	for (uint32_t i = 0; i < path.len; i++) {
		struct str rest = str_sub(path, i, path.len);

		if (i && path.s[i - 1] != '/')
			continue;
		if (glob ? str_glob(pattern, rest) : str_eq(pattern, rest))
			return true;
	}
	return false;
}

/* A table in the reading. */
struct linefiles_table {
	struct linefiles *s;
	struct die_unit *unit;
	struct die_unit *forms;	/* see struct lines */
	struct reader r;
	uint64_t ndirs;
	uint64_t n;		/* of both, for die_work() */
};

/* ---- names ---- */

static bool linefiles_ends(struct linefiles_table *t, const struct die_attr *a)
{
	struct linefiles *s = t->s;
	uint64_t off;

	if (a->form != DW_FORM_line_strp || !s->ends ||
	    s->ends_file != t->unit->file || !die_attr_uint(a, &off) ||
	    off >= s->nends)
		return str_ends(die_attr_str(a), s->tail);
	if (!s->ends[off])
		s->ends[off] = str_ends(die_attr_str(a), s->tail) ? 1 : 2;
	return s->ends[off] == 1;
}

/* The name of directory i; names of files are in the first one by no more than
 * the compilation directory. */
static struct str linefiles_dir(const struct linefiles_table *t, uint64_t i)
{
	struct str dir = die_attr_str(&t->s->dirs[i]);

	return i || (dir.len && dir.s[0] == '/') ? dir : (struct str){};
}

/* Paths that would have to be put in order may be anything. */
static bool linefiles_path(const struct linefiles_table *t, struct str dir,
			   struct str name)
{
	struct str path = name, comp = {};
	struct die_attr a;

	if ((!dir.len || dir.s[0] != '/') && (!name.len || name.s[0] != '/') &&
	    die_root_attr(t->unit, DW_AT_comp_dir, &a))
		comp = die_attr_str(&a);
	if (!name.len || name.s[0] != '/')
		path = arena_printf(t->s->arena, "%" STR_FMT "/%" STR_FMT
				    "/%" STR_FMT, STR_ARG(comp), STR_ARG(dir),
				    STR_ARG(name));
	return str_find(path, STR("/.")) >= 0 ||
	       str_find(path, STR("//")) >= 0 ||
	       linefiles_is_suffix(t->s->pattern, path);
}

/* ---- tables ---- */

/* Entries as gcc and clang write them: the offset of a name, the directory in
 * a byte or two, and perhaps a sum.  Of two million of a kernel few have the
 * right end; behind the others, or where an entry is not of that kind, it
 * stops.  Returns how many it has stepped over. */
static uint64_t linefiles_dull(struct linefiles_table *t,
			       const struct lines_format *f, uint32_t n,
			       uint64_t left)
{
	struct linefiles *s = t->s;
	const uint8_t *p = t->r.p;
	uint64_t more = 0, done;
	uint32_t off;

	if (!s->ends || s->ends_file != t->unit->file || n < 2 || n > 3 ||
	    t->forms->offset_size != 4 || f[0].content != DW_LNCT_path ||
	    f[0].form != DW_FORM_line_strp || f[1].form != DW_FORM_udata)
		return 0;
	if (n == 3) {
		more = 16;
		if (f[2].form != DW_FORM_data16)
			return 0;
	}
	for (done = 0; done < left && t->r.end - p > 22; done++) {
		memcpy(&off, p, sizeof(off));
		if (off >= s->nends || s->ends[off] != 2 ||
		    (p[4] & p[5]) >> 7)
			break;
		p += 5 + (p[4] >> 7) + more;
	}
	t->r.p = p;
	return done;
}

/* Steps over one entry. */
static void linefiles_entry(struct linefiles_table *t,
			    const struct lines_format *formats, uint32_t n,
			    struct die_attr *path, uint64_t *dir)
{
	struct reader *r = &t->r;

	*path = (struct die_attr){ .unit = t->forms };
	*dir = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct die_attr a = {
			.unit = t->forms,
			.form = (uint16_t)formats[i].form,
			.p = r->p,
			.end = r->end,
		};

		if (formats[i].content == DW_LNCT_path)
			*path = a;
		else if (formats[i].content == DW_LNCT_directory_index &&
			 !die_attr_uint(&a, dir))
			*dir = UINT64_MAX;
		if (formats[i].form > UINT16_MAX ||
		    formats[i].form == DW_FORM_implicit_const ||
		    !die_skip(t->forms, a.form, r))
			r->bad = true;
	}
}

static uint64_t linefiles_count(struct linefiles_table *t,
				struct lines_format formats[LINES_FORMATS_MAX],
				uint32_t *nformats)
{
	uint64_t n;

	*nformats = lines_formats(&t->r, formats);
	n = reader_uleb(&t->r);
	if (t->r.bad || !*nformats || n > reader_left(&t->r))
		return 0;
	t->n += n;
	return n;
}

static bool linefiles_5(struct linefiles_table *t)
{
	struct lines_format formats[LINES_FORMATS_MAX];
	struct die_attr path;
	uint32_t nformats;
	uint64_t n, dir;

	t->ndirs = linefiles_count(t, formats, &nformats);
	for (uint64_t i = 0; i < t->ndirs && !t->r.bad; i++)
		linefiles_entry(t, formats, nformats,
				&t->s->dirs[MIN(i, LINEFILES_DIRS_MAX - 1u)],
				&dir);
	n = linefiles_count(t, formats, &nformats);
	for (uint64_t i = 0; i < n && !t->r.bad; i++) {
		i += linefiles_dull(t, formats, nformats, n - i);
		if (i == n)
			break;
		linefiles_entry(t, formats, nformats, &path, &dir);
		if (!linefiles_ends(t, &path))
			continue;
		if (dir >= MIN(t->ndirs, LINEFILES_DIRS_MAX - 1u) ||
		    linefiles_path(t, linefiles_dir(t, dir),
				   die_attr_str(&path)))
			return true;
	}
	return false;
}

/* Before DWARF 5: names of files end the same, whatever directory is theirs. */
static bool linefiles_4(struct linefiles_table *t)
{
	struct str s;

	while ((s = reader_str(&t->r)).len)
		t->n++;
	while ((s = reader_str(&t->r)).len) {
		t->n++;
		if (str_ends(s, t->s->tail))
			return true;
		for (int i = 0; i < 3; i++)
			reader_uleb(&t->r);
	}
	return false;
}

/* ---- questions ---- */

static void linefiles_prepare(struct linefiles *s, const struct die_unit *u)
{
	struct objfile_data d = die_section(u->file, DIE_LINE_STR);

	if (!s->dirs)
		s->dirs = arena_array(s->arena, LINEFILES_DIRS_MAX,
				      struct die_attr);
	if (s->ends || d.size > LINEFILES_ENDS_MAX)
		return;
	s->ends_file = u->file;
	s->nends = d.size;
	s->ends = arena_array(s->arena, d.size + 1, uint8_t);
}

bool linefiles_has(struct linefiles *s, struct die_unit *u)
{
	struct die_unit *main = u->skeleton ? u->skeleton : u;
	struct objfile_data d = die_section(main->file, DIE_LINE);
	struct linefiles_table t = { .s = s, .unit = main };
	struct lines l = { .unit = main };
	struct die_attr a;
	uint64_t off;
	bool found;

	if (!die_root_attr(main, DW_AT_stmt_list, &a) ||
	    !die_attr_uint(&a, &off))
		return true;
	linefiles_prepare(s, main);
	t.r = reader_at(d.p, d.size, off + main->dwp_line);
	if (!lines_prologue(&l, &t.r))
		return true;
	t.forms = l.forms;
	found = l.version >= 5 ? linefiles_5(&t) : linefiles_4(&t);
	/* lines_files() counts again and says no. */
	return !die_work(main->file, t.n + 1) || found || t.r.bad;
}
