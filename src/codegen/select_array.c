/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arrays: hash maps.  What is there is changed in place, atomically where the
 * operation is an addition; only what is new goes through an update of the
 * map, which fails when somebody else was faster: then it is there.
 */
#include <errno.h>
#include <stddef.h>

#include "base/bits.h"
#include "codegen/array.h"

const struct image_global *array_global(struct cg_fn *fn, ir_ref r)
{
	return &fn->g->img->globals.v[ir_insn(fn->f, r)->imm];
}

static uint32_t value_size(struct cg_fn *fn, const struct image_global *g)
{
	return fn->g->img->maps.v[g->map].value_size;
}

bool cg_big_global(const struct image *img, const struct image_global *g)
{
	return g->is_array && (g->key_size > CG_STACK_KEY ||
			       img->maps.v[g->map].value_size >
			       CG_STACK_VALUE);
}

bool cg_is_slice(const struct cg_fn *fn, const struct ir_insn *i)
{
	if (i->op != OP_AHAS && i->op != OP_ADEL)
		return false;
	for (uint32_t k = 0; k < i->nargs; k++)
		if (fn->f->args.v[i->args + k] == IR_NONE)
			return true;
	return i->op == OP_ADEL && !i->nargs;
}

/* ---- keys and values in memory ---- */

static struct cg_str place_new(struct cg_fn *fn, int16_t *area, uint32_t most,
			       uint32_t size)
{
	if (size > most)
		return cg_scratch_str((int32_t)cg_slot(fn, size), 0);
	if (!*area)
		*area = code_stack(fn->c, most);
	return (struct cg_str){ .base = CG_IN_STACK,
				.off = *area + (int32_t)(most - size) };
}

struct cg_str array_key_place(struct cg_fn *fn, const struct image_global *g)
{
	return place_new(fn, &fn->key_area, fn->key_area_size, g->key_size);
}

void array_free(struct cg_fn *fn, struct cg_str place)
{
	if (place.base == CG_IN_SCRATCH)
		cg_slot_free(fn, (uint32_t)place.off);
}

/* Where a place is: a register and a distance from it. */
static cg_reg base_of(struct cg_fn *fn, struct cg_str place)
{
	return place.base == CG_IN_STACK ? R10 : fn->scratch;
}

static void zero(struct cg_fn *fn, struct cg_str place, uint32_t off,
		 uint32_t size)
{
	for (uint32_t k = 0; k < size; k += 8)
		code_storei(fn->c, base_of(fn, place),
			    place.off + (int32_t)(off + k), 0, 8);
}

static void put_long(struct cg_fn *fn, struct cg_str place, uint32_t off,
		     ir_ref r)
{
	int32_t at = place.off + (int32_t)off;
	int64_t imm;

	if (cg_is_const(fn, r, &imm) && code_fits(imm))
		code_storei(fn->c, base_of(fn, place), at, (int32_t)imm, 8);
	else
		code_store(fn->c, base_of(fn, place), at, cg_long(fn, r), 8);
}

static void put_text(struct cg_fn *fn, struct cg_str place, uint32_t off,
		     uint16_t bound, ir_ref r)
{
	struct cg_str dst = place;

	if (!cg_text_is_words(fn, r, bound))
		zero(fn, place, off, align_up(bound + 1u, 8));
	dst.off += (int32_t)off;
	dst.bound = bound;
	cg_text_put(fn, r, dst);
}

void array_key_at(struct cg_fn *fn, const struct image_global *g, ir_ref r,
		  struct cg_str key)
{
	const struct ir_insn *i = ir_insn(fn->f, r);

	for (uint32_t k = 0; k < i->nargs; k++) {
		ir_ref part = fn->f->args.v[i->args + k];

		if (part == IR_NONE)
			zero(fn, key, g->key_off[k],
			     g->key_type[k] == IT_STRING ?
			     align_up(g->key_bound[k] + 1u, 8) : 8);
		else if (g->key_type[k] == IT_STRING)
			put_text(fn, key, g->key_off[k], g->key_bound[k],
				 part);
		else
			put_long(fn, key, g->key_off[k], part);
	}
}

struct cg_str array_key(struct cg_fn *fn, const struct image_global *g,
			ir_ref r)
{
	struct cg_str key = array_key_place(fn, g);

	array_key_at(fn, g, r, key);
	return key;
}

