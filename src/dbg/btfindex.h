/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the names of a BTF are.  The kernel's has 126000 types in no order; to
 * look through them for one takes longer than all else that a small script
 * needs.  So the names of all are kept in a table, which later runs of the same
 * boot map: a search then touches three pages of it.
 *
 * It is a hint: who looks up compares the name of what it is told, and bounds
 * each offset.  What it does not name, there is not.
 */
#ifndef DBG_BTFINDEX_H
#define DBG_BTFINDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dbg/ctypes.h"

#define BTFINDEX_MARK 32	/* records for each mark */

struct btfindex;

/* What it is of. */
struct btfindex_key {
	char boot_id[40];
	uint32_t types_len, strs_len;
};

/* Enumerators are of the kind VOID. */
uint32_t btfindex_hash(enum ctype_kind kind, struct str name);

/* NULL = there is none, or of another. */
struct btfindex *btfindex_load(struct str path, const struct btfindex_key *key);

/* An empty one, to be filled in the order of ids, and finished; marks is the
 * offset of every BTFINDEX_MARK-th of n records. */
struct btfindex *btfindex_create(void);
void btfindex_add(struct btfindex *x, uint32_t hash, uint32_t id);
void btfindex_finish(struct btfindex *x, const struct btfindex_key *key,
		     const uint32_t *marks, uint32_t n);
void btfindex_save(const struct btfindex *x, struct str path);

/* Takes NULL. */
void btfindex_destroy(struct btfindex *x);

/* Records, and their marks. */
uint32_t btfindex_count(const struct btfindex *x);
const uint32_t *btfindex_marks(const struct btfindex *x);

/* The next type that may have this name, in the order of ids; 0 = no more.
 * *at is 0 at first. */
uint32_t btfindex_next(const struct btfindex *x, uint32_t hash, uint32_t *at);

#endif
