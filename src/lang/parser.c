/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/parser.h"

#include <stdarg.h>

void parser_init(struct parser *p, const struct parse_options *o,
		 const struct source *source)
{
	*p = (struct parser){
		.o = o,
		.arena = o->arena,
		.diags = o->diags,
		.source = source,
		.allows_c = o->guru || source->is_library,
	};
	preprocess_init(&p->pp, o, source);
}

const struct token *parser_peek(struct parser *p, uint32_t n)
{
	while (p->nahead <= n)
		p->ahead[p->nahead++] = preprocess_next(&p->pp);
	return &p->ahead[n];
}

bool parser_at(struct parser *p, enum token_kind kind)
{
	return !p->panic && parser_peek(p, 0)->kind == kind;
}

struct token parser_take(struct parser *p)
{
	struct token t = *parser_peek(p, 0);

	p->nahead--;
	for (uint32_t i = 0; i < p->nahead; i++)
		p->ahead[i] = p->ahead[i + 1];
	p->last = t.span;
	p->taken++;
	if (t.kind == TOK_LPAREN || t.kind == TOK_LBRACKET)
		p->parens++;
	else if (t.kind == TOK_RPAREN || t.kind == TOK_RBRACKET)
		p->parens--;
	return t;
}

bool parser_accept(struct parser *p, enum token_kind kind)
{
	if (!parser_at(p, kind))
		return false;
	parser_take(p);
	return true;
}

struct diag *parser_error(struct parser *p, enum diag_code code,
			  struct span span, const char *fmt, ...)
{
	struct str text;
	va_list ap;

	if (p->panic)
		return NULL;
	p->panic = true;
	va_start(ap, fmt);
	text = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
	return diag_error(p->diags, code, span, "%" STR_FMT, STR_ARG(text));
}

void parser_report(struct parser *p, enum diag_code code, struct span span,
		   const char *fmt, ...)
{
	struct str text;
	va_list ap;

	if (p->panic)
		return;
	va_start(ap, fmt);
	text = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
	diag_error(p->diags, code, span, "%" STR_FMT, STR_ARG(text));
}

struct diag *parser_unexpected(struct parser *p, const char *wanted)
{
	const struct token *t;
	struct str saw;

	if (p->panic)
		return NULL;
	t = parser_peek(p, 0);
	if (t->kind == TOK_JUNK)
		return parser_error(p, t->code, t->span, "%" STR_FMT,
				    STR_ARG(t->text));
	saw = token_describe(p->arena, t);
	return parser_error(p, DIAG_UNEXPECTED, t->span,
			    "expected %s, saw %" STR_FMT, wanted,
			    STR_ARG(saw));
}

bool parser_expect(struct parser *p, enum token_kind kind)
{
	struct str wanted;

	if (parser_accept(p, kind))
		return true;
	wanted = arena_printf(p->arena, "'%s'", token_kind_name(kind));
	parser_unexpected(p, wanted.s);
	return false;
}

void parser_close(struct parser *p, struct span open)
{
	struct diag *d;

	if (p->panic || parser_accept(p, TOK_RPAREN))
		return;
	d = parser_unexpected(p, "',' or ')'");
	if (d)
		diag_note(p->diags, d, open, "to close this '('");
}

bool parser_enter(struct parser *p)
{
	if (p->depth++ < PARSER_DEPTH)
		return !p->panic;
	parser_error(p, DIAG_TOO_DEEP, parser_peek(p, 0)->span,
		     "nested more than %d levels deep", PARSER_DEPTH);
	return false;
}

void parser_leave(struct parser *p)
{
	p->depth--;
}

struct span parser_span_from(const struct parser *p, struct span start)
{
	return span_join(start, p->last);
}
