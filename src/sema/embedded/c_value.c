/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What expressions of C come to: values and places. */
#include "sema/embedded/c_parse.h"

#include "sema/program.h"

struct c_value c_rvalue(const struct c_type *type, struct ast_expr *e)
{
	return (struct c_value){ .type = type, .e = e, .span = e->span };
}

struct c_value c_int(struct c *c, struct span span, const struct c_type *type,
		     int64_t n)
{
	return c_rvalue(type, c_num(c, span, n));
}

struct c_value c_nothing(struct c *c, struct span span)
{
	return c_int(c, span, &c_type_void, 0);
}

struct c_value c_var(struct c *c, struct c_symbol *s, struct span span)
{
	struct c_value v = { .type = s->type, .place = C_VAR, .var = s,
			     .name = s->script_name, .span = span };

	if (s->is_offset) {
		v.name = s->base;
		v.offset = c_name(c, span, s->script_name);
	}
	if (c_is_of_record(&v))
		v.name = (struct str){};	/* the way in it */
	return v;
}

/* ---- reading ---- */

/* @cast(e, the type) */
static struct ast_expr *typed(struct c *c, struct ast_expr *e,
			      struct ctype_ref type)
{
	struct ast_expr *cast = c_node(c, AST_ATOP, e->span);
	struct ctype_ref *ref = arena_new(c->arena, struct ctype_ref);

	*ref = type;
	cast->at_op.op = ATOP_CAST;
	cast->at_op.type = ref;
	vec_push(c->arena, &cast->at_op.args, e);
	vec_push(c->arena, &cast->at_op.args,
		 c_str(c, e->span,
		       ctypes_type_name(type.in, type.id, c->arena)));
	vec_push(c->arena, &cast->at_op.args, c_str(c, e->span, STR("kernel")));
	return cast;
}

static struct ast_expr *access(struct c *c, const struct c_value *v)
{
	struct ast_expr *e = c_node(c, AST_ACCESS, v->span);

	e->access.base = typed(c, v->e, v->root);
	e->access.steps = v->steps;
	e->access.nsteps = e->access.cap_steps = v->nsteps;
	return e;
}

/* @kderef(size, e), with the sign of the type. */
static struct ast_expr *load(struct c *c, const struct c_type *t,
			     struct ast_expr *address, struct span span)
{
	struct ast_expr *e = c_node(c, AST_ATOP, span);
	uint64_t size = 8;
	int64_t shift;

	c_type_size(t, &size);
	e->at_op.op = ATOP_KDEREF;
	vec_push(c->arena, &e->at_op.args, c_num(c, span, (int64_t)size));
	vec_push(c->arena, &e->at_op.args, address);
	if (t->kind != C_INT || !t->is_signed || size == 8)
		return e;
	shift = 64 - 8 * (int64_t)size;
	e = c_op(c, BINOP_SHL, e, c_num(c, span, shift));
	return c_op(c, BINOP_SHR, e, c_num(c, span, shift));
}

static void no_value(struct c *c, const struct c_value *v)
{
	c_error(c, v->span, "a value of type %" STR_FMT " is no number",
		STR_ARG(c_type_name(c->arena, v->type)));
	if (v->type->kind == C_RECORD)
		c_help(c, "name a member of it, or take its address with &");
}

static const struct c_type *promoted_bits(const struct c_value *v)
{
	if (v->bits && v->bits < 32)
		return &c_type_int;
	return v->type;
}

struct c_value c_read(struct c *c, struct c_value v)
{
	struct c_value r;

	if (v.is_element)
		return c_text_char(c, v);
	if (c_is_of_record(&v)) {
		no_value(c, &v);
		return c_int(c, v.span, &c_type_int, 0);
	}
	if (c_is_of_table(&v)) {
		c_error(c, v.span, "of an array of constants only elements "
			"can be had");
		return c_int(c, v.span, &c_type_int, 0);
	}
	if (v.ref) {
		c_error(c, v.span, "spile's variables have no address");
		c_help(c, "memcpy() and copy_from_kernel_nofault() may copy "
		       "a number to &variable");
		return c_int(c, v.span, v.type, 0);
	}
	if (v.place == C_VALUE || v.type->kind == C_TEXT)
		return v;
	if (v.place == C_VAR) {
		if (v.var)
			v.var->null = NULL;	/* it is an address */
		return c_rvalue(v.type, c_name(c, v.span, v.name));
	}
	if (v.type->kind == C_ARRAY) {
		const struct c_type *to = c_type_pointer(c->arena, v.type->of);

		r = c_address(c, v, v.span);
		r.type = to;
		return r;
	}
	if (!c_type_is_scalar(v.type)) {
		no_value(c, &v);
		return c_int(c, v.span, &c_type_int, 0);
	}
	if (v.place == C_PATH)
		return c_rvalue(promoted_bits(&v), access(c, &v));
	return c_rvalue(v.type, load(c, v.type, v.e, v.span));
}

