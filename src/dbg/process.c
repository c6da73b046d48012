/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/process.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "dbg/inroot.h"

#define PROCESS_FILE_MAX 65536		/* of a file of one process */
#define PROCESS_MOUNTS_MAX (16u << 20)
#define PROCESS_GLOB_MAX 4096
#define PROCESS_SHEBANG_MAX 256
#define PROCESS_SHEBANG_DEPTH 4
/* The unit of times in /proc/PID/stat: USER_HZ, 100 on every machine. */
#define PROCESS_NS_PER_TICK 10000000

static bool process_line(struct str *rest, struct str *ret)
{
	int64_t end = str_find_char(*rest, '\n');

	if (!rest->len)
		return false;
	*ret = str_sub(*rest, 0, end < 0 ? rest->len : (uint32_t)end);
	*rest = str_sub(*rest, ret->len + 1, rest->len);
	return true;
}

/* The next word, blanks before it skipped; empty at the end. */
static struct str process_word(struct str *rest)
{
	struct str word;
	uint32_t n = 0;

	while (rest->len && strchr(" \t", rest->s[0]))
		*rest = str_sub(*rest, 1, rest->len);
	while (n < rest->len && !strchr(" \t\n", rest->s[n]))
		n++;
	word = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n, rest->len);
	return word;
}

/* ---- identity of a file ---- */

/* The device of the superblock that a mount shows.  stat() of some file
 * systems (btrfs, overlayfs) says another one. */
static bool process_mount_dev(const struct world *w, uint64_t mount,
			      uint32_t *ret)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct err *e = world_read(w, "/proc/self/mountinfo",
				   PROCESS_MOUNTS_MAX, &text);
	struct str rest = buf_view(&text), line;

	if (err_drop(e))
		return false;
	while (process_line(&rest, &line)) {
		struct str id = process_word(&line), dev;
		int64_t n, major, minor, colon;

		if (!str_to_s64(id, &n) || (uint64_t)n != mount)
			continue;
		process_word(&line);
		dev = process_word(&line);
		colon = str_find_char(dev, ':');
		if (colon < 0 ||
		    !str_to_s64(str_sub(dev, 0, (uint32_t)colon), &major) ||
		    !str_to_s64(str_sub(dev, (uint32_t)colon + 1, dev.len),
				&minor))
			return false;
		*ret = (uint32_t)(major << 20 | minor);
		return true;
	}
	return false;
}

static struct err *process_identify_live(const struct world *w,
					 const char *path,
					 struct process_file *f)
{
	struct statx st;

	if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_MNT_ID, &st))
		return err_os(errno, "%s", path);
	f->ino = st.stx_ino;
	if (!(st.stx_mask & STATX_MNT_ID) ||
	    !process_mount_dev(w, st.stx_mnt_id, &f->dev))
		f->dev = (uint32_t)st.stx_dev_major << 20 | st.stx_dev_minor;
	return NULL;
}

struct err *process_identify(const struct world *w, struct process_file *f)
{
	if (world_is_live(w))
		return process_identify_live(w, f->path.s, f);
	f->dev = 0;
	f->ino = str_hash(f->path) & UINT32_MAX;
	return NULL;
}

/* ---- one process ---- */

static struct err *process_read(const struct world *w, pid_t pid,
				const char *name, struct buf *ret)
{
	char path[64];
	struct err *e;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	e = world_read(w, path, PROCESS_FILE_MAX, ret);
	if (err_catch(&e, ERR_NOT_FOUND))
		return err_new(ERR_NOT_FOUND, "there is no process %d", pid);
	return e;
}

/* A number of /proc/PID/stat; field 3 is the first behind the name. */
static bool process_stat_number(struct str rest, uint32_t field, int64_t *ret)
{
	struct str word = {};

	for (uint32_t i = 3; i <= field; i++)
		word = process_word(&rest);
	return str_to_s64(word, ret);
}

/* "42 (name, which may hold anything) S 1 ..." */
static struct err *process_stat(const struct world *w, struct arena *a,
				struct process *p)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct err *e = process_read(w, p->pid, "stat", &text);
	int64_t ppid, nthreads, start, open;
	struct str s, rest;
	uint32_t close;

	if (e)
		return e;
	s = buf_view(&text);
	open = str_find_char(s, '(');
	for (close = s.len; close && s.s[close - 1] != ')'; close--)
		;
	rest = str_sub(s, close, s.len);
	if (open < 0 || close < 2 || open + 1 >= close ||
	    !process_stat_number(rest, 4, &ppid) ||
	    !process_stat_number(rest, 20, &nthreads) ||
	    !process_stat_number(rest, 22, &start))
		return err_new(ERR_FORMAT, "/proc/%d/stat is malformed",
			       p->pid);
	p->comm = arena_str(a, str_sub(s, (uint32_t)open + 1,
				       close - 2 - (uint32_t)open));
	p->ppid = (pid_t)ppid;
	p->nthreads = (uint32_t)nthreads;
	p->start = (uint64_t)start * PROCESS_NS_PER_TICK;
	return NULL;
}

