/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target variables: $x, $x->a[1].b, &$x->f, $x$, $$vars, @cast(...)->f,
 * ident->f, @defined, @enum, ... to struct target (how to compute the value)
 * or to an ordinary expression that means the same.
 *
 * What roots there are at a probe is for the probe kind's resolver to say, in
 * a target_scope; all the rest is here and the same for every kind.
 */
#ifndef SEMA_RESOLVE_TARGET_H
#define SEMA_RESOLVE_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/vec.h"
#include "dbg/debuginfo.h"
#include "sema/program.h"

#define TARGET_ROOT_OPS 4

struct debug_source;	/* sema/resolve/debug.h */
struct debug_place;

/* A variable of the probed code: its name, and how to get its value. */
struct target_root {
	struct str name;		/* without '$' */
	struct ctype_ref type;		/* in NULL: a plain long */
	struct str type_name;		/* for -L where there is no type */
	struct str pointee;		/* the type is a pointer to the type of
					 * this name, looked up when it is
					 * needed; empty = it is not */
	bool is_user;			/* pointers in it are to user memory */
	bool is_address;		/* ops give the address of the object */
	const struct debug_place *place;	/* not in memory: where instead
					 * (place.h), or NULL: there are ops */
	bool is_local;			/* no parameter */
	struct str missing;		/* why it has no value here; empty =
					 * it has */
	bool hidden;			/* an alias such as $arg1: not listed
					 * by -L, $$vars and messages */
	struct target_op ops[TARGET_ROOT_OPS];
	uint32_t nops;
};

/* Of many sites most are never asked for their variables: fill() puts the
 * roots and the text into the scope when they are (target_scope_get()). */
struct target_late {
	struct target_scope *scope;
	struct arena *arena;		/* where they are */
	bool is_brief;			/* only what target_scope_look() is
					 * for: names and types */
	void (*fill)(struct program *p, struct target_late *late);
};

struct target_scope {
	VEC(struct target_root) roots;
	struct target_late *late;	/* what is missing yet, or NULL */
	const struct target_scope *base; /* more, hidden ones, or NULL: what
					  * many scopes have alike */
	struct str name;		/* $$name; empty = none */
	struct str system;		/* $$system */
	struct str provider;		/* $$provider */
	bool has_parms;			/* $$parms are the roots that are not
					 * local */
	bool has_return;		/* root "return" is what $$return shows */
	bool is_text;			/* $value is text: see sema/value.h */
	struct debug_source *source;	/* what the probed code is of, when its
					 * debug information was read */
	struct dbg_die die;		/* the function there */
	uint64_t pc;			/* link-time address of the probe, or,
					 * has_return, where the function
					 * begins */
	struct str what;		/* "tracepoint 'sched_switch'": for
					 * messages */
	struct str help;		/* what to do without variables, or
					 * empty */
};

/*
 * Resolves every target variable of the program, in all probes and in the
 * functions that they were copied for; gives variables and functions their C
 * types on the way (ident->f).  Needs scope.  Leaves each AST_TARGET,
 * AST_ATOP, AST_ACCESS and AST_ADDRESS with a target, or replaced by an
 * expression of other kinds (@defined, @enum, $x$, $$vars, ...).  What does
 * not exist gets a target with defined = false: no diagnostic yet.
 */
void target_resolve(struct program *p);

/* After elide: a diagnostic for each target left that is not defined (or 0
 * in its place, with --skip-badvars). */
void target_report(struct program *p);

/* The same scope, complete; NULL for NULL.  To be asked before anything is read
 * of a scope. */
const struct target_scope *target_scope_get(struct program *p,
					    const struct target_scope *s);
/* The same for who looks once: a complete copy in the arena, and so what it was
 * completed with, where that is much. */
const struct target_scope *target_scope_look(struct program *p,
					     const struct target_scope *s,
					     struct arena *a);

/* For -L: "$prev:struct task_struct*" of each root that is not hidden. */
void target_root_text(struct arena *a, const struct target_root *r,
		      struct buf *ret);

/* The word of the context that holds an argument of `kind` `of` ("tracepoint "
 * and its name, or "" and a function's): word n on this kernel. */
struct target_op target_arg(struct program *p, struct str kind, struct str of,
			    struct str arg, uint32_t n);

#endif
