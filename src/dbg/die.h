/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries (DIEs) of DWARF 2 to 5 and their attributes, read in place: an
 * entry is a unit and an offset, and is decoded each time it is asked about.
 * Units are found by their headers alone; abbreviations are read per unit, by
 * the first question.  Split units (.dwo, .dwp) and the file that dwz shares
 * (alternate, supplementary) are followed when they are there.
 *
 * Nothing is trusted: an attribute that is malformed reads as absent, chains
 * of references and nesting are bounded.
 */
#ifndef DBG_DIE_H
#define DBG_DIE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "dbg/debuginfo.h"
#include "dbg/objfile.h"
#include "dbg/reader.h"

/* How far references to origins and specifications are followed. */
#define DIE_HOPS_MAX 16
#define DIE_DEPTH_MAX 256

enum die_section {
	DIE_INFO,
	DIE_TYPES,
	DIE_ABBREV,
	DIE_STR,
	DIE_LINE_STR,
	DIE_STR_OFFSETS,
	DIE_ADDR,
	DIE_LINE,
	DIE_LOC,
	DIE_LOCLISTS,
	DIE_RANGES,
	DIE_RNGLISTS,
	DIE_ARANGES,
	DIE_SECTIONS,
};

struct die_spec {
	uint16_t name, form;
	int64_t implicit;	/* DW_FORM_implicit_const */
};

struct die_abbrev {
	uint32_t code;
	uint16_t tag;		/* 0 = a code that is not used */
	bool has_children;
	uint32_t first, n;	/* of specs */
	/* Of the attributes, in the unit that has the table: their bytes, 0 =
	 * not asked yet, DIE_VARIES; and where the sibling is, if it has one of
	 * four bytes. */
	uint16_t size, sibling;
};

#define DIE_VARIES UINT16_MAX

/* Abbreviations by code; on the heap. */
struct die_abbrevs {
	struct die_abbrev *v;	/* in order of definition */
	struct die_spec *specs;
	uint32_t n, cap, nspecs, specs_cap;
	bool is_dense;		/* v[code - 1] is it */
};

struct die_file;
struct lines;

struct die_unit {
	struct die_file *file;
	uint64_t off, end;	/* of the header, and behind the last entry */
	uint64_t root;		/* the first entry */
	uint64_t abbrev_off;
	uint64_t signature;	/* of a type; or the id of a split unit */
	uint64_t type;		/* entry of a type unit's type */
	uint16_t version;
	uint8_t kind;		/* DW_UT_* */
	uint8_t address_size, offset_size;
	bool in_types;		/* section .debug_types */
	bool is_listed;		/* is among its file's units */
	struct die_abbrevs abbrevs;
	/* From the root, by the first question. */
	bool has_bases;
	uint64_t str_offsets_base, addr_base, rnglists_base, loclists_base;
	uint64_t ranges_base;	/* GNU's, before DWARF 5 */
	uint64_t low_pc;
	/* Contributions to a package (.dwp). */
	uint64_t dwp_str_offsets, dwp_loclists, dwp_rnglists, dwp_line;
	struct die_unit *skeleton;	/* of a split unit */
	struct die_unit *split;		/* of a skeleton */
	bool has_split;			/* looked for it */
	struct lines *lines;
	bool has_lines;
	struct diescope_table *functions;	/* see diescope.h */
};

/* What of a unit has been read. */
struct die_unit_read {
	bool abbrevs, lines, functions;
};

struct die_file {
	struct arena arena;
	struct objfile *obj;
	struct objfile_data sections[DIE_SECTIONS];
	bool has_section[DIE_SECTIONS];
	bool is_dwo;
	VEC(struct die_unit *) units;	/* by section, then offset */
	VEC(struct die_unit *) early;	/* asked for before all were read */
	bool has_units;
	_Atomic uint64_t work;		/* abbreviations and files read: what
					 * is hostile must end */
	uint64_t line_bytes;		/* of line programs that were run */
	uint32_t *signatures;		/* hash: unit + 1; type units */
	uint32_t nsignatures;
	struct die_file *alt;		/* what dwz took out of this */
	struct die_file *dwp;
	bool has_alt, has_dwp;
	struct die_dwos *dwos;
	struct str program;		/* path of the program, when this is
					 * its separate file; else empty */
	struct str missing;		/* name of the first file that has a
					 * part of this and is not there */
};

/* Takes over obj.  is_dwo: names of sections end in ".dwo". */
struct die_file *die_file_create(struct objfile *obj, bool is_dwo);
void die_file_destroy(struct die_file *f);
struct objfile_data die_section(struct die_file *f, enum die_section s);

/* All units, read on the first call. */
struct die_unit **die_units(struct die_file *f, uint32_t *n);
/* The unit of .debug_info that holds an offset; NULL = none. */
struct die_unit *die_unit_at(struct die_file *f, uint64_t off);
/* The one whose header is at off; reads no others. */
struct die_unit *die_unit_from(struct die_file *f, uint64_t off);
/* Counts work; false = that was too much for a file that is well-formed. */
bool die_work(struct die_file *f, uint64_t n);
/* The unit that has the entries: of a skeleton, its split unit if it is
 * found, else u. */
