/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers see and change globals as if alone.
 *
 * What commutes needs no lock: n++, n += e, a[k]++, s <<< v, delete.  These
 * are single operations on shared memory.  Who adds to a global and reads it,
 * too, is another matter (n++, and is it 10 now? of two at once both may see
 * 11), and so is a handler that reads globals and writes them plainly (what it
 * writes may depend on what it read), or that writes two of them (that belong
 * together), or that touches a string others write (which is not one word):
 * these take the lock; and the globals that it writes are guarded: whoever
 * else writes one of those takes the lock too.  Handlers that only read don't.
 * Begin, end and error handlers have the globals to themselves: kernel handlers
 * do not run yet, or not any more.  What is of a task or of a call, no two
 * handlers meet at.
 *
 * Where it is taken and given back: lock_put.c.  A handler that ends by an
 * error gives it back as it ends.  Output of host handlers goes to a buffer,
 * so that it may be held there.  A program without kernel handlers has one
 * thread and no lock.
 *
 * The same pass puts in COND: after a handler that writes a global of a probe
 * point's condition, conditions are looked at again.
 *
 * Needs: kernel handlers without calls.  Leaves: LOCK, UNLOCK, COND.
 */
#include "ir/lock_put.h"
#include "ir/pass.h"

enum access {
	ACC_READ = 1,
	ACC_PLAIN = 2,		/* a write that does not commute */
	ACC_ADD = 4,		/* a write that does, */
	ACC_DELETE = 8,		/* another such */
	ACC_WRITES = ACC_PLAIN | ACC_ADD | ACC_DELETE,
};

/* What a function does to each global, with what it calls. */
struct effects {
	uint8_t *acc;		/* of each global */
	bool *seen;		/* functions: no circles */
};

struct lock {
	struct ir_program *p;
	uint32_t nglobals;
	VEC(uint32_t) handlers;	/* functions: of each probe; then those of the
				 * host that handlers go on with */
	struct effects *of;	/* each handler */
	bool *locks;		/* handlers */
	bool *guarded;		/* globals */
	bool *foreign;		/* globals: strings that change meanwhile */
	bool *is_done;		/* functions of the host */
};

static uint8_t access_of(enum image_op op)
{
	static const uint8_t acc[OP_N] = {
		[OP_GGET] = ACC_READ,
		[OP_AGET] = ACC_READ,
		[OP_AHAS] = ACC_READ,
		[OP_STAT_GET] = ACC_READ,
		[OP_PRINT_HIST] = ACC_READ,
		[OP_HIST_STR] = ACC_READ,
		[OP_HIST_TAKE] = ACC_READ,
		[OP_ITER_NEW] = ACC_READ,
		[OP_GSET] = ACC_PLAIN,
		[OP_ASET] = ACC_PLAIN,
		[OP_GADD] = ACC_ADD,
		[OP_GNEXT] = ACC_ADD,
		[OP_AADD] = ACC_ADD,
		[OP_STAT_ADD] = ACC_ADD,
		[OP_ADEL] = ACC_DELETE,
		[OP_STAT_CLEAR] = ACC_DELETE,
	};

	return acc[op];
}

/* Is an element seen by nobody but who made it? */
static bool is_own(const struct lock *l, uint32_t g)
{
	return l->p->image->globals.v[g].of_task || l->p->globals.v[g].of_call;
}

static void find_effects(struct lock *l, struct effects *e, uint32_t func);

static void add_effect(struct lock *l, struct effects *e,
		       const struct ir_insn *i)
{
	uint8_t acc = access_of(i->op);

	if (i->op == OP_CALL)
		find_effects(l, e, (uint32_t)i->imm);
	else if (i->op == OP_ITER_NEW)
		e->acc[l->p->image->iters.v[i->imm].global] |= acc;
	else if (acc && !is_own(l, (uint32_t)i->imm))
		e->acc[i->imm] |= acc;
}

