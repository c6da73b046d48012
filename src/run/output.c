/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/output.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"

#define SETTLE_BYTES 65536

struct files {
	const char *path;	/* -o, or NULL */
	uint64_t bytes;		/* of each, 0 = any */
	uint32_t max, nkept;	/* that are kept; 0 = all */
	char **kept;		/* their names, oldest first */
	int64_t number;		/* of the last */
};

struct output {
	int fd;
	int errnum;		/* of the first write that failed */
	bool no_warnings, colour, messages_too;
	struct output_sink sink;
	struct files files;
	uint64_t written;	/* bytes, to fd */
	struct buf buf;
};

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

/* ---- files ---- */

/* The name of file number k, k < 0: without a number. */
static struct err *file_name(const char *path, int64_t k, char **ret)
{
	time_t now = time(NULL);
	char name[1024];
	struct tm tm;

	localtime_r(&now, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (!strftime(name, sizeof(name), path, &tm))
		return err_new(ERR_LIMIT, "the name of the output file, "
			       "'%.64s', is empty or too long", path);
#pragma GCC diagnostic pop
	if (k < 0)
		*ret = strdup(name);
	else if (asprintf(ret, "%s.%lld", name, (long long)k) < 0)
		abort();
	if (!*ret)
		abort();
	return NULL;
}

/* Forgets the oldest file, and removes it. */
static void drop_oldest(struct files *f)
{
	(void)unlink(f->kept[0]);
	free(f->kept[0]);
	memmove(f->kept, f->kept + 1, --f->nkept * sizeof(*f->kept));
}

/* Remembers the name of a new file where only so many are kept: then the oldest
 * one goes. */
static void keep_name(struct files *f, char *name)
{
	if (!f->max) {
		free(name);
		return;
	}
	if (f->nkept == f->max)
		drop_oldest(f);
	f->kept[f->nkept++] = name;
}

static struct err *open_file(struct files *f, int64_t k, int *ret)
{
	char *name;
	struct err *e = file_name(f->path, k, &name);
	int fd;

	if (e)
		return e;
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		e = err_os(errno, "cannot write %s", name);
	else
		*ret = fd;
	if (e)
		free(name);
	else
		keep_name(f, name);
	return e;
}

/* An error is remembered, as one of writing. */
static void next_file(struct output *out)
{
	int fd;
	struct err *e = open_file(&out->files, ++out->files.number, &fd);

	if (e) {
		out->errnum = e->errnum ? e->errnum : EIO;
		err_free(e);
		return;
	}
	close(out->fd);
	out->fd = fd;
	out->written = 0;
}

static struct err *open_first(struct output *out,
			      const struct output_options *o)
{
	struct files *f = &out->files;

	*f = (struct files){ .path = o->path, .bytes = o->file_bytes,
			     .max = o->file_bytes ? o->max_files : 0 };
	if (f->max && !(f->kept = calloc(f->max, sizeof(*f->kept))))
		abort();
	return open_file(f, f->bytes ? 0 : -1, &out->fd);
}

struct err *output_open(const struct output_options *o, struct output **ret)
{
	struct output *out = calloc(1, sizeof(*out));
	struct err *e = NULL;

	if (!out)
		abort();
	*out = (struct output){
		.fd = STDOUT_FILENO,
		.no_warnings = o->no_warnings,
		.colour = o->colour,
		.sink = o->sink,
		.messages_too = o->messages_too,
	};
	if (o->path)
		e = open_first(out, o);
	if (e)
		output_close(out);
	else
		*ret = out;
	return e;
}

void output_close(struct output *out)
{
	if (!out)
		return;
	output_flush(out);
	if (out->fd != STDOUT_FILENO)
		close(out->fd);
	for (uint32_t i = 0; i < out->files.nkept; i++)
		free(out->files.kept[i]);
	free(out->files.kept);
	buf_deinit(&out->buf);
	free(out);
}

void output_leave(struct output *out, struct output_sink sink)
{
	output_flush(out);
	out->sink = sink;
	out->messages_too = true;
	out->colour = false;
}

/* Writes n bytes of the buffer from `at` on; returns where it ends. */
static size_t write_part(struct output *out, size_t at, size_t n)
{
	size_t end = at + n;

	while (at < end && !out->errnum) {
		ssize_t done = write_some(out->fd, out->buf.data + at,
					  end - at);

		if (done < 0) {
			out->errnum = (int)-done;
			break;
		}
		at += (size_t)done;
		out->written += (size_t)done;
	}
	return at;
}

/* How many of n bytes this file still takes: whole lines if it can be. */
static size_t room_for(const struct output *out, const char *text, size_t n)
{
	uint64_t room = out->files.bytes - MIN(out->files.bytes, out->written);
	const char *end;

	if (!out->files.bytes || n <= room)
		return n;
	end = memrchr(text, '\n', room);
	if (end)
		return (size_t)(end - text) + 1;
	/* A line for a new file, or one that no file takes whole. */
	return out->written ? 0 : room;
}

static void flush_to_file(struct output *out)
{
	size_t at = 0;

	while (at < out->buf.len && !out->errnum) {
		size_t n = room_for(out, out->buf.data + at,
				    out->buf.len - at);

		if (n)
			at = write_part(out, at, n);
		else
			next_file(out);
	}
}

void output_flush(struct output *out)
{
	if (!out->buf.len)
		return;
	if (out->sink.take)
		out->sink.take(out->sink.data, false, buf_view(&out->buf));
	else
		flush_to_file(out);
	out->buf.len = 0;
}

void output_switch(struct output *out)
{
	output_flush(out);
	if (out->files.path && !out->errnum)
		next_file(out);
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

static void say_to_people(struct str line)
{
	for (size_t at = 0; at < line.len;) {
		ssize_t n = write_some(STDERR_FILENO, line.s + at,
				       line.len - at);

		if (n < 0)
			break;
		at += (size_t)n;
	}
}

/* A line to standard error, or what stands for it, behind all answers so
 * far. */
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
	if (out->sink.take)
		out->sink.take(out->sink.data, true, buf_view(&line));
	else if (out->messages_too)
		output_write(out, buf_view(&line));
	else
		say_to_people(buf_view(&line));
	buf_deinit(&line);
}

void output_warn(struct output *out, const char *fmt, ...)
{
	struct buf text = {};
	va_list ap;

	if (out->no_warnings)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	say(out, "WARNING:", "1;33", buf_view(&text));
	buf_deinit(&text);
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
