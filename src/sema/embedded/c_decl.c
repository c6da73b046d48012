/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Declarations and the names of types. */
#include "sema/embedded/c_parse.h"

#include "sema/program.h"
#include "sema/resolve/types.h"

/* ---- what a name is ---- */

static const char *const qualifiers[] = {
	"const", "volatile", "restrict", "register", "auto", "__restrict",
	"__const", "__volatile__", "__user", "__kernel", "__rcu", "__iomem",
	"__percpu", "__force", "__maybe_unused", "__attribute__",
	"__always_inline", "noinline", "notrace", "__extension__",
};

static const char *const basics[] = {
	"void", "char", "short", "int", "long", "signed", "unsigned",
	"__signed__", "_Bool", "float", "double",
};

static const char *const others[] = {
	"struct", "union", "enum", "typeof", "__typeof__", "__typeof",
	"static", "extern", "typedef", "inline", "__inline", "__inline__",
};

static bool is_one_of(struct str s, const char *const *names, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_is(s, names[i]))
			return true;
	return false;
}

#define IS_ONE_OF(s, list) is_one_of((s), (list), ARRAY_SIZE(list))

/* A typedef of the C, or of the kernel. */
static const struct c_type *find_typedef(struct c *c, struct str name)
{
	struct ctypes *btf = program_btf(c->unit->program);
	struct c_symbol *s = c_find(c, name);
	uint32_t id;

	if (s)
		return s->kind == C_SYM_TYPE ? s->type : NULL;
	id = btf ? ctypes_find(btf, CTYPE_TYPEDEF, name) : 0;
	return id ? c_type_of_btf(c->arena, btf, id) : NULL;
}

bool c_at_type(struct c *c)
{
	const struct c_token *t = c_peek(c, 0);

	if (t->kind != C_IDENT)
		return false;
	return IS_ONE_OF(t->text, qualifiers) || IS_ONE_OF(t->text, basics) ||
	       IS_ONE_OF(t->text, others) || find_typedef(c, t->text);
}

/* ---- specifiers ---- */

struct words {
	uint32_t longs, shorts, chars, ints, bools, voids, unsigneds, signeds;
	bool any;
};

static bool basic(struct words *w, struct str s)
{
	w->longs += str_is(s, "long");
	w->shorts += str_is(s, "short");
	w->chars += str_is(s, "char");
	w->ints += str_is(s, "int");
	w->bools += str_is(s, "_Bool");
	w->voids += str_is(s, "void");
	w->unsigneds += str_is(s, "unsigned");
	w->signeds += str_is(s, "signed") || str_is(s, "__signed__");
	w->any = true;
	return !str_is(s, "float") && !str_is(s, "double");
}

static const struct c_type *type_of_words(struct c *c, const struct words *w)
{
	bool is_signed = !w->unsigneds;

	if (w->voids)
		return &c_type_void;
	if (w->bools)
		return &c_type_bool;
	if (w->chars && !w->unsigneds && !w->signeds)
		return c->unit->char_type;
	if (w->chars)
		return is_signed ? &c_type_s8 : &c_type_u8;
	return c_type_int_of(w->shorts ? 2 : w->longs ? 8 : 4, is_signed);
}

static const struct c_type *record(struct c *c, bool is_union)
{
	struct ctypes *btf = program_btf(c->unit->program);
	struct c_token t = c_take(c);
	uint32_t id;

	if (t.kind != C_IDENT) {
		c_error(c, t.span, "a %s of the script's own is not understood",
			is_union ? "union" : "struct");
		return &c_type_opaque;
	}
	if (!btf) {
		c_error(c, t.span, "this kernel does not describe its types");
		return &c_type_opaque;
	}
	id = ctypes_find(btf, is_union ? CTYPE_UNION : CTYPE_STRUCT, t.text);
	/* What a script says of a struct, the kernel knows better. */
	if (id && c_at(c, "{"))
		c_skip_balanced(c);
	if (id)
		return c_type_of_btf(c->arena, btf, id);
	c_error(c, t.span, "this kernel has no %s '%" STR_FMT "'",
		is_union ? "union" : "struct", STR_ARG(t.text));
	return &c_type_opaque;
}

