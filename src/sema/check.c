/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a node may stand is decided on the way down: what takes a statistic
 * or a histogram (@count, <<<, print, an index, foreach) looks at it itself
 * and does not descend into it; wherever else the walk meets one, it is
 * used as a value.
 *
 * Needs types, dead code gone.  Leaves the tree as it is.
 */
#include "sema/check.h"

#include "base/bits.h"
#include "lang/diag.h"
#include "sema/check_loop.h"
#include "sema/check_place.h"
#include "sema/check_write.h"
#include "sema/moved.h"
#include "sema/regex.h"
#include "sema/scope.h"
#include "sema/types_slot.h"
#include "sema/stacks.h"
#include "sema/usage.h"
#include "sema/walk.h"

#define MAX_PRINT_ARGS 256
#define MAX_BUCKETS 128		/* of @hist_linear, with under and over */

/* The first histogram of each statistic, and the first shift. */
struct first_use {
	const struct ast_expr *hist, *variance;
};

struct checker {
	struct program *program;
	struct first_use *first;		/* by number of the global */
	bool asks_groups;			/* of matches */
	VEC(const struct var *) loop_values;	/* of foreach over statistics */
};

/* ---- statistics ---- */

static const struct ast_expr *stat_name(const struct ast_expr *of)
{
	return of->kind == AST_INDEX ? of->index.base : of;
}

static bool is_loop_value(const struct checker *c, const struct var *v)
{
	for (uint32_t i = 0; i < c->loop_values.n; i++)
		if (c->loop_values.v[i] == v)
			return true;
	return false;
}

static void bad_stat_local(struct checker *c, const struct ast_expr *e,
			   const struct var *v)
{
	struct diags *ds = c->program->diags;
	struct diag *d;

	d = diag_error(ds, DIAG_BAD_STAT, e->span,
		       "'%" STR_FMT "' is a local variable, and no statistic",
		       STR_ARG(v->name));
	if (!d->parts.n)
		diag_help(ds, d, "statistics are global: global %" STR_FMT,
			  STR_ARG(v->name));
}

static void bad_stat_value(struct checker *c, const struct ast_expr *e)
{
	struct types t = { .program = c->program };

	types_stat_value(&t, e);
}

static bool same_hist(const struct ast_expr *a, const struct ast_expr *b)
{
	if (a->stat.op != b->stat.op)
		return false;
	return a->stat.op == STATOP_HIST_LOG ||
	       (a->stat.params[0] == b->stat.params[0] &&
		a->stat.params[1] == b->stat.params[1] &&
		a->stat.params[2] == b->stat.params[2]);
}

static void check_hist_params(struct checker *c, const struct ast_expr *e)
{
	int64_t start = e->stat.params[0], stop = e->stat.params[1];
	int64_t step = e->stat.params[2];

	if (e->stat.op != STATOP_HIST_LINEAR)
		return;
	if (step <= 0 || stop <= start)
		diag_error(c->program->diags, DIAG_HIST_PARAMS, e->span,
			   step <= 0 ? "the step must be greater than 0" :
				       "the stop must be greater than the start");
	else if (((uint64_t)stop - (uint64_t)start) / (uint64_t)step + 3 >
		 MAX_BUCKETS)
		diag_error(c->program->diags, DIAG_HIST_PARAMS, e->span,
			   "this makes more than %d buckets", MAX_BUCKETS);
}

static void check_hist(struct checker *c, const struct ast_expr *e,
		       const struct var *v)
{
	struct diags *ds = c->program->diags;
	const struct ast_expr **first = &c->first[v->number].hist;
	struct diag *d;

	check_hist_params(c, e);
	if (!*first)
		*first = e;
	if (same_hist(*first, e))
		return;
	d = diag_error(ds, DIAG_HIST_PARAMS, e->span,
		       "'%" STR_FMT "' has another histogram already",
		       STR_ARG(v->name));
	diag_note(ds, d, (*first)->span, "the other one");
}

static int64_t shift_of(const struct ast_expr *e)
{
	return e->stat.nparams ? e->stat.params[0] : 0;
}

static void check_variance(struct checker *c, const struct ast_expr *e,
			   const struct var *v)
{
	struct diags *ds = c->program->diags;
	const struct ast_expr **first = &c->first[v->number].variance;
	struct diag *d;

	if (shift_of(e) < 0 || shift_of(e) > 62)
		diag_error(ds, DIAG_HIST_PARAMS, e->span,
			   "the shift of @variance is from 0 to 62");
	if (!*first)
		*first = e;
	if (shift_of(*first) == shift_of(e))
		return;
	d = diag_error(ds, DIAG_HIST_PARAMS, e->span,
		       "'%" STR_FMT "' has another shift already",
		       STR_ARG(v->name));
	diag_note(ds, d, (*first)->span, "the other one");
}

