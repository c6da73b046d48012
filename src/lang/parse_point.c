/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probe points: a.b("x").{c, d(1)}?, e* if (cond).
 */
#include "lang/parser.h"

static bool begins_name(enum token_kind k)
{
	return k == TOK_IDENT || k == TOK_MUL || token_is_keyword(k);
}

/* Does the next token stand right behind the last one, as a part of the
 * same name?  Wildcards cut names into several tokens. */
static bool continues_name(struct parser *p)
{
	const struct token *t = parser_peek(p, 0);

	return t->span.pos == p->last.pos + p->last.len &&
	       (begins_name(t->kind) || t->kind == TOK_NUMBER ||
		(t->kind == TOK_JUNK && t->code == DIAG_BAD_NUMBER));
}

static void name(struct parser *p, struct ast_component *c)
{
	struct token t = parser_take(p);

	c->name = t.text;
	c->span = t.span;
	while (continues_name(p))
		c->span.len += parser_take(p).span.len;
	if (c->span.len != t.span.len)
		c->name = source_text(p->o->sources, c->span);
}

static void argument(struct parser *p, struct ast_component *c)
{
	bool is_word = parser_at(p, TOK_IDENT);
	struct span start = parser_peek(p, 0)->span;
	struct diag *d;

	if (parser_at(p, TOK_STRING)) {
		c->arg_kind = AST_ARG_STRING;
		c->string = parse_string(p, "a string");
	} else if (parser_at(p, TOK_NUMBER) || parser_at(p, TOK_SUB)) {
		c->arg_kind = AST_ARG_NUMBER;
		c->number = parse_number(p);
	} else {
		d = parser_unexpected(p, "a string or a number");
		if (d && is_word)
			diag_help(p->diags, d, "names stand in double quotes");
		return;
	}
	c->arg_span = parser_span_from(p, start);
	parser_expect(p, TOK_RPAREN);
}

static void braces(struct parser *p, struct ast_component *c)
{
	struct ast_points list = {};

	c->span = parser_take(p).span;
	parse_point_list(p, &list);
	parser_expect(p, TOK_RBRACE);
	c->span = parser_span_from(p, c->span);
	c->braces = list.v;
	c->nbraces = list.n;
	c->cap_braces = list.cap;
}

static void component(struct parser *p, struct ast_point *point)
{
	struct ast_component c = {};

	if (parser_at(p, TOK_LBRACE) && parser_enter(p)) {
		braces(p, &c);
		parser_leave(p);
	} else if (p->panic || !begins_name(parser_peek(p, 0)->kind)) {
		parser_unexpected(p, "a component of a probe point");
		return;
	} else {
		name(p, &c);
		if (parser_accept(p, TOK_LPAREN))
			argument(p, &c);
	}
	vec_push(p->arena, point, c);
}

void parse_point(struct parser *p, struct ast_point *point)
{
	*point = (struct ast_point){ .span = parser_peek(p, 0)->span };
	do
		component(p, point);
	while (parser_accept(p, TOK_DOT));
	if (parser_accept(p, TOK_NOT))
		point->optional = point->sufficient = true;
	else if (parser_accept(p, TOK_QUESTION))
		point->optional = true;
	point->span = parser_span_from(p, point->span);
	if (!parser_accept(p, TOK_IF))
		return;
	parser_expect(p, TOK_LPAREN);
	point->condition = parse_expr(p);
	parser_expect(p, TOK_RPAREN);
}

void parse_point_list(struct parser *p, struct ast_points *points)
{
	struct ast_point point;

	do {
		parse_point(p, &point);
		vec_push(p->arena, points, point);
	} while (parser_accept(p, TOK_COMMA));
}
