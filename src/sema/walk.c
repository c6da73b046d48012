/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/walk.h"

#include "image/image.h"

#include "sema/program.h"

/* One visitor for both orders: exactly one of pre and post is set. */
struct walk {
	walk_expr_fn *pre;
	walk_expr_post_fn *post;
	void *data;
	enum walk_engine engine;
};

static void walk_one(const struct walk *w, struct ast_expr **e);

static void walk_list(const struct walk *w, struct ast_exprs *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		walk_one(w, &list->v[i]);
}

/* Once resolved, a target variable's operations hold its expressions. */
static bool walk_target(const struct walk *w, struct target *t)
{
	if (!t)
		return false;
	for (uint32_t i = 0; i < t->ops.n; i++)
		walk_one(w, &t->ops.v[i].expr);
	return true;
}

static void walk_access(const struct walk *w, struct ast_expr *e)
{
	if (walk_target(w, e->access.target))
		return;
	walk_one(w, &e->access.base);
	for (uint32_t i = 0; i < e->access.nsteps; i++)
		walk_one(w, &e->access.steps[i].index);
}

static void walk_children(const struct walk *w, struct ast_expr *e)
{
	switch (e->kind) {
	case AST_NUMBER:
	case AST_STRING:
	case AST_NAME:
	case AST_EMBEDDED:
		return;
	case AST_TARGET:
		walk_target(w, e->target.target);
		return;
	case AST_INDEX:
		walk_one(w, &e->index.base);
		walk_list(w, &e->index.keys);
		return;
	case AST_ATOP:
		if (!walk_target(w, e->at_op.target))
			walk_list(w, &e->at_op.args);
		return;
	case AST_ACCESS:
		walk_access(w, e);
		return;
	case AST_ADDRESS:
		if (!walk_target(w, e->address.target))
			walk_one(w, &e->address.of);
		return;
	case AST_UNARY:
		walk_one(w, &e->unary.a);
		return;
	case AST_BINARY:
		walk_one(w, &e->binary.a);
		walk_one(w, &e->binary.b);
		return;
	case AST_TERNARY:
		walk_one(w, &e->ternary.cond);
		walk_one(w, &e->ternary.yes);
		walk_one(w, &e->ternary.no);
		return;
	case AST_ASSIGN:
		walk_one(w, &e->assign.to);
		walk_one(w, &e->assign.value);
		return;
	case AST_INCDEC:
		walk_one(w, &e->incdec.of);
		return;
	case AST_IN:
		walk_list(w, &e->in.keys);
		walk_one(w, &e->in.array);
		return;
	case AST_CALL:
		walk_list(w, &e->call.args);
		return;
	case AST_PRINT:
		walk_list(w, &e->print.args);
		return;
	case AST_STAT:
		walk_one(w, &e->stat.of);
		return;
	}
}

static void walk_one(const struct walk *w, struct ast_expr **e)
{
	if (!*e)
		return;
	if (w->pre && !w->pre(e, w->data))
		return;
	walk_children(w, *e);
	if (w->post)
		w->post(e, w->data);
}

static void walk_stmt(const struct walk *w, struct ast_stmt *s);

static void walk_block(const struct walk *w, struct ast_stmts *block)
{
	for (uint32_t i = 0; i < block->n; i++)
		walk_stmt(w, block->v[i]);
}

static void walk_foreach(const struct walk *w, struct ast_stmt *s)
{
	walk_list(w, &s->foreach.keys);
	walk_one(w, &s->foreach.value);
	walk_one(w, &s->foreach.array);
	walk_list(w, &s->foreach.slice);
	walk_one(w, &s->foreach.limit);
	walk_stmt(w, s->foreach.body);
}

/* `if (__in_kernel())`: only the branch of the engine that is asked for. */
static void walk_if(const struct walk *w, struct ast_stmt *s)
{
	bool asks = w->engine != WALK_BOTH && walk_asks_engine(s->if_.cond);

	if (!asks)
		walk_one(w, &s->if_.cond);
	if (!asks || w->engine == WALK_KERNEL)
		walk_stmt(w, s->if_.yes);
	if (!asks || w->engine == WALK_HOST)
		walk_stmt(w, s->if_.no);
}

