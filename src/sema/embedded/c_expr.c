/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions. */
#include "sema/embedded/c_parse.h"

#include "sema/program.h"
#include "sema/resolve/types.h"

static struct c_value unary(struct c *c);

/* ---- names ---- */

static struct c_value unknown(struct c *c, const struct c_token *t,
			      bool is_call)
{
	c_error(c, t->span, is_call ?
		"the function '%" STR_FMT "' of the kernel cannot be called" :
		"'%" STR_FMT "' is not known", STR_ARG(t->text));
	if (!is_call)
		c_help(c, "there are the script's variables by STAP_ARG_x, "
		       "what the C declares, enumerators of the kernel, and "
		       "common constants; #define others");
	else
		c_help(c, "what it computes may be written here, or defined "
		       "as a static inline function between %{ and %}");
	return c_int(c, t->span, &c_type_int, 0);
}

/* STAP_ARG_x, THIS->x */
static struct c_value param(struct c *c, struct str name, struct span span)
{
	const struct ast_param *p = NULL;
	const struct c_type *type = &c_type_long;
	uint64_t room = c->unit->program->options->limits.maxstringlen;

	for (uint32_t i = 0; i < c->nparams; i++)
		if (str_eq(c->params[i].name, name))
			p = &c->params[i];
	if (!p) {
		c_error(c, span, "the %s has no parameter '%" STR_FMT "'",
			c->in_function ? "function" : "handler",
			STR_ARG(name));
		return c_int(c, span, type, 0);
	}
	if (p->type == TY_STRING)
		type = c_type_text(c->arena, room);
	return (struct c_value){ .type = type, .place = C_VAR, .span = span,
				 .name = p->name };
}

static struct c_value retvalue(struct c *c, struct span span)
{
	if (!c->result_name.len) {
		c_error(c, span, "the function returns nothing");
		c_help(c, "say what: function NAME:long (...)");
		return c_int(c, span, &c_type_long, 0);
	}
	return (struct c_value){ .type = c->result, .place = C_VAR,
				 .span = span, .name = c->result_name };
}

static struct c_value this(struct c *c, struct span span)
{
	struct c_token t;

	c_expect(c, "->");
	t = c_take(c);
	if (str_is(t.text, "__retvalue"))
		return retvalue(c, t.span);
	return param(c, t.text, span_join(span, t.span));
}

/* CONTEXT->last_error = "text": the error, at once */
static struct c_value context(struct c *c, struct span span)
{
	struct c_token t;
	struct ast_expr *text;

	c_expect(c, "->");
	t = c_take(c);
	if (!str_is(t.text, "last_error") || !c_accept(c, "=")) {
		c_error(c, t.span, "of the runtime's context, only last_error "
			"can be set");
		return c_nothing(c, span);
	}
	text = c_text(c, c_assignment(c));
	return c_rvalue(&c_type_void,
			c_library(c, span, "__c_error", 1, text));
}

static bool special(struct c *c, const struct c_token *t, struct c_value *ret)
{
	struct str arg = STR("STAP_ARG_"), get = STR("STAP_GLOBAL_GET_"),
		   set = STR("STAP_GLOBAL_SET_");

	if (str_starts(t->text, arg))
		*ret = param(c, str_sub(t->text, arg.len, t->text.len),
			     t->span);
	else if (str_is(t->text, "STAP_RETVALUE"))
		*ret = retvalue(c, t->span);
	else if (str_is(t->text, "CONTEXT"))
		*ret = context(c, t->span);
	else if (str_is(t->text, "THIS"))
		*ret = this(c, t->span);
	else if (str_starts(t->text, get) || str_starts(t->text, set))
		*ret = c_global(c, t, str_starts(t->text, set));
	else
		return false;
	return true;
}

/* An enumerator of the kernel. */
static bool enumerator(struct c *c, const struct c_token *t,
		       struct c_value *ret)
{
	struct ctypes *btf = program_btf(c->unit->program);
	struct ast_expr *e;
	uint32_t type;
	int64_t value;
	bool is_int;

