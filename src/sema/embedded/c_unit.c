/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The top level: what the texts outside of functions define, and the functions
 * among that, each translated when it is first called.
 */
#include "sema/embedded/c_unit.h"

#include "lang/diag.h"
#include "sema/library.h"
#include "sema/program.h"
#include "sema/resolve/types.h"

/* ---- parsers ---- */

void c_init(struct c *c, struct c_unit *u, struct c_failure *failure)
{
	*c = (struct c){ .unit = u, .arena = u->arena, .failure = failure,
			 .scope = &u->top, .result = &c_type_void,
			 .names = &u->names };
}

/* Preprocessed into c->in, with an end. */
void c_read_text(struct c *c, struct str text, uint32_t base, struct span at)
{
	struct c_lexer lx;
	struct span end = { at.pos + at.len - 1, 1 };

	c_lex_init(&lx, c->arena, text, base, at);
	c->unit->pp.failure = c->failure;
	c_pp_run(&c->unit->pp, &lx, &c->in);
	if (base)
		end = (struct span){ base + text.len, 2 };
	vec_push(c->arena, &c->in,
		 (struct c_token){ .kind = C_END, .span = end });
}

/* ---- declarations ---- */

/* The name that the declaration from here on is about, for when it is not
 * understood; goes behind it. */
static struct str skip_declaration(struct c *c)
{
	struct str name = {};
	bool named = false;

	while (c_peek(c, 0)->kind != C_END) {
		struct c_token t = *c_peek(c, 0);

		named |= c_at(c, "(") || c_at(c, "=") || c_at(c, "[");
		if (t.kind == C_IDENT && !named)
			name = t.text;
		if (c_at(c, "(") || c_at(c, "["))
			c_skip_balanced(c);
		else if (c_at(c, "{")) {
			c_skip_balanced(c);
			if (!c_at(c, ";") && !c_at(c, "=") &&
			    c_peek(c, 0)->kind != C_IDENT)
				break;
		} else {
			c->at++;
		}
		if (c_token_is(&t, ";"))
			break;
		if (c_token_is(&t, "{") && named)
			break;
	}
	return name;
}

static void declare_later(struct c *c, struct str name,
			  const struct c_failure *why)
{
	struct c_symbol *s = arena_new(c->arena, struct c_symbol);

	s->kind = C_SYM_LATER;
	s->name = name;
	s->failure = *why;
	if (name.len)
		c_add(c, &c->unit->top, s);
}

static void function(struct c *c, const struct c_declarator *d)
{
	struct c_symbol *s = arena_new(c->arena, struct c_symbol);
	uint32_t start = d->params_at;

	s->kind = C_SYM_FUNC;
	s->name = d->name;
	s->type = d->type;
	if (c_accept(c, ";"))
		return;		/* a prototype */
	c_skip_balanced(c);
	for (uint32_t i = start; i < c->at; i++)
		vec_push(c->arena, &s->def, c->in.v[i]);
	vec_push(c->arena, &s->def,
		 (struct c_token){ .kind = C_END, .span = d->span });
	c_add(c, &c->unit->top, s);
}

static void declaration(struct c *c)
{
	struct c_specs specs;
	struct c_declarator d;
	uint32_t at;

	if (c_accept(c, ";") || !c_specifiers(c, &specs))
		return;
	at = c->at;
	c_declare(c, specs.type, &d);
	if (d.is_function && !specs.is_typedef) {
		function(c, &d);
		return;
	}
	c->at = at;
	c_declarators(c, &specs);
}

void c_top_level(struct c *c)
{
	struct c_failure *outer = c->failure, failure;

	while (!outer->is_set && c_peek(c, 0)->kind != C_END) {
		uint32_t start = c->at;
		struct str name;

		failure = (struct c_failure){};
		c->failure = &failure;
		declaration(c);
		c->failure = outer;
		if (!failure.is_set)
			continue;
		c->at = start;
		name = skip_declaration(c);
		declare_later(c, name, &failure);
	}
}

/* ---- what a script is given ---- */

/* Of the script or of the library. */
struct ast_file *c_new_file(struct c_unit *u)
{
	struct program *p = u->program;
	struct ast_file *f = arena_new(u->arena, struct ast_file);

	f->is_library = true;
	f->source = UINT32_MAX - p->files.n;	/* no text's */
	vec_push(p->arena, &p->files, f);
	return f;
}

