/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The standard input as an event: procfs("__stdin").write is hit for each
 * byte, procfs("__stdin_lines").write for each line; the tapset calls them
 * input.char and input.line.
 *
 * A terminal gives bytes as they are typed, and does not show them, while there
 * are probes of bytes.
 */
#ifndef RUN_INPUT_H
#define RUN_INPUT_H

#include <stdbool.h>

#include "base/err.h"
#include "image/image.h"
#include "run/procfs.h"

struct input;

/* Is it the path of one of these probes? */
bool input_is_path(struct str path);

/* Has the image such probes? */
bool input_is_wanted(const struct image *img);

/* ret is NULL when the image has no such probes. */
struct err *input_create(const struct image *img,
			 const struct procfs_caller *caller,
			 struct input **ret) must_check;
/* The terminal is as it was. */
void input_destroy(struct input *in);

/* Readable when there is something to read. */
int input_fd(const struct input *in);

/* Runs the handlers for what there is, without waiting.  False: that was
 * all there will be. */
bool input_serve(struct input *in);

#endif
