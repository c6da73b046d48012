/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How ld.so(8) looks for a library: in DT_RPATH of who asks, and of who asked
 * for that, unless there is a DT_RUNPATH; in LD_LIBRARY_PATH; in DT_RUNPATH of
 * who asks; in the cache that ldconfig makes; in the system's directories.
 */
#include "dbg/solib.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dbg/inroot.h"
#include "dbg/mappings.h"
#include "dbg/objfile.h"
#include "dbg/reader.h"

#define SOLIB_MAX 4096			/* of one program */
#define SOLIB_NEEDED_MAX 1024		/* of one file */
#define SOLIB_CACHE_MAX (64u << 20)
#define SOLIB_MAPS_MAX (64u << 20)
#define SOLIB_CACHE_MAGIC "glibc-ld.so.cache1.1"
#define SOLIB_CACHE_OLD "ld.so-1.7.0"
#define SOLIB_NONE UINT32_MAX
/* What files may ask for, all together: places to look at, and entries of the
 * cache. */
#define SOLIB_TRIES_MAX 100000
#define SOLIB_ENTRIES_MAX 20000000

/* What a file says to the dynamic linker. */
struct solib_file {
	struct str path;		/* below the root */
	struct str soname, rpath, runpath, interp;
	VEC(struct str) needed;
	uint32_t parent;		/* who asked for it; SOLIB_NONE */
};

struct solib_search {
	const struct world *world;
	struct arena *arena;
	struct str root;
	uint16_t machine;
	uint8_t address_size;
	bool has_cache;			/* read it, if it is there */
	struct buf cache;
	uint32_t tries, entries;
	VEC(struct solib_file) files;	/* 0 is the program */
	struct solibs *ret;
};

/* ---- one file ---- */

static struct str solib_here(const struct solib_search *s, struct str path)
{
	return arena_printf(s->arena, "%" STR_FMT "%" STR_FMT,
			    STR_ARG(s->root), STR_ARG(path));
}

static struct str solib_text(const struct objfile_data *strings, uint64_t off,
			     struct arena *a)
{
	struct reader r = reader_at(strings->p, strings->size, off);
	struct str s = reader_str(&r);

	return s.len && s.len < 65536 ? arena_str(a, s) : (struct str){};
}

static void solib_tag(struct solib_search *s, struct solib_file *f,
		      uint64_t tag, struct str text)
{
	switch (tag) {
	case DT_NEEDED:
		if (text.len && f->needed.n < SOLIB_NEEDED_MAX)
			vec_push(s->arena, &f->needed, text);
		break;
	case DT_SONAME:
		f->soname = text;
		break;
	case DT_RPATH:
		f->rpath = text;
		break;
	case DT_RUNPATH:
		f->runpath = text;
		break;
	default:
		break;
	}
}

static void solib_read_dynamic(struct solib_search *s, struct objfile *o,
			       struct solib_file *f)
{
	struct objfile_data d = objfile_data(o, ".dynamic");
	struct objfile_data strings = objfile_data(o, ".dynstr");
	struct objfile_data interp = objfile_data(o, ".interp");
	struct reader r = reader_at(d.p, d.size, 0);
	uint8_t size = objfile_address_size(o);
	uint64_t tag;

	while (!r.bad && reader_left(&r) >= 2u * size) {
		tag = reader_uint(&r, size);
		if (!tag)
			break;
		solib_tag(s, f, tag, solib_text(&strings,
						reader_uint(&r, size),
						s->arena));
	}
	f->interp = solib_text(&interp, 0, s->arena);
}

/* ELF of the program's machine?  Fills f. */
static struct err *solib_read(struct solib_search *s, struct str path,
			      struct solib_file *f)
{
	struct objfile *o;
	struct err *err;

	*f = (struct solib_file){ .path = path, .parent = SOLIB_NONE };
	err = objfile_open(world_path(s->world, s->arena,
				      solib_here(s, path).s).s, &o);
	if (err)
		return err;
	if (!s->machine) {
		s->machine = objfile_machine(o);
		s->address_size = objfile_address_size(o);
	}
	if (objfile_machine(o) != s->machine ||
	    objfile_address_size(o) != s->address_size)
		err = err_new(ERR_FORMAT, "%" STR_FMT " is for another "
			      "machine", STR_ARG(path));
	else
		solib_read_dynamic(s, o, f);
	objfile_close(o);
	return err;
}

