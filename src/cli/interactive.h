/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -i: a script made line by line.  Lines that declare something are added to
 * it, commands look at it and at what there is to probe, and run it.
 */
#ifndef CLI_INTERACTIVE_H
#define CLI_INTERACTIVE_H

#include "cli/options.h"

/* Until the end of the input, or quit; the exit status. */
int interactive(const struct options *o);

#endif
