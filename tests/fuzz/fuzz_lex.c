/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes: the lexer comes to an end, each token lies in the text, and
 * they come in order.
 */
#include <stdlib.h>

#include "lang/lex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct str words[] = {
	STR_INIT("kernel"), STR_INIT("\"a $1"), STR_INIT(""),
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct sources ss;
	struct lex_args args;
	struct lexer lx;
	struct token t;
	struct source *s;
	uint32_t end = 0;

	arena_init(&a);
	sources_init(&ss, &a);
	s = source_add(&ss, STR("x"),
		       arena_str(&a, (struct str){ (const char *)data,
						   (uint32_t)size }));
	lex_args_init(&args, &a, words, 3);
	lex_init(&lx, &a, &ss, s, &args);
	while ((t = lex_next(&lx)).kind != TOK_END) {
		const struct source *of = source_of(&ss, t.span.pos);

		if (!of || !t.span.len ||
		    t.span.pos + t.span.len > of->base + of->text.len)
			abort();
		if (of == s && t.span.pos < end)
			abort();
		if (of == s)
			end = t.span.pos + t.span.len;
		token_describe(&a, &t);
	}
	arena_deinit(&a);
	return 0;
}