struct c_value c_address(struct c *c, struct c_value v, struct span span)
{
	const struct c_type *to = c_type_pointer(c->arena, v.type);
	struct ast_expr *e;

	if (v.is_element) {	/* &text[n] */
		v.is_element = false;
		return v;
	}
	if (v.place == C_MEM || (v.place == C_PATH && !v.nsteps))
		return c_rvalue(to, v.e);
	if (v.place == C_VAR && c_type_is_scalar(v.type)) {
		v.ref = v.type;
		v.type = to;
		return v;
	}
	if (v.place != C_PATH || v.bits) {
		c_error(c, span, v.bits ? "a bitfield has no address" :
			"this has no address");
		return c_int(c, span, to, 0);
	}
	e = c_node(c, AST_ADDRESS, span);
	e->address.of = access(c, &v);
	return c_rvalue(to, e);
}

struct c_value c_scalar(struct c *c, struct c_value v)
{
	v = c_read(c, v);
	if (c_type_is_scalar(v.type))
		return v;
	if (v.type->kind == C_VOID)
		c_error(c, v.span, "this has no value");
	else if (v.type->kind == C_TEXT)
		c_error(c, v.span, "the address of a text is no number here");
	else
		no_value(c, &v);
	return c_int(c, v.span, &c_type_int, 0);
}

struct ast_expr *c_condition(struct c *c, struct c_value v)
{
	v = c_read(c, v);
	/* A text of the script has an address, which is not 0. */
	if (v.type->kind == C_TEXT)
		return c_num(c, v.span, 1);
	return c_scalar(c, v).e;
}

/* ---- conversions ---- */

/* Does every value of one integer type have the same long in the other? */
static bool fits(const struct c_type *from, const struct c_type *to)
{
	if (to->size == 8)
		return true;
	if (from->is_bool)
		return true;
	if (from->size == to->size)
		return from->is_signed == to->is_signed;
	return from->size < to->size && (!from->is_signed || to->is_signed);
}

static struct ast_expr *wrap(struct c *c, struct ast_expr *e,
			     const struct c_type *to)
{
	int64_t shift = 64 - 8 * to->size;

	if (to->is_bool)
		return c_op(c, BINOP_NE, e, c_num(c, e->span, 0));
	if (!to->is_signed)
		return c_op(c, BINOP_AND, e,
			    c_num(c, e->span,
				  (int64_t)(UINT64_MAX >> shift)));
	e = c_op(c, BINOP_SHL, e, c_num(c, e->span, shift));
	return c_op(c, BINOP_SHR, e, c_num(c, e->span, shift));
}

static struct c_value to_int(struct c *c, struct c_value v,
			     const struct c_type *to)
{
	const struct c_type *from = v.type->kind == C_POINTER ? &c_type_ulong :
								v.type;

	if (!(to->is_bool ? from->is_bool : fits(from, to)))
		v.e = wrap(c, v.e, to);
	v.type = to;
	v.bits = 0;
	return v;
}

struct c_value c_cast(struct c *c, struct c_value v, const struct c_type *to)
{
	struct c_value r;

	if (to->kind == C_VOID) {
		r = c_read(c, v);
		if (!r.e || r.type->kind == C_TEXT)
			return c_nothing(c, v.span);
		r.type = to;
		return r;
	}
	if (c_is_text(to) && v.type->kind == C_TEXT)
		return v;	/* (char *)text */
	if (v.ref && to->kind == C_POINTER) {
		v.type = to;
		return v;
	}
	v = c_scalar(c, v);
	if (to->kind == C_INT)
		return to_int(c, v, to);
	if (to->kind != C_POINTER)
		c_error(c, v.span, "a cast to %" STR_FMT " is not understood",
			STR_ARG(c_type_name(c->arena, to)));
	v.type = to;
	return v;
}

struct c_value c_convert(struct c *c, struct c_value v,
			 const struct c_type *to)
{
	if (v.is_element)
		v = c_read(c, v);
	if (to->kind == C_TEXT)
		return c_rvalue(to, c_text(c, v));
	if (v.type->kind == C_TEXT) {
		c_error(c, v.span, "a text of the script is no %" STR_FMT,
			STR_ARG(c_type_name(c->arena, to)));
		return c_int(c, v.span, to, 0);
	}
	return c_cast(c, v, to);
}

