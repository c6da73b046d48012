/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/merge.h"

#include "sema/scope_func.h"
#include "sema/walk.h"

struct look {
	struct program *program;
	bool *seen; /* functions that were looked into */
	bool at_site;
};

static bool look_visit(struct ast_expr **place, void *data);

static void look_into(struct look *l, const struct func *f)
{
	for (; f; f = f->next_overload) {
		if (l->seen[f->number])
			continue;
		l->seen[f->number] = true;
		walk_exprs(f->body, look_visit, l);
	}
}

static bool is_about_site(uint8_t intrinsic)
{
	return intrinsic == INTRIN_PROBE_POINT ||
	       intrinsic == INTRIN_PROBE_NAME ||
	       intrinsic == INTRIN_PROBE_FUNC;
}

static bool look_visit(struct ast_expr **place, void *data)
{
	struct look *l = data;
	const struct ast_expr *e = *place;

	if (e->kind == AST_CALL && e->call.is_intrinsic)
		l->at_site |= is_about_site(e->call.intrinsic);
	else if (e->kind == AST_CALL)
		look_into(l, e->call.func);
	return true;
}

/* Does the handler itself, not what it calls, use variables of the site?  (A
 * function that does so has a copy for each probe.) */
static bool uses_context(struct ast_expr **place, void *data)
{
	bool *uses = data;
	const struct ast_expr *e = *place;

	if (e->kind == AST_TARGET ||
	    (e->kind == AST_ATOP && scope_atop_uses_context(e->at_op.op)) ||
	    (e->kind == AST_CALL && e->call.func && e->call.func->uses_context))
		*uses = true;
	return !*uses;
}

/* Kinds that can have many sites. */
static bool is_many(enum image_probe_kind kind)
{
	return kind == PROBE_KPROBE || kind == PROBE_KRETPROBE ||
	       kind == PROBE_UPROBE || kind == PROBE_URETPROBE;
}

/* Can a program with many sites tell which one was hit? */
static bool knows_site(const struct program *p, enum image_probe_kind kind)
{
	return is_many(kind) && (p->features & FEATURE_BIT(KPROBE_COOKIE));
}

static bool is_sharable(struct program *p, struct probe *pr)
{
	struct look l = {
		.program = p,
		.seen = arena_array(p->arena, p->funcs.n + 1, bool),
	};
	bool uses = false;

	if (!is_many(pr->kind))
		return false;
	walk_exprs(pr->body, uses_context, &uses);
	if (uses)
		return false;
	walk_exprs(pr->body, look_visit, &l);
	return !l.at_site || knows_site(p, pr->kind);
}

/* One program tests for all of them which tasks are meant. */
static bool belongs_to(const struct probe *first, const struct probe *pr)
{
	return pr->group == first->group && pr->kind == first->kind &&
	       pr->site.filter == first->site.filter &&
	       pr->site.pid == first->site.pid &&
	       pr->site.dev == first->site.dev &&
	       pr->site.ino == first->site.ino;
}

static void take_sites(struct program *p, struct probe *first, uint32_t at,
		       uint32_t end)
{
	for (uint32_t i = at; i < end; i++)
		vec_push(p->arena, &first->sites, p->probes.v[i]->site);
}

void merge(struct program *p)
{
	uint32_t n = 0, end;

	for (uint32_t at = 0; at < p->probes.n; at = end) {
		struct probe *first = p->probes.v[at];

		for (end = at + 1; end < p->probes.n; end++)
			if (!belongs_to(first, p->probes.v[end]))
				break;
		if (end > at + 1 && is_sharable(p, first))
			take_sites(p, first, at, end);
		for (uint32_t i = at; i < end; i++) {
			if (i > at && first->sites.n)
				break;
			p->probes.v[i]->number = n;
			p->probes.v[n++] = p->probes.v[i];
		}
	}
	p->probes.n = n;
}
