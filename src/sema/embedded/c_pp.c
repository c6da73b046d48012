/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/embedded/c_pp.h"

#include <stdarg.h>

#include "lang/parse.h"
#include "lang/preprocess.h"

#define MAX_MADE 200000		/* tokens by macros, in one program */
#define MAX_IFS 64		/* in each other */
#define MAX_ARGS 32
#define MAX_DEPTH 200		/* of macros in each other */

/* ---- failures ---- */

void c_fail(struct c_failure *f, struct arena *a, struct span span,
	    const char *fmt, ...)
{
	va_list ap;

	if (f->is_set)
		return;
	f->is_set = true;
	f->span = span;
	va_start(ap, fmt);
	f->text = arena_vprintf(a, fmt, ap);
	va_end(ap);
}

void c_fail_help(struct c_failure *f, const char *help)
{
	if (!f->help.len)
		f->help = str_from(help);
}

/* ---- macros ---- */

static void define_number(struct c_pp *pp, const char *name, uint64_t n)
{
	struct c_macro *m = arena_new(pp->arena, struct c_macro);

	m->name = str_from(name);
	vec_push(pp->arena, &m->body,
		 (struct c_token){
			 .kind = C_NUMBER, .number = n, .size = 4,
			 .text = arena_printf(pp->arena, "%llu",
					      (unsigned long long)n) });
	map_set(&pp->macros, m->name, m);
}

/* "6.18.44-amd64": the n-th number. */
static uint32_t version_part(struct str version, uint32_t n)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < version.len; i++) {
		char c = version.s[i];

		if (c == '.') {
			if (!n--)
				return value;
			value = 0;
		} else if (c >= '0' && c <= '9' && value < 100000) {
			value = value * 10 + (uint32_t)(c - '0');
		} else {
			break;
		}
	}
	return n ? 0 : value;
}

void c_pp_init(struct c_pp *pp, struct arena *a, struct c_failure *failure,
	       const struct parse_options *o)
{
	struct str r = o->kernel_vr;
	struct str stap = str_from(o->systemtap_v ? o->systemtap_v :
						    PREPROCESS_VERSION);
	uint32_t patch = version_part(r, 2);

	*pp = (struct c_pp){ .arena = a, .failure = failure, .options = o };
	map_init(&pp->macros, a);
	define_number(pp, "LINUX_VERSION_CODE",
		      (version_part(r, 0) << 16) + (version_part(r, 1) << 8) +
			      (patch > 255 ? 255 : patch));
	define_number(pp, "STAP_COMPAT_VERSION",
		      version_part(stap, 0) * 256 + version_part(stap, 1));
}

/* CONFIG_X as the kernel's autoconf.h has it: y is 1, m is no macro, but
 * makes CONFIG_X_MODULE one. */
static struct c_macro *find_config(struct c_pp *pp, struct str name)
{
	const struct parse_options *o = pp->options;
	struct str suffix = STR("_MODULE"), value = {};
	struct c_lexer lx;
	struct c_macro *m;
	bool is_module = false;

	if (!o->config)
		return NULL;
	if (!o->config(o->world, name, &value) && str_ends(name, suffix)) {
		is_module = true;
		o->config(o->world, str_sub(name, 0, name.len - suffix.len),
			  &value);
	}
	if (!value.len || str_is(value, "n") || str_is(value, "m") != is_module)
		return NULL;
	if (str_is(value, "y") || is_module)
		value = STR("1");
	m = arena_new(pp->arena, struct c_macro);
	m->name = name;
	c_lex_init(&lx, pp->arena, arena_str(pp->arena, value), 0,
		   (struct span){});
	vec_push(pp->arena, &m->body, c_lex_next(&lx));
	return m;
}

/* PAGE_SHIFT: arm64 has a choice. */
static struct c_macro *find_page_shift(struct c_pp *pp)
{
	define_number(pp, "PAGE_SHIFT",
		      find_config(pp, STR("CONFIG_ARM64_64K_PAGES")) ? 16 :
		      find_config(pp, STR("CONFIG_ARM64_16K_PAGES")) ? 14 :
								       12);
	return map_find(&pp->macros, STR("PAGE_SHIFT"));
}

struct c_macro *c_pp_find(struct c_pp *pp, struct str name)
{
	struct c_macro *m = map_find(&pp->macros, name);

	if (!m && str_starts(name, STR("CONFIG_")))
		m = find_config(pp, name);
	if (!m && str_is(name, "PAGE_SHIFT"))
		m = find_page_shift(pp);
	return m;
}

/* ---- expansion ---- */

struct args {
	struct c_tokens raw[MAX_ARGS], expanded[MAX_ARGS];
	uint32_t n;
};

