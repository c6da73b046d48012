/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/ir.h"

struct ir_func *ir_func_new(struct ir_program *p, struct str name)
{
	struct ir_func *f = arena_new(p->arena, struct ir_func);

	f->name = name;
	f->number = p->funcs.n;
	vec_push(p->arena, &p->funcs, f);
	return f;
}

uint32_t ir_block_new(struct ir_program *p, struct ir_func *f, uint32_t catch)
{
	vec_push(p->arena, &f->blocks, (struct ir_block){ .catch = catch });
	return f->blocks.n - 1;
}

ir_ref ir_insn_new(struct ir_program *p, struct ir_func *f,
		   struct ir_insn insn)
{
	vec_push(p->arena, &f->insns, insn);
	return f->insns.n - 1;
}

ir_ref ir_append(struct ir_program *p, struct ir_func *f, uint32_t block,
		 struct ir_insn insn)
{
	ir_ref r = ir_insn_new(p, f, insn);

	vec_push(p->arena, &f->blocks.v[block].insns, r);
	return r;
}

uint32_t ir_args(struct ir_program *p, struct ir_func *f,
		 const uint32_t *args, uint32_t n)
{
	uint32_t first = f->args.n;

	for (uint32_t i = 0; i < n; i++)
		vec_push(p->arena, &f->args, args[i]);
	return first;
}

uint32_t ir_var_new(struct ir_program *p, struct ir_func *f, struct str name,
		    uint8_t type, uint16_t bound)
{
	vec_push(p->arena, &f->vars,
		 (struct ir_var){ .name = name, .type = type,
				  .bound = bound });
	return f->vars.n - 1;
}

static void use(ir_ref *r, void (*fn)(ir_ref *use, void *data), void *data)
{
	if (*r != IR_NONE)
		fn(r, data);
}

void ir_each_use(struct ir_func *f, struct ir_insn *i,
		 void (*fn)(ir_ref *use, void *data), void *data)
{
	use(&i->a, fn, data);
	if (i->op == OP_SWITCH)
		return;		/* its args are blocks, as b and c below */
	if (i->op != OP_JMP && i->op != OP_BR) {
		use(&i->b, fn, data);
		use(&i->c, fn, data);
	}
	for (uint32_t k = 0; k < i->nargs; k++)
		use(&f->args.v[i->args + k], fn, data);
}

const struct ir_insn *ir_last(const struct ir_func *f, uint32_t b)
{
	const struct ir_block *block = &f->blocks.v[b];

	return block->insns.n ? ir_insn(f, vec_last(&block->insns)) : NULL;
}

void ir_each_target(struct ir_func *f, uint32_t b,
		    void (*fn)(uint32_t *block, void *data), void *data)
{
	struct ir_block *block = &f->blocks.v[b];
	struct ir_insn *i;

	if (!block->insns.n)
		return;
	i = ir_insn(f, vec_last(&block->insns));
	if (i->op == OP_JMP || i->op == OP_BR)
		fn(&i->b, data);
	if (i->op == OP_BR)
		fn(&i->c, data);
	for (uint32_t k = 0; i->op == OP_SWITCH && k < i->nargs; k++)
		fn(&f->args.v[i->args + k], data);
}

uint32_t ir_successors(const struct ir_func *f, uint32_t b, uint32_t *ret,
		       uint32_t max)
{
	const struct ir_insn *i = ir_last(f, b);
	uint32_t n = 0;

	if (!i)
		return 0;
	if ((i->op == OP_JMP || i->op == OP_BR) && n < max)
		ret[n++] = i->b;
	if (i->op == OP_BR && n < max)
		ret[n++] = i->c;
	for (uint32_t k = 0; i->op == OP_SWITCH && k < i->nargs; k++)
		if (n < max)
			ret[n++] = f->args.v[i->args + k];
	return n;
}
