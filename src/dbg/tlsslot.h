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

struct tlsslot {
	uint64_t addr;		/* link-time, of the word */
	bool is_offset;		/* the word is how far byte `at` of the memory
				 * is from the thread's base; else it is the
				 * number of the library */
	uint64_t at;
};

/* false = the library asks for neither, or in a way that is not known; numbers
 * are of use with the C library of GNU only. */
bool tlsslot_find(struct objfile *o, struct tlsslot *ret);

#endif
