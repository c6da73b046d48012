/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the C of a script to its tree, in one go: a rule of the grammar gives
 * the tree of the script's language that means the same, with its C type.
 *
 *   c_decl.c   declarations and type names
 *   c_stmt.c   statements
 *   c_expr.c   expressions
 *   c_value.c  what they come to: values, places, conversions
 *   c_arith.c  operators on numbers and pointers
 *   c_table.c  arrays of constants; c_record.c struct variables
 *   c_call.c   calls; c_text.c those about texts; c_format.c formats
 *   c_unit.c   what the texts of a program share: the top level
 *
 * A long of the script holds a C integer of fewer than 64 bits as its value
 * (so an unsigned one is never negative), one of 64 bits as its bits.
 *
 * After a mistake, or what is not understood, there are no more tokens, each
 * rule returns something harmless, and the first failure counts.
 */
#ifndef SEMA_EMBEDDED_C_PARSE_H
#define SEMA_EMBEDDED_C_PARSE_H

#include "lang/ast.h"
#include "lang/diag.h"
#include "sema/embedded/c_lex.h"
#include "sema/embedded/c_pp.h"
#include "sema/embedded/c_type.h"

struct program;

/* What a name of C means. */
enum c_symbol_kind {
	C_SYM_VAR,		/* a variable of the script */
	C_SYM_TYPE,		/* typedef */
	C_SYM_CONST,		/* enumerator */
	C_SYM_TABLE,		/* an array of constants */
	C_SYM_FUNC,
	C_SYM_LATER,		/* declared by what was not understood */
};

struct c_symbol {
	enum c_symbol_kind kind;
	struct str name;
	struct str script_name;		/* VAR, FUNC */
	const struct c_type *type;	/* of a FUNC: what it returns */
	int64_t value;			/* CONST */
	bool is_cursor;			/* VAR: a char * into a text, holds
					 * what is left of it */
	bool is_offset;			/* VAR: a char * into the text that
					 * `base` has: script_name has how far
					 * from its begin */
	struct str base;
	struct ast_expr *null;		/* a char * that was set to 0 where it
					 * is declared: that */
	struct c_tokens def;		/* FUNC: from its parameters on */
	const struct c_type **params;
	uint32_t nparams;
	struct ast_exprs table;		/* TABLE */
	struct c_record *record;	/* VAR: its members (c_record.c) */
	bool is_done;			/* FUNC: translated */
	struct c_failure failure;	/* LATER */
};

struct c_scope {
	struct map names;		/* to struct c_symbol */
	struct c_scope *up;
};

struct c_unit {
	struct program *program;
	struct arena *arena;
	struct c_pp pp;
	struct c_scope top;
	struct map names;		/* made in handlers: see struct c */
	uint32_t files;			/* of the program that are read */
	uint32_t made;			/* names made */
	const struct c_type *char_type;
};

enum c_place {
	C_VALUE,		/* no place: e */
	C_VAR,			/* a variable of the script */
	C_PATH,			/* steps from what pointer e points to */
	C_MEM,			/* memory of the kernel at address e */
};

struct c_value {
	const struct c_type *type;
	enum c_place place;
	struct span span;
	struct ast_expr *e;
	struct c_symbol *var;		/* VAR */
	struct str name;		/* VAR: of the script */
	struct ctype_ref root;		/* PATH: what e points to */
	struct ast_step *steps;
	uint32_t nsteps, cap_steps;
	uint32_t bits;			/* PATH to a bitfield */
	struct ast_expr *offset;	/* TEXT: begins behind these bytes */
	const struct c_type *ref;	/* the address of VAR, a number of this
					 * type; NULL: it is none */
	bool is_element;		/* TEXT: the byte at `offset` */
};

struct c_goto {
	struct str label;
	struct span span;
	struct ast_stmt *place;		/* an empty block */
};

/* In the outermost block, in front of its statement number `at`. */
struct c_label {
	struct str name;
	uint32_t at;
};

/* What a break or continue is about. */
struct c_jump {
	bool is_switch;
	uint32_t breaks, continues;	/* seen */
	struct c_jump *up;
};

struct c {
	struct c_unit *unit;
	struct arena *arena;
	struct c_failure *failure;
	struct c_tokens in;
	uint32_t at, depth, nodes;
	uint32_t statement_at;		/* where the statement begins */
	struct c_scope *scope;
	struct map *names;		/* of variables made, to their number */
	/* The function or handler that the text is of. */
	const struct ast_param *params;
	uint32_t nparams;
	bool in_function;		/* else in a handler */
	const struct c_type *result;	/* VOID: none */
	struct str result_name;		/* STAP_RETVALUE's variable; empty: a
					 * C function, or none */
	bool is_c_function;
	bool has_returned;		/* what the result is, is known */
	struct ast_stmts *block;	/* that is being filled */
	struct c_jump *jump;
	struct ast_stmts *body;		/* the outermost */
	uint32_t copied;		/* statements: see c_copy() */
	VEC(struct c_goto) gotos;
	VEC(struct c_label) labels;
};

