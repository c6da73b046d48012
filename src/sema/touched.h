/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What statements, with the functions that they call, do to globals.
 */
#ifndef SEMA_TOUCHED_H
#define SEMA_TOUCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "sema/program.h"

enum touch {
	TOUCH_READ = 1,
	TOUCH_ADD = 2,		/* x++, x += e, s <<< e as a statement */
	TOUCH_SET = 4,		/* any other change */
};

/* Adds to touches[], by number of the global. */
void touched(struct program *p, struct ast_stmt *s, uint8_t *touches);

/* Does it matter which of two that do so comes first? */
bool touched_conflict(uint8_t a, uint8_t b);

#endif
