/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a probe point to sites.  Each kind of probe describes its own points
 * in resolve/<kind>.c; expand asks here, and knows no kind.
 */
#ifndef SEMA_RESOLVE_RESOLVE_H
#define SEMA_RESOLVE_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "lang/diag.h"
#include "sema/program.h"

/* One place to attach at. */
struct site {
	struct str point;		/* canonical and complete: pp() */
	enum image_probe_kind kind;
	struct image_site image;
	const struct target_scope *scope;	/* $names there, or NULL */
	struct ast_expr *when;		/* the handler runs only if this is so,
					 * or NULL */
	bool is_copy;			/* an inlined copy of a function: one
					 * program with those, at most */
};

struct sites {
	VEC(struct site) list;
	bool takes_lines;	/* asked for by -L alone: as it is shown is
				 * enough, and goes here */
	VEC(struct str) lines;	/* of a list; of -l always */
	bool share;		/* they are one probe: the program can tell
				 * them apart by what it is called with */
	const struct target_scope *scope;	/* then: of all of them */
};

enum resolve_status {
	RESOLVE_FOUND,		/* sites were added */
	RESOLVE_UNKNOWN,	/* no kind has a point of this form */
	RESOLVE_NOTHING,	/* the form is right, but there is no such
				 * tracepoint, process, ...: answer says */
};

/* Why RESOLVE_NOTHING or RESOLVE_UNKNOWN; becomes a diagnostic unless the
 * point is optional. */
struct resolve_answer {
	enum diag_code code;
	struct span span;	/* the component at fault */
	struct str text, note, help;	/* note, help: may be empty */
	/* Or NULL: what may have been meant by `wanted`, or empty; asked only
	 * when a person is told. */
	struct str (*similar)(struct program *p, struct str wanted);
	struct str wanted;
};

/*
 * The sites of a point: aliases and braces are expanded already; wildcards
 * may stand in arguments ("kernel.trace("sched:*")") and, for the kinds that
 * know their own names, in components (`timer.*` matches nothing, as in
 * SystemTap).  Adds nothing unless RESOLVE_FOUND.
 */
enum resolve_status resolve_point(struct program *p,
				  const struct ast_point *point,
				  struct sites *ret,
				  struct resolve_answer *answer);

/* The forms there are ("timer.s(NUMBER)"), for --dump-probe-types, messages
 * and "did you mean". */
struct resolve_form {
	const char *text;	/* components; "(N)" and "(S)" are arguments */
	const char *what;	/* a sentence for documentation */
};
const struct resolve_form *resolve_forms(uint32_t *n);

#endif
