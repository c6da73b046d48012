/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target variables: the operations of a struct target, one after another.
 * Distances are gathered, and go into the load that follows.
 */
#include "dbg/loc.h"
#include "ir/builder.h"

struct cursor {
	struct builder *s;
	ir_ref value;
	int64_t distance; /* not yet added */
	struct span span;
};

static ir_ref cursor_value(struct cursor *c)
{
	if (c->distance)
		c->value = build_op(c->s, OP_ADD, c->value,
				    build_const(c->s, c->distance, c->span),
				    c->span);
	c->distance = 0;
	return c->value;
}

static void cursor_start(struct cursor *c, ir_ref value)
{
	c->value = value;
	c->distance = 0;
}

static void context(struct cursor *c, const struct target_op *op)
{
	bool word = op->kind == TGT_CTX_WORD;

	cursor_start(
		c,
		build_insn(c->s,
			   (struct ir_insn){
				   .op = word ? OP_CTX_WORD : OP_LOAD,
				   .type = IT_LONG,
				   .imm = op->n | (op->is_copied ?
							   CTX_WORD_COPIED :
							   0),
				   .a = IR_NONE,
				   .b = IR_NONE,
				   .c = IR_NONE,
				   .aux = word ? op->access :
						 LOAD_CTX | op->size |
							  (op->is_signed ?
								   LOAD_SIGNED :
								   0u),
				   .span = c->span }));
}

/* The host has no registers of the traced, and does not write: functions that
 * do so have the error there that a bad address gives. */
static void unreadable(struct cursor *c, enum image_error kind)
{
	build_end(c->s, (struct ir_insn){ .op = OP_RAISE,
					  .imm = kind,
					  .a = cursor_value(c),
					  .b = IR_NONE,
					  .c = IR_NONE,
					  .span = c->span });
	cursor_start(c, build_const(c->s, 0, c->span));
}

/* op->n, or what takes its place on another kernel. */
static ir_ref number(struct cursor *c, const struct target_op *op)
{
	if (!op->access)
		return build_const(c->s, op->n, c->span);
	return build_insn(c->s, (struct ir_insn){ .op = OP_ACCESS,
						  .type = IT_LONG,
						  .imm = op->access - 1,
						  .a = IR_NONE,
						  .b = IR_NONE,
						  .c = IR_NONE,
						  .span = c->span });
}

static void add(struct cursor *c, const struct target_op *op)
{
	if (!op->access)
		c->distance += op->n;
	else
		cursor_start(c, build_op(c->s, OP_ADD, cursor_value(c),
					 number(c, op), c->span));
}

static void load(struct cursor *c, const struct target_op *op)
{
	ir_ref v = build_insn(
		c->s,
		(struct ir_insn){ .op = OP_LOAD,
				  .type = IT_LONG,
				  .a = c->value,
				  .b = IR_NONE,
				  .c = IR_NONE,
				  .imm = c->distance,
				  .aux = op->size |
					 (op->is_signed ? LOAD_SIGNED : 0u) |
					 (op->is_user ? LOAD_USER : 0u) |
					 (op->is_quiet ? LOAD_QUIET : 0u) |
					 (op->asks ? LOAD_ASKS : 0u),
				  .span = c->span });

	cursor_start(c, v);
}

static void load_str(struct cursor *c, const struct target_op *op)
{
	ir_ref v = build_insn(
		c->s, (struct ir_insn){ .op = OP_LOAD_STR,
					.type = IT_STRING,
					.bound = build_bound(c->s, op->size),
					.a = c->value,
					.b = IR_NONE,
					.c = IR_NONE,
					.imm = c->distance,
					.aux = (op->is_user ? LOAD_USER : 0u) |
					       (op->is_quiet ? LOAD_QUIET : 0u),
					.span = c->span });

	cursor_start(c, v);
}

/* Counters are read where they count: in the kernel. */
static void counter(struct cursor *c, const struct target_op *op)
{
	if (!c->s->kernel)
		build_end(c->s, (struct ir_insn){ .op = OP_RAISE,
						  .imm = IERR_PERF,
						  .a = IR_NONE,
						  .b = IR_NONE,
						  .c = IR_NONE,
						  .span = c->span });
	cursor_start(c, !c->s->kernel ?
				build_const(c->s, 0, c->span) :
				build_insn(c->s, (struct ir_insn){
							 .op = OP_PERF_READ,
							 .type = IT_LONG,
							 .imm = op->n,
							 .a = IR_NONE,
							 .b = IR_NONE,
							 .c = IR_NONE,
							 .aux = op->size,
							 .span = c->span }));
}

