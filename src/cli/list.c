/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/list.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/compile.h"
#include "lang/ast_print.h"
#include "lang/diag.h"
#include "sema/library.h"
#include "sema/resolve/resolve.h"
#include "sema/resolve/target.h"

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* A list while it is made. */
struct lister {
	struct compile *c;
	bool with_vars;
	struct arena scratch;		/* of one line */
	struct buf line;
	VEC(struct str) lines;
};

/* " name:string" for each local that an alias sets. */
static void add_locals(struct lister *l, const struct probe *p)
{
	for (uint32_t i = 0; i < p->locals.n; i++) {
		const struct var *v = p->locals.v[i];

		if (v->written && v->type != TY_UNKNOWN &&
		    !str_starts(v->name, STR("__")))
			buf_printf(&l->line, " %" STR_FMT ":%s",
				   STR_ARG(v->name), ty_name(v->type));
	}
}

static void add_targets(struct lister *l, const struct target_scope *scope)
{
	const struct target_scope *s = target_scope_look(&l->c->program, scope,
							 &l->scratch);

	for (uint32_t i = 0; s && i < s->roots.n; i++) {
		if (s->roots.v[i].hidden)
			continue;
		buf_char(&l->line, ' ');
		target_root_text(&l->scratch, &s->roots.v[i], &l->line);
	}
}

/* p: the probe, or NULL where it is but a site.  Without a scope either, all
 * that is to be said is in the name. */
static void add_line(struct lister *l, struct str name, const struct probe *p,
		     const struct target_scope *scope)
{
	if (l->with_vars && (p || scope)) {
		buf_str(&l->line, name);
		if (p)
			add_locals(l, p);
		add_targets(l, scope);
		name = arena_str(&l->c->front, buf_view(&l->line));
		l->line.len = 0;
		arena_reset(&l->scratch);
	}
	vec_push(&l->c->front, &l->lines, name);
}

/* Not one of the library that came with what it says of variables? */
static bool is_asked_for(const struct lister *l, struct span span)
{
	const struct source *s = source_of(&l->c->sources, span.pos);

	return !s || !s->is_library;
}

static void add_lines(struct lister *l)
{
	const struct program *p = &l->c->program;

	for (uint32_t i = 0; i < p->probes.n; i++) {
		const struct probe *pr = p->probes.v[i];

		if (is_asked_for(l, pr->span))
			add_line(l, pr->by_alias ? pr->name : pr->point, pr,
				 pr->scope);
	}
	for (uint32_t i = 0; i < p->listed.n; i++)
		if (is_asked_for(l, p->listed.v[i].span))
			add_line(l, p->listed.v[i].point, NULL,
				 p->listed.v[i].scope);
}

bool list_points(struct compile *c, bool with_vars, FILE *out)
{
	struct lister l = { .c = c, .with_vars = with_vars };

	arena_init(&l.scratch);
	add_lines(&l);
	if (l.lines.n)
		qsort(l.lines.v, l.lines.n, sizeof(l.lines.v[0]), compare);
	for (uint32_t i = 0; i < l.lines.n; i++)
		if (!i || !str_eq(l.lines.v[i], l.lines.v[i - 1])) {
			fwrite(l.lines.v[i].s, 1, l.lines.v[i].len, out);
			putc('\n', out);
		}
	buf_deinit(&l.line);
	arena_deinit(&l.scratch);
	return l.lines.n;
}

/* People get a word of explanation; a pipe gets the lines that programs know
 * how to read. */
static bool explains(const struct options *o, FILE *out)
{
	return o->verbose || isatty(fileno(out));
}

void list_forms(const struct options *o, FILE *out)
{
	uint32_t n;
	const struct resolve_form *f = resolve_forms(&n);

	for (uint32_t i = 0; i < n; i++)
		if (explains(o, out))
			fprintf(out, "%-44s %s\n", f[i].text, f[i].what);
		else
			fprintf(out, "%s\n", f[i].text);
}

static bool is_comment_mark(char c)
{
	return c == '/' || c == '*' || c == '#';
}

/* The first sentence of a doc comment, in one line. */
static struct str first_sentence(struct arena *a, struct str doc)
{
	char *s = arena_alloc(a, doc.len + 1);
	uint32_t n = 0;
	bool starts_line = true;

	for (uint32_t i = 0; i < doc.len; i++) {
		char c = doc.s[i];
		bool is_space = c == ' ' || c == '\t' || c == '\n';
		bool is_end = c == '*' && i + 1 < doc.len &&
			      doc.s[i + 1] == '/';

		if (is_end || (is_space && n && s[n - 1] == '.'))
			break;
		if (starts_line && (is_space || is_comment_mark(c)))
			continue;
		starts_line = c == '\n';
		if (!is_space)
			s[n++] = c;
		else if (n && s[n - 1] != ' ')
			s[n++] = ' ';
	}
	while (n && s[n - 1] == ' ')
		n--;
	return (struct str){ s, n };
}

static void print_alias(struct compile *c, const struct ast_alias *a,
			FILE *out)
{
	struct str doc = first_sentence(&c->front, a->doc);
	struct buf b = {};

	ast_unparse_point(&a->name, &b);
	if (explains(c->options, out))
		fprintf(out, "%-36.*s %" STR_FMT "\n", (int)b.len, b.data,
			STR_ARG(doc));
	else
		fprintf(out, "%.*s\n", (int)b.len, b.data);
	buf_deinit(&b);
}

void list_aliases(struct compile *c, FILE *out)
{
	const struct ast_file *f;

	for (uint32_t i = 0; (f = library_file(c->program.library, i)); i++)
		for (uint32_t j = 0; j < f->aliases.n; j++)
			print_alias(c, f->aliases.v[j], out);
}

static void print_function(struct compile *c, const struct ast_function *f,
			   FILE *out)
{
	struct str sig = arena_printf(&c->front, "%" STR_FMT, STR_ARG(f->name));
	struct str doc = first_sentence(&c->front, f->doc);

	sig = arena_printf(&c->front, "%" STR_FMT ":%s (", STR_ARG(sig),
			   ty_name(f->type));
	for (uint32_t i = 0; i < f->nparams; i++) {
		const struct ast_param *p = &f->params[i];

		sig = arena_printf(&c->front, "%" STR_FMT "%s%" STR_FMT ":%s",
				   STR_ARG(sig), i ? ", " : "",
				   STR_ARG(p->name), ty_name(p->type));
	}
	if (explains(c->options, out))
		fprintf(out, "%" STR_FMT ")  %" STR_FMT "\n", STR_ARG(sig),
			STR_ARG(doc));
	else
		fprintf(out, "%" STR_FMT ")\n", STR_ARG(sig));
}

void list_functions(struct compile *c, FILE *out)
{
	const struct ast_file *f;

	for (uint32_t i = 0; (f = library_file(c->program.library, i)); i++)
		for (uint32_t j = 0; j < f->functions.n; j++)
			if (!f->functions.v[j]->is_private)
				print_function(c, f->functions.v[j], out);
}

bool list_explanation(const char *code, FILE *out)
{
	for (uint32_t i = 0; i < DIAG_N; i++)
		if (!strcmp(code, diag_number(i))) {
			fprintf(out, "%s: %s\n", code, diag_explanation(i));
			return true;
		}
	return false;
}
