/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operators.  Binary ones by precedence climbing; '.' binds less tightly
 * than '+', and & | ^ less than comparisons, as in the language's first
 * implementation.
 */
#include "lang/parser.h"

struct operator {
	bool is_binary, is_set;
	uint8_t op;		/* enum ast_binop */
	uint8_t prec;
};

enum {
	PREC_LOWEST = 3,
	PREC_IN = 8,
	PREC_COMPARE = 9,
	PREC_HIGHEST = 13,
};

/* How tightly operators bind, and what they become (but for `in`). */
static const struct operator operators[TOK_N] = {
	[TOK_LOR] = { true, false, BINOP_LOR, 3 },
	[TOK_LAND] = { true, false, BINOP_LAND, 4 },
	[TOK_OR] = { true, false, BINOP_OR, 5 },
	[TOK_XOR] = { true, false, BINOP_XOR, 6 },
	[TOK_AND] = { true, false, BINOP_AND, 7 },
	[TOK_IN] = { true, false, 0, PREC_IN },
	[TOK_LT] = { true, false, BINOP_LT, PREC_COMPARE },
	[TOK_GT] = { true, false, BINOP_GT, PREC_COMPARE },
	[TOK_LE] = { true, false, BINOP_LE, PREC_COMPARE },
	[TOK_GE] = { true, false, BINOP_GE, PREC_COMPARE },
	[TOK_EQ] = { true, false, BINOP_EQ, PREC_COMPARE },
	[TOK_NE] = { true, false, BINOP_NE, PREC_COMPARE },
	[TOK_MATCH] = { true, false, BINOP_MATCH, PREC_COMPARE },
	[TOK_NOMATCH] = { true, false, BINOP_NOMATCH, PREC_COMPARE },
	[TOK_SHL] = { true, false, BINOP_SHL, 10 },
	[TOK_SHR] = { true, false, BINOP_SHR, 10 },
	[TOK_USHR] = { true, false, BINOP_USHR, 10 },
	[TOK_DOT] = { true, false, BINOP_CONCAT, 11 },
	[TOK_ADD] = { true, false, BINOP_ADD, 12 },
	[TOK_SUB] = { true, false, BINOP_SUB, 12 },
	[TOK_MUL] = { true, false, BINOP_MUL, 13 },
	[TOK_DIV] = { true, false, BINOP_DIV, 13 },
	[TOK_MOD] = { true, false, BINOP_MOD, 13 },
	[TOK_SET] = { false, true, BINOP_SET, 1 },
	[TOK_STAT_ADD] = { false, true, BINOP_STAT_ADD, 1 },
	[TOK_ADD_SET] = { false, true, BINOP_ADD, 1 },
	[TOK_SUB_SET] = { false, true, BINOP_SUB, 1 },
	[TOK_MUL_SET] = { false, true, BINOP_MUL, 1 },
	[TOK_DIV_SET] = { false, true, BINOP_DIV, 1 },
	[TOK_MOD_SET] = { false, true, BINOP_MOD, 1 },
	[TOK_AND_SET] = { false, true, BINOP_AND, 1 },
	[TOK_OR_SET] = { false, true, BINOP_OR, 1 },
	[TOK_XOR_SET] = { false, true, BINOP_XOR, 1 },
	[TOK_SHL_SET] = { false, true, BINOP_SHL, 1 },
	[TOK_SHR_SET] = { false, true, BINOP_SHR, 1 },
	[TOK_CONCAT_SET] = { false, true, BINOP_CONCAT, 1 },
};

bool parse_is_assignable(const struct ast_expr *e)
{
	switch (e->kind) {
	case AST_NAME:
	case AST_TARGET:
	case AST_ACCESS:
		return true;
	case AST_INDEX:
		return e->index.base->kind == AST_NAME;
	case AST_ATOP:
		return e->at_op.op == ATOP_VAR ||
		       e->at_op.op == ATOP_CHOOSE_DEFINED ||
		       e->at_op.op == ATOP_KREGISTER ||
		       e->at_op.op == ATOP_UREGISTER ||
		       e->at_op.op == ATOP_KDEREF ||
		       e->at_op.op == ATOP_UDEREF;
	case AST_NUMBER:
	case AST_STRING:
	case AST_ADDRESS:
	case AST_UNARY:
	case AST_BINARY:
	case AST_TERNARY:
	case AST_ASSIGN:
	case AST_INCDEC:
	case AST_IN:
	case AST_CALL:
	case AST_PRINT:
	case AST_STAT:
	case AST_EMBEDDED:
		return false;
	}
	return false;
}

