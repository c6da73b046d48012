/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/builder.h"

/* ---- instructions ---- */

ir_ref build_insn(struct builder *s, struct ir_insn insn)
{
	/* Code that nothing reaches gets a block of its own; opt_jump drops
	 * it again. */
	if (s->block == IR_NONE)
		build_begin(s, build_block(s));
	return ir_append(s->b->ir, s->f, s->block, insn);
}

static uint8_t result_type(enum image_op op)
{
	switch (op_info[op].result) {
	case 'L':
		return IT_LONG;
	case 'S':
		return IT_STRING;
	default:
		return IT_VOID;
	}
}

ir_ref build_op(struct builder *s, enum image_op op, ir_ref a, ir_ref b,
		struct span span)
{
	return build_insn(s, (struct ir_insn){
		.op = (uint8_t)op, .type = result_type(op),
		.a = a, .b = b, .c = IR_NONE, .span = span });
}

ir_ref build_const(struct builder *s, int64_t n, struct span span)
{
	return build_insn(s, (struct ir_insn){
		.op = OP_CONST, .type = IT_LONG, .imm = n,
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = span });
}

istr build_intern(struct builder *s, struct str text)
{
	return image_intern(s->b->ir->image, s->b->a, text);
}

uint16_t build_bound(const struct builder *s, uint64_t bound)
{
	uint64_t max = s->b->ir->image->limits.maxstringlen - 1;

	return (uint16_t)(bound < max ? bound : max);
}

ir_ref build_str(struct builder *s, struct str text, struct span span)
{
	text = str_sub(text, 0, build_bound(s, text.len));
	return build_insn(s, (struct ir_insn){
		.op = OP_STR, .type = IT_STRING, .bound = (uint16_t)text.len,
		.imm = build_intern(s, text),
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = span });
}

/* ---- blocks ---- */

uint32_t build_block(struct builder *s)
{
	return ir_block_new(s->b->ir, s->f, s->catch);
}

void build_begin(struct builder *s, uint32_t block)
{
	s->block = block;
	s->tick = IR_NONE;
}

void build_end(struct builder *s, struct ir_insn insn)
{
	build_insn(s, insn);
	s->block = IR_NONE;
	s->tick = IR_NONE;
}

void build_jump(struct builder *s, uint32_t block, struct span span)
{
	if (s->block == IR_NONE)
		return;
	build_end(s, (struct ir_insn){ .op = OP_JMP, .b = block,
				       .a = IR_NONE, .c = IR_NONE,
				       .span = span });
}

void build_branch(struct builder *s, ir_ref cond, uint32_t yes, uint32_t no,
		  struct span span)
{
	build_end(s, (struct ir_insn){ .op = OP_BR, .a = cond, .b = yes,
				       .c = no, .span = span });
}

/* ---- variables ---- */

uint8_t build_type(enum ty t)
{
	switch (t) {
	case TY_STRING:
		return IT_STRING;
	case TY_STATS:
		return IT_STATS;
	case TY_LONG:
	case TY_UNKNOWN:
		break;
	}
	return IT_LONG;
}

uint32_t build_var(struct builder *s, struct str name, uint8_t type,
		   uint16_t bound)
{
	return ir_var_new(s->b->ir, s->f, name, type, bound);
}

ir_ref build_get(struct builder *s, uint32_t var, struct span span)
{
	const struct ir_var *v = &s->f->vars.v[var];

	return build_insn(s, (struct ir_insn){
		.op = OP_GET, .type = v->type, .bound = v->bound, .imm = var,
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = span });
}

void build_set(struct builder *s, uint32_t var, ir_ref value,
	       struct span span)
{
	build_insn(s, (struct ir_insn){
		.op = OP_SET, .imm = var, .a = value,
		.b = IR_NONE, .c = IR_NONE, .span = span });
}

/* ---- functions ---- */

uint32_t build_callee(struct build *b, struct func *f, bool kernel)
{
	uint32_t *number = &b->func[kernel][f->number];
	struct ir_func *irf;

	if (*number != IR_NONE)
		return *number;
	irf = ir_func_new(b->ir, f->name);
	irf->is_kernel = kernel;
	irf->type = f->type == TY_UNKNOWN ? IT_VOID : build_type(f->type);
	for (const struct func *o = f; o; o = o->next_overload)
		irf->bound = o->bound > irf->bound ? o->bound : irf->bound;
	irf->nparams = f->nparams;
	irf->recursive = f->recursive;
	irf->is_library = f->is_library;
	irf->span = f->decl->span;
	*number = irf->number;
	vec_push(b->a, &b->wanted[kernel], f);
	return *number;
}
