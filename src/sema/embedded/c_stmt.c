/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements. */
#include "sema/embedded/c_parse.h"

/* ---- blocks ---- */

/* A statement, as one of the script. */
static struct ast_stmt *body(struct c *c)
{
	struct ast_stmt *s = c_stmt_new(c, AST_S_BLOCK, c_span(c));
	struct ast_stmts *outer = c->block;

	c->block = &s->block;
	c_statement(c);
	c->block = outer;
	return s;
}

static bool at_label(struct c *c)
{
	return c_peek(c, 0)->kind == C_IDENT &&
	       c_token_is(c_peek(c, 1), ":") && !c_at(c, "case") &&
	       !c_at(c, "default");
}

static void label(struct c *c)
{
	struct c_token t = c_take(c);

	c_take(c);
	if (c->block != c->body) {
		c_error(c, t.span, "a label is understood in the outermost "
			"block of a function only");
		return;
	}
	vec_push(c->arena, &c->labels,
		 (struct c_label){ .name = t.text, .at = c->body->n });
}

void c_block_rest(struct c *c)
{
	struct c_scope scope;

	c_push_scope(c, &scope);
	while (!c_at(c, "}") && c_peek(c, 0)->kind != C_END) {
		if (at_label(c))
			label(c);
		else if (!c_declaration(c))
			c_statement(c);
	}
	c_pop_scope(c);
}

static void block(struct c *c)
{
	c_expect(c, "{");
	c_block_rest(c);
	c_expect(c, "}");
}

/* ---- if and loops ---- */

static struct ast_expr *parenthesized(struct c *c)
{
	struct ast_expr *e;

	c_expect(c, "(");
	e = c_condition(c, c_expr(c));
	c_expect(c, ")");
	return e;
}

static void if_(struct c *c, struct span span)
{
	struct ast_stmt *s = c_stmt_new(c, AST_S_IF, span);

	s->if_.cond = parenthesized(c);
	s->if_.yes = body(c);
	if (c_accept(c, "else"))
		s->if_.no = body(c);
	c_emit(c, s);
}

static struct ast_stmt *loop_body(struct c *c, struct c_jump *jump)
{
	struct ast_stmt *s;

	jump->up = c->jump;
	c->jump = jump;
	s = body(c);
	c->jump = jump->up;
	return s;
}

static void while_(struct c *c, struct span span)
{
	struct ast_stmt *s = c_stmt_new(c, AST_S_WHILE, span);
	struct c_jump jump = {};

	s->loop.cond = parenthesized(c);
	s->loop.body = loop_body(c, &jump);
	c_emit(c, s);
}

/* for (first = 1; first || cond; ) { first = 0; body } */
static void do_loop(struct c *c, struct span span, struct ast_expr *cond,
		    struct ast_stmt *inside)
{
	struct c_symbol *s = c_new_var(c, STR("first"), &c_type_int);
	struct ast_stmt *loop = c_stmt_new(c, AST_S_FOR, span);
	struct ast_stmt *all = c_stmt_new(c, AST_S_BLOCK, span);
	struct ast_stmts *outer = c->block;

	loop->loop.init = c_set(c, c_name(c, span, s->script_name),
				c_num(c, span, 1));
	loop->loop.cond = c_op(c, BINOP_LOR, c_name(c, span, s->script_name),
			       cond);
	c->block = &all->block;
	c_emit_expr(c, c_set(c, c_name(c, span, s->script_name),
			     c_num(c, span, 0)));
	c_emit(c, inside);
	c->block = outer;
	loop->loop.body = all;
	c_emit(c, loop);
}

static void do_(struct c *c, struct span span)
{
	struct c_jump jump = {};
	struct ast_stmt *inside = loop_body(c, &jump);
	struct ast_expr *cond;

	c_expect(c, "while");
	cond = parenthesized(c);
	c_expect(c, ";");
	if (cond->kind == AST_NUMBER && !cond->number && !jump.breaks &&
	    !jump.continues)
		c_emit(c, inside);
	else
		do_loop(c, span, cond, inside);
}

static void emit_value(struct c *c, struct c_value v)
{
	if (v.type->kind == C_TEXT && v.offset)
		c_emit_expr(c, v.offset);	/* p++ */
	if (v.is_element || v.place != C_VALUE)
		return;		/* what a place has is not asked for */
	c_emit_expr(c, v.e);
}

static struct ast_expr *step(struct c *c, struct c_value v)
{
	if (v.type->kind == C_TEXT && v.offset)
		return v.offset;	/* p++ */
	return c_read(c, v).e;
}

static void for_(struct c *c, struct span span)
{
	struct ast_stmt *s = c_stmt_new(c, AST_S_FOR, span);
	struct c_jump jump = {};
	struct c_scope scope;

	c_push_scope(c, &scope);
	c_expect(c, "(");
	if (!c_declaration(c)) {
		if (!c_at(c, ";"))
			emit_value(c, c_expr(c));
		c_expect(c, ";");
	}
	if (!c_at(c, ";"))
		s->loop.cond = c_condition(c, c_expr(c));
	c_expect(c, ";");
	c->statement_at = c->at;
	if (!c_at(c, ")"))
		s->loop.step = step(c, c_expr(c));
	c_expect(c, ")");
	s->loop.body = loop_body(c, &jump);
	c_pop_scope(c);
	c_emit(c, s);
}

