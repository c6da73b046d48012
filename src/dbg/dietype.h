/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types of the debug information, as raw entries: what one entry says of
 * itself.  Meaning (conversions, access paths, names as C writes them) is for
 * those above.  Nothing here follows more than one reference.
 */
#ifndef DBG_DIETYPE_H
#define DBG_DIETYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dbg/debuginfo.h"

enum dbg_type_kind {
	DBG_TYPE_BAD,		/* malformed, or no type at all */
	DBG_TYPE_VOID,		/* die is none, or an unspecified type */
	DBG_TYPE_BASE,
	DBG_TYPE_POINTER,
	DBG_TYPE_REFERENCE,	/* C++ & and && */
	DBG_TYPE_STRUCT,	/* and class */
	DBG_TYPE_UNION,
	DBG_TYPE_ENUM,
	DBG_TYPE_ARRAY,
	DBG_TYPE_FUNCTION,
	DBG_TYPE_TYPEDEF,
	DBG_TYPE_CONST,
	DBG_TYPE_VOLATILE,
	DBG_TYPE_RESTRICT,
	DBG_TYPE_ATOMIC,
	DBG_TYPE_MEMBER_POINTER,
};

enum dbg_encoding {
	DBG_ENC_NONE,
	DBG_ENC_SIGNED,
	DBG_ENC_UNSIGNED,
	DBG_ENC_BOOL,
	DBG_ENC_SIGNED_CHAR,
	DBG_ENC_UNSIGNED_CHAR,
	DBG_ENC_FLOAT,
	DBG_ENC_COMPLEX,
	DBG_ENC_UTF,		/* char16_t, char32_t */
	DBG_ENC_ADDRESS,
};

struct dbg_type {
	enum dbg_type_kind kind;
	struct str name;	/* empty = anonymous */
	bool has_size;
	uint64_t size;		/* bytes; a pointer without one has its unit's
				 * address size */
	struct dbg_die ref;	/* what POINTER ... TYPEDEF, CONST are of;
				 * ARRAY: element, ENUM: underlying type,
				 * FUNCTION: result.  none = void */
	enum dbg_encoding encoding;	/* BASE; ENUM: signed or unsigned */
	bool is_class;		/* STRUCT: the keyword was class */
	bool is_declaration;	/* defined elsewhere: dietype_definition() */
	bool is_variadic;	/* FUNCTION */
	bool is_rvalue;		/* REFERENCE */
};

/* die none = void. */
struct dbg_type dietype(struct dbg_die die);

/* The definition of a declared struct, union or enum, in this or another
 * unit; die itself when it is one, or when there is none. */
struct dbg_die dietype_definition(struct debuginfo *d, struct dbg_die die);

struct dbg_member {
	struct str name;	/* empty: anonymous struct or union */
	struct dbg_die die, type;
	uint64_t bit_offset;	/* from the start of the struct */
	uint32_t bits;		/* width of a bitfield, 0 = is none */
	bool is_base;		/* C++: a base class; the name is its type's */
	bool is_static;		/* C++: no part of the object; die is the
				 * declaration of a variable */
	bool is_virtual;	/* a virtual base: bit_offset is not known */
	/* Of a struct that is one of several things (Rust's enums): */
	bool is_selector;	/* says which; it has no name */
	bool is_variant;	/* is there when the selector is `value`, */
	bool is_rest;		/* or none of the others' */
	int64_t value;
};

struct dbg_param {
	struct str name;
	struct dbg_die die, type;
};

struct dbg_dimension {
	bool has_count;		/* false: [] or of variable length */
	uint64_t count;
	int64_t lower;		/* lowest index */
};

struct dbg_enumerator {
	struct str name;
	int64_t value;		/* bits of a uint64_t if that is its type */
};

/*
 * Parts in their order: start with an empty iterator (dietype_parts), each
 * call of a next function gives one; false = no more.
 */
struct dietype_parts {
	struct dbg_die next;
	uint32_t count;		/* so far; bounded */
	struct dbg_die up[2];	/* behind the variant part, the variant, */
	uint32_t depth;		/* that next is in */
	struct dbg_die variant;
};

/* die: STRUCT, UNION; FUNCTION (or a subprogram); ARRAY; ENUM. */
struct dietype_parts dietype_parts(struct dbg_die die);
bool dietype_member(struct dietype_parts *p, struct dbg_member *ret);
bool dietype_param(struct dietype_parts *p, struct dbg_param *ret);
bool dietype_dimension(struct dietype_parts *p, struct dbg_dimension *ret);
bool dietype_enumerator(struct dietype_parts *p, struct dbg_enumerator *ret);

/* The type of a variable, parameter, member or function (its result). */
struct dbg_die dietype_of(struct dbg_die die);

#endif