cg_reg array_lookup(struct cg_fn *fn, const struct image_global *g,
		    struct cg_str key)
{
	code_map(fn->c, R1, g->map);
	code_mov(fn->c, R2, cg_str_addr(fn, key));
	code_call(fn->c, HELPER_map_lookup_elem);
	return code_result(fn->c);
}

/* ---- insertion ---- */

/* n = counter at `off` of the globals map, which grows by one. */
static cg_reg next_number(struct cg_fn *fn, uint32_t off)
{
	struct cg_code *c = fn->c;
	cg_reg at = code_map_value(c, fn->g->img->globals_map, off);
	cg_reg n = code_const(c, 1);

	if (cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		code_atomic(c, BPF_ADD | BPF_FETCH, at, 0, n);
		return n;
	}
	code_atomic(c, BPF_ADD, at, 0, n);
	n = code_ld(c, at, 0, 8);
	code_alui(c, BPF_SUB, n, 1);
	return n;
}

static cg_reg ring_element(struct cg_fn *fn, const struct image_global *g)
{
	struct cg_code *c = fn->c;
	cg_reg n = next_number(fn, g->tail_off);

	code_alui(c, BPF_MOD, n, g->max_entries);
	code_store(c, R10, cg_word(fn), n, 4);
	code_map(c, R1, g->ring_map);
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, cg_word(fn));
	code_call(c, HELPER_map_lookup_elem);
	return code_result(c);
}

/* The sequence number of the live element `at` of this key.  In the copies of
 * a statistic it is only in that of the CPU that made it. */
static cg_reg live_seq(struct cg_fn *fn, const struct image_global *g,
		       cg_reg at, cg_reg ring_key, cg_reg old)
{
	struct cg_str key = { .base = CG_IN_REG, .reg = ring_key, .off = 8 };
	cg_label known = code_label(fn->c);
	cg_reg seq = code_ld(fn->c, at, 0, 8);

	if (g->type != IT_STATS)
		return seq;
	code_ifi(fn->c, BPF_JNE, seq, 0, known);
	if (cg_has(fn, FEATURE_BIT(PERCPU_LOOKUP)))
		code_mov(fn->c, seq, stat_seq(fn, g, key));
	else	/* nobody can tell: most likely it is */
		code_mov(fn->c, seq, old);
	code_place_label(fn->c, known);
	return seq;
}

/* The place in the ring that a new element has, and its number. */
struct ring_place {
	cg_reg element, seq;
};

/* A `%` array: what stood here max_entries insertions ago goes, if it is
 * still that. */
static void evict(struct cg_fn *fn, const struct image_global *g,
		  struct cg_str key, struct ring_place *ring)
{
	struct cg_code *c = fn->c;
	cg_reg e = ring_element(fn, g), old, live;
	cg_label none = code_label(c), gone = code_label(c);

	ring->element = e;
	code_ifi(c, BPF_JEQ, e, 0, none);
	old = code_ld(c, e, 0, 8);
	code_ifi(c, BPF_JEQ, old, 0, gone);
	code_map(c, R1, g->map);
	code_mov(c, R2, e);
	code_alui(c, BPF_ADD, R2, 8);
	code_call(c, HELPER_map_lookup_elem);
	live = code_result(c);
	code_ifi(c, BPF_JEQ, live, 0, gone);
	code_if(c, BPF_JNE, live_seq(fn, g, live, e, old), old, gone);
	code_map(c, R1, g->map);
	code_mov(c, R2, e);
	code_alui(c, BPF_ADD, R2, 8);
	code_call(c, HELPER_map_delete_elem);
	code_place_label(c, gone);
	code_store(c, e, 0, ring->seq, 8);
	code_mov(c, R1, e);
	code_alui(c, BPF_ADD, R1, 8);
	code_movi(c, R2, g->key_size);
	code_mov(c, R3, cg_str_addr(fn, key));
	code_call(c, HELPER_probe_read_kernel);
	code_place_label(c, none);
}

/* Who found the place in the ring before the element was in the array could
 * not take it out: it is its time now. */
static void evict_late(struct cg_fn *fn, const struct image_global *g,
		       struct cg_str key, const struct ring_place *ring)
{
	struct cg_code *c = fn->c;
	cg_label stays = code_label(c);

