/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program: the script and what it uses of the library, resolved and
 * typed.  Made by the passes of sema/ in this order (cli/compile.c calls
 * them):
 *
 *   library   finds the tapset files that define what the script names
 *   expand    aliases, wildcards, braces, ? and !: each probe of the script
 *             becomes struct probes, each with its own copy of the handler
 *   resolve   probe points to sites; $x, @cast ... to struct target
 *   scope     names to variables and functions
 *   merge     probes of one point whose handlers do not look at where they
 *             are become one with many sites
 *   elide     drops what is never used and code that cannot run, before it
 *             is checked further (scripts rely on it)
 *   types     infers long, string, stats
 *   check     limits, arity, foreach modification, warnings
 *   bounds    how long each string can get
 *
 * Everything lives in the `front` arena and dies once the IR is built.
 */
#ifndef SEMA_PROGRAM_H
#define SEMA_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/span.h"
#include "base/vec.h"
#include "dbg/ctypes.h"
#include "image/image.h"
#include "lang/ast.h"

struct c_unit;		/* sema/embedded/c_parse.h */
struct dbg_loc_op;
struct debug_sources;
struct diags;
struct library;
struct probe;
struct sources;
struct target_scope;	/* sema/resolve/target.h: what $names there are */
struct world;

/* A variable: global, parameter or local. */
struct var {
	struct str name;		/* as written */
	struct span span;		/* first mention */
	enum ty type;			/* of the value */
	struct span type_span;		/* what says so */
	struct span contradiction;	/* the first place where it is used as
					 * of another type, which is reported */
	bool is_global, is_param, is_array;
	bool is_library;		/* declared in a tapset */
	struct ctype_ref ctype;		/* what its long points to, for
					 * ident->f */
	uint32_t number;		/* globals: image.globals; else in the
					 * list of its function or probe */
	uint32_t nkeys;
	struct span nkeys_span;		/* what says so */
	enum ty key_type[IMAGE_KEYS];
	struct span key_span[IMAGE_KEYS];
	uint16_t key_bound[IMAGE_KEYS];
	uint16_t bound;			/* of a string value */
	int64_t most;			/* of a parameter: see bounds.c */
	bool wrap, has_size;
	int64_t size;			/* of [N] */
	struct ast_expr *init;		/* NUMBER or STRING, or NULL */
	const struct ast_global *decl;	/* globals */
	/* How it is used, over the whole program. */
	bool read, written;		/* by anything but its own ++, <<< */
	bool ordered;			/* order of insertion can be seen */
	bool in_condition;		/* of a probe point */
	bool is_deferred;		/* prints make its value themselves */
	bool holds_stack;		/* see stacks.h: the value */
	uint16_t key_stacks;		/* and keys, a bit each */
	bool is_set;			/* an array: not only added to */
	bool in_kernel, in_host;	/* which engines touch it */
	struct image_stat stat;		/* statistics: what is asked of it */
	uint32_t stat_shift;		/* of @variance */
	int64_t override;		/* -G, when has_override */
	struct str override_str;
	bool has_override;
};

struct vars {
	struct var **v;
	uint32_t n, cap;
};

/* Members and types that @defined found not to be there. */
struct absences {
	VEC(struct image_access) list;
};

struct func {
	struct str name;		/* as called */
	const struct ast_function *decl;
	struct ast_stmt *body;		/* a copy of decl's, annotated */
	struct vars vars;		/* parameters first, then locals */
	uint32_t nparams;
	enum ty type;			/* of the result, UNKNOWN: none */
	struct span type_span;		/* what says so */
	uint16_t bound;
	struct func *next_overload;	/* where `next` goes, or NULL */
	bool recursive;			/* calls itself, maybe through others */
	bool uses_context;		/* $vars: one copy per probe */
	const struct target_scope *scope;	/* of that probe, or NULL */
	struct ctype_ref ctype;		/* what its result points to */
	struct absences absent;		/* what its code was chosen by */
	bool pure;			/* no effect, no global, no context */
	bool has_effect;		/* a call cannot be left out */
	bool may_fail;			/* neither can one that divides */
	bool needs_host;		/* takes what only the host has */
	bool gives_stack;		/* see stacks.h */
	bool is_library;
	bool is_moved;			/* the rest of a handler: see moved.h */
	bool called_in_kernel, called_in_host;
	uint32_t number;		/* among program.funcs */
};