/* Is it this machine's linker, for a program that is started from here? */
static bool solib_is_ours(const struct solib_search *s)
{
	return world_is_live(s->world) && !s->root.len;
}

/* What a program calls by a relative path is below where it is started: from
 * where we are, as -c does. */
static struct str solib_absolute(struct solib_search *s, struct str path)
{
	_cleanup_free_ char *here = NULL;

	if (str_starts(path, STR("/")) || !solib_is_ours(s))
		return path;
	here = getcwd(NULL, 0);
	if (!here)
		return path;
	return arena_printf(s->arena, "%s/%" STR_FMT, here, STR_ARG(path));
}

/* Is a candidate there?  Most are not, so look before opening. */
static bool solib_try(struct solib_search *s, struct str path,
		      struct solib_file *f)
{
	struct str real;

	path = solib_absolute(s, path);
	if (path.len >= PATH_MAX || s->tries++ >= SOLIB_TRIES_MAX)
		return false;
	return !err_drop(inroot_resolve(s->world, s->arena, s->root, path,
					&real)) &&
	       !err_drop(solib_read(s, real, f));
}

/* ---- search paths ---- */

static struct str solib_directory(struct str path)
{
	while (path.len && path.s[path.len - 1] != '/')
		path.len--;
	return path.len > 1 ? str_sub(path, 0, path.len - 1) : path;
}

/* $ORIGIN, $LIB, $PLATFORM, also in braces. */
static struct str solib_expand(struct solib_search *s, struct str dir,
			       struct str origin)
{
	bool arm = s->machine == EM_AARCH64;
	const struct str names[] = { STR("ORIGIN"), STR("LIB"),
				     STR("PLATFORM") };
	const struct str values[] = {
		solib_directory(origin),
		arm ? STR("lib/aarch64-linux-gnu") : STR("lib/x86_64-linux-gnu"),
		arm ? STR("aarch64") : STR("x86_64"),
	};
	struct buf out = {};
	struct str result;

	while (dir.len && out.len < PATH_MAX) {
		uint32_t brace = dir.len > 1 && dir.s[1] == '{', i;
		struct str name = str_sub(dir, 1 + brace, dir.len);

		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (dir.s[0] == '$' && str_starts(name, names[i]))
				break;
		if (i < ARRAY_SIZE(names)) {
			buf_str(&out, values[i]);
			dir = str_sub(dir, 1 + 2 * brace + names[i].len,
				      dir.len);
		} else {
			buf_char(&out, dir.s[0]);
			dir = str_sub(dir, 1, dir.len);
		}
	}
	result = arena_str(s->arena, buf_view(&out));
	buf_deinit(&out);
	return result;
}

/* Cuts the next one off; is_last: there was no more. */
static struct str solib_next_dir(struct str *dirs, const char *marks,
				 bool *is_last)
{
	struct str dir = *dirs;
	uint32_t n = 0;

	while (n < dir.len && !strchr(marks, dir.s[n]))
		n++;
	*is_last = n == dir.len;
	*dirs = str_sub(dir, n + 1, dir.len);
	return str_sub(dir, 0, n);
}

/* Nothing between two marks is the current directory, which only our own
 * programs are known to have. */
static bool solib_in_path(struct solib_search *s, struct str dirs,
			  const char *marks, struct str origin,
			  struct str name, struct solib_file *f)
{
	bool is_last = !dirs.len;

	while (!is_last && s->tries < SOLIB_TRIES_MAX) {
		struct str dir = solib_next_dir(&dirs, marks, &is_last);

		dir = dir.len ? solib_expand(s, dir, origin) :
		      solib_is_ours(s) ? STR(".") : dir;
		if (dir.len &&
		    solib_try(s, arena_printf(s->arena, "%" STR_FMT
					      "/%" STR_FMT, STR_ARG(dir),
					      STR_ARG(name)), f))
			return true;
	}
	return false;
}

