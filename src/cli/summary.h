/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -p2: the globals, functions and probes of a script with the types that were
 * found, in SystemTap's form.  (--dump=prog tells more, for people who work
 * on spile.)
 */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include <stdbool.h>
#include <stdio.h>

#include "sema/program.h"

/* with_bodies: the handlers, too. */
void summary_print(const struct program *p, bool with_bodies, FILE *out);

#endif
