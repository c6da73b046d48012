/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First the functions: which ones the probes reach, where these run, which
 * call themselves, which have effects.  Then the variables of all that is
 * reached.
 *
 * `x++`, `x += 1`, `a[k] <<< v` as statements write and do not read: what is
 * only counted up is shown at the end.  `delete a[k]` reads.
 */
#include "sema/usage.h"

#include "sema/callgraph.h"
#include "sema/walk.h"

struct usage {
	bool kernel, host;		/* where the code at hand runs */
	bool condition;
};

static bool is_called(const struct func *f)
{
	return f->called_in_kernel || f->called_in_host;
}

/* ---- effects ---- */

struct effect {
	bool has_effect;
	bool may_fail;		/* ends in an error that try can catch */
	bool impure;
	bool needs_host;
	bool with_locals;	/* changing a local counts: the rest of the
				 * function sees it, its caller does not */
};

static void effect_of_call(struct effect *x, const struct ast_expr *e)
{
	const struct intrin_info *info;

	if (e->call.is_intrinsic) {
		info = &intrin_info[e->call.intrinsic];
		if (!(info->flags & INF_PURE))
			x->impure = true;
		if (info->flags & INF_HOST)
			x->needs_host = true;
		if (info->result == 'V' || e->call.intrinsic == INTRIN_TOKEN)
			x->has_effect = true;
		return;
	}
	for (struct func *f = e->call.func; f; f = f->next_overload) {
		x->has_effect |= f->has_effect;
		x->may_fail |= f->may_fail;
		x->impure |= !f->pure;
		x->needs_host |= f->needs_host;
	}
}

static void effect_of_store(struct effect *x, const struct ast_expr *to)
{
	if (to->kind != AST_NAME || !to->name.var || to->name.var->is_global ||
	    x->with_locals)
		x->has_effect = true;
}

static void effect_of_binary(struct effect *x, const struct ast_expr *e)
{
	const struct ast_expr *by = e->binary.b;

	switch (e->binary.op) {
	case BINOP_MATCH:
	case BINOP_NOMATCH:
		/* matched() can tell. */
		x->has_effect = true;
		return;
	case BINOP_DIV:
	case BINOP_MOD:
		x->may_fail |= by->kind != AST_NUMBER || !by->number;
		return;
	default:
		return;
	}
}

static bool effect_visit(struct ast_expr **place, void *data)
{
	struct effect *x = data;
	struct ast_expr *e = *place;

	switch (e->kind) {
	case AST_ASSIGN:
		effect_of_store(x, e->assign.to);
		return true;
	case AST_INCDEC:
		effect_of_store(x, e->incdec.of);
		return true;
	case AST_PRINT:
		if (!ast_printop_is_string(e->print.op))
			x->has_effect = true;
		return true;
	case AST_CALL:
		effect_of_call(x, e);
		return true;
	case AST_BINARY:
		effect_of_binary(x, e);
		return true;
	case AST_NAME:
		x->impure |= e->name.var && e->name.var->is_global;
		return true;
	case AST_TARGET:
	case AST_ATOP:
	case AST_ACCESS:
	case AST_ADDRESS:
	case AST_STAT:
		x->impure = true;
		return true;
	case AST_EMBEDDED:
		x->has_effect = true;
		return true;
	case AST_NUMBER:
	case AST_STRING:
	case AST_INDEX:
	case AST_UNARY:
	case AST_TERNARY:
	case AST_IN:
		return true;
	}
	return true;
}

static bool effect_stmt(struct ast_stmt **place, void *data)
{
	struct effect *x = data;

	enum ast_stmt_kind kind = (*place)->kind;

	/* `next` may end in "all functions exhausted". */
	x->has_effect |= kind == AST_S_DELETE || kind == AST_S_EMBEDDED ||
			 kind == AST_S_NEXT;
	return !x->has_effect;
}

bool usage_has_effect(struct ast_expr *e)
{
	struct effect x = { .with_locals = true };

	walk_expr(&e, effect_visit, &x);
	return x.has_effect;
}

bool usage_is_idle(struct ast_expr *e)
{
	struct effect x = { .with_locals = true };

	walk_expr(&e, effect_visit, &x);
	return !x.has_effect && !x.may_fail;
}

/* Pure is what the host's way is, where there are two: the kernel's gives the
 * same. */
