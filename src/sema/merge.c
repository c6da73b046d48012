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
	       intrinsic == INTRIN_PROBE_FUNC ||
	       intrinsic == INTRIN_PROBE_MARK;
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

/* What a handler uses of its site, itself and in functions that have a copy for
 * each probe.  Registers are not of the site: all of one kind have the same. */
struct uses {
	bool *seen;	/* functions that were looked into */
	bool context;	/* variables */
	bool name;	/* $$name */
};

static bool is_name(const struct ast_expr *e)
{
	return e->kind == AST_TARGET && str_is(e->target.name, "$$name");
}

static bool atop_is_of_site(enum ast_atop op)
{
	return scope_atop_uses_context(op) && op != ATOP_KREGISTER &&
	       op != ATOP_UREGISTER;
}

static void walk_copies(struct func *f, bool *seen, walk_expr_fn *visit,
			void *data)
{
	for (; f && f->uses_context; f = f->next_overload) {
		if (seen[f->number])
			continue;
		seen[f->number] = true;
		walk_exprs(f->body, visit, data);
	}
}

static bool uses_visit(struct ast_expr **place, void *data)
{
	struct uses *uses = data;
	const struct ast_expr *e = *place;

	if (is_name(e))
		uses->name = true;
	else if (e->kind == AST_TARGET ||
		 (e->kind == AST_ATOP && atop_is_of_site(e->at_op.op)))
		uses->context = true;
	else if (e->kind == AST_CALL)
		walk_copies(e->call.func, uses->seen, uses_visit, uses);
	return !uses->context;
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

/* Is $$name of this kind of point what pp() says of it? */
static bool names_itself(const struct probe *pr)
{
	return image_point_mark(pr->point).len > 0;
}

static bool *unseen(const struct program *p)
{
	return arena_array(p->arena, p->funcs.n + 1, bool);
}

static bool is_sharable(struct program *p, struct probe *pr)
{
	struct look l = { .program = p, .seen = unseen(p) };
	struct uses uses = { .seen = unseen(p) };

	if (!is_many(pr->kind))
		return false;
	walk_exprs(pr->body, uses_visit, &uses);
	if (uses.context || (uses.name && !names_itself(pr)))
		return false;
	walk_exprs(pr->body, look_visit, &l);
	return !(l.at_site || uses.name) || knows_site(p, pr->kind);
}

/* $$name is another one at each site. */
static bool name_visit(struct ast_expr **place, void *data)
{
	struct ast_expr *e = *place;

	if (e->kind == AST_CALL)
		walk_copies(e->call.func, data, name_visit, data);
	if (is_name(e)) {
		e->kind = AST_CALL;
		e->call.name = str_from(intrin_info[INTRIN_PROBE_MARK].name);
		e->call.args = (struct ast_exprs){};
		e->call.func = NULL;
		e->call.is_intrinsic = true;
		e->call.intrinsic = INTRIN_PROBE_MARK;
	}
	return true;
}

/* One program tests for all of them which tasks are meant.  One that is at
 * inlined copies, too, is no program for one link of many functions. */
static bool belongs_to(const struct probe *first, const struct probe *pr)
{
	return pr->group == first->group && pr->kind == first->kind &&
	       pr->is_copy == first->is_copy &&
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
	walk_exprs(first->body, name_visit, unseen(p));
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
