/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers for the virtual registers of a function: linear scan over whole
 * intervals, spills to the stack.
 */
#ifndef CODEGEN_REGALLOC_H
#define CODEGEN_REGALLOC_H

#include "codegen/code.h"

/* Drops what cannot be reached and what nobody reads, then replaces every
 * virtual register; c->stack grows by the spills. */
void regalloc(struct cg_code *c);

#endif
