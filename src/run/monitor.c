/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/monitor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "run/loss.h"
#include "run/screen.h"

#define TEXT_MAX (256u * 1024)	/* of the output that can be scrolled */
#define ENTRIES 5		/* of an array that are shown */
#define TICK_MS 100		/* the screen follows the output so fast */
#define MS_PER_S 1000

enum order { BY_INDEX, BY_HITS, BY_MIN, BY_AVG, BY_MAX, ORDERS };

static const char *const order_names[] = { "index", "hits", "min", "avg",
					   "max" };

struct monitor {
	struct screen screen;
	struct buf text;	/* the output */
	struct buf line;	/* being made */
	struct buf status;	/* as it was when it was last looked at */
	int epoll, timer;
	int64_t start, next;	/* ms: of the session, of the next picture */
	uint32_t period;	/* ms */
	enum order order;
	bool is_dirty, is_hidden, is_paused;
	bool is_changed;	/* by a key: to be looked at again */
	bool scrolls_output;	/* keys do, rather than the status */
	uint32_t up;		/* lines that the output is scrolled up */
	uint32_t down;		/* ... the status down */
	bool is_asking;		/* which probe to toggle */
	uint32_t answer;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* ---- the output ---- */

/* The older half goes when there is too much. */
static void trim(struct monitor *m)
{
	const char *end;
	size_t n;

	if (m->text.len <= TEXT_MAX)
		return;
	n = m->text.len - TEXT_MAX / 2;
	end = memchr(m->text.data + n, '\n', m->text.len - n);
	n = end ? (size_t)(end - m->text.data) + 1 : n;
	memmove(m->text.data, m->text.data + n, m->text.len - n);
	m->text.len -= n;
}

static void take(void *data, bool is_message, struct str text)
{
	struct monitor *m = data;

	(void)is_message;
	if (text.len > TEXT_MAX)
		text = str_sub(text, text.len - TEXT_MAX, text.len);
	buf_str(&m->text, text);
	trim(m);
	m->is_dirty = true;
}

struct output_sink monitor_sink(struct monitor *m)
{
	return (struct output_sink){ take, m };
}

/* ---- the status ---- */

struct status {
	struct monitor *m;
	const struct monitor_view *v;
	struct buf text;	/* lines */
};

static uint64_t average(const struct monitor_view *v, uint32_t p)
{
	uint64_t hits = *store_hits(v->store, p);
	const struct image_times *t = store_times(v->store, p);

	return hits && t ? t->sum / hits : 0;
}

static uint64_t sort_value(const struct monitor_view *v, enum order by,
			   uint32_t p)
{
	const struct image_times *t = store_times(v->store, p);

	switch (by) {
	case BY_INDEX:
	case ORDERS:
		break;
	case BY_HITS:
		return *store_hits(v->store, p);
	case BY_MIN:
		return t && t->min ? ~t->min : 0;
	case BY_AVG:
		return average(v, p);
	case BY_MAX:
		return t ? t->max : 0;
	}
	return UINT64_MAX - p;
}

static int by_value(const void *a, const void *b, void *data)
{
	const struct status *s = data;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	uint64_t x = sort_value(s->v, s->m->order, i);
	uint64_t y = sort_value(s->v, s->m->order, j);

	return x != y ? (x < y) - (x > y) : (i > j) - (i < j);
}

static void add_probe(struct status *s, uint32_t p)
{
	const struct monitor_view *v = s->v;
	const struct image_times *t = store_times(v->store, p);
	bool is_off = v->off[p] || (s->m->is_paused && !v->armed[p]);
	const char *state = is_off ? "off" : v->armed[p] ? "on" : "cond";

	buf_printf(&s->text, "%5u  %-4s %10" PRIu64 " %9" PRIu64 " %9" PRIu64
		   " %9" PRIu64 "  %" STR_FMT "\n", p, state,
		   *store_hits(v->store, p), t && t->min ? ~t->min : 0,
		   average(v, p), t ? t->max : 0,
		   STR_ARG(image_str(v->image, v->image->probes.v[p].point)));
}

static void add_probes(struct status *s)
{
	uint32_t n = s->v->image->probes.n;
	_cleanup_free_ uint32_t *list = calloc(n + 1, sizeof(*list));

	if (!list)
		abort();
	for (uint32_t i = 0; i < n; i++)
		list[i] = i;
	qsort_r(list, n, sizeof(*list), by_value, s);
	for (uint32_t i = 0; i < n; i++)
		add_probe(s, list[i]);
}

/* The script's; those of the library begin with "__". */
static void add_globals(struct status *s)
{
	const struct image *img = s->v->image;

	for (uint32_t i = 0; i < img->globals.n; i++)
		if (!str_starts(image_str(img, img->globals.v[i].name),
				STR("__")))
			host_show_global(s->v->host, i, ENTRIES, &s->text);
}

/* ---- the picture ---- */

static void head(struct monitor *m, const struct monitor_view *v)
{
	int64_t up = (now_ms() - m->start) / MS_PER_S;
	m->line.len = 0;
	buf_printf(&m->line, " %s  up %02" PRId64 ":%02" PRId64 ":%02" PRId64
		   "  uid %u  %u probes  %u globals  errors %" PRIu64
		   "  skipped %" PRIu64 "%s", v->name, up / 3600,
		   up / 60 % 60, up % 60, (unsigned)getuid(),
		   v->image->probes.n, v->image->globals.n,
		   store_session(v->store)->errors,
		   loss_skipped(v->image, v->store),
		   m->is_paused ? "  PAUSED" : "");
	screen_line(&m->screen, true, buf_view(&m->line));
}

static void keys(struct monitor *m)
{
	m->line.len = 0;
	if (m->is_asking)
		buf_printf(&m->line, " toggle probe number: %u_  (Enter, or Esc)",
			   m->answer);
	else
		buf_printf(&m->line, " q quit  p pause  r resume  t toggle  c clear globals  s sort: %s  x %s  Tab scroll: %s",
			   order_names[m->order],
			   m->is_hidden ? "show" : "hide",
			   m->scrolls_output ? "output" : "status");
	screen_line(&m->screen, true, buf_view(&m->line));
}

static uint32_t count_lines(struct str text)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < text.len; i++)
		n += text.s[i] == '\n' || i + 1 == text.len;
	return n;
}

