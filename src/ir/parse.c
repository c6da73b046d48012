/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what print.c writes (see ir/text.h), line by line, for tests of
 * single passes.  Comments begin with '#'.
 */
#include <inttypes.h>

#include "base/buf.h"
#include "base/err.h"
#include "ir/text.h"

#define TOKENS_MAX 256		/* of one line */

struct token {
	struct str text;
	bool is_string;		/* text is what stood between the quotes */
};

struct parse {
	struct ir_program *p;
	struct ir_func *f;	/* being read, or NULL */
	struct str rest;	/* lines to come */
	uint32_t line;
	struct token token[TOKENS_MAX];
	uint32_t n, at;
	VEC(ir_ref) values;	/* by their number in the text, + 1 */
	const char *wrong;	/* first mistake, or NULL */
};

static void wrong(struct parse *c, const char *what)
{
	if (!c->wrong)
		c->wrong = what;
}

/* ---- tokens ---- */

static int hex_digit(char ch)
{
	return ch >= '0' && ch <= '9' ? ch - '0' :
	       ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : 0;
}

/* A text in quotes from s[at] on; returns the place behind it. */
static uint32_t read_quoted(struct parse *c, struct str s, uint32_t at,
			    struct token *ret)
{
	char *text = arena_alloc(c->p->arena, s.len + 1);
	uint32_t n = 0;

	for (at++; at < s.len && s.s[at] != '"'; at++) {
		char ch = s.s[at];

		if (ch == '\\' && at + 1 < s.len) {
			ch = s.s[++at];
			if (ch == 'n')
				ch = '\n';
			if (ch == 'x' && at + 2 < s.len) {
				ch = (char)(hex_digit(s.s[at + 1]) << 4 |
					    hex_digit(s.s[at + 2]));
				at += 2;
			}
		}
		text[n++] = ch;
	}
	*ret = (struct token){ .text = { text, n }, .is_string = true };
	return at + 1;
}

static bool is_bracket(char ch)
{
	return ch == '(' || ch == ')' || ch == '[' || ch == ']' ||
	       ch == '{' || ch == '}';
}

static uint32_t read_word(struct str s, uint32_t at, struct token *ret)
{
	uint32_t end = at + 1;

	while (!is_bracket(s.s[at]) && end < s.len && s.s[end] != ' ' &&
	       !is_bracket(s.s[end]))
		end++;
	*ret = (struct token){ .text = { s.s + at, end - at } };
	return end;
}

static void split_line(struct parse *c, struct str s)
{
	uint32_t at = 0;

	c->n = c->at = 0;
	while (at < s.len && s.s[at] != '#') {
		if (s.s[at] == ' ' || s.s[at] == '\t') {
			at++;
			continue;
		}
		if (c->n == TOKENS_MAX) {
			wrong(c, "line is too long");
			return;
		}
		if (s.s[at] == '"')
			at = read_quoted(c, s, at, &c->token[c->n++]);
		else
			at = read_word(s, at, &c->token[c->n++]);
	}
}

static bool next_line(struct parse *c)
{
	int64_t end = str_find_char(c->rest, '\n');
	uint32_t len = end < 0 ? c->rest.len : (uint32_t)end;

	if (!c->rest.len)
		return false;
	c->line++;
	split_line(c, str_sub(c->rest, 0, len));
	c->rest = str_sub(c->rest, end < 0 ? len : len + 1, UINT32_MAX);
	return true;
}

static bool more(const struct parse *c)
{
	return c->at < c->n;
}

static bool looks_at(const struct parse *c, const char *word)
{
	return more(c) && !c->token[c->at].is_string &&
	       str_is(c->token[c->at].text, word);
}

static bool accept(struct parse *c, const char *word)
{
	if (!looks_at(c, word))
		return false;
	c->at++;
	return true;
}

static void expect(struct parse *c, const char *word, const char *what)
{
	if (!accept(c, word))
		wrong(c, what);
}

static struct str take_string(struct parse *c)
{
	if (!more(c) || !c->token[c->at].is_string) {
		wrong(c, "a string is missing");
		return (struct str){};
	}
	return c->token[c->at++].text;
}

static struct str take_word(struct parse *c)
{
	if (!more(c) || c->token[c->at].is_string) {
		wrong(c, "a word is missing");
		return (struct str){};
	}
	return c->token[c->at++].text;
}

static int64_t take_number(struct parse *c)
{
	int64_t n = 0;

	if (!str_to_s64(take_word(c), &n))
		wrong(c, "a number is missing");
	return n;
}