	if (!btf || !ctypes_find_enumerator(btf, t->text, &type, &value))
		return false;
	is_int = value >= INT32_MIN && value <= INT32_MAX;
	e = c_num(c, t->span, value);
	if (c->unit->program->portable) {
		e = c_node(c, AST_ATOP, t->span);
		e->at_op.op = ATOP_ENUM;
		vec_push(c->arena, &e->at_op.args,
			 c_str(c, t->span, t->text));
	}
	*ret = c_rvalue(is_int ? &c_type_int : value < 0 ? &c_type_long :
			&c_type_ulong, e);
	return true;
}

static struct c_value symbol(struct c *c, struct c_symbol *s,
			     const struct c_token *t)
{
	switch (s->kind) {
	case C_SYM_VAR:
		return c_var(c, s, t->span);
	case C_SYM_TABLE:
		return (struct c_value){ .type = s->type, .var = s,
					 .span = t->span };
	case C_SYM_CONST:
		return c_rvalue(s->type, c_num(c, t->span, s->value));
	case C_SYM_LATER:
		if (!c->failure->is_set)
			*c->failure = s->failure;
		break;
	case C_SYM_TYPE:
	case C_SYM_FUNC:
		c_error(c, t->span, "'%" STR_FMT "' is no value",
			STR_ARG(t->text));
		break;
	}
	return c_int(c, t->span, &c_type_int, 0);
}

static struct c_value arguments(struct c *c, struct c_symbol *f,
				const struct c_token *t)
{
	struct c_value args[16];
	uint32_t n = 0;

	c_expect(c, "(");
	while (!c_at(c, ")") && n < ARRAY_SIZE(args) && !c->failure->is_set) {
		args[n++] = c_assignment(c);
		if (!c_accept(c, ","))
			break;
	}
	c_expect(c, ")");
	return c_call_function(c, f, args, n, t->span);
}

static struct c_value identifier(struct c *c)
{
	struct c_token t = c_take(c);
	struct c_symbol *s = c_find(c, t.text);
	struct c_value v;

	if (s && s->kind == C_SYM_FUNC && c_at(c, "("))
		return arguments(c, s, &t);
	if (s)
		return symbol(c, s, &t);
	if (special(c, &t, &v))
		return v;
	if (c_at(c, "(") && c_call(c, t.text, t.span, &v))
		return v;
	if (c_at(c, "("))
		return unknown(c, &t, true);
	if (enumerator(c, &t, &v))
		return v;
	return unknown(c, &t, false);
}

/* ---- primary ---- */

static struct c_value strings(struct c *c)
{
	struct c_token t = c_take(c);
	struct str all = t.text;

	while (c_peek(c, 0)->kind == C_STRING) {
		struct c_token more = c_take(c);

		all = arena_printf(c->arena, "%" STR_FMT "%" STR_FMT,
				   STR_ARG(all), STR_ARG(more.text));
		t.span = span_join(t.span, more.span);
	}
	return c_rvalue(c_type_text(c->arena, all.len + 1),
			c_str(c, t.span, all));
}

static struct c_value primary(struct c *c)
{
	const struct c_token *t = c_peek(c, 0);
	struct c_value v;

	if (t->kind == C_NUMBER || t->kind == C_CHAR) {
		struct c_token n = c_take(c);

		return c_int(c, n.span, n.kind == C_CHAR ? &c_type_int :
			     c_type_int_of(n.size, !n.is_unsigned),
			     (int64_t)n.number);
	}
	if (t->kind == C_STRING)
		return strings(c);
	if (t->kind == C_IDENT)
		return identifier(c);
	if (c_accept(c, "(")) {
		if (c_at(c, "{"))
			c_error(c, t->span,
				"a ({ statement }) is not understood");
		v = c_expr(c);
		c_expect(c, ")");
		return v;
	}
	if (t->kind == C_JUNK)
		c_error(c, t->span, "%" STR_FMT, STR_ARG(t->text));
	else
		c_error(c, t->span, "an expression is expected here");
	return c_int(c, t->span, &c_type_int, 0);
}

/* Is x++ all that the statement is?  Then nobody asks what x was. */
static bool asks_old(struct c *c, uint32_t start)
{
	return start != c->statement_at || !(c_at(c, ";") || c_at(c, ")"));
}

static struct c_value postfix(struct c *c)
{
	uint32_t start = c->at;
	struct c_value v = primary(c), i;

