/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions are turned into operations one by one.  What depends on the
 * frame (frame base, CFA) is put in its place, since it is known for a pc.
 *
 * Since DWARF 5 values on the stack have types.  Here a value is always 64
 * bits wide, extended as its type has it; the types are followed in a shadow
 * of the stack, which tells signed operations from unsigned ones and where a
 * result must be cut.
 */
#include "dbg/dieloc.h"

#include <dwarf.h>
#include <stdlib.h>

#include "base/bits.h"
#include "dbg/debuginfo_data.h"
#include "dbg/dietype.h"

#define DIELOC_DEPTH_MAX 8
#define DIELOC_EXPRESSIONS_MAX 1024	/* in one, at all depths */
#define DIELOC_STACK_MAX 64
#define DIELOC_OPS_MAX 512
#define DIELOC_PIECES_MAX 256

struct dieloc_type {
	uint8_t size;		/* 0 = generic: an address's, no sign */
	bool is_signed;
};

/* An expression on its way. */
struct dieloc_build {
	struct dieloc *x;
	struct die_unit *unit;
	struct reader r;
	VEC(struct dbg_loc_op) ops;
	struct dieloc_type stack[DIELOC_STACK_MAX];
	uint32_t n;
	struct dbg_loc loc;		/* kind set by an operation that says
					 * more than "in memory" */
	bool is_set;
	bool needs_entry;
	const char *failed;		/* reason */
	const uint8_t *op_at;		/* the operation at hand */
	const char *piece_failed;	/* why the next piece is not known */
	VEC(struct dbg_loc_piece) pieces;
};

struct dbg_loc dieloc_none(const char *reason)
{
	return (struct dbg_loc){ .kind = DBG_LOC_NONE, .reason = reason };
}

/* ---- operations ---- */

static void dieloc_fail(struct dieloc_build *b, const char *reason)
{
	if (!b->failed)
		b->failed = reason;
}

static void dieloc_op(struct dieloc_build *b, enum dbg_loc_code code,
		      uint8_t size, uint64_t value)
{
	if (b->ops.n >= DIELOC_OPS_MAX)
		dieloc_fail(b, "the location is too long");
	else
		vec_push(b->x->a, &b->ops,
			 (struct dbg_loc_op){ code, size, value });
}

static void dieloc_push(struct dieloc_build *b, struct dieloc_type t)
{
	if (b->n == DIELOC_STACK_MAX)
		dieloc_fail(b, "the location needs too deep a stack");
	else
		b->stack[b->n++] = t;
}

static struct dieloc_type dieloc_pop(struct dieloc_build *b)
{
	if (!b->n) {
		dieloc_fail(b, "the location is malformed");
		return (struct dieloc_type){};
	}
	return b->stack[--b->n];
}

static void dieloc_const(struct dieloc_build *b, uint64_t v)
{
	dieloc_op(b, DBG_LOC_OP_CONST, 0, v);
	dieloc_push(b, (struct dieloc_type){});
}

static void dieloc_reg(struct dieloc_build *b, uint64_t reg)
{
	dieloc_op(b, DBG_LOC_OP_REG, 0, reg);
	dieloc_push(b, (struct dieloc_type){});
}

/* Cuts the value on top to its type. */
static void dieloc_extend(struct dieloc_build *b, struct dieloc_type t)
{
	if (t.size && t.size < 8)
		dieloc_op(b, t.is_signed ? DBG_LOC_OP_SEXT : DBG_LOC_OP_ZEXT,
			  t.size, 0);
}

static void dieloc_add(struct dieloc_build *b, int64_t n)
{
	if (!n)
		return;
	dieloc_op(b, DBG_LOC_OP_CONST, 0, (uint64_t)n);
	dieloc_op(b, DBG_LOC_OP_ADD, 0, 0);
}

static void dieloc_binary(struct dieloc_build *b, enum dbg_loc_code as_signed,
			  enum dbg_loc_code as_unsigned)
{
	struct dieloc_type t;

	dieloc_pop(b);
	t = dieloc_pop(b);
	dieloc_op(b, t.size && !t.is_signed ? as_unsigned : as_signed, 0, 0);
	dieloc_extend(b, t);
	dieloc_push(b, t);
}

/* A result of its own: 0 or 1. */
static void dieloc_compare(struct dieloc_build *b, enum dbg_loc_code as_signed,
			   enum dbg_loc_code as_unsigned)
{
	struct dieloc_type t;

	dieloc_pop(b);
	t = dieloc_pop(b);
	dieloc_op(b, t.size && !t.is_signed ? as_unsigned : as_signed, 0, 0);
	dieloc_push(b, (struct dieloc_type){});
}

