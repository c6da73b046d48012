/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/embedded/embedded.h"

#include "sema/embedded/c_unit.h"
#include "sema/walk.h"

/* A parser of one text. */
struct text {
	struct c c;
	struct c_failure failure;
	struct c_scope scope;
	struct map names;
};

static struct text *begin(struct program *p, struct str text, struct span at)
{
	struct c_unit *u = c_unit_get(p);
	struct text *t = arena_new(p->arena, struct text);

	c_init(&t->c, u, &t->failure);
	c_read_text(&t->c, text, c_text_base(u, text, at), at);
	c_push_scope(&t->c, &t->scope);
	return t;
}

static void of_function(struct text *t, const struct ast_function *fn)
{
	if (!fn)
		return;
	t->c.in_function = true;
	t->c.params = fn->params;
	t->c.nparams = fn->nparams;
}

static struct ast_refusal *refusal(struct program *p, const struct text *t,
				   struct span at)
{
	struct ast_refusal *r = arena_new(p->arena, struct ast_refusal);

	r->span = t->failure.span.len ? t->failure.span : at;
	r->text = t->failure.text;
	r->help = t->failure.help;
	return r;
}

bool embedded_is_name(struct str name)
{
	return str_find_char(name, '\'') >= 0;
}

/* ---- functions ---- */

static void set_result(struct text *t, struct program *p, enum ty type)
{
	if (type == TY_UNKNOWN)
		return;
	t->c.result = &c_type_long;
	if (type == TY_STRING)
		t->c.result = c_type_text(p->arena,
					  p->options->limits.maxstringlen);
	t->c.result_name = STR("retvalue'");
}

static struct ast_stmt *body_of(struct program *p,
				const struct ast_function *fn, enum ty type,
				struct text **ret)
{
	struct text *t = begin(p, fn->embedded, fn->span);

	map_init(&t->names, p->arena);
	t->c.names = &t->names;
	of_function(t, fn);
	set_result(t, p, type);
	*ret = t;
	return c_body(&t->c, fn->span);
}

/* A function that does not say what it returns, but does return something. */
static bool has_result(struct str text)
{
	return str_find(text, STR("STAP_RETVALUE")) >= 0 ||
	       str_find(text, STR("__retvalue")) >= 0 ||
	       str_find(text, STR("STAP_RETURN")) >= 0;
}

static void refuse(struct program *p, struct ast_function *fn, struct text *t)
{
	struct ast_stmt *s = c_stmt_new(&t->c, AST_S_EMBEDDED, fn->span);

	s->embedded.text = fn->embedded;
	s->embedded.refusal = refusal(p, t, fn->span);
	fn->body->block = (struct ast_stmts){};
	vec_push(p->arena, &fn->body->block, s);
}

void embedded_function(struct program *p, struct ast_function *fn)
{
	bool guess = fn->type == TY_UNKNOWN && has_result(fn->embedded);
	struct ast_stmt *body;
	struct text *t, *other;

	fn->body = body_of(p, fn, guess ? TY_LONG : fn->type, &t);
	if (!t->failure.is_set)
		return;
	if (guess) {
		body = body_of(p, fn, TY_STRING, &other);
		if (!other->failure.is_set) {
			fn->body = body;
			return;
		}
	}
	refuse(p, fn, t);
}

/* ---- in handlers and other functions ---- */

struct visit {
	struct program *program;
	const struct ast_function *fn;
};

static bool is_string(struct str text)
{
	return str_find(text, STR("/* string */")) >= 0;
}

/* What the text comes to; NULL: *ret says why it cannot be. */
static struct ast_expr *translate(struct visit *v, struct str text,
				  struct span at,
				  const struct ast_refusal **ret)
{
	struct text *t = begin(v->program, text, at);
	struct ast_expr *made;
	struct c_value value;

	of_function(t, v->fn);
	value = c_expr(&t->c);
	if (c_peek(&t->c, 0)->kind != C_END)
		c_error(&t->c, c_span(&t->c), "one expression is expected here");
	made = is_string(text) ? c_text(&t->c, value) :
				 c_scalar(&t->c, value).e;
	if (!t->failure.is_set)
		return made;
	*ret = refusal(v->program, t, at);
	return NULL;
}

/* @const("C") */
static bool is_const(const struct ast_expr *e)
{
	return e->kind == AST_ATOP && e->at_op.op == ATOP_CONST &&
	       e->at_op.args.n == 1 && e->at_op.args.v[0]->kind == AST_STRING;
}

static bool visit_expr(struct ast_expr **place, void *data)
{
	struct ast_expr *e = *place, *made = NULL;
	struct visit *v = data;

	if (is_const(e) && !e->at_op.refusal)
		made = translate(v, e->at_op.args.v[0]->string,
				 e->at_op.args.v[0]->span, &e->at_op.refusal);
	else if (e->kind == AST_EMBEDDED && !e->embedded.refusal)
		made = translate(v, e->embedded.text, e->span,
				 &e->embedded.refusal);
	if (made)
		*place = made;
	return true;
}

static bool visit_stmt(struct ast_stmt **place, void *data)
{
	struct visit *v = data;
	struct ast_stmt *s = *place, *made;
	struct text *t;

	if (s->kind != AST_S_EMBEDDED || s->embedded.refusal)
		return true;
	t = begin(v->program, s->embedded.text, s->span);
	of_function(t, v->fn);
	t->c.in_function = false;	/* it cannot leave it */
	made = c_body(&t->c, s->span);
	if (t->failure.is_set)
		s->embedded.refusal = refusal(v->program, t, s->span);
	else
		*place = made;
	return true;
}

void embedded_body(struct program *p, struct ast_stmt **body,
		   const struct ast_function *fn)
{
	struct visit v = { p, fn };

	walk_stmts(body, visit_stmt, &v);
	walk_exprs(*body, visit_expr, &v);
}

void embedded_expr(struct program *p, struct ast_expr **e)
{
	struct visit v = { p, NULL };

	walk_expr(e, visit_expr, &v);
}
