/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/types_slot.h"

#include "dbg/btf.h"
#include "lang/diag.h"
#include "sema/resolve/target.h"
#include "sema/scope.h"
#include "sema/walk.h"

void types_set_var(struct types *t, struct var *v, enum ty ty,
		   struct span why)
{
	if (ty == TY_UNKNOWN || v->type != TY_UNKNOWN)
		return;
	v->type = ty;
	v->type_span = why;
	t->changed = true;
}

void types_set_key(struct types *t, struct var *v, uint32_t i, enum ty ty,
		   struct span why)
{
	if (ty == TY_UNKNOWN || v->key_type[i] != TY_UNKNOWN)
		return;
	v->key_type[i] = ty;
	v->key_span[i] = why;
	t->changed = true;
}

void types_set_func(struct types *t, struct func *f, enum ty ty,
		    struct span why)
{
	if (ty == TY_UNKNOWN || f->type != TY_UNKNOWN)
		return;
	f->type = ty;
	f->type_span = why;
	t->changed = true;
}

void types_start(struct types *t)
{
	struct program *p = t->program;

	for (uint32_t i = 0; i < p->globals.n; i++) {
		struct var *v = p->globals.v[i];

		if (v->init)
			types_set_var(t, v, v->init->kind == AST_STRING ?
						    TY_STRING :
						    TY_LONG,
				      v->init->span);
	}
}

static void override_value(struct types *t, struct var *v)
{
	struct program *p = t->program;
	bool is_number = str_to_s64(v->override_str, &v->override);
	struct diag *d;

	types_set_var(t, v, is_number ? TY_LONG : TY_STRING, v->span);
	if (v->type == TY_STRING || (v->type == TY_LONG && is_number))
		return;
	d = diag_error(p->diags, DIAG_BAD_OVERRIDE, v->span,
		       v->type == TY_LONG ?
			       "-G %" STR_FMT "=%" STR_FMT ": this is a number" :
			       "-G %" STR_FMT "=%" STR_FMT ": this is a statistic",
		       STR_ARG(v->name), STR_ARG(v->override_str));
	if (v->type_span.len)
		diag_note(p->diags, d, v->type_span, "as used here");
}

void types_override(struct types *t)
{
	struct program *p = t->program;

	for (uint32_t i = 0; i < p->globals.n; i++)
		if (p->globals.v[i]->has_override)
			override_value(t, p->globals.v[i]);
}

/* ---- messages ---- */

/* As people say it. */
static const char *a_type(enum ty ty)
{
	switch (ty) {
	case TY_LONG:
		return "a number";
	case TY_STRING:
		return "a string";
	case TY_STATS:
		return "a statistic";
	case TY_UNKNOWN:
		break;
	}
	return "of unknown type";
}

static struct var *var_of(const struct ast_expr *e)
{
	if (e->kind == AST_INDEX)
		e = e->index.base;
	return e->kind == AST_NAME ? e->name.var : NULL;
}

static void note_origin(struct types *t, struct diag *d,
			const struct ast_expr *e)
{
	const struct var *v = var_of(e);
	const struct func *f = e->kind == AST_CALL ? e->call.func : NULL;

	if (v && v->type_span.len)
		diag_note(t->program->diags, d, v->type_span,
			  "'%" STR_FMT "' is %s because of this",
			  STR_ARG(v->name), a_type(v->type));
	else if (f && f->type_span.len)
		diag_note(t->program->diags, d, f->type_span,
			  "'%" STR_FMT "' gives %s because of this",
			  STR_ARG(f->name), a_type(f->type));
}

/* Is it the address of a char? */
static bool is_text_address(const struct target *target)
{
	struct ctype_ref to = target->points_to;
	struct ctype ty;

	if (!to.in)
		return false;
	ty = ctypes_stripped(to.in, to.id);
	if (ty.kind == CTYPE_ARRAY)
		ty = ctypes_stripped(to.in, ty.ref);
	return ty.kind == CTYPE_INT && ty.size == 1 && !ty.is_bool;
}

static void help_string(struct types *t, struct diag *d,
			const struct ast_expr *e)
{
	struct diags *ds = t->program->diags;
	const struct target *target = walk_target_of(e);
	struct str text = source_text(t->program->sources, e->span);

	if (!target || !is_text_address(target))
		diag_help(ds, d, "sprint(...) makes a string of a number");
	else if (target->is_user)
		diag_help(ds, d, "user_string(%" STR_FMT
			  ") reads the text there", STR_ARG(text));
	else
		diag_help(ds, d, "kernel_string(%" STR_FMT
			  ") reads the text there, %" STR_FMT "$ shows it",
			  STR_ARG(text), STR_ARG(text));
}