static void dieloc_unary(struct dieloc_build *b, enum dbg_loc_code code)
{
	struct dieloc_type t = dieloc_pop(b);

	dieloc_op(b, code, 0, 0);
	dieloc_extend(b, t);
	dieloc_push(b, t);
}

static void dieloc_load(struct dieloc_build *b, uint64_t size)
{
	dieloc_pop(b);
	if (!size || size > 8)
		dieloc_fail(b, "the location is malformed");
	dieloc_op(b, DBG_LOC_OP_LOAD, (uint8_t)size, 0);
	dieloc_push(b, (struct dieloc_type){});
}

/* ---- types on the stack ---- */

/* The base type at an offset of the unit; 0 = generic. */
static bool dieloc_type(struct dieloc_build *b, uint64_t off,
			struct dieloc_type *ret)
{
	struct dbg_die die = { b->unit, b->unit->off + off };
	uint64_t size, encoding;

	*ret = (struct dieloc_type){};
	if (!off)
		return true;
	if (off >= b->unit->end - b->unit->off ||
	    die_tag(die) != DW_TAG_base_type) {
		dieloc_fail(b, "the location is malformed");
		return false;
	}
	size = die_uint(die, DW_AT_byte_size, 0);
	encoding = die_uint(die, DW_AT_encoding, 0);
	if (!size || size > 8 || encoding == DW_ATE_float ||
	    encoding == DW_ATE_complex_float ||
	    encoding == DW_ATE_decimal_float) {
		dieloc_fail(b, "the location needs arithmetic on "
			    "floating-point or long numbers");
		return false;
	}
	ret->size = (uint8_t)size;
	ret->is_signed = encoding == DW_ATE_signed ||
			 encoding == DW_ATE_signed_char;
	return true;
}

static void dieloc_convert(struct dieloc_build *b)
{
	struct dieloc_type t;

	dieloc_pop(b);
	if (dieloc_type(b, reader_uleb(&b->r), &t))
		dieloc_extend(b, t);
	dieloc_push(b, t);
}

static void dieloc_const_type(struct dieloc_build *b)
{
	struct dieloc_type t;
	uint64_t size;

	dieloc_type(b, reader_uleb(&b->r), &t);
	size = reader_u8(&b->r);
	if (size < 1 || size > 8) {
		dieloc_fail(b, "the location is malformed");
		return;
	}
	dieloc_const(b, t.is_signed ?
			(uint64_t)reader_int(&b->r, (unsigned int)size) :
			reader_uint(&b->r, (unsigned int)size));
	b->stack[b->n - 1] = t;
}

static void dieloc_regval_type(struct dieloc_build *b)
{
	struct dieloc_type t;

	dieloc_reg(b, reader_uleb(&b->r));
	if (dieloc_type(b, reader_uleb(&b->r), &t) && b->n) {
		dieloc_extend(b, t);
		b->stack[b->n - 1] = t;
	}
}

static void dieloc_deref_type(struct dieloc_build *b)
{
	struct dieloc_type t;

	dieloc_load(b, reader_u8(&b->r));
	if (dieloc_type(b, reader_uleb(&b->r), &t) && b->n) {
		dieloc_extend(b, t);
		b->stack[b->n - 1] = t;
	}
}

/* ---- expressions in expressions ---- */

/* Appends the operations of a part; its value is on top of the stack. */
static void dieloc_append(struct dieloc_build *b, const struct dbg_loc *l)
{
	if (l->kind == DBG_LOC_NONE)
		dieloc_fail(b, l->reason);
	else if (l->kind != DBG_LOC_MEMORY && l->kind != DBG_LOC_VALUE &&
		 l->kind != DBG_LOC_REGISTER)
		dieloc_fail(b, "the location depends on a value in parts");
	for (uint32_t i = 0; i < l->nops && !b->failed; i++)
		dieloc_op(b, l->ops[i].code, l->ops[i].size, l->ops[i].value);
	b->needs_entry |= l->needs_entry;
	dieloc_push(b, (struct dieloc_type){});
}

static bool dieloc_deeper(struct dieloc_build *b)
{
	if (b->x->depth >= DIELOC_DEPTH_MAX ||
	    b->x->nexpressions++ >= DIELOC_EXPRESSIONS_MAX) {
		dieloc_fail(b, "the location refers to itself");
		return false;
	}
	b->x->depth++;
	return true;
}