static bool update_effect(struct func *f)
{
	struct effect x = {}, kernel = {};
	bool pure;

	walk_exprs_of(f->body, WALK_HOST, effect_visit, &x);
	walk_stmts(&f->body, effect_stmt, &x);
	walk_exprs_of(f->body, WALK_KERNEL, effect_visit, &kernel);
	x.has_effect |= kernel.has_effect;
	x.may_fail |= kernel.may_fail;
	x.needs_host = kernel.needs_host;
	pure = !x.impure && !x.has_effect;
	if (pure == f->pure && x.has_effect == f->has_effect &&
	    x.may_fail == f->may_fail && x.needs_host == f->needs_host)
		return false;
	f->needs_host = x.needs_host;
	f->pure = pure;
	f->has_effect = x.has_effect;
	f->may_fail = x.may_fail;
	return true;
}

/* From the best that could be to what is: calls spread effects.  Callees are
 * mostly there first when the list is gone over backwards. */
static void mark_effects(struct program *p)
{
	bool changed;

	do {
		changed = false;
		for (uint32_t i = p->funcs.n; i > 0; i--)
			changed |= update_effect(p->funcs.v[i - 1]);
	} while (changed);
}

/* ---- variables ---- */

static void use(struct usage *u, struct ast_expr *e, bool wanted);
static void use_stmt(struct usage *u, struct ast_stmt *s);

static void use_var(struct usage *u, struct var *v, bool read, bool write)
{
	if (!v)
		return;
	v->read |= read;
	v->written |= write;
	v->in_kernel |= u->kernel;
	v->in_host |= u->host;
	v->in_condition |= u->condition;
}

static void use_list(struct usage *u, struct ast_exprs *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (list->v[i])
			use(u, list->v[i], true);
}

/* A variable or element that is written, maybe read as well. */
static void use_place(struct usage *u, struct ast_expr *e, bool read)
{
	if (e->kind == AST_NAME) {
		use_var(u, e->name.var, read, true);
	} else if (e->kind == AST_INDEX) {
		use_list(u, &e->index.keys);
		if (e->index.base->kind == AST_NAME)
			use_var(u, e->index.base->name.var, read, true);
	} else {
		use(u, e, true);
	}
}

static void use_target(struct usage *u, struct target *t)
{
	for (uint32_t i = 0; t && i < t->ops.n; i++)
		if (t->ops.v[i].expr)
			use(u, t->ops.v[i].expr, true);
}

static struct var *stat_var(const struct ast_expr *of)
{
	if (of->kind == AST_INDEX)
		of = of->index.base;
	return of->kind == AST_NAME ? of->name.var : NULL;
}

static void need_stat(struct var *v, const struct ast_expr *e)
{
	struct image_stat *s = &v->stat;

	switch (e->stat.op) {
	case STATOP_COUNT:
		s->fields |= STAT_COUNT;
		return;
	case STATOP_SUM:
		s->fields |= STAT_SUM;
		return;
	case STATOP_MIN:
		s->fields |= STAT_COUNT | STAT_MIN;
		return;
	case STATOP_MAX:
		s->fields |= STAT_COUNT | STAT_MAX;
		return;
	case STATOP_AVG:
		s->fields |= STAT_COUNT | STAT_SUM;
		return;
	case STATOP_VARIANCE:
		s->fields |= STAT_COUNT | STAT_SUM | STAT_SUMSQ;
		if (e->stat.nparams)
			v->stat_shift = (uint32_t)e->stat.params[0] & 63;
		return;
	case STATOP_HIST_LOG:
		s->fields |= STAT_COUNT;
		s->hist = HIST_LOG;
		return;
	case STATOP_HIST_LINEAR:
		s->fields |= STAT_COUNT;
		s->hist = HIST_LINEAR;
		s->start = e->stat.params[0];
		s->stop = e->stat.params[1];
		s->interval = e->stat.params[2];
		return;
	}
}

static void use_stat(struct usage *u, struct ast_expr *e)
{
	struct var *v = stat_var(e->stat.of);

	if (v)
		need_stat(v, e);
	use(u, e->stat.of, true);
}

