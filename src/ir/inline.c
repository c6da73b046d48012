/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel handler has no calls: the body of the function is copied in place
 * of each call, with variables, values and blocks of its own.
 *
 *	before; call f(x); after   =>   before; p = x; locals = 0; body
 *	                                body:  ... return v  =>  r = v; cont
 *	                                cont:  r; after
 *
 * Errors of the body go where those of the call went.  Functions that call
 * themselves, and large ones called from many places of a handler that would
 * grow too big, are copied once: see share.c.
 *
 * Needs: nothing.  Leaves: kernel handlers without calls; the functions that
 * were only for kernel handlers are empty.
 */
#include "ir/inline.h"

#include "ir/pass.h"
#include "ir/share.h"

struct ir_insn inline_insn(enum image_op op, struct span span)
{
	return (struct ir_insn){ .op = (uint8_t)op, .a = IR_NONE, .b = IR_NONE,
				 .c = IR_NONE, .span = span };
}

ir_ref inline_append(struct inlining *in, uint32_t block, enum image_op op,
		     int64_t imm, ir_ref a, struct span span)
{
	struct ir_insn i = inline_insn(op, span);

	i.imm = imm;
	i.a = a;
	return ir_append(in->p, in->f, block, i);
}

void inline_set(struct inlining *in, uint32_t block, uint32_t var, ir_ref value,
		struct span span)
{
	inline_append(in, block, OP_SET, var, value, span);
}

void inline_jump(struct inlining *in, uint32_t from, uint32_t to,
		 struct span span)
{
	struct ir_insn i = inline_insn(OP_JMP, span);

	i.b = to;
	ir_append(in->p, in->f, from, i);
}

ir_ref inline_const(struct inlining *in, uint32_t block, int64_t n,
		    struct span span)
{
	struct ir_insn i = inline_insn(OP_CONST, span);

	i.type = IT_LONG;
	i.imm = n;
	return ir_append(in->p, in->f, block, i);
}

ir_ref inline_get(struct inlining *in, uint32_t block, uint32_t var,
		  struct span span)
{
	struct ir_insn i = inline_insn(OP_GET, span);

	i.imm = var;
	i.type = in->f->vars.v[var].type;
	i.bound = in->f->vars.v[var].bound;
	return ir_append(in->p, in->f, block, i);
}

uint32_t inline_block(struct inlining *in, uint32_t catch,
		      struct inline_where where)
{
	uint32_t b = ir_block_new(in->p, in->f, catch);

	while (in->where.n <= b)
		vec_push(in->p->arena, &in->where, where);
	return b;
}

uint32_t inline_var(struct inlining *in, struct str name, uint8_t type,
		    uint16_t bound, uint32_t owner)
{
	uint32_t v = ir_var_new(in->p, in->f, name, type, bound);

	while (in->var_owner.n <= v)
		vec_push(in->p->arena, &in->var_owner, owner);
	return v;
}

/* Locals begin as 0 or "" at each call. */
static void clear_locals(struct inlining *in, uint32_t block,
			 const struct inline_copy *copy)
{
	struct span span = copy->from->span;

	for (uint32_t v = copy->from->nparams; v < copy->from->vars.n; v++) {
		bool text = copy->from->vars.v[v].type == IT_STRING;
		struct ir_insn zero =
			inline_insn(text ? OP_STR : OP_CONST, span);

		zero.type = text ? IT_STRING : IT_LONG;
		inline_set(in, block, copy->vars + v,
			   ir_append(in->p, in->f, block, zero), span);
	}
}

static void map_use(ir_ref *use, void *data)
{
	*use += *(const uint32_t *)data;
}

static void map_block(uint32_t *block, void *data)
{
	*block += *(const uint32_t *)data;
}

static void copy_insn(struct inlining *in, struct inline_copy *copy,
		      uint32_t block, struct ir_insn i)
{
	struct ir_func *f = in->f;
	ir_ref r;

	if (i.op == OP_RET) {
		if (i.a != IR_NONE)
			inline_set(in, block, copy->result,
				   i.a + copy->insns, i.span);
		inline_jump(in, block, copy->cont, i.span);
		return;
	}
	if (i.op == OP_GET || i.op == OP_SET)
		i.imm += copy->vars;
	r = copy->insns + (ir_ref)copy->at;
	i.args += copy->args;
	f->insns.v[r] = i;
	ir_each_use(f, &f->insns.v[r], map_use, &copy->insns);
	vec_push(in->p->arena, &f->blocks.v[block].insns, r);
	if (ir_op(&i)->flags & OPF_TERM)
		ir_each_target(f, block, map_block, &copy->blocks);
}

static void copy_block(struct inlining *in, struct inline_copy *copy,
		       uint32_t b)
{
	const struct ir_block *from = &copy->from->blocks.v[b];
	struct ir_block *to = &in->f->blocks.v[copy->blocks + b];

	to->is_loop = from->is_loop;
	if (from->catch != IR_NONE)
		to->catch = copy->blocks + from->catch;
	for (uint32_t k = 0; k < from->insns.n; k++) {
		copy->at = from->insns.v[k];
		copy_insn(in, copy, copy->blocks + b,
			  *ir_insn(copy->from, copy->at));
	}
}

void inline_body(struct inlining *in, struct inline_copy *copy, uint32_t catch,
		 struct inline_where where)
{
	const struct ir_func *from = copy->from;

