/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tapset files that are embedded in the program: the build makes the
 * table from tapset/ (tools/embed-tapset).
 */
#ifndef SEMA_TAPSET_H
#define SEMA_TAPSET_H

#include <stdint.h>

struct tapset_file {
	const char *name;	/* "tapset/string.stp" */
	const char *text;
	uint32_t len;		/* of the text, without the NUL behind it */
};

/* All of them, ordered by name. */
const struct tapset_file *tapset_files(uint32_t *n);

#endif
