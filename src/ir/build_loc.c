/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locations of debug information (dbg/loc.h): the stack that their operations
 * work on is one of this pass, and nothing of it is left in the code.
 */
#include "base/vec.h"
#include "dbg/loc.h"
#include "ir/builder.h"

#define LOC_STACK_MAX 64

struct loc_stack {
	struct builder *s;
	struct span span;
	ir_ref v[LOC_STACK_MAX];
	uint32_t n;
};

static void push(struct loc_stack *st, ir_ref v)
{
	if (st->n < LOC_STACK_MAX)
		st->v[st->n++] = v;
}

static ir_ref pop(struct loc_stack *st)
{
	return st->n ? st->v[--st->n] : build_const(st->s, 0, st->span);
}

static ir_ref number(struct loc_stack *st, int64_t n)
{
	return build_const(st->s, n, st->span);
}

static ir_ref insn(struct loc_stack *st, enum image_op op, int64_t imm,
		   ir_ref a, uint32_t aux)
{
	return build_insn(st->s, (struct ir_insn){ .op = (uint8_t)op,
						   .type = IT_LONG,
						   .imm = imm,
						   .a = a,
						   .b = IR_NONE,
						   .c = IR_NONE,
						   .aux = aux,
						   .span = st->span });
}

static void binary(struct loc_stack *st, enum image_op op)
{
	ir_ref b = pop(st), a = pop(st);

	push(st, build_op(st->s, op, a, b, st->span));
}

/* Comparisons here have a sign: the order of unsigned numbers is that of
 * signed ones with the highest bit turned. */
static void compare_unsigned(struct loc_stack *st, enum image_op op)
{
	ir_ref b = pop(st), a = pop(st);

	a = build_op(st->s, OP_XOR, a, number(st, INT64_MIN), st->span);
	b = build_op(st->s, OP_XOR, b, number(st, INT64_MIN), st->span);
	push(st, build_op(st->s, op, a, b, st->span));
}

/* -x where x < 0: (x ^ s) - s, s being all signs */
static void absolute(struct loc_stack *st)
{
	ir_ref x = pop(st);
	ir_ref sign = build_op(st->s, OP_SHR, x, number(st, 63), st->span);

	x = build_op(st->s, OP_XOR, x, sign, st->span);
	push(st, build_op(st->s, OP_SUB, x, sign, st->span));
}

static void pick(struct loc_stack *st, uint64_t n)
{
	push(st, n < st->n ? st->v[st->n - 1 - n] : number(st, 0));
}

/* The top goes below the n - 1 next. */
static void rotate(struct loc_stack *st, uint32_t n)
{
	ir_ref top;

	if (st->n < n)
		return;
	top = st->v[st->n - 1];
	for (uint32_t i = 1; i < n; i++)
		st->v[st->n - i] = st->v[st->n - i - 1];
	st->v[st->n - n] = top;
}

/* Both by masks: x ^= (a ^ b) & -(c == 0) */
static void swap_if_zero(struct loc_stack *st)
{
	ir_ref c = pop(st), b = pop(st), a = pop(st), turn;

	c = build_op(st->s, OP_EQ, c, number(st, 0), st->span);
	c = insn(st, OP_NEG, 0, c, 0);
	turn = build_op(st->s, OP_XOR, a, b, st->span);
	turn = build_op(st->s, OP_AND, turn, c, st->span);
	push(st, build_op(st->s, OP_XOR, a, turn, st->span));
	push(st, build_op(st->s, OP_XOR, b, turn, st->span));
}

static enum image_error check_error(uint64_t why)
{
	switch ((enum dbg_loc_check)why) {
	case DBG_LOC_CALLER:
		break;
	case DBG_LOC_UNMAPPED:
		return IERR_UNMAPPED;
	case DBG_LOC_NO_BLOCK:
		return IERR_NO_BLOCK;
	}
	return IERR_CALLER;
}

/* Nothing is known unless the top is true: raises. */
static void check(struct loc_stack *st, uint64_t why)
{
	ir_ref good = pop(st);
	uint32_t yes = build_block(st->s), no = build_block(st->s);

	build_branch(st->s, good, yes, no, st->span);
	build_begin(st->s, no);
	build_end(st->s, (struct ir_insn){ .op = OP_RAISE,
					   .imm = check_error(why),
					   .a = IR_NONE,
					   .b = IR_NONE,
					   .c = IR_NONE,
					   .span = st->span });
	build_begin(st->s, yes);
}

