/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements.  Nothing ends one but the next: after a mistake we go on
 * behind the next ';', or at a word that begins a statement.
 */
#include "lang/parser.h"

static struct ast_stmt *statement(struct parser *p);

static struct ast_stmt *new_stmt(struct parser *p, enum ast_stmt_kind kind)
{
	struct ast_stmt *s = arena_new(p->arena, struct ast_stmt);

	s->kind = kind;
	s->span = parser_peek(p, 0)->span;
	return s;
}

/* ---- after a mistake ---- */

static bool begins_statement(enum token_kind k)
{
	return k == TOK_IF || k == TOK_WHILE || k == TOK_FOR ||
	       k == TOK_FOREACH || k == TOK_RETURN || k == TOK_NEXT ||
	       k == TOK_DELETE || k == TOK_TRY || k == TOK_BREAK ||
	       k == TOK_CONTINUE;
}

/* Past the brace that closes the one here. */
static void skip_braces(struct parser *p)
{
	uint32_t nesting = 0;

	do {
		if (parser_at(p, TOK_LBRACE))
			nesting++;
		else if (parser_at(p, TOK_RBRACE))
			nesting--;
		parser_take(p);
	} while (nesting && !parse_at_declaration(p));
}

/* The parser as it was when the statement began. */
struct start {
	uint32_t taken, parens;
};

/* Nothing ends a statement; but most begin a line. */
static bool may_begin_here(struct parser *p, const struct start *start,
			   bool at_mistake)
{
	const struct token *t = parser_peek(p, 0);

	if (begins_statement(t->kind))
		return true;
	return t->starts_line && (at_mistake || p->parens == start->parens) &&
	       (t->kind == TOK_IDENT || t->kind == TOK_TARGET ||
		t->kind == TOK_ATOP || t->kind == TOK_LBRACE);
}

static void skip_statement(struct parser *p, const struct start *start)
{
	bool at_mistake = p->taken != start->taken;

	p->panic = false;
	p->allows_star = false;
	if (!at_mistake && !parser_at(p, TOK_LBRACE))
		parser_take(p);
	for (; !parse_at_declaration(p) && !parser_at(p, TOK_RBRACE) &&
	       !may_begin_here(p, start, at_mistake); at_mistake = false) {
		if (parser_accept(p, TOK_SEMICOLON))
			return;
		if (parser_at(p, TOK_LBRACE))
			skip_braces(p);
		else
			parser_take(p);
	}
}

/* ---- blocks ---- */

static void block_end(struct parser *p, struct span start, uint32_t errors)
{
	struct diag *g;

	if (parser_accept(p, TOK_RBRACE))
		return;
	if (p->diags->errors > errors) {
		p->panic = true;
		return;
	}
	g = parser_error(p, DIAG_UNEXPECTED, parser_peek(p, 0)->span,
			 "expected '}' before %s",
			 token_describe(p->arena, parser_peek(p, 0)).s);
	if (g)
		diag_note(p->diags, g, start, "to close this '{'");
}

struct ast_stmt *parse_block(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_BLOCK);
	struct span start = s->span;
	uint32_t errors = p->diags->errors;

	if (!parser_expect(p, TOK_LBRACE))
		return s;
	while (!parse_at_declaration(p) && !parser_at(p, TOK_RBRACE)) {
		struct start at = { p->taken, p->parens };
		struct ast_stmt *child = statement(p);

		if (p->panic)
			skip_statement(p, &at);
		else if (child->kind != AST_S_EMPTY)
			vec_push(p->arena, &s->block, child);
	}
	block_end(p, start, errors);
	s->span = parser_span_from(p, start);
	return s;
}

/* ---- if and loops ---- */

static struct ast_expr *condition(struct parser *p)
{
	struct ast_expr *e;

	parser_expect(p, TOK_LPAREN);
	e = parse_expr(p);
	if (!p->panic)
		parser_expect(p, TOK_RPAREN);
	return e;
}

#define MAX_ELSE_IF 2000	/* in a chain, which is no nesting to people */

/* Up to its else. */
static struct ast_stmt *if_head(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_IF);

	parser_take(p);
	s->if_.cond = condition(p);
	s->if_.yes = statement(p);
	/* A ';' here is not the empty statement when an else follows. */
	if (parser_at(p, TOK_SEMICOLON) &&
	    parser_peek(p, 1)->kind == TOK_ELSE)
		parser_take(p);
	return s;
}

static struct ast_stmt *if_(struct parser *p)
{
	struct ast_stmt *first = if_head(p), *s = first;
	uint32_t n = 0;

	while (s && parser_accept(p, TOK_ELSE)) {
		struct ast_stmt *last = s;

		s = NULL;
		if (parser_at(p, TOK_IF) && n++ < MAX_ELSE_IF)
			s = last->if_.no = if_head(p);
		else
			last->if_.no = statement(p);
	}
	for (s = first->if_.no; s && s->kind == AST_S_IF; s = s->if_.no)
		s->span = parser_span_from(p, s->span);
	return first;
}

