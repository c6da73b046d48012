/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that keep, for later runs, what takes long to find out.  One that is
 * missing, old, or not to be believed costs time and nothing else; so nothing
 * here fails with an error.
 */
#ifndef DBG_CACHEFILE_H
#define DBG_CACHEFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Where they are: SPILE_CACHE; or XDG_CACHE_HOME/spile, ~/.cache/spile, or for
 * root /var/cache/spile; empty = nowhere. */
struct str cachefile_dir(struct arena *a);

/* Where that is which holds until the next boot: /run/spile; for a user,
 * XDG_RUNTIME_DIR/spile, or else as above. */
struct str cachefile_boot_dir(struct arena *a);

/* Maps a file that is ours or root's and that nobody else can write to; NULL
 * = there is none, or it has more than max bytes.  munmap() ends it. */
const void *cachefile_map(struct str path, uint64_t max, uint64_t *ret_size);

/* Tells damaged bytes from those that were saved: a few a nanosecond. */
uint64_t cachefile_sum(const void *data, uint64_t size);

/* Makes the directory of such a file, if there is none. */
bool cachefile_can_save(struct str path);

/* In the place of the old file at once, so that no reader sees half of it.
 * With the mode 0644, or 0600 for what others must not see. */
void cachefile_save(struct str path, const void *data, uint64_t size);
void cachefile_save_secret(struct str path, const void *data, uint64_t size);

#endif
