/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions on short texts, as names of tasks are: no table, but
 * code for each state of the automaton at each place of the text.  A byte
 * costs a load and a comparison or two; there is no loop for the verifier to
 * follow, and no memory is needed.
 */
#include <string.h>

#include "base/bits.h"
#include "codegen/cg.h"
#include "image/dfa.h"

#define DIRECT_TEXT 31u		/* most bytes */
#define DIRECT_STATES 64u
#define DIRECT_INSNS 400u	/* instructions, about */
#define DIRECT_ACCEPT UINT16_MAX	/* a state that ends it; so does 0 */

/* Bytes lo ... hi lead to `to`. */
struct run {
	uint8_t lo, hi;
	uint16_t to;
};

/* What a state does: some runs, in order; what is in none goes to `other`. */
struct edges {
	struct run *v;
	uint32_t n;
	uint16_t other;
	bool accepts_end;
};

struct direct {
	struct cg_fn *fn;
	struct dfa_header h;
	const uint8_t *class;
	const char *next, *accept;
	uint32_t bound;
	struct edges *edges;	/* of each state */
};

static uint16_t half(const char *at, uint32_t i)
{
	uint16_t v;

	memcpy(&v, at + 2 * i, sizeof(v));
	return v;
}

/* Where a byte leads to; NUL is the end of the text. */
static uint16_t follow(const struct direct *d, uint32_t state, uint32_t byte)
{
	uint32_t at = state * d->h.nclasses + d->class[byte];
	uint16_t to;

	if (!byte)
		return half(d->accept, 2 * state + 1) ? DIRECT_ACCEPT : 0;
	to = half(d->next, 2 * at);
	return to && half(d->accept, 2 * to) ? DIRECT_ACCEPT : to;
}

/* Where most bytes lead to. */
static uint16_t most_common(const uint16_t to[256])
{
	uint32_t most = 0, n;
	uint16_t ret = 0;

	for (uint32_t i = 0; i < 256; i++) {
		if (i && to[i] == to[i - 1])
			continue;
		n = 0;
		for (uint32_t k = 0; k < 256; k++)
			n += to[k] == to[i];
		if (n > most)
			ret = to[i];
		most = MAX(most, n);
	}
	return ret;
}

static void find_edges(struct direct *d, uint32_t state)
{
	struct edges *e = &d->edges[state];
	uint16_t to[256];

	for (uint32_t i = 0; i < 256; i++)
		to[i] = follow(d, state, i);
	e->accepts_end = to[0] == DIRECT_ACCEPT;
	e->other = most_common(to);
	e->v = arena_array(d->fn->g->a, 256, struct run);
	for (uint32_t i = 0; i < 256; i++) {
		if (to[i] == e->other)
			continue;
		if (i && to[i] == to[i - 1])
			e->v[e->n - 1].hi = (uint8_t)i;
		else
			e->v[e->n++] = (struct run){ (uint8_t)i, (uint8_t)i,
						     to[i] };
	}
}

/* Which states there may be one byte later. */
static void step(const struct direct *d, const bool *here, bool *then)
{
	memset(then, 0, d->h.nstates * sizeof(*then));
	for (uint32_t s = 1; s < d->h.nstates; s++) {
		const struct edges *e = &d->edges[s];

		if (!here[s])
			continue;
		if (e->other && e->other != DIRECT_ACCEPT)
			then[e->other] = true;
		for (uint32_t k = 0; k < e->n; k++)
			if (e->v[k].to && e->v[k].to != DIRECT_ACCEPT)
				then[e->v[k].to] = true;
	}
}

/* About how many instructions it will take. */
static uint32_t count(const struct direct *d)
{
	bool here[DIRECT_STATES] = {}, then[DIRECT_STATES];
	uint32_t n = 0;

	here[d->h.start] = true;
	for (uint32_t at = 0; at < d->bound && n <= DIRECT_INSNS; at++) {
		for (uint32_t s = 1; s < d->h.nstates; s++)
			n += here[s] ? 2 + 2 * d->edges[s].n : 0;
		step(d, here, then);
		memcpy(here, then, sizeof(here));
	}
	return n;
}

