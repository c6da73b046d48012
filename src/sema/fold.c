/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/fold.h"

#include "sema/walk.h"

static void become_number(struct ast_expr *e, int64_t n)
{
	struct ast_expr was = *e;

	*e = (struct ast_expr){
		.kind = AST_NUMBER,
		.span = was.span,
		.at = was.at,
		.number = n,
	};
}

static int64_t shift_right(int64_t a, int64_t n)
{
	return a >> (n & 63);
}

/* False: not to be computed here. */
static bool compute(enum ast_binop op, int64_t x, int64_t y, int64_t *ret)
{
	uint64_t a = (uint64_t)x, b = (uint64_t)y;

	switch (op) {
	case BINOP_OR:
		*ret = x | y;
		return true;
	case BINOP_XOR:
		*ret = x ^ y;
		return true;
	case BINOP_AND:
		*ret = x & y;
		return true;
	case BINOP_LT:
		*ret = x < y;
		return true;
	case BINOP_GT:
		*ret = x > y;
		return true;
	case BINOP_LE:
		*ret = x <= y;
		return true;
	case BINOP_GE:
		*ret = x >= y;
		return true;
	case BINOP_EQ:
		*ret = x == y;
		return true;
	case BINOP_NE:
		*ret = x != y;
		return true;
	case BINOP_SHL:
		*ret = (int64_t)(a << (b & 63));
		return true;
	case BINOP_SHR:
		*ret = shift_right(x, y);
		return true;
	case BINOP_USHR:
		*ret = (int64_t)(a >> (b & 63));
		return true;
	case BINOP_ADD:
		*ret = (int64_t)(a + b);
		return true;
	case BINOP_SUB:
		*ret = (int64_t)(a - b);
		return true;
	case BINOP_MUL:
		*ret = (int64_t)(a * b);
		return true;
	case BINOP_DIV:
		if (!y)
			return false;
		*ret = y == -1 ? (int64_t)-a : x / y;
		return true;
	case BINOP_MOD:
		if (!y)
			return false;
		*ret = y == -1 ? 0 : x % y;
		return true;
	case BINOP_LOR:
	case BINOP_LAND:
	case BINOP_MATCH:
	case BINOP_NOMATCH:
	case BINOP_CONCAT:
	case BINOP_STAT_ADD:
	case BINOP_SET:
		break;
	}
	return false;
}

/* && and ||: the left side may decide alone; a value is 0 or 1. */
static void fold_logic(struct ast_expr *e)
{
	struct ast_expr *a = e->binary.a, *b = e->binary.b;
	bool decides = e->binary.op == BINOP_LOR;

	if (fold_is(a, decides))
		become_number(e, decides);
	else if (fold_is(a, !decides) && b->kind == AST_NUMBER)
		become_number(e, b->number != 0);
}

static void fold_strings(struct ast_expr *e)
{
	struct str a = e->binary.a->string, b = e->binary.b->string;

	if (e->binary.op == BINOP_EQ)
		become_number(e, str_eq(a, b));
	else if (e->binary.op == BINOP_NE)
		become_number(e, !str_eq(a, b));
}

static void fold_binary(struct ast_expr *e)
{
	struct ast_expr *a = e->binary.a, *b = e->binary.b;
	int64_t n;

	if (e->binary.op == BINOP_LOR || e->binary.op == BINOP_LAND)
		fold_logic(e);
	else if (a->kind == AST_STRING && b->kind == AST_STRING)
		fold_strings(e);
	else if (a->kind == AST_NUMBER && b->kind == AST_NUMBER &&
		 compute(e->binary.op, a->number, b->number, &n))
		become_number(e, n);
}

static void fold_unary(struct ast_expr *e)
{
	int64_t n = e->unary.a->number;

	if (e->unary.a->kind != AST_NUMBER)
		return;
	switch (e->unary.op) {
	case UNOP_PLUS:
		break;
	case UNOP_NEG:
		n = (int64_t)-(uint64_t)n;
		break;
	case UNOP_NOT:
		n = !n;
		break;
	case UNOP_INV:
		n = ~n;
		break;
	}
	become_number(e, n);
}

static void visit(struct ast_expr **place, void *data)
{
	struct ast_expr *e = *place;

	(void)data;
	if (e->kind == AST_BINARY)
		fold_binary(e);
	else if (e->kind == AST_UNARY)
		fold_unary(e);
	else if (e->kind == AST_TERNARY && fold_is(e->ternary.cond, true))
		*place = e->ternary.yes;
	else if (e->kind == AST_TERNARY && fold_is(e->ternary.cond, false))
		*place = e->ternary.no;
}

void fold_expr(struct ast_expr **e)
{
	walk_expr_post(e, visit, NULL);
}

#ifdef UNIT_TEST
#include <limits.h>

#include "unit.h"

static int64_t folded(enum ast_binop op, int64_t x, int64_t y)
{
	struct ast_expr a = { .kind = AST_NUMBER, .number = x };
	struct ast_expr b = { .kind = AST_NUMBER, .number = y };
	struct ast_expr e = { .kind = AST_BINARY,
			      .binary = { .op = op, .a = &a, .b = &b } };
	struct ast_expr *place = &e;

	fold_expr(&place);
	return place->kind == AST_NUMBER ? place->number : INT64_C(-12345);
}

UNIT_TEST_CASE(fold_as_the_run_time)
{
	TEST_EQ(folded(BINOP_ADD, INT64_MAX, 1), INT64_MIN);
	TEST_EQ(folded(BINOP_SUB, INT64_MIN, 1), INT64_MAX);
	TEST_EQ(folded(BINOP_MUL, INT64_MIN, -1), INT64_MIN);
	TEST_EQ(folded(BINOP_DIV, INT64_MIN, -1), INT64_MIN);
	TEST_EQ(folded(BINOP_MOD, INT64_MIN, -1), 0);
	TEST_EQ(folded(BINOP_DIV, -7, 3), -2);
	TEST_EQ(folded(BINOP_MOD, -7, 3), -1);
	TEST_EQ(folded(BINOP_DIV, 1, 0), -12345);
	TEST_EQ(folded(BINOP_SHL, 1, 65), 2);
	TEST_EQ(folded(BINOP_SHR, -8, 1), -4);
	TEST_EQ(folded(BINOP_USHR, -1, 60), 15);
	TEST_EQ(folded(BINOP_LAND, 2, 4), 1);
	TEST_EQ(folded(BINOP_LOR, 0, 0), 0);
}
#endif
