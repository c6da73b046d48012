/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreach in kernel code, and what else walks over an array.
 *
 * iter.new copies the elements into a space of the iter map, which belongs to
 * the handler as its scratch slot does (same number).  They become a heap as
 * they are copied, so iter.next is one step down the heap, and a loop that
 * wants the first ten of many costs little:
 *
 *	 0  u64 number of elements left
 *	 8  u64 the current element
 *	16  u64 turns left (limit)
 *	24  u64 where a step up or down the heap is
 *	32  u64 the next node, when the heap was emptied at once
 *	40  u64[2] for comparing texts
 *	56  heap: { u64 rank, u64 tie, u64 number of the element } each
 *	..  elements: key, value
 *
 * Ranks are unsigned, the least comes first: a long with its sign turned, the
 * first eight bytes of a text (whole texts decide where these are equal), the
 * complement of either where the order is descending.
 *
 * To sort an array is to reorder it: the next foreach sees the elements in
 * this order.  Where a script can tell (the array is `ordered`), the heap is
 * emptied at once, from the back, and its elements get sequence numbers below
 * all that there are: these are signed, and session.front counts how many
 * below zero are in use.
 */
#include <stddef.h>

#include "base/bits.h"
#include "codegen/array.h"
#include "codegen/loop.h"
#include "codegen/rt.h"
#include "ir/cfg.h"

#define LEFT 0
#define CURRENT 8
#define LIMIT 16
#define STEP 24
#define AT 32
#define COMPARED 40		/* 16 bytes, for RT_STRCMP */
#define HEAP 56
#define NODE 24
#define RANK 0
#define TIE 8
#define NUMBER 16

#define LOOP_MAX (8u << 20)	/* of bpf_loop */

/* One walk: what the callback and the steps need to know. */
struct walk {
	const struct image_global *g;
	const struct image_iter *it;	/* NULL: has, delete */
	uint32_t nmax, entries, entry_size;
	uint32_t slice;			/* scratch, when there is one */
	uint16_t fixed;			/* keys that the slice gives */
	bool by_text, has_value;
	bool reorders;			/* see above */
	cg_cell number;			/* of the space, in steps */
};

/* What the callback is given, on the caller's stack. */
#define ARG_SPACE 0
#define ARG_SCRATCH 8
#define ARG_FOUND 16		/* drain: turns left */
#define ARG_SIZE 24

/* ---- the heap ---- */

/* space + off + i * size, i < nmax.  The bounds are said here, in a register
 * of few instructions: older verifiers forget those of what is spilled. */
static cg_reg nth(struct cg_code *c, const struct walk *w, cg_reg space,
		  uint32_t off, cg_reg i, uint32_t size)
{
	cg_reg n = code_copy(c, i), at;

	code_cap(c, n, w->nmax - 1);
	code_alui(c, BPF_MUL, n, (int32_t)size);
	code_alui(c, BPF_ADD, n, (int32_t)off);
	at = code_copy(c, space);
	code_alu(c, BPF_ADD, at, n);
	return at;
}

static cg_reg node(struct cg_code *c, const struct walk *w, cg_reg space,
		   cg_reg i)
{
	return nth(c, w, space, HEAP, i, NODE);
}

static cg_reg entry(struct cg_code *c, const struct walk *w, cg_reg space,
		    cg_reg i)
{
	return nth(c, w, space, w->entries, i, w->entry_size);
}

/* Where in an entry the text is that it is sorted by. */
static uint32_t text_off(const struct walk *w, uint32_t *bound)
{
	bool key = w->it->sort == SORT_KEY;

	*bound = key ? w->g->key_bound[w->it->key] : w->g->bound;
	return key ? w->g->key_off[w->it->key] : w->g->key_size;
}

