/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock of the globals: a word of the session block, 0 or its owner.
 * Whoever finds it held by its own CPU gives up at once, for the owner is
 * what it has interrupted; else it tries a bounded number of times.
 *
 * Where a program has no compare and exchange, a second word decides, to which
 * all that want the lock add one: who then reads one is alone, and has it
 * until it takes its one away.  The first word still says who that is.  The
 * host takes both words (run/store).
 */
#include <stddef.h>

#include "base/bits.h"
#include "codegen/cg.h"

#define SPINS_MAX (1u << 18)
#define SPINS_TRY 400u		/* for one of MAXTRYLOCK: 1 to 2 us */
#define SPINS_BOUNDED 40u	/* where the verifier follows every turn: */
#define SPIN_WAITS 4		/* so each of them takes longer */

static istr intern(struct cg_fn *fn, struct str s)
{
	return image_intern(fn->g->img, fn->g->a, s);
}

static void irq(struct cg_fn *fn, struct str name)
{
	/* flags are of one function: not of steps */
	if (!cg_has(fn, FEATURE_BIT(IRQ_SAVE)) || fn->is_stepped)
		return;
	if (!fn->irq_flags)
		fn->irq_flags = code_stack(fn->c, 8);
	code_mov(fn->c, R1, R10);
	code_alui(fn->c, BPF_ADD, R1, fn->irq_flags);
	code_call_kfunc(fn->c, intern(fn, name), 1);
}

static uint32_t spins(struct cg_fn *fn)
{
	uint32_t n = fn->g->img->limits.maxtrylock;

	n = n > SPINS_MAX / SPINS_TRY ? SPINS_MAX : MAX(SPINS_TRY * n, 1u);
	return cg_has(fn, FEATURE_BIT(MAY_GOTO)) ? n : MIN(n, SPINS_BOUNDED);
}

static cg_reg session_word(struct cg_fn *fn, size_t off)
{
	return code_map_value(fn->c, fn->g->img->globals_map, (uint32_t)off);
}

static void add_waiting(struct cg_fn *fn, cg_reg waiting, int64_t n)
{
	code_atomic(fn->c, BPF_ADD, waiting, 0, code_const(fn->c, n));
}

static void try_by_adding(struct cg_fn *fn, cg_reg lock, cg_reg me,
			  cg_label got)
{
	struct cg_code *c = fn->c;
	cg_label taken = code_label(c), more = code_label(c);
	cg_reg owner = code_ld(c, lock, 0, 8), waiting;

	code_ifi(c, BPF_JNE, owner, 0, taken);
	waiting = session_word(fn, offsetof(struct image_session, waiting));
	add_waiting(fn, waiting, 1);
	code_ifi(c, BPF_JNE, code_ld(c, waiting, 0, 8), 1, more);
	code_store(c, lock, 0, me, 8);
	code_jmp(c, got);
	code_place_label(c, more);
	add_waiting(fn, waiting, -1);
	code_load(c, owner, lock, 0, 8);
	code_place_label(c, taken);
	for (int k = 0; k < SPIN_WAITS; k++)
		code_call(c, HELPER_ktime_get_ns);
	code_mov(c, R0, owner);
}

/* One try: to `got`, or on with r0 = who has it. */
static void try(struct cg_fn *fn, cg_reg lock, cg_reg me, cg_label got)
{
	struct cg_code *c = fn->c;

	if (!cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		try_by_adding(fn, lock, me, got);
		return;
	}
	code_movi(c, R0, 0);
	code_atomic(c, BPF_CMPXCHG, lock, 0, me);
	code_ifi(c, BPF_JEQ, R0, 0, got);
}

static void give_back(struct cg_fn *fn, cg_reg lock)
{
	code_storei(fn->c, lock, 0, 0, 8);
	if (cg_has(fn, FEATURE_BIT(ATOMIC_FETCH)))
		return;
	add_waiting(fn, session_word(fn, offsetof(struct image_session,
						  waiting)), -1);
}

/* 0 = the task is spile itself.  What it does while its host engine holds the
 * lock would wait for it in vain. */
static cg_reg not_spile(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_reg tgid, pid;

	code_call(c, HELPER_get_current_pid_tgid);
	tgid = code_result(c);
	code_alui(c, BPF_RSH, tgid, 32);
	pid = code_map_value(c, fn->g->img->globals_map,
			     offsetof(struct image_session, stp_pid));
	code_alu(c, BPF_XOR, tgid, code_ld(c, pid, 0, 8));
	return tgid;
}

void cg_lock(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	uint32_t n = spins(fn);
	int32_t left = (int32_t)cg_slot(fn, 8);
	cg_label again = code_label(c), got = code_label(c);
	cg_label lost = code_label(c), own = code_label(c);
	cg_label other = code_label(c), leave = code_label(c);
	cg_reg lock, me, owner, turns, stranger;

	stranger = not_spile(fn);
	irq(fn, STR("bpf_local_irq_save"));
	code_call(c, HELPER_get_smp_processor_id);
	me = code_result(c);
	code_alui(c, BPF_ADD, me, 1);
	lock = code_map_value(c, fn->g->img->globals_map,
			      offsetof(struct image_session, lock));
	turns = code_reg(c);
	if (cg_has(fn, FEATURE_BIT(MAY_GOTO)))
		code_storei(c, fn->scratch, left, (int32_t)n, 8);
	else
		code_movi(c, turns, n);
	code_place_label(c, again);
	try(fn, lock, me, got);
	owner = code_result(c);
	code_if(c, BPF_JEQ, owner, me, lost);
	code_ifi(c, BPF_JNE, owner, -1, other);
	code_ifi(c, BPF_JEQ, stranger, 0, own);
	code_place_label(c, other);
	if (cg_has(fn, FEATURE_BIT(MAY_GOTO)))
		code_load(c, turns, fn->scratch, left, 8);
	code_alui(c, BPF_SUB, turns, 1);
	if (cg_has(fn, FEATURE_BIT(MAY_GOTO))) {
		code_store(c, fn->scratch, left, turns, 8);
		code_may_goto(c, lost);
	}
	code_ifi(c, BPF_JNE, turns, 0, again);
	code_place_label(c, lost);
	irq(fn, STR("bpf_local_irq_restore"));
	cg_loss(fn, LOSS_LOCK);
	code_jmp(c, leave);
	code_place_label(c, own);
	irq(fn, STR("bpf_local_irq_restore"));
	cg_loss(fn, LOSS_RECURSION);
	code_place_label(c, leave);
	code_jmp(c, fn->leave[0]);
	code_place_label(c, got);
	cg_slot_free(fn, (uint32_t)left);
	fn->is_locked = true;
}

void cg_unlock(struct cg_fn *fn)
{
	cg_reg lock = code_map_value(fn->c, fn->g->img->globals_map,
				     offsetof(struct image_session, lock));

	give_back(fn, lock);
	irq(fn, STR("bpf_local_irq_restore"));
	fn->is_locked = false;
}

void cg_unlock_own(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label other = code_label(c);
	cg_reg lock, me;

	code_call(c, HELPER_get_smp_processor_id);
	me = code_result(c);
	code_alui(c, BPF_ADD, me, 1);
	lock = code_map_value(c, fn->g->img->globals_map,
			      offsetof(struct image_session, lock));
	code_if(c, BPF_JNE, code_ld(c, lock, 0, 8), me, other);
	give_back(fn, lock);
	code_place_label(c, other);
}
