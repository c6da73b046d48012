/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An access path through C types, one step at a time: what ->member, [index]
 * and & do to a value, as operations of a struct target.
 */
#ifndef SEMA_RESOLVE_PATH_H
#define SEMA_RESOLVE_PATH_H

#include "dbg/ctypes.h"
#include "sema/program.h"
#include "sema/resolve/target.h"

/* A path in the making.  The value is either of C type `type`, or the address
 * of an object of that type; or there is none yet, and the object is in a
 * place that is not memory. */
struct path {
	struct program *program;
	struct ctypes *types;		/* NULL: no types known */
	struct target *target;
	uint32_t type;			/* 0 = a plain long, or void */
	bool is_address;
	bool is_user;
	const struct debug_place *place;	/* or NULL */
	bool is_part;			/* of a variable */
	uint32_t bit_offset, bits;	/* a bitfield within the object */
	/* Where the object is: `distance` bytes behind the value so far, which
	 * is the member `members` of an object of type `root`. */
	int64_t distance;
	uint32_t root;
	struct str members;
};

/* Starts at a root; at the value of an expression that points to `type`; at
 * an address known to hold an object of `type`. */
struct path path_of_root(struct program *p, const struct target_root *r);
struct path path_of_pointer(struct program *p, struct ast_expr *e,
			    struct ctype_ref type);

/* An independent copy: steps on it leave the first alone. */
struct path path_copy(const struct path *from);

/* The steps.  False: there is no such thing; the target then is not defined
 * and says why. */
bool path_member(struct path *pa, struct str name, struct span span);
bool path_index(struct path *pa, struct ast_expr *index, struct span span);

/* From an object that is a pointer to what it points to; to a member that was
 * found; to the i-th element of an array. */
bool path_deref(struct path *pa, struct span span);
void path_step(struct path *pa, const struct ctype_member *m,
	       struct span span);
bool path_element(struct path *pa, uint32_t i, struct span span);

/* Ends the path: the value of the object (arrays: its address). */
bool path_value(struct path *pa, struct span span);

/* Ends the path: the address of the object. */
bool path_address(struct path *pa, struct span span);

/* Ends the path: the text there, of at most `max` bytes.  False: it is not in
 * memory. */
bool path_text(struct path *pa, uint32_t max, struct span span);

/* The type of the object, without typedefs and qualifiers; as it is. */
struct ctype path_type(const struct path *pa);
struct ctype_ref path_ref(const struct path *pa, uint32_t type);

/* What is assigned to the target goes where its last operation, a TGT_LOAD or
 * TGT_CTX_LOAD, takes the value from: to `bits` bits from `shift` on. */
void path_assignable(struct target *t, struct arena *a, uint32_t shift,
		     uint32_t bits);

/* Marks the target as not defined; the first reason stays. */
void path_fail(struct path *pa, uint32_t diag, struct str why, struct str help);

#endif