#define INTRINSIC_ARGS_MAX 3

static void intrinsic(struct loc_stack *st, enum image_intrinsic which,
		      uint8_t n)
{
	struct ir_insn i = { .op = OP_INTRIN, .type = IT_LONG,
			     .imm = which, .nargs = n,
			     .a = IR_NONE, .b = IR_NONE, .c = IR_NONE,
			     .span = st->span };
	ir_ref args[INTRINSIC_ARGS_MAX];

	for (uint32_t k = n; k--;)
		args[k] = pop(st);
	i.args = ir_args(st->s->b->ir, st->s->f, args, n);
	push(st, build_insn(st->s, i));
}

static void extend(struct loc_stack *st, uint8_t size, bool is_signed)
{
	push(st, insn(st, OP_BITS, 0, pop(st),
		      BITS_AUX(0, 8u * size, is_signed)));
}

/* -1 where a < b as numbers without sign, else 0 */
static ir_ref below_mask(struct loc_stack *st, ir_ref a, ir_ref b)
{
	a = build_op(st->s, OP_XOR, a, number(st, INT64_MIN), st->span);
	b = build_op(st->s, OP_XOR, b, number(st, INT64_MIN), st->span);
	return insn(st, OP_NEG, 0, build_op(st->s, OP_LT, a, b, st->span), 0);
}

/*
 * Numbers without sign, by the division that has one: a / 2 fits it.  Twice
 * that quotient is at most one too small.  A divisor that would be negative
 * goes in once, or not at all.
 */
static void divide_unsigned(struct loc_stack *st, bool rest)
{
	struct builder *s = st->s;
	ir_ref b = pop(st), a = pop(st), big, small, half, q, r, more;

	big = build_op(s, OP_SHR, b, number(st, 63), st->span);
	small = build_op(s, OP_SUB, b,
			 build_op(s, OP_AND, big,
				  build_op(s, OP_SUB, b, number(st, 1),
					   st->span), st->span), st->span);
	half = build_op(s, OP_USHR, a, number(st, 1), st->span);
	q = build_op(s, OP_DIV, half, small, st->span);
	q = build_op(s, OP_SHL, q, number(st, 1), st->span);
	/* big: q = 0 */
	q = build_op(s, OP_AND, q, insn(st, OP_INV, 0, big, 0), st->span);
	r = build_op(s, OP_SUB, a, build_op(s, OP_MUL, q, b, st->span),
		     st->span);
	more = insn(st, OP_INV, 0, below_mask(st, r, b), 0);
	q = build_op(s, OP_SUB, q, more, st->span);
	r = build_op(s, OP_SUB, r, build_op(s, OP_AND, more, b, st->span),
		     st->span);
	push(st, rest ? r : q);
}

/* The operation of two that it is; of comparisons without sign, the one with
 * it. */
static enum image_op binary_op(enum dbg_loc_code code)
{
	static const uint8_t ops[] = {
		[DBG_LOC_OP_ADD] = OP_ADD,
		[DBG_LOC_OP_SUB] = OP_SUB,
		[DBG_LOC_OP_MUL] = OP_MUL,
		[DBG_LOC_OP_SDIV] = OP_DIV,
		[DBG_LOC_OP_SMOD] = OP_MOD,
		[DBG_LOC_OP_AND] = OP_AND,
		[DBG_LOC_OP_OR] = OP_OR,
		[DBG_LOC_OP_XOR] = OP_XOR,
		[DBG_LOC_OP_SHL] = OP_SHL,
		[DBG_LOC_OP_SHR] = OP_USHR,
		[DBG_LOC_OP_SAR] = OP_SHR,
		[DBG_LOC_OP_EQ] = OP_EQ,
		[DBG_LOC_OP_NE] = OP_NE,
		[DBG_LOC_OP_SLT] = OP_LT,
		[DBG_LOC_OP_SLE] = OP_LE,
		[DBG_LOC_OP_SGT] = OP_GT,
		[DBG_LOC_OP_SGE] = OP_GE,
		[DBG_LOC_OP_ULT] = OP_LT,
		[DBG_LOC_OP_ULE] = OP_LE,
		[DBG_LOC_OP_UGT] = OP_GT,
		[DBG_LOC_OP_UGE] = OP_GE,
	};