static void check_stat(struct checker *c, const struct ast_expr *e)
{
	const struct ast_expr *name = stat_name(e->stat.of);
	const struct var *v = name->kind == AST_NAME ? name->name.var : NULL;

	if (!v)
		return;
	if (!v->is_global) {
		if (!is_loop_value(c, v))
			bad_stat_local(c, name, v);
		else if (ast_statop_is_hist(e->stat.op))
			check_hist_params(c, e);
		return;
	}
	if (ast_statop_is_hist(e->stat.op))
		check_hist(c, e, v);
	else if (e->stat.op == STATOP_VARIANCE)
		check_variance(c, e, v);
}

/* ---- expressions ---- */

static bool visit(struct ast_expr **place, void *data);

static void visit_list(struct checker *c, struct ast_exprs *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		walk_expr(&list->v[i], visit, c);
}

/* The keys of an element; not its value. */
static void visit_keys(struct checker *c, struct ast_expr *e, bool wildcards)
{
	if (e->kind != AST_INDEX)
		return;
	for (uint32_t i = 0; i < e->index.keys.n; i++)
		if (!e->index.keys.v[i] && !wildcards)
			diag_error(c->program->diags, DIAG_KEY_COUNT, e->span,
				   "'*' is a key only in delete, in and foreach");
	visit_list(c, &e->index.keys);
}

static bool can_print_hist(enum ast_printop op)
{
	return op == PRINTOP_PRINT || op == PRINTOP_PRINTLN ||
	       op == PRINTOP_SPRINT || op == PRINTOP_SPRINTLN;
}

static bool is_hist(const struct ast_expr *e)
{
	return e->kind == AST_STAT && ast_statop_is_hist(e->stat.op);
}

static void check_print(struct checker *c, struct ast_expr *e)
{
	struct ast_exprs *args = &e->print.args;

	if (args->n > MAX_PRINT_ARGS)
		diag_error(c->program->diags, DIAG_TOO_MANY_ARGS, e->span,
			   "%s takes at most %d arguments, not %u",
			   ast_printop_name(e->print.op), MAX_PRINT_ARGS,
			   args->n);
	for (uint32_t i = 0; i < args->n; i++) {
		if (is_hist(args->v[i]) && can_print_hist(e->print.op)) {
			check_stat(c, args->v[i]);
			visit_keys(c, args->v[i]->stat.of, false);
		} else {
			walk_expr(&args->v[i], visit, c);
		}
	}
}

static bool is_library(const struct checker *c, struct span span)
{
	const struct ast_file *f = scope_file(c->program, span);

	return f && f->is_library;
}

static void bad_guru_write(struct checker *c, struct span span)
{
	struct diags *ds = c->program->diags;
	struct diag *d;

	d = diag_error(ds, DIAG_GURU_WRITE, span,
		       "writing to the traced program's memory needs -g");
	diag_help(ds, d,
		  "it can crash what is traced; run with -g if you mean it");
}

static bool needs_guru(const struct ast_expr *e)
{
	return e->kind == AST_CALL && e->call.is_intrinsic &&
	       (intrin_info[e->call.intrinsic].flags & INF_GURU);
}

/* Sets *data to 1 where memory is written, to 2 where more is done. */
static bool find_deed(struct ast_expr **e, void *data)
{
	int *found = data;
	const struct ast_expr *to = (*e)->kind == AST_ASSIGN ? (*e)->assign.to :
				    (*e)->kind == AST_INCDEC ? (*e)->incdec.of :
							       NULL;

	if (to && walk_target_of(to))
		*found = 1;
	else if (needs_guru(*e))
		*found = 2;
	return !*found;
}

/* Functions of the library that write are not for everyone, either. */
static void check_call(struct checker *c, const struct ast_expr *e)
{
	const struct func *f = e->call.func;
	int deed = 0;

	if (!f || !f->is_library || c->program->options->guru ||
	    is_library(c, e->span))
		return;
	walk_exprs(f->body, find_deed, &deed);
	if (deed == 1)
		bad_guru_write(c, e->at);
	else if (deed)
		diag_error(c->program->diags, DIAG_GURU_ONLY, e->at,
			   "%" STR_FMT "() needs guru mode (-g)",
			   STR_ARG(f->name));
}

