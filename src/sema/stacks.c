/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/stacks.h"

#include "base/bits.h"
#include "sema/walk.h"

struct finder {
	struct func *func;	/* the function at hand, or NULL */
	bool changed;
};

static bool is_stack(const struct ast_expr *call)
{
	return call->call.is_intrinsic &&
	       (call->call.intrinsic == INTRIN_STACK ||
		call->call.intrinsic == INTRIN_USTACK ||
		call->call.intrinsic == INTRIN_PLACE);
}

static bool visit_use(struct ast_expr **place, void *data)
{
	const struct ast_expr *e = *place;
	bool *used = data;

	*used |= e->kind == AST_CALL && is_stack(e);
	return !*used;
}

bool stacks_used(struct program *p)
{
	bool used = false;

	for (uint32_t i = 0; i < p->probes.n; i++)
		walk_exprs(p->probes.v[i]->body, visit_use, &used);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		walk_exprs(p->funcs.v[i]->body, visit_use, &used);
	return used;
}

static struct var *var_of(const struct ast_expr *e)
{
	if (e->kind == AST_INDEX)
		e = e->index.base;
	return e->kind == AST_NAME ? e->name.var : NULL;
}

static bool call_gives(const struct ast_expr *e)
{
	if (e->call.is_intrinsic)
		return is_stack(e);
	for (const struct func *f = e->call.func; f; f = f->next_overload)
		if (f->gives_stack)
			return true;
	return false;
}

static const struct ast_expr *in_list(const struct ast_exprs *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (list->v[i] && stacks_may_be(list->v[i]))
			return list->v[i];
	return NULL;
}

/* Text that is put together of others has their stacks in it. */
static bool has_stack(const struct ast_expr *e)
{
	if (e->kind == AST_BINARY && e->binary.op == BINOP_CONCAT)
		return stacks_may_be(e->binary.a) || stacks_may_be(e->binary.b);
	return e->kind == AST_PRINT && ast_printop_is_string(e->print.op) &&
	       in_list(&e->print.args);
}

bool stacks_may_be(const struct ast_expr *e)
{
	const struct var *v = var_of(e);

	if (v)
		return v->holds_stack;
	if (e->kind == AST_CALL)
		return call_gives(e);
	if (e->kind == AST_TERNARY)
		return stacks_may_be(e->ternary.yes) ||
		       stacks_may_be(e->ternary.no);
	if (e->kind == AST_ASSIGN)
		return stacks_may_be(e->assign.value) ||
		       (e->assign.op == BINOP_CONCAT &&
			stacks_may_be(e->assign.to));
	return has_stack(e);
}

/* ---- where they go ---- */

static void hold(struct finder *f, struct var *v)
{
	if (v && !v->holds_stack) {
		v->holds_stack = true;
		f->changed = true;
	}
}

static void hold_keys(struct finder *f, struct var *v,
		      const struct ast_exprs *keys)
{
	for (uint32_t i = 0; v && i < MIN(keys->n, (uint32_t)IMAGE_KEYS); i++) {
		uint16_t bit = (uint16_t)(1u << i);

		if (!keys->v[i] || v->key_stacks & bit ||
		    !stacks_may_be(keys->v[i]))
			continue;
		v->key_stacks |= bit;
		f->changed = true;
	}
}

static void hold_params(struct finder *f, const struct ast_expr *e)
{
	for (struct func *to = e->call.func; to; to = to->next_overload)
		for (uint32_t i = 0; i < MIN(to->nparams, e->call.args.n); i++)
			if (stacks_may_be(e->call.args.v[i]))
				hold(f, to->vars.v[i]);
}

static bool is_adding(enum ast_binop op)
{
	return op == BINOP_ADD || op == BINOP_SUB || op == BINOP_STAT_ADD;
}

static void note_setting(const struct ast_expr *e)
{
	struct var *v = e->kind == AST_ASSIGN ? var_of(e->assign.to) : NULL;

	if (v && v->is_array && !is_adding(e->assign.op))
		v->is_set = true;
}

