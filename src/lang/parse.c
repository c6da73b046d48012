/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files: probes, aliases, functions, globals.
 */
#include "lang/parse.h"

#include "lang/ast_print.h"
#include "lang/parser.h"

bool parse_at_declaration(struct parser *p)
{
	enum token_kind k = parser_peek(p, 0)->kind;

	return k == TOK_END || k == TOK_PROBE || k == TOK_GLOBAL ||
	       k == TOK_PRIVATE || k == TOK_FUNCTION;
}

void parse_skip_declaration(struct parser *p)
{
	while (!parse_at_declaration(p))
		parser_take(p);
	p->panic = false;
	p->allows_star = false;
	p->in_function = false;
	p->loops = 0;
}

/* ---- probes and aliases ---- */

/* An alias's name is plain; condition and ? are for the points behind =. */
static void check_alias_name(struct parser *p, const struct ast_point *name)
{
	if (name->optional || name->condition)
		parser_report(p, DIAG_BAD_POINT, name->span,
			     "the name of an alias has no ?, ! or condition");
	for (uint32_t i = 0; i < name->n; i++) {
		const struct ast_component *c = &name->v[i];

		if (c->braces || (!p->panic && str_has_glob(c->name)))
			parser_report(p, DIAG_BAD_POINT, c->span,
				     "the name of an alias has no wildcards "
				     "and braces");
	}
}

struct alias_names {
	VEC(struct ast_point) v;
	bool epilogue;		/* += */
};

/* All points before the last = or +=; then those behind it. */
static void points_and_names(struct parser *p, struct alias_names *names,
			     struct ast_points *points)
{
	for (;;) {
		*points = (struct ast_points){};
		parse_point_list(p, points);
		if (!parser_at(p, TOK_SET) && !parser_at(p, TOK_ADD_SET))
			return;
		names->epilogue = parser_at(p, TOK_ADD_SET);
		parser_take(p);
		for (uint32_t i = 0; i < points->n; i++) {
			check_alias_name(p, &points->v[i]);
			vec_push(p->arena, &names->v, points->v[i]);
		}
	}
}

static void add_alias(struct parser *p, struct ast_file *f,
		      const struct ast_alias *like, struct ast_point name,
		      bool first)
{
	struct ast_alias *a = arena_new(p->arena, struct ast_alias);

	*a = *like;
	a->name = name;
	if (!first && a->prologue)
		a->prologue = ast_clone_stmt(p->arena, a->prologue);
	if (!first && a->epilogue)
		a->epilogue = ast_clone_stmt(p->arena, a->epilogue);
	vec_push(p->arena, &f->aliases, a);
}

static void alias(struct parser *p, struct ast_file *f,
		  struct ast_alias *a, const struct alias_names *names)
{
	struct ast_stmt *block = parse_block(p);

	if (names->epilogue)
		a->epilogue = block;
	else
		a->prologue = block;
	if (parser_at(p, TOK_COMMA) && !names->epilogue) {
		parser_take(p);
		a->epilogue = parse_block(p);
	}
	for (uint32_t i = 0; i < names->v.n; i++)
		add_alias(p, f, a, names->v.v[i], !i);
}

static void probe(struct parser *p, struct ast_file *f)
{
	struct token t = parser_take(p);
	struct ast_probe *probe = arena_new(p->arena, struct ast_probe);
	struct ast_points points = {};
	struct alias_names names = {};

	points_and_names(p, &names, &points);
	if (names.v.n) {
		alias(p, f, &(struct ast_alias){ .span = t.span,
						 .points = points,
						 .doc = t.doc }, &names);
		return;
	}
	*probe = (struct ast_probe){ .span = t.span, .points = points };
	if (!p->panic && !parser_at(p, TOK_LBRACE))
		parser_unexpected(p, "'{', ',' or '.'");
	probe->body = parse_block(p);
	vec_push(p->arena, &f->probes, probe);
}

/* ---- functions ---- */

/* [: long|string] */
static enum ty type(struct parser *p)
{
	struct token t;

	if (!parser_accept(p, TOK_COLON))
		return TY_UNKNOWN;
	if (parser_accept(p, TOK_LONG_TYPE))
		return TY_LONG;
	if (parser_accept(p, TOK_STRING_TYPE))
		return TY_STRING;
	if (parser_at(p, TOK_IDENT)) {
		t = *parser_peek(p, 0);
		parser_report(p, DIAG_BAD_TYPE_NAME, t.span,
			      "'%" STR_FMT "' is no type; there are long and "
			      "string", STR_ARG(t.text));
		parser_take(p);
		return TY_UNKNOWN;
	}
	parser_unexpected(p, "'long' or 'string'");
	return TY_UNKNOWN;
}

static void param(struct parser *p, struct ast_function *f)
{
	struct ast_param param = { .span = parser_peek(p, 0)->span };

	if (!parser_at(p, TOK_IDENT)) {
		parser_unexpected(p, "a parameter's name");
		return;
	}
	param.name = parser_take(p).text;
	param.type = type(p);
	if (f->nparams == f->cap_params)
		f->params = vec_grow(p->arena, f->params, f->nparams,
				     &f->cap_params, sizeof(*f->params));
	f->params[f->nparams++] = param;
}

