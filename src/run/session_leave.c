/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGQUIT: a session leaves its terminal and goes on as one of -F does.  It is
 * a child from then on, with all that the kernel does for it; the parent says
 * where it is to be found, and goes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/detach.h"
#include "run/input.h"
#include "run/output.h"
#include "run/recorder.h"
#include "run/session_own.h"
#include "run/signals.h"
#include "run/spaces.h"

bool session_may_leave(const struct session *s)
{
	return !s->detach && !s->monitor &&
	       session_at(s) == SESSION_RUNNING;
}

/* What a child does not have of its parent, or should not. */
static void take_over(struct session *s)
{
	signals_forget();
	s->state->stp_pid = (uint64_t)getpid();
	command_adopt(&s->command);
	if (s->spaces)
		spaces_take_over(s->spaces);
	if (!s->input)
		return;
	(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, input_fd(s->input), NULL);
	input_destroy(take_ptr(s->input));
}

void session_leave(struct session *s)
{
	struct output_sink sink = {};
	int status = EXIT_FAILURE;
	struct err *e;

	output_flush(s->out);
	if (!detach_begin(&s->left, &status)) {
		fflush(NULL);
		_exit(status);
	}
	s->detach = &s->left;
	take_over(s);
	e = session_open_recorder(s);
	if (e) {
		output_error(s->out, "%s", e->msg);
		err_free(e);
		session_raise(s, SESSION_STOPPING);
		return;
	}
	if (s->recorder)
		sink = recorder_sink(s->recorder);
	output_leave(s->out, sink);
	session_say_detached(s);
}
