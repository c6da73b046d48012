/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tokens of C.  A mistake becomes a token of kind C_JUNK, which is an error
 * only where somebody wants it: text that an #if leaves out may be wrong.
 */
#ifndef SEMA_EMBEDDED_C_LEX_H
#define SEMA_EMBEDDED_C_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/str.h"
#include "base/vec.h"

enum c_token_kind {
	C_END,
	C_JUNK,
	C_IDENT,		/* keywords too */
	C_NUMBER,
	C_CHAR,			/* 'x': number is its value */
	C_STRING,		/* escapes resolved */
	C_PUNCT,
};

struct c_token {
	enum c_token_kind kind;
	struct str text;	/* as written; STRING: what it means */
	struct span span;	/* in a macro's text: where that is used */
	uint64_t number;
	uint8_t size;		/* NUMBER: 4 or 8, */
	bool is_unsigned;
	bool starts_line, has_space;	/* in front of it */
	bool is_spent;		/* a macro's name within its own text */
	const char *where;	/* first byte, for the text of a # operand */
};

struct c_tokens {
	struct c_token *v;
	uint32_t n, cap;
};

struct c_lexer {
	struct arena *arena;
	struct str text;
	uint32_t pos;
	uint32_t base;		/* position of the text's first byte, or 0: */
	struct span at;		/* the span of all its tokens */
	bool starts_line;
};

/* text: a part of source text that begins at position base; base 0: of none,
 * then its tokens are all at `at`. */
void c_lex_init(struct c_lexer *lx, struct arena *a, struct str text,
		uint32_t base, struct span at);

/* Behind the last one there is END, again and again. */
struct c_token c_lex_next(struct c_lexer *lx);

static inline bool c_token_is(const struct c_token *t, const char *text)
{
	return (t->kind == C_PUNCT || t->kind == C_IDENT) &&
	       str_is(t->text, text);
}

#endif