/* ---- ways ---- */

static struct c_value path_at(struct c *c, struct ast_expr *pointer,
			      const struct c_type *of, struct span span)
{
	struct c_value v = { .type = of, .e = pointer, .span = span };

	(void)c;
	v.place = of->kind == C_RECORD ? C_PATH : C_MEM;
	v.root = of->ref;
	return v;
}

static void step(struct c *c, struct c_value *v, struct ast_step s)
{
	if (v->nsteps == v->cap_steps)
		v->steps = vec_grow(c->arena, v->steps, v->nsteps,
				    &v->cap_steps, sizeof(*v->steps));
	v->steps[v->nsteps++] = s;
}

struct c_value c_deref(struct c *c, struct c_value v)
{
	uint64_t size;

	if (v.ref)
		return c_ref_element(c, v, c_int(c, v.span, &c_type_int, 0));
	v = c_read(c, v);
	if (v.type->kind == C_TEXT)
		return c_text_element(c, v, c_int(c, v.span, &c_type_int, 0),
				      v.span);
	if (v.type->kind != C_POINTER) {
		c_error(c, v.span, "a value of type %" STR_FMT
			" is no pointer",
			STR_ARG(c_type_name(c->arena, v.type)));
		return c_int(c, v.span, &c_type_int, 0);
	}
	if (v.type->of->kind == C_VOID || !c_type_size(v.type->of, &size)) {
		c_error(c, v.span, "what a %" STR_FMT
			" points to is not known",
			STR_ARG(c_type_name(c->arena, v.type)));
		return c_int(c, v.span, &c_type_int, 0);
	}
	return path_at(c, v.e, v.type->of, v.span);
}

struct c_value c_ref_element(struct c *c, struct c_value v,
			     struct c_value i)
{
	const struct c_type *of = v.type->of, *as = v.ref;
	struct c_value whole = v;
	struct ast_expr *bits;

	whole.ref = NULL;
	whole.type = as;
	if (c_type_same(of, as) && i.e->kind == AST_NUMBER && !i.e->number)
		return whole;
	if (of->kind != C_INT || of->size > 8) {
		c_error(c, v.span, "a variable is not read as %" STR_FMT,
			STR_ARG(c_type_name(c->arena, of)));
		return c_int(c, v.span, &c_type_int, 0);
	}
	bits = c_op(c, BINOP_MUL, c_cast(c, i, &c_type_long).e,
		    c_num(c, v.span, 8 * of->size));
	whole = c_read(c, whole);
	return c_cast(c, c_rvalue(&c_type_ulong,
				  c_op(c, BINOP_USHR, whole.e, bits)), of);
}

static void no_member(struct c *c, const struct c_value *v, struct str name,
		      struct span span)
{
	struct ctype_member m;
	struct diag_guess g;
	struct str near;

	c_error(c, span, "%" STR_FMT " has no member '%" STR_FMT "'",
		STR_ARG(c_type_name(c->arena, v->type)), STR_ARG(name));
	if (v->type->kind != C_RECORD)
		return;
	diag_guess_init(&g, name);
	for (uint32_t i = 0; ctypes_member(v->type->ref.in, v->type->ref.id, i,
					   &m); i++)
		diag_guess_add(&g, m.name);
	near = diag_guess_best(&g);
	if (near.len)
		c_help(c, arena_printf(c->arena, "did you mean '%" STR_FMT
				       "'?", STR_ARG(near)).s);
}

struct c_value c_member(struct c *c, struct c_value v, struct str name,
			struct span span)
{
	struct ctype_member m;

	if (c_is_of_record(&v))
		return c_record_member(c, v, name, span);
	if (v.type->kind != C_RECORD || v.place != C_PATH ||
	    !ctypes_find_member(v.type->ref.in, v.type->ref.id, name, &m)) {
		no_member(c, &v, name, span);
		return c_int(c, span, &c_type_int, 0);
	}
	step(c, &v, (struct ast_step){ .kind = AST_STEP_MEMBER, .name = name,
				       .span = span });
	v.type = c_type_of_btf(c->arena, v.type->ref.in, m.type);
	v.bits = m.bits;
	v.span = span_join(v.span, span);
	return v;
}