static void dieloc_cfa(struct dieloc_build *b)
{
	struct cfi_row row;
	struct dbg_loc l;

	if (!cfi_at(b->x->d->cfi, b->x->pc, &row)) {
		dieloc_fail(b, "there is no call frame information for this "
			    "address");
		return;
	}
	if (row.cfa.rule == CFI_OFFSET) {
		dieloc_reg(b, row.cfa.reg);
		dieloc_add(b, row.cfa.offset);
	} else if (row.cfa.rule == CFI_EXPRESSION && dieloc_deeper(b)) {
		l = dieloc_expression(b->x, b->unit, row.cfa.expression);
		dieloc_append(b, &l);
		b->x->depth--;
	} else {
		dieloc_fail(b, "the call frame information is malformed");
	}
}

static void dieloc_frame_base(struct dieloc_build *b)
{
	struct dbg_die f = b->x->function;
	struct die_attr a;
	struct dbg_loc l;

	if (!f.unit || !die_attr_deep(f, DW_AT_frame_base, &a)) {
		dieloc_fail(b, "the function has no frame base");
		return;
	}
	if (!dieloc_deeper(b))
		return;
	/* In a register: the register is the base, not its address. */
	l = dieloc_attr(b->x, &a);
	dieloc_append(b, &l);
	b->x->depth--;
}

/* The value a register had at the function's entry. */
static void dieloc_entry_value(struct dieloc_build *b)
{
	uint64_t n = reader_uleb(&b->r), reg, entry;
	struct reader e = b->r;
	uint8_t op;

	reader_skip(&b->r, n);
	if (b->r.bad)
		return;
	e.end = b->r.p;
	op = reader_u8(&e);
	reg = op == DW_OP_regx ? reader_uleb(&e) :
	      op >= DW_OP_reg0 && op <= DW_OP_reg31 ?
		      (uint64_t)op - DW_OP_reg0 : UINT64_MAX;
	if (e.bad || reader_left(&e) || reg > UINT16_MAX) {
		dieloc_fail(b, "the location needs memory or a long register "
			    "as it was at the function's entry");
		return;
	}
	if (b->x->function.unit && die_entry(b->x->function, &entry) &&
	    entry == b->x->pc) {
		dieloc_reg(b, reg);
		return;
	}
	b->needs_entry = true;
	dieloc_op(b, DBG_LOC_OP_ENTRY, 0, reg);
	dieloc_push(b, (struct dieloc_type){});
}

/* An entry of .debug_info by its offset there. */
static struct dbg_die dieloc_die(struct dieloc_build *b)
{
	struct die_attr a = {
		.unit = b->unit,
		.form = DW_FORM_ref_addr,
		.p = b->r.p,
		.end = b->r.end,
	};

	reader_skip(&b->r, b->unit->version == 2 ? b->unit->address_size :
						   b->unit->offset_size);
	return b->r.bad ? (struct dbg_die){} : die_attr_ref(&a);
}

static void dieloc_implicit_pointer(struct dieloc_build *b)
{
	struct dbg_die die = dieloc_die(b);
	int64_t offset = reader_sleb(&b->r);
	struct dbg_loc *target;
	struct die_attr a;

	if (!die.unit || !dieloc_deeper(b)) {
		dieloc_fail(b, "the location is malformed");
		return;
	}
	target = arena_new(b->x->a, struct dbg_loc);
	*target = die_attr_deep(die, DW_AT_location, &a) ?
			  dieloc_attr(b->x, &a) :
		  die_attr_deep(die, DW_AT_const_value, &a) ?
			  dieloc_constant(b->x, &a) :
			  dieloc_none("optimised out");
	b->x->depth--;
	b->loc = (struct dbg_loc){
		.kind = DBG_LOC_POINTER,
		.target = target,
		.offset = offset,
	};
	b->is_set = true;
}

/* GNU: the value of another variable. */
static void dieloc_variable_value(struct dieloc_build *b)
{
	struct dbg_die die = dieloc_die(b);
	struct dbg_type t = dietype(die_type(die));
	struct dbg_loc l;
	struct die_attr a;

	for (int i = 0; i < DIE_HOPS_MAX && t.kind != DBG_TYPE_VOID &&
			!t.has_size; i++)
		t = dietype(t.ref);
	if (!die.unit || !die_attr_deep(die, DW_AT_location, &a) ||
	    !dieloc_deeper(b)) {
		dieloc_fail(b, "the location depends on a variable that is "
			    "optimised out");
		return;
	}
	l = dieloc_attr(b->x, &a);
	dieloc_append(b, &l);
	b->x->depth--;
	if (l.kind == DBG_LOC_MEMORY)
		dieloc_load(b, t.has_size ? t.size : 8);
}

/* ---- pieces ---- */

