/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/debugfile.h"

#include <elf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dbg/debuginfod.h"

#define DEBUGFILE_NOTES_MAX (1u << 20)
#define DEBUGFILE_DEP_MAX (64u << 20)
#define DEBUGFILE_WALK_MAX 200000	/* files looked at */
#define DEBUGFILE_DEPTH_MAX 16

/* A search: who is looked for, and what was seen on the way. */
struct debugfile {
	const struct world *world;
	struct arena *arena;
	struct str dirs;
	struct str build_id;	/* empty = unknown: any will do */
	uint32_t crc;
	bool has_crc;
	bool symbols;		/* any symbols will do */
	bool is_here;		/* no server is asked */
	struct objfile *found;
	struct str other;	/* a file of another build */
	struct buf looked;	/* "A, B" */
};

/* ---- one candidate ---- */

static bool debugfile_has_dwarf(struct objfile *o)
{
	for (uint32_t i = 1; i < objfile_nsections(o); i++) {
		const struct objfile_section *s = objfile_section(o, i);

		if (s->has_bits && (str_is(s->name, ".debug_info") ||
				    str_is(s->name, ".zdebug_info")))
			return true;
	}
	return false;
}

/* Is there a table of symbols that is not empty? */
static bool debugfile_has_symbols(struct objfile *o)
{
	for (uint32_t i = 1; i < objfile_nsections(o); i++) {
		const struct objfile_section *s = objfile_section(o, i);

		if (s->type == SHT_SYMTAB && s->size)
			return true;
	}
	return false;
}

static uint32_t debugfile_crc_byte(uint32_t crc)
{
	for (int bit = 0; bit < 8; bit++)
		crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	return crc;
}

/* The checksum of .gnu_debuglink: the usual CRC-32. */
static bool debugfile_crc_is(const char *path, uint32_t wanted)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	uint32_t table[256], crc = UINT32_MAX;
	uint8_t bytes[1024];
	size_t n;

	if (!f)
		return false;
	for (uint32_t i = 0; i < 256; i++)
		table[i] = debugfile_crc_byte(i);
	while ((n = fread(bytes, 1, sizeof(bytes), f)))
		for (size_t i = 0; i < n; i++)
			crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 255];
	return ~crc == wanted;
}

/* Is the file there, with debug information, of the same build? */
static bool debugfile_try(struct debugfile *s, const char *path)
{
	struct objfile *o;
	struct stat st;
	struct err *err;
	struct str id;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	err = objfile_open(path, &o);
	if (err_drop(err))
		return false;
	id = objfile_build_id(o);
	if (!(s->symbols ? debugfile_has_symbols(o) :
			   debugfile_has_dwarf(o))) {
		objfile_close(o);
		return false;
	}
	if ((s->build_id.len && id.len && !str_eq(s->build_id, id)) ||
	    (!(s->build_id.len && id.len) && s->has_crc &&
	     !debugfile_crc_is(path, s->crc))) {
		s->other = arena_str(s->arena, str_from(path));
		objfile_close(o);
		return false;
	}
	s->found = o;
	return true;
}

static void debugfile_note(struct debugfile *s, struct str where)
{
	if (s->looked.len)
		buf_str(&s->looked, STR(", "));
	buf_str(&s->looked, where);
}

/* A place in the world: its path there is what messages show. */
static bool debugfile_try_world(struct debugfile *s, struct str path)
{
	if (debugfile_try(s, world_path(s->world, s->arena, path.s).s))
		return true;
	debugfile_note(s, path);
	return false;
}

/* ".build-id/ab/cdef.debug" below a directory. */
static struct str debugfile_id_path(struct debugfile *s, struct str dir)
{
	return arena_printf(s->arena,
			    "%" STR_FMT "/.build-id/%" STR_FMT "/%" STR_FMT
			    ".debug", STR_ARG(dir),
			    STR_ARG(str_sub(s->build_id, 0, 2)),
			    STR_ARG(str_sub(s->build_id, 2,
					    s->build_id.len)));
}

/* The next directory of a list with ':'. */
static bool debugfile_next_dir(struct str *rest, struct str *ret)
{
	while (rest->len) {
		int64_t colon = str_find_char(*rest, ':');
		uint32_t n = colon < 0 ? rest->len : (uint32_t)colon;

		*ret = str_sub(*rest, 0, n);
		*rest = str_sub(*rest, n + 1, rest->len);
		if (ret->len)
			return true;
	}
	return false;
}

/* The places below each of the user's directories; format has one %s for the
 * directory. */
