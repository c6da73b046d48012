/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rounds, until nothing goes any more: usage is computed, then each body is
 * rebuilt from below without what has no effect.  Only the first round warns:
 * what goes later is a consequence.
 *
 * Globals that are written and never read stay: they are shown at the end.
 */
#include "sema/elide.h"

#include "lang/diag.h"
#include "sema/defer.h"
#include "sema/embedded/embedded.h"
#include "sema/fold.h"
#include "sema/library.h"
#include "sema/scope.h"
#include "sema/usage.h"
#include "sema/walk.h"

struct elider {
	struct program *program;
	bool changed;
	bool warns;		/* the first round */
	bool all;		/* not only branches never taken */
	bool in_kernel, in_host;	/* where the code at hand runs */
	struct ast_stmt *body;		/* the whole of it */
};

static void elide_stmt(struct elider *el, struct ast_stmt **place);

/* ---- warnings: only about the script itself ---- */

static bool is_script(const struct elider *el, struct span span)
{
	const struct ast_file *f = scope_file(el->program, span);

	return f && !f->is_library;
}

static bool may_warn(const struct elider *el, struct span span)
{
	return el->warns && is_script(el, span);
}

/* ---- expressions whose value nobody wants ---- */

static bool is_dead_local(const struct ast_expr *e)
{
	return e->kind == AST_NAME && e->name.var &&
	       !e->name.var->is_global && !e->name.var->read;
}

/* An element of an array of the library that is filled for nobody. */
static bool is_dead_element(const struct ast_expr *e)
{
	const struct ast_expr *base = e->kind == AST_INDEX ? e->index.base :
							     NULL;
	const struct var *v = base && base->kind == AST_NAME ?
				      base->name.var : NULL;

	if (!v || !v->is_global || !v->is_library || v->read)
		return false;
	for (uint32_t i = 0; i < e->index.keys.n; i++)
		if (usage_has_effect(e->index.keys.v[i]))
			return false;
	return true;
}

static void warn_assignment(struct elider *el, const struct ast_expr *e)
{
	struct diags *ds = el->program->diags;
	const struct ast_expr *to = e->kind == AST_ASSIGN ? e->assign.to :
							    e->incdec.of;

	if (may_warn(el, e->span) && !to->name.var->is_deferred &&
	    !embedded_is_name(to->name.name))
		diag_warning(ds, DIAG_ELIDED_ASSIGNMENT, e->span,
			     "'%" STR_FMT "' is assigned but never used",
			     STR_ARG(to->name.name));
}

/* Assignments to locals that are never read become their right side. */
static void strip_dead(struct ast_expr **place, void *data)
{
	struct elider *el = data;
	struct ast_expr *e = *place;

	if (e->kind != AST_ASSIGN || !is_dead_local(e->assign.to) ||
	    e->assign.op != BINOP_SET)
		return;
	warn_assignment(el, e);
	*place = e->assign.value;
	el->changed = true;
}

/* The same where the value is not wanted: all kinds of assignment.  NULL =
 * nothing is left. */
static struct ast_expr *reduce(struct elider *el, struct ast_expr *e)
{
	if (e->kind == AST_ASSIGN && is_dead_local(e->assign.to)) {
		warn_assignment(el, e);
		el->changed = true;
		return reduce(el, e->assign.value);
	}
	if (e->kind == AST_ASSIGN && is_dead_element(e->assign.to)) {
		el->changed = true;
		return reduce(el, e->assign.value);
	}
	if (e->kind == AST_INCDEC && is_dead_local(e->incdec.of)) {
		warn_assignment(el, e);
		el->changed = true;
		return NULL;
	}
	return usage_is_idle(e) ? NULL : e;
}

static bool was_assignment(const struct ast_expr *e)
{
	return e->kind == AST_ASSIGN || e->kind == AST_INCDEC;
}

/* ---- statements ---- */

static void become_empty(struct elider *el, struct ast_stmt *s)
{
	if (s->kind == AST_S_EMPTY)
		return;
	s->kind = AST_S_EMPTY;
	el->changed = true;
}

static bool is_empty(const struct ast_stmt *s)
{
	return !s || s->kind == AST_S_EMPTY ||
	       (s->kind == AST_S_BLOCK && !s->block.n);
}

static struct ast_stmt *expr_stmt(struct elider *el, struct ast_expr *e)
{
	struct ast_stmt *s = arena_new(el->program->arena, struct ast_stmt);

	s->kind = AST_S_EXPR;
	s->span = e->span;
	s->expr = e;
	return s;
}

