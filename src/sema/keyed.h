/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is at an address, as a key or a value that is kept:
 *
 *	hits[usymname(uaddr())]++
 *
 * The kernel cannot compute the name.  But it can keep the address, and whose
 * it is: __place(), a few bytes that stand for the name, as others do for a
 * stack (sema/stacks); keys that read the same become one where the host reads
 * them (run/fold).  So this is done where nothing in the kernel reads what it
 * is: for the keys of an array that a statement adds to or sets, for what a
 * statement puts into a global, and for locals that only bring it there.  In
 * sprint_ubacktrace's like, a stack as lines, the stack itself is told so.
 */
#ifndef SEMA_KEYED_H
#define SEMA_KEYED_H

#include "sema/program.h"

/* Needs types, and which engines call functions. */
void keyed(struct program *p);

#endif
