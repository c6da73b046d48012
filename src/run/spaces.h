/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces of processes, as they were: which file's code was at an
 * address of a process at a time.  Also of processes that have ended, if they
 * began, or were asked about, while this existed.
 */
#ifndef RUN_SPACES_H
#define RUN_SPACES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dbg/mappings.h"

struct spaces;
struct world;

/* Without the privilege to watch processes it knows only of those that live
 * when it is asked. */
struct spaces *spaces_create(const struct world *w, uint32_t ncpus);
/* After fork(), in the child. */
void spaces_take_over(struct spaces *s);
void spaces_destroy(struct spaces *s);

/* Descriptors that become readable when spaces_follow() has something to do:
 * i from 0 on, -1 = no more. */
int spaces_fd(const struct spaces *s, uint32_t i);
void spaces_follow(struct spaces *s);

/* Called for what spaces_follow() finds: a process has begun (parent is not 0),
 * runs another program (path empty), has mapped a file, or has ended. */
struct spaces_change {
	pid_t pid, parent;
	struct str path;
	bool ended;
	bool lost;	/* changes of anyone, and nothing else is told */
};
typedef void spaces_change_fn(void *data, const struct spaces_change *c);
void spaces_on_change(struct spaces *s, spaces_change_fn *fn, void *data);

/* The code that the process has mapped now, by address, none over another;
 * at most `max`. */
uint32_t spaces_list(struct spaces *s, pid_t pid, struct mapping *ret,
		     uint32_t max);

/* time: CLOCK_MONOTONIC, ns.  NULL = not known.  Valid until the next call. */
const struct mapping *spaces_find(struct spaces *s, pid_t pid, uint64_t time,
				  uint64_t addr);

/* What is mapped nearest below the address, of a file: its data may be there,
 * which is not in the list. */
const struct mapping *spaces_below(struct spaces *s, pid_t pid, uint64_t time,
				   uint64_t addr);

/* The time that all this goes by. */
uint64_t spaces_now(void);

#endif
