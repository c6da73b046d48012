/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intermediate representation, between the tree and code.  A program is
 * a set of functions, each a list of blocks; operations are those of
 * image/op.def, so that host code is this very representation, flattened.
 *
 * Values and variables.  An instruction's value is defined once and never
 * changes (its number is its name), and may be used in any block that its
 * own dominates.  What changes - parameters, locals, results of ?: && || -
 * is a variable, read by `get` and written by `set`.  So there are no phis.
 *
 * Errors.  An instruction that raises (OPF_RAISES) goes to its block's catch
 * block, or if it has none ends the handler (function: the call raises).
 *
 * Kernel code and host code.  A handler is built for where its probe runs.
 * Kernel handlers get their calls inlined (ir/inline.c) or, when recursive,
 * turned into save/restore around jumps; what prints becomes an `emit` of a
 * host function that prints.
 */
#ifndef IR_IR_H
#define IR_IR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/str.h"
#include "base/vec.h"
#include "image/image.h"

#define IR_NONE IMAGE_NONE

typedef uint32_t ir_ref;	/* number of an instruction = its value */

struct ir_insn {
	uint8_t op;		/* enum image_op */
	uint8_t type;		/* enum image_type of its value */
	uint16_t bound;		/* IT_STRING: most bytes, without NUL */
	uint16_t nargs;
	uint32_t args;		/* first in ir_func.args */
	ir_ref a, b, c;		/* values or blocks, or IR_NONE */
	uint32_t aux;
	int64_t imm;
	struct span span;
};

struct ir_block {
	struct { ir_ref *v; uint32_t n, cap; } insns;	/* in order; the last
							 * has OPF_TERM */
	uint32_t catch;		/* block number, or IR_NONE */
	bool is_loop;		/* a back edge comes in */
};

struct ir_var {
	struct str name;
	uint8_t type;		/* IT_LONG, IT_STRING */
	uint16_t bound;		/* IT_STRING */
};

struct ir_func {
	struct str name;
	uint32_t number;	/* in ir_program.funcs */
	bool is_kernel;
	uint8_t type;		/* result */
	uint16_t bound;
	uint32_t nparams;	/* the first variables */
	bool recursive;		/* calls itself, maybe through others */
	bool is_handler;	/* of the host: what a record of a handler in
				 * the kernel goes on with */
	bool is_library;	/* its errors are shown at the call */
	struct span span;
	VEC(struct ir_insn) insns;
	VEC(struct ir_block) blocks;	/* [0] is the entry */
	VEC(struct ir_var) vars;
	VEC(uint32_t) args;	/* pool of operand lists */
};

struct ir_probe {
	struct image_probe image;	/* strings, site; prog, func and cond
					 * are filled by codegen/link */
	uint32_t func;		/* handler: number of the function */
	uint32_t cond;		/* function of the condition, or IR_NONE */
	bool locks;		/* takes the lock of the globals (lock.c) */
	struct span span;
};

/* What passes must know of a global beyond its row in the image. */
struct ir_global {
	bool in_condition;	/* of a probe point: OP_COND when it changes */
	bool of_call;		/* nobody meets another at one element */
};

struct ir_dfa {
	struct str pattern;
	struct str table;	/* image/dfa.h */
	uint32_t ngroups;
};

/* The parts that need no code (globals, formats, iterations, strings) go
 * into the image at once. */
struct ir_program {
	struct arena *arena;
	struct image *image;
	VEC(struct ir_func *) funcs;
	VEC(struct ir_probe) probes;
	VEC(struct ir_dfa) dfas;
	VEC(struct ir_global) globals;	/* one for each of image.globals */
	image_features features;	/* that passes may rely on */
};

struct ir_func *ir_func_new(struct ir_program *p, struct str name);
uint32_t ir_block_new(struct ir_program *p, struct ir_func *f,
		      uint32_t catch);

/* An instruction that is in no block as yet. */
ir_ref ir_insn_new(struct ir_program *p, struct ir_func *f,
		   struct ir_insn insn);

/* Appends to a block; returns the value's number. */
ir_ref ir_append(struct ir_program *p, struct ir_func *f, uint32_t block,
		 struct ir_insn insn);
uint32_t ir_args(struct ir_program *p, struct ir_func *f,
		 const uint32_t *args, uint32_t n);
uint32_t ir_var_new(struct ir_program *p, struct ir_func *f, struct str name,
		    uint8_t type, uint16_t bound);

static inline struct ir_insn *ir_insn(const struct ir_func *f, ir_ref r)
{
	return &f->insns.v[r];
}

static inline const struct op_info *ir_op(const struct ir_insn *i)
{
	return &op_info[i->op];
}

/* Calls fn on each operand that is a value (a, b, c, args as the operation
 * has them). */
void ir_each_use(struct ir_func *f, struct ir_insn *i,
		 void (*fn)(ir_ref *use, void *data), void *data);

/* The blocks that block b may go to, without its catch block: at most
 * max; returns how many. */
uint32_t ir_successors(const struct ir_func *f, uint32_t b, uint32_t *ret,
		       uint32_t max);

/* Calls fn on each block number in the instruction that ends block b. */
void ir_each_target(struct ir_func *f, uint32_t b,
		    void (*fn)(uint32_t *block, void *data), void *data);

/* The instruction that ends a block; NULL while it has none. */
const struct ir_insn *ir_last(const struct ir_func *f, uint32_t b);

/* Text: print.c; the same text back: parse.c. */
void ir_print(const struct ir_program *p, FILE *out);
void ir_print_func(const struct ir_program *p, const struct ir_func *f,
		   FILE *out);
struct err *ir_parse(struct str text, struct ir_program *ret) must_check;

/* Aborts with the pass's name when an invariant of this header is broken:
 * a pass that breaks it is a bug of ours. */
void ir_verify(const struct ir_program *p, const char *pass);

#endif
