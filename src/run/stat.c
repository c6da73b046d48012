/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/stat.h"

#include <string.h>

#define SIGN (UINT64_C(1) << 63)

static uint64_t get(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void set(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void add(uint8_t *p, uint64_t v)
{
	set(p, get(p) + v);
}

static void raise_to(uint8_t *p, uint64_t v)
{
	if (v > get(p))
		set(p, v);
}

/* 128 bits, low word first. */
static void add_wide(uint8_t *p, unsigned __int128 v)
{
	v += get(p) | (unsigned __int128)get(p + 8) << 64;
	set(p, (uint64_t)v);
	set(p + 8, (uint64_t)(v >> 64));
}

static uint8_t *field(const struct image_stat *s, uint8_t *stat,
		      enum stat_fields f)
{
	return s->fields & f ? stat + image_stat_offset(s, f) : NULL;
}

void stat_add(const struct image_stat *s, uint8_t *stat, int64_t v)
{
	uint8_t *p;

	p = field(s, stat, STAT_COUNT);
	if (p)
		add(p, 1);
	p = field(s, stat, STAT_SUM);
	if (p)
		add(p, (uint64_t)v);
	p = field(s, stat, STAT_MIN);
	if (p)
		raise_to(p, ~((uint64_t)v ^ SIGN));
	p = field(s, stat, STAT_MAX);
	if (p)
		raise_to(p, (uint64_t)v ^ SIGN);
	p = field(s, stat, STAT_SUMSQ);
	if (p)
		add_wide(p, (unsigned __int128)((__int128)v * v));
	if (s->hist != HIST_NONE)
		add(stat + image_stat_buckets_offset(s) +
			    8 * image_hist_bucket(s, v), 1);
}

void stat_merge(const struct image_stat *s, uint8_t *a, const uint8_t *b)
{
	uint32_t off = 0, end = image_stat_size(s);

	for (uint32_t bit = STAT_COUNT; bit < STAT_SUMSQ; bit <<= 1) {
		if (!(s->fields & bit))
			continue;
		if (bit == STAT_MIN || bit == STAT_MAX)
			raise_to(a + off, get(b + off));
		else
			add(a + off, get(b + off));
		off += 8;
	}
	if (s->fields & STAT_SUMSQ) {
		add_wide(a + off, get(b + off) |
			 (unsigned __int128)get(b + off + 8) << 64);
		off += 16;
	}
	for (; off < end; off += 8)
		add(a + off, get(b + off));
}

void stat_subtract(const struct image_stat *s, uint8_t *now,
		   const uint8_t *seen)
{
	uint32_t size = image_stat_size(s), off = 0;
	uint32_t sumsq = image_stat_offset(s, STAT_SUMSQ);
	unsigned __int128 before;

	for (uint32_t bit = STAT_COUNT; bit < STAT_SUMSQ; bit <<= 1) {
		bool extreme = bit == STAT_MIN || bit == STAT_MAX;

		if (!(s->fields & bit))
			continue;
		if (!extreme)
			add(now + off, -get(seen + off));
		off += 8;
	}
	if (s->fields & STAT_SUMSQ) {
		before = get(seen + sumsq) |
			 (unsigned __int128)get(seen + sumsq + 8) << 64;
		add_wide(now + sumsq, -before);
		off += 16;
	}
	for (; off < size; off += 8)
		add(now + off, -get(seen + off));
	if (stat_is_empty(s, now))
		memset(now, 0, size);
}

bool stat_is_empty(const struct image_stat *s, const uint8_t *stat)
{
	uint32_t size = s->fields & STAT_COUNT ? 8 : image_stat_size(s);

	for (uint32_t i = 0; i < size; i++) {
		if (stat[i])
			return false;
	}
	return true;
}

static uint64_t get_field(const struct image_stat *s, const uint8_t *stat,
			  enum stat_fields f)
{
	return s->fields & f ? get(stat + image_stat_offset(s, f)) : 0;
}

/* The variance of the sample (with n - 1), rounded down. */
static int64_t variance(const struct image_stat *s, const uint8_t *stat)
{
	uint64_t n = get_field(s, stat, STAT_COUNT);
	__int128 sum = (int64_t)get_field(s, stat, STAT_SUM);
	unsigned __int128 sq = 0, square = (unsigned __int128)(sum * sum), all;

	if (n < 2)
		return 0;
	if (s->fields & STAT_SUMSQ) {
		const uint8_t *p = stat + image_stat_offset(s, STAT_SUMSQ);

		sq = get(p) | (unsigned __int128)get(p + 8) << 64;
	}
	if (!__builtin_mul_overflow(sq, (unsigned __int128)n, &all))
		return (int64_t)((all - square) / n / (n - 1));
	return (int64_t)((sq - square / n) / (n - 1));
}

static int64_t average(const struct image_stat *s, const uint8_t *stat)
{
	int64_t n = (int64_t)get_field(s, stat, STAT_COUNT);

	return n ? (int64_t)get_field(s, stat, STAT_SUM) / n : 0;
}

static bool get_bucket(const struct image_stat *s, const uint8_t *stat,
		       int64_t i, int64_t *ret)
{
	if (i < 0 || i >= image_stat_buckets(s))
		return false;
	*ret = (int64_t)get(stat + image_stat_buckets_offset(s) + 8 * i);
	return true;
}

bool stat_get(const struct image_stat *s, const uint8_t *stat,
	      enum stat_op op, int64_t arg, int64_t *ret,
	      enum image_error *error)
{
	if (op != STAT_OP_COUNT && op != STAT_OP_SUM &&
	    stat_is_empty(s, stat)) {
		*error = IERR_STAT_EMPTY;
		return false;
	}
	switch (op) {
	case STAT_OP_COUNT:
		*ret = (int64_t)get_field(s, stat, STAT_COUNT);
		break;
	case STAT_OP_SUM:
		*ret = (int64_t)get_field(s, stat, STAT_SUM);
		break;
	case STAT_OP_MIN:
		*ret = (int64_t)(~get_field(s, stat, STAT_MIN) ^ SIGN);
		break;
	case STAT_OP_MAX:
		*ret = (int64_t)(get_field(s, stat, STAT_MAX) ^ SIGN);
		break;
	case STAT_OP_AVG:
		*ret = average(s, stat);
		break;
	case STAT_OP_VARIANCE:
		*ret = variance(s, stat);
		break;
	case STAT_OP_BUCKET:
		*error = IERR_BUCKET;
		return get_bucket(s, stat, arg, ret);
	}
	return true;
}

#ifdef UNIT_TEST
#include "unit.h"

static int64_t extract(const struct image_stat *s, const uint8_t *stat,
		       enum stat_op op)
{
	enum image_error e;
	int64_t v = 0;

	TEST(stat_get(s, stat, op, 0, &v, &e));
	return v;
}

UNIT_TEST_CASE(stat_extremes)
{
	const struct image_stat s = { .fields = 31 };
	uint8_t a[48] = {}, b[48] = {};
	int64_t v;
	enum image_error e;

	TEST_EQ(image_stat_size(&s), 48);
	TEST(stat_is_empty(&s, a));
	TEST(!stat_get(&s, a, STAT_OP_MIN, 0, &v, &e));
	TEST_EQ(e, IERR_STAT_EMPTY);
	stat_add(&s, a, INT64_MIN);
	TEST_EQ(extract(&s, a, STAT_OP_MAX), INT64_MIN);
	TEST_EQ(extract(&s, a, STAT_OP_MIN), INT64_MIN);
	stat_add(&s, b, INT64_MAX);
	TEST_EQ(extract(&s, b, STAT_OP_MIN), INT64_MAX);
	stat_merge(&s, a, b);
	TEST_EQ(extract(&s, a, STAT_OP_COUNT), 2);
	TEST_EQ(extract(&s, a, STAT_OP_SUM), -1);
	TEST_EQ(extract(&s, a, STAT_OP_MAX), INT64_MAX);
	TEST_EQ(extract(&s, a, STAT_OP_MIN), INT64_MIN);
	TEST_EQ(extract(&s, a, STAT_OP_AVG), 0);
}

UNIT_TEST_CASE(stat_variance)
{
	const struct image_stat s = { .fields = 31 };
	uint8_t a[48] = {};

	stat_add(&s, a, 1000000);
	TEST_EQ(extract(&s, a, STAT_OP_VARIANCE), 0);
	stat_add(&s, a, 1000003);
	TEST_EQ(extract(&s, a, STAT_OP_VARIANCE), 4);	/* 4.5 */
	stat_add(&s, a, -1000000);
	TEST_EQ(extract(&s, a, STAT_OP_VARIANCE), 1333335333336);
}

UNIT_TEST_CASE(stat_buckets)
{
	const struct image_stat log = { .hist = HIST_LOG };
	const struct image_stat lin = { .hist = HIST_LINEAR, .start = -10,
					.stop = 20, .interval = 7 };

	TEST_EQ(image_hist_bucket(&log, 0), 64);
	TEST_EQ(image_hist_bucket(&log, 1), 65);
	TEST_EQ(image_hist_bucket(&log, 3), 66);
	TEST_EQ(image_hist_bucket(&log, 4), 67);
	TEST_EQ(image_hist_bucket(&log, -1), 63);
	TEST_EQ(image_hist_bucket(&log, -4), 61);
	TEST_EQ(image_hist_bucket(&log, INT64_MAX), 127);
	TEST_EQ(image_hist_bucket(&log, INT64_MIN), 0);
	for (int64_t i = 1; i < 127; i++)
		TEST_EQ(image_hist_bucket(&log, image_hist_value(&log,
							(uint32_t)i)), i);
	TEST_EQ(image_stat_buckets(&lin), 7);
	TEST_EQ(image_hist_bucket(&lin, -11), 0);
	TEST_EQ(image_hist_bucket(&lin, INT64_MIN), 0);
	TEST_EQ(image_hist_bucket(&lin, -10), 1);
	TEST_EQ(image_hist_bucket(&lin, -4), 1);
	TEST_EQ(image_hist_bucket(&lin, -3), 2);
	TEST_EQ(image_hist_bucket(&lin, 24), 5);
	TEST_EQ(image_hist_bucket(&lin, 25), 6);
	TEST_EQ(image_hist_bucket(&lin, INT64_MAX), 6);
	TEST_EQ(image_hist_value(&lin, 2), -3);
}
#endif
