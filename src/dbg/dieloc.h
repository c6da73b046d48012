/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the location expressions and lists of DWARF to loc.h's plain
 * operations, for one pc.
 */
#ifndef DBG_DIELOC_H
#define DBG_DIELOC_H

#include "dbg/debuginfo.h"
#include "dbg/die.h"
#include "dbg/loc.h"

/* What an expression is read for. */
struct dieloc {
	struct debuginfo *d;
	struct arena *a;
	uint64_t pc;
	struct dbg_die function;	/* whose code pc is in, or none */
	uint32_t depth;			/* of expressions in expressions */
	uint32_t nexpressions;		/* read so far */
};

/* The location that an expression in unit u says. */
struct dbg_loc dieloc_expression(struct dieloc *x, struct die_unit *u,
				 struct die_block e);

/* The location that an attribute says, by an expression or a list. */
struct dbg_loc dieloc_attr(struct dieloc *x, const struct die_attr *a);

/* The value that an attribute says (DW_AT_const_value). */
struct dbg_loc dieloc_constant(struct dieloc *x, const struct die_attr *a);

/* Each range of a list: false from fn = no more, please. */
typedef bool (*dieloc_list_fn)(void *ctx, uint64_t start, uint64_t end,
			       struct die_block e);
void dieloc_list(const struct die_attr *a, dieloc_list_fn fn, void *ctx);

struct dbg_loc dieloc_none(const char *reason);

#endif
