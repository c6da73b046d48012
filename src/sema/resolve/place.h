/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an object of the probed code is, and how code gets at it: the
 * locations of debug information (dbg/loc.h) as operations of targets.  An
 * object need not be in memory, nor in one place: parts of a struct may be in
 * registers, constants, or nowhere, and a pointer may point to such a struct.
 */
#ifndef SEMA_RESOLVE_PLACE_H
#define SEMA_RESOLVE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "dbg/loc.h"
#include "sema/program.h"

struct debug_source;
struct target_scope;

struct debug_place {
	struct str name;		/* of the variable, for messages */
	struct debug_source *src;
	const struct target_scope *scope;	/* of the handler, or NULL */
	const struct dbg_loc *loc;
};

/* The operation that gives `bits` (up to 64) bits from `bit` on of the object,
 * as a number without sign.  Empty = done, else why there is none. */
struct str place_bits(struct program *p, const struct debug_place *pl,
		      uint64_t bit, uint32_t bits, struct target_op *ret);

/* ... that gives the address of a byte of the object. */
struct str place_address(struct program *p, const struct debug_place *pl,
			 uint64_t byte, struct target_op *ret);

/* Where what is assigned to these bits of a program's object goes: the parts of
 * `to`.  Empty = done, or of the kernel; else why it cannot be assigned to. */
struct str place_parts(struct program *p, const struct debug_place *pl,
		       uint64_t bit, uint32_t bits, struct target *to);

/* What the pointer at `bit` of the object points to, if that has no address;
 * the byte of it; NULL = it has one. */
const struct debug_place *place_pointee(struct program *p,
					const struct debug_place *pl,
					uint64_t bit, int64_t *ret);

#endif
