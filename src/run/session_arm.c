/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/world.h"
#include "run/follow.h"
#include "run/host.h"
#include "run/output.h"
#include "run/session_own.h"
#include "run/signals.h"
#include "run/store.h"
#include "run/timers.h"

/* ---- conditions: arming and disarming ---- */

static struct attach_request request(struct session *s, uint32_t i)
{
	const struct image_probe *p = session_probe(s, i);

	return (struct attach_request){
		.image = s->img,
		.probe = p,
		.prog = p->prog < s->programs.n ? s->programs.fds[p->prog] :
						  -1,
		.copies = p->prog < s->programs.n ?
				  s->programs.copies[p->prog] : NULL,
		.maps = &s->maps,
		.target = (pid_t)s->state->target,
		.target_waits = s->command.pid && !s->command.started,
		.world = s->o->world,
		.lists = &s->lists,
		.stopped = signals_stopped,
	};
}

static struct err *try_attach(struct session *s, uint32_t i)
{
	struct attach_request r = request(s, i);

	if (r.prog < 0 && !r.probe->site.name)
		return NULL; /* a handler that does nothing */
	return attach_probe(&r, &s->attached[i]);
}

/* Before Linux f3a95075549e ("bpf: Allow trampoline re-attach for tracing and
 * lsm programs") (v5.13) a program could be attached only once: the second time
 * the kernel did not find its function, and it must be loaded again. */
static struct err *attach_one(struct session *s, uint32_t i)
{
	const struct image_probe *p = session_probe(s, i);
	struct err *e = try_attach(s, i);

	if (!e || e->code != ERR_NOT_FOUND ||
	    (p->kind != PROBE_FENTRY && p->kind != PROBE_FEXIT))
		return e;
	err_free(e);
	e = programs_renew(s->img, &s->maps, s->o->world, p->prog,
			   &s->programs);
	return e ? e : try_attach(s, i);
}

/* begin, end and error probes are not to be paused. */
static bool is_paused(const struct session *s, uint32_t i)
{
	const struct image_probe *p = session_probe(s, i);

	return s->is_paused && p->kind != PROBE_BEGIN &&
	       p->kind != PROBE_END && p->kind != PROBE_ERROR;
}

bool session_condition(struct session *s, uint32_t i)
{
	struct value v = {};
	struct run_error e = { .place = IMAGE_NONE };
	uint32_t cond = session_probe(s, i)->cond;

	if (s->off[i] || is_paused(s, i))
		return false;
	if (cond == IMAGE_NONE)
		return true;
	switch (host_call(s->host, cond, i, NULL, 0, &v, &e)) {
	case HOST_DONE:
		return v.type == IT_LONG && v.l;
	case HOST_ERROR:
		session_report(s, i, &e);
		return false;
	case HOST_SKIPPED:
		return s->armed[i];
	}
	return false;
}

/* The kernel has no probe there; others of the wildcard may do. */
static bool is_left_out(const struct session *s, uint32_t i,
			const struct err *e)
{
	return e && session_probe(s, i)->group &&
	       (e->code == ERR_NOT_FOUND || e->code == ERR_UNSUPPORTED ||
		e->code == ERR_OTHER);
}

static bool has_attached(const struct session *s, uint32_t group)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		if (session_probe(s, i)->group == group &&
		    is_attached(&s->attached[i]))
			return true;
	return false;
}

/* Whoever wrote a pattern or a ? takes what there is; others are told, once. */
static void tell_left_out(struct session *s, uint32_t i, uint32_t n,
			  const struct err *why)
{
	const struct image_probe *p = session_probe(s, i);

	if (!n || p->is_optional || s->told[i] ||
	    (p->is_pattern && has_attached(s, p->group)))
		return;
	s->told[i] = true;
	if (p->nsites <= 1 || n == p->nsites) {
		output_warn(s->out, "%s: left out", why->msg);
		return;
	}
	output_warn(s->out, "%" STR_FMT ": %" PRIu32 " of %" PRIu32 " places "
		    "%s not probed: %s",
		    STR_ARG(image_str(s->img, p->name)), n, p->nsites,
		    n == 1 ? "is" : "are", why->msg);
}

/* Attaches; one of many that the kernel refuses is left out from now on. */
static struct err *attach_or_leave_out(struct session *s, uint32_t i)
{
	struct err *e = s->refused[i] ? NULL : attach_one(s, i);

	if (!is_left_out(s, i, e)) {
		if (!e)
			tell_left_out(s, i, s->attached[i].left_out,
				      s->attached[i].why);
		return e;
	}
	s->refused[i] = e;
	return NULL;
}

