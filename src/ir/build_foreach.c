/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreach over an array: an iterator over a snapshot of it.  foreach over the
 * buckets of a histogram: a loop over their numbers.
 */
#include "ir/builder.h"

static enum image_sort sort_of(enum ast_sort_by by)
{
	switch (by) {
	case AST_SORT_NONE:
		break;
	case AST_SORT_KEY:
		return SORT_KEY;
	case AST_SORT_VALUE:
		return SORT_VALUE;
	case AST_SORT_STAT:
		return SORT_STAT;
	}
	return SORT_NONE;
}

static const struct var *value_var(const struct ast_stmt *st)
{
	return st->foreach.value ? st->foreach.value->name.var : NULL;
}

static uint32_t iter_add(struct builder *s, const struct ast_stmt *st,
			 const struct var *array)
{
	struct image *img = s->b->ir->image;
	struct image_iter it = {
		.global = array->number,
		.sort = (uint8_t)sort_of(st->foreach.sort_by),
		.dir = (int8_t)st->foreach.sort_dir,
		.key = (uint8_t)st->foreach.sort_key,
		.has_limit = st->foreach.limit,
		.wants_value = st->foreach.value,
	};

	/* A statistic is sorted by how many values it has. */
	if (it.sort == SORT_VALUE && array->type == TY_STATS) {
		it.sort = SORT_STAT;
		it.stat = STAT_OP_COUNT;
	} else if (it.sort == SORT_STAT) {
		it.stat = (uint8_t)build_stat_op(st->foreach.sort_stat);
	}
	for (uint32_t k = 0; k < st->foreach.slice.n; k++)
		if (st->foreach.slice.v[k])
			it.slice |= (uint16_t)(1u << k);
	vec_push(s->b->a, &img->iters, it);
	return img->iters.n - 1;
}

static ir_ref iter_new(struct builder *s, struct ast_stmt *st,
		       const struct var *array)
{
	struct build_keys slice = build_keys(s, &st->foreach.slice);
	ir_ref limit = IR_NONE;

	if (st->foreach.limit)
		limit = build_expr(s, st->foreach.limit);
	return build_insn(s, (struct ir_insn){
		.op = OP_ITER_NEW, .type = IT_LONG,
		.imm = iter_add(s, st, array), .a = limit,
		.b = IR_NONE, .c = IR_NONE, .nargs = (uint16_t)slice.n,
		.args = ir_args(s->b->ir, s->f, slice.v, slice.n),
		.span = st->span });
}

/* The variables of one turn. */
static void set_keys(struct builder *s, struct ast_stmt *st,
		     const struct var *array, ir_ref it)
{
	for (uint32_t k = 0; k < st->foreach.keys.n; k++) {
		struct ast_expr *name = st->foreach.keys.v[k];
		ir_ref key = build_insn(s, (struct ir_insn){
			.op = OP_ITER_KEY, .imm = k, .a = it,
			.b = IR_NONE, .c = IR_NONE,
			.type = build_type(array->key_type[k]),
			.bound = build_bound(s, array->key_bound[k]),
			.span = name->span });

		build_assign_value(s, name, key);
	}
}

static void set_value(struct builder *s, struct ast_stmt *st,
		      const struct var *array, ir_ref it)
{
	const struct var *v = value_var(st);
	ir_ref value;

	if (!v)
		return;
	if (array->type == TY_STATS) {
		s->iterators[v->number] = it;
		s->iterated[v->number] = array;
		return;
	}
	value = build_insn(s, (struct ir_insn){
		.op = OP_ITER_VALUE, .a = it, .b = IR_NONE, .c = IR_NONE,
		.type = build_type(array->type),
		.bound = build_bound(s, array->bound),
		.span = st->foreach.value->span });
	build_assign_value(s, st->foreach.value, value);
}

static void foreach_array(struct builder *s, struct ast_stmt *st)
{
	const struct var *array = st->foreach.array->name.var;
	ir_ref it = iter_new(s, st, array);
	uint32_t head = build_block(s), body = build_block(s);
	uint32_t out = build_block(s);
	struct build_loop loop = {
		.on_break = out, .on_continue = head, .iterator = it,
		.outer = s->loop,
	};

	s->f->blocks.v[head].is_loop = true;
	build_jump(s, head, st->span);
	build_begin(s, head);
	build_branch(s, build_op(s, OP_ITER_NEXT, it, IR_NONE, st->span),
		     body, out, st->span);
	build_begin(s, body);
	set_keys(s, st, array, it);
	set_value(s, st, array, it);
	s->loop = &loop;
	build_stmt(s, st->foreach.body);
	build_jump(s, head, st->span);
	s->loop = loop.outer;
	build_begin(s, out);
	build_op(s, OP_ITER_END, it, IR_NONE, st->span);
}

/* i from 0 to n - 1, or down from there. */
static void foreach_buckets(struct builder *s, struct ast_stmt *st)
{
	struct build_stat hist = build_stat_of(s, st->foreach.array->stat.of);
	int64_t n = image_stat_buckets(&hist.var->stat);
	bool down = st->foreach.sort_dir < 0;
	uint32_t i = build_var(s, STR("bucket"), IT_LONG, 0);
	uint32_t head = build_block(s), body = build_block(s);
	uint32_t next = build_block(s), out = build_block(s);
	struct build_loop loop = {
		.on_break = out, .on_continue = next, .iterator = IR_NONE,
		.outer = s->loop,
	};
	struct span span = st->span;
	ir_ref more, step;

	build_set(s, i, build_const(s, down ? n - 1 : 0, span), span);
	s->f->blocks.v[head].is_loop = true;
	build_jump(s, head, span);
	build_begin(s, head);
	more = build_op(s, down ? OP_GE : OP_LT, build_get(s, i, span),
			build_const(s, down ? 0 : n, span), span);
	build_branch(s, more, body, out, span);
	build_begin(s, body);
	build_assign_value(s, st->foreach.keys.v[0], build_get(s, i, span));
	s->loop = &loop;
	build_stmt(s, st->foreach.body);
	build_jump(s, next, span);
	s->loop = loop.outer;
	build_begin(s, next);
	step = build_op(s, OP_ADD, build_get(s, i, span),
			build_const(s, down ? -1 : 1, span), span);
	build_set(s, i, step, span);
	build_jump(s, head, span);
	build_begin(s, out);
}

void build_foreach(struct builder *s, struct ast_stmt *st)
{
	if (st->foreach.array->kind == AST_STAT)
		foreach_buckets(s, st);
	else
		foreach_array(s, st);
}
