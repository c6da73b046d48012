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
#include "codegen/loop.h"
#include "codegen/rt.h"

#define SPINS_MAX (1u << 18)
#define SPINS_TRY 400u		/* for one of MAXTRYLOCK: 1 to 2 us */
#define SPINS_BOUNDED 40u	/* where the verifier follows every turn: */
#define SPIN_WAITS 40		/* so each of them takes longer */
#define TRY_NS 1500u		/* where turns are not counted */
#define WAIT_MAX_NS 1000000u

/* What comes of asking for it. */
enum {
	LOCK_GOT,
	LOCK_LOST,
	LOCK_OWN,	/* this task has it, as the host engine */
};

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

/* How long it is tried: ns where turns are free, else a number of turns. */
static uint32_t patience(struct cg_fn *fn)
{
	uint32_t n = fn->g->img->limits.maxtrylock;

	if (cg_has(fn, FEATURE_BIT(MAY_GOTO)))
		return MIN(n, WAIT_MAX_NS / TRY_NS) * TRY_NS;
	n = n > SPINS_MAX / SPINS_TRY ? SPINS_MAX : MAX(SPINS_TRY * n, 1u);
	return cg_has(fn, FEATURE_BIT(BPF_LOOP)) ? n : MIN(n, SPINS_BOUNDED);
}

static cg_reg session_word(struct cg_fn *fn, size_t off)
{
	return code_map_value(fn->c, fn->g->img->globals_map, (uint32_t)off);
}

static void add_waiting(struct cg_fn *fn, cg_reg waiting, int64_t n)
{
	code_atomic(fn->c, BPF_ADD, waiting, 0, code_const(fn->c, n));
}

/* Goes on when it has the lock, else to `taken`, with *owner = who has it. */
static void try_by_adding(struct cg_fn *fn, struct cg_code *c, cg_reg lock,
			  cg_reg owner, cg_label taken)
{
	cg_label free = code_label(c), got = code_label(c);
	cg_label wait = code_label(c);
	cg_reg waiting = code_map_value(c, fn->g->img->globals_map,
				offsetof(struct image_session, waiting));

	code_load(c, owner, lock, 0, 8);
	code_ifi(c, BPF_JEQ, owner, 0, free);
	code_jmp(c, wait);
	code_place_label(c, free);
	code_atomic(c, BPF_ADD, waiting, 0, code_const(c, 1));
	code_ifi(c, BPF_JEQ, code_ld(c, waiting, 0, 8), 1, got);
	code_atomic(c, BPF_ADD, waiting, 0, code_const(c, -1));
	code_load(c, owner, lock, 0, 8);
	code_place_label(c, wait);
	for (int k = 0; k < SPIN_WAITS; k++)
		code_call(c, HELPER_ktime_get_ns);
	code_jmp(c, taken);
	code_place_label(c, got);
}

/* args: who asks, 0 when that is spile's own task, where the outcome goes, and
 * the time at which to give up, when nothing counts the turns */
static void lock_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
		      cg_label done)
{
	cg_label taken = code_label(c), other = code_label(c);
	cg_label mine = code_label(c);
	cg_reg lock, owner = code_reg(c);

	lock = code_map_value(c, fn->g->img->globals_map,
			      offsetof(struct image_session, lock));
	if (cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		code_movi(c, R0, 0);
		code_atomic(c, BPF_CMPXCHG, lock, 0, arg[0]);
		code_mov(c, owner, R0);
		code_ifi(c, BPF_JNE, owner, 0, taken);
	} else {
		try_by_adding(fn, c, lock, owner, taken);
		code_store(c, lock, 0, arg[0], 8);
	}
	code_storei(c, arg[2], 0, LOCK_GOT, 8);
	code_jmp(c, done);
	code_place_label(c, taken);
	code_if(c, BPF_JNE, owner, arg[0], mine);
	/* It is that already, which a verifier that follows the turns one by
	 * one would go back through all of them to see. */
	code_storei(c, arg[2], 0, LOCK_LOST, 8);
	code_jmp(c, done);
	code_place_label(c, mine);
	code_ifi(c, BPF_JNE, owner, -1, other);
	code_ifi(c, BPF_JNE, arg[1], 0, other);
	code_storei(c, arg[2], 0, LOCK_OWN, 8);
	code_jmp(c, done);
	code_place_label(c, other);
	if (cg_has(fn, FEATURE_BIT(MAY_GOTO))) {
		code_call(c, HELPER_ktime_get_ns);
		code_if(c, BPF_JGT, code_result(c), arg[3], done);
	}
}