/* ---- unary ---- */

static void check_assignable(struct parser *p, const struct ast_expr *e,
			     const char *what)
{
	if (!p->panic && !parse_is_assignable(e))
		parser_report(p, DIAG_NOT_ASSIGNABLE, e->span,
			     "%s needs a variable, an element of an array or "
			     "a target variable", what);
}

static struct ast_expr *incdec(struct parser *p, struct ast_expr *of,
			       bool post)
{
	struct token t = parser_take(p);
	struct ast_expr *e = parse_new_expr(p, AST_INCDEC, t.span);

	e->incdec.post = post;
	e->incdec.step = t.kind == TOK_INC ? 1 : -1;
	e->incdec.of = post ? of : parse_value(p);
	check_assignable(p, e->incdec.of, token_kind_name(t.kind));
	e->span = parser_span_from(p, post ? of->span : t.span);
	return e;
}

static struct ast_expr *address(struct parser *p)
{
	struct token t = parser_take(p);
	struct ast_expr *e = parse_new_expr(p, AST_ADDRESS, t.span);
	struct ast_expr *of = parse_value(p);

	e->address.of = of;
	e->span = parser_span_from(p, t.span);
	if (!p->panic && of->kind != AST_TARGET && of->kind != AST_ATOP &&
	    of->kind != AST_ACCESS)
		parser_report(p, DIAG_NO_ADDRESS, of->span,
			     "only target variables and what -> reaches have "
			     "an address");
	return e;
}

static struct ast_expr *postfix(struct parser *p)
{
	struct ast_expr *e;

	if (parser_at(p, TOK_AND))
		return address(p);
	if (parser_at(p, TOK_INC) || parser_at(p, TOK_DEC))
		return incdec(p, NULL, false);
	e = parse_value(p);
	if (parser_at(p, TOK_INC) || parser_at(p, TOK_DEC))
		return incdec(p, e, true);
	return e;
}

static bool unary_op(struct parser *p, enum ast_unop *ret)
{
	static const struct {
		enum token_kind token;
		enum ast_unop op;
	} ops[] = {
		{ TOK_ADD, UNOP_PLUS },
		{ TOK_SUB, UNOP_NEG },
		{ TOK_NOT, UNOP_NOT },
		{ TOK_INV, UNOP_INV },
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (parser_at(p, ops[i].token)) {
			*ret = ops[i].op;
			return true;
		}
	}
	return false;
}

static struct ast_expr *unary(struct parser *p)
{
	enum ast_unop op;
	struct ast_expr *e;
	struct token t;

	if (!unary_op(p, &op))
		return postfix(p);
	t = parser_take(p);
	e = parse_new_expr(p, AST_UNARY, t.span);
	e->unary.op = op;
	if (parser_enter(p))
		e->unary.a = unary(p);
	else
		e->unary.a = parse_new_expr(p, AST_NUMBER, t.span);
	parser_leave(p);
	e->span = parser_span_from(p, t.span);
	return e;
}

/* ---- binary ---- */

static struct ast_expr *binary_of(struct parser *p, enum ast_binop op,
				  struct span at, struct ast_expr *a,
				  struct ast_expr *b)
{
	struct ast_expr *e = parse_new_expr(p, AST_BINARY, at);

	e->binary.op = op;
	e->binary.a = a;
	e->binary.b = b;
	e->span = parser_span_from(p, a->span);
	return e;
}

/* Behind a =~ or !~. */
static struct ast_expr *pattern(struct parser *p)
{
	struct ast_expr *e;
	struct span at = parser_peek(p, 0)->span;

	if (!p->panic && !parser_at(p, TOK_STRING) &&
	    !parser_at(p, TOK_JUNK))
		parser_error(p, DIAG_NOT_A_LITERAL, at,
			     "a regular expression is a string literal");
	e = parse_new_expr(p, AST_STRING, at);
	e->string = parse_string(p, "a regular expression");
	e->span = e->at = parser_span_from(p, at);
	return e;
}

