/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stand-ins.  The kernel does not run a program where it is running already on
 * that CPU.  Since Linux 7.0 a task may lose its turn in the program of a
 * tracepoint, as in that of a function: until it has it again, the hits of all
 * others on that CPU would be lost; where three tasks compete for a CPU that
 * was a third of them.  So IMAGE_COPIES - 1 other programs are attached
 * behind such a one.  It leaves a mark with the task; they have nothing to do
 * when they find that.  Where there is none the kernel has skipped it, and they
 * call it, which the kernel does not look at: it counts what it runs itself.
 * They are short, and loaded in no time.
 *
 * A mark is made of the address of the hit's arguments.  One that a hit finds
 * where an interrupt came between is kept for as long; of two interrupts within
 * another there, the first hit would be handled again.
 */
#ifndef CODEGEN_STANDIN_H
#define CODEGEN_STANDIN_H

#include <stdint.h>

struct cg_fn;

/* The begin of a handler, if it is to have stand-ins: leaves the mark. */
void standin_begin(struct cg_fn *fn);

/* What stands in for it, behind program number `prog` that is the handler. */
void standin_emit(const struct cg_fn *handler, uint32_t prog);

#endif
