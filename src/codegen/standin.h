/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stand-ins.  The kernel does not run a program where it is running already on
 * that CPU.  Since Linux 7.0 a task may lose its turn in the program of a
 * tracepoint, as in that of a function: until it has it again, the hits of all
 * others on that CPU would be lost; where three tasks compete for a CPU that
 * was a third of them.  So such a program is loaded IMAGE_COPIES times, and all
 * are attached, one behind the other.  The copy that handles a hit leaves a
 * mark with the task; those behind it have nothing to do when they find that.
 * The kernel has skipped those before it when there is none.
 */
#ifndef CODEGEN_STANDIN_H
#define CODEGEN_STANDIN_H

struct cg_fn;

/* The begin of a program, if it is to have stand-ins: goes on where the hit is
 * for this copy. */
void standin_begin(struct cg_fn *fn);

#endif