static void bits(struct cursor *c, const struct target_op *op)
{
	if (op->access)
		cursor_start(c, build_op(c->s, OP_USHR, cursor_value(c),
					 number(c, op), c->span));
	ir_ref v = build_insn(
		c->s,
		(struct ir_insn){ .op = OP_BITS,
				  .type = IT_LONG,
				  .a = cursor_value(c),
				  .b = IR_NONE,
				  .c = IR_NONE,
				  .aux = BITS_AUX(op->access ? 0 : op->n,
						  op->size, op->is_signed),
				  .span = c->span });

	cursor_start(c, v);
}

static void add_index(struct cursor *c, const struct target_op *op)
{
	struct builder *s = c->s;
	ir_ref at = cursor_value(c);
	ir_ref n = build_op(s, OP_MUL, build_expr(s, op->expr), number(c, op),
			    c->span);

	cursor_start(c, build_op(s, OP_ADD, at, n, c->span));
}

/* Registers are those of what is traced; globals have none. */
static bool has_registers(const struct target_op *op)
{
	for (uint32_t i = 0; i < op->n; i++)
		if (op->loc[i].code == DBG_LOC_OP_REG ||
		    op->loc[i].code == DBG_LOC_OP_FUNC)
			return true;
	return false;
}

/* The context is a stack's only at its own probe: elsewhere the host runs. */
static void location(struct cursor *c, const struct target_op *op)
{
	cursor_start(c, build_const(c->s, 0, c->span));
	if (!c->s->kernel && has_registers(op))
		unreadable(c, IERR_KERNEL_FAULT);
	else
		cursor_start(c, build_location(c->s, op->loc, (uint32_t)op->n,
					       c->span));
}

/*
 * A float's bits to those of a double: exponent and fraction move, and the
 * bias is another one.  All exponent bits are set in infinities and NaN; none
 * in zero and in numbers too small to be normal, which a double can hold: their
 * fraction is shifted up until its highest bit is the hidden one.
 */
#define FLOAT_HIDDEN (1 << 23)
#define FLOAT_BIAS (1023 - 127)

static ir_ref binary(struct cursor *c, enum image_op op, ir_ref a, int64_t b)
{
	return build_op(c->s, op, a, build_const(c->s, b, c->span), c->span);
}

/* fraction and exponent of a number too small: five steps of half the rest */
static void normalize(struct cursor *c, ir_ref *fraction, ir_ref *exponent)
{
	for (int64_t n = 16; n; n /= 2) {
		/* all bits below 2^(24 - n): there is room for n more */
		ir_ref low = binary(c, OP_LT, *fraction,
				    (INT64_C(1) << (24 - n)));
		ir_ref by = binary(c, OP_MUL, low, n);

		*fraction = build_op(c->s, OP_SHL, *fraction, by, c->span);
		*exponent = build_op(c->s, OP_SUB, *exponent, by, c->span);
	}
}

static void to_double(struct cursor *c)
{
	ir_ref bits = cursor_value(c);
	ir_ref fraction = binary(c, OP_AND, bits, FLOAT_HIDDEN - 1);
	ir_ref exponent = binary(c, OP_AND, binary(c, OP_USHR, bits, 23), 255);
	ir_ref sign = binary(c, OP_SHL, binary(c, OP_USHR, bits, 31), 63);
	ir_ref small = binary(c, OP_EQ, exponent, 0);
	ir_ref special = binary(c, OP_EQ, exponent, 255);
	ir_ref zero = binary(c, OP_EQ, binary(c, OP_SHL, bits, 33), 0);
	ir_ref biased;

	/* 2^-126 is the unit of small numbers, as of those with exponent 1. */
	exponent = build_op(c->s, OP_ADD, exponent, small, c->span);
	fraction = build_op(c->s, OP_OR, fraction,
			    binary(c, OP_SHL, binary(c, OP_XOR, small, 1), 23),
			    c->span);
	normalize(c, &fraction, &exponent);
	biased = binary(c, OP_ADD, exponent, FLOAT_BIAS);
	biased = build_op(c->s, OP_OR, biased,
			  binary(c, OP_MUL, special, 2047), c->span);
	biased = binary(c, OP_SHL, biased, 52);
	fraction = binary(c, OP_SHL, binary(c, OP_AND, fraction,
					    FLOAT_HIDDEN - 1), 29);
	biased = build_op(c->s, OP_OR, biased, fraction, c->span);
	/* Nothing is left of a zero but the sign. */
	biased = build_op(c->s, OP_AND, biased, binary(c, OP_SUB, zero, 1),
			  c->span);
	cursor_start(c, build_op(c->s, OP_OR, biased, sign, c->span));
}

