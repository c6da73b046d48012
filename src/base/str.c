/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bits.h"

bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len &&
	       (!prefix.len || !memcmp(s.s, prefix.s, prefix.len));
}

bool str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	       (!suffix.len || !memcmp(s.s + s.len - suffix.len, suffix.s,
				       suffix.len));
}

struct str str_sub(struct str s, uint32_t pos, uint32_t len)
{
	if (pos >= s.len)
		return (struct str){ s.s, 0 };
	return (struct str){ s.s + pos, MIN(len, s.len - pos) };
}

int str_cmp(struct str a, struct str b)
{
	uint32_t n = MIN(a.len, b.len);
	int c = n ? memcmp(a.s, b.s, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

int64_t str_find_char(struct str s, char c)
{
	const char *p = s.len ? memchr(s.s, c, s.len) : NULL;

	return p ? p - s.s : -1;
}

int64_t str_find(struct str s, struct str needle)
{
	const char *p;

	if (!needle.len)
		return 0;
	p = s.len ? memmem(s.s, s.len, needle.s, needle.len) : NULL;
	return p ? p - s.s : -1;
}

/* One [...] of a pattern at p[*i] (behind the bracket) against c; moves *i
 * behind it.  A bracket that is never closed stands for itself. */
static bool glob_class(struct str p, uint32_t *i, char c, bool *is_class)
{
	uint32_t j = *i;
	bool negated = false, hit = false, first = true;

	if (j < p.len && (p.s[j] == '!' || p.s[j] == '^')) {
		negated = true;
		j++;
	}
	for (; j < p.len && (first || p.s[j] != ']'); first = false) {
		unsigned char lo = (unsigned char)p.s[j++], hi = lo;

		if (j + 1 < p.len && p.s[j] == '-' && p.s[j + 1] != ']') {
			hi = (unsigned char)p.s[j + 1];
			j += 2;
		}
		hit |= lo <= (unsigned char)c && (unsigned char)c <= hi;
	}
	*is_class = j < p.len;
	if (!*is_class)
		return c == '[';
	*i = j + 1;
	return hit != negated;
}

/* Does one element of the pattern at *i match c?  Moves *i behind it. */
static bool glob_one(struct str p, uint32_t *i, char c)
{
	char e = p.s[(*i)++];
	bool is_class;

	if (e == '?')
		return true;
	if (e == '[')
		return glob_class(p, i, c, &is_class);
	if (e == '\\' && *i < p.len)
		e = p.s[(*i)++];
	return e == c;
}

bool str_glob(struct str pattern, struct str s)
{
	uint32_t i = 0, j = 0;
	uint32_t star = UINT32_MAX, retry = 0;	/* behind the last '*' */

	while (j < s.len) {
		uint32_t next = i;

		if (i < pattern.len && pattern.s[i] == '*') {
			star = ++i;
			retry = j;
		} else if (i < pattern.len &&
			   glob_one(pattern, &next, s.s[j])) {
			i = next;
			j++;
		} else if (star != UINT32_MAX) {
			i = star;
			j = ++retry;
		} else {
			return false;
		}
	}
	while (i < pattern.len && pattern.s[i] == '*')
		i++;
	return i == pattern.len;
}

bool str_has_glob(struct str s)
{
	return str_find_char(s, '*') >= 0 || str_find_char(s, '?') >= 0 ||
	       str_find_char(s, '[') >= 0;
}

#define DISTANCE_LEN 64

uint32_t str_distance(struct str a, struct str b, uint32_t max)
{
	uint32_t row[DISTANCE_LEN + 1];

	if (a.len > DISTANCE_LEN || b.len > DISTANCE_LEN)
		return max + 1;
	for (uint32_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (uint32_t i = 1; i <= a.len; i++) {
		uint32_t diagonal = row[0];

		row[0] = i;
		for (uint32_t j = 1; j <= b.len; j++) {
			uint32_t swap = diagonal + (a.s[i - 1] != b.s[j - 1]);
			uint32_t gap = MIN(row[j], row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = MIN(swap, gap);
		}
	}
	return MIN(row[b.len], max + 1);
}

bool str_to_s64(struct str s, int64_t *ret)
{
	char digits[32], *end;
	unsigned long long v;
	bool negative;

	if (!s.len || s.len >= sizeof(digits))
		return false;
	memcpy(digits, s.s, s.len);
	digits[s.len] = '\0';
	negative = digits[0] == '-';
	if (digits[negative] < '0' || digits[negative] > '9')
		return false;
	errno = 0;
	v = strtoull(digits + negative, &end, 0);
	if (errno || *end || (negative && v > (UINT64_C(1) << 63)))
		return false;
	*ret = (int64_t)(negative ? -v : v);
	return true;
}

/* FNV-1a, 64 bits. */
uint64_t str_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (uint32_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.s[i]) * 0x100000001b3;
	return h ^ h >> 32;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(str_parts)
{
	TEST(str_starts(STR("abc"), STR("ab")));
	TEST(!str_starts(STR("a"), STR("ab")));
	TEST(str_ends(STR("abc"), STR("bc")));
	TEST(str_ends(STR("abc"), (struct str){}));
	TEST(str_is(str_sub(STR("abc"), 1, 100), "bc"));
	TEST_EQ(str_sub(STR("abc"), 3, 1).len, 0);
	TEST_EQ(str_find(STR("abcbc"), STR("bc")), 1);
	TEST_EQ(str_find(STR("abc"), STR("x")), -1);
	TEST_EQ(str_find_char((struct str){}, 'x'), -1);
}

UNIT_TEST_CASE(str_order)
{
	TEST(str_cmp(STR("a"), STR("b")) < 0);
	TEST(str_cmp(STR("ab"), STR("a")) > 0);
	TEST_EQ(str_cmp(STR("ab"), STR("ab")), 0);
	TEST(str_cmp((struct str){}, STR("a")) < 0);
	TEST(str_cmp(STR("\xff"), STR("a")) > 0);
}

UNIT_TEST_CASE(str_glob_as_fnmatch)
{
	TEST(str_glob(STR("*"), (struct str){}));
	TEST(str_glob(STR("a*b*c"), STR("a-b-b-c")));
	TEST(!str_glob(STR("a*b*c"), STR("a-b-b-d")));
	TEST(str_glob(STR("sys_?ead"), STR("sys_read")));
	TEST(str_glob(STR("[a-\xff]x"), STR("\xe9x")));
	TEST(str_glob(STR("[a-c]x"), STR("bx")));
	TEST(!str_glob(STR("[!a-c]x"), STR("bx")));
	TEST(str_glob(STR("[]]"), STR("]")));
	TEST(str_glob(STR("[a"), STR("[a")));
	TEST(str_glob(STR("\\*"), STR("*")));
	TEST(!str_glob(STR("\\*"), STR("x")));
	TEST(!str_glob(STR("a"), STR("ab")));
}

UNIT_TEST_CASE(str_glob_many_stars_end)
{
	TEST(!str_glob(STR("*a*a*a*a*a*a*a*a*a*a*b"),
		       STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")));
}

UNIT_TEST_CASE(str_distance_levenshtein)
{
	TEST_EQ(str_distance(STR("kitten"), STR("sitting"), 9), 3);
	TEST_EQ(str_distance(STR("abc"), STR("abc"), 2), 0);
	TEST_EQ(str_distance(STR("abc"), STR("xyz"), 1), 2);
	TEST_EQ(str_distance((struct str){}, STR("ab"), 5), 2);
}

UNIT_TEST_CASE(str_to_s64_c_spelling)
{
	int64_t v = 7;

	TEST(str_to_s64(STR("0x10"), &v));
	TEST_EQ(v, 16);
	TEST(str_to_s64(STR("-010"), &v));
	TEST_EQ(v, -8);
	TEST(str_to_s64(STR("18446744073709551615"), &v));
	TEST_EQ(v, -1);
	TEST(!str_to_s64(STR("18446744073709551616"), &v));
	TEST(!str_to_s64(STR("1x"), &v));
	TEST(!str_to_s64(STR("+1"), &v));
	TEST(!str_to_s64(STR("-"), &v));
	TEST(!str_to_s64((struct str){}, &v));
	TEST_EQ(v, -1);
	TEST(str_to_s64(STR("-9223372036854775808"), &v));
	TEST_EQ(v, INT64_MIN);
	TEST(!str_to_s64(STR("-9223372036854775809"), &v));
	TEST(!str_to_s64(STR("-18446744073709551615"), &v));
}
#endif
