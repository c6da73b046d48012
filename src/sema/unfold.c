/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/unfold.h"

#include "sema/walk.h"

#define UNFOLD_PARAMS 8

/* The call that is all of the function; NULL = it is more, or less. */
static const struct ast_expr *only_call(const struct func *f)
{
	const struct ast_stmt *s = f->body;

	while (s && s->kind == AST_S_BLOCK && s->block.n == 1)
		s = s->block.v[0];
	if (!s || s->kind != AST_S_RETURN || !s->expr ||
	    s->expr->kind != AST_CALL || !s->expr->call.is_intrinsic ||
	    !(intrin_info[s->expr->call.intrinsic].flags & INF_HOST))
		return NULL;
	return s->expr;
}

/* The number of the parameter that e names; UNFOLD_PARAMS = none. */
static uint32_t param_of(const struct func *f, const struct ast_expr *e)
{
	for (uint32_t i = 0; i < f->nparams && i < UNFOLD_PARAMS; i++)
		if (e->kind == AST_NAME && e->name.var == f->vars.v[i])
			return i;
	return UNFOLD_PARAMS;
}

static bool is_moment(const struct ast_expr *e)
{
	return e->kind == AST_CALL && e->call.is_intrinsic &&
	       !e->call.args.n;
}

/* What a function of the library finds out about a parameter, at the moment. */
static bool is_question(const struct func *f, const struct ast_expr *e,
			uint32_t uses[])
{
	if (e->kind != AST_CALL || !e->call.func ||
	    !e->call.func->is_library || e->call.args.n != 1 ||
	    param_of(f, e->call.args.v[0]) == UNFOLD_PARAMS)
		return false;
	uses[param_of(f, e->call.args.v[0])]++;
	return true;
}

/* Parameters, each once; constants; and what there is at the moment. */
static bool is_simple(const struct func *f, const struct ast_expr *call)
{
	uint32_t uses[UNFOLD_PARAMS] = {};

	if (f->nparams > UNFOLD_PARAMS)
		return false;
	for (uint32_t i = 0; i < call->call.args.n; i++) {
		const struct ast_expr *e = call->call.args.v[i];
		uint32_t param = param_of(f, e);

		if (param < UNFOLD_PARAMS)
			uses[param]++;
		else if (!is_moment(e) && !is_question(f, e, uses) &&
			 e->kind != AST_NUMBER)
			return false;
	}
	for (uint32_t i = 0; i < f->nparams; i++)
		if (uses[i] != 1)
			return false;
	return true;
}

static struct ast_expr *argument(struct program *p, const struct func *f,
				 const struct ast_expr *call,
				 const struct ast_expr *e)
{
	uint32_t param = param_of(f, e);
	struct ast_expr *copy;

	if (param < UNFOLD_PARAMS)
		return call->call.args.v[param];
	copy = arena_new(p->arena, struct ast_expr);
	*copy = *e;
	copy->span = call->span;
	copy->at = call->at;
	if (e->kind == AST_CALL && e->call.args.n) {
		copy->call.args = (struct ast_exprs){};
		vec_push(p->arena, &copy->call.args,
			 argument(p, f, call, e->call.args.v[0]));
	}
	return copy;
}

static bool visit(struct ast_expr **place, void *data)
{
	struct ast_expr *e = *place, *new;
	const struct func *f = e->kind == AST_CALL ? e->call.func : NULL;
	const struct ast_expr *call;
	struct program *p = data;

	if (!f || !f->is_library || f->next_overload ||
	    e->call.args.n != f->nparams)
		return true;
	call = only_call(f);
	if (!call || !is_simple(f, call))
		return true;
	new = arena_new(p->arena, struct ast_expr);
	*new = *call;
	new->span = e->span;
	new->at = e->at;
	new->call.name = e->call.name;	/* for messages */
	new->call.args = (struct ast_exprs){};
	for (uint32_t i = 0; i < call->call.args.n; i++)
		vec_push(p->arena, &new->call.args,
			 argument(p, f, e, call->call.args.v[i]));
	*place = new;
	return true;
}

void unfold(struct program *p)
{
	for (uint32_t i = 0; i < p->probes.n; i++)
		walk_exprs(p->probes.v[i]->body, visit, p);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		walk_exprs(p->funcs.v[i]->body, visit, p);
}
