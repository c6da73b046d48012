/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>

#include "image/image.h"

uint32_t image_stat_offset(const struct image_stat *s, enum stat_fields f)
{
	uint32_t off = 0;

	for (uint32_t bit = 1; bit < (uint32_t)f; bit <<= 1) {
		if (s->fields & bit)
			off += 8;
	}
	return off;
}

uint32_t image_stat_buckets(const struct image_stat *s)
{
	switch ((enum hist_kind)s->hist) {
	case HIST_NONE:
		return 0;
	case HIST_LOG:
		return HIST_LOG_BUCKETS;
	case HIST_LINEAR:
		return (uint32_t)(((uint64_t)s->stop - (uint64_t)s->start) /
				  (uint64_t)s->interval) + 3;
	}
	return 0;
}

uint32_t image_stat_buckets_offset(const struct image_stat *s)
{
	uint32_t off = image_stat_offset(s, STAT_SUMSQ);

	return s->fields & STAT_SUMSQ ? off + 16 : off;
}

uint32_t image_stat_size(const struct image_stat *s)
{
	return image_stat_buckets_offset(s) + 8 * image_stat_buckets(s);
}

/* Number of bits up to the highest that is set. */
static uint32_t width(uint64_t v)
{
	return v ? 64 - (uint32_t)__builtin_clzll(v) : 0;
}

static uint32_t bucket_log(int64_t v)
{
	if (v >= 0)
		return 64 + width((uint64_t)v);
	return 64 - width(-(uint64_t)v);
}

static uint32_t bucket_linear(const struct image_stat *s, int64_t v)
{
	uint32_t n = image_stat_buckets(s);
	uint64_t i;

	if (v < s->start)
		return 0;
	i = ((uint64_t)v - (uint64_t)s->start) / (uint64_t)s->interval + 1;
	return i < n ? (uint32_t)i : n - 1;
}

uint32_t image_hist_bucket(const struct image_stat *s, int64_t v)
{
	return s->hist == HIST_LOG ? bucket_log(v) : bucket_linear(s, v);
}

int64_t image_hist_value(const struct image_stat *s, uint32_t i)
{
	if (s->hist == HIST_LOG) {
		if (i > 64)
			return (int64_t)(UINT64_C(1) << (i - 65));
		return i < 64 ? (int64_t)-(UINT64_C(1) << (63 - i)) : 0;
	}
	return (int64_t)((uint64_t)s->start +
			 (i ? i - 1 : 0) * (uint64_t)s->interval);
}
