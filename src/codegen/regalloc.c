/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linear scan.  Instruction i reads at position 2i and writes at 2i + 1; a
 * virtual register has one interval of positions without holes, a real
 * register the list of ranges where calls need it.  Intervals are taken by
 * ascending start, so the last one given a register is the only one that
 * can be in the way of the next.
 *
 * Who finds no register is spilled, cheapest first: constants and addresses
 * are made again at each use, others go to the stack.  Uses of the spilled
 * become tiny registers that may not be spilled again, and all starts over;
 * two or three rounds are the rule.
 *
 * Long handlers have thousands of blocks and registers, of which few live
 * longer than a block: the sets of blocks are of those only.
 */
#include "codegen/regalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define ROUNDS_MAX 64
#define NREGS 10
#define STACK_RESERVE 96	/* bytes of stack that only pointers may have */

struct block {
	uint32_t first, end;
	uint32_t succ[2];
	uint32_t nsucc;
	bool reached;
	uint64_t *in, *out, *gen, *kill;	/* of crossing registers */
};

struct range {
	uint32_t from, to;
};

struct interval {
	uint32_t reg;		/* number of the virtual register */
	uint32_t from, to;	/* from > to: not used at all */
	double cost;
	cg_reg hint[2], got;	/* hint: what it is moved from, and to */
	uint32_t ndefs, def;	/* number and last of the definitions */
	bool spilled, again;	/* again: made again at each use */
	bool far;		/* the slot is not on the stack */
	int32_t slot;
};

struct regalloc {
	struct cg_code *c;
	struct arena a;
	struct block *blocks;
	uint32_t nblocks, nwords;
	uint32_t *label_at;	/* label to block */
	uint32_t *crossing;	/* virtual registers that outlive a block */
	uint32_t *number;	/* by virtual register: 0, or 1 + index above */
	uint32_t ncrossing;
	struct interval *intervals;	/* by virtual register */
	struct { struct range *v; uint32_t n, cap; } fixed[NREGS];
	uint32_t ahead[NREGS];	/* the first range that scan() may still meet */
	struct { bool *v; uint32_t n, cap; } tiny;	/* not to be spilled */
	bool *pointer;		/* may not go to memory but the stack */
	struct arena keep;	/* of tiny: across rounds */
};

static bool is_set(const uint64_t *s, uint32_t i)
{
	return s[i / 64] >> i % 64 & 1;
}

static void set(uint64_t *s, uint32_t i)
{
	s[i / 64] |= UINT64_C(1) << i % 64;
}

static void unset(uint64_t *s, uint32_t i)
{
	s[i / 64] &= ~(UINT64_C(1) << i % 64);
}

static bool ends_block(const struct cg_insn *i)
{
	return i->kind == CG_JMP || i->kind == CG_EXIT;
}

static bool begins_block(const struct cg_code *c, uint32_t i)
{
	const struct cg_insn *p = &c->insns.v[i];

	return !i || p->kind == CG_LABEL || ends_block(p - 1);
}

static void find_blocks(struct regalloc *ra)
{
	struct cg_code *c = ra->c;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->insns.n; i++)
		n += begins_block(c, i);
	ra->blocks = arena_array(&ra->a, n + 1, struct block);
	n = 0;
	ra->label_at = arena_array(&ra->a, c->nlabels + 1, uint32_t);
	for (uint32_t i = 0; i < c->insns.n; i++) {
		const struct cg_insn *p = &c->insns.v[i];

		if (begins_block(c, i)) {
			if (n)
				ra->blocks[n - 1].end = i;
			ra->blocks[n++].first = i;
		}
		if (p->kind == CG_LABEL)
			ra->label_at[p->label] = n - 1;
	}
	ra->blocks[n - 1].end = c->insns.n;
	ra->nblocks = n;
}

static void link_blocks(struct regalloc *ra)
{
	for (uint32_t b = 0; b < ra->nblocks; b++) {
		struct block *bl = &ra->blocks[b];
		const struct cg_insn *p = &ra->c->insns.v[bl->end - 1];
		bool falls = true;

		if (p->kind == CG_JMP) {
			bl->succ[bl->nsucc++] = ra->label_at[p->label];
			falls = BPF_OP(p->code) != BPF_JA ||
				BPF_CLASS(p->code) != BPF_JMP;
		} else if (p->kind == CG_EXIT) {
			falls = false;
		}
		if (falls && b + 1 < ra->nblocks)
			bl->succ[bl->nsucc++] = b + 1;
	}
}