static void use_children(struct usage *u, struct ast_expr *e)
{
	switch (e->kind) {
	case AST_NUMBER:
	case AST_STRING:
	case AST_EMBEDDED:
	case AST_NAME:
	case AST_ASSIGN:
	case AST_INCDEC:
		return;
	case AST_INDEX:
		use(u, e->index.base, true);
		use_list(u, &e->index.keys);
		return;
	case AST_TARGET:
		use_target(u, e->target.target);
		return;
	case AST_ATOP:
		use_target(u, e->at_op.target);
		return;
	case AST_ACCESS:
		use_target(u, e->access.target);
		return;
	case AST_ADDRESS:
		use_target(u, e->address.target);
		return;
	case AST_UNARY:
		use(u, e->unary.a, true);
		return;
	case AST_BINARY:
		use(u, e->binary.a, true);
		use(u, e->binary.b, true);
		return;
	case AST_TERNARY:
		use(u, e->ternary.cond, true);
		use(u, e->ternary.yes, true);
		use(u, e->ternary.no, true);
		return;
	case AST_IN:
		use_list(u, &e->in.keys);
		use(u, e->in.array, true);
		return;
	case AST_CALL:
		use_list(u, &e->call.args);
		return;
	case AST_PRINT:
		use_list(u, &e->print.args);
		return;
	case AST_STAT:
		use_stat(u, e);
		return;
	}
}

/* wanted: something is done with the value. */
static void use(struct usage *u, struct ast_expr *e, bool wanted)
{
	if (e->kind == AST_NAME) {
		use_var(u, e->name.var, true, false);
	} else if (e->kind == AST_ASSIGN) {
		use_place(u, e->assign.to,
			  wanted && e->assign.op != BINOP_SET);
		use(u, e->assign.value, true);
	} else if (e->kind == AST_INCDEC) {
		use_place(u, e->incdec.of, wanted);
	} else {
		use_children(u, e);
	}
}

/* Is the order of insertion to be seen in this loop?  Not when it sorts by
 * what no two elements share. */
static bool shows_order(const struct ast_stmt *s, const struct var *v)
{
	return s->foreach.sort_by != AST_SORT_KEY || v->nkeys != 1;
}

static void use_foreach_array(struct usage *u, struct ast_stmt *s)
{
	struct ast_expr *a = s->foreach.array;
	struct var *v = a->kind == AST_NAME ? a->name.var : NULL;
	struct ast_expr sort = {
		.kind = AST_STAT,
		.stat = { .op = s->foreach.sort_stat, .of = a },
	};

	if (!v) {
		use(u, a, true);
		return;
	}
	use_var(u, v, true, false);
	v->ordered |= shows_order(s, v);
	if (s->foreach.sort_by == AST_SORT_VALUE)
		sort.stat.op = STATOP_COUNT;
	if (v->type == TY_STATS && (s->foreach.sort_by == AST_SORT_STAT ||
				    s->foreach.sort_by == AST_SORT_VALUE))
		need_stat(v, &sort);
}

/* What is asked of the value variable is asked of the array. */
static void use_foreach_stats(struct ast_stmt *s)
{
	struct var *v = stat_var(s->foreach.array), *value;

	if (!s->foreach.value || s->foreach.value->kind != AST_NAME || !v)
		return;
	value = s->foreach.value->name.var;
	if (!value || value->type != TY_STATS)
		return;
	v->stat.fields |= value->stat.fields;
	if (value->stat.hist == HIST_NONE)
		return;
	v->stat.hist = value->stat.hist;
	v->stat.start = value->stat.start;
	v->stat.stop = value->stat.stop;
	v->stat.interval = value->stat.interval;
}

static void use_foreach(struct usage *u, struct ast_stmt *s)
{
	for (uint32_t i = 0; i < s->foreach.keys.n; i++)
		use_place(u, s->foreach.keys.v[i], false);
	if (s->foreach.value)
		use_place(u, s->foreach.value, false);
	use_foreach_array(u, s);
	use_list(u, &s->foreach.slice);
	if (s->foreach.limit)
		use(u, s->foreach.limit, true);
	use_stmt(u, s->foreach.body);
	use_foreach_stats(s);
}

static void use_loop(struct usage *u, struct ast_stmt *s)
{
	if (s->loop.init)
		use(u, s->loop.init, false);
	if (s->loop.cond)
		use(u, s->loop.cond, true);
	if (s->loop.step)
		use(u, s->loop.step, false);
	use_stmt(u, s->loop.body);
}

static void use_delete(struct usage *u, struct ast_expr *e)
{
	use(u, e, true);
	use_place(u, e, true);
}

