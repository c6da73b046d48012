/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes to values in the kernel's maps that lose nothing of what programs
 * there do at the same moment.  bpf(2) can only replace a whole value; these
 * are small programs of our own, run once per change, that use the same
 * atomic operations.  Kernels before 5.14 have no programs that are just run:
 * there numbers are added and set by one that is given its arguments as a
 * packet, which is never sent; and creating others fails, and the caller
 * replaces values.
 */
#ifndef RUN_INPLACE_H
#define RUN_INPLACE_H

#include <stdint.h>

#include "image/image.h"

/* For adding to the u64 at `off` of a hash map's values.  A descriptor, or
 * -errno. */
int inplace_add_create(int map_fd, uint32_t key_size, uint32_t off);

/* 0; 1: there is no such key; or -errno. */
int inplace_add(int prog_fd, const void *key, uint32_t key_size, int64_t v);

/* As these, but the u64 becomes v. */
int inplace_set_create(int map_fd, uint32_t key_size, uint32_t off);
int inplace_set(int prog_fd, const void *key, uint32_t key_size, uint64_t v);

/*
 * For merging a statistic into the one at `off` of a per-CPU map's values:
 * into the copy of the CPU that this runs on.  key_size 0: an array's only
 * value.  A descriptor, or -errno.
 */
int inplace_merge_create(int map_fd, uint32_t key_size, uint32_t off,
			 const struct image_stat *s);

/* 0; 1: there is no such key; or -errno.  size: the statistic's. */
int inplace_merge(int prog_fd, const void *key, uint32_t key_size,
		  const void *stat, uint32_t size);

/* For taking `size` bytes at `off` of the one value of a per-CPU array: they
 * become 0.  A descriptor, or -errno. */
int inplace_take_create(int map_fd, uint32_t off, uint32_t size);

/* 0, or -errno; ret has room for size bytes. */
int inplace_take(int prog_fd, uint32_t cpu, void *ret, uint32_t size);

#endif