static void drop_unreached(struct regalloc *ra)
{
	uint32_t *todo = arena_array(&ra->a, ra->nblocks + 1, uint32_t);
	uint32_t n = 0;

	todo[n++] = 0;
	ra->blocks[0].reached = true;
	while (n) {
		struct block *bl = &ra->blocks[todo[--n]];

		for (uint32_t s = 0; s < bl->nsucc; s++) {
			struct block *to = &ra->blocks[bl->succ[s]];

			if (!to->reached) {
				to->reached = true;
				todo[n++] = bl->succ[s];
			}
		}
	}
	for (uint32_t b = 0; b < ra->nblocks; b++) {
		struct block *bl = &ra->blocks[b];

		if (bl->reached)
			continue;
		for (uint32_t i = bl->first; i < bl->end; i++)
			ra->c->insns.v[i].kind = CG_DEAD;
		bl->nsucc = 0;
	}
}

/* What the blocks read, and have not defined themselves before. */
static void find_crossing(struct regalloc *ra)
{
	uint32_t nv = ra->c->nvregs + 1;
	uint32_t *defined_in = arena_array(&ra->a, nv, uint32_t);

	ra->number = arena_array(&ra->a, nv, uint32_t);
	ra->crossing = arena_array(&ra->a, nv, uint32_t);
	ra->ncrossing = 0;
	for (uint32_t b = 0; b < ra->nblocks; b++)
		for (uint32_t i = ra->blocks[b].first; i < ra->blocks[b].end;
		     i++) {
			const struct cg_insn *p = &ra->c->insns.v[i];
			cg_reg uses[8], def = code_def(p);
			uint32_t n = code_uses(p, uses);

			for (uint32_t u = 0; u < n; u++) {
				uint32_t v = uses[u] - VREG;

				if (uses[u] < VREG || ra->number[v] ||
				    defined_in[v] == b + 1)
					continue;
				ra->crossing[ra->ncrossing] = v;
				ra->number[v] = ++ra->ncrossing;
			}
			if (def != NO_REG && def >= VREG)
				defined_in[def - VREG] = b + 1;
		}
}

/* The index of a register in the sets of blocks, or NO_REG. */
static uint32_t index_of(const struct regalloc *ra, cg_reg r)
{
	if (r == NO_REG || r < VREG || !ra->number[r - VREG])
		return NO_REG;
	return ra->number[r - VREG] - 1;
}

/* What block b needs from before, and what it defines. */
static void summarize(struct regalloc *ra, struct block *bl)
{
	for (uint32_t i = bl->first; i < bl->end; i++) {
		const struct cg_insn *p = &ra->c->insns.v[i];
		cg_reg uses[8], def = code_def(p);
		uint32_t n = code_uses(p, uses);

		for (uint32_t u = 0; u < n; u++) {
			uint32_t k = index_of(ra, uses[u]);

			if (k != NO_REG && !is_set(bl->kill, k))
				set(bl->gen, k);
		}
		if (index_of(ra, def) != NO_REG)
			set(bl->kill, index_of(ra, def));
	}
}

static bool flow(struct regalloc *ra, struct block *bl)
{
	bool changed = false;

	for (uint32_t s = 0; s < bl->nsucc; s++)
		for (uint32_t w = 0; w < ra->nwords; w++)
			bl->out[w] |= ra->blocks[bl->succ[s]].in[w];
	for (uint32_t w = 0; w < ra->nwords; w++) {
		uint64_t in = bl->gen[w] | (bl->out[w] & ~bl->kill[w]);

		changed |= in != bl->in[w];
		bl->in[w] = in;
	}
	return changed;
}

static void liveness(struct regalloc *ra)
{
	bool changed = true;

	ra->nwords = ra->ncrossing / 64 + 1;
	for (uint32_t b = 0; b < ra->nblocks; b++) {
		struct block *bl = &ra->blocks[b];
		uint64_t *sets = arena_array(&ra->a, 4 * (size_t)ra->nwords,
					     uint64_t);

		bl->in = sets;
		bl->out = sets + ra->nwords;
		bl->gen = sets + 2 * (size_t)ra->nwords;
		bl->kill = sets + 3 * (size_t)ra->nwords;
		summarize(ra, bl);
	}
	while (changed) {
		changed = false;
		for (uint32_t b = ra->nblocks; b-- > 0;)
			changed |= flow(ra, &ra->blocks[b]);
	}
}

