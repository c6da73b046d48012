/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/builder.h"
#include "sema/walk.h"

/* ---- arrays ---- */

struct build_keys build_keys(struct builder *s, const struct ast_exprs *keys)
{
	struct build_keys k = { .n = keys->n };

	for (uint32_t i = 0; i < keys->n && i < IMAGE_KEYS; i++)
		k.v[i] = keys->v[i] ? build_expr(s, keys->v[i]) : IR_NONE;
	return k;
}

struct ir_insn build_keyed(struct builder *s, enum image_op op,
			   const struct var *v, const struct build_keys *k,
			   struct span span)
{
	return (struct ir_insn){
		.op = (uint8_t)op, .imm = v->number, .nargs = (uint16_t)k->n,
		.args = ir_args(s->b->ir, s->f, k->v, k->n),
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = span,
	};
}

static ir_ref build_index(struct builder *s, struct ast_expr *e)
{
	struct build_keys keys;
	const struct var *v;
	struct ir_insn insn;

	if (e->index.base->kind == AST_STAT)
		return build_bucket(s, e->index.base,
				    build_expr(s, e->index.keys.v[0]), e->at);
	v = e->index.base->name.var;
	keys = build_keys(s, &e->index.keys);
	insn = build_keyed(s, OP_AGET, v, &keys, e->at);
	insn.type = build_type(v->type);
	insn.bound = build_bound(s, v->bound);
	return build_insn(s, insn);
}

static ir_ref build_in(struct builder *s, struct ast_expr *e)
{
	struct build_keys keys = build_keys(s, &e->in.keys);
	struct ir_insn insn = build_keyed(s, OP_AHAS, e->in.array->name.var,
					  &keys, e->at);

	insn.type = IT_LONG;
	return build_insn(s, insn);
}

static ir_ref build_name(struct builder *s, struct ast_expr *e)
{
	const struct var *v = e->name.var;

	if (!v->is_global)
		return build_get(s, s->vars[v->number], e->at);
	return build_insn(s, (struct ir_insn){
		.op = OP_GGET, .type = build_type(v->type),
		.bound = build_bound(s, v->bound), .imm = v->number,
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = e->at });
}

/* ---- operators ---- */

static enum image_op arithmetic(enum ast_binop op)
{
	switch (op) {
	case BINOP_ADD:
		return OP_ADD;
	case BINOP_SUB:
		return OP_SUB;
	case BINOP_MUL:
		return OP_MUL;
	case BINOP_DIV:
		return OP_DIV;
	case BINOP_MOD:
		return OP_MOD;
	case BINOP_AND:
		return OP_AND;
	case BINOP_OR:
		return OP_OR;
	case BINOP_XOR:
		return OP_XOR;
	case BINOP_SHL:
		return OP_SHL;
	case BINOP_SHR:
		return OP_SHR;
	case BINOP_USHR:
		return OP_USHR;
	case BINOP_EQ:
		return OP_EQ;
	case BINOP_NE:
		return OP_NE;
	case BINOP_LT:
		return OP_LT;
	case BINOP_LE:
		return OP_LE;
	case BINOP_GT:
		return OP_GT;
	case BINOP_GE:
		return OP_GE;
	case BINOP_LOR:
	case BINOP_LAND:
	case BINOP_MATCH:
	case BINOP_NOMATCH:
	case BINOP_CONCAT:
	case BINOP_STAT_ADD:
	case BINOP_SET:
		break;
	}
	return OP_N;
}

ir_ref build_binary(struct builder *s, enum ast_binop op, ir_ref a, ir_ref b,
		    struct span span)
{
	ir_ref cmp;

	if (op == BINOP_CONCAT)
		return build_insn(s, (struct ir_insn){
			.op = OP_STR_CAT, .type = IT_STRING,
			.bound = build_bound(s,
					     ir_insn(s->f, a)->bound +
					     (uint64_t)ir_insn(s->f, b)->bound),
			.a = a, .b = b, .c = IR_NONE, .span = span });
	if (ir_insn(s->f, a)->type != IT_STRING)
		return build_op(s, arithmetic(op), a, b, span);
	if (op == BINOP_EQ)
		return build_op(s, OP_STR_EQ, a, b, span);
	if (op == BINOP_NE) {
		cmp = build_op(s, OP_STR_EQ, a, b, span);
		return build_op(s, OP_EQ, cmp, build_const(s, 0, span), span);
	}
	cmp = build_op(s, OP_STR_CMP, a, b, span);
	return build_op(s, arithmetic(op), cmp, build_const(s, 0, span), span);
}