static struct ast_expr *negated(struct elider *el, struct ast_expr *e)
{
	struct ast_expr *not = arena_new(el->program->arena, struct ast_expr);

	not->kind = AST_UNARY;
	not->span = e->span;
	not->at = e->at;
	not->unary.op = UNOP_NOT;
	not->unary.a = e;
	return not;
}

/* `a && f()`, `a || f()`, `a ? f() : g()` as statements want no value: so
 * what they choose between needs none. */
static bool become_if(struct elider *el, struct ast_stmt *s)
{
	struct ast_expr *e = s->expr, *cond, *yes, *no = NULL;

	if (e->kind == AST_TERNARY) {
		cond = e->ternary.cond;
		yes = e->ternary.yes;
		no = e->ternary.no;
	} else if (e->kind == AST_BINARY && (e->binary.op == BINOP_LAND ||
					     e->binary.op == BINOP_LOR)) {
		cond = e->binary.op == BINOP_LAND ? e->binary.a :
						    negated(el, e->binary.a);
		yes = e->binary.b;
	} else {
		return false;
	}
	s->kind = AST_S_IF;
	s->if_.cond = cond;
	s->if_.yes = expr_stmt(el, yes);
	s->if_.no = no ? expr_stmt(el, no) : NULL;
	el->changed = true;
	return true;
}

/* asmlinkage(): what gives no value is meant as a statement. */
static bool is_statement(const struct ast_expr *e)
{
	return e->kind == AST_CALL && e->call.func &&
	       e->call.func->is_library && e->call.func->type == TY_UNKNOWN;
}

static void warn_no_effect(struct elider *el, const struct ast_stmt *s)
{
	struct diags *ds = el->program->diags;
	struct diag *d = diag_warning(ds, DIAG_NO_EFFECT, s->span,
				      "this statement has no effect");
	struct str name = s->expr->kind == AST_NAME ? s->expr->name.name :
						      (struct str){};

	if (str_starts(name, STR("print")))
		diag_help(ds, d, "a function is called with parentheses: %"
			  STR_FMT "(...)", STR_ARG(name));
	else if (library_has_function(el->program, name))
		diag_help(ds, d, "a function is called with parentheses: %"
			  STR_FMT "()", STR_ARG(name));
}

static void elide_expr_stmt(struct elider *el, struct ast_stmt *s)
{
	struct ast_expr *left;

	if (!el->all)
		return;
	left = reduce(el, s->expr);
	if (left) {
		s->expr = left;
		return;
	}
	if (!was_assignment(s->expr) && !is_statement(s->expr) &&
	    may_warn(el, s->span))
		warn_no_effect(el, s);
	become_empty(el, s);
}

/* Does nothing that stands behind it run? */
static bool is_leaving(const struct ast_stmt *s)
{
	return s->kind == AST_S_RETURN || s->kind == AST_S_NEXT ||
	       s->kind == AST_S_BREAK || s->kind == AST_S_CONTINUE;
}

static void drop_unreachable(struct elider *el, struct ast_stmts *b,
			     uint32_t i)
{
	if (i + 1 >= b->n)
		return;
	if (may_warn(el, b->v[i + 1]->span))
		diag_warning(el->program->diags, DIAG_UNREACHABLE,
			     b->v[i + 1]->span,
			     "this statement is never reached");
	b->n = i + 1;
	el->changed = true;
}

static void elide_block(struct elider *el, struct ast_stmt *s)
{
	struct ast_stmts *b = &s->block;
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n; i++) {
		elide_stmt(el, &b->v[i]);
		if (!is_empty(b->v[i]))
			b->v[n++] = b->v[i];
		else
			el->changed = true;
		if (!is_empty(b->v[i]) && is_leaving(b->v[i])) {
			drop_unreachable(el, b, i);
			break;
		}
	}
	b->n = n;
}

/* Nothing is left but the condition. */
static void become_condition(struct elider *el, struct ast_stmt *s,
			     struct ast_expr *cond)
{
	s->kind = AST_S_EXPR;
	s->expr = cond;
	el->changed = true;
	if (usage_is_idle(cond))
		become_empty(el, s);
}

/* 1: the condition holds, 0: it does not, -1: not known yet. */
static int decided(const struct elider *el, const struct ast_expr *cond)
{
	if (cond->kind == AST_NUMBER)
		return cond->number != 0;
	if (walk_asks_engine(cond) && el->in_kernel != el->in_host)
		return el->in_kernel;
	return -1;
}