static void enumerators(struct c *c)
{
	int64_t n = 0;

	while (c_expect(c, c_at(c, ",") ? "," : "{") && !c_at(c, "}")) {
		struct c_symbol *s = arena_new(c->arena, struct c_symbol);

		s->kind = C_SYM_CONST;
		s->name = c_take(c).text;
		s->type = &c_type_int;
		if (c_accept(c, "="))
			n = c_constant(c);
		s->value = n++;
		c_add(c, c->scope, s);
		if (c_at(c, "}"))
			break;
	}
	c_expect(c, "}");
}

static const struct c_type *enumeration(struct c *c)
{
	struct ctypes *btf = program_btf(c->unit->program);
	const struct c_token *t = c_peek(c, 0);
	uint32_t id = 0;

	if (t->kind == C_IDENT) {
		id = btf ? ctypes_find(btf, CTYPE_ENUM, t->text) : 0;
		c_take(c);
	}
	if (c_at(c, "{"))
		enumerators(c);
	else if (id)
		return c_type_of_btf(c->arena, btf, id);
	return &c_type_uint;
}

static const struct c_type *type_of(struct c *c)
{
	const struct c_type *t = &c_type_int;

	c_expect(c, "(");
	if (!c_enter(c))
		return t;
	if (c_at_type(c))
		t = c_type_of_name(c);
	else
		t = c_expr(c).type;
	c_leave(c);
	c_expect(c, ")");
	return t;
}

static bool storage(struct c_specs *s, struct str name)
{
	bool is_inline = str_starts(name, STR("__inline")) ||
			 str_is(name, "inline");

	s->is_static |= str_is(name, "static");
	s->is_extern |= str_is(name, "extern");
	s->is_typedef |= str_is(name, "typedef");
	return str_is(name, "static") || str_is(name, "extern") ||
	       str_is(name, "typedef") || is_inline;
}

/* One that is no basic type's: false = none is here. */
static bool named(struct c *c, struct c_specs *s, const struct words *w)
{
	struct str name = c_peek(c, 0)->text;

	if (s->type || w->any)
		return false;
	if (str_is(name, "struct") || str_is(name, "union")) {
		c_take(c);
		s->type = record(c, str_is(name, "union"));
	} else if (str_is(name, "enum")) {
		c_take(c);
		s->type = enumeration(c);
	} else if (str_starts(name, STR("typeof")) ||
		   str_starts(name, STR("__typeof"))) {
		c_take(c);
		s->type = type_of(c);
	} else {
		s->type = find_typedef(c, name);
		if (!s->type)
			return false;
		c_take(c);
	}
	return true;
}

static bool specifier(struct c *c, struct c_specs *s, struct words *w)
{
	const struct c_token *t = c_peek(c, 0);

	if (t->kind != C_IDENT)
		return false;
	if (IS_ONE_OF(t->text, qualifiers)) {
		c_take(c);
		if (str_is(t->text, "__attribute__"))
			c_skip_balanced(c);
		return true;
	}
	if (IS_ONE_OF(t->text, basics)) {
		if (!basic(w, t->text))
			c_error(c, t->span, "the kernel has no '%" STR_FMT "'",
				STR_ARG(t->text));
		c_take(c);
		return true;
	}
	if (IS_ONE_OF(t->text, others) && storage(s, t->text)) {
		c_take(c);
		return true;
	}
	return named(c, s, w);
}

