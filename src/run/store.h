/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Globals and arrays, as the host engine sees them.  Behind one interface
 * either the kernel's maps (shared with the programs that run there) or,
 * for scripts without kernel probes, plain memory of the same layout
 * (image/image.h).
 *
 * Keys come as one value per part.  A string that is too long for its place
 * is cut.  Strings that are handed out point into the store and live until
 * its next call.
 */
#ifndef RUN_STORE_H
#define RUN_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "image/image.h"
#include "run/snapshot.h"
#include "run/value.h"

/* The kernel's side; all must outlive the store. */
struct store_maps {
	const int *fds;		/* one for each of img->maps, or -1 */
	void *globals;		/* the globals map, mmapped shared */
	uint32_t ncpus;		/* possible CPUs: slots of a per-CPU value */
};

struct store;

/* maps NULL = plain memory.  Scalar globals get their initial values. */
struct err *store_create(const struct image *img,
			 const struct store_maps *maps,
			 struct store **ret) must_check;
void store_destroy(struct store *s);

/* A handler begins: it sees scalar statistics as they are when it first reads
 * one, and deletes what it has seen. */
void store_begin(struct store *s);

/* The block at the start of the globals map. */
struct image_session *store_session(struct store *s);

/* Counters in the globals map: losses of a probe by class; hits; with -t
 * (else NULL) times. */
uint64_t *store_loss(struct store *s, uint32_t probe, enum image_loss l);
uint64_t *store_hits(struct store *s, uint32_t probe);
struct image_times *store_times(struct store *s, uint32_t probe);

/* Takes the lock of the globals (in plain memory there is none); false =
 * no luck within the bound. */
bool store_lock(struct store *s);
void store_unlock(struct store *s);

/*
 * keys: as many values as the global has keys, none for a scalar.  Where one of
 * these gives false for a change, e->kind says why (e->place is the caller's).
 */
bool store_has(struct store *s, uint32_t global, const struct value *keys);
/* 0 or "" when it is not there. */
struct value store_get(struct store *s, uint32_t global,
		       const struct value *keys);
bool store_set(struct store *s, uint32_t global, const struct value *keys,
	       struct value v, struct run_error *e);
bool store_add(struct store *s, uint32_t global, const struct value *keys,
	       int64_t v, struct run_error *e);
void store_delete(struct store *s, uint32_t global,
		  const struct value *keys);
void store_clear(struct store *s, uint32_t global);
/* Makes it what it was at the start. */
void store_reset(struct store *s, uint32_t global);

/* slice: as keys, but IT_VOID stands for any value. */
bool store_has_any(struct store *s, uint32_t global,
		   const struct value *slice);
void store_delete_slice(struct store *s, uint32_t global,
			const struct value *slice);

bool store_stat_add(struct store *s, uint32_t global,
		    const struct value *keys, int64_t v,
		    struct run_error *e);
/* The merged statistic, in the layout of the global's struct image_stat; all
 * zero when not there. */
const uint8_t *store_stat(struct store *s, uint32_t global,
			  const struct value *keys);

/* The array as it is now, in order. */
struct snapshot *store_snapshot(struct store *s, uint32_t global);

/* What is at a key as it was seen, an entry of a snapshot, goes to another
 * key, in the global's way to fold; what came since stays.  A sum of 0 may
 * stay, too. */
void store_fold(struct store *s, uint32_t global, const uint8_t *seen,
		const uint8_t *to);

/* Drops the entries that are not in the slice: keys that are not IT_VOID
 * must be equal. */
void store_keep_slice(struct store *s, struct snapshot *sn,
		      const struct value *slice);

/* The order of the first n of a sorted snapshot becomes that of the array,
 * the others stay behind them. */
void store_reorder(struct store *s, uint32_t global,
		   const struct snapshot *sn, uint32_t n);

/*
 * Deletes what the snapshot has seen and no more: an entry that has changed
 * since keeps what came after (counts and statistics), a new entry stays.
 */
void store_drain(struct store *s, uint32_t global, const struct snapshot *sn);

#endif
