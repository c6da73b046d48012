/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/embedded/c_type.h"

#include "base/arena.h"

#define INT_TYPE(bytes, sign)                                      \
	{                                                          \
		.kind = C_INT, .size = (bytes), .is_signed = (sign) \
	}

const struct c_type c_type_void = { .kind = C_VOID };
const struct c_type c_type_opaque = { .kind = C_OPAQUE };
const struct c_type c_type_bool = { .kind = C_INT, .size = 1,
				    .is_bool = true };
/* The kernel is built with -funsigned-char since 6.2; what is older and tells
 * the two apart has its own type in BTF. */
const struct c_type c_type_char = { .kind = C_INT, .size = 1,
				    .is_char = true };
const struct c_type c_type_s8 = INT_TYPE(1, true);
const struct c_type c_type_u8 = INT_TYPE(1, false);
const struct c_type c_type_s16 = INT_TYPE(2, true);
const struct c_type c_type_u16 = INT_TYPE(2, false);
const struct c_type c_type_int = INT_TYPE(4, true);
const struct c_type c_type_uint = INT_TYPE(4, false);
const struct c_type c_type_long = INT_TYPE(8, true);
const struct c_type c_type_ulong = INT_TYPE(8, false);

const struct c_type *c_type_int_of(uint8_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? &c_type_s8 : &c_type_u8;
	case 2:
		return is_signed ? &c_type_s16 : &c_type_u16;
	case 4:
		return is_signed ? &c_type_int : &c_type_uint;
	case 8:
		return is_signed ? &c_type_long : &c_type_ulong;
	}
	return &c_type_opaque;
}

const struct c_type *c_type_pointer(struct arena *a, const struct c_type *of)
{
	struct c_type *t = arena_new(a, struct c_type);

	t->kind = C_POINTER;
	t->of = of;
	return t;
}

const struct c_type *c_type_array(struct arena *a, const struct c_type *of,
				  uint64_t n)
{
	struct c_type *t = arena_new(a, struct c_type);

	t->kind = C_ARRAY;
	t->of = of;
	t->n = n;
	return t;
}

const struct c_type *c_type_text(struct arena *a, uint64_t n)
{
	struct c_type *t = arena_new(a, struct c_type);

	t->kind = C_TEXT;
	t->n = n;
	return t;
}

/* ---- of BTF ---- */

static const struct c_type *of_int(struct arena *a, const struct ctype *t)
{
	struct c_type *c;

	if (t->bit_offset || c_type_int_of((uint8_t)t->size, 0)->kind != C_INT)
		return &c_type_opaque;
	c = arena_new(a, struct c_type);
	*c = (struct c_type){
		.kind = C_INT, .size = (uint8_t)t->size,
		.is_signed = t->is_signed, .is_bool = t->is_bool,
		.is_char = t->is_char || str_is(t->name, "char"),
	};
	return c;
}

#define MAX_DEPTH 16	/* pointers to pointers, arrays of arrays */

static const struct c_type *of_btf(struct arena *a, struct ctypes *btf,
				   uint32_t id, uint32_t depth)
{
	uint32_t stripped = ctypes_strip(btf, id);
	struct ctype t = stripped ? ctypes_type(btf, stripped) :
				    (struct ctype){ .kind = CTYPE_VOID };
	struct c_type *c;

	if (depth > MAX_DEPTH)
		return &c_type_opaque;
	if (t.kind == CTYPE_VOID || t.kind == CTYPE_FUNC_PROTO)
		return &c_type_void;
	if (t.kind == CTYPE_INT)
		return of_int(a, &t);
	if (t.kind == CTYPE_ENUM || t.kind == CTYPE_ENUM64)
		return c_type_int_of((uint8_t)t.size, t.is_signed);
	c = arena_new(a, struct c_type);
	c->ref = (struct ctype_ref){ btf, stripped };
	c->n = t.n;
	if (t.kind == CTYPE_STRUCT || t.kind == CTYPE_UNION ||
	    t.kind == CTYPE_FWD)
		c->kind = C_RECORD;
	else if (t.kind == CTYPE_PTR)
		c->kind = C_POINTER;
	else if (t.kind == CTYPE_ARRAY)
		c->kind = C_ARRAY;
	else
		c->kind = C_OPAQUE;
	if (c->kind == C_POINTER || c->kind == C_ARRAY)
		c->of = of_btf(a, btf, t.ref, depth + 1);
	return c;
}

const struct c_type *c_type_of_btf(struct arena *a, struct ctypes *btf,
				   uint32_t id)
{
	return of_btf(a, btf, id, 0);
}

/* ---- what follows from it ---- */

bool c_type_size(const struct c_type *t, uint64_t *ret)
{
	uint64_t times = 1;

	for (; t->kind == C_ARRAY; t = t->of)
		if (__builtin_mul_overflow(times, t->n, &times))
			return false;
	*ret = 1;
	if (t->kind == C_INT)
		*ret = t->size;
	else if (t->kind == C_POINTER)
		*ret = 8;
	else if (t->kind == C_TEXT)
		*ret = t->n;
	else if (t->kind == C_RECORD && !ctypes_size(t->ref.in, t->ref.id, ret))
		return false;
	else if (t->kind == C_OPAQUE)
		return false;
	return !__builtin_mul_overflow(*ret, times, ret);
}

bool c_type_same(const struct c_type *a, const struct c_type *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == C_INT)
		return a->size == b->size && a->is_signed == b->is_signed &&
		       a->is_bool == b->is_bool;
	if (a->kind == C_RECORD)
		return a->ref.in == b->ref.in && a->ref.id == b->ref.id;
	if (a->kind == C_POINTER || a->kind == C_ARRAY)
		return a->n == b->n && c_type_same(a->of, b->of);
	return true;
}

struct str c_type_name(struct arena *a, const struct c_type *t)
{
	static const char *const names[2][9] = {
		{ "", "unsigned char", "unsigned short", "", "unsigned int",
		  "", "", "", "unsigned long" },
		{ "", "signed char", "short", "", "int", "", "", "", "long" },
	};

	switch (t->kind) {
	case C_VOID:
		return STR("void");
	case C_INT:
		return str_from(t->is_bool ? "bool" : t->is_char ? "char" :
				names[t->is_signed][t->size]);
	case C_POINTER:
		return arena_printf(a, "%" STR_FMT " *",
				    STR_ARG(c_type_name(a, t->of)));
	case C_ARRAY:
		return arena_printf(a, "%" STR_FMT "[%llu]",
				    STR_ARG(c_type_name(a, t->of)),
				    (unsigned long long)t->n);
	case C_RECORD:
		return ctypes_type_name(t->ref.in, t->ref.id, a);
	case C_TEXT:
		return STR("char[]");
	case C_OPAQUE:
		break;
	}
	return STR("?");
}

const struct c_type *c_type_promoted(const struct c_type *t)
{
	return t->kind == C_INT && t->size < 4 ? &c_type_int : t;
}

const struct c_type *c_type_common(const struct c_type *a,
				   const struct c_type *b)
{
	a = c_type_promoted(a);
	b = c_type_promoted(b);
	if (a->size != b->size)
		return a->size > b->size ? a : b;
	return a->is_signed ? b : a;
}
