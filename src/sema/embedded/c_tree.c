/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes of the script's tree, constants folded. */
#include "sema/embedded/c_parse.h"

#include <stdarg.h>

#include "sema/walk.h"

#define MAX_NODES 6000	/* of one expression: bounds its height */

struct ast_expr *c_node(struct c *c, enum ast_expr_kind kind, struct span span)
{
	struct ast_expr *e = arena_new(c->arena, struct ast_expr);

	e->kind = kind;
	e->span = e->at = span;
	if (c->nodes++ == MAX_NODES)
		c_error(c, span, "this is too long for one expression");
	return e;
}

struct ast_expr *c_num(struct c *c, struct span span, int64_t n)
{
	struct ast_expr *e = c_node(c, AST_NUMBER, span);

	e->number = n;
	return e;
}

struct ast_expr *c_str(struct c *c, struct span span, struct str s)
{
	struct ast_expr *e = c_node(c, AST_STRING, span);
	int64_t nul = str_find_char(s, '\0');

	e->string = nul < 0 ? s : str_sub(s, 0, (uint32_t)nul);
	return e;
}

struct ast_expr *c_name(struct c *c, struct span span, struct str name)
{
	struct ast_expr *e = c_node(c, AST_NAME, span);

	e->name.name = name;
	return e;
}

/* ---- operators ---- */

static bool fold_arith(enum ast_binop op, uint64_t a, uint64_t b, uint64_t *ret)
{
	if (op == BINOP_ADD)
		*ret = a + b;
	else if (op == BINOP_SUB)
		*ret = a - b;
	else if (op == BINOP_MUL)
		*ret = a * b;
	else if (op == BINOP_AND)
		*ret = a & b;
	else if (op == BINOP_OR)
		*ret = a | b;
	else if (op == BINOP_XOR)
		*ret = a ^ b;
	else if (op == BINOP_SHL && b < 64)
		*ret = a << b;
	else if (op == BINOP_USHR && b < 64)
		*ret = a >> b;
	else if (op == BINOP_SHR && b < 64)
		*ret = (uint64_t)((int64_t)a >> b);
	else
		return false;
	return true;
}

static bool fold_signed(enum ast_binop op, int64_t a, int64_t b, uint64_t *ret)
{
	if (op == BINOP_LT)
		*ret = a < b;
	else if (op == BINOP_GT)
		*ret = a > b;
	else if (op == BINOP_LE)
		*ret = a <= b;
	else if (op == BINOP_GE)
		*ret = a >= b;
	else if (op == BINOP_EQ)
		*ret = a == b;
	else if (op == BINOP_NE)
		*ret = a != b;
	else if (op == BINOP_LAND)
		*ret = a && b;
	else if (op == BINOP_LOR)
		*ret = a || b;
	else if (op == BINOP_DIV && b && b != -1)
		*ret = (uint64_t)(a / b);
	else if (op == BINOP_MOD && b && b != -1)
		*ret = (uint64_t)(a % b);
	else
		return false;
	return true;
}

struct ast_expr *c_op(struct c *c, enum ast_binop op, struct ast_expr *a,
		      struct ast_expr *b)
{
	struct span span = span_join(a->span, b->span);
	struct ast_expr *e;
	uint64_t n;

	if (a->kind == AST_NUMBER && b->kind == AST_NUMBER &&
	    (fold_arith(op, (uint64_t)a->number, (uint64_t)b->number, &n) ||
	     fold_signed(op, a->number, b->number, &n)))
		return c_num(c, span, (int64_t)n);
	e = c_node(c, AST_BINARY, span);
	e->binary.op = op;
	e->binary.a = a;
	e->binary.b = b;
	return e;
}

struct ast_expr *c_unop(struct c *c, enum ast_unop op, struct ast_expr *a)
{
	struct ast_expr *e;
	int64_t n = a->number;

	if (a->kind == AST_NUMBER)
		return c_num(c, a->span,
			     op == UNOP_NEG ? (int64_t)-(uint64_t)n :
			     op == UNOP_INV ? ~n :
			     op == UNOP_NOT ? !n : n);
	e = c_node(c, AST_UNARY, a->span);
	e->unary.op = op;
	e->unary.a = a;
	return e;
}

struct ast_expr *c_ternary(struct c *c, struct ast_expr *cond,
			   struct ast_expr *yes, struct ast_expr *no)
{
	struct ast_expr *e;

	if (cond->kind == AST_NUMBER)
		return cond->number ? yes : no;
	e = c_node(c, AST_TERNARY, cond->span);
	e->ternary.cond = cond;
	e->ternary.yes = yes;
	e->ternary.no = no;
	return e;
}

struct ast_expr *c_set(struct c *c, struct ast_expr *to,
		       struct ast_expr *value)
{
	struct ast_expr *e = c_node(c, AST_ASSIGN,
				    span_join(to->span, value->span));

	e->assign.op = BINOP_SET;
	e->assign.to = to;
	e->assign.value = value;
	return e;
}

struct ast_expr *c_library(struct c *c, struct span span, const char *name,
			   uint32_t n, ...)
{
	struct ast_expr *e = c_node(c, AST_CALL, span);
	va_list ap;

	e->call.name = str_from(name);
	va_start(ap, n);
	while (n--) {
		struct ast_expr *arg = va_arg(ap, struct ast_expr *);

		vec_push(c->arena, &e->call.args, arg);
	}
	va_end(ap);
	return e;
}

struct ast_expr *c_both(struct c *c, struct ast_expr *a, struct ast_expr *b)
{
	if (a->kind == AST_NUMBER || a->kind == AST_NAME)
		return b;
	return c_op(c, BINOP_ADD,
		    c_op(c, BINOP_AND, a, c_num(c, a->span, 0)), b);
}

/* ---- statements ---- */

#define MAX_COPIED 20000

static bool count(struct ast_stmt **s, void *data)
{
	(void)s;
	++*(uint32_t *)data;
	return true;
}

void c_copy(struct c *c, const struct ast_stmts *from, uint32_t first,
	    struct ast_stmts *to, struct span span)
{
	uint32_t n = from->n;

	for (uint32_t i = first; i < n && !c->failure->is_set; i++) {
		struct ast_stmt *s = from->v[i];

		walk_stmts(&s, count, &c->copied);
		if (c->copied > MAX_COPIED)
			c_error(c, span, "the ways through this code are too "
				"many");
		else
			vec_push(c->arena, to, ast_clone_stmt(c->arena, s));
	}
}

struct ast_stmt *c_stmt_new(struct c *c, enum ast_stmt_kind kind,
			    struct span span)
{
	struct ast_stmt *s = arena_new(c->arena, struct ast_stmt);

	s->kind = kind;
	s->span = span;
	return s;
}

void c_emit(struct c *c, struct ast_stmt *s)
{
	vec_push(c->arena, c->block, s);
}

void c_emit_expr(struct c *c, struct ast_expr *e)
{
	struct ast_stmt *s;

	if (e->kind == AST_NUMBER || e->kind == AST_NAME ||
	    e->kind == AST_STRING)
		return;
	s = c_stmt_new(c, AST_S_EXPR, e->span);
	s->expr = e;
	c_emit(c, s);
}
