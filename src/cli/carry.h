/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a saved image carries of its script: the words of the command line, the
 * text and the library files of -I.  With that it is compiled again on a kernel
 * that it does not fit, without the files of the one who made it.
 */
#ifndef CLI_CARRY_H
#define CLI_CARRY_H

#include <stdbool.h>

#include "cli/compile.h"
#include "cli/options.h"
#include "image/image.h"

/* Puts the script, its files and the options into the image that is about to
 * be saved; nothing if it were too much. */
void carry_pack(struct compile *c);

/* How to compile the script again, and to run it as `now` says.  false = the
 * image carries nothing that makes sense. */
bool carry_unpack(const struct image *img, const struct options *now,
		  struct arena *a, struct options *ret);

#endif