/* Tells of the probes that were refused: those of patterns, if all are. */
static void tell_refused(struct session *s)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		if (s->refused[i])
			tell_left_out(s, i, MAX(session_probe(s, i)->nsites,
						1u), s->refused[i]);
}

static bool has_timer(const struct session *s)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		if (session_probe(s, i)->kind == PROBE_TIMER)
			return true;
	return false;
}

static bool has_event(const struct session *s)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		if (is_attached(&s->attached[i]))
			return true;
	return false;
}

/* All that should be attached are refused: the first reason.  The script may
 * have some use without one of several, and without optional ones, unless the
 * session would wait for nothing. */
static struct err *all_left_out(struct session *s)
{
	bool timer = has_timer(s);

	for (uint32_t i = 0; i < s->img->probes.n && !has_event(s); i++) {
		const struct image_probe *p = session_probe(s, i);

		if (s->refused[i] && s->armed[i] &&
		    !(timer && p->is_optional))
			return take_ptr(s->refused[i]);
	}
	return NULL;
}

/* At one function, what the kernel calls first is what came last; and where
 * returns are probed it has an address of its own in the place of the one that
 * tells who called. */
static bool comes_first(const struct session *s, uint32_t i)
{
	return session_probe(s, i)->kind == PROBE_KRETPROBE;
}

/* Data of the command's program has an address when that runs. */
static bool is_of_command(const struct image_probe *p)
{
	return p->kind == PROBE_WATCH && p->site.ino;
}

bool session_watches_command(const struct session *s)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		if (is_of_command(session_probe(s, i)))
			return true;
	return false;
}

static bool has_to_wait(const struct session *s, uint32_t i)
{
	return s->command.pid && !s->command.started &&
	       is_of_command(session_probe(s, i));
}

static struct err *arm_those(struct session *s, bool first)
{
	struct err *e = NULL;

	for (uint32_t i = 0; i < s->img->probes.n && !e; i++) {
		bool on = s->armed[i];

		if (comes_first(s, i) != first || !session_is_kernel(s, i) ||
		    on == is_attached(&s->attached[i]) ||
		    has_to_wait(s, i))
			continue;
		if (!on)
			detach(&s->attached[i]);
		else if (!signals_stopped())
			e = attach_or_leave_out(s, i);
	}
	return e;
}

/* Brings timers and kernel probes to what their conditions say now. */
struct err *session_arm(struct session *s)
{
	struct err *e;

	for (uint32_t i = 0; i < s->img->probes.n; i++) {
		s->armed[i] = session_condition(s, i);
		if (session_probe(s, i)->kind == PROBE_TIMER)
			timers_arm(s->timers, i, s->armed[i]);
	}
	e = arm_those(s, true);
	if (!e)
		e = arm_those(s, false);
	attach_lists_drop(&s->lists);
	if (!e)
		e = all_left_out(s);
	if (!e)
		tell_refused(s);
	return e;
}

/* A probe that can't be attached again ends the session. */
void session_rearm(struct session *s)
{
	struct err *e = session_arm(s);

	if (!e)
		return;
	output_error(s->out, "%s", e->msg);
	err_free(e);
	session_raise(s, SESSION_ERROR);
}

/* ---- modules that come and go ---- */

/* Attaches the sites in a module that has come.  Where the kernel refuses one
 * of many, it is tried again when the module comes the next time. */
static void module_came(struct session *s, struct str name)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++) {
		const struct image_probe *p = session_probe(s, i);
		struct err *e;

		if (!session_is_kernel(s, i) || p->prog >= s->programs.n ||
		    !is_attached(&s->attached[i]) || !has_modules(s->img, p))
			continue;
		e = attach_module(request(s, i), name, &s->attached[i]);
		if (e && !p->group)
			output_warn(s->out, "module %" STR_FMT ": %s",
				    STR_ARG(name), e->msg);
		err_free(e);
	}
	attach_lists_drop(&s->lists);
}

void session_follow_modules(struct session *s)
{
	struct module_event event;

	while (s->follow && follow_next(s->follow, &event)) {
		struct str name = str_from(event.name);

		if (!event.is_gone)
			module_came(s, name);
		for (uint32_t i = 0; event.is_gone && i < s->img->probes.n; i++)
			detach_module(s->img, name, &s->attached[i]);
	}
}

/* ---- the end ---- */

void session_detach(struct session *s)
{
	bool any = false;

	for (uint32_t i = 0; i < s->img->probes.n; i++)
		any |= is_attached(&s->attached[i]);
	detach_all(s->attached, s->img->probes.n);
	if (any)
		programs_wait();
}
