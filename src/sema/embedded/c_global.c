/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script's globals, as C texts are to see them. */
#include "sema/embedded/c_parse.h"

#include "sema/program.h"
#include "sema/walk.h"

/* What tells that a global, or what an array of this name holds, is a text. */
struct evidence {
	struct str name;
	bool found;
};

static bool gives_text(const struct ast_expr *e)
{
	return e->kind == AST_STRING ||
	       (e->kind == AST_PRINT && ast_printop_is_string(e->print.op)) ||
	       (e->kind == AST_BINARY && e->binary.op == BINOP_CONCAT);
}

static bool look(struct ast_expr **place, void *data)
{
	struct evidence *ev = data;
	const struct ast_expr *e = *place, *to;

	if (e->kind != AST_ASSIGN)
		return true;
	to = e->assign.to;
	if (to->kind == AST_INDEX)
		to = to->index.base;
	if (to->kind == AST_NAME && str_eq(to->name.name, ev->name) &&
	    (e->assign.op == BINOP_CONCAT || gives_text(e->assign.value)))
		ev->found = true;
	return true;
}

static void look_into(struct evidence *ev, const struct ast_file *f)
{
	for (uint32_t i = 0; i < f->globals.n; i++)
		if (str_eq(f->globals.v[i]->name, ev->name) &&
		    f->globals.v[i]->init &&
		    f->globals.v[i]->init->kind == AST_STRING)
			ev->found = true;
	for (uint32_t i = 0; i < f->probes.n; i++)
		walk_exprs(f->probes.v[i]->body, look, ev);
	for (uint32_t i = 0; i < f->functions.n; i++)
		if (f->functions.v[i]->body)
			walk_exprs(f->functions.v[i]->body, look, ev);
}

static bool is_string(struct c *c, struct str name)
{
	const struct program *p = c->unit->program;
	struct evidence ev = { .name = name };

	for (uint32_t i = 0; i < p->files.n; i++)
		look_into(&ev, p->files.v[i]);
	return ev.found;
}

/* A key or a value: whatever it is in C. */
static struct ast_expr *any(struct c *c, struct c_value v)
{
	if (c_is_text(v.type))
		return c_text(c, v);
	return c_scalar(c, v).e;
}

/* (a, b, ...), or nothing */
static void list(struct c *c, struct ast_exprs *ret)
{
	if (!c_accept(c, "("))
		return;
	while (!c_at(c, ")") && !c->failure->is_set) {
		vec_push(c->arena, ret, any(c, c_assignment(c)));
		if (!c_accept(c, ","))
			break;
	}
	c_expect(c, ")");
}

struct c_value c_global(struct c *c, const struct c_token *t, bool is_set)
{
	struct str name = str_sub(t->text, STR("STAP_GLOBAL_GET_").len,
				  t->text.len);
	struct ast_expr *e = c_name(c, t->span, name), *index;
	struct ast_exprs args = {};
	bool text = is_string(c, name);

	list(c, &args);
	if (is_set && !args.n)
		c_error(c, t->span, "what it is set to is missing");
	if (c->failure->is_set)
		return c_int(c, t->span, &c_type_long, 0);
	if (args.n > is_set) {
		index = c_node(c, AST_INDEX, t->span);
		index->index.base = e;
		index->index.keys = args;
		index->index.keys.n -= is_set;
		e = index;
	}
	if (is_set)
		return c_rvalue(&c_type_void,
				c_set(c, e, args.v[args.n - 1]));
	return c_rvalue(text ? c_type_text(c->arena, 0) : &c_type_long, e);
}
