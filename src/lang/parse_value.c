/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Literals, names, calls, @ operators, and the paths ->member [index] $
 * behind them.
 */
#include "lang/parser.h"

struct ast_expr *parse_new_expr(struct parser *p, enum ast_expr_kind kind,
				struct span at)
{
	struct ast_expr *e = arena_new(p->arena, struct ast_expr);

	e->kind = kind;
	e->span = at;
	e->at = at;
	if (p->nodes++ == PARSER_NODES)
		parser_error(p, DIAG_TOO_DEEP, at,
			     "expression of more than %d parts", PARSER_NODES);
	return e;
}

/* What a rule returns in panic. */
static struct ast_expr *nothing(struct parser *p)
{
	struct ast_expr *e = arena_new(p->arena, struct ast_expr);

	e->kind = AST_NUMBER;
	e->span = e->at = parser_peek(p, 0)->span;
	return e;
}

/* ---- literals ---- */

struct strs {
	VEC(struct str) v;
	uint32_t len;		/* of all together */
};

static struct str join(struct parser *p, const struct strs *parts)
{
	char *s;
	uint32_t at = 0;

	if (parts->v.n == 1)
		return parts->v.v[0];
	s = arena_alloc(p->arena, (size_t)parts->len + 1);
	for (uint32_t i = 0; i < parts->v.n; i++) {
		struct str part = parts->v.v[i];

		if (part.len)
			memcpy(s + at, part.s, part.len);
		at += part.len;
	}
	return (struct str){ s, at };
}

/* A text ends at a NUL, as it does wherever the script runs. */
static struct str until_nul(struct str s)
{
	int64_t nul = str_find_char(s, '\0');

	return nul < 0 ? s : str_sub(s, 0, (uint32_t)nul);
}

struct str parse_string(struct parser *p, const char *what)
{
	struct strs parts = {};

	if (!parser_at(p, TOK_STRING)) {
		parser_unexpected(p, what);
		return (struct str){ "", 0 };
	}
	while (parser_at(p, TOK_STRING)) {
		struct str s = parser_take(p).text;

		if (s.len > SOURCE_MAX - parts.len) {
			parser_error(p, DIAG_TOO_DEEP, p->last,
				     "string of more than %u MB",
				     SOURCE_MAX >> 20);
			break;
		}
		parts.len += s.len;
		vec_push(p->arena, &parts.v, s);
	}
	return until_nul(join(p, &parts));
}

int64_t parse_number(struct parser *p)
{
	bool negative = parser_accept(p, TOK_SUB);
	int64_t n;

	if (!parser_at(p, TOK_NUMBER)) {
		parser_unexpected(p, "a number");
		return 0;
	}
	n = parser_take(p).number;
	return negative ? (int64_t)-(uint64_t)n : n;
}

static struct ast_expr *number(struct parser *p)
{
	struct token t = parser_take(p);
	struct ast_expr *e = parse_new_expr(p, AST_NUMBER, t.span);

	e->number = t.number;
	return e;
}

static struct ast_expr *string(struct parser *p)
{
	struct ast_expr *e =
		parse_new_expr(p, AST_STRING, parser_peek(p, 0)->span);

	e->string = parse_string(p, "a string");
	e->span = e->at = parser_span_from(p, e->span);
	return e;
}

static struct ast_expr *embedded(struct parser *p)
{
	struct token t = parser_take(p);
	struct ast_expr *e = parse_new_expr(p, AST_EMBEDDED, t.span);

	e->embedded.text = t.text;
	if (!p->allows_c)
		parser_report(p, DIAG_GURU_ONLY, t.span,
			     "embedded C needs guru mode (-g)");
	return e;
}

/* ---- lists ---- */

static void arguments(struct parser *p, struct ast_exprs *args)
{
	struct span open = p->last;

	if (parser_accept(p, TOK_RPAREN))
		return;
	do
		vec_push(p->arena, args, parse_expr(p));
	while (parser_accept(p, TOK_COMMA));
	parser_close(p, open);
}