bool c_specifiers(struct c *c, struct c_specs *s)
{
	struct span at = c_span(c);
	struct words w = {};

	*s = (struct c_specs){};
	while (specifier(c, s, &w) && !c->failure->is_set)
		;
	if (!s->type && w.any)
		s->type = type_of_words(c, &w);
	if (!s->type) {
		c_error(c, at, "a type is expected here");
		s->type = &c_type_int;
	}
	return !c->failure->is_set;
}

/* ---- declarators ---- */

#define MAX_DERIVED 16	/* pointers to pointers, arrays of arrays */

static const struct c_type *pointers(struct c *c, const struct c_type *t)
{
	uint32_t n = 0;

	while (!c->failure->is_set) {
		if (n == MAX_DERIVED)
			c_error(c, c_span(c), "more than %d '*'", MAX_DERIVED);
		else if (c_accept(c, "*") && ++n)
			t = c_type_pointer(c->arena, t);
		else if (c_peek(c, 0)->kind == C_IDENT &&
			 IS_ONE_OF(c_peek(c, 0)->text, qualifiers))
			c_take(c);
		else
			break;
	}
	return t;
}

static const struct c_type *arrays(struct c *c, const struct c_type *t,
				   uint32_t depth)
{
	int64_t n = 0;

	if (!c_accept(c, "["))
		return t;
	if (depth == MAX_DERIVED)
		c_error(c, c_span(c), "more than %d '['", MAX_DERIVED);
	if (!c_at(c, "]"))
		n = c_constant(c);
	c_expect(c, "]");
	t = arrays(c, t, depth + 1);
	return c_type_array(c->arena, t, n < 0 ? 0 : (uint64_t)n);
}

void c_declare(struct c *c, const struct c_type *base,
	       struct c_declarator *d)
{
	*d = (struct c_declarator){ .type = pointers(c, base) };
	if (c_at(c, "("))
		c_error(c, c_span(c),
			"a pointer to a function is not understood");
	d->span = c_span(c);
	if (c_peek(c, 0)->kind == C_IDENT)
		d->name = c_take(c).text;
	if (c_at(c, "(")) {
		d->is_function = true;
		d->params_at = c->at;
		c_skip_balanced(c);
	}
	d->type = arrays(c, d->type, 0);
}

const struct c_type *c_type_of_name(struct c *c)
{
	struct c_specs s;
	struct c_declarator d;

	if (!c_specifiers(c, &s))
		return &c_type_int;
	c_declare(c, s.type, &d);
	return d.type;
}

/* ---- variables ---- */

static bool is_char_array(const struct c_type *t)
{
	return t->kind == C_ARRAY && c_type_is_char(t->of);
}

/* = { 1, ... }: numbers that are no text */
static bool at_list(struct c *c)
{
	const struct c_token *first = c_peek(c, 2);

	return c_at(c, "=") && c_token_is(c_peek(c, 1), "{") &&
	       !c_token_is(first, "}") &&
	       !(first->kind == C_NUMBER && c_token_is(c_peek(c, 3), "}"));
}

/* = "text", = { 0 }, or nothing */
static struct ast_expr *initial_text(struct c *c, struct c_symbol *s)
{
	struct span span = c_span(c);
	struct ast_expr *e = c_str(c, span, STR(""));

	if (!c_accept(c, "="))
		return e;
	if (c_accept(c, "{")) {
		if (!c_at(c, "}") && c_constant(c))
			c_error(c, span, "only { 0 } makes a text");
		c_expect(c, "}");
		return e;
	}
	e = c_text(c, c_assignment(c));
	if (e->kind != AST_STRING)
		c_error(c, span, "an array of char begins as a string in "
			"quotes");
	else if (!s->type->n)
		s->type = c_type_text(c->arena, e->string.len + 1);
	return e;
}

/* What is not said begins as 0, as a variable of the script would. */
static struct ast_expr *initial_scalar(struct c *c, struct c_symbol *s)
{
	struct ast_expr *e = c_num(c, c_span(c), 0);
	struct c_value v;