/* a < b by their whole texts: to yes, no, or on. */
static void if_less_text(struct cg_fn *fn, const struct walk *w, cg_reg space,
			 cg_reg a, cg_reg b, cg_label yes, cg_label no)
{
	struct cg_code *c = fn->c;
	uint32_t bound, off = text_off(w, &bound);
	cg_reg x = entry(c, w, space, code_ld(c, a, NUMBER, 8));
	cg_reg y = entry(c, w, space, code_ld(c, b, NUMBER, 8)), r;

	code_mov(c, R1, x);
	code_alui(c, BPF_ADD, R1, off);
	code_mov(c, R2, y);
	code_alui(c, BPF_ADD, R2, off);
	if (cg_has(fn, FEATURE_BIT(KF_STRING))) {
		code_call_kfunc(c, image_intern(fn->g->img, fn->g->a,
						STR("bpf_strcmp")), 2);
	} else {
		code_mov(c, R3, space);
		code_alui(c, BPF_ADD, R3, COMPARED);
		code_movi(c, R4, bound / 8 + 1);
		code_call_sub(c, rt_routine(fn, RT_STRCMP), 4);
	}
	r = code_result(c);
	code_alui(c, BPF_LSH, r, 32);
	code_alui(c, BPF_ARSH, r, 32);
	code_ifi(c, w->it->dir < 0 ? BPF_JSGT : BPF_JSLT, r, 0, yes);
	code_ifi(c, BPF_JNE, r, 0, no);
}

static void if_less(struct cg_fn *fn, const struct walk *w, cg_reg space,
		    cg_reg a, cg_reg b, cg_label yes)
{
	struct cg_code *c = fn->c;
	cg_label no = code_label(c);
	cg_reg x = code_ld(c, a, RANK, 8), y = code_ld(c, b, RANK, 8);

	code_if(c, BPF_JLT, x, y, yes);
	code_if(c, BPF_JNE, x, y, no);
	if (w->by_text)
		if_less_text(fn, w, space, a, b, yes, no);
	x = code_ld(c, a, TIE, 8);
	y = code_ld(c, b, TIE, 8);
	code_if(c, BPF_JLT, x, y, yes);
	code_place_label(c, no);
}

static void swap(struct cg_code *c, cg_reg a, cg_reg b)
{
	for (int32_t k = 0; k < NODE; k += 8) {
		cg_reg x = code_ld(c, a, k, 8), y = code_ld(c, b, k, 8);

		code_store(c, a, k, y, 8);
		code_store(c, b, k, x, 8);
	}
}

/* As many turns as the heap has levels, which is all that they count: where
 * they are is in the space. */
struct climb {
	cg_label again, done;
	cg_reg turn;
};

static void climb_begin(struct cg_fn *fn, struct climb *k)
{
	k->again = code_label(fn->c);
	k->done = code_label(fn->c);
	if (!cg_has(fn, FEATURE_BIT(MAY_GOTO)))
		k->turn = code_const(fn->c, 0);
	code_place_label(fn->c, k->again);
}

static void climb_end(struct cg_fn *fn, struct climb *k, const struct walk *w)
{
	struct cg_code *c = fn->c;
	int32_t levels = 2;

	for (uint32_t n = w->nmax; n; n >>= 1)
		levels++;
	if (cg_has(fn, FEATURE_BIT(MAY_GOTO))) {
		code_may_goto(c, k->done);
	} else {
		code_alui(c, BPF_ADD, k->turn, 1);
		code_ifi(c, BPF_JGE, k->turn, levels, k->done);
	}
	code_jmp(c, k->again);
	code_place_label(c, k->done);
}

/* Node `at` goes up to where it belongs. */
static void sift_up(struct cg_fn *fn, const struct walk *w, cg_reg space,
		    cg_reg at)
{
	struct cg_code *c = fn->c;
	cg_label yes;
	struct climb k;
	cg_reg i, up, a, b;

	code_store(c, space, STEP, at, 8);
	climb_begin(fn, &k);
	yes = code_label(c);
	i = code_ld(c, space, STEP, 8);
	code_ifi(c, BPF_JEQ, i, 0, k.done);
	up = code_addi(c, i, -1);
	code_alui(c, BPF_RSH, up, 1);
	a = node(c, w, space, i);
	b = node(c, w, space, up);
	if_less(fn, w, space, a, b, yes);
	code_jmp(c, k.done);
	code_place_label(c, yes);
	swap(c, a, b);
	code_store(c, space, STEP, up, 8);
	climb_end(fn, &k, w);
}

