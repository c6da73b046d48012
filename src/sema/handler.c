/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A site is reached through a chain of aliases: of the one nearest to it the
 * prologue comes first, and the epilogue last.
 */
#include "sema/handler.h"

#include "sema/probewrite.h"

static void push_stmt(struct arena *a, struct ast_stmt *block,
		      const struct ast_stmt *s)
{
	if (s)
		vec_push(a, &block->block, ast_clone_stmt(a, s));
}

/* at: behind the prologues of those within u. */
static void push_epilogues(struct arena *a, struct ast_stmt *block,
			   const struct use *u, uint32_t at)
{
	struct ast_stmts *list = &block->block;
	uint32_t n;

	if (!u)
		return;
	at += u->alias->prologue != NULL;
	push_epilogues(a, block, u->outer, at);
	n = list->n;
	push_stmt(a, block, u->alias->epilogue);
	if (list->n > n)
		probewrite_decide_all(list->v[n], list->v + at, n - at);
}

static struct ast_stmt *block_new(struct arena *a, struct span span)
{
	struct ast_stmt *s = arena_new(a, struct ast_stmt);

	s->kind = AST_S_BLOCK;
	s->span = span;
	return s;
}

/* try { s } catch { } */
static struct ast_stmt *guarded(struct arena *a, struct ast_stmt *s)
{
	struct ast_stmt *t = arena_new(a, struct ast_stmt);

	t->kind = AST_S_TRY;
	t->span = s->span;
	t->try_.body = s;
	t->try_.handler = block_new(a, s->span);
	return t;
}

struct ast_stmt *handler_make(struct program *p, const struct use *chain,
			      const struct ast_stmt *body, struct span span)
{
	bool quiet = p->options->suppress_errors;
	struct arena *a = p->arena;
	struct ast_stmt *block = block_new(a, span), *outer;

	if (body && !chain && !quiet)
		return ast_clone_stmt(a, body);
	for (const struct use *u = chain; u; u = u->outer)
		push_stmt(a, block, u->alias->prologue);
	push_stmt(a, block, body);
	push_epilogues(a, block, chain, 0);
	if (body)
		block->span = body->span;
	if (!quiet)
		return block;
	outer = block_new(a, block->span);
	vec_push(a, &outer->block, guarded(a, block));
	return outer;
}

struct ast_stmt *handler_when(struct arena *a, const struct ast_expr *when,
			      struct ast_stmt *body)
{
	struct ast_stmt *block = block_new(a, body->span);
	struct ast_stmt *s = arena_new(a, struct ast_stmt);

	*s = (struct ast_stmt){ .kind = AST_S_IF, .span = body->span };
	s->if_.cond = ast_clone_expr(a, when);
	s->if_.yes = body;
	vec_push(a, &block->block, s);
	return block;
}
