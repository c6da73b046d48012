/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intrinsics that take texts apart.  A text that is looked into is first
 * copied to scratch, which also tells its length.
 */
#include <string.h>

#include "base/bits.h"
#include "codegen/loop.h"

#define ROW 8			/* bytes of a row of the escape table */

/* A copy of r in scratch, to be given back by cg_slot_free(); *n = its length
 * without NUL. */
static struct cg_str take(struct cg_fn *fn, ir_ref r, cg_reg *n)
{
	struct cg_str s = cg_string(fn, r);
	struct cg_str t = cg_scratch_str((int32_t)cg_slot(fn, s.bound + 1u),
					 s.bound);

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

void cg_substr(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b, ir_ref len)
{
	struct cg_code *c = fn->c;
	cg_label none = code_label(c), done = code_label(c);
	struct cg_str dst = cg_new_string(fn, r);
	cg_reg n, start, room, at;
	struct cg_str t = take(fn, a, &n);

	start = code_copy(c, cg_long(fn, b));
	room = code_copy(c, cg_long(fn, len));
	code_if(c, BPF_JGE, start, n, none);
	code_ifi(c, BPF_JSLE, room, 0, none);
	code_cap(c, start, t.bound);
	code_cap(c, room, dst.bound);
	code_alui(c, BPF_ADD, room, 1);
	at = cg_str_addr(fn, t);
	code_alu(c, BPF_ADD, at, start);
	code_mov(c, R1, cg_str_addr(fn, dst));
	code_mov(c, R2, room);
	code_mov(c, R3, at);
	code_call(c, HELPER_probe_read_kernel_str);
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
	code_call_kfunc(c, image_intern(fn->g->img, fn->g->a,
					STR("bpf_strstr")), 2);
	v = code_result(c);
	code_alui(c, BPF_LSH, v, 32);
	code_alui(c, BPF_ARSH, v, 32);
	code_ifi(c, BPF_JSGE, v, 0, found);
	code_movi(c, v, -1);
	code_place_label(c, found);
	cg_set_long(fn, r, v);
}

struct search {
	cg_cell from, at, ret;
};

/* One byte: text[0] is searched for text[1], of which `at` bytes agree with
 * what begins at `from`.  Where they differ the text goes back behind the
 * start of the try. */
static void search_turn(struct cg_fn *fn, struct cg_loop *l,
			struct cg_str text[LOOP_TEXTS], void *arg)
{
	const struct search *s = arg;
	struct cg_code *c = fn->c;
	cg_label differ = code_label(c), match = code_label(c);
	cg_reg j = cell_get_max(fn, s->at, text[1].bound), i, p, q;

