/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a value lives at one address of the code: a description that knows
 * nothing of DWARF, for whoever makes code that fetches it.  The operations
 * are in the order of a stack machine and never branch; those of the frame
 * base and of the call frame are already in their place.
 */
#ifndef DBG_LOC_H
#define DBG_LOC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum dbg_loc_code {
#define LOC_OP(name, text, pops, pushes) DBG_LOC_OP_##name,
#include "dbg/loc.def"
#undef LOC_OP
};

/* What is wrong when a CHECK fails. */
enum dbg_loc_check {
	DBG_LOC_CALLER,		/* another one called than is known */
	DBG_LOC_UNMAPPED,	/* the process has not loaded the file: never
				 * made here */
	DBG_LOC_NO_BLOCK,	/* the thread has no memory of the library yet:
				 * never made here */
};

struct dbg_loc_op {
	enum dbg_loc_code code;
	uint8_t size;		/* bytes: LOAD, SEXT, ZEXT: 1 to 8 */
	uint64_t value;		/* CONST, ADDR; register number: REG, ENTRY;
				 * PICK; LOAD: 1 = of user memory, which
				 * the user of the location says */
};

enum dbg_loc_kind {
	DBG_LOC_NONE,		/* nowhere: reason says why */
	DBG_LOC_MEMORY,		/* ops compute its address */
	DBG_LOC_REGISTER,	/* in register reg (low bytes first); ops: the
				 * one REG */
	DBG_LOC_VALUE,		/* ops compute the value itself */
	DBG_LOC_BYTES,		/* the value's bytes are known */
	DBG_LOC_POINTER,	/* a pointer to something that has no address:
				 * `target` is where the pointee lives, from
				 * byte `offset` of it on */
	DBG_LOC_PIECES,		/* in parts, lowest address first */
};

struct dbg_loc_piece;

struct dbg_loc {
	enum dbg_loc_kind kind;
	const struct dbg_loc_op *ops;
	uint32_t nops;
	uint16_t reg;			/* REGISTER */
	bool needs_entry;		/* has ENTRY: known only to who saved
					 * registers at the function's entry */
	bool is_static;			/* MEMORY: the same at every pc */
	struct str bytes;		/* BYTES */
	int64_t offset;			/* POINTER */
	const struct dbg_loc *target;	/* POINTER */
	const struct dbg_loc_piece *pieces;
	uint32_t npieces;
	const char *reason;		/* NONE: "optimised out at this
					 * address" */
};

struct dbg_loc_piece {
	uint32_t bits;			/* size */
	uint32_t bit_offset;		/* of it in what loc describes */
	struct dbg_loc loc;		/* NONE = these bits are not known */
};

/* "reg 6, const -24, add -> memory": for dumps and tests. */
struct str dbg_loc_text(struct arena *a, const struct dbg_loc *loc);

const char *dbg_loc_op_name(enum dbg_loc_code code);

#endif
