/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines from a person at a terminal, with editing, history and completion, or
 * from a file.
 *
 * Editing is libedit's, or readline's: both are kept well, and know terminals,
 * input methods and habits better than a page of code of ours would.  They are
 * loaded when a terminal asks for lines and never else, so that spile does not
 * depend on them; without either, lines are read as they come.
 */
#ifndef CLI_LINEEDIT_H
#define CLI_LINEEDIT_H

#include <stdbool.h>
#include <stdint.h>

/* Gives number i of what could stand for text, which begins at `start` of the
 * line; from malloc(), NULL = no more. */
typedef char *lineedit_complete_fn(void *data, const char *line, int start,
				   const char *text, uint32_t i);

struct lineedit;

/* history: a file that keeps the lines, or NULL. */
struct lineedit *lineedit_create(const char *history,
				 lineedit_complete_fn *complete, void *data);
void lineedit_destroy(struct lineedit *le);

/* A line without its newline, from malloc(); NULL at the end.  A line that ^C
 * ends is empty, */
char *lineedit_read(struct lineedit *le, const char *prompt);

/* and the last one was. */
bool lineedit_was_interrupted(const struct lineedit *le);

#endif
