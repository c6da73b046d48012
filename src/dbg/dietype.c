/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/dietype.h"

#include <dwarf.h>

#include "base/bits.h"
#include "dbg/debuginfo_data.h"
#include "dbg/die.h"
#include "dbg/diename.h"
#include "dbg/diescope.h"
#include "dbg/reader.h"

#define DIETYPE_PARTS_MAX (1u << 20)

/* ---- one type ---- */

static enum dbg_type_kind dietype_kind(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_base_type:
		return DBG_TYPE_BASE;
	case DW_TAG_unspecified_type:
		return DBG_TYPE_VOID;
	case DW_TAG_pointer_type:
		return DBG_TYPE_POINTER;
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return DBG_TYPE_REFERENCE;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_interface_type:
		return DBG_TYPE_STRUCT;
	case DW_TAG_union_type:
		return DBG_TYPE_UNION;
	case DW_TAG_enumeration_type:
		return DBG_TYPE_ENUM;
	case DW_TAG_array_type:
		return DBG_TYPE_ARRAY;
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
		return DBG_TYPE_FUNCTION;
	case DW_TAG_typedef:
	case DW_TAG_subrange_type:
		return DBG_TYPE_TYPEDEF;
	case DW_TAG_const_type:
		return DBG_TYPE_CONST;
	case DW_TAG_volatile_type:
		return DBG_TYPE_VOLATILE;
	case DW_TAG_restrict_type:
		return DBG_TYPE_RESTRICT;
	case DW_TAG_atomic_type:
		return DBG_TYPE_ATOMIC;
	case DW_TAG_ptr_to_member_type:
		return DBG_TYPE_MEMBER_POINTER;
	default:
		return DBG_TYPE_BAD;
	}
}

static enum dbg_encoding dietype_encoding(uint64_t v)
{
	switch (v) {
	case DW_ATE_signed:
	case DW_ATE_signed_fixed:
		return DBG_ENC_SIGNED;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_fixed:
		return DBG_ENC_UNSIGNED;
	case DW_ATE_boolean:
		return DBG_ENC_BOOL;
	case DW_ATE_signed_char:
		return DBG_ENC_SIGNED_CHAR;
	case DW_ATE_unsigned_char:
		return DBG_ENC_UNSIGNED_CHAR;
	case DW_ATE_float:
	case DW_ATE_decimal_float:
	case DW_ATE_imaginary_float:
		return DBG_ENC_FLOAT;
	case DW_ATE_complex_float:
		return DBG_ENC_COMPLEX;
	case DW_ATE_UTF:
	case DW_ATE_UCS:
	case DW_ATE_ASCII:
		return DBG_ENC_UTF;
	case DW_ATE_address:
		return DBG_ENC_ADDRESS;
	default:
		return DBG_ENC_NONE;
	}
}

static bool dietype_size(struct dbg_die die, uint64_t *ret)
{
	struct die_attr a;
	uint64_t bits;

	if (die_attr(die, DW_AT_byte_size, &a) && die_attr_uint(&a, ret))
		return true;
	if (die_attr(die, DW_AT_bit_size, &a) && die_attr_uint(&a, &bits)) {
		*ret = bits / 8 + (bits % 8 != 0);
		return true;
	}
	return false;
}

static bool dietype_is_variadic(struct dbg_die die)
{
	struct dbg_die c = die_child(die);

	for (uint32_t i = 0; c.unit && i < DIETYPE_PARTS_MAX; i++) {
		if (die_tag(c) == DW_TAG_unspecified_parameters)
			return true;
		c = die_next(c);
	}
	return false;
}

/* Is an enum unsigned?  By its underlying type, else by its values. */
static enum dbg_encoding dietype_enum_sign(struct dbg_die die,
					   struct dbg_die under)
{
	struct dbg_die c = die_child(die);
	struct die_attr a;

