/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each question about a frame is a hidden variable of the scope, so that one
 * is asked only when those further in were answered by yes: of a stack that is
 * another one nothing is read.
 *
 * A call that is the last of a function may be made a jump: what was jumped to
 * returns to who called the function that jumped.  That says who jumped, since
 * a call names what it calls; where there are two ways of jumps from that to
 * the function at hand, it is not known which was taken, and both are meant.
 */
#include "sema/resolve/called.h"

#include "dbg/debuginfo.h"
#include "lang/diag.h"
#include "sema/resolve/target.h"

#define ASKED_MAX 64	/* calls that lead to one function */
#define FRAMES_MAX 8

struct called {
	struct program *p;
	struct target_scope *scope;
	const struct dbg_callees *all;
	struct span span;
	uint32_t nasked;
	bool too_many;
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

static struct ast_expr *by_any(struct called *c, uint64_t entry, uint32_t deep,
			       uint64_t *returns, uint32_t n);

/* Did frame n return there, and was its caller called as the list says? */
static struct ast_expr *by_call(struct called *c, uint64_t return_pc,
				uint32_t parent, uint32_t deep,
				uint64_t *returns, uint32_t n)
{
	struct ast_expr *e, *further;

	if (n == FRAMES_MAX)
		return NULL;
	if (c->nasked == ASKED_MAX) {
		c->too_many = true;
		return NULL;
	}
	returns[n] = return_pc;
	e = question(c, returns, n + 1);
	if (!e || !parent)
		return e;
	further = by_any(c, c->all->v[parent - 1].function.entry, deep - 1,
			 returns, n + 1);
	return further ? both(c, BINOP_LAND, e, further) : NULL;
}

/* A function that was jumped to returns to a call of the one that jumped. */
static struct ast_expr *by_jump(struct called *c, uint32_t parent,
				uint32_t deep, uint64_t *returns, uint32_t n)
{
	uint64_t calls[ASKED_MAX];
	struct ast_expr *e = NULL;
	uint32_t ncalls;

	if (parent)
		return by_any(c, c->all->v[parent - 1].function.entry,
			      deep - 1, returns, n);
	ncalls = debuginfo_calls_of(c->scope->source->info, &c->all->of, calls,
				    ASKED_MAX);
	for (uint32_t i = 0; i < ncalls; i++)
		e = both(c, BINOP_LOR, e,
			 by_call(c, calls[i], 0, deep, returns, n));
	return e;
}

/* By any call of the function of this entry, frame n, that is at most so deep?
 * Each is listed once, as deep as it is by the shortest way: there may be
 * longer. */
static struct ast_expr *by_any(struct called *c, uint64_t entry, uint32_t deep,
			       uint64_t *returns, uint32_t n)
{
	struct ast_expr *e = NULL, *one;

	for (uint32_t i = 0; i < c->all->n; i++) {
		const struct dbg_callee *k = &c->all->v[i];

		if (k->function.is_inline || k->function.entry != entry ||
		    k->depth > deep)
			continue;
		one = k->is_jump ? by_jump(c, k->parent, deep, returns, n) :
		      k->return_pc ? by_call(c, k->return_pc, k->parent, deep,
					     returns, n) : NULL;
		e = both(c, BINOP_LOR, e, one);
	}
	return e;
}

struct ast_expr *called_condition(struct program *p, struct target_scope *scope,
				  const struct dbg_callees *all, uint32_t k,
				  struct span span)
{
	struct called c = { .p = p, .scope = scope, .all = all, .span = span };
	uint64_t returns[FRAMES_MAX];
	struct ast_expr *e = by_any(&c, all->v[k].function.entry, all->depth,
				    returns, 0);

	if (c.too_many)
		diag_warning(p->diags, DIAG_MANY_CALLERS, span,
			     "more than %d calls lead to '%" STR_FMT
			     "': it is not seen by each of them", ASKED_MAX,
			     STR_ARG(all->v[k].function.name));
	return e;
}