/* The root goes down to where it belongs among the first n. */
static void sift_down(struct cg_fn *fn, const struct walk *w, cg_reg space)
{
	struct cg_code *c = fn->c;
	cg_label left, yes;
	struct climb k;
	cg_reg i, n, down, other, a, b;

	code_storei(c, space, STEP, 0, 8);
	climb_begin(fn, &k);
	left = code_label(c);
	yes = code_label(c);
	i = code_ld(c, space, STEP, 8);
	n = code_ld(c, space, LEFT, 8);
	down = code_copy(c, i);
	code_alui(c, BPF_LSH, down, 1);
	code_alui(c, BPF_ADD, down, 1);
	code_if(c, BPF_JGE, down, n, k.done);
	b = node(c, w, space, down);
	other = code_addi(c, down, 1);
	code_if(c, BPF_JGE, other, n, left);
	a = node(c, w, space, other);
	{
		cg_label right = code_label(c);

		if_less(fn, w, space, a, b, right);
		code_jmp(c, left);
		code_place_label(c, right);
		code_mov(c, b, a);
		code_mov(c, down, other);
	}
	code_place_label(c, left);
	code_store(c, space, STEP, down, 8);
	a = node(c, w, space, i);
	if_less(fn, w, space, b, a, yes);
	code_jmp(c, k.done);
	code_place_label(c, yes);
	swap(c, a, b);
	climb_end(fn, &k, w);
}

/* ---- the callback ---- */

/* Not of the slice: the next element. */
static void match_slice(struct cg_fn *fn, const struct walk *w, cg_reg key)
{
	struct cg_code *c = fn->c;
	cg_label same = code_label(c), other = code_label(c);

	if (!w->fixed)
		return;
	for (uint32_t k = 0; k < w->g->nkeys; k++) {
		uint32_t size = w->g->key_type[k] == IT_STRING ?
			align_up(w->g->key_bound[k] + 1u, 8) : 8;

		if (!(w->fixed >> k & 1))
			continue;
		for (uint32_t b = 0; b < size; b += 8) {
			int32_t at = (int32_t)(w->g->key_off[k] + b);

			code_if(c, BPF_JNE, code_ld(c, key, at, 8),
				code_ld(c, fn->scratch,
					(int32_t)w->slice + at, 8), other);
		}
	}
	code_jmp(c, same);
	code_place_label(c, other);
	inner_return(fn, 0);
	code_place_label(c, same);
}

/* When the element came in, as an unsigned number. */
static cg_reg seq_of(struct cg_fn *fn, const struct walk *w, cg_reg e,
		     cg_reg number, cg_reg value)
{
	struct cg_code *c = fn->c;
	struct cg_str key = { .base = CG_IN_REG, .reg = e };
	cg_reg v;

	if (!w->g->ordered)
		return code_copy(c, number);
	v = w->g->type == IT_STATS ? stat_seq(fn, w->g, key) :
				     code_ld(c, value, 0, 8);
	code_alu(c, BPF_XOR, v, code_const(c, INT64_MIN));
	return v;
}

static cg_reg rank_of(struct cg_fn *fn, const struct walk *w, cg_reg e,
		      cg_reg number, cg_reg value)
{
	struct cg_code *c = fn->c;
	enum stat_op op = (enum stat_op)w->it->stat;
	struct cg_str key = { .base = CG_IN_REG, .reg = e };
	uint32_t bound;
	cg_reg v;

	if (w->it->sort == SORT_NONE || !w->it->dir)
		return seq_of(fn, w, e, number, value);
	if (w->by_text) {
		v = code_ld(c, e, (int32_t)text_off(w, &bound), 8);
		code_big_endian(c, v);
	} else {
		if (w->it->sort == SORT_KEY) {
			v = code_ld(c, e, (int32_t)w->g->key_off[w->it->key],
				    8);
		} else if (w->g->type == IT_STATS) {
			/* there is no sorting by variance */
			if (w->it->sort != SORT_STAT ||
			    op == STAT_OP_VARIANCE || op == STAT_OP_BUCKET)
				op = STAT_OP_COUNT;
			v = stat_read(fn, w->g, key, op, IR_NONE, true);
		} else {
			v = code_ld(c, e, (int32_t)w->g->key_size, 8);
		}
		code_alu(c, BPF_XOR, v, code_const(c, INT64_MIN));
	}
	if (w->it->dir < 0)
		code_alui(c, BPF_XOR, v, -1);
	return v;
}

