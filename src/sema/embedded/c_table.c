/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arrays of constants, which only their elements are asked of: numbers, or
 * texts.  An element is chosen by comparisons.
 */
#include "sema/embedded/c_parse.h"

#define MAX_ELEMENTS 256

static bool is_texts(const struct c_type *t)
{
	return c_is_text(t->of);
}

bool c_is_table(const struct c_type *t)
{
	return t->kind == C_ARRAY && (t->of->kind == C_INT || is_texts(t));
}

static struct ast_expr *empty(struct c *c, const struct c_type *t,
			      struct span span)
{
	return is_texts(t) ? c_str(c, span, STR("")) : c_num(c, span, 0);
}

static struct ast_expr *constant(struct c *c, const struct c_type *t)
{
	struct c_value v = c_assignment(c);
	struct ast_expr *e;

	if (is_texts(t) && v.type->kind == C_POINTER &&
	    v.e->kind == AST_NUMBER && !v.e->number)
		return c_str(c, v.span, STR(""));	/* NULL */
	e = is_texts(t) ? c_text(c, v) : c_convert(c, v, t->of).e;
	if (e->kind != AST_NUMBER && e->kind != AST_STRING)
		c_error(c, v.span, "an array's elements are to be constants");
	return e;
}

static void set(struct c *c, struct c_symbol *s, int64_t i,
		struct ast_expr *e)
{
	if (i < 0 || i >= MAX_ELEMENTS) {
		c_error(c, e->span, "an array has at most %d elements",
			MAX_ELEMENTS);
		return;
	}
	while (s->table.n <= i)
		vec_push(c->arena, &s->table, empty(c, s->type, e->span));
	s->table.v[i] = e;
}

/* = { a, b, [5] = c } */
void c_table_init(struct c *c, struct c_symbol *s)
{
	const struct c_type *t = s->type;
	int64_t i = 0;

	s->kind = C_SYM_TABLE;
	if (!c_accept(c, "=")) {
		c_error(c, c_span(c), "an array that is not of char is "
			"understood when its elements are given here");
		return;
	}
	c_expect(c, "{");
	while (!c_at(c, "}") && !c->failure->is_set) {
		if (c_accept(c, "[")) {
			i = c_constant(c);
			c_expect(c, "]");
			c_expect(c, "=");
		}
		set(c, s, i++, constant(c, t));
		if (!c_accept(c, ","))
			break;
	}
	c_expect(c, "}");
	while (s->table.n < t->n && s->table.n < MAX_ELEMENTS)
		set(c, s, s->table.n, empty(c, t, c_span(c)));
	s->type = c_type_array(c->arena, t->of, s->table.n);
}

/* Of those from first to before end, the one that the variable says. */
static struct ast_expr *choose(struct c *c, const struct c_symbol *s,
			       const struct c_symbol *index, uint32_t first,
			       uint32_t end, struct span span)
{
	uint32_t middle = first + (end - first) / 2;
	struct ast_expr *less;

	if (end - first == 1)
		return ast_clone_expr(c->arena, s->table.v[first]);
	less = c_op(c, BINOP_LT, c_name(c, span, index->script_name),
		    c_num(c, span, middle));
	return c_ternary(c, less, choose(c, s, index, first, middle, span),
			 choose(c, s, index, middle, end, span));
}

static struct ast_expr *look_up(struct c *c, const struct c_symbol *s,
				struct ast_expr *i, struct span span)
{
	struct c_symbol *index = c_new_var(c, STR("index"), &c_type_long);
	struct ast_expr *first, *last;

	first = c_op(c, BINOP_LT,
		     c_set(c, c_name(c, span, index->script_name), i),
		     c_num(c, span, 0));
	last = c_op(c, BINOP_GE, c_name(c, span, index->script_name),
		    c_num(c, span, s->table.n));
	return c_ternary(c, c_op(c, BINOP_LOR, first, last),
			 c_library(c, span, is_texts(s->type) ?
				   "__c_no_text" : "__c_no_number", 0),
			 choose(c, s, index, 0, s->table.n, span));
}

struct c_value c_table_element(struct c *c, struct c_value v,
			       struct c_value i, struct span span)
{
	const struct c_symbol *s = v.var;
	struct ast_expr *n = c_cast(c, c_scalar(c, i), &c_type_long).e, *e;

	if (!s->table.n || c->failure->is_set)
		return c_int(c, span, &c_type_int, 0);
	if (n->kind == AST_NUMBER && n->number >= 0 &&
	    n->number < s->table.n)
		e = ast_clone_expr(c->arena, s->table.v[n->number]);
	else
		e = look_up(c, s, n, span);
	return c_rvalue(is_texts(s->type) ? c_type_text(c->arena, 0) :
					    s->type->of, e);
}