	return (enum image_op)ops[code];
}

static void operation(struct loc_stack *st, const struct dbg_loc_op *op)
{
	switch (op->code) {
	case DBG_LOC_OP_CONST:
		push(st, number(st, (int64_t)op->value));
		break;
	case DBG_LOC_OP_REG:
		push(st, insn(st, OP_LOAD, (int64_t)op->value, IR_NONE,
			      LOAD_CTX | 8));
		break;
	case DBG_LOC_OP_SYMBOL:
		push(st, insn(st, OP_ACCESS, (int64_t)op->value, IR_NONE, 0));
		break;
	case DBG_LOC_OP_CPU:
		push(st, insn(st, OP_INTRIN, INTRIN_CPU, IR_NONE, 0));
		break;
	case DBG_LOC_OP_TASK:
		push(st, insn(st, OP_INTRIN, INTRIN_TASK, IR_NONE, 0));
		break;
	case DBG_LOC_OP_MAPPED:
		intrinsic(st, INTRIN_MAPPED, 3);
		break;
	case DBG_LOC_OP_RETURN:
		intrinsic(st, INTRIN_RETURN_PC, 2);
		break;
	case DBG_LOC_OP_FUNC:
		push(st, insn(st, OP_INTRIN, INTRIN_FUNC_IP, IR_NONE, 0));
		break;
	case DBG_LOC_OP_LOAD:
		push(st, insn(st, OP_LOAD, 0, pop(st),
			      op->size | (op->value ? LOAD_USER : 0u)));
		break;
	case DBG_LOC_OP_ADD:
	case DBG_LOC_OP_SUB:
	case DBG_LOC_OP_MUL:
	case DBG_LOC_OP_SDIV:
	case DBG_LOC_OP_SMOD:
	case DBG_LOC_OP_AND:
	case DBG_LOC_OP_OR:
	case DBG_LOC_OP_XOR:
	case DBG_LOC_OP_SHL:
	case DBG_LOC_OP_SHR:
	case DBG_LOC_OP_SAR:
	case DBG_LOC_OP_EQ:
	case DBG_LOC_OP_NE:
	case DBG_LOC_OP_SLT:
	case DBG_LOC_OP_SLE:
	case DBG_LOC_OP_SGT:
	case DBG_LOC_OP_SGE:
		binary(st, binary_op(op->code));
		break;
	case DBG_LOC_OP_ULT:
	case DBG_LOC_OP_ULE:
	case DBG_LOC_OP_UGT:
	case DBG_LOC_OP_UGE:
		compare_unsigned(st, binary_op(op->code));
		break;
	case DBG_LOC_OP_NEG:
		push(st, insn(st, OP_NEG, 0, pop(st), 0));
		break;
	case DBG_LOC_OP_NOT:
		push(st, insn(st, OP_INV, 0, pop(st), 0));
		break;
	case DBG_LOC_OP_ABS:
		absolute(st);
		break;
	case DBG_LOC_OP_SEXT:
		extend(st, op->size, true);
		break;
	case DBG_LOC_OP_ZEXT:
		extend(st, op->size, false);
		break;
	case DBG_LOC_OP_PICK:
		pick(st, op->value);
		break;
	case DBG_LOC_OP_DROP:
		pop(st);
		break;
	case DBG_LOC_OP_SWAP:
		rotate(st, 2);
		break;
	case DBG_LOC_OP_SWAPZ:
		swap_if_zero(st);
		break;
	case DBG_LOC_OP_CHECK:
		check(st, op->value);
		break;
	case DBG_LOC_OP_ROT:
		rotate(st, 3);
		break;
	case DBG_LOC_OP_UDIV:
	case DBG_LOC_OP_UMOD:
		divide_unsigned(st, op->code == DBG_LOC_OP_UMOD);
		break;
	/* sema/resolve lets none of these through. */
	case DBG_LOC_OP_ENTRY:
	case DBG_LOC_OP_ADDR:
	case DBG_LOC_OP_TLS:
		break;
	}
}

ir_ref build_location(struct builder *s, const struct dbg_loc_op *ops,
		      uint32_t n, struct span span)
{
	struct loc_stack st = { .s = s, .span = span };

	for (uint32_t i = 0; i < n; i++)
		operation(&st, &ops[i]);
	return pop(&st);
}