/* Lines from number `first` on, n of them. */
static void draw_lines(struct monitor *m, struct str text, uint32_t first,
		       uint32_t n)
{
	for (uint32_t i = 0; text.len && i < first + n; i++) {
		int64_t end = str_find_char(text, '\n');
		uint32_t len = end < 0 ? text.len : (uint32_t)end;

		if (i >= first)
			screen_line(&m->screen, false, str_sub(text, 0, len));
		text = str_sub(text, MIN(len + 1, text.len), text.len);
	}
}

/* Probes and arrays are sorted for it: not whenever there is output. */
static void look(struct monitor *m, const struct monitor_view *v)
{
	struct status s = { .m = m, .v = v, .text = m->status };

	s.text.len = 0;
	store_begin(v->store);
	add_probes(&s);
	add_globals(&s);
	m->status = s.text;
	m->next = now_ms() + m->period;
}

static void draw_status(struct monitor *m)
{
	uint32_t n, most = m->screen.rows * 2 / 3;

	n = count_lines(buf_view(&m->status));
	m->down = MIN(m->down, n ? n - 1 : 0);
	screen_line(&m->screen, false,
		    STR("index  state      hits    min ns       avg       max  probe"));
	draw_lines(m, buf_view(&m->status), m->down, MIN(n, most));
}

static void draw_output(struct monitor *m)
{
	uint32_t n = count_lines(buf_view(&m->text));
	uint32_t room = m->screen.rows - MIN(m->screen.rows, m->screen.row);
	uint32_t above = n - MIN(n, room);

	m->up = MIN(m->up, above);
	draw_lines(m, buf_view(&m->text), above - m->up, room);
}

static void draw(struct monitor *m, const struct monitor_view *v)
{
	screen_begin(&m->screen);
	head(m, v);
	if (!m->is_hidden)
		draw_status(m);
	keys(m);
	draw_output(m);
	screen_end(&m->screen);
	m->is_dirty = false;
}

/* ---- keys ---- */

static void scroll(struct monitor *m, int lines)
{
	uint32_t *at = m->scrolls_output ? &m->up : &m->down;
	int64_t to = (int64_t)*at + (m->scrolls_output ? -lines : lines);

	*at = (uint32_t)MAX(to, INT64_C(0));
}