/* Has another place of the same variable been reported?  One mistake, most
 * often the name of something else, is wrong wherever the name stands. */
static bool is_said(const struct ast_expr *e)
{
	struct var *v = var_of(e);

	if (!v)
		return false;
	if (!v->contradiction.len)
		v->contradiction = e->span;
	return v->contradiction.pos != e->span.pos;
}

void types_mismatch(struct types *t, const struct ast_expr *e, enum ty wanted,
		    struct span why)
{
	struct diags *ds = t->program->diags;
	const struct var *v = var_of(e);
	struct diag *d;

	if (is_said(e))
		return;
	if (v)
		d = diag_error(ds, DIAG_TYPE_MISMATCH, e->span,
			       "'%" STR_FMT "' is %s, but %s is wanted here",
			       STR_ARG(v->name), a_type(e->type),
			       a_type(wanted));
	else
		d = diag_error(ds, DIAG_TYPE_MISMATCH, e->span,
			       "this is %s, but %s is wanted here",
			       a_type(e->type), a_type(wanted));
	if (d->parts.n)
		return;		/* said in an earlier round */
	note_origin(t, d, e);
	if (why.len && why.pos != e->span.pos)
		diag_note(ds, d, why, "%s is wanted because of this",
			  a_type(wanted));
	if (e->type == TY_STATS)
		diag_help(ds, d,
			  "@count, @sum, @avg, @min, @max take numbers out of it");
	else if (wanted == TY_STRING && e->type == TY_LONG)
		help_string(t, d, e);
	else if (wanted == TY_LONG && e->type == TY_STRING)
		diag_help(ds, d, "strtol(..., 10) makes a number of a string");
}

void types_bad_directive(struct types *t, const struct ast_expr *e,
			 enum ty wanted, const struct fmt_piece *f)
{
	struct diags *ds = t->program->diags;
	struct str text = source_text(t->program->sources, f->span);
	const struct target *target = walk_target_of(e);
	struct diag *d;

	if (e->type == TY_STATS) {
		types_stat_value(t, e);
		return;
	}
	if (is_said(e))
		return;
	d = diag_error(ds, DIAG_TYPE_MISMATCH, e->span,
		       "this is %s, but '%" STR_FMT "' prints %s",
		       a_type(e->type), STR_ARG(text), a_type(wanted));
	if (d->parts.n)
		return;
	note_origin(t, d, e);
	if (e->type == TY_STRING)
		diag_help(ds, d, "%%s prints a string");
	else if (target && is_text_address(target))
		help_string(t, d, e);
	else
		diag_help(ds, d, "%%d prints a number");
}

void types_bad_key(struct types *t, const struct ast_expr *e,
		   const struct var *array, uint32_t i)
{
	struct diags *ds = t->program->diags;
	struct diag *d;

	if (e->type == TY_STATS) {
		types_stat_value(t, e);
		return;
	}
	if (is_said(e))
		return;
	d = diag_error(ds, DIAG_TYPE_MISMATCH, e->span,
		       "this is %s, but key %u of '%" STR_FMT "' is %s",
		       a_type(e->type), i + 1, STR_ARG(array->name),
		       a_type(array->key_type[i]));
	if (d->parts.n)
		return;
	note_origin(t, d, e);
	if (array->key_span[i].pos != e->span.pos)
		diag_note(ds, d, array->key_span[i], "because of this");
}

static struct str name_of(const struct ast_expr *e)
{
	const struct var *v = var_of(e);

	return v ? v->name : (struct str){};
}

void types_differ(struct types *t, const struct ast_expr *a,
		  const struct ast_expr *b)
{
	struct diags *ds = t->program->diags;
	struct str name = name_of(b).len ? name_of(b) : name_of(a);
	enum ty named = name_of(b).len ? b->type : a->type;
	enum ty other = name_of(b).len ? a->type : b->type;
	struct diag *d;

	if (name.len)
		d = diag_error(ds, DIAG_TYPE_MISMATCH, b->span,
			       "'%" STR_FMT "' is %s, and here it meets %s",
			       STR_ARG(name), a_type(named), a_type(other));
	else
		d = diag_error(ds, DIAG_TYPE_MISMATCH, b->span,
			       "this is %s, and on the other side there is %s",
			       a_type(b->type), a_type(a->type));
	if (d->parts.n)
		return;
	note_origin(t, d, b);
	note_origin(t, d, a);
}

