/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A string is a pointer and a length: it may hold any byte, and needs no NUL
 * behind it.  It never owns its bytes.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *s;
	uint32_t len;
};

/* A literal as a str; in initialisers of static tables, use STR_INIT. */
#define STR(lit) ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_INIT(lit) { (lit), sizeof(lit) - 1 }

/* printf("%" STR_FMT, STR_ARG(s)) */
#define STR_FMT ".*s"
#define STR_ARG(x) (int)(x).len, (x).s

static inline struct str str_from(const char *s)
{
	return (struct str){ s, s ? (uint32_t)strlen(s) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

static inline bool str_is(struct str a, const char *b)
{
	return str_eq(a, str_from(b));
}

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* The part from pos on, at most len bytes; empty where that is outside. */
struct str str_sub(struct str s, uint32_t pos, uint32_t len);

/* memcmp order, shorter first: <0, 0, >0. */
int str_cmp(struct str a, struct str b);

/* First place of c or of needle in s, or -1. */
int64_t str_find_char(struct str s, char c);
int64_t str_find(struct str s, struct str needle);

/* Shell pattern with * ? and [...], as fnmatch(3) without flags has it. */
bool str_glob(struct str pattern, struct str s);
bool str_has_glob(struct str s);

/* Levenshtein distance, for "did you mean"; gives up past max. */
uint32_t str_distance(struct str a, struct str b, uint32_t max);

/* An integer of C's spelling (0x, 0 octal, decimal, '-'); false when s is not
 * wholly one, or does not fit: from -2^63 to 2^64 - 1, which is -1. */
bool str_to_s64(struct str s, int64_t *ret);

uint64_t str_hash(struct str s);

#endif