	for (int i = 0; i < DIE_HOPS_MAX && under.unit; i++) {
		if (die_tag(under) == DW_TAG_base_type)
			return dietype_encoding(die_uint(under, DW_AT_encoding,
							 DW_ATE_signed));
		under = die_ref(under, DW_AT_type);
	}
	for (uint32_t i = 0; c.unit && i < 4096; i++, c = die_next(c))
		if (die_attr(c, DW_AT_const_value, &a) &&
		    a.form == DW_FORM_sdata)
			return DBG_ENC_SIGNED;
	return DBG_ENC_UNSIGNED;
}

struct dbg_type dietype(struct dbg_die die)
{
	uint16_t tag;
	struct dbg_type t = {};
	struct die_attr sig;

	if (!die.unit)
		return (struct dbg_type){ .kind = DBG_TYPE_VOID };
	/* A stub of a type that is in a unit of its own. */
	if (die_attr(die, DW_AT_signature, &sig) &&
	    die_attr_ref(&sig).unit)
		die = die_attr_ref(&sig);
	tag = die_tag(die);
	t.kind = dietype_kind(tag);
	/* What is there says where the elements are, as in Fortran: it is no
	 * array itself. */
	if (t.kind == DBG_TYPE_ARRAY &&
	    die_attr(die, DW_AT_data_location, &sig))
		t.kind = DBG_TYPE_BAD;
	if (t.kind == DBG_TYPE_BAD)
		return t;
	t.name = die_name(die);
	t.ref = die_type(die);
	t.has_size = dietype_size(die, &t.size);
	t.is_class = tag == DW_TAG_class_type;
	t.is_rvalue = tag == DW_TAG_rvalue_reference_type;
	t.is_declaration = die_flag(die, DW_AT_declaration);
	if (t.kind == DBG_TYPE_POINTER || t.kind == DBG_TYPE_REFERENCE) {
		if (!t.has_size)
			t.size = die.unit->address_size;
		t.has_size = true;
	} else if (t.kind == DBG_TYPE_BASE) {
		t.encoding = dietype_encoding(die_uint(die, DW_AT_encoding,
						       0));
	} else if (t.kind == DBG_TYPE_ENUM) {
		t.encoding = dietype_enum_sign(die, t.ref);
	} else if (t.kind == DBG_TYPE_FUNCTION) {
		t.is_variadic = dietype_is_variadic(die_origin(die));
	}
	return t;
}

struct dbg_die dietype_of(struct dbg_die die)
{
	return die_type(die);
}

static enum dbg_tag dietype_tag(enum dbg_type_kind kind)
{
	return kind == DBG_TYPE_STRUCT ? DBG_TAG_STRUCT :
	       kind == DBG_TYPE_UNION  ? DBG_TAG_UNION :
					 DBG_TAG_ENUM;
}

/* With the namespaces and classes around it: others may have the same. */
static struct str dietype_whole_name(struct arena *a, struct dbg_die die,
				     struct str name)
{
	struct str scope = {};

	if (diescope_is_c(die.unit))
		return name;
	scope = diename_scope(a, die);
	return arena_printf(a, "::%" STR_FMT "%s%" STR_FMT, STR_ARG(scope),
			    scope.len ? "::" : "", STR_ARG(name));
}

struct dbg_die dietype_definition(struct debuginfo *d, struct dbg_die die)
{
	struct dbg_type t = dietype(die);
	struct die_attr sig;
	struct dbg_die found;
	struct arena a;
	bool is_found;

	if (die_attr(die, DW_AT_signature, &sig)) {
		found = die_attr_ref(&sig);
		return found.unit ? found : die;
	}
	if (!t.is_declaration || !t.name.len)
		return die;
	if (t.kind != DBG_TYPE_STRUCT && t.kind != DBG_TYPE_UNION &&
	    t.kind != DBG_TYPE_ENUM)
		return die;
	arena_init(&a);
	is_found = debuginfo_find_type(d, dietype_tag(t.kind),
				       dietype_whole_name(&a, die, t.name),
				       die, &found);
	arena_deinit(&a);
	return is_found ? found : die;
}

