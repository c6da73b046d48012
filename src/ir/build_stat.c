/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/builder.h"

enum stat_op build_stat_op(enum ast_statop op)
{
	switch (op) {
	case STATOP_COUNT:
		return STAT_OP_COUNT;
	case STATOP_SUM:
		return STAT_OP_SUM;
	case STATOP_MIN:
		return STAT_OP_MIN;
	case STATOP_MAX:
		return STAT_OP_MAX;
	case STATOP_AVG:
		return STAT_OP_AVG;
	case STATOP_VARIANCE:
		return STAT_OP_VARIANCE;
	case STATOP_HIST_LOG:
	case STATOP_HIST_LINEAR:
		break;
	}
	return STAT_OP_BUCKET;
}

struct build_stat build_stat_of(struct builder *s, struct ast_expr *of)
{
	struct build_stat st = { .iterator = IR_NONE };
	/* Locals are the handler's, also where its output is made. */
	const struct builder *owner = s->kernel_side ? s->kernel_side : s;

	if (of->kind == AST_INDEX) {
		st.var = of->index.base->name.var;
		st.keys = build_keys(s, &of->index.keys);
		return st;
	}
	st.var = of->name.var;
	if (!st.var->is_global) {
		st.iterator = owner->iterators[st.var->number];
		st.var = owner->iterated[st.var->number];
	}
	return st;
}

static ir_ref stat_get(struct builder *s, const struct build_stat *st,
		       enum stat_op op, ir_ref operand, struct span span)
{
	struct ir_insn insn;

	if (st->iterator != IR_NONE)
		return build_insn(s, (struct ir_insn){
			.op = OP_ITER_STAT, .type = IT_LONG,
			.a = st->iterator, .b = operand, .c = IR_NONE,
			.aux = op, .span = span });
	insn = build_keyed(s, OP_STAT_GET, st->var, &st->keys, span);
	insn.type = IT_LONG;
	insn.a = operand;
	insn.aux = op;
	return build_insn(s, insn);
}

ir_ref build_stat(struct builder *s, struct ast_expr *e)
{
	struct build_stat st = build_stat_of(s, e->stat.of);
	ir_ref shift = IR_NONE;

	if (e->stat.op == STATOP_VARIANCE && e->stat.nparams)
		shift = build_const(s, e->stat.params[0], e->at);
	return stat_get(s, &st, build_stat_op(e->stat.op), shift, e->at);
}

ir_ref build_bucket(struct builder *s, struct ast_expr *hist, ir_ref bucket,
		    struct span span)
{
	struct build_stat st = build_stat_of(s, hist->stat.of);

	return stat_get(s, &st, STAT_OP_BUCKET, bucket, span);
}
