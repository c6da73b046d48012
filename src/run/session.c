/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread, one loop.  An image whose probes are all the host's needs no
 * kernel, no privilege and no maps; then store.h keeps the globals in plain
 * memory.
 *
 * The state in the session block is the truth about where the session is:
 * handlers in the kernel and on the host change it, the loop looks.
 */
#include "run/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "run/host.h"
#include "run/input.h"
#include "run/loss.h"
#include "run/monitor.h"
#include "run/output.h"
#include "run/procfs.h"
#include "run/recorder.h"
#include "run/ring.h"
#include "run/session_own.h"
#include "run/signals.h"
#include "run/spaces.h"
#include "run/store.h"
#include "run/timers.h"
#include "run/unwind.h"

#define NS_PER_S INT64_C(1000000000)
/* Output waits this long at most: programs wake us only when much waits. */
#define SESSION_POLL_MS 25
/* When there was nothing for so many looks, the next record wakes us. */
#define SESSION_QUIET 40
#define SESSION_QUIET_MS 200
#define SESSION_WAKE_NEXT (UINT64_C(1) << 40)	/* "so much waits already" */
/* Records handled in a row before signals and timers get their turn. */
#define SESSION_BURST 65536

static void check_skips(struct session *s)
{
	if (s->o->tolerant || session_at(s) == SESSION_ERROR ||
	    loss_skipped(s->img, s->store) - loss_own(s->img, s->store) <=
		    s->img->limits.maxskipped)
		return;
	output_error(s->out, "Skipped too many probes, check MAXSKIPPED or "
			     "try again with -t for more details.");
	session_raise(s, SESSION_ERROR);
}

/* ---- what the kernel has to say ---- */

static void take_data(struct session *s, const void *data, uint32_t len)
{
	const struct image_record *rec = data;
	struct run_error run = { .place = IMAGE_NONE };
	enum host_status status = HOST_DONE;
	const struct image_site *site;
	uint32_t probe = len < sizeof(*rec) ?
				 IMAGE_NONE :
				 image_origin(s->img, rec->probe, &site);
	struct err *e = host_record(s->host, data, len, &status, &run);

	if (e) {
		output_error(s->out, "%s", e->msg);
		err_free(e);
		session_count_error(s);
	} else if (status == HOST_ERROR) {
		session_report(s, probe, &run);
	}
}

/* Returns whether a condition's globals have changed. */
static bool take_control(struct session *s, const void *data, uint32_t len)
{
	const struct image_control *c = data;
	struct run_error e;

	if (len < sizeof(*c) || c->len > len - sizeof(*c))
		return false;
	switch ((enum control_kind)c->kind) {
	case CONTROL_EXIT:
		return false;
	case CONTROL_SPACE:
		if (s->unwind)
			unwind_want(s->unwind, (pid_t)c->operand);
		return false;
	case CONTROL_COND:
		/* from here on a change asks for a look of its own */
		__atomic_store_n(&s->state->cond_waiting, 0, __ATOMIC_SEQ_CST);
		return true;
	case CONTROL_ERROR:
		break;
	}
	if (c->kind != CONTROL_ERROR || c->error >= IERR_N ||
	    c->probe >= s->img->probes.n)
		return false;
	e = (struct run_error){
		.kind = (enum image_error)c->error,
		.place = c->place < s->img->places.n ? c->place : IMAGE_NONE,
		.operand = c->operand,
		.text = { (const char *)(c + 1), c->len },
	};
	/* Counted there already. */
	if (e.kind == IERR_ABORT)
		session_raise(s, SESSION_STOPPING);
	else
		output_run_error(s->out, s->img, c->probe, &e);
	return false;
}

/* From now on the next record wakes us.  One that was written just before
 * that cannot have seen it: so we look once more. */
static void ask_for_next(struct session *s)
{
	uint32_t len;

	__atomic_store_n(&s->state->data_waiting, SESSION_WAKE_NEXT,
			 __ATOMIC_SEQ_CST);
	if (ring_peek(s->data, &len))
		s->quiet = 0;
}

