/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text, in memory as in the file: a line that says which boot it is of, then
 * the names, each between two ends of lines.
 */
#include "dbg/doubles.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "dbg/cachefile.h"

#define DOUBLES_BYTES_MAX (16u << 20)

struct doubles {
	struct world *world;
	struct kallsyms *symbols;
	struct buf made;
	const void *mapped;
	uint64_t size;
	struct str text;
	bool was_looked_for;
};

struct doubles *doubles_create(struct world *w, struct kallsyms *k)
{
	struct doubles *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->world = w;
	d->symbols = k;
	return d;
}

void doubles_destroy(struct doubles *d)
{
	if (!d)
		return;
	if (d->mapped)
		munmap((void *)(uintptr_t)d->mapped, d->size);
	buf_deinit(&d->made);
	free(d);
}

static void doubles_find(struct doubles *d)
{
	struct kallsym sym;
	struct arena a;
	struct map seen;

	arena_init(&a);
	map_init(&seen, &a);
	for (uint32_t i = 0; kallsyms_get(d->symbols, i, &sym); i++) {
		void *had;

		if (!kallsym_is_function(&sym))
			continue;
		had = map_find(&seen, sym.name);
		if (had == d) /* the second one */
			buf_printf(&d->made, "%" STR_FMT "\n",
				   STR_ARG(sym.name));
		map_set(&seen, sym.name, had ? &seen : (void *)d);
	}
	arena_deinit(&a);
}

/* false = the kernel does not tell. */
static bool doubles_make(struct doubles *d, struct str head)
{
	struct err *e = kallsyms_load(d->symbols);

	if (err_drop(e))
		return false;
	buf_str(&d->made, head);
	doubles_find(d);
	d->text = buf_view(&d->made);
	return true;
}

static bool doubles_load(struct doubles *d, struct str path, struct str head)
{
	d->mapped = cachefile_map(path, DOUBLES_BYTES_MAX, &d->size);
	if (!d->mapped)
		return false;
	d->text = (struct str){ d->mapped, (uint32_t)d->size };
	return str_starts(d->text, head);
}

static void doubles_look(struct doubles *d)
{
	struct str boot = world_boot_id(d->world), dir, path = {}, head;
	struct arena a;

	d->was_looked_for = true;
	if (!world_is_live(d->world) || !boot.len)
		return;
	arena_init(&a);
	head = arena_printf(&a, "SPILEDB1 %" STR_FMT "\n", STR_ARG(boot));
	dir = cachefile_boot_dir(&a);
	if (dir.len)
		path = arena_printf(&a, "%" STR_FMT "/doubles", STR_ARG(dir));
	if (!path.len || !doubles_load(d, path, head)) {
		d->text = (struct str){};
		if (d->symbols && doubles_make(d, head) && path.len)
			cachefile_save(path, d->text.s, d->text.len);
	}
	arena_deinit(&a);
}

bool doubles_has(struct doubles *d, struct str name)
{
	struct buf line = {};
	bool has;

	if (!d->was_looked_for)
		doubles_look(d);
	buf_printf(&line, "\n%" STR_FMT "\n", STR_ARG(name));
	has = d->text.len &&
	      memmem(d->text.s, d->text.len, line.data, line.len);
	buf_deinit(&line);
	return has;
}
