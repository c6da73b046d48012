/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/embedded/c_lex.h"

#include "base/arena.h"
#include "lang/lex.h"

void c_lex_init(struct c_lexer *lx, struct arena *a, struct str text,
		uint32_t base, struct span at)
{
	*lx = (struct c_lexer){ .arena = a, .text = text, .base = base,
				.at = at, .starts_line = true };
}

static char peek(const struct c_lexer *lx, uint32_t n)
{
	return lx->pos + n < lx->text.len ? lx->text.s[lx->pos + n] : '\0';
}

static bool at(const struct c_lexer *lx, const char *text)
{
	return str_starts(str_sub(lx->text, lx->pos, UINT32_MAX),
			  str_from(text));
}

/* To behind `end`, or to the end of all. */
static void skip_to(struct c_lexer *lx, const char *end)
{
	int64_t n = str_find(str_sub(lx->text, lx->pos, UINT32_MAX),
			     str_from(end));

	lx->pos = n < 0 ? lx->text.len :
			  lx->pos + (uint32_t)n + (uint32_t)strlen(end);
}

/* One blank, comment or continued line; false: none is here. */
static bool skip_one(struct c_lexer *lx)
{
	char c = peek(lx, 0);

	if (lx->pos >= lx->text.len)
		return false;
	if (at(lx, "/*")) {
		lx->pos += 2;
		skip_to(lx, "*/");
	} else if (at(lx, "//")) {
		while (lx->pos < lx->text.len && peek(lx, 0) != '\n')
			lx->pos++;
	} else if (at(lx, "\\\n")) {
		lx->pos += 2;
	} else if (at(lx, "\\\r\n")) {
		lx->pos += 3;
	} else if (c == '\n') {
		lx->pos++;
		lx->starts_line = true;
	} else if (c == ' ' || (c >= '\t' && c <= '\r') || c == '\0') {
		lx->pos++;
	} else {
		return false;
	}
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct c_token junk(struct c_token t, const char *what)
{
	t.kind = C_JUNK;
	t.text = str_from(what);
	return t;
}

/* ---- literals ---- */

static int digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

struct number {
	int base;
	uint64_t value;
	bool overflows;
	bool has_u, has_l;
};

static bool suffixes(struct c_lexer *lx, struct number *n)
{
	while (is_letter(peek(lx, 0)) || is_digit(peek(lx, 0)) ||
	       peek(lx, 0) == '.') {
		char c = (char)(peek(lx, 0) | 0x20);

		if (c != 'u' && c != 'l')
			return false;
		n->has_u |= c == 'u';
		n->has_l |= c == 'l';
		lx->pos++;
	}
	return true;
}

static void digits(struct c_lexer *lx, struct number *n)
{
	n->base = 10;
	if (peek(lx, 0) == '0') {
		bool hex = (peek(lx, 1) | 0x20) == 'x',
		     bits = (peek(lx, 1) | 0x20) == 'b';

		n->base = hex ? 16 : bits ? 2 : 8;
		lx->pos += hex || bits ? 2 : 0;
	}
	for (; digit(peek(lx, 0)) < n->base; lx->pos++)
		n->overflows |= __builtin_mul_overflow(n->value,
						       (uint64_t)n->base,
						       &n->value) ||
				__builtin_add_overflow(
					n->value,
					(uint64_t)digit(peek(lx, 0)),
					&n->value);
}

/* The first of int, unsigned, long, unsigned long that it fits. */
static void size_number(struct c_token *t, const struct number *n)
{
	bool may_be_unsigned = n->has_u || n->base != 10;

	t->number = n->value;
	t->size = 8;
	t->is_unsigned = n->has_u || n->value > INT64_MAX;
	if (n->has_l || n->value > UINT32_MAX)
		return;
	if (n->value <= INT32_MAX || may_be_unsigned) {
		t->size = 4;
		t->is_unsigned = n->has_u || n->value > INT32_MAX;
	}
}

static struct c_token number(struct c_lexer *lx, struct c_token t)
{
	struct number n = {};

	t.kind = C_NUMBER;
	digits(lx, &n);
	if (!suffixes(lx, &n)) {
		while (is_letter(peek(lx, 0)) || is_digit(peek(lx, 0)) ||
		       peek(lx, 0) == '.')
			lx->pos++;
		return junk(t, "this is no integer of C");
	}
	if (n.overflows)
		return junk(t, "the number does not fit 64 bits");
	size_number(&t, &n);
	return t;
}

/* The text between two quotes; false: the second is missing. */
static bool quoted(struct c_lexer *lx, char quote, struct str *ret)
{
	uint32_t start = ++lx->pos;

	for (; lx->pos < lx->text.len && peek(lx, 0) != '\n'; lx->pos++) {
		if (peek(lx, 0) == quote) {
			*ret = lex_unescape(lx->arena,
					    str_sub(lx->text, start,
						    lx->pos - start));
			lx->pos++;
			return true;
		}
		if (peek(lx, 0) == '\\')
			lx->pos++;
	}
	return false;
}

static struct c_token literal(struct c_lexer *lx, struct c_token t, char quote)
{
	struct str text;

	if (!quoted(lx, quote, &text))
		return junk(t, "the quote is not closed");
	t.text = text;
	t.kind = quote == '"' ? C_STRING : C_CHAR;
	if (quote == '"')
		return t;
	if (text.len != 1)
		return junk(t, "a character in single quotes is one byte");
	t.number = (uint64_t)(int8_t)text.s[0];
	return t;
}

/* ---- all of them ---- */

static const char *const puncts[] = {
	"<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=",
	"==", "!=", "&&", "||", "*=", "/=", "%=", "+=", "-=", "&=",
	"^=", "|=", "##",
};

static void punct(struct c_lexer *lx)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(puncts); i++) {
		if (at(lx, puncts[i])) {
			lx->pos += (uint32_t)strlen(puncts[i]);
			return;
		}
	}
	lx->pos++;
}

static struct c_token scan(struct c_lexer *lx, struct c_token t)
{
	char c = peek(lx, 0);

	if (is_digit(c))
		return number(lx, t);
	if (c == '"' || c == '\'')
		return literal(lx, t, c);
	t.kind = is_letter(c) ? C_IDENT : C_PUNCT;
	if (t.kind == C_IDENT)
		while (is_letter(peek(lx, 0)) || is_digit(peek(lx, 0)))
			lx->pos++;
	else
		punct(lx);
	return t;
}

struct c_token c_lex_next(struct c_lexer *lx)
{
	struct c_token t = { .kind = C_END };
	uint32_t start;

	for (uint32_t before = lx->pos; skip_one(lx); before = lx->pos)
		t.has_space |= lx->pos > before;
	start = lx->pos;
	t.starts_line = lx->starts_line;
	t.where = lx->text.s + start;
	t.text = str_sub(lx->text, start, 1);
	if (start < lx->text.len) {
		t = scan(lx, t);
		lx->starts_line = false;
	}
	if (t.kind == C_IDENT || t.kind == C_PUNCT || t.kind == C_NUMBER)
		t.text = str_sub(lx->text, start, lx->pos - start);
	t.span = lx->at;
	if (lx->base)
		t.span = (struct span){ lx->base + start,
					lx->pos > start ? lx->pos - start : 1 };
	return t;
}
