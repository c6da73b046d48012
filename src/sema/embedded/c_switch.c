/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * switch becomes a chain of if and else.  Statements that go on into those of
 * the next case have them, too.
 */
#include "sema/embedded/c_parse.h"

struct section {
	struct ast_expr *match;		/* NULL: default only */
	bool is_default;
	struct ast_stmts stmts;
	bool ends;			/* by a jump */
};

struct sections {
	VEC(struct section *) list;
	struct c_symbol *value;
	uint32_t ending_breaks;
};

/* value == n */
static void add_case(struct c *c, struct sections *all, struct section *s)
{
	struct span span = c_span(c);
	struct ast_expr *n = c_num(c, span, c_constant(c)), *is;

	n = c_cast(c, c_rvalue(&c_type_long, n), all->value->type).e;
	is = c_op(c, BINOP_EQ, c_name(c, span, all->value->script_name), n);
	s->match = s->match ? c_op(c, BINOP_LOR, s->match, is) : is;
}

static bool labels(struct c *c, struct sections *all, struct section *s)
{
	bool any = false;

	while (!c->failure->is_set) {
		if (c_accept(c, "case"))
			add_case(c, all, s);
		else if (c_accept(c, "default"))
			s->is_default = true;
		else
			break;
		c_expect(c, ":");
		any = true;
	}
	return any;
}

static bool is_jump(const struct ast_stmt *s)
{
	return s->kind == AST_S_BREAK || s->kind == AST_S_CONTINUE ||
	       s->kind == AST_S_RETURN;
}

/* A break at the end is where the chain goes on anyhow. */
static void finish(struct sections *all, struct section *s)
{
	struct ast_stmts *list = &s->stmts;
	struct ast_stmt *last = list->n ? list->v[list->n - 1] : NULL;

	s->ends = last && is_jump(last);
	if (last && last->kind == AST_S_BREAK) {
		list->n--;
		all->ending_breaks++;
	}
}

static void section(struct c *c, struct sections *all)
{
	struct section *s = arena_new(c->arena, struct section);
	struct ast_stmts *outer = c->block;

	if (!labels(c, all, s))
		c_error(c, c_span(c), "expected a case");
	c->block = &s->stmts;
	while (!c_at(c, "case") && !c_at(c, "default") && !c_at(c, "}") &&
	       c_peek(c, 0)->kind != C_END)
		if (!c_declaration(c))
			c_statement(c);
	c->block = outer;
	finish(all, s);
	vec_push(c->arena, &all->list, s);
}

static void fall_through(struct c *c, struct sections *all,
			 struct span span)
{
	for (uint32_t i = all->list.n; i-- > 1;) {
		struct section *s = all->list.v[i - 1], *next = all->list.v[i];

		if (!s->ends)
			c_copy(c, &next->stmts, 0, &s->stmts, span);
	}
}

static struct ast_stmt *block_of(struct c *c, const struct section *s,
				 struct span span)
{
	struct ast_stmt *b = c_stmt_new(c, AST_S_BLOCK, span);

	b->block = s->stmts;
	return b;
}

static struct ast_stmt *chain(struct c *c, struct sections *all,
			      struct span span)
{
	struct ast_stmt *rest = NULL, *one;

	for (uint32_t i = 0; i < all->list.n; i++)
		if (all->list.v[i]->is_default)
			rest = block_of(c, all->list.v[i], span);
	for (uint32_t i = all->list.n; i-- > 0;) {
		const struct section *s = all->list.v[i];

		if (s->is_default)
			continue;
		one = c_stmt_new(c, AST_S_IF, span);
		one->if_.cond = s->match;
		one->if_.yes = block_of(c, s, span);
		one->if_.no = rest;
		rest = one;
	}
	return rest ? rest : c_stmt_new(c, AST_S_EMPTY, span);
}

/* while (1) { chain break }: what a break in the midst of it leaves. */
static void emit_once(struct c *c, struct ast_stmt *chain, struct span span)
{
	struct ast_stmt *loop = c_stmt_new(c, AST_S_WHILE, span),
			*inside = c_stmt_new(c, AST_S_BLOCK, span);

	loop->loop.cond = c_num(c, span, 1);
	loop->loop.body = inside;
	vec_push(c->arena, &inside->block, chain);
	vec_push(c->arena, &inside->block,
		 c_stmt_new(c, AST_S_BREAK, span));
	c_emit(c, loop);
}

static void head(struct c *c, struct sections *all)
{
	struct c_value v;

	c_expect(c, "(");
	v = c_scalar(c, c_expr(c));
	v = c_cast(c, v, c_type_promoted(v.type));
	c_expect(c, ")");
	all->value = c_new_var(c, STR("switch"), v.type);
	c_emit_expr(c, c_set(c, c_name(c, v.span, all->value->script_name),
			     v.e));
}

void c_switch(struct c *c, struct span span)
{
	struct c_jump jump = { .is_switch = true, .up = c->jump };
	struct sections all = {};
	struct c_scope scope;
	struct ast_stmt *s;

	head(c, &all);
	c_push_scope(c, &scope);
	c->jump = &jump;
	c_expect(c, "{");
	while (!c_at(c, "}") && c_peek(c, 0)->kind != C_END)
		section(c, &all);
	c_expect(c, "}");
	c->jump = jump.up;
	c_pop_scope(c);
	fall_through(c, &all, span);
	s = chain(c, &all, span);
	if (jump.breaks == all.ending_breaks) {
		c_emit(c, s);
		return;
	}
	if (jump.continues)
		c_error(c, span, "a switch with a continue, and a break that "
			"is not at the end of a case, is not understood");
	emit_once(c, s, span);
}
