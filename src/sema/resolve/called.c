/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each question about a frame is a hidden variable of the scope, so that one
 * is asked only when those further in were answered by yes: of a stack that is
 * another one nothing is read.
 */
#include "sema/resolve/called.h"

#include "dbg/debuginfo.h"
#include "sema/resolve/target.h"

#define ASKED_MAX 64	/* calls that lead to one function */
#define FRAMES_MAX 8

struct called {
	struct program *p;
	struct target_scope *scope;
	struct span span;
	uint32_t nasked;
};

static struct ast_expr *node(const struct called *c, struct ast_expr e)
{
	struct ast_expr *n = arena_new(c->p->arena, struct ast_expr);

	*n = e;
	n->span = n->at = c->span;
	return n;
}

/* a op b; either may be NULL. */
static struct ast_expr *both(const struct called *c, enum ast_binop op,
			     struct ast_expr *a, struct ast_expr *b)
{
	if (!a || !b)
		return a ? a : b;
	return node(c, (struct ast_expr){
		.kind = AST_BINARY, .binary = { .op = op, .a = a, .b = b } });
}

/* Does frame n - 1 return there, those further in having done so? */
static struct ast_expr *question(struct called *c, const uint64_t *returns,
				 uint32_t n)
{
	struct program *p = c->p;
	struct debug_source *src = c->scope->source;
	struct dbg_loc loc =
		c->scope->has_return ?
			debuginfo_returned_to(src->info, p->arena, returns, n) :
			debuginfo_called_by(src->info, p->arena, c->scope->pc,
					    returns, n);
	struct target_root r = {
		.name = arena_printf(p->arena, "__called_%u", c->nasked++),
		.type_name = STR("long"),
		.hidden = true,
		.is_user = src->path.len > 0,
	};

	debug_locate(p, c->scope, src, &loc, &r);
	if (r.missing.len)
		return NULL;
	vec_push(p->arena, &c->scope->roots, r);
	return node(c, (struct ast_expr){
		.kind = AST_TARGET,
		.target = { .name = arena_printf(p->arena, "$%" STR_FMT,
						 STR_ARG(r.name)) } });
}

static struct ast_expr *by_any(struct called *c, const struct dbg_callees *all,
			       uint64_t entry, uint32_t below,
			       uint64_t *returns, uint32_t n);

/* By call k, whose function is frame n? */
static struct ast_expr *by_one(struct called *c, const struct dbg_callees *all,
			       uint32_t k, uint64_t *returns, uint32_t n)
{
	const struct dbg_callee *callee = &all->v[k];
	const struct dbg_callee *parent = callee->parent ?
		&all->v[callee->parent - 1] : NULL;
	struct ast_expr *e, *further;

	if (!callee->return_pc || n == FRAMES_MAX || c->nasked == ASKED_MAX)
		return NULL;
	returns[n] = callee->return_pc;
	e = question(c, returns, n + 1);
	if (!e || !parent)
		return e;
	further = by_any(c, all, parent->function.entry, callee->depth, returns,
			 n + 1);
	return further ? both(c, BINOP_LAND, e, further) : NULL;
}

/* By any call of the function of this entry that is less deep than `below`? */
static struct ast_expr *by_any(struct called *c, const struct dbg_callees *all,
			       uint64_t entry, uint32_t below,
			       uint64_t *returns, uint32_t n)
{
	struct ast_expr *e = NULL;

	for (uint32_t i = 0; i < all->n; i++)
		if (!all->v[i].function.is_inline &&
		    all->v[i].function.entry == entry &&
		    all->v[i].depth < below)
			e = both(c, BINOP_LOR, e,
				 by_one(c, all, i, returns, n));
	return e;
}

struct ast_expr *called_condition(struct program *p, struct target_scope *scope,
				  const struct dbg_callees *all, uint32_t k,
				  struct span span)
{
	struct called c = { .p = p, .scope = scope, .span = span };
	uint64_t returns[FRAMES_MAX];

	return by_any(&c, all, all->v[k].function.entry, UINT32_MAX, returns,
		      0);
}