/* What stands left of an assignment, or is incremented. */
static void check_store(struct checker *c, struct ast_expr *to)
{
	struct diags *ds = c->program->diags;
	const struct target *t = walk_target_of(to);

	visit_keys(c, to, false);
	if (to->kind == AST_NAME || to->kind == AST_INDEX)
		return;
	walk_expr(&to, visit, c);
	if (!t) {
		diag_error(ds, DIAG_NOT_ASSIGNABLE, to->span,
			   "this cannot be assigned to");
	} else if (!c->program->options->guru && !is_library(c, to->span)) {
		bad_guru_write(c, to->span);
	} else {
		check_write(c->program, to, t);
	}
}

static void check_assign(struct checker *c, struct ast_expr *e)
{
	struct ast_expr *to = e->assign.to;
	const struct ast_expr *name = stat_name(to);

	check_store(c, to);
	walk_expr(&e->assign.value, visit, c);
	if (e->assign.op == BINOP_STAT_ADD) {
		if (name->kind == AST_NAME && name->name.var &&
		    !name->name.var->is_global)
			bad_stat_local(c, name, name->name.var);
	} else if (to->type == TY_STATS) {
		bad_stat_value(c, to);
	}
}

static bool is_bucket(const struct ast_expr *e)
{
	return e->kind == AST_INDEX && e->index.base->kind == AST_STAT;
}

static bool visit_index(struct checker *c, struct ast_expr *e)
{
	visit_keys(c, e, false);
	if (is_bucket(e)) {
		if (!is_hist(e->index.base) || e->index.keys.n != 1)
			diag_error(c->program->diags, DIAG_HIST_USE, e->span,
				   "only a histogram has buckets, with one number each");
		check_stat(c, e->index.base);
		visit_keys(c, e->index.base->stat.of, false);
	} else if (e->type == TY_STATS) {
		bad_stat_value(c, e);
	}
	return false;
}

static void check_match(struct checker *c, const struct ast_expr *e)
{
	const struct ast_expr *pattern = e->binary.b;
	struct str table;
	uint32_t ngroups;
	struct err *err;

	if (e->binary.op != BINOP_MATCH && e->binary.op != BINOP_NOMATCH)
		return;
	if (pattern->kind != AST_STRING) {
		diag_error(c->program->diags, DIAG_NOT_A_LITERAL,
			   pattern->span, "a pattern must be a literal");
		return;
	}
	err = regex_compile(pattern->string, c->asks_groups,
			    c->program->arena, &table, &ngroups);
	if (err)
		diag_error(c->program->diags, DIAG_BAD_REGEX, pattern->span,
			   "%s", err->msg);
	err_free(err);
}

/* C that did not become a part of the tree. */
static void report_c(struct checker *c, const struct ast_c *code,
		     struct span span)
{
	const struct ast_refusal *r = code->refusal;
	struct diag *d;

	d = diag_error(c->program->diags, DIAG_EMBEDDED_C, r ? r->span : span,
		       "%" STR_FMT,
		       STR_ARG(r ? r->text : STR("C code is not run")));
	if (r && r->help.len)
		diag_help(c->program->diags, d, "%" STR_FMT, STR_ARG(r->help));
}

static bool visit(struct ast_expr **place, void *data)
{
	struct checker *c = data;
	struct ast_expr *e = *place;

	switch (e->kind) {
	case AST_NAME:
		if (e->type == TY_STATS)
			bad_stat_value(c, e);
		return false;
	case AST_INDEX:
		return visit_index(c, e);
	case AST_ASSIGN:
		check_assign(c, e);
		return false;
	case AST_INCDEC:
		check_store(c, e->incdec.of);
		return false;
	case AST_IN:
		visit_list(c, &e->in.keys);
		return false;
	case AST_PRINT:
		check_print(c, e);
		return false;
	case AST_STAT:
		check_stat(c, e);
		visit_keys(c, e->stat.of, false);
		if (is_hist(e))
			bad_stat_value(c, e);
		return false;
	case AST_EMBEDDED:
		report_c(c, &e->embedded, e->span);
		return false;
	case AST_NUMBER:
	case AST_STRING:
	case AST_TARGET:
	case AST_ATOP:
	case AST_ACCESS:
	case AST_ADDRESS:
	case AST_UNARY:
	case AST_TERNARY:
		return true;
	case AST_CALL:
		check_call(c, e);
		return true;
	case AST_BINARY:
		check_match(c, e);
		return true;
	}
	return true;
}

/* ---- statements ---- */

static void check_expr(struct checker *c, struct ast_expr **e)
{
	walk_expr(e, visit, c);
}