struct die_unit *die_unit_full(struct die_unit *u);

/* Who goes through all units once drops what they needed for it: all that had
 * not been read before. */
struct die_unit_read die_unit_read(const struct die_unit *u);
void die_unit_forget(struct die_unit *u, struct die_unit_read had);
/* Their bytes need not stay in memory; those of units that follow each other go
 * together. */
void die_units_leave(struct die_unit *const *units, uint32_t n);
/* Reads the unit's bases for indirect forms. */
void die_unit_bases(struct die_unit *u);

/* Parses the table at off into t, which may have been used before. */
bool die_abbrevs_read(struct die_file *f, uint64_t off,
		      struct die_abbrevs *t);
const struct die_abbrev *die_abbrevs_find(const struct die_abbrevs *t,
					  uint64_t code);
void die_abbrevs_deinit(struct die_abbrevs *t);

/* Steps over a value; false = unknown form or outside. */
bool die_skip(const struct die_unit *u, uint16_t form, struct reader *r);

/* ---- entries ---- */

/* 0 = no entry there (or the end of a list of children). */
uint16_t die_tag(struct dbg_die die);
/* First child, next sibling: none at the end. */
struct dbg_die die_child(struct dbg_die die);
struct dbg_die die_next(struct dbg_die die);

/* A walk over all entries below one, in order. */
struct die_walk {
	struct dbg_die die;	/* where it is */
	uint16_t tag;
	uint32_t depth;		/* 1 = child of the start */
	uint64_t next;
	struct dbg_die start;
	bool into;		/* clear it to step over the children */
	bool has_children;
	const struct die_abbrev *abbrev;	/* of where it is, */
	const uint8_t *attrs, *end;		/* and its attributes */
};
struct die_walk die_walk(struct dbg_die start);
bool die_walk_next(struct die_walk *w);

/* The entry's abbreviation, and a reader at its attributes. */
bool die_attrs(struct dbg_die die, const struct die_abbrev **ret_abbrev,
	       struct reader *ret);
struct dbg_die die_by_signature(struct die_file *f, uint64_t signature);

/* ---- attributes ---- */

struct die_attr {
	struct die_unit *unit;
	uint16_t form;
	int64_t implicit;
	const uint8_t *p, *end;	/* from the value on, to the unit's end */
};

struct die_block {
	const uint8_t *p;
	uint64_t size;
};

bool die_attr(struct dbg_die die, uint16_t name, struct die_attr *ret);
/* The same of a unit's root, without reading the unit's abbreviations: for who
 * has that one question to thousands of units. */
bool die_root_attr(struct die_unit *u, uint16_t name, struct die_attr *ret);
/* An attribute of die, or of what die is an instance or the definition of. */
bool die_attr_deep(struct dbg_die die, uint16_t name, struct die_attr *ret);

bool die_attr_uint(const struct die_attr *a, uint64_t *ret);
bool die_attr_sint(const struct die_attr *a, int64_t *ret);
bool die_attr_is_block(const struct die_attr *a);
bool die_attr_block(const struct die_attr *a, struct die_block *ret);
bool die_attr_addr(const struct die_attr *a, uint64_t *ret);
/* Is the value an offset into another section (before DWARF 4, data)? */
bool die_attr_is_offset(const struct die_attr *a);
struct str die_attr_str(const struct die_attr *a);
struct dbg_die die_attr_ref(const struct die_attr *a);
bool die_attr_flag(const struct die_attr *a);

/* Shorthands; fallback when it is not there. */
struct str die_str(struct dbg_die die, uint16_t name);
uint64_t die_uint(struct dbg_die die, uint16_t name, uint64_t fallback);
bool die_flag(struct dbg_die die, uint16_t name);
struct dbg_die die_ref(struct dbg_die die, uint16_t name);
struct str die_name(struct dbg_die die);		/* deep */
struct dbg_die die_type(struct dbg_die die);		/* deep */
/* The last of the chain of abstract origins and specifications. */
struct dbg_die die_origin(struct dbg_die die);

/* An address of the unit's table (.debug_addr), and its rows. */
bool die_indexed_addr(struct die_unit *u, uint64_t index, uint64_t *ret);
struct str die_section_str(struct die_file *f, enum die_section s,
			   uint64_t off);

/* Where the code of an entry is (low_pc, high_pc, ranges); a range that is
 * not well-formed ends the list. */
void die_ranges(struct dbg_die die, struct arena *a, struct dbg_ranges *ret);
bool die_covers(struct dbg_die die, uint64_t pc, struct dbg_range *ret);
/* The address of the first instruction. */
bool die_entry(struct dbg_die die, uint64_t *ret);

#endif