/* Pointer and number added up; c_arith.c knows how. */
struct c_value c_element(struct c *c, struct c_value v, struct c_value i,
			 struct span span)
{
	if (v.type->kind == C_TEXT)
		return c_text_element(c, v, c_scalar(c, i), span);
	if (c_is_of_table(&v))
		return c_table_element(c, v, i, span);
	if (v.ref)
		return c_ref_element(c, v, c_scalar(c, i));
	if (v.place == C_PATH && v.type->kind == C_ARRAY && v.nsteps &&
	    v.root.in) {
		i = c_cast(c, c_scalar(c, i), &c_type_long);
		step(c, &v, (struct ast_step){ .kind = AST_STEP_INDEX,
					       .index = i.e, .span = span });
		v.type = v.type->of;
		v.bits = 0;
		return v;
	}
	v = c_binary(c, BINOP_ADD, v, i, span);
	return c_deref(c, v);
}

/* ---- writing ---- */

static bool is_place(struct c *c, const struct c_value *v)
{
	if (v->place != C_VALUE)
		return true;
	c_error(c, v->span, "this is no place to assign to");
	return false;
}

/* char *p, of which nothing was known yet, = a text */
static void become_cursor(struct c *c, struct c_value *to)
{
	struct c_symbol *s = to->var;

	s->null->kind = AST_STRING;
	s->null->string = STR("");
	s->null = NULL;
	s->is_cursor = true;
	to->type = s->type = c_type_text(c->arena, 0);
}

/* Is it, up to here, all that the statement does?  Where a struct is set stands
 * a statement of the script. */
static bool is_statement(struct c *c, const struct c_value *to)
{
	return c->statement_at < c->in.n && c_at(c, ";") &&
	       c->in.v[c->statement_at].span.pos == to->span.pos;
}

static struct c_value assign_record(struct c *c, struct c_value to,
				    struct c_value v, struct span span)
{
	if (to.name.len || !is_statement(c, &to))
		c_error(c, span, "a struct is assigned to as a whole, by a "
			"statement of its own");
	else
		c_record_set(c, to.var, v, span);
	return c_nothing(c, span);
}

/* p = p + n: within the text that p points into */
static struct c_value move(struct c *c, struct c_value to, struct c_value v,
			   struct span span)
{
	struct ast_expr *n = v.offset ? v.offset : c_num(c, span, 0);

	if (v.type->kind != C_TEXT || v.place != C_VAR || v.is_element ||
	    !str_eq(v.name, to.name)) {
		c_error(c, span, "'%" STR_FMT "' points into one text, and not "
			"into others", STR_ARG(to.var->name));
		return to;
	}
	to.offset = c_set(c, c_name(c, span, to.var->script_name), n);
	return to;
}

struct c_value c_assign(struct c *c, struct c_value to, struct c_value v,
			struct span span)
{
	struct c_value r;
	struct ast_expr *place;

	if (!is_place(c, &to))
		return to;
	if (to.is_element)
		return c_text_set_char(c, to, v, span);
	if (to.var && to.var->is_offset)
		return move(c, to, v, span);
	if (c_is_of_record(&to))
		return assign_record(c, to, v, span);
	if (to.type->kind == C_TEXT && (to.offset || to.type->n)) {
		c_error(c, span, "an array cannot be assigned to in C");
		c_help(c, "strlcpy(to, from, sizeof(to)) copies a text");
		return to;
	}
	if (v.type->kind != C_ARRAY)
		v = c_read(c, v);
	if (to.var && to.var->null && v.type->kind == C_TEXT)
		become_cursor(c, &to);
	else if (to.var)
		to.var->null = NULL;
	v = c_convert(c, v, to.type);
	if (to.place == C_VAR)
		place = c_name(c, to.span, to.name);
	else if (to.place == C_PATH && to.nsteps)
		place = access(c, &to);
	else
		place = load(c, c_type_int_of((uint8_t)(to.type->kind == C_INT ?
							to.type->size : 8),
					      false), to.e, to.span);
	r = c_rvalue(to.type, c_set(c, place, v.e));
	r.e->span = span;
	return r;
}

struct ast_expr *c_sizeof(struct c *c, const struct c_type *t,
			  struct span span)
{
	struct c_value next;
	struct ast_step one = { .kind = AST_STEP_INDEX, .span = span };
	uint64_t size;

	if (!c_type_size(t, &size)) {
		c_error(c, span, "the size of a %" STR_FMT " is not known",
			STR_ARG(c_type_name(c->arena, t)));
		return c_num(c, span, 1);
	}
	if (t->kind != C_RECORD || !c->unit->program->portable)
		return c_num(c, span, (int64_t)size);
	/* Another kernel may have another size: &((T *)0)[1] */
	one.index = c_num(c, span, 1);
	next = path_at(c, c_num(c, span, 0), t, span);
	step(c, &next, one);
	return c_address(c, next, span).e;
}
