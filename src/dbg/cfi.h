/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call frame information (.debug_frame, .eh_frame): where the canonical frame
 * address is at a pc.
 */
#ifndef DBG_CFI_H
#define DBG_CFI_H

#include <stdbool.h>
#include <stdint.h>

#include "dbg/die.h"
#include "dbg/objfile.h"

struct cfi;

/* How a value of the caller's frame is found. */
enum cfi_rule {
	CFI_NONE,		/* not known */
	CFI_SAME,		/* in the register itself */
	CFI_OFFSET,		/* register: in memory at CFA + offset; CFA:
				 * register reg + offset */
	CFI_VALUE,		/* is CFA + offset */
	CFI_REGISTER,		/* in register reg */
	CFI_EXPRESSION,		/* DWARF expression gives its address (of the
				 * CFA: its value) */
	CFI_VALUE_EXPRESSION,
};

struct cfi_where {
	enum cfi_rule rule;
	uint32_t reg;
	int64_t offset;
	struct die_block expression;
};

#define CFI_REGS_MAX 64

struct cfi_row {
	struct cfi_where cfa;
	struct cfi_where regs[CFI_REGS_MAX];	/* by DWARF number */
	uint32_t return_reg;
	uint64_t start, end;	/* of the function's record */
	bool is_signal;
};

/* main: the program with its code; debug: its debug information (or NULL, or
 * the same).  Both outlive it. */
struct cfi *cfi_create(struct objfile *main, struct objfile *debug);
void cfi_destroy(struct cfi *c);

/* false = nothing is known of pc. */
bool cfi_at(struct cfi *c, uint64_t pc, struct cfi_row *ret);

/* Calls fn for every stretch of code that something is known of, in no order:
 * row holds from start to end (its own start and end are the record's). */
typedef void cfi_row_fn(void *data, uint64_t start, uint64_t end,
			const struct cfi_row *row);
void cfi_each(struct cfi *c, cfi_row_fn *fn, void *data);

#endif
