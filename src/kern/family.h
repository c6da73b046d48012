/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who descends from the target of -c or -x, also when the parents between have
 * ended: two small programs at the kernel's tracepoints for new and for freed
 * tasks keep the map IMAP_FAMILY, which programs look into (codegen/filter).
 */
#ifndef KERN_FAMILY_H
#define KERN_FAMILY_H

#include <sys/types.h>

#include "base/err.h"

struct world;

#define FAMILY_PARENTS_MAX 16	/* up from a task to the target */

struct family {
	int hooks[4];
};

/* Begins with FAMILY_NONE. */
#define FAMILY_NONE { .hooks = { -1, -1, -1, -1 } }

/* map: of the image, in the kernel.  On failure ret is to be closed, too. */
struct err *family_open(const struct world *w, int map, pid_t target,
			struct family *ret) must_check;
/* Also of one that was never opened. */
void family_close(struct family *f);

#endif
