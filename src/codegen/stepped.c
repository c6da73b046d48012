/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/stepped.h"

#define CALLS_MAX (1 << 20)
#define WORK_MAX 8000		/* operations of the IR */

/* What the function is given, on the handler's stack. */
#define ARG_CTX 0
#define ARG_SCRATCH 8
#define ARG_SIZE 16

/* CG_SCRATCH_STATE: block number + 1 where to go on; 0 = at the start. */
#define STATE_DONE INT32_MAX

/* About what the verifier has to follow: of loops in loops it follows each
 * turn of the inner for each of the outer, two or three of each. */
static uint64_t work(const struct cg_fn *fn)
{
	uint64_t sum = 0;

	for (uint32_t b = 0; b < fn->f->blocks.n; b++) {
		uint64_t n = fn->f->blocks.v[b].insns.n;

		for (uint32_t d = fn->depth[b]; d && n < WORK_MAX; d--)
			n *= 3;
		sum += n;
	}
	return sum;
}

bool stepped_wanted(const struct cg_fn *fn)
{
	if (!fn->has_loops || !(cg_has(fn, FEATURE_BIT(BPF_LOOP)) ||
				cg_has(fn, FEATURE_BIT(FOR_EACH))))
		return false;
	return !cg_has(fn, FEATURE_BIT(MAY_GOTO)) || work(fn) > WORK_MAX;
}

static void set_state(struct cg_fn *fn, int32_t state)
{
	code_storei(fn->c, fn->scratch, CG_SCRATCH_STATE, state, 8);
}

/* To where the last call has left off. */
static void dispatch(struct cg_fn *fn)
{
	cg_reg state = code_ld(fn->c, fn->scratch, CG_SCRATCH_STATE, 8);

	for (uint32_t b = 0; b < fn->f->blocks.n; b++)
		if (fn->is_head[b])
			code_ifi(fn->c, BPF_JEQ, state, b + 1, fn->labels[b]);
	code_jmp(fn->c, fn->labels[fn->order[0]]);
}

void stepped_begin(struct cg_fn *fn)
{
	struct cg_code *outer = fn->c, *c;
	bool by_loop = cg_has(fn, FEATURE_BIT(BPF_LOOP));
	cg_reg arg;

	set_state(fn, 0);
	fn->outer = (struct cg_outer){
		.c = outer, .scratch = fn->scratch,
		.area = code_stack(outer, ARG_SIZE),
	};
	code_store(outer, R10, fn->outer.area + ARG_CTX, fn->ctx, 8);
	code_store(outer, R10, fn->outer.area + ARG_SCRATCH, fn->scratch, 8);
	c = fn->c = cg_func_new(fn);
	fn->outer.function = fn->funcs.n - 1;
	c->nlabels = outer->nlabels;	/* the labels of blocks are its own */
	c->place = outer->place;
	fn->key_area = fn->value_area = fn->word_area = 0;
	arg = code_copy(c, by_loop ? R2 : R4);
	fn->ctx = code_ld(c, arg, ARG_CTX, 8);
	fn->scratch = code_ld(c, arg, ARG_SCRATCH, 8);
	dispatch(fn);
}

void stepped_jump(struct cg_fn *fn, uint32_t to)
{
	set_state(fn, (int32_t)to + 1);
	code_movi(fn->c, R0, 0);
	code_exit(fn->c);
}

void stepped_done(struct cg_fn *fn)
{
	set_state(fn, STATE_DONE);
	code_movi(fn->c, R0, 1);
	code_exit(fn->c);
}

void stepped_end(struct cg_fn *fn, cg_label enough)
{
	bool by_loop = cg_has(fn, FEATURE_BIT(BPF_LOOP));
	struct cg_code *c = fn->c = fn->outer.c;

	fn->scratch = fn->outer.scratch;
	fn->word_area = 0;
	if (by_loop)
		code_movi(c, R1, CALLS_MAX);
	else
		code_map(c, R1, cg_turns_map(fn->g));
	code_sub_addr(c, R2, fn->outer.function);
	code_mov(c, R3, R10);
	code_alui(c, BPF_ADD, R3, fn->outer.area);
	code_movi(c, R4, 0);
	code_call(c, by_loop ? HELPER_loop : HELPER_for_each_map_elem);
	code_ifi(c, BPF_JNE, code_ld(c, fn->scratch, CG_SCRATCH_STATE, 8),
		 STATE_DONE, enough);
}
