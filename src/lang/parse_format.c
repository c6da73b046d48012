/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The printing functions, and what the formats of printf and sprintf are
 * made of: text and %[flag][width][.precision][l]letter.
 */
#include "base/bits.h"
#include "lang/parser.h"

#define MAX_ARGS 32		/* of one printf */
#define MAX_SIZE 65536u		/* a width or a precision */
#define MAX_MEMORY 1024u	/* bytes of %m: each word is read by itself */

struct format {
	struct parser *p;
	struct ast_expr *print;
	struct str text;
	uint32_t i;
	struct str raw;		/* the source of the text when it is one
				 * literal, or empty */
	bool is_bad;
	uint32_t known, known_raw;	/* a byte, and its place in raw */
};

/* Never goes back, so that long formats take no longer than they must. */
static uint32_t raw_offset(struct format *f, uint32_t i)
{
	struct str rest = str_sub(f->raw, f->known_raw, f->raw.len);

	if (i < f->known)
		return lex_raw_offset(f->raw, i);
	f->known_raw += lex_raw_offset(rest, i - f->known);
	f->known = i;
	return f->known_raw;
}

/* The place of text[from] to text[to - 1]. */
static struct span span_of(struct format *f, uint32_t from, uint32_t to)
{
	struct span span = f->print->print.text_span;
	uint32_t start, end;

	if (!f->raw.len)
		return span;
	start = raw_offset(f, from);
	end = start + lex_raw_offset(str_sub(f->raw, start, f->raw.len),
				     to - from);
	return (struct span){ span.pos + 1 + start, end - start };
}

static char next(struct format *f)
{
	return f->i < f->text.len ? f->text.s[f->i++] : '\0';
}

static char peek(const struct format *f)
{
	return f->i < f->text.len ? f->text.s[f->i] : '\0';
}

static void add_piece(struct format *f, struct fmt_piece piece)
{
	struct ast_expr *e = f->print;

	if (e->print.npieces == e->print.cap_pieces)
		e->print.pieces = vec_grow(f->p->arena, e->print.pieces,
					   e->print.npieces,
					   &e->print.cap_pieces,
					   sizeof(*e->print.pieces));
	e->print.pieces[e->print.npieces++] = piece;
}

/* Text up to the next directive; %% is a piece of its own. */
static void literal(struct format *f)
{
	uint32_t start = f->i;

	while (f->i < f->text.len && peek(f) != '%')
		f->i++;
	add_piece(f, (struct fmt_piece){
			     .conv = FMT_LITERAL,
			     .text = str_sub(f->text, start, f->i - start),
			     .span = span_of(f, start, f->i),
		     });
}

static uint8_t size(struct format *f, uint32_t *ret, uint32_t start)
{
	uint32_t n = 0;

	if (peek(f) == '*') {
		f->i++;
		return FMT_SIZE_ARG;
	}
	if (peek(f) < '0' || peek(f) > '9')
		return FMT_SIZE_NONE;
	while (peek(f) >= '0' && peek(f) <= '9')
		n = MIN(n, MAX_SIZE) * 10 + (uint32_t)(next(f) - '0');
	if (n > MAX_SIZE)
		parser_report(f->p, DIAG_BAD_FORMAT, span_of(f, start, f->i),
			     "a width or precision of more than %u",
			     MAX_SIZE);
	*ret = n;
	return FMT_SIZE_NUMBER;
}

static const struct {
	char letter;
	uint8_t conv;
} conversions[] = {
	{ 'd', FMT_SIGNED },  { 'i', FMT_SIGNED }, { 'u', FMT_UNSIGNED },
	{ 'o', FMT_OCTAL },   { 'x', FMT_HEX },	   { 'X', FMT_HEX_UPPER },
	{ 'p', FMT_POINTER }, { 'c', FMT_CHAR },   { 's', FMT_STRING },
	{ 'b', FMT_BINARY },  { 'm', FMT_MEMORY }, { 'M', FMT_MEMORY_HEX },
};

static bool conversion(struct format *f, struct fmt_piece *piece)
{
	char c = next(f);

	for (uint32_t i = 0; i < ARRAY_SIZE(conversions); i++) {
		if (conversions[i].letter == c && c) {
			piece->conv = conversions[i].conv;
			return true;
		}
	}
	return false;
}

static void bad_directive(struct format *f, uint32_t start)
{
	struct str text = str_sub(f->text, start, f->i - start);
	struct diag *g;

	f->is_bad = true;
	if (f->i == f->text.len && text.len < 2) {
		parser_report(f->p, DIAG_BAD_FORMAT, span_of(f, start, f->i),
			     "the format ends in the middle of a directive");
		return;
	}
	g = diag_error(f->p->diags, DIAG_BAD_FORMAT, span_of(f, start, f->i),
		       "'%" STR_FMT "' is no directive of a format",
		       STR_ARG(text));
	if (str_find(text, STR("ll")) > 0)
		diag_help(f->p->diags, g,
			  "every number has 64 bits: leave the ll out");
	else if (text.len > 1 && text.s[1] == ' ')
		diag_help(f->p->diags, g, "a plain %% is written %%%%");
	else
		diag_help(f->p->diags, g,
			  "numbers are printed by %%d %%i %%u %%x %%X %%o %%b "
			  "%%p %%c, strings by %%s, memory by %%m %%M");
}

