/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands behind an array global: keys and values as bytes (image.h has
 * their layout; here always without the sequence number), in the order of
 * their insertion.  One implementation keeps them in memory, one in a map of
 * the kernel.
 */
#ifndef RUN_TABLE_H
#define RUN_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"

struct table {
	const struct table_ops *ops;
	const struct image_global *global;
	uint32_t key_size, value_size;
};

struct table_ops {
	void (*destroy)(struct table *t);

	/* Writes the value (of statistics: merged); false = not there. */
	bool (*get)(struct table *t, const void *key, void *ret);

	/* Sets.  False = no room. */
	bool (*put)(struct table *t, const void *key, const void *value);

	/* Adds to a long, which is 0 when it was not there. */
	bool (*add)(struct table *t, const void *key, int64_t v);

	/* Adds to a statistic. */
	bool (*stat_add)(struct table *t, const void *key, int64_t v);

	/* Merges a statistic into one. */
	bool (*merge)(struct table *t, const void *key, const void *stat);

	void (*del)(struct table *t, const void *key);
	void (*clear)(struct table *t);

	/* Appends key and value of each entry, in order; how many. */
	uint32_t (*all)(struct table *t, struct buf *ret);

	/* These keys go to the front, in this order. */
	void (*reorder)(struct table *t, const uint8_t *const *keys,
			uint32_t n);

	/* Takes an entry out if its value is still `seen`; what was added
	 * since stays. */
	void (*drain)(struct table *t, const void *key, const void *seen);
};

/* Bytes of a global's value, without a sequence number. */
uint32_t table_value_size(const struct image_global *g);

struct table *table_memory_create(const struct image_global *g);

/* globals: the value of the globals map; it and the descriptors must outlive
 * the table. */
struct table *table_map_create(const struct image *img, uint32_t global,
			       const int *fds, uint8_t *globals,
			       uint32_t ncpus);

#endif