static bool is_pure(const struct cg_insn *p)
{
	return p->kind == CG_ALU || p->kind == CG_LDX || p->kind == CG_LD64;
}

/* Calls fn for each virtual register of a set. */
static void each_in(const struct regalloc *ra, const uint64_t *s,
		    void (*fn)(uint32_t vreg, void *data), void *data)
{
	for (uint32_t w = 0; w < ra->nwords; w++)
		for (uint64_t bits = s[w]; bits; bits &= bits - 1)
			fn(ra->crossing[64 * w + (uint32_t)
					__builtin_ctzll(bits)], data);
}

static void set_live(uint32_t vreg, void *data)
{
	set(data, vreg);
}

static void unset_live(uint32_t vreg, void *data)
{
	unset(data, vreg);
}

/* Drops what defines a register that nobody reads; an atomic operation
 * whose result nobody reads need not fetch it.  live, by virtual register, is
 * empty before and after. */
static void drop_dead(struct regalloc *ra, struct block *bl, uint64_t *live)
{
	each_in(ra, bl->out, set_live, live);
	for (uint32_t i = bl->end; i-- > bl->first;) {
		struct cg_insn *p = &ra->c->insns.v[i];
		cg_reg uses[8], def = code_def(p);
		uint32_t n = code_uses(p, uses);
		bool dead = def != NO_REG && def >= VREG &&
			    !is_set(live, def - VREG);

		if (dead && is_pure(p)) {
			p->kind = CG_DEAD;
			continue;
		}
		if (dead && p->kind == CG_ATOMIC && p->imm != BPF_XCHG)
			p->imm &= ~(int64_t)BPF_FETCH;
		if (def != NO_REG && def >= VREG)
			unset(live, def - VREG);
		for (uint32_t u = 0; u < n; u++)
			if (uses[u] >= VREG)
				set(live, uses[u] - VREG);
	}
	each_in(ra, bl->in, unset_live, live);
}

static void drop_all_dead(struct regalloc *ra)
{
	uint64_t *live = arena_array(&ra->a, ra->c->nvregs / 64 + 1, uint64_t);

	for (uint32_t b = 0; b < ra->nblocks; b++)
		if (ra->blocks[b].reached)
			drop_dead(ra, &ra->blocks[b], live);
	code_sweep(ra->c);
}

static void analyze(struct regalloc *ra)
{
	arena_reset(&ra->a);
	find_blocks(ra);
	link_blocks(ra);
	drop_unreached(ra);
	find_crossing(ra);
	liveness(ra);
}

static void extend(struct interval *v, uint32_t from, uint32_t to)
{
	v->from = MIN(v->from, from);
	v->to = MAX(v->to, to);
}

/* How many loops lie around each instruction, by the jumps back. */
static uint8_t *loop_depths(struct regalloc *ra)
{
	struct cg_code *c = ra->c;
	uint8_t *depth = arena_array(&ra->a, c->insns.n + 1, uint8_t);

	for (uint32_t i = 0; i < c->insns.n; i++) {
		uint32_t to;

		if (c->insns.v[i].kind != CG_JMP)
			continue;
		to = ra->blocks[ra->label_at[c->insns.v[i].label]].first;
		for (uint32_t k = to; k <= i; k++)
			if (depth[k] < 4)
				depth[k]++;
	}
	return depth;
}

static void set_hints(struct regalloc *ra, const struct cg_insn *p)
{
	if (p->kind != CG_ALU || BPF_OP(p->code) != BPF_MOV || !p->uses_reg)
		return;
	if (p->dst >= VREG)
		ra->intervals[p->dst - VREG].hint[0] = p->src;
	if (p->src >= VREG && ra->intervals[p->src - VREG].hint[1] == NO_REG)
		ra->intervals[p->src - VREG].hint[1] = p->dst;
}

static void count_uses(struct regalloc *ra, uint32_t i, double cost)
{
	const struct cg_insn *p = &ra->c->insns.v[i];
	cg_reg uses[8], def = code_def(p);
	uint32_t n = code_uses(p, uses);

	for (uint32_t u = 0; u < n; u++) {
		struct interval *v;

		if (uses[u] < VREG)
			continue;
		v = &ra->intervals[uses[u] - VREG];
		extend(v, 2 * i, 2 * i);
		v->cost += cost;
	}
	if (def != NO_REG && def >= VREG) {
		struct interval *v = &ra->intervals[def - VREG];

		extend(v, 2 * i + 1, 2 * i + 2);
		v->cost += cost;
		v->ndefs++;
		v->def = i;
	}
	set_hints(ra, p);
}