#define C_DEPTH 200		/* of nested rules */

/* ---- tokens ---- */

const struct c_token *c_peek(struct c *c, uint32_t n);
bool c_at(struct c *c, const char *text);
bool c_accept(struct c *c, const char *text);
bool c_expect(struct c *c, const char *text);
struct c_token c_take(struct c *c);
struct span c_span(struct c *c);	/* of the next token */
bool c_enter(struct c *c);
void c_leave(struct c *c);

void c_error(struct c *c, struct span span, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void c_help(struct c *c, const char *help);

/* ---- names ---- */

struct c_symbol *c_find(struct c *c, struct str name);
void c_add(struct c *c, struct c_scope *scope, struct c_symbol *s);
struct c_symbol *c_new_var(struct c *c, struct str name,
			   const struct c_type *type);
/* Not one that a script can have. */
struct str c_script_name(struct c *c, struct str name);
void c_push_scope(struct c *c, struct c_scope *scope);
void c_pop_scope(struct c *c);

/* ---- trees of the script ---- */

struct ast_expr *c_node(struct c *c, enum ast_expr_kind kind,
			struct span span);
struct ast_expr *c_num(struct c *c, struct span span, int64_t n);
struct ast_expr *c_str(struct c *c, struct span span, struct str s);
struct ast_expr *c_name(struct c *c, struct span span, struct str name);
/* With what is constant calculated. */
struct ast_expr *c_op(struct c *c, enum ast_binop op, struct ast_expr *a,
		      struct ast_expr *b);
struct ast_expr *c_unop(struct c *c, enum ast_unop op, struct ast_expr *a);
struct ast_expr *c_ternary(struct c *c, struct ast_expr *cond,
			   struct ast_expr *yes, struct ast_expr *no);
struct ast_expr *c_set(struct c *c, struct ast_expr *to,
		       struct ast_expr *value);
/* A function of the library, of n arguments. */
struct ast_expr *c_library(struct c *c, struct span span, const char *name,
			   uint32_t n, ...);
/* First a, then b, which is the value: both numbers. */
struct ast_expr *c_both(struct c *c, struct ast_expr *a, struct ast_expr *b);

/* Copies of statements number `first` and further; there is an end to how
 * many. */
void c_copy(struct c *c, const struct ast_stmts *from, uint32_t first,
	    struct ast_stmts *to, struct span span);
struct ast_stmt *c_stmt_new(struct c *c, enum ast_stmt_kind kind,
			    struct span span);
void c_emit(struct c *c, struct ast_stmt *s);
void c_emit_expr(struct c *c, struct ast_expr *e);

/* ---- values (c_value.c) ---- */

struct c_value c_rvalue(const struct c_type *type, struct ast_expr *e);
struct c_value c_int(struct c *c, struct span span, const struct c_type *type,
		     int64_t n);
struct c_value c_nothing(struct c *c, struct span span);
struct c_value c_var(struct c *c, struct c_symbol *s, struct span span);
static inline bool c_is_of_table(const struct c_value *v)
{
	return v->var && v->var->kind == C_SYM_TABLE;
}

/* Out of its place; arrays become pointers. */
struct c_value c_read(struct c *c, struct c_value v);
/* Read, and of this type, as by assignment; what does not go is an error. */
struct c_value c_convert(struct c *c, struct c_value v,
			 const struct c_type *type);
/* The same by a cast. */
struct c_value c_cast(struct c *c, struct c_value v,
		      const struct c_type *type);
/* A number or a pointer; anything else is an error. */
struct c_value c_scalar(struct c *c, struct c_value v);
struct ast_expr *c_condition(struct c *c, struct c_value v);
struct c_value c_deref(struct c *c, struct c_value v);
/* ((T *)&variable)[i] */
struct c_value c_ref_element(struct c *c, struct c_value v,
			     struct c_value i);
struct c_value c_address(struct c *c, struct c_value v, struct span span);
struct c_value c_member(struct c *c, struct c_value v, struct str name,
			struct span span);
/* v[i], without being read */
struct c_value c_element(struct c *c, struct c_value v, struct c_value i,
			 struct span span);
struct c_value c_assign(struct c *c, struct c_value to, struct c_value v,
			struct span span);
struct ast_expr *c_sizeof(struct c *c, const struct c_type *t,
			  struct span span);

/* STAP_GLOBAL_GET_x(key, ...) and STAP_GLOBAL_SET_x(key, ..., value): at what
 * is behind the name t. */
struct c_value c_global(struct c *c, const struct c_token *t, bool is_set);

/* ---- operators (c_arith.c) ---- */

struct c_value c_binary(struct c *c, enum ast_binop op, struct c_value a,
			struct c_value b, struct span span);
struct c_value c_unary(struct c *c, char op, struct c_value v);
struct c_value c_step(struct c *c, struct c_value v, int step, bool post);
struct c_value c_choose(struct c *c, struct c_value cond, struct c_value yes,
			struct c_value no, struct span span);
/* The lesser or (most) greater. */
struct c_value c_least(struct c *c, struct c_value a, struct c_value b,
		       bool most);

/* ---- texts (c_text.c, c_format.c) ---- */

/* Something that a text can be had of? */
bool c_is_text(const struct c_type *t);
/* The place's text, without its offset. */
struct ast_expr *c_text_whole(struct c *c, const struct c_value *v);
/* The text of v, which may be an address of the kernel's memory. */
struct ast_expr *c_text(struct c *c, struct c_value v);
/* Into the place, at most size bytes (NULL: any) with the 0. */
struct ast_expr *c_text_store(struct c *c, struct c_value to,
			      struct ast_expr *text, struct ast_expr *size);
struct c_value c_text_element(struct c *c, struct c_value v, struct c_value i,
			      struct span span);
struct c_value c_text_char(struct c *c, struct c_value v);
struct c_value c_text_set_char(struct c *c, struct c_value to,
			       struct c_value ch, struct span span);
/* printf(format, ...): args behind the format from number `first` on. */
struct ast_expr *c_format(struct c *c, enum ast_printop op,
			  const struct c_value *args, uint32_t nargs,
			  uint32_t first, bool is_kernel, struct span span);

/* ---- struct variables (c_record.c) ---- */

/* s = from; from.e NULL: zeros */
void c_record_set(struct c *c, struct c_symbol *s, struct c_value from,
		  struct span span);
struct c_value c_record_member(struct c *c, struct c_value v, struct str name,
			       struct span span);

/* A struct variable, or (name: the way) a struct in one. */
static inline bool c_is_of_record(const struct c_value *v)
{
	return v->place == C_VAR && v->type->kind == C_RECORD;
}

/* ---- arrays of constants (c_table.c) ---- */

bool c_is_table(const struct c_type *t);
void c_table_init(struct c *c, struct c_symbol *s);
struct c_value c_table_element(struct c *c, struct c_value v,
			       struct c_value i, struct span span);

/* ---- rules ---- */

struct c_value c_expr(struct c *c);		/* with commas */
struct c_value c_assignment(struct c *c);
int64_t c_constant(struct c *c);
bool c_call(struct c *c, struct str name, struct span span,
	    struct c_value *ret);
struct c_value c_call_function(struct c *c, struct c_symbol *f,
			       struct c_value *args, uint32_t n,
			       struct span span);
bool c_at_type(struct c *c);
const struct c_type *c_type_of_name(struct c *c);	/* in ( ) */
bool c_declaration(struct c *c);	/* of locals */
void c_statement(struct c *c);
void c_block_rest(struct c *c);		/* to the '}', or the end */
void c_switch(struct c *c, struct span span);	/* behind the word */

/* The pieces of a declaration. */
struct c_specs {
	const struct c_type *type;
	bool is_typedef, is_static, is_extern;
};
struct c_declarator {
	struct str name;
	struct span span;
	const struct c_type *type;
	bool is_function;
	uint32_t params_at;		/* the token of its '(' */
};
bool c_specifiers(struct c *c, struct c_specs *ret);
/* Variables and typedefs, up to the ';'. */
void c_declarators(struct c *c, const struct c_specs *specs);
void c_declare(struct c *c, const struct c_type *base,
	       struct c_declarator *ret);
void c_skip_balanced(struct c *c);	/* from '(' or '{' to behind its end */

/* ---- the unit ---- */

void c_init(struct c *c, struct c_unit *u, struct c_failure *failure);
void c_translate_function(struct c *c, struct c_symbol *f,
			  const struct c_value *args, uint32_t nargs);
/* A global of the script for a static variable. */
void c_make_global(struct c *c, struct c_symbol *s, struct ast_expr *init);

#endif