static bool open_direct(struct direct *d, struct cg_fn *fn,
			const struct ir_insn *i)
{
	const struct ir_dfa *dfa = &fn->g->p->dfas.v[i->imm];
	const char *table = dfa->table.s;

	*d = (struct direct){ .fn = fn, .bound = ir_insn(fn->f, i->a)->bound };
	memcpy(&d->h, table, sizeof(d->h));
	if (fn->wants_groups || d->bound > DIRECT_TEXT || !d->h.start ||
	    d->h.nstates > DIRECT_STATES)
		return false;
	d->class = (const uint8_t *)table + sizeof(d->h);
	d->next = (const char *)d->class + 256;
	d->accept = d->next + 4u * d->h.nstates * d->h.nclasses;
	d->edges = arena_array(fn->g->a, d->h.nstates, struct edges);
	for (uint32_t s = 1; s < d->h.nstates; s++)
		find_edges(d, s);
	return count(d) <= DIRECT_INSNS;
}

bool cg_match_is_direct(struct cg_fn *fn, const struct ir_insn *i)
{
	struct direct d;

	return open_direct(&d, fn, i);
}

/* ---- code ---- */

struct labels {
	cg_label yes, no;
	cg_label *then;		/* of states, one byte later; 0 = not yet */
	bool *known;
	bool is_last;		/* there is no byte later */
};

static cg_label label_of(const struct direct *d, struct labels *l, uint16_t to)
{
	if (to == DIRECT_ACCEPT)
		return l->yes;
	if (!to)
		return l->no;
	if (l->is_last)
		return d->edges[to].accepts_end ? l->yes : l->no;
	if (!l->known[to])
		l->then[to] = code_label(d->fn->c);
	l->known[to] = true;
	return l->then[to];
}

/* Runs come in order: what lies before one has been dealt with, or goes
 * elsewhere. */
static void branch(const struct direct *d, struct labels *l,
		   const struct edges *e, cg_reg v)
{
	struct cg_code *c = d->fn->c;
	cg_label other = label_of(d, l, e->other);

	for (uint32_t k = 0; k < e->n; k++) {
		const struct run *r = &e->v[k];
		uint32_t done = k ? r[-1].hi + 1u : 0;

		if (r->lo == r->hi) {
			code_ifi(c, BPF_JEQ, v, r->lo, label_of(d, l, r->to));
			continue;
		}
		if (r->lo > done)
			code_ifi(c, BPF_JLT, v, r->lo, other);
		code_ifi(c, BPF_JLE, v, r->hi, label_of(d, l, r->to));
	}
	code_jmp(c, other);
}

static cg_reg byte_at(struct cg_fn *fn, struct cg_str text, cg_reg at,
		      uint32_t i)
{
	if (text.base == CG_IN_STACK)
		return code_ld(fn->c, R10, text.off + (int32_t)i, 1);
	return code_ld(fn->c, at, (int32_t)i, 1);
}

/* All states that the text can be in at each of its bytes. */
static void put_states(const struct direct *d, struct labels *l,
		       struct cg_str text)
{
	cg_reg at = text.base == CG_IN_STACK ? NO_REG :
					       cg_str_addr(d->fn, text);
	cg_label here[DIRECT_STATES];
	bool known[DIRECT_STATES] = {};

	known[d->h.start] = true;
	here[d->h.start] = code_label(d->fn->c);
	for (uint32_t i = 0; i < d->bound; i++) {
		memset(l->known, 0, DIRECT_STATES * sizeof(*l->known));
		l->is_last = i + 1 == d->bound;
		for (uint32_t s = 1; s < d->h.nstates; s++) {
			if (!known[s])
				continue;
			code_place_label(d->fn->c, here[s]);
			branch(d, l, &d->edges[s],
			       byte_at(d->fn, text, at, i));
		}
		memcpy(here, l->then, sizeof(here));
		memcpy(known, l->known, sizeof(known));
	}
}

void cg_match_direct(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_code *c = fn->c;
	cg_label then[DIRECT_STATES], done = code_label(c);
	bool known[DIRECT_STATES];
	struct labels l = {
		.yes = code_label(c), .no = code_label(c), .then = then,
		.known = known,
	};
	struct direct d;
	cg_reg ret;

	if (!open_direct(&d, fn, i))
		return;
	ret = code_const(c, 0);
	/* It may begin with what matches whatever follows. */
	if (half(d.accept, 2 * d.h.start) ||
	    (!d.bound && d.edges[d.h.start].accepts_end))
		code_jmp(c, l.yes);
	else if (!d.bound)
		code_jmp(c, l.no);
	else
		put_states(&d, &l, cg_string(fn, i->a));
	code_place_label(c, l.yes);
	code_movi(c, ret, 1);
	code_jmp(c, done);
	code_place_label(c, l.no);
	code_movi(c, ret, 0);
	code_place_label(c, done);
	cg_set_long(fn, r, ret);
}
