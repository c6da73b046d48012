/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * @define macros, and the tokens of a text with its macros expanded.  A
 * macro is expanded where it is used; its arguments belong to the place of
 * the use: a parameter's name in them means what it means there.
 *
 * Macros are private to their file, but those of a library's .stpm files,
 * which are the parent of all others.
 */
#ifndef LANG_MACROS_H
#define LANG_MACROS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/map.h"
#include "lang/diag.h"
#include "lang/lex.h"

struct macro {
	struct str name;
	struct span span;		/* of the name */
	struct str *params;
	uint32_t nparams;
	bool has_parens;		/* (...) was written */
	VEC(struct token) body;
};

struct macros {
	struct arena *arena;
	struct map names;		/* to struct macro */
	const struct macros *parent;	/* or NULL */
};

struct macros *macros_new(struct arena *a);

/* Tokens to be read before those of the text: a macro's or an argument's. */
struct macro_frame {
	const struct token *v;
	uint32_t n, i;
	const struct macro_scope *scope;
	struct macro_frame *up;
};

/* What the parameters of the macro being expanded stand for. */
struct macro_arg {
	VEC(struct token) tokens;
	const struct macro_scope *scope;
};
struct macro_scope {
	const struct macro *macro;
	struct macro_arg *args;
};

struct expander {
	struct arena *arena;
	struct diags *diags;
	struct lexer lexer;
	struct macros *macros;		/* where @define puts them */
	struct macro_frame *frames;	/* innermost first */
	uint32_t depth, expanded;
};

void macros_expander_init(struct expander *x, struct arena *a,
			  struct diags *d, const struct lexer *lexer,
			  struct macros *macros);

/* The next token, macros expanded, @define done. */
struct token macros_next(struct expander *x);

/* The next one as it stands; for text that is left out. */
struct token macros_next_raw(struct expander *x);

#endif