static void copy_bytes(struct cg_fn *fn, cg_reg to, uint32_t size, cg_reg from,
		       int32_t off)
{
	code_mov(fn->c, R1, to);
	code_movi(fn->c, R2, size);
	code_mov(fn->c, R3, from);
	if (off)
		code_alui(fn->c, BPF_ADD, R3, off);
	code_call(fn->c, HELPER_probe_read_kernel);
}

/* The element becomes the last of the copy, then finds its place. */
static void take(struct cg_fn *fn, const struct walk *w, cg_reg space,
		 cg_reg key, cg_reg value)
{
	struct cg_code *c = fn->c;
	cg_label room = code_label(c);
	cg_reg n = code_ld(c, space, LEFT, 8), e, at;

	code_ifi(c, BPF_JLT, n, w->nmax, room);
	inner_return(fn, 1);
	code_place_label(c, room);
	e = entry(c, w, space, n);
	copy_bytes(fn, e, w->g->key_size, key, 0);
	if (w->has_value)
		copy_bytes(fn, code_addi(c, e, w->g->key_size),
			   w->entry_size - w->g->key_size, value,
			   (int32_t)w->g->off);
	at = node(c, w, space, n);
	code_store(c, at, RANK, rank_of(fn, w, e, n, value), 8);
	code_store(c, at, TIE, seq_of(fn, w, e, n, value), 8);
	code_store(c, at, NUMBER, n, 8);
	code_store(c, space, LEFT, code_addi(c, n, 1), 8);
	sift_up(fn, w, space, n);
}

enum walk_for { WALK_TAKE, WALK_HAS, WALK_DELETE };

static uint32_t callback(struct cg_fn *fn, const struct walk *w,
			 enum walk_for what)
{
	uint32_t number;
	struct cg_inner in = inner_enter(fn, &number);
	struct cg_code *c = fn->c;
	cg_reg key = code_copy(c, R2), value = code_copy(c, R3);
	cg_reg arg = code_copy(c, R4), space;

	fn->scratch = code_ld(c, arg, ARG_SCRATCH, 8);
	match_slice(fn, w, key);
	switch (what) {
	case WALK_TAKE:
		space = code_ld(c, arg, ARG_SPACE, 8);
		take(fn, w, space, key, value);
		inner_return(fn, 0);
		break;
	case WALK_HAS:
		code_storei(c, arg, ARG_FOUND, 1, 8);
		inner_return(fn, 1);
		break;
	case WALK_DELETE:
		code_map(c, R1, w->g->map);
		code_mov(c, R2, key);
		code_call(c, HELPER_map_delete_elem);
		inner_return(fn, 0);
		break;
	}
	inner_leave(fn, in);
	return number;
}

/* ---- in the handler ---- */

static void walk_new(struct walk *w, const struct image_global *g,
		     const struct image_iter *it)
{
	uint32_t value = g->type == IT_STRING ? align_up(g->bound + 1u, 8) :
			 g->type == IT_LONG ? 8 : 0;
	uint32_t n = g->key_type[it && it->sort == SORT_KEY ? it->key : 0];

	*w = (struct walk){ .g = g, .it = it, .nmax = MAX(g->max_entries, 1u) };
	w->has_value = value != 0;
	w->entry_size = g->key_size + value;
	w->entries = HEAP + w->nmax * NODE;
	w->reorders = it && it->dir && it->sort != SORT_NONE && g->ordered &&
		      !g->wrap && g->type != IT_STATS;
	w->by_text = it && it->dir &&
		     ((it->sort == SORT_KEY && n == IT_STRING) ||
		      (it->sort == SORT_VALUE && g->type == IT_STRING));
}