	q = byte_at(fn, text[1], j);
	code_ifi(c, BPF_JEQ, q, 0, match);
	i = cell_get(fn, s->from);
	code_alu(c, BPF_ADD, i, j);
	code_cap(c, i, text[0].bound);
	p = byte_at(fn, text[0], i);
	code_ifi(c, BPF_JEQ, p, 0, l->end);
	code_if(c, BPF_JNE, p, q, differ);
	cell_set(fn, s->at, code_addi(c, j, 1));
	code_jmp(c, l->next);
	code_place_label(c, differ);
	cell_seti(fn, s->at, 0);
	cell_set(fn, s->from, code_addi(c, cell_get(fn, s->from), 1));
	code_jmp(c, l->next);
	code_place_label(c, match);
	cell_set(fn, s->ret, cell_get(fn, s->from));
	code_jmp(c, l->end);
}

static void by_search(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b)
{
	struct cg_str text[LOOP_TEXTS] = { cg_string(fn, a),
					   cg_string(fn, b) };
	struct search s = { cell_new(fn, 0), cell_new(fn, 0),
			    cell_new(fn, -1) };
	uint32_t turns = (text[0].bound + 1u) * (text[1].bound + 1u);

	if (!cg_has(fn, FEATURE_BIT(MAY_GOTO)) &&
	    !cg_has(fn, FEATURE_BIT(BPF_LOOP)))
		turns = MIN(turns, 4096u);
	loop_texts(fn, turns, text, search_turn, &s);
	cg_set_long(fn, r, cell_get(fn, s.ret));
	cell_free(fn, s.from);
	cell_free(fn, s.at);
	cell_free(fn, s.ret);
}

void cg_strpos(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b)
{
	if (cg_has(fn, FEATURE_BIT(KF_STRING)))
		by_strstr(fn, r, a, b);
	else
		by_search(fn, r, a, b);
}

/* ---- numbers in texts ---- */

/* d = value of the digit in byte v, 36 = none. */
static cg_reg digit_of(struct cg_code *c, cg_reg v)
{
	cg_reg d = code_addi(c, v, -'0');
	cg_label done = code_label(c), none = code_label(c);
	cg_label alpha = code_label(c);

	code_ifi(c, BPF_JLE, d, 9, done);
	code_mov(c, d, v);
	code_alui(c, BPF_OR, d, 32);
	code_alui(c, BPF_SUB, d, 'a');
	code_ifi(c, BPF_JLE, d, 25, alpha);
	code_jmp(c, none);
	code_place_label(c, alpha);
	code_alui(c, BPF_ADD, d, 10);
	code_jmp(c, done);
	code_place_label(c, none);
	code_movi(c, d, 36);
	code_place_label(c, done);
	return d;
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
	code_ifi(c, BPF_JGE, digit_of(c, peek(fn, s, at, 2)), 16, octal);
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

struct number {
	cg_cell at, value, sign, radix;
};

static void digit_turn(struct cg_fn *fn, struct cg_loop *l,
		       struct cg_str text[LOOP_TEXTS], void *arg)
{
	const struct number *n = arg;
	struct cg_code *c = fn->c;
	cg_reg d = digit_of(c, peek(fn, text[0], n->at, 0));
	cg_reg base = cell_get(fn, n->radix), v;

	code_if(c, BPF_JGE, d, base, l->end);
	v = cell_get(fn, n->value);
	code_alu(c, BPF_MUL, v, base);
	code_alu(c, BPF_ADD, v, d);
	cell_set(fn, n->value, v);
	cell_set(fn, n->at, code_addi(c, cell_get(fn, n->at), 1));
}

void cg_strtol(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b)
{
	struct cg_code *c = fn->c;
	struct number n = { cell_new(fn, 0), cell_new(fn, 0),
			    cell_new(fn, 0), cell_new(fn, 0) };
	cg_label pos = code_label(c), done = code_label(c);
	cg_reg len, base, v;
	struct cg_str s[LOOP_TEXTS] = { take(fn, a, &len) };

	code_ifi(c, BPF_JNE, peek(fn, s[0], n.at, 0), '-', pos);
	cell_seti(fn, n.sign, 1);
	cell_seti(fn, n.at, 1);
	code_place_label(c, pos);
	base = code_copy(c, cg_long(fn, b));
	take_prefix(fn, s[0], n.at, base);
	cell_set(fn, n.radix, base);
	code_ifi(c, BPF_JLT, base, 2, done);
	code_ifi(c, BPF_JGT, base, 36, done);
	loop_texts(fn, s[0].bound + 1u, s, digit_turn, &n);
	code_place_label(c, done);
	v = cell_get(fn, n.value);
	pos = code_label(c);
	code_ifi(c, BPF_JEQ, cell_get(fn, n.sign), 0, pos);
	code_alui(c, BPF_NEG, v, 0);
	code_place_label(c, pos);
	cg_set_long(fn, r, v);
	give_back(fn, s[0]);
	cell_free(fn, n.at);
	cell_free(fn, n.value);
	cell_free(fn, n.sign);
	cell_free(fn, n.radix);
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

/* Appends the escapes of s at dst + *pos until `room` is full; *fits = the
 * last place where three bytes more would have fit; *left = 1 when something
 * was left out. */
struct quote {
	struct cg_str dst;
	cg_cell pos, fits, room, left;
};

static void quote_turn(struct cg_fn *fn, struct cg_loop *l,
		       struct cg_str text[LOOP_TEXTS], void *arg)
{
	const struct quote *q = arg;
	struct cg_code *c = fn->c;
	cg_label full = code_label(c);
	cg_reg b = byte_at(fn, text[0], l->i), row, pos, end, at;

	code_ifi(c, BPF_JEQ, b, 0, l->end);
	code_alui(c, BPF_MUL, b, ROW);
	row = code_map_value(c, cg_rodata_map(fn->g), escape_table(fn));
	code_alu(c, BPF_ADD, row, b);
	pos = cell_get_max(fn, q->pos, q->dst.bound);
	end = code_ld(c, row, 4, 1);
	code_alu(c, BPF_ADD, end, pos);
	code_if(c, BPF_JGT, end, cell_get(fn, q->room), full);
	at = cg_str_addr(fn, text[1]);
	code_alu(c, BPF_ADD, at, pos);
	code_store(c, at, 0, code_ld(c, row, 0, 4), 4);
	cell_set(fn, q->pos, end);
	code_alui(c, BPF_ADD, end, 3);
	code_if(c, BPF_JGT, end, cell_get(fn, q->room), l->next);
	code_alui(c, BPF_SUB, end, 3);
	cell_set(fn, q->fits, end);
	code_jmp(c, l->next);
	code_place_label(c, full);
	cell_seti(fn, q->left, 1);
	code_jmp(c, l->end);
}

static void quote_bytes(struct cg_fn *fn, struct quote *q, struct cg_str s)
{
	struct cg_str text[LOOP_TEXTS] = { s, q->dst };

	loop_texts(fn, s.bound + 1u, text, quote_turn, q);
}

static void quote_new(struct cg_fn *fn, struct quote *q, struct cg_str dst)
{
	q->dst = dst;
	q->pos = cell_new(fn, 0);
	q->fits = cell_new(fn, 0);
	q->room = cell_new(fn, dst.bound);
	q->left = cell_new(fn, 0);
}

static void quote_free(struct cg_fn *fn, struct quote *q)
{
	cell_free(fn, q->pos);
	cell_free(fn, q->fits);
	cell_free(fn, q->room);
	cell_free(fn, q->left);
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

	quote_new(fn, &q, dst);
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
	code_alui(c, BPF_SUB, room, 1);		/* 2 less, 1 is there */
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
					   bound), tail;
	cg_reg quotes = code_copy(c, cg_long(fn, on));
	cg_label done = code_label(c), whole = code_label(c);
	struct quote q;

	dst.is_temp = true;
	fn->vals[r].str = dst;
	quote_new(fn, &q, dst);
	quote_room(fn, &q, max, quotes);
	quote_bytes(fn, &q, cg_string(fn, a));
	close_text(fn, dst, q.pos);
	code_ifi(c, BPF_JEQ, quotes, 0, done);
	code_ifi(c, BPF_JEQ, cell_get(fn, q.left), 0, whole);
	tail = cg_literal(fn->g, image_intern(fn->g->img, fn->g->a,
					      STR("\"...")));
	cg_str_append(fn, dst, cell_get_max(fn, q.fits, bound), tail);
	code_jmp(c, done);
	code_place_label(c, whole);
	tail = cg_literal(fn->g, image_intern(fn->g->img, fn->g->a,
					      STR("\"")));
	cg_str_append(fn, dst, cell_get_max(fn, q.pos, bound), tail);
	code_place_label(c, done);
	quote_free(fn, &q);
}

/* ---- tokens ---- */

/* Goes to `yes` when byte b is in the text `set`. */
static void if_in_set(struct cg_fn *fn, cg_reg b, struct cg_str set,
		      cg_label yes)
{
	struct cg_code *c = fn->c;
	cg_cell byte = cell_new(fn, 0);
	struct cg_loop l;
	cg_reg d;

	cell_set(fn, byte, b);
	loop_begin(fn, &l, set.bound + 1u);
	d = byte_at(fn, set, l.i);
	code_ifi(c, BPF_JEQ, d, 0, l.end);
	code_if(c, BPF_JEQ, d, cell_get(fn, byte), yes);
	loop_end(fn, &l);
	cell_free(fn, byte);
}

struct token {
	cg_cell at;
	bool skip;
};

static void token_turn(struct cg_fn *fn, struct cg_loop *l,
		       struct cg_str text[LOOP_TEXTS], void *arg)
{
	const struct token *t = arg;
	struct cg_code *c = fn->c;
	cg_label hit = code_label(c), on = code_label(c);
	cg_reg b = peek(fn, text[0], t->at, 0);

	code_ifi(c, BPF_JEQ, b, 0, l->end);
	if_in_set(fn, b, text[1], hit);
	code_jmp(c, t->skip ? l->end : on);
	code_place_label(c, hit);
	if (!t->skip)
		code_jmp(c, l->end);
	code_place_label(c, on);
	cell_set(fn, t->at, code_addi(c, cell_get(fn, t->at), 1));
}

/* Behind the delimiters (skip) or before the next of them. */
static void move_token(struct cg_fn *fn, struct cg_str s, cg_cell at,
		       struct cg_str set, bool skip)
{
	struct cg_str text[LOOP_TEXTS] = { s, set };
	struct token t = { at, skip };

	loop_texts(fn, s.bound + 1u, text, token_turn, &t);
}

void cg_token(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b)
{
	struct cg_code *c = fn->c;
	uint16_t bound = (uint16_t)(fn->g->img->limits.maxstringlen - 1);
	struct cg_str text = cg_scratch_str(fn->token_text, bound);
	struct cg_str dst = cg_new_string(fn, r), set = cg_string(fn, b);
	cg_cell at = (cg_cell)fn->token_at, start = cell_new(fn, 0);
	cg_label go = code_label(c);
	cg_reg from, room, to;
	struct cg_str in = cg_string(fn, a);

	code_ifi(c, BPF_JEQ, code_ld(c, cg_str_addr(fn, in), 0, 1), 0, go);
	cg_str_copy(fn, text, in);
	cell_seti(fn, at, 0);
	code_place_label(c, go);
	move_token(fn, text, at, set, true);
	cell_set(fn, start, cell_get(fn, at));
	move_token(fn, text, at, set, false);
	from = cell_get_max(fn, start, bound);
	room = cell_get(fn, at);
	code_alu(c, BPF_SUB, room, from);
	code_cap(c, room, dst.bound);
	code_alui(c, BPF_ADD, room, 1);
	to = cg_str_addr(fn, text);
	code_alu(c, BPF_ADD, to, from);
	code_mov(c, R1, cg_str_addr(fn, dst));
	code_mov(c, R2, room);
	code_mov(c, R3, to);
	code_call(c, HELPER_probe_read_kernel_str);
	cell_free(fn, start);
}
