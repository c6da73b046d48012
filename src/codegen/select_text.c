/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intrinsics that take texts apart.  A text that is looked into is first
 * copied to scratch, which also tells its length.
 */
#include <string.h>

#include "base/bits.h"
#include "codegen/loop.h"
#include "codegen/rt.h"

#define ROW 8 /* bytes of a row of the escape table */

/* A copy of r in scratch, to be given back by cg_slot_free(); *n = its length
 * without NUL. */
static struct cg_str take(struct cg_fn *fn, ir_ref r, cg_reg *n)
{
	struct cg_str s = cg_string(fn, r);
	struct cg_str t =
		cg_scratch_str((int32_t)cg_slot(fn, s.bound + 1u), s.bound);

	*n = cg_str_put(fn, cg_str_addr(fn, t), t.bound + 1u, s);
	code_alui(fn->c, BPF_SUB, *n, 1);
	return t;
}

static void give_back(struct cg_fn *fn, struct cg_str t)
{
	cg_slot_free(fn, (uint32_t)t.off);
}

/* The byte at position i, which the verifier knows to be in bounds. */
static cg_reg byte_at(struct cg_fn *fn, struct cg_str s, cg_reg i)
{
	cg_reg at = cg_str_addr(fn, s);

	code_alu(fn->c, BPF_ADD, at, i);
	return code_ld(fn->c, at, 0, 1);
}

void cg_strlen(struct cg_fn *fn, ir_ref r, ir_ref a)
{
	cg_reg n;
	struct cg_str t = take(fn, a, &n);

	cg_set_long(fn, r, n);
	give_back(fn, t);
}

void cg_str_part(struct cg_fn *fn, struct cg_str dst, struct cg_str src,
		 cg_reg start, cg_reg n)
{
	struct cg_code *c = fn->c;
	cg_reg from = cg_str_addr(fn, src);

	code_cap(c, n, dst.bound);
	code_alui(c, BPF_ADD, n, 1);
	code_alu(c, BPF_ADD, from, start);
	code_mov(c, R1, cg_str_addr(fn, dst));
	code_mov(c, R2, n);
	code_mov(c, R3, from);
	code_call(c, HELPER_probe_read_kernel_str);
}

void cg_substr(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b, ir_ref len)
{
	struct cg_code *c = fn->c;
	cg_label none = code_label(c), done = code_label(c);
	struct cg_str dst = cg_new_string(fn, r);
	cg_reg n, start, room;
	struct cg_str t = take(fn, a, &n);

	start = code_copy(c, cg_long(fn, b));
	room = code_copy(c, cg_long(fn, len));
	code_if(c, BPF_JGE, start, n, none);
	code_ifi(c, BPF_JSLE, room, 0, none);
	code_cap(c, start, t.bound);
	cg_str_part(fn, dst, t, start, room);
	code_jmp(c, done);
	code_place_label(c, none);
	cg_str_clear(fn, dst);
	code_place_label(c, done);
	give_back(fn, t);
}

void cg_byte(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b)
{
	struct cg_code *c = fn->c;
	cg_label none = code_label(c);
	cg_reg n, i, v = code_const(c, 0);
	struct cg_str t = take(fn, a, &n);

	i = code_copy(c, cg_long(fn, b));
	code_if(c, BPF_JGE, i, n, none);
	code_cap(c, i, t.bound);
	code_mov(c, v, byte_at(fn, t, i));
	code_place_label(c, none);
	cg_set_long(fn, r, v);
	give_back(fn, t);
}

void cg_char(struct cg_fn *fn, ir_ref r, ir_ref a)
{
	cg_reg at = cg_str_addr(fn, cg_new_string(fn, r));

	code_store(fn->c, at, 0, cg_long(fn, a), 1);
	code_storei(fn->c, at, 1, 0, 1);
}

/* ---- finding ---- */

static void by_strstr(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b)
{
	struct cg_code *c = fn->c;
	cg_label found = code_label(c);
	cg_reg v;

	code_mov(c, R1, cg_str_addr(fn, cg_string(fn, a)));
	code_mov(c, R2, cg_str_addr(fn, cg_string(fn, b)));
	code_call_kfunc(
		c, image_intern(fn->g->img, fn->g->a, STR("bpf_strstr")), 2);
	v = code_result(c);
	code_alui(c, BPF_LSH, v, 32);
	code_alui(c, BPF_ARSH, v, 32);
	code_ifi(c, BPF_JSGE, v, 0, found);
	code_movi(c, v, -1);
	code_place_label(c, found);
	cg_set_long(fn, r, v);
}