static void slice_key(struct cg_fn *fn, struct walk *w, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);

	for (uint32_t k = 0; k < i->nargs; k++)
		if (fn->f->args.v[i->args + k] != IR_NONE)
			w->fixed |= (uint16_t)(1u << k);
	if (!w->fixed)
		return;
	w->slice = cg_slot(fn, w->g->key_size);
	array_key_at(fn, w->g, r, cg_scratch_str((int32_t)w->slice, 0));
}

/* Walks over the array; space may be NO_REG.  The stack offset of what the
 * callback was given. */
static int16_t walk_over(struct cg_fn *fn, struct walk *w, cg_reg space,
			 enum walk_for what)
{
	struct cg_code *c = fn->c;
	uint32_t sub = callback(fn, w, what);

	if (!fn->walk_area)
		fn->walk_area = code_stack(c, ARG_SIZE);
	if (space == NO_REG)
		code_storei(c, R10, fn->walk_area + ARG_SPACE, 0, 8);
	else
		code_store(c, R10, fn->walk_area + ARG_SPACE, space, 8);
	code_store(c, R10, fn->walk_area + ARG_SCRATCH, fn->scratch, 8);
	code_storei(c, R10, fn->walk_area + ARG_FOUND, 0, 8);
	code_map(c, R1, w->g->map);
	code_sub_addr(c, R2, sub);
	code_mov(c, R3, R10);
	code_alui(c, BPF_ADD, R3, fn->walk_area);
	code_movi(c, R4, 0);
	(void)cg_has(fn, FEATURE_BIT(FOR_EACH)); /* as sema has seen */
	code_call(c, HELPER_for_each_map_elem);
	if (w->fixed)
		cg_slot_free(fn, w->slice);
	return fn->walk_area;
}

void cg_slice_has(struct cg_fn *fn, ir_ref r)
{
	struct walk w;
	int16_t area;

	walk_new(&w, array_global(fn, r), NULL);
	slice_key(fn, &w, r);
	area = walk_over(fn, &w, NO_REG, WALK_HAS);
	cg_set_long(fn, r, code_ld(fn->c, R10, area + ARG_FOUND, 8));
}

void cg_slice_delete(struct cg_fn *fn, ir_ref r)
{
	struct walk w;

	walk_new(&w, array_global(fn, r), NULL);
	slice_key(fn, &w, r);
	walk_over(fn, &w, NO_REG, WALK_DELETE);
}

/* The space of this handler for its next foreach. */
static cg_reg space_new(struct cg_fn *fn, struct walk *w, cg_cell early)
{
	struct cg_code *c = fn->c;
	uint32_t per = CG_SCRATCH_SLOTS * MAX(fn->g->o->ncpus, 1u);
	uint32_t size = w->entries + w->nmax * w->entry_size;
	cg_label ok = code_label(c);
	cg_reg own = code_ld(c, fn->scratch, CG_SCRATCH_OWN, 8), space;

	code_alui(c, BPF_ADD, own, (int32_t)(fn->iters_made++ * per));
	fn->g->niters = MAX(fn->g->niters, fn->iters_made);
	fn->g->iter_size = MAX(fn->g->iter_size, size);
	if (fn->is_stepped) {
		w->number = early ? early : cg_slot(fn, 8);
		cell_set(fn, w->number, own);
	}
	code_store(c, R10, cg_word(fn), own, 4);
	code_map(c, R1, cg_iter_map(fn->g));
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, cg_word(fn));
	code_call(c, HELPER_map_lookup_elem);
	space = code_result(c);
	code_ifi(c, BPF_JNE, space, 0, ok);
	cg_raise(fn, IERR_ITER_SPACE, NO_REG);
	code_place_label(c, ok);
	return space;
}

/* The last becomes the root and goes down: a function of its own, since the
 * verifier follows each of its turns. */
static uint32_t down_routine(struct cg_fn *fn, const struct walk *w)
{
	uint32_t number;
	struct cg_inner in = inner_enter(fn, &number);
	cg_reg space = code_copy(fn->c, R1);

	sift_down(fn, w, space);
	inner_return(fn, 0);
	inner_leave(fn, in);
	return number;
}

