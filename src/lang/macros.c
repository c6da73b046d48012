/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/macros.h"

#include "lang/ast.h"

/* Far more than a script needs, and no more than can be read at once. */
#define MAX_EXPANDED 1000000	/* tokens out of macros, of one text */
#define MAX_DEPTH 100		/* macros within macros */
#define MAX_PARAMS 64

struct macros *macros_new(struct arena *a)
{
	struct macros *m = arena_new(a, struct macros);

	m->arena = a;
	map_init(&m->names, a);
	return m;
}

void macros_expander_init(struct expander *x, struct arena *a,
			  struct diags *d, const struct lexer *lexer,
			  struct macros *macros)
{
	*x = (struct expander){
		.arena = a,
		.diags = d,
		.lexer = *lexer,
		.macros = macros,
	};
}

static const struct macro *find(const struct macros *m, struct str name)
{
	const struct macro *found = NULL;

	for (; m && !found; m = m->parent)
		found = map_find(&m->names, name);
	return found;
}

/* ---- where tokens come from ---- */

static void too_big(struct expander *x, struct span span)
{
	diag_error(x->diags, DIAG_MACRO_TOO_BIG, span,
		   "macros expand without end");
	x->frames = NULL;
	x->depth = 0;
}

static void push(struct expander *x, const struct token *v, uint32_t n,
		 const struct macro_scope *scope, struct span span)
{
	struct macro_frame *f;

	x->expanded += n + 1;
	if (x->depth >= MAX_DEPTH || x->expanded > MAX_EXPANDED) {
		too_big(x, span);
		return;
	}
	f = arena_new(x->arena, struct macro_frame);
	*f = (struct macro_frame){
		.v = v, .n = n, .scope = scope, .up = x->frames
	};
	x->frames = f;
	x->depth++;
}

struct token macros_next_raw(struct expander *x)
{
	while (x->frames && x->frames->i == x->frames->n) {
		x->frames = x->frames->up;
		x->depth--;
	}
	if (x->frames)
		return x->frames->v[x->frames->i++];
	return lex_next(&x->lexer);
}

/* The next token of this frame or text alone; END past its last. */
static struct token next_here(struct expander *x)
{
	struct macro_frame *f = x->frames;
	struct token end = { .kind = TOK_END };

	if (!f)
		return lex_next(&x->lexer);
	if (f->n)
		end.span = f->v[f->n - 1].span;
	return f->i < f->n ? f->v[f->i++] : end;
}

/* Is the next token of this frame or text of this kind?  Then takes it. */
static bool take_here(struct expander *x, enum token_kind kind)
{
	struct macro_frame *f = x->frames;
	struct lexer saved = x->lexer, arg;
	bool in_arg = saved.arg;

	if (f && (f->i == f->n || f->v[f->i].kind != kind))
		return false;
	if (f) {
		f->i++;
		return true;
	}
	if (in_arg)
		arg = *saved.arg;
	if (lex_next(&x->lexer).kind == kind)
		return true;
	x->lexer = saved;
	if (in_arg)
		*x->lexer.arg = arg;
	return false;
}

/* ---- @define ---- */

static bool is_atop(const struct token *t, const char *name)
{
	return t->kind == TOK_ATOP && str_is(str_sub(t->text, 1, t->text.len),
					     name);
}

static void bad_macro(struct expander *x, const struct token *t,
		      const char *wanted)
{
	struct str saw = token_describe(x->arena, t);

	diag_error(x->diags, DIAG_BAD_MACRO, t->span,
		   "expected %s, saw %" STR_FMT, wanted, STR_ARG(saw));
}

static bool has_param(const struct macro *m, struct str name)
{
	for (uint32_t i = 0; i < m->nparams; i++)
		if (str_eq(m->params[i], name))
			return true;
	return false;
}

