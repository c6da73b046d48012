/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this kernel's BPF can do, found by trying (two instructions each, or a
 * look into BTF), never by its version.  Cached per boot.
 */
#ifndef KERN_FEATURES_H
#define KERN_FEATURES_H

#include "base/err.h"
#include "image/image.h"

struct world;

/* All of the features of image/feature.def that the running kernel has.
 * ERR_PERMISSION when we may not ask. */
struct err *features_probe(struct world *w, image_features *ret) must_check;

/* Those of a kernel that is installed and does not run, as far as its BTF
 * tells; where it does not, fewer. */
struct err *features_installed(struct world *w,
			       image_features *ret) must_check;

/* Has the running kernel no code for this function of its BTF?  It may have
 * copies of it, under longer names, or have put it into others.  0.2 ms. */
bool features_lack_function(uint32_t id);

/* The features that all kernels have which spile is tested on. */
image_features features_portable(void);

#endif
