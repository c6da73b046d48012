/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table of symbols of an ELF file, as it is there, with the versions of
 * the symbols: what elfsyms.h and plt.h read.
 */
#ifndef DBG_ELFTAB_H
#define DBG_ELFTAB_H

#include "base/arena.h"
#include "base/str.h"
#include "dbg/objfile.h"

struct elftab {
	struct objfile *obj;
	const uint8_t *p;		/* the symbols */
	uint32_t n;
	uint8_t entsize;		/* 16 or 24 bytes */
	bool is_dynamic;		/* .dynsym */
	struct objfile_data strings;
	struct objfile_data numbers;	/* .gnu.version: 2 bytes for each */
	struct str *versions;		/* by number; empty = none */
	uint32_t nversions;
};

struct elftab_sym {
	struct str name, version;
	uint64_t addr, size;
	uint8_t type, bind;		/* STT_*, STB_* */
	uint16_t section;		/* SHN_UNDEF = of another file */
	bool is_old_version;		/* "name@V", not "name@@V" */
};

/* section: its number, of type SHT_SYMTAB or SHT_DYNSYM.  Texts live as long
 * as o and a.  What is malformed reads as an empty table. */
struct elftab elftab_of(struct objfile *o, struct arena *a, uint32_t section);

/* The first section of the type; 0 = none. */
uint32_t elftab_find(const struct objfile *o, uint32_t type);

/* Number i; below t->n. */
void elftab_get(const struct elftab *t, uint32_t i, struct elftab_sym *ret);

#endif