/* The root goes to node n - 1, and that one down from the root. */
static void pop(struct cg_fn *fn, const struct walk *w, cg_reg space,
		uint32_t routine)
{
	struct cg_code *c = fn->c;
	cg_reg n = code_ld(c, space, LEFT, 8), last;

	code_alui(c, BPF_SUB, n, 1);
	code_store(c, space, LEFT, n, 8);
	last = node(c, w, space, n);
	swap(c, code_addi(c, space, HEAP), last);
	code_mov(c, R1, space);
	code_call_sub(c, routine, 1);
}

/* The element just popped comes before all others of its array. */
static void renumber(struct cg_fn *fn, const struct walk *w, cg_reg space,
		     cg_reg seq)
{
	struct cg_code *c = fn->c;
	cg_label gone = code_label(c);
	cg_reg n = code_ld(c, space, LEFT, 8), e, at;

	e = entry(c, w, space, code_ld(c, node(c, w, space, n), NUMBER, 8));
	at = array_lookup(fn, w->g, (struct cg_str){ .base = CG_IN_REG,
						     .reg = e });
	code_ifi(c, BPF_JEQ, at, 0, gone);
	code_store(c, at, 0, seq, 8);
	code_place_label(c, gone);
}

/* How many elements the loop will see. */
static cg_reg turns(struct cg_code *c, const struct walk *w, cg_reg space)
{
	cg_label all = code_label(c), some = code_label(c);
	cg_reg n = code_ld(c, space, LEFT, 8), v;

	if (!w->it->has_limit)
		return n;
	v = code_ld(c, space, LIMIT, 8);
	code_ifi(c, BPF_JSGE, v, 0, some);
	code_movi(c, v, 0);
	code_place_label(c, some);
	code_if(c, BPF_JGE, v, n, all);
	code_mov(c, n, v);
	code_place_label(c, all);
	return n;
}

/* The first of n numbers for elements that come before all others. */
static cg_reg take_front(struct cg_fn *fn, cg_reg n)
{
	struct cg_code *c = fn->c;
	cg_reg at = code_map_value(c, fn->g->img->globals_map,
				   offsetof(struct image_session, front));
	cg_reg v = code_copy(c, n);

	code_atomic(c, BPF_ADD | BPF_FETCH, at, 0, v);
	code_alu(c, BPF_ADD, v, n);
	code_alui(c, BPF_NEG, v, 0);
	return v;
}

/* What bpf_loop, or another walk over the array, calls for each turn: so the
 * verifier sees one of them. */
static uint32_t drain_turn(struct cg_fn *fn, const struct walk *w, cg_cell seq)
{
	bool by_loop = cg_has(fn, FEATURE_BIT(BPF_LOOP));
	uint32_t number, down;
	struct cg_inner in = inner_enter(fn, &number);
	struct cg_code *c = fn->c;
	cg_reg arg = code_copy(c, by_loop ? R2 : R4), left, space;
	cg_label more = code_label(c);

	down = down_routine(fn, w);
	left = code_ld(c, arg, ARG_FOUND, 8);
	code_ifi(c, BPF_JNE, left, 0, more);
	inner_return(fn, 1);
	code_place_label(c, more);
	code_store(c, arg, ARG_FOUND, code_addi(c, left, -1), 8);
	fn->scratch = code_ld(c, arg, ARG_SCRATCH, 8);
	space = code_ld(c, arg, ARG_SPACE, 8);
	pop(fn, w, space, down);
	renumber(fn, w, space, cell_get(fn, seq));
	cell_set(fn, seq, code_addi(c, cell_get(fn, seq), 1));
	inner_return(fn, 0);
	inner_leave(fn, in);
	return number;
}

/* Empties the heap as far as the loop will go.  What the callback is given is
 * what that of walk_over() was. */