static void emit(struct c_pp *pp, struct c_tokens *out, struct c_token t)
{
	if (pp->made++ == MAX_MADE)
		c_fail(pp->failure, pp->arena, t.span,
		       "macros make more than %d tokens", MAX_MADE);
	if (!pp->failure->is_set)
		vec_push(pp->arena, out, t);
}

/* From the '(' at in[i]: cuts at commas; the index behind the ')', or 0. */
static uint32_t take_args(struct c_pp *pp, const struct c_tokens *in,
			  uint32_t i, const struct c_macro *m,
			  struct args *args)
{
	uint32_t depth = 0, last = m->params.n ? m->params.n - 1 : 0;

	args->n = 1;
	for (; i < in->n; i++) {
		const struct c_token *t = &in->v[i];
		bool open = t->kind == C_PUNCT && strchr("([{", t->text.s[0]),
		     close = t->kind == C_PUNCT && strchr(")]}", t->text.s[0]);

		if (open && t->text.len == 1 && !depth++)
			continue;
		if (close && t->text.len == 1 && !--depth)
			return i + 1;
		if (depth == 1 && c_token_is(t, ",") && args->n < MAX_ARGS &&
		    !(m->is_variadic && args->n - 1 == last))
			args->n++;
		else
			vec_push(pp->arena, &args->raw[args->n - 1], *t);
	}
	return 0;
}

static int64_t find_param(const struct c_macro *m, const struct c_token *t)
{
	for (uint32_t i = 0; t->kind == C_IDENT && i < m->params.n; i++)
		if (str_eq(m->params.v[i], t->text))
			return i;
	return -1;
}

static struct c_token stringize(struct c_pp *pp, const struct c_tokens *raw,
				struct span at)
{
	struct c_token t = { .kind = C_STRING, .span = at };

	for (uint32_t i = 0; i < raw->n; i++)
		t.text = arena_printf(pp->arena, "%" STR_FMT "%s%" STR_FMT,
				      STR_ARG(t.text),
				      i && raw->v[i].has_space ? " " : "",
				      STR_ARG(raw->v[i].text));
	return t;
}

/* a ## b: b's first token joined to the last of out. */
static void paste(struct c_pp *pp, struct c_tokens *out,
		  const struct c_tokens *b, struct span at)
{
	struct c_lexer lx;
	struct c_token *last = out->n ? &out->v[out->n - 1] : NULL;

	for (uint32_t i = 0; i < b->n; i++) {
		if (i || !last) {
			emit(pp, out, b->v[i]);
			continue;
		}
		c_lex_init(&lx, pp->arena,
			   arena_printf(pp->arena, "%" STR_FMT "%" STR_FMT,
					STR_ARG(last->text),
					STR_ARG(b->v[i].text)),
			   0, at);
		*last = c_lex_next(&lx);
		last = NULL;
	}
}

/* The macro's text with the arguments in it. */
static void substitute(struct c_pp *pp, const struct c_macro *m,
		       struct args *args, struct span at,
		       struct c_tokens *out)
{
	const struct c_tokens *body = &m->body;

	for (uint32_t i = 0; i < body->n; i++) {
		struct c_token t = body->v[i];
		bool joins = i && c_token_is(&body->v[i - 1], "##"),
		     joined = i + 1 < body->n &&
			      c_token_is(&body->v[i + 1], "##");
		int64_t n = find_param(m, &t);
		struct c_tokens one = { &t, 1, 1 }, *what = &one;

		t.span = at;
		if (c_token_is(&t, "##") && i && i + 1 < body->n)
			continue;
		if (m->is_function && c_token_is(&t, "#") &&
		    i + 1 < body->n &&
		    find_param(m, &body->v[i + 1]) >= 0) {
			n = find_param(m, &body->v[++i]);
			emit(pp, out, stringize(pp, &args->raw[n], at));
			continue;
		}
		if (n >= 0)
			what = joins || joined ? &args->raw[n] :
						 &args->expanded[n];
		if (joins)
			paste(pp, out, what, at);
		else
			for (uint32_t k = 0; k < what->n; k++)
				emit(pp, out, what->v[k]);
	}
}

static void check_args(struct c_pp *pp, const struct c_macro *m,
		       const struct args *args, struct span at)
{
	bool none = args->n == 1 && !args->raw[0].n;

	if (args->n == m->params.n || (none && m->params.n <= 1) ||
	    (m->is_variadic && args->n + 1 == m->params.n))
		return;
	c_fail(pp->failure, pp->arena, at,
	       "the macro '%" STR_FMT "' takes %u argument%s, not %u",
	       STR_ARG(m->name), m->params.n, m->params.n == 1 ? "" : "s",
	       none ? 0 : args->n);
}

