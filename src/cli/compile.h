/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compiler from end to end: script in, image out, as a list of passes.
 */
#ifndef CLI_COMPILE_H
#define CLI_COMPILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/options.h"
#include "image/image.h"
#include "ir/ir.h"
#include "lang/diag.h"
#include "lang/parse.h"
#include "lang/source.h"
#include "sema/program.h"

struct world;

struct compile {
	const struct options *options;
	struct world *world;
	struct arena front;		/* dies with the last use of the tree */
	struct arena back;		/* image and what it is made from */
	struct sources sources;
	struct diags diags;
	struct parse_options parse;
	VEC(struct source *) scripts;	/* the script first, then each -E */
	struct program program;
	const char *point;		/* of -l and -L */
	struct str kept;		/* -k: the directory */
	struct ir_program ir;
	struct image image;
	struct err *err;		/* what went wrong with the world */
	struct err *features_err;	/* ... when its features were asked */
};

enum compile_status {
	COMPILE_FAILED,		/* diagnostics, or an err, say why */
	COMPILE_STOPPED,	/* where the options wanted it */
	COMPILE_DONE,		/* image is complete */
};

/* options and world must outlive it. */
void compile_init(struct compile *c, const struct options *o,
		  struct world *world);
void compile_deinit(struct compile *c);

/* Runs the passes; prints what --dump and -p ask for on standard output, and
 * diagnostics on standard error. */
enum compile_status compile_run(struct compile *c);

/* Only the passes that find the probe points of -l and -L and the types of
 * their variables. */
enum compile_status compile_point(struct compile *c, const char *point);

/* Only opens the library. */
bool compile_library(struct compile *c);

#endif
