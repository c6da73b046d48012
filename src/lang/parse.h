/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From text to tree.  One recursive-descent function per rule of the
 * grammar; after an error the parser skips to the next statement or
 * declaration and goes on.
 */
#ifndef LANG_PARSE_H
#define LANG_PARSE_H

#include <stdbool.h>

#include "base/arena.h"
#include "lang/ast.h"
#include "lang/diag.h"
#include "lang/source.h"

/* What the %( ... %) conditions and $1 @1 ask about.  Every string may be
 * empty; config returns whether the option is set, and its value. */
struct parse_options {
	struct arena *arena;
	struct sources *sources;
	struct diags *diags;
	struct str kernel_vr, arch;	/* "6.18.44-amd64", "x86_64" */
	const char *systemtap_v;	/* --compatible, or NULL: the newest */
	bool (*config)(void *world, struct str name, struct str *value);
	void *world;
	const struct str *args;		/* of the script: $1 ... */
	uint32_t nargs;
	bool guru;
	struct macros *macros;		/* lang/preprocess.h: @define of library
					 * files, or NULL */
};

/* Never NULL; of an incorrect text, what could be understood. */
struct ast_file *parse_file(const struct parse_options *o,
			    struct source *source);

/* Only the @define macros of a library's .stpm file. */
void parse_macros(const struct parse_options *o, struct source *source,
		  struct macros *into);

/* A probe point alone, as -l and -L take it; NULL after a diagnostic. */
struct ast_points *parse_points(const struct parse_options *o,
				struct source *source);

/* --dump=tokens: what the parser sees, after preprocessing. */
void parse_print_tokens(const struct parse_options *o, struct source *source,
			FILE *out);

#endif
