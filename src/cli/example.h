/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --example: scripts that come with spile, and with SystemTap's documentation
 * where that is installed, by their name alone.
 */
#ifndef CLI_EXAMPLE_H
#define CLI_EXAMPLE_H

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

/* The path of the example of that name, with or without its ".stp"; the first
 * of $SPILE_EXAMPLES, of those of spile, of those of SystemTap. */
struct err *example_find(const char *name, struct arena *a,
			 const char **ret) must_check;

/* Lists the examples of spile, each with its first sentence. */
void example_list(struct arena *a, FILE *out);

#endif