static void params(struct parser *p, struct ast_function *f)
{
	struct span open = parser_peek(p, 0)->span;

	parser_expect(p, TOK_LPAREN);
	if (parser_accept(p, TOK_RPAREN))
		return;
	do
		param(p, f);
	while (parser_accept(p, TOK_COMMA));
	parser_close(p, open);
}

static void function_body(struct parser *p, struct ast_function *f)
{
	struct token t;

	if (!parser_at(p, TOK_EMBEDDED)) {
		p->in_function = true;
		f->body = parse_block(p);
		p->in_function = false;
		return;
	}
	t = parser_take(p);
	f->embedded = t.text;
	if (!p->allows_c)
		parser_report(p, DIAG_GURU_ONLY, t.span,
			     "embedded C needs guru mode (-g)");
}

static void function(struct parser *p, struct ast_file *file,
		     bool is_private, struct str doc)
{
	struct ast_function *f = arena_new(p->arena, struct ast_function);
	struct token t = parser_take(p);

	f->is_private = is_private;
	f->doc = doc.len ? doc : t.doc;
	if (!parser_at(p, TOK_IDENT) && !parser_at(p, TOK_LONG_TYPE) &&
	    !parser_at(p, TOK_STRING_TYPE)) {
		parser_unexpected(p, "the function's name");
		return;
	}
	t = parser_take(p);
	f->name = t.text;
	f->span = t.span;
	f->type = type(p);
	params(p, f);
	if (parser_accept(p, TOK_COLON)) {
		f->has_priority = true;
		f->priority = parse_number(p);
	}
	function_body(p, f);
	vec_push(p->arena, &file->functions, f);
}

/* ---- globals ---- */

static struct ast_expr *initial(struct parser *p)
{
	struct span start = parser_peek(p, 0)->span;
	struct ast_expr *e = parse_new_expr(p, AST_NUMBER, start);

	if (parser_at(p, TOK_STRING)) {
		e->kind = AST_STRING;
		e->string = parse_string(p, "a string");
	} else if (parser_at(p, TOK_NUMBER) || parser_at(p, TOK_SUB)) {
		e->number = parse_number(p);
	} else if (!p->panic && !parser_at(p, TOK_JUNK)) {
		parser_error(p, DIAG_NOT_A_LITERAL, start,
			     "a global's initial value is a number or a "
			     "string literal");
	} else {
		parser_unexpected(p, "a literal");
	}
	e->span = e->at = parser_span_from(p, start);
	return e;
}

static void array_size(struct parser *p, struct ast_global *g)
{
	struct span at = parser_peek(p, 0)->span;

	g->is_array = true;
	g->size = parse_number(p);
	if (!p->panic && (g->size <= 0 || g->size > INT32_MAX))
		parser_report(p, DIAG_BAD_DECLARATION, at,
			     "an array's size is from 1 to %d", INT32_MAX);
	parser_expect(p, TOK_RBRACKET);
}

static void global(struct parser *p, struct ast_file *f, bool is_private)
{
	struct ast_global *g = arena_new(p->arena, struct ast_global);
	struct token t;

	if (!parser_at(p, TOK_IDENT)) {
		parser_unexpected(p, "the global's name");
		return;
	}
	p->nodes = 0;
	t = parser_take(p);
	g->name = t.text;
	g->span = t.span;
	g->is_private = is_private;
	g->wrap = parser_accept(p, TOK_MOD);
	if (parser_accept(p, TOK_LBRACKET))
		array_size(p, g);
	if (parser_at(p, TOK_SET) && (g->is_array || g->wrap))
		parser_report(p, DIAG_BAD_DECLARATION, parser_peek(p, 0)->span,
			     "an array has no initial value");
	if (parser_accept(p, TOK_SET))
		g->init = initial(p);
	vec_push(p->arena, &f->globals, g);
}

static void globals(struct parser *p, struct ast_file *f, bool is_private)
{
	parser_take(p);
	do
		global(p, f, is_private);
	while (parser_accept(p, TOK_COMMA));
}

/* private function ..., private global ..., private name */
static void private(struct parser *p, struct ast_file *f)
{
	struct str doc = parser_take(p).doc;

	if (parser_at(p, TOK_FUNCTION)) {
		function(p, f, true, doc);
	} else if (parser_at(p, TOK_GLOBAL)) {
		globals(p, f, true);
	} else {
		do
			global(p, f, true);
		while (parser_accept(p, TOK_COMMA));
	}
}

/* ---- files ---- */

