/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/recorder.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "run/meeting.h"
#include "run/signals.h"

#define OUT_BYTES 65536		/* on their way at a time, about */

/* A queue of frames: a ring of bytes. */
struct recorder {
	char *ring;
	size_t size, at, used;	/* bytes; at: of the first frame */
	struct buf out;		/* frames on their way to the reader */
	size_t sent;		/* bytes of them that are there */
	uint64_t dropped;	/* bytes of text since the last reader */
	struct meeting_place place;
	int listener, reader;	/* or -1 */
	int epoll;
	bool wants_room;	/* the reader takes no more just now */
	bool is_asked;		/* to end the session */
};

/* ---- the queue ---- */

static void ring_put(struct recorder *r, const void *data, size_t n)
{
	size_t to = (r->at + r->used) % r->size;
	size_t first = MIN(n, r->size - to);

	memcpy(r->ring + to, data, first);
	memcpy(r->ring, (const char *)data + first, n - first);
	r->used += n;
}

static void ring_get(const struct recorder *r, size_t from, void *data,
		     size_t n)
{
	size_t at = (r->at + from) % r->size;
	size_t first = MIN(n, r->size - at);

	memcpy(data, r->ring + at, first);
	memcpy((char *)data + first, r->ring, n - first);
}

static size_t first_size(const struct recorder *r)
{
	struct meeting_frame f;

	ring_get(r, 0, &f, sizeof(f));
	return sizeof(f) + f.len;
}

static void ring_drop(struct recorder *r, size_t n)
{
	r->at = (r->at + n) % r->size;
	r->used -= n;
}

/* The oldest frame makes room. */
static void drop_first(struct recorder *r)
{
	size_t n = first_size(r);

	r->dropped += n - sizeof(struct meeting_frame);
	ring_drop(r, n);
}

static void put_frame(struct recorder *r, enum meeting_kind kind,
		      struct str text)
{
	struct meeting_frame f = { .kind = (uint8_t)kind, .len = text.len };

	while (r->used + sizeof(f) + text.len > r->size && r->used)
		drop_first(r);
	ring_put(r, &f, sizeof(f));
	ring_put(r, text.s, text.len);
}

/* A frame for each line, so that no line is torn when the oldest go. */
static void take(void *data, bool is_message, struct str text)
{
	struct recorder *r = data;
	uint32_t most = (uint32_t)MIN(r->size / 4, (size_t)65536);

	while (text.len) {
		int64_t end = str_find_char(text, '\n');
		uint32_t n = end < 0 ? text.len : (uint32_t)end + 1;

		n = MIN(n, most);
		put_frame(r, is_message ? MEETING_MESSAGE : MEETING_OUTPUT,
			  str_sub(text, 0, n));
		text = str_sub(text, n, text.len);
	}
}

struct output_sink recorder_sink(struct recorder *r)
{
	return (struct output_sink){ take, r };
}

/* ---- the reader ---- */

static void watch_reader(struct recorder *r, int op)
{
	struct epoll_event event = {
		.events = EPOLLIN | (r->wants_room ? EPOLLOUT : 0),
		.data.fd = r->reader,
	};

	(void)epoll_ctl(r->epoll, op, r->reader, &event);
}

static void say_dropped(struct recorder *r)
{
	char text[128];
	int n;

	if (!r->dropped)
		return;
	n = snprintf(text, sizeof(text),
		     "(%llu bytes came before this and were not kept)\n",
		     (unsigned long long)r->dropped);
	r->dropped = 0;
	(void)meeting_send(r->reader, MEETING_MESSAGE,
			   (struct str){ text, (uint32_t)n });
}

/* What the last reader got a part of only, the next one gets whole. */
static void rewind_out(struct recorder *r)
{
	struct meeting_frame f;
	size_t at = 0, n = 0;

	while (at + n <= r->sent && at + n < r->out.len) {
		at += n;
		memcpy(&f, r->out.data + at, sizeof(f));
		n = sizeof(f) + f.len;
	}
	r->sent = at + n <= r->sent ? r->out.len : at;
}

