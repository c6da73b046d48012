/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "dbg/world.h"
#include "run/follow.h"
#include "run/host.h"
#include "run/input.h"
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
#include "run/usymbols.h"

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
		if (session_is_kernel(s, i))
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
		session_clock(CLOCK_REALTIME) - session_clock(CLOCK_MONOTONIC);
	s->state->gmtoff = -tm.tm_gmtoff;
}

static struct err *open_timers(struct session *s)
{
	struct err *e = timers_create(&s->timers);

	if (e)
		return e;
	for (uint32_t i = 0; i < s->img->probes.n; i++) {
		const struct image_probe *p = session_probe(s, i);

		if (p->kind == PROBE_TIMER)
			timers_add(s->timers, i, p->site.a, p->site.b);
	}
	return watch(s, timers_fd(s->timers));
}

static struct err *open_procfs(struct session *s)
{
	const struct procfs_caller caller = { session_run_with_value, s };
	struct err *e = procfs_create(s->img, s->name, &caller, &s->procfs);

	if (e || !s->procfs)
		return e;
	return watch(s, procfs_fd(s->procfs));
}

static struct err *open_input(struct session *s)
{
	const struct procfs_caller caller = { session_run_with_value, s };
	struct err *e = input_create(s->img, &caller, &s->input);

	return e || !s->input ? e : watch(s, input_fd(s->input));
}

static struct err *open_family(struct session *s)
{
	for (uint32_t i = 0; s->in_kernel && i < s->img->maps.n; i++)
		if (s->img->maps.v[i].kind == IMAP_FAMILY)
			return family_open(s->o->world, s->maps.fds[i],
					   (pid_t)s->state->target, &s->family);
	return NULL;
}

static struct err *open_follow(struct session *s)
{
	struct err *e = follow_create(s->img, s->o->world, &s->follow);

	return e || !s->follow ? e : watch(s, follow_fd(s->follow));
}

/* Does the host tell symbols of processes? */
static bool needs_spaces(const struct image *img)
{
	if (img->ustacks_map != IMAGE_NONE || img->places_map != IMAGE_NONE ||
	    img->unwind_maps != IMAGE_NONE)
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
		.colour = s->o->colour && !s->detach,
		.file_bytes = s->o->file_bytes,
		.max_files = s->o->max_files,
		.messages_too = s->detach,
	};

	if (s->recorder)
		o.sink = recorder_sink(s->recorder);
	if (s->monitor)
		o.sink = monitor_sink(s->monitor);
	return output_open(&o, &s->out);
}

#define RECORDER_BYTES (UINT64_C(1) << 20)

struct err *session_open_recorder(struct session *s)
{
	uint64_t bytes = s->o->buffer ? s->o->buffer : RECORDER_BYTES;
	struct err *e;

	if (!s->detach || s->o->output)
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

struct err *session_open(struct session *s)
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
		e = session_open_recorder(s);
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
		e = command_create(s->o->command, session_watches_command(s),
				   &s->command);
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
	if (s->img->places_map != IMAGE_NONE && s->in_kernel)
		ho.places_fd = s->maps.fds[s->img->places_map];
	s->host = host_create(&ho);
	fill_state(s);
	if (s->unwind && s->o->target)
		unwind_want(s->unwind, s->o->target);
	return open_family(s);
}

void session_close(struct session *s)
{
	procfs_destroy(s->procfs);
	input_destroy(s->input);
	follow_destroy(s->follow);
	family_close(&s->family);
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
	free(s->told);
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		err_free(s->refused[i]);
	free(s->refused);
}