/* The operands of operations, by their letters: 1 2 4 8 bytes, u and s LEB128,
 * a address, o offset in .debug_info, b a block with its length as LEB128, c
 * one with its length as a byte. */
static const char *dieloc_operands(uint8_t op)
{
	static const struct {
		uint8_t op;
		const char *operands;
	} table[] = {
		{ DW_OP_addr, "a" }, { DW_OP_const1u, "1" },
		{ DW_OP_const1s, "1" }, { DW_OP_const2u, "2" },
		{ DW_OP_const2s, "2" }, { DW_OP_const4u, "4" },
		{ DW_OP_const4s, "4" }, { DW_OP_const8u, "8" },
		{ DW_OP_const8s, "8" }, { DW_OP_constu, "u" },
		{ DW_OP_consts, "s" }, { DW_OP_pick, "1" },
		{ DW_OP_plus_uconst, "u" }, { DW_OP_skip, "2" },
		{ DW_OP_bra, "2" }, { DW_OP_regx, "u" },
		{ DW_OP_fbreg, "s" }, { DW_OP_bregx, "us" },
		{ DW_OP_piece, "u" }, { DW_OP_deref_size, "1" },
		{ DW_OP_xderef_size, "1" }, { DW_OP_call2, "2" },
		{ DW_OP_call4, "4" }, { DW_OP_call_ref, "o" },
		{ DW_OP_bit_piece, "uu" }, { DW_OP_implicit_value, "b" },
		{ DW_OP_implicit_pointer, "os" }, { DW_OP_addrx, "u" },
		{ DW_OP_constx, "u" }, { DW_OP_entry_value, "b" },
		{ DW_OP_const_type, "uc" }, { DW_OP_regval_type, "uu" },
		{ DW_OP_deref_type, "1u" }, { DW_OP_xderef_type, "1u" },
		{ DW_OP_convert, "u" }, { DW_OP_reinterpret, "u" },
		{ DW_OP_GNU_implicit_pointer, "os" },
		{ DW_OP_GNU_entry_value, "b" },
		{ DW_OP_GNU_const_type, "uc" },
		{ DW_OP_GNU_regval_type, "uu" },
		{ DW_OP_GNU_deref_type, "1u" }, { DW_OP_GNU_convert, "u" },
		{ DW_OP_GNU_reinterpret, "u" },
		{ DW_OP_GNU_parameter_ref, "4" },
		{ DW_OP_GNU_addr_index, "u" }, { DW_OP_GNU_const_index, "u" },
		{ DW_OP_GNU_variable_value, "o" },
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].op == op)
			return table[i].operands;
	return op >= DW_OP_breg0 && op <= DW_OP_breg31 ? "s" : "";
}

static void dieloc_skip_op(struct dieloc_build *b)
{
	const char *o = dieloc_operands(reader_u8(&b->r));
	struct reader *r = &b->r;

	for (; *o; o++) {
		if (*o >= '1' && *o <= '8')
			reader_skip(r, (uint64_t)(*o - '0'));
		else if (*o == 'a')
			reader_skip(r, b->unit->address_size);
		else if (*o == 'o')
			reader_skip(r, b->unit->version == 2 ?
					       b->unit->address_size :
					       b->unit->offset_size);
		else if (*o == 'b')
			reader_skip(r, reader_uleb(r));
		else if (*o == 'c')
			reader_skip(r, reader_u8(r));
		else
			reader_uleb(r);
	}
}

static struct dbg_loc dieloc_result(struct dieloc_build *b);

/*
 * A piece that cannot be told leaves the others be: what is left of it is
 * stepped over.  false = there are no pieces.
 */
static bool dieloc_skip_piece(struct dieloc_build *b)
{
	const char *why = b->failed;
	uint8_t op = 0;

	b->r.p = b->op_at;
	while (reader_left(&b->r) && !b->r.bad) {
		op = *b->r.p;
		if (op == DW_OP_piece || op == DW_OP_bit_piece)
			break;
		dieloc_skip_op(b);
	}
	if (b->r.bad || !reader_left(&b->r))
		return false;
	b->failed = NULL;
	b->ops.n = b->n = 0;
	b->piece_failed = why;
	return true;
}