/* x && y, x || y: a variable that one way or the other sets. */
static ir_ref build_logic(struct builder *s, struct ast_expr *e)
{
	bool is_and = e->binary.op == BINOP_LAND;
	uint32_t v = build_var(s, STR("&&"), IT_LONG, 0);
	uint32_t more = build_block(s), shortcut = build_block(s);
	uint32_t done = build_block(s);
	ir_ref a = build_expr(s, e->binary.a), b;

	build_branch(s, a, is_and ? more : shortcut, is_and ? shortcut : more,
		     e->at);
	build_begin(s, more);
	b = build_expr(s, e->binary.b);
	build_set(s, v, build_op(s, OP_NE, b, build_const(s, 0, e->at), e->at),
		  e->at);
	build_jump(s, done, e->at);
	build_begin(s, shortcut);
	build_set(s, v, build_const(s, !is_and, e->at), e->at);
	build_jump(s, done, e->at);
	build_begin(s, done);
	return build_get(s, v, e->at);
}

/*
 * What a condition is that asks where it runs: 0 or 1, else -1.  The other
 * way may hold what this engine does not have.
 */
int build_where(const struct builder *s, const struct ast_expr *e)
{
	int a;

	if (e->kind == AST_CALL && e->call.is_intrinsic &&
	    e->call.intrinsic == INTRIN_IN_KERNEL)
		return s->kernel;
	if (e->kind == AST_UNARY && e->unary.op == UNOP_NOT) {
		a = build_where(s, e->unary.a);
		return a < 0 ? a : !a;
	}
	if (e->kind != AST_BINARY ||
	    (e->binary.op != BINOP_LAND && e->binary.op != BINOP_LOR))
		return -1;
	a = build_where(s, e->binary.a);
	if (a < 0 || a == (e->binary.op == BINOP_LOR))
		return a;
	return build_where(s, e->binary.b);
}

static ir_ref build_choice(struct builder *s, struct ast_expr *e)
{
	uint32_t v = build_var(s, STR("?:"), build_type(e->type),
			       build_bound(s, e->bound));
	uint32_t yes = build_block(s), no = build_block(s);
	uint32_t done = build_block(s);

	build_branch(s, build_expr(s, e->ternary.cond), yes, no, e->at);
	build_begin(s, yes);
	build_set(s, v, build_expr(s, e->ternary.yes), e->at);
	build_jump(s, done, e->at);
	build_begin(s, no);
	build_set(s, v, build_expr(s, e->ternary.no), e->at);
	build_jump(s, done, e->at);
	build_begin(s, done);
	return build_get(s, v, e->at);
}

static ir_ref build_ternary(struct builder *s, struct ast_expr *e)
{
	int where = build_where(s, e->ternary.cond);

	if (where < 0)
		return build_choice(s, e);
	return build_expr(s, where ? e->ternary.yes : e->ternary.no);
}

/* An automaton for each pattern. */
static uint32_t dfa_number(struct builder *s, struct str pattern)
{
	struct ir_program *ir = s->b->ir;

	for (uint32_t i = 0; i < ir->dfas.n; i++)
		if (str_eq(ir->dfas.v[i].pattern, pattern))
			return i;
	vec_push(s->b->a, &ir->dfas, build_dfa(s->b, pattern));
	return ir->dfas.n - 1;
}

static ir_ref build_match(struct builder *s, struct ast_expr *e)
{
	ir_ref text = build_expr(s, e->binary.a);
	ir_ref m = build_insn(s, (struct ir_insn){
		.op = OP_MATCH, .type = IT_LONG, .a = text,
		.imm = dfa_number(s, e->binary.b->string),
		.b = IR_NONE, .c = IR_NONE, .span = e->at });

	if (e->binary.op == BINOP_MATCH)
		return m;
	return build_op(s, OP_EQ, m, build_const(s, 0, e->at), e->at);
}

static ir_ref build_binary_expr(struct builder *s, struct ast_expr *e)
{
	enum ast_binop op = e->binary.op;
	ir_ref a;

	if (op == BINOP_LAND || op == BINOP_LOR)
		return build_logic(s, e);
	if (op == BINOP_MATCH || op == BINOP_NOMATCH)
		return build_match(s, e);
	a = build_expr(s, e->binary.a);
	return build_binary(s, op, a, build_expr(s, e->binary.b), e->at);
}

static ir_ref build_unary(struct builder *s, struct ast_expr *e)
{
	ir_ref a = build_expr(s, e->unary.a);

	switch (e->unary.op) {
	case UNOP_PLUS:
		break;
	case UNOP_NEG:
		return build_op(s, OP_NEG, a, IR_NONE, e->at);
	case UNOP_INV:
		return build_op(s, OP_INV, a, IR_NONE, e->at);
	case UNOP_NOT:
		return build_op(s, OP_EQ, a, build_const(s, 0, e->at), e->at);
	}
	return a;
}

/* ---- calls ---- */