struct at {
	struct regalloc *ra;
	uint32_t position;
};

static void extend_at(uint32_t vreg, void *data)
{
	const struct at *at = data;

	extend(&at->ra->intervals[vreg], at->position, at->position);
}

static void find_intervals(struct regalloc *ra)
{
	static const double weight[] = { 1, 8, 64, 512, 4096 };
	struct cg_code *c = ra->c;
	uint8_t *depth = loop_depths(ra);

	ra->intervals = arena_array(&ra->a, c->nvregs + 1, struct interval);
	for (uint32_t v = 0; v < c->nvregs; v++)
		ra->intervals[v] = (struct interval){
			.reg = v, .from = UINT32_MAX,
			.hint = { NO_REG, NO_REG }, .got = NO_REG,
		};
	for (uint32_t b = 0; b < ra->nblocks; b++) {
		struct block *bl = &ra->blocks[b];

		each_in(ra, bl->in, extend_at,
			&(struct at){ ra, 2 * bl->first });
		each_in(ra, bl->out, extend_at,
			&(struct at){ ra, 2 * bl->end });
		for (uint32_t i = bl->first; i < bl->end; i++)
			count_uses(ra, i, weight[depth[i]]);
	}
	for (uint32_t v = 0; v < c->nvregs; v++) {
		struct interval *iv = &ra->intervals[v];

		if (v < ra->tiny.n && ra->tiny.v[v])
			iv->cost = 1e30;
		else if (iv->from <= iv->to)
			iv->cost /= iv->to - iv->from + 1;
	}
}

static void close_range(struct regalloc *ra, cg_reg r, uint32_t *from,
			uint32_t *to)
{
	if (*from != UINT32_MAX)
		vec_push(&ra->a, &ra->fixed[r],
			 (struct range){ *from, MAX(*to, *from + 1) });
	*from = UINT32_MAX;
	*to = 0;
}

/* The ranges where the code itself uses real registers. */
static void find_fixed(struct regalloc *ra)
{
	uint32_t from[NREGS], to[NREGS] = {};

	memset(from, 0xff, sizeof(from));
	memset(ra->fixed, 0, sizeof(ra->fixed));
	memset(ra->ahead, 0, sizeof(ra->ahead));
	for (uint32_t i = 0; i < ra->c->insns.n; i++) {
		const struct cg_insn *p = &ra->c->insns.v[i];
		cg_reg uses[8], def = code_def(p);
		uint32_t n = code_uses(p, uses);

		for (uint32_t u = 0; u < n; u++) {
			if (uses[u] >= NREGS)
				continue;
			if (from[uses[u]] == UINT32_MAX)
				from[uses[u]] = 0;	/* an argument */
			to[uses[u]] = 2 * i;
		}
		for (cg_reg r = R0; r <= R5; r++)
			if (def == r || p->kind == CG_CALL) {
				close_range(ra, r, &from[r], &to[r]);
				from[r] = to[r] = 2 * i + 1;
			}
	}
	for (cg_reg r = R0; r < NREGS; r++)
		close_range(ra, r, &from[r], &to[r]);
}

/* Does a real range of r meet v?  Called by ascending v->from. */
static bool is_blocked(struct regalloc *ra, cg_reg r,
		       const struct interval *v)
{
	while (ra->ahead[r] < ra->fixed[r].n &&
	       ra->fixed[r].v[ra->ahead[r]].to <= v->from)
		ra->ahead[r]++;
	for (uint32_t i = ra->ahead[r]; i < ra->fixed[r].n; i++) {
		const struct range *f = &ra->fixed[r].v[i];

		if (f->from >= v->to)
			break;
		if (v->from < f->to)
			return true;
	}
	return false;
}

static bool can_remake(struct regalloc *ra, const struct interval *v)
{
	const struct cg_insn *p = &ra->c->insns.v[v->def];

	return v->ndefs == 1 && !ra->tiny.v[v->reg] &&
	       (p->kind == CG_LD64 ||
		(p->kind == CG_ALU && BPF_OP(p->code) == BPF_MOV &&
		 !p->uses_reg));
}

static cg_reg hinted(struct regalloc *ra, cg_reg h)
{
	if (h != NO_REG && h >= VREG)
		h = ra->intervals[h - VREG].got;
	return h < NREGS ? h : NO_REG;
}

