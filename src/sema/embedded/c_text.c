/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts.  An array of char, STAP_RETVALUE and STAP_ARG_x of a string are
 * strings of the script; so is what is left of one where a char * goes through
 * it.  Other addresses of char are memory of the kernel.
 */
#include "sema/embedded/c_parse.h"

#include "sema/program.h"

bool c_is_text(const struct c_type *t)
{
	return t->kind == C_TEXT ||
	       ((t->kind == C_POINTER || t->kind == C_ARRAY) &&
		c_type_is_char(t->of));
}

struct ast_expr *c_text_whole(struct c *c, const struct c_value *v)
{
	if (v->place == C_VAR)
		return c_name(c, v->span, v->name);
	return ast_clone_expr(c->arena, v->e);
}

static struct ast_expr *offset_of(struct c *c, const struct c_value *v)
{
	return ast_clone_expr(c->arena, v->offset);
}

/* A char array in the kernel's memory has no more bytes than it has. */
static struct ast_expr *text_of_array(struct c *c, struct c_value v)
{
	uint64_t n = v.type->n;
	struct ast_expr *address = c_address(c, v, v.span).e;

	return c_library(c, v.span, "__c_kernel_n", 2, address,
			 c_num(c, v.span, (int64_t)n));
}

struct ast_expr *c_text(struct c *c, struct c_value v)
{
	if (v.type->kind == C_ARRAY && c_type_is_char(v.type->of) && v.type->n)
		return text_of_array(c, v);
	v = c_read(c, v);
	if (v.type->kind == C_TEXT && !v.offset)
		return c_text_whole(c, &v);
	if (v.type->kind == C_TEXT)
		return c_library(c, v.span, "__c_rest", 2, c_text_whole(c, &v),
				 offset_of(c, &v));
	if (c_is_text(v.type))
		return c_library(c, v.span, "__c_kernel", 1, v.e);
	c_error(c, v.span, "a value of type %" STR_FMT " is no text",
		STR_ARG(c_type_name(c->arena, v.type)));
	return c_str(c, v.span, STR(""));
}

/* ---- writing ---- */

static bool is_writable(struct c *c, const struct c_value *to)
{
	if (to->type->kind == C_TEXT && to->place == C_VAR &&
	    !(to->var && to->var->is_cursor))
		return true;
	if (to->type->kind == C_TEXT)
		c_error(c, to->span, "only a whole text can be written to");
	else
		c_error(c, to->span,
			"spile does not write to memory of the kernel");
	return false;
}

static struct ast_expr *cut(struct c *c, struct ast_expr *text,
			    struct ast_expr *size)
{
	int64_t max = c->unit->program->options->limits.maxstringlen;

	if (!size || (size->kind == AST_NUMBER && size->number >= max))
		return text;
	return c_library(c, text->span, "__c_cut", 2, text, size);
}

struct ast_expr *c_text_store(struct c *c, struct c_value to,
			      struct ast_expr *text, struct ast_expr *size)
{
	struct ast_expr *whole;

	if (!is_writable(c, &to))
		return c_str(c, to.span, STR(""));
	text = cut(c, text, size);
	whole = c_text_whole(c, &to);
	if (to.offset)
		text = c_library(c, to.span, "__c_put", 3,
				 c_text_whole(c, &to), offset_of(c, &to),
				 text);
	return c_set(c, whole, text);
}

/* ---- single bytes ---- */

struct c_value c_text_element(struct c *c, struct c_value v, struct c_value i,
			      struct span span)
{
	struct ast_expr *n = c_cast(c, i, &c_type_long).e;

	if (v.is_element) {
		c_error(c, v.span, "a value of type char is no pointer");
		return c_int(c, v.span, &c_type_int, 0);
	}
	v.offset = v.offset ? c_op(c, BINOP_ADD, v.offset, n) : n;
	v.is_element = true;
	v.span = span_join(v.span, span);
	return v;
}

struct c_value c_text_char(struct c *c, struct c_value v)
{
	struct ast_expr *byte = c_library(c, v.span, "__c_byte", 2,
					  c_text_whole(c, &v),
					  offset_of(c, &v));

	return c_cast(c, c_rvalue(&c_type_u8, byte), c->unit->char_type);
}

struct c_value c_text_set_char(struct c *c, struct c_value to,
			       struct c_value ch, struct span span)
{
	struct ast_expr *value = c_convert(c, ch, &c_type_u8).e, *e;

	if (!is_writable(c, &to))
		return c_nothing(c, span);
	e = c_library(c, span, "__c_set_byte", 3, c_text_whole(c, &to),
		      offset_of(c, &to), value);
	/* As an expression it would be a text: it is none. */
	return c_rvalue(&c_type_void, c_set(c, c_text_whole(c, &to), e));
}