static void elide_if(struct elider *el, struct ast_stmt **place)
{
	struct ast_stmt *s = *place;
	int is_true = decided(el, s->if_.cond);

	if (is_true >= 0) {
		struct ast_stmt *taken = is_true ? s->if_.yes : s->if_.no;

		if (taken)
			*place = taken;
		else
			become_empty(el, s);
		el->changed = true;
		elide_stmt(el, place);
		return;
	}
	elide_stmt(el, &s->if_.yes);
	if (s->if_.no)
		elide_stmt(el, &s->if_.no);
	if (s->if_.no && is_empty(s->if_.no)) {
		s->if_.no = NULL;
		el->changed = true;
	}
	if (el->all && is_empty(s->if_.yes) && !s->if_.no)
		become_condition(el, s, s->if_.cond);
}

/* Mentions of a variable. */
struct mentions {
	const struct var *var;
	uint32_t n;
};

static bool count_mention(struct ast_expr **place, void *data)
{
	struct mentions *m = data;

	m->n += (*place)->kind == AST_NAME && (*place)->name.var == m->var;
	return true;
}

static uint32_t mentions(const struct var *v, struct ast_stmt *in)
{
	struct mentions m = { .var = v };

	walk_exprs(in, count_mention, &m);
	return m.n;
}

struct idle {
	struct elider *el;
	struct ast_stmt *loop;
	bool is_busy;
};

/* What the loop sets is of use in the loop only. */
static bool is_own(const struct idle *i, const struct ast_expr *to)
{
	const struct var *v = to->kind == AST_NAME ? to->name.var : NULL;

	return v && !v->is_global && !v->is_param &&
	       mentions(v, i->loop) == mentions(v, i->el->body);
}

static bool idle_visit(struct ast_expr **place, void *data)
{
	struct idle *i = data;
	const struct ast_expr *e = *place;

	if (e->kind == AST_ASSIGN)
		i->is_busy |= !is_own(i, e->assign.to);
	else if (e->kind == AST_INCDEC)
		i->is_busy |= !is_own(i, e->incdec.of);
	else if (e->kind == AST_CALL)
		i->is_busy |= !e->call.is_intrinsic ||
			      !(intrin_info[e->call.intrinsic].flags &
				INF_PURE);
	return !i->is_busy;
}

/* A loop of the library that goes on to do nothing, as the loops there
 * end. */
static bool is_idle(struct elider *el, struct ast_stmt *s)
{
	struct idle i = { .el = el, .loop = s };

	if (!is_empty(s->loop.body) || is_script(el, s->span))
		return false;
	walk_exprs(s, idle_visit, &i);
	return !i.is_busy;
}

static void elide_loop(struct elider *el, struct ast_stmt *s)
{
	if (s->loop.cond && fold_is(s->loop.cond, false)) {
		struct ast_expr *init = s->kind == AST_S_FOR ? s->loop.init :
							       NULL;

		if (init)
			become_condition(el, s, init);
		else
			become_empty(el, s);
		return;
	}
	elide_stmt(el, &s->loop.body);
	if (s->kind != AST_S_FOR || !el->all)
		return;
	if (is_idle(el, s)) {
		become_empty(el, s);
		return;
	}
	if (s->loop.init)
		s->loop.init = reduce(el, s->loop.init);
	if (s->loop.step)
		s->loop.step = reduce(el, s->loop.step);
}

static bool is_array(const struct ast_expr *e)
{
	return e->kind == AST_NAME;
}

static void elide_foreach(struct elider *el, struct ast_stmt *s)
{
	struct ast_expr *value = s->foreach.value;

	elide_stmt(el, &s->foreach.body);
	if (el->all && value && is_dead_local(value) &&
	    is_array(s->foreach.array) &&
	    s->foreach.sort_by != AST_SORT_VALUE) {
		s->foreach.value = NULL;
		el->changed = true;
	}
	/* A sort stays: it reorders the array. */
	if (el->all && is_empty(s->foreach.body) &&
	    s->foreach.sort_by == AST_SORT_NONE && !s->foreach.slice.n &&
	    (!s->foreach.limit || !usage_has_effect(s->foreach.limit)))
		become_empty(el, s);
}

static void elide_try(struct elider *el, struct ast_stmt *s)
{
	elide_stmt(el, &s->try_.body);
	elide_stmt(el, &s->try_.handler);
	if (el->all && s->try_.message && is_dead_local(s->try_.message)) {
		s->try_.message = NULL;
		el->changed = true;
	}
	if (is_empty(s->try_.body))
		become_empty(el, s);
}