static bool solib_in_system(struct solib_search *s, struct str name,
			    struct solib_file *f)
{
	struct str dirs = s->machine == EM_AARCH64 ?
		STR("/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu:"
		    "/lib64:/usr/lib64:/lib:/usr/local/lib:/usr/lib") :
		STR("/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:"
		    "/lib64:/usr/lib64:/lib:/usr/local/lib:/usr/lib");

	return solib_in_path(s, dirs, ":", STR(""), name, f);
}

/* ---- ldconfig's cache ---- */

/* The old format, which a file may begin with, has the new one behind its
 * entries of 12 bytes. */
static struct reader solib_cache_start(const struct buf *cache)
{
	struct str all = buf_view(cache);
	int64_t at = str_find(all, STR(SOLIB_CACHE_MAGIC));

	if (at < 0 || (at && !str_starts(all, STR(SOLIB_CACHE_OLD))))
		return (struct reader){ .bad = true };
	return reader_at(cache->data, cache->len, (uint64_t)at);
}

/* The flags of libraries of the program's machine. */
static uint32_t solib_cache_flags(const struct solib_search *s)
{
	return s->machine == EM_X86_64	? 0x0303 :
	       s->machine == EM_AARCH64 ? 0x0a03 : 0;
}

static void solib_read_cache(struct solib_search *s)
{
	struct str path;

	if (s->has_cache)
		return;
	s->has_cache = true;
	if (!err_drop(inroot_resolve(s->world, s->arena, s->root,
				     STR("/etc/ld.so.cache"), &path)) &&
	    err_drop(world_read(s->world, solib_here(s, path).s,
				SOLIB_CACHE_MAX, &s->cache)))
		s->cache.len = 0;
}

static bool solib_in_cache(struct solib_search *s, struct str name,
			   struct solib_file *f)
{
	struct reader all, r;
	uint32_t n;

	solib_read_cache(s);
	all = r = solib_cache_start(&s->cache);
	reader_skip(&r, sizeof(SOLIB_CACHE_MAGIC) - 1);
	n = reader_u32(&r);
	reader_skip(&r, 24);
	for (; n && !r.bad && s->entries < SOLIB_ENTRIES_MAX; n--) {
		uint32_t flags = reader_u32(&r), key = reader_u32(&r);
		uint32_t value = reader_u32(&r);
		struct reader text = reader_at(all.p, reader_left(&all), key);
		uint64_t features;

		s->entries++;
		reader_u32(&r);
		features = reader_u64(&r);
		/* Those for newer processors stand apart. */
		if (r.bad || features || flags != solib_cache_flags(s) ||
		    !str_eq(reader_str(&text), name))
			continue;
		text = reader_at(all.p, reader_left(&all), value);
		if (solib_try(s, arena_str(s->arena, reader_str(&text)), f))
			return true;
	}
	return false;
}

/* ---- one name ---- */

/* $ORIGIN is the program's here, whoever asks. */
static bool solib_in_environment(struct solib_search *s, struct str name,
				 struct solib_file *f)
{
	const char *dirs = solib_is_ours(s) ? getenv("LD_LIBRARY_PATH") : NULL;

	return dirs && solib_in_path(s, arena_str(s->arena, str_from(dirs)),
				     ":;", s->files.v[0].path, name, f);
}

static bool solib_lookup(struct solib_search *s, uint32_t by, struct str name,
			 struct solib_file *f)
{
	const struct solib_file *asks = &s->files.v[by], *o = asks;

	if (str_find_char(name, '/') >= 0)
		return solib_try(s, solib_expand(s, name, asks->path), f);
	while (!asks->runpath.len) {
		if (!o->runpath.len &&
		    solib_in_path(s, o->rpath, ":", o->path, name, f))
			return true;
		if (o->parent == SOLIB_NONE)
			break;
		o = &s->files.v[o->parent];
	}
	return solib_in_environment(s, name, f) ||
	       solib_in_path(s, asks->runpath, ":", asks->path, name, f) ||
	       solib_in_cache(s, name, f) || solib_in_system(s, name, f);
}

static bool solib_is_known(const struct solibs *l, struct str name,
			   struct str path)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i].name, name) ||
		    (path.len && str_eq(l->v[i].path, path)))
			return true;
	return false;
}