static void drain(struct cg_fn *fn, const struct walk *w, cg_reg space)
{
	bool by_loop = cg_has(fn, FEATURE_BIT(BPF_LOOP));
	struct cg_code *c = fn->c;
	cg_cell seq = cell_new(fn, 0);
	uint32_t turn = drain_turn(fn, w, seq);
	cg_reg n = turns(c, w, space);

	code_store(c, space, LIMIT, n, 8);
	code_store(c, space, AT, code_addi(c, code_ld(c, space, LEFT, 8), -1),
		   8);
	code_store(c, R10, fn->walk_area + ARG_FOUND, n, 8);
	cell_set(fn, seq, take_front(fn, n));
	if (by_loop)
		code_movi(c, R1, MIN(w->nmax, LOOP_MAX));
	else
		code_map(c, R1, w->g->map);
	code_sub_addr(c, R2, turn);
	code_mov(c, R3, R10);
	code_alui(c, BPF_ADD, R3, fn->walk_area);
	code_movi(c, R4, 0);
	code_call(c, by_loop ? HELPER_loop : HELPER_for_each_map_elem);
	cell_free(fn, seq);
}

static bool is_of_iter(const struct ir_insn *i)
{
	return i->op >= OP_ITER_NEXT && i->op <= OP_ITER_END;
}

/* Can control, as the verifier sees it, come here without having begun the
 * foreach?  So it can where the body of one calls a function that the handler
 * holds once (ir/share.h): from there, ways lead back that nobody takes. */
static bool is_early(struct cg_fn *fn, const struct cfg *cfg, uint32_t block,
		     ir_ref iter)
{
	uint32_t at = fn->vals[iter].block;

	return at != block && !cfg_dominates(cfg, at, block);
}

static void place_early(struct cg_fn *fn, struct cg_val *v)
{
	if (v->early)
		return;
	v->early = true;
	if (fn->is_stepped)
		v->cell = cg_slot(fn, 8);
	else
		v->reg = code_const(fn->c, 0);
}

/* Where the space of such a foreach is, or its number in steps, has its place
 * from the start. */
void cg_iters_begin(struct cg_fn *fn)
{
	struct cfg cfg;

	if (!fn->has_loops)
		return;
	cfg_init(&cfg, fn->f, fn->g->a);
	cfg_dominators(&cfg);
	for (uint32_t k = 0; k < fn->norder; k++) {
		uint32_t n = fn->order[k];
		const struct ir_block *b = &fn->f->blocks.v[n];

		for (uint32_t j = 0; j < b->insns.n; j++) {
			const struct ir_insn *i = ir_insn(fn->f, b->insns.v[j]);

			if (is_of_iter(i) && is_early(fn, &cfg, n, i->a))
				place_early(fn, &fn->vals[i->a]);
		}
	}
}

void cg_iter_new(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	const struct image_iter *it = &fn->g->img->iters.v[i->imm];
	struct cg_code *c = fn->c;
	struct walk w;
	cg_reg space;

	walk_new(&w, &fn->g->img->globals.v[it->global], it);
	slice_key(fn, &w, r);
	space = space_new(fn, &w, fn->vals[r].cell);
	code_storei(c, space, LEFT, 0, 8);
	code_storei(c, space, CURRENT, 0, 8);
	if (it->has_limit && i->a != IR_NONE)
		code_store(c, space, LIMIT, cg_long(fn, i->a), 8);
	if (fn->is_stepped)
		fn->vals[r].cell = w.number;
	else if (fn->vals[r].early)
		code_mov(c, fn->vals[r].reg, space);
	else
		cg_set_long(fn, r, space);
	walk_over(fn, &w, space, WALK_TAKE);
	if (w.reorders)
		drain(fn, &w, space);
}

/* Steps cannot keep an address: they keep the number of the space, and look
 * it up again.  (It is there: it was.) */
static cg_reg space_again(struct cg_fn *fn, cg_cell number)
{
	struct cg_code *c = fn->c;
	cg_reg space;

	code_store(c, R10, cg_word(fn), cell_get(fn, number), 4);
	code_map(c, R1, cg_iter_map(fn->g));
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, cg_word(fn));
	code_call(c, HELPER_map_lookup_elem);
	space = code_result(c);
	code_ifi(c, BPF_JEQ, space, 0, fn->leave[fn->is_locked]);
	return space;
}