static bool debugfile_try_dirs(struct debugfile *s, const struct str *tails,
			       uint32_t n)
{
	struct str rest = s->dirs, dir;

	while (debugfile_next_dir(&rest, &dir)) {
		const char *name = arena_str(s->arena, dir).s;

		if (debugfile_try(s, name))
			return true;
		for (uint32_t i = 0; i < n; i++)
			if (debugfile_try(s, arena_printf(
				s->arena, "%s/%" STR_FMT, name,
				STR_ARG(tails[i])).s))
				return true;
		if (s->build_id.len > 2 &&
		    (debugfile_try(s, debugfile_id_path(s, dir).s) ||
		     debugfile_try(s, debugfile_id_path(
			s, arena_printf(s->arena, "%s/usr/lib/debug",
					name)).s)))
			return true;
		debugfile_note(s, dir);
	}
	return false;
}

/* ---- debuginfod ---- */

static void debugfile_ask_server(struct debugfile *s)
{
	struct str where, path;

	if (s->is_here)
		return;
	path = debuginfod_find(s->world, s->arena, DEBUGINFOD_DEBUGINFO,
			       s->build_id, &where);
	if (path.len)
		debugfile_try(s, path.s);
	if (where.len)
		debugfile_note(s, where);
}

/* ---- outcomes ---- */

static struct err *debugfile_result(struct debugfile *s, struct str what,
				    struct objfile **ret)
{
	struct err *err = NULL;

	if (s->found)
		*ret = s->found;
	else if (s->other.len)
		err = err_new(ERR_NOT_FOUND,
			      "no debug information for %" STR_FMT ": %"
			      STR_FMT " is of another build; looked in %"
			      STR_FMT, STR_ARG(what), STR_ARG(s->other),
			      STR_ARG(buf_view(&s->looked)));
	else
		err = err_new(ERR_NOT_FOUND,
			      "no debug information for %" STR_FMT
			      "; looked in %" STR_FMT, STR_ARG(what),
			      STR_ARG(buf_view(&s->looked)));
	buf_deinit(&s->looked);
	return err;
}

/* ---- the kernel ---- */

static struct str debugfile_notes_id(struct debugfile *s, const char *path)
{
	struct buf b = {};
	struct str id = {};
	struct err *err = world_read(s->world, path, DEBUGFILE_NOTES_MAX, &b);

	if (!err)
		id = objfile_note_build_id((const uint8_t *)b.data, b.len,
					   s->arena);
	err_free(err);
	buf_deinit(&b);
	return id;
}

static bool debugfile_find_kernel(struct debugfile *s)
{
	const char *r = world_release(s->world).s;
	struct str tails[] = {
		arena_printf(s->arena, "vmlinux-%s", r),
		STR("vmlinux"),
		arena_printf(s->arena, "boot/vmlinux-%s", r),
		arena_printf(s->arena, "lib/modules/%s/vmlinux", r),
		arena_printf(s->arena, "usr/lib/debug/boot/vmlinux-%s", r),
		arena_printf(s->arena, "usr/lib/debug/lib/modules/%s/vmlinux",
			     r),
	};

	if (debugfile_try_dirs(s, tails, ARRAY_SIZE(tails)))
		return true;
	for (uint32_t i = 2; i < 4; i++)
		if (debugfile_try_world(s, arena_printf(
			s->arena, "/usr/lib/debug/%" STR_FMT,
			STR_ARG(tails[i]))))
			return true;
	if (s->build_id.len > 2 &&
	    debugfile_try_world(s, debugfile_id_path(s,
						     STR("/usr/lib/debug"))))
		return true;
	if (debugfile_try_world(s, arena_printf(s->arena,
						"/usr/lib/debug/vmlinux-%s",
						r)) ||
	    debugfile_try_world(s, arena_printf(s->arena,
						"/boot/vmlinux-%s", r)) ||
	    debugfile_try_world(s, arena_printf(s->arena,
						"/lib/modules/%s/build/vmlinux",
						r)))
		return true;
	debugfile_ask_server(s);
	return s->found;
}

static struct err *debugfile_hint_kernel(const struct world *w,
					 struct err *err)
{
	if (err)
		err_hint(err, "Debian: apt install linux-image-%s-dbg; or set "
			 "DEBUGINFOD_URLS, or name a directory in "
			 "SPILE_DEBUGINFO_PATH", world_release(w).s);
	return err;
}

struct err *debugfile_kernel(const struct world *w, struct str dirs, bool ask,
			     struct objfile **ret)
{
	struct arena a;
	struct debugfile s = { .world = w, .arena = &a, .dirs = dirs,
			       .is_here = !ask };
	struct err *err;

