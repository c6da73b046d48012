/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/fuel.h"

#include "base/bits.h"

#define WORK 1000u		/* operations of the IR, all turns together */
#define TURNS_MAX 1000u
#define TURNS_MIN 16u
/* The turns of loops in one step of a program that calls itself, which it may
 * do 33 times. */
#define STEP_TURNS_MAX 60u
#define STEP_TURNS_MIN 4u

/* About how much code an operation makes, as the verifier follows it. */
static uint32_t weight(const struct cg_fn *fn, const struct ir_insn *i)
{
	if (i->op == OP_ITER_NEXT || i->op == OP_ITER_NEW)
		return 500;
	if (i->op == OP_MATCH || i->op == OP_INTRIN)
		return i->op == OP_MATCH || intrin_info[i->imm].args[0] == 'S' ?
			2000 : 1;
	if (i->op == OP_STR_FMT)
		return 40u * (1 + i->nargs);
	if (i->op == OP_STAT_GET || i->op == OP_ITER_STAT)
		return 5 * fn->g->o->ncpus + 5;
	if (i->op == OP_HIST_TAKE)
		return i->bound / 8u * (fn->g->o->ncpus + 1);
	return 1;
}

/* The same between two tail calls; it is written down what the most was, for
 * whoever finds that it is too many. */
static uint32_t step_turns(const struct cg_fn *fn, uint32_t n)
{
	uint32_t most = fn->g->o->turns;

	n = MIN(MAX(WORK / n, STEP_TURNS_MIN), STEP_TURNS_MAX);
	n = most ? MIN(n, most) : n;
	fn->g->img->turns = MAX(fn->g->img->turns, n);
	return n;
}

/* How many turns the outermost loop with this head may make. */
static uint32_t turns(const struct cg_fn *fn, uint32_t head)
{
	uint32_t n = 1;

	for (uint32_t b = 0; b < fn->f->blocks.n; b++) {
		const struct ir_block *bl = &fn->f->blocks.v[b];

		for (uint32_t i = 0; fn->loop[b] == head && i < bl->insns.n;
		     i++)
			n += weight(fn, ir_insn(fn->f, bl->insns.v[i]));
	}
	if (fn->by_tail)
		return step_turns(fn, n);
	return MIN(MAX(WORK / n, TURNS_MIN), TURNS_MAX);
}

void fuel_begin(struct cg_fn *fn)
{
	if (fn->has_loops && !cg_has(fn, FEATURE_BIT(MAY_GOTO)))
		fn->fuel = code_const(fn->c, 0);
}

void fuel_fill(struct cg_fn *fn, uint32_t to)
{
	if (fn->fuel != NO_REG && fn->loop[to] != IR_NONE)
		code_movi(fn->c, fn->fuel, turns(fn, fn->loop[to]));
}

void fuel_enter(struct cg_fn *fn, uint32_t to)
{
	if (fn->loop[to] != fn->loop[fn->block])
		fuel_fill(fn, to);
}

void fuel_turn(struct cg_fn *fn, uint32_t to)
{
	code_alui(fn->c, BPF_SUB, fn->fuel, 1);
	code_ifi(fn->c, BPF_JSGT, fn->fuel, 0, fn->labels[to]);
}
