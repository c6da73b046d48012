/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says on a terminal how far a download of debug information is.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "dbg/world.h"

/* On standard error, when that is a terminal. */
void progress_show(struct world *w);

#endif
