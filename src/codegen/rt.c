/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/rt.h"

#include <assert.h>

#define RT_ARGS_MAX 5u

uint32_t rt_routine(struct cg_fn *fn, enum rt which)
{
	static void (*const make[RT_N])(struct cg_fn *, struct cg_code *) = {
#define RT(id, name) [RT_##id] = name,
#include "codegen/rt.def"
#undef RT
	};
	struct cg_code *c;

	if (!fn->routine[which]) {
		c = cg_func_new(fn);
		fn->routine[which] = fn->funcs.n - 1;
		make[which](fn, c);
	}
	return fn->routine[which];
}

cg_reg rt_peek(struct cg_fn *fn, struct cg_code *c, cg_reg base, uint32_t off,
	       uint32_t size, cg_label none)
{
	int16_t word;
	cg_reg v;

	if (cg_has(fn, FEATURE_BIT(PEEK))) {
		code_mov(c, R1, base);
		code_movi(c, R2, 0);
		code_call_kfunc(c, image_intern(fn->g->img, fn->g->a,
						STR("bpf_rdonly_cast")), 2);
		v = code_ld(c, code_result(c), (int32_t)off, size);
	} else {
		word = code_stack(c, 8);
		code_storei(c, R10, word, 0, 8);
		code_mov(c, R1, R10);
		code_alui(c, BPF_ADD, R1, word);
		code_movi(c, R2, size);
		code_mov(c, R3, base);
		code_alui(c, BPF_ADD, R3, off);
		code_call(c, HELPER_probe_read_kernel);
		v = code_ld(c, R10, word, 8);
	}
	code_ifi(c, BPF_JEQ, v, 0, none);
	return v;
}

/* The turns are calls of a function of its own. */
static void turns_by_calls(struct cg_fn *fn, struct cg_code *c,
			   const cg_reg *arg, uint32_t nargs, cg_reg most,
			   rt_body *body)
{
	int16_t area = code_stack(c, 8 * nargs);
	struct cg_code *turn = cg_func_new(fn);
	uint32_t number = fn->funcs.n - 1;
	cg_label done = code_label(turn);
	cg_reg at = code_copy(turn, R2), in[RT_ARGS_MAX];

	for (uint32_t k = 0; k < nargs; k++) {
		code_store(c, R10, area + 8 * (int32_t)k, arg[k], 8);
		in[k] = code_ld(turn, at, 8 * (int32_t)k, 8);
	}
	body(fn, turn, in, done);
	code_movi(turn, R0, 0);
	code_exit(turn);
	code_place_label(turn, done);
	code_movi(turn, R0, 1);
	code_exit(turn);
	code_mov(c, R1, most);
	code_sub_addr(c, R2, number);
	code_mov(c, R3, R10);
	code_alui(c, BPF_ADD, R3, area);
	code_movi(c, R4, 0);
	code_call(c, HELPER_loop);
}

void rt_turns(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
	      uint32_t nargs, cg_reg most, rt_body *body)
{
	cg_label again, done;
	cg_reg left;

	assert(nargs <= RT_ARGS_MAX);
	if (!cg_has(fn, FEATURE_BIT(MAY_GOTO)) &&
	    cg_has(fn, FEATURE_BIT(BPF_LOOP))) {
		turns_by_calls(fn, c, arg, nargs, most, body);
		return;
	}
	again = code_label(c);
	done = code_label(c);
	if (cg_has(fn, FEATURE_BIT(MAY_GOTO))) {
		code_place_label(c, again);
		body(fn, c, arg, done);
		code_may_goto(c, done);
		code_jmp(c, again);
	} else {
		left = code_copy(c, most);
		code_place_label(c, again);
		body(fn, c, arg, done);
		code_alui(c, BPF_SUB, left, 1);
		code_ifi(c, BPF_JNE, left, 0, again);
	}
	code_place_label(c, done);
}
