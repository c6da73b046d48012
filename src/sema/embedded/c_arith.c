/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operators on numbers and pointers, as C has them on what the kernel runs on:
 * int has 32 bits, long 64, and what does not fit wraps around.
 */
#include "sema/embedded/c_parse.h"

static bool is_compare(enum ast_binop op)
{
	return op == BINOP_LT || op == BINOP_GT || op == BINOP_LE ||
	       op == BINOP_GE || op == BINOP_EQ || op == BINOP_NE;
}

static bool is_order(enum ast_binop op)
{
	return is_compare(op) && op != BINOP_EQ && op != BINOP_NE;
}

/* Numbers of 64 bits without a sign, in the order of those with one. */
static struct ast_expr *biased(struct c *c, struct ast_expr *e)
{
	return c_op(c, BINOP_XOR, e, c_num(c, e->span, INT64_MIN));
}

static struct c_value compare(struct c *c, enum ast_binop op,
			      struct ast_expr *a, struct ast_expr *b,
			      bool is_unsigned)
{
	if (is_unsigned && is_order(op)) {
		a = biased(c, a);
		b = biased(c, b);
	}
	return c_rvalue(&c_type_int, c_op(c, op, a, b));
}

/* a / b or a % b without signs. */
static struct ast_expr *divide_unsigned(struct c *c, enum ast_binop op,
					struct ast_expr *a, struct ast_expr *b,
					struct span span)
{
	int64_t n = b->kind == AST_NUMBER ? b->number : 0;
	uint64_t x = (uint64_t)a->number, y = (uint64_t)n;

	if (a->kind == AST_NUMBER && b->kind == AST_NUMBER && n)
		return c_num(c, span,
			     (int64_t)(op == BINOP_DIV ? x / y : x % y));
	if (n > 0 && !(n & (n - 1)) && op == BINOP_MOD)
		return c_op(c, BINOP_AND, a, c_num(c, b->span, n - 1));
	if (n > 0 && !(n & (n - 1)))
		return c_op(c, BINOP_USHR, a,
			    c_num(c, b->span, __builtin_ctzll((uint64_t)n)));
	return c_library(c, span, op == BINOP_DIV ? "__c_udiv" : "__c_umod", 2,
			 a, b);
}

static bool is_wide_unsigned(const struct c_type *t)
{
	return t->kind == C_POINTER || (t->size == 8 && !t->is_signed);
}

/* Both of type t. */
static struct ast_expr *calculate(struct c *c, enum ast_binop op,
				  const struct c_type *t, struct ast_expr *a,
				  struct ast_expr *b, struct span span)
{
	bool wide = is_wide_unsigned(t);

	if ((op == BINOP_DIV || op == BINOP_MOD) && wide)
		return divide_unsigned(c, op, a, b, span);
	return c_op(c, op == BINOP_SHR && wide ? BINOP_USHR : op, a, b);
}

static bool may_overflow(enum ast_binop op)
{
	return op == BINOP_ADD || op == BINOP_SUB || op == BINOP_MUL ||
	       op == BINOP_SHL;
}

/* A long that may have more bits than the type. */
static struct c_value wrapped(struct c *c, struct ast_expr *e,
			      const struct c_type *t)
{
	return c_cast(c, c_rvalue(t->is_signed ? &c_type_ulong : &c_type_long,
				  e), t);
}

static struct c_value arithmetic(struct c *c, enum ast_binop op,
				 struct c_value a, struct c_value b,
				 struct span span)
{
	bool is_shift = op == BINOP_SHL || op == BINOP_SHR;
	const struct c_type *t = is_shift ? c_type_promoted(a.type) :
					    c_type_common(a.type, b.type);
	struct ast_expr *e;

	a = c_cast(c, a, t);
	if (!is_shift)
		b = c_cast(c, b, t);
	if (is_compare(op))
		return compare(c, op, a.e, b.e, is_wide_unsigned(t));
	e = calculate(c, op, t, a.e, b.e, span);
	e->span = span_join(a.span, b.span);
	e->at = span;
	return may_overflow(op) ? wrapped(c, e, t) : c_rvalue(t, e);
}

/* ---- pointers ---- */