/* As many as an expression has parts, at most (the parser's limit). */
static uint16_t build_args(struct builder *s, const struct ast_exprs *args,
			   uint32_t *first)
{
	ir_ref *v = arena_array(s->b->ir->arena, args->n + 1, ir_ref);

	for (uint32_t i = 0; i < args->n; i++)
		v[i] = build_expr(s, args->v[i]);
	*first = ir_args(s->b->ir, s->f, v, args->n);
	return (uint16_t)args->n;
}

static uint16_t intrinsic_bound(const struct builder *s,
				const struct intrin_info *info,
				const struct ir_insn *i)
{
	if (info->bound == INTRIN_BOUND_ARG)
		return ir_insn(s->f, s->f->args.v[i->args])->bound;
	return build_bound(s, info->bound ? info->bound : UINT16_MAX);
}

ir_ref build_intrinsic(struct builder *s, struct ast_expr *e)
{
	const struct intrin_info *info = &intrin_info[e->call.intrinsic];
	struct ir_insn insn = {
		.op = OP_INTRIN, .imm = e->call.intrinsic,
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = e->at,
	};

	if (e->call.intrinsic == INTRIN_IN_KERNEL)
		return build_const(s, s->kernel, e->at);
	if (s->kernel && (info->flags & INF_DEFERRED)) {
		build_deferred(s, e);
		return IR_NONE;
	}
	insn.nargs = build_args(s, &e->call.args, &insn.args);
	insn.type = info->result == 'S' ? IT_STRING :
		    info->result == 'L' ? IT_LONG : IT_VOID;
	if (insn.type == IT_STRING)
		insn.bound = intrinsic_bound(s, info, &insn);
	/* What is read is at most as long as it is asked for; names of probes
	 * are known. */
	if (insn.imm == INTRIN_USER_STR || insn.imm == INTRIN_KERNEL_STR ||
	    insn.imm == INTRIN_PROBE_POINT || insn.imm == INTRIN_PROBE_NAME ||
	    insn.imm == INTRIN_PROBE_FUNC || insn.imm == INTRIN_PROBE_MARK)
		insn.bound = build_bound(s, e->bound);
	return build_insn(s, insn);
}

static ir_ref build_call(struct builder *s, struct ast_expr *e)
{
	struct func *f = e->call.func;
	struct ir_insn insn = {
		.op = OP_CALL, .type = build_type(f->type),
		.bound = build_bound(s, e->bound),
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = e->at,
	};
	ir_ref r;

	if (f->type == TY_UNKNOWN)
		insn.type = IT_VOID;
	insn.nargs = build_args(s, &e->call.args, &insn.args);
	insn.imm = build_callee(s->b, f, s->kernel);
	r = build_insn(s, insn);
	return insn.type == IT_VOID ? IR_NONE : r;
}

/* ---- all of them ---- */

ir_ref build_expr(struct builder *s, struct ast_expr *e)
{
	ir_ref late;

	if (build_late(s, e, &late))
		return late;
	switch (e->kind) {
	case AST_NUMBER:
		return build_const(s, e->number, e->span);
	case AST_STRING:
		return build_str(s, e->string, e->span);
	case AST_NAME:
		return build_name(s, e);
	case AST_INDEX:
		return build_index(s, e);
	case AST_TARGET:
	case AST_ATOP:
	case AST_ACCESS:
	case AST_ADDRESS:
		return build_target(s, walk_target_of(e), e->span);
	case AST_UNARY:
		return build_unary(s, e);
	case AST_BINARY:
		return build_binary_expr(s, e);
	case AST_TERNARY:
		return build_ternary(s, e);
	case AST_ASSIGN:
		return build_assign(s, e, true);
	case AST_INCDEC:
		return build_incdec(s, e, true);
	case AST_IN:
		return build_in(s, e);
	case AST_CALL:
		return e->call.is_intrinsic ? build_intrinsic(s, e) :
					      build_call(s, e);
	case AST_PRINT:
		if (ast_printop_is_string(e->print.op))
			return build_sprint(s, e);
		build_print(s, e);
		return build_const(s, 0, e->span);
	case AST_STAT:
		return ast_statop_is_hist(e->stat.op) ? build_hist_str(s, e) :
							build_stat(s, e);
	case AST_EMBEDDED:
		break;		/* refused by sema/check */
	}
	return build_const(s, 0, e->span);
}

void build_effect(struct builder *s, struct ast_expr *e)
{
	if (e->kind == AST_ASSIGN)
		build_assign(s, e, false);
	else if (e->kind == AST_INCDEC)
		build_incdec(s, e, false);
	else if (e->kind == AST_PRINT && !ast_printop_is_string(e->print.op))
		build_print(s, e);
	else
		build_expr(s, e);
}
