/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/debuginfod.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#define DEBUGINFOD_LIBRARY "libdebuginfod.so.1"

struct debuginfod {
	const struct world *world;
	struct str build_id;		/* NUL-terminated */
	void *library;
	void *client;
	void *(*begin)(void);
	void (*end)(void *);
	int (*find)(void *, const unsigned char *, int, char **);
	void (*set_progress)(void *, int (*)(void *, long, long));
	void (*set_data)(void *, void *);
	void *(*get_data)(void *);
};

static bool debuginfod_symbol(void *library, const char *name, void *ret)
{
	void *p = dlsym(library, name);

	memcpy(ret, &p, sizeof(p));
	return p;
}

static bool debuginfod_load(struct debuginfod *d, enum debuginfod_kind kind)
{
	static const char *const finds[] = {
		[DEBUGINFOD_DEBUGINFO] = "debuginfod_find_debuginfo",
		[DEBUGINFOD_EXECUTABLE] = "debuginfod_find_executable",
	};

	return debuginfod_symbol(d->library, "debuginfod_begin", &d->begin) &&
	       debuginfod_symbol(d->library, "debuginfod_end", &d->end) &&
	       debuginfod_symbol(d->library, finds[kind], &d->find);
}

/* The library's function for progress has no argument of ours but what is
 * kept with the client. */
static void *debuginfod_data(void *client)
{
	void *(*get)(void *);
	void *library = dlopen(DEBUGINFOD_LIBRARY,
			       RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
	void *data = NULL;

	if (library && debuginfod_symbol(library, "debuginfod_get_user_data",
					 &get))
		data = get(client);
	if (library)
		dlclose(library);
	return data;
}

/* Not 0 = give up. */
static int debuginfod_progress(void *client, long done, long total)
{
	const struct debuginfod *d = debuginfod_data(client);

	if (!d)
		return 0;
	return world_progress(d->world, d->build_id,
			      done > 0 ? (uint64_t)done : 0,
			      total > 0 ? (uint64_t)total : 0);
}

static struct str debuginfod_ask(struct debuginfod *d, struct arena *a)
{
	struct str found = {};
	char *path = NULL;
	int fd;

	d->client = d->begin();
	if (!d->client)
		return found;
	if (debuginfod_symbol(d->library, "debuginfod_set_user_data",
			      &d->set_data) &&
	    debuginfod_symbol(d->library, "debuginfod_set_progressfn",
			      &d->set_progress)) {
		d->set_data(d->client, d);
		d->set_progress(d->client, debuginfod_progress);
	}
	/* A length of 0: the build-id is text. */
	fd = d->find(d->client, (const void *)d->build_id.s, 0, &path);
	if (fd >= 0)
		close(fd);
	if (path)
		found = arena_str(a, str_from(path));
	free(path);
	d->end(d->client);
	world_progress(d->world, d->build_id, 0, 0);
	return found;
}

struct str debuginfod_find(const struct world *w, struct arena *a,
			   enum debuginfod_kind kind, struct str build_id,
			   struct str *where)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	struct debuginfod d = { .world = w,
				.build_id = arena_str(a, build_id) };
	struct str found = {};

	*where = (struct str){};
	if (!urls || !*urls || build_id.len < 4)
		return found;
	d.library = dlopen(DEBUGINFOD_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!d.library) {
		*where = STR("DEBUGINFOD_URLS (there is no "
			     DEBUGINFOD_LIBRARY ")");
		return found;
	}
	if (debuginfod_load(&d, kind))
		found = debuginfod_ask(&d, a);
	*where = arena_str(a, str_from(urls));
	dlclose(d.library);
	return found;
}
