/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/library.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "dbg/world.h"
#include "lang/diag.h"
#include "lang/macros.h"
#include "sema/syscalls.h"
#include "sema/tapset.h"

/* One file, known by what it defines. */
struct entry {
	struct str name;
	struct str path;		/* empty: embedded */
	struct source *source;
	struct ast_file *file;		/* NULL: not loaded */
	bool is_macros;			/* .stpm */
	bool is_made;			/* of syscalls.h: no source yet */
	uint32_t call;			/* which of them */
};

/* A name that a file defines. */
struct definition {
	struct str name;
	struct entry *entry;
	struct definition *next;	/* of the same name */
};

struct library {
	struct program *program;
	struct parse_options options;
	const struct str *dirs;
	uint32_t ndirs;
	bool is_scanned;
	bool has_syscalls;
	VEC(struct entry *) entries;
	struct map names[SCAN_KINDS];	/* to the first struct definition */
	struct macros *macros;
	bool macros_read;
};

const struct parse_options *library_options(const struct library *l)
{
	return &l->options;
}

#define MAX_FILES 20000		/* of all directories */

struct library *library_open(struct program *p, const struct parse_options *o,
			     const struct str *dirs, uint32_t ndirs)
{
	struct library *l = arena_new(p->arena, struct library);

	l->program = p;
	l->options = *o;
	l->options.guru = true;
	l->options.macros = NULL;
	l->dirs = dirs;
	l->ndirs = ndirs;
	for (int k = 0; k < SCAN_KINDS; k++)
		map_init(&l->names[k], p->arena);
	p->library = l;
	return l;
}

/* ---- which files there are ---- */

struct scan_state {
	struct library *library;
	struct entry *entry;
};

static void define(enum scan_kind kind, struct str name, void *data)
{
	struct scan_state *st = data;
	struct library *l = st->library;
	struct definition *d, *last;

	d = arena_new(l->program->arena, struct definition);
	*d = (struct definition){ .name = name, .entry = st->entry };
	last = map_find(&l->names[kind], name);
	if (!last) {
		map_set(&l->names[kind], name, d);
		return;
	}
	while (last->next && last->entry != st->entry)
		last = last->next;
	if (last->entry != st->entry)
		last->next = d;
}

static void add_entry(struct library *l, struct str name, struct str path,
		      struct source *source)
{
	struct arena *a = l->program->arena;
	struct entry *e = arena_new(a, struct entry);
	struct scan_state st = { l, e };

	*e = (struct entry){ .name = name, .path = path, .source = source };
	e->is_macros = str_ends(name, STR(".stpm"));
	vec_push(a, &l->entries, e);
	library_scan(a, source->text, define, &st);
}

static void add_file(struct library *l, struct str dir, const char *name)
{
	struct program *p = l->program;
	struct str path = arena_printf(p->arena, "%" STR_FMT "/%s",
				       STR_ARG(dir), name);
	struct source *source;
	struct err *err = source_read(p->sources, path.s, &source);

	if (err) {
		diag_warning(p->diags, DIAG_TAPSET_UNREADABLE, (struct span){},
			     "tapset file left out: %s", err->msg);
		err_free(err);
		return;
	}
	source->is_library = true;
	add_entry(l, path, path, source);
}

static int wanted_file(const struct dirent *d)
{
	struct str name = str_from(d->d_name);

	return str_ends(name, STR(".stp")) || str_ends(name, STR(".stpm"));
}

/* Adds the files in the directory, of those that are given (cli/carry). */
static void add_given(struct library *l, struct str dir)
{
	const struct sources *ss = l->program->sources;

	for (uint32_t i = 0; i < ss->ngiven; i++) {
		struct str name = ss->given[i].name;

		if (!str_starts(name, dir) || name.len <= dir.len + 1 ||
		    name.s[dir.len] != '/')
			continue;
		name = str_sub(name, dir.len + 1, name.len);
		if (str_find_char(name, '/') < 0 && l->entries.n < MAX_FILES)
			add_file(l, dir, name.s);
	}
}

