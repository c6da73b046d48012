/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of procfs probes: /run/spile/NAME/PATH, where NAME is that of the
 * session.  Nothing but a module could put them into /proc.  They go when
 * the session ends, and when it is killed: a small process of their own waits
 * for that, and what even that leaves is swept away by the next session.
 */
#ifndef RUN_PROCFS_H
#define RUN_PROCFS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"

#define PROCFS_DIR "/run/spile"

struct procfs;

/* Runs the handler of a probe, where $value is this text: the handler may
 * change it, up to `max` bytes.  False: the handler did not come to its end. */
struct procfs_caller {
	bool (*call)(void *data, uint32_t probe, struct buf *text,
		     uint32_t max);
	void *data;
};

/* May a session have this name (-m)? */
bool procfs_name_is_valid(const char *name);

/* ret is NULL when the image has no such probes. */
struct err *procfs_create(const struct image *img, const char *name,
			  const struct procfs_caller *caller,
			  struct procfs **ret) must_check;
void procfs_destroy(struct procfs *p);

/* A descriptor that is readable when someone reads or writes a file. */
int procfs_fd(const struct procfs *p);

/* Runs the handlers for those who wait; false: the files have been unmounted,
 * and nobody will come any more. */
bool procfs_serve(struct procfs *p);

#endif
