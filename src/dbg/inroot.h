/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths as a process sees them whose root directory is another one: in a
 * container, or on the machine that a directory stands for.  There an
 * absolute symbolic link leads back to that root, not to ours.
 */
#ifndef DBG_INROOT_H
#define DBG_INROOT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "dbg/world.h"

/* The root directory of a process ("/proc/PID/root"); empty where it is the
 * same as ours, or nothing tells. */
struct str inroot_of(const struct world *w, struct arena *a, int pid);

/* The absolute path below root with all links followed, NUL-terminated: what
 * root and it name together can be opened.  root empty = the world's own. */
struct err *inroot_resolve(const struct world *w, struct arena *a,
			   struct str root, struct str path,
			   struct str *ret) must_check;

#endif
