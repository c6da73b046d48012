/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks an ELF file what it says without debug information, for tests:
 *
 *	elftool FILE marks
 *	elftool FILE offset|at|insn|aliases ADDRESS
 *	elftool FILE insns ADDRESS BYTES
 *	elftool FILE functions PATTERN [VERSION]
 *	elftool FILE symbol NAME
 *	elftool FILE source
 *	elftool FILE plt
 *	elftool FILE needed [PATTERN]
 *	elftool FILE find LIBRARY
 *	elftool PID mapped [PATTERN]
 *	elftool BUILD-ID buildid
 *
 * SPILE_WORLD and SPILE_DEBUGINFO_PATH are heeded.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"
#include "dbg/buildid.h"
#include "dbg/elfsyms.h"
#include "dbg/insn.h"
#include "dbg/plt.h"
#include "dbg/solib.h"
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

static void ask_marks(struct elfsyms *s, struct arena *a)
{
	struct usdt_marks m;

	usdt_marks(elfsyms_main(s), elfsyms_best(s), a, &m);
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

static void show_symbol(const struct elfsym *s)
{
	printf("%" STR_FMT "%s%" STR_FMT " 0x%" PRIx64 " %" PRIu64
	       "%s%s%s%s%s", STR_ARG(s->name), s->version.len ? "@" : "",
	       STR_ARG(s->version), s->addr, s->size,
	       s->is_function ? "" : " data", s->is_exported ? " exported" : "",
	       s->is_global ? "" : " local", s->is_ifunc ? " ifunc" : "",
	       s->is_old_version ? " old" : "");
	if (s->readable.len)
		printf("\t%" STR_FMT, STR_ARG(s->readable));
	printf("\n");
}

static void show_list(const struct elfsyms_list *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		show_symbol(&l->v[i]);
}

static void ask_plt(struct objfile *o, struct arena *a)
{
	struct plt_entries p;

	plt_entries(o, a, &p);
	for (uint32_t i = 0; i < p.n; i++)
		printf("%" STR_FMT "%s%" STR_FMT " 0x%" PRIx64 " %u\n",
		       STR_ARG(p.v[i].name), p.v[i].version.len ? "@" : "",
		       STR_ARG(p.v[i].version), p.v[i].addr, p.v[i].size);
}

static void ask_insns(struct objfile *o, uint64_t addr, uint64_t n)
{
	const struct arch *arch = objfile_machine(o) == EM_X86_64 ?
					  &arch_x86_64 : &arch_aarch64;
	static const char *const kinds[] = { "other", "emulated", "nop5",
					     "marker", "refused", "harmed" };
	struct objfile_data d = objfile_bytes(o, addr);

	for (uint64_t at = 0; at < n && at < d.size;) {
		struct insn in = insn_at(arch, d.p + at, d.size - at);

		printf("0x%" PRIx64 " %u %s%s%s%s\n", addr + at,
		       (unsigned int)in.length, kinds[in.kind],
		       in.is_call ? " call" : "", in.is_jump ? " jump" : "",
		       in.is_return ? " return" : "");
		at += in.length ? in.length : 1;
	}
}

static void ask_insn(struct elfsyms *s, uint64_t addr)
{
	static const char *const answers[] = { "start", "inside", "unknown" };

	printf("%s\n", answers[elfsyms_instruction(s, addr)]);
}

static bool ask_symbols(struct elfsyms *s, struct arena *a, const char *what,
			const char *arg, const char *more)
{
	static const char *const sources[] = { "none", "dynamic", "packed",
					       "full" };
	uint64_t addr = strtoull(arg, NULL, 0);
	struct elfsyms_list l = {};
	struct elfsym sym;

	if (!strcmp(what, "functions"))
		elfsyms_functions(s, a, str_from(arg), str_from(more), &l);
	else if (!strcmp(what, "aliases"))
		elfsyms_aliases(s, a, addr, &l);
	else if (!strcmp(what, "symbol") &&
		 elfsyms_find(s, a, str_from(arg), &sym))
		show_symbol(&sym);
	else if (!strcmp(what, "at") && elfsyms_at(s, a, addr, &sym))
		show_symbol(&sym);
	else if (!strcmp(what, "insn"))
		ask_insn(s, addr);
	else if (!strcmp(what, "source"))
		printf("%s\n", sources[elfsyms_source(s)]);
	else
		return false;
	show_list(&l);
	return true;
}

static struct err *ask(struct elfsyms *s, struct arena *a, int argc,
		       char **argv)
{
	const char *what = argv[2], *arg = argc > 3 ? argv[3] : "";
	const char *more = argc > 4 ? argv[4] : "";
	struct objfile *o = elfsyms_main(s);

	if (!strcmp(what, "marks"))
		ask_marks(s, a);
	else if (!strcmp(what, "offset"))
		return ask_offset(o, strtoull(arg, NULL, 0));
	else if (!strcmp(what, "plt"))
		ask_plt(o, a);
	else if (!strcmp(what, "insns"))
		ask_insns(o, strtoull(arg, NULL, 0), strtoull(more, NULL, 0));
	else if (!ask_symbols(s, a, what, arg, more))
		return err_new(ERR_NOT_FOUND, "no answer");
	return NULL;
}

/* ---- files by name ---- */

static void show_solibs(const struct solibs *l, const char *pattern)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!*pattern || solib_matches(&l->v[i], str_from(pattern)))
			printf("%" STR_FMT " %" STR_FMT " %" STR_FMT "\n",
			       STR_ARG(l->v[i].name), STR_ARG(l->v[i].path),
			       STR_ARG(l->v[i].here));
}

