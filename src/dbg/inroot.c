/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/inroot.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define INROOT_LINKS_MAX 40	/* as the kernel has it */

struct inroot {
	const struct world *world;
	struct arena *arena;
	struct str root;
	struct str done;	/* "/usr/lib": no links in it; empty = the root */
	struct str rest;	/* components to come */
	uint32_t links;
};

struct str inroot_of(const struct world *w, struct arena *a, int pid)
{
	struct str root = arena_printf(a, "/proc/%d/root", pid);
	struct stat ours, theirs;

	if (!world_is_live(w) || stat("/", &ours) || stat(root.s, &theirs) ||
	    (ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino))
		return (struct str){ "", 0 };
	return root;
}

static struct str inroot_next(struct inroot *in)
{
	struct str next;
	uint32_t n = 0;

	while (in->rest.len && in->rest.s[0] == '/')
		in->rest = str_sub(in->rest, 1, in->rest.len);
	while (n < in->rest.len && in->rest.s[n] != '/')
		n++;
	next = str_sub(in->rest, 0, n);
	in->rest = str_sub(in->rest, n, in->rest.len);
	return next;
}

static void inroot_up(struct inroot *in)
{
	while (in->done.len && in->done.s[in->done.len - 1] != '/')
		in->done.len--;
	if (in->done.len)
		in->done.len--;
}

/* Goes on where the link at path leads. */
static struct err *inroot_follow(struct inroot *in, struct str path,
				 struct str target)
{
	if (++in->links > INROOT_LINKS_MAX)
		return err_os(ELOOP, "%" STR_FMT, STR_ARG(path));
	in->rest = arena_printf(in->arena, "%" STR_FMT "/%" STR_FMT,
				STR_ARG(target), STR_ARG(in->rest));
	if (target.len && target.s[0] == '/')
		in->done = (struct str){};
	return NULL;
}

static struct err *inroot_step(struct inroot *in, struct str name)
{
	struct str path = arena_printf(in->arena, "%" STR_FMT "/%" STR_FMT,
				       STR_ARG(in->done), STR_ARG(name));
	struct str here = arena_printf(in->arena, "%" STR_FMT "%" STR_FMT,
				       STR_ARG(in->root), STR_ARG(path));
	struct str target;
	struct err *err = world_readlink(in->world, here.s, in->arena,
					 &target);

	if (!err)
		return inroot_follow(in, path, target);
	if (err->errnum != EINVAL)
		return err;
	/* It is no link. */
	err_free(err);
	in->done = path;
	return NULL;
}

struct err *inroot_resolve(const struct world *w, struct arena *a,
			   struct str root, struct str path, struct str *ret)
{
	struct inroot in = { .world = w, .arena = a, .root = root,
			     .rest = path };

	if (path.len > PATH_MAX)
		return err_os(ENAMETOOLONG, "%" STR_FMT, 64, path.s);
	for (;;) {
		struct str name = inroot_next(&in);
		struct err *err;

		if (!name.len)
			break;
		if (str_is(name, "..")) {
			inroot_up(&in);
		} else if (!str_is(name, ".")) {
			err = inroot_step(&in, name);
			if (err)
				return err;
		}
	}
	*ret = arena_str(a, in.done.len ? in.done : STR("/"));
	return NULL;
}
