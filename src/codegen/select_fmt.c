/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sprintf in kernel code: the pieces of a format one after another, with the
 * meaning that run/format gives them.  Every number that becomes a length is
 * kept in a cell.
 */
#include <string.h>

#include "base/bits.h"
#include "codegen/loop.h"
#include "codegen/rt.h"

/* The work space of a number. */
#define DIGITS 0		/* 64 bytes, right-justified, and a NUL */
#define NDIGITS 72
#define PREFIX 80		/* sign or 0x, NUL-terminated */
#define NPREFIX 88
#define WORK_SIZE 104		/* the last word is rt_digits()' own */

/* No field is wider: run/format's. */
#define FIELD_MAX 65536

struct fmt {
	struct cg_fn *fn;
	const struct ir_insn *i;
	struct cg_str dst;
	cg_cell pos;
	uint32_t work;
	uint32_t next;		/* argument */
	cg_label end;		/* a NUL ends the text */
};

struct field {
	char flag;
	bool has_width, has_prec;
	cg_cell width, prec, left;	/* left: 1 = to the left */
};

static ir_ref take(struct fmt *m)
{
	return m->fn->f->args.v[m->i->args + m->next++];
}

static void append(struct fmt *m, struct cg_str s)
{
	struct cg_fn *fn = m->fn;
	cg_reg pos = cell_get(fn, m->pos);

	code_at_most(fn->c, pos, m->dst.bound);
	cell_set(fn, m->pos, cg_str_append(fn, m->dst, pos, s));
}

/* n bytes; where there is a NUL among them, or they do not fit, no more of the
 * text is to come. */
static void append_bytes(struct fmt *m, struct cg_str s, cg_reg n)
{
	struct cg_code *c = m->fn->c;
	cg_reg whole = cell_get(m->fn, m->pos);

	code_alu(c, BPF_ADD, whole, n);
	append(m, s);
	code_if(c, BPF_JLT, cell_get(m->fn, m->pos), whole, m->end);
}

static void append_at(struct fmt *m, cg_reg at, uint32_t most)
{
	append(m, (struct cg_str){ .base = CG_IN_REG, .reg = at,
				   .bound = (uint16_t)most });
}

/* Bytes of each fill character at hand: no text is longer. */
static uint32_t fill_most(const struct cg_fn *fn)
{
	return fn->g->img->limits.maxstringlen;
}

/* As many times c, and a NUL, in rodata. */
static uint32_t fill_table(struct cg_fn *fn, char c)
{
	uint32_t *known = &fn->g->fills[c == '0'], most = fill_most(fn);
	char *text;

	if (*known)
		return *known - 1;
	text = arena_array(fn->g->a, most + 8, char);
	memset(text, c, most);
	*known = 1 + cg_rodata(fn->g, text, most + 8, 8);
	return *known - 1;
}

/* c as often as the cell says. */
static void fill(struct fmt *m, char c, cg_cell times)
{
	struct cg_fn *fn = m->fn;
	uint32_t most = fill_most(fn);
	cg_reg at = code_map_value(fn->c, cg_rodata_map(fn->g),
				   fill_table(fn, c) + most);

	code_alu(fn->c, BPF_SUB, at, cell_get_max(fn, times, most));
	append_at(m, at, most);
}

/* ---- widths ---- */

static void size_cell(struct fmt *m, enum image_size kind, uint32_t number,
		      cg_cell cell, cg_cell left)
{
	struct cg_fn *fn = m->fn;
	struct cg_code *c = fn->c;
	cg_label pos = code_label(c);
	cg_reg n;

	if (kind == SIZE_NUMBER) {
		cell_seti(fn, cell, (int32_t)MIN(number, (uint32_t)FIELD_MAX));
		return;
	}
	n = code_copy(c, cg_long(fn, take(m)));
	code_ifi(c, BPF_JSGE, n, 0, pos);
	if (left) {
		cell_seti(fn, left, 1);
		code_alui(c, BPF_NEG, n, 0);
	} else {
		code_movi(c, n, -1);	/* a negative precision is none */
	}
	code_place_label(c, pos);
	cell_set(fn, cell, n);
}