/* x12:name - a letter, a number, and words for the reader. */
static uint32_t take_id(struct parse *c, char letter)
{
	struct str s = take_word(c);
	uint32_t n = 0, i;

	for (i = 1; i < s.len && s.s[i] >= '0' && s.s[i] <= '9'; i++)
		n = n * 10 + (uint32_t)(s.s[i] - '0');
	if (i < 2 || i > 8 || s.s[0] != letter)
		wrong(c, "a name like b1, f1, g1, i1, p1, v1 is missing");
	return n;
}

/* Where a thing is declared: numbers are in order. */
static void take_next_id(struct parse *c, char letter, uint32_t n)
{
	if (take_id(c, letter) != n)
		wrong(c, "numbers are not in order");
}

static uint8_t take_type(struct parse *c, uint16_t *bound)
{
	*bound = 0;
	if (accept(c, "void"))
		return IT_VOID;
	if (accept(c, "stats"))
		return IT_STATS;
	if (accept(c, "string")) {
		expect(c, "(", "string(N) is meant");
		*bound = (uint16_t)take_number(c);
		expect(c, ")", "string(N) is meant");
		return IT_STRING;
	}
	expect(c, "long", "a type is missing");
	return IT_LONG;
}

/* ---- values ---- */

/* The instruction of value %n, which may not have been read yet. */
static ir_ref value(struct parse *c, uint32_t n)
{
	if (n > UINT16_MAX) {
		wrong(c, "too many values");
		return 0;
	}
	while (c->values.n <= n)
		vec_push(c->p->arena, &c->values, 0);
	if (!c->values.v[n])
		c->values.v[n] = 1 + ir_insn_new(c->p, c->f,
						 (struct ir_insn){});
	return c->values.v[n] - 1;
}

static bool looks_at_value(const struct parse *c)
{
	struct str s;

	if (!more(c) || c->token[c->at].is_string)
		return false;
	s = c->token[c->at].text;
	return s.s[0] == '%' || str_is(s, "_") || str_is(s, "*");
}

static ir_ref take_value(struct parse *c)
{
	if (accept(c, "_") || accept(c, "*"))
		return IR_NONE;
	return value(c, take_id(c, '%'));
}

/* ---- immediates ---- */

static uint32_t piece_number(struct str s, uint32_t *at)
{
	uint32_t n = 0;

	for (; *at < s.len && s.s[*at] >= '0' && s.s[*at] <= '9'; ++*at)
		n = n * 10 + (uint32_t)(s.s[*at] - '0');
	return n;
}

static uint8_t piece_size(struct str s, uint32_t *at, uint32_t *n)
{
	uint32_t from = *at;

	if (*at < s.len && s.s[*at] == '*') {
		++*at;
		return SIZE_ARG;
	}
	*n = piece_number(s, at);
	return *at > from ? SIZE_NUMBER : SIZE_NONE;
}

static struct image_piece piece(struct parse *c, struct str s)
{
	struct image_piece p = {};
	uint32_t at = 1, conv;

	if (s.len > 1 && memchr("0+-_#", s.s[1], 5)) {
		p.flag = s.s[1] == '_' ? ' ' : s.s[1];
		at++;
	}
	p.width_kind = piece_size(s, &at, &p.width);
	if (at < s.len && s.s[at] == '.') {
		at++;
		p.prec_kind = piece_size(s, &at, &p.prec);
	}
	for (conv = 1; at < s.len && conv < sizeof(IR_CONVERSIONS) - 1; conv++)
		if (IR_CONVERSIONS[conv] == s.s[at]) {
			p.conv = (uint8_t)conv;
			return p;
		}
	wrong(c, "no such conversion");
	return p;
}

static int64_t format(struct parse *c)
{
	struct image *img = c->p->image;
	struct image_format f = { .first = img->pieces.n };

	expect(c, "{", "a format is missing");
	while (more(c) && !looks_at(c, "}")) {
		struct image_piece p = { .conv = CONV_LITERAL };

		if (c->token[c->at].is_string)
			p.text = image_intern(img, c->p->arena,
					      take_string(c));
		else
			p = piece(c, take_word(c));
		vec_push(c->p->arena, &img->pieces, p);
	}
	expect(c, "}", "a format has no end");
	f.n = img->pieces.n - f.first;
	vec_push(c->p->arena, &img->formats, f);
	return img->formats.n - 1;
}

static int64_t error_number(struct parse *c)
{
	struct str name = take_word(c);

	for (uint32_t e = 0; e < IERR_N; e++)
		if (str_is(name, ir_error_name(e)))
			return e;
	wrong(c, "no such error");
	return 0;
}

static int64_t intrinsic_number(struct parse *c)
{
	struct str name = take_word(c);

	for (uint32_t i = 0; i < INTRIN_N; i++)
		if (str_is(name, intrin_info[i].name))
			return i;
	wrong(c, "no such intrinsic");
	return 0;
}