static void dieloc_piece(struct dieloc_build *b, uint64_t bits,
			 uint64_t offset)
{
	struct dbg_loc_piece p = { .bits = (uint32_t)bits,
				   .bit_offset = (uint32_t)offset };

	if (bits > UINT32_MAX || offset > UINT32_MAX ||
	    b->pieces.n >= DIELOC_PIECES_MAX) {
		dieloc_fail(b, "the location is malformed");
		return;
	}
	p.loc = b->piece_failed ? dieloc_none(b->piece_failed) :
				  dieloc_result(b);
	b->piece_failed = NULL;
	vec_push(b->x->a, &b->pieces, p);
	/* The next one starts afresh. */
	b->ops.v = NULL;
	b->ops.n = b->ops.cap = 0;
	b->n = 0;
	b->is_set = b->needs_entry = false;
	b->loc = (struct dbg_loc){};
}

static void dieloc_set_reg(struct dieloc_build *b, uint64_t reg)
{
	if (reg > UINT16_MAX) {
		dieloc_fail(b, "the location is malformed");
		return;
	}
	dieloc_op(b, DBG_LOC_OP_REG, 0, reg);
	b->loc = (struct dbg_loc){ .kind = DBG_LOC_REGISTER,
				   .reg = (uint16_t)reg };
	b->is_set = true;
}

static void dieloc_implicit_value(struct dieloc_build *b)
{
	uint64_t n = reader_uleb(&b->r);
	const char *p = (const char *)b->r.p;

	reader_skip(&b->r, n);
	if (b->r.bad || n > UINT32_MAX)
		return;
	b->loc = (struct dbg_loc){ .kind = DBG_LOC_BYTES,
				   .bytes = { p, (uint32_t)n } };
	b->is_set = true;
}

/* ---- one operation ---- */

/* Constants and addresses; false = op is none of these. */
static bool dieloc_read_const(struct dieloc_build *b, uint8_t op)
{
	struct reader *r = &b->r;
	uint64_t v;

	if (op >= DW_OP_lit0 && op <= DW_OP_lit31) {
		dieloc_const(b, op - DW_OP_lit0);
		return true;
	}
	switch (op) {
	case DW_OP_addr:
		dieloc_op(b, DBG_LOC_OP_ADDR, 0,
			  reader_uint(r, b->unit->address_size));
		dieloc_push(b, (struct dieloc_type){});
		return true;
	case DW_OP_addrx:
	case DW_OP_GNU_addr_index:
	case DW_OP_constx:
	case DW_OP_GNU_const_index:
		if (!die_indexed_addr(b->unit, reader_uleb(r), &v))
			dieloc_fail(b, "the location is malformed");
		dieloc_op(b, op == DW_OP_addrx || op == DW_OP_GNU_addr_index ?
				     DBG_LOC_OP_ADDR : DBG_LOC_OP_CONST,
			  0, b->failed ? 0 : v);
		dieloc_push(b, (struct dieloc_type){});
		return true;
	case DW_OP_const1u:
		dieloc_const(b, reader_u8(r));
		return true;
	case DW_OP_const1s:
		dieloc_const(b, (uint64_t)reader_int(r, 1));
		return true;
	case DW_OP_const2u:
		dieloc_const(b, reader_u16(r));
		return true;
	case DW_OP_const2s:
		dieloc_const(b, (uint64_t)reader_int(r, 2));
		return true;
	case DW_OP_const4u:
		dieloc_const(b, reader_u32(r));
		return true;
	case DW_OP_const4s:
		dieloc_const(b, (uint64_t)reader_int(r, 4));
		return true;
	case DW_OP_const8u:
	case DW_OP_const8s:
		dieloc_const(b, reader_u64(r));
		return true;
	case DW_OP_constu:
		dieloc_const(b, reader_uleb(r));
		return true;
	case DW_OP_consts:
		dieloc_const(b, (uint64_t)reader_sleb(r));
		return true;
	default:
		return false;
	}
}

static bool dieloc_read_reg(struct dieloc_build *b, uint8_t op)
{
	if (op >= DW_OP_reg0 && op <= DW_OP_reg31) {
		dieloc_set_reg(b, op - DW_OP_reg0);
	} else if (op == DW_OP_regx) {
		dieloc_set_reg(b, reader_uleb(&b->r));
	} else if (op >= DW_OP_breg0 && op <= DW_OP_breg31) {
		dieloc_reg(b, op - DW_OP_breg0);
		dieloc_add(b, reader_sleb(&b->r));
	} else if (op == DW_OP_bregx) {
		dieloc_reg(b, reader_uleb(&b->r));
		dieloc_add(b, reader_sleb(&b->r));
	} else if (op == DW_OP_fbreg) {
		dieloc_frame_base(b);
		dieloc_add(b, reader_sleb(&b->r));
	} else if (op == DW_OP_call_frame_cfa) {
		dieloc_cfa(b);
	} else {
		return false;
	}
	return true;
}