static struct ast_expr *key(struct parser *p, bool allow_star)
{
	enum token_kind next = parser_peek(p, 1)->kind;

	if (!parser_at(p, TOK_MUL) ||
	    (next != TOK_COMMA && next != TOK_RBRACKET))
		return parse_expr(p);
	if (!allow_star)
		parser_report(p, DIAG_UNEXPECTED, parser_peek(p, 0)->span,
			     "'*' is an index only in delete, foreach and in");
	parser_accept(p, TOK_MUL);
	return NULL;
}

void parse_keys(struct parser *p, struct ast_exprs *keys, bool allow_star)
{
	do
		vec_push(p->arena, keys, key(p, allow_star));
	while (parser_accept(p, TOK_COMMA));
	if (!p->panic && !parser_accept(p, TOK_RBRACKET))
		parser_unexpected(p, "',' or ']'");
}

/* ---- names and calls ---- */

/* Takes the $ and $$ off the end of a name. */
static uint32_t strip_pretty(struct str *name)
{
	uint32_t n = 0;

	while (name->len > 1 && name->s[name->len - 1] == '$') {
		name->len--;
		n++;
	}
	return n;
}

static struct ast_expr *index_of(struct parser *p, struct ast_expr *base)
{
	struct ast_expr *e = parse_new_expr(p, AST_INDEX, base->at);
	bool star = p->allows_star;

	p->allows_star = false;
	e->index.base = base;
	parser_expect(p, TOK_LBRACKET);
	parse_keys(p, &e->index.keys, star);
	e->span = parser_span_from(p, base->span);
	return e;
}

static struct ast_expr *call(struct parser *p, const struct token *name)
{
	struct ast_expr *e = parse_new_expr(p, AST_CALL, name->span);

	e->call.name = name->text;
	parser_expect(p, TOK_LPAREN);
	arguments(p, &e->call.args);
	e->span = parser_span_from(p, name->span);
	return e;
}

static const char *const print_names[] = {
#define PRINTOP(id, spelling) spelling,
#include "lang/ast.def"
#undef PRINTOP
};

static bool find_print(struct str name, enum ast_printop *ret)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(print_names); i++) {
		if (str_is(name, print_names[i])) {
			*ret = (enum ast_printop)i;
			return true;
		}
	}
	return false;
}

struct ast_expr *parse_name(struct parser *p, const char *wanted)
{
	struct ast_expr *e;
	struct token t;

	if (!parser_at(p, TOK_IDENT)) {
		parser_unexpected(p, wanted);
		return nothing(p);
	}
	t = parser_take(p);
	e = parse_new_expr(p, AST_NAME, t.span);
	e->name.name = t.text;
	return e;
}

/* ---- paths ---- */

static bool is_text(const struct ast_expr *e)
{
	const struct ast_step *last;

	if (e->kind != AST_ACCESS)
		return false;
	last = &e->access.steps[e->access.nsteps - 1];
	return last->kind == AST_STEP_PRETTY ||
	       last->kind == AST_STEP_PRETTY_DEEP;
}

static void add_step(struct parser *p, struct ast_expr **e,
		     struct ast_step step)
{
	struct ast_expr *a = *e;

	if (is_text(a))
		parser_report(p, DIAG_UNEXPECTED, step.span,
			     "nothing follows the $ or $$ that makes a text");
	if (a->kind != AST_ACCESS) {
		a = parse_new_expr(p, AST_ACCESS, (*e)->at);
		a->access.base = *e;
		*e = a;
	}
	if (a->access.nsteps == a->access.cap_steps)
		a->access.steps = vec_grow(p->arena, a->access.steps,
					   a->access.nsteps,
					   &a->access.cap_steps,
					   sizeof(*a->access.steps));
	a->access.steps[a->access.nsteps++] = step;
	a->span = parser_span_from(p, a->access.base->span);
}