/* ---- leaving ---- */

static void break_(struct c *c, struct span span)
{
	if (!c->jump)
		c_error(c, span, "a break outside of a loop or switch");
	else
		c->jump->breaks++;
	c_emit(c, c_stmt_new(c, AST_S_BREAK, span));
}

static void continue_(struct c *c, struct span span)
{
	struct c_jump *j = c->jump;

	for (; j && j->is_switch; j = j->up)
		j->continues++;
	if (!j)
		c_error(c, span, "a continue outside of a loop");
	else
		j->continues++;
	c_emit(c, c_stmt_new(c, AST_S_CONTINUE, span));
}

static void emit_return(struct c *c, struct ast_expr *value, struct span span)
{
	struct ast_stmt *s = c_stmt_new(c, AST_S_RETURN, span);

	if (!c->in_function)
		c_error(c, span, "a handler is not left from C");
	if (!value && c->result_name.len)
		value = c_name(c, span, c->result_name);
	s->expr = value;
	c_emit(c, s);
}

/* A char * is what the first return says: an address, or a text. */
static struct ast_expr *returned(struct c *c, struct c_value v)
{
	if (!c->has_returned && v.type->kind == C_TEXT && !v.is_element &&
	    c_is_text(c->result))
		c->result = c_type_text(c->arena, 0);
	c->has_returned = true;
	return c_convert(c, v, c->result).e;
}

static void return_(struct c *c, struct span span)
{
	struct ast_expr *e = NULL;
	struct c_value v;

	if (!c_at(c, ";")) {
		v = c_expr(c);
		if (!c->is_c_function)
			c_error(c, v.span, "the value is returned by "
				"STAP_RETURN(), not by return");
		else if (c->result->kind == C_VOID)
			c_error(c, v.span, "the function returns nothing");
		else
			e = returned(c, v);
	}
	c_expect(c, ";");
	emit_return(c, e, span);
}

/* STAP_RETURN(value), STAP_RETURN() */
static void stap_return(struct c *c, struct span span)
{
	struct ast_expr *e = NULL;
	struct c_value v;

	c_expect(c, "(");
	if (!c_at(c, ")")) {
		v = c_expr(c);
		if (!c->result_name.len)
			c_error(c, v.span, "the function returns nothing");
		else
			e = c_convert(c, v, c->result).e;
	}
	c_expect(c, ")");
	c_accept(c, ";");
	emit_return(c, e, span);
}

/* On to the next of the functions of this name. */
static void stap_next(struct c *c, struct span span)
{
	if (c->is_c_function)
		c_error(c, span, "a function of C alone has no next");
	c_emit(c, c_stmt_new(c, AST_S_NEXT, span));
	c_expect(c, ";");
}

static void goto_(struct c *c, struct span span)
{
	struct c_token t = c_take(c);
	struct ast_stmt *s = c_stmt_new(c, AST_S_BLOCK, span);

	for (uint32_t i = 0; i < c->labels.n; i++)
		if (str_eq(c->labels.v[i].name, t.text))
			c_error(c, t.span, "a jump back is not understood");
	vec_push(c->arena, &c->gotos,
		 (struct c_goto){ .label = t.text, .span = t.span,
				  .place = s });
	c_emit(c, s);
	c_expect(c, ";");
}

/* ---- all of them ---- */

static void expression(struct c *c)
{
	c->statement_at = c->at;
	emit_value(c, c_expr(c));
	c_expect(c, ";");
}

static bool control(struct c *c)
{
	static const struct {
		const char *word;
		void (*fn)(struct c *c, struct span span);
	} words[] = {
		{ "if", if_ }, { "while", while_ }, { "do", do_ },
		{ "for", for_ }, { "switch", c_switch },
		{ "return", return_ }, { "goto", goto_ },
		{ "STAP_RETURN", stap_return }, { "STAP_NEXT", stap_next },
	};
	struct span span = c_span(c);

	for (uint32_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!c_accept(c, words[i].word))
			continue;
		words[i].fn(c, span);
		return true;
	}
	return false;
}

static void any(struct c *c)
{
	struct span span = c_span(c);

	if (c_at(c, "{")) {
		block(c);
	} else if (c_accept(c, ";")) {
		return;
	} else if (c_accept(c, "break")) {
		break_(c, span);
		c_expect(c, ";");
	} else if (c_accept(c, "continue")) {
		continue_(c, span);
		c_expect(c, ";");
	} else if (!control(c)) {
		expression(c);
	}
}

void c_statement(struct c *c)
{
	c->nodes = 0;
	if (c_enter(c))
		any(c);
	c_leave(c);
}