/* One at a time; a second one is told, and sent away. */
static void take_reader(struct recorder *r)
{
	int fd = accept4(r->listener, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (!meeting_is_allowed(fd) || r->reader >= 0) {
		(void)meeting_send(fd, MEETING_MESSAGE,
				   STR("Someone else is attached.\n"));
		(void)meeting_send(fd, MEETING_EXIT, STR("\1"));
		close(fd);
		return;
	}
	r->reader = fd;
	rewind_out(r);
	r->wants_room = false;
	watch_reader(r, EPOLL_CTL_ADD);
	say_dropped(r);
}

static void hear_reader(struct recorder *r)
{
	char byte;
	ssize_t n;

	if (r->reader < 0)
		return;
	n = recv(r->reader, &byte, 1, MSG_DONTWAIT);
	if (n == 1)
		r->is_asked = true;
	else if (!n || (errno != EAGAIN && errno != EINTR))
		meeting_close(&r->reader);
}

/* Frames on their way are out of the queue: they stay whole whatever becomes
 * of that. */
static void take_out(struct recorder *r)
{
	r->out.len = r->sent = 0;
	while (r->used && r->out.len < OUT_BYTES) {
		size_t n = first_size(r);

		ring_get(r, 0, buf_reserve(&r->out, n), n);
		r->out.len += n;
		ring_drop(r, n);
	}
}

/* As much as the socket takes; false: no more just now. */
static bool send_some(struct recorder *r)
{
	ssize_t done;

	if (r->sent == r->out.len)
		take_out(r);
	done = send(r->reader, r->out.data + r->sent, r->out.len - r->sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (done < 0) {
		if (errno != EAGAIN && errno != EINTR)
			meeting_close(&r->reader);
		return false;
	}
	r->sent += (size_t)done;
	return true;
}

static bool has_more(const struct recorder *r)
{
	return r->used || r->sent < r->out.len;
}

static void talk(struct recorder *r)
{
	bool wants;

	while (r->reader >= 0 && has_more(r) && send_some(r))
		;
	wants = r->reader >= 0 && has_more(r);
	if (r->reader >= 0 && wants != r->wants_room) {
		r->wants_room = wants;
		watch_reader(r, EPOLL_CTL_MOD);
	}
}

bool recorder_serve(struct recorder *r)
{
	hear_reader(r);
	take_reader(r);
	talk(r);
	return r->is_asked;
}

int recorder_fd(const struct recorder *r)
{
	return r->epoll;
}

/* ---- beginning and end ---- */

static struct err *open_all(struct recorder *r, const char *name)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct err *e = meeting_listen(name, &r->place, &r->listener);

	if (e)
		return e;
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll < 0 ||
	    epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->listener, &event))
		return err_os(errno, "waiting for readers");
	return NULL;
}

struct err *recorder_create(const char *name, uint64_t bytes,
			    struct recorder **ret)
{
	struct recorder *r = calloc(1, sizeof(*r));
	struct err *e;

	if (!r)
		abort();
	*r = (struct recorder){ .size = bytes, .listener = -1, .reader = -1,
				.epoll = -1 };
	r->ring = malloc(bytes);
	if (!r->ring)
		abort();
	e = open_all(r, name);
	if (e)
		recorder_destroy(r);
	else
		*ret = r;
	return e;
}

void recorder_destroy(struct recorder *r)
{
	if (!r)
		return;
	meeting_close(&r->reader);
	meeting_close(&r->listener);
	meeting_close(&r->epoll);
	meeting_leave(&r->place);
	buf_deinit(&r->out);
	free(r->ring);
	free(r);
}

bool recorder_finish(struct recorder *r, int status, int signals, bool waits)
{
	char code = (char)status;
	struct pollfd fds[] = { { .fd = r->epoll, .events = POLLIN },
				{ .fd = signals, .events = POLLIN } };

	put_frame(r, MEETING_EXIT, (struct str){ &code, 1 });
	waits &= !r->is_asked;	/* who asked for the end knows */
	for (;;) {
		(void)recorder_serve(r);
		if (!has_more(r))
			return true;
		if (!waits && r->reader < 0)
			return false;
		/* Taken in any case: it would stay readable, and this spin. */
		if (poll(fds, 2, -1) > 0 && fds[1].revents &&
		    signals_taken(signals))
			waits = false;
	}
}
