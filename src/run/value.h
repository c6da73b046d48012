/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A value at run time, and an error at run time: what the parts of the
 * running half hand to each other.
 */
#ifndef RUN_VALUE_H
#define RUN_VALUE_H

#include <stdint.h>

#include "base/str.h"
#include "image/image.h"

/* The bytes of a string belong to whoever made it: see there how long they
 * live. */
struct value {
	uint8_t type;		/* IT_LONG, IT_STRING; IT_VOID = nothing */
	union {
		int64_t l;
		struct str s;
	};
};

static inline struct value value_long(int64_t l)
{
	return (struct value){ .type = IT_LONG, .l = l };
}

static inline struct value value_str(struct str s)
{
	return (struct value){ .type = IT_STRING, .s = s };
}

/* An error that a script raised, on the host or (struct image_control) in
 * the kernel. */
struct run_error {
	enum image_error kind;
	uint32_t place;		/* in image.places, or IMAGE_NONE */
	uint64_t operand;	/* of messages with operand L */
	struct str text;	/* of messages with operand S */
};

#endif
