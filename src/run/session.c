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
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/world.h"
#include "kern/attach/attach.h"
#include "kern/maps.h"
#include "kern/programs.h"
#include "run/command.h"
#include "run/detach.h"
#include "run/follow.h"
#include "run/host.h"
#include "run/input.h"
#include "run/loss.h"
#include "run/monitor.h"
#include "run/output.h"
#include "run/procfs.h"
#include "run/recorder.h"
#include "run/ring.h"
#include "run/signals.h"
#include "run/spaces.h"
#include "run/store.h"
#include "run/timers.h"
#include "run/unwind.h"
#include "run/usymbols.h"

#define NS_PER_S INT64_C(1000000000)
/* Output waits this long at most: programs wake us only when much waits. */
#define SESSION_POLL_MS 25
/* When there was nothing for so many looks, the next record wakes us. */
#define SESSION_QUIET 40
#define SESSION_QUIET_MS 200
#define SESSION_WAKE_NEXT (UINT64_C(1) << 40)	/* "so much waits already" */
/* Records handled in a row before signals and timers get their turn. */
#define SESSION_BURST 65536

struct session {
	struct image *img;
	const struct session_options *o;
	bool in_kernel; /* has programs */
	struct maps maps;
	struct programs programs;
	struct attachment *attached; /* one for each probe */
	struct attach_lists lists;
	bool *armed;		     /* its condition holds, or has none */
	bool *off;		     /* the monitor has turned it off */
	struct err **refused;	     /* why the kernel has no probe there */
	struct output *out;
	struct store *store;
	struct host *host;
	struct image_session *state;
	struct ring *data, *control;
	struct timers *timers;
	struct procfs *procfs; /* or NULL: there are no such probes */
	struct usymbols *usymbols;
	struct unwind *unwind; /* or NULL: no stacks of processes */
	struct spaces *spaces; /* or NULL: no symbols of processes */
	struct follow *follow; /* or NULL: no probe is in a module */
	struct input *input;	   /* or NULL: no probe of it */
	struct monitor *monitor;   /* or NULL */
	struct recorder *recorder; /* -F without -o, or NULL */
	char name[64];	       /* module_name() */
	struct command command;
	int epoll, signals;
	uint32_t quiet;		/* looks in a row that found no data */
	int64_t deadline; /* CLOCK_MONOTONIC ns, or 0 */
	bool failed;	  /* exit status 1 */
	int was_told;	  /* the signal that ended it, or 0 */
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static const struct image_probe *probe_at(const struct session *s, uint32_t i)
{
	return &s->img->probes.v[i];
}

static bool is_kernel_probe(const struct session *s, uint32_t i)
{
	return image_probe_is_kernel(
		(enum image_probe_kind)probe_at(s, i)->kind);
}

/* ---- the state ---- */

static uint64_t state_get(const struct session *s)
{
	return __atomic_load_n(&s->state->state, __ATOMIC_RELAXED);
}

/* Onwards only: what has begun to stop does not start again. */
static void state_raise(struct session *s, enum session_state to)
{
	if (state_get(s) < (uint64_t)to)
		__atomic_store_n(&s->state->state, (uint64_t)to,
				 __ATOMIC_RELAXED);
}

static bool is_over(const struct session *s)
{
	return state_get(s) >= SESSION_STOPPING;
}

static void count_error(struct session *s)
{
	uint64_t n = __atomic_add_fetch(&s->state->errors, 1, __ATOMIC_RELAXED);

	if (n > s->img->limits.maxerrors && !s->o->tolerant)
		state_raise(s, SESSION_ERROR);
}

static void check_skips(struct session *s)
{
	if (s->o->tolerant || state_get(s) == SESSION_ERROR ||
	    loss_skipped(s->img, s->store) - loss_own(s->img, s->store) <=
		    s->img->limits.maxskipped)
		return;
	output_error(s->out, "Skipped too many probes, check MAXSKIPPED or "
			     "try again with -t for more details.");
	state_raise(s, SESSION_ERROR);
}

/* ---- handlers of the host ---- */

static void report(struct session *s, uint32_t probe, const struct run_error *e)
{
	if (e->kind == IERR_ABORT) {
		state_raise(s, SESSION_STOPPING);
		return;
	}
	output_run_error(s->out, s->img, probe, e);
	count_error(s);
}

/* A handler, and what time it takes if that is asked for. */
static enum host_status measured_call(struct session *s, uint32_t func,
				      uint32_t probe, struct run_error *e)
{
	struct image_times *t = store_times(s->store, probe);
	int64_t start = t ? clock_ns(CLOCK_MONOTONIC) : 0;
	enum host_status status =
		host_call(s->host, func, probe, NULL, 0, NULL, e);
	uint64_t took;

	if (!t)
		return status;
	took = (uint64_t)(clock_ns(CLOCK_MONOTONIC) - start);
	t->sum += took;
	t->max = MAX(t->max, took);
	t->min = MAX(t->min, ~took);
	return status;
}

static bool run_handler(struct session *s, uint32_t probe)
{
	struct run_error e = { .place = IMAGE_NONE };
	uint32_t func = probe_at(s, probe)->func;

	if (func == IMAGE_NONE || !s->armed[probe])
		return true;
	__atomic_add_fetch(store_hits(s->store, probe), 1, __ATOMIC_RELAXED);
	switch (measured_call(s, func, probe, &e)) {
	case HOST_DONE:
		return true;
	case HOST_ERROR:
		report(s, probe, &e);
		return false;
	case HOST_SKIPPED:
		break;
	}
	return false;
}

/* For a procfs probe. */
static bool run_with_value(void *data, uint32_t probe, struct buf *text,
			   uint32_t max)
{
	struct session *s = data;
	bool done;

	if (is_over(s))
		return true;
	host_set_value(s->host, text, max);
	done = run_handler(s, probe);
	host_set_value(s->host, NULL, 0);
	return done;
}

static int by_order(const void *a, const void *b, void *data)
{
	const struct session *s = data;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	int64_t x = (int64_t)probe_at(s, i)->site.a;
	int64_t y = (int64_t)probe_at(s, j)->site.a;

	return x != y ? (x > y) - (x < y) : (i > j) - (i < j);
}

/* All begin, end or error probes, in their order, while the state is below
 * `until`. */
static void run_all(struct session *s, enum image_probe_kind kind,
		    uint64_t until)
{
	_cleanup_free_ uint32_t *list =
		calloc(s->img->probes.n + 1, sizeof(*list));
	uint32_t n = 0;

	if (!list)
		abort();
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		if (probe_at(s, i)->kind == (uint32_t)kind)
			list[n++] = i;
	qsort_r(list, n, sizeof(*list), by_order, s);
	for (uint32_t i = 0; i < n && state_get(s) < until; i++)
		run_handler(s, list[i]);
}

/* ---- conditions: arming and disarming ---- */

static struct attach_request request(struct session *s, uint32_t i)
{
	const struct image_probe *p = probe_at(s, i);

