/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/format.h"

#include <string.h>

#include "base/bits.h"

/* No field is wider; a script's %1000000000d must not eat the memory. */
#define FIELD_MAX 65536

struct field {
	char flag;
	uint32_t width;
	uint32_t prec;		/* IMAGE_NONE = not given */
};

struct args {
	const struct value *v;
	uint32_t n, next;
};

static int64_t take_long(struct args *a)
{
	uint32_t i = a->next++;

	return i < a->n && a->v[i].type == IT_LONG ? a->v[i].l : 0;
}

static struct str take_str(struct args *a)
{
	uint32_t i = a->next++;

	return i < a->n && a->v[i].type == IT_STRING ? a->v[i].s : STR("");
}

/* The fixed part or the argument of a width or precision; a negative width
 * means left-justified, a negative precision none. */
static void take_sizes(const struct image_piece *p, struct args *a,
		       struct field *f)
{
	int64_t n;

	if (p->width_kind == SIZE_NUMBER)
		f->width = MIN(p->width, (uint32_t)FIELD_MAX);
	if (p->width_kind == SIZE_ARG) {
		n = take_long(a);
		if (n < 0) {
			f->flag = '-';
			n = n > -FIELD_MAX ? -n : FIELD_MAX;
		}
		f->width = (uint32_t)MIN(n, FIELD_MAX);
	}
	if (p->prec_kind == SIZE_NUMBER)
		f->prec = MIN(p->prec, (uint32_t)FIELD_MAX);
	if (p->prec_kind == SIZE_ARG) {
		n = take_long(a);
		if (n >= 0)
			f->prec = (uint32_t)MIN(n, FIELD_MAX);
	}
}

static void fill(struct buf *out, char c, uint32_t n)
{
	if (!n)
		return;
	memset(buf_reserve(out, n), c, n);
	out->len += n;
}

static void put(struct buf *out, const struct field *f, struct str s)
{
	uint32_t pad = f->width > s.len ? f->width - s.len : 0;

	if (f->flag != '-')
		fill(out, ' ', pad);
	buf_str(out, s);
	if (f->flag == '-')
		fill(out, ' ', pad);
}

struct number {
	const char *prefix;	/* sign, or 0x */
	uint64_t v;
	uint32_t base;
	bool upper;
};

static void put_number(struct buf *out, const struct field *f,
		       const struct number *n)
{
	const char *set = n->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	uint32_t nprefix = (uint32_t)strlen(n->prefix);
	uint32_t ndigits = 0, zeros, pad, total;
	char digits[64];

	for (uint64_t v = n->v; v; v /= n->base)
		digits[sizeof(digits) - ++ndigits] = set[v % n->base];
	if (!ndigits && f->prec == IMAGE_NONE)
		digits[sizeof(digits) - ++ndigits] = '0';
	zeros = f->prec != IMAGE_NONE && f->prec > ndigits ?
			f->prec - ndigits : 0;
	if (n->base == 8 && f->flag == '#' && !zeros &&
	    (!ndigits || digits[sizeof(digits) - ndigits] != '0'))
		zeros = 1;
	total = nprefix + zeros + ndigits;
	pad = f->width > total ? f->width - total : 0;
	if (f->flag == '0' && f->prec == IMAGE_NONE) {
		zeros += pad;
		pad = 0;
	}
	if (f->flag != '-')
		fill(out, ' ', pad);
	buf_add(out, n->prefix, nprefix);
	fill(out, '0', zeros);
	buf_add(out, digits + sizeof(digits) - ndigits, ndigits);
	if (f->flag == '-')
		fill(out, ' ', pad);
}

static void put_signed(struct buf *out, const struct field *f, int64_t v)
{
	struct number n = { "", (uint64_t)v, 10, false };

	if (v < 0) {
		n.prefix = "-";
		n.v = -n.v;
	} else if (f->flag == '+') {
		n.prefix = "+";
	} else if (f->flag == ' ') {
		n.prefix = " ";
	}
	put_number(out, f, &n);
}

static void put_hex(struct buf *out, const struct field *f, uint64_t v,
		    bool upper, bool prefix)
{
	const char *x = upper ? "0X" : "0x";

	put_number(out, f, &(struct number){ prefix ? x : "", v, 16, upper });
}