/* A function that gives the names of an enumeration's values. */
struct enum_name {
	struct ctype_ref type;
	struct func *func;
};

/*
 * How to get at a target variable: operations in order, on one value.  ir/
 * lowers them one by one and needs to know nothing of types.
 */
enum target_op_kind {
	TGT_CTX_WORD,		/* value = word `n` of the context */
	TGT_CTX_LOAD,		/* value = context bytes at offset n, size */
	TGT_EXPR,		/* value = the expression (base of a cast) */
	TGT_CONST,		/* value = n */
	TGT_ADD,		/* value += n */
	TGT_INDEX,		/* value += expr * n */
	TGT_LOAD,		/* value = memory at value: size, is_signed */
	TGT_LOAD_STR,		/* value = text at value, at most size bytes:
				 * the last operation; the target is a string */
	TGT_DOUBLE,		/* value = bits of a float to those of a
				 * double */
	TGT_BITS,		/* n = shift, size = width in bits, is_signed */
	TGT_LOC,		/* value = what the operations of a location
				 * give, on a stack: registers are offsets
				 * into the context here, symbols are numbers
				 * of accesses */
	TGT_PERF,		/* value = the counter called n (an istr); size
				 * 1: of the target task */
};

struct target_op {
	enum target_op_kind kind;
	int64_t n;
	uint32_t size;
	bool is_signed;
	bool is_user;			/* TGT_LOAD: user memory */
	bool is_copied;			/* TGT_CTX_WORD: a pointer that no
					 * program may read directly */
	bool is_quiet;			/* TGT_LOAD, TGT_LOAD_STR: what cannot
					 * be read is 0 or empty, no error */
	bool asks;			/* TGT_LOAD: value = can it be read? */
	struct ast_expr *expr;
	const struct dbg_loc_op *loc;	/* TGT_LOC: n of them */
	uint32_t access;		/* number + 1 of the access that gives
					 * n on another kernel, or 0 */
	struct span span;
};

/* Where some bits of a value go that is assigned. */
struct target_part {
	struct target_op word;		/* TGT_CTX_LOAD: the register; or memory
					 * whose address is what TGT_LOC gives,
					 * or, TGT_LOAD, what the first
					 * `naddress` operations of the target
					 * do */
	uint8_t size;			/* bytes of the word */
	uint8_t shift, bits;		/* which of its bits */
	uint8_t from;			/* the first of them in the value */
	bool is_alone;			/* nothing else is in the register: all
					 * of it is written */
	bool is_signed;			/* ... with the sign */
};

struct target {
	VEC(struct target_op) ops;
	struct ctype_ref type;		/* of the value */
	struct ctype_ref points_to;	/* if it is an address */
	bool is_user;			/* ... of user memory */
	bool is_string;			/* ends in TGT_LOAD_STR */
	VEC(struct target_part) parts;	/* where it may be assigned to with -g,
					 * or none: */
	struct str no_parts;		/* why not; empty = it is no variable */
	uint32_t naddress;
	bool defined;			/* false: only @defined may ask; if it
					 * survives elide, an error: */
	uint32_t diag;			/* enum diag_code */
	struct str why, help;		/* its message; what there is instead */
	struct image_access absent;	/* what is not there; kind ACCESS_N:
					 * not to be written down */
};

struct cond {
	struct ast_expr *expr;
	struct cond *next;		/* all must hold */
};