static void operation(struct cursor *c, const struct target_op *op)
{
	switch (op->kind) {
	case TGT_CTX_WORD:
	case TGT_CTX_LOAD:
		context(c, op);
		break;
	case TGT_EXPR:
		cursor_start(c, build_expr(c->s, op->expr));
		break;
	case TGT_CONST:
		cursor_start(c, number(c, op));
		break;
	case TGT_ADD:
		add(c, op);
		break;
	case TGT_INDEX:
		add_index(c, op);
		break;
	case TGT_LOAD:
		load(c, op);
		break;
	case TGT_LOAD_STR:
		load_str(c, op);
		break;
	case TGT_DOUBLE:
		to_double(c);
		break;
	case TGT_BITS:
		bits(c, op);
		break;
	case TGT_LOC:
		location(c, op);
		break;
	case TGT_PERF:
		counter(c, op);
		break;
	}
}

ir_ref build_target(struct builder *s, const struct target *t, struct span span)
{
	struct cursor c = { .s = s, .value = IR_NONE, .span = span };

	for (uint32_t i = 0; i < t->ops.n; i++)
		operation(&c, &t->ops.v[i]);
	if (c.value == IR_NONE)
		cursor_start(&c, build_const(s, 0, span));
	return cursor_value(&c);
}

/* The bits of `old` from part->shift on become those of value. */
static ir_ref put_bits(struct cursor *c, const struct target_part *part,
		       ir_ref old, ir_ref value)
{
	uint64_t mask = ((UINT64_C(1) << part->bits) - 1) << part->shift;

	value = binary(c, OP_SHL, value, part->shift);
	value = binary(c, OP_AND, value, (int64_t)mask);
	old = binary(c, OP_AND, old, (int64_t)~mask);
	return build_op(c->s, OP_OR, old, value, c->span);
}

/* What the word becomes: a part of it may be another variable's. */
static ir_ref word_of(struct cursor *c, const struct target_part *part,
		      ir_ref old, ir_ref value)
{
	if (part->from)
		value = binary(c, OP_USHR, value, part->from);
	if (part->bits == 8 * part->size)
		return value;
	if (!part->is_alone)
		return put_bits(c, part, old, value);
	return build_insn(c->s,
			  (struct ir_insn){ .op = OP_BITS,
					    .type = IT_LONG,
					    .a = value,
					    .b = IR_NONE,
					    .c = IR_NONE,
					    .aux = BITS_AUX(0, part->bits,
							    part->is_signed),
					    .span = c->span });
}

static void store(const struct cursor *c, ir_ref value, uint32_t aux)
{
	build_insn(c->s, (struct ir_insn){ .op = OP_STORE,
					   .a = c->value,
					   .b = value,
					   .c = IR_NONE,
					   .imm = c->distance,
					   .aux = aux,
					   .span = c->span });
}

static ir_ref old_word(const struct cursor *c, uint32_t aux)
{
	return build_insn(c->s, (struct ir_insn){ .op = OP_LOAD,
						  .type = IT_LONG,
						  .a = c->value,
						  .b = IR_NONE,
						  .c = IR_NONE,
						  .imm = c->distance,
						  .aux = aux,
						  .span = c->span });
}

/* The address of the part's word is where the cursor is; of a register it is
 * the distance. */
static void address_part(struct cursor *c, const struct target *t,
			 const struct target_part *part)
{
	cursor_start(c, IR_NONE);
	if (part->word.kind == TGT_CTX_LOAD && !c->s->kernel)
		cursor_start(c, build_const(c->s, 0, c->span));
	else if (part->word.kind == TGT_CTX_LOAD)
		c->distance = part->word.n;
	else if (part->word.kind == TGT_LOC)
		location(c, &part->word);
	else
		for (uint32_t i = 0; i < t->naddress; i++)
			operation(c, &t->ops.v[i]);
}

static void store_part(struct cursor *c, const struct target *t,
		       const struct target_part *part, ir_ref value)
{
	bool is_whole = part->is_alone || part->bits == 8 * part->size;
	uint32_t aux = part->size;
	struct cursor at;
	ir_ref old;

	if (part->word.kind == TGT_CTX_LOAD)
		aux |= LOAD_CTX;
	else if (part->word.is_user)
		aux |= LOAD_USER;
	address_part(c, t, part);
	if (!c->s->kernel) {
		unreadable(c, IERR_USER_WRITE);
		return;
	}
	at = *c;
	old = is_whole ? IR_NONE : old_word(&at, aux);
	store(&at, word_of(c, part, old, value), aux);
}

void build_target_store(struct builder *s, const struct target *t, ir_ref value,
			struct span span)
{
	struct cursor c = { .s = s, .value = IR_NONE, .span = span };

	for (uint32_t i = 0; i < t->parts.n; i++)
		store_part(&c, t, &t->parts.v[i], value);
}
