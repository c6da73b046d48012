/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/preprocess.h"

#include <fnmatch.h>
#include <string.h>

struct preprocess_if {
	struct span span;		/* of the %( */
	bool in_else;
	struct preprocess_if *up;
};

void preprocess_init(struct preprocess *pp, const struct parse_options *o,
		     const struct source *source)
{
	struct macros *macros = macros_new(o->arena);
	struct lexer lexer;

	*pp = (struct preprocess){ .o = o, .is_library = source->is_library };
	macros->parent = o->macros;
	lex_args_init(&pp->args, o->arena, o->args, o->nargs);
	lex_init(&lexer, o->arena, o->sources, source, &pp->args);
	macros_expander_init(&pp->expander, o->arena, o->diags, &lexer,
			     macros);
}

/* ---- conditions ---- */

enum operand_kind {
	OPERAND_NUMBER,
	OPERAND_STRING,
	OPERAND_VERSION,	/* kernel_v ...: orders as versions do */
	OPERAND_NAME,		/* arch ...: compares with patterns */
	OPERAND_CONFIG,
};

struct operand {
	enum operand_kind kind;
	struct span span;
	struct str text;
	int64_t number;
};

struct condition {
	struct preprocess *pp;
	struct token token;		/* the next one */
	bool failed;
};

static void advance(struct condition *c)
{
	c->token = macros_next(&c->pp->expander);
}

static bool bad(struct condition *c, struct span span, const char *why)
{
	const struct token *t = &c->token;

	if (!c->failed && t->kind == TOK_JUNK)
		diag_error(c->pp->o->diags, t->code, t->span, "%" STR_FMT,
			   STR_ARG(t->text));
	else if (!c->failed)
		diag_error(c->pp->o->diags, DIAG_BAD_CONDITION, span, "%s",
			   why);
	c->failed = true;
	return false;
}

/* The version without what is behind its first '-'. */
static struct str base_version(struct str v)
{
	int64_t dash = str_find_char(v, '-');

	return dash < 0 ? v : str_sub(v, 0, (uint32_t)dash);
}

static bool config_operand(const struct parse_options *o, struct operand *x,
			   struct str name)
{
	x->kind = OPERAND_CONFIG;
	x->text = (struct str){};
	if (o->config && !o->config(o->world, name, &x->text))
		x->text = (struct str){};
	return true;
}

/* A word that stands for something of the system. */
static bool name_operand(const struct parse_options *o, struct operand *x,
			 struct str name)
{
	x->kind = OPERAND_VERSION;
	if (str_is(name, "kernel_vr"))
		x->text = o->kernel_vr;
	else if (str_is(name, "kernel_v"))
		x->text = base_version(o->kernel_vr);
	else if (str_is(name, "systemtap_v"))
		x->text = str_from(o->systemtap_v ? o->systemtap_v :
						    PREPROCESS_VERSION);
	else
		x->kind = OPERAND_NAME;
	if (x->kind == OPERAND_VERSION)
		return true;
	if (str_is(name, "arch"))
		x->text = o->arch;
	else if (str_is(name, "runtime"))
		x->text = STR("kernel");
	else if (str_is(name, "systemtap_privilege"))
		x->text = STR("stapdev");
	else if (str_starts(name, STR("CONFIG_")))
		return config_operand(o, x, name);
	else if (str_is(name, "guru_mode"))
		*x = (struct operand){ .span = x->span, .number = o->guru };
	else
		return false;
	return true;
}

static bool number_operand(struct condition *c, struct operand *x)
{
	bool negative = c->token.kind == TOK_SUB;

	if (negative)
		advance(c);
	if (c->token.kind != TOK_NUMBER)
		return false;
	x->kind = OPERAND_NUMBER;
	x->number = negative ? (int64_t)-(uint64_t)c->token.number :
			       c->token.number;
	return true;
}