/* Of the positions in a text in scratch.  The margin of scratch is wide enough
 * for what it has too much. */
static uint32_t text_mask(uint32_t bound)
{
	return mask_over(MAX(bound, 7u));
}

/* The text in scratch, where a routine may read up to its mask: itself, or a
 * copy in *slot (else 0). */
static struct cg_str in_scratch(struct cg_fn *fn, struct cg_str s,
				uint32_t *slot)
{
	struct cg_str t;

	*slot = 0;
	if (s.base == CG_IN_SCRATCH)
		return s;
	*slot = cg_slot(fn, s.bound + 1u);
	t = cg_scratch_str((int32_t)*slot, s.bound);
	cg_str_copy(fn, t, s);
	return t;
}

/* A needle as the routines want it, of a text known now: its offset in
 * rodata. */
static uint32_t needle_table(struct cg_fn *fn, struct str text, uint32_t mask)
{
	uint32_t size = 3 * (mask + 1);
	uint8_t *bytes = arena_array(fn->g->a, size, uint8_t);
	uint16_t *border = arena_array(fn->g->a, mask + 2, uint16_t);

	memcpy(bytes, text.s, text.len);
	for (uint32_t i = 1, j = 0; i < text.len;) {
		if (text.s[i] == text.s[j])
			border[++i] = (uint16_t)++j;
		else if (!j)
			border[++i] = 0;
		else
			j = border[j];
	}
	memcpy(bytes + mask + 1, border, 2 * (mask + 1));
	return cg_rodata(fn->g, bytes, size, 8);
}

/* The address of a needle; of one that only the running code knows, made in
 * *slot. */
static cg_reg needle(struct cg_fn *fn, ir_ref r, cg_cell work, uint32_t mask,
		     uint32_t *slot)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_str s = cg_string(fn, r);
	struct cg_code *c = fn->c;

	*slot = 0;
	if (i->op == OP_STR)
		return code_map_value(
			c, cg_rodata_map(fn->g),
			needle_table(fn, image_str(fn->g->img, (istr)i->imm),
				     mask));
	*slot = cg_slot(fn, 3 * (mask + 1));
	cg_str_copy(fn, cg_scratch_str((int32_t)*slot, s.bound), s);
	code_mov(c, R1, cg_scratch_addr(fn, (int32_t)*slot));
	code_mov(c, R2, cg_scratch_addr(fn, (int32_t)work));
	code_movi(c, R3, mask);
	code_call_sub(c, rt_routine(fn, RT_BORDERS), 3);
	return cg_scratch_addr(fn, (int32_t)*slot);
}

static void by_search(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b)
{
	struct cg_code *c = fn->c;
	uint32_t mask = text_mask(cg_string(fn, b).bound), slots[2];
	struct cg_str text = in_scratch(fn, cg_string(fn, a), &slots[0]);
	cg_cell work = cg_slot(fn, 24);
	cg_reg y = needle(fn, b, work, mask, &slots[1]);

	code_mov(c, R1, cg_str_addr(fn, text));
	code_mov(c, R2, y);
	code_mov(c, R3, cg_scratch_addr(fn, (int32_t)work));
	code_movi(c, R4, (int64_t)mask << 16 | text_mask(text.bound));
	code_call_sub(c, rt_routine(fn, RT_FIND), 4);
	cg_set_long(fn, r, code_result(c));
	cg_slot_free(fn, work);
	for (int k = 0; k < 2; k++)
		if (slots[k])
			cg_slot_free(fn, slots[k]);
}

void cg_strpos(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b)
{
	if (cg_has(fn, FEATURE_BIT(KF_STRING)))
		by_strstr(fn, r, a, b);
	else
		by_search(fn, r, a, b);
}

/* ---- numbers in texts ---- */

#define NO_DIGIT 36

/* The value of each byte as a digit. */
static uint32_t digit_table(struct cg_fn *fn)
{
	uint8_t table[256];

	if (fn->g->digits)
		return fn->g->digits - 1;
	for (int b = 0; b < 256; b++)
		table[b] = (uint8_t)(b >= '0' && b <= '9' ? b - '0' :
				     b >= 'a' && b <= 'z' ? b - 'a' + 10 :
				     b >= 'A' && b <= 'Z' ? b - 'A' + 10 :
							    NO_DIGIT);
	fn->g->digits = 1 + cg_rodata(fn->g, table, sizeof(table), 8);
	return fn->g->digits - 1;
}

static cg_reg digits_addr(struct cg_fn *fn)
{
	return code_map_value(fn->c, cg_rodata_map(fn->g), digit_table(fn));
}