static void drain_data(struct session *s)
{
	const void *data;
	uint32_t len, n = 0;

	if (!s->data)
		return;
	while (n++ < SESSION_BURST && (data = ring_peek(s->data, &len))) {
		take_data(s, data, len);
		ring_consume(s->data);
	}
	s->quiet = n > 1 ? 0 : s->quiet + 1;
	if (s->quiet > SESSION_QUIET)
		ask_for_next(s);
	else if (n <= SESSION_BURST)
		__atomic_store_n(&s->state->data_waiting, 0, __ATOMIC_RELAXED);
}

static void drain_control(struct session *s)
{
	bool cond = false;
	const void *data;
	uint32_t len, n = 0;

	if (!s->control)
		return;
	/* Bounded, since to print a message may itself be what a probe is
	 * about, and raise the next error. */
	while (n++ < SESSION_BURST && (data = ring_peek(s->control, &len))) {
		cond |= take_control(s, data, len);
		ring_consume(s->control);
	}
	if (cond && !session_is_over(s))
		session_rearm(s);
}

/* Answers first: a message is about what came before it. */
static void drain(struct session *s)
{
	drain_data(s);
	drain_control(s);
}

/* Takes all that is left in the rings, when no handler runs any more. */
static void drain_rest(struct session *s)
{
	uint32_t len;

	do {
		drain(s);
	} while ((s->data && ring_peek(s->data, &len)) ||
		 (s->control && ring_peek(s->control, &len)));
}

/* ---- the loop ---- */

static void take_signals(struct session *s)
{
	int number = signals_taken(s->signals);

	if (number == SIGQUIT && session_may_leave(s)) {
		session_leave(s);
		number = 0;
	}
	if (number)
		session_raise(s, SESSION_STOPPING);
	s->was_told = number;
	if (signals_switch())
		output_switch(s->out);
}

/* Whoever is attached (-A) gets what there is. */
static void run_recorder(struct session *s)
{
	if (!s->recorder)
		return;
	output_flush(s->out);
	if (recorder_serve(s->recorder))
		session_raise(s, SESSION_STOPPING);
}

/* Handlers that take longer than their periods are always due: after a round
 * of them, signals and the like get their turn. */
static void run_timers(struct session *s)
{
	uint32_t probe, left = s->img->probes.n;

	while (left-- && !session_is_over(s) && timers_due(s->timers, &probe)) {
		drain(s);
		if (!session_is_over(s))
			session_run_handler(s, probe);
		if (host_cond_changed(s->host) && !session_is_over(s))
			session_rearm(s);
	}
	timers_settle(s->timers);
}

/* Handlers of procfs probes: someone reads or writes a file. */
static void run_procfs(struct session *s)
{
	if (!s->procfs)
		return;
	if (!procfs_serve(s->procfs))
		(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, procfs_fd(s->procfs),
				NULL);
	if (host_cond_changed(s->host) && !session_is_over(s))
		session_rearm(s);
}

/* Handlers of the standard input. */
static void run_input(struct session *s)
{
	if (!s->input)
		return;
	if (!input_serve(s->input))
		input_destroy(take_ptr(s->input));
	if (host_cond_changed(s->host) && !session_is_over(s))
		session_rearm(s);
}

static void reset_globals(struct session *s)
{
	/* A statistic that is cleared loses what has been seen of it: from here
	 * on, all that there is now. */
	store_begin(s->store);
	if (!store_lock(s->store))
		return;
	for (uint32_t i = 0; i < s->img->globals.n; i++)
		store_reset(s->store, i);
	store_unlock(s->store);
	session_rearm(s);
}

static void obey(struct session *s, enum monitor_action action, uint32_t probe)
{
	switch (action) {
	case MONITOR_NOTHING:
		break;
	case MONITOR_QUIT:
		session_raise(s, SESSION_STOPPING);
		break;
	case MONITOR_RESET:
		reset_globals(s);
		break;
	case MONITOR_PAUSE:
	case MONITOR_RESUME:
		s->is_paused = action == MONITOR_PAUSE;
		session_rearm(s);
		break;
	case MONITOR_TOGGLE:
		if (probe < s->img->probes.n) {
			s->off[probe] = !s->off[probe];
			session_rearm(s);
		}
		break;
	}
}