static struct ast_stmt *body(struct parser *p)
{
	struct ast_stmt *s;

	p->loops++;
	s = statement(p);
	p->loops--;
	return s;
}

static struct ast_stmt *while_(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_WHILE);

	parser_take(p);
	s->loop.cond = condition(p);
	s->loop.body = body(p);
	return s;
}

/* An expression, or nothing before the token that ends it. */
static struct ast_expr *optional(struct parser *p, enum token_kind end)
{
	struct ast_expr *e = NULL;

	if (!parser_at(p, end))
		e = parse_expr(p);
	parser_expect(p, end);
	return e;
}

static struct ast_stmt *for_(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_FOR);

	parser_take(p);
	parser_expect(p, TOK_LPAREN);
	s->loop.init = optional(p, TOK_SEMICOLON);
	s->loop.cond = optional(p, TOK_SEMICOLON);
	s->loop.step = optional(p, TOK_RPAREN);
	s->loop.body = body(p);
	return s;
}

/* ---- foreach ---- */

static void sort_by(struct parser *p, struct ast_stmt *s, enum ast_sort_by by,
		    uint32_t number, int dir)
{
	if (s->foreach.sort_by != AST_SORT_NONE)
		parser_report(p, DIAG_BAD_FOREACH, p->last,
			     "only one + or - may say what to sort by");
	s->foreach.sort_by = by;
	s->foreach.sort_key = number;
	s->foreach.sort_dir = dir;
}

/* A + or - behind what was read last. */
static void sort_suffix(struct parser *p, struct ast_stmt *s,
			enum ast_sort_by by, uint32_t number)
{
	if (parser_accept(p, TOK_ADD))
		sort_by(p, s, by, number, 1);
	else if (parser_accept(p, TOK_SUB))
		sort_by(p, s, by, number, -1);
}

/* Behind '(': is there "v =", with a sort suffix or not? */
static bool has_value(struct parser *p)
{
	enum token_kind k = parser_peek(p, 1)->kind;

	return parser_at(p, TOK_IDENT) &&
	       (k == TOK_SET || k == TOK_ADD_SET || k == TOK_SUB_SET ||
		parser_peek(p, 2)->kind == TOK_SET);
}

static void foreach_value(struct parser *p, struct ast_stmt *s)
{
	s->foreach.value = parse_name(p, "a variable");
	/* "v+=" and "v-=" without a space are one token. */
	if (parser_accept(p, TOK_ADD_SET)) {
		sort_by(p, s, AST_SORT_VALUE, 0, 1);
	} else if (parser_accept(p, TOK_SUB_SET)) {
		sort_by(p, s, AST_SORT_VALUE, 0, -1);
	} else {
		sort_suffix(p, s, AST_SORT_VALUE, 0);
		parser_expect(p, TOK_SET);
	}
}

static void foreach_key(struct parser *p, struct ast_stmt *s)
{
	vec_push(p->arena, &s->foreach.keys, parse_name(p, "a variable"));
	sort_suffix(p, s, AST_SORT_KEY, s->foreach.keys.n - 1);
}

static void foreach_keys(struct parser *p, struct ast_stmt *s)
{
	if (!parser_accept(p, TOK_LBRACKET)) {
		foreach_key(p, s);
		return;
	}
	do
		foreach_key(p, s);
	while (parser_accept(p, TOK_COMMA));
	if (!p->panic && !parser_accept(p, TOK_RBRACKET))
		parser_unexpected(p, "',' or ']'");
}

/* "@sum -" behind the array. */
static bool sort_by_stat(struct parser *p, struct ast_stmt *s)
{
	if (!parser_at(p, TOK_ATOP))
		return false;
	for (int i = STATOP_COUNT; i <= STATOP_VARIANCE; i++) {
		enum ast_statop op = (enum ast_statop)i;

		if (!str_is(parser_peek(p, 0)->text, ast_statop_name(op)))
			continue;
		parser_take(p);
		s->foreach.sort_stat = op;
		if (parser_at(p, TOK_ADD) || parser_at(p, TOK_SUB))
			sort_suffix(p, s, AST_SORT_STAT, 0);
		else
			parser_unexpected(p, "'+' or '-'");
		return true;
	}
	parser_unexpected(p, "an operator of statistics to sort by");
	return true;
}

static void foreach_array(struct parser *p, struct ast_stmt *s)
{
	s->foreach.array = parse_stat(p);
	if (s->foreach.array) {
		if (!ast_statop_is_hist(s->foreach.array->stat.op))
			parser_report(p, DIAG_BAD_FOREACH,
				     s->foreach.array->span,
				     "of statistics, only histograms have "
				     "elements");
		return;
	}
	s->foreach.array = parse_name(p, "the name of an array");
	if (parser_accept(p, TOK_LBRACKET))
		parse_keys(p, &s->foreach.slice, true);
	if (!sort_by_stat(p, s))
		sort_suffix(p, s, AST_SORT_VALUE, 0);
}

