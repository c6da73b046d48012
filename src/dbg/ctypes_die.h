/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types of a file's debug information as a source of ctypes.  Ids are
 * given out as types are met: 0 is void, others stand for an entry.
 */
#ifndef DBG_CTYPES_DIE_H
#define DBG_CTYPES_DIE_H

#include "dbg/ctypes.h"
#include "dbg/debuginfo.h"

/* d must outlive it; closed by ctypes_close(). */
struct ctypes *ctypes_die_create(struct debuginfo *d);

/* The id of a type's entry; none = void. */
uint32_t ctypes_die_id(struct ctypes *t, struct dbg_die die);

/* The entry of an id; none when it is void. */
struct dbg_die ctypes_die_of(struct ctypes *t, uint32_t id);

#endif
