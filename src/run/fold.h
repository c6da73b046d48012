/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys that read the same are the same to a script.  The kernel's handlers do
 * not know the text of a stack or of an address: two processes at the same
 * place of one program make two elements.  The host makes one of them, before
 * a handler of its own looks at the array: that of the key which it saw first.
 */
#ifndef RUN_FOLD_H
#define RUN_FOLD_H

#include <stdint.h>

#include "run/snapshot.h"
#include "run/value.h"

struct fold;
struct stacks;
struct store;

/* All must outlive it. */
struct fold *fold_create(const struct image *img, struct store *store,
			 struct stacks *stacks);
void fold_destroy(struct fold *f);

/* A handler begins: arrays may have changed. */
void fold_begin(struct fold *f);

/* The array as it is now, folded; as store_snapshot(). */
struct snapshot *fold_snapshot(struct fold *f, uint32_t global);

/* Replaces keys by those that stand for them in the array; IT_VOID ones are
 * wildcards, and stay as they are. */
void fold_keys(struct fold *f, uint32_t global, struct value *keys);

#endif
