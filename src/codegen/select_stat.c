/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics: a value of this CPU's copy grows; reading merges the copies of
 * all CPUs.  An interrupt may be at the same copy, so each field changes by
 * one atomic operation; MAX and MIN (as the greatest of the complement) by
 * a compare and exchange that is tried a few times.
 */
#include <stddef.h>

#include "base/bits.h"
#include "codegen/array.h"

#define SIGN INT64_MIN
#define MAX_TRIES 4

/* *at = max(*at, v), unsigned. */
static void maximize(struct cg_fn *fn, cg_reg at, int32_t off, cg_reg v)
{
	struct cg_code *c = fn->c;
	cg_label done = code_label(c);
	cg_reg old = code_reg(c);

	if (!cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		code_load(c, old, at, off, 8);
		code_if(c, BPF_JGE, old, v, done);
		code_store(c, at, off, v, 8);
		code_place_label(c, done);
		return;
	}
	for (int k = 0; k < MAX_TRIES; k++) {
		code_load(c, old, at, off, 8);
		code_if(c, BPF_JGE, old, v, done);
		code_mov(c, R0, old);
		code_atomic(c, BPF_CMPXCHG, at, off, v);
		code_if(c, BPF_JEQ, code_result(c), old, done);
	}
	code_place_label(c, done);
}

static void add_field(struct cg_fn *fn, cg_reg at, uint32_t off, cg_reg v)
{
	code_atomic(fn->c, BPF_ADD, at, (int32_t)off, v);
}

/* hi:lo += v * v, of 128 bits: by halves of |v|. */
static void add_square(struct cg_fn *fn, cg_reg at, uint32_t off, cg_reg v)
{
	struct cg_code *c = fn->c;
	cg_label pos = code_label(c), done = code_label(c);
	cg_reg a = code_copy(c, v), lo, hi, mid, b, old;

	code_ifi(c, BPF_JSGE, a, 0, pos);
	code_alui(c, BPF_NEG, a, 0);
	code_place_label(c, pos);
	b = code_copy(c, a);
	code_alui(c, BPF_RSH, b, 32);		/* b = high half */
	lo = code_copy(c, a);
	code_alu(c, BPF_MUL, lo, a);		/* low word of the square */
	code_alui(c, BPF_LSH, a, 32);
	code_alui(c, BPF_RSH, a, 32);		/* a = low half */
	hi = code_copy(c, b);
	code_alu(c, BPF_MUL, hi, b);
	mid = code_copy(c, a);
	code_alu(c, BPF_MUL, mid, b);		/* < 2^64; counts twice */
	code_alu(c, BPF_MUL, a, a);
	code_alui(c, BPF_RSH, a, 32);
	/* hi += (2 * mid + (a * a >> 32)) >> 32 without overflow: */
	b = code_copy(c, mid);
	code_alui(c, BPF_RSH, b, 31);
	code_alu(c, BPF_ADD, hi, b);
	code_alui(c, BPF_LSH, mid, 33);
	code_alui(c, BPF_RSH, mid, 32);		/* low 31 bits, doubled */
	code_alu(c, BPF_ADD, a, mid);
	code_alui(c, BPF_RSH, a, 32);
	code_alu(c, BPF_ADD, hi, a);
	old = code_copy(c, lo);
	if (cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		code_atomic(c, BPF_ADD | BPF_FETCH, at, (int32_t)off, old);
		code_alu(c, BPF_ADD, old, lo);
	} else {
		code_atomic(c, BPF_ADD, at, (int32_t)off, lo);
		code_load(c, old, at, (int32_t)off, 8);
	}
	code_if(c, BPF_JGE, old, lo, done);
	code_alui(c, BPF_ADD, hi, 1);		/* the carry */
	code_place_label(c, done);
	add_field(fn, at, off + 8, hi);
}

/* i = number of the highest bit of v (not 0). */
static cg_reg log2_of(struct cg_code *c, cg_reg v)
{
	cg_reg rest = code_copy(c, v), i = code_const(c, 0);

	for (uint32_t s = 32; s; s >>= 1) {
		cg_label less = code_label(c);
		cg_reg high = code_copy(c, rest);

		code_alui(c, BPF_RSH, high, s);
		code_ifi(c, BPF_JEQ, high, 0, less);
		code_alui(c, BPF_ADD, i, s);
		code_mov(c, rest, high);
		code_place_label(c, less);
	}
	return i;
}

