/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats of printf, as the kernel reads them, to those of the script: there
 * the size of a number is none of the format's business.
 */
#include "sema/embedded/c_parse.h"

#include "base/buf.h"

struct format {
	struct c *c;
	struct str text;
	uint32_t at;
	struct span span;
	struct ast_expr *print;
	struct buf literal;
	const struct c_value *args;
	uint32_t nargs, next;
	bool is_kernel;		/* snprintf(), and not STAP_PRINTF() */
};

static char peek(const struct format *f)
{
	return f->at < f->text.len ? f->text.s[f->at] : '\0';
}

static void push(struct format *f, struct fmt_piece piece)
{
	struct ast_expr *e = f->print;

	if (e->print.npieces == e->print.cap_pieces)
		e->print.pieces = vec_grow(f->c->arena, e->print.pieces,
					   e->print.npieces,
					   &e->print.cap_pieces,
					   sizeof(*e->print.pieces));
	piece.span = f->span;
	e->print.pieces[e->print.npieces++] = piece;
}

static void end_literal(struct format *f)
{
	if (f->literal.len)
		push(f, (struct fmt_piece){
				.conv = FMT_LITERAL,
				.text = arena_str(f->c->arena,
						  buf_view(&f->literal)) });
	f->literal.len = 0;
}

static struct c_value next_arg(struct format *f)
{
	if (f->next < f->nargs)
		return f->args[f->next++];
	c_error(f->c, f->span, "the format takes more values than there are");
	return c_int(f->c, f->span, &c_type_int, 0);
}

static void push_arg(struct format *f, struct ast_expr *e)
{
	vec_push(f->c->arena, &f->print->print.args, e);
}

static void flags(struct format *f, struct fmt_piece *piece)
{
	for (; peek(f) && strchr("0+- #", peek(f)); f->at++) {
		if (piece->flag == '-' && peek(f) == '0')
			continue;	/* as C has it */
		if (piece->flag && !(piece->flag == '0' && peek(f) == '-'))
			c_error(f->c, f->span,
				"a conversion has one flag here, not several");
		piece->flag = peek(f);
	}
}

static void size(struct format *f, uint8_t *kind, uint32_t *n)
{
	if (peek(f) == '*') {
		f->at++;
		*kind = FMT_SIZE_ARG;
		push_arg(f, c_convert(f->c, next_arg(f), &c_type_int).e);
		return;
	}
	*n = 0;
	while (peek(f) >= '0' && peek(f) <= '9' && *n < 10000) {
		*kind = FMT_SIZE_NUMBER;
		*n = *n * 10 + (uint32_t)(f->text.s[f->at++] - '0');
	}
}

/* h, hh, l, ll, z ...: bytes of the number. */
static uint8_t length(struct format *f)
{
	uint8_t bytes = 4;

	for (; peek(f) && strchr("hlLqjzt", peek(f)); f->at++)
		bytes = peek(f) != 'h' ? 8 : bytes == 2 ? 1 : 2;
	return bytes;
}

static bool is_pointer_extension(char c)
{
	return (c >= 'a' && c <= 'z' && c != 'x') || (c >= 'A' && c <= 'Z');
}

/* %pI4: four bytes at the address; %pM: six. */
static bool bytes(struct format *f, struct fmt_piece *piece)
{
	struct c *c = f->c;
	bool is_ip = (peek(f) | 0x20) == 'i' && f->at + 1 < f->text.len &&
		     f->text.s[f->at + 1] == '4';
	struct c_value v;

	if (!is_ip && peek(f) != 'M')
		return false;
	f->at += is_ip ? 2 : 1;
	v = next_arg(f);
	piece->conv = FMT_STRING;
	if (is_ip) {
		v = c_deref(c, c_cast(c, v, c_type_pointer(c->arena,
							   &c_type_uint)));
		push_arg(f, c_library(c, f->span, "__c_ip4", 1,
				      c_scalar(c, v).e));
	} else {
		push_arg(f, c_library(c, f->span, "__c_mac", 1,
				      c_scalar(c, v).e));
	}
	return true;
}