static void solib_add(struct solib_search *s, uint32_t by, struct str name)
{
	struct solib_file f;
	struct solib lib = { .name = name };

	if (solib_is_known(s->ret, name, STR("")) ||
	    s->ret->n >= SOLIB_MAX)
		return;
	if (solib_lookup(s, by, name, &f)) {
		if (solib_is_known(s->ret, name, f.path))
			return;
		lib.path = f.path;
		lib.here = solib_here(s, f.path);
		f.parent = by;
		vec_push(s->arena, &s->files, f);
	}
	vec_push(s->arena, s->ret, lib);
}

static struct str solib_base(struct str path)
{
	uint32_t n = path.len;

	while (n && path.s[n - 1] != '/')
		n--;
	return str_sub(path, n, path.len);
}

static struct err *solib_begin(struct solib_search *s, struct str path)
{
	struct solib_file f;
	struct str real;
	struct err *err = inroot_resolve(s->world, s->arena, s->root, path,
					 &real);

	if (!err)
		err = solib_read(s, real, &f);
	if (!err)
		vec_push(s->arena, &s->files, f);
	return err;
}

struct err *solib_needed(const struct world *w, struct arena *a,
			 struct str root, struct str path, struct solibs *ret)
{
	struct solibs libs = {};
	struct solib_search s = { .world = w, .arena = a, .root = root,
				  .ret = &libs };
	struct err *err = solib_begin(&s, path);
	struct str interp;
	uint32_t n;

	if (err)
		return err;
	for (uint32_t i = 0; i < s.files.n; i++)
		for (uint32_t k = 0; k < s.files.v[i].needed.n; k++)
			solib_add(&s, i, s.files.v[i].needed.v[k]);
	interp = s.files.v[0].interp;
	if (interp.len && !solib_is_known(&libs, solib_base(interp), STR(""))) {
		n = libs.n;
		solib_add(&s, 0, interp);
		/* Unless it is there by another of its names. */
		if (libs.n > n)
			vec_last(&libs).name = solib_base(interp);
	}
	buf_deinit(&s.cache);
	*ret = libs;
	return NULL;
}

struct err *solib_find(const struct world *w, struct arena *a,
		       struct str root, struct str path, struct str name,
		       struct solib *ret)
{
	struct solibs none = {};
	struct solib_search s = { .world = w, .arena = a, .root = root,
				  .ret = &none };
	struct err *err = solib_begin(&s, path);
	struct solib_file f;

	if (err)
		return err;
	if (solib_lookup(&s, 0, name, &f))
		*ret = (struct solib){ .name = name, .path = f.path,
				       .here = solib_here(&s, f.path) };
	else
		err = err_new(ERR_NOT_FOUND, "there is no library '%" STR_FMT
			      "'", STR_ARG(name));
	buf_deinit(&s.cache);
	return err;
}

/* ---- names ---- */

bool solib_matches(const struct solib *l, struct str name)
{
	if (str_find_char(name, '/') >= 0)
		return str_glob(name, l->path);
	return str_glob(name, l->name) || str_glob(name, solib_base(l->path));
}

/* ---- running processes ---- */

/* The next word of a line, blanks before it skipped. */
static struct str solib_word(struct str *line)
{
	struct str word;
	uint32_t n = 0;

	while (line->len && line->s[0] == ' ')
		*line = str_sub(*line, 1, line->len);
	while (n < line->len && line->s[n] != ' ')
		n++;
	word = str_sub(*line, 0, n);
	*line = str_sub(*line, n, line->len);
	return word;
}

/* Is the file at path the one that is mapped?  Its entry of map_files, which
 * may be out of reach, tells exactly. */
static bool solib_is_mapped(struct str path, struct str mapped, uint64_t ino)
{
	struct stat st, exact;

	if (stat(path.s, &st) || st.st_ino != ino)
		return false;
	return stat(mapped.s, &exact) || (exact.st_dev == st.st_dev &&
					  exact.st_ino == st.st_ino);
}

/* Paths in /proc/PID/maps are below the process's root directory in its mount
 * namespace; below ours, if that is the same.  A file that is gone can still
 * be opened by where it is mapped. */
