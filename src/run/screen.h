/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal as a screen: taken as a whole, written anew line by line, keys
 * read one by one, and given back as it was, also when a second signal ends
 * the process.
 */
#ifndef RUN_SCREEN_H
#define RUN_SCREEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum screen_key {
	SCREEN_NONE = 0,	/* no more keys just now */
	SCREEN_UP = 0x100,	/* below: the letter itself */
	SCREEN_DOWN,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
};

struct screen {
	uint32_t rows, cols;	/* as of the last screen_begin() */
	uint32_t row;		/* the next to be written */
	struct buf frame;
};

/* Standard input and output must be a terminal. */
struct err *screen_take(void) must_check;
void screen_give(void);

/* A key, or SCREEN_NONE. */
int screen_key(void);

/* A new picture, of as many lines as there are rows; those that are too many
 * are left out.  Control characters are shown as blanks. */
void screen_begin(struct screen *s);
void screen_line(struct screen *s, bool is_head, struct str text);
void screen_end(struct screen *s);

#endif