	code_ifi(c, BPF_JEQ, ring->element, 0, stays);
	code_if(c, BPF_JEQ, code_ld(c, ring->element, 0, 8), ring->seq, stays);
	code_map(c, R1, g->map);
	code_mov(c, R2, cg_str_addr(fn, key));
	code_call(c, HELPER_map_delete_elem);
	code_place_label(c, stays);
}

/* Are these 8 bytes of a new value written anyway? */
static bool is_put(const struct image_global *g, uint32_t off, ir_ref v)
{
	uint32_t size = g->type == IT_STRING ? align_up(g->bound + 1u, 8) : 8;

	if (!off && (g->ordered || g->wrap))
		return true;
	return v != IR_NONE && off >= g->off && off + 8 <= g->off + size;
}

/* The value of a new element: zeros, the sequence number, v (IR_NONE: none)
 * where it belongs. */
static struct cg_str new_value(struct cg_fn *fn, const struct image_global *g,
			       struct cg_str key, ir_ref v,
			       struct ring_place *ring)
{
	struct cg_str val = place_new(fn, &fn->value_area, CG_STACK_VALUE,
				      value_size(fn, g));

	for (uint32_t k = 0; k < value_size(fn, g); k += 8)
		if (!is_put(g, k, v))
			zero(fn, val, k, 8);
	if (v != IR_NONE && g->type == IT_STRING)
		put_text(fn, val, g->off, g->bound, v);
	else if (v != IR_NONE)
		put_long(fn, val, g->off, v);
	if (!g->ordered && !g->wrap)
		return val;
	ring->seq = code_addi(fn->c,
			      next_number(fn, offsetof(struct image_session,
						       seq)), 1);
	code_store(fn->c, base_of(fn, val), val.off, ring->seq, 8);
	if (g->wrap)
		evict(fn, g, key, ring);
	return val;
}

/* R1 .. R4 and the call; the result is in a fresh register. */
static cg_reg update(struct cg_fn *fn, const struct image_global *g,
		     struct cg_str key, struct cg_str val)
{
	struct cg_code *c = fn->c;

	code_map(c, R1, g->map);
	code_mov(c, R2, cg_str_addr(fn, key));
	code_mov(c, R3, cg_str_addr(fn, val));
	code_movi(c, R4, BPF_NOEXIST);
	code_call(c, HELPER_map_update_elem);
	return code_result(c);
}

/* Adds a new element; to `there` when another has added it meanwhile, and
 * to `done` when it is in.  Full: an error. */
static void insert(struct cg_fn *fn, const struct image_global *g,
		   struct cg_str key, ir_ref v, cg_label there, cg_label done)
{
	struct ring_place ring = { NO_REG, NO_REG };
	struct cg_str val = new_value(fn, g, key, v, &ring);
	cg_reg r = update(fn, g, key, val);
	cg_label in = g->wrap ? code_label(fn->c) : done;

	array_free(fn, val);
	code_ifi(fn->c, BPF_JEQ, r, 0, in);
	code_ifi_int(fn->c, BPF_JEQ, r, -EEXIST, there);
	cg_raise(fn, g->has_size ? IERR_ARRAY_SIZE : IERR_ARRAY_FULL, NO_REG);
	if (!g->wrap)
		return;
	code_place_label(fn->c, in);
	evict_late(fn, g, key, &ring);
	code_jmp(fn->c, done);
}

static void store_value(struct cg_fn *fn, const struct image_global *g,
			cg_reg at, ir_ref v, bool add)
{
	struct cg_str dst = { .base = CG_IN_REG, .reg = at,
			      .off = (int32_t)g->off, .bound = g->bound };
	int64_t imm;

	if (g->type == IT_STRING)
		cg_str_copy(fn, dst, cg_string(fn, v));
	else if (add)
		code_atomic(fn->c, BPF_ADD, at, (int32_t)g->off,
			    cg_long(fn, v));
	else if (cg_is_const(fn, v, &imm) && code_fits(imm))
		code_storei(fn->c, at, (int32_t)g->off, (int32_t)imm, 8);
	else
		code_store(fn->c, at, (int32_t)g->off, cg_long(fn, v), 8);
}

