/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that are understood by name; prelude.def has more, in C. */
#include "sema/embedded/c_parse.h"

#include "sema/program.h"

#define MAX_ARGS 32

struct call {
	struct c *c;
	struct span span;
	struct c_value args[MAX_ARGS];
	uint32_t n;
	bool is_statement;	/* nobody asks for the value */
};

static struct c_value void_value(struct ast_expr *e)
{
	return c_rvalue(&c_type_void, e);
}

static struct ast_expr *size_arg(struct call *x, uint32_t i)
{
	return c_convert(x->c, x->args[i], &c_type_long).e;
}

/* ---- of texts ---- */

static struct c_value do_strlen(struct call *x)
{
	return c_rvalue(&c_type_ulong,
			c_library(x->c, x->span, "__c_strlen", 1,
				  c_text(x->c, x->args[0])));
}

static struct c_value do_strcmp(struct call *x)
{
	return c_rvalue(&c_type_int,
			c_library(x->c, x->span, "__c_strcmp", 2,
				  c_text(x->c, x->args[0]),
				  c_text(x->c, x->args[1])));
}

static struct c_value do_strncmp(struct call *x)
{
	return c_rvalue(&c_type_int,
			c_library(x->c, x->span, "__c_strncmp", 3,
				  c_text(x->c, x->args[0]),
				  c_text(x->c, x->args[1]), size_arg(x, 2)));
}

/* Only whether there is one can be asked. */
static struct c_value do_strstr(struct call *x)
{
	return c_rvalue(c_type_pointer(x->c->arena, &c_type_void),
			c_library(x->c, x->span, "__c_contains", 2,
				  c_text(x->c, x->args[0]),
				  c_text(x->c, x->args[1])));
}

/* The text behind what the place has. */
static struct c_value end_of(struct call *x)
{
	struct c *c = x->c;
	struct c_value to = x->args[0];
	struct ast_expr *n = c_library(c, x->span, "__c_strlen", 1,
				       c_text(c, to));

	to.offset = to.offset ? c_op(c, BINOP_ADD,
				     ast_clone_expr(c->arena, to.offset), n) :
				n;
	return to;
}

static struct c_value do_strcpy(struct call *x)
{
	return void_value(c_text_store(x->c, x->args[0],
				       c_text(x->c, x->args[1]),
				       x->n > 2 ? size_arg(x, 2) : NULL));
}

/* strncpy: no 0 behind it when there is no room, which is no text. */
static struct c_value do_strncpy(struct call *x)
{
	struct c *c = x->c;
	struct ast_expr *size = c_op(c, BINOP_ADD, size_arg(x, 2),
				     c_num(c, x->span, 1));

	return void_value(c_text_store(c, x->args[0], c_text(c, x->args[1]),
				       size));
}

/* *to = *(T *)from, when that are all bytes of it */
static struct c_value copy_value(struct call *x)
{
	struct c *c = x->c;
	struct c_value to = c_deref(c, x->args[0]), from;
	struct ast_expr *size = size_arg(x, 2);
	uint64_t bytes;

	if (!c_type_size(to.type, &bytes) || size->kind != AST_NUMBER ||
	    (uint64_t)size->number != bytes)
		c_error(c, x->span, "a variable can be copied as a whole "
			"only");
	from = c_cast(c, x->args[1], c_type_pointer(c->arena, to.type));
	return c_assign(c, to, c_deref(c, from), x->span);
}

static struct c_value do_strcat(struct call *x)
{
	return void_value(c_text_store(x->c, end_of(x),
				       c_text(x->c, x->args[1]), NULL));
}

/* The size is that of the whole, what is there already and what comes. */
static struct c_value do_strlcat(struct call *x)
{
	struct c *c = x->c;
	struct ast_expr *all;

	all = c_op(c, BINOP_CONCAT, c_text(c, x->args[0]),
		   c_text(c, x->args[1]));
	return void_value(c_text_store(c, x->args[0], all, size_arg(x, 2)));
}

/* strncat: so many bytes of what is appended. */
static struct c_value do_strncat(struct call *x)
{
	struct c *c = x->c;
	struct ast_expr *part;

	part = c_library(c, x->span, "__c_cut", 2, c_text(c, x->args[1]),
			 c_op(c, BINOP_ADD, size_arg(x, 2),
			      c_num(c, x->span, 1)));
	return void_value(c_text_store(c, end_of(x), part, NULL));
}

/* Length of what a print makes, which goes into the place. */
static struct c_value printed(struct call *x, struct ast_expr *text,
			      struct ast_expr *size, bool is_cut)
{
	struct c *c = x->c;
	struct c_symbol *s = c_new_var(c, STR("text"),
				       c_type_text(c->arena, 0));
	struct ast_expr *made = c_set(c, c_name(c, x->span, s->script_name),
				      text);
	struct ast_expr *store, *all;

