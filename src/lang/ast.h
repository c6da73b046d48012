/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree: what the parser makes of a file, and what the semantic passes
 * annotate.  Nodes live in the `front` arena.  Each carries its span.
 *
 * The parser fills everything but what is marked `sema:`.  Names are views
 * of the source text.
 */
#ifndef LANG_AST_H
#define LANG_AST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/span.h"
#include "base/str.h"
#include "base/vec.h"

struct var;		/* sema/program.h */
struct func;		/* sema/program.h */
struct ast_stmt;
struct ctype_ref;	/* dbg/ctypes.h */
struct target;		/* sema/program.h: a resolved $x or @cast path */

enum ast_expr_kind {
#define EXPR(id, name) AST_##id,
#include "lang/ast.def"
#undef EXPR
};

enum ast_stmt_kind {
#define STMT(id, name) AST_S_##id,
#include "lang/ast.def"
#undef STMT
};

enum ast_unop {
#define UNOP(id, spelling) UNOP_##id,
#include "lang/ast.def"
#undef UNOP
};

enum ast_binop {
#define BINOP(id, spelling, prec) BINOP_##id,
#include "lang/ast.def"
#undef BINOP
};

enum ast_atop {
#define ATOP(id, spelling, min, max) ATOP_##id,
#include "lang/ast.def"
#undef ATOP
};

enum ast_statop {
#define STATOP(id, spelling) STATOP_##id,
#include "lang/ast.def"
#undef STATOP
};

enum ast_printop {
#define PRINTOP(id, spelling) PRINTOP_##id,
#include "lang/ast.def"
#undef PRINTOP
};

/* The types of the language.  UNKNOWN: not inferred, or a function that
 * returns nothing. */
enum ty {
	TY_UNKNOWN,
	TY_LONG,
	TY_STRING,
	TY_STATS,
};

struct ast_expr;

/* Why a piece of C could not become a part of the tree. */
struct ast_refusal {
	struct span span;		/* in the C */
	struct str text, help;
};

/* %{ C %} */
struct ast_c {
	struct str text;		/* without %{ and %} */
	const struct ast_refusal *refusal;	/* sema: or NULL */
};

/* A list of expressions; NULL stands for the wildcard '*' of a slice. */
struct ast_exprs {
	struct ast_expr **v;
	uint32_t n, cap;
};

struct ast_stmts {
	struct ast_stmt **v;
	uint32_t n, cap;
};

/* One step of an access path. */
enum ast_step_kind {
	AST_STEP_MEMBER,	/* ->name (and .name, which means the same) */
	AST_STEP_INDEX,		/* [index] */
	AST_STEP_PRETTY,	/* $: one level of text */
	AST_STEP_PRETTY_DEEP,	/* $$: all levels of text */
};

struct ast_step {
	enum ast_step_kind kind;
	struct span span;
	struct str name;
	struct ast_expr *index;
};

/* A piece of a printf format, as parsed. */
enum fmt_conv {
	FMT_LITERAL,		/* text, escapes resolved; %% is text too */
	FMT_SIGNED,		/* d i */
	FMT_UNSIGNED,		/* u */
	FMT_OCTAL,		/* o */
	FMT_HEX,		/* x */
	FMT_HEX_UPPER,		/* X */
	FMT_POINTER,		/* p */
	FMT_CHAR,		/* c */
	FMT_STRING,		/* s */
	FMT_BINARY,		/* b: little-endian bytes */
	FMT_MEMORY,		/* m: raw memory */
	FMT_MEMORY_HEX,		/* M */
};

enum fmt_size {			/* of a width or a precision */
	FMT_SIZE_NONE,
	FMT_SIZE_NUMBER,
	FMT_SIZE_ARG,		/* '*': takes an argument */
};

struct fmt_piece {
	enum fmt_conv conv;
	char flag;		/* 0 + - space #, or '\0': one at most */
	uint8_t width_kind, prec_kind;	/* enum fmt_size */
	uint32_t width, prec;
	struct str text;	/* FMT_LITERAL */
	struct span span;
};

