/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files build_*.c share: the building of one function.  Code goes
 * to the end of the block at hand; after a jump there is none, until one is
 * begun.
 */
#ifndef IR_BUILDER_H
#define IR_BUILDER_H

#include "ir/build.h"
#include "ir/ir.h"

/* The whole program's building. */
struct build {
	const struct program *p;
	struct ir_program *ir;
	struct arena *a;
	/* Of each function of the program: its number in ir->funcs, for host
	 * and kernel code, or IR_NONE as long as nobody called it. */
	uint32_t *func[2];
	VEC(struct func *) wanted[2];	/* called, and not built yet */
	uint32_t nprints;		/* names of host functions that print */
};

/* What break, continue, next and return have to undo or to go to. */
struct build_loop {
	uint32_t on_break, on_continue;	/* blocks */
	ir_ref iterator;		/* to end, or IR_NONE */
	struct build_loop *outer;
};

struct builder {
	struct build *b;
	struct ir_func *f;
	bool kernel;
	uint32_t block;			/* or IR_NONE: cannot be reached */
	uint32_t catch;			/* of new blocks */
	ir_ref tick;			/* of the block at hand, or IR_NONE */
	struct build_loop *loop;
	const struct func *func;	/* or NULL: a handler */
	uint32_t *vars;			/* struct var's number to ours */
	ir_ref *iterators;		/* of a foreach's statistic variable, */
	const struct var **iterated;	/* and the array that it goes over */
	uint32_t *originals;		/* parameters as they were passed: only
					 * functions with further overloads */
	/* A host function for output (build_print.c): what it is passed. */
	struct builder *kernel_side;
	struct { ir_ref *v; uint32_t n, cap; } passed;
	VEC(uint32_t) params;		/* variables that hold them */
};

/* ---- builder.c ---- */

/* Appends to the block at hand. */
ir_ref build_insn(struct builder *s, struct ir_insn insn);
ir_ref build_op(struct builder *s, enum image_op op, ir_ref a, ir_ref b,
		struct span span);
ir_ref build_const(struct builder *s, int64_t n, struct span span);
ir_ref build_str(struct builder *s, struct str text, struct span span);

/* A block that is not begun yet; begins one: code goes there. */
uint32_t build_block(struct builder *s);
void build_begin(struct builder *s, uint32_t block);
void build_jump(struct builder *s, uint32_t block, struct span span);
void build_branch(struct builder *s, ir_ref cond, uint32_t yes, uint32_t no,
		  struct span span);
/* Ends the block at hand with this instruction. */
void build_end(struct builder *s, struct ir_insn insn);

uint32_t build_var(struct builder *s, struct str name, uint8_t type,
		   uint16_t bound);
ir_ref build_get(struct builder *s, uint32_t var, struct span span);
void build_set(struct builder *s, uint32_t var, ir_ref value,
	       struct span span);

uint8_t build_type(enum ty t);
uint16_t build_bound(const struct builder *s, uint64_t bound);
istr build_intern(struct builder *s, struct str text);

/* The function's number in ir->funcs for this engine. */
uint32_t build_callee(struct build *b, struct func *f, bool kernel);

/* ---- build_expr.c ---- */

/* The value of e; IR_NONE for a call that returns nothing. */
ir_ref build_expr(struct builder *s, struct ast_expr *e);
/* What a condition is that asks where it runs: 0 or 1, else -1. */
int build_where(const struct builder *s, const struct ast_expr *e);
/* Evaluates e for what it does. */
void build_effect(struct builder *s, struct ast_expr *e);
ir_ref build_intrinsic(struct builder *s, struct ast_expr *e);
ir_ref build_binary(struct builder *s, enum ast_binop op, ir_ref a, ir_ref b,
		    struct span span);
/* Keys of an element or a slice, ready as arguments; IR_NONE = wildcard. */
struct build_keys {
	ir_ref v[IMAGE_KEYS];
	uint32_t n;
};
struct build_keys build_keys(struct builder *s, const struct ast_exprs *keys);
struct ir_insn build_keyed(struct builder *s, enum image_op op,
			   const struct var *v, const struct build_keys *k,
			   struct span span);

/* ---- build_dfa.c ---- */
struct ir_dfa build_dfa(struct build *b, struct str pattern);

/* ---- build_assign.c ---- */
ir_ref build_assign(struct builder *s, struct ast_expr *e, bool used);
/* name = value; */
void build_assign_value(struct builder *s, struct ast_expr *to, ir_ref value);
ir_ref build_incdec(struct builder *s, struct ast_expr *e, bool used);

/* ---- build_target.c ---- */
ir_ref build_target(struct builder *s, const struct target *t,
		    struct span span);
/* -g: $x = value */
void build_target_store(struct builder *s, const struct target *t,
			ir_ref value, struct span span);

/* ---- build_loc.c ---- */
/* What the operations of a location give: TGT_LOC. */
ir_ref build_location(struct builder *s, const struct dbg_loc_op *ops,
		      uint32_t n, struct span span);

/* ---- build_stat.c ---- */
ir_ref build_stat(struct builder *s, struct ast_expr *e);
ir_ref build_bucket(struct builder *s, struct ast_expr *hist, ir_ref bucket,
		    struct span span);
/* A statistic that an expression names. */
struct build_stat {
	const struct var *var;
	ir_ref iterator;		/* foreach value, or IR_NONE */
	struct build_keys keys;
};
struct build_stat build_stat_of(struct builder *s, struct ast_expr *of);
enum stat_op build_stat_op(enum ast_statop op);

/* ---- build_print.c ---- */
void build_print(struct builder *s, struct ast_expr *e);
/* The prints in a block from statement `first` on that can be one record;
 * returns how many there are. */
uint32_t build_print_run(const struct ast_stmts *block, uint32_t first,
			 struct ast_expr **ret, uint32_t max);
void build_prints(struct builder *s, struct ast_expr *const *e, uint32_t n);
ir_ref build_sprint(struct builder *s, struct ast_expr *e);
ir_ref build_hist_str(struct builder *s, struct ast_expr *e);
/* An intrinsic of the host, called in kernel code: when the record comes. */
void build_deferred(struct builder *s, struct ast_expr *e);
/* In a host function for output: if e has to be evaluated by the handler,
 * does that, and gives the parameter that brings it. */
bool build_late(struct builder *s, struct ast_expr *e, ir_ref *ret);
/* An address, and what is there (as: enum load_as), in the handler: for %m and
 * %M. */
ir_ref build_address(struct builder *s, struct ast_expr *e);
ir_ref build_late_load(struct builder *s, ir_ref addr, uint32_t off,
		       uint32_t as, struct span span);

/* ---- build_stmt.c ---- */
void build_stmt(struct builder *s, struct ast_stmt *st);

/* ---- build_foreach.c ---- */
void build_foreach(struct builder *s, struct ast_stmt *st);

/* Ends the iterators of all loops around, up to and without `until`. */
void build_end_iterators(struct builder *s, const struct build_loop *until,
			 struct span span);

#endif