static struct str solib_here_mapped(struct arena *a, pid_t pid,
				    struct str root, struct str path,
				    struct str range, uint64_t ino)
{
	struct str here = arena_printf(a, "/proc/%d/root%" STR_FMT, pid,
				       STR_ARG(path));
	struct str mapped = arena_printf(a, "/proc/%d/map_files/%" STR_FMT,
					 pid, STR_ARG(range));

	if (!root.len && solib_is_mapped(path, mapped, ino))
		return path;
	return solib_is_mapped(here, mapped, ino) ? here :
	       solib_is_mapped(path, mapped, ino) ? path : mapped;
}

struct str solib_mapped_path(const struct world *w, struct arena *a, pid_t pid,
			     const struct mapping *m)
{
	struct str range = arena_printf(a, "%llx-%llx",
					(unsigned long long)m->start,
					(unsigned long long)m->end);

	if (!world_is_live(w))
		return m->path;
	return solib_here_mapped(a, pid, inroot_of(w, a, pid), m->path, range,
				 m->ino);
}

/* What programs call it; empty = it does not say. */
static struct str solib_soname(const struct world *w, struct arena *a,
			       struct str here)
{
	struct solib_search s = { .world = w, .arena = a };
	struct solib_file f;

	return err_drop(solib_read(&s, here, &f)) ? (struct str){} : f.soname;
}

/* "5555-6666 r-xp 0000 08:01 1234   /usr/lib/x.so (deleted)" */
static void solib_map(const struct world *w, struct arena *a, pid_t pid,
		      struct str root, struct str line, struct solibs *ret)
{
	struct str range = solib_word(&line), perms = solib_word(&line), path;
	struct solib lib;
	int64_t ino;

	solib_word(&line);
	solib_word(&line);
	if (!str_to_s64(solib_word(&line), &ino) || !ino || perms.len < 3 ||
	    perms.s[2] != 'x')
		return;
	while (line.len && line.s[0] == ' ')
		line = str_sub(line, 1, line.len);
	path = line;
	if (str_ends(path, STR(" (deleted)")))
		path.len -= 10;
	if (!str_starts(path, STR("/")) || ret->n >= SOLIB_MAX)
		return;
	lib.path = mappings_path(a, path);
	if (solib_is_known(ret, STR("/"), lib.path))
		return;
	lib.here = world_is_live(w) ?
			   solib_here_mapped(a, pid, root, lib.path, range,
					     (uint64_t)ino) : lib.path;
	lib.name = solib_soname(w, a, lib.here);
	if (!lib.name.len)
		lib.name = solib_base(lib.path);
	vec_push(a, ret, lib);
}

/* The program is not always mapped first. */
static void solib_program_first(const struct world *w, struct arena *a,
				pid_t pid, struct solibs *l)
{
	struct str link = arena_printf(a, "/proc/%d/exe", pid), exe;
	struct solib program;

	if (err_drop(world_readlink(w, link.s, a, &exe)))
		return;
	if (str_ends(exe, STR(" (deleted)")))
		exe.len -= 10;
	for (uint32_t i = 1; i < l->n; i++) {
		if (!str_eq(l->v[i].path, exe))
			continue;
		program = l->v[i];
		memmove(l->v + 1, l->v, i * sizeof(*l->v));
		l->v[0] = program;
		return;
	}
}

struct err *solib_mapped(const struct world *w, struct arena *a, pid_t pid,
			 struct solibs *ret)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct str path = arena_printf(a, "/proc/%d/maps", pid);
	struct str root = inroot_of(w, a, pid), rest;
	struct err *err = world_read(w, path.s, SOLIB_MAPS_MAX, &text);

	if (err_catch(&err, ERR_NOT_FOUND))
		return err_new(ERR_NOT_FOUND, "there is no process %d", pid);
	if (err)
		return err;
	*ret = (struct solibs){};
	for (rest = buf_view(&text); rest.len;) {
		int64_t end = str_find_char(rest, '\n');
		struct str line = str_sub(rest, 0, end < 0 ? rest.len :
							 (uint32_t)end);

		rest = str_sub(rest, line.len + 1, rest.len);
		solib_map(w, a, pid, root, line, ret);
	}
	solib_program_first(w, a, pid, ret);
	return NULL;
}
