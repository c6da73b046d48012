/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs of an image, in the kernel.
 */
#ifndef KERN_PROGRAMS_H
#define KERN_PROGRAMS_H

#include <stdint.h>

#include "base/err.h"
#include "image/image.h"
#include "kern/maps.h"

struct world;

struct programs {
	int *fds;		/* one for each of the image's */
	int (*copies)[IMAGE_COPIES - 1];	/* its stand-ins, or -1 */
	uint64_t *missed;	/* by those that were loaded before */
	uint32_t n;
};

/*
 * Loads all.  What the verifier refuses is a mistake of the compiler:
 * ERR_VERIFIER names the place in the script and the verifier's last words;
 * ERR_TOO_LONG as in kern/verifier_log.h.
 * w: for the numbers of kernel functions.
 */
struct err *programs_load(const struct image *img, const struct maps *m,
			  const struct world *w,
			  struct programs *ret) must_check;

/* Loads program number `prog` once more, in its own place. */
struct err *programs_renew(const struct image *img, const struct maps *m,
			   const struct world *w, uint32_t prog,
			   struct programs *p) must_check;

/* Hits that the kernel did not run it for, nor a stand-in, since it ran already
 * on that CPU. */
uint64_t programs_misses(const struct image *img, const struct maps *m,
			 const struct programs *p, uint32_t prog);

/* Waits until every program that runs at this moment has come to its end
 * (the kernel's synchronize_rcu()): 5 to 25 ms. */
void programs_wait(void);

void programs_unload(struct programs *p);

#endif