	arena_init(&a);
	s.build_id = debugfile_notes_id(&s, "/sys/kernel/notes");
	debugfile_find_kernel(&s);
	err = debugfile_result(&s, arena_printf(&a, "kernel %s",
						world_release(w).s), ret);
	arena_deinit(&a);
	return debugfile_hint_kernel(w, err);
}

/* ---- modules ---- */

/* "kernel/fs/xfs/xfs.ko.xz" is file of module "xfs"? */
static bool debugfile_is_module(struct str path, struct str name)
{
	uint32_t at = path.len;
	int64_t dot;

	while (at && path.s[at - 1] != '/')
		at--;
	path = str_sub(path, at, path.len);
	dot = str_find(path, STR(".ko"));
	if (dot < 0 || dot != name.len)
		return false;
	for (uint32_t i = 0; i < name.len; i++)
		if ((path.s[i] == '-' ? '_' : path.s[i]) !=
		    (name.s[i] == '-' ? '_' : name.s[i]))
			return false;
	return true;
}

/* The path below lib/modules/RELEASE, up to ".ko", from modules.dep. */
static struct str debugfile_module_path(struct debugfile *s, struct str name)
{
	const char *path = arena_printf(s->arena,
					"/lib/modules/%s/modules.dep",
					world_release(s->world).s).s;
	struct buf b = {};
	struct str rest, line, ret = {};
	struct err *err = world_read(s->world, path, DEBUGFILE_DEP_MAX, &b);

	err_free(err);
	for (rest = buf_view(&b); rest.len && !ret.len;) {
		int64_t end = str_find_char(rest, '\n'), colon;
		uint32_t n = end < 0 ? rest.len : (uint32_t)end;

		line = str_sub(rest, 0, n);
		rest = str_sub(rest, n + 1, rest.len);
		colon = str_find_char(line, ':');
		line = str_sub(line, 0, colon < 0 ? 0 : (uint32_t)colon);
		if (debugfile_is_module(line, name))
			ret = arena_str(s->arena, str_sub(
				line, 0,
				(uint32_t)str_find(line, STR(".ko")) + 3));
	}
	buf_deinit(&b);
	return ret;
}

/* A module outside modules.dep, or of a kernel that is not installed. */
static bool debugfile_walk(struct debugfile *s, struct str dir,
			   struct str name, uint32_t depth, uint32_t *left)
{
	struct world_names names = {};
	struct err *err = world_list(s->world, dir.s, s->arena, &names);

	if (err || depth > DEBUGFILE_DEPTH_MAX) {
		err_free(err);
		return false;
	}
	for (uint32_t i = 0; i < names.n && *left; i++) {
		struct str path = arena_printf(s->arena, "%" STR_FMT "/%"
					       STR_FMT, STR_ARG(dir),
					       STR_ARG(names.v[i]));

		--*left;
		if (str_find(names.v[i], STR(".ko")) > 0) {
			if (debugfile_is_module(names.v[i], name) &&
			    debugfile_try_world(s, path))
				return true;
		} else if (str_find_char(names.v[i], '.') < 0 &&
			   debugfile_walk(s, path, name, depth + 1, left)) {
			return true;
		}
	}
	return false;
}

static bool debugfile_find_module(struct debugfile *s, struct str name)
{
	static const char *const ends[] = { "", ".debug", ".xz", ".zst",
					    ".gz" };
	static const char *const roots[] = { "/usr/lib/debug/lib/modules",
					     "/lib/modules" };
	const char *r = world_release(s->world).s;
	struct str path = debugfile_module_path(s, name);
	uint32_t left = DEBUGFILE_WALK_MAX;
	struct str tails[] = {
		path,
		arena_printf(s->arena, "%" STR_FMT ".ko", STR_ARG(name)),
		arena_printf(s->arena, "lib/modules/%s/%" STR_FMT, r,
			     STR_ARG(path)),
		arena_printf(s->arena, "usr/lib/debug/lib/modules/%s/%" STR_FMT,
			     r, STR_ARG(path)),
	};

	if (debugfile_try_dirs(s, tails, ARRAY_SIZE(tails)))
		return true;
	if (s->build_id.len > 2 &&
	    debugfile_try_world(s, debugfile_id_path(s,
						     STR("/usr/lib/debug"))))
		return true;
	for (uint32_t k = 0; k < ARRAY_SIZE(roots) && path.len; k++) {
		struct str file = arena_printf(s->arena, "%s/%s/%" STR_FMT,
					       roots[k], r, STR_ARG(path));

		for (uint32_t i = 1; i < ARRAY_SIZE(ends); i++) {
			struct str one = arena_printf(s->arena, "%s%s", file.s,
						      ends[i]);

			if (debugfile_try(s, world_path(s->world, s->arena,
							one.s).s))
				return true;
		}
		if (debugfile_try_world(s, file))
			return true;
	}
	for (uint32_t k = 0; k < ARRAY_SIZE(roots) && !path.len; k++) {
		struct str root = arena_printf(s->arena, "%s/%s", roots[k], r);

		if (debugfile_walk(s, root, name, 0, &left))
			return true;
		debugfile_note(s, root);
	}
	debugfile_ask_server(s);
	return s->found;
}

