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

/* Runs the handler of a probe, with text for its $value, of at most max
 * bytes; false: it did not come to its end. */
struct procfs_caller {
	bool (*call)(void *data, uint32_t probe, struct buf *text,
		     uint32_t max);
	void *data;
};

/* Could a session be called so? */
bool procfs_name_is_valid(const char *name);

/* ret is NULL when the image has no such probes. */
struct err *procfs_create(const struct image *img, const char *name,
			  const struct procfs_caller *caller,
			  struct procfs **ret) must_check;
void procfs_destroy(struct procfs *p);

/* Readable when someone wants something. */
int procfs_fd(const struct procfs *p);

/* Gives it to them; false: nobody can come any more. */
bool procfs_serve(struct procfs *p);

#endif