/* At the `in`, keys of which are given; from a position on. */
static struct ast_expr *in(struct parser *p, const struct ast_exprs *keys,
			   struct span start)
{
	struct ast_expr *e =
		parse_new_expr(p, AST_IN, parser_peek(p, 0)->span);

	e->in.keys = *keys;
	parser_expect(p, TOK_IN);
	e->in.array = parse_name(p, "the name of an array");
	e->span = parser_span_from(p, start);
	return e;
}

static struct ast_expr *tuple_in(struct parser *p)
{
	struct span start = parser_take(p).span;
	struct ast_exprs keys = {};

	parse_keys(p, &keys, true);
	return in(p, &keys, start);
}

static struct ast_expr *binary(struct parser *p, uint8_t min);

static struct ast_expr *operand(struct parser *p, uint8_t min, uint8_t *limit)
{
	if (min > PREC_IN || !parser_at(p, TOK_LBRACKET))
		return unary(p);
	*limit = PREC_IN - 1;
	return tuple_in(p);
}

static void check_chain(struct parser *p, const struct ast_expr *a,
			uint8_t limit, struct span at)
{
	if (limit == PREC_COMPARE && a->kind == AST_BINARY)
		parser_report(p, DIAG_UNEXPECTED, at,
			     "=~ and !~ do not combine with other comparisons "
			     "without parentheses");
}

/* One more operator behind e.  `limit` falls to what may follow it. */
static struct ast_expr *binary_step(struct parser *p, struct ast_expr *e,
				    uint8_t *limit)
{
	const struct operator *op = &operators[parser_peek(p, 0)->kind];
	struct span at = parser_peek(p, 0)->span;
	struct ast_exprs keys = {};

	if (parser_at(p, TOK_IN)) {
		vec_push(p->arena, &keys, e);
		*limit = PREC_IN - 1;
		return in(p, &keys, e->span);
	}
	if (op->op == BINOP_MATCH || op->op == BINOP_NOMATCH) {
		check_chain(p, e, *limit, at);
		*limit = PREC_IN;
		parser_accept(p, parser_peek(p, 0)->kind);
		return binary_of(p, op->op, at, e, pattern(p));
	}
	parser_take(p);
	*limit = op->prec;
	return binary_of(p, op->op, at, e, binary(p, op->prec + 1));
}

static struct ast_expr *binary(struct parser *p, uint8_t min)
{
	uint8_t limit = PREC_HIGHEST;
	struct ast_expr *e = operand(p, min, &limit);

	while (!p->panic) {
		const struct operator *op =
			&operators[parser_peek(p, 0)->kind];

		if (!op->is_binary || op->prec < min || op->prec > limit)
			break;
		e = binary_step(p, e, &limit);
	}
	return e;
}

/* ---- ternary and assignment ---- */

static struct ast_expr *ternary(struct parser *p)
{
	struct ast_expr *cond = binary(p, PREC_LOWEST), *e;

	if (!parser_at(p, TOK_QUESTION))
		return cond;
	e = parse_new_expr(p, AST_TERNARY, parser_take(p).span);
	e->ternary.cond = cond;
	e->ternary.yes = parse_expr(p);
	parser_expect(p, TOK_COLON);
	if (parser_enter(p))
		e->ternary.no = ternary(p);
	else
		e->ternary.no = parse_new_expr(p, AST_NUMBER, e->at);
	parser_leave(p);
	e->span = parser_span_from(p, cond->span);
	return e;
}

static struct ast_expr *assignment(struct parser *p)
{
	struct ast_expr *to = ternary(p), *e;
	struct token t;

	if (p->panic || !operators[parser_peek(p, 0)->kind].is_set)
		return to;
	t = parser_take(p);
	check_assignable(p, to, token_kind_name(t.kind));
	e = parse_new_expr(p, AST_ASSIGN, t.span);
	e->assign.op = operators[t.kind].op;
	e->assign.to = to;
	e->assign.value = parse_expr(p);
	e->span = parser_span_from(p, to->span);
	return e;
}

struct ast_expr *parse_expr(struct parser *p)
{
	struct ast_expr *e;

	if (!p->expr_depth)
		p->nodes = 0;
	p->expr_depth++;
	if (parser_enter(p))
		e = assignment(p);
	else
		e = parse_new_expr(p, AST_NUMBER, p->last);
	parser_leave(p);
	p->expr_depth--;
	return e;
}
