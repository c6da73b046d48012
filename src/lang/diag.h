/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostics: what is wrong with the script.  Many per run; every stage
 * reports all it can, and the driver stops between stages when there is an
 * error.  Each has a code that stays the same for ever (lang/diag.def), a
 * place, and may have notes (also with places) and a help.
 */
#ifndef LANG_DIAG_H
#define LANG_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/str.h"
#include "base/vec.h"
#include "lang/source.h"

enum diag_code {
#define DIAG(number, id, explanation) DIAG_##id,
#include "lang/diag.def"
#undef DIAG
	DIAG_N
};

struct diag_part {
	struct span span;	/* len 0: no place */
	struct str text;
	bool is_help;		/* else a note */
};

struct diag {
	enum diag_code code;
	struct span span;
	struct str text;
	bool is_error;		/* else a warning */
	VEC(struct diag_part) parts;
};

struct diags {
	struct arena *arena;
	const struct sources *sources;
	VEC(struct diag *) list;
	uint32_t errors, warnings;
	bool no_warnings;	/* -w */
	struct str colours;	/* "error=1;31:caret=1": others than ours */
};

#define DIAG_MAX 100		/* further ones are only counted */

void diags_init(struct diags *d, struct arena *a, const struct sources *ss);

/* Never NULL.  The same code at the same place is reported once. */
struct diag *diag_error(struct diags *d, enum diag_code code,
			struct span span, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
struct diag *diag_warning(struct diags *d, enum diag_code code,
			  struct span span, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* More about it; span len 0 = no place. */
void diag_note(struct diags *d, struct diag *g, struct span span,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void diag_help(struct diags *d, struct diag *g, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "E0402"; its explanation. */
const char *diag_number(enum diag_code code);
const char *diag_explanation(enum diag_code code);

/* All of them, ordered by place, with source lines and carets. */
void diags_print(const struct diags *d, FILE *out, bool colour);

/* The closest of the names added, for "did you mean": at most a third of
 * name's letters differ. */
struct diag_guess {
	struct str name, best;
	uint32_t distance;
};
void diag_guess_init(struct diag_guess *g, struct str name);
void diag_guess_add(struct diag_guess *g, struct str candidate);
/* Empty = nothing is close. */
struct str diag_guess_best(const struct diag_guess *g);

#endif