/* What is folded at a place of an expression. */
static void fold_places(struct ast_stmt *s)
{
	switch (s->kind) {
	case AST_S_EXPR:
	case AST_S_RETURN:
	case AST_S_DELETE:
		if (s->expr)
			fold_expr(&s->expr);
		return;
	case AST_S_IF:
		fold_expr(&s->if_.cond);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		fold_expr(&s->loop.init);
		fold_expr(&s->loop.cond);
		fold_expr(&s->loop.step);
		return;
	case AST_S_FOREACH:
		fold_expr(&s->foreach.array);
		for (uint32_t i = 0; i < s->foreach.slice.n; i++)
			fold_expr(&s->foreach.slice.v[i]);
		fold_expr(&s->foreach.limit);
		return;
	case AST_S_EMPTY:
	case AST_S_BLOCK:
	case AST_S_BREAK:
	case AST_S_CONTINUE:
	case AST_S_NEXT:
	case AST_S_TRY:
	case AST_S_EMBEDDED:
		return;
	}
}

static void strip_places(struct elider *el, struct ast_stmt *s)
{
	switch (s->kind) {
	case AST_S_EXPR:
		/* The statement itself: reduce(); below it: here. */
		if (s->expr->kind == AST_ASSIGN)
			walk_expr_post(&s->expr->assign.value, strip_dead, el);
		else
			walk_expr_post(&s->expr, strip_dead, el);
		return;
	case AST_S_RETURN:
		if (s->expr)
			walk_expr_post(&s->expr, strip_dead, el);
		return;
	case AST_S_IF:
		walk_expr_post(&s->if_.cond, strip_dead, el);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		if (s->loop.cond)
			walk_expr_post(&s->loop.cond, strip_dead, el);
		return;
	case AST_S_DELETE:
	case AST_S_FOREACH:
	case AST_S_EMPTY:
	case AST_S_BLOCK:
	case AST_S_BREAK:
	case AST_S_CONTINUE:
	case AST_S_NEXT:
	case AST_S_TRY:
	case AST_S_EMBEDDED:
		return;
	}
}

static void elide_stmt(struct elider *el, struct ast_stmt **place)
{
	struct ast_stmt *s = *place;

	if (!s)
		return;
	fold_places(s);
	if (el->all)
		strip_places(el, s);
	switch (s->kind) {
	case AST_S_EXPR:
		if (become_if(el, s))
			elide_if(el, place);
		else
			elide_expr_stmt(el, s);
		return;
	case AST_S_BLOCK:
		elide_block(el, s);
		return;
	case AST_S_IF:
		elide_if(el, place);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		elide_loop(el, s);
		return;
	case AST_S_FOREACH:
		elide_foreach(el, s);
		return;
	case AST_S_TRY:
		elide_try(el, s);
		return;
	case AST_S_EMPTY:
	case AST_S_BREAK:
	case AST_S_CONTINUE:
	case AST_S_RETURN:
	case AST_S_NEXT:
	case AST_S_DELETE:
	case AST_S_EMBEDDED:
		return;
	}
}

/* ---- functions, variables, probes ---- */

static void drop_funcs(struct elider *el)
{
	struct program *p = el->program;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->funcs.n; i++) {
		struct func *f = p->funcs.v[i];

		if (!f->called_in_kernel && !f->called_in_host)
			continue;
		f->number = n;
		p->funcs.v[n++] = f;
	}
	el->changed |= n != p->funcs.n;
	p->funcs.n = n;
}

static void drop_locals(struct vars *vars, uint32_t keep)
{
	uint32_t n = keep;

	for (uint32_t i = keep; i < vars->n; i++) {
		struct var *v = vars->v[i];

		if (!v->read && !v->written)
			continue;
		v->number = n;
		vars->v[n++] = v;
	}
	vars->n = n;
}

static void warn_unused(struct elider *el, const struct var *v)
{
	if (!v->is_library && !v->has_override && is_script(el, v->span))
		diag_warning(el->program->diags, DIAG_UNUSED_VARIABLE, v->span,
			     "the global '%" STR_FMT "' is never used",
			     STR_ARG(v->name));
}

static void drop_globals(struct elider *el)
{
	struct program *p = el->program;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->globals.n; i++) {
		struct var *v = p->globals.v[i];

		if (!v->read && !v->written) {
			warn_unused(el, v);
			continue;
		}
		v->number = n;
		p->globals.v[n++] = v;
	}
	p->globals.n = n;
}

/* What @perf reads; its handler is never run. */
static bool is_counter(const struct probe *pr)
{
	return pr->kind == PROBE_PERF && pr->site.name;
}

