/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that processes map, from now on: the kernel tells of it in the rings of
 * software events, one for each CPU, as it does to profilers.  With it symbols
 * of a process that has ended can still be told.
 */
#ifndef KERN_SPACE_WATCH_H
#define KERN_SPACE_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct space_watch;

enum space_event_kind {
	SPACE_MAP,		/* start, end, offset, dev, ino, path */
	SPACE_EXEC,		/* all that was mapped is gone */
	SPACE_FORK,		/* a new process, a copy of `parent` */
	SPACE_EXIT,		/* of a thread: tid */
	SPACE_LOST,		/* events of anyone */
};

struct space_event {
	enum space_event_kind kind;
	uint64_t time;		/* CLOCK_MONOTONIC, ns */
	pid_t pid, tid, parent;
	uint64_t start, end, offset;
	uint32_t dev;		/* as struct process_file's */
	uint64_t ino;
	struct str path;	/* until the next call */
};

struct err *space_watch_open(uint32_t ncpus,
			     struct space_watch **ret) must_check;
void space_watch_close(struct space_watch *w);

/* After fork(), in the child, which has not got the rings of its parent. */
void space_watch_take_over(struct space_watch *w);

/* The next one, in order of time; false = no more now. */
bool space_watch_next(struct space_watch *w, struct space_event *ret);

/* Descriptors that become readable: i from 0 on, -1 = no more. */
int space_watch_fd(const struct space_watch *w, uint32_t i);

#endif