/* Its value; NO_DIGIT = none. */
static cg_reg digit_of(struct cg_fn *fn, cg_reg byte)
{
	cg_reg at = digits_addr(fn);

	code_alu(fn->c, BPF_ADD, at, byte);
	return code_ld(fn->c, at, 0, 1);
}

/* Byte at cell `at` + k of s, 0 behind its end. */
static cg_reg peek(struct cg_fn *fn, struct cg_str s, cg_cell at, int k)
{
	cg_reg i = cell_get(fn, at);

	code_alui(fn->c, BPF_ADD, i, k);
	code_cap(fn->c, i, s.bound);
	return byte_at(fn, s, i);
}

/* at += 2 behind "0x" and a digit; base 0 becomes 16, 8 or 10. */
static void take_prefix(struct cg_fn *fn, struct cg_str s, cg_cell at,
			cg_reg base)
{
	struct cg_code *c = fn->c;
	cg_label plain = code_label(c), done = code_label(c);
	cg_label given = code_label(c), octal = code_label(c);
	cg_reg x;

	x = peek(fn, s, at, 0);
	code_ifi(c, BPF_JNE, x, '0', plain);
	x = peek(fn, s, at, 1);
	code_alui(c, BPF_OR, x, 32);
	code_ifi(c, BPF_JNE, x, 'x', octal);
	code_ifi(c, BPF_JGE, digit_of(fn, peek(fn, s, at, 2)), 16, octal);
	code_ifi(c, BPF_JEQ, base, 16, given);
	code_ifi(c, BPF_JNE, base, 0, done);
	code_movi(c, base, 16);
	code_place_label(c, given);
	cell_set(fn, at, code_addi(c, cell_get(fn, at), 2));
	code_jmp(c, done);
	code_place_label(c, octal);
	code_ifi(c, BPF_JNE, base, 0, done);
	code_movi(c, base, 8);
	code_jmp(c, done);
	code_place_label(c, plain);
	code_ifi(c, BPF_JNE, base, 0, done);
	code_movi(c, base, 10);
	code_place_label(c, done);
}

void cg_strtol(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b)
{
	struct cg_code *c = fn->c;
	uint32_t work = cg_slot(fn, 24);
	cg_cell at = work, value = work + 8, radix = work + 16;
	cg_cell sign = cell_new(fn, 0);
	cg_label pos = code_label(c), done = code_label(c);
	cg_reg n, base, v;
	struct cg_str s = take(fn, a, &n);

	cell_seti(fn, at, 0);
	cell_seti(fn, value, 0);
	code_ifi(c, BPF_JNE, peek(fn, s, at, 0), '-', pos);
	cell_seti(fn, sign, 1);
	cell_seti(fn, at, 1);
	code_place_label(c, pos);
	base = code_copy(c, cg_long(fn, b));
	take_prefix(fn, s, at, base);
	cell_set(fn, radix, base);
	code_ifi(c, BPF_JLT, base, 2, done);
	code_ifi(c, BPF_JGT, base, 36, done);
	code_mov(c, R1, cg_str_addr(fn, s));
	code_mov(c, R2, digits_addr(fn));
	code_mov(c, R3, cg_scratch_addr(fn, (int32_t)work));
	code_movi(c, R4, text_mask(s.bound));
	code_call_sub(c, rt_routine(fn, RT_NUMBER), 4);
	code_place_label(c, done);
	v = cell_get(fn, value);
	pos = code_label(c);
	code_ifi(c, BPF_JEQ, cell_get(fn, sign), 0, pos);
	code_alui(c, BPF_NEG, v, 0);
	code_place_label(c, pos);
	cg_set_long(fn, r, v);
	give_back(fn, s);
	cg_slot_free(fn, work);
	cell_free(fn, sign);
}

/* ---- quoting ---- */

/* A row per byte: how it is written, in at most four bytes, and behind them
 * how many. */
static uint32_t escape_table(struct cg_fn *fn)
{
	static const char from[] = "\a\b\f\n\r\t\v\"\\";
	static const char to[] = "abfnrtv\"\\";
	uint8_t table[256 * ROW] = {};

	if (fn->g->escapes)
		return fn->g->escapes - 1;
	for (int b = 1; b < 256; b++) {
		uint8_t *row = table + b * ROW;
		const char *at = strchr(from, b);

		if (at) {
			row[0] = '\\';
			row[1] = (uint8_t)to[at - from];
			row[4] = 2;
		} else if (b >= ' ' && b < 127) {
			row[0] = (uint8_t)b;
			row[4] = 1;
		} else {
			row[0] = '\\';
			row[1] = (uint8_t)('0' + (b >> 6));
			row[2] = (uint8_t)('0' + (b >> 3 & 7));
			row[3] = (uint8_t)('0' + (b & 7));
			row[4] = 4;
		}
	}
	fn->g->escapes = 1 + cg_rodata(fn->g, table, sizeof(table), 8);
	return fn->g->escapes - 1;
}

