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

/* " name:string" for each local that an alias sets. */
static struct str locals_text(struct compile *c, const struct probe *p)
{
	struct str text = {};

	for (uint32_t i = 0; i < p->locals.n; i++) {
		const struct var *v = p->locals.v[i];

		if (v->written && v->type != TY_UNKNOWN &&
		    !str_starts(v->name, STR("__")))
			text = arena_printf(&c->front, "%" STR_FMT " %" STR_FMT
					    ":%s", STR_ARG(text),
					    STR_ARG(v->name),
					    ty_name(v->type));
	}
	return text;
}

static struct str targets_text(struct compile *c, const struct probe *p)
{
	const struct target_scope *s = target_scope_get(&c->program, p->scope);
	struct str text = {}, one;

	for (uint32_t i = 0; s && i < s->roots.n; i++) {
		if (s->roots.v[i].hidden)
			continue;
		one = target_root_text(&c->program, &s->roots.v[i]);
		text = arena_printf(&c->front, "%" STR_FMT " %" STR_FMT,
				    STR_ARG(text), STR_ARG(one));
	}
	return text;
}

static struct str point_text(struct compile *c, const struct probe *p,
			     bool with_vars)
{
	struct str name = p->by_alias ? p->name : p->point;

	if (!with_vars)
		return name;
	return arena_printf(&c->front, "%" STR_FMT "%" STR_FMT "%" STR_FMT,
			    STR_ARG(name), STR_ARG(locals_text(c, p)),
			    STR_ARG(targets_text(c, p)));
}

/* Not one of the library that came with what it says of variables? */
static bool is_asked_for(struct compile *c, const struct probe *p)
{
	const struct source *s = source_of(&c->sources, p->span.pos);

	return !s || !s->is_library;
}

bool list_points(struct compile *c, bool with_vars, FILE *out)
{
	VEC(struct str) lines = {};

	for (uint32_t i = 0; i < c->program.probes.n; i++)
		if (is_asked_for(c, c->program.probes.v[i]))
			vec_push(&c->front, &lines,
				 point_text(c, c->program.probes.v[i],
					    with_vars));
	if (!lines.n)
		return false;
	qsort(lines.v, lines.n, sizeof(lines.v[0]), compare);
	for (uint32_t i = 0; i < lines.n; i++)
		if (!i || !str_eq(lines.v[i], lines.v[i - 1]))
			fprintf(out, "%" STR_FMT "\n", STR_ARG(lines.v[i]));
	return true;
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
