/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts of a run - script, -e argument, tapset files - in one address
 * space: each has a range of positions, so that a struct span is a place in
 * any of them.  Lines and columns are found only when something is shown.
 */
#ifndef LANG_SOURCE_H
#define LANG_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "base/str.h"
#include "base/vec.h"

struct source {
	struct str name;	/* as shown: "x.stp", "<input>" */
	struct str text;	/* NUL behind it */
	uint32_t base;		/* position of its first byte; from 1 */
	uint32_t number;
	bool is_library;
	uint32_t *lines, nlines;	/* where each begins; made when first
					 * asked for */
};

/* A file that is not read from disk. */
struct source_text {
	struct str name, text;
};

struct sources {
	struct arena *arena;
	const struct source_text *given;	/* the only files there
						 * are; NULL = the machine's */
	uint32_t ngiven;
	VEC(struct source *) files;
	uint32_t next;		/* base of the next one */
};

/* A place for people: line and column count from 1, columns in bytes. */
struct place {
	const struct source *source;	/* NULL = no place */
	uint32_t line, col;
	struct str text;	/* the line, without its newline */
};

#define SOURCE_MAX (16u << 20)	/* bytes of one text */

void sources_init(struct sources *ss, struct arena *a);

/* Adds a text that the arena, or the program, keeps. */
struct source *source_add(struct sources *ss, struct str name,
			  struct str text);

/* Reads a file ("-" = standard input). */
struct err *source_read(struct sources *ss, const char *path,
			struct source **ret) must_check;

/* The source that a position lies in, or NULL. */
struct source *source_of(const struct sources *ss, uint32_t pos);
struct place source_place(const struct sources *ss, uint32_t pos);

/* The bytes of a span; empty when it is no place. */
struct str source_text(const struct sources *ss, struct span span);

#endif