static void expand_macro(struct c_pp *pp, struct c_macro *m,
			 struct args *args, struct span at,
			 struct c_tokens *out)
{
	struct c_tokens made = {};

	if (pp->depth++ == MAX_DEPTH)
		c_fail(pp->failure, pp->arena, at,
		       "macros more than %d deep in each other", MAX_DEPTH);
	for (uint32_t i = 0; i < args->n; i++)
		c_pp_expand(pp, &args->raw[i], &args->expanded[i]);
	substitute(pp, m, args, at, &made);
	m->is_busy = true;
	c_pp_expand(pp, &made, out);
	m->is_busy = false;
	pp->depth--;
}

/* IS_ENABLED(CONFIG_X) and its kin: y, or m too.  What X is defined as is not
 * what is asked. */
static bool expand_enabled(struct c_pp *pp, const struct c_tokens *in,
			   uint32_t *i, struct c_tokens *out)
{
	const struct c_token *t = &in->v[*i];
	bool is;
	struct str module;

	if ((!c_token_is(t, "IS_ENABLED") && !c_token_is(t, "IS_BUILTIN") &&
	     !c_token_is(t, "IS_MODULE")) ||
	    *i + 3 >= in->n || !c_token_is(t + 1, "(") ||
	    !c_token_is(t + 3, ")"))
		return false;
	module = arena_printf(pp->arena, "%" STR_FMT "_MODULE",
			      STR_ARG(t[2].text));
	is = !c_token_is(t, "IS_MODULE") && c_pp_find(pp, t[2].text);
	if (!c_token_is(t, "IS_BUILTIN"))
		is = is || c_pp_find(pp, module);
	emit(pp, out,
	     (struct c_token){ .kind = C_NUMBER, .number = is, .size = 4,
			       .text = is ? STR("1") : STR("0"),
			       .span = t->span });
	*i += 4;
	return true;
}

/* Does a macro stand at in[*i]?  Then it is expanded. */
static bool expand_one(struct c_pp *pp, const struct c_tokens *in,
		       uint32_t *i, struct c_tokens *out)
{
	struct c_token t = in->v[*i];
	struct c_macro *m = t.kind == C_IDENT && !t.is_spent ?
				    c_pp_find(pp, t.text) : NULL;
	struct args *args;
	uint32_t end = *i + 1;

	if (!m)
		return expand_enabled(pp, in, i, out);
	if (m->is_busy) {
		t.is_spent = true;
		emit(pp, out, t);
		++*i;
		return true;
	}
	args = arena_new(pp->arena, struct args);
	if (m->is_function) {
		if (end >= in->n || !c_token_is(&in->v[end], "("))
			return false;
		end = take_args(pp, in, end, m, args);
		if (!end)
			c_fail(pp->failure, pp->arena, t.span,
			       "the arguments of '%" STR_FMT
			       "' have no ')'", STR_ARG(t.text));
		check_args(pp, m, args, t.span);
	}
	if (!pp->failure->is_set)
		expand_macro(pp, m, args, t.span, out);
	*i = end;
	return true;
}

void c_pp_expand(struct c_pp *pp, const struct c_tokens *in,
		 struct c_tokens *out)
{
	for (uint32_t i = 0; i < in->n && !pp->failure->is_set;)
		if (!expand_one(pp, in, &i, out))
			emit(pp, out, in->v[i++]);
}

/* ---- directives ---- */

struct ifs {
	uint32_t n;
	bool taken[MAX_IFS];	/* a branch of it was */
	bool here[MAX_IFS];	/* this branch is */
};

struct run {
	struct c_pp *pp;
	struct c_lexer *lx;
	struct c_token next;
	struct ifs ifs;
	struct c_tokens pending;	/* not expanded yet */
	struct c_tokens *out;
};

static bool is_active(const struct run *r)
{
	for (uint32_t i = 0; i < r->ifs.n; i++)
		if (!r->ifs.here[i])
			return false;
	return true;
}

static void flush(struct run *r)
{
	c_pp_expand(r->pp, &r->pending, r->out);
	r->pending.n = 0;
}

/* The parameters of a macro; the index behind them. */
static uint32_t define_params(struct c_pp *pp, struct c_macro *m,
			      const struct c_tokens *line, uint32_t i)
{
	m->is_function = true;
	for (i++; i < line->n && !c_token_is(&line->v[i], ")"); i++) {
		struct c_token *t = &line->v[i];
		bool dots = c_token_is(t, "...");

		if (c_token_is(t, ","))
			continue;
		if (dots && i && line->v[i - 1].kind == C_IDENT)
			m->is_variadic = true;	/* args... */
		else
			vec_push(pp->arena, &m->params,
				 dots ? STR("__VA_ARGS__") : t->text);
		m->is_variadic |= dots;
	}
	return i + 1;
}

