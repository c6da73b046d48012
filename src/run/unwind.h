/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables to unwind the stacks of processes with (image/unwind.h): made of the
 * call frame information of what the processes have mapped, for those that the
 * kernel's programs ask for, their children, and whoever runs a program that
 * has probes.
 */
#ifndef RUN_UNWIND_H
#define RUN_UNWIND_H

#include <sys/types.h>

#include "base/err.h"
#include "image/image.h"
#include "kern/maps.h"

struct spaces;
struct unwind;
struct usymbols;

/* *ret is NULL when the image wants none.  What it is given must outlive it. */
struct err *unwind_create(const struct image *img, const struct maps *maps,
			  struct spaces *spaces, struct usymbols *u,
			  struct unwind **ret) must_check;
void unwind_destroy(struct unwind *w);

/* Makes the tables of a process, now and again whenever it maps more. */
void unwind_want(struct unwind *w, pid_t pid);

/* Brings the tables of processes that have changed up to date; to be called
 * after spaces_follow(). */
void unwind_follow(struct unwind *w);

#endif