static void dieloc_pick(struct dieloc_build *b, uint32_t n)
{
	if (n >= b->n) {
		dieloc_fail(b, "the location is malformed");
		return;
	}
	dieloc_op(b, DBG_LOC_OP_PICK, 0, n);
	dieloc_push(b, b->stack[b->n - 1 - n]);
}

static void dieloc_rot(struct dieloc_build *b, uint32_t n)
{
	struct dieloc_type top;

	if (n > b->n) {
		dieloc_fail(b, "the location is malformed");
		return;
	}
	dieloc_op(b, n == 2 ? DBG_LOC_OP_SWAP : DBG_LOC_OP_ROT, 0, 0);
	top = b->stack[b->n - 1];
	for (uint32_t i = b->n - 1; i > b->n - n; i--)
		b->stack[i] = b->stack[i - 1];
	b->stack[b->n - n] = top;
}

static bool dieloc_read_stack(struct dieloc_build *b, uint8_t op)
{
	switch (op) {
	case DW_OP_dup:
		dieloc_pick(b, 0);
		return true;
	case DW_OP_over:
		dieloc_pick(b, 1);
		return true;
	case DW_OP_pick:
		dieloc_pick(b, reader_u8(&b->r));
		return true;
	case DW_OP_drop:
		dieloc_pop(b);
		dieloc_op(b, DBG_LOC_OP_DROP, 0, 0);
		return true;
	case DW_OP_swap:
		dieloc_rot(b, 2);
		return true;
	case DW_OP_rot:
		dieloc_rot(b, 3);
		return true;
	case DW_OP_deref:
		dieloc_load(b, b->unit->address_size);
		return true;
	case DW_OP_deref_size:
		dieloc_load(b, reader_u8(&b->r));
		return true;
	default:
		return false;
	}
}

static bool dieloc_read_arithmetic(struct dieloc_build *b, uint8_t op)
{
	static const struct {
		uint8_t op, as_signed, as_unsigned;
	} binary[] = {
#define BOTH(op, code) { DW_OP_##op, DBG_LOC_OP_##code, DBG_LOC_OP_##code }
		BOTH(plus, ADD), BOTH(minus, SUB), BOTH(mul, MUL),
		BOTH(and, AND), BOTH(or, OR), BOTH(xor, XOR), BOTH(shl, SHL),
		BOTH(shra, SAR),
#undef BOTH
		{ DW_OP_div, DBG_LOC_OP_SDIV, DBG_LOC_OP_UDIV },
	}, compare[] = {
		{ DW_OP_eq, DBG_LOC_OP_EQ, DBG_LOC_OP_EQ },
		{ DW_OP_ne, DBG_LOC_OP_NE, DBG_LOC_OP_NE },
		{ DW_OP_lt, DBG_LOC_OP_SLT, DBG_LOC_OP_ULT },
		{ DW_OP_le, DBG_LOC_OP_SLE, DBG_LOC_OP_ULE },
		{ DW_OP_gt, DBG_LOC_OP_SGT, DBG_LOC_OP_UGT },
		{ DW_OP_ge, DBG_LOC_OP_SGE, DBG_LOC_OP_UGE },
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(binary); i++)
		if (binary[i].op == op) {
			dieloc_binary(b, binary[i].as_signed,
				      binary[i].as_unsigned);
			return true;
		}
	for (uint32_t i = 0; i < ARRAY_SIZE(compare); i++)
		if (compare[i].op == op) {
			dieloc_compare(b, compare[i].as_signed,
				       compare[i].as_unsigned);
			return true;
		}
	return false;
}

/* Logical right shift and remainder: the generic type has no sign there. */
static void dieloc_unsigned(struct dieloc_build *b, enum dbg_loc_code code,
			    enum dbg_loc_code as_signed)
{
	struct dieloc_type t;

	dieloc_pop(b);
	t = dieloc_pop(b);
	if (code == DBG_LOC_OP_SHR && t.is_signed && t.size < 8)
		dieloc_fail(b, "the location shifts a negative number");
	dieloc_op(b, t.size && t.is_signed ? as_signed : code, 0, 0);
	dieloc_extend(b, t);
	dieloc_push(b, t);
}