/* Cells of RT_QUOTE, and where it writes to. */
struct quote {
	struct cg_str dst;
	uint32_t work;
	cg_cell pos, fits, room, left;
};

/* Appends the escapes of s at dst + *pos until `room` is full. */
static void quote_bytes(struct cg_fn *fn, struct quote *q, struct cg_str s)
{
	struct cg_code *c = fn->c;
	uint32_t slot;
	struct cg_str text = in_scratch(fn, s, &slot);

	code_mov(c, R1, cg_str_addr(fn, text));
	code_mov(c, R2,
		 code_map_value(c, cg_rodata_map(fn->g), escape_table(fn)));
	code_mov(c, R3, cg_scratch_addr(fn, (int32_t)q->work));
	code_mov(c, R4, cg_str_addr(fn, q->dst));
	code_movi(c, R5, (int64_t)text_mask(q->dst.bound) << 16 |
				text_mask(text.bound));
	code_call_sub(c, rt_routine(fn, RT_QUOTE), 5);
	if (slot)
		cg_slot_free(fn, slot);
}

static void quote_new(struct cg_fn *fn, struct quote *q, struct cg_str dst,
		      bool wide)
{
	q->dst = dst;
	q->work = cg_slot(fn, RT_QUOTE_SIZE + 8);
	q->pos = q->work + RT_QUOTE_POS;
	q->fits = q->work + RT_QUOTE_FITS;
	q->room = q->work + RT_QUOTE_ROOM;
	q->left = q->work + RT_QUOTE_LEFT;
	cell_seti(fn, q->pos, 0);
	cell_seti(fn, q->fits, 0);
	cell_seti(fn, q->room, dst.bound);
	cell_seti(fn, q->left, 0);
	cell_seti(fn, q->work + RT_QUOTE_WIDE, wide);
}

static void quote_free(struct cg_fn *fn, struct quote *q)
{
	cg_slot_free(fn, q->work);
}

/* NUL at the end of what is written. */
static void close_text(struct cg_fn *fn, struct cg_str dst, cg_cell pos)
{
	cg_reg at = cg_str_addr(fn, dst);

	code_alu(fn->c, BPF_ADD, at, cell_get_max(fn, pos, dst.bound));
	code_storei(fn->c, at, 0, 0, 1);
}

cg_reg cg_escape(struct cg_fn *fn, struct cg_str dst, struct cg_str src)
{
	struct quote q;
	cg_reg n;

	quote_new(fn, &q, dst, false);
	quote_bytes(fn, &q, src);
	close_text(fn, dst, q.pos);
	n = cell_get_max(fn, q.pos, dst.bound);
	quote_free(fn, &q);
	return n;
}

/* room = how much text there may be; with quotes two less, and the first of
 * them is there already. */
static void quote_room(struct cg_fn *fn, struct quote *q, ir_ref max,
		       cg_reg quotes)
{
	struct cg_code *c = fn->c;
	uint32_t cap = fn->g->img->limits.maxstringlen;
	cg_label all = code_label(c), some = code_label(c);
	cg_label done = code_label(c), wide = code_label(c);
	cg_reg room = code_copy(c, cg_long(fn, max));

	code_ifi(c, BPF_JSLE, room, 0, all);
	code_ifi(c, BPF_JSLE, room, cap, some);
	code_place_label(c, all);
	code_movi(c, room, cap);
	code_place_label(c, some);
	code_alui(c, BPF_SUB, room, 1);
	code_ifi(c, BPF_JEQ, quotes, 0, done);
	code_alui(c, BPF_SUB, room, 1); /* 2 less, 1 is there */
	code_ifi(c, BPF_JSGT, room, 4, wide);
	code_movi(c, room, 4);
	code_place_label(c, wide);
	code_storei(c, cg_str_addr(fn, q->dst), 0, '"', 1);
	cell_seti(fn, q->pos, 1);
	cell_seti(fn, q->fits, 1);
	code_place_label(c, done);
	cell_set(fn, q->room, room);
}