static void find_effects(struct lock *l, struct effects *e, uint32_t func)
{
	const struct ir_func *f = l->p->funcs.v[func];

	if (e->seen[func])
		return;
	e->seen[func] = true;
	for (uint32_t b = 0; b < f->blocks.n; b++)
		for (uint32_t i = 0; i < f->blocks.v[b].insns.n; i++)
			add_effect(l, e, ir_insn(f, f->blocks.v[b].insns.v[i]));
}

/* What is added to and read is as if it were written plainly. */
static void find_handler_effects(struct lock *l, uint32_t n)
{
	struct effects *e = &l->of[n];

	find_effects(l, e, l->handlers.v[n]);
	for (uint32_t g = 0; g < l->nglobals; g++)
		if (e->acc[g] & ACC_READ && e->acc[g] & ACC_ADD)
			e->acc[g] |= ACC_PLAIN;
}

static bool is_text(const struct lock *l, uint32_t g)
{
	const struct image_global *row = &l->p->image->globals.v[g];

	return row->type == IT_STRING && !row->is_array;
}

static bool needs_lock(const struct lock *l, const struct effects *e)
{
	uint32_t reads = 0, plain = 0;

	for (uint32_t g = 0; g < l->nglobals; g++) {
		if (e->acc[g] && is_text(l, g) && l->foreign[g])
			return true;
		reads += (e->acc[g] & ACC_READ) != 0;
		plain += (e->acc[g] & ACC_PLAIN) != 0;
	}
	return (reads && plain) || plain >= 2;
}

/* Does the handler run while kernel handlers do? */
static bool is_concurrent(const struct lock *l, uint32_t n)
{
	uint32_t kind;

	if (n >= l->p->probes.n)
		return true;
	kind = l->p->probes.v[n].image.kind;
	return kind != PROBE_BEGIN && kind != PROBE_END &&
	       kind != PROBE_ERROR && kind != PROBE_NEVER;
}

static void find_foreign(struct lock *l)
{
	for (uint32_t n = 0; n < l->handlers.n; n++)
		for (uint32_t g = 0; g < l->nglobals; g++)
			if (is_concurrent(l, n) &&
			    l->of[n].acc[g] & ACC_WRITES)
				l->foreign[g] = true;
}

static void find_guarded(struct lock *l)
{
	for (uint32_t n = 0; n < l->handlers.n; n++) {
		l->locks[n] = is_concurrent(l, n) &&
			      needs_lock(l, &l->of[n]);
		for (uint32_t g = 0; l->locks[n] && g < l->nglobals; g++)
			if (l->of[n].acc[g] & ACC_PLAIN)
				l->guarded[g] = true;
	}
}

static bool writes_guarded(const struct lock *l, const struct effects *e)
{
	for (uint32_t g = 0; g < l->nglobals; g++)
		if (l->guarded[g] && e->acc[g] & ACC_WRITES)
			return true;
	return false;
}

static bool writes_condition(const struct lock *l, const struct effects *e)
{
	for (uint32_t g = 0; g < l->nglobals; g++)
		if (l->p->globals.v[g].in_condition &&
		    e->acc[g] & ACC_WRITES)
			return true;
	return false;
}

/* ---- putting them in ---- */

/* What the lock of one handler is for. */
struct subject {
	const struct lock *l;
	const struct effects *handler;
};

static bool touches_any(const struct ir_insn *i, const void *data)
{
	const struct lock *l = data;

	return access_of(i->op) &&
	       (i->op == OP_ITER_NEW || !is_own(l, (uint32_t)i->imm));
}

/* Does a call touch a global that the handler plainly writes? */
static bool calls_touch(const struct subject *s, uint32_t func)
{
	struct lock *l = &(struct lock){ .p = s->l->p };
	struct effects e = {
		.acc = arena_array(l->p->arena, s->l->nglobals + 1, uint8_t),
		.seen = arena_array(l->p->arena, l->p->funcs.n + 1, bool),
	};

	find_effects(l, &e, func);
	for (uint32_t g = 0; g < s->l->nglobals; g++)
		if (e.acc[g] && s->handler->acc[g] & ACC_PLAIN)
			return true;
	return false;
}

static uint32_t global_of(const struct lock *l, const struct ir_insn *i)
{
	return i->op == OP_ITER_NEW ? l->p->image->iters.v[i->imm].global :
				      (uint32_t)i->imm;
}