/* One probe, attached at one site; after merge, perhaps at several. */
struct probe {
	struct span span;		/* of the probe point as written */
	struct str point;		/* pp(): canonical, fully expanded */
	struct str name;		/* pn(): as written in the script or, in
					 * an alias, its name */
	bool by_alias;			/* name is an alias */
	enum image_probe_kind kind;
	struct image_site site;		/* istr fields: image.strings */
	VEC(struct image_site) sites;	/* all, when they share the handler */
	uint32_t group;			/* those of one point as written have
					 * one number */
	bool is_one_of_many;		/* sites of a point with wildcards */
	bool is_copy;			/* of a function: it was inlined */
	bool is_optional;		/* the point has a ? */
	struct cond *conditions;
	struct ast_stmt *body;		/* prologues, body, epilogues: one
					 * block, one scope */
	struct vars locals;
	struct absences absent;		/* what its code was chosen by */
	uint32_t number;
	struct ast_expr *when;		/* the body will run only then; NULL
					 * = always, or it is in the body */
	const struct target_scope *scope;	/* what $names there are, or
						 * NULL: none */
};

/* A site of a list (-l, -L) that no alias leads to: its text and its variables
 * are all that is said of it, so that it is no probe. */
struct listed {
	struct span span;		/* of the point as written */
	struct str point;
	const struct target_scope *scope;
};

struct program {
	struct arena *arena;
	struct sources *sources;
	struct diags *diags;
	struct image *image;		/* strings of sites go here, */
	struct arena *back;		/* in this arena: outlives the tree */
	struct world *world;
	image_features features;	/* what the code may rely on */
	bool may_need;			/* more, which an image then says */
	bool portable;			/* write down what depends on the
					 * kernel: see image/access.def */
	/* Has the kernel that this is for no code for a function of its BTF?
	 * NULL = nobody can tell. */
	bool (*lacks_function)(uint32_t id);
	struct ctypes *btf;		/* opened when first asked for: see
					 * program_btf() */
	bool btf_tried;
	bool asks_mapped;	/* what processes have mapped */
	struct kallsyms *symbols;	/* of the kernel, or NULL: not yet */
	struct doubles *doubles;	/* the same */
	struct map *exported;	/* "module:name" of global functions, or NULL */
	VEC(struct ctypes *) modules;	/* see program_module_types() */
	struct debug_sources *debug;	/* sema/resolve/debug.h */
	const struct sema_options *options;
	struct library *library;	/* sema/library.h */
	struct c_unit *c_unit;		/* what C texts define, or NULL: none
					 * was read yet */
	VEC(struct ast_file *) files;	/* script first, then library files as
					 * they were found to be needed */
	struct vars globals;
	VEC(struct func *) funcs;
	VEC(struct enum_name) enum_names;	/* made by target_text.c */
	struct func *code_texts[2];	/* by target_code.c: of the kernel; of
					 * processes */
	VEC(struct probe *) probes;
	bool lists_points;		/* -l, -L: each has to be there */
	VEC(struct listed) listed;	/* then: beside the probes */
	bool lists_names;		/* -l: of sites with the same text one
					 * is enough */
	/* What many scopes have alike, made when first wanted: the registers;
	 * arguments by number in registers. */
	const struct target_scope *registers, *arguments;
	struct target_scope *syscall_args[2]; /* of 64 and of 32 bits */
	uint32_t ngroups;		/* numbers given out to probe.group, */
	uint32_t nbegins;		/* to begins: site.c of EXISTING */
};

/* -G NAME=VALUE: a global of the script or, if it has none of that name, of a
 * file of the library that the script uses. */
struct sema_override {
	struct str name, value;
};

/* -D, -G and what else the command line says about meaning. */
struct sema_options {
	struct image_limits limits;
	uint32_t procfs_size;		/* bytes that a procfs file gives; 0 =
					 * as many as a string may have */
	bool guru;
	bool skip_badvars;
	bool suppress_errors;		/* as if each handler were in a try */
	bool unoptimized;		/* -u */
	bool show_globals;
	int64_t target_pid;		/* -x, or 0 */
	bool has_command;		/* -c, */
	struct str command;		/* the program that it starts; empty =
					 * that cannot be told */
	const char *debuginfo;		/* directories with debug information,
					 * ':' between, or NULL */
	VEC(struct sema_override) globals;	/* -G */
};

/* --dump=prog */
void program_print(const struct program *p, FILE *out);

#endif
