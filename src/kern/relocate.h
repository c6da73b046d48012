/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes an image fit the kernel it is run on: the numbers that depend on the
 * kernel (image/access.def) are found anew.
 */
#ifndef KERN_RELOCATE_H
#define KERN_RELOCATE_H

#include "base/err.h"
#include "image/image.h"

struct world;

/*
 * Sets the values of all accesses.  What another kernel cannot serve is
 * ERR_UNSUPPORTED, and the message names it: another processor, a feature of
 * BPF that is missing, a member that is not there or has another size.
 * features: of the kernel at hand.
 */
struct err *relocate(struct image *img, struct world *w,
		     image_features features) must_check;

/* Addresses of symbols alone: what has to be found at each start, of an image
 * that was made for the kernel at hand, too. */
struct err *relocate_symbols(struct image *img, struct world *w) must_check;

#endif