	return (struct attach_request){
		.image = s->img,
		.probe = p,
		.prog = p->prog < s->programs.n ? s->programs.fds[p->prog] :
						  -1,
		.maps = &s->maps,
		.target = (pid_t)s->state->target,
		.target_waits = s->command.pid && !s->command.started,
		.world = s->o->world,
		.lists = &s->lists,
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
 * lsm programs") (v5.13) a program forgot what it is for once it had been
 * attached: that was a "not found". */
static struct err *attach_one(struct session *s, uint32_t i)
{
	const struct image_probe *p = probe_at(s, i);
	struct err *e = try_attach(s, i);

	if (!e || e->code != ERR_NOT_FOUND ||
	    (p->kind != PROBE_FENTRY && p->kind != PROBE_FEXIT))
		return e;
	err_free(e);
	e = programs_renew(s->img, &s->maps, s->o->world, p->prog,
			   &s->programs);
	return e ? e : try_attach(s, i);
}

static bool condition_holds(struct session *s, uint32_t i)
{
	struct value v = {};
	struct run_error e = { .place = IMAGE_NONE };
	uint32_t cond = probe_at(s, i)->cond;

	if (s->off[i])
		return false;
	if (cond == IMAGE_NONE)
		return true;
	switch (host_call(s->host, cond, i, NULL, 0, &v, &e)) {
	case HOST_DONE:
		return v.type == IT_LONG && v.l;
	case HOST_ERROR:
		report(s, i, &e);
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
	return e && probe_at(s, i)->group &&
	       (e->code == ERR_NOT_FOUND || e->code == ERR_UNSUPPORTED ||
		e->code == ERR_OTHER);
}

static bool has_attached(const struct session *s, uint32_t group)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		if (probe_at(s, i)->group == group &&
		    is_attached(&s->attached[i]))
			return true;
	return false;
}

/* Attaches; one of many that the kernel refuses is left out from now on. */
static struct err *attach_or_leave_out(struct session *s, uint32_t i)
{
	struct err *e = s->refused[i] ? NULL : attach_one(s, i);

	if (!is_left_out(s, i, e))
		return e;
	s->refused[i] = e;
	return NULL;
}

/* All of a wildcard's that should be attached are refused: the first reason. */
static struct err *all_left_out(struct session *s)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		if (s->refused[i] && s->armed[i] &&
		    !has_attached(s, probe_at(s, i)->group))
			return take_ptr(s->refused[i]);
	return NULL;
}

/* What the conditions of timers and of kernel probes say now. */
static struct err *arm_all(struct session *s)
{
	struct err *e = NULL;