static struct ast_stmt *foreach(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_FOREACH);

	parser_take(p);
	parser_expect(p, TOK_LPAREN);
	if (!p->panic && has_value(p))
		foreach_value(p, s);
	foreach_keys(p, s);
	parser_expect(p, TOK_IN);
	foreach_array(p, s);
	if (parser_accept(p, TOK_LIMIT))
		s->foreach.limit = parse_expr(p);
	parser_expect(p, TOK_RPAREN);
	s->foreach.body = body(p);
	return s;
}

/* ---- the others ---- */

static struct ast_stmt *expression(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_EXPR);

	s->expr = parse_expr(p);
	return s;
}

/* Can what follows a return be no value of it? */
static bool returns_nothing(struct parser *p)
{
	enum token_kind k = parser_peek(p, 0)->kind;

	return k == TOK_SEMICOLON || k == TOK_RBRACE || k == TOK_ELSE ||
	       begins_statement(k);
}

static struct ast_stmt *return_(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_RETURN);
	struct span at = parser_take(p).span;

	if (!p->in_function)
		parser_report(p, DIAG_MISPLACED, at,
			     "return is for functions; next leaves a probe's "
			     "handler");
	if (!returns_nothing(p))
		s->expr = parse_expr(p);
	return s;
}

static struct ast_stmt *jump(struct parser *p, enum ast_stmt_kind kind)
{
	struct ast_stmt *s = new_stmt(p, kind);
	struct token t = parser_take(p);

	if (kind != AST_S_NEXT && !p->loops)
		parser_report(p, DIAG_MISPLACED, t.span,
			     "%s stands outside of a loop",
			     token_kind_name(t.kind));
	return s;
}

static struct ast_stmt *delete(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_DELETE);

	parser_take(p);
	p->allows_star = parser_at(p, TOK_IDENT);
	s->expr = parse_expr(p);
	p->allows_star = false;
	if (!p->panic && !parse_is_assignable(s->expr))
		parser_report(p, DIAG_NOT_ASSIGNABLE, s->expr->span,
			     "delete needs a variable, an array or an element "
			     "of one");
	return s;
}

static void message_without_parentheses(struct parser *p)
{
	struct diag *d = parser_unexpected(p, "'(' or '{'");

	if (d)
		diag_help(p->diags, d, "it is written: catch (%" STR_FMT ")",
			  STR_ARG(parser_peek(p, 0)->text));
}

static struct ast_stmt *try_(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_TRY);

	parser_take(p);
	s->try_.body = parse_block(p);
	parser_expect(p, TOK_CATCH);
	if (parser_accept(p, TOK_LPAREN)) {
		s->try_.message = parse_name(p, "a variable");
		parser_expect(p, TOK_RPAREN);
	} else if (parser_at(p, TOK_IDENT)) {
		message_without_parentheses(p);
	}
	s->try_.handler = parse_block(p);
	return s;
}

static struct ast_stmt *embedded(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_EMBEDDED);
	struct token t = parser_take(p);

	s->embedded.text = t.text;
	if (!p->allows_c)
		parser_report(p, DIAG_GURU_ONLY, t.span,
			     "embedded C needs guru mode (-g)");
	return s;
}

static struct ast_stmt *empty(struct parser *p)
{
	struct ast_stmt *s = new_stmt(p, AST_S_EMPTY);

	parser_take(p);
	return s;
}

/* Is the C code here a statement, and not the begin of an expression? */
static bool at_embedded(struct parser *p)
{
	enum token_kind k;

	if (!parser_at(p, TOK_EMBEDDED))
		return false;
	k = parser_peek(p, 1)->kind;
	return k != TOK_DOT && k != TOK_EQ && k != TOK_NE && k != TOK_QUESTION;
}

static struct ast_stmt *any(struct parser *p)
{
	enum token_kind k = parser_peek(p, 0)->kind;

	if (k == TOK_LBRACE)
		return parse_block(p);
	if (k == TOK_SEMICOLON)
		return empty(p);
	if (k == TOK_IF)
		return if_(p);
	if (k == TOK_WHILE)
		return while_(p);
	if (k == TOK_FOR)
		return for_(p);
	if (k == TOK_FOREACH)
		return foreach(p);
	if (k == TOK_RETURN)
		return return_(p);
	if (k == TOK_NEXT)
		return jump(p, AST_S_NEXT);
	if (k == TOK_BREAK)
		return jump(p, AST_S_BREAK);
	if (k == TOK_CONTINUE)
		return jump(p, AST_S_CONTINUE);
	if (k == TOK_DELETE)
		return delete(p);
	if (k == TOK_TRY)
		return try_(p);
	if (at_embedded(p))
		return embedded(p);
	return expression(p);
}

/* In panic, or nested too deeply: an empty one. */
static struct ast_stmt *statement(struct parser *p)
{
	struct ast_stmt *s;

	if (parser_enter(p))
		s = any(p);
	else
		s = new_stmt(p, AST_S_EMPTY);
	parser_leave(p);
	s->span = parser_span_from(p, s->span);
	return s;
}
