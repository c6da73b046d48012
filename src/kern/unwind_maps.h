/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of the tables of image/unwind.h, as the host writes it.
 */
#ifndef KERN_UNWIND_MAPS_H
#define KERN_UNWIND_MAPS_H

#include <stdint.h>

#include "base/err.h"
#include "image/image.h"
#include "image/unwind.h"
#include "kern/maps.h"

struct unwind_maps {
	int procs, rows;	/* descriptors; not ours */
	struct unwind_mapping *mappings;
	struct unwind_rule *rules;
	uint64_t **chunks;	/* nchunks of them */
	uint32_t nchunks;
};

struct err *unwind_maps_open(const struct image *img, const struct maps *maps,
			     struct unwind_maps *ret) must_check;
void unwind_maps_close(struct unwind_maps *u);

/* Adds a chunk of rows, at the end.  This waits for the kernel's programs: 10
 * ms. */
struct err *unwind_maps_chunk(struct unwind_maps *u) must_check;

/* A map as those in the map of rows, or -errno. */
int unwind_maps_template(void);

#endif
