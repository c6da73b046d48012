/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/value.h"

#include "sema/resolve/target.h"
#include "sema/walk.h"

static struct ast_expr *call_new(struct program *p, struct str name,
				 const struct ast_expr *at,
				 struct ast_expr *arg)
{
	struct ast_expr *e = arena_new(p->arena, struct ast_expr);

	e->kind = AST_CALL;
	e->span = at->span;
	e->at = at->at;
	e->call.name = name;
	if (arg)
		vec_push(p->arena, &e->call.args, arg);
	return e;
}

static bool is_verdict(const struct ast_expr *e)
{
	return e->kind == AST_TARGET && str_is(e->target.name, "$verdict");
}

static bool is_value(const struct ast_expr *e)
{
	return e->kind == AST_TARGET && str_is(e->target.name, "$value");
}

/* Is it `$value . more`, perhaps with more behind? */
static bool begins_with_value(const struct ast_expr *e)
{
	while (e->kind == AST_BINARY && e->binary.op == BINOP_CONCAT)
		e = e->binary.a;
	return is_value(e);
}

/* Takes $value off the front of a concatenation. */
static struct ast_expr *without_value(struct ast_expr *e)
{
	if (is_value(e->binary.a))
		return e->binary.b;
	e->binary.a = without_value(e->binary.a);
	return e;
}

/* `to = value`, and `to += value` and the like, as a call. */
static void set(struct program *p, struct ast_expr **place, const char *call)
{
	struct ast_expr *e = *place, *value = e->assign.value, *b;

	if (e->assign.op != BINOP_SET) {
		b = arena_new(p->arena, struct ast_expr);
		b->kind = AST_BINARY;
		b->span = e->span;
		b->at = e->at;
		b->binary.op = e->assign.op;
		b->binary.a = e->assign.to;
		b->binary.b = value;
		value = b;
	}
	*place = call_new(p, str_from(call), e, value);
}

/* `$value .= text`, also written as `$value = $value . text`, may grow longer
 * than a string. */
static void assignment(struct program *p, struct ast_expr **place)
{
	struct ast_expr *e = *place, *value = e->assign.value;

	if (e->assign.op == BINOP_CONCAT) {
		*place = call_new(p, STR("__value_add"), e, value);
		return;
	}
	if (e->assign.op == BINOP_SET && value->kind == AST_BINARY &&
	    begins_with_value(value)) {
		value = without_value(value);
		*place = call_new(p, STR("__value_add"), e, value);
		return;
	}
	set(p, place, "__value_set");
}

static bool is_defined(const struct ast_expr *e)
{
	return e->kind == AST_ATOP && e->at_op.op == ATOP_DEFINED;
}

static bool rewrite_verdict(struct ast_expr **place, void *data)
{
	struct ast_expr *e = *place;

	if (is_defined(e))
		return false;
	if (e->kind == AST_ASSIGN && is_verdict(e->assign.to))
		set(data, place, "__verdict_set");
	else if (is_verdict(e))
		*place = call_new(data, STR("__verdict_now"), e, NULL);
	return true;
}

static bool rewrite(struct ast_expr **place, void *data)
{
	struct ast_expr *e = *place;

	if (is_defined(e))
		return false;
	if (e->kind == AST_ASSIGN && is_value(e->assign.to))
		assignment(data, place);
	else if (is_value(e))
		*place = call_new(data, STR("__value"), e, NULL);
	return true;
}

void value_rewrite(struct program *p, struct probe *pr)
{
	if (pr->kind == PROBE_PROCFS)
		walk_exprs(pr->body, rewrite, p);
	if (pr->kind == PROBE_NETFILTER)
		walk_exprs(pr->body, rewrite_verdict, p);
}

void value_rewrite_function(struct program *p, struct func *f)
{
	if (f->scope && f->scope->is_text)
		walk_exprs(f->body, rewrite, p);
}
