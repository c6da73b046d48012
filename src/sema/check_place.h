/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be computed where: in the kernel, in spile's own process.  Part
 * of check.
 */
#ifndef SEMA_CHECK_PLACE_H
#define SEMA_CHECK_PLACE_H

#include "sema/program.h"

void check_places(struct program *p);

/* Is there something in a statement of the probe's handler that cannot be in
 * any kernel?  Reports nothing. */
bool check_place_refuses(struct program *p, const struct probe *pr,
			 struct ast_stmt *s);

#endif