static struct err *process_status(const struct world *w, struct process *p)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct err *e = process_read(w, p->pid, "status", &text);
	struct str rest, line;
	int64_t v;

	if (e)
		return e;
	rest = buf_view(&text);
	while (process_line(&rest, &line)) {
		struct str key = process_word(&line);
		struct str value = process_word(&line);

		if (str_is(key, "Tgid:") && str_to_s64(value, &v))
			p->pid = (pid_t)v;
		else if (str_is(key, "Uid:") && str_to_s64(value, &v))
			p->uid = (uid_t)v;
	}
	return NULL;
}

static void process_exe(const struct world *w, struct arena *a,
			struct process *p)
{
	char link[64];
	struct err *e;

	snprintf(link, sizeof(link), "/proc/%d/exe", p->pid);
	e = world_readlink(w, link, a, &p->exe.path);
	/* The link itself leads to the file even when its name is gone. */
	if (!e)
		e = world_is_live(w) ?
			    process_identify_live(w, link, &p->exe) :
			    process_identify(w, &p->exe);
	p->has_exe = !e;
	err_free(e);
}

struct err *process_get(const struct world *w, struct arena *a, pid_t pid,
			struct process *ret)
{
	struct process p = { .pid = pid };
	struct err *e;

	if (pid <= 0)
		return err_new(ERR_NOT_FOUND, "there is no process %d", pid);
	e = process_status(w, &p);
	if (!e)
		e = process_stat(w, a, &p);
	if (e)
		return e;
	process_exe(w, a, &p);
	*ret = p;
	return NULL;
}