/* The order in which registers are tried: those that a call destroys first,
 * so that the others stay for those who live across one. */
static const cg_reg order[NREGS] = { R0, R5, R4, R3, R2, R1, R9, R8, R7, R6 };

static void assign(struct regalloc *ra, struct interval *v,
		   struct interval **holder)
{
	cg_reg cheapest = NO_REG;
	double cost = v->cost;

	for (int k = -2; k < NREGS; k++) {
		cg_reg r = k < 0 ? hinted(ra, v->hint[k + 2]) : order[k];

		if (r == NO_REG || is_blocked(ra, r, v))
			continue;
		if (!holder[r] || holder[r]->to <= v->from) {
			holder[r] = v;
			v->got = r;
			return;
		}
		if (holder[r]->cost < cost) {
			cost = holder[r]->cost;
			cheapest = r;
		}
	}
	if (cheapest == NO_REG) {
		assert(v->cost < 1e30);
		v->spilled = true;
		return;
	}
	holder[cheapest]->spilled = true;
	holder[cheapest]->got = NO_REG;
	holder[cheapest] = v;
	v->got = cheapest;
}

static int by_start(const void *a, const void *b)
{
	const struct interval *x = *(struct interval *const *)a;
	const struct interval *y = *(struct interval *const *)b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->reg < y->reg ? -1 : x->reg > y->reg;
}

static struct interval **sorted(struct regalloc *ra, uint32_t *n)
{
	struct interval **v = arena_array(&ra->a, ra->c->nvregs + 1,
					  struct interval *);

	*n = 0;
	for (uint32_t i = 0; i < ra->c->nvregs; i++)
		if (ra->intervals[i].from <= ra->intervals[i].to)
			v[(*n)++] = &ra->intervals[i];
	qsort(v, *n, sizeof(*v), by_start);
	return v;
}

/* True when everyone has a register. */
static bool scan(struct regalloc *ra, struct interval **v, uint32_t n)
{
	struct interval *holder[NREGS] = {};
	bool ok = true;

	for (uint32_t i = 0; i < n; i++)
		assign(ra, v[i], holder);
	for (uint32_t i = 0; i < n; i++) {
		ok &= !v[i]->spilled;
		v[i]->again = v[i]->spilled && can_remake(ra, v[i]);
	}
	return ok;
}

/* Does R0 hold an address after this? */
static bool gives_pointer(const struct cg_insn *call)
{
	if (call->reloc == IREL_KFUNC + 1)
		return true;		/* bpf_rdonly_cast(), maybe */
	switch (call->imm) {
	case BPF_FUNC_task_storage_get:
	case BPF_FUNC_get_current_task_btf:
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_lookup_percpu_elem:
	case BPF_FUNC_ringbuf_reserve:
		return !call->reloc;
	}
	return false;
}

static bool is_pointer(struct regalloc *ra, cg_reg r, bool in_r0)
{
	if (r == R0)
		return in_r0;
	return r < VREG ? r != NO_REG : r != NO_REG && ra->pointer[r - VREG];
}

/* Addresses: of maps, of what a call gave, and what is reckoned of them. */
static bool find_pointers_once(struct regalloc *ra)
{
	bool changed = false, in_r0 = false;

	for (uint32_t i = 0; i < ra->c->insns.n; i++) {
		const struct cg_insn *p = &ra->c->insns.v[i];
		bool is = false;

		if (p->kind == CG_CALL)
			in_r0 = gives_pointer(p);
		if (p->kind == CG_LD64)
			is = p->reloc && p->reloc != IREL_ACCESS + 1;
		else if (p->kind == CG_ALU)
			is = p->uses_reg && is_pointer(ra, p->src, in_r0);
		if (!is || p->dst < VREG || ra->pointer[p->dst - VREG])
			continue;
		ra->pointer[p->dst - VREG] = changed = true;
	}
	return changed;
}

static void find_pointers(struct regalloc *ra)
{
	ra->pointer = arena_array(&ra->a, ra->c->nvregs + 1, bool);
	while (find_pointers_once(ra))
		;
}

static bool may_go_far(struct regalloc *ra, const struct interval *v)
{
	const struct interval *base;

	if (ra->c->spill_base == NO_REG || ra->pointer[v->reg] ||
	    ra->c->stack + 8 <= ra->c->stack_max - STACK_RESERVE)
		return false;
	base = &ra->intervals[ra->c->spill_base - VREG];
	return base->from < v->from;
}