	if (is_cut && size)
		made->assign.value = c_library(c, x->span, "__c_cut", 2,
					       text, size);
	store = c_text_store(c, x->args[0], made,
			     is_cut ? NULL : size);
	all = c_library(c, x->span, "__c_strlen", 1,
			c_name(c, x->span, s->script_name));
	return c_rvalue(&c_type_int,
			c_both(c, c_library(c, x->span, "__c_strlen", 1,
					    store), all));
}

static struct c_value print_into(struct call *x, uint32_t format, bool is_cut)
{
	struct c *c = x->c;
	struct ast_expr *size = format > 1 ? size_arg(x, 1) : NULL;
	struct ast_expr *text = c_format(c, PRINTOP_SPRINTF, x->args, x->n,
					 format + 1, true, x->span);

	if (x->is_statement)
		return void_value(c_text_store(c, x->args[0], text, size));
	return printed(x, text, size, is_cut);
}

static struct c_value do_sprintf(struct call *x)
{
	return print_into(x, 1, false);
}

static struct c_value do_snprintf(struct call *x)
{
	return print_into(x, 2, false);
}

static struct c_value do_scnprintf(struct call *x)
{
	return print_into(x, 2, true);
}

/* memcpy(text, address, n): the text there, which may fill the n bytes. */
static struct c_value do_memcpy(struct call *x)
{
	struct c *c = x->c;

	if (x->args[0].ref)
		return copy_value(x);
	if (!c_is_text(x->args[1].type)) {
		c_error(c, x->span, "only numbers and texts can be copied");
		return c_nothing(c, x->span);
	}
	return do_strncpy(x);
}

/* copy_from_kernel_nofault(&number, address, size): what cannot be read is an
 * error of the script. */
static struct c_value do_copy_safely(struct call *x)
{
	struct c_value v = do_memcpy(x);

	if (x->is_statement || v.type->kind == C_INT)
		return c_rvalue(&c_type_int,
				c_both(x->c, v.e, c_num(x->c, x->span, 0)));
	c_error(x->c, x->span, "of a text, this has no value here");
	return v;
}

/* memset(text, 0, n): an empty one */
static struct c_value do_memset(struct call *x)
{
	struct c *c = x->c;
	struct c_value zero = c_scalar(c, x->args[1]);

	if (x->args[0].type->kind != C_TEXT || zero.e->kind != AST_NUMBER ||
	    zero.e->number) {
		c_error(c, x->span, "only a text can be set, to zeros");
		return c_nothing(c, x->span);
	}
	return void_value(c_text_store(c, x->args[0],
				       c_str(c, x->span, STR("")), NULL));
}

/* ---- of the runtime ---- */

static struct c_value do_error(struct call *x)
{
	struct ast_expr *text = c_format(x->c, PRINTOP_SPRINTF, x->args, x->n,
					 1, false, x->span);

	return void_value(c_library(x->c, x->span, "__c_error", 1, text));
}

static struct c_value do_printf(struct call *x)
{
	return void_value(c_format(x->c, PRINTOP_PRINTF, x->args, x->n, 1,
				   false, x->span));
}

/* printk(KERN_INFO "format", ...): into the log of the kernel */
static struct c_value do_printk(struct call *x)
{
	struct c *c = x->c;
	struct ast_expr *text = x->args[0].e;
	int64_t level = 4;

	if (text && text->kind == AST_STRING && text->string.len > 1 &&
	    text->string.s[0] == 1) {
		level = text->string.s[1] - '0';
		text->string = str_sub(text->string, 2, text->string.len);
	}
	text = c_format(c, PRINTOP_SPRINTF, x->args, x->n, 1, true, x->span);
	return void_value(c_library(c, x->span, "__c_printk", 2,
				    c_num(c, x->span, level), text));
}

static struct c_value do_kread(struct call *x)
{
	return c_read(x->c, c_deref(x->c, x->args[0]));
}

/* kderef(size, address), uderef(size, address) */
static struct c_value deref(struct call *x, enum ast_atop op)
{
	struct c *c = x->c;
	struct ast_expr *e = c_node(c, AST_ATOP, x->span),
			*size = c_scalar(c, x->args[0]).e;

	e->at_op.op = op;
	vec_push(c->arena, &e->at_op.args, size);
	vec_push(c->arena, &e->at_op.args, c_scalar(c, x->args[1]).e);
	if (size->kind != AST_NUMBER)
		c_error(c, x->args[0].span, "the size must be a constant");
	return c_rvalue(size->kind == AST_NUMBER && size->number < 8 ?
			c_type_int_of((uint8_t)size->number, false) :
			&c_type_ulong, e);
}