/* Bucket 64 is zero; 65 + log2(v) above it, 63 - log2(-v) below. */
static cg_reg log_bucket(struct cg_code *c, cg_reg v)
{
	cg_label zero = code_label(c), neg = code_label(c);
	cg_label pos = code_label(c), low = code_label(c);
	cg_reg i = code_const(c, HIST_LOG_BUCKETS / 2), n, m;

	code_ifi(c, BPF_JEQ, v, 0, zero);
	m = code_copy(c, v);
	code_ifi(c, BPF_JSGT, v, 0, pos);
	code_alui(c, BPF_NEG, m, 0);
	code_place_label(c, pos);
	n = log2_of(c, m);
	code_ifi(c, BPF_JSLT, v, 0, neg);
	code_alu(c, BPF_ADD, i, n);
	code_alui(c, BPF_ADD, i, 1);
	code_jmp(c, zero);
	code_place_label(c, neg);
	code_ifi(c, BPF_JLE, n, HIST_LOG_BUCKETS / 2 - 1, low);
	code_movi(c, n, HIST_LOG_BUCKETS / 2 - 1);
	code_place_label(c, low);
	code_alu(c, BPF_SUB, i, n);
	code_alui(c, BPF_SUB, i, 1);
	code_place_label(c, zero);
	return i;
}

/* 0 under, last over. */
static cg_reg linear_bucket(struct cg_code *c, const struct image_stat *s,
			    cg_reg v)
{
	uint32_t last = image_stat_buckets(s) - 1;
	cg_label done = code_label(c), fits = code_label(c);
	cg_reg i = code_const(c, 0), off;

	if (code_fits(s->start))
		code_ifi(c, BPF_JSLT, v, s->start, done);
	else
		code_if(c, BPF_JSLT, v, code_const(c, s->start), done);
	off = code_copy(c, v);
	code_alu(c, BPF_SUB, off, code_const(c, s->start));
	code_alu(c, BPF_DIV, off, code_const(c, s->interval));
	code_movi(c, i, last);
	code_ifi(c, BPF_JGE, off, last - 1, done);
	code_mov(c, i, off);
	code_alui(c, BPF_ADD, i, 1);
	code_place_label(c, done);
	code_place_label(c, fits);
	return i;
}

static void add_bucket(struct cg_fn *fn, cg_reg at, uint32_t off,
		       const struct image_stat *s, cg_reg v)
{
	struct cg_code *c = fn->c;
	uint32_t n = image_stat_buckets(s);
	cg_reg i = s->hist == HIST_LOG ? log_bucket(c, v) :
					 linear_bucket(c, s, v);
	cg_label fits = code_label(c);
	cg_reg to = code_copy(c, at);

	code_ifi(c, BPF_JLT, i, n, fits);
	code_movi(c, i, n - 1);
	code_place_label(c, fits);
	code_alui(c, BPF_LSH, i, 3);
	code_alu(c, BPF_ADD, to, i);
	add_field(fn, to, off + image_stat_buckets_offset(s),
		  code_const(c, 1));
}

static void add_value(struct cg_fn *fn, cg_reg at, uint32_t off,
		      const struct image_stat *s, cg_reg v)
{
	struct cg_code *c = fn->c;

	if (s->fields & STAT_COUNT)
		add_field(fn, at, off + image_stat_offset(s, STAT_COUNT),
			  code_const(c, 1));
	if (s->fields & STAT_SUM)
		add_field(fn, at, off + image_stat_offset(s, STAT_SUM), v);
	for (uint32_t f = STAT_MIN; f <= STAT_MAX; f <<= 1) {
		cg_reg u = code_copy(c, v);

		if (!(s->fields & f))
			continue;
		code_alu(c, BPF_XOR, u, code_const(c, SIGN));
		if (f == STAT_MIN)
			code_alui(c, BPF_XOR, u, -1);
		maximize(fn, at, (int32_t)(off + image_stat_offset(s,
						(enum stat_fields)f)), u);
	}
	if (s->fields & STAT_SUMSQ)
		add_square(fn, at, off + image_stat_offset(s, STAT_SUMSQ), v);
	if (s->hist != HIST_NONE)
		add_bucket(fn, at, off, s, v);
}

/* The value of the stats map, this CPU's; to `lost` when there is none. */
static cg_reg scalar(struct cg_fn *fn, const struct image_global *g,
		     cg_label lost)
{
	struct cg_code *c = fn->c;
	cg_reg at;

	code_storei(c, R10, cg_word(fn), 0, 8);
	code_map(c, R1, g->map);
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, cg_word(fn));
	code_call(c, HELPER_map_lookup_elem);
	at = code_result(c);
	code_ifi(c, BPF_JEQ, at, 0, lost);
	return at;
}

void cg_stat_add(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = array_global(fn, r);
	cg_reg v = cg_long(fn, ir_insn(fn->f, r)->a), at;
	cg_label lost = code_label(fn->c);

	if (g->is_array) {
		struct cg_str key = array_key(fn, g, r);

		at = array_element(fn, g, key, lost);
		array_free(fn, key);
	} else {
		at = scalar(fn, g, lost);
	}
	add_value(fn, at, g->off, &g->stat, v);
	code_place_label(fn->c, lost);
}
