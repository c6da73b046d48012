/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/stepped.h"

#include "codegen/emit.h"
#include "codegen/fuel.h"

#define CALLS_MAX (1 << 20)
#define WORK_MAX 8000		/* operations of the IR */
#define WORK_MAX_OLD 1500	/* of verifiers before the string kfuncs */

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

static bool has_calls(const struct cg_fn *fn)
{
	return cg_has(fn, FEATURE_BIT(BPF_LOOP)) ||
	       cg_has(fn, FEATURE_BIT(FOR_EACH));
}

/* Steps that end where ways come together: what the verifier follows is each
 * of them for itself, and not what one leaves for the next. */
static void cut(struct cg_fn *fn)
{
	fn->is_stepped = fn->is_cut = fn->needs_scratch = true;
	for (uint32_t k = 1; k < fn->norder; k++)
		if (fn->only_pred[fn->order[k]] == IR_NONE)
			fn->is_head[fn->order[k]] = true;
	fn->g->img->short_steps = true;
}

void stepped_choose(struct cg_fn *fn)
{
	if (fn->g->o->short_steps && has_calls(fn)) {
		cut(fn);
		return;
	}
	if (!fn->has_loops)
		return;
	if (cg_has(fn, FEATURE_BIT(MAY_GOTO))) {
		bool is_new = cg_has(fn, FEATURE_BIT(KF_STRING));

		fn->is_stepped = has_calls(fn) &&
			work(fn) > (is_new ? WORK_MAX : WORK_MAX_OLD);
		/* Of loops by may_goto in functions that are called many
		 * times, the older ones find no end. */
		if (fn->is_stepped && !is_new)
			fn->features &= ~FEATURE_BIT(MAY_GOTO);
		return;
	}
	fn->is_stepped = has_calls(fn);
	if (!fn->is_stepped && cg_has(fn, FEATURE_BIT(TAIL_CALL)))
		fn->is_stepped = fn->by_tail = true;
}

static void set_state(struct cg_fn *fn, int32_t state)
{
	code_storei(fn->c, fn->scratch, CG_SCRATCH_STATE, state, 8);
}

/* To where the last call has left off. */
static void dispatch(struct cg_fn *fn)
{
	cg_reg state = code_ld(fn->c, fn->scratch, CG_SCRATCH_STATE, 8);

	for (uint32_t b = 0; b < fn->f->blocks.n; b++) {
		cg_label other = code_label(fn->c);

		if (!fn->is_head[b])
			continue;
		code_ifi(fn->c, BPF_JNE, state, b + 1, other);
		fuel_fill(fn, b);
		code_jmp(fn->c, fn->labels[b]);
		code_place_label(fn->c, other);
	}
	code_jmp(fn->c, fn->labels[fn->order[0]]);
}

/* The handler is put aside, another function is begun. */
static void put_aside(struct cg_fn *fn)
{
	struct cg_code *outer = fn->c;

	fn->outer = (struct cg_outer){ .c = outer, .scratch = fn->scratch };
	fn->c = cg_func_new(fn);
	fn->outer.function = fn->funcs.n - 1;
	fn->c->nlabels = outer->nlabels; /* the labels of blocks are its own */
	fn->c->place = outer->place;
	fn->key_area = fn->value_area = fn->word_area = fn->text_area = 0;
}

/* The slot that the handler has claimed in this frame. */
static void find_scratch(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label mine = code_label(c);
	cg_reg first;

	fn->scratch = fn->outer.inner = code_reg(c);
	first = cg_slots_first(fn);
	for (int32_t k = 0; k < CG_SCRATCH_SLOTS; k++) {
		cg_label other = code_label(c);

		cg_slot_find(fn, k, first, fn->out);
		code_ifi(c, BPF_JEQ, code_ld(c, fn->scratch, CG_SCRATCH_TAKEN,
					     8), 0, other);
		code_if(c, BPF_JEQ, code_ld(c, fn->scratch, CG_SCRATCH_FRAME,
					    8), R10, mine);
		code_place_label(c, other);
	}
	code_jmp(c, fn->out);
	code_place_label(c, mine);
}

static void begin_tail(struct cg_fn *fn)
{
	fn->progs_map = cg_progs_map(fn->g, "steps");
	code_store(fn->c, fn->scratch, CG_SCRATCH_FRAME, R10, 8);
	cg_tail_call(fn);
	/* never: the program is there, and this is its first call */
	code_storei(fn->c, fn->scratch, CG_SCRATCH_TAKEN, 0, 8);
	code_place_label(fn->c, fn->out);
	cg_exit_code(fn);
	put_aside(fn);
	fn->ctx = code_copy(fn->c, R1);
	find_scratch(fn);
	fuel_begin(fn);
	dispatch(fn);
}

static void begin_calls(struct cg_fn *fn)
{
	struct cg_code *outer = fn->c;
	int16_t area = code_stack(outer, ARG_SIZE);
	cg_reg arg;

	code_store(outer, R10, area + ARG_CTX, fn->ctx, 8);
	code_store(outer, R10, area + ARG_SCRATCH, fn->scratch, 8);
	put_aside(fn);
	fn->outer.area = area;
	arg = code_copy(fn->c, cg_has(fn, FEATURE_BIT(BPF_LOOP)) ? R2 : R4);
	fn->ctx = code_ld(fn->c, arg, ARG_CTX, 8);
	fn->scratch = fn->outer.inner = code_ld(fn->c, arg, ARG_SCRATCH, 8);
	dispatch(fn);
}

void stepped_begin(struct cg_fn *fn)
{
	set_state(fn, 0);
	if (fn->by_tail)
		begin_tail(fn);
	else
		begin_calls(fn);
}

void stepped_jump(struct cg_fn *fn, uint32_t to, cg_label enough)
{
	if (fn->by_tail) {
		fuel_turn(fn, to);
		set_state(fn, (int32_t)to + 1);
		cg_tail_call(fn);
		code_jmp(fn->c, enough);
		return;
	}
	set_state(fn, (int32_t)to + 1);
	code_movi(fn->c, R0, 0);
	code_exit(fn->c);
}

bool stepped_begins(const struct cg_fn *fn, uint32_t to)
{
	return fn->is_cut && fn->is_head[to];
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
	fn->word_area = fn->text_area = 0;
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

uint32_t stepped_emit(struct cg_fn *fn, const struct image_prog *like)
{
	struct cg_code **funcs = fn->funcs.v;
	struct cg_code *outer = funcs[0];
	bool has_far = cg_has(fn, FEATURE_BIT(SDIV));

	if (!fn->by_tail)
		return emit_prog(fn->g->img, funcs, fn->funcs.n, has_far, like);
	funcs[0] = funcs[fn->outer.function];
	fn->g->img->maps.v[fn->progs_map].init =
		emit_prog(fn->g->img, funcs, fn->funcs.n, has_far, like);
	funcs[0] = outer;
	return emit_prog(fn->g->img, &outer, 1, has_far, like);
}