struct err *debugfile_module(const struct world *w, struct str dirs, bool ask,
			     struct str name, struct objfile **ret)
{
	struct arena a;
	struct debugfile s = { .world = w, .arena = &a, .dirs = dirs,
			       .is_here = !ask };
	struct err *err;

	if (!name.len || name.len > 128 || str_find_char(name, '/') >= 0)
		return err_new(ERR_NOT_FOUND, "there is no module '%" STR_FMT
			       "'", STR_ARG(name));
	arena_init(&a);
	s.build_id = debugfile_notes_id(
		&s, arena_printf(&a, "/sys/module/%" STR_FMT
				 "/notes/.note.gnu.build-id",
				 STR_ARG(name)).s);
	debugfile_find_module(&s, name);
	err = debugfile_result(&s, arena_printf(&a, "module %" STR_FMT,
						STR_ARG(name)), ret);
	arena_deinit(&a);
	return debugfile_hint_kernel(w, err);
}

/* ---- programs ---- */

static bool debugfile_try_link(struct debugfile *s, struct str path,
			       struct objfile *main)
{
	uint32_t n = path.len;
	struct str dir, name;

	if (!objfile_debuglink(main, &name, &s->crc))
		return false;
	s->has_crc = true;
	while (n && path.s[n - 1] != '/')
		n--;
	dir = str_sub(path, 0, n);
	return debugfile_try_dirs(s, &name, 1) ||
	       debugfile_try_world(s, arena_printf(
			s->arena, "%" STR_FMT "%" STR_FMT, STR_ARG(dir),
			STR_ARG(name))) ||
	       debugfile_try_world(s, arena_printf(
			s->arena, "%" STR_FMT ".debug/%" STR_FMT, STR_ARG(dir),
			STR_ARG(name))) ||
	       debugfile_try_world(s, arena_printf(
			s->arena, "/usr/lib/debug%" STR_FMT "%" STR_FMT,
			STR_ARG(dir), STR_ARG(name)));
}

static void debugfile_find_program(struct debugfile *s, struct str path,
				   struct objfile *main)
{
	if (debugfile_try_dirs(s, NULL, 0))
		return;
	if (s->build_id.len > 2 &&
	    debugfile_try_world(s, debugfile_id_path(s,
						     STR("/usr/lib/debug"))))
		return;
	if (debugfile_try_link(s, path, main))
		return;
	if (!s->symbols)
		debugfile_ask_server(s);
}

bool debugfile_symbols(const struct world *w, struct str dirs, struct str path,
		       struct objfile *main, struct objfile **ret)
{
	struct arena a;
	struct debugfile s = { .world = w, .arena = &a, .dirs = dirs,
			       .symbols = true };

	arena_init(&a);
	s.build_id = objfile_build_id(main);
	debugfile_find_program(&s, path, main);
	if (s.found)
		*ret = s.found;
	buf_deinit(&s.looked);
	arena_deinit(&a);
	return s.found;
}

struct err *debugfile_program(const struct world *w, struct str dirs,
			      struct str path, struct objfile **ret_main,
			      struct objfile **ret)
{
	struct objfile *main;
	struct arena a;
	struct debugfile s = { .world = w, .arena = &a, .dirs = dirs };
	struct err *err;

	arena_init(&a);
	err = objfile_open(world_path(w, &a, arena_str(&a, path).s).s, &main);
	if (err) {
		arena_deinit(&a);
		return err;
	}
	s.build_id = objfile_build_id(main);
	if (debugfile_has_dwarf(main))
		s.found = main;
	else
		debugfile_find_program(&s, path, main);
	err = debugfile_result(&s, path, ret);
	if (err)
		objfile_close(main);
	else
		*ret_main = main;
	arena_deinit(&a);
	if (err)
		err_hint(err, "install its debug symbols (Debian: the package "
			 "with -dbgsym or -dbg), set DEBUGINFOD_URLS, or "
			 "compile it with -g");
	return err;
}
