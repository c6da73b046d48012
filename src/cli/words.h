/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of the command line before they are read as options: those of
 * $SYSTEMTAP_DIR/rc come first, and what the kernel makes of "#!/usr/bin/spile
 * -g -v" in a script, one word, becomes the several that were meant.  Called as
 * staprun, the letters are those of staprun(8).
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "base/arena.h"
#include "base/err.h"

struct words {
	int n;
	char **v;		/* n words, and NULL */
};

/* The words of a line, without their quotes; a comment is none. */
struct words words_split(const char *text, struct arena *a);

/* From argv; the strings are argv's own or the arena's. */
struct err *words_collect(int argc, char **argv, struct arena *a,
			  struct words *ret) must_check;

#endif
