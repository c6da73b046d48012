/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables that are structs of the kernel's types: each member that is asked
 * for is a variable of the script.  Where the struct is set there is an empty
 * block, which gets an assignment for each of them as they become known.
 */
#include "sema/embedded/c_parse.h"

/* A member by its way: "a.b". */
struct c_leaf {
	struct str way;
	struct c_symbol *var;
};

/* A place where all of the struct is set. */
struct c_copy_place {
	struct ast_stmt *block;
	struct c_value from;		/* e NULL: zeros */
};

struct c_record {
	VEC(struct c_leaf) leaves;
	VEC(struct c_copy_place) places;
};

static struct c_record *record_of(struct c *c, struct c_symbol *s)
{
	if (!s->record)
		s->record = arena_new(c->arena, struct c_record);
	return s->record;
}

/* from.a.b */
static struct c_value part(struct c *c, const struct c_value *from,
			   struct str way, struct span span)
{
	struct c_value v = *from;
	struct ast_step *steps = arena_array(c->arena, v.nsteps + 1,
					     struct ast_step);

	v.e = ast_clone_expr(c->arena, v.e);
	for (uint32_t i = 0; i < v.nsteps; i++) {
		steps[i] = v.steps[i];
		if (steps[i].index)
			steps[i].index = ast_clone_expr(c->arena,
							steps[i].index);
	}
	v.steps = steps;
	v.cap_steps = v.nsteps + 1;
	while (way.len) {
		int64_t dot = str_find_char(way, '.');
		uint32_t n = dot < 0 ? way.len : (uint32_t)dot;

		v = c_member(c, v, str_sub(way, 0, n), span);
		way = str_sub(way, n + 1, way.len);
	}
	return v;
}

static void copy_leaf(struct c *c, const struct c_copy_place *p,
		      const struct c_leaf *l)
{
	const struct c_type *t = l->var->type;
	struct ast_stmts *outer = c->block;
	struct span span = p->block->span;
	struct ast_expr *e = t->kind == C_TEXT ? c_str(c, span, STR("")) :
						 c_num(c, span, 0);

	if (p->from.e)
		e = c_convert(c, part(c, &p->from, l->way, span), t).e;
	c->block = &p->block->block;
	c_emit_expr(c, c_set(c, c_name(c, span, l->var->script_name), e));
	c->block = outer;
}

/* The same, found by an address that is taken once. */
static struct c_value fixed(struct c *c, const struct c_symbol *s,
			    struct c_value from, struct span span)
{
	struct c_symbol *p;

	if (from.place != C_PATH || !c_type_same(s->type, from.type)) {
		c_error(c, span, "only a struct of the kernel's memory can be "
			"assigned to a struct");
		return from;
	}
	from = c_address(c, from, span);
	p = c_new_var(c, STR("from"), from.type);
	c_emit_expr(c, c_set(c, c_name(c, span, p->script_name), from.e));
	return c_deref(c, c_var(c, p, span));
}

void c_record_set(struct c *c, struct c_symbol *s, struct c_value from,
		  struct span span)
{
	struct c_record *r = record_of(c, s);
	struct c_copy_place p = { c_stmt_new(c, AST_S_BLOCK, span), from };

	if (from.e)
		p.from = fixed(c, s, from, span);
	c_emit(c, p.block);
	vec_push(c->arena, &r->places, p);
	for (uint32_t i = 0; i < r->leaves.n; i++)
		copy_leaf(c, &p, &r->leaves.v[i]);
}

static struct c_symbol *leaf(struct c *c, struct c_value *v)
{
	struct c_record *r = record_of(c, v->var);
	const struct c_type *t = v->type;
	struct c_leaf l = { .way = v->name };

	for (uint32_t i = 0; i < r->leaves.n; i++)
		if (str_eq(r->leaves.v[i].way, v->name))
			return r->leaves.v[i].var;
	if (t->kind == C_ARRAY)
		t = c_type_text(c->arena, t->n);
	l.var = c_new_var(c, arena_printf(c->arena, "%" STR_FMT ".%" STR_FMT,
					  STR_ARG(v->var->name),
					  STR_ARG(v->name)), t);
	vec_push(c->arena, &r->leaves, l);
	for (uint32_t i = 0; i < r->places.n; i++)
		copy_leaf(c, &r->places.v[i], &l);
	return l.var;
}

/* v.name, v: a struct variable, or a struct in one */
struct c_value c_record_member(struct c *c, struct c_value v, struct str name,
			       struct span span)
{
	struct ctype_member m;

	if (!ctypes_find_member(v.type->ref.in, v.type->ref.id, name, &m)) {
		c_error(c, span, "%" STR_FMT " has no member '%" STR_FMT "'",
			STR_ARG(c_type_name(c->arena, v.type)), STR_ARG(name));
		return c_int(c, span, &c_type_int, 0);
	}
	v.name = arena_printf(c->arena, "%" STR_FMT "%s%" STR_FMT,
			      STR_ARG(v.name), v.name.len ? "." : "",
			      STR_ARG(name));
	v.type = c_type_of_btf(c->arena, v.type->ref.in, m.type);
	v.span = span_join(v.span, span);
	if (v.type->kind == C_RECORD)
		return v;
	if (m.bits || !(c_type_is_scalar(v.type) || (c_is_text(v.type)))) {
		c_error(c, span, "this member of a variable is not understood");
		return c_int(c, span, &c_type_int, 0);
	}
	return c_var(c, leaf(c, &v), v.span);
}
