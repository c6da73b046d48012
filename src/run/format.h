/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The printf engine: makes text of an image's format and its arguments.
 *
 *	d i u o x X	as in C; # puts 0x before a hexadecimal 0 too
 *	p		as %#x
 *	c		one byte; %#c escaped as in C
 *	s		bytes, cut by a precision; %#s escaped as in C
 *	b		the value itself, little-endian, in 1, 2, 4 or 8 bytes
 *			(the width; default 8)
 *	m M		memory that was read already (a string): as it is, or
 *			in hexadecimal; as many bytes as the precision says
 *			(default 1)
 */
#ifndef RUN_FORMAT_H
#define RUN_FORMAT_H

#include "base/buf.h"
#include "image/image.h"
#include "run/value.h"

/* Appends to out; an argument that is not there, or is of another type than
 * its conversion takes, shows as 0 or "". */
void format_text(const struct image *img, uint32_t format,
		 const struct value *args, uint32_t nargs, struct buf *out);

/* Escapes as in C: \n, \", \\ and such; else three octal digits for what is
 * not printable ASCII. */
void format_escaped(struct str s, struct buf *out);

#endif