struct ast_expr {
	enum ast_expr_kind kind;
	enum ty type;			/* sema: */
	uint16_t bound;			/* sema: a string's most bytes */
	struct span span;		/* the whole expression */
	struct span at;			/* the token that names it: operator,
					 * name; where a caret points */
	union {
		int64_t number;
		struct str string;	/* escapes resolved */
		struct {		/* NAME */
			struct str name;
			struct var *var;	/* sema: */
		} name;
		struct {		/* INDEX */
			struct ast_expr *base;	/* NAME; STAT: a histogram */
			struct ast_exprs keys;
		} index;
		struct {		/* TARGET: name with its '$' */
			struct str name;
			struct target *target;	/* sema: */
		} target;
		struct {		/* ATOP */
			enum ast_atop op;
			struct ast_exprs args;
			/* sema: of a CAST that C texts make, the type: not
			 * all have names */
			const struct ctype_ref *type;
			const struct ast_refusal *refusal;	/* CONST */
			struct target *target;	/* sema: */
		} at_op;
		struct {		/* ACCESS: TARGET, ATOP or any value */
			struct ast_expr *base;
			struct ast_step *steps;
			uint32_t nsteps, cap_steps;
			struct target *target;	/* sema: */
		} access;
		struct {		/* ADDRESS */
			struct ast_expr *of;	/* TARGET, ATOP or ACCESS */
			struct target *target;	/* sema: */
		} address;
		struct {
			enum ast_unop op;
			struct ast_expr *a;
		} unary;
		struct {
			enum ast_binop op;
			struct ast_expr *a, *b;
		} binary;
		struct {
			struct ast_expr *cond, *yes, *no;
		} ternary;
		struct {		/* SET: plain; else a = a op b */
			enum ast_binop op;
			struct ast_expr *to, *value;
		} assign;
		struct {
			bool post;
			int step;		/* +1 or -1 */
			struct ast_expr *of;
		} incdec;
		struct {
			struct ast_exprs keys;
			struct ast_expr *array;	/* NAME */
		} in;
		struct {
			struct str name;
			struct ast_exprs args;
			struct func *func;	/* sema: first of overloads */
			bool is_intrinsic;	/* sema: then func is NULL */
			uint8_t intrinsic;	/* sema: enum image_intrinsic */
		} call;
		struct {		/* PRINT */
			enum ast_printop op;
			struct str text;	/* format or delimiter */
			struct span text_span;
			struct fmt_piece *pieces; /* of printf, sprintf */
			uint32_t npieces, cap_pieces;
			struct ast_exprs args;
		} print;
		struct {		/* STAT */
			enum ast_statop op;
			struct ast_expr *of;	/* NAME or INDEX */
			int64_t params[3];
			uint32_t nparams;
		} stat;
		struct ast_c embedded;
	};
};

enum ast_sort_by {
	AST_SORT_NONE,
	AST_SORT_KEY,		/* by key number `sort_key` */
	AST_SORT_VALUE,		/* by the value variable or the array */
	AST_SORT_STAT,		/* by an extractor of the value */
};

struct ast_stmt {
	enum ast_stmt_kind kind;
	struct span span;
	union {
		struct ast_expr *expr;		/* EXPR; RETURN (or NULL);
						 * DELETE */
		struct ast_stmts block;
		struct {
			struct ast_expr *cond;
			struct ast_stmt *yes, *no;	/* no: or NULL */
		} if_;
		struct {		/* WHILE: only cond and body */
			struct ast_expr *init, *cond, *step;	/* or NULL */
			struct ast_stmt *body;
		} loop;
		struct {
			struct ast_exprs keys;		/* NAMEs */
			struct ast_expr *value;		/* NAME or NULL */
			struct ast_expr *array;		/* NAME, or STAT: the
							 * buckets of a hist */
			struct ast_exprs slice;		/* n = 0: all */
			enum ast_sort_by sort_by;
			int sort_dir;			/* -1, 0, +1 */
			uint32_t sort_key;
			enum ast_statop sort_stat;
			struct ast_expr *limit;		/* or NULL */
			struct ast_stmt *body;
		} foreach;
		struct {
			struct ast_stmt *body;
			struct ast_expr *message;	/* NAME or NULL */
			struct ast_stmt *handler;
		} try_;
		struct ast_c embedded;
	};
};