static struct c_value do_kderef(struct call *x)
{
	return deref(x, ATOP_KDEREF);
}

static struct c_value do_uderef(struct call *x)
{
	return deref(x, ATOP_UDEREF);
}

/* kderef_buffer(NULL, address, size): can it be read?  Each read asks. */
static struct c_value do_kderef_buffer(struct call *x)
{
	struct c_value to = c_scalar(x->c, x->args[0]);

	if (to.e->kind != AST_NUMBER || to.e->number)
		c_error(x->c, x->span, "a buffer is not understood");
	return c_nothing(x->c, x->span);
}

static struct c_value do_min(struct call *x)
{
	return c_least(x->c, x->args[0], x->args[1], false);
}

static struct c_value do_max(struct call *x)
{
	return c_least(x->c, x->args[0], x->args[1], true);
}

static const struct {
	const char *name;
	struct c_value (*fn)(struct call *x);
	uint32_t min, max;
} calls[] = {
#define CALL(name, fn, min, max) { name, fn, min, max },
#include "sema/embedded/c_call.def"
#undef CALL
};

/* offsetof(type, member.member): its first argument is none. */
static struct c_value do_offsetof(struct c *c, struct span span)
{
	struct c_value v = { .span = span, .place = C_PATH };
	struct c_token t;

	c_expect(c, "(");
	v.type = c_type_of_name(c);
	v.root = v.type->ref;
	v.e = c_num(c, span, 0);
	c_expect(c, ",");
	do {
		t = c_take(c);
		v = c_member(c, v, t.text, t.span);
	} while (c_accept(c, "."));
	c_expect(c, ")");
	v = c_address(c, v, span);
	v.type = &c_type_ulong;
	return v;
}

static void take_args(struct call *x)
{
	struct c *c = x->c;

	c_expect(c, "(");
	while (!c_at(c, ")") && !c->failure->is_set) {
		struct c_value v = c_assignment(c);

		if (x->n == MAX_ARGS) {
			c_error(c, v.span, "more than %d arguments", MAX_ARGS);
			return;
		}
		x->args[x->n++] = v;
		if (!c_accept(c, ","))
			break;
	}
	c_expect(c, ")");
}

static struct c_value call_row(struct c *c, uint32_t i, struct span span)
{
	struct call *x = arena_new(c->arena, struct call);

	x->c = c;
	x->span = span;
	x->is_statement = c->at == c->statement_at + 1;
	take_args(x);
	x->is_statement &= c_at(c, ";");
	if (x->n < calls[i].min || x->n > calls[i].max)
		c_error(c, span, "'%s' takes %u argument%s, not %u",
			calls[i].name, calls[i].min,
			calls[i].min == 1 ? "" : "s", x->n);
	if (c->failure->is_set)
		return c_nothing(c, span);
	return calls[i].fn(x);
}

/* What the prelude takes of the library: numbers of numbers. */
static struct c_value call_library(struct c *c, struct str name,
				   struct span span)
{
	struct call *x = arena_new(c->arena, struct call);
	struct ast_expr *e = c_node(c, AST_CALL, span);

	x->c = c;
	x->span = span;
	take_args(x);
	e->call.name = name;
	for (uint32_t i = 0; i < x->n; i++)
		vec_push(c->arena, &e->call.args, size_arg(x, i));
	return c_rvalue(&c_type_long, e);
}

bool c_call(struct c *c, struct str name, struct span span,
	    struct c_value *ret)
{
	if (str_is(name, "offsetof") || str_is(name, "__builtin_offsetof")) {
		*ret = do_offsetof(c, span);
		return true;
	}
	if (str_starts(name, STR("__c_"))) {
		*ret = call_library(c, name, span);
		return true;
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (!str_is(name, calls[i].name))
			continue;
		*ret = call_row(c, i, span);
		return true;
	}
	return false;
}

/* ---- functions in C ---- */

struct c_value c_call_function(struct c *c, struct c_symbol *f,
			       struct c_value *args, uint32_t n,
			       struct span span)
{
	struct ast_expr *e = c_node(c, AST_CALL, span);

	c_translate_function(c, f, args, n);
	if (n != f->nparams)
		c_error(c, span, "'%" STR_FMT "' takes %u argument%s, not %u",
			STR_ARG(f->name), f->nparams,
			f->nparams == 1 ? "" : "s", n);
	if (c->failure->is_set)
		return c_rvalue(f->type, c_num(c, span, 0));
	e->call.name = f->script_name;
	for (uint32_t i = 0; i < n; i++)
		vec_push(c->arena, &e->call.args,
			 c_convert(c, args[i], f->params[i]).e);
	return c_rvalue(f->type, e);
}