static bool process_is_same(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

struct str process_program_path(const struct world *w, struct arena *a,
				const struct process *p)
{
	struct str link = arena_printf(a, "/proc/%d/exe", p->pid);
	struct str inner = arena_printf(a, "/proc/%d/root%" STR_FMT, p->pid,
					STR_ARG(p->exe.path));

	if (!world_is_live(w) ||
	    process_is_same(arena_str(a, p->exe.path).s, link.s))
		return p->exe.path;
	return process_is_same(inner.s, link.s) ? inner : link;
}

/* ---- lists ---- */

static int process_id_cmp(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

struct err *process_list(const struct world *w, struct arena *a,
			 struct process_ids *ret)
{
	struct world_names names;
	struct process_ids ids = {};
	struct err *e = world_list(w, "/proc", a, &names);
	int64_t v;

	if (e)
		return e;
	for (uint32_t i = 0; i < names.n; i++)
		if (names.v[i].s[0] >= '1' && names.v[i].s[0] <= '9' &&
		    str_to_s64(names.v[i], &v) && v <= INT_MAX)
			vec_push(a, &ids, (pid_t)v);
	if (ids.n)
		qsort(ids.v, ids.n, sizeof(*ids.v), process_id_cmp);
	*ret = ids;
	return NULL;
}

/* ---- programs ---- */

/* The path on the machine meant, as a path here. */
static struct str process_here(const struct world *w, struct arena *a,
			       struct str path)
{
	bool relative = !path.len || path.s[0] != '/';

	if (world_is_live(w))
		return arena_str(a, path);
	return world_path(w, a, arena_printf(a, "%s%" STR_FMT,
					     relative ? "/" : "",
					     STR_ARG(path)).s);
}

/* Libraries need not be executable. */
static bool process_is_elf(const char *here)
{
	_cleanup_close_ int fd = open(here, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char magic[SELFMAG];

	return fd >= 0 && pread(fd, magic, SELFMAG, 0) == SELFMAG &&
	       !memcmp(magic, ELFMAG, SELFMAG);
}

static bool process_is_program(const char *here)
{
	struct stat st;

	return !stat(here, &st) && S_ISREG(st.st_mode) &&
	       ((st.st_mode & 0111) || process_is_elf(here));
}

/* "/proc/42/root", if the path begins with it: a link to where no path of ours
 * may lead. */
static struct str process_root(struct str path)
{
	struct str proc = STR("/proc/"), root = STR("/root/");
	uint32_t n = proc.len;

	while (n < path.len && path.s[n] >= '0' && path.s[n] <= '9')
		n++;
	if (!str_starts(path, proc) || n == proc.len ||
	    !str_starts(str_sub(path, n, path.len), root))
		return (struct str){};
	return str_sub(path, 0, n + root.len - 1);
}

/* Without symbolic links. */
static struct err *process_real(const struct world *w, struct arena *a,
				struct str path, struct str *ret)
{
	_cleanup_free_ char *real = NULL;
	struct str root = process_root(path), inner;
	struct err *e;

	if (root.len) {
		e = inroot_resolve(w, a, root,
				   str_sub(path, root.len, path.len), &inner);
		if (!e)
			*ret = arena_printf(a, "%" STR_FMT "%" STR_FMT,
					    STR_ARG(root), STR_ARG(inner));
		return e;
	}
	real = realpath(path.s, NULL);
	if (!real)
		return err_os(errno, "%s", path.s);
	*ret = arena_str(a, str_from(real));
	return NULL;
}

static struct err *process_file(const struct world *w, struct arena *a,
				struct str path, struct process_file *ret)
{
	struct process_file f = { .path = arena_str(a, path) };
	struct err *e = NULL;

	if (world_is_live(w))
		e = process_real(w, a, f.path, &f.path);
	if (!e)
		e = process_identify(w, &f);
	if (e)
		return e;
	*ret = f;
	return NULL;
}

/* The program in a "#!" line: "#!/usr/bin/env python3" means python3. */
static struct str process_shebang(const struct world *w, struct arena *a,
				  struct str path)
{
	struct str here = process_here(w, a, path), line, program, next;
	_cleanup_close_ int fd = open(here.s, O_RDONLY | O_CLOEXEC);
	char *text = arena_alloc(a, PROCESS_SHEBANG_MAX);
	ssize_t n = fd < 0 ? -1 : pread(fd, text, PROCESS_SHEBANG_MAX, 0);
	struct str rest = { text, n > 0 ? (uint32_t)n : 0 };

	if (!process_line(&rest, &line) || !str_starts(line, STR("#!")))
		return (struct str){ "", 0 };
	line = str_sub(line, 2, line.len);
	program = process_word(&line);
	next = process_word(&line);
	if (str_ends(program, STR("/env")) && next.len && next.s[0] != '-')
		return next;
	return program;
}

static struct err *process_search(const struct world *w, struct arena *a,
				  struct str name, struct str search_path,
				  struct str *ret)
{
	struct str rest = search_path;

	if (!name.len)
		return err_new(ERR_NOT_FOUND, "a program needs a name");
	if (str_find_char(name, '/') >= 0) {
		*ret = name;
		return NULL;
	}
	while (rest.len) {
		int64_t colon = str_find_char(rest, ':');
		struct str dir = colon < 0 ? rest :
				 str_sub(rest, 0, (uint32_t)colon);
		struct str path = arena_printf(a, "%" STR_FMT "%s%" STR_FMT,
					       STR_ARG(dir),
					       dir.len ? "/" : "./",
					       STR_ARG(name));

		rest = colon < 0 ? STR("") :
		       str_sub(rest, (uint32_t)colon + 1, rest.len);
		if (!process_is_program(process_here(w, a, path).s))
			continue;
		*ret = path;
		return NULL;
	}
	return err_new(ERR_NOT_FOUND, "there is no program '%" STR_FMT
		       "' in PATH", STR_ARG(name));
}

struct err *process_find_program(const struct world *w, struct arena *a,
				 struct str name, struct str search_path,
				 struct process_file *ret)
{
	struct str path;

	for (uint32_t depth = 0; depth < PROCESS_SHEBANG_DEPTH; depth++) {
		struct err *e = process_search(w, a, name, search_path, &path);

		if (e)
			return e;
		if (!process_is_program(process_here(w, a, path).s))
			return err_new(ERR_NOT_FOUND,
				       "there is no program '%" STR_FMT "'",
				       STR_ARG(path));
		name = process_shebang(w, a, path);
		if (!name.len)
			return process_file(w, a, path, ret);
	}
	return err_new(ERR_FORMAT,
		       "'%" STR_FMT "' is a script of scripts without end",
		       STR_ARG(path));
}

/* ---- patterns of programs ---- */

static void process_globfree(glob_t *g)
{
	globfree(g);
}

struct err *process_glob(const struct world *w, struct arena *a,
			 struct str pattern, struct process_files *ret)
{
	_cleanup_(process_globfree) glob_t g = {};
	struct str here = process_here(w, a, pattern);
	struct process_files files = {};
	uint32_t root = world_is_live(w) ? 0 : world_path(w, a, "").len;
	struct err *e;

	if (glob(here.s, 0, NULL, &g) == GLOB_NOSPACE)
		abort();
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct process_file f;

		if (!process_is_program(g.gl_pathv[i]))
			continue;
		if (files.n == PROCESS_GLOB_MAX)
			return err_new(ERR_LIMIT,
				       "more than %d programs match '%" STR_FMT
				       "'", PROCESS_GLOB_MAX, STR_ARG(pattern));
		e = process_file(w, a, str_from(g.gl_pathv[i] + root), &f);
		if (e) {
			err_free(e);	/* gone in between */
			continue;
		}
		vec_push(a, &files, f);
	}
	*ret = files;
	return NULL;
}
