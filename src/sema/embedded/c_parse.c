/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser's state: tokens, names, failures. */
#include "sema/embedded/c_parse.h"

#include <stdarg.h>

/* ---- tokens ---- */

const struct c_token *c_peek(struct c *c, uint32_t n)
{
	static const struct c_token end = { .kind = C_END };

	if (c->failure->is_set || c->at + n >= c->in.n)
		return c->in.n && !c->failure->is_set ? &c->in.v[c->in.n - 1] :
							&end;
	return &c->in.v[c->at + n];
}

bool c_at(struct c *c, const char *text)
{
	return c_token_is(c_peek(c, 0), text);
}

struct c_token c_take(struct c *c)
{
	struct c_token t = *c_peek(c, 0);

	c->at++;
	return t;
}

bool c_accept(struct c *c, const char *text)
{
	if (!c_at(c, text))
		return false;
	c->at++;
	return true;
}

bool c_expect(struct c *c, const char *text)
{
	const struct c_token *t = c_peek(c, 0);

	if (c_accept(c, text))
		return true;
	if (t->kind == C_END)
		c_error(c, t->span, "expected '%s' before the end", text);
	else if (t->kind == C_JUNK)
		c_error(c, t->span, "%" STR_FMT, STR_ARG(t->text));
	else
		c_error(c, t->span, "expected '%s' before '%" STR_FMT "'",
			text, STR_ARG(t->text));
	return false;
}

struct span c_span(struct c *c)
{
	return c_peek(c, 0)->span;
}

bool c_enter(struct c *c)
{
	if (c->depth++ >= C_DEPTH)
		c_error(c, c_span(c), "nested more than %d levels deep",
			C_DEPTH);
	return !c->failure->is_set;
}

void c_leave(struct c *c)
{
	c->depth--;
}

void c_skip_balanced(struct c *c)
{
	uint32_t depth = 0;

	do {
		const struct c_token *t = c_peek(c, 0);

		if (t->kind == C_END)
			return;
		if (t->kind == C_PUNCT && strchr("([{", t->text.s[0]))
			depth++;
		if (t->kind == C_PUNCT && strchr(")]}", t->text.s[0]))
			depth--;
		c->at++;
	} while (depth);
}

/* ---- failures ---- */

void c_error(struct c *c, struct span span, const char *fmt, ...)
{
	struct str text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	c_fail(c->failure, c->arena, span, "%" STR_FMT, STR_ARG(text));
}

void c_help(struct c *c, const char *help)
{
	c_fail_help(c->failure, help);
}

/* ---- names ---- */

struct c_symbol *c_find(struct c *c, struct str name)
{
	struct c_symbol *s = NULL;

	for (struct c_scope *scope = c->scope; scope && !s; scope = scope->up)
		s = map_find(&scope->names, name);
	return s;
}

void c_add(struct c *c, struct c_scope *scope, struct c_symbol *s)
{
	(void)c;
	map_set(&scope->names, s->name, s);
}

/* "x'", "x'2" ...: an apostrophe is in no name of a script. */
struct str c_script_name(struct c *c, struct str name)
{
	uint64_t n = (uintptr_t)map_find(c->names, name) + 1;

	map_set(c->names, name, (void *)(uintptr_t)n);
	if (n == 1)
		return arena_printf(c->arena, "%" STR_FMT "'", STR_ARG(name));
	return arena_printf(c->arena, "%" STR_FMT "'%llu", STR_ARG(name),
			    (unsigned long long)n);
}

struct c_symbol *c_new_var(struct c *c, struct str name,
			   const struct c_type *type)
{
	struct c_symbol *s = arena_new(c->arena, struct c_symbol);

	s->kind = C_SYM_VAR;
	s->name = name;
	s->type = type;
	s->script_name = c_script_name(c, name);
	return s;
}

void c_push_scope(struct c *c, struct c_scope *scope)
{
	map_init(&scope->names, c->arena);
	scope->up = c->scope;
	c->scope = scope;
}

void c_pop_scope(struct c *c)
{
	c->scope = c->scope->up;
}
