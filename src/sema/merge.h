/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A point with wildcards may mean a thousand functions.  Where their handlers
 * are the same whatever the site is, one probe serves all: it is compiled and
 * loaded once.  A handler that takes $variables is not of that sort; one that
 * asks for pp() and the like is, if the kernel can tell a program which of its
 * sites was hit.
 *
 * Needs scope, and comes before the target variables are resolved.
 */
#ifndef SEMA_MERGE_H
#define SEMA_MERGE_H

#include "sema/program.h"

void merge(struct program *p);

#endif
