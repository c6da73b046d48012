/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a shared library keeps what the dynamic linker has told it of its
 * memory for each thread: words that relocations fill.
 */
#ifndef DBG_TLSSLOT_H
#define DBG_TLSSLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "dbg/objfile.h"

enum tlsslot_kind {
	TLSSLOT_DESCRIBED,	/* the word behind it is negative, and an
				 * offset; or it is where the number stands (of
				 * code compiled with -mtls-dialect=gnu2) */
	TLSSLOT_NUMBER,		/* the word is the number of the library */
	TLSSLOT_OFFSET,		/* the word is how far byte `at` of the memory
				 * is from the thread's base */
};

struct tlsslot {
	uint64_t addr;		/* link-time, of the word */
	enum tlsslot_kind kind;
	uint64_t at;
};

/* false = the library asks for none of them; numbers and descriptions are of
 * use with the C library of GNU only. */
bool tlsslot_find(struct objfile *o, struct tlsslot *ret);

#endif