/* %p is the address, though the kernel shows people another one. */
static void pointer(struct format *f, struct fmt_piece *piece)
{
	if (bytes(f, piece))
		return;
	if (f->is_kernel && is_pointer_extension(peek(f)))
		c_error(f->c, f->span, "%%p%c is not understood", peek(f));
	f->at += f->is_kernel && peek(f) == 'x';
	piece->conv = FMT_POINTER;
	if (f->is_kernel) {
		piece->conv = FMT_HEX;
		piece->flag = '0';
		piece->width_kind = FMT_SIZE_NUMBER;
		piece->width = 16;
	}
	push_arg(f, c_cast(f->c, next_arg(f), &c_type_ulong).e);
}

static void number(struct format *f, struct fmt_piece *piece, char conv,
		   uint8_t bytes)
{
	bool is_signed = conv == 'd' || conv == 'i';

	piece->conv = is_signed ? FMT_SIGNED :
		      conv == 'u' ? FMT_UNSIGNED :
		      conv == 'x' ? FMT_HEX :
		      conv == 'X' ? FMT_HEX_UPPER : FMT_OCTAL;
	push_arg(f, c_convert(f->c, next_arg(f),
			      c_type_int_of(bytes, is_signed)).e);
}

static void conversion(struct format *f)
{
	struct fmt_piece piece = {};
	uint8_t bytes;
	char conv;

	end_literal(f);
	flags(f, &piece);
	size(f, &piece.width_kind, &piece.width);
	if (peek(f) == '.') {
		f->at++;
		piece.prec_kind = FMT_SIZE_NUMBER;
		size(f, &piece.prec_kind, &piece.prec);
	}
	bytes = length(f);
	conv = peek(f);
	f->at++;
	if (conv == 's') {
		piece.conv = FMT_STRING;
		push_arg(f, c_text(f->c, next_arg(f)));
	} else if (conv == 'c') {
		piece.conv = FMT_CHAR;
		push_arg(f, c_convert(f->c, next_arg(f), &c_type_u8).e);
	} else if (conv == 'p') {
		pointer(f, &piece);
	} else if (conv && strchr("diuxXo", conv)) {
		number(f, &piece, conv, bytes);
	} else {
		c_error(f->c, f->span, "%%%c is not understood", conv);
	}
	push(f, piece);
}

static void pieces(struct format *f)
{
	while (f->at < f->text.len && !f->c->failure->is_set) {
		char ch = f->text.s[f->at++];

		if (ch == '%' && peek(f) == '%')
			f->at++;
		else if (ch == '%') {
			conversion(f);
			continue;
		}
		buf_char(&f->literal, ch);
	}
	end_literal(f);
}

struct ast_expr *c_format(struct c *c, enum ast_printop op,
			  const struct c_value *args, uint32_t nargs,
			  uint32_t first, bool is_kernel, struct span span)
{
	struct format f = { .c = c, .args = args, .nargs = nargs,
			    .next = first, .is_kernel = is_kernel };
	const struct c_value *text = &args[first - 1];

	f.print = c_node(c, AST_PRINT, span);
	f.print->print.op = op;
	if (nargs < first || text->type->kind != C_TEXT || text->offset ||
	    text->place != C_VALUE || text->e->kind != AST_STRING) {
		c_error(c, nargs < first ? span : text->span,
			"the format is to be a string in quotes");
		return f.print;
	}
	f.text = f.print->print.text = text->e->string;
	f.span = f.print->print.text_span = text->span;
	pieces(&f);
	buf_deinit(&f.literal);
	if (f.next < nargs)
		c_error(c, args[f.next].span,
			"the format takes fewer values than there are");
	return f.print;
}