static int64_t dfa(struct parse *c)
{
	struct ir_dfa d = { .pattern = take_string(c) };

	vec_push(c->p->arena, &c->p->dfas, d);
	return c->p->dfas.n - 1;
}

static int64_t immediate(struct parse *c, enum image_op op)
{
	switch (ir_imm(op)) {
	case IMM_NONE:
		break;
	case IMM_NUMBER:
		return take_number(c);
	case IMM_STRING:
		return image_intern(c->p->image, c->p->arena, take_string(c));
	case IMM_VAR:
		return take_id(c, 'v');
	case IMM_FORMAT:
		return format(c);
	case IMM_ERROR:
		return error_number(c);
	case IMM_FUNC:
		return take_id(c, 'f');
	case IMM_GLOBAL:
		return take_id(c, 'g');
	case IMM_ITER:
		return take_id(c, 'i');
	case IMM_INTRINSIC:
		return intrinsic_number(c);
	case IMM_DFA:
		return dfa(c);
	}
	return 0;
}

/* ---- instructions ---- */

static void operands(struct parse *c, struct ir_insn *i)
{
	i->a = i->b = i->c = IR_NONE;
	if (i->op == OP_JMP) {
		i->b = take_id(c, 'b');
		return;
	}
	if (looks_at_value(c))
		i->a = take_value(c);
	if (i->op == OP_BR) {
		i->b = take_id(c, 'b');
		i->c = take_id(c, 'b');
		return;
	}
	if (looks_at_value(c))
		i->b = take_value(c);
	if (looks_at_value(c))
		i->c = take_value(c);
}

static void arguments(struct parse *c, struct ir_insn *i)
{
	uint32_t v[TOKENS_MAX], n = 0;

	if (!accept(c, "("))
		return;
	while (more(c) && !c->wrong && !looks_at(c, ")"))
		v[n++] = i->op == OP_SWITCH ? take_id(c, 'b') : take_value(c);
	expect(c, ")", "arguments have no end");
	i->nargs = (uint16_t)n;
	i->args = ir_args(c->p, c->f, v, n);
}

static uint32_t load_flag(struct parse *c)
{
	struct str s = take_word(c);

	for (uint32_t b = IR_LOAD_FLAG_FIRST; b <= IR_LOAD_FLAG_LAST; b++)
		if (str_is(s, ir_load_flag(b)))
			return 1u << b;
	wrong(c, "no such flag of a load");
	return 0;
}

static uint32_t stat_op(struct parse *c)
{
	struct str s = take_word(c);

	for (uint32_t op = 0; op <= STAT_OP_BUCKET; op++)
		if (str_is(s, ir_stat_op_name(op)))
			return op;
	wrong(c, "no such operation of statistics");
	return 0;
}

static void aux(struct parse *c, struct ir_insn *i)
{
	uint32_t shift;

	if (!accept(c, "["))
		return;
	if (i->op == OP_STAT_GET || i->op == OP_ITER_STAT) {
		i->aux = stat_op(c);
	} else if (i->op == OP_BITS) {
		shift = (uint32_t)take_number(c);
		i->aux = BITS_AUX(shift, (uint32_t)take_number(c), 0);
		i->aux |= BITS_AUX(0, 0, accept(c, "signed"));
	} else {
		i->aux = (uint32_t)take_number(c);
		while (more(c) && !c->wrong && !looks_at(c, "]"))
			i->aux |= load_flag(c);
	}
	expect(c, "]", "no ] follows");
}

static uint8_t op_number(struct parse *c)
{
	struct str name = take_word(c);

	for (uint8_t op = 0; op < OP_N; op++)
		if (str_is(name, op_info[op].name))
			return op;
	wrong(c, "no such operation");
	return 0;
}

static void instruction(struct parse *c)
{
	bool has_value = looks_at_value(c);
	ir_ref r = has_value ? take_value(c) : IR_NONE;
	struct ir_insn i = { .type = has_value ? IT_LONG : IT_VOID };

	if (has_value)
		expect(c, "=", "no = follows");
	i.op = op_number(c);
	if (c->wrong)
		return;
	i.imm = immediate(c, i.op);
	operands(c, &i);
	arguments(c, &i);
	aux(c, &i);
	if (accept(c, ":"))
		i.type = take_type(c, &i.bound);
	if (r == IR_NONE)
		r = ir_insn_new(c->p, c->f, i);
	else
		*ir_insn(c->f, r) = i;
	vec_push(c->p->arena, &vec_last(&c->f->blocks).insns, r);
}

/* ---- what stands around them ---- */