static void run_monitor(struct session *s)
{
	const struct monitor_view view = {
		.image = s->img, .store = s->store, .host = s->host,
		.name = s->name, .armed = s->armed, .off = s->off,
	};
	enum monitor_action action;
	uint32_t probe;

	if (!s->monitor)
		return;
	output_flush(s->out);
	action = monitor_serve(s->monitor, &view, &probe);
	if (!session_is_over(s))
		obey(s, action, probe);
}

static int wait_ms(const struct session *s)
{
	bool quiet = !s->data || s->quiet > SESSION_QUIET;
	int64_t ms = !s->in_kernel ? -1 :
		     quiet ? SESSION_QUIET_MS : SESSION_POLL_MS, left;

	if (s->deadline) {
		left = s->deadline - session_clock(CLOCK_MONOTONIC);
		left = left / 1000000 + 1;
		left = MAX(left, INT64_C(0));
		ms = ms < 0 ? left : MIN(ms, left);
	}
	return (int)MIN(ms, INT64_C(60000));
}

static void wait_for_events(struct session *s)
{
	struct epoll_event events[8];

	(void)epoll_wait(s->epoll, events, ARRAY_SIZE(events), wait_ms(s));
}

static void check_ends(struct session *s)
{
	if (s->deadline && session_clock(CLOCK_MONOTONIC) >= s->deadline)
		session_raise(s, SESSION_STOPPING);
	if (command_reap(&s->command))
		session_raise(s, SESSION_STOPPING);
	if (output_failed(s->out))
		session_raise(s, SESSION_STOPPING);
	check_skips(s);
}

static void follow_spaces(struct session *s)
{
	if (s->spaces)
		spaces_follow(s->spaces);
	if (s->unwind)
		unwind_follow(s->unwind);
}

static void loop(struct session *s)
{
	timers_settle(s->timers);
	while (!session_is_over(s)) {
		output_flush(s->out);
		wait_for_events(s);
		session_follow_modules(s);
		follow_spaces(s);
		take_signals(s);
		drain(s);
		run_input(s);
		run_timers(s);
		run_procfs(s);
		run_recorder(s);
		run_monitor(s);
		check_ends(s);
	}
}

static void say_ready(struct session *s)
{
	_cleanup_(buf_deinit) struct buf line = {};
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->img->probes.n; i++)
		n += s->attached[i].n > 0;
	buf_printf(&line, "%u probes, %u attached in the kernel.",
		   s->img->probes.n, n);
	if (s->o->verbose)
		output_log(s->out, buf_view(&line));
}

void session_say_detached(struct session *s)
{
	_cleanup_(buf_deinit) struct buf words = {};

	if (!s->detach)
		return;
	if (s->recorder)
		buf_printf(&words, "Disconnecting from the session.\n"
			   "To reconnect, type \"spile -A %s\"\n", s->name);
	else
		buf_printf(&words, "%d\n", (int)getpid());
	/* Whoever started it is gone (^C): nobody wants it. */
	if (!detach_done(s->detach, buf_view(&words)))
		session_raise(s, SESSION_STOPPING);
}

/* Probes of the begin of a process or thread are hit for those that were there
 * before the session, too. */
static struct err *visit_existing(struct session *s)
{
	struct err *e = NULL;

	for (uint32_t i = 0; i < s->img->probes.n && !e; i++)
		if (session_probe(s, i)->kind == PROBE_EXISTING &&
		    is_attached(&s->attached[i]))
			e = attach_visit(&s->attached[i]);
	return e;
}

/* Its data is watched from its first instruction on. */
static struct err *start_command(struct session *s)
{
	struct err *e;

	if (!s->command.stops) {
		command_start(&s->command);
		return NULL;
	}
	e = command_start_stopped(&s->command);
	if (!e)
		e = session_arm(s);
	command_continue(&s->command);
	return e;
}

