/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assignments.  `x++`, `x += e` and `s <<< e` on globals, when nobody looks
 * at the result, are one operation that adds: such handlers need no lock.
 */
#include "ir/builder.h"
#include "sema/walk.h"

/* A place that can be assigned to, with its keys evaluated once. */
struct lvalue {
	const struct ast_expr *e;
	const struct var *var;		/* or NULL: a target variable */
	struct build_keys keys;
	struct span span;
};

static struct lvalue lvalue_of(struct builder *s, struct ast_expr *e)
{
	struct lvalue l = { .e = e, .span = e->at };

	if (e->kind == AST_NAME) {
		l.var = e->name.var;
	} else if (e->kind == AST_INDEX) {
		l.var = e->index.base->name.var;
		l.keys = build_keys(s, &e->index.keys);
	}
	return l;
}

static bool is_local(const struct lvalue *l)
{
	return l->var && !l->var->is_global;
}

static struct ir_insn lvalue_insn(struct builder *s, const struct lvalue *l,
				  enum image_op scalar, enum image_op element)
{
	return build_keyed(s, l->var->is_array ? element : scalar, l->var,
			   &l->keys, l->span);
}

static ir_ref lvalue_get(struct builder *s, const struct lvalue *l)
{
	struct ir_insn insn;

	if (!l->var)
		return build_target(s, walk_target_of(l->e), l->span);
	if (is_local(l))
		return build_get(s, s->vars[l->var->number], l->span);
	insn = lvalue_insn(s, l, OP_GGET, OP_AGET);
	insn.type = build_type(l->var->type);
	insn.bound = build_bound(s, l->var->bound);
	return build_insn(s, insn);
}

static void lvalue_set(struct builder *s, const struct lvalue *l, ir_ref value)
{
	struct ir_insn insn;

	if (!l->var) {
		build_target_store(s, walk_target_of(l->e), value, l->span);
		return;
	}
	if (is_local(l)) {
		build_set(s, s->vars[l->var->number], value, l->span);
		return;
	}
	insn = lvalue_insn(s, l, OP_GSET, OP_ASET);
	insn.a = value;
	build_insn(s, insn);
}

void build_assign_value(struct builder *s, struct ast_expr *to, ir_ref value)
{
	struct lvalue l = lvalue_of(s, to);

	lvalue_set(s, &l, value);
}

static void lvalue_add(struct builder *s, const struct lvalue *l, ir_ref value)
{
	struct ir_insn insn = lvalue_insn(s, l, OP_GADD, OP_AADD);

	insn.a = value;
	build_insn(s, insn);
}

/* Can this be one atomic addition? */
static bool is_addition(const struct lvalue *l, enum ast_binop op)
{
	return (op == BINOP_ADD || op == BINOP_SUB) && l->var &&
	       l->var->is_global && l->var->type != TY_STRING;
}

static ir_ref build_stat_add(struct builder *s, struct ast_expr *e)
{
	struct lvalue l = lvalue_of(s, e->assign.to);
	ir_ref value = build_expr(s, e->assign.value);
	struct ir_insn insn = lvalue_insn(s, &l, OP_STAT_ADD, OP_STAT_ADD);

	insn.a = value;
	build_insn(s, insn);
	return value;
}

/* A value that stays what it is, whatever is assigned meanwhile. */
static ir_ref build_operate(struct builder *s, struct ast_expr *e, bool used)
{
	struct lvalue l = lvalue_of(s, e->assign.to);
	enum ast_binop op = e->assign.op;
	ir_ref old, value;

	if (!used && is_addition(&l, op)) {
		value = build_expr(s, e->assign.value);
		if (op == BINOP_SUB)
			value = build_op(s, OP_NEG, value, IR_NONE, e->at);
		lvalue_add(s, &l, value);
		return IR_NONE;
	}
	value = build_expr(s, e->assign.value);
	old = lvalue_get(s, &l);
	value = build_binary(s, op, old, value, e->at);
	lvalue_set(s, &l, value);
	return value;
}

ir_ref build_assign(struct builder *s, struct ast_expr *e, bool used)
{
	struct lvalue l;
	ir_ref value;

	if (e->assign.op == BINOP_STAT_ADD)
		return build_stat_add(s, e);
	if (e->assign.op != BINOP_SET)
		return build_operate(s, e, used);
	l = lvalue_of(s, e->assign.to);
	value = build_expr(s, e->assign.value);
	lvalue_set(s, &l, value);
	return value;
}

ir_ref build_incdec(struct builder *s, struct ast_expr *e, bool used)
{
	struct lvalue l = lvalue_of(s, e->incdec.of);
	ir_ref step = build_const(s, e->incdec.step, e->at);
	ir_ref old, new;

	if (!used && is_addition(&l, BINOP_ADD)) {
		lvalue_add(s, &l, step);
		return IR_NONE;
	}
	old = lvalue_get(s, &l);
	new = build_op(s, OP_ADD, old, step, e->at);
	lvalue_set(s, &l, new);
	return e->incdec.post ? old : new;
}
