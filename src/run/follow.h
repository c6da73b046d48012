/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modules that come and go while a session has probes in them.
 */
#ifndef RUN_FOLLOW_H
#define RUN_FOLLOW_H

#include <stdbool.h>

#include "base/err.h"
#include "image/image.h"
#include "kern/module_watch.h"

struct follow;
struct world;

/* ret is NULL when no probe of the image is in a module. */
struct err *follow_create(const struct image *img, const struct world *w,
			  struct follow **ret) must_check;
void follow_destroy(struct follow *f);

/* Readable when there is news. */
int follow_fd(const struct follow *f);

/* The oldest news; false = there is no more. */
bool follow_next(struct follow *f, struct module_event *ret);

#endif