static void field_new(struct fmt *m, const struct image_piece *p,
		      struct field *f)
{
	struct cg_fn *fn = m->fn;

	*f = (struct field){ .flag = p->flag,
			     .has_width = p->width_kind != SIZE_NONE,
			     .has_prec = p->prec_kind != SIZE_NONE };
	if (f->has_width) {
		f->width = cell_new(fn, 0);
		f->left = cell_new(fn, p->flag == '-');
		size_cell(m, (enum image_size)p->width_kind, p->width,
			  f->width, f->left);
	}
	if (f->has_prec) {
		f->prec = cell_new(fn, 0);
		size_cell(m, (enum image_size)p->prec_kind, p->prec, f->prec,
			  0);
	}
}

static void field_free(struct fmt *m, struct field *f)
{
	if (f->has_width) {
		cell_free(m->fn, f->width);
		cell_free(m->fn, f->left);
	}
	if (f->has_prec)
		cell_free(m->fn, f->prec);
}

/* width = width > total ? width - total : 0: what is to be filled. */
static void width_left(struct fmt *m, struct field *f, cg_reg total)
{
	struct cg_code *c = m->fn->c;
	cg_label some = code_label(c);
	cg_reg w = cell_get(m->fn, f->width);

	code_alu(c, BPF_SUB, w, total);
	code_ifi(c, BPF_JSGT, w, 0, some);
	code_movi(c, w, 0);
	code_place_label(c, some);
	cell_set(m->fn, f->width, w);
}

/* The blanks on this side, if that is where they go. */
static void blanks(struct fmt *m, struct field *f, bool behind)
{
	struct cg_code *c = m->fn->c;
	cg_label no = code_label(c);

	if (!f->has_width)
		return;
	code_ifi(c, behind ? BPF_JEQ : BPF_JNE, cell_get(m->fn, f->left), 0,
		 no);
	fill(m, ' ', f->width);
	code_place_label(c, no);
}

/* ---- numbers ---- */

static void work_seti(struct fmt *m, uint32_t at, int32_t v, uint32_t size)
{
	code_storei(m->fn->c, m->fn->scratch, (int32_t)(m->work + at), v,
		    size);
}

/* Puts the sign away; gives the magnitude. */
static cg_reg split_sign(struct fmt *m, cg_reg x, char flag)
{
	struct cg_code *c = m->fn->c;
	cg_label pos = code_label(c), done = code_label(c);
	cg_reg v = code_copy(c, x);

	code_ifi(c, BPF_JSGE, v, 0, pos);
	code_alui(c, BPF_NEG, v, 0);
	work_seti(m, PREFIX, '-', 8);
	work_seti(m, NPREFIX, 1, 8);
	code_jmp(c, done);
	code_place_label(c, pos);
	if (flag == '+' || flag == ' ') {
		work_seti(m, PREFIX, flag, 8);
		work_seti(m, NPREFIX, 1, 8);
	}
	code_place_label(c, done);
	return v;
}

/* The digits of v in the work space; none of zero. */
static void digits(struct fmt *m, cg_reg v, uint32_t base, bool upper)
{
	struct cg_code *c = m->fn->c;

	code_mov(c, R1, cg_scratch_addr(m->fn, (int32_t)m->work));
	code_mov(c, R2, v);
	code_movi(c, R3, base);
	code_movi(c, R4, upper ? 'A' - '9' - 1 : 'a' - '9' - 1);
	code_call_sub(c, rt_routine(m->fn, RT_DIGITS), 4);
}

static cg_reg ndigits(struct fmt *m)
{
	return cell_get_max(m->fn, m->work + NDIGITS, 64);
}

/* Zero has a digit, unless a precision speaks of digits. */
static void zero_digit(struct fmt *m, struct field *f)
{
	struct cg_code *c = m->fn->c;
	cg_label no = code_label(c);

	code_ifi(c, BPF_JNE, cell_get(m->fn, m->work + NDIGITS), 0, no);
	if (f->has_prec)
		code_ifi(c, BPF_JSGE, cell_get(m->fn, f->prec), 0, no);
	work_seti(m, DIGITS + 63, '0', 1);
	work_seti(m, NDIGITS, 1, 8);
	code_place_label(c, no);
}