struct slot {
	int32_t at;
	uint32_t to;
	bool far;
};

static struct slot slot_new(struct regalloc *ra, bool far)
{
	struct slot s = { .far = far };

	if (far) {
		s.at = (int32_t)ra->c->spill_off;
		ra->c->spill_off += 8;
	} else {
		s.at = code_stack(ra->c, 8);
	}
	return s;
}

/* Places for the spilled; those whose intervals do not meet share one. */
static void give_slots(struct regalloc *ra, struct interval **v, uint32_t n)
{
	VEC(struct slot) slots = {};

	find_pointers(ra);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t s = 0;

		if (!v[i]->spilled || v[i]->again)
			continue;
		while (s < slots.n && (slots.v[s].to > v[i]->from ||
				       slots.v[s].far))
			s++;
		if (s == slots.n && may_go_far(ra, v[i])) {
			s = 0;
			while (s < slots.n && (slots.v[s].to > v[i]->from ||
					       !slots.v[s].far))
				s++;
			if (s == slots.n)
				vec_push(&ra->a, &slots, slot_new(ra, true));
		} else if (s == slots.n) {
			vec_push(&ra->a, &slots, slot_new(ra, false));
		}
		slots.v[s].to = v[i]->to;
		v[i]->slot = slots.v[s].at;
		v[i]->far = slots.v[s].far;
	}
}

static struct interval *spilled(struct regalloc *ra, cg_reg r)
{
	struct interval *v;

	if (r == NO_REG || r < VREG || r - VREG >= ra->tiny.n)
		return NULL;
	v = &ra->intervals[r - VREG];
	return v->spilled ? v : NULL;
}

static cg_reg tiny(struct regalloc *ra)
{
	vec_push(&ra->keep, &ra->tiny, true);
	return code_reg(ra->c);
}

/* The register that a slot is counted from. */
static cg_reg slot_base(struct regalloc *ra, const struct interval *v)
{
	struct interval *base;
	cg_reg r;

	if (!v->far)
		return R10;
	base = spilled(ra, ra->c->spill_base);
	if (!base)
		return ra->c->spill_base;
	r = tiny(ra);
	code_load(ra->c, r, R10, base->slot, 8);
	return r;
}

static void save(struct regalloc *ra, const struct interval *v, cg_reg from)
{
	code_store(ra->c, slot_base(ra, v), v->slot, from, 8);
}

static void reload(struct regalloc *ra, const struct interval *v, cg_reg to,
		   const struct cg_insn *defs)
{
	struct cg_code *c = ra->c;
	struct cg_insn def;

	if (!v->again) {
		code_load(c, to, slot_base(ra, v), v->slot, 8);
		return;
	}
	def = defs[v->def];
	def.dst = to;
	def.place = c->place;
	vec_push(c->arena, &c->insns, def);
}

/* A move from or to a spilled register needs no other register. */
static bool rewrite_move(struct regalloc *ra, const struct cg_insn *p,
			 const struct cg_insn *defs)
{
	struct interval *d = spilled(ra, p->dst);
	struct interval *s = p->uses_reg ? spilled(ra, p->src) : NULL;

	if (p->kind != CG_ALU || BPF_OP(p->code) != BPF_MOV || p->off)
		return false;
	if (d && d->again)
		return true;	/* made again where it is used */
	if (d && !p->uses_reg) {
		code_storei(ra->c, slot_base(ra, d), d->slot,
			    (int32_t)p->imm, 8);
		return true;
	}
	if (d && !s) {
		save(ra, d, p->src);
		return true;
	}
	if (s && !d) {
		reload(ra, s, p->dst, defs);
		return true;
	}
	return false;
}

static bool reads(const struct cg_insn *p, cg_reg r)
{
	cg_reg uses[8];
	uint32_t n = code_uses(p, uses);

	for (uint32_t u = 0; u < n; u++)
		if (uses[u] == r)
			return true;
	return false;
}

static void rewrite_insn(struct regalloc *ra, struct cg_insn p,
			 const struct cg_insn *defs)
{
	struct cg_code *c = ra->c;
	struct interval *d = spilled(ra, p.dst);
	struct interval *s = p.uses_reg ? spilled(ra, p.src) : NULL;
	cg_reg def = code_def(&p), dst = p.dst;
	struct interval *w = spilled(ra, def);
	/* of a load into its own base only the base is read */
	bool reads_dst = d && reads(&p, dst) && !(s == d && def == dst &&
						  p.kind == CG_LDX);

	c->place = p.place;
	if (rewrite_move(ra, &p, defs) || (d && d->again && def == dst))
		return;
	if (d)
		p.dst = tiny(ra);
	if (s)
		p.src = s == d ? p.dst : tiny(ra);
	if (reads_dst)
		reload(ra, d, p.dst, defs);
	if (s && (s != d || !reads_dst))
		reload(ra, s, p.src, defs);
	vec_push(c->arena, &c->insns, p);
	if (w)
		save(ra, w, def == dst ? p.dst : p.src);
}