static struct c_value wrong(struct c *c, struct c_value a, struct c_value b,
			    struct span span)
{
	c_error(c, span, "this is not done with %" STR_FMT " and %" STR_FMT,
		STR_ARG(c_type_name(c->arena, a.type)),
		STR_ARG(c_type_name(c->arena, b.type)));
	return c_int(c, span, &c_type_int, 0);
}

/* GNU C: void has one byte. */
static struct ast_expr *scale(struct c *c, const struct c_type *of,
			      struct span span)
{
	return of->kind == C_VOID ? c_num(c, span, 1) : c_sizeof(c, of, span);
}

static struct c_value add_pointer(struct c *c, enum ast_binop op,
				  struct c_value p, struct c_value n,
				  struct span span)
{
	struct ast_expr *by;

	n = c_cast(c, n, &c_type_long);
	by = c_op(c, BINOP_MUL, n.e, scale(c, p.type->of, span));
	if (by->kind == AST_NUMBER && !by->number)
		return p;
	return c_rvalue(p.type, c_op(c, op, p.e, by));
}

static struct c_value pointers(struct c *c, enum ast_binop op,
			       struct c_value a, struct c_value b,
			       struct span span)
{
	bool is_a = a.type->kind == C_POINTER, is_b = b.type->kind == C_POINTER;
	struct ast_expr *bytes;

	if (is_compare(op))
		return compare(c, op, a.e, b.e, true);
	if (op == BINOP_ADD && is_a != is_b)
		return add_pointer(c, op, is_a ? a : b, is_a ? b : a, span);
	if (op == BINOP_SUB && is_a && !is_b)
		return add_pointer(c, op, a, b, span);
	if (op != BINOP_SUB || !is_a || !is_b)
		return wrong(c, a, b, span);
	bytes = c_op(c, BINOP_SUB, a.e, b.e);
	return c_rvalue(&c_type_long,
			c_op(c, BINOP_DIV, bytes,
			     scale(c, a.type->of, span)));
}

/* ---- texts ---- */

static bool is_zero(const struct c_value *v)
{
	return v->e && v->e->kind == AST_NUMBER && !v->e->number;
}

/* Two pointers into the same text? */
static bool are_into_one(const struct c_value *a, const struct c_value *b)
{
	return a->type->kind == C_TEXT && b->type->kind == C_TEXT &&
	       a->place == C_VAR && b->place == C_VAR &&
	       str_eq(a->name, b->name);
}

static struct ast_expr *distance(struct c *c, const struct c_value *v)
{
	return v->offset ? v->offset : c_num(c, v->span, 0);
}

static struct c_value texts(struct c *c, enum ast_binop op, struct c_value a,
			    struct c_value b, struct span span)
{
	bool is_a = a.type->kind == C_TEXT;
	struct c_value text = is_a ? a : b, other = is_a ? b : a;
	struct ast_expr *n;

	if (are_into_one(&a, &b) && (op == BINOP_SUB || is_compare(op)))
		return c_rvalue(op == BINOP_SUB ? &c_type_long : &c_type_int,
				c_op(c, op, distance(c, &a), distance(c, &b)));

	if (is_compare(op) && !is_order(op) && is_zero(&other))
		return c_int(c, span, &c_type_int, op == BINOP_NE);
	if (other.type->kind != C_INT ||
	    (op != BINOP_ADD && !(op == BINOP_SUB && is_a && a.offset)))
		return wrong(c, a, b, span);
	n = c_cast(c, other, &c_type_long).e;
	text.offset = text.offset ? c_op(c, op, text.offset, n) : n;
	return text;
}

/* ---- all of them ---- */

static struct c_value logic(struct c *c, enum ast_binop op, struct c_value a,
			    struct c_value b)
{
	return c_rvalue(&c_type_int,
			c_op(c, op, c_condition(c, a), c_condition(c, b)));
}

struct c_value c_binary(struct c *c, enum ast_binop op, struct c_value a,
			struct c_value b, struct span span)
{
	if (op == BINOP_LAND || op == BINOP_LOR)
		return logic(c, op, a, b);
	a = c_read(c, a);
	b = c_read(c, b);
	if (a.type->kind == C_TEXT || b.type->kind == C_TEXT)
		return texts(c, op, a, b, span);
	a = c_scalar(c, a);
	b = c_scalar(c, b);
	if (a.type->kind == C_POINTER || b.type->kind == C_POINTER)
		return pointers(c, op, a, b, span);
	return arithmetic(c, op, a, b, span);
}

