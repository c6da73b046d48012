/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places in the source as the language writes them, and whether a file and a
 * line of a unit are meant.
 */
#include <dwarf.h>

#include "base/bits.h"
#include "dbg/debuginfo_data.h"
#include "dbg/diename.h"

#define DEBUGMATCH_RANGES_MAX 4096

/* ---- patterns ---- */

static bool debugmatch_number(struct str s, uint32_t *ret)
{
	int64_t v;

	if (!s.len || s.s[0] < '0' || s.s[0] > '9' || !str_to_s64(s, &v) ||
	    v < 0 || v > INT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* "12" or "12-20" */
static bool debugmatch_range(struct str s, struct dbg_line_range *ret)
{
	int64_t dash = str_find_char(s, '-');

	if (dash < 0) {
		if (!debugmatch_number(s, &ret->first))
			return false;
		ret->last = ret->first;
		return true;
	}
	return debugmatch_number(str_sub(s, 0, (uint32_t)dash), &ret->first) &&
	       debugmatch_number(str_sub(s, (uint32_t)dash + 1, s.len),
				 &ret->last) && ret->first <= ret->last;
}

static bool debugmatch_ranges(struct arena *a, struct str s,
			      struct dbg_pattern *ret)
{
	while (s.len && ret->n < DEBUGMATCH_RANGES_MAX) {
		int64_t comma = str_find_char(s, ',');
		uint32_t n = comma < 0 ? s.len : (uint32_t)comma;
		struct dbg_line_range r;

		if (!debugmatch_range(str_sub(s, 0, n), &r))
			return false;
		vec_push(a, ret, r);
		if (comma >= 0 && n + 1 == s.len)
			return false;
		s = str_sub(s, n + 1, s.len);
	}
	return ret->n && !s.len;
}

/* Where the lines begin: the last ':' or '+' with a number or '*' behind. */
static int64_t debugmatch_lines_at(struct str s)
{
	for (uint32_t i = s.len; i; i--) {
		char c = s.s[i - 1];

		if (c == ':' || c == '+')
			return i - 1;
		if (!(c >= '0' && c <= '9') && c != '-' && c != ',' &&
		    !(c == '*' && i == s.len))
			return -1;
	}
	return -1;
}

struct err *dbg_pattern_parse(struct arena *a, struct str text,
			      struct dbg_pattern *ret)
{
	struct dbg_pattern p = {};
	struct str rest = text, lines = {};
	int64_t at = str_find_char(rest, '@'), sep;
	bool good = true;

	p.name = str_sub(rest, 0, at < 0 ? rest.len : (uint32_t)at);
	diename_split(p.name, &p.scope, &p.name);
	if (at >= 0) {
		rest = str_sub(rest, (uint32_t)at + 1, rest.len);
		sep = debugmatch_lines_at(rest);
		/* "a:*", but not "*" */
		p.file = sep < 0 ? rest : str_sub(rest, 0, (uint32_t)sep);
		good = p.file.len;
		if (sep >= 0) {
			lines = str_sub(rest, (uint32_t)sep + 1, rest.len);
			p.kind = str_is(lines, "*")	? DBG_LINES_ALL :
				 rest.s[sep] == '+' ? DBG_LINES_RELATIVE :
						      DBG_LINES_ABSOLUTE;
			/* ":+3" is "+3" */
			if (p.kind != DBG_LINES_ALL)
				good = good && debugmatch_ranges(a, lines, &p);
			if (str_ends(p.file, STR(":")))
				p.file.len--;
		}
	}
	if (!p.name.len || !good)
		return err_new(ERR_FORMAT, "'%" STR_FMT "' is no place in the "
			       "source: it would be NAME, NAME@FILE, "
			       "NAME@FILE:LINE or NAME@FILE:FIRST-LAST",
			       STR_ARG(text));
	*ret = p;
	return NULL;
}

bool debugmatch_line(const struct dbg_pattern *p, uint32_t line,
		     uint32_t declared)
{
	uint32_t base = p->kind == DBG_LINES_RELATIVE ? declared : 0;

	if (p->kind == DBG_LINES_NONE || p->kind == DBG_LINES_ALL)
		return true;
	for (uint32_t i = 0; i < p->n; i++)
		if (line >= base + p->v[i].first && line <= base + p->v[i].last)
			return true;
	return false;
}

/* ---- files ---- */

/* Takes "." and ".." out of a path. */
static struct str debugmatch_normal(struct arena *a, struct str path)
{
	char *s = arena_alloc(a, path.len + 1u);
	uint32_t n = 0;

	for (uint32_t i = 0; i < path.len;) {
		uint32_t end = i;

		while (end < path.len && path.s[end] != '/')
			end++;
		if (end - i == 2 && path.s[i] == '.' && path.s[i + 1] == '.' &&
		    n > 1) {
			n--;
			while (n && s[n - 1] != '/')
				n--;
		} else if (end > i && !(end - i == 1 && path.s[i] == '.')) {
			memcpy(s + n, path.s + i, end - i);
			n += end - i;
			if (end < path.len)
				s[n++] = '/';
		} else if (end == i && !n) {
			s[n++] = '/';
		}
		i = end + 1;
	}
	return (struct str){ s, n };
}

struct str debugmatch_path(struct die_unit *u, struct lines *l, uint32_t file)
{
	struct die_unit *main = u->skeleton ? u->skeleton : u;
	struct str path = lines_file(l, file), dir;

	if (!path.len || l->full[file].len)
		return path.len ? l->full[file] : path;
	if (path.s[0] != '/') {
		dir = die_str((struct dbg_die){ main, main->root },
			      DW_AT_comp_dir);
		if (dir.len && dir.s[0] == '/')
			path = arena_printf(&l->arena,
					    "%" STR_FMT "/%" STR_FMT,
					    STR_ARG(dir), STR_ARG(path));
	}
	l->full[file] = debugmatch_normal(&l->arena, path);
	return l->full[file];
}

void debugmatch_init(struct debugmatch *m, const struct dbg_pattern *p,
		     struct arena *a)
{
	*m = (struct debugmatch){ .pattern = p, .arena = a };
	map_init(&m->units, a);
	linefiles_init(&m->heads, p->file, a);
}

/* NULL = its lines are not readable. */
static struct debugmatch_unit *debugmatch_get(struct debugmatch *m,
					      struct die_unit *u)
{
	struct str key = { (const char *)&u, sizeof(u) };
	struct debugmatch_unit *mu = m->last;

	if (!mu || mu->unit != u)
		mu = map_find(&m->units, key);
	if (!mu) {
		mu = arena_new(m->arena, struct debugmatch_unit);
		mu->unit = u;
		if (u->has_lines || linefiles_has(&m->heads, u))
			mu->lines = lines_files(u);
		if (mu->lines)
			mu->files = arena_array(
				m->arena, mu->lines->nfiles + 1, int8_t);
		map_set(&m->units, arena_str(m->arena, key), mu);
	}
	m->last = mu;
	return mu->lines ? mu : NULL;
}

bool debugmatch_file(struct debugmatch *m, struct die_unit *u, uint32_t n)
{
	struct str base, pattern = m->pattern->file;
	struct debugmatch_unit *mu;
	uint32_t tail;

	if (!pattern.len)
		return true;
	mu = debugmatch_get(m, u);
	if (!mu || n >= mu->lines->nfiles)
		return false;
	if (mu->files[n])
		return mu->files[n] > 0;
	/* Most differ in the file's own name. */
	for (tail = pattern.len; tail && pattern.s[tail - 1] != '/'; tail--)
		;
	base = mu->lines->files[n];
	if (!str_has_glob(pattern) &&
	    !str_ends(base, str_sub(pattern, tail, pattern.len)))
		mu->files[n] = -1;
	else
		mu->files[n] = linefiles_is_suffix(pattern, debugmatch_path(
			u, mu->lines, n)) ? 1 : -1;
	return mu->files[n] > 0;
}

bool debugmatch_unit(struct debugmatch *m, struct die_unit *u)
{
	struct debugmatch_unit *mu;

	if (!m->pattern->file.len)
		return true;
	mu = debugmatch_get(m, u);
	if (mu && !mu->any) {
		mu->any = -1;
		for (uint32_t i = 0; i < mu->lines->nfiles; i++)
			if (debugmatch_file(m, u, i))
				mu->any = 1;
	}
	return mu && mu->any > 0;
}