void types_no_result(struct types *t, const struct ast_expr *call,
		     const struct func *f)
{
	struct diags *ds = t->program->diags;
	struct diag *d;

	d = diag_error(ds, DIAG_NO_RESULT, call->span,
		       "'%" STR_FMT "' returns nothing, but its value is used",
		       STR_ARG(f->name));
	if (!d->parts.n)
		diag_note(ds, d, f->decl->span, "it is defined here");
}

void types_no_value(struct types *t, const struct ast_expr *print)
{
	struct diags *ds = t->program->diags;
	struct diag *d;

	d = diag_error(ds, DIAG_NO_RESULT, print->span,
		       "%s has no value", ast_printop_name(print->print.op));
	if (!d->parts.n)
		diag_help(ds, d, "s%s returns the text as a string",
			  ast_printop_name(print->print.op));
}

void types_stat_value(struct types *t, const struct ast_expr *e)
{
	struct diags *ds = t->program->diags;
	struct diag *d;

	if (e->kind == AST_STAT) {
		d = diag_error(ds, DIAG_HIST_USE, e->span,
			       "a histogram is no value");
		if (!d->parts.n)
			diag_help(ds, d,
				  "print(%s(...)) draws it, %s(...)[n] is a bucket",
				  ast_statop_name(e->stat.op),
				  ast_statop_name(e->stat.op));
		return;
	}
	d = diag_error(ds, DIAG_BAD_STAT, e->span,
		       "a statistic has no value of its own");
	if (!d->parts.n)
		diag_help(ds, d,
			  "@count, @sum, @avg, @min, @max take numbers out of it");
}

void types_overloads_differ(struct types *t, const struct ast_expr *call,
			    const struct func *a, const struct func *b)
{
	struct diags *ds = t->program->diags;
	struct diag *d;

	d = diag_error(ds, DIAG_TYPE_MISMATCH, call->span,
		       "one definition of '%" STR_FMT
		       "' gives %s, another %s", STR_ARG(a->name),
		       a_type(a->type), a_type(b->type));
	if (d->parts.n)
		return;
	diag_note(ds, d, a->type_span, "%s", a_type(a->type));
	diag_note(ds, d, b->type_span, "%s", a_type(b->type));
}

/* ---- what stays unknown ---- */

/* Of the library: where a script has one of the probes of a file, it may have
 * none that says what the global of another is. */
static bool is_of_library(const struct types *t, const struct var *v)
{
	const struct ast_file *f = scope_file(t->program, v->span);

	return v->is_global && f && f->is_library;
}

static void report_var(struct types *t, struct var *v,
		       const struct vars *beside)
{
	struct diags *ds = t->program->diags;
	struct diag *d;

	if (v->type != TY_UNKNOWN)
		return;
	if (is_of_library(t, v)) {
		v->type = TY_LONG;
		return;
	}
	d = diag_error(ds, DIAG_UNRESOLVED_TYPE, v->span,
		       v->is_array ?
			       "nothing tells whether the values of '%" STR_FMT
			       "' are numbers or strings" :
			       "nothing tells whether '%" STR_FMT
			       "' is a number or a string",
		       STR_ARG(v->name));
	if (!scope_help_unset(t->program, d, v->name, beside))
		diag_help(ds, d, "is it ever assigned to?");
}

static void report_keys(struct types *t, struct var *v)
{
	struct diags *ds = t->program->diags;

	for (uint32_t i = 0; i < v->nkeys && i < IMAGE_KEYS; i++) {
		if (v->key_type[i] != TY_UNKNOWN)
			continue;
		diag_error(ds, DIAG_UNRESOLVED_TYPE, v->span,
			   "nothing tells whether key %u of '%" STR_FMT
			   "' is a number or a string", i + 1,
			   STR_ARG(v->name));
	}
}

static void report_vars(struct types *t, struct vars *vars)
{
	for (uint32_t i = 0; i < vars->n; i++) {
		report_keys(t, vars->v[i]);
		report_var(t, vars->v[i], vars);
	}
}

void types_report_unknown(struct types *t)
{
	struct program *p = t->program;

	report_vars(t, &p->globals);
	for (uint32_t i = 0; i < p->probes.n; i++)
		report_vars(t, &p->probes.v[i]->locals);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		report_vars(t, &p->funcs.v[i]->vars);
}