/* ---- parts ---- */

struct dietype_parts dietype_parts(struct dbg_die die)
{
	struct die_attr sig;

	if (die_attr(die, DW_AT_signature, &sig) && die_attr_ref(&sig).unit)
		die = die_attr_ref(&sig);
	return (struct dietype_parts){ .next = die_child(die) };
}

/* The next entry with one of two tags; false = no more. */
static bool dietype_next(struct dietype_parts *p, uint16_t tag, uint16_t or,
			 struct dbg_die *ret, uint16_t *ret_tag)
{
	while (p->next.unit && p->count++ < DIETYPE_PARTS_MAX) {
		*ret = p->next;
		*ret_tag = die_tag(*ret);
		p->next = die_next(*ret);
		if (*ret_tag == tag || *ret_tag == or)
			return true;
	}
	return false;
}

/* Into a variant part, and a variant of it: their members are the struct's. */
static void dietype_enter(struct dietype_parts *p, struct dbg_die die,
			  uint16_t tag)
{
	if ((tag != DW_TAG_variant_part || p->depth) &&
	    (tag != DW_TAG_variant || p->depth != 1))
		return;
	p->up[p->depth++] = p->next;
	p->next = die_child(die);
	p->variant = tag == DW_TAG_variant ? die : (struct dbg_die){};
}

static bool dietype_next_member(struct dietype_parts *p, struct dbg_die *ret,
				uint16_t *ret_tag)
{
	for (;;) {
		while (!p->next.unit && p->depth)
			p->next = p->up[--p->depth];
		if (!p->next.unit || p->count++ >= DIETYPE_PARTS_MAX)
			return false;
		*ret = p->next;
		*ret_tag = die_tag(*ret);
		p->next = die_next(*ret);
		if (*ret_tag == DW_TAG_member ||
		    *ret_tag == DW_TAG_inheritance)
			return true;
		dietype_enter(p, *ret, *ret_tag);
	}
}

/* What it has to do with the variants of its struct. */
static void dietype_variant(const struct dietype_parts *p,
			    struct dbg_member *m)
{
	struct die_attr a;
	uint64_t v;

	m->is_selector = p->depth == 1 && !m->name.len;
	m->is_variant = p->depth == 2;
	if (!m->is_variant)
		return;
	m->is_rest = !die_attr(p->variant, DW_AT_discr_value, &a) ||
		     !die_attr_uint(&a, &v);
	if (!m->is_rest)
		m->value = (int64_t)v;
}

/* DW_AT_data_member_location: a number, or "plus_uconst N". */
static bool dietype_member_offset(struct dbg_die die, uint64_t *ret)
{
	struct die_attr a;
	struct die_block b;
	struct reader r;
	uint8_t op;

	*ret = 0;
	if (!die_attr(die, DW_AT_data_member_location, &a))
		return true;
	if (!die_attr_block(&a, &b))
		return die_attr_uint(&a, ret);
	r = (struct reader){ .p = b.p, .end = b.p + b.size };
	op = reader_u8(&r);
	if (op == DW_OP_plus_uconst || op == DW_OP_constu)
		*ret = reader_uleb(&r);
	else if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
		*ret = op - DW_OP_lit0;
	else
		return false;
	return !r.bad;
}

/* Before DWARF 4: counted from the most significant bit of the storage. */
static uint64_t dietype_old_bits(struct dbg_die die, uint64_t byte,
				 uint64_t bits, uint64_t from_top)
{
	struct dbg_die type = die_type(die);
	struct dbg_type t = dietype(type);
	uint64_t size;

	for (int i = 0; i < DIE_HOPS_MAX && !t.has_size && t.ref.unit; i++)
		t = dietype(t.ref);
	size = die_uint(die, DW_AT_byte_size, t.has_size ? t.size : 4);
	return 8 * byte + 8 * size - from_top - bits;
}