static bool dieloc_read_unary(struct dieloc_build *b, uint8_t op)
{
	switch (op) {
	case DW_OP_plus_uconst:
		dieloc_add(b, (int64_t)reader_uleb(&b->r));
		if (!b->n)
			dieloc_fail(b, "the location is malformed");
		else
			dieloc_extend(b, b->stack[b->n - 1]);
		return true;
	case DW_OP_shr:
		dieloc_unsigned(b, DBG_LOC_OP_SHR, DBG_LOC_OP_SHR);
		return true;
	case DW_OP_mod:
		dieloc_unsigned(b, DBG_LOC_OP_UMOD, DBG_LOC_OP_SMOD);
		return true;
	case DW_OP_neg:
		dieloc_unary(b, DBG_LOC_OP_NEG);
		return true;
	case DW_OP_not:
		dieloc_unary(b, DBG_LOC_OP_NOT);
		return true;
	case DW_OP_abs:
		dieloc_unary(b, DBG_LOC_OP_ABS);
		return true;
	default:
		return false;
	}
}

static bool dieloc_read_typed(struct dieloc_build *b, uint8_t op)
{
	switch (op) {
	case DW_OP_convert:
	case DW_OP_GNU_convert:
	case DW_OP_reinterpret:
	case DW_OP_GNU_reinterpret:
		dieloc_convert(b);
		return true;
	case DW_OP_const_type:
	case DW_OP_GNU_const_type:
		dieloc_const_type(b);
		return true;
	case DW_OP_regval_type:
	case DW_OP_GNU_regval_type:
		dieloc_regval_type(b);
		return true;
	case DW_OP_deref_type:
	case DW_OP_GNU_deref_type:
		dieloc_deref_type(b);
		return true;
	default:
		return false;
	}
}

static void dieloc_stack_value(struct dieloc_build *b)
{
	if (!b->n)
		dieloc_fail(b, "the location is malformed");
	b->loc = (struct dbg_loc){ .kind = DBG_LOC_VALUE };
	b->is_set = true;
}

/* gcc writes minima and maxima so: a swap that is jumped over. */
static void dieloc_branch(struct dieloc_build *b)
{
	int64_t over = reader_int(&b->r, 2);

	dieloc_pop(b);
	if (over != 1 || b->n < 2 || reader_u8(&b->r) != DW_OP_swap)
		dieloc_fail(b, "the location depends on a condition");
	else
		dieloc_op(b, DBG_LOC_OP_SWAPZ, 0, 0);
}

/*
 * The offset in the thread's block.  Of split debug information gcc keeps it in
 * .debug_addr, where the linker puts an address: of the first contents.
 */
static void dieloc_tls(struct dieloc_build *b)
{
	struct dbg_loc_op *op = b->ops.n ? &vec_last(&b->ops) : NULL;
	uint64_t addr, size;

	dieloc_pop(b);
	if (op && op->code == DBG_LOC_OP_CONST &&
	    objfile_tls(b->x->d->main, &addr, &size) && op->value >= size) {
		if (op->value < addr || op->value - addr >= size)
			dieloc_fail(b, "the location is malformed");
		op->value -= addr;
	}
	dieloc_op(b, DBG_LOC_OP_TLS, 0, 0);
	dieloc_push(b, (struct dieloc_type){});
}

/* What is left: what kind of location it is. */
static void dieloc_read_kind(struct dieloc_build *b, uint8_t op)
{
	struct reader *r = &b->r;
	uint64_t bits;

	switch (op) {
	case DW_OP_nop:
	case DW_OP_GNU_uninit:
		break;
	case DW_OP_stack_value:
		dieloc_stack_value(b);
		break;
	case DW_OP_implicit_value:
		dieloc_implicit_value(b);
		break;
	case DW_OP_implicit_pointer:
	case DW_OP_GNU_implicit_pointer:
		dieloc_implicit_pointer(b);
		break;
	case DW_OP_piece:
		bits = reader_uleb(r);
		dieloc_piece(b, bits > UINT32_MAX / 8 ? UINT64_MAX : 8 * bits,
			     0);
		break;
	case DW_OP_bit_piece:
		bits = reader_uleb(r);
		dieloc_piece(b, bits, reader_uleb(r));
		break;
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
		dieloc_entry_value(b);
		break;
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address:
		dieloc_tls(b);
		break;
	case DW_OP_GNU_variable_value:
		dieloc_variable_value(b);
		break;
	case DW_OP_bra:
		dieloc_branch(b);
		break;
	case DW_OP_skip:
		dieloc_fail(b, "the location depends on a condition");
		break;
	default:
		dieloc_fail(b, "the location has an operation that is not "
			    "supported");
	}
}

static void dieloc_read_op(struct dieloc_build *b)
{
	uint8_t op = reader_u8(&b->r);

	if (!dieloc_read_const(b, op) && !dieloc_read_reg(b, op) &&
	    !dieloc_read_stack(b, op) && !dieloc_read_arithmetic(b, op) &&
	    !dieloc_read_unary(b, op) && !dieloc_read_typed(b, op))
		dieloc_read_kind(b, op);
}

