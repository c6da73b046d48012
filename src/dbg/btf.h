/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own description of its types (BTF), read in place and lazily:
 * nothing is parsed before it is asked for, since a start must not pay for
 * 126000 types to find one.
 *
 * The bytes are not trusted.  A type that is missing or malformed reads as
 * DBG_BTF_BAD, references are followed to a bounded depth, and no index or
 * offset leads outside the file.  Types are named by their ids; id 0 is void
 * and, as the answer of a search, "none".  Names live as long as the reader.
 */
#ifndef DBG_BTF_H
#define DBG_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "dbg/world.h"

enum dbg_btf_kind {
#define KIND(name, text) DBG_BTF_##name,
#include "dbg/btf.def"
#undef KIND
};

/* No type: dbg_btf_type() of it is BAD. */
#define DBG_BTF_NONE UINT32_MAX

struct dbg_btf;

/* A type by value.  Fields that a kind has no use for are 0. */
struct dbg_btf_type {
	enum dbg_btf_kind kind;
	struct str name;	/* empty = anonymous */
	uint32_t size;		/* bytes: INT, FLOAT, STRUCT, UNION, ENUM,
				 * ENUM64, DATASEC; PTR: of a pointer */
	uint32_t ref;		/* what PTR, TYPEDEF, CONST, ..., FUNC, VAR are
				 * of; ARRAY: element; FUNC_PROTO: result */
	uint32_t n;		/* members, parameters, enumerators, elements */
	uint8_t bits;		/* INT: width */
	uint8_t bit_offset;	/* INT: first bit (0 in practice) */
	bool is_signed;		/* INT, ENUM, ENUM64 */
	bool is_bool, is_char;	/* INT; the kernel's "char" has no is_char */
	bool is_union;		/* FWD */
	bool is_variadic;	/* FUNC_PROTO; the dots are not in n */
};

struct dbg_btf_member {
	struct str name;	/* empty: anonymous struct or union */
	uint32_t type;
	uint32_t bit_offset;	/* from the start of the struct asked about */
	uint32_t bits;		/* width of a bitfield; 0 = is none */
};

struct dbg_btf_param {
	struct str name;
	uint32_t type;
};

struct dbg_btf_enumerator {
	struct str name;
	int64_t value;		/* bits of a uint64_t if the enum is unsigned */
};

/* The kernel's BTF; ERR_UNSUPPORTED when it was built without. */
struct err *dbg_btf_open(const struct world *w,
			 struct dbg_btf **ret) must_check;

/* A module's, on top of base, which must outlive it.  Its ids begin where
 * base's end; ids of base are valid in it. */
struct err *dbg_btf_open_module(const struct world *w,
				struct dbg_btf *base, const char *module,
				struct dbg_btf **ret) must_check;

/* Of bytes in memory, which must outlive it; base may be NULL. */
struct err *dbg_btf_from(const void *data, size_t size,
			 struct dbg_btf *base,
			 struct dbg_btf **ret) must_check;
void dbg_btf_close(struct dbg_btf *btf);

/* One more than the highest id.  Builds the index (0.6 ms for vmlinux). */
uint32_t dbg_btf_count(struct dbg_btf *btf);

struct dbg_btf_type dbg_btf_type(struct dbg_btf *btf, uint32_t id);

/* Follows TYPEDEF, CONST, VOLATILE, RESTRICT and TYPE_TAG; DBG_BTF_NONE when
 * that does not end. */
uint32_t dbg_btf_strip(struct dbg_btf *btf, uint32_t id);

/* dbg_btf_type() of the stripped id. */
struct dbg_btf_type dbg_btf_stripped(struct dbg_btf *btf, uint32_t id);

/* Bytes of a value, arrays too; false = has no size (void, incomplete). */
bool dbg_btf_size(struct dbg_btf *btf, uint32_t id, uint64_t *ret);

/* The i-th of a STRUCT or UNION, a FUNC_PROTO, an ENUM or ENUM64 (id itself,
 * not stripped); false = has no such one, or it is malformed. */
bool dbg_btf_member(struct dbg_btf *btf, uint32_t id, uint32_t i,
		    struct dbg_btf_member *ret);
bool dbg_btf_param(struct dbg_btf *btf, uint32_t id, uint32_t i,
		   struct dbg_btf_param *ret);
bool dbg_btf_enumerator(struct dbg_btf *btf, uint32_t id, uint32_t i,
			struct dbg_btf_enumerator *ret);

/* A member by name, through anonymous structs and unions to any depth, with
 * its offset from the start of id.  Strips id first. */
bool dbg_btf_find_member(struct dbg_btf *btf, uint32_t id, struct str name,
			 struct dbg_btf_member *ret);

/* The type of this kind and name (kinds with names only; ENUM finds ENUM64
 * too), the first if there are several; 0 = none. */
uint32_t dbg_btf_find(struct dbg_btf *btf, enum dbg_btf_kind kind,
		      struct str name);

/* The next type after id (start with 0) that is of this kind and whose name
 * begins so; 0 = no more. */
uint32_t dbg_btf_next(struct dbg_btf *btf, uint32_t id,
		      enum dbg_btf_kind kind, struct str prefix);

/* An enumeration constant of any enum; sets its type and value. */
bool dbg_btf_find_enumerator(struct dbg_btf *btf, struct str name,
			     uint32_t *ret_type, int64_t *ret_value);

/* As one would write it in C: "struct task_struct*", "char[16]", "unsigned
 * int", "const char*", "int (*)(struct file*, long)"; anonymous structs are
 * "struct {...}", bad types "?". */
struct str dbg_btf_type_name(struct dbg_btf *btf, uint32_t id,
			     struct arena *a);

const char *dbg_btf_kind_name(enum dbg_btf_kind kind);

#endif
