/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/bits.h"
#include "run/signals.h"

#define PATH_BYTES "__stdin"
#define PATH_LINES "__stdin_lines"

struct input {
	const struct image *img;
	struct procfs_caller caller;
	struct buf line;	/* that is not yet whole */
	struct buf text;	/* what a handler gets */
	uint32_t max;		/* most bytes of a line */
	bool has_bytes, has_lines;
	int fd;			/* an epoll descriptor, or an eventfd */
};

bool input_is_path(struct str path)
{
	return str_is(path, PATH_BYTES) || str_is(path, PATH_LINES);
}

/* ---- the terminal ---- */

/* As it was; there is one in a process. */
static struct termios terminal_before;

static void terminal_restore(void)
{
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
}

static void terminal_take(void)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &terminal_before))
		return;
	t = terminal_before;
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (!tcsetattr(STDIN_FILENO, TCSANOW, &t))
		signals_at_kill(terminal_restore);
}

static void terminal_give(void)
{
	if (!signals_at_kill(NULL))
		return;
	terminal_restore();
}

/* ---- handlers ---- */

static void call(struct input *in, const char *path, struct str text)
{
	for (uint32_t i = 0; i < in->img->probes.n; i++) {
		const struct image_probe *p = &in->img->probes.v[i];

		if (p->kind != PROBE_PROCFS || !p->site.a ||
		    !str_is(image_str(in->img, p->site.name), path))
			continue;
		in->text.len = 0;
		buf_str(&in->text, text);
		(void)in->caller.call(in->caller.data, i, &in->text,
				      in->max);
	}
}

static void end_line(struct input *in)
{
	if (in->line.len)
		call(in, PATH_LINES, buf_view(&in->line));
	in->line.len = 0;
}

/* What a line has too much is left out; its end is not. */
static void take_byte(struct input *in, char c)
{
	if (in->has_bytes)
		call(in, PATH_BYTES, (struct str){ &c, 1 });
	if (!in->has_lines)
		return;
	if (in->line.len < in->max)
		buf_char(&in->line, c);
	if (c == '\n')
		end_line(in);
}

bool input_serve(struct input *in)
{
	struct pollfd pfd = { .fd = in->fd, .events = POLLIN };
	char bytes[2048];
	ssize_t n;

	if (poll(&pfd, 1, 0) <= 0)
		return true;
	n = read(STDIN_FILENO, bytes, sizeof(bytes));
	for (ssize_t i = 0; i < n; i++)
		take_byte(in, bytes[i]);
	if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return true;
	end_line(in);
	return false;
}

/* ---- beginning and end ---- */

int input_fd(const struct input *in)
{
	return in->fd;
}

/* A file is always there to be read, of which epoll wants to know nothing. */
static struct err *open_fd(struct input *in)
{
	struct epoll_event event = { .events = EPOLLIN };

	in->fd = epoll_create1(EPOLL_CLOEXEC);
	if (in->fd >= 0 && !epoll_ctl(in->fd, EPOLL_CTL_ADD, STDIN_FILENO,
				      &event))
		return NULL;
	if (in->fd >= 0)
		close(in->fd);
	in->fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	return in->fd < 0 ? err_os(errno, "waiting for the input") : NULL;
}

static void look_at(struct input *in, const struct image_probe *p)
{
	struct str path = image_str(in->img, p->site.name);

	if (p->kind != PROBE_PROCFS || !p->site.a)
		return;
	in->has_bytes |= str_is(path, PATH_BYTES);
	in->has_lines |= str_is(path, PATH_LINES);
}

bool input_is_wanted(const struct image *img)
{
	struct input in = { .img = img };

	for (uint32_t i = 0; i < img->probes.n; i++)
		look_at(&in, &img->probes.v[i]);
	return in.has_bytes || in.has_lines;
}

struct err *input_create(const struct image *img,
			 const struct procfs_caller *caller,
			 struct input **ret)
{
	struct input in = {
		.img = img,
		.caller = *caller,
		.max = MAX(img->limits.maxstringlen, 2U) - 1,
		.fd = -1,
	};
	struct err *e;

	*ret = NULL;
	for (uint32_t i = 0; i < img->probes.n; i++)
		look_at(&in, &img->probes.v[i]);
	if (!in.has_bytes && !in.has_lines)
		return NULL;
	e = open_fd(&in);
	if (e)
		return e;
	*ret = malloc(sizeof(in));
	if (!*ret)
		abort();
	**ret = in;
	if (in.has_bytes)
		terminal_take();
	return NULL;
}

void input_destroy(struct input *in)
{
	if (!in)
		return;
	if (in->has_bytes)
		terminal_give();
	close(in->fd);
	buf_deinit(&in->line);
	buf_deinit(&in->text);
	free(in);
}