static void embedded(struct parser *p, struct ast_file *f)
{
	struct token t = parser_take(p);
	struct ast_embedded *e = arena_new(p->arena, struct ast_embedded);

	*e = (struct ast_embedded){ .text = t.text, .span = t.span };
	vec_push(p->arena, &f->embedded, e);
	if (!p->allows_c)
		parser_report(p, DIAG_GURU_ONLY, t.span,
			     "embedded C needs guru mode (-g)");
}

/* The word for a declaration that the next token may be meant for. */
static struct str similar_keyword(struct parser *p)
{
	static const char *const words[] = { "probe", "global", "private",
					     "function" };
	struct diag_guess g;

	if (!parser_at(p, TOK_IDENT))
		return (struct str){};
	diag_guess_init(&g, parser_peek(p, 0)->text);
	for (uint32_t i = 0; i < ARRAY_SIZE(words); i++)
		diag_guess_add(&g, str_from(words[i]));
	return diag_guess_best(&g);
}

/* A statement here is a beginner's. */
static void not_declaration(struct parser *p)
{
	enum token_kind next = parser_peek(p, 1)->kind;
	struct str near = similar_keyword(p), first = parser_peek(p, 0)->text;
	struct diag *d = parser_unexpected(p, "'probe', 'global', 'private' "
					      "or 'function'");

	if (d && near.len)
		diag_help(p->diags, d, "did you mean '%" STR_FMT "'?",
			  STR_ARG(near));
	else if (d && (str_is(first, "local") || str_is(first, "var")))
		diag_help(p->diags, d,
			  "local variables are there when they are assigned to");
	else if (d && (next == TOK_LPAREN || next == TOK_SET))
		diag_help(p->diags, d, "statements stand in a handler: probe "
			  "begin { println(\"hello\") exit() }");
	else if (d && (next == TOK_LBRACE || next == TOK_DOT ||
		       next == TOK_COLON || next == TOK_COMMA))
		diag_help(p->diags, d,
			  "a probe begins with that word: probe "
			  "begin { println(\"hello\") exit() }");
}

static void declaration(struct parser *p, struct ast_file *f)
{
	if (parser_accept(p, TOK_SEMICOLON))
		return;
	if (parser_at(p, TOK_PROBE))
		probe(p, f);
	else if (parser_at(p, TOK_FUNCTION))
		function(p, f, false, (struct str){});
	else if (parser_at(p, TOK_GLOBAL))
		globals(p, f, false);
	else if (parser_at(p, TOK_PRIVATE))
		private(p, f);
	else if (parser_at(p, TOK_EMBEDDED))
		embedded(p, f);
	else
		not_declaration(p);
}

struct ast_file *parse_file(const struct parse_options *o,
			    struct source *source)
{
	struct ast_file *f = arena_new(o->arena, struct ast_file);
	struct parser *p = arena_new(o->arena, struct parser);

	parser_init(p, o, source);
	f->source = source->number;
	f->is_library = source->is_library;
	while (!parser_at(p, TOK_END)) {
		declaration(p, f);
		if (p->panic)
			parse_skip_declaration(p);
	}
	if (!source->is_library)
		preprocess_finish(&p->pp);
	return f;
}

void parse_macros(const struct parse_options *o, struct source *source,
		  struct macros *into)
{
	struct preprocess pp;
	struct token t;

	preprocess_init(&pp, o, source);
	pp.expander.macros = into;
	t = preprocess_next(&pp);
	if (t.kind != TOK_END)
		diag_error(o->diags, DIAG_MACROS_ONLY, t.span,
			   "a .stpm file may hold only @define");
}

struct ast_points *parse_points(const struct parse_options *o,
				struct source *source)
{
	struct ast_points *points = arena_new(o->arena, struct ast_points);
	struct parser *p = arena_new(o->arena, struct parser);
	uint32_t errors = o->diags->errors;

	parser_init(p, o, source);
	parse_point_list(p, points);
	if (!parser_at(p, TOK_END))
		parser_unexpected(p, "',' or the end");
	return o->diags->errors == errors ? points : NULL;
}

static void print_token(const struct parse_options *o, const struct token *t,
			FILE *out)
{
	struct place place = source_place(o->sources, t->span.pos);

	fprintf(out, "%u:%u ", place.line, place.col);
	if (token_is_keyword(t->kind))
		fputs("keyword ", out);
	if (t->kind == TOK_NUMBER)
		fprintf(out, "number %lld", (long long)t->number);
	else if (t->kind <= TOK_EMBEDDED)
		fprintf(out, "%s ", token_kind_name(t->kind));
	if (t->kind == TOK_STRING || t->kind == TOK_EMBEDDED ||
	    t->kind == TOK_JUNK)
		ast_print_string(t->text, out);
	else if (t->kind != TOK_NUMBER)
		fprintf(out, "%" STR_FMT, STR_ARG(t->text));
	putc('\n', out);
}

void parse_print_tokens(const struct parse_options *o, struct source *source,
			FILE *out)
{
	struct preprocess pp;
	struct token t;

	preprocess_init(&pp, o, source);
	while ((t = preprocess_next(&pp)).kind != TOK_END)
		print_token(o, &t, out);
}