	if (c_accept(c, "=")) {
		v = c_assignment(c);
		if (v.type->kind != C_ARRAY)
			v = c_read(c, v);
		if (v.type->kind == C_TEXT && c_is_text(s->type) &&
		    v.place == C_VAR && !(v.var && v.var->is_cursor)) {
			s->is_offset = true;
			s->base = v.name;
			s->type = v.type;
			return v.offset ? v.offset : e;
		}
		if (v.type->kind == C_TEXT && c_is_text(s->type)) {
			s->is_cursor = true;
			s->type = c_type_text(c->arena, 0);
			return c_text(c, v);
		}
		e = c_convert(c, v, s->type).e;
	}
	if (c_is_text(s->type) && e->kind == AST_NUMBER && !e->number)
		s->null = e;
	return e;
}

/* struct x v = p->v, = { 0 }, or nothing */
static void record_variable(struct c *c, struct c_symbol *s, struct span span)
{
	struct c_value v = { .span = span };

	c_add(c, c->scope, s);
	if (c_accept(c, "=") && c_accept(c, "{")) {
		if (!c_at(c, "}") && c_constant(c))
			c_error(c, span, "a struct begins as zeros, or as one "
				"of the kernel's memory");
		c_expect(c, "}");
	} else if (c->at && c_token_is(&c->in.v[c->at - 1], "=")) {
		v = c_assignment(c);
	}
	if (!c->failure->is_set)
		c_record_set(c, s, v, span);
}

static void variable(struct c *c, const struct c_specs *specs,
		     const struct c_declarator *d)
{
	const struct c_type *t = is_char_array(d->type) && !at_list(c) ?
					 c_type_text(c->arena, d->type->n) :
					 d->type;
	struct c_symbol *s = c_new_var(c, d->name, t);
	struct ast_expr *init, *set;

	if (t->kind == C_RECORD && c->block && !specs->is_static) {
		record_variable(c, s, d->span);
		return;
	}
	if (c_is_table(t)) {
		c_table_init(c, s);
		c_add(c, c->scope, s);
		return;
	}
	if (t->kind != C_TEXT && !c_type_is_scalar(t)) {
		c_error(c, d->span, "a variable of type %" STR_FMT
			" is not understood",
			STR_ARG(c_type_name(c->arena, t)));
		c_help(c, "numbers, pointers and arrays of char are");
		return;
	}
	init = t->kind == C_TEXT ? initial_text(c, s) : initial_scalar(c, s);
	c_add(c, c->scope, s);
	if (c->failure->is_set)
		return;
	if (specs->is_static || !c->block) {
		if (s->is_offset)
			c_error(c, d->span, "a static pointer into a text is "
				"not understood");
		c_make_global(c, s, init);
		return;
	}
	set = c_set(c, c_name(c, d->span, s->script_name), init);
	c_emit_expr(c, set);
}

static void type_name(struct c *c, const struct c_declarator *d)
{
	struct c_symbol *s = arena_new(c->arena, struct c_symbol);

	s->kind = C_SYM_TYPE;
	s->name = d->name;
	s->type = d->type;
	c_add(c, c->scope, s);
}

void c_declarators(struct c *c, const struct c_specs *specs)
{
	struct c_declarator d;

	while (!c_at(c, ";") && !c->failure->is_set) {
		c->nodes = 0;
		c_declare(c, specs->type, &d);
		if (!d.name.len)
			c_error(c, d.span, "a name is expected here");
		else if (specs->is_typedef)
			type_name(c, &d);
		else if (!d.is_function && !specs->is_extern)
			variable(c, specs, &d);
		if (!c_accept(c, ","))
			break;
	}
	c_expect(c, ";");
}

bool c_declaration(struct c *c)
{
	struct c_specs specs;

	if (!c_at_type(c))
		return false;
	if (c_specifiers(c, &specs))
		c_declarators(c, &specs);
	return true;
}
