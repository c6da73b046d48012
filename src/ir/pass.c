/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/pass.h"

void pass_each(struct ir_program *p, pass_fn *fn)
{
	struct arena scratch;

	arena_init(&scratch);
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		if (!p->funcs.v[i]->blocks.n)
			continue;
		fn(p, p->funcs.v[i], &scratch);
		arena_reset(&scratch);
	}
	arena_deinit(&scratch);
}

ir_ref *pass_names(const struct ir_func *f, struct arena *a)
{
	ir_ref *to = arena_array(a, f->insns.n + 1, ir_ref);

	for (ir_ref r = 0; r < f->insns.n; r++)
		to[r] = r;
	return to;
}

ir_ref pass_name(const ir_ref *to, ir_ref r)
{
	while (to[r] != r)
		r = to[r];
	return r;
}

static void rename_use(ir_ref *use, void *data)
{
	if (*use != IR_NONE)
		*use = pass_name(*(const ir_ref *const *)data, *use);
}

void pass_rename(struct ir_func *f, struct ir_insn *i, const ir_ref *to)
{
	ir_each_use(f, i, rename_use, &to);
}

static bool divides_safely(const struct ir_func *f, const struct ir_insn *i)
{
	const struct ir_insn *by = ir_insn(f, i->b);

	return by->op == OP_CONST && by->imm;
}

bool pass_is_removable(const struct ir_func *f, const struct ir_insn *i)
{
	uint8_t flags = ir_op(i)->flags;

	if (i->op == OP_INTRIN)
		return intrin_info[i->imm].flags & (INF_PURE | INF_CONTEXT) &&
		       !(intrin_info[i->imm].flags & INF_RAISES);
	if (i->op == OP_DIV || i->op == OP_MOD)
		return divides_safely(f, i);
	return !(flags & (OPF_RAISES | OPF_TERM | OPF_EFFECT));
}
