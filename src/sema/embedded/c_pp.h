/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The preprocessor of C: what #define, #if and their kin make of a text.
 * #include is passed over: what the kernel's headers hold is known otherwise
 * (types, by BTF; macros, prelude.def).  The first mistake ends it.
 */
#ifndef SEMA_EMBEDDED_C_PP_H
#define SEMA_EMBEDDED_C_PP_H

#include <stdbool.h>

#include "base/map.h"
#include "sema/embedded/c_lex.h"

struct parse_options;

/* What is wrong with a C text, or not understood: the first thing. */
struct c_failure {
	bool is_set;
	struct span span;
	struct str text, help;
};

struct c_macro {
	struct str name;
	bool is_function, is_variadic;
	bool is_busy;		/* being expanded */
	VEC(struct str) params;
	struct c_tokens body;
};

struct c_pp {
	struct arena *arena;
	struct c_failure *failure;
	const struct parse_options *options;	/* release, configuration */
	struct map macros;		/* to struct c_macro; NULL: #undef */
	uint32_t made, depth;		/* tokens by macros; in each other */
};

void c_pp_init(struct c_pp *pp, struct arena *a, struct c_failure *failure,
	       const struct parse_options *o);

/* Appends what the text comes to. */
void c_pp_run(struct c_pp *pp, struct c_lexer *lx, struct c_tokens *out);

/* NULL = there is none. */
struct c_macro *c_pp_find(struct c_pp *pp, struct str name);

/* Macros in `in` replaced. */
void c_pp_expand(struct c_pp *pp, const struct c_tokens *in,
		 struct c_tokens *out);

/* Is the condition behind #if true?  (c_if.c) */
bool c_if(struct c_pp *pp, const struct c_tokens *line);

void c_fail(struct c_failure *f, struct arena *a, struct span span,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void c_fail_help(struct c_failure *f, const char *help);

#endif
