/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser's state, and the rules that call each other across files:
 * parse.c declarations, parse_point.c probe points, parse_stmt.c statements,
 * parse_expr.c and parse_value.c expressions, parse_format.c formats.
 *
 * After a mistake the parser is in panic: it takes no more tokens and reports
 * nothing, every rule returns at once with something harmless, until the
 * enclosing statement or declaration skips to where it can go on.
 */
#ifndef LANG_PARSER_H
#define LANG_PARSER_H

#include <stdbool.h>

#include "lang/ast.h"
#include "lang/diag.h"
#include "lang/lex.h"
#include "lang/parse.h"
#include "lang/preprocess.h"

#define PARSER_AHEAD 4		/* tokens of lookahead, the next included */
#define PARSER_DEPTH 256	/* nesting of expressions and statements */
#define PARSER_NODES 4000	/* of one expression: bounds its height */

struct parser {
	const struct parse_options *o;
	struct arena *arena;
	struct diags *diags;
	const struct source *source;
	struct preprocess pp;
	struct token ahead[PARSER_AHEAD];
	uint32_t nahead;
	struct span last;		/* of the token taken last */
	uint32_t taken;			/* how many were */
	uint32_t parens;		/* that are open; wraps */
	bool panic;
	bool allows_c;			/* %{ %} may stand here */
	bool allows_star;		/* '*' may be a key */
	bool in_function;
	uint32_t loops;			/* that we are in */
	uint32_t depth;
	uint32_t expr_depth, nodes;	/* of the expression being parsed */
};

void parser_init(struct parser *p, const struct parse_options *o,
		 const struct source *source);

/* The n-th token from here, 0 the next; valid until one is taken. */
const struct token *parser_peek(struct parser *p, uint32_t n);
bool parser_at(struct parser *p, enum token_kind kind);

/* Takes the next token, whatever it is. */
struct token parser_take(struct parser *p);

/* Takes it if it is of this kind. */
bool parser_accept(struct parser *p, enum token_kind kind);

/* Takes it, or else it is a mistake. */
bool parser_expect(struct parser *p, enum token_kind kind);

/* Behind a list: takes ')', or else it is a mistake, which notes where the list
 * was opened. */
void parser_close(struct parser *p, struct span open);

/* The next token is not what the grammar wants; NULL when in panic. */
struct diag *parser_unexpected(struct parser *p, const char *wanted);

/* A mistake after which there is no going on; NULL when in panic. */
struct diag *parser_error(struct parser *p, enum diag_code code,
			  struct span span, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A mistake that does not keep us from going on. */
void parser_report(struct parser *p, enum diag_code code, struct span span,
		   const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Each rule that can contain itself: false when nested too deeply.  Pair
 * with parser_leave() in any case. */
bool parser_enter(struct parser *p);
void parser_leave(struct parser *p);

/* From a position to the end of what was taken last. */
struct span parser_span_from(const struct parser *p, struct span start);

/* ---- rules ---- */

struct ast_expr *parse_expr(struct parser *p);

/* What binds tightest, with ->, [ ] and $ behind it. */
struct ast_expr *parse_value(struct parser *p);

/* Adjacent literals as one. */
struct str parse_string(struct parser *p, const char *what);

/* [-]number */
int64_t parse_number(struct parser *p);

/* Up to the closing bracket, which is taken; '*' = NULL. */
void parse_keys(struct parser *p, struct ast_exprs *keys, bool allow_star);

/* The histogram or other extractor that begins here; NULL: none does. */
struct ast_expr *parse_stat(struct parser *p);

struct ast_expr *parse_new_expr(struct parser *p, enum ast_expr_kind kind,
				struct span at);
struct ast_expr *parse_name(struct parser *p, const char *wanted);
bool parse_is_assignable(const struct ast_expr *e);

/* printf and its family, at the '(' behind its name. */
struct ast_expr *parse_print(struct parser *p, enum ast_printop op,
			     struct span at);

/* Cuts a format into pieces; false after a mistake in it. */
bool parse_format(struct parser *p, struct ast_expr *print);

struct ast_stmt *parse_block(struct parser *p);
void parse_point(struct parser *p, struct ast_point *point);
void parse_point_list(struct parser *p, struct ast_points *points);

/* Skips to where a declaration begins. */
void parse_skip_declaration(struct parser *p);
bool parse_at_declaration(struct parser *p);

#endif