static void dietype_bits(struct dbg_die die, struct dbg_member *m)
{
	uint64_t byte, bits = die_uint(die, DW_AT_bit_size, 0), at;
	bool known = dietype_member_offset(die, &byte);

	m->is_virtual |= !known;
	m->bit_offset = 8 * byte;
	m->bits = (uint32_t)MIN(bits, UINT64_C(65535));
	at = die_uint(die, DW_AT_data_bit_offset, UINT64_MAX);
	if (at != UINT64_MAX) {
		m->bit_offset = at;
		return;
	}
	at = die_uint(die, DW_AT_bit_offset, UINT64_MAX);
	if (m->bits && at != UINT64_MAX)
		m->bit_offset = dietype_old_bits(die, byte, m->bits, at);
}

bool dietype_member(struct dietype_parts *p, struct dbg_member *ret)
{
	struct dbg_die die;
	uint16_t tag;

	if (!dietype_next_member(p, &die, &tag))
		return false;
	*ret = (struct dbg_member){
		.name = die_name(die),
		.die = die,
		.type = die_type(die),
		.is_base = tag == DW_TAG_inheritance,
		.is_virtual = tag == DW_TAG_inheritance &&
			      die_uint(die, DW_AT_virtuality, 0),
		/* Before DWARF 5, static members look like this. */
		.is_static = die_flag(die, DW_AT_external) ||
			     (die_flag(die, DW_AT_declaration) &&
			      tag == DW_TAG_member),
	};
	dietype_bits(die, ret);
	dietype_variant(p, ret);
	if (ret->is_base && !ret->name.len)
		ret->name = die_name(ret->type);
	return true;
}

bool dietype_param(struct dietype_parts *p, struct dbg_param *ret)
{
	uint16_t tag;
	struct dbg_die die;

	if (!dietype_next(p, DW_TAG_formal_parameter, DW_TAG_formal_parameter,
			  &die, &tag))
		return false;
	*ret = (struct dbg_param){ die_name(die), die, die_type(die) };
	return true;
}

bool dietype_dimension(struct dietype_parts *p, struct dbg_dimension *ret)
{
	struct dbg_die die;
	struct die_attr a;
	uint64_t upper;
	uint16_t tag;

	if (!dietype_next(p, DW_TAG_subrange_type, DW_TAG_enumeration_type,
			  &die, &tag))
		return false;
	*ret = (struct dbg_dimension){};
	if (die_attr(die, DW_AT_lower_bound, &a))
		die_attr_sint(&a, &ret->lower);
	if (die_attr(die, DW_AT_count, &a)) {
		ret->has_count = !die_attr_is_block(&a) &&
				 !die_attr_ref(&a).unit &&
				 die_attr_uint(&a, &ret->count);
	} else if (die_attr(die, DW_AT_upper_bound, &a) &&
		   !die_attr_is_block(&a) && !die_attr_ref(&a).unit &&
		   die_attr_uint(&a, &upper)) {
		/* An upper bound of -1 says that there are none. */
		ret->has_count = true;
		ret->count = upper - (uint64_t)ret->lower + 1;
	}
	return true;
}

bool dietype_enumerator(struct dietype_parts *p, struct dbg_enumerator *ret)
{
	struct dbg_die die;
	struct die_attr a;
	uint16_t tag;
	uint64_t v;

	if (!dietype_next(p, DW_TAG_enumerator, DW_TAG_enumerator, &die, &tag))
		return false;
	*ret = (struct dbg_enumerator){ .name = die_str(die, DW_AT_name) };
	/* Compilers write negative ones as sdata, others may be large. */
	if (die_attr(die, DW_AT_const_value, &a) && die_attr_uint(&a, &v))
		ret->value = (int64_t)v;
	return true;
}