	copy->vars = in->f->vars.n;
	copy->insns = in->f->insns.n;
	copy->args = in->f->args.n;
	copy->blocks = in->f->blocks.n;
	for (uint32_t v = 0; v < from->vars.n; v++)
		inline_var(in, from->vars.v[v].name, from->vars.v[v].type,
			   from->vars.v[v].bound, where.owner);
	for (uint32_t i = 0; i < from->insns.n; i++)
		ir_insn_new(in->p, in->f, inline_insn(OP_CONST, from->span));
	ir_args(in->p, in->f, from->args.v, from->args.n);
	for (uint32_t b = 0; b < from->blocks.n; b++)
		inline_block(in, catch, where);
	copy->entry = inline_block(in, catch, where);
	clear_locals(in, copy->entry, copy);
	inline_jump(in, copy->entry, copy->blocks, from->span);
	for (uint32_t b = 0; b < from->blocks.n; b++)
		copy_block(in, copy, b);
}

void inline_pass(struct inlining *in, uint32_t block, uint32_t vars,
		 const struct ir_insn *call)
{
	for (uint32_t k = 0; k < call->nargs; k++)
		inline_set(in, block, vars + k, in->f->args.v[call->args + k],
			   call->span);
}

/* What follows the call moves to a new block.  The call itself becomes the
 * first there: the read of its result. */
static uint32_t split(struct inlining *in, uint32_t block, uint32_t at,
		      uint32_t result)
{
	uint32_t cont = inline_block(in, in->f->blocks.v[block].catch,
				     in->where.v[block]);
	struct ir_block *b = &in->f->blocks.v[block];
	struct ir_block *c = &in->f->blocks.v[cont];
	struct ir_insn *call = ir_insn(in->f, b->insns.v[at]);
	uint8_t type = call->type;
	uint16_t bound = call->bound;

	for (uint32_t k = at + (type == IT_VOID); k < b->insns.n; k++)
		vec_push(in->p->arena, &c->insns, b->insns.v[k]);
	b->insns.n = at;
	if (type == IT_VOID)
		return cont;
	*call = inline_insn(OP_GET, call->span);
	call->type = type;
	call->bound = bound;
	call->imm = result;
	return cont;
}

static uint32_t result_var(struct inlining *in, const struct ir_func *f,
			   uint32_t owner)
{
	if (f->type == IT_VOID)
		return IR_NONE;
	return inline_var(in, f->name, f->type, f->bound, owner);
}

static void inline_call(struct inlining *in, uint32_t block, uint32_t at)
{
	ir_ref r = in->f->blocks.v[block].insns.v[at];
	struct ir_insn call = *ir_insn(in->f, r);
	struct inline_where where = in->where.v[block];
	struct inline_copy copy = { .from = in->p->funcs.v[call.imm] };
	bool shared = share_wants(in, copy.from);

	copy.result = shared ? share_result(in, copy.from) :
			       result_var(in, copy.from, where.owner);
	copy.cont = split(in, block, at, copy.result);
	where.depth++;
	block = share_nesting(in, block, &where, &call);
	if (block == IR_NONE)
		return;
	if (shared) {
		share_call(in, block, copy.cont, &call);
		return;
	}
	inline_body(in, &copy, in->f->blocks.v[block].catch, where);
	inline_pass(in, block, copy.vars, &call);
	inline_jump(in, block, copy.entry, call.span);
}

static void inline_block_calls(struct inlining *in, uint32_t block)
{
	for (uint32_t i = 0; i < in->f->blocks.v[block].insns.n; i++)
		if (ir_insn(in->f, in->f->blocks.v[block].insns.v[i])->op ==
		    OP_CALL) {
			inline_call(in, block, i);
			return;		/* the rest is another block */
		}
}

static bool has_calls(const struct ir_func *f)
{
	for (uint32_t i = 0; i < f->insns.n; i++)
		if (f->insns.v[i].op == OP_CALL)
			return true;
	return false;
}

static void inline_handler(struct ir_program *p, struct ir_func *f,
			   struct arena *scratch)
{
	struct inlining in = { .p = p, .f = f, .scratch = scratch };
	struct inline_where here = { .owner = IR_NONE };

	if (!has_calls(f))
		return;
	for (uint32_t b = 0; b < f->blocks.n; b++)
		vec_push(p->arena, &in.where, here);
	for (uint32_t v = 0; v < f->vars.n; v++)
		vec_push(p->arena, &in.var_owner, IR_NONE);
	share_init(&in);
	/* New blocks come behind, and are looked at in their turn. */
	for (uint32_t b = 0; b < f->blocks.n; b++)
		inline_block_calls(&in, b);
	share_finish(&in);
}

void ir_inline(struct ir_program *p)
{
	bool *is_handler = arena_array(p->arena, p->funcs.n + 1, bool);
	struct arena scratch;

	arena_init(&scratch);
	for (uint32_t i = 0; i < p->probes.n; i++)
		is_handler[p->probes.v[i].func] = true;
	for (uint32_t i = 0; i < p->probes.n; i++)
		if (p->funcs.v[p->probes.v[i].func]->is_kernel) {
			inline_handler(p, p->funcs.v[p->probes.v[i].func],
				       &scratch);
			arena_reset(&scratch);
		}
	arena_deinit(&scratch);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		if (p->funcs.v[i]->is_kernel && !is_handler[i])
			p->funcs.v[i]->blocks.n = 0;
}
