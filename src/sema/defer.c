/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/defer.h"

#include "base/bits.h"
#include "sema/late.h"
#include "sema/walk.h"

#define DEFER_MAX 400		/* expressions that a name may become */

/* What is known of a local, by its number. */
struct local {
	uint32_t sets;		/* assignments, of any kind */
	uint32_t last;		/* statement of the last one */
	struct ast_expr *value;	/* it stands for this, or NULL */
	uint32_t size;		/* of value: expressions */
};

struct deferrer {
	struct program *program;
	struct probe *probe;
	struct local *locals;
	VEC(struct ast_stmt *) stmts;	/* those in no other but blocks */
	uint32_t at;			/* the one at hand */
	bool changed;
};

static struct local *local_of(struct deferrer *d, const struct ast_expr *e)
{
	const struct var *v = e->kind == AST_NAME ? e->name.var : NULL;

	if (!v || v->is_global || v->number >= d->probe->locals.n ||
	    d->probe->locals.v[v->number] != v)
		return NULL;
	return &d->locals[v->number];
}

static void flatten(struct deferrer *d, struct ast_stmt *s)
{
	if (s->kind != AST_S_BLOCK) {
		vec_push(d->program->arena, &d->stmts, s);
		return;
	}
	for (uint32_t i = 0; i < s->block.n; i++)
		flatten(d, s->block.v[i]);
}

/* ---- which locals are set where ---- */

static void note_set(struct deferrer *d, const struct ast_expr *to)
{
	struct local *l = local_of(d, to);

	if (!l)
		return;
	l->sets++;
	l->last = d->at;
}

static bool note_expr(struct ast_expr **place, void *data)
{
	struct ast_expr *e = *place;

	if (e->kind == AST_ASSIGN)
		note_set(data, e->assign.to);
	else if (e->kind == AST_INCDEC)
		note_set(data, e->incdec.of);
	return true;
}

static bool note_stmt(struct ast_stmt **place, void *data)
{
	struct ast_stmt *s = *place;

	if (s->kind == AST_S_FOREACH) {
		for (uint32_t i = 0; i < s->foreach.keys.n; i++)
			note_set(data, s->foreach.keys.v[i]);
		if (s->foreach.value)
			note_set(data, s->foreach.value);
	}
	if (s->kind == AST_S_TRY && s->try_.message)
		note_set(data, s->try_.message);
	if (s->kind == AST_S_DELETE)
		note_set(data, s->expr);
	return true;
}

static void note_all(struct deferrer *d)
{
	for (d->at = 0; d->at < d->stmts.n; d->at++) {
		walk_exprs(d->stmts.v[d->at], note_expr, d);
		walk_stmts(&d->stmts.v[d->at], note_stmt, d);
	}
}

/* ---- what may be deferred ---- */

struct judge {
	struct deferrer *d;
	uint32_t size;
	bool bad;
};

static bool judge_visit(struct ast_expr **place, void *data)
{
	struct judge *j = data;
	struct ast_expr *e = *place;
	const struct local *l = local_of(j->d, e);

	if (l) {
		j->bad |= l->sets && l->last >= j->d->at;
		j->size += l->value ? l->size : 1;
		return false;
	}
	j->size++;
	/* A histogram is what it was then. */
	j->bad |= !late_is_late(e) || e->kind == AST_STAT ||
		  (e->kind == AST_CALL && e->call.is_intrinsic &&
		   (intrin_info[e->call.intrinsic].flags & INF_RAISES));
	return !j->bad;
}

/* Is the statement `local = text`, of this kind? */
static void judge_stmt(struct deferrer *d, struct ast_stmt *s)
{
	struct judge j = { .d = d };
	struct ast_expr *e = s->kind == AST_S_EXPR ? s->expr : NULL;
	struct local *l;

	if (!e || e->kind != AST_ASSIGN || e->assign.op != BINOP_SET)
		return;
	l = local_of(d, e->assign.to);
	if (!l || l->sets != 1 || e->assign.value->kind == AST_NAME)
		return;
	walk_expr(&e->assign.value, judge_visit, &j);
	if (j.bad || j.size > DEFER_MAX)
		return;
	l->value = e->assign.value;
	l->size = j.size;
}

/* ---- names become what they stand for ---- */

/* What a name or a call means: a clone does not know it. */
struct meanings {
	struct arena *arena;
	VEC(const struct ast_expr *) of;
	uint32_t next;
};

static bool has_meaning(const struct ast_expr *e)
{
	return e->kind == AST_NAME || e->kind == AST_CALL;
}

static bool take_meaning(struct ast_expr **place, void *data)
{
	struct meanings *m = data;

	if (has_meaning(*place))
		vec_push(m->arena, &m->of, *place);
	return true;
}

static bool give_meaning(struct ast_expr **place, void *data)
{
	struct meanings *m = data;
	struct ast_expr *e = *place;
	const struct ast_expr *of;

	if (!has_meaning(e))
		return true;
	of = m->of.v[m->next++];
	if (e->kind == AST_NAME) {
		e->name.var = of->name.var;
		return true;
	}
	e->call.func = of->call.func;
	e->call.is_intrinsic = of->call.is_intrinsic;
	e->call.intrinsic = of->call.intrinsic;
	return true;
}

static struct ast_expr *copy_of(struct arena *a, struct ast_expr *e)
{
	struct meanings m = { .arena = a };
	struct ast_expr *copy = ast_clone_expr(a, e);

	walk_expr(&e, take_meaning, &m);
	walk_expr(&copy, give_meaning, &m);
	return copy;
}

static bool put_value(struct ast_expr **place, void *data)
{
	struct deferrer *d = data;
	struct local *l = local_of(d, *place);

	if (!l || !l->value || l->last >= d->at)
		return true;
	(*place)->name.var->is_deferred = true;
	*place = copy_of(d->program->arena, l->value);
	d->changed = true;
	return true;
}

static bool put_in_print(struct ast_expr **place, void *data)
{
	if (!late_prints(*place))
		return true;
	late_walk_late(*place, put_value, data);
	return false;
}

static void defer_probe(struct deferrer *d)
{
	d->stmts.n = 0;
	flatten(d, d->probe->body);
	d->locals = arena_array(d->program->arena, d->probe->locals.n + 1,
				struct local);
	note_all(d);
	for (d->at = 0; d->at < d->stmts.n; d->at++) {
		walk_exprs(d->stmts.v[d->at], put_in_print, d);
		judge_stmt(d, d->stmts.v[d->at]);
	}
}

bool defer(struct program *p)
{
	struct deferrer d = { .program = p };

	for (uint32_t i = 0; i < p->probes.n; i++) {
		d.probe = p->probes.v[i];
		if (image_probe_is_kernel(d.probe->kind))
			defer_probe(&d);
	}
	return d.changed;
}
