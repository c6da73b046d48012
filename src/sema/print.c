/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --dump=prog: globals, functions and probes, one fact per line.  Bodies are
 * written as a script again; what no script can say (how a target variable
 * is computed) stands behind them.
 */
#include "sema/program.h"

#include <inttypes.h>

#include "base/buf.h"
#include "dbg/loc.h"
#include "lang/ast_print.h"
#include "sema/usage.h"
#include "sema/walk.h"

struct printer {
	const struct program *program;
	FILE *out;
};

static void print_str(FILE *out, struct str s)
{
	fwrite(s.s, 1, s.len, out);
}

static void print_quoted(FILE *out, struct str s)
{
	fputc('"', out);
	for (uint32_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c >= 127)
			fprintf(out, "\\%03o", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void print_type(FILE *out, enum ty type, uint16_t bound)
{
	fputs(ty_name(type), out);
	if (type == TY_STRING)
		fprintf(out, "(%u)", bound);
}

static void print_expr(FILE *out, const struct ast_expr *e)
{
	struct buf b = {};

	ast_unparse_expr(e, &b);
	print_str(out, buf_view(&b));
	buf_deinit(&b);
}

/* ---- variables ---- */

static void print_stat(FILE *out, const struct var *v)
{
	static const char *const names[] = {
		"count", "sum", "min", "max", "sumsq",
	};
	const struct image_stat *s = &v->stat;

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++)
		if (s->fields & 1u << i)
			fprintf(out, " %s", names[i]);
	if (s->hist == HIST_LOG)
		fputs(" hist_log", out);
	if (s->hist == HIST_LINEAR)
		fprintf(out, " hist_linear(%" PRId64 ",%" PRId64 ",%" PRId64 ")",
			s->start, s->stop, s->interval);
	if (v->stat_shift)
		fprintf(out, " shift=%u", v->stat_shift);
}

static void print_keys(FILE *out, const struct var *v)
{
	fputc('[', out);
	for (uint32_t i = 0; i < v->nkeys; i++) {
		if (i)
			fputs(", ", out);
		print_type(out, v->key_type[i], v->key_bound[i]);
	}
	fputc(']', out);
}

static void print_flags(FILE *out, const struct program *p,
			const struct var *v)
{
	if (v->is_library)
		fputs(" library", out);
	if (v->wrap)
		fputs(" wrap", out);
	if (v->has_size)
		fprintf(out, " size=%" PRId64, v->size);
	if (v->read)
		fputs(" read", out);
	if (v->written)
		fputs(" written", out);
	if (v->ordered)
		fputs(" ordered", out);
	if (v->in_condition)
		fputs(" condition", out);
	if (v->in_kernel)
		fputs(" kernel", out);
	if (v->in_host)
		fputs(" host", out);
	if (usage_is_shown(p, v))
		fputs(" shown", out);
}

static void print_global(const struct printer *pr, const struct var *v)
{
	FILE *out = pr->out;

	fprintf(out, "global g%u ", v->number);
	print_str(out, v->name);
	if (v->is_array)
		print_keys(out, v);
	fputs(": ", out);
	print_type(out, v->type, v->bound);
	if (v->type == TY_STATS)
		print_stat(out, v);
	if (v->has_override) {
		fputs(" = -G ", out);
		print_quoted(out, v->override_str);
	} else if (v->init) {
		fputs(" = ", out);
		print_expr(out, v->init);
	}
	print_flags(out, pr->program, v);
	fputc('\n', out);
}

static void print_locals(const struct printer *pr, const struct vars *vars,
			 uint32_t first)
{
	for (uint32_t i = first; i < vars->n; i++) {
		fputs("\tlocal ", pr->out);
		print_str(pr->out, vars->v[i]->name);
		fputs(": ", pr->out);
		print_type(pr->out, vars->v[i]->type, vars->v[i]->bound);
		fputc('\n', pr->out);
	}
}

/* ---- targets ---- */

static const char *op_name(enum target_op_kind kind)
{
	switch (kind) {
	case TGT_CTX_WORD:
		return "ctx.word";
	case TGT_CTX_LOAD:
		return "ctx.load";
	case TGT_EXPR:
		return "expr";
	case TGT_CONST:
		return "const";
	case TGT_ADD:
		return "add";
	case TGT_INDEX:
		return "index";
	case TGT_LOAD:
		return "load";
	case TGT_LOAD_STR:
		return "load.str";
	case TGT_DOUBLE:
		return "double";
	case TGT_BITS:
		return "bits";
	case TGT_LOC:
		return "loc";
	case TGT_PERF:
		return "perf";
	}
	return "?";
}

static void print_location(const struct printer *pr,
			   const struct target_op *op)
{
	for (int64_t i = 0; i < op->n; i++) {
		const struct dbg_loc_op *l = &op->loc[i];

		fprintf(pr->out, "%s%s", i ? ", " : " ",
			dbg_loc_op_name(l->code));
		if (l->code == DBG_LOC_OP_CONST || l->code == DBG_LOC_OP_REG ||
		    l->code == DBG_LOC_OP_SYMBOL || l->code == DBG_LOC_OP_PICK)
			fprintf(pr->out, " %" PRId64, (int64_t)l->value);
		if (l->size)
			fprintf(pr->out, " %u", l->size);
	}
}

static void print_op(const struct printer *pr, const struct target_op *op)
{
	fprintf(pr->out, " %s", op_name(op->kind));
	if (op->kind == TGT_PERF) {
		putc(' ', pr->out);
		print_quoted(pr->out, image_str(pr->program->image,
						(istr)op->n));
	} else if (op->kind == TGT_LOC) {
		print_location(pr, op);
	} else if (op->kind != TGT_EXPR && op->kind != TGT_LOAD)
		fprintf(pr->out, " %" PRId64, op->n);
	if (op->size)
		fprintf(pr->out, " %c%u", op->is_signed ? 's' : 'u', op->size);
	if (op->is_user)
		fputs(" user", pr->out);
	if (op->is_quiet && op->kind == TGT_LOAD)
		fputs(" quiet", pr->out);
	if (op->asks)
		fputs(" asks", pr->out);
	if (op->expr) {
		fputs(" (", pr->out);
		print_expr(pr->out, op->expr);
		fputc(')', pr->out);
	}
}

static bool print_target(struct ast_expr **place, void *data)
{
	const struct printer *pr = data;
	const struct target *t = walk_target_of(*place);

	if (!t)
		return true;
	fputs("\ttarget ", pr->out);
	print_expr(pr->out, *place);
	fputs(" =", pr->out);
	for (uint32_t i = 0; i < t->ops.n; i++) {
		if (i)
			fputc(';', pr->out);
		print_op(pr, &t->ops.v[i]);
	}
	if (t->is_user)
		fputs(" -> user", pr->out);
	fputc('\n', pr->out);
	return true;
}

/* ---- bodies ---- */

static void print_body(const struct printer *pr, struct ast_stmt *body)
{
	struct printer copy = *pr;
	struct buf b = {};

	ast_unparse_stmt(body, 1, &b);
	while (b.len && b.data[b.len - 1] == '\n')
		b.len--;
	fputc('\t', pr->out);
	print_str(pr->out, buf_view(&b));
	fputc('\n', pr->out);
	buf_deinit(&b);
	walk_exprs(body, print_target, &copy);
}

static void print_func_flags(FILE *out, const struct func *f)
{
	if (f->is_library)
		fputs(" library", out);
	if (f->recursive)
		fputs(" recursive", out);
	if (f->pure)
		fputs(" pure", out);
	if (f->has_effect)
		fputs(" effect", out);
	if (f->uses_context)
		fputs(" context", out);
	if (f->called_in_kernel)
		fputs(" kernel", out);
	if (f->called_in_host)
		fputs(" host", out);
	if (f->next_overload)
		fprintf(out, " next=f%u", f->next_overload->number);
}

static void print_func(const struct printer *pr, const struct func *f)
{
	FILE *out = pr->out;

	fprintf(out, "function f%u ", f->number);
	print_str(out, f->name);
	fputc('(', out);
	for (uint32_t i = 0; i < f->nparams; i++) {
		if (i)
			fputs(", ", out);
		print_str(out, f->vars.v[i]->name);
		fputs(": ", out);
		print_type(out, f->vars.v[i]->type, f->vars.v[i]->bound);
	}
	fputs("): ", out);
	print_type(out, f->type, f->bound);
	print_func_flags(out, f);
	fputc('\n', out);
	print_locals(pr, &f->vars, f->nparams);
	print_body(pr, f->body);
}

static void print_site(const struct printer *pr, const struct probe *probe)
{
	const struct image_site *s = &probe->site;
	FILE *out = pr->out;

	fprintf(out, "probe p%u %s ", probe->number,
		image_probe_stem(probe->kind));
	print_str(out, probe->point);
	if (probe->sites.n)
		fprintf(out, " and %u more", probe->sites.n - 1);
	fputs(" name ", out);
	print_quoted(out, probe->name);
	if (s->name) {
		fputs(" site ", out);
		print_quoted(out, image_str(pr->program->image, s->name));
	}
	if (s->a || s->b || s->c)
		fprintf(out, " a=%" PRId64 " b=%" PRId64 " c=%" PRId64,
			(int64_t)s->a, (int64_t)s->b, (int64_t)s->c);
	if (s->freq)
		fputs(" freq", out);
	if (s->pid)
		fprintf(out, " pid=%u", s->pid);
	if (s->filter & FILTER_FILE)
		fprintf(out, " file=%x:%" PRIu64, s->dev, s->ino);
	if (s->filter & FILTER_TARGET)
		fputs(" target", out);
	if (s->filter & FILTER_USER)
		fputs(" user", out);
	fputc('\n', out);
}

static void print_probe(const struct printer *pr, const struct probe *probe)
{
	print_site(pr, probe);
	for (const struct cond *c = probe->conditions; c; c = c->next) {
		fputs("\tif ", pr->out);
		print_expr(pr->out, c->expr);
		fputc('\n', pr->out);
	}
	print_locals(pr, &probe->locals, 0);
	print_body(pr, probe->body);
}

void program_print(const struct program *p, FILE *out)
{
	struct printer pr = { p, out };

	for (uint32_t i = 0; i < p->globals.n; i++)
		print_global(&pr, p->globals.v[i]);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		print_func(&pr, p->funcs.v[i]);
	for (uint32_t i = 0; i < p->probes.n; i++)
		print_probe(&pr, p->probes.v[i]);
}
