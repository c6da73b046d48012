/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types of C, as a source of debug information describes them: the kernel's
 * BTF, a module's, the DWARF of a file.  Each source answers a few questions
 * (struct ctypes_ops); what can be told from those is here, and is the same
 * for all.
 *
 * Sources are not trusted.  A type that is missing or malformed reads as
 * CTYPE_BAD, and references are followed to a bounded depth.  Types are named
 * by their ids within a source; id 0 is void and, as the answer of a search,
 * "none".  Names live as long as the source.
 */
#ifndef DBG_CTYPES_H
#define DBG_CTYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum ctype_kind {
#define KIND(name, text) CTYPE_##name,
#include "dbg/ctype.def"
#undef KIND
};

/* No type: ctypes_type() of it is BAD. */
#define CTYPE_NONE UINT32_MAX

/* A type by value.  Fields that a kind has no use for are 0. */
struct ctype {
	enum ctype_kind kind;
	struct str name;       /* empty = anonymous */
	uint32_t size;	       /* bytes: INT, FLOAT, STRUCT, UNION, ENUM,
				 * ENUM64, DATASEC; PTR: of a pointer */
	uint32_t ref;	       /* what PTR, TYPEDEF, CONST, ..., FUNC, VAR are
				 * of; ARRAY: element; FUNC_PROTO: result */
	uint32_t n;	       /* members, parameters, enumerators, elements */
	uint8_t bits;	       /* INT: width */
	uint8_t bit_offset;    /* INT: first bit (0 in practice) */
	bool is_signed;	       /* INT, ENUM, ENUM64 */
	bool is_bool, is_char; /* INT; the kernel's "char" has no is_char */
	bool is_union;	       /* FWD */
	bool is_variadic;      /* FUNC_PROTO; the dots are not in n */
};

struct ctype_member {
	struct str name; /* empty: anonymous struct or union */
	uint32_t type;
	uint32_t bit_offset; /* from the start of the struct asked about */
	uint32_t bits;	     /* width of a bitfield; 0 = is none */
	/* Of structs that are one of several things (Rust's enums). */
	enum {
		CTYPE_ALWAYS,
		CTYPE_SELECTOR,	/* without a name: says which thing it is */
		CTYPE_VARIANT,	/* is there when the selector is `value` */
		CTYPE_REST,	/* is there when no other is */
	} when;
	int64_t value;
};

struct ctype_param {
	struct str name;
	uint32_t type;
};

struct ctype_enumerator {
	struct str name;
	int64_t value; /* bits of a uint64_t if the enum is unsigned */
};

struct ctypes;

/* What a source answers.  find and next: as ctypes_find() and ctypes_next();
 * so with the others. */
struct ctypes_ops {
	struct ctype (*type)(struct ctypes *t, uint32_t id);
	struct ctype (*brief)(struct ctypes *t, uint32_t id);
	bool (*member)(struct ctypes *t, uint32_t id, uint32_t i,
		       struct ctype_member *ret);
	bool (*param)(struct ctypes *t, uint32_t id, uint32_t i,
		      struct ctype_param *ret);
	bool (*enumerator)(struct ctypes *t, uint32_t id, uint32_t i,
			   struct ctype_enumerator *ret);
	uint32_t (*find)(struct ctypes *t, enum ctype_kind kind,
			 struct str name);
	uint32_t (*next)(struct ctypes *t, uint32_t id, enum ctype_kind kind,
			 struct str prefix);
	bool (*find_enumerator)(struct ctypes *t, struct str name,
				uint32_t *ret_type, int64_t *ret_value);
	uint32_t (*count)(struct ctypes *t);
	void (*close)(struct ctypes *t);
};

/* The first member of each source. */
struct ctypes {
	const struct ctypes_ops *ops;
	/* For relocations: the module that the types are of, empty = the
	 * kernel itself; false = they are not of the kernel. */
	struct str module;
	bool is_kernel;
	/* Of a program: what has such a type lies in user memory. */
	bool is_user;
};

/* A type wherever it is from; in NULL = a plain long, or not known. */
struct ctype_ref {
	struct ctypes *in;
	uint32_t id;
};

/* Takes NULL. */
void ctypes_close(struct ctypes *btf);

/* One more than the highest id.  */
uint32_t ctypes_count(struct ctypes *btf);

struct ctype ctypes_type(struct ctypes *btf, uint32_t id);

/* The same without n, the parts of which some sources have to count. */
struct ctype ctypes_brief(struct ctypes *btf, uint32_t id);

/* Follows TYPEDEF, CONST, VOLATILE, RESTRICT and TYPE_TAG; CTYPE_NONE when
 * that does not end. */
uint32_t ctypes_strip(struct ctypes *btf, uint32_t id);

/* ctypes_type() of the stripped id. */
struct ctype ctypes_stripped(struct ctypes *btf, uint32_t id);

/* Bytes of a value, arrays too; false = has no size (void, incomplete). */
bool ctypes_size(struct ctypes *btf, uint32_t id, uint64_t *ret);

/* The i-th of a STRUCT or UNION, a FUNC_PROTO, an ENUM or ENUM64 (id itself,
 * not stripped); false = has no such one, or it is malformed. */
bool ctypes_member(struct ctypes *btf, uint32_t id, uint32_t i,
		   struct ctype_member *ret);
bool ctypes_param(struct ctypes *btf, uint32_t id, uint32_t i,
		  struct ctype_param *ret);
bool ctypes_enumerator(struct ctypes *btf, uint32_t id, uint32_t i,
		       struct ctype_enumerator *ret);

/* A member by name, through anonymous structs and unions to any depth, with
 * its offset from the start of id.  Strips id first. */
bool ctypes_find_member(struct ctypes *btf, uint32_t id, struct str name,
			struct ctype_member *ret);

/* The type of this kind and name (kinds with names only; ENUM finds ENUM64
 * too), the first if there are several; 0 = none. */
uint32_t ctypes_find(struct ctypes *btf, enum ctype_kind kind, struct str name);

/* The next type after id (start with 0) that is of this kind and whose name
 * begins so; 0 = no more. */
uint32_t ctypes_next(struct ctypes *btf, uint32_t id, enum ctype_kind kind,
		     struct str prefix);

/* An enumeration constant of any enum; sets its type and value. */
bool ctypes_find_enumerator(struct ctypes *btf, struct str name,
			    uint32_t *ret_type, int64_t *ret_value);

/* As one would write it in C: "struct task_struct*", "char[16]", "unsigned
 * int", "const char*", "int (*)(struct file*, long)"; anonymous structs are
 * "struct {...}", bad types "?". */
struct str ctypes_type_name(struct ctypes *btf, uint32_t id, struct arena *a);

#endif
