/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/output.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SETTLE_BYTES 65536

struct output {
	int fd;
	int errnum;		/* of the first write that failed */
	bool is_file;		/* fd is ours to close */
	bool no_warnings, colour;
	uint32_t warnings;
	struct buf buf;
};

static struct err *open_file(const char *path, int *ret)
{
	time_t now = time(NULL);
	char name[1024];
	struct tm tm;
	int fd;

	localtime_r(&now, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (!strftime(name, sizeof(name), path, &tm))
		return err_new(ERR_LIMIT, "the name of the output file, "
			       "'%.64s', is empty or too long", path);
#pragma GCC diagnostic pop
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_os(errno, "cannot write %s", name);
	*ret = fd;
	return NULL;
}

struct err *output_open(const struct output_options *o, struct output **ret)
{
	struct err *e;
	int fd = STDOUT_FILENO;
	struct output *out;

	if (o->path) {
		e = open_file(o->path, &fd);
		if (e)
			return e;
	}
	out = calloc(1, sizeof(*out));
	if (!out)
		abort();
	out->fd = fd;
	out->is_file = o->path;
	out->no_warnings = o->no_warnings;
	out->colour = o->colour;
	*ret = out;
	return NULL;
}

void output_close(struct output *out)
{
	if (!out)
		return;
	output_flush(out);
	if (out->is_file)
		close(out->fd);
	buf_deinit(&out->buf);
	free(out);
}

/* One write; waits where the file does not take any more just now.  Returns
 * what was written, 0 to try again, or -errno. */
static ssize_t write_some(int fd, const char *p, size_t n)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	ssize_t done = write(fd, p, n);

	if (done >= 0)
		return done;
	if (errno == EINTR)
		return 0;
	if (errno != EAGAIN)
		return -errno;
	poll(&pfd, 1, 1000);
	return 0;
}

void output_flush(struct output *out)
{
	size_t at = 0;

	while (at < out->buf.len && !out->errnum) {
		ssize_t n = write_some(out->fd, out->buf.data + at,
				       out->buf.len - at);

		if (n < 0)
			out->errnum = (int)-n;
		else
			at += (size_t)n;
	}
	out->buf.len = 0;
}

int output_failed(const struct output *out)
{
	return out->errnum;
}

struct buf *output_buf(struct output *out)
{
	return &out->buf;
}

void output_settle(struct output *out)
{
	if (out->buf.len >= SETTLE_BYTES)
		output_flush(out);
}

void output_write(struct output *out, struct str text)
{
	buf_str(&out->buf, text);
	output_settle(out);
}

/* A line to standard error, behind all answers so far. */
static void say(struct output *out, const char *label, const char *colour,
		struct str text)
{
	struct buf line = {};

	output_flush(out);
	if (label && out->colour)
		buf_printf(&line, "\033[%sm%s\033[0m ", colour, label);
	else if (label)
		buf_printf(&line, "%s ", label);
	buf_str(&line, text);
	buf_char(&line, '\n');
	for (size_t at = 0; at < line.len;) {
		ssize_t n = write_some(STDERR_FILENO, line.data + at,
				       line.len - at);

		if (n < 0)
			break;
		at += (size_t)n;
	}
	buf_deinit(&line);
}

void output_warn(struct output *out, const char *fmt, ...)
{
	struct buf text = {};
	va_list ap;

	out->warnings++;
	if (out->no_warnings)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	say(out, "WARNING:", "1;33", buf_view(&text));
	buf_deinit(&text);
}

uint32_t output_warnings(const struct output *out)
{
	return out->warnings;
}

void output_error(struct output *out, const char *fmt, ...)
{
	struct buf text = {};
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	say(out, "ERROR:", "1;31", buf_view(&text));
	buf_deinit(&text);
}

void output_log(struct output *out, struct str line)
{
	say(out, NULL, NULL, line);
}

void run_error_message(const struct run_error *e, struct buf *ret)
{
	switch (image_error_operand(e->kind)) {
	case 'S':
		buf_str(ret, e->text);
		break;
	case 'L':
		buf_printf(ret, "%s 0x%llx", image_error_text(e->kind),
			   (unsigned long long)e->operand);
		break;
	default:
		buf_printf(ret, "%s", image_error_text(e->kind));
		break;
	}
}

/* What a token is called: as the compiler's messages call it. */
static const char *token_kind(struct str token)
{
	unsigned char c = token.len ? (unsigned char)token.s[0] : 0;

	if (c == '"')
		return "string";
	if (isdigit(c))
		return "number";
	if (isalpha(c) || c == '_' || c == '$')
		return "identifier";
	return "operator";
}

static void add_place(struct buf *b, const struct image *img, uint32_t place)
{
	const struct image_place *p;
	struct str token, file;

	if (place >= img->places.n)
		return;
	p = &img->places.v[place];
	token = image_str(img, p->token);
	file = image_str(img, p->file);
	if (token.len)
		buf_printf(b, " near %s '%" STR_FMT "'", token_kind(token),
			   STR_ARG(token));
	buf_printf(b, " at %" STR_FMT ":%u:%u", STR_ARG(file), p->line,
		   p->col);
}

void output_run_error(struct output *out, const struct image *img,
		      uint32_t probe, const struct run_error *e)
{
	struct buf b = {};

	run_error_message(e, &b);
	add_place(&b, img, e->place);
	if (probe < img->probes.n) {
		struct str point = image_str(img, img->probes.v[probe].point);

		buf_printf(&b, " in probe %" STR_FMT, STR_ARG(point));
	}
	say(out, "ERROR:", "1;31", buf_view(&b));
	buf_deinit(&b);
}