/* How much memory is read must be known before the script runs. */
static void check_memory(struct format *f, const struct fmt_piece *piece)
{
	struct diag *g;

	if (piece->conv != FMT_MEMORY && piece->conv != FMT_MEMORY_HEX)
		return;
	if (piece->prec > MAX_MEMORY)
		parser_report(f->p, DIAG_BAD_FORMAT, piece->span,
			      "more than %u bytes of memory", MAX_MEMORY);
	if (piece->width_kind != FMT_SIZE_ARG &&
	    piece->prec_kind != FMT_SIZE_ARG)
		return;
	f->is_bad = true;
	g = diag_error(f->p->diags, DIAG_BAD_FORMAT, piece->span,
		       "memory has no * for its width or number of bytes");
	diag_help(f->p->diags, g, "%%.16M prints 16 bytes");
}

static void directive(struct format *f)
{
	uint32_t start = f->i;
	struct fmt_piece piece = {};
	bool ok = true;

	f->i++;
	if (peek(f) == '%') {
		add_piece(f, (struct fmt_piece){
				     .conv = FMT_LITERAL,
				     .text = str_sub(f->text, f->i, 1),
				     .span = span_of(f, start, f->i + 1),
			     });
		f->i++;
		return;
	}
	if (peek(f) && strchr("0+- #", peek(f)))
		piece.flag = next(f);
	piece.width_kind = size(f, &piece.width, start);
	if (peek(f) == '.') {
		f->i++;
		piece.prec_kind = size(f, &piece.prec, start);
		/* A lone '.' is a precision of 0. */
		if (piece.prec_kind == FMT_SIZE_NONE)
			piece.prec_kind = FMT_SIZE_NUMBER;
	}
	if (peek(f) == 'l')
		f->i++;
	ok = conversion(f, &piece);
	piece.span = span_of(f, start, f->i);
	if (ok) {
		check_memory(f, &piece);
		add_piece(f, piece);
	} else {
		bad_directive(f, start);
	}
}

/* The literal's own text, when it stands in one piece in the source. */
static struct str raw_of(struct parser *p, const struct ast_expr *e)
{
	struct str s = source_text(p->o->sources, e->print.text_span);

	if (s.len < 2 || s.s[0] != '"' || s.s[s.len - 1] != '"')
		return (struct str){};
	s = str_sub(s, 1, s.len - 2);
	return str_eq(lex_unescape(p->arena, s), e->print.text) ?
		       s : (struct str){};
}

bool parse_format(struct parser *p, struct ast_expr *print)
{
	struct format f = {
		.p = p,
		.print = print,
		.text = print->print.text,
		.raw = raw_of(p, print),
	};

	while (f.i < f.text.len && !p->panic) {
		if (peek(&f) == '%')
			directive(&f);
		else
			literal(&f);
	}
	return !f.is_bad;
}

static uint32_t wanted_args(const struct ast_expr *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->print.npieces; i++) {
		const struct fmt_piece *f = &e->print.pieces[i];

		n += f->conv != FMT_LITERAL;
		n += f->width_kind == FMT_SIZE_ARG;
		n += f->prec_kind == FMT_SIZE_ARG;
	}
	return n;
}

static void check_args(struct parser *p, const struct ast_expr *e)
{
	uint32_t n = e->print.args.n, wanted = wanted_args(e);
	struct span at = e->print.text_span;

	if (n > MAX_ARGS)
		parser_report(p, DIAG_FORMAT_ARGS, e->at,
			     "%u values to print, more than %d", n, MAX_ARGS);
	if (n > wanted)
		at = e->print.args.v[wanted]->span;
	if (n != wanted)
		parser_report(p, DIAG_FORMAT_ARGS, at,
			     "the format takes %u value%s, but has %u", wanted,
			     wanted == 1 ? "" : "s", n);
}

static bool has_format(enum ast_printop op)
{
	return op == PRINTOP_PRINTF || op == PRINTOP_SPRINTF;
}

static bool has_delimiter(enum ast_printop op)
{
	return op == PRINTOP_PRINTD || op == PRINTOP_PRINTDLN ||
	       op == PRINTOP_SPRINTD || op == PRINTOP_SPRINTDLN;
}

/* The literal that comes first. */
static void text(struct parser *p, struct ast_expr *e)
{
	struct span start = parser_peek(p, 0)->span;

	if (!p->panic && !parser_at(p, TOK_STRING) &&
	    !parser_at(p, TOK_JUNK)) {
		parser_error(p, DIAG_NOT_A_LITERAL, start,
			     "%s begins with a %s, which is a string literal",
			     ast_printop_name(e->print.op),
			     has_format(e->print.op) ? "format" : "delimiter");
		return;
	}
	e->print.text = parse_string(p, "a string");
	e->print.text_span = parser_span_from(p, start);
}

static void values(struct parser *p, struct ast_expr *e, bool first,
		   struct span open)
{
	if (parser_accept(p, TOK_RPAREN))
		return;
	if (!first)
		parser_expect(p, TOK_COMMA);
	do
		vec_push(p->arena, &e->print.args, parse_expr(p));
	while (parser_accept(p, TOK_COMMA));
	parser_close(p, open);
}

struct ast_expr *parse_print(struct parser *p, enum ast_printop op,
			     struct span at)
{
	struct ast_expr *e = parse_new_expr(p, AST_PRINT, at);
	bool has_text = has_format(op) || has_delimiter(op);
	struct span open = parser_peek(p, 0)->span;

	e->print.op = op;
	parser_expect(p, TOK_LPAREN);
	if (has_text)
		text(p, e);
	values(p, e, !has_text, open);
	e->span = parser_span_from(p, at);
	if (p->panic)
		return e;
	if (has_format(op)) {
		if (parse_format(p, e))
			check_args(p, e);
	} else if (op == PRINTOP_PRINT_CHAR && e->print.args.n != 1) {
		parser_report(p, DIAG_FORMAT_ARGS, at,
			     "print_char takes one value");
	}
	return e;
}
