/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From text to tokens.  The words of the command line ($1, @1, $#, @#) are
 * put in here, so that they may also be probe points and conditions.  A
 * mistake becomes a token of kind JUNK, which is an error only when somebody
 * wants it: text that a %( ... %) leaves out may be wrong.
 */
#ifndef LANG_LEX_H
#define LANG_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/str.h"
#include "lang/diag.h"
#include "lang/source.h"

enum token_kind {
#define TOKEN(id, name) TOK_##id,
#define KEYWORD(id, spelling) TOK_##id,
#define PUNCT(id, spelling) TOK_##id,
#include "lang/token.def"
#undef TOKEN
#undef KEYWORD
#undef PUNCT
	TOK_N
};

struct token {
	enum token_kind kind;
	struct span span;
	struct str text;	/* as written; STRING: escapes resolved;
				 * EMBEDDED: without %{ %}; JUNK: what is
				 * wrong */
	int64_t number;		/* NUMBER */
	enum diag_code code;	/* JUNK */
	struct str doc;		/* the comments right in front of it, with
				 * their marks, or empty */
	bool starts_line;	/* the first of its line */
};

/* The words behind the script, shared by all lexers of one text. */
struct lex_args {
	const struct str *v;
	uint32_t n;
	struct source **sources;	/* of $N once used; n of them */
	bool *used;			/* n of them */
};

struct lexer {
	struct arena *arena;
	struct sources *sources;
	const struct source *source;
	struct lex_args *args;
	uint32_t pos;
	uint32_t end;		/* of the last token */
	struct lexer *arg;	/* of the $N that is being read, or NULL */
	bool is_arg;
};

/* Allocates the lists for n words, which the caller keeps. */
void lex_args_init(struct lex_args *args, struct arena *a,
		   const struct str *v, uint32_t n);

/* All that is passed must live as long as the lexer and its tokens. */
void lex_init(struct lexer *lx, struct arena *a, struct sources *ss,
	      const struct source *source, struct lex_args *args);

/* Behind the last one there is END, again and again. */
struct token lex_next(struct lexer *lx);

/* "'foo'", "'('", "end of file", for messages; text is in the arena. */
struct str token_describe(struct arena *a, const struct token *t);

/* The spelling of keywords and operators; else what it is. */
const char *token_kind_name(enum token_kind kind);
bool token_is_keyword(enum token_kind kind);

/* Resolves the escapes of the text between two quotes. */
struct str lex_unescape(struct arena *a, struct str raw);

/* Where in the raw text the n-th byte of the resolved one is from. */
uint32_t lex_raw_offset(struct str raw, uint32_t n);

#endif