static void add_pretty(struct parser *p, struct ast_expr **e, uint32_t n,
		       struct span span)
{
	struct ast_step step = {
		.kind = n == 1 ? AST_STEP_PRETTY : AST_STEP_PRETTY_DEEP,
		.span = { span.pos + span.len - n, n },
	};

	if (n > 2)
		parser_report(p, DIAG_UNEXPECTED, step.span,
			     "expected $ or $$ behind the name");
	add_step(p, e, step);
}

/* True: the member had a $ behind it, which ends the path. */
static bool member(struct parser *p, struct ast_expr **e)
{
	struct ast_step step = { .kind = AST_STEP_MEMBER };
	const struct token *t;
	uint32_t pretty;

	parser_take(p);
	t = parser_peek(p, 0);
	if (t->kind != TOK_IDENT && !token_is_keyword(t->kind)) {
		parser_unexpected(p, "a member's name");
		return true;
	}
	step.name = t->text;
	step.span = parser_take(p).span;
	pretty = strip_pretty(&step.name);
	step.span.len -= pretty;
	add_step(p, e, step);
	if (pretty)
		add_pretty(p, e, pretty, p->last);
	return pretty;
}

static void element(struct parser *p, struct ast_expr **e)
{
	struct ast_step step = { .kind = AST_STEP_INDEX };
	struct span start = parser_take(p).span;

	step.index = parse_expr(p);
	if (!p->panic)
		parser_expect(p, TOK_RBRACKET);
	step.span = parser_span_from(p, start);
	add_step(p, e, step);
}

/* A $ or $$ alone, with no space before it. */
static bool at_pretty(struct parser *p)
{
	const struct token *t;

	if (!parser_at(p, TOK_TARGET))
		return false;
	t = parser_peek(p, 0);
	return t->text.s[t->text.len - 1] == '$' && t->text.s[0] == '$' &&
	       (t->text.len == 1 || str_is(t->text, "$$")) &&
	       t->span.pos == p->last.pos + p->last.len;
}

static struct ast_expr *steps(struct parser *p, struct ast_expr *e)
{
	for (;;) {
		if (parser_at(p, TOK_ARROW)) {
			if (member(p, &e))
				return e;
		} else if (parser_at(p, TOK_LBRACKET)) {
			element(p, &e);
		} else if (at_pretty(p)) {
			struct token t = parser_take(p);

			add_pretty(p, &e, t.text.len, t.span);
			return e;
		} else {
			return e;
		}
	}
}

static struct ast_expr *with_pretty(struct parser *p, struct ast_expr *e,
				    uint32_t pretty)
{
	struct span span = e->span;

	if (!pretty)
		return steps(p, e);
	e->at.len -= pretty;
	e->span.len -= pretty;
	add_pretty(p, &e, pretty, span);
	return e;
}

static struct ast_expr *target(struct parser *p)
{
	struct token t = parser_take(p);
	struct ast_expr *e = parse_new_expr(p, AST_TARGET, t.span);
	uint32_t pretty = strip_pretty(&t.text);

	e->target.name = t.text;
	if (str_is(t.text, "$"))
		parser_error(p, DIAG_UNEXPECTED, t.span,
			     "expected a name behind '$'");
	return with_pretty(p, e, pretty);
}

static struct ast_expr *identifier(struct parser *p)
{
	bool is_call = parser_peek(p, 1)->kind == TOK_LPAREN;
	struct token t = parser_take(p);
	struct ast_expr *e;
	enum ast_printop op;
	uint32_t pretty;

	if (is_call && find_print(t.text, &op))
		return parse_print(p, op, t.span);
	if (is_call)
		return steps(p, call(p, &t));
	e = parse_new_expr(p, AST_NAME, t.span);
	pretty = strip_pretty(&t.text);
	e->name.name = t.text;
	if (!pretty && parser_at(p, TOK_LBRACKET))
		e = index_of(p, e);
	return with_pretty(p, e, pretty);
}

/* ---- @ operators ---- */

