/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tapset files that are embedded in the program: the build makes the
 * table from tapset/.
 */
#ifndef SEMA_TAPSET_H
#define SEMA_TAPSET_H

#include <stdint.h>

#include "base/str.h"

struct tapset_file {
	struct str name;	/* "tapset/string.stp" */
	struct str text;	/* NUL behind it */
};

/* All of them, ordered by name. */
const struct tapset_file *tapset_files(uint32_t *n);

#endif