	for (uint32_t i = 0; i < s->img->probes.n && !e; i++) {
		bool on = condition_holds(s, i);

		s->armed[i] = on;
		if (probe_at(s, i)->kind == PROBE_TIMER)
			timers_arm(s->timers, i, on);
		if (!is_kernel_probe(s, i) ||
		    on == is_attached(&s->attached[i]))
			continue;
		if (on)
			e = attach_or_leave_out(s, i);
		else
			detach(&s->attached[i]);
	}
	attach_lists_drop(&s->lists);
	return e ? e : all_left_out(s);
}

/* A probe that can't be attached again ends the session. */
static void rearm(struct session *s)
{
	struct err *e = arm_all(s);

	if (!e)
		return;
	output_error(s->out, "%s", e->msg);
	err_free(e);
	state_raise(s, SESSION_ERROR);
}

/* ---- modules that come and go ---- */

/* One that the kernel refuses now may be attached when it comes again. */
static void module_came(struct session *s, struct str name)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++) {
		const struct image_probe *p = probe_at(s, i);
		struct err *e;

		if (!is_kernel_probe(s, i) || p->prog >= s->programs.n ||
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

static void follow_modules(struct session *s)
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
		count_error(s);
	} else if (status == HOST_ERROR) {
		report(s, probe, &run);
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
		state_raise(s, SESSION_STOPPING);
	else
		output_run_error(s->out, s->img, c->probe, &e);
	return false;
}

/* The next record wakes us; not one that came just before it could see that:
 * so we look again. */
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
	/* Printing a message may itself be an event that raises an error. */
	while (n++ < SESSION_BURST && (data = ring_peek(s->control, &len))) {
		cond |= take_control(s, data, len);
		ring_consume(s->control);
	}
	if (cond && !is_over(s))
		rearm(s);
}

/* Answers first: a message is about what came before it. */
static void drain(struct session *s)
{
	drain_data(s);
	drain_control(s);
}

/* To the last: no handler runs any more. */
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

