/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the flags and numbers that system calls take: "O_RDONLY|O_CLOEXEC"
 * of 0x80000.  The values are those of the machine that spile runs on.
 */
#ifndef DBG_FLAGS_H
#define DBG_FLAGS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum flags_table {
#define TABLE(id, rest) FLAGS_##id,
#define FLAG(mask, value, name)
#include "dbg/flags.def"
#undef TABLE
#undef FLAG
	FLAGS_N
};

struct flag {
	uint64_t mask, value;
	struct str name;	/* empty: a table begins */
	char rest;		/* of a table */
};

/* The table of this name in flags.def; FLAGS_N = there is none. */
enum flags_table flags_find(struct str name);

/* Row i of all tables; the tables begin with a row without a name.  NULL = no
 * more. */
const struct flag *flags_row(uint32_t i);

/* The number of the row that table t begins with. */
uint32_t flags_first(enum flags_table t);

/* Appends "A|B|0x40"; nothing that has a name is "0x0". */
void flags_text(enum flags_table t, uint64_t v, struct buf *ret);

#endif
