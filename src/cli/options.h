/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command line asks for.  The rows are in options.def.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "lang/source.h"
#include "sema/program.h"

enum options_mode {
	MODE_SCRIPT,		/* compile, and run unless stopped before */
	MODE_LIST,		/* -l, -L */
	MODE_DUMP_TYPES,
	MODE_DUMP_ALIASES,
	MODE_DUMP_FUNCTIONS,
	MODE_DUMP_FEATURES,
	MODE_EXPLAIN,
	MODE_INTERACTIVE,
	MODE_ATTACH,
	MODE_LIST_EXAMPLES,
	MODE_NOTHING,		/* --clean-cache: there is none to clean */
	MODE_HELP,
	MODE_VERSION,
};

enum options_dump {
	DUMP_NONE,
	DUMP_TOKENS,
	DUMP_AST,
	DUMP_PROG,
	DUMP_IR,
	DUMP_OPT,
	DUMP_BPF,
	DUMP_IMAGE,
};

struct options {
	enum options_mode mode;
	enum options_dump dump;
	const char *file;		/* script or image, "-" = stdin, or
					 * NULL: -e */
	VEC(struct str) scripts;	/* -e, then each -E */
	bool has_script;		/* the first of them is -e */
	VEC(struct str) args;		/* of the script */
	VEC(struct str) includes;
	const char *point;		/* -l, -L */
	bool list_vars;
	bool example;			/* file is the name of one */
	const char *explain;
	const char *command, *output, *features, *name;
	image_features without;		/* not to be used, see main.c */
	uint32_t turns;			/* the same: at most; 0 = any */
	bool short_steps;		/* the same */
	const char *world, *release, *sysroot, *arch;
	int64_t target;			/* -x, or 0 */
	uint32_t timeout;		/* s, 0 = none */
	uint64_t buffer;		/* bytes, 0 = default */
	uint64_t file_bytes;		/* -S, 0 = one file */
	uint32_t max_files;		/* ... 0 = any number */
	bool flight;			/* -F */
	uint32_t monitor;		/* s between pictures, 0 = none */
	const char *attach;		/* -A */
	unsigned last_pass, verbose;
	unsigned verbose_pass[6];	/* --vp: more, of passes 1 to 5 */
	bool keep, quiet, werror, timing, colour, coverage;
	bool no_time_limits;	/* of handlers: no MAXACTION */
	struct str colours;		/* of messages, see lang/diag.h */
	const char *compatible;		/* version, or NULL */
	VEC(struct str) notes;		/* of options without effect */
	struct sema_options sema;
	VEC(char *) before;		/* -i: the other options */
	int argc;			/* the words that say so */
	char **argv;
	const struct source_text *given;	/* files, or NULL: those of the
						 * machine */
	uint32_t ngiven;
};

/*
 * Reads the command line.  Strings stay where they are.  An error's message
 * is whole; what was asked with --help and the like is a mode.
 */
struct err *options_parse(int argc, char **argv, struct arena *a,
			  struct options *ret) must_check;

void options_help(FILE *out);

/* Can what is at path be read only once: standard input, a pipe, <(...)? */
bool options_is_stream(const char *path);

/* How much is to be said of a pass, 1 to 5. */
unsigned options_verbose(const struct options *o, unsigned pass);

/* "tokens", "ast", ...; NULL for NONE. */
const char *options_dump_name(enum options_dump d);

#endif
