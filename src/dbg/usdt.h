/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The static marks of a program (USDT): what the notes in .note.stapsdt say.
 * A mark is a nop at one place of the code; the note names it, and tells in
 * the assembler's words where its arguments are there.
 */
#ifndef DBG_USDT_H
#define DBG_USDT_H

#include "dbg/loc.h"
#include "dbg/objfile.h"

/*
 * An argument is a number of so many bytes.  loc says where it is: REGISTER
 * (its low bytes), MEMORY, VALUE (extended to 64 bits already), or NONE.
 */
struct usdt_arg {
	struct str text;	/* "-4@%eax" */
	struct dbg_loc loc;
	uint8_t size;		/* bytes: 1, 2, 4 or 8 */
	bool is_signed;
	bool is_float;
};

struct usdt_mark {
	struct str provider, name;
	uint64_t pc;		/* link-time address */
	uint64_t semaphore;	/* link-time address of a 16-bit counter, to
				 * be raised while the mark is watched; 0 =
				 * has none */
	uint64_t semaphore_offset;	/* of that, in the file, */
	bool is_lost;			/* unless it is not there */
	const struct usdt_arg *args;
	uint32_t nargs;
};

struct usdt_marks {
	struct usdt_mark *v;
	uint32_t n, cap;
	struct str damage;	/* "FILE: .note.stapsdt, at offset 0x1c: ...":
				 * marks from there on are lost; empty = none */
};

/* All, in the order of the file.  o must have the program's code; symbols
 * (NULL = o) is where the symbols that arguments name are: a separate debug
 * file.  Names live as long as o. */
void usdt_marks(struct objfile *o, struct objfile *symbols, struct arena *a,
		struct usdt_marks *ret);

#endif
