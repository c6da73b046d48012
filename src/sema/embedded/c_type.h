/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of C texts: what they declare themselves, and what BTF describes.
 */
#ifndef SEMA_EMBEDDED_C_TYPE_H
#define SEMA_EMBEDDED_C_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "dbg/ctypes.h"

enum c_type_kind {
	C_VOID,
	C_INT,			/* enumerations and _Bool too */
	C_POINTER,
	C_ARRAY,
	C_RECORD,		/* struct or union, of BTF: ref */
	C_TEXT,			/* a string of the script: an array of char
				 * that is no memory */
	C_OPAQUE,		/* nothing that a value can be had of */
};

struct c_type {
	enum c_type_kind kind;
	uint8_t size;			/* INT: bytes */
	bool is_signed, is_bool, is_char;	/* INT */
	const struct c_type *of;	/* POINTER, ARRAY */
	uint64_t n;			/* ARRAY: elements; TEXT: bytes, the
					 * last of which is 0 */
	struct ctype_ref ref;		/* RECORD; what else is of BTF, too */
};

extern const struct c_type c_type_void, c_type_bool, c_type_char,
	c_type_s8, c_type_u8, c_type_s16, c_type_u16, c_type_int, c_type_uint,
	c_type_long, c_type_ulong, c_type_opaque;

const struct c_type *c_type_int_of(uint8_t size, bool is_signed);
const struct c_type *c_type_pointer(struct arena *a, const struct c_type *of);
const struct c_type *c_type_array(struct arena *a, const struct c_type *of,
				  uint64_t n);

/* n: bytes that it has room for; 0: no matter. */
const struct c_type *c_type_text(struct arena *a, uint64_t n);

/* A type of BTF; never NULL. */
const struct c_type *c_type_of_btf(struct arena *a, struct ctypes *btf,
				   uint32_t id);

/* Bytes; false: it has no size. */
bool c_type_size(const struct c_type *t, uint64_t *ret);

bool c_type_same(const struct c_type *a, const struct c_type *b);

/* For messages. */
struct str c_type_name(struct arena *a, const struct c_type *t);

static inline bool c_type_is_char(const struct c_type *t)
{
	return t->kind == C_INT && t->size == 1 && !t->is_bool;
}

static inline bool c_type_is_scalar(const struct c_type *t)
{
	return t->kind == C_INT || t->kind == C_POINTER;
}

/* The type of an operand of arithmetic. */
const struct c_type *c_type_promoted(const struct c_type *t);
const struct c_type *c_type_common(const struct c_type *a,
				   const struct c_type *b);

#endif