static bool visit_expr(struct ast_expr **place, void *data)
{
	struct finder *f = data;
	struct ast_expr *e = *place;

	note_setting(e);
	if (e->kind == AST_ASSIGN && stacks_may_be(e->assign.value))
		hold(f, var_of(e->assign.to));
	else if (e->kind == AST_INDEX)
		hold_keys(f, var_of(e), &e->index.keys);
	else if (e->kind == AST_CALL && !e->call.is_intrinsic)
		hold_params(f, e);
	return true;
}

static void visit_foreach(struct finder *f, const struct ast_stmt *s)
{
	const struct var *v = var_of(s->foreach.array);
	const struct ast_exprs *keys = &s->foreach.keys;

	for (uint32_t i = 0; v && i < MIN(keys->n, (uint32_t)IMAGE_KEYS); i++)
		if (v->key_stacks >> i & 1)
			hold(f, var_of(keys->v[i]));
	if (v && s->foreach.value && v->holds_stack)
		hold(f, var_of(s->foreach.value));
}

static bool visit_stmt(struct ast_stmt **place, void *data)
{
	struct finder *f = data;
	const struct ast_stmt *s = *place;

	if (s->kind == AST_S_FOREACH)
		visit_foreach(f, s);
	if (s->kind == AST_S_RETURN && s->expr && f->func &&
	    !f->func->gives_stack && stacks_may_be(s->expr)) {
		f->func->gives_stack = true;
		f->changed = true;
	}
	return true;
}

static void visit_body(struct finder *f, struct ast_stmt **body)
{
	walk_exprs(*body, visit_expr, f);
	walk_stmts(body, visit_stmt, f);
}

void stacks_find(struct program *p)
{
	struct finder f;

	if (!stacks_used(p))
		return;
	do {
		f = (struct finder){};
		for (uint32_t i = 0; i < p->probes.n; i++)
			visit_body(&f, &p->probes.v[i]->body);
		for (uint32_t i = 0; i < p->funcs.n; i++) {
			f.func = p->funcs.v[i];
			visit_body(&f, &f.func->body);
		}
	} while (f.changed);
}

/* ---- what takes them apart ---- */

/* Two that may be stacks are the same or not, and one that is none is empty;
 * all else takes the text. */
static bool is_identity(const struct ast_expr *e)
{
	const struct ast_expr *a = e->binary.a, *b = e->binary.b;
	const struct ast_expr *other = stacks_may_be(a) ? b : a;

	if (e->binary.op != BINOP_EQ && e->binary.op != BINOP_NE)
		return false;
	return stacks_may_be(other) ||
	       (other->kind == AST_STRING && !other->string.len);
}

static const struct ast_expr *in_call(const struct ast_expr *e)
{
	if (!e->call.is_intrinsic ||
	    intrin_info[e->call.intrinsic].flags & INF_DEFERRED)
		return NULL;
	return in_list(&e->call.args);
}

/* In a format whose widths and precisions are of the text. */
static const struct ast_expr *in_format(const struct ast_expr *e)
{
	for (uint32_t i = 0; i < e->print.npieces; i++) {
		const struct fmt_piece *piece = &e->print.pieces[i];

		if (piece->conv == FMT_STRING &&
		    (piece->width_kind || piece->prec_kind || piece->flag))
			return in_list(&e->print.args);
	}
	return NULL;
}

const struct ast_expr *stacks_taken_apart(const struct ast_expr *e)
{
	if (e->kind == AST_CALL)
		return in_call(e);
	if (e->kind == AST_PRINT && ast_printop_is_string(e->print.op))
		return in_format(e);
	if (e->kind != AST_BINARY || e->binary.op == BINOP_CONCAT ||
	    is_identity(e))
		return NULL;
	return stacks_may_be(e->binary.a) ? e->binary.a :
	       stacks_may_be(e->binary.b) ? e->binary.b : NULL;
}
