/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks an ELF file what it says without debug information, for tests:
 *
 *	elftool FILE marks
 *	elftool FILE offset ADDRESS
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dbg/objfile.h"
#include "dbg/usdt.h"

static void show_mark(struct arena *a, const struct usdt_mark *m)
{
	printf("%" STR_FMT ":%" STR_FMT " 0x%" PRIx64 " 0x%" PRIx64 "\n",
	       STR_ARG(m->provider), STR_ARG(m->name), m->pc, m->semaphore);
	for (uint32_t i = 0; i < m->nargs; i++) {
		const struct usdt_arg *g = &m->args[i];

		printf("\t%" STR_FMT "\t%s%u%s\t%" STR_FMT "\n",
		       STR_ARG(g->text), g->is_signed ? "s" : "u",
		       (unsigned int)g->size, g->is_float ? "f" : "",
		       STR_ARG(dbg_loc_text(a, &g->loc)));
	}
}

static void ask_marks(struct objfile *o, struct arena *a)
{
	struct usdt_marks m;

	usdt_marks(o, NULL, a, &m);
	for (uint32_t i = 0; i < m.n; i++)
		show_mark(a, &m.v[i]);
	if (m.damage.len)
		printf("damage: %" STR_FMT "\n", STR_ARG(m.damage));
}

static struct err *ask_offset(struct objfile *o, uint64_t addr)
{
	uint64_t off;
	bool is_code;

	if (!objfile_offset(o, addr, &off, &is_code))
		return err_new(ERR_NOT_FOUND, "no such address");
	printf("0x%" PRIx64 "%s\n", off, is_code ? " code" : "");
	return NULL;
}

static struct err *ask(struct objfile *o, struct arena *a, int argc,
		       char **argv)
{
	const char *what = argv[2];
	uint64_t addr = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;

	if (!strcmp(what, "marks"))
		ask_marks(o, a);
	else if (!strcmp(what, "offset"))
		return ask_offset(o, addr);
	else
		return err_new(ERR_OTHER, "no such question: %s", what);
	return NULL;
}

int main(int argc, char **argv)
{
	struct objfile *o = NULL;
	struct arena a;
	struct err *err;

	if (argc < 3) {
		fprintf(stderr, "usage: elftool FILE QUESTION ARGUMENT...\n");
		return 2;
	}
	arena_init(&a);
	err = objfile_open(argv[1], &o);
	if (!err)
		err = ask(o, &a, argc, argv);
	if (err)
		fprintf(stderr, "elftool: %s\n", err->msg);
	objfile_close(o);
	arena_deinit(&a);
	return err_drop(err);
}