/* While it asks: digits, and what ends them. */
static enum monitor_action answer(struct monitor *m, int key, uint32_t *probe)
{
	if (key >= '0' && key <= '9' && m->answer < 100000) {
		m->answer = m->answer * 10 + (uint32_t)(key - '0');
	} else if (key == 127 || key == '\b') {
		m->answer /= 10;
	} else if (key == '\n' || key == '\r') {
		m->is_asking = false;
		*probe = m->answer;
		return MONITOR_TOGGLE;
	} else if (key == '\033') {
		m->is_asking = false;
	}
	return MONITOR_NOTHING;
}

static enum monitor_action take_key(struct monitor *m, int key,
				    uint32_t *probe)
{
	if (m->is_asking)
		return answer(m, key, probe);
	switch (key) {
	case 'q':
		return MONITOR_QUIT;
	case 'c':
		return MONITOR_RESET;
	case 'p':
		m->is_paused = true;
		return MONITOR_PAUSE;
	case 'r':
		m->is_paused = false;
		return MONITOR_RESUME;
	case 's':
		m->order = (m->order + 1) % ORDERS;
		break;
	case 't':
		m->is_asking = true;
		m->answer = 0;
		break;
	case 'x':
		m->is_hidden = !m->is_hidden;
		break;
	case '\t':
		m->scrolls_output = !m->scrolls_output;
		break;
	case SCREEN_UP:
	case SCREEN_DOWN:
		scroll(m, key == SCREEN_UP ? -1 : 1);
		break;
	case SCREEN_PAGE_UP:
	case SCREEN_PAGE_DOWN:
		scroll(m, key == SCREEN_PAGE_UP ? -10 : 10);
		break;
	}
	return MONITOR_NOTHING;
}

enum monitor_action monitor_serve(struct monitor *m,
				  const struct monitor_view *v,
				  uint32_t *probe)
{
	enum monitor_action action = MONITOR_NOTHING;
	int key = screen_key();
	uint64_t ticks;
	bool ticked = read(m->timer, &ticks, sizeof(ticks)) > 0, looks;

	if (key != SCREEN_NONE)
		action = take_key(m, key, probe);
	looks = key != SCREEN_NONE ||
		(ticked && (m->is_changed || now_ms() >= m->next));
	if (looks) {
		look(m, v);
		m->is_changed = false;
	}
	if (looks || (ticked && m->is_dirty))
		draw(m, v);
	/* What the session makes of it is to be seen at the next tick. */
	m->is_changed |= action != MONITOR_NOTHING;
	m->is_dirty |= m->is_changed;
	return action;
}

int monitor_fd(const struct monitor *m)
{
	return m->epoll;
}

/* ---- beginning and end ---- */

static struct err *open_all(struct monitor *m)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct itimerspec every = {
		.it_interval.tv_nsec = TICK_MS * 1000000,
		.it_value.tv_nsec = 1,
	};

	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	m->timer = timerfd_create(CLOCK_MONOTONIC,
				  TFD_CLOEXEC | TFD_NONBLOCK);
	if (m->epoll < 0 || m->timer < 0 ||
	    timerfd_settime(m->timer, 0, &every, NULL) ||
	    epoll_ctl(m->epoll, EPOLL_CTL_ADD, m->timer, &event))
		return err_os(errno, "waiting for the time");
	(void)epoll_ctl(m->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
	return screen_take();
}

struct err *monitor_create(uint32_t seconds, struct monitor **ret)
{
	struct monitor *m = calloc(1, sizeof(*m));
	struct err *e;

	if (!m)
		abort();
	*m = (struct monitor){ .epoll = -1, .timer = -1, .start = now_ms(),
			       .period = seconds * MS_PER_S, .order = BY_HITS };
	e = open_all(m);
	if (e)
		monitor_destroy(m);
	else
		*ret = m;
	return e;
}

void monitor_destroy(struct monitor *m)
{
	size_t at = 0;

	if (!m)
		return;
	screen_give();
	while (at < m->text.len) {
		ssize_t n = write(STDOUT_FILENO, m->text.data + at,
				  m->text.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	if (m->epoll >= 0)
		close(m->epoll);
	if (m->timer >= 0)
		close(m->timer);
	buf_deinit(&m->screen.frame);
	buf_deinit(&m->text);
	buf_deinit(&m->status);
	buf_deinit(&m->line);
	free(m);
}
