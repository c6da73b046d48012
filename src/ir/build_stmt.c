/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/builder.h"

/* One statement = one action of the handler's budget. */
static void tick(struct builder *s, struct span span)
{
	if (s->block != IR_NONE && s->tick != IR_NONE) {
		s->f->insns.v[s->tick].imm++;
		return;
	}
	s->tick = build_insn(s, (struct ir_insn){
		.op = OP_TICK, .imm = 1, .a = IR_NONE, .b = IR_NONE,
		.c = IR_NONE, .span = span });
}

void build_end_iterators(struct builder *s, const struct build_loop *until,
			 struct span span)
{
	for (struct build_loop *l = s->loop; l && l != until; l = l->outer)
		if (l->iterator != IR_NONE)
			build_op(s, OP_ITER_END, l->iterator, IR_NONE, span);
}

static void build_if_else(struct builder *s, struct ast_stmt *st)
{
	uint32_t yes = build_block(s), no = build_block(s);
	uint32_t done = st->if_.no ? build_block(s) : no;

	build_branch(s, build_expr(s, st->if_.cond), yes, no,
		     st->if_.cond->span);
	build_begin(s, yes);
	build_stmt(s, st->if_.yes);
	build_jump(s, done, st->span);
	if (st->if_.no) {
		build_begin(s, no);
		build_stmt(s, st->if_.no);
		build_jump(s, done, st->span);
	}
	build_begin(s, done);
}

static void build_if(struct builder *s, struct ast_stmt *st)
{
	int where = build_where(s, st->if_.cond);

	if (where < 0)
		build_if_else(s, st);
	else if (where)
		build_stmt(s, st->if_.yes);
	else if (st->if_.no)
		build_stmt(s, st->if_.no);
}

/* while and for:  head: cond ? body : out;  body ... next: step, head */
static void build_loop(struct builder *s, struct ast_stmt *st)
{
	uint32_t head, body, next, out;
	struct build_loop loop = { .iterator = IR_NONE, .outer = s->loop };

	if (st->loop.init)
		build_effect(s, st->loop.init);
	head = build_block(s);
	body = build_block(s);
	next = build_block(s);
	out = build_block(s);
	s->f->blocks.v[head].is_loop = true;
	build_jump(s, head, st->span);
	build_begin(s, head);
	tick(s, st->span);
	if (st->loop.cond)
		build_branch(s, build_expr(s, st->loop.cond), body, out,
			     st->loop.cond->span);
	else
		build_jump(s, body, st->span);
	loop.on_break = out;
	loop.on_continue = next;
	s->loop = &loop;
	build_begin(s, body);
	build_stmt(s, st->loop.body);
	build_jump(s, next, st->span);
	s->loop = loop.outer;
	build_begin(s, next);
	if (st->loop.step)
		build_effect(s, st->loop.step);
	build_jump(s, head, st->span);
	build_begin(s, out);
}

static void build_return(struct builder *s, struct ast_stmt *st)
{
	ir_ref value = st->expr ? build_expr(s, st->expr) : IR_NONE;

	build_end_iterators(s, NULL, st->span);
	if (!s->func) {
		build_end(s, (struct ir_insn){ .op = OP_NEXT, .a = IR_NONE,
					       .b = IR_NONE, .c = IR_NONE,
					       .span = st->span });
		return;
	}
	if (value == IR_NONE && s->f->type == IT_LONG)
		value = build_const(s, 0, st->span);
	else if (value == IR_NONE && s->f->type == IT_STRING)
		value = build_str(s, STR(""), st->span);
	else if (s->f->type == IT_VOID)
		value = IR_NONE;
	build_end(s, (struct ir_insn){ .op = OP_RET, .a = value,
				       .b = IR_NONE, .c = IR_NONE,
				       .span = st->span });
}

/* In a function: the next overload gets the same arguments. */
static void build_next_overload(struct builder *s, struct span span)
{
	struct func *next = s->func->next_overload;
	ir_ref *args = arena_array(s->b->ir->arena, next->nparams + 1, ir_ref);
	ir_ref value;

	for (uint32_t i = 0; i < next->nparams; i++)
		args[i] = build_get(s, s->originals[i], span);
	value = build_insn(s, (struct ir_insn){
		.op = OP_CALL, .type = s->f->type, .bound = s->f->bound,
		.imm = build_callee(s->b, next, s->kernel),
		.nargs = (uint16_t)next->nparams,
		.args = ir_args(s->b->ir, s->f, args, next->nparams),
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = span });
	build_end(s, (struct ir_insn){
		.op = OP_RET, .a = s->f->type == IT_VOID ? IR_NONE : value,
		.b = IR_NONE, .c = IR_NONE, .span = span });
}

