/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a member stands in a type, both given by their names as a person
 * writes them: "struct task_struct", "se.avg.load_sum".  So the compiler can
 * write down what it read, and another machine find it again.
 */
#ifndef DBG_MEMBER_H
#define DBG_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dbg/btf.h"

struct member {
	uint32_t type;	     /* id of its type; 0 = plain */
	uint64_t bit_offset; /* from the start of the outermost type */
	uint32_t bits;	     /* of a bitfield, else 0 */
	uint64_t size;	     /* bytes of the member */
	bool is_signed;
};

/* "struct x", "union x", "enum x", or the name of any of these, of a typedef
 * or of a basic type; stars and spaces behind it are passed over.  0 = there
 * is none. */
uint32_t member_type(struct ctypes *btf, struct str name);

/* path: members with '.' between them, elements as "[3]"; empty = the type
 * itself.  False: there is no such type or member. */
bool member_find(struct ctypes *btf, struct str type, struct str path,
		 struct member *ret);

#endif