struct c_value c_unary(struct c *c, char op, struct c_value v)
{
	const struct c_type *t;

	if (op == '!')
		return c_rvalue(&c_type_int,
				c_unop(c, UNOP_NOT, c_condition(c, v)));
	v = c_scalar(c, v);
	t = c_type_promoted(v.type);
	if (t->kind != C_INT)
		return wrong(c, v, v, v.span);
	v = c_cast(c, v, t);
	if (op == '+')
		return v;
	return wrapped(c, c_unop(c, op == '-' ? UNOP_NEG : UNOP_INV, v.e), t);
}

/* char *p: the rest of a text */
static struct c_value step_cursor(struct c *c, struct c_value v, int step,
				  bool post)
{
	struct c_value next = v;

	if (step < 0 || post) {
		c_error(c, v.span, step < 0 ?
			"a pointer into a text only goes forward" :
			"what p++ was before is not to be had of a text; a "
			"statement of its own is");
		return v;
	}
	next.offset = c_num(c, v.span, 1);
	return c_rvalue(v.type, c_set(c, c_name(c, v.span, v.name),
				      c_text(c, next)));
}

/* The same of one that is known by how far it is. */
static struct c_value step_offset(struct c *c, struct c_value v, int step,
				  bool post)
{
	struct ast_expr *by = c_num(c, v.span, step);
	struct ast_expr *to = c_name(c, v.span, v.var->script_name);

	v.offset = c_set(c, to, c_op(c, BINOP_ADD, v.offset, by));
	if (post)
		v.offset = c_op(c, BINOP_SUB, v.offset,
				c_num(c, v.span, step));
	return v;
}

struct c_value c_step(struct c *c, struct c_value v, int step, bool post)
{
	struct c_value one = c_int(c, v.span, &c_type_int, 1), old;

	if (v.is_element)
		c_error(c, v.span, "this is not understood of a byte of a text");
	if (v.var && v.var->is_offset && !v.is_element)
		return step_offset(c, v, step, post);
	if (v.type->kind == C_TEXT && !v.offset && v.var && v.var->is_cursor)
		return step_cursor(c, v, step, post);
	v = c_assign(c, v, c_binary(c, step > 0 ? BINOP_ADD : BINOP_SUB, v,
				    one, v.span), v.span);
	if (!post)
		return v;
	old = c_binary(c, step > 0 ? BINOP_SUB : BINOP_ADD, v, one, v.span);
	return c_cast(c, old, v.type);
}

static struct c_value choose_texts(struct c *c, struct ast_expr *cond,
				   struct c_value yes, struct c_value no)
{
	struct ast_expr *a = c_text(c, yes), *b = c_text(c, no);

	return c_rvalue(c_type_text(c->arena, 0), c_ternary(c, cond, a, b));
}

struct c_value c_choose(struct c *c, struct c_value cond, struct c_value yes,
			struct c_value no, struct span span)
{
	struct ast_expr *test = c_condition(c, cond);
	const struct c_type *t;

	yes = c_read(c, yes);
	no = c_read(c, no);
	if (yes.type->kind == C_TEXT || no.type->kind == C_TEXT)
		return choose_texts(c, test, yes, no);
	t = yes.type;
	if (yes.type->kind == C_INT && no.type->kind == C_INT)
		t = c_type_common(yes.type, no.type);
	else if (no.type->kind == C_POINTER &&
		 (yes.type->kind != C_POINTER || yes.type->of->kind == C_VOID))
		t = no.type;
	if (t->kind != C_VOID) {
		yes = c_cast(c, yes, t);
		no = c_cast(c, no, t);
	}
	(void)span;
	return c_rvalue(t, c_ternary(c, test, yes.e, no.e));
}

struct c_value c_least(struct c *c, struct c_value a, struct c_value b,
		       bool most)
{
	const struct c_type *t;
	bool wide;

	a = c_scalar(c, a);
	b = c_scalar(c, b);
	t = a.type->kind == C_POINTER ? a.type : c_type_common(a.type, b.type);
	wide = is_wide_unsigned(t);
	a = c_cast(c, a, t);
	b = c_cast(c, b, t);
	return c_rvalue(t, c_library(c, span_join(a.span, b.span),
				     wide ? most ? "__c_umax" : "__c_umin" :
				     most ? "__c_max" : "__c_min",
				     2, a.e, b.e));
}
