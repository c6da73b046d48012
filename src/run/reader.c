/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who attaches to a recorder: what comes is printed, an interrupt is passed
 * on.
 */
#include "run/recorder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "run/meeting.h"
#include "run/signals.h"

/* Ended by the kernel or by who killed it. */
static struct err *lost(void)
{
	return err_new(ERR_OTHER, "the session has gone");
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

struct reader {
	int fd;
	struct buf got;		/* not yet a whole frame */
	bool is_leaving;	/* what is on its way still comes */
	bool has_ended, has_left;
	int status;
};

/* Frames that are whole. */
static struct err *take_frames(struct reader *r)
{
	size_t at = 0;

	while (r->got.len - at >= sizeof(struct meeting_frame)) {
		struct meeting_frame f;
		const char *text = r->got.data + at + sizeof(f);

		memcpy(&f, r->got.data + at, sizeof(f));
		if (f.len > MEETING_FRAME_MAX || f.kind > MEETING_EXIT)
			return err_new(ERR_FORMAT, "the session makes no sense");
		if (r->got.len - at < sizeof(f) + f.len)
			break;
		at += sizeof(f) + f.len;
		if (f.kind == MEETING_EXIT) {
			r->has_ended = true;
			r->status = f.len ? text[0] : 0;
		} else if (!write_all(f.kind == MEETING_OUTPUT ?
				      STDOUT_FILENO : STDERR_FILENO, text,
				      f.len)) {
			r->has_left = true;
		}
	}
	memmove(r->got.data, r->got.data + at, r->got.len - at);
	r->got.len -= at;
	return NULL;
}

static struct err *hear(struct reader *r)
{
	char *to = buf_reserve(&r->got, 65536);
	ssize_t n = recv(r->fd, to, 65536, 0);

	if (n < 0 && errno == EINTR)
		return NULL;
	if (n < 0 && errno != ECONNRESET)
		return err_os(errno, "reading");
	if (n <= 0 && r->is_leaving)
		r->has_left = true;
	else if (n <= 0)
		return lost();
	if (n <= 0)
		return NULL;
	r->got.len += (size_t)n;
	return take_frames(r);
}

static struct err *follow(struct reader *r, int signals)
{
	struct pollfd fds[] = { { .fd = r->fd, .events = POLLIN },
				{ .fd = signals, .events = POLLIN } };
	bool is_asked = false;
	struct err *e = NULL;

	while (!e && !r->has_ended && !r->has_left) {
		if (poll(fds, 2, -1) > 0 && fds[0].revents)
			e = hear(r);
		if (signals_taken(signals) == SIGQUIT) {
			r->is_leaving = true;
			(void)shutdown(r->fd, SHUT_WR);
		} else if (signals_taken(signals) && !is_asked) {
			is_asked = true;
			(void)send(r->fd, "q", 1, MSG_NOSIGNAL);
		}
	}
	return e;
}

struct err *recorder_attach(const char *name, int *ret)
{
	struct reader r = {};
	int signals = -1;
	struct err *e = meeting_connect(name, &r.fd);

	if (e)
		return e;
	e = signals_open(&signals);
	if (!e)
		e = follow(&r, signals);
	signals_close(signals);
	close(r.fd);
	buf_deinit(&r.got);
	if (r.has_left && !e)
		fprintf(stderr, "Disconnected. To reconnect, type \"spile -A %s\"\n",
			name);
	*ret = r.status;
	return e;
}