	while (!c->failure->is_set) {
		struct span at = c_span(c);

		if (c_accept(c, "[")) {
			i = c_expr(c);
			c_expect(c, "]");
			v = c_element(c, v, i, at);
		} else if (c_accept(c, ".")) {
			struct c_token t = c_take(c);

			v = c_member(c, v, t.text, t.span);
		} else if (c_accept(c, "->")) {
			struct c_token t = c_take(c);

			v = c_member(c, c_deref(c, v), t.text, t.span);
		} else if (c_accept(c, "++")) {
			v = c_step(c, v, 1, asks_old(c, start));
		} else if (c_accept(c, "--")) {
			v = c_step(c, v, -1, asks_old(c, start));
		} else {
			if (c_at(c, "("))
				c_error(c, at, "a call through a pointer "
					"cannot be done");
			break;
		}
	}
	return v;
}

/* ---- unary ---- */

/* Parsed for its type only: what it would do is left out. */
static const struct c_type *type_of_expr(struct c *c)
{
	struct c_value v = unary(c);

	if (v.is_element)
		return c->unit->char_type;
	return v.type;
}

static const struct c_type *type_operand(struct c *c)
{
	const struct c_type *t;

	if (c_at(c, "(")) {
		uint32_t at = c->at;

		c_take(c);
		if (c_at_type(c)) {
			t = c_type_of_name(c);
			c_expect(c, ")");
			return t;
		}
		c->at = at;
	}
	return type_of_expr(c);
}

static struct c_value size_of(struct c *c, struct span span)
{
	const struct c_type *t = type_operand(c);

	return c_rvalue(&c_type_ulong, c_sizeof(c, t, span));
}

/* (type) unary, at the '(' */
static struct c_value cast(struct c *c)
{
	const struct c_type *t;
	struct span at = c_span(c);

	c_expect(c, "(");
	t = c_type_of_name(c);
	c_expect(c, ")");
	if (c_at(c, "{"))
		c_error(c, at, "a compound literal is not understood");
	return c_cast(c, unary(c), t);
}

static bool at_cast(struct c *c)
{
	bool is;

	if (!c_at(c, "("))
		return false;
	c->at++;
	is = c_at_type(c);
	c->at--;
	return is;
}

static struct c_value unary_operator(struct c *c)
{
	struct c_token t = c_take(c);
	char op = t.text.s[0];
	struct c_value v;

	if (t.text.len == 2)	/* ++ -- */
		return c_step(c, unary(c), op == '+' ? 1 : -1, false);
	v = unary(c);
	if (op == '*')
		return c_deref(c, v);
	if (op == '&')
		return c_address(c, v, t.span);
	return c_unary(c, op, v);
}

static bool at_unary(struct c *c)
{
	const struct c_token *t = c_peek(c, 0);

	if (t->kind != C_PUNCT)
		return false;
	return c_at(c, "++") || c_at(c, "--") ||
	       (t->text.len == 1 && strchr("!~-+*&", t->text.s[0]));
}

static struct c_value any_unary(struct c *c)
{
	struct span span = c_span(c);

	if (at_unary(c))
		return unary_operator(c);
	if (c_accept(c, "sizeof"))
		return size_of(c, span);
	if (at_cast(c))
		return cast(c);
	c_accept(c, "__extension__");
	return postfix(c);
}

static struct c_value unary(struct c *c)
{
	struct c_value v = c_int(c, c_span(c), &c_type_int, 0);

	if (c_enter(c))
		v = any_unary(c);
	c_leave(c);
	return v;
}

/* ---- binary ---- */

static const struct {
	const char *text;
	enum ast_binop op;
	uint32_t level;
} binops[] = {
	{ "||", BINOP_LOR, 1 }, { "&&", BINOP_LAND, 2 }, { "|", BINOP_OR, 3 },
	{ "^", BINOP_XOR, 4 },	{ "&", BINOP_AND, 5 },	 { "==", BINOP_EQ, 6 },
	{ "!=", BINOP_NE, 6 },	{ "<", BINOP_LT, 7 },	 { ">", BINOP_GT, 7 },
	{ "<=", BINOP_LE, 7 },	{ ">=", BINOP_GE, 7 },	 { "<<", BINOP_SHL, 8 },
	{ ">>", BINOP_SHR, 8 }, { "+", BINOP_ADD, 9 },	 { "-", BINOP_SUB, 9 },
	{ "*", BINOP_MUL, 10 }, { "/", BINOP_DIV, 10 },	 { "%", BINOP_MOD, 10 },
};

