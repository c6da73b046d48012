/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which functions, inlined functions and blocks of a unit an address is in.
 * A unit's functions are looked up in a table by address, made on the first
 * question.
 */
#ifndef DBG_DIESCOPE_H
#define DBG_DIESCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "dbg/die.h"

#define DIESCOPE_MAX 64

/* Outermost (the function that has the code) first. */
struct diescope {
	struct dbg_die v[DIESCOPE_MAX];
	uint16_t tags[DIESCOPE_MAX];
	uint32_t n;
};

struct diescope_function {
	uint64_t start, end;
	struct dbg_die die;
};

struct diescope_table {
	struct diescope_function *v;	/* by address */
	uint32_t n, cap;
	struct arena arena;
	bool is_deep;		/* with functions inside of C's functions */
};

/* All functions of the unit that have code. */
const struct diescope_table *diescope_functions(struct die_unit *u);
void diescope_table_destroy(struct diescope_table *t);

/* false = pc is in no function of the unit. */
bool diescope_at(struct die_unit *u, uint64_t pc, struct diescope *ret);

/* Is it a function, not a block? */
bool diescope_is_function(uint16_t tag);

/* Is the unit in C, where nothing is in a namespace or class? */
bool diescope_is_c(struct die_unit *u);

#endif