static void use_stmt(struct usage *u, struct ast_stmt *s)
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
		use(u, s->expr, false);
		return;
	case AST_S_RETURN:
		if (s->expr)
			use(u, s->expr, true);
		return;
	case AST_S_DELETE:
		use_delete(u, s->expr);
		return;
	case AST_S_BLOCK:
		for (uint32_t i = 0; i < s->block.n; i++)
			use_stmt(u, s->block.v[i]);
		return;
	case AST_S_IF:
		use(u, s->if_.cond, true);
		use_stmt(u, s->if_.yes);
		use_stmt(u, s->if_.no);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		use_loop(u, s);
		return;
	case AST_S_FOREACH:
		use_foreach(u, s);
		return;
	case AST_S_TRY:
		use_stmt(u, s->try_.body);
		if (s->try_.message)
			use_place(u, s->try_.message, false);
		use_stmt(u, s->try_.handler);
		return;
	}
}

/* ---- the program ---- */

static void reset_var(struct var *v)
{
	v->read = v->written = v->ordered = v->in_condition = false;
	v->in_kernel = v->in_host = false;
	v->stat = (struct image_stat){};
	v->stat_shift = 0;
}

static void reset(struct program *p)
{
	for (uint32_t i = 0; i < p->globals.n; i++)
		reset_var(p->globals.v[i]);
	for (uint32_t i = 0; i < p->probes.n; i++)
		for (uint32_t k = 0; k < p->probes.v[i]->locals.n; k++)
			reset_var(p->probes.v[i]->locals.v[k]);
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		struct func *f = p->funcs.v[i];

		f->called_in_kernel = f->called_in_host = false;
		f->recursive = false;
		f->has_effect = f->may_fail = f->needs_host = false;
		f->pure = true;
		for (uint32_t k = 0; k < f->vars.n; k++)
			reset_var(f->vars.v[k]);
	}
}

static void use_probe(struct probe *pr)
{
	bool kernel = image_probe_is_kernel(pr->kind);
	struct usage u = { .kernel = kernel, .host = !kernel };
	struct usage cu = { .host = true, .condition = true };

	for (struct cond *c = pr->conditions; c; c = c->next)
		use(&cu, c->expr, true);
	use_stmt(&u, pr->body);
}

static bool groups_visit(struct ast_expr **place, void *data)
{
	const struct ast_expr *e = *place;
	bool *found = data;

	*found |= e->kind == AST_CALL && e->call.is_intrinsic &&
		  (e->call.intrinsic == INTRIN_MATCHED ||
		   e->call.intrinsic == INTRIN_NGROUPS);
	return !*found;
}

bool usage_asks_groups(const struct program *p)
{
	bool found = false;

	for (uint32_t i = 0; i < p->funcs.n && !found; i++)
		walk_exprs(p->funcs.v[i]->body, groups_visit, &found);
	for (uint32_t i = 0; i < p->probes.n && !found; i++)
		walk_exprs(p->probes.v[i]->body, groups_visit, &found);
	return found;
}

bool usage_is_shown(const struct program *p, const struct var *v)
{
	return v->is_global && !v->is_library && v->written && !v->read &&
	       p->options->show_globals;
}

/* What the session itself does with a global. */
static void use_at_end(struct program *p, struct var *v)
{
	v->ordered |= v->is_array && v->wrap;
	if (!usage_is_shown(p, v))
		return;
	v->in_host = true;
	v->ordered |= v->is_array;
	if (v->type == TY_STATS)
		v->stat.fields |= STAT_COUNT | STAT_SUM | STAT_MIN | STAT_MAX;
}

uint32_t usage_compute(struct program *p)
{
	struct arena scratch;
	struct callgraph g;
	uint32_t deepest;

	reset(p);
	arena_init(&scratch);
	mark_effects(p);
	g = callgraph_build(p, &scratch);
	callgraph_mark_called(p, &scratch);
	deepest = callgraph_mark_recursive(&g, p, &scratch);
	arena_deinit(&scratch);
	for (uint32_t i = 0; i < p->probes.n; i++)
		use_probe(p->probes.v[i]);
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		struct func *f = p->funcs.v[i];
		struct usage u = { .kernel = f->called_in_kernel,
				   .host = f->called_in_host };

		if (is_called(f))
			use_stmt(&u, f->body);
	}
	for (uint32_t i = 0; i < p->globals.n; i++)
		use_at_end(p, p->globals.v[i]);
	return deepest;
}
