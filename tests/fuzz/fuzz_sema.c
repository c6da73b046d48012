/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any script: the semantic passes come to an end, whatever the parser made of
 * it.  WORLD names a directory of tests/data/make_world.py; without it, the
 * script is compiled for this machine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dbg/btf.h"
#include "dbg/world.h"
#include "lang/parse.h"
#include "sema/bounds.h"
#include "sema/check.h"
#include "sema/elide.h"
#include "sema/expand.h"
#include "sema/library.h"
#include "sema/resolve/target.h"
#include "sema/scope.h"
#include "sema/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct arena arena;
	struct sources sources;
	struct diags diags;
	struct image image;
	struct world *world;
	struct sema_options options;
	struct parse_options parse;
	struct program program;
};

static void init(struct run *r)
{
	struct err *err = world_open(getenv("WORLD"), &r->world);

	if (err) {
		fprintf(stderr, "%s\n", err->msg);
		exit(1);
	}
	arena_init(&r->arena);
	sources_init(&r->sources, &r->arena);
	diags_init(&r->diags, &r->arena, &r->sources);
	image_init(&r->image, &r->arena);
	r->options = (struct sema_options){ .show_globals = true,
					   .guru = true };
	r->options.limits.maxstringlen = 512;
	r->parse = (struct parse_options){
		.arena = &r->arena,
		.sources = &r->sources,
		.diags = &r->diags,
		.kernel_vr = STR("6.1.0-18-amd64"),
		.arch = STR("x86_64"),
		.guru = true,
	};
	r->program = (struct program){
		.arena = &r->arena,
		.back = &r->arena,
		.sources = &r->sources,
		.diags = &r->diags,
		.image = &r->image,
		.world = r->world,
		.options = &r->options,
	};
}

/* As cli/compile.c has them. */
static void run_passes(struct run *r)
{
	static void (*const passes[])(struct program *) = {
		expand,	       scope_resolve, target_resolve, elide,
		target_report, types_infer,   check,	      bounds_infer,
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(passes); i++) {
		if (r->diags.errors)
			return;
		passes[i](&r->program);
	}
}

static void print(struct run *r)
{
	FILE *null = fopen("/dev/null", "w");

	if (!null)
		abort();
	diags_print(&r->diags, null, false);
	if (!r->diags.errors)
		program_print(&r->program, null);
	fclose(null);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run r;
	struct source *s;

	init(&r);
	s = source_add(&r.sources, STR("x"),
		       arena_str(&r.arena, (struct str){ (const char *)data,
							 (uint32_t)size }));
	library_open(&r.program, &r.parse, NULL, 0);
	r.parse.macros = library_macros(r.program.library, s->text);
	vec_push(&r.arena, &r.program.files, parse_file(&r.parse, s));
	run_passes(&r);
	print(&r);
	ctypes_close(r.program.btf);
	world_close(r.world);
	arena_deinit(&r.arena);
	return 0;
}