static bool read_operand(struct condition *c, struct operand *x)
{
	const struct token *t = &c->token;
	bool ok;

	*x = (struct operand){ .span = t->span };
	if (t->kind == TOK_STRING) {
		x->kind = OPERAND_STRING;
		x->text = t->text;
		ok = true;
	} else if (t->kind == TOK_IDENT) {
		ok = name_operand(c->pp->o, x, t->text);
	} else {
		ok = number_operand(c, x);
	}
	if (!ok)
		return bad(c, t->span,
			   "expected kernel_v, arch, CONFIG_NAME, a string, a "
			   "number or another operand of a condition");
	advance(c);
	return true;
}

static bool holds(enum token_kind op, int order)
{
	if (op == TOK_EQ)
		return order == 0;
	if (op == TOK_NE)
		return order != 0;
	if (op == TOK_LT)
		return order < 0;
	if (op == TOK_LE)
		return order <= 0;
	if (op == TOK_GT)
		return order > 0;
	return order >= 0;
}

static bool is_comparison(enum token_kind k)
{
	return k == TOK_EQ || k == TOK_NE || k == TOK_LT || k == TOK_LE ||
	       k == TOK_GT || k == TOK_GE;
}

static const char *c_string(struct condition *c, struct str s)
{
	return arena_str(c->pp->o->arena, s).s;
}

static bool matches(struct condition *c, struct str text, struct str pattern)
{
	return !fnmatch(c_string(c, pattern), c_string(c, text), FNM_NOESCAPE);
}

static bool compare_text(struct condition *c, const struct operand *a,
			 enum token_kind op, const struct operand *b)
{
	bool equality = op == TOK_EQ || op == TOK_NE;
	bool plain = a->kind == OPERAND_STRING || b->kind == OPERAND_CONFIG;

	if (a->kind == OPERAND_VERSION &&
	    (!equality || !str_has_glob(b->text)))
		return holds(op, strverscmp(c_string(c, a->text),
					    c_string(c, b->text)));
	if (!plain && !equality)
		return bad(c, a->span, "compares only by == and !=");
	if (!plain)
		return matches(c, a->text, b->text) == (op == TOK_EQ);
	return holds(op, str_cmp(a->text, b->text));
}

static bool compare(struct condition *c, struct operand *a,
		    enum token_kind op, const struct operand *b)
{
	if (b->kind == OPERAND_NUMBER && a->kind == OPERAND_CONFIG) {
		a->kind = OPERAND_NUMBER;
		if (!str_to_s64(a->text, &a->number))
			return op == TOK_NE;
	}
	if (a->kind == OPERAND_NUMBER && b->kind == OPERAND_NUMBER)
		return holds(op, (a->number > b->number) -
					 (a->number < b->number));
	if (a->kind == OPERAND_NUMBER || b->kind == OPERAND_NUMBER)
		return bad(c, b->span,
			   "compares a number with something else");
	if (b->kind != OPERAND_STRING && b->kind != a->kind)
		return bad(c, b->span, "expected a string");
	return compare_text(c, a, op, b);
}

static bool read_term(struct condition *c)
{
	struct operand a, b;
	enum token_kind op;

	if (!read_operand(c, &a))
		return false;
	op = c->token.kind;
	if (!is_comparison(op))
		return bad(c, c->token.span, "expected a comparison");
	advance(c);
	return read_operand(c, &b) && compare(c, &a, op, &b);
}

static bool read_and(struct condition *c)
{
	bool yes = read_term(c);

	while (!c->failed && c->token.kind == TOK_LAND) {
		advance(c);
		yes &= read_term(c);
	}
	return yes;
}

static bool read_or(struct condition *c)
{
	bool yes = read_and(c);

	while (!c->failed && c->token.kind == TOK_LOR) {
		advance(c);
		yes |= read_and(c);
	}
	return yes;
}

