/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text: the parser comes to an end; what it accepts can be printed as a
 * script that it accepts too, and that prints as the same script.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "lang/ast_print.h"
#include "lang/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct arena arena;
	struct sources sources;
	struct diags diags;
	struct parse_options o;
	FILE *null;
};

static void init(struct run *r)
{
	arena_init(&r->arena);
	sources_init(&r->sources, &r->arena);
	diags_init(&r->diags, &r->arena, &r->sources);
	r->o = (struct parse_options){
		.arena = &r->arena,
		.sources = &r->sources,
		.diags = &r->diags,
		.kernel_vr = STR("6.1.0-18-amd64"),
		.arch = STR("x86_64"),
		.guru = true,
	};
}

static struct ast_file *parse(struct run *r, struct str text)
{
	return parse_file(&r->o, source_add(&r->sources, STR("x"),
					    arena_str(&r->arena, text)));
}

static void check_fixpoint(struct run *r, const struct ast_file *f)
{
	struct buf first = {}, second = {};

	ast_unparse_file(f, &first);
	f = parse(r, buf_view(&first));
	if (!r->diags.errors) {
		ast_unparse_file(f, &second);
		if (!str_eq(buf_view(&first), buf_view(&second)))
			abort();
	} else {
		/* Parentheses may make it too deep, nothing else. */
		for (uint32_t i = 0; i < r->diags.list.n; i++)
			if (r->diags.list.v[i]->is_error &&
			    r->diags.list.v[i]->code != DIAG_TOO_DEEP)
				abort();
	}
	buf_deinit(&first);
	buf_deinit(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ast_file *f;
	struct run r;

	init(&r);
	f = parse(&r, (struct str){ (const char *)data, (uint32_t)size });
	r.null = fopen("/dev/null", "w");
	if (!r.null)
		abort();
	ast_print_file(f, &r.sources, r.null);
	if (r.diags.errors)
		diags_print(&r.diags, r.null, true);
	else
		check_fixpoint(&r, f);
	fclose(r.null);
	arena_deinit(&r.arena);
	return 0;
}