/* zeros = precision - digits, if that is positive. */
static void prec_zeros(struct fmt *m, struct field *f, cg_cell zeros)
{
	struct cg_code *c = m->fn->c;
	cg_label no = code_label(c);
	cg_reg z;

	if (!f->has_prec)
		return;
	z = cell_get(m->fn, f->prec);
	code_alu(c, BPF_SUB, z, cell_get(m->fn, m->work + NDIGITS));
	code_ifi(c, BPF_JSLE, z, 0, no);
	cell_set(m->fn, zeros, z);
	code_place_label(c, no);
}

/* %#o begins with a 0. */
static void octal_zero(struct fmt *m, cg_cell zeros)
{
	struct cg_code *c = m->fn->c;
	cg_label no = code_label(c), yes = code_label(c);
	cg_reg at, n;

	code_ifi(c, BPF_JNE, cell_get(m->fn, zeros), 0, no);
	n = ndigits(m);
	code_ifi(c, BPF_JEQ, n, 0, yes);
	/* no number can be taken from an address: add what is left of 64 */
	code_alui(c, BPF_NEG, n, 0);
	code_alui(c, BPF_ADD, n, 64);
	code_cap(c, n, 63);
	at = cg_scratch_addr(m->fn, (int32_t)(m->work + DIGITS));
	code_alu(c, BPF_ADD, at, n);
	code_ifi(c, BPF_JEQ, code_ld(c, at, 0, 1), '0', no);
	code_place_label(c, yes);
	cell_seti(m->fn, zeros, 1);
	code_place_label(c, no);
}

/* The width that is left becomes zeros (%08d), unless a precision or a
 * negative width forbids. */
static void width_zeros(struct fmt *m, struct field *f, cg_cell zeros)
{
	struct cg_code *c = m->fn->c;
	cg_label no = code_label(c);
	cg_reg z;

	if (f->flag != '0')
		return;
	if (f->has_prec)
		code_ifi(c, BPF_JSGE, cell_get(m->fn, f->prec), 0, no);
	code_ifi(c, BPF_JNE, cell_get(m->fn, f->left), 0, no);
	z = cell_get(m->fn, zeros);
	code_alu(c, BPF_ADD, z, cell_get(m->fn, f->width));
	cell_set(m->fn, zeros, z);
	cell_seti(m->fn, f->width, 0);
	code_place_label(c, no);
}

static void append_digits(struct fmt *m)
{
	cg_reg at = cg_scratch_addr(m->fn,
				    (int32_t)(m->work + DIGITS + 64));

	code_alu(m->fn->c, BPF_SUB, at, ndigits(m));
	append_at(m, at, 64);
}

static void append_number(struct fmt *m, struct field *f, bool octal)
{
	struct cg_fn *fn = m->fn;
	cg_cell zeros = cell_new(fn, 0);
	cg_reg total;

	zero_digit(m, f);
	prec_zeros(m, f, zeros);
	if (octal && f->flag == '#')
		octal_zero(m, zeros);
	if (f->has_width) {
		total = cell_get(fn, m->work + NDIGITS);
		code_alu(fn->c, BPF_ADD, total,
			 cell_get(fn, m->work + NPREFIX));
		code_alu(fn->c, BPF_ADD, total, cell_get(fn, zeros));
		width_left(m, f, total);
		width_zeros(m, f, zeros);
	}
	blanks(m, f, false);
	append(m, cg_scratch_str((int32_t)(m->work + PREFIX), 7));
	if (f->has_prec || f->flag == '0' || (octal && f->flag == '#'))
		fill(m, '0', zeros);
	append_digits(m);
	blanks(m, f, true);
	cell_free(fn, zeros);
}