static cg_reg deadline(struct cg_code *c, cg_reg ns)
{
	cg_reg at;

	code_call(c, HELPER_ktime_get_ns);
	at = code_result(c);
	code_alu(c, BPF_ADD, at, ns);
	return at;
}

/* R1 = who asks, R2 = 0 when that is spile's own task, R3 = patience(); R0 =
 * the outcome, which lies in the stack, where functions of turns find it. */
void rt_lock(struct cg_fn *fn, struct cg_code *c)
{
	int16_t outcome = code_stack(c, 8);
	bool is_timed = cg_has(fn, FEATURE_BIT(MAY_GOTO));
	cg_reg arg[4] = { code_copy(c, R1), code_copy(c, R2) };
	cg_reg most = code_copy(c, R3);

	if (is_timed)
		arg[3] = deadline(c, most);
	code_storei(c, R10, outcome, LOCK_LOST, 8);
	code_mov(c, R0, R10);
	arg[2] = code_addi(c, R0, outcome);
	rt_turns(fn, c, arg, is_timed ? 4 : 3, most, lock_turn);
	code_load(c, R0, R10, outcome, 8);
	code_exit(c);
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
 * lock would wait for it in vain; it does not while it visits tasks. */
static cg_reg not_spile(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_reg tgid, pid;

	if (cg_is_visited(fn))
		return code_const(c, 1);
	code_call(c, HELPER_get_current_pid_tgid);
	tgid = code_result(c);
	code_alui(c, BPF_RSH, tgid, 32);
	pid = code_map_value(c, fn->g->img->globals_map,
			     offsetof(struct image_session, stp_pid));
	code_alu(c, BPF_XOR, tgid, code_ld(c, pid, 0, 8));
	return tgid;
}

/* The first try, in place: most find the lock free. */
static void try_once(struct cg_fn *fn, cg_reg me, cg_label got)
{
	struct cg_code *c = fn->c;
	cg_reg lock;

	if (!cg_has(fn, FEATURE_BIT(ATOMIC_FETCH)))
		return;
	lock = session_word(fn, offsetof(struct image_session, lock));
	code_movi(c, R0, 0);
	code_atomic(c, BPF_CMPXCHG, lock, 0, me);
	code_ifi(c, BPF_JEQ, code_result(c), 0, got);
}

void cg_lock(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label got = code_label(c), own = code_label(c);
	cg_label leave = code_label(c);
	cg_reg me, stranger, outcome;

	irq(fn, STR("bpf_local_irq_save"));
	code_call(c, HELPER_get_smp_processor_id);
	me = code_result(c);
	code_alui(c, BPF_ADD, me, 1);
	try_once(fn, me, got);
	stranger = not_spile(fn);
	code_mov(c, R1, me);
	code_mov(c, R2, stranger);
	code_movi(c, R3, patience(fn));
	code_call_sub(c, rt_routine(fn, RT_LOCK), 3);
	outcome = code_result(c);
	code_ifi(c, BPF_JEQ, outcome, LOCK_GOT, got);
	irq(fn, STR("bpf_local_irq_restore"));
	code_ifi(c, BPF_JEQ, outcome, LOCK_OWN, own);
	cg_loss(fn, LOSS_LOCK);
	code_jmp(c, leave);
	code_place_label(c, own);
	cg_loss(fn, LOSS_RECURSION);
	code_place_label(c, leave);
	code_jmp(c, fn->leave[0]);
	code_place_label(c, got);
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
