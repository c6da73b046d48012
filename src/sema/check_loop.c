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
