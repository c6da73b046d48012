/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/buildid.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/vec.h"
#include "dbg/debuginfod.h"
#include "dbg/inroot.h"
#include "dbg/objfile.h"
#include "dbg/process.h"
#include "dbg/solib.h"

#define BUILDID_FILES_MAX 100000	/* looked at */
#define BUILDID_LIBRARIES                                                \
	"/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu:"          \
	"/usr/lib64:/usr/lib:/usr/local/lib"

struct buildid {
	const struct world *world;
	struct arena *arena;
	struct str id;
	struct map seen;	/* paths */
	uint32_t left;
	struct str found;
};

bool buildid_is(struct str text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if (!strchr("0123456789abcdefABCDEF", text.s[i]))
			return false;
	return text.len >= 16 && text.len <= 128 && !(text.len & 1);
}

/* Is the file at path the one? */
static bool buildid_try(struct buildid *b, struct str path)
{
	struct objfile *o;
	bool same;

	if (!b->left || map_set(&b->seen, path, b))
		return false;
	b->left--;
	if (err_drop(objfile_open(world_path(b->world, b->arena, path.s).s,
				  &o)))
		return false;
	same = str_eq(objfile_build_id(o), b->id);
	objfile_close(o);
	if (same)
		b->found = path;
	return same;
}

/* Where packages put links: "ab/cdef" leads to the file itself. */
static bool buildid_by_link(struct buildid *b)
{
	static const char *const dirs[] = { "/usr/lib", "/usr/lib/debug" };

	for (uint32_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct str path = arena_printf(
			b->arena, "%s/.build-id/%" STR_FMT "/%" STR_FMT,
			dirs[i], STR_ARG(str_sub(b->id, 0, 2)),
			STR_ARG(str_sub(b->id, 2, b->id.len)));

		if (!err_drop(inroot_resolve(b->world, b->arena, STR(""), path,
					     &path)) &&
		    buildid_try(b, path))
			return true;
	}
	return false;
}

static bool buildid_by_process(struct buildid *b)
{
	struct process_ids pids;
	struct solibs l;

	if (err_drop(process_list(b->world, b->arena, &pids)))
		return false;
	for (uint32_t i = 0; i < pids.n; i++) {
		if (err_drop(solib_mapped(b->world, b->arena, pids.v[i], &l)))
			continue;
		for (uint32_t k = 0; k < l.n; k++)
			if (buildid_try(b, l.v[k].here))
				return true;
	}
	return false;
}

static bool buildid_in(struct buildid *b, struct str dirs)
{
	struct world_names names;

	while (dirs.len) {
		int64_t colon = str_find_char(dirs, ':');
		struct str dir = str_sub(dirs, 0, colon < 0 ? dirs.len :
							  (uint32_t)colon);

		dirs = str_sub(dirs, dir.len + 1, dirs.len);
		dir = arena_str(b->arena, dir);
		if (!dir.len || err_drop(inroot_resolve(b->world, b->arena,
							STR(""), dir, &dir)) ||
		    err_drop(world_list(b->world, dir.s, b->arena, &names)))
			continue;
		for (uint32_t i = 0; i < names.n; i++)
			if (buildid_try(b, arena_printf(
					b->arena, "%s/%" STR_FMT, dir.s,
					STR_ARG(names.v[i]))))
				return true;
	}
	return false;
}

static struct str buildid_lower(struct arena *a, struct str id)
{
	char *s = arena_alloc(a, id.len + 1);

	for (uint32_t i = 0; i < id.len; i++)
		s[i] = id.s[i] >= 'A' && id.s[i] <= 'F' ?
			       (char)(id.s[i] + 'a' - 'A') : id.s[i];
	return (struct str){ s, id.len };
}

struct err *buildid_find(const struct world *w, struct arena *a,
			 struct str id, struct str search_path,
			 struct str *ret)
{
	struct buildid b = { .world = w, .arena = a,
			     .id = buildid_lower(a, id),
			     .left = BUILDID_FILES_MAX };
	struct str path, where;

	map_init(&b.seen, a);
	if (buildid_by_link(&b) || buildid_by_process(&b) ||
	    buildid_in(&b, search_path) ||
	    buildid_in(&b, STR(BUILDID_LIBRARIES))) {
		*ret = b.found;
		return NULL;
	}
	path = debuginfod_find(w, a, DEBUGINFOD_EXECUTABLE, b.id, &where);
	if (!path.len)
		return err_new(ERR_NOT_FOUND,
			       "there is no program with the build-id %"
			       STR_FMT "; looked in .build-id directories, at "
			       "what runs, in PATH, among libraries%s%" STR_FMT,
			       STR_ARG(b.id), where.len ? ", " : "",
			       STR_ARG(where));
	*ret = path;
	return NULL;
}