static void drop_probes(struct elider *el)
{
	struct program *p = el->program;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->probes.n; i++) {
		struct probe *pr = p->probes.v[i];

		if (el->all && is_empty(pr->body) && !is_counter(pr)) {
			if (is_script(el, pr->span))
				diag_warning(p->diags, DIAG_EMPTY_PROBE,
					     pr->span,
					     "the handler of '%" STR_FMT
					     "' does nothing",
					     STR_ARG(pr->name));
			el->changed = true;
			continue;
		}
		pr->number = n;
		p->probes.v[n++] = pr;
	}
	p->probes.n = n;
}

/* ---- what the script says but does not use ---- */

static bool is_instantiated(const struct program *p,
			    const struct ast_function *fn)
{
	for (uint32_t i = 0; i < p->funcs.n; i++)
		if (p->funcs.v[i]->decl == fn)
			return true;
	return false;
}

static void warn_uncalled(struct elider *el, const struct ast_file *f)
{
	struct program *p = el->program;

	for (uint32_t i = 0; !f->is_library && i < f->functions.n; i++) {
		const struct ast_function *fn = f->functions.v[i];

		if (!is_instantiated(p, fn))
			diag_warning(p->diags, DIAG_UNUSED_FUNCTION, fn->span,
				     "the function '%" STR_FMT
				     "' is never called", STR_ARG(fn->name));
	}
}

static void warn_unset(struct elider *el, const struct var *v,
		       const struct vars *beside)
{
	struct diags *ds = el->program->diags;
	struct diag *d;

	if (!v->read || v->written || v->init || v->has_override ||
	    v->is_param || v->is_library || !is_script(el, v->span))
		return;
	d = diag_warning(ds, DIAG_NEVER_ASSIGNED, v->span,
			 "'%" STR_FMT "' is never assigned", STR_ARG(v->name));
	scope_help_unset(el->program, d, v->name, beside);
}

static void warn_unset_of(struct elider *el, const struct vars *vars)
{
	for (uint32_t i = 0; i < vars->n; i++)
		warn_unset(el, vars->v[i], vars);
}

static void warn_unset_all(struct elider *el)
{
	struct program *p = el->program;

	warn_unset_of(el, &p->globals);
	for (uint32_t i = 0; i < p->probes.n; i++)
		warn_unset_of(el, &p->probes.v[i]->locals);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		warn_unset_of(el, &p->funcs.v[i]->vars);
}

static void elide_round(struct elider *el)
{
	struct program *p = el->program;

	el->changed = false;
	usage_compute(p);
	drop_funcs(el);
	for (uint32_t i = 0; i < p->probes.n; i++) {
		for (struct cond *c = p->probes.v[i]->conditions; c;
		     c = c->next)
			fold_expr(&c->expr);
		el->in_kernel = image_probe_is_kernel(p->probes.v[i]->kind);
		el->in_host = !el->in_kernel;
		el->body = p->probes.v[i]->body;
		elide_stmt(el, &p->probes.v[i]->body);
	}
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		el->in_kernel = p->funcs.v[i]->called_in_kernel;
		el->in_host = p->funcs.v[i]->called_in_host;
		el->body = p->funcs.v[i]->body;
		elide_stmt(el, &p->funcs.v[i]->body);
	}
	drop_probes(el);
}

static void drop_unused(struct elider *el)
{
	struct program *p = el->program;

	for (uint32_t i = 0; i < p->probes.n; i++)
		drop_locals(&p->probes.v[i]->locals, 0);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		drop_locals(&p->funcs.v[i]->vars, p->funcs.v[i]->nparams);
	drop_globals(el);
}

/* There was none from the start. */
static void report_none(struct program *p)
{
	bool had_any = false;
	struct diag *d;

	for (uint32_t i = 0; i < p->files.n; i++)
		had_any |= p->files.v[i]->probes.n > 0;
	d = diag_error(p->diags, DIAG_NO_PROBES, (struct span){},
		       "the script has no probes");
	if (had_any)
		diag_help(p->diags, d, "all its probe points are optional, "
			  "and none of them exists here");
	else
		diag_help(p->diags, d, "probe begin { println(\"hello\") "
			  "exit() } is one");
}

void elide(struct program *p)
{
	struct elider el = {
		.program = p,
		.warns = true,
		.all = !p->options->unoptimized,
	};

	if (!p->probes.n)
		report_none(p);
	usage_compute(p);
	if (el.all && defer(p))
		usage_compute(p);
	for (uint32_t i = 0; i < p->files.n; i++)
		warn_uncalled(&el, p->files.v[i]);
	do {
		elide_round(&el);
		el.warns = false;
	} while (el.changed);
	usage_compute(p);
	warn_unset_all(&el);
	drop_unused(&el);
}