static struct c_value binary(struct c *c, uint32_t level)
{
	struct c_value a = unary(c), b;
	uint32_t i;

	while (!c->failure->is_set) {
		struct span span = c_span(c);

		for (i = 0; i < ARRAY_SIZE(binops); i++)
			if (c_at(c, binops[i].text))
				break;
		if (i == ARRAY_SIZE(binops) || binops[i].level < level)
			break;
		c_take(c);
		b = binary(c, binops[i].level + 1);
		a = c_binary(c, binops[i].op, a, b, span);
	}
	return a;
}

/* GNU C's a ?: b */
static struct c_value elvis(struct c *c, struct c_value a, struct span span)
{
	struct c_symbol *s;
	struct c_value kept;

	a = c_scalar(c, a);
	s = c_new_var(c, STR("value"), a.type);
	kept = c_assign(c, c_var(c, s, span), a, span);
	return c_choose(c, kept, c_var(c, s, span), c_assignment(c), span);
}

static struct c_value conditional(struct c *c)
{
	struct c_value v = binary(c, 1), yes, no;
	struct span span = c_span(c);

	if (!c_accept(c, "?"))
		return v;
	if (c_accept(c, ":"))
		return elvis(c, v, span);
	yes = c_expr(c);
	c_expect(c, ":");
	no = c_assignment(c);
	return c_choose(c, v, yes, no, span);
}

static const struct {
	const char *text;
	enum ast_binop op;
} assignments[] = {
	{ "+=", BINOP_ADD }, { "-=", BINOP_SUB }, { "*=", BINOP_MUL },
	{ "/=", BINOP_DIV }, { "%=", BINOP_MOD }, { "&=", BINOP_AND },
	{ "|=", BINOP_OR },  { "^=", BINOP_XOR }, { "<<=", BINOP_SHL },
	{ ">>=", BINOP_SHR },
};

static struct c_value compound(struct c *c, struct c_value to)
{
	struct span span = c_span(c);
	struct c_value v;

	for (uint32_t i = 0; i < ARRAY_SIZE(assignments); i++) {
		if (!c_accept(c, assignments[i].text))
			continue;
		if (to.is_element)
			c_error(c, span, "this is not understood of a byte of "
				"a text");
		v = c_binary(c, assignments[i].op, to, c_assignment(c), span);
		if (v.type->kind == C_TEXT && !(to.var && to.var->is_offset))
			v = c_rvalue(to.type, c_text(c, v));
		return c_assign(c, to, v, span);
	}
	return to;
}

struct c_value c_assignment(struct c *c)
{
	struct c_value v = c_int(c, c_span(c), &c_type_int, 0);
	struct span span;

	if (c_enter(c)) {
		v = conditional(c);
		span = c_span(c);
		if (c_accept(c, "="))
			v = c_assign(c, v, c_assignment(c), span);
		else
			v = compound(c, v);
	}
	c_leave(c);
	return v;
}

struct c_value c_expr(struct c *c)
{
	struct c_value v = c_assignment(c), next;
	struct ast_expr *first;

	while (c_accept(c, ",")) {
		v = c_read(c, v);
		first = v.offset ? v.offset : v.e ? v.e :
						    c_num(c, v.span, 0);
		if ((v.type->kind == C_TEXT && !v.offset) ||
		    (v.type->kind == C_VOID && first->kind != AST_NUMBER))
			c_error(c, v.span, "behind this only a statement of "
				"its own is understood");
		next = c_read(c, c_assignment(c));
		if (next.type->kind == C_TEXT)
			c_error(c, next.span, "a text behind a comma is not "
				"understood");
		v = c_rvalue(next.type, c_both(c, first, next.e));
	}
	return v;
}

int64_t c_constant(struct c *c)
{
	struct c_value v = c_scalar(c, conditional(c));

	if (v.e->kind != AST_NUMBER)
		c_error(c, v.span, "a constant is expected here");
	return v.e->kind == AST_NUMBER ? v.e->number : 0;
}