static void put_number(struct fmt *m, struct field *f, cg_reg v,
		       enum image_conv conv)
{
	bool hex = conv == CONV_HEX || conv == CONV_HEX_UPPER;
	uint32_t base = conv == CONV_OCTAL ? 8 :
			hex || conv == CONV_POINTER ? 16 : 10;

	work_seti(m, PREFIX, 0, 8);
	work_seti(m, NPREFIX, 0, 8);
	work_seti(m, DIGITS + 64, 0, 8);
	if (conv == CONV_SIGNED)
		v = split_sign(m, v, f->flag);
	if (conv == CONV_POINTER || (hex && f->flag == '#')) {
		work_seti(m, PREFIX, '0' | (conv == CONV_HEX_UPPER ? 'X' :
					    'x') << 8, 8);
		work_seti(m, NPREFIX, 2, 8);
	}
	digits(m, v, base, conv == CONV_HEX_UPPER);
	append_number(m, f, conv == CONV_OCTAL);
}

/* ---- texts ---- */

/* t = s, cut by the precision; its length. */
static cg_reg cut(struct fmt *m, struct field *f, struct cg_str t,
		  struct cg_str s)
{
	struct cg_fn *fn = m->fn;
	struct cg_code *c = fn->c;
	cg_label all = code_label(c);
	cg_reg n, at, p;

	n = cg_str_put(fn, cg_str_addr(fn, t), t.bound + 1u, s);
	code_alui(c, BPF_SUB, n, 1);
	if (!f->has_prec)
		return n;
	p = cell_get(fn, f->prec);
	code_if(c, BPF_JGE, p, n, all);	/* unsigned: -1 is none */
	code_cap(c, p, t.bound);
	at = cg_str_addr(fn, t);
	code_alu(c, BPF_ADD, at, p);
	code_storei(c, at, 0, 0, 1);
	code_mov(c, n, p);
	code_place_label(c, all);
	return n;
}

static void put_field(struct fmt *m, struct field *f, struct cg_str t,
		      cg_reg n)
{
	if (f->has_width)
		width_left(m, f, n);
	blanks(m, f, false);
	append(m, t);
	blanks(m, f, true);
}

static void put_text(struct fmt *m, struct field *f, struct cg_str s)
{
	struct cg_fn *fn = m->fn;
	uint32_t most = fn->g->img->limits.maxstringlen - 1;
	struct cg_str t, e;
	cg_reg n;

	if (!f->has_width && !f->has_prec && f->flag != '#') {
		append(m, s);
		return;
	}
	t = cg_scratch_str((int32_t)cg_slot(fn, s.bound + 1u), s.bound);
	n = cut(m, f, t, s);
	if (f->flag == '#') {
		most = MIN(4u * s.bound, most);
		e = cg_scratch_str((int32_t)cg_slot(fn, most + 16),
				   (uint16_t)most);
		n = cg_escape(fn, e, t);
		put_field(m, f, e, n);
		cg_slot_free(fn, (uint32_t)e.off);
	} else {
		put_field(m, f, t, n);
	}
	cg_slot_free(fn, (uint32_t)t.off);
}

/* '\0', escaped as others are. */
static void put_escaped_nul(struct fmt *m, struct field *f)
{
	struct cg_fn *fn = m->fn;
	struct str text = STR("\\000");

	put_field(m, f, cg_literal(fn->g, image_intern(fn->g->img, fn->g->a,
						       text)),
		  code_const(fn->c, text.len));
}

static void put_char(struct fmt *m, struct field *f, cg_reg v)
{
	struct cg_fn *fn = m->fn;
	struct cg_code *c = fn->c;
	cg_label some = code_label(c), done = code_label(c);
	struct cg_str s = cg_scratch_str((int32_t)cg_slot(fn, 8), 1);

	f->has_prec = false;
	code_storei(c, fn->scratch, s.off, 0, 8);
	code_store(c, fn->scratch, s.off, v, 1);
	if (f->flag == '#') {
		code_ifi(c, BPF_JNE, code_ld(c, fn->scratch, s.off, 1), 0,
			 some);
		put_escaped_nul(m, f);
		code_jmp(c, done);
		code_place_label(c, some);
		put_text(m, f, s);
		code_place_label(c, done);
	} else {
		if (f->has_width)
			width_left(m, f, code_const(c, 1));
		blanks(m, f, false);
		append_bytes(m, s, code_const(c, 1));
		blanks(m, f, true);
	}
	cg_slot_free(fn, (uint32_t)s.off);
}