static void rewrite(struct regalloc *ra)
{
	struct cg_code *c = ra->c;
	struct cg_insn *old = c->insns.v;
	uint32_t n = c->insns.n;

	c->insns.v = NULL;
	c->insns.n = c->insns.cap = 0;
	for (uint32_t i = 0; i < n; i++)
		rewrite_insn(ra, old[i], old);
}

static cg_reg final(struct regalloc *ra, cg_reg r)
{
	if (r == NO_REG || r < VREG)
		return r;
	return ra->intervals[r - VREG].got;
}

static void apply(struct regalloc *ra)
{
	for (uint32_t i = 0; i < ra->c->insns.n; i++) {
		struct cg_insn *p = &ra->c->insns.v[i];

		p->dst = final(ra, p->dst);
		p->src = final(ra, p->src);
		if (p->kind == CG_ALU && BPF_OP(p->code) == BPF_MOV &&
		    p->uses_reg && p->dst == p->src)
			p->kind = CG_DEAD;
	}
	code_sweep(ra->c);
}

static bool round_of(struct regalloc *ra)
{
	struct interval **v;
	uint32_t n;

	analyze(ra);
	find_intervals(ra);
	find_fixed(ra);
	v = sorted(ra, &n);
	if (scan(ra, v, n))
		return true;
	give_slots(ra, v, n);
	rewrite(ra);
	return false;
}

void regalloc(struct cg_code *c)
{
	struct regalloc ra = { .c = c };
	uint32_t rounds = 0;

	arena_init(&ra.a);
	arena_init(&ra.keep);
	for (uint32_t i = 0; i < c->nvregs; i++)
		vec_push(&ra.keep, &ra.tiny, false);
	analyze(&ra);
	drop_all_dead(&ra);
	while (!round_of(&ra)) {
		rounds++;
		assert(rounds < ROUNDS_MAX);
	}
	apply(&ra);
	arena_deinit(&ra.a);
	arena_deinit(&ra.keep);
}

#ifdef UNIT_TEST
#include <time.h>

#include "codegen/emit.h"
#include "codegen/vm.h"
#include "unit.h"

static void image_with_globals(struct image *img, struct arena *a)
{
	image_init(img, a);
	img->globals_map = 0;
	vec_push(a, &img->maps, (struct image_map){
		.kind = IMAP_GLOBALS, .key_size = 4, .value_size = 256,
		.max_entries = 1 });
}

/* Runs the code; what it has left at 128 in the globals. */
static int64_t result_of(struct cg_code *c)
{
	struct cg_code *funcs[] = { c };
	struct image img;
	struct vm_options o = { .image = &img, .steps = 100000 };
	struct vm *vm;
	uint64_t ctx[2] = { 5, 7 };
	int64_t ret = -1;

	image_with_globals(&img, c->arena);
	regalloc(c);
	TEST(c->stack <= CODE_STACK_MAX);
	emit_prog(&img, funcs, 1, false, &(struct image_prog){});
	vm = vm_create(&o);
	if (vm_run(vm, 0, ctx, sizeof(ctx)))
		memcpy(&ret, vm_value(vm, 0) + 128, sizeof(ret));
	else
		fprintf(stderr, "vm: %s\n", vm_error(vm));
	vm_destroy(vm);
	return ret;
}

static void finish(struct cg_code *c, cg_reg v)
{
	code_store(c, code_map_value(c, 0, 128), 0, v, 8);
	code_movi(c, R0, 0);
	code_exit(c);
}