static void block(struct parse *c)
{
	uint32_t b;

	take_next_id(c, 'b', c->f->blocks.n);
	b = ir_block_new(c->p, c->f, IR_NONE);
	c->f->blocks.v[b].is_loop = accept(c, "loop");
	if (accept(c, "catch"))
		c->f->blocks.v[b].catch = take_id(c, 'b');
}

static void variable(struct parse *c)
{
	struct str name;
	uint16_t bound;
	uint8_t type;

	take_next_id(c, 'v', c->f->vars.n);
	name = take_string(c);
	expect(c, ":", "a type is missing");
	type = take_type(c, &bound);
	ir_var_new(c->p, c->f, name, type, bound);
}

static void function(struct parse *c)
{
	take_next_id(c, 'f', c->p->funcs.n);
	c->f = ir_func_new(c->p, take_string(c));
	c->f->is_kernel = accept(c, "kernel");
	c->f->recursive = accept(c, "recursive");
	if (accept(c, "params"))
		c->f->nparams = (uint32_t)take_number(c);
	expect(c, ":", "a type is missing");
	c->f->type = take_type(c, &c->f->bound);
	c->values.n = 0;
}

static void global(struct parse *c)
{
	struct image *img = c->p->image;
	struct image_global g = {};
	struct ir_global row = {};

	take_next_id(c, 'g', img->globals.n);
	g.name = image_intern(img, c->p->arena, take_string(c));
	if (accept(c, "(")) {
		g.is_array = true;
		while (more(c) && !accept(c, ")") && g.nkeys < IMAGE_KEYS) {
			g.key_type[g.nkeys] =
				take_type(c, &g.key_bound[g.nkeys]);
			g.nkeys++;
		}
	}
	expect(c, ":", "a type is missing");
	g.type = take_type(c, &g.bound);
	row.in_condition = accept(c, "cond");
	row.of_call = accept(c, "own");
	vec_push(c->p->arena, &img->globals, g);
	vec_push(c->p->arena, &c->p->globals, row);
}

static void iteration(struct parse *c)
{
	struct image_iter it = { .dir = 1 };

	take_next_id(c, 'i', c->p->image->iters.n);
	it.global = take_id(c, 'g');
	if (accept(c, "key")) {
		it.sort = SORT_KEY;
		it.key = (uint8_t)take_number(c);
	} else if (accept(c, "by")) {
		it.sort = looks_at(c, "value") ? SORT_VALUE : SORT_STAT;
		if (it.sort == SORT_VALUE)
			c->at++;
		else
			it.stat = (uint8_t)stat_op(c);
	}
	if (accept(c, "desc"))
		it.dir = -1;
	else
		accept(c, "asc");
	if (accept(c, "slice"))
		it.slice = (uint16_t)take_number(c);
	it.has_limit = accept(c, "limit");
	it.wants_value = accept(c, "value");
	vec_push(c->p->arena, &c->p->image->iters, it);
}

static enum image_probe_kind probe_kind(struct str point)
{
	for (uint32_t k = 0; k < PROBE_N; k++)
		if (str_starts(point, str_from(image_probe_stem(k))))
			return k;
	return PROBE_RAW_TP;
}

static void probe(struct parse *c)
{
	struct ir_probe p = { .cond = IR_NONE };
	struct str point;

	take_next_id(c, 'p', c->p->probes.n);
	point = take_string(c);
	p.image.point = image_intern(c->p->image, c->p->arena, point);
	p.image.kind = probe_kind(point);
	p.func = take_id(c, 'f');
	if (more(c))
		p.cond = take_id(c, 'f');
	vec_push(c->p->arena, &c->p->probes, p);
}

static void read_line(struct parse *c)
{
	if (accept(c, "global"))
		global(c);
	else if (accept(c, "iter"))
		iteration(c);
	else if (accept(c, "probe"))
		probe(c);
	else if (accept(c, "func"))
		function(c);
	else if (!c->f)
		wrong(c, "func is missing");
	else if (accept(c, "var"))
		variable(c);
	else if (!c->token[0].is_string && c->token[0].text.s[0] == 'b' &&
		 str_ends(c->token[0].text, STR(":")))
		block(c);
	else if (!c->f->blocks.n)
		wrong(c, "a block is missing");
	else
		instruction(c);
	if (more(c))
		wrong(c, "more than is understood");
}

struct err *ir_parse(struct str text, struct ir_program *ret)
{
	struct parse *c = arena_new(ret->arena, struct parse);

	c->p = ret;
	c->rest = text;
	while (!c->wrong && next_line(c))
		if (c->n && !c->wrong)
			read_line(c);
	if (c->wrong)
		return err_new(ERR_FORMAT, "line %u: %s", c->line, c->wrong);
	return NULL;
}
