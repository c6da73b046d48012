/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a debuginfo is made of, for the files that answer its questions.
 */
#ifndef DBG_DEBUGINFO_DATA_H
#define DBG_DEBUGINFO_DATA_H

#include "base/buf.h"
#include "base/map.h"
#include "dbg/cfi.h"
#include "dbg/debuginfo.h"
#include "dbg/die.h"
#include "dbg/dieindex.h"
#include "dbg/diescope.h"
#include "dbg/funcindex.h"
#include "dbg/funcvars.h"
#include "dbg/linefiles.h"
#include "dbg/lines.h"

struct dieentry_site {
	struct dbg_die die;
	uint64_t return_pc;
};

struct debuginfo {
	struct arena arena;
	const struct world *world;
	struct objfile *main;	/* the program; file->obj if that has it all */
	struct die_file *file;
	struct dieindex *index;
	struct funcindex *functions;
	struct funcvars *vars;
	struct buf text;		/* of debuginfo_list_vars() */
	struct cfi *cfi;
	/* The last answer of debuginfo_symbol(). */
	struct objfile_symbol symbol;
	bool has_symbol, is_unique;
	/* The calls of the function that dieentry.c was asked about last. */
	struct dbg_die called;
	VEC(struct dieentry_site) calls;
};

/* Takes over main and obj, which may be the same.  For tests, too. */
struct debuginfo *debuginfo_create(const struct world *w, struct objfile *main,
				   struct objfile *obj, struct str cache_dir);

/* Files and lines of a pattern: what a unit makes of them. */
struct debugmatch {
	const struct dbg_pattern *pattern;
	struct debugmatch_unit *last;	/* the unit that was asked for last */
	struct map units;		/* struct debugmatch_unit, by the bytes
					 * of the address of the unit */
	struct linefiles heads;
	struct arena *arena;
};

struct debugmatch_unit {
	struct die_unit *unit;
	struct lines *lines;		/* NULL = none has the file */
	int8_t *files;			/* by number: 0 = not asked yet,
					 * 1 = yes, -1 = no */
	int8_t any;			/* the same of them all */
};

/* The file's whole path, with its compilation directory and without "." and
 * ".."; lives as long as the debuginfo. */
struct str debugmatch_path(struct die_unit *u, struct lines *l, uint32_t file);
void debugmatch_init(struct debugmatch *m, const struct dbg_pattern *p,
		     struct arena *a);
/* Does file number n of the unit match the pattern's file? */
bool debugmatch_file(struct debugmatch *m, struct die_unit *u, uint32_t n);
/* Does any file of the unit? */
bool debugmatch_unit(struct debugmatch *m, struct die_unit *u);
bool debugmatch_line(const struct dbg_pattern *p, uint32_t line,
		     uint32_t declared);

/* Is the inlined instance the rest of a function that gcc split
 * (-fpartial-inlining), and so no call of it? */
bool debuginfo_is_rest(struct dbg_die die);
/* The same, but for whether it is the function itself that calls it. */
bool debuginfo_is_at_declaration(struct dbg_die die);

/* Fills what is known of the instance die; describe: but for is_rest. */
bool debuginfo_fill(struct dbg_die die, struct dbg_function *ret);
bool debuginfo_describe(struct dbg_die die, struct dbg_function *ret);

/* The inlined instances in unit u (of these origins, n sorted by offset).
 * had: NULL, or by origin whether there was one, where a symbol is; then no
 * other is listed. */
void debuginfo_instances(struct die_unit *u, struct arena *a,
			 const struct dbg_die *origins, uint32_t n, bool *had,
			 struct dbg_functions *ret);

#endif
