/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads numbers and strings, little-endian, from bytes that nobody vouches
 * for.  Reading past the end gives 0 and sets bad, which stays: so a whole
 * record can be read and bad be asked once.
 */
#ifndef DBG_READER_H
#define DBG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct reader {
	const uint8_t *p, *end;
	bool bad;
};

/* From byte off of data on; bad when that is outside. */
static inline struct reader reader_at(const void *data, uint64_t size,
				      uint64_t off)
{
	const uint8_t *p = data;

	if (!p || off > size)
		return (struct reader){ .bad = true };
	return (struct reader){ .p = p + off, .end = p + size };
}

static inline uint64_t reader_left(const struct reader *r)
{
	return (uint64_t)(r->end - r->p);
}

static inline bool reader_has(struct reader *r, uint64_t n)
{
	if (reader_left(r) >= n && !r->bad)
		return true;
	r->bad = true;
	r->p = r->end;
	return false;
}

static inline void reader_skip(struct reader *r, uint64_t n)
{
	if (reader_has(r, n))
		r->p += n;
}

/* n bytes, 1 to 8. */
static inline uint64_t reader_uint(struct reader *r, unsigned int n)
{
	uint64_t v = 0;

	if (!reader_has(r, n))
		return 0;
	memcpy(&v, r->p, n);
	r->p += n;
	return v;
}

static inline uint8_t reader_u8(struct reader *r)
{
	return reader_has(r, 1) ? *r->p++ : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
	return (uint16_t)reader_uint(r, 2);
}

static inline uint32_t reader_u32(struct reader *r)
{
	return (uint32_t)reader_uint(r, 4);
}

static inline uint64_t reader_u64(struct reader *r)
{
	return reader_uint(r, 8);
}

/* n bytes, 1 to 8, signed. */
static inline int64_t reader_int(struct reader *r, unsigned int n)
{
	uint64_t v = reader_uint(r, n);
	unsigned int shift = 64 - 8 * n;

	return (int64_t)(v << shift) >> shift;
}

static inline uint64_t reader_uleb(struct reader *r)
{
	uint64_t v = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = reader_u8(r);
		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return v;
}

static inline int64_t reader_sleb(struct reader *r)
{
	uint64_t v = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = reader_u8(r);
		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (shift < 64 && byte & 0x40)
		v |= UINT64_MAX << shift;
	return (int64_t)v;
}

/* Up to a NUL, which must be there. */
static inline struct str reader_str(struct reader *r)
{
	const uint8_t *s = r->p, *nul;

	nul = r->bad || s == r->end ?
		      NULL : memchr(s, 0, (size_t)reader_left(r));
	if (!nul || nul - s > INT32_MAX) {
		r->bad = true;
		r->p = r->end;
		return (struct str){};
	}
	r->p = nul + 1;
	return (struct str){ (const char *)s, (uint32_t)(nul - s) };
}

#endif
