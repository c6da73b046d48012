/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tapset: what scripts may use without defining it.  It stands embedded
 * in the program, and in the directories of -I, which come first.  A file is
 * parsed only when something that it defines is needed; then it joins
 * program.files.
 *
 * In a directory the files are, from most to least special,
 * DIR/6.18.44-amd64/x86_64/, DIR/6.18.44-amd64/, DIR/6.18.44/..., DIR/6.18/,
 * DIR/6/, DIR/x86_64/, DIR/ itself, each with its subdirectory linux/.
 */
#ifndef SEMA_LIBRARY_H
#define SEMA_LIBRARY_H

#include "lang/ast.h"
#include "lang/parse.h"
#include "sema/library_scan.h"
#include "sema/program.h"

struct library;

/*
 * Sets p->library.  `o` says how to parse; library files may ask for the
 * script's arguments too (argv).  A directory that cannot be read is no error.
 * Reads nothing yet.
 */
struct library *library_open(struct program *p, const struct parse_options *o,
			     const struct str *dirs, uint32_t ndirs);

/* How its files are parsed. */
const struct parse_options *library_options(const struct library *l);

/* The macros of the .stpm files, for parsing this text: NULL when it uses
 * none of them. */
struct macros *library_macros(struct library *l, struct str text);

/*
 * Loads the next file that defines this function, global or macro and is not
 * loaded yet.  Returns the file, NULL when there is none (any more).  Errors
 * in it are diagnostics.
 */
struct ast_file *library_load(struct library *l, enum scan_kind kind,
			      struct str name);

/* Loads all files with an alias that `wanted` accepts; first: the first
 * component of these aliases, or a pattern of it; glob: it is one that may
 * mean many. */
typedef bool library_wants_fn(struct str alias, const void *data);
void library_load_aliases(struct library *l, struct str first, bool glob,
			  library_wants_fn *wanted, const void *data);

/* Loads a file that is not in the library but made for this script; the text
 * stays with the caller. */
struct ast_file *library_made(struct library *l, struct str name,
			      struct str text);

/* The i-th file of the whole library, loaded when it is not yet; NULL = no
 * more.  For lists of everything. */
const struct ast_file *library_file(struct library *l, uint32_t i);

/* All names of a kind, for "did you mean" and lists. */
void library_each(struct library *l, enum scan_kind kind,
		  void (*fn)(struct str name, void *data), void *data);

/* Is there a function of this name, in the library or in the script?  For what
 * looks like a call without its parentheses. */
bool library_has_function(const struct program *p, struct str name);

#endif
