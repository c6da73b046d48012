/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array as it was at one moment, to iterate over: what foreach sees does
 * not change under it.  Entries are in the array's order until sorted.
 */
#ifndef RUN_SNAPSHOT_H
#define RUN_SNAPSHOT_H

#include <stdint.h>

#include "base/buf.h"
#include "image/image.h"
#include "run/value.h"

struct stacks;

struct snapshot {
	const struct image_global *global;
	uint32_t n;
	uint32_t *order;	/* the i-th entry, as sorted */
	struct buf entries;	/* of each: key, then value as in a map, a
				 * statistic merged */
	uint32_t entry_size;
	struct stacks *stacks;	/* sorts them by their text; or NULL */
};

void snapshot_destroy(struct snapshot *sn);

/* Stable.  key: of SORT_KEY; stat: of SORT_STAT; dir < 0: descending. */
void snapshot_sort(struct snapshot *sn, enum image_sort by, uint32_t key,
		   enum stat_op stat, int dir);

/* Of the i-th entry as sorted; strings point into the snapshot. */
const uint8_t *snapshot_raw(const struct snapshot *sn, uint32_t i);
struct value snapshot_key(const struct snapshot *sn, uint32_t i, uint32_t k);
struct value snapshot_value(const struct snapshot *sn, uint32_t i);
const uint8_t *snapshot_stat(const struct snapshot *sn, uint32_t i);

/* One part of a key, or a value, from the bytes of image.h's layout. */
struct value value_decode_str(const uint8_t *p, uint32_t bound);
struct value value_decode_long(const uint8_t *p);

#endif
