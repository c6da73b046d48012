/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/callgraph.h"

#include "base/bits.h"
#include "sema/late.h"
#include "sema/walk.h"

/* ---- building ---- */

struct collect {
	struct arena *arena;
	struct callgraph *graph;
	uint32_t from;
};

static bool collect_visit(struct ast_expr **place, void *data)
{
	struct collect *c = data;
	struct ast_expr *e = *place;

	if (e->kind == AST_CALL)
		for (struct func *f = e->call.func; f; f = f->next_overload)
			vec_push(c->arena, &c->graph->callees[c->from],
				 f->number);
	return true;
}

struct callgraph callgraph_build(struct program *p, struct arena *a)
{
	struct callgraph g = { .n = p->funcs.n };
	struct collect c = { .arena = a, .graph = &g };

	for (uint32_t i = 0; i < g.n; i++)
		p->funcs.v[i]->number = i;
	g.callees = arena_array(a, g.n + 1, struct callees);
	for (c.from = 0; c.from < g.n; c.from++)
		walk_exprs(p->funcs.v[c.from]->body, collect_visit, &c);
	return g;
}

/* ---- where functions run ---- */

struct reach {
	struct arena *arena;
	struct program *program;
	bool is_kernel;
	VEC(uint32_t) todo;
};

static void reach_func(struct reach *r, uint32_t number)
{
	struct func *f = r->program->funcs.v[number];
	bool *mark = r->is_kernel ? &f->called_in_kernel : &f->called_in_host;

	if (*mark)
		return;
	*mark = true;
	vec_push(r->arena, &r->todo, number);
}

static bool reach_visit(struct ast_expr **place, void *data)
{
	struct reach *r = data;
	struct ast_expr *e = *place;

	if (e->kind == AST_CALL)
		for (struct func *f = e->call.func; f; f = f->next_overload)
			reach_func(r, f->number);
	return true;
}

/* What kernel code calls, but for what it leaves to the host. */
static bool reach_kernel(struct ast_expr **place, void *data)
{
	if (late_prints(*place)) {
		late_walk(*place, reach_kernel, data);
		return false;
	}
	return reach_visit(place, data);
}

/* What the host evaluates for kernel code. */
static bool reach_late(struct ast_expr **place, void *data)
{
	if (late_prints(*place))
		late_walk_late(*place, reach_visit, data);
	return true;
}

static void reach_body(struct reach *r, struct ast_stmt *body)
{
	walk_exprs_of(body, r->is_kernel ? WALK_KERNEL : WALK_HOST,
		      r->is_kernel ? reach_kernel : reach_visit, r);
}

static void reach_rest(struct reach *r)
{
	while (r->todo.n) {
		uint32_t from = r->todo.v[--r->todo.n];

		reach_body(r, r->program->funcs.v[from]->body);
	}
}

static bool runs_in_kernel(const struct probe *pr)
{
	return image_probe_is_kernel(pr->kind);
}

/* First all that kernel code calls: then what functions of the kernel print
 * is known too. */
void callgraph_mark_called(struct program *p, struct arena *a)
{
	struct reach r = { .arena = a, .program = p, .is_kernel = true };

	for (uint32_t i = 0; i < p->probes.n; i++)
		if (runs_in_kernel(p->probes.v[i]))
			reach_body(&r, p->probes.v[i]->body);
	reach_rest(&r);
	r.is_kernel = false;
	for (uint32_t i = 0; i < p->probes.n; i++) {
		struct probe *pr = p->probes.v[i];

		walk_exprs_of(pr->body,
			      runs_in_kernel(pr) ? WALK_KERNEL : WALK_HOST,
			      runs_in_kernel(pr) ? reach_late : reach_visit,
			      &r);
		for (struct cond *c = pr->conditions; c; c = c->next)
			walk_expr(&c->expr, reach_visit, &r);
	}
	for (uint32_t i = 0; i < p->funcs.n; i++)
		if (p->funcs.v[i]->called_in_kernel)
			walk_exprs_of(p->funcs.v[i]->body, WALK_KERNEL,
				      reach_late, &r);
	reach_rest(&r);
}

/* ---- recursion: components of more than one function, or with a call to
 * itself (Tarjan, with a stack of its own) ---- */

struct visit {
	uint32_t func, next;		/* the callee to look at next */
};

struct tarjan {
	const struct callgraph *graph;
	struct program *program;
	struct arena *arena;
	uint32_t *order, *low;		/* 0: not visited */
	uint32_t *depth;		/* of the longest chain from here */
	uint32_t deepest;
	bool *on_stack;
	uint32_t count;
	VEC(uint32_t) stack;
	VEC(struct visit) path;
};

static void enter(struct tarjan *t, uint32_t f)
{
	t->order[f] = t->low[f] = ++t->count;
	t->on_stack[f] = true;
	vec_push(t->arena, &t->stack, f);
	vec_push(t->arena, &t->path, (struct visit){ f, 0 });
}

/* The functions above f on the stack, and f, call each other. */
static void take_component(struct tarjan *t, uint32_t f)
{
	uint32_t first = t->stack.n - 1, depth = 0;

	while (t->stack.v[first] != f)
		first--;
	for (uint32_t i = first; i < t->stack.n; i++) {
		uint32_t m = t->stack.v[i];

		t->on_stack[m] = false;
		t->program->funcs.v[m]->recursive |= t->stack.n - first > 1;
		for (uint32_t k = 0; k < t->graph->callees[m].n; k++)
			depth = MAX(depth,
				    t->depth[t->graph->callees[m].v[k]]);
	}
	depth += t->stack.n - first;
	for (uint32_t i = first; i < t->stack.n; i++)
		t->depth[t->stack.v[i]] = depth;
	t->deepest = MAX(t->deepest, depth);
	t->stack.n = first;
}

/* All callees of f are done. */
static void leave(struct tarjan *t, uint32_t f)
{
	t->path.n--;
	if (t->path.n) {
		uint32_t up = vec_last(&t->path).func;

		t->low[up] = MIN(t->low[up], t->low[f]);
	}
	if (t->low[f] == t->order[f])
		take_component(t, f);
}

static void step(struct tarjan *t)
{
	struct visit *v = &vec_last(&t->path);
	uint32_t f = v->func, to;

	if (v->next == t->graph->callees[f].n) {
		leave(t, f);
		return;
	}
	to = t->graph->callees[f].v[v->next++];
	if (to == f)
		t->program->funcs.v[f]->recursive = true;
	else if (!t->order[to])
		enter(t, to);
	else if (t->on_stack[to])
		t->low[f] = MIN(t->low[f], t->order[to]);
}

uint32_t callgraph_mark_recursive(const struct callgraph *g, struct program *p,
				  struct arena *a)
{
	struct tarjan t = {
		.graph = g,
		.program = p,
		.arena = a,
		.order = arena_array(a, g->n + 1, uint32_t),
		.low = arena_array(a, g->n + 1, uint32_t),
		.depth = arena_array(a, g->n + 1, uint32_t),
		.on_stack = arena_array(a, g->n + 1, bool),
	};

	for (uint32_t i = 0; i < g->n; i++) {
		if (!t.order[i])
			enter(&t, i);
		while (t.path.n)
			step(&t);
	}
	return t.deepest;
}