/* The foreach that an operation on it belongs to. */
static cg_reg walk_of(struct cg_fn *fn, ir_ref r, struct walk *w)
{
	ir_ref a = ir_insn(fn->f, r)->a;
	const struct image_iter *it =
		&fn->g->img->iters.v[ir_insn(fn->f, a)->imm];

	walk_new(w, &fn->g->img->globals.v[it->global], it);
	if (fn->is_stepped)
		return space_again(fn, fn->vals[a].cell);
	if (fn->vals[a].early)
		code_ifi(fn->c, BPF_JEQ, fn->vals[a].reg, 0,
			 fn->leave[fn->is_locked]);
	return fn->vals[a].reg;
}

/* One turn less is left, or none: to `none`. */
static void count_turn(struct cg_fn *fn, cg_reg space, cg_label none)
{
	cg_reg t = code_ld(fn->c, space, LIMIT, 8);

	code_ifi(fn->c, BPF_JSLE, t, 0, none);
	code_alui(fn->c, BPF_SUB, t, 1);
	code_store(fn->c, space, LIMIT, t, 8);
}

static void next_sorted(struct cg_fn *fn, const struct walk *w, cg_reg space,
			cg_label none)
{
	struct cg_code *c = fn->c;
	cg_reg at;

	count_turn(fn, space, none);
	at = code_ld(c, space, AT, 8);
	code_store(c, space, AT, code_addi(c, at, -1), 8);
	at = node(c, w, space, at);
	code_store(c, space, CURRENT, code_ld(c, at, NUMBER, 8), 8);
}

static void next_of_heap(struct cg_fn *fn, const struct walk *w, cg_reg space,
			 cg_label none)
{
	struct cg_code *c = fn->c;

	code_ifi(c, BPF_JEQ, code_ld(c, space, LEFT, 8), 0, none);
	if (w->it->has_limit)
		count_turn(fn, space, none);
	code_store(c, space, CURRENT, code_ld(c, space, HEAP + NUMBER, 8), 8);
	pop(fn, w, space, down_routine(fn, w));
}

void cg_iter_next(struct cg_fn *fn, ir_ref r)
{
	struct walk w;
	cg_reg space = walk_of(fn, r, &w), v = code_const(fn->c, 0);
	cg_label none = code_label(fn->c);

	cg_set_long(fn, r, v);
	if (w.reorders)
		next_sorted(fn, &w, space, none);
	else
		next_of_heap(fn, &w, space, none);
	code_movi(fn->c, v, 1);
	code_place_label(fn->c, none);
}

static cg_reg current(struct cg_fn *fn, const struct walk *w, cg_reg space)
{
	return entry(fn->c, w, space, code_ld(fn->c, space, CURRENT, 8));
}

static void give(struct cg_fn *fn, ir_ref r, cg_reg e, uint32_t off,
		 uint16_t bound)
{
	if (ir_insn(fn->f, r)->type == IT_STRING)
		cg_str_copy(fn, cg_new_string(fn, r),
			    (struct cg_str){ .base = CG_IN_REG, .reg = e,
					     .off = (int32_t)off,
					     .bound = bound });
	else
		cg_set_long(fn, r, code_ld(fn->c, e, (int32_t)off, 8));
}

void cg_iter_key(struct cg_fn *fn, ir_ref r)
{
	uint32_t k = (uint32_t)ir_insn(fn->f, r)->imm;
	struct walk w;
	cg_reg space = walk_of(fn, r, &w);

	give(fn, r, current(fn, &w, space), w.g->key_off[k],
	     w.g->key_bound[k]);
}

void cg_iter_value(struct cg_fn *fn, ir_ref r)
{
	struct walk w;
	cg_reg space = walk_of(fn, r, &w);

	give(fn, r, current(fn, &w, space), w.g->key_size, w.g->bound);
}

void cg_iter_stat(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_str key = { .base = CG_IN_REG };
	struct walk w;
	cg_reg space = walk_of(fn, r, &w);

	key.reg = current(fn, &w, space);
	cg_set_long(fn, r, stat_read(fn, w.g, key, (enum stat_op)i->aux, i->b,
				     false));
}

void cg_iter_end(struct cg_fn *fn, ir_ref r)
{
	(void)fn;
	(void)r;
}