static void walk_stmt(const struct walk *w, struct ast_stmt *s)
{
	if (!s)
		return;
	switch (s->kind) {
	case AST_S_EMPTY:
	case AST_S_BREAK:
	case AST_S_CONTINUE:
	case AST_S_NEXT:
	case AST_S_EMBEDDED:
		return;
	case AST_S_EXPR:
	case AST_S_RETURN:
	case AST_S_DELETE:
		walk_one(w, &s->expr);
		return;
	case AST_S_BLOCK:
		walk_block(w, &s->block);
		return;
	case AST_S_IF:
		walk_if(w, s);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		walk_one(w, &s->loop.init);
		walk_one(w, &s->loop.cond);
		walk_one(w, &s->loop.step);
		walk_stmt(w, s->loop.body);
		return;
	case AST_S_FOREACH:
		walk_foreach(w, s);
		return;
	case AST_S_TRY:
		walk_stmt(w, s->try_.body);
		walk_one(w, &s->try_.message);
		walk_stmt(w, s->try_.handler);
		return;
	}
}

void walk_expr(struct ast_expr **e, walk_expr_fn *fn, void *data)
{
	walk_one(&(struct walk){ .pre = fn, .data = data }, e);
}

void walk_exprs(struct ast_stmt *s, walk_expr_fn *fn, void *data)
{
	walk_stmt(&(struct walk){ .pre = fn, .data = data }, s);
}

void walk_expr_post(struct ast_expr **e, walk_expr_post_fn *fn, void *data)
{
	walk_one(&(struct walk){ .post = fn, .data = data }, e);
}

bool walk_asks_engine(const struct ast_expr *e)
{
	return e->kind == AST_CALL && e->call.is_intrinsic &&
	       e->call.intrinsic == INTRIN_IN_KERNEL;
}

void walk_exprs_of(struct ast_stmt *s, enum walk_engine engine,
		   walk_expr_fn *fn, void *data)
{
	walk_stmt(&(struct walk){ .pre = fn, .data = data, .engine = engine },
		  s);
}

void walk_exprs_post(struct ast_stmt *s, walk_expr_post_fn *fn, void *data)
{
	walk_stmt(&(struct walk){ .post = fn, .data = data }, s);
}

const struct target *walk_target_of(const struct ast_expr *e)
{
	if (e->kind == AST_TARGET)
		return e->target.target;
	if (e->kind == AST_ATOP)
		return e->at_op.target;
	if (e->kind == AST_ACCESS)
		return e->access.target;
	if (e->kind == AST_ADDRESS)
		return e->address.target;
	return NULL;
}

void walk_stmts(struct ast_stmt **s, walk_stmt_fn *fn, void *data)
{
	if (!*s || !fn(s, data))
		return;
	switch ((*s)->kind) {
	case AST_S_BLOCK:
		for (uint32_t i = 0; i < (*s)->block.n; i++)
			walk_stmts(&(*s)->block.v[i], fn, data);
		return;
	case AST_S_IF:
		walk_stmts(&(*s)->if_.yes, fn, data);
		walk_stmts(&(*s)->if_.no, fn, data);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		walk_stmts(&(*s)->loop.body, fn, data);
		return;
	case AST_S_FOREACH:
		walk_stmts(&(*s)->foreach.body, fn, data);
		return;
	case AST_S_TRY:
		walk_stmts(&(*s)->try_.body, fn, data);
		walk_stmts(&(*s)->try_.handler, fn, data);
		return;
	case AST_S_EMPTY:
	case AST_S_EXPR:
	case AST_S_BREAK:
	case AST_S_CONTINUE:
	case AST_S_RETURN:
	case AST_S_NEXT:
	case AST_S_DELETE:
	case AST_S_EMBEDDED:
		return;
	}
}
