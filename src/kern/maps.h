/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The maps of an image, in the kernel.
 */
#ifndef KERN_MAPS_H
#define KERN_MAPS_H

#include <stdint.h>

#include "base/err.h"
#include "image/image.h"

struct maps {
	int *fds;		/* one for each of the image's, or -1 */
	uint32_t n;
	uint32_t ncpus;		/* the possible ones */
	void *globals;		/* the globals map's value, shared; or NULL */
	uint32_t globals_size;	/* bytes mapped */
};

/* data_size: bytes of the data ring, 0 = as the image says; made a size that
 * the kernel takes, and written back into the image.  ncpus: of the possible
 * CPUs, for maps that have entries for each. */
struct err *maps_create(struct image *img, uint64_t data_size, uint32_t ncpus,
			struct maps *ret) must_check;
void maps_destroy(struct maps *m);

#endif
