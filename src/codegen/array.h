/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operations on arrays share: keys in memory, finding an element,
 * making one.
 */
#ifndef CODEGEN_ARRAY_H
#define CODEGEN_ARRAY_H

#include "codegen/cg.h"

/* The array that operation r names. */
const struct image_global *array_global(struct cg_fn *fn, ir_ref r);

/* Room for a key of g, on the stack or in scratch, until array_free(). */
struct cg_str array_key_place(struct cg_fn *fn, const struct image_global *g);
void array_free(struct cg_fn *fn, struct cg_str place);

/* The key of operation r, made in such a place; `*` is zeros. */
void array_key_at(struct cg_fn *fn, const struct image_global *g, ir_ref r,
		  struct cg_str key);
struct cg_str array_key(struct cg_fn *fn, const struct image_global *g,
			ir_ref r);

/* A fresh register with the address of the element's value, or 0. */
cg_reg array_lookup(struct cg_fn *fn, const struct image_global *g,
		    struct cg_str key);

/* The same, made (zero, empty) when it is not there; raises when there is no
 * room; to `lost` when it is gone again at once. */
cg_reg array_element(struct cg_fn *fn, const struct image_global *g,
		     struct cg_str key, cg_label lost);

/* What an extractor gives of the statistic under this key (of the stats map,
 * or of the array's); raises when it is empty.  arg = bucket, or IR_NONE.
 * quiet: 0 instead of raising. */
cg_reg stat_read(struct cg_fn *fn, const struct image_global *g,
		 struct cg_str key, enum stat_op op, ir_ref arg,
		 bool quiet);

/* The sequence number of the element with this key, in an array of statistics
 * (one CPU's copy has it). */
cg_reg stat_seq(struct cg_fn *fn, const struct image_global *g,
		struct cg_str key);

/* With a `*` in the key, or with none: select_iter.c. */
void cg_slice_has(struct cg_fn *fn, ir_ref r);
void cg_slice_delete(struct cg_fn *fn, ir_ref r);

#endif