static void check_foreach(struct checker *c, struct ast_stmt *s)
{
	struct ast_expr *a = s->foreach.array, *value = s->foreach.value;

	if (is_hist(a)) {
		check_stat(c, a);
		visit_keys(c, a->stat.of, false);
	} else if (a->kind != AST_NAME) {
		diag_error(c->program->diags, DIAG_HIST_USE, a->span,
			   "foreach goes through arrays and histograms only");
	}
	if (a->kind == AST_NAME && a->name.var &&
	    a->name.var->type == TY_STATS && value &&
	    value->kind == AST_NAME)
		vec_push(c->program->arena, &c->loop_values,
			 value->name.var);
	visit_list(c, &s->foreach.slice);
	check_expr(c, &s->foreach.limit);
	check_loop_writes(c->program, s);
}

static void check_delete(struct checker *c, struct ast_expr *e)
{
	visit_keys(c, e, true);
	if (e->kind == AST_NAME && e->name.var && !e->name.var->is_global &&
	    e->name.var->type == TY_STATS)
		bad_stat_local(c, e, e->name.var);
	if (e->kind != AST_NAME && e->kind != AST_INDEX)
		diag_error(c->program->diags, DIAG_NOT_ASSIGNABLE, e->span,
			   "only variables and elements of arrays can be deleted");
}

static bool visit_stmt(struct ast_stmt **place, void *data)
{
	struct checker *c = data;
	struct ast_stmt *s = *place;

	switch (s->kind) {
	case AST_S_EXPR:
	case AST_S_RETURN:
		check_expr(c, &s->expr);
		return true;
	case AST_S_IF:
		check_expr(c, &s->if_.cond);
		return true;
	case AST_S_WHILE:
	case AST_S_FOR:
		check_expr(c, &s->loop.init);
		check_expr(c, &s->loop.cond);
		check_expr(c, &s->loop.step);
		return true;
	case AST_S_FOREACH:
		check_foreach(c, s);
		return true;
	case AST_S_DELETE:
		check_delete(c, s->expr);
		return true;
	case AST_S_EMBEDDED:
		report_c(c, &s->embedded, s->span);
		return true;
	case AST_S_EMPTY:
	case AST_S_BLOCK:
	case AST_S_BREAK:
	case AST_S_CONTINUE:
	case AST_S_NEXT:
	case AST_S_TRY:
		return true;
	}
	return true;
}

/* ---- conditions ---- */

static bool visit_condition(struct ast_expr **place, void *data)
{
	struct program *p = data;
	const struct ast_expr *e = *place;
	bool bad = e->kind == AST_TARGET || e->kind == AST_ATOP ||
		   e->kind == AST_ACCESS || e->kind == AST_ADDRESS;

	if (e->kind == AST_CALL)
		for (const struct func *f = e->call.func; f;
		     f = f->next_overload)
			bad |= !f->pure;
	if (bad)
		diag_error(p->diags, DIAG_CONDITION_EFFECT, e->span,
			   "a condition can look at globals only");
	return true;
}

static void check_condition(struct checker *c, struct cond *cond)
{
	if (usage_has_effect(cond->expr))
		diag_error(c->program->diags, DIAG_CONDITION_EFFECT,
			   cond->expr->span,
			   "a condition must not change anything");
	else
		walk_expr(&cond->expr, visit_condition, c->program);
	check_expr(c, &cond->expr);
}

/* What cannot be in the kernel goes to the host, as far as that can be. */
static void check_where(struct program *p)
{
	struct diags *ds = p->diags, quiet;
	struct arena scratch;
	uint32_t errors;

	arena_init(&scratch);
	diags_init(&quiet, &scratch, p->sources);
	p->diags = &quiet;
	check_places(p);
	p->diags = ds;
	errors = quiet.errors;
	if (errors && moved(p)) {
		usage_compute(p);
		stacks_find(p);
	}
	if (errors || quiet.warnings)
		check_places(p);
	arena_deinit(&scratch);
}

void check(struct program *p)
{
	struct checker c = {
		.program = p,
		.first = arena_array(p->arena, p->globals.n + 1,
				     struct first_use),
		.asks_groups = usage_asks_groups(p),
	};

	usage_compute(p);
	stacks_find(p);
	for (uint32_t i = 0; i < p->probes.n; i++) {
		struct probe *pr = p->probes.v[i];

		for (struct cond *cond = pr->conditions; cond;
		     cond = cond->next)
			check_condition(&c, cond);
		walk_stmts(&pr->body, visit_stmt, &c);
	}
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		walk_stmts(&p->funcs.v[i]->body, visit_stmt, &c);
		check_loop_recursion(p, p->funcs.v[i]);
	}
	check_where(p);
}
