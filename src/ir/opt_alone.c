/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics that one program alone adds to.  Each CPU has a copy of its own,
 * and the kernel lets no program run within itself on a CPU (the hit is
 * counted as skipped): so nobody is at the same copy, and a load and a store
 * do for what else takes an atomic operation of 5 ns.
 *
 * Not for probes of programs, which the kernel lets be interrupted by others of
 * the same probe, nor where copies of the program stand in for it; and not
 * where something clears the statistic, which must not come back.
 *
 * Needs: kernel handlers without calls.  Leaves: STAT_ALONE.
 */
#include "ir/pass.h"
#include "ir/standins.h"

struct alone {
	struct ir_program *p;
	uint32_t *adds;		/* globals: functions that add to it */
	uint32_t *by;		/* the last of them + 1 */
	bool *not;		/* globals */
};

static bool is_exclusive(const struct ir_program *p, const struct ir_probe *pr)
{
	enum image_probe_kind kind = pr->image.kind;

	if (standins_wanted(p, pr))
		return false;
	return kind == PROBE_RAW_TP || kind == PROBE_PROCESS ||
	       kind == PROBE_SYSCALL || kind == PROBE_FENTRY ||
	       kind == PROBE_FEXIT || kind == PROBE_KPROBE ||
	       kind == PROBE_KRETPROBE;
}

static void look_at(struct alone *l, const struct ir_func *f,
		    const struct ir_insn *i, bool is_fit)
{
	if (i->op == OP_STAT_CLEAR || i->op == OP_ADEL) {
		l->not[i->imm] = true;
	} else if (i->op == OP_STAT_ADD) {
		l->not[i->imm] |= !is_fit;
		l->adds[i->imm] += l->by[i->imm] != f->number + 1;
		l->by[i->imm] = f->number + 1;
	}
}

static void look_into(struct alone *l, const struct ir_func *f, bool is_fit)
{
	for (uint32_t b = 0; b < f->blocks.n; b++)
		for (uint32_t i = 0; i < f->blocks.v[b].insns.n; i++)
			look_at(l, f, ir_insn(f, f->blocks.v[b].insns.v[i]),
				is_fit);
}

static void find_adds(struct alone *l)
{
	struct ir_program *p = l->p;

	for (uint32_t n = 0; n < p->probes.n; n++) {
		const struct ir_probe *pr = &p->probes.v[n];

		if (image_probe_is_kernel(pr->image.kind))
			look_into(l, p->funcs.v[pr->func],
				  is_exclusive(p, pr));
	}
	for (uint32_t n = 0; n < p->funcs.n; n++)
		if (!p->funcs.v[n]->is_kernel)
			look_into(l, p->funcs.v[n], false);
}

static void mark(struct alone *l, struct ir_func *f)
{
	for (uint32_t b = 0; b < f->blocks.n; b++)
		for (uint32_t k = 0; k < f->blocks.v[b].insns.n; k++) {
			struct ir_insn *i =
				ir_insn(f, f->blocks.v[b].insns.v[k]);

			if (i->op != OP_STAT_ADD || l->not[i->imm] ||
			    l->adds[i->imm] != 1 ||
			    l->p->image->globals.v[i->imm].wrap)
				continue;
			i->aux |= STAT_ALONE;
			l->p->image->features |= FEATURE_BIT(RAW_TP_COOKIE);
		}
}

void opt_alone(struct ir_program *p)
{
	uint32_t n = p->image->globals.n + 1;
	struct alone l = {
		.p = p,
		.adds = arena_array(p->arena, n, uint32_t),
		.by = arena_array(p->arena, n, uint32_t),
		.not = arena_array(p->arena, n, bool),
	};

	/* Kernels that have these cookies have all that this stands on (Linux
	 * 6.1).  The monitor clears statistics. */
	if (!(p->features & FEATURE_BIT(RAW_TP_COOKIE)) ||
	    p->image->count_hits)
		return;
	find_adds(&l);
	for (uint32_t k = 0; k < p->probes.n; k++)
		if (image_probe_is_kernel(p->probes.v[k].image.kind))
			mark(&l, p->funcs.v[p->probes.v[k].func]);
}
