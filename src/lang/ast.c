/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/ast.h"

#include "base/arena.h"

/* ---- names ---- */

const char *ast_unop_name(enum ast_unop op)
{
	static const char *const names[] = {
#define UNOP(id, spelling) spelling,
#include "lang/ast.def"
#undef UNOP
	};

	return names[op];
}

const char *ast_binop_name(enum ast_binop op)
{
	static const char *const names[] = {
#define BINOP(id, spelling, prec) spelling,
#include "lang/ast.def"
#undef BINOP
	};

	return names[op];
}

const char *ast_atop_name(enum ast_atop op)
{
	static const char *const names[] = {
#define ATOP(id, spelling, min, max) spelling,
#include "lang/ast.def"
#undef ATOP
	};

	return names[op];
}

const char *ast_statop_name(enum ast_statop op)
{
	static const char *const names[] = {
#define STATOP(id, spelling) spelling,
#include "lang/ast.def"
#undef STATOP
	};

	return names[op];
}

const char *ast_printop_name(enum ast_printop op)
{
	static const char *const names[] = {
#define PRINTOP(id, spelling) spelling,
#include "lang/ast.def"
#undef PRINTOP
	};

	return names[op];
}

const char *ty_name(enum ty t)
{
	switch (t) {
	case TY_UNKNOWN:
		return "unknown";
	case TY_LONG:
		return "long";
	case TY_STRING:
		return "string";
	case TY_STATS:
		return "stats";
	}
	return "?";
}

/* ---- copies ---- */

static void clone(struct arena *a, struct ast_expr **e)
{
	if (*e)
		*e = ast_clone_expr(a, *e);
}

static void clone_list(struct arena *a, struct ast_exprs *list)
{
	struct ast_exprs copy = {};

	for (uint32_t i = 0; i < list->n; i++) {
		struct ast_expr *e = list->v[i];

		vec_push(a, &copy, e ? ast_clone_expr(a, e) : NULL);
	}
	*list = copy;
}

static void clone_access(struct arena *a, struct ast_expr *e)
{
	uint32_t n = e->access.nsteps;
	struct ast_step *steps = arena_array(a, n, struct ast_step);

	for (uint32_t i = 0; i < n; i++) {
		steps[i] = e->access.steps[i];
		clone(a, &steps[i].index);
	}
	e->access.steps = steps;
	e->access.cap_steps = n;
	e->access.target = NULL;
	clone(a, &e->access.base);
}

/* What a flat copy of e shares with its original. */
static void clone_children(struct arena *a, struct ast_expr *e)
{
	switch (e->kind) {
	case AST_NUMBER:
	case AST_STRING:
	case AST_EMBEDDED:
		return;
	case AST_NAME:
		e->name.var = NULL;
		return;
	case AST_INDEX:
		clone(a, &e->index.base);
		clone_list(a, &e->index.keys);
		return;
	case AST_TARGET:
		e->target.target = NULL;
		return;
	case AST_ATOP:
		e->at_op.target = NULL;
		clone_list(a, &e->at_op.args);
		return;
	case AST_ACCESS:
		clone_access(a, e);
		return;
	case AST_ADDRESS:
		e->address.target = NULL;
		clone(a, &e->address.of);
		return;
	case AST_UNARY:
		clone(a, &e->unary.a);
		return;
	case AST_BINARY:
		clone(a, &e->binary.a);
		clone(a, &e->binary.b);
		return;
	case AST_TERNARY:
		clone(a, &e->ternary.cond);
		clone(a, &e->ternary.yes);
		clone(a, &e->ternary.no);
		return;
	case AST_ASSIGN:
		clone(a, &e->assign.to);
		clone(a, &e->assign.value);
		return;
	case AST_INCDEC:
		clone(a, &e->incdec.of);
		return;
	case AST_IN:
		clone_list(a, &e->in.keys);
		clone(a, &e->in.array);
		return;
	case AST_CALL:
		e->call.func = NULL;
		e->call.is_intrinsic = false;
		e->call.intrinsic = 0;
		clone_list(a, &e->call.args);
		return;
	case AST_PRINT:
		clone_list(a, &e->print.args);
		return;
	case AST_STAT:
		clone(a, &e->stat.of);
		return;
	}
}

struct ast_expr *ast_clone_expr(struct arena *a, const struct ast_expr *e)
{
	struct ast_expr *copy = arena_new(a, struct ast_expr);

	*copy = *e;
	copy->type = TY_UNKNOWN;
	copy->bound = 0;
	clone_children(a, copy);
	return copy;
}

static void clone_into(struct arena *a, struct ast_stmt **s)
{
	if (*s)
		*s = ast_clone_stmt(a, *s);
}

static void clone_block(struct arena *a, struct ast_stmts *block)
{
	struct ast_stmts copy = {};

	for (uint32_t i = 0; i < block->n; i++)
		vec_push(a, &copy, ast_clone_stmt(a, block->v[i]));
	*block = copy;
}

static void clone_foreach(struct arena *a, struct ast_stmt *s)
{
	clone_list(a, &s->foreach.keys);
	clone(a, &s->foreach.value);
	clone(a, &s->foreach.array);
	clone_list(a, &s->foreach.slice);
	clone(a, &s->foreach.limit);
	clone_into(a, &s->foreach.body);
}

static void clone_stmt_children(struct arena *a, struct ast_stmt *s)
{
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
		clone(a, &s->expr);
		return;
	case AST_S_BLOCK:
		clone_block(a, &s->block);
		return;
	case AST_S_IF:
		clone(a, &s->if_.cond);
		clone_into(a, &s->if_.yes);
		clone_into(a, &s->if_.no);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		clone(a, &s->loop.init);
		clone(a, &s->loop.cond);
		clone(a, &s->loop.step);
		clone_into(a, &s->loop.body);
		return;
	case AST_S_FOREACH:
		clone_foreach(a, s);
		return;
	case AST_S_TRY:
		clone_into(a, &s->try_.body);
		clone(a, &s->try_.message);
		clone_into(a, &s->try_.handler);
		return;
	}
}

struct ast_stmt *ast_clone_stmt(struct arena *a, const struct ast_stmt *s)
{
	struct ast_stmt *copy = arena_new(a, struct ast_stmt);

	*copy = *s;
	clone_stmt_children(a, copy);
	return copy;
}
