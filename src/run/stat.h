/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics, as image.h lays them out in memory: adding a value, merging
 * those of several CPUs, and what @count, @avg and the like give.
 */
#ifndef RUN_STAT_H
#define RUN_STAT_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"

/* Adds v to a statistic; merges b into a. */
void stat_add(const struct image_stat *s, uint8_t *stat, int64_t v);
void stat_merge(const struct image_stat *s, uint8_t *a, const uint8_t *b);

/* What came after `seen` was read.  The least and the greatest of that are
 * not known where there is anything: then those of all. */
void stat_subtract(const struct image_stat *s, uint8_t *now,
		   const uint8_t *seen);

bool stat_is_empty(const struct image_stat *s, const uint8_t *stat);

/* What an extractor gives; false = the aggregate is empty, or no such
 * bucket.  arg: shift or bucket. */
bool stat_get(const struct image_stat *s, const uint8_t *stat,
	      enum stat_op op, int64_t arg, int64_t *ret,
	      enum image_error *error);

#endif