void c_make_global(struct c *c, struct c_symbol *s, struct ast_expr *init)
{
	struct ast_global *g = arena_new(c->arena, struct ast_global);
	struct ast_file *f;

	if (init->kind != AST_NUMBER && init->kind != AST_STRING) {
		c_error(c, init->span, "a static variable begins with a "
			"constant");
		return;
	}
	s->script_name = arena_printf(c->arena, "%" STR_FMT "''%u",
				      STR_ARG(s->name), ++c->unit->made);
	s->null = NULL;
	g->name = s->script_name;
	g->span = init->span;
	g->init = init;
	f = c_new_file(c->unit);
	vec_push(c->arena, &f->globals, g);
}

/* ---- functions ---- */

static void add_param(struct c *c, struct c_symbol *f, struct ast_function *fn,
		      const struct c_declarator *d, bool is_text)
{
	struct ast_param param = { .span = d->span };
	struct c_symbol *s = c_new_var(c, d->name, d->type);
	const struct c_type **more = arena_array(c->arena, f->nparams + 1,
						 const struct c_type *);

	if (s->type->kind == C_ARRAY)
		s->type = c_type_pointer(c->arena, s->type->of);
	if (is_text && c_is_text(s->type)) {
		s->type = c_type_text(c->arena, 0);
		s->is_cursor = true;
	} else if (!c_type_is_scalar(s->type)) {
		c_error(c, d->span, "a parameter of type %" STR_FMT
			" is not understood",
			STR_ARG(c_type_name(c->arena, s->type)));
	}
	param.name = s->script_name;
	param.type = s->type->kind == C_TEXT ? TY_STRING : TY_LONG;
	c_add(c, c->scope, s);
	for (uint32_t i = 0; i < f->nparams; i++)
		more[i] = f->params[i];
	more[f->nparams++] = s->type;
	f->params = more;
	if (fn->nparams == fn->cap_params)
		fn->params = vec_grow(c->arena, fn->params, fn->nparams,
				      &fn->cap_params, sizeof(*fn->params));
	fn->params[fn->nparams++] = param;
}

static void params(struct c *c, struct c_symbol *f, struct ast_function *fn,
		   const struct c_value *args, uint32_t nargs)
{
	struct c_specs specs;
	struct c_declarator d;

	c_expect(c, "(");
	if (c_at(c, "void") && c_token_is(c_peek(c, 1), ")"))
		c_take(c);
	while (!c_at(c, ")") && c_specifiers(c, &specs)) {
		c_declare(c, specs.type, &d);
		add_param(c, f, fn, &d,
			  fn->nparams < nargs &&
			  args[fn->nparams].type->kind == C_TEXT);
		if (!c_accept(c, ","))
			break;
	}
	c_expect(c, ")");
}

/* What a goto leads to stands in its place, to the end of the function. */
static void fill_gotos(struct c *c)
{
	for (uint32_t i = c->gotos.n; i-- > 0 && !c->failure->is_set;) {
		const struct c_goto *g = &c->gotos.v[i];
		const struct c_label *l = NULL;

		for (uint32_t k = 0; k < c->labels.n; k++)
			if (str_eq(c->labels.v[k].name, g->label))
				l = &c->labels.v[k];
		if (!l) {
			c_error(c, g->span, "there is no label '%" STR_FMT
				"' here", STR_ARG(g->label));
			return;
		}
		c_copy(c, c->body, l->at, &g->place->block, g->span);
	}
}

/* Statements up to the end; the value of result_name at the end. */
struct ast_stmt *c_body(struct c *c, struct span span)
{
	struct ast_stmt *s = c_stmt_new(c, AST_S_BLOCK, span), *end;

	c->block = c->body = &s->block;
	if (c->result_name.len)
		c_emit_expr(c, c_set(c, c_name(c, span, c->result_name),
				     c->result->kind == C_TEXT ?
				     c_str(c, span, STR("")) :
				     c_num(c, span, 0)));
	c_block_rest(c);
	if (c_peek(c, 0)->kind != C_END)
		c_error(c, c_span(c), "a '}' too many");
	if (c->gotos.n && !c->in_function)
		c_error(c, c->gotos.v[0].span,
			"goto is understood in functions only");
	end = s->block.n ? s->block.v[s->block.n - 1] : NULL;
	if ((c->result_name.len || c->gotos.n) &&
	    !(end && end->kind == AST_S_RETURN)) {
		end = c_stmt_new(c, AST_S_RETURN, span);
		if (c->result_name.len)
			end->expr = c_name(c, span, c->result_name);
		c_emit(c, end);
	}
	fill_gotos(c);
	return s;
}