/* Behind %(, up to and with %?. */
static bool read_condition(struct condition *c)
{
	bool yes;

	advance(c);
	yes = read_or(c);
	if (c->token.kind != TOK_PP_THEN)
		bad(c, c->token.span, "expected %? behind the condition");
	return yes;
}

/* ---- the sides ---- */

/* Skips to the %: (when wanted) or %) of this level; says which. */
static enum token_kind skip_side(struct preprocess *pp, bool stop_at_else)
{
	uint32_t nesting = 0;

	for (;;) {
		enum token_kind k = macros_next_raw(&pp->expander).kind;

		if (k == TOK_END)
			return k;
		if (k == TOK_PP_OPEN)
			nesting++;
		else if (k == TOK_PP_CLOSE && !nesting--)
			return k;
		else if (k == TOK_PP_ELSE && !nesting && stop_at_else)
			return k;
	}
}

static void open_if(struct preprocess *pp, struct span span, bool in_else)
{
	struct preprocess_if *f = arena_new(pp->o->arena, struct preprocess_if);

	*f = (struct preprocess_if){
		.span = span, .in_else = in_else, .up = pp->ifs
	};
	pp->ifs = f;
}

static void report_open(struct preprocess *pp, struct span span)
{
	diag_error(pp->o->diags, DIAG_OPEN_CONDITION, span,
		   "%%( is not closed by %%)");
}

static void begin_if(struct preprocess *pp, struct span span)
{
	struct condition c = { .pp = pp };
	bool yes = read_condition(&c);
	enum token_kind end = TOK_END;

	if (yes && !c.failed) {
		open_if(pp, span, false);
		return;
	}
	if (c.token.kind != TOK_END && c.token.kind != TOK_PP_CLOSE)
		end = skip_side(pp, !c.failed);
	if (end == TOK_PP_ELSE)
		open_if(pp, span, true);
	else if (end == TOK_END && !c.failed)
		report_open(pp, span);
}

static void stray(struct preprocess *pp, const struct token *t)
{
	diag_error(pp->o->diags, DIAG_OPEN_CONDITION, t->span,
		   "'%" STR_FMT "' without %%( before it", STR_ARG(t->text));
}

/* The side that holds has ended. */
static void end_side(struct preprocess *pp, const struct token *t)
{
	struct preprocess_if *f = pp->ifs;
	enum token_kind end = TOK_PP_CLOSE;

	if (!f || t->kind == TOK_PP_THEN ||
	    (t->kind == TOK_PP_ELSE && f->in_else)) {
		stray(pp, t);
		return;
	}
	if (t->kind == TOK_PP_ELSE)
		end = skip_side(pp, false);
	if (end == TOK_END)
		report_open(pp, f->span);
	pp->ifs = f->up;
}

struct token preprocess_next(struct preprocess *pp)
{
	for (;;) {
		struct token t = macros_next(&pp->expander);

		if (t.kind == TOK_PP_OPEN) {
			begin_if(pp, t.span);
		} else if (t.kind == TOK_PP_THEN || t.kind == TOK_PP_ELSE ||
			   t.kind == TOK_PP_CLOSE) {
			end_side(pp, &t);
		} else {
			if (t.kind == TOK_END && pp->ifs)
				report_open(pp, pp->ifs->span);
			if (t.kind == TOK_END)
				pp->ifs = NULL;
			return t;
		}
	}
}

void preprocess_finish(struct preprocess *pp)
{
	struct str text = pp->expander.lexer.source->text;

	/* tapset/argv.stp offers them all under these names. */
	if (str_find(text, STR("argv")) >= 0 || str_find(text, STR("argc")) >= 0)
		return;
	for (uint32_t i = 0; i < pp->args.n && !pp->is_library; i++)
		if (!pp->args.used[i])
			diag_warning(pp->o->diags, DIAG_UNUSED_ARG,
				     (struct span){},
				     "argument %u of the script is used "
				     "nowhere in it", i + 1);
}
