/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics: a value of this CPU's copy grows; reading merges the copies of
 * all CPUs.  An interrupt may be at the same copy, so each field changes by
 * one atomic operation; MAX and MIN (as the greatest of the complement) by
 * a compare and exchange that is tried a few times.  Where nobody else can be
 * there (ir/opt_alone.c), a load and a store do.
 */
#include <stddef.h>

#include "base/bits.h"
#include "codegen/array.h"
#include "codegen/loop.h"
#include "codegen/rt.h"

#define SIGN INT64_MIN
#define MAX_TRIES 4

/* What a value is added to. */
struct sample {
	cg_reg at;
	uint32_t off;
	const struct image_stat *s;
	cg_reg v;
	bool is_alone;
};

static void maximize_plainly(struct cg_code *c, cg_reg at, int32_t off,
			     cg_reg v)
{
	cg_label done = code_label(c);
	cg_reg old = code_ld(c, at, off, 8);

	code_if(c, BPF_JGE, old, v, done);
	code_store(c, at, off, v, 8);
	code_place_label(c, done);
}

void cg_maximize(struct cg_fn *fn, cg_reg at, int32_t off, cg_reg v)
{
	struct cg_code *c = fn->c;
	cg_label done = code_label(c);
	cg_reg old = code_reg(c);

	if (!cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		maximize_plainly(c, at, off, v);
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

static void add_to(struct cg_fn *fn, const struct sample *q, cg_reg at,
		   uint32_t off, cg_reg v)
{
	cg_reg sum;

	if (!q->is_alone) {
		code_atomic(fn->c, BPF_ADD, at, (int32_t)off, v);
		return;
	}
	sum = code_ld(fn->c, at, (int32_t)off, 8);
	code_alu(fn->c, BPF_ADD, sum, v);
	code_store(fn->c, at, (int32_t)off, sum, 8);
}

static void add_one_to(struct cg_fn *fn, const struct sample *q, cg_reg at,
		       uint32_t off)
{
	cg_reg sum;

	if (!q->is_alone) {
		add_to(fn, q, at, off, code_const(fn->c, 1));
		return;
	}
	sum = code_ld(fn->c, at, (int32_t)off, 8);
	code_alui(fn->c, BPF_ADD, sum, 1);
	code_store(fn->c, at, (int32_t)off, sum, 8);
}

/* The low word += lo; the carry, if there is one, goes to hi. */
static void add_low(struct cg_fn *fn, const struct sample *q, uint32_t off,
		    cg_reg lo, cg_reg hi)
{
	struct cg_code *c = fn->c;
	cg_label done = code_label(c);
	cg_reg sum = code_copy(c, lo);

	if (!q->is_alone && cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		code_atomic(c, BPF_ADD | BPF_FETCH, q->at, (int32_t)off, sum);
		code_alu(c, BPF_ADD, sum, lo);
	} else {
		add_to(fn, q, q->at, off, lo);
		code_load(c, sum, q->at, (int32_t)off, 8);
	}
	code_if(c, BPF_JGE, sum, lo, done);
	code_alui(c, BPF_ADD, hi, 1);
	code_place_label(c, done);
}

/* hi:lo += v * v, of 128 bits: by halves of |v|. */
static void add_square(struct cg_fn *fn, const struct sample *q)
{
	uint32_t off = q->off + image_stat_offset(q->s, STAT_SUMSQ);
	struct cg_code *c = fn->c;
	cg_label pos = code_label(c);
	cg_reg a = code_copy(c, q->v), lo, hi, mid, b;

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
	add_low(fn, q, off, lo, hi);
	add_to(fn, q, q->at, off + 8, hi);
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

/* v /= by, a constant above 0. */
static void divide(struct cg_code *c, cg_reg v, int64_t by)
{
	if (by & (by - 1))
		code_alu(c, BPF_DIV, v, code_const(c, by));
	else if (by > 1)
		code_alui(c, BPF_RSH, v, __builtin_ctzll((uint64_t)by));
}

/* 0 under, last over. */
static cg_reg linear_bucket(struct cg_code *c, const struct image_stat *s,
			    cg_reg v)
{
	uint32_t last = image_stat_buckets(s) - 1;
	cg_label done = code_label(c);
	cg_reg i = code_const(c, 0), off;

	if (code_fits(s->start))
		code_ifi(c, BPF_JSLT, v, s->start, done);
	else
		code_if(c, BPF_JSLT, v, code_const(c, s->start), done);
	off = code_copy(c, v);
	if (s->start)
		code_alu(c, BPF_SUB, off, code_const(c, s->start));
	divide(c, off, s->interval);
	code_movi(c, i, last);
	code_ifi(c, BPF_JGE, off, last - 1, done);
	code_mov(c, i, off);
	code_alui(c, BPF_ADD, i, 1);
	code_place_label(c, done);
	return i;
}

static void add_bucket(struct cg_fn *fn, const struct sample *q)
{
	struct cg_code *c = fn->c;
	uint32_t n = image_stat_buckets(q->s);
	cg_reg i = q->s->hist == HIST_LOG ? log_bucket(c, q->v) :
					    linear_bucket(c, q->s, q->v);
	cg_label fits = code_label(c);
	cg_reg to = code_copy(c, q->at);

	code_ifi(c, BPF_JLT, i, n, fits);
	code_movi(c, i, n - 1);
	code_place_label(c, fits);
	code_alui(c, BPF_LSH, i, 3);
	code_alu(c, BPF_ADD, to, i);
	add_one_to(fn, q, to, q->off + image_stat_buckets_offset(q->s));
}

/* MIN or MAX. */
static void add_extreme(struct cg_fn *fn, const struct sample *q,
			enum stat_fields f)
{
	int32_t off = (int32_t)(q->off + image_stat_offset(q->s, f));
	struct cg_code *c = fn->c;
	cg_reg u = code_copy(c, q->v);

	if (f == STAT_MIN)
		code_alu(c, BPF_XOR, u, code_const(c, ~SIGN));
	else
		code_alu(c, BPF_XOR, u, code_const(c, SIGN));
	if (q->is_alone)
		maximize_plainly(c, q->at, off, u);
	else
		cg_maximize(fn, q->at, off, u);
}

static void add_value(struct cg_fn *fn, const struct sample *q)
{
	const struct image_stat *s = q->s;

	if (s->fields & STAT_COUNT)
		add_one_to(fn, q, q->at,
			   q->off + image_stat_offset(s, STAT_COUNT));
	if (s->fields & STAT_SUM)
		add_to(fn, q, q->at,
		       q->off + image_stat_offset(s, STAT_SUM), q->v);
	if (s->fields & STAT_MIN)
		add_extreme(fn, q, STAT_MIN);
	if (s->fields & STAT_MAX)
		add_extreme(fn, q, STAT_MAX);
	if (s->fields & STAT_SUMSQ)
		add_square(fn, q);
	if (s->hist != HIST_NONE)
		add_bucket(fn, q);
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
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct sample q = {
		.off = g->off, .s = &g->stat, .v = cg_long(fn, i->a),
		.is_alone = i->aux & STAT_ALONE,
	};
	cg_label lost = code_label(fn->c);

	if (g->is_array) {
		struct cg_str key = array_key(fn, g, r);

		q.at = array_element(fn, g, key, lost);
		array_free(fn, key);
	} else {
		q.at = scalar(fn, g, lost);
	}
	add_value(fn, &q);
	code_place_label(fn->c, lost);
}

/* ---- reading ---- */

static void merge_sum(struct cg_fn *fn, cg_cell to, cg_reg at, uint32_t off)
{
	cg_reg v = cell_get(fn, to);

	code_alu(fn->c, BPF_ADD, v, code_ld(fn->c, at, (int32_t)off, 8));
	cell_set(fn, to, v);
}

static void merge_max(struct cg_fn *fn, cg_cell to, cg_reg at, uint32_t off)
{
	cg_label no = code_label(fn->c);
	cg_reg v = code_ld(fn->c, at, (int32_t)off, 8);

	code_if(fn->c, BPF_JLE, v, cell_get(fn, to), no);
	cell_set(fn, to, v);
	code_place_label(fn->c, no);
}

/* hi:x += 128 bits at off + 0. */
static void merge_wide(struct cg_fn *fn, cg_cell lo, cg_cell hi, cg_reg at,
		       uint32_t off)
{
	struct cg_code *c = fn->c;
	cg_label no = code_label(c);
	cg_reg part = code_ld(c, at, (int32_t)off, 8), sum = cell_get(fn, lo);

	merge_sum(fn, hi, at, off + 8);
	code_alu(c, BPF_ADD, sum, part);
	cell_set(fn, lo, sum);
	code_if(c, BPF_JGE, sum, part, no);
	cell_set(fn, hi, code_addi(c, cell_get(fn, hi), 1));
	code_place_label(c, no);
}

/* One bucket, whose number is in the cell `which` (checked already). */
static void merge_bucket(struct cg_fn *fn, cg_cell to, cg_reg at, uint32_t off,
			 cg_cell which, uint32_t n)
{
	cg_reg i = cell_get_max(fn, which, n - 1);
	cg_reg from = code_copy(fn->c, at);

	code_alui(fn->c, BPF_LSH, i, 3);
	code_alu(fn->c, BPF_ADD, from, i);
	merge_sum(fn, to, from, off);
}

/* The copy of the CPU in R3; R2 = key. */
static cg_reg lookup_cpu(struct cg_fn *fn, const struct image_global *g,
			 struct cg_str key, cg_reg cpu)
{
	struct cg_code *c = fn->c;

	code_map(c, R1, g->map);
	code_mov(c, R2, cg_str_addr(fn, key));
	code_mov(c, R3, cpu);
	(void)cg_has(fn, FEATURE_BIT(PERCPU_LOOKUP)); /* as sema has seen */
	code_call(c, HELPER_map_lookup_percpu_elem);
	return code_result(c);
}

/* What is asked, and what the copies of all CPUs amount to. */
struct stat_read {
	const struct image_global *g;
	enum stat_op op;
	struct cg_str key;
	cg_cell count, x, y, hi, which;
};

static void merge_copy(struct cg_fn *fn, struct stat_read *q, cg_reg at)
{
	const struct image_stat *s = &q->g->stat;
	uint32_t off = q->g->off;

	if (s->fields & STAT_COUNT)
		merge_sum(fn, q->count, at,
			  off + image_stat_offset(s, STAT_COUNT));
	switch (q->op) {
	case STAT_OP_COUNT:
		break;
	case STAT_OP_VARIANCE:
		if (s->fields & STAT_SUMSQ)
			merge_wide(fn, q->y, q->hi, at,
				   off + image_stat_offset(s, STAT_SUMSQ));
		__attribute__((fallthrough));
	case STAT_OP_SUM:
	case STAT_OP_AVG:
		if (s->fields & STAT_SUM)
			merge_sum(fn, q->x, at,
				  off + image_stat_offset(s, STAT_SUM));
		break;
	case STAT_OP_MIN:
		if (s->fields & STAT_MIN)
			merge_max(fn, q->x, at,
				  off + image_stat_offset(s, STAT_MIN));
		break;
	case STAT_OP_MAX:
		if (s->fields & STAT_MAX)
			merge_max(fn, q->x, at,
				  off + image_stat_offset(s, STAT_MAX));
		break;
	case STAT_OP_BUCKET:
		merge_bucket(fn, q->x, at, off + image_stat_buckets_offset(s),
			     q->which, image_stat_buckets(s));
		break;
	}
}

static void merge_all(struct cg_fn *fn, struct stat_read *q)
{
	struct cg_code *c = fn->c;
	struct cg_loop l;
	cg_reg at;

	loop_begin(fn, &l, MAX(fn->g->o->ncpus, 1u));
	at = lookup_cpu(fn, q->g, q->key, l.i);
	code_ifi(c, BPF_JEQ, at, 0, l.next);
	merge_copy(fn, q, at);
	loop_end(fn, &l);
}

/* *hi:*lo = a * b, unsigned. */
static void multiply_wide(struct cg_code *c, cg_reg a, cg_reg b, cg_reg *lo,
			  cg_reg *hi)
{
	cg_reg part[2][2], mid, t;

	for (int k = 0; k < 2; k++) {
		part[k][0] = code_copy(c, k ? b : a);
		code_alui(c, BPF_LSH, part[k][0], 32);
		code_alui(c, BPF_RSH, part[k][0], 32);
		part[k][1] = code_copy(c, k ? b : a);
		code_alui(c, BPF_RSH, part[k][1], 32);
	}
	*lo = code_copy(c, a);
	code_alu(c, BPF_MUL, *lo, b);
	*hi = code_copy(c, part[0][1]);
	code_alu(c, BPF_MUL, *hi, part[1][1]);
	mid = code_copy(c, part[0][0]);
	code_alu(c, BPF_MUL, mid, part[1][0]);
	code_alui(c, BPF_RSH, mid, 32);
	for (int k = 0; k < 2; k++) {
		t = code_copy(c, part[0][k]);
		code_alu(c, BPF_MUL, t, part[1][!k]);
		a = code_copy(c, t);
		code_alui(c, BPF_RSH, a, 32);
		code_alu(c, BPF_ADD, *hi, a);
		code_alui(c, BPF_LSH, t, 32);
		code_alui(c, BPF_RSH, t, 32);
		code_alu(c, BPF_ADD, mid, t);
	}
	code_alui(c, BPF_RSH, mid, 32);
	code_alu(c, BPF_ADD, *hi, mid);
}

/* hi:lo -= bhi:blo */
static void subtract_wide(struct cg_code *c, cg_reg lo, cg_reg hi, cg_reg blo,
			  cg_reg bhi)
{
	cg_label no = code_label(c);

	code_alu(c, BPF_SUB, hi, bhi);
	code_if(c, BPF_JGE, lo, blo, no);
	code_alui(c, BPF_SUB, hi, 1);
	code_place_label(c, no);
	code_alu(c, BPF_SUB, lo, blo);
}

/* The two words at `slot` divided by d. */
static void divide_wide(struct cg_fn *fn, uint32_t slot, cg_reg d)
{
	code_mov(fn->c, R1, cg_scratch_addr(fn, (int32_t)slot));
	code_mov(fn->c, R2, d);
	code_call_sub(fn->c, rt_routine(fn, RT_DIV128), 2);
}

/*
 * Of the sample: (n * sumsq - sum * sum) / n / (n - 1), or where n * sumsq
 * has more than 128 bits (sumsq - sum * sum / n) / (n - 1).
 */
static cg_reg variance(struct cg_fn *fn, struct stat_read *q)
{
	struct cg_code *c = fn->c;
	uint32_t slot = cg_slot(fn, 24);
	cg_label few = code_label(c), wide = code_label(c);
	cg_label last = code_label(c), pos = code_label(c);
	cg_reg n = cell_get(fn, q->count), sum, slo, shi, lo, hi, t, thi;

	code_storei(c, fn->scratch, (int32_t)slot, 0, 8);
	code_ifi(c, BPF_JSLT, n, 2, few);
	sum = cell_get(fn, q->x);
	code_ifi(c, BPF_JSGE, sum, 0, pos);
	code_alui(c, BPF_NEG, sum, 0);
	code_place_label(c, pos);
	multiply_wide(c, sum, sum, &slo, &shi);
	multiply_wide(c, cell_get(fn, q->y), n, &lo, &hi);
	multiply_wide(c, cell_get(fn, q->hi), n, &t, &thi);
	code_ifi(c, BPF_JNE, thi, 0, wide);
	code_alu(c, BPF_ADD, hi, t);
	code_if(c, BPF_JLT, hi, t, wide);
	subtract_wide(c, lo, hi, slo, shi);
	code_store(c, fn->scratch, (int32_t)slot, lo, 8);
	code_store(c, fn->scratch, (int32_t)slot + 8, hi, 8);
	divide_wide(fn, slot, cell_get(fn, q->count));
	code_jmp(c, last);
	code_place_label(c, wide);
	code_store(c, fn->scratch, (int32_t)slot, slo, 8);
	code_store(c, fn->scratch, (int32_t)slot + 8, shi, 8);
	divide_wide(fn, slot, cell_get(fn, q->count));
	lo = cell_get(fn, q->y);
	hi = cell_get(fn, q->hi);
	subtract_wide(c, lo, hi, cell_get(fn, slot), cell_get(fn, slot + 8));
	code_store(c, fn->scratch, (int32_t)slot, lo, 8);
	code_store(c, fn->scratch, (int32_t)slot + 8, hi, 8);
	code_place_label(c, last);
	n = cell_get(fn, q->count);
	code_alui(c, BPF_SUB, n, 1);
	divide_wide(fn, slot, n);
	code_place_label(c, few);
	t = cell_get(fn, slot);
	cg_slot_free(fn, slot);
	return t;
}

static cg_reg average(struct cg_fn *fn, struct stat_read *q)
{
	struct cg_code *c = fn->c;
	cg_label pos = code_label(c), done = code_label(c);
	cg_reg v = cell_get(fn, q->x);

	/* the divisor is positive: only the sum has a sign */
	code_ifi(c, BPF_JSGE, v, 0, pos);
	code_alui(c, BPF_NEG, v, 0);
	code_alu(c, BPF_DIV, v, cell_get(fn, q->count));
	code_alui(c, BPF_NEG, v, 0);
	code_jmp(c, done);
	code_place_label(c, pos);
	code_alu(c, BPF_DIV, v, cell_get(fn, q->count));
	code_place_label(c, done);
	return v;
}

static cg_reg extract(struct cg_fn *fn, struct stat_read *q)
{
	struct cg_code *c = fn->c;
	cg_reg v;

	switch (q->op) {
	case STAT_OP_COUNT:
		return cell_get(fn, q->count);
	case STAT_OP_SUM:
	case STAT_OP_BUCKET:
		break;
	case STAT_OP_MIN:
	case STAT_OP_MAX:
		v = cell_get(fn, q->x);
		if (q->op == STAT_OP_MIN)
			code_alui(c, BPF_XOR, v, -1);
		code_alu(c, BPF_XOR, v, code_const(c, SIGN));
		return v;
	case STAT_OP_AVG:
		return average(fn, q);
	case STAT_OP_VARIANCE:
		return variance(fn, q);
	}
	return cell_get(fn, q->x);
}

static void check_bucket(struct cg_fn *fn, struct stat_read *q, ir_ref which)
{
	struct cg_code *c = fn->c;
	cg_label ok = code_label(c);
	cg_reg i;

	if (q->op != STAT_OP_BUCKET)
		return;
	i = cg_long(fn, which);
	code_ifi(c, BPF_JLT, i, image_stat_buckets(&q->g->stat), ok);
	cg_raise(fn, IERR_BUCKET, NO_REG);
	code_place_label(c, ok);
	cell_set(fn, q->which, i);
}

cg_reg stat_read(struct cg_fn *fn, const struct image_global *g,
		 struct cg_str key, enum stat_op op, ir_ref arg, bool quiet)
{
	struct cg_code *c = fn->c;
	struct stat_read q = { .g = g, .op = op, .key = key,
			       .count = cell_new(fn, 0), .x = cell_new(fn, 0),
			       .y = cell_new(fn, 0), .hi = cell_new(fn, 0),
			       .which = cell_new(fn, 0) };
	cg_label some = code_label(c), done = code_label(c);
	cg_reg v;

	check_bucket(fn, &q, arg);
	merge_all(fn, &q);
	v = code_const(c, 0);
	if (op != STAT_OP_COUNT && op != STAT_OP_SUM) {
		code_ifi(c, BPF_JNE, cell_get(fn, q.count), 0, some);
		if (quiet)
			code_jmp(c, done);
		else
			cg_raise(fn, IERR_STAT_EMPTY, NO_REG);
		code_place_label(c, some);
	}
	code_mov(c, v, extract(fn, &q));
	code_place_label(c, done);
	cell_free(fn, q.count);
	cell_free(fn, q.x);
	cell_free(fn, q.y);
	cell_free(fn, q.hi);
	cell_free(fn, q.which);
	return v;
}

cg_reg stat_seq(struct cg_fn *fn, const struct image_global *g,
		struct cg_str key)
{
	cg_cell seq = cell_new(fn, 0);
	struct cg_loop l;
	cg_reg at, v;

	if (!cg_has(fn, FEATURE_BIT(PERCPU_LOOKUP))) {
		cell_free(fn, seq);
		return code_const(fn->c, 0);
	}
	loop_begin(fn, &l, MAX(fn->g->o->ncpus, 1u));
	at = lookup_cpu(fn, g, key, l.i);
	code_ifi(fn->c, BPF_JEQ, at, 0, l.next);
	merge_max(fn, seq, at, 0);
	loop_end(fn, &l);
	v = cell_get(fn, seq);
	cell_free(fn, seq);
	return v;
}

/* The key of a scalar: number 0 of the stats map. */
static struct cg_str scalar_key(struct cg_fn *fn)
{
	code_storei(fn->c, R10, cg_word(fn), 0, 8);
	return (struct cg_str){ .base = CG_IN_STACK, .off = cg_word(fn) };
}

void cg_stat_get(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	const struct image_global *g = array_global(fn, r);
	struct cg_str key;

	key = g->is_array ? array_key(fn, g, r) : scalar_key(fn);
	cg_set_long(fn, r, stat_read(fn, g, key, (enum stat_op)i->aux, i->a,
				  false));
	if (g->is_array)
		array_free(fn, key);
}

/* The buckets of one copy, added to those in scratch. */
static void take_copy(struct cg_fn *fn, const struct image_global *g,
		      const struct ir_insn *i, struct cg_str dst, cg_reg at)
{
	uint32_t off = g->off + image_stat_buckets_offset(&g->stat);
	struct cg_code *c = fn->c;

	for (uint32_t k = 0; k < i->bound; k += 8) {
		cg_reg v = code_ld(c, at, (int32_t)(off + 8 * i->aux + k), 8);
		int32_t to = dst.off + (int32_t)k;

		code_alu(c, BPF_ADD, v, code_ld(c, fn->scratch, to, 8));
		code_store(c, fn->scratch, to, v, 8);
	}
}

void cg_hist_take(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	const struct image_global *g = array_global(fn, r);
	struct cg_str key = g->is_array ? array_key(fn, g, r) : scalar_key(fn);
	struct cg_str dst = cg_new_string(fn, r);
	struct cg_code *c = fn->c;
	cg_cell count = cell_new(fn, 0);
	cg_label some = code_label(c);
	struct cg_loop l;
	cg_reg at;

	for (uint32_t k = 0; k < i->bound; k += 8)
		code_storei(c, fn->scratch, dst.off + (int32_t)k, 0, 8);
	loop_begin(fn, &l, MAX(fn->g->o->ncpus, 1u));
	at = lookup_cpu(fn, g, key, l.i);
	code_ifi(c, BPF_JEQ, at, 0, l.next);
	merge_sum(fn, count, at,
		  g->off + image_stat_offset(&g->stat, STAT_COUNT));
	take_copy(fn, g, i, dst, at);
	loop_end(fn, &l);
	code_ifi(c, BPF_JNE, cell_get(fn, count), 0, some);
	cg_raise(fn, IERR_STAT_EMPTY, NO_REG);
	code_place_label(c, some);
	cell_free(fn, count);
	if (g->is_array)
		array_free(fn, key);
}

static void clear_copy(struct cg_fn *fn, const struct image_global *g,
		       cg_reg at)
{
	uint32_t n = image_stat_size(&g->stat);

	for (uint32_t k = 0; k < n; k += 8)
		code_storei(fn->c, at, (int32_t)(g->off + k), 0, 8);
}

void cg_stat_clear(struct cg_fn *fn, ir_ref r)
{
	const struct image_global *g = array_global(fn, r);
	struct cg_code *c = fn->c;
	struct cg_loop l;
	cg_reg at;

	if (g->is_array) {
		cg_adel(fn, r);
		return;
	}
	loop_begin(fn, &l, MAX(fn->g->o->ncpus, 1u));
	at = lookup_cpu(fn, g, scalar_key(fn), l.i);
	code_ifi(c, BPF_JEQ, at, 0, l.next);
	clear_copy(fn, g, at);
	loop_end(fn, &l);
}