	if (number)
		state_raise(s, SESSION_STOPPING);
	s->was_told = number;
	if (signals_switch())
		output_switch(s->out);
}

/* Who has attached gets what there is. */
static void run_recorder(struct session *s)
{
	if (!s->recorder)
		return;
	output_flush(s->out);
	if (recorder_serve(s->recorder))
		state_raise(s, SESSION_STOPPING);
}

/* Handlers that take longer than their periods are always due: after a round
 * of them, signals and the like get their turn. */
static void run_timers(struct session *s)
{
	uint32_t probe, left = s->img->probes.n;

	while (left-- && !is_over(s) && timers_due(s->timers, &probe)) {
		drain(s);
		if (!is_over(s))
			run_handler(s, probe);
		if (host_cond_changed(s->host) && !is_over(s))
			rearm(s);
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
	if (host_cond_changed(s->host) && !is_over(s))
		rearm(s);
}

/* Handlers of the standard input. */
static void run_input(struct session *s)
{
	if (!s->input)
		return;
	if (!input_serve(s->input))
		input_destroy(take_ptr(s->input));
	if (host_cond_changed(s->host) && !is_over(s))
		rearm(s);
}

/* begin, end and error probes are not to be turned off. */
static void turn_all(struct session *s, bool off)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		s->off[i] = off && probe_at(s, i)->kind != PROBE_BEGIN &&
			    probe_at(s, i)->kind != PROBE_END &&
			    probe_at(s, i)->kind != PROBE_ERROR;
	rearm(s);
}

static void reset_globals(struct session *s)
{
	/* Of statistics, what has been seen goes: all there is now. */
	store_begin(s->store);
	if (!store_lock(s->store))
		return;
	for (uint32_t i = 0; i < s->img->globals.n; i++)
		store_reset(s->store, i);
	store_unlock(s->store);
	rearm(s);
}

