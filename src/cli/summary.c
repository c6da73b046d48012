/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/summary.h"

#include <inttypes.h>

#include "base/buf.h"
#include "lang/ast_print.h"

static void print_body(const struct ast_stmt *body, FILE *out)
{
	struct buf b = {};

	if (!body)
		return;
	ast_unparse_stmt(body, 0, &b);
	fwrite(b.data, 1, b.len, out);
	fputc('\n', out);
	buf_deinit(&b);
}

static void print_value(const struct var *v, FILE *out)
{
	struct buf b = {};

	if (v->has_override) {
		fprintf(out, " = %" STR_FMT, STR_ARG(v->override_str));
	} else if (v->init) {
		ast_unparse_expr(v->init, &b);
		fprintf(out, " = %.*s", (int)b.len, b.data);
	}
	buf_deinit(&b);
}

/* "name%[size]:type [key, key]" */
static void print_var(const struct var *v, FILE *out)
{
	fprintf(out, "%" STR_FMT, STR_ARG(v->name));
	if (v->wrap)
		fputc('%', out);
	if (v->has_size)
		fprintf(out, "[%" PRId64 "]", v->size);
	fprintf(out, ":%s", ty_name(v->type));
	for (uint32_t i = 0; v->is_array && i < v->nkeys; i++)
		fprintf(out, "%s%s", i ? ", " : " [", ty_name(v->key_type[i]));
	if (v->is_array && v->nkeys)
		fputc(']', out);
}

static void print_locals(const struct vars *vars, uint32_t first, FILE *out)
{
	if (first < vars->n)
		fputs("  # locals\n", out);
	for (uint32_t i = first; i < vars->n; i++) {
		fputs("  ", out);
		print_var(vars->v[i], out);
		fputc('\n', out);
	}
}

static void print_globals(const struct program *p, bool with_values, FILE *out)
{
	if (p->globals.n)
		fputs("# globals\n", out);
	for (uint32_t i = 0; i < p->globals.n; i++) {
		print_var(p->globals.v[i], out);
		if (with_values)
			print_value(p->globals.v[i], out);
		fputc('\n', out);
	}
}

static void print_function(const struct func *f, bool with_body, FILE *out)
{
	fprintf(out, "%" STR_FMT ":%s (", STR_ARG(f->name), ty_name(f->type));
	for (uint32_t i = 0; i < f->nparams; i++) {
		if (i)
			fputs(", ", out);
		print_var(f->vars.v[i], out);
	}
	fputs(")\n", out);
	print_locals(&f->vars, f->nparams, out);
	if (with_body)
		print_body(f->body, out);
}

/* The point, and what the script calls it. */
static void print_probe(const struct probe *pr, bool with_body, FILE *out)
{
	fprintf(out, "%" STR_FMT " /* <- %" STR_FMT " */\n",
		STR_ARG(pr->point), STR_ARG(pr->name));
	print_locals(&pr->locals, 0, out);
	if (with_body)
		print_body(pr->body, out);
}

void summary_print(const struct program *p, bool with_bodies, FILE *out)
{
	print_globals(p, with_bodies, out);
	if (p->funcs.n)
		fputs("# functions\n", out);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		print_function(p->funcs.v[i], with_bodies, out);
	if (p->probes.n)
		fputs("# probes\n", out);
	for (uint32_t i = 0; i < p->probes.n; i++)
		print_probe(p->probes.v[i], with_bodies, out);
}