/* How many bytes %b is to have: its width, if that is a size of a number. */
static cg_reg binary_size(struct fmt *m, struct field *f)
{
	struct cg_code *c = m->fn->c;
	cg_reg n = code_const(c, 8);
	cg_label have = code_label(c);

	if (!f->has_width)
		return n;
	for (int32_t size = 1; size <= 4; size *= 2) {
		cg_label other = code_label(c);

		code_ifi(c, BPF_JNE, cell_get(m->fn, f->width), size, other);
		code_movi(c, n, size);
		code_jmp(c, have);
		code_place_label(c, other);
	}
	code_place_label(c, have);
	return n;
}

/* The bytes of v themselves. */
static void put_binary(struct fmt *m, struct field *f, cg_reg v)
{
	struct cg_fn *fn = m->fn;
	struct cg_str s = cg_scratch_str((int32_t)cg_slot(fn, 16), 8);
	cg_cell n = cell_new(fn, 0);
	cg_reg at;

	code_store(fn->c, fn->scratch, s.off, v, 8);
	cell_set(fn, n, binary_size(m, f));
	at = cg_str_addr(fn, s);
	code_alu(fn->c, BPF_ADD, at, cell_get_max(fn, n, 8));
	code_storei(fn->c, at, 0, 0, 1);
	append_bytes(m, s, cell_get(fn, n));
	cell_free(fn, n);
	cg_slot_free(fn, (uint32_t)s.off);
}

static void put_piece(struct fmt *m, const struct image_piece *p)
{
	struct cg_fn *fn = m->fn;
	struct field f = {};

	if (p->conv == CONV_LITERAL) {
		append(m, cg_literal(fn->g, p->text));
		return;
	}
	field_new(m, p, &f);
	switch ((enum image_conv)p->conv) {
	case CONV_LITERAL:
		break;
	case CONV_SIGNED:
	case CONV_UNSIGNED:
	case CONV_OCTAL:
	case CONV_HEX:
	case CONV_HEX_UPPER:
	case CONV_POINTER:
		put_number(m, &f, cg_long(fn, take(m)),
			   (enum image_conv)p->conv);
		break;
	case CONV_CHAR:
		put_char(m, &f, cg_long(fn, take(m)));
		break;
	case CONV_STRING:
		put_text(m, &f, cg_string(fn, take(m)));
		break;
	case CONV_BINARY:
		put_binary(m, &f, cg_long(fn, take(m)));
		break;
	}
	field_free(m, &f);
}

void cg_str_fmt(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	const struct image_format *f = &fn->g->img->formats.v[i->imm];
	struct fmt m = { .fn = fn, .i = i, .dst = cg_new_string(fn, r),
			 .pos = cell_new(fn, 0),
			 .work = cg_slot(fn, WORK_SIZE),
			 .end = code_label(fn->c) };

	cg_str_clear(fn, m.dst);
	for (uint32_t k = 0; k < f->n; k++)
		put_piece(&m, &fn->g->img->pieces.v[f->first + k]);
	code_place_label(fn->c, m.end);
	cell_free(fn, m.pos);
	cg_slot_free(fn, m.work);
}

void cg_put_hex(struct cg_fn *fn, struct cg_str dst, cg_reg pos, cg_reg x)
{
	struct fmt m = { .fn = fn, .dst = dst, .pos = cell_new(fn, 0),
			 .work = cg_slot(fn, WORK_SIZE) };
	struct field f = { .flag = '#' };

	cell_set(fn, m.pos, pos);
	append(&m, cg_literal(fn->g, image_intern(fn->g->img, fn->g->a,
						  STR(" "))));
	put_number(&m, &f, x, CONV_HEX);
	cell_free(fn, m.pos);
	cg_slot_free(fn, m.work);
}
