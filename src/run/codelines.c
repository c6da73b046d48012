/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the kernel is at run time differs from where it was linked to be, and
 * a module's sections are anywhere: the symbol that an address is in, which
 * both sides have, says what one is in terms of the other.
 */
#include "run/codelines.h"

#include <stdlib.h>

struct codelines_file {
	struct codelines_file *next;
	struct str module;
	struct debuginfo *info; /* NULL = there is none */
};

struct codelines {
	struct world *world;
	struct str dirs;
	struct codelines_file *files;
	struct arena arena;
	struct arena answer;	/* the last one's */
};

struct codelines *codelines_create(struct world *w, const char *dirs)
{
	struct codelines *cl = calloc(1, sizeof(*cl));

	if (!cl)
		abort();
	cl->world = w;
	cl->dirs = dirs ? str_from(dirs) : STR("");
	arena_init(&cl->arena);
	arena_init(&cl->answer);
	return cl;
}

void codelines_destroy(struct codelines *cl)
{
	if (!cl)
		return;
	for (struct codelines_file *f = cl->files; f; f = f->next)
		debuginfo_close(f->info);
	arena_deinit(&cl->arena);
	arena_deinit(&cl->answer);
	free(cl);
}

static struct err *file_get(struct codelines *cl, struct str module,
			    struct debuginfo **ret)
{
	struct codelines_file *f = cl->files;
	struct err *e;

	while (f && !str_eq(f->module, module))
		f = f->next;
	if (f && !f->info)
		return err_new(ERR_NOT_FOUND, "there is no debug information");
	if (f) {
		*ret = f->info;
		return NULL;
	}
	f = arena_new(&cl->arena, struct codelines_file);
	f->module = arena_str(&cl->arena, module);
	f->next = cl->files;
	cl->files = f;
	e = module.len ? debuginfo_open_module(cl->world, cl->dirs, true,
					       f->module, &f->info) :
			 debuginfo_open_kernel(cl->world, cl->dirs, true,
					       &f->info);
	if (!e)
		*ret = f->info;
	return e;
}

/* Where debug information has the function.  Of several static ones of a name
 * nothing tells which one is meant. */
static bool find_linked(struct debuginfo *info, struct str name, uint64_t *ret)
{
	struct str found;
	uint64_t start, offset;
	bool unique;

	if (!debuginfo_find_symbol(info, name, &start) ||
	    !debuginfo_symbol(info, start, &found, &offset, &unique) ||
	    !unique)
		return false;
	*ret = start;
	return true;
}

struct err *codelines_at(struct codelines *cl, const struct kallsym *sym,
			 uint64_t addr, struct dbg_frames *ret)
{
	struct dbg_frames frames = {};
	struct debuginfo *info = NULL;
	struct err *e = file_get(cl, sym->module, &info);
	uint64_t start;

	if (e)
		return e;
	arena_reset(&cl->answer);
	if (find_linked(info, sym->name, &start))
		e = debuginfo_frames(info, &cl->answer,
				     start + (addr - sym->addr), &frames);
	if (e)
		return e;
	if (!frames.n || !frames.v[0].line)
		return err_new(ERR_NOT_FOUND, "no line is known");
	*ret = frames;
	return NULL;
}

#define CODELINES_COMMON STR("schedule")	/* every kernel has it */

void codelines_prepare(struct codelines *cl)
{
	const struct kallsym any = { .name = CODELINES_COMMON };
	struct codelines_file *before = cl->files;
	struct debuginfo *info = NULL;
	struct dbg_frames frames = {};

	if (err_drop(file_get(cl, (struct str){}, &info)))
		cl->files = before;	/* whoever asks is told */
	else
		err_drop(codelines_at(cl, &any, 0, &frames));
}
