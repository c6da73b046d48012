/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line table of a unit: which code belongs to which line.  The table of
 * files is read without the rows.
 */
#ifndef DBG_LINES_H
#define DBG_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "dbg/die.h"

struct lines_row {
	uint64_t addr;
	uint32_t file;		/* index for lines_file() */
	uint32_t line;
	uint16_t column;
	bool is_stmt;
	bool is_end;		/* behind the last byte of a sequence */
	bool is_prologue_end;
	uint32_t view;		/* order among rows of one address */
};

struct lines {
	struct arena arena;
	struct die_unit *unit;
	struct str *dirs, *files;	/* file names, joined when asked */
	uint32_t *file_dirs;
	bool *joined;
	struct str *full;		/* whole paths, when asked */
	uint32_t ndirs, nfiles;
	struct lines_row *v;		/* by address, then order */
	uint32_t n, cap;
	bool has_rows;
	/* Of the header. */
	const uint8_t *program, *end;
	uint8_t version, address_size, min_inst, default_stmt, line_range;
	uint8_t opcode_base;
	int8_t line_base;
	const uint8_t *lengths;
	/* What the forms of its tables are read by: unit, or other, which is
	 * that with offsets as long as the table's own. */
	struct die_unit *forms;
	struct die_unit other;
};

/* What DWARF 5's tables of directories and files have of each of them. */
#define LINES_FORMATS_MAX 16
struct lines_format {
	uint64_t content, form;
};
/* How many there are; r is bad if those are too many. */
uint32_t lines_formats(struct reader *r,
		       struct lines_format formats[LINES_FORMATS_MAX]);
/* Reads the header (l->unit is set) up to these tables, where r is then;
 * false = malformed. */
bool lines_prologue(struct lines *l, struct reader *r);

/* The unit's table with its rows, read once; NULL = has none. */
struct lines *lines_get(struct die_unit *u);
/* The files alone. */
struct lines *lines_files(struct die_unit *u);
void lines_destroy(struct lines *l);

/* Path with its directory (not the compilation directory); empty = none. */
struct str lines_file(struct lines *l, uint32_t file);

/* The row that addr belongs to; NULL = none. */
const struct lines_row *lines_at(const struct lines *l, uint64_t addr);

/* Index of the first row at or above addr. */
uint32_t lines_from(const struct lines *l, uint64_t addr);

#endif
