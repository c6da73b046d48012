/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place in the sources: a byte range in one address space over the script
 * and all tapset files (lang/source.h gives each file its range).  Eight
 * bytes in every token, node and instruction; line and column are found only
 * when something is printed.  len 0 = no place.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdint.h>

struct span {
	uint32_t pos, len;
};

/* From the start of a to the end of b. */
static inline struct span span_join(struct span a, struct span b)
{
	if (!a.len)
		return b;
	if (!b.len || b.pos < a.pos)
		return a;
	return (struct span){ a.pos, b.pos + b.len - a.pos };
}

#endif