static void add_dir(struct library *l, struct str dir)
{
	struct dirent **names;
	int n;

	if (l->program->sources->given) {
		add_given(l, dir);
		return;
	}
	n = scandir(dir.s, &names, wanted_file, alphasort);
	if (n < 0)
		return;
	for (int i = 0; i < n; i++) {
		if (l->entries.n < MAX_FILES)
			add_file(l, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

/* DIR, and what is special to this system and architecture below it. */
static void add_level(struct library *l, struct str dir)
{
	struct arena *a = l->program->arena;
	struct str arch = arena_printf(a, "%" STR_FMT "/%" STR_FMT,
				       STR_ARG(dir), STR_ARG(l->options.arch));

	add_dir(l, arena_printf(a, "%" STR_FMT "/linux", STR_ARG(arch)));
	add_dir(l, arch);
	add_dir(l, arena_printf(a, "%" STR_FMT "/linux", STR_ARG(dir)));
	add_dir(l, arena_str(a, dir));
}

/* The version without its last part; empty when it was the only one. */
static struct str shorter_version(struct str v)
{
	int64_t dash = str_find_char(v, '-');

	if (dash >= 0)
		return str_sub(v, 0, (uint32_t)dash);
	while (v.len && v.s[v.len - 1] != '.')
		v.len--;
	if (v.len)
		v.len--;
	return v;
}

static void add_versions(struct library *l, struct str dir)
{
	struct str v = l->options.kernel_vr;

	for (; v.len; v = shorter_version(v))
		add_level(l, arena_printf(l->program->arena,
					  "%" STR_FMT "/%" STR_FMT,
					  STR_ARG(dir), STR_ARG(v)));
	add_level(l, dir);
}

static void add_embedded(struct library *l)
{
	uint32_t n;
	const struct tapset_file *files = tapset_files(&n);

	for (uint32_t i = 0; i < n; i++) {
		struct str name = str_from(files[i].name);
		struct source *s = source_add(l->program->sources, name,
					      (struct str){ files[i].text,
							    files[i].len });

		s->is_library = true;
		add_entry(l, name, (struct str){}, s);
	}
}

static void scan(struct library *l)
{
	if (l->is_scanned)
		return;
	l->is_scanned = true;
	for (uint32_t i = 0; i < l->ndirs; i++)
		add_versions(l, l->dirs[i]);
	add_embedded(l);
}

/* The probes of system calls. */
static void add_syscalls(struct library *l)
{
	struct arena *a = l->program->arena;
	uint32_t n = syscalls_count();

	if (l->has_syscalls)
		return;
	l->has_syscalls = true;
	for (uint32_t i = 0; i < n; i++) {
		struct entry *e = arena_new(a, struct entry);
		struct scan_state st = { l, e };

		e->name = syscalls_name(a, i);
		e->is_made = true;
		e->call = i;
		vec_push(a, &l->entries, e);
		define(SCAN_ALIAS, e->name, &st);
	}
}

/* ---- loading ---- */

static void read_macros(struct library *l)
{
	if (l->macros_read)
		return;
	l->macros_read = true;
	l->macros = macros_new(l->program->arena);
	for (uint32_t i = 0; i < l->entries.n; i++)
		if (l->entries.v[i]->is_macros)
			parse_macros(&l->options, l->entries.v[i]->source,
				     l->macros);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (c >= '0' && c <= '9');
}

/* Is there a @name that some .stpm file defines? */
static bool uses_macros(struct library *l, struct str text)
{
	const char *s = text.s, *end = text.s + text.len;

	while ((s = memchr(s, '@', (size_t)(end - s)))) {
		const char *start = ++s;
		struct definition *d;

		while (s < end && is_word(*s))
			s++;
		d = map_find(&l->names[SCAN_MACRO],
			     (struct str){ start, (uint32_t)(s - start) });
		for (; d; d = d->next)
			if (d->entry->is_macros)
				return true;
	}
	return false;
}

struct macros *library_macros(struct library *l, struct str text)
{
	if (!memchr(text.s, '@', text.len))
		return NULL;
	scan(l);
	if (!uses_macros(l, text))
		return NULL;
	read_macros(l);
	return l->macros;
}

static void make_source(struct library *l, struct entry *e)
{
	struct program *p = l->program;
	struct str text = syscalls_text(p->arena, world_arch(p->world),
					e->call);

	e->source = source_add(p->sources, e->name, text);
	e->source->is_library = true;
}

static struct ast_file *load(struct library *l, struct entry *e)
{
	struct parse_options o = l->options;

	if (e->is_made)
		make_source(l, e);
	o.macros = library_macros(l, e->source->text);
	e->file = parse_file(&o, e->source);
	e->file->is_library = true;
	e->file->is_own = !e->path.len;
	vec_push(l->program->arena, &l->program->files, e->file);
	return e->file;
}

struct ast_file *library_made(struct library *l, struct str name,
			      struct str text)
{
	struct entry *e = arena_new(l->program->arena, struct entry);

	e->name = name;
	e->source = source_add(l->program->sources, name, text);
	e->source->is_library = true;
	return load(l, e);
}

struct ast_file *library_load(struct library *l, enum scan_kind kind,
			      struct str name)
{
	struct definition *d;

	scan(l);
	for (d = map_find(&l->names[kind], name); d; d = d->next)
		if (!d->entry->file && !d->entry->is_macros)
			return load(l, d->entry);
	return NULL;
}

/* A pattern does not mean the calls of other processors. */
static bool is_left_out(struct library *l, const struct entry *e, bool glob)
{
	return e->is_made && glob &&
	       syscalls_is_absent(world_arch(l->program->world), e->call);
}

void library_load_aliases(struct library *l, struct str first, bool glob,
			  library_wants_fn *wanted, const void *data)
{
	const struct map *m = &l->names[SCAN_ALIAS];

	scan(l);
	if (syscalls_may_match(first))
		add_syscalls(l);
	for (uint32_t i = 0; i < m->n; i++) {
		struct definition *d = m->entries[i].value;

		if (!wanted(d->name, data))
			continue;
		for (; d; d = d->next)
			if (!d->entry->file && !d->entry->is_macros &&
			    !is_left_out(l, d->entry, glob))
				load(l, d->entry);
	}
}

const struct ast_file *library_file(struct library *l, uint32_t i)
{
	scan(l);
	add_syscalls(l);
	for (uint32_t k = 0; k < l->entries.n; k++) {
		struct entry *e = l->entries.v[k];

		if (!e->is_macros && !i--)
			return e->file ? e->file : load(l, e);
	}
	return NULL;
}

void library_each(struct library *l, enum scan_kind kind,
		  void (*fn)(struct str name, void *data), void *data)
{
	scan(l);
	for (uint32_t i = 0; i < l->names[kind].n; i++)
		fn(l->names[kind].entries[i].key, data);
}

static bool file_has_function(const struct ast_file *f, struct str name)
{
	for (uint32_t i = 0; i < f->functions.n; i++)
		if (str_eq(f->functions.v[i]->name, name))
			return true;
	return false;
}

bool library_has_function(const struct program *p, struct str name)
{
	for (uint32_t i = 0; i < p->files.n; i++)
		if (file_has_function(p->files.v[i], name))
			return true;
	if (!p->library)
		return false;
	scan(p->library);
	return map_find(&p->library->names[SCAN_FUNCTION], name) != NULL;
}
