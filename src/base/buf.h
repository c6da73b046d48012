/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing buffer of bytes on the heap, for building text and files.
 * Running out of memory aborts.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/str.h"

struct buf {
	char *data;
	size_t len, cap;
};

void buf_deinit(struct buf *b);

/* Room for n more bytes, at data + len; does not change len. */
char *buf_reserve(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *data, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static inline struct str buf_view(const struct buf *b)
{
	return (struct str){ b->data, (uint32_t)b->len };
}

#endif