static void build_next(struct builder *s, struct ast_stmt *st)
{
	build_end_iterators(s, NULL, st->span);
	if (s->func && s->func->next_overload)
		build_next_overload(s, st->span);
	else
		build_end(s, (struct ir_insn){
			.op = s->func ? OP_RAISE : OP_NEXT,
			.imm = s->func ? IERR_EXHAUSTED : 0,
			.a = IR_NONE, .b = IR_NONE, .c = IR_NONE,
			.span = st->span });
}

static void delete_scalar(struct builder *s, const struct var *v,
			  struct span span)
{
	struct ir_insn insn = {
		.op = v->type == TY_STATS ? OP_STAT_CLEAR : OP_GSET,
		.imm = v->number, .a = IR_NONE, .b = IR_NONE, .c = IR_NONE,
		.span = span,
	};

	if (v->type == TY_STRING)
		insn.a = build_str(s, STR(""), span);
	else if (v->type != TY_STATS)
		insn.a = build_const(s, 0, span);
	if (!v->is_global)
		build_set(s, s->vars[v->number], insn.a, span);
	else
		build_insn(s, insn);
}

static void build_delete(struct builder *s, struct ast_stmt *st)
{
	struct ast_expr *e = st->expr;
	struct ast_expr *name = e->kind == AST_INDEX ? e->index.base : e;
	const struct var *v = name->name.var;
	struct build_keys keys = {};

	if (e->kind == AST_INDEX)
		keys = build_keys(s, &e->index.keys);
	if (v->is_array)
		build_insn(s, build_keyed(s, OP_ADEL, v, &keys, st->span));
	else
		delete_scalar(s, v, st->span);
}

/* The blocks between try and catch have the handler as their catch block. */
static void build_try(struct builder *s, struct ast_stmt *st)
{
	uint32_t outer = s->catch, handler = build_block(s), body, done;
	ir_ref message;

	s->catch = handler;
	body = build_block(s);
	build_jump(s, body, st->span);
	build_begin(s, body);
	build_stmt(s, st->try_.body);
	s->catch = outer;
	done = build_block(s);
	build_jump(s, done, st->span);
	build_begin(s, handler);
	if (st->try_.message) {
		message = build_insn(s, (struct ir_insn){
			.op = OP_CATCH_MSG, .type = IT_STRING,
			.bound = build_bound(s, UINT16_MAX),
			.a = IR_NONE, .b = IR_NONE, .c = IR_NONE,
			.span = st->try_.message->span });
		build_assign_value(s, st->try_.message, message);
	}
	if (st->try_.handler)
		build_stmt(s, st->try_.handler);
	build_jump(s, done, st->span);
	build_begin(s, done);
}

#define PRINTS_MAX 16		/* in one record */

static void build_list(struct builder *s, const struct ast_stmts *list)
{
	struct ast_expr *prints[PRINTS_MAX];
	uint32_t n;

	for (uint32_t i = 0; i < list->n; i += n ? n : 1) {
		n = s->kernel ? build_print_run(list, i, prints, PRINTS_MAX) :
				0;
		if (!n)
			build_stmt(s, list->v[i]);
		for (uint32_t k = 0; k < n; k++)
			tick(s, list->v[i + k]->span);
		if (n)
			build_prints(s, prints, n);
	}
}

static void build_leave_loop(struct builder *s, struct ast_stmt *st)
{
	struct build_loop *l = s->loop;

	/* The loop's own iterator ends where break goes. */
	build_jump(s, st->kind == AST_S_BREAK ? l->on_break : l->on_continue,
		   st->span);
}

void build_stmt(struct builder *s, struct ast_stmt *st)
{
	if (st->kind != AST_S_BLOCK && st->kind != AST_S_EMPTY)
		tick(s, st->span);
	switch (st->kind) {
	case AST_S_EMPTY:
		break;
	case AST_S_EXPR:
		build_effect(s, st->expr);
		break;
	case AST_S_BLOCK:
		build_list(s, &st->block);
		break;
	case AST_S_IF:
		build_if(s, st);
		break;
	case AST_S_WHILE:
	case AST_S_FOR:
		build_loop(s, st);
		break;
	case AST_S_FOREACH:
		build_foreach(s, st);
		break;
	case AST_S_BREAK:
	case AST_S_CONTINUE:
		build_leave_loop(s, st);
		break;
	case AST_S_RETURN:
		build_return(s, st);
		break;
	case AST_S_NEXT:
		build_next(s, st);
		break;
	case AST_S_DELETE:
		build_delete(s, st);
		break;
	case AST_S_TRY:
		build_try(s, st);
		break;
	case AST_S_EMBEDDED:
		break;		/* refused by sema/check */
	}
}