/* One component of a probe point: name, or name(argument), or {a, b}. */
enum ast_arg_kind {
	AST_ARG_NONE,
	AST_ARG_NUMBER,
	AST_ARG_STRING,
};

struct ast_point;

struct ast_component {
	struct str name;		/* may hold wildcards */
	struct span span;
	enum ast_arg_kind arg_kind;
	int64_t number;
	struct str string;
	struct span arg_span;
	struct ast_point *braces;	/* {a.b, c}: alternatives, no name */
	uint32_t nbraces, cap_braces;
};

struct ast_point {
	struct ast_component *v;
	uint32_t n, cap;
	struct span span;
	bool optional;			/* ? (and !) */
	bool sufficient;		/* ! */
	struct ast_expr *condition;	/* if (...), or NULL */
};

struct ast_points {
	struct ast_point *v;
	uint32_t n, cap;
};

struct ast_probe {
	struct span span;		/* of the word probe */
	struct ast_points points;
	struct ast_stmt *body;
};

/* probe NAME = points { prologue }, { epilogue } */
struct ast_alias {
	struct span span;
	struct ast_point name;
	struct ast_points points;
	struct ast_stmt *prologue, *epilogue;	/* either may be NULL */
	struct str doc;			/* the comment before it, or empty */
};

struct ast_param {
	struct str name;
	struct span span;
	enum ty type;			/* as written, or UNKNOWN */
};

struct ast_function {
	struct str name;
	struct span span;		/* of the name */
	bool is_private;
	enum ty type;			/* as written, or UNKNOWN */
	struct ast_param *params;
	uint32_t nparams, cap_params;
	bool has_priority;
	int64_t priority;
	struct ast_stmt *body;		/* NULL: embedded C */
	struct str embedded;
	struct str doc;
};

struct ast_global {
	struct str name;
	struct span span;
	bool is_private;
	bool wrap;			/* % */
	bool is_array;			/* [ ] was written */
	bool of_call;			/* an element is of one call of a
					 * function, and nobody else's */
	int64_t size;			/* of [N], or 0 */
	struct ast_expr *init;		/* NUMBER or STRING, or NULL */
};

struct ast_embedded {
	struct str text;
	struct span span;
};

/* Everything that one file declares, in order of appearance. */
struct ast_file {
	uint32_t source;		/* number in struct sources */
	bool is_library;		/* from a tapset, */
	bool is_own;			/* from spile's own */
	VEC(struct ast_probe *) probes;
	VEC(struct ast_alias *) aliases;
	VEC(struct ast_function *) functions;
	VEC(struct ast_global *) globals;
	VEC(struct ast_embedded *) embedded;
};

/* Deep copies; annotations of sema are not copied. */
struct ast_expr *ast_clone_expr(struct arena *a, const struct ast_expr *e);
struct ast_stmt *ast_clone_stmt(struct arena *a, const struct ast_stmt *s);

/* The spelling in the language. */
const char *ast_unop_name(enum ast_unop op);
const char *ast_binop_name(enum ast_binop op);
const char *ast_atop_name(enum ast_atop op);
const char *ast_statop_name(enum ast_statop op);
const char *ast_printop_name(enum ast_printop op);
const char *ty_name(enum ty t);		/* "unknown", "long", ... */

static inline bool ast_statop_is_hist(enum ast_statop op)
{
	return op == STATOP_HIST_LOG || op == STATOP_HIST_LINEAR;
}

static inline bool ast_printop_is_string(enum ast_printop op)
{
	return op >= PRINTOP_SPRINT;
}

#endif
