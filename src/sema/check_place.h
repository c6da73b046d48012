/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be computed where: in the kernel, in spile's own process.  Part
 * of check.
 */
#ifndef SEMA_CHECK_PLACE_H
#define SEMA_CHECK_PLACE_H

#include "sema/program.h"

void check_places(struct program *p);

#endif
