/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/check_loop.h"

#include "lang/diag.h"
#include "sema/walk.h"

struct loop {
	struct program *program;
	const struct var *array;
	struct span span;		/* of the loop's array */
	const struct ast_expr *call;	/* in the loop, when inside functions */
	bool *seen;			/* functions, by number */
};

static void report(struct loop *l, const struct ast_expr *e)
{
	struct diags *ds = l->program->diags;
	struct diag *d;

	if (l->call)
		d = diag_error(ds, DIAG_FOREACH_MODIFIES, l->call->span,
			       "this call modifies '%" STR_FMT
			       "' while the loop goes through it",
			       STR_ARG(l->array->name));
	else
		d = diag_error(ds, DIAG_FOREACH_MODIFIES, e->span,
			       "'%" STR_FMT
			       "' is modified while the loop goes through it",
			       STR_ARG(l->array->name));
	if (d->parts.n)
		return;
	if (l->call)
		diag_note(ds, d, e->span, "it is modified here");
	diag_note(ds, d, l->span, "the loop is here");
	diag_help(ds, d,
		  "`delete %" STR_FMT "` behind the loop empties it",
		  STR_ARG(l->array->name));
}

static bool is_array(const struct loop *l, const struct ast_expr *e)
{
	if (e->kind == AST_INDEX)
		e = e->index.base;
	return e->kind == AST_NAME && e->name.var == l->array;
}

static void look_at(struct loop *l, struct ast_stmt *body);

static bool visit(struct ast_expr **place, void *data)
{
	struct loop *l = data;
	struct ast_expr *e = *place;
	bool outermost = !l->call;

	if (e->kind == AST_ASSIGN && is_array(l, e->assign.to))
		report(l, e->assign.to);
	else if (e->kind == AST_INCDEC && is_array(l, e->incdec.of))
		report(l, e->incdec.of);
	if (e->kind != AST_CALL)
		return true;
	if (outermost)
		l->call = e;
	for (struct func *f = e->call.func; f; f = f->next_overload) {
		if (l->seen[f->number])
			continue;
		l->seen[f->number] = true;
		look_at(l, f->body);
	}
	if (outermost)
		l->call = NULL;
	return true;
}

static bool visit_stmt(struct ast_stmt **place, void *data)
{
	struct loop *l = data;
	struct ast_stmt *s = *place;

	if (s->kind == AST_S_DELETE && is_array(l, s->expr))
		report(l, s->expr);
	return true;
}

static void look_at(struct loop *l, struct ast_stmt *body)
{
	walk_exprs(body, visit, l);
	walk_stmts(&body, visit_stmt, l);
}

void check_loop_writes(struct program *p, struct ast_stmt *foreach)
{
	const struct ast_expr *a = foreach->foreach.array;
	struct loop l = { .program = p, .span = a->span };

	if (a->kind == AST_STAT)
		a = a->stat.of;
	if (a->kind == AST_INDEX)
		a = a->index.base;
	if (a->kind != AST_NAME || !a->name.var)
		return;
	l.array = a->name.var;
	l.seen = arena_array(p->arena, p->funcs.n + 1, bool);
	look_at(&l, foreach->foreach.body);
}

static bool visit_recursion(struct ast_expr **place, void *data)
{
	struct program *p = data;
	const struct ast_expr *e = *place;
	struct diag *d;

	if (e->kind != AST_CALL || !e->call.func || !e->call.func->recursive)
		return true;
	d = diag_error(p->diags, DIAG_NOT_IN_KERNEL, e->span,
		       "in the kernel, '%" STR_FMT
		       "' cannot call itself inside a foreach loop",
		       STR_ARG(e->call.name));
	diag_help(p->diags, d, "note the keys in the loop, and call behind it");
	return true;
}

static bool visit_recursive_body(struct ast_stmt **place, void *data)
{
	struct ast_stmt *s = *place;

	if (s->kind == AST_S_FOREACH && s->foreach.array->kind == AST_NAME)
		walk_exprs(s->foreach.body, visit_recursion, data);
	return true;
}

void check_loop_recursion(struct program *p, struct func *f)
{
	if (f->recursive && f->called_in_kernel)
		walk_stmts(&f->body, visit_recursive_body, p);
}