/* ---- the result ---- */

/* Does an address not depend on registers? */
static bool dieloc_is_static(const struct dieloc_build *b)
{
	for (uint32_t i = 0; i < b->ops.n; i++)
		if (b->ops.v[i].code != DBG_LOC_OP_ADDR &&
		    b->ops.v[i].code != DBG_LOC_OP_CONST &&
		    b->ops.v[i].code != DBG_LOC_OP_ADD)
			return false;
	return true;
}

/* The location that was read since the last piece. */
static struct dbg_loc dieloc_result(struct dieloc_build *b)
{
	struct dbg_loc l = b->loc;

	if (b->failed)
		return dieloc_none(b->failed);
	if (!b->is_set && !b->n)
		return dieloc_none("optimised out at this address");
	if (!b->is_set)
		l.kind = DBG_LOC_MEMORY;
	if (l.kind != DBG_LOC_BYTES && l.kind != DBG_LOC_POINTER) {
		l.ops = b->ops.v;
		l.nops = b->ops.n;
	}
	l.needs_entry = b->needs_entry;
	l.is_static = l.kind == DBG_LOC_MEMORY && dieloc_is_static(b);
	return l;
}

static struct dbg_loc dieloc_pieces(struct dieloc_build *b)
{
	struct dbg_loc l = {
		.kind = DBG_LOC_PIECES,
		.pieces = b->pieces.v,
		.npieces = b->pieces.n,
	};
	bool known = false;

	for (uint32_t i = 0; i < b->pieces.n; i++) {
		l.needs_entry |= b->pieces.v[i].loc.needs_entry;
		known |= b->pieces.v[i].loc.kind != DBG_LOC_NONE;
	}
	return known ? l : dieloc_none("optimised out at this address");
}

struct dbg_loc dieloc_expression(struct dieloc *x, struct die_unit *u,
				 struct die_block e)
{
	struct dieloc_build *b = calloc(1, sizeof(*b));
	struct dbg_loc l;

	if (!b)
		abort();
	b->x = x;
	b->unit = u;
	b->r = (struct reader){ .p = e.p, .end = e.p + e.size };
	while (reader_left(&b->r) && !b->r.bad && !b->failed) {
		b->op_at = b->r.p;
		dieloc_read_op(b);
		if (b->failed && !b->r.bad && !dieloc_skip_piece(b))
			break;
	}
	if (b->r.bad)
		dieloc_fail(b, "the location is malformed");
	l = b->pieces.n && !b->failed ? dieloc_pieces(b) : dieloc_result(b);
	free(b);
	return l;
}

/* ---- attributes ---- */

struct dieloc_pick {
	uint64_t pc;
	struct die_block e;
	bool found, any;
};

static bool dieloc_pick_range(void *ctx, uint64_t start, uint64_t end,
			      struct die_block e)
{
	struct dieloc_pick *p = ctx;

	p->any = true;
	if (p->pc < start || p->pc >= end)
		return true;
	p->e = e;
	p->found = true;
	return false;
}

struct dbg_loc dieloc_constant(struct dieloc *x, const struct die_attr *a)
{
	struct dbg_loc_op *op;
	struct die_block e;
	struct str s;
	int64_t v;

	if (die_attr_block(a, &e))
		return (struct dbg_loc){
			.kind = DBG_LOC_BYTES,
			.bytes = { (const char *)e.p, (uint32_t)e.size },
		};
	s = die_attr_str(a);
	if (s.s)
		return (struct dbg_loc){
			.kind = DBG_LOC_BYTES,
			.bytes = { s.s, s.len + 1 },
		};
	if (!die_attr_sint(a, &v))
		return dieloc_none("the location is malformed");
	op = arena_new(x->a, struct dbg_loc_op);
	*op = (struct dbg_loc_op){ DBG_LOC_OP_CONST, 0, (uint64_t)v };
	return (struct dbg_loc){
		.kind = DBG_LOC_VALUE,
		.ops = op,
		.nops = 1,
	};
}

struct dbg_loc dieloc_attr(struct dieloc *x, const struct die_attr *a)
{
	struct dieloc_pick p = { .pc = x->pc };
	struct die_block e;

	if (die_attr_block(a, &e))
		return dieloc_expression(x, a->unit, e);
	if (!die_attr_is_offset(a))
		return dieloc_none("the location is malformed");
	dieloc_list(a, dieloc_pick_range, &p);
	if (!p.found)
		return dieloc_none("optimised out at this address");
	return dieloc_expression(x, a->unit, p.e);
}