static const struct {
	const char *name;
	uint32_t min, max;
} atops[] = {
#define ATOP(id, spelling, min, max) { spelling, min, max },
#include "lang/ast.def"
#undef ATOP
};

static const char *const statops[] = {
#define STATOP(id, spelling) spelling,
#include "lang/ast.def"
#undef STATOP
};

/* Numbers behind the variable, as the operator takes them. */
static void stat_params(struct parser *p, struct ast_expr *e)
{
	static const uint8_t most[] = { [STATOP_VARIANCE] = 1,
					[STATOP_HIST_LINEAR] = 3 };
	uint32_t max = e->stat.op < ARRAY_SIZE(most) ? most[e->stat.op] : 0;

	while (parser_accept(p, TOK_COMMA)) {
		struct span at = parser_peek(p, 0)->span;
		int64_t n = parse_number(p);

		if (e->stat.nparams == max) {
			parser_report(p, DIAG_BAD_STAT_PARAM, at,
				     "%s takes %s", statops[e->stat.op],
				     max == 0 ? "no numbers" :
				     max == 1 ? "one number" :
						"three numbers");
			continue;
		}
		e->stat.params[e->stat.nparams++] = n;
	}
	if (e->stat.op == STATOP_HIST_LINEAR && e->stat.nparams != 3)
		parser_report(p, DIAG_BAD_STAT_PARAM, e->at,
			     "@hist_linear needs three numbers: start, stop "
			     "and step");
}

static struct ast_expr *stat(struct parser *p, enum ast_statop op)
{
	struct token t = parser_take(p);
	struct ast_expr *e = parse_new_expr(p, AST_STAT, t.span);

	e->stat.op = op;
	parser_expect(p, TOK_LPAREN);
	e->stat.of = parse_name(p, "the name of a statistics variable");
	if (parser_at(p, TOK_LBRACKET))
		e->stat.of = index_of(p, e->stat.of);
	stat_params(p, e);
	parser_expect(p, TOK_RPAREN);
	e->span = parser_span_from(p, t.span);
	return e;
}

struct ast_expr *parse_stat(struct parser *p)
{
	if (!parser_at(p, TOK_ATOP))
		return NULL;
	for (uint32_t i = 0; i < ARRAY_SIZE(statops); i++)
		if (str_is(parser_peek(p, 0)->text, statops[i]))
			return stat(p, (enum ast_statop)i);
	return NULL;
}

/* What may have been meant; reads on past its arguments. */
static struct ast_expr *unknown_atop(struct parser *p)
{
	struct token t = parser_take(p);
	struct ast_expr *e = parse_new_expr(p, AST_ATOP, t.span);
	struct diag_guess guess;
	struct diag *g;

	diag_guess_init(&guess, t.text);
	for (uint32_t i = 0; i < ARRAY_SIZE(statops); i++)
		diag_guess_add(&guess, str_from(statops[i]));
	for (uint32_t i = 0; i < ARRAY_SIZE(atops); i++)
		diag_guess_add(&guess, str_from(atops[i].name));
	g = diag_error(p->diags, DIAG_BAD_ATOP, t.span,
		       "no operator or macro '%" STR_FMT "'",
		       STR_ARG(t.text));
	if (diag_guess_best(&guess).len)
		diag_help(p->diags, g, "did you mean '%" STR_FMT "'?",
			  STR_ARG(diag_guess_best(&guess)));
	if (parser_accept(p, TOK_LPAREN))
		arguments(p, &e->at_op.args);
	return e;
}

/* Which arguments of an operator are names in quotes. */
static bool wants_string(enum ast_atop op, uint32_t arg)
{
	switch (op) {
	case ATOP_CAST:
	case ATOP_ENUMNAME:
		return arg > 0;
	case ATOP_VAR:
	case ATOP_PERF:
	case ATOP_CONST:
	case ATOP_ENUM:
		return true;
	case ATOP_DEFINED:
	case ATOP_CHOOSE_DEFINED:
	case ATOP_ENTRY:
	case ATOP_PROBEWRITE:
	case ATOP_KREGISTER:
	case ATOP_UREGISTER:
	case ATOP_KDEREF:
	case ATOP_UDEREF:
		return false;
	}
	return false;
}