void cg_quoted(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref max, ir_ref on)
{
	struct cg_code *c = fn->c;
	uint16_t bound = ir_insn(fn->f, r)->bound;
	struct cg_str dst = cg_scratch_str((int32_t)cg_slot(fn, bound + 16u),
					   bound),
		      tail;
	cg_reg quotes = code_copy(c, cg_long(fn, on));
	cg_label done = code_label(c), whole = code_label(c);
	struct quote q;

	dst.is_temp = true;
	fn->vals[r].str = dst;
	quote_new(fn, &q, dst, true);
	quote_room(fn, &q, max, quotes);
	quote_bytes(fn, &q, cg_string(fn, a));
	close_text(fn, dst, q.pos);
	code_ifi(c, BPF_JEQ, quotes, 0, done);
	code_ifi(c, BPF_JEQ, cell_get(fn, q.left), 0, whole);
	tail = cg_literal(fn->g,
			  image_intern(fn->g->img, fn->g->a, STR("\"...")));
	cg_str_append(fn, dst, cell_get_max(fn, q.fits, bound), tail);
	code_jmp(c, done);
	code_place_label(c, whole);
	tail = cg_literal(fn->g, image_intern(fn->g->img, fn->g->a, STR("\"")));
	cg_str_append(fn, dst, cell_get_max(fn, q.pos, bound), tail);
	code_place_label(c, done);
	quote_free(fn, &q);
}

/* ---- tokens ---- */

/* A table of the bytes of a text known now: its offset in rodata. */
static uint32_t set_table(struct cg_fn *fn, struct str text)
{
	uint8_t table[256] = { RT_SET_END };

	for (uint32_t i = 0; i < text.len; i++)
		table[(uint8_t)text.s[i]] = 1;
	return cg_rodata(fn->g, table, sizeof(table), 8);
}

/* The address of the table of r's bytes; of a text that only the running code
 * knows, made in *slot. */
static cg_reg byte_set(struct cg_fn *fn, ir_ref r, cg_cell cell, uint32_t *slot)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_code *c = fn->c;
	uint32_t copy;
	struct cg_str s;

	*slot = 0;
	if (i->op == OP_STR)
		return code_map_value(
			c, cg_rodata_map(fn->g),
			set_table(fn, image_str(fn->g->img, (istr)i->imm)));
	s = in_scratch(fn, cg_string(fn, r), &copy);
	*slot = cg_slot(fn, 256);
	code_mov(c, R1, cg_str_addr(fn, s));
	code_mov(c, R2, cg_scratch_addr(fn, (int32_t)*slot));
	code_mov(c, R3, cg_scratch_addr(fn, (int32_t)cell));
	code_movi(c, R4, text_mask(s.bound));
	code_call_sub(c, rt_routine(fn, RT_BYTE_SET), 4);
	if (copy)
		cg_slot_free(fn, copy);
	return cg_scratch_addr(fn, (int32_t)*slot);
}

/* Behind the delimiters (skip) or before the next of them. */
static void move_token(struct cg_fn *fn, struct cg_str text, cg_cell at,
		       cg_reg set, bool skip)
{
	struct cg_code *c = fn->c;

	code_mov(c, R1, cg_str_addr(fn, text));
	code_mov(c, R2, set);
	code_mov(c, R3, cg_scratch_addr(fn, (int32_t)at));
	code_movi(c, R4, text_mask(text.bound));
	code_movi(c, R5, skip);
	code_call_sub(c, rt_routine(fn, RT_SPAN), 5);
}

void cg_token(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b)
{
	struct cg_code *c = fn->c;
	uint16_t bound = (uint16_t)(fn->g->img->limits.maxstringlen - 1);
	struct cg_str text = cg_scratch_str(fn->token_text, bound);
	struct cg_str dst = cg_new_string(fn, r);
	cg_cell at = (cg_cell)fn->token_at, start = cell_new(fn, 0);
	cg_label go = code_label(c);
	cg_reg from, room, set;
	uint32_t slot;
	struct cg_str in = cg_string(fn, a);

	code_ifi(c, BPF_JEQ, code_ld(c, cg_str_addr(fn, in), 0, 1), 0, go);
	cg_str_copy(fn, text, in);
	cell_seti(fn, at, 0);
	code_place_label(c, go);
	set = byte_set(fn, b, start, &slot);
	move_token(fn, text, at, set, true);
	cell_set(fn, start, cell_get(fn, at));
	move_token(fn, text, at, set, false);
	from = cell_get_max(fn, start, bound);
	room = cell_get(fn, at);
	code_alu(c, BPF_SUB, room, from);
	cg_str_part(fn, dst, text, from, room);
	cell_free(fn, start);
	if (slot)
		cg_slot_free(fn, slot);
}
