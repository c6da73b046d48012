/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void buf_deinit(struct buf *b)
{
	free(b->data);
	*b = (struct buf){};
}

char *buf_reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;

	if (n > SIZE_MAX / 2 - b->len)
		abort();
	while (cap < b->len + n)
		cap *= 2;
	if (cap != b->cap) {
		b->data = realloc(b->data, cap);
		if (!b->data)
			abort();
		b->cap = cap;
	}
	return b->data + b->len;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
	if (!n)
		return;
	memcpy(buf_reserve(b, n), data, n);
	b->len += n;
}

void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.s, s.len);
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n <= 0)
		return;
	vsnprintf(buf_reserve(b, (size_t)n + 1), (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(buf_grows)
{
	struct buf b = {};

	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%03d", i);
	buf_char(&b, '.');
	TEST_EQ(b.len, 3001);
	TEST(str_eq(str_sub(buf_view(&b), 2994, 7), STR("998999.")));
	buf_deinit(&b);
	TEST_EQ(b.len, 0);
}
#endif
