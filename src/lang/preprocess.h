/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parser reads: the tokens of a text, macros expanded, of each
 * %( condition %? yes %: no %) only the side that holds.
 */
#ifndef LANG_PREPROCESS_H
#define LANG_PREPROCESS_H

#include "base/arena.h"
#include "lang/lex.h"
#include "lang/macros.h"
#include "lang/parse.h"

/* The version of the language that systemtap_v is compared with. */
#define PREPROCESS_VERSION "5.6"

struct preprocess_if;

struct preprocess {
	const struct parse_options *o;
	struct expander expander;
	struct lex_args args;
	bool is_library;		/* may leave arguments alone */
	struct preprocess_if *ifs;	/* open %(, innermost first */
};

/* The options must outlive it. */
void preprocess_init(struct preprocess *pp, const struct parse_options *o,
		     const struct source *source);

/* END again and again when there is no more. */
struct token preprocess_next(struct preprocess *pp);

/* After the last token: warns of arguments that nothing asked for. */
void preprocess_finish(struct preprocess *pp);

#endif