static bool touches_own(const struct ir_insn *i, const void *data)
{
	const struct subject *s = data;

	if (i->op == OP_CALL)
		return calls_touch(s, (uint32_t)i->imm);
	return access_of(i->op) &&
	       s->handler->acc[global_of(s->l, i)] & ACC_PLAIN;
}

/* One operation of a host handler that must not meet a handler which has the
 * lock. */
static bool meets_others(const struct ir_insn *i, const void *data)
{
	const struct lock *l = data;
	uint8_t acc = access_of(i->op);
	uint32_t g;

	if (!acc)
		return false;
	g = global_of(l, i);
	return (l->guarded[g] && acc != ACC_READ) ||
	       (is_text(l, g) && l->foreign[g]);
}

static bool writes_plainly(const struct lock *l, const struct effects *e)
{
	for (uint32_t g = 0; g < l->nglobals; g++)
		if (e->acc[g] & ACC_PLAIN)
			return true;
	return false;
}

/*
 * Host handlers may take milliseconds, and a kernel handler waits for none of
 * them: the lock is held only from the first to the last operation on what
 * the handler plainly writes, and else around single operations.
 */
static void put_host(struct lock *l, uint32_t n)
{
	struct subject s = { .l = l, .handler = &l->of[n] };

	if (l->locks[n] && writes_plainly(l, s.handler))
		lock_put(l->p, l->p->funcs.v[l->handlers.v[n]], touches_own,
			 &s);
	for (uint32_t f = 0; f < l->p->funcs.n; f++)
		if (s.handler->seen[f] && !l->is_done[f]) {
			l->is_done[f] = true;
			lock_put_each(l->p, l->p->funcs.v[f], meets_others,
				      l);
		}
}

static void put(struct lock *l, uint32_t n)
{
	struct ir_func *f = l->p->funcs.v[l->handlers.v[n]];
	bool locks = l->locks[n] || (is_concurrent(l, n) &&
				     writes_guarded(l, &l->of[n]));

	if (n < l->p->probes.n)
		l->p->probes.v[n].locks = locks;
	if (locks && f->is_kernel)
		lock_put(l->p, f, touches_any, l);
	else if (locks)
		put_host(l, n);
	if (writes_condition(l, &l->of[n]))
		lock_put_before_next(l->p, f, OP_COND);
}

static bool has_kernel_probes(const struct ir_program *p)
{
	for (uint32_t n = 0; n < p->probes.n; n++)
		if (p->funcs.v[p->probes.v[n].func]->is_kernel)
			return true;
	return false;
}

static void find_handlers(struct lock *l)
{
	struct ir_program *p = l->p;

	for (uint32_t n = 0; n < p->probes.n; n++)
		vec_push(p->arena, &l->handlers, p->probes.v[n].func);
	for (uint32_t n = 0; n < p->funcs.n; n++)
		if (p->funcs.v[n]->is_handler)
			vec_push(p->arena, &l->handlers, n);
}

void ir_lock(struct ir_program *p)
{
	struct lock l = {
		.p = p,
		.nglobals = p->globals.n,
		.guarded = arena_array(p->arena, p->globals.n + 1, bool),
		.foreign = arena_array(p->arena, p->globals.n + 1, bool),
		.is_done = arena_array(p->arena, p->funcs.n + 1, bool),
	};

	find_handlers(&l);
	l.of = arena_array(p->arena, l.handlers.n + 1, struct effects);
	l.locks = arena_array(p->arena, l.handlers.n + 1, bool);
	for (uint32_t n = 0; n < l.handlers.n; n++) {
		l.of[n].acc = arena_array(p->arena, l.nglobals + 1, uint8_t);
		l.of[n].seen = arena_array(p->arena, p->funcs.n + 1, bool);
		find_handler_effects(&l, n);
	}
	if (has_kernel_probes(p)) {
		find_foreign(&l);
		find_guarded(&l);
	}
	for (uint32_t n = 0; n < l.handlers.n; n++)
		put(&l, n);
}
