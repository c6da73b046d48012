/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The places that types are kept at - variables, keys, results - and the
 * messages about them.  Part of types.
 */
#ifndef SEMA_TYPES_SLOT_H
#define SEMA_TYPES_SLOT_H

#include "sema/program.h"

struct types {
	struct program *program;
	struct func *func;		/* the function at hand, or NULL */
	bool changed;			/* something was learnt */
	bool backwards;			/* goes over blocks from their ends */
	bool is_final;			/* what is unknown now stays so */
};

/* TY_UNKNOWN is no news.  `why` is the place that says so. */
void types_set_var(struct types *t, struct var *v, enum ty ty,
		   struct span why);
void types_set_key(struct types *t, struct var *v, uint32_t i, enum ty ty,
		   struct span why);
void types_set_func(struct types *t, struct func *f, enum ty ty,
		    struct span why);

/* What declarations say. */
void types_start(struct types *t);

/* -G: values by type; types where nothing else tells. */
void types_override(struct types *t);

/* Diagnostics for variables that no use gives a type. */
void types_report_unknown(struct types *t);

/* e is not of the type wanted at `why`. */
void types_mismatch(struct types *t, const struct ast_expr *e, enum ty wanted,
		    struct span why);
/* a and b must be of the same type, and are not. */
void types_differ(struct types *t, const struct ast_expr *a,
		  const struct ast_expr *b);
/* As the argument of a format's directive. */
void types_bad_directive(struct types *t, const struct ast_expr *e,
			 enum ty wanted, const struct fmt_piece *f);
/* As key number i. */
void types_bad_key(struct types *t, const struct ast_expr *e,
		   const struct var *array, uint32_t i);
void types_no_result(struct types *t, const struct ast_expr *call,
		     const struct func *f);
void types_no_value(struct types *t, const struct ast_expr *print);
/* A statistic or histogram is used as a value. */
void types_stat_value(struct types *t, const struct ast_expr *e);
void types_overloads_differ(struct types *t, const struct ast_expr *call,
			    const struct func *a, const struct func *b);

#endif