/* Questions that do not open FILE as a program; false = is none of them. */
static bool ask_files(const struct world *w, struct arena *a, char **argv,
		      const char *arg, struct err **err)
{
	struct str file = str_from(argv[1]), path;
	struct solibs l = {};
	struct solib one;

	if (!strcmp(argv[2], "needed")) {
		*err = solib_needed(w, a, STR(""), file, &l);
	} else if (!strcmp(argv[2], "mapped")) {
		*err = solib_mapped(w, a, (pid_t)strtol(argv[1], NULL, 10),
				    &l);
	} else if (!strcmp(argv[2], "find")) {
		*err = solib_find(w, a, STR(""), file, str_from(arg), &one);
		if (!*err)
			vec_push(a, &l, one);
		arg = "";
	} else if (!strcmp(argv[2], "buildid")) {
		*err = buildid_find(w, a, file, str_from(getenv("PATH")),
				    &path);
		if (!*err)
			printf("%s\n", path.s);
	} else {
		return false;
	}
	if (!*err)
		show_solibs(&l, arg);
	return true;
}

static struct err *ask_program(struct world *w, struct arena *a, int argc,
			       char **argv)
{
	const char *dirs = getenv("SPILE_DEBUGINFO_PATH");
	struct elfsyms *s = NULL;
	struct err *err;

	if (ask_files(w, a, argv, argc > 3 ? argv[3] : "", &err))
		return err;
	err = elfsyms_open(w, str_from(dirs ? dirs : ""), str_from(argv[1]),
			   &s);
	if (!err)
		err = ask(s, a, argc, argv);
	elfsyms_close(s);
	return err;
}

int main(int argc, char **argv)
{
	struct world *w = NULL;
	struct arena a;
	struct err *err;

	if (argc < 3) {
		fprintf(stderr, "usage: elftool FILE QUESTION ARGUMENT...\n");
		return 2;
	}
	arena_init(&a);
	err = world_open(getenv("SPILE_WORLD"), &w);
	if (!err)
		err = ask_program(w, &a, argc, argv);
	if (err)
		fprintf(stderr, "elftool: %s\n", err->msg);
	world_close(w);
	arena_deinit(&a);
	return err_drop(err);
}
