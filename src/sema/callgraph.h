/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who calls whom.  Built by one walk over all bodies; what is asked then goes
 * over numbers, without recursion: scripts may have chains of any length.
 */
#ifndef SEMA_CALLGRAPH_H
#define SEMA_CALLGRAPH_H

#include "sema/program.h"

struct callees {
	uint32_t *v;
	uint32_t n, cap;
};

struct callgraph {
	uint32_t n;			/* functions */
	struct callees *callees;	/* of each */
};

/* Numbers the functions (func.number) in the order of p->funcs.  The graph
 * is in the arena. */
struct callgraph callgraph_build(struct program *p, struct arena *a);

/* Sets called_in_kernel and called_in_host.  Needs what functions do:
 * func.pure. */
void callgraph_mark_called(struct program *p, struct arena *a);

/* Sets recursive.  Returns the longest chain of calls that can be made
 * without calling a function twice, or a bit
 * more. */
uint32_t callgraph_mark_recursive(const struct callgraph *g, struct program *p,
				  struct arena *a);

#endif