static void define(struct c_pp *pp, const struct c_tokens *line)
{
	struct c_macro *m = arena_new(pp->arena, struct c_macro);
	uint32_t i = 2;

	if (line->n < 2 || line->v[1].kind != C_IDENT) {
		c_fail(pp->failure, pp->arena, line->v[0].span,
		       "#define has no name");
		return;
	}
	m->name = line->v[1].text;
	if (line->n > 2 && c_token_is(&line->v[2], "(") &&
	    !line->v[2].has_space)
		i = define_params(pp, m, line, i);
	for (; i < line->n; i++)
		vec_push(pp->arena, &m->body, line->v[i]);
	map_set(&pp->macros, m->name, m);
}

static bool is_defined(struct c_pp *pp, const struct c_tokens *line)
{
	return line->n > 1 && c_pp_find(pp, line->v[1].text);
}

static void begin_if(struct run *r, bool here, struct span at)
{
	if (r->ifs.n == MAX_IFS) {
		c_fail(r->pp->failure, r->pp->arena, at,
		       "#if nested more than %d deep", MAX_IFS);
		return;
	}
	r->ifs.taken[r->ifs.n] = here;
	r->ifs.here[r->ifs.n++] = here;
}

/* #elif, #else, #endif */
static void go_on(struct run *r, const struct c_tokens *line, struct str word)
{
	uint32_t last = r->ifs.n - 1;
	bool was = r->ifs.n && r->ifs.taken[last];

	if (!r->ifs.n) {
		c_fail(r->pp->failure, r->pp->arena, line->v[0].span,
		       "#%" STR_FMT " without #if", STR_ARG(word));
		return;
	}
	if (str_is(word, "endif")) {
		r->ifs.n--;
		return;
	}
	r->ifs.n--;
	r->ifs.here[last] = !was && is_active(r) &&
			    (str_is(word, "else") || c_if(r->pp, line));
	r->ifs.taken[last] |= r->ifs.here[last];
	r->ifs.n++;
}

static void error_line(struct run *r, const struct c_tokens *line)
{
	struct c_token said = stringize(r->pp, line, (struct span){});
	struct str text = str_sub(said.text, 5, UINT32_MAX);

	c_fail(r->pp->failure, r->pp->arena, line->v[0].span,
	       "#error%" STR_FMT, STR_ARG(text));
}

/* line: what stands behind the '#', the word first. */
static void directive(struct run *r, const struct c_tokens *line)
{
	struct c_pp *pp = r->pp;
	struct str word = line->n ? line->v[0].text : STR("");
	struct span at = line->n ? line->v[0].span : (struct span){};

	if (str_is(word, "if"))
		begin_if(r, is_active(r) && c_if(pp, line), at);
	else if (str_is(word, "ifdef"))
		begin_if(r, is_defined(pp, line), at);
	else if (str_is(word, "ifndef"))
		begin_if(r, !is_defined(pp, line), at);
	else if (str_is(word, "elif") || str_is(word, "else") ||
		 str_is(word, "endif"))
		go_on(r, line, word);
	else if (!is_active(r) || !word.len)
		return;
	else if (str_is(word, "define"))
		define(pp, line);
	else if (str_is(word, "undef") && line->n > 1)
		map_set(&pp->macros, line->v[1].text, NULL);
	else if (str_is(word, "error"))
		error_line(r, line);
	else if (!str_is(word, "include") && !str_is(word, "pragma") &&
		 !str_is(word, "warning"))
		c_fail(pp->failure, pp->arena, at,
		       "#%" STR_FMT " is not understood", STR_ARG(word));
}

static void take_directive(struct run *r)
{
	struct c_tokens line = {};

	for (r->next = c_lex_next(r->lx);
	     r->next.kind != C_END && !r->next.starts_line;
	     r->next = c_lex_next(r->lx))
		vec_push(r->pp->arena, &line, r->next);
	flush(r);
	directive(r, &line);
}

void c_pp_run(struct c_pp *pp, struct c_lexer *lx, struct c_tokens *out)
{
	struct run r = { .pp = pp, .lx = lx, .out = out };

	r.next = c_lex_next(lx);
	while (r.next.kind != C_END && !pp->failure->is_set) {
		if (r.next.starts_line && c_token_is(&r.next, "#")) {
			take_directive(&r);
			continue;
		}
		if (is_active(&r))
			vec_push(pp->arena, &r.pending, r.next);
		r.next = c_lex_next(lx);
	}
	flush(&r);
	if (r.ifs.n)
		c_fail(pp->failure, pp->arena, r.next.span,
		       "#if without #endif");
}