static bool add_param(struct expander *x, struct macro *m,
		      const struct token *t)
{
	if (t->kind != TOK_IDENT && !token_is_keyword(t->kind)) {
		bad_macro(x, t, "a parameter's name");
		return false;
	}
	if (has_param(m, t->text))
		diag_error(x->diags, DIAG_MACRO_REDEFINED, t->span,
			   "macro '@%" STR_FMT "' has two parameters '%" STR_FMT
			   "'", STR_ARG(m->name), STR_ARG(t->text));
	if (m->nparams == MAX_PARAMS) {
		diag_error(x->diags, DIAG_BAD_MACRO, t->span,
			   "a macro has at most %d parameters", MAX_PARAMS);
		return false;
	}
	m->params[m->nparams++] = t->text;
	return true;
}

/* Behind the '('. */
static bool define_params(struct expander *x, struct macro *m)
{
	struct token t = lex_next(&x->lexer);

	m->has_parens = true;
	m->params = arena_array(x->arena, MAX_PARAMS, struct str);
	if (t.kind == TOK_RPAREN)
		return true;
	for (;;) {
		if (!add_param(x, m, &t))
			return false;
		t = lex_next(&x->lexer);
		if (t.kind == TOK_RPAREN)
			return true;
		if (t.kind != TOK_COMMA) {
			bad_macro(x, &t, "',' or ')'");
			return false;
		}
		t = lex_next(&x->lexer);
	}
}

/* Behind the %(. */
static bool define_body(struct expander *x, struct macro *m)
{
	uint32_t nesting = 0;

	for (;;) {
		struct token t = lex_next(&x->lexer);

		if (t.kind == TOK_END || is_atop(&t, "define")) {
			bad_macro(x, &t, "%) behind the macro's text");
			return false;
		}
		if (t.kind == TOK_PP_CLOSE && !nesting--)
			return true;
		nesting += t.kind == TOK_PP_OPEN;
		vec_push(x->arena, &m->body, t);
	}
}

static const char *const operators[] = {
#define ATOP(id, spelling, min, max) spelling,
#define STATOP(id, spelling) spelling,
#include "lang/ast.def"
#undef ATOP
#undef STATOP
};