static enum ty result_type(const struct c_type *t)
{
	return t->kind == C_VOID ? TY_UNKNOWN :
	       t->kind == C_TEXT ? TY_STRING : TY_LONG;
}

void c_translate_function(struct c *caller, struct c_symbol *f,
			  const struct c_value *args, uint32_t nargs)
{
	struct ast_function *fn;
	struct c_scope scope;
	struct map names;
	struct c c;

	if (f->is_done)
		return;
	f->is_done = true;
	fn = arena_new(caller->arena, struct ast_function);
	c_init(&c, caller->unit, caller->failure);
	map_init(&names, c.arena);
	c.names = &names;
	c.in = f->def;
	c.in_function = c.is_c_function = true;
	c.result = f->type;
	c.depth = caller->depth;
	fn->name = f->script_name = arena_printf(c.arena, "%" STR_FMT "'",
						 STR_ARG(f->name));
	c_push_scope(&c, &scope);
	params(&c, f, fn, args, nargs);
	c_expect(&c, "{");
	/* The closing brace is the end. */
	if (c.in.n >= 2 && !c.failure->is_set)
		c.in.v[c.in.n - 2].kind = C_END;
	fn->body = c_body(&c, f->def.v[0].span);
	if (c.failure->is_set) {
		f->is_done = false;	/* the next call is told, too */
		f->nparams = 0;
		return;
	}
	f->type = c.result;
	fn->type = result_type(c.result);
	fn->span = f->def.v[0].span;
	vec_push(c.arena, &c_new_file(c.unit)->functions, fn);
}

/* ---- the unit ---- */

static void read_files(struct c_unit *u)
{
	struct program *p = u->program;

	for (; u->files < p->files.n; u->files++) {
		const struct ast_file *f = p->files.v[u->files];

		for (uint32_t i = 0; i < f->embedded.n; i++) {
			struct c_failure failure = {};
			struct c c;

			c_init(&c, u, &failure);
			c_read_text(&c, f->embedded.v[i]->text,
				    c_text_base(u, f->embedded.v[i]->text,
						f->embedded.v[i]->span),
				    f->embedded.v[i]->span);
			c_top_level(&c);
			if (failure.is_set)
				diag_error(p->diags, DIAG_EMBEDDED_C,
					   failure.span, "%" STR_FMT,
					   STR_ARG(failure.text));
		}
	}
}

static void read_prelude(struct c_unit *u)
{
	struct c_failure failure = {};
	struct c c;

	c_init(&c, u, &failure);
	c_read_text(&c, str_from(c_prelude), 0, (struct span){});
	c_top_level(&c);
}

/* Plain char has the sign that this kernel is compiled with. */
static const struct c_type *char_type(struct program *p)
{
	struct ctypes *btf = program_btf(p);
	uint32_t id = btf ? ctypes_find(btf, CTYPE_INT, STR("char")) : 0;

	return id ? c_type_of_btf(p->arena, btf, id) : &c_type_char;
}

static void define_limit(struct c_unit *u)
{
	struct c_failure failure = {};
	struct c c;

	c_init(&c, u, &failure);
	c_read_text(&c, arena_printf(u->arena, "#define MAXSTRINGLEN %u",
				     u->program->options->limits.maxstringlen),
		    0, (struct span){});
}

struct c_unit *c_unit_get(struct program *p)
{
	struct c_unit *u = p->c_unit;

	if (!u) {
		u = p->c_unit = arena_new(p->arena, struct c_unit);
		u->program = p;
		u->arena = p->arena;
		u->char_type = char_type(p);
		map_init(&u->top.names, p->arena);
		map_init(&u->names, p->arena);
		c_pp_init(&u->pp, p->arena, NULL, library_options(p->library));
		define_limit(u);
		read_prelude(u);
	}
	read_files(u);
	return u;
}

/* Where a text begins among the sources; 0: it is not a part of one. */
uint32_t c_text_base(const struct c_unit *u, struct str text,
		     struct span near)
{
	const struct source *s = source_of(u->program->sources, near.pos);

	if (!s || text.s < s->text.s || text.s > s->text.s + s->text.len)
		return 0;
	return s->base + (uint32_t)(text.s - s->text.s);
}