static void change(struct cg_fn *fn, ir_ref r, bool add)
{
	const struct image_global *g = array_global(fn, r);
	struct cg_code *c = fn->c;
	ir_ref v = ir_insn(fn->f, r)->a;
	cg_label absent = code_label(c), again = code_label(c);
	cg_label done = code_label(c);
	struct cg_str key = array_key(fn, g, r);
	cg_reg at = array_lookup(fn, g, key);

	code_ifi(c, BPF_JEQ, at, 0, absent);
	store_value(fn, g, at, v, add);
	code_jmp(c, done);
	code_place_label(c, absent);
	insert(fn, g, key, v, again, done);
	code_place_label(c, again);
	at = array_lookup(fn, g, key);
	code_ifi(c, BPF_JEQ, at, 0, done);
	store_value(fn, g, at, v, add);
	code_place_label(c, done);
	array_free(fn, key);
}

void cg_aset(struct cg_fn *fn, ir_ref r)
{
	if (array_global(fn, r)->of_task) {
		cg_task_change(fn, r, false);
		return;
	}
	change(fn, r, false);
}

void cg_aadd(struct cg_fn *fn, ir_ref r)
{
	if (array_global(fn, r)->of_task) {
		cg_task_change(fn, r, true);
		return;
	}
	change(fn, r, true);
}

/* An element that is there for certain when this goes on. */
cg_reg array_element(struct cg_fn *fn, const struct image_global *g,
		     struct cg_str key, cg_label lost)
{
	struct cg_code *c = fn->c;
	cg_label got = code_label(c), again = code_label(c);
	cg_reg at = array_lookup(fn, g, key);

	code_ifi(c, BPF_JNE, at, 0, got);
	insert(fn, g, key, IR_NONE, again, again);
	code_place_label(c, again);
	code_mov(c, at, array_lookup(fn, g, key));
	code_ifi(c, BPF_JEQ, at, 0, lost);
	code_place_label(c, got);
	return at;
}

/* ---- reading ---- */

static void get_text(struct cg_fn *fn, ir_ref r, const struct image_global *g,
		     cg_reg at)
{
	struct cg_str dst = cg_new_string(fn, r);
	cg_label some = code_label(fn->c), done = code_label(fn->c);

	code_ifi(fn->c, BPF_JNE, at, 0, some);
	cg_str_clear(fn, dst);
	code_jmp(fn->c, done);
	code_place_label(fn->c, some);
	cg_str_copy(fn, dst, (struct cg_str){ .base = CG_IN_REG, .reg = at,
					      .off = (int32_t)g->off,
					      .bound = g->bound });
	code_place_label(fn->c, done);
}

void cg_aget(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = array_global(fn, r);
	cg_label none = code_label(fn->c);
	struct cg_str key;
	cg_reg at, v;

	if (g->of_task) {
		cg_task_get(fn, r);
		return;
	}
	key = array_key(fn, g, r);
	at = array_lookup(fn, g, key);
	if (g->type == IT_STRING) {
		get_text(fn, r, g, at);
	} else {
		v = code_const(fn->c, 0);
		code_ifi(fn->c, BPF_JEQ, at, 0, none);
		code_load(fn->c, v, at, (int32_t)g->off, 8);
		code_place_label(fn->c, none);
		cg_set_long(fn, r, v);
	}
	array_free(fn, key);
}

void cg_ahas(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = array_global(fn, r);
	struct cg_str key;
	cg_reg at;

	if (g->of_task) {
		cg_task_has(fn, r);
		return;
	}
	if (cg_is_slice(fn, ir_insn(fn->f, r))) {
		cg_slice_has(fn, r);
		return;
	}
	key = array_key(fn, g, r);
	at = array_lookup(fn, g, key);
	cg_set_long(fn, r, cg_truth(fn, BPF_JNE, at, 0));
	array_free(fn, key);
}

void cg_adel(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = array_global(fn, r);
	struct cg_str key;

	if (g->of_task) {
		cg_task_delete(fn, r);
		return;
	}
	if (cg_is_slice(fn, ir_insn(fn->f, r))) {
		cg_slice_delete(fn, r);
		return;
	}
	key = array_key(fn, g, r);
	code_map(fn->c, R1, g->map);
	code_mov(fn->c, R2, cg_str_addr(fn, key));
	code_call(fn->c, HELPER_map_delete_elem);
	array_free(fn, key);
}
