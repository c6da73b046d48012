/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace points: which there are, what arguments they have and where a program
 * finds them, from BTF; the system ("sched" of "sched:sched_switch") from
 * tracefs, which BTF does not know.  Either source may be missing.
 *
 * A program on a trace point sees its arguments as an array of u64, each in
 * one slot, in the order of the prototype.
 */
#ifndef DBG_TRACEPOINT_H
#define DBG_TRACEPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "dbg/btf.h"
#include "dbg/world.h"

struct tracepoint_arg {
	struct str name;	/* "arg1", ... where BTF has no names */
	uint32_t type;		/* BTF id */
	uint32_t slot;		/* index into the context's u64s */
};

struct tracepoint {
	struct str system;	/* empty = not asked for, or nothing tells */
	struct str name;
	uint32_t btf_id;	/* typedef btf_trace_NAME; 0 = no BTF */
	bool has_args;		/* args is known (n may still be 0) */
	VEC(struct tracepoint_arg) args;
};

struct tracepoint_names {
	struct tracepoint *v;
	uint32_t n, cap;
};

/* A field of the record that tracefs describes (events/SYS/NAME/format). */
struct tracepoint_field {
	struct str name;
	struct str type;	/* C text: "char[16]", "pid_t" */
	uint32_t offset, size;	/* bytes in the record */
	bool is_signed;
	bool is_dynamic;	/* __data_loc: low half offset, high length */
};

struct tracepoint_format {
	uint32_t id;
	VEC(struct tracepoint_field) fields;	/* common_* first */
};

/* btf NULL = this kernel has none: names only, from tracefs. */
struct tracepoints {
	struct world *world;
	struct ctypes *btf;
};

/*
 * One by its exact name, with its arguments; system empty = any.  A system
 * that tracefs contradicts is ERR_NOT_FOUND; where tracefs is not readable
 * it is believed.  Everything in ret lives in a or in btf.
 */
struct err *tracepoint_find(const struct tracepoints *tps, struct arena *a,
			    struct str system, struct str name,
			    struct tracepoint *ret) must_check;

/* Fills in the arguments of those that tracepoint_list() gave, where BTF has
 * them. */
void tracepoint_list_args(const struct tracepoints *tps, struct arena *a,
			  struct tracepoint_names *names);

/* The system of a trace point; empty = nothing tells. */
struct str tracepoint_system(const struct tracepoints *tps, struct arena *a,
			     struct str name);

/*
 * All whose system and name match the shell patterns, sorted by system and
 * name, without arguments.  An empty system pattern matches any.
 * ERR_PERMISSION when the systems are asked about and tracefs is not
 * readable.  None = success with an empty list.
 */
struct err *tracepoint_list(const struct tracepoints *tps, struct arena *a,
			    struct str system, struct str name,
			    struct tracepoint_names *ret) must_check;

/* Names close to this one, the closest first, at most max, for "did you
 * mean". */
struct err *tracepoint_similar(const struct tracepoints *tps, struct arena *a,
			       struct str name, uint32_t max,
			       struct tracepoint_names *ret) must_check;

/* The record's layout; needs tracefs. */
struct err *tracepoint_format(const struct tracepoints *tps, struct arena *a,
			      struct str system, struct str name,
			      struct tracepoint_format *ret) must_check;

#endif