/* begin probes, then all others. */
static struct err *session_start(struct session *s)
{
	struct err *e;

	for (uint32_t i = 0; i < s->img->probes.n; i++)
		s->armed[i] = session_condition(s, i);
	session_run_kind(s, PROBE_BEGIN, SESSION_STOPPING);
	(void)host_cond_changed(s->host);
	if (session_is_over(s))
		return NULL;
	e = session_arm(s);
	if (e)
		return e;
	session_raise(s, SESSION_RUNNING);
	e = visit_existing(s);
	if (e)
		return e;
	s->state->visited = 1;
	say_ready(s);
	session_say_detached(s);
	if (s->o->timeout)
		s->deadline = session_clock(CLOCK_MONOTONIC) +
			      s->o->timeout * NS_PER_S;
	return start_command(s);
}

static void add_misses(struct session *s)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++) {
		uint32_t prog = session_probe(s, i)->prog;

		if (session_is_kernel(s, i) && prog < s->programs.n)
			*store_loss(s->store, i, LOSS_RECURSION) +=
				programs_misses(s->img, &s->maps,
						&s->programs, prog) +
				s->attached[i].missed;
	}
}

static void say_command(struct session *s)
{
	int status = s->command.status;

	if (!s->command.ended || (WIFEXITED(status) && !WEXITSTATUS(status)))
		return;
	s->failed = true;
	if (WIFEXITED(status))
		output_warn(s->out, "Child process exited with status %d",
			    WEXITSTATUS(status));
	else
		output_warn(s->out, "Child process exited with signal %d (%s)",
			    WTERMSIG(status), strsignal(WTERMSIG(status)));
}

static void session_stop(struct session *s)
{
	bool died;

	procfs_destroy(take_ptr(s->procfs));
	input_destroy(take_ptr(s->input));
	session_detach(s);
	take_signals(s);
	drain_rest(s);
	died = session_at(s) == SESSION_ERROR;
	session_raise(s, SESSION_STOPPING);
	session_run_kind(s, died ? PROBE_ERROR : PROBE_END, UINT64_MAX);
	if (!died)
		host_show_globals(s->host);
	add_misses(s);
	if (s->o->timing)
		loss_report_hits(s->img, s->store, s->out);
	loss_report(s->img, s->store, s->out, s->o->verbose > 0);
	say_command(s);
	s->failed |= session_at(s) == SESSION_ERROR;
	output_flush(s->out);
}

/* What was recorded waits for a reader, unless somebody wanted the end. */
static void finish_recorder(struct session *s)
{
	if (!s->recorder)
		return;
	session_say_detached(s);
	(void)recorder_finish(s->recorder, s->failed, s->signals,
			      !s->was_told);
}

struct err *session_run(struct image *img, const struct session_options *o,
			struct session_status *ret)
{
	struct session s = { .img = img, .o = o, .detach = o->detach,
			     .epoll = -1, .signals = -1,
			     .family = FAMILY_NONE };
	struct err *e;
	int errnum = 0;

	s.attached = calloc(img->probes.n + 1, sizeof(*s.attached));
	s.armed = calloc(img->probes.n + 1, sizeof(*s.armed));
	s.refused = calloc(img->probes.n + 1, sizeof(struct err *));
	s.off = calloc(img->probes.n + 1, sizeof(*s.off));
	s.told = calloc(img->probes.n + 1, sizeof(*s.told));
	if (!s.attached || !s.armed || !s.off || !s.refused || !s.told)
		abort();
	e = session_open(&s);
	if (!e)
		e = session_start(&s);
	if (!e) {
		loop(&s);
		session_stop(&s);
		errnum = output_failed(s.out);
		finish_recorder(&s);
		/* A reader that has gone away has had enough: no error. */
		ret->exit = s.failed || (errnum && errnum != EPIPE);
	}
	session_close(&s);
	if (!e && errnum && errnum != EPIPE)
		e = err_os(errnum, "writing the output");
	return e;
}