static void check_atop(struct parser *p, const struct ast_expr *e)
{
	enum ast_atop op = e->at_op.op;
	const struct ast_exprs *args = &e->at_op.args;

	if (args->n < atops[op].min || args->n > atops[op].max) {
		parser_report(p, DIAG_BAD_ATOP, e->at,
			     atops[op].min == atops[op].max ?
				     "%s takes %u argument%s, not %u" :
				     "%s takes at least %u argument%s, not %u",
			     atops[op].name, atops[op].min,
			     atops[op].min == 1 ? "" : "s", args->n);
		return;
	}
	for (uint32_t i = 0; i < args->n; i++)
		if (wants_string(op, i) && args->v[i]->kind != AST_STRING)
			parser_report(p, DIAG_BAD_ATOP, args->v[i]->span,
				     "argument %u of %s is a string literal",
				     i + 1, atops[op].name);
}

static struct ast_expr *atop(struct parser *p, enum ast_atop op)
{
	struct token t = parser_take(p);
	struct ast_expr *e = parse_new_expr(p, AST_ATOP, t.span);

	e->at_op.op = op;
	parser_expect(p, TOK_LPAREN);
	if (!p->panic)
		arguments(p, &e->at_op.args);
	if (!p->panic)
		check_atop(p, e);
	e->span = parser_span_from(p, t.span);
	return e;
}

static struct ast_expr *operator(struct parser *p)
{
	const struct token *t = parser_peek(p, 0);
	struct ast_expr *e = parse_stat(p);

	if (e && ast_statop_is_hist(e->stat.op) && parser_at(p, TOK_LBRACKET))
		return index_of(p, e);
	if (e)
		return e;
	for (uint32_t i = 0; i < ARRAY_SIZE(atops); i++)
		if (str_is(t->text, atops[i].name))
			return steps(p, atop(p, (enum ast_atop)i));
	return steps(p, unknown_atop(p));
}

/* ---- all of them ---- */

static struct ast_expr *parenthesized(struct parser *p)
{
	struct span start = parser_take(p).span;
	struct ast_expr *e = parse_expr(p);

	if (!p->panic)
		parser_expect(p, TOK_RPAREN);
	e->span = parser_span_from(p, start);
	return steps(p, e);
}

static bool at_type_call(struct parser *p)
{
	return (parser_at(p, TOK_STRING_TYPE) || parser_at(p, TOK_LONG_TYPE)) &&
	       parser_peek(p, 1)->kind == TOK_LPAREN;
}

/* A declaration, as other languages have, is a beginner's. */
static void not_expression(struct parser *p)
{
	bool is_type = (parser_at(p, TOK_STRING_TYPE) ||
			parser_at(p, TOK_LONG_TYPE)) &&
		       parser_peek(p, 1)->kind == TOK_IDENT;
	struct diag *d = parser_unexpected(p, "an expression");

	if (d && is_type)
		diag_help(p->diags, d,
			  "locals are not declared: what they are "
			  "first set to tells their type");
}

struct ast_expr *parse_value(struct parser *p)
{
	if (parser_at(p, TOK_NUMBER))
		return steps(p, number(p));
	if (parser_at(p, TOK_STRING))
		return string(p);
	if (parser_at(p, TOK_IDENT) || at_type_call(p))
		return identifier(p);
	if (parser_at(p, TOK_TARGET))
		return target(p);
	if (parser_at(p, TOK_ATOP))
		return operator(p);
	if (parser_at(p, TOK_LPAREN))
		return parenthesized(p);
	if (parser_at(p, TOK_EMBEDDED))
		return embedded(p);
	not_expression(p);
	return nothing(p);
}
