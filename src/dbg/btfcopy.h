/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's BTF as a file that can be mapped.  Before Linux 6.16 the
 * kernel's own can only be read, 4 KiB at a time: 5 MB at each start.
 */
#ifndef DBG_BTFCOPY_H
#define DBG_BTFCOPY_H

#include <stddef.h>

#include "base/buf.h"
#include "dbg/world.h"

/* The BTF of the running kernel, and behind it some bytes of ours; NULL = there
 * is none of this boot.  munmap() ends it. */
void *btfcopy_map(const struct world *w, size_t *ret_size);

/* Keeps what was read for later runs, where they can find it. */
void btfcopy_save(const struct world *w, const struct buf *bytes);

#endif
