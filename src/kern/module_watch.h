/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells of modules that come and go: two small programs at the kernel's own
 * tracepoints for that write into a ring buffer, which wakes who waits for it.
 * A module that comes is told before its init function runs; but nobody waits
 * for us, so what it calls at once is missed.
 */
#ifndef KERN_MODULE_WATCH_H
#define KERN_MODULE_WATCH_H

#include <stdint.h>

#include "base/err.h"

struct world;

#define MODULE_NAME_BYTES 64

/* A record of the ring. */
struct module_event {
	uint64_t is_gone;		/* 1, or 0: it has come */
	char name[MODULE_NAME_BYTES];	/* NUL-terminated */
};

struct module_watch {
	int ring;		/* map; of MODULE_WATCH_BYTES */
	int hooks[4];
};

#define MODULE_WATCH_BYTES (64u << 10)

/* Begins with MODULE_WATCH_NONE. */
#define MODULE_WATCH_NONE { .ring = -1, .hooks = { -1, -1, -1, -1 } }

/* On failure ret is as it was. */
struct err *module_watch_open(const struct world *w,
			      struct module_watch *ret) must_check;
/* Also of one that was never opened. */
void module_watch_close(struct module_watch *m);

#endif
