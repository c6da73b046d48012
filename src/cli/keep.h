/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -k: a directory that keeps what each pass made.
 */
#ifndef CLI_KEEP_H
#define CLI_KEEP_H

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* A new directory below TMPDIR or /tmp; says where it is. */
struct err *keep_create(struct arena *a, struct str *ret) must_check;

/* A new file in it, for writing. */
struct err *keep_open(struct arena *a, struct str dir, const char *name,
		      FILE **ret) must_check;

#endif