static void obey(struct session *s, enum monitor_action action, uint32_t probe)
{
	switch (action) {
	case MONITOR_NOTHING:
		break;
	case MONITOR_QUIT:
		state_raise(s, SESSION_STOPPING);
		break;
	case MONITOR_RESET:
		reset_globals(s);
		break;
	case MONITOR_PAUSE:
	case MONITOR_RESUME:
		turn_all(s, action == MONITOR_PAUSE);
		break;
	case MONITOR_TOGGLE:
		if (probe < s->img->probes.n) {
			s->off[probe] = !s->off[probe];
			rearm(s);
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
	if (!is_over(s))
		obey(s, action, probe);
}

static int wait_ms(const struct session *s)
{
	bool quiet = !s->data || s->quiet > SESSION_QUIET;
	int64_t ms = !s->in_kernel ? -1 :
		     quiet ? SESSION_QUIET_MS : SESSION_POLL_MS, left;

	if (s->deadline) {
		left = (s->deadline - clock_ns(CLOCK_MONOTONIC)) / 1000000 + 1;
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
	if (s->deadline && clock_ns(CLOCK_MONOTONIC) >= s->deadline)
		state_raise(s, SESSION_STOPPING);
	if (command_reap(&s->command))
		state_raise(s, SESSION_STOPPING);
	if (output_failed(s->out))
		state_raise(s, SESSION_STOPPING);
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
	while (!is_over(s)) {
		output_flush(s->out);
		wait_for_events(s);
		follow_modules(s);
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

/* ---- the start ---- */

static struct err *watch(struct session *s, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event))
		return err_os(errno, "waiting for events");
	return NULL;
}

static struct err *open_signals(struct session *s)
{
	struct err *e = signals_open(&s->signals);

	return e ? e : watch(s, s->signals);
}

static struct err *open_ring(struct session *s, uint32_t map, struct ring **ret)
{
	struct err *e;

	if (map == IMAGE_NONE)
		return NULL;
	e = ring_open(s->maps.fds[map], s->img->maps.v[map].max_entries, ret);
	return e ? e : watch(s, s->maps.fds[map]);
}

static struct err *open_kernel(struct session *s)
{
	struct err *e = maps_create(s->img, s->o->buffer,
				    world_cpus(s->o->world), &s->maps);

	if (!e)
		e = programs_load(s->img, &s->maps, s->o->world, &s->programs);
	if (!e)
		e = open_ring(s, s->img->data_map, &s->data);
	if (!e)
		e = open_ring(s, s->img->control_map, &s->control);
	return e;
}

/* Programs, or a counter that has none. */
static bool needs_kernel(const struct session *s)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		if (is_kernel_probe(s, i))
			return true;
	return false;
}

static struct err *open_store(struct session *s)
{
	struct store_maps maps = {
		.fds = s->maps.fds,
		.globals = s->maps.globals,
		.ncpus = world_cpus(s->o->world),
	};
	struct err *e =
		store_create(s->img, s->in_kernel ? &maps : NULL, &s->store);

	if (e)
		return e;
	s->state = store_session(s->store);
	return NULL;
}

static void fill_state(struct session *s)
{
	time_t t = time(NULL);
	struct tm tm = {};

	localtime_r(&t, &tm);
	s->state->target = s->command.pid ? (uint64_t)s->command.pid :
					    (uint64_t)s->o->target;
	s->state->stp_pid = (uint64_t)getpid();
	s->state->wall_offset =
		clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	s->state->gmtoff = -tm.tm_gmtoff;
}

static struct err *open_timers(struct session *s)
{
	struct err *e = timers_create(&s->timers);

	if (e)
		return e;
	for (uint32_t i = 0; i < s->img->probes.n; i++) {
		const struct image_probe *p = probe_at(s, i);

		if (p->kind == PROBE_TIMER)
			timers_add(s->timers, i, p->site.a, p->site.b);
	}
	return watch(s, timers_fd(s->timers));
}

static struct err *open_procfs(struct session *s)
{
	const struct procfs_caller caller = { run_with_value, s };
	struct err *e = procfs_create(s->img, s->name, &caller, &s->procfs);

	if (e || !s->procfs)
		return e;
	return watch(s, procfs_fd(s->procfs));
}

static struct err *open_input(struct session *s)
{
	const struct procfs_caller caller = { run_with_value, s };
	struct err *e = input_create(s->img, &caller, &s->input);

	return e || !s->input ? e : watch(s, input_fd(s->input));
}

static struct err *open_follow(struct session *s)
{
	struct err *e = follow_create(s->img, s->o->world, &s->follow);

	return e || !s->follow ? e : watch(s, follow_fd(s->follow));
}

/* Does the host tell symbols of processes? */
static bool needs_spaces(const struct image *img)
{
	if (img->ustacks_map != IMAGE_NONE)
		return true;
	for (uint32_t i = 0; i < img->code.n; i++) {
		const struct image_insn *insn = &img->code.v[i];

		if (insn->op == OP_INTRIN && (insn->imm == INTRIN_USYM ||
					      insn->imm == INTRIN_USYM_BASE))
			return true;
	}
	return false;
}

static struct err *open_spaces(struct session *s)
{
	struct err *e = NULL;
	int fd;

	if (!s->in_kernel || !needs_spaces(s->img))
		return NULL;
	s->spaces = spaces_create(s->o->world, world_cpus(s->o->world));
	s->usymbols = usymbols_create(
		s->o->world, str_from(s->o->debuginfo ? s->o->debuginfo : ""),
		s->spaces);
	for (uint32_t i = 0; !e && (fd = spaces_fd(s->spaces, i)) >= 0; i++)
		e = watch(s, fd);
	if (!e)
		e = unwind_create(s->img, &s->maps, s->spaces, s->usymbols,
				  &s->unwind);
	return e;
}

static void take_name(struct session *s)
{
	if (s->o->name)
		snprintf(s->name, sizeof(s->name), "%s", s->o->name);
	else
		snprintf(s->name, sizeof(s->name), "spile_%d", (int)getpid());
}

static struct err *open_output(struct session *s)
{
	struct output_options o = {
		.path = s->o->output,
		.no_warnings = s->o->no_warnings,
		.colour = s->o->colour && !s->o->detach,
		.file_bytes = s->o->file_bytes,
		.max_files = s->o->max_files,
		.messages_too = s->o->detach,
	};

	if (s->recorder)
		o.sink = recorder_sink(s->recorder);
	if (s->monitor)
		o.sink = monitor_sink(s->monitor);
	return output_open(&o, &s->out);
}

#define RECORDER_BYTES (UINT64_C(1) << 20)

static struct err *open_recorder(struct session *s)
{
	uint64_t bytes = s->o->buffer ? s->o->buffer : RECORDER_BYTES;
	struct err *e;

	if (!s->o->detach || s->o->output)
		return NULL;
	e = recorder_create(s->name, bytes, &s->recorder);
	return e ? e : watch(s, recorder_fd(s->recorder));
}

static struct err *open_monitor(struct session *s)
{
	struct err *e;

	if (!s->o->monitor)
		return NULL;
	if (input_is_wanted(s->img))
		return err_new(ERR_OTHER, "--monitor takes the keys: no probes "
			       "of the standard input with it");
	e = monitor_create(s->o->monitor, &s->monitor);
	return e ? e : watch(s, monitor_fd(s->monitor));
}

static struct err *check_target(const struct session *s)
{
	if (!s->o->target || !kill(s->o->target, 0) || errno == EPERM)
		return NULL;
	return err_new(ERR_NOT_FOUND, "there is no process %d", s->o->target);
}

static struct err *session_open(struct session *s)
{
	struct host_options ho = { .image = s->img,
				   .world = s->o->world,
				   .debuginfo = s->o->debuginfo };
	struct err *e = check_target(s);

	take_name(s);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!e && s->epoll < 0)
		e = err_os(errno, "waiting for events");
	if (!e)
		e = open_recorder(s);
	if (!e)
		e = open_signals(s);
	if (!e)
		e = open_monitor(s);
	if (!e)
		e = open_output(s);
	/* Before there is a kernel's object that its process could hold. */
	if (!e)
		e = open_procfs(s);
	if (!e && s->o->command)
		e = command_create(s->o->command, &s->command);
	s->in_kernel = needs_kernel(s);
	if (!e && s->in_kernel)
		e = open_kernel(s);
	if (!e)
		e = open_follow(s);
	if (!e)
		e = open_spaces(s);
	if (!e)
		e = open_store(s);
	if (!e)
		e = open_timers(s);
	if (!e)
		e = open_input(s);
	if (e)
		return e;
	ho.store = s->store;
	ho.output = s->out;
	ho.name = s->name;
	ho.usymbols = s->usymbols;
	if (s->img->stacks_map != IMAGE_NONE && s->in_kernel)
		ho.stacks_fd = s->maps.fds[s->img->stacks_map];
	if (s->img->ustacks_map != IMAGE_NONE && s->in_kernel)
		ho.ustacks_fd = s->maps.fds[s->img->ustacks_map];
	s->host = host_create(&ho);
	fill_state(s);
	if (s->unwind && s->o->target)
		unwind_want(s->unwind, s->o->target);
	return NULL;
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

/* -F: the terminal is told where the session is to be found. */
static void say_detached(struct session *s)
{
	_cleanup_(buf_deinit) struct buf words = {};

	if (!s->o->detach)
		return;
	if (s->recorder)
		buf_printf(&words, "Disconnecting from the session.\n"
			   "To reconnect, type \"spile -A %s\"\n", s->name);
	else
		buf_printf(&words, "%d\n", (int)getpid());
	/* Who started it has gone meanwhile: he did not want it. */
	if (!detach_done(s->o->detach, buf_view(&words)))
		state_raise(s, SESSION_STOPPING);
}

/* begin probes, then all others. */
static struct err *session_start(struct session *s)
{
	struct err *e;

	for (uint32_t i = 0; i < s->img->probes.n; i++)
		s->armed[i] = condition_holds(s, i);
	run_all(s, PROBE_BEGIN, SESSION_STOPPING);
	(void)host_cond_changed(s->host);
	if (is_over(s))
		return NULL;
	e = arm_all(s);
	if (e)
		return e;
	state_raise(s, SESSION_RUNNING);
	say_ready(s);
	say_detached(s);
	if (s->o->timeout)
		s->deadline =
			clock_ns(CLOCK_MONOTONIC) + s->o->timeout * NS_PER_S;
	command_start(&s->command);
	return NULL;
}

/* ---- the end ---- */

static void detach_all(struct session *s)
{
	bool any = false;

	for (uint32_t i = 0; i < s->img->probes.n; i++) {
		any |= is_attached(&s->attached[i]);
		detach(&s->attached[i]);
	}
	if (any)
		programs_wait();
}

static void add_misses(struct session *s)
{
	for (uint32_t i = 0; i < s->img->probes.n; i++) {
		uint32_t prog = probe_at(s, i)->prog;

		if (is_kernel_probe(s, i) && prog < s->programs.n)
			*store_loss(s->store, i, LOSS_RECURSION) +=
				programs_misses(&s->programs, prog);
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
	detach_all(s);
	take_signals(s);
	drain_rest(s);
	died = state_get(s) == SESSION_ERROR;
	state_raise(s, SESSION_STOPPING);
	run_all(s, died ? PROBE_ERROR : PROBE_END, UINT64_MAX);
	if (!died)
		host_show_globals(s->host);
	add_misses(s);
	if (s->o->timing)
		loss_report_hits(s->img, s->store, s->out);
	loss_report(s->img, s->store, s->out, s->o->verbose > 0);
	say_command(s);
	s->failed |= state_get(s) == SESSION_ERROR;
	output_flush(s->out);
}

static void session_close(struct session *s)
{
	procfs_destroy(s->procfs);
	input_destroy(s->input);
	follow_destroy(s->follow);
	command_destroy(&s->command);
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		detach(&s->attached[i]);
	host_destroy(s->host);
	unwind_destroy(s->unwind);
	usymbols_destroy(s->usymbols);
	spaces_destroy(s->spaces);
	store_destroy(s->store);
	timers_destroy(s->timers);
	ring_close(s->data);
	ring_close(s->control);
	programs_unload(&s->programs);
	maps_destroy(&s->maps);
	output_close(s->out);
	recorder_destroy(s->recorder);
	monitor_destroy(s->monitor);
	signals_close(s->signals);
	if (s->epoll >= 0)
		close(s->epoll);
	free(s->attached);
	free(s->armed);
	free(s->off);
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		err_free(s->refused[i]);
	free(s->refused);
}

/* What was recorded waits for a reader, unless somebody wanted the end. */
static void finish_recorder(struct session *s)
{
	if (!s->recorder)
		return;
	say_detached(s);
	(void)recorder_finish(s->recorder, s->failed, s->signals,
			      !s->was_told);
}

struct err *session_run(struct image *img, const struct session_options *o,
			struct session_status *ret)
{
	struct session s = { .img = img, .o = o, .epoll = -1, .signals = -1 };
	struct err *e;
	int errnum = 0;

	s.attached = calloc(img->probes.n + 1, sizeof(*s.attached));
	s.armed = calloc(img->probes.n + 1, sizeof(*s.armed));
	s.refused = calloc(img->probes.n + 1, sizeof(struct err *));
	s.off = calloc(img->probes.n + 1, sizeof(*s.off));
	if (!s.attached || !s.armed || !s.off || !s.refused)
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