/* More values live at once than there are registers, with calls between. */
UNIT_TEST_CASE(regalloc_spills)
{
	cg_reg v[30], sum, ctx;
	struct cg_code c;
	struct arena a;

	arena_init(&a);
	code_init(&c, &a);
	ctx = code_copy(&c, R1);
	for (uint32_t k = 0; k < ARRAY_SIZE(v); k++) {
		v[k] = code_ld(&c, ctx, 8 * (k % 2), 8);
		code_alui(&c, BPF_MUL, v[k], k + 1);
		if (k % 5 == 0)
			code_call(&c, HELPER_ktime_get_ns);
	}
	sum = code_const(&c, 0);
	for (uint32_t k = 0; k < ARRAY_SIZE(v); k++)
		code_alu(&c, k % 3 ? BPF_ADD : BPF_SUB, sum, v[k]);
	finish(&c, sum);
	{
		int64_t want = 0;

		for (int64_t k = 0; k < (int64_t)ARRAY_SIZE(v); k++)
			want += (k % 3 ? 1 : -1) * (k % 2 ? 7 : 5) * (k + 1);
		TEST_EQ(result_of(&c), want);
	}
	arena_deinit(&a);
}

/* A value that changes in a loop keeps its register or its place. */
UNIT_TEST_CASE(regalloc_loop)
{
	cg_reg i, sum, t, ctx;
	struct cg_code c;
	cg_label again;
	struct arena a;

	arena_init(&a);
	code_init(&c, &a);
	ctx = code_copy(&c, R1);
	i = code_const(&c, 0);
	sum = code_const(&c, 0);
	again = code_label(&c);
	code_place_label(&c, again);
	t = code_copy(&c, i);
	code_alu(&c, BPF_MUL, t, code_ld(&c, ctx, 8, 8));
	code_call(&c, HELPER_jiffies64);
	code_alu(&c, BPF_ADD, sum, t);
	code_alui(&c, BPF_ADD, i, 1);
	code_ifi(&c, BPF_JLT, i, 10, again);
	finish(&c, sum);
	TEST_EQ(result_of(&c), 7 * 45);
	arena_deinit(&a);
}

/* What cannot be reached and what nobody reads is gone. */
UNIT_TEST_CASE(regalloc_drops_dead_code)
{
	struct cg_code c;
	struct arena a;
	cg_label out;

	arena_init(&a);
	code_init(&c, &a);
	out = code_label(&c);
	code_const(&c, 42);
	code_jmp(&c, out);
	code_storei(&c, R10, -8, 1, 8);
	code_place_label(&c, out);
	code_movi(&c, R0, 0);
	code_exit(&c);
	regalloc(&c);
	TEST_EQ(c.insns.n, 4);		/* jump, label, r0, exit */
	arena_deinit(&a);
}

/* CPU time of the allocation for a handler of n blocks, each with registers of
 * its own. */
static double time_of_blocks(uint32_t n)
{
	struct timespec from, to;
	struct cg_code c;
	struct arena a;
	cg_reg sum;

	arena_init(&a);
	code_init(&c, &a);
	sum = code_const(&c, 0);
	for (uint32_t k = 0; k < n; k++) {
		cg_label over = code_label(&c);

		for (int t = 0; t < 4; t++)
			code_alu(&c, BPF_ADD, sum, code_ld(&c, R10, -8, 8));
		code_ifi(&c, BPF_JLT, sum, 10, over);
		code_storei(&c, R10, -8, 1, 8);
		code_place_label(&c, over);
	}
	finish(&c, sum);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	regalloc(&c);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	arena_deinit(&a);
	return (double)(to.tv_sec - from.tv_sec) +
	       1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

/* Sets of all registers for each block would be gigabytes, and many seconds. */
UNIT_TEST_CASE(regalloc_long_handlers)
{
	TEST(time_of_blocks(20000) < 1.0);
}

/* The machine lets no access out of its regions. */
UNIT_TEST_CASE(vm_bounds)
{
	static const int32_t bad[] = { -8, 249, 256 };
	struct arena a;

	arena_init(&a);
	for (uint32_t k = 0; k < ARRAY_SIZE(bad); k++) {
		struct image img;
		struct vm_options o = { .image = &img, .steps = 100 };
		struct cg_code c, *funcs[] = { &c };
		struct vm *vm;

		image_with_globals(&img, &a);
		code_init(&c, &a);
		code_ld(&c, code_map_value(&c, 0, 0), 0, 8);
		code_storei(&c, code_map_value(&c, 0, 0), bad[k], 1, 8);
		code_movi(&c, R0, 0);
		code_exit(&c);
		regalloc(&c);
		emit_prog(&img, funcs, 1, false, &(struct image_prog){});
		vm = vm_create(&o);
		TEST(!vm_run(vm, 0, "", 0));
		vm_destroy(vm);
	}
	arena_deinit(&a);
}
#endif