static void escape(unsigned char c, struct buf *out)
{
	static const char from[] = "\a\b\f\n\r\t\v\"\\";
	static const char to[] = "abfnrtv\"\\";
	const char *at = c ? strchr(from, c) : NULL;

	if (at)
		buf_printf(out, "\\%c", to[at - from]);
	else if (c >= ' ' && c < 127)
		buf_char(out, (char)c);
	else
		buf_printf(out, "\\%03o", c);
}

void format_escaped(struct str s, struct buf *out)
{
	for (uint32_t i = 0; i < s.len; i++)
		escape((unsigned char)s.s[i], out);
}

static void put_text(struct buf *out, const struct field *f, struct str s)
{
	struct buf text = {};

	if (f->prec != IMAGE_NONE)
		s = str_sub(s, 0, f->prec);
	if (f->flag != '#') {
		put(out, f, s);
		return;
	}
	format_escaped(s, &text);
	put(out, f, buf_view(&text));
	buf_deinit(&text);
}

static void put_binary(struct buf *out, const struct field *f, uint64_t v)
{
	uint32_t n = f->width;

	if (n != 1 && n != 2 && n != 4)
		n = 8;
	for (uint32_t i = 0; i < n; i++)
		buf_char(out, (char)(v >> 8 * i));
}

static void put_piece(const struct image *img, const struct image_piece *p,
		      struct args *a, struct buf *out)
{
	struct field f = { p->flag, 0, IMAGE_NONE };
	struct number n = { "", 0, 10, false };
	char c;

	take_sizes(p, a, &f);
	switch ((enum image_conv)p->conv) {
	case CONV_LITERAL:
		buf_str(out, image_str(img, p->text));
		break;
	case CONV_SIGNED:
		put_signed(out, &f, take_long(a));
		break;
	case CONV_UNSIGNED:
		n.v = (uint64_t)take_long(a);
		put_number(out, &f, &n);
		break;
	case CONV_OCTAL:
		n.v = (uint64_t)take_long(a);
		n.base = 8;
		put_number(out, &f, &n);
		break;
	case CONV_HEX:
	case CONV_HEX_UPPER:
		put_hex(out, &f, (uint64_t)take_long(a),
			p->conv == CONV_HEX_UPPER, f.flag == '#');
		break;
	case CONV_POINTER:
		put_hex(out, &f, (uint64_t)take_long(a), false, true);
		break;
	case CONV_CHAR:
		c = (char)take_long(a);
		f.prec = IMAGE_NONE;
		put_text(out, &f, (struct str){ &c, 1 });
		break;
	case CONV_STRING:
		put_text(out, &f, take_str(a));
		break;
	case CONV_BINARY:
		put_binary(out, &f, (uint64_t)take_long(a));
		break;
	}
}

void format_text(const struct image *img, uint32_t format,
		 const struct value *args, uint32_t nargs, struct buf *out)
{
	const struct image_format *f = &img->formats.v[format];
	struct args a = { args, nargs, 0 };

	for (uint32_t i = 0; i < f->n; i++)
		put_piece(img, &img->pieces.v[f->first + i], &a, out);
}

#ifdef UNIT_TEST
#include <inttypes.h>
#include <stdio.h>

#include "unit.h"

/* One conversion of this engine, and what the C library makes of `spec`. */
static void compare(struct image_piece piece, const char *spec, int64_t v,
		    int width, int prec)
{
	struct image_format format = { .first = 0, .n = 1 };
	struct image img = {};
	struct value args[3] = { value_long(width), value_long(prec),
				 value_long(v) };
	uint32_t skip = 0;
	char want[256];
	struct buf got = {};

	/* Without a width, its argument is not there. */
	if (piece.width_kind != SIZE_ARG)
		skip = piece.prec_kind == SIZE_ARG ? 1 : 2;
	else if (piece.prec_kind != SIZE_ARG)
		args[1] = value_long(width);
	if (piece.width_kind == SIZE_ARG && piece.prec_kind != SIZE_ARG)
		skip = 1;
	img.pieces.v = &piece;
	img.pieces.n = 1;
	img.formats.v = &format;
	img.formats.n = 1;
	format_text(&img, 0, args + skip, 3 - skip, &got);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(want, sizeof(want), spec, v);
#pragma GCC diagnostic pop
	if (!str_is(buf_view(&got), want)) {
		printf("# %s of %" PRId64 ": '%" STR_FMT "', not '%s'\n",
		       spec, v, STR_ARG(buf_view(&got)), want);
		TEST(false);
	}
	buf_deinit(&got);
}

