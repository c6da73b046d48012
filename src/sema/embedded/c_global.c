/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script's globals, as C texts are to see them. */
#include "sema/embedded/c_parse.h"

#include "sema/program.h"

static bool is_string(struct c *c, struct str name)
{
	const struct program *p = c->unit->program;

	for (uint32_t i = 0; i < p->files.n; i++) {
		const struct ast_file *f = p->files.v[i];

		for (uint32_t k = 0; k < f->globals.n; k++) {
			const struct ast_global *g = f->globals.v[k];

			if (str_eq(g->name, name) && g->init)
				return g->init->kind == AST_STRING;
		}
	}
	return false;
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