static void check_name(struct expander *x, const struct macro *m)
{
	const struct macro *old = map_find(&x->macros->names, m->name);
	struct diag *g;

	if (old) {
		g = diag_error(x->diags, DIAG_MACRO_REDEFINED, m->span,
			       "macro '@%" STR_FMT "' is defined twice",
			       STR_ARG(m->name));
		diag_note(x->diags, g, old->span, "here the first time");
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (str_is(m->name, operators[i] + 1))
			diag_warning(x->diags, DIAG_MACRO_HIDES, m->span,
				     "macro '@%" STR_FMT
				     "' hides the operator of this name",
				     STR_ARG(m->name));
}

/* @define's name and parameters, up to and with the %(. */
static bool define_head(struct expander *x, struct macro *m)
{
	struct token t = lex_next(&x->lexer);

	if (t.kind != TOK_IDENT && !token_is_keyword(t.kind)) {
		bad_macro(x, &t, "the macro's name");
		return false;
	}
	m->name = t.text;
	m->span = t.span;
	t = lex_next(&x->lexer);
	if (t.kind == TOK_LPAREN) {
		if (!define_params(x, m))
			return false;
		t = lex_next(&x->lexer);
	}
	if (t.kind != TOK_PP_OPEN)
		bad_macro(x, &t, "%( and the macro's text");
	return t.kind == TOK_PP_OPEN;
}

/* After a mistake in its head: past a body that begins on this line. */
static void skip_define(struct expander *x)
{
	struct lexer before = x->lexer;
	struct macro ignored = {};
	struct token t;

	for (;;) {
		t = lex_next(&x->lexer);
		if (t.kind == TOK_PP_OPEN) {
			define_body(x, &ignored);
			return;
		}
		if (t.starts_line) {
			x->lexer = before;
			return;
		}
		before = x->lexer;
	}
}

static void define(struct expander *x)
{
	struct macro *m = arena_new(x->arena, struct macro);

	if (!define_head(x, m)) {
		skip_define(x);
		return;
	}
	if (!define_body(x, m))
		return;
	check_name(x, m);
	map_set(&x->macros->names, m->name, m);
}

/* ---- use ---- */

static int nesting_of(enum token_kind kind)
{
	if (kind == TOK_LPAREN || kind == TOK_LBRACKET || kind == TOK_PP_OPEN)
		return 1;
	if (kind == TOK_RPAREN || kind == TOK_RBRACKET || kind == TOK_PP_CLOSE)
		return -1;
	return 0;
}

static bool wrong_count(struct expander *x, const struct macro *m,
			struct span span, uint32_t n)
{
	struct diag *g;

	g = diag_error(x->diags, DIAG_MACRO_ARGS, span,
		       "macro '@%" STR_FMT "' takes %u argument%s, not %u",
		       STR_ARG(m->name), m->nparams,
		       m->nparams == 1 ? "" : "s", n);
	diag_note(x->diags, g, m->span, "defined here");
	return false;
}

/* Behind the '(': all arguments up to the ')'. */
static bool read_args(struct expander *x, const struct macro *m,
		      struct macro_scope *scope, struct span span)
{
	const struct macro_scope *here = x->frames ? x->frames->scope : NULL;
	uint32_t n = 0, ntokens = 0;
	int nesting = 0;

	scope->args = arena_array(x->arena, m->nparams + 1, struct macro_arg);
	for (;;) {
		struct token t = next_here(x);

		if (t.kind == TOK_END) {
			bad_macro(x, &t, "')' behind the macro's arguments");
			return false;
		}
		if (t.kind == TOK_RPAREN && !nesting)
			break;
		ntokens++;
		nesting += nesting_of(t.kind);
		if (t.kind == TOK_COMMA && !nesting)
			n++;
		else if (n < m->nparams)
			vec_push(x->arena, &scope->args[n].tokens, t);
	}
	n += ntokens > 0 || m->nparams == 1;
	for (uint32_t i = 0; i < m->nparams; i++)
		scope->args[i].scope = here;
	return n == m->nparams || wrong_count(x, m, span, n);
}

static void expand(struct expander *x, const struct macro *m,
		   struct span span)
{
	struct macro_scope *scope = arena_new(x->arena, struct macro_scope);

	scope->macro = m;
	if (m->has_parens) {
		if (!take_here(x, TOK_LPAREN)) {
			wrong_count(x, m, span, 0);
			return;
		}
		if (!read_args(x, m, scope, span))
			return;
	}
	push(x, m->body.v, m->body.n, scope, span);
}

/* @name as a parameter of the macro that is being expanded. */
static bool expand_param(struct expander *x, struct str name,
			 struct span span)
{
	const struct macro_scope *s = x->frames ? x->frames->scope : NULL;

	for (uint32_t i = 0; s && i < s->macro->nparams; i++) {
		const struct macro_arg *arg = &s->args[i];

		if (!str_eq(s->macro->params[i], name))
			continue;
		push(x, arg->tokens.v, arg->tokens.n, arg->scope, span);
		return true;
	}
	return false;
}

/* False: the token is no macro's. */
static bool expand_token(struct expander *x, const struct token *t)
{
	struct str name = str_sub(t->text, 1, t->text.len);
	const struct macro *m;

	if (t->kind != TOK_ATOP)
		return false;
	if (str_is(name, "define") && !x->frames) {
		define(x);
		return true;
	}
	if (expand_param(x, name, t->span))
		return true;
	m = find(x->macros, name);
	if (m)
		expand(x, m, t->span);
	return m;
}

struct token macros_next(struct expander *x)
{
	struct token t;

	do
		t = macros_next_raw(x);
	while (expand_token(x, &t));
	return t;
}