static void compare_sizes(uint8_t conv, char flag, const char *letter,
			  int64_t v)
{
	for (int width = -1; width < 24; width += 4) {
		for (int prec = -1; prec < 22; prec += 3) {
			struct image_piece p = { .conv = conv, .flag = flag };
			char spec[32], w[12] = "", pr[12] = "";
			char f[2] = { flag, '\0' };

			p.width_kind = width >= 0 ? SIZE_NUMBER : SIZE_NONE;
			p.width = (uint32_t)width;
			p.prec_kind = prec >= 0 ? SIZE_NUMBER : SIZE_NONE;
			p.prec = (uint32_t)prec;
			if (width >= 0)
				snprintf(w, sizeof(w), "%d", width);
			if (prec >= 0)
				snprintf(pr, sizeof(pr), ".%d", prec);
			snprintf(spec, sizeof(spec), "%%%s%s%sl%s", f, w, pr,
				 letter);
			compare(p, spec, v, 0, 0);
			p.width_kind = width >= 0 ? SIZE_ARG : SIZE_NONE;
			p.prec_kind = prec >= 0 ? SIZE_ARG : SIZE_NONE;
			compare(p, spec, v, width, prec);
		}
	}
}

UNIT_TEST_CASE(format_like_printf)
{
	static const int64_t values[] = { 0, 1, -1, 7, 8, 255, -4096,
					  INT64_MAX, INT64_MIN };
	static const struct {
		uint8_t conv;
		const char *letter, *flags;
	} convs[] = {
		{ CONV_SIGNED, "d", "+- 0" }, { CONV_UNSIGNED, "u", "-0" },
		{ CONV_HEX, "x", "-0#" },     { CONV_HEX_UPPER, "X", "-0#" },
		{ CONV_OCTAL, "o", "-0#" },
	};

	for (uint32_t c = 0; c < sizeof(convs) / sizeof(convs[0]); c++) {
		for (uint32_t i = 0; i < sizeof(values) / 8; i++) {
			const char *f = convs[c].flags;

			compare_sizes(convs[c].conv, '\0', convs[c].letter,
				      values[i]);
			for (; *f; f++) {
				/* Here alone 0 has a prefix too. */
				if (*f == '#' && !values[i] &&
				    convs[c].conv != CONV_OCTAL)
					continue;
				compare_sizes(convs[c].conv, *f,
					      convs[c].letter, values[i]);
			}
		}
	}
}

static bool gives(struct image_piece p, struct value v, struct str want)
{
	struct image_format format = { .first = 0, .n = 1 };
	struct image img = {};
	struct buf got = {};
	bool same;

	img.pieces.v = &p;
	img.pieces.n = 1;
	img.formats.v = &format;
	img.formats.n = 1;
	format_text(&img, 0, &v, 1, &got);
	same = str_eq(buf_view(&got), want);
	buf_deinit(&got);
	return same;
}

UNIT_TEST_CASE(format_others)
{
	struct image_piece p = { .conv = CONV_STRING };

	TEST(gives(p, value_str(STR("a\0b")), STR("a\0b")));
	p.flag = '#';
	TEST(gives(p, value_str(STR("a\0\"")), STR("a\\000\\\"")));
	p = (struct image_piece){ .conv = CONV_BINARY,
				  .width_kind = SIZE_NUMBER, .width = 2 };
	TEST(gives(p, value_long(0x4142), STR("BA")));
	p.width_kind = SIZE_NONE;
	TEST(gives(p, value_long(1), STR("\1\0\0\0\0\0\0\0")));
	p = (struct image_piece){ .conv = CONV_POINTER };
	TEST(gives(p, value_long(0), STR("0x0")));
	/* An argument of a wrong type does no harm. */
	p = (struct image_piece){ .conv = CONV_STRING };
	TEST(gives(p, value_long(1), STR("")));
}
#endif
