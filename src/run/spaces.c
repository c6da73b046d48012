/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process has a space for each program that it has run, the newest first.
 * What is mapped later covers what was there; that something is unmapped the
 * kernel does not tell, and nobody asks about.
 */
#include "run/spaces.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/map.h"
#include "kern/space_watch.h"

#define SPACES_SLOTS 4096		/* a power of two */
#define SPACES_MAPPINGS_MAX (1u << 21)	/* 150 MiB of them */
#define SPACES_FORKS_MAX 16	/* how far up parents are asked */
#define SPACES_AGAIN_NS 100000000	/* between two readings of a process's
					 * mappings */

struct space_mapping {
	struct mapping m;
	uint64_t time;		/* since when it is there */
};

struct space {
	struct space *next;	/* of the slot */
	pid_t pid, parent;
	uint64_t from;		/* since when it is there */
	uint64_t until;		/* 0 = it is there, as far as is known */
	bool is_read;		/* from /proc, or whole since it began */
	uint64_t read_at;
	struct space_mapping *v;
	uint32_t n, cap;
};

struct spaces {
	const struct world *world;
	struct space_watch *watch;	/* or NULL: may not */
	struct space *slots[SPACES_SLOTS];	/* newest first */
	struct arena arena;		/* of the names */
	struct map names;
	uint32_t nspaces, nmappings, most;	/* most: of mappings */
	uint64_t tidy_at;	/* the weight at which old ones are forgotten */
	spaces_change_fn *change;	/* or NULL */
	void *data;
};

struct spaces *spaces_create(const struct world *w, uint32_t ncpus)
{
	struct spaces *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->world = w;
	s->most = SPACES_MAPPINGS_MAX;
	arena_init(&s->arena);
	map_init(&s->names, &s->arena);
	err_free(space_watch_open(ncpus, &s->watch));
	return s;
}

static void space_free(struct spaces *s, struct space *p)
{
	s->nspaces--;
	s->nmappings -= p->n;
	free(p->v);
	free(p);
}

void spaces_destroy(struct spaces *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < SPACES_SLOTS; i++) {
		struct space *next;

		for (struct space *p = s->slots[i]; p; p = next) {
			next = p->next;
			space_free(s, p);
		}
	}
	space_watch_close(s->watch);
	arena_deinit(&s->arena);
	free(s);
}

void spaces_take_over(struct spaces *s)
{
	if (s->watch)
		space_watch_take_over(s->watch);
}

int spaces_fd(const struct spaces *s, uint32_t i)
{
	return s->watch ? space_watch_fd(s->watch, i) : -1;
}

uint64_t spaces_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* ---- spaces ---- */

static struct space **slot(struct spaces *s, pid_t pid)
{
	return &s->slots[(uint32_t)pid & (SPACES_SLOTS - 1)];
}

/* The space that a process had at a time; NULL = nothing is known of it. */
static struct space *space_at(struct spaces *s, pid_t pid, uint64_t time)
{
	for (struct space *p = *slot(s, pid); p; p = p->next)
		if (p->pid == pid && p->from <= time)
			return p;
	return NULL;
}

static struct space *space_add(struct spaces *s, pid_t pid, uint64_t from)
{
	struct space *p = calloc(1, sizeof(*p)), **head = slot(s, pid);

	if (!p)
		abort();
	p->pid = pid;
	p->from = from;
	s->nspaces++;
	/* Events of several CPUs may be read out of their order. */
	while (*head && (*head)->pid == pid && (*head)->from > from)
		head = &(*head)->next;
	p->next = *head;
	*head = p;
	return p;
}

static struct str name(struct spaces *s, struct str path)
{
	struct str *known = map_find(&s->names, path);

	if (known)
		return *known;
	known = arena_new(&s->arena, struct str);
	*known = arena_str(&s->arena, path);
	map_set(&s->names, *known, known);
	return *known;
}

static void space_map(struct spaces *s, struct space *p,
		      const struct mapping *m, uint64_t time)
{
	if (s->nmappings == s->most)
		return;
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 8;
		p->v = reallocarray(p->v, p->cap, sizeof(*p->v));
		if (!p->v)
			abort();
	}
	p->v[p->n] = (struct space_mapping){ *m, time };
	p->v[p->n++].m.path = name(s, m->path);
	s->nmappings++;
}

/* Reads what the process has mapped now; false = it has ended. */
static bool space_read(struct spaces *s, struct space *p)
{
	struct mappings list;
	struct arena a;
	struct err *e;

	arena_init(&a);
	p->read_at = spaces_now();
	e = mappings_read(s->world, &a, p->pid, &list);
	for (uint32_t i = 0; !e && i < list.n; i++)
		space_map(s, p, &list.v[i], p->from);
	p->is_read |= !e && list.n;
	arena_deinit(&a);
	return !err_drop(e) && list.n;
}

static void space_fork(struct spaces *s, const struct space_event *event)
{
	struct space *p = space_add(s, event->pid, event->time);
	struct space *from = space_at(s, event->parent, event->time);

	p->parent = event->parent;
	p->is_read = from && from->is_read;
	for (uint32_t i = 0; from && i < from->n; i++)
		space_map(s, p, &from->v[i].m, event->time);
}

static void space_mapped(struct spaces *s, const struct space_event *event)
{
	struct space *p = space_at(s, event->pid, event->time);
	struct mapping m = {
		.start = event->start,
		.end = event->end,
		.offset = event->offset,
		.dev = event->dev,
		.ino = event->ino,
		.path = event->path,
	};

	/* What a process that was there before us has is read when somebody
	 * asks. */
	if (p)
		space_map(s, p, &m, event->time);
}

/* ---- forgetting ---- */

/* What the spaces take, in mappings: one that has none is not for nothing. */
static uint64_t weight(const struct spaces *s)
{
	return (uint64_t)s->nspaces + s->nmappings;
}

/* When a space ended; 0 = it is still there.  That of an exit may have been
 * lost. */
static uint64_t end_of(struct space *p)
{
	if (!p->until && kill(p->pid, 0) && errno == ESRCH)
		p->until = spaces_now();
	return p->until;
}

static int by_time(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

/* When the older half of those that are over had ended; 0 = none is over. */
static uint64_t middle_end(const struct spaces *s)
{
	_cleanup_free_ uint64_t *ends = calloc(s->nspaces + 1, sizeof(*ends));
	uint32_t n = 0;

	if (!ends)
		abort();
	for (uint32_t i = 0; i < SPACES_SLOTS; i++)
		for (struct space *p = s->slots[i]; p; p = p->next)
			if (end_of(p))
				ends[n++] = p->until;
	qsort(ends, n, sizeof(*ends), by_time);
	return n ? ends[n / 2] : 0;
}

/* A session may see any number of processes: where they are too many, those
 * that ended first are forgotten.  Not while a space is looked at. */
static void spaces_tidy(struct spaces *s)
{
	uint64_t end;

	if (!s->tidy_at)
		s->tidy_at = s->most / 4 * 3;
	if (weight(s) < s->tidy_at)
		return;
	end = middle_end(s);
	for (uint32_t i = 0; i < SPACES_SLOTS; i++) {
		struct space **at = &s->slots[i], *p;

		while ((p = *at)) {
			if (p->until && p->until <= end) {
				*at = p->next;
				space_free(s, p);
			} else {
				at = &p->next;
			}
		}
	}
	/* Where few are over, not again at the next event. */
	s->tidy_at = MAX(s->most / 4 * 3, weight(s) + s->most / 8);
}

/* ---- events ---- */

static void space_exec(struct spaces *s, const struct space_event *event)
{
	struct space *old = space_at(s, event->pid, event->time);

	if (old)
		old->until = event->time;
	space_add(s, event->pid, event->time)->is_read = true;
}

/* A process is over with its first thread; rarely others outlive that. */
static void space_exit(struct spaces *s, const struct space_event *event)
{
	struct space *p = space_at(s, event->pid, event->time);

	if (p && event->tid == event->pid)
		p->until = event->time;
}

/* Events were lost: processes are to be read again when somebody asks. */
static void spaces_lost(struct spaces *s)
{
	for (uint32_t i = 0; i < SPACES_SLOTS; i++)
		for (struct space *p = s->slots[i]; p; p = p->next)
			p->is_read = false;
}

void spaces_on_change(struct spaces *s, spaces_change_fn *fn, void *data)
{
	s->change = fn;
	s->data = data;
}

static void spaces_tell(struct spaces *s, const struct space_event *event)
{
	struct spaces_change c = {
		.pid = event->pid,
		.parent = event->kind == SPACE_FORK ? event->parent : 0,
		.path = event->path,
		.ended = event->kind == SPACE_EXIT,
		.lost = event->kind == SPACE_LOST,
	};

	if (s->change &&
	    (event->kind != SPACE_EXIT || event->tid == event->pid))
		s->change(s->data, &c);
}

static void spaces_take(struct spaces *s, const struct space_event *event)
{
	spaces_tidy(s);
	switch (event->kind) {
	case SPACE_MAP:
		space_mapped(s, event);
		break;
	case SPACE_EXEC:
		space_exec(s, event);
		break;
	case SPACE_FORK:
		space_fork(s, event);
		break;
	case SPACE_LOST:
		spaces_lost(s);
		break;
	case SPACE_EXIT:
		space_exit(s, event);
		break;
	}
}

void spaces_follow(struct spaces *s)
{
	struct space_event event;

	while (s->watch && space_watch_next(s->watch, &event)) {
		spaces_take(s, &event);
		spaces_tell(s, &event);
	}
}

/* ---- questions ---- */

typedef const struct mapping *mapping_fn(const struct space *p, uint64_t time,
					 uint64_t addr);

static const struct mapping *mapping_below(const struct space *p,
					   uint64_t time, uint64_t addr)
{
	const struct mapping *best = NULL;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct space_mapping *m = &p->v[i];

		if (m->m.start <= addr && m->time <= time && m->m.ino &&
		    (!best || m->m.start >= best->start))
			best = &m->m;
	}
	return best;
}

static const struct mapping *mapping_at(const struct space *p, uint64_t time,
					uint64_t addr)
{
	for (uint32_t i = p->n; i--;) {
		const struct space_mapping *m = &p->v[i];

		if (m->m.start <= addr && addr < m->m.end && m->time <= time)
			return &m->m;
	}
	return NULL;
}

/* Is it worth reading what the process has mapped now? */
static bool may_read(const struct space *p)
{
	return !p->is_read && (!p->read_at ||
			       spaces_now() - p->read_at > SPACES_AGAIN_NS);
}

static const struct mapping *find(struct spaces *s, pid_t pid, uint64_t time,
				  uint64_t addr, mapping_fn *look)
{
	const struct mapping *m = NULL;

	spaces_follow(s);
	for (int i = 0; i < SPACES_FORKS_MAX && pid && !m; i++) {
		struct space *p = space_at(s, pid, time);

		/* It was there before us. */
		if (!p)
			p = space_add(s, pid, 0);
		m = look(p, time, addr);
		if (!m && may_read(p) && space_read(s, p))
			m = look(p, time, addr);
		if (p->is_read)
			break;
		pid = p->parent;
	}
	return m;
}

const struct mapping *spaces_find(struct spaces *s, pid_t pid, uint64_t time,
				  uint64_t addr)
{
	return find(s, pid, time, addr, mapping_at);
}

const struct mapping *spaces_below(struct spaces *s, pid_t pid, uint64_t time,
				   uint64_t addr)
{
	return find(s, pid, time, addr, mapping_below);
}

/* Puts m into the list, unless something newer is there. */
static uint32_t list_add(struct mapping *list, uint32_t n, uint32_t max,
			 const struct mapping *m)
{
	uint32_t at = 0;

	while (at < n && list[at].end <= m->start)
		at++;
	if (n == max || (at < n && list[at].start < m->end))
		return n;
	memmove(list + at + 1, list + at, (n - at) * sizeof(*list));
	list[at] = *m;
	return n + 1;
}

uint32_t spaces_list(struct spaces *s, pid_t pid, struct mapping *ret,
		     uint32_t max)
{
	struct space *p = space_at(s, pid, UINT64_MAX);
	uint32_t n = 0;

	if (!p)
		p = space_add(s, pid, 0);
	if (may_read(p))
		space_read(s, p);
	for (uint32_t i = p->n; i--;)
		n = list_add(ret, n, max, &p->v[i].m);
	return n;
}

#ifdef UNIT_TEST
#include "unit.h"

/* A process that runs a program, maps a file, and ends. */
static void test_process(struct spaces *s, pid_t pid, uint64_t time)
{
	struct space_event e = { .kind = SPACE_EXEC, .pid = pid, .tid = pid,
				 .time = time };

	spaces_take(s, &e);
	e.kind = SPACE_MAP;
	e.start = 0x1000;
	e.end = 0x2000;
	e.path = STR("/lib/x.so");
	spaces_take(s, &e);
	e.kind = SPACE_EXIT;
	e.time = time + 1;
	spaces_take(s, &e);
}

UNIT_TEST_CASE(spaces_forget_the_oldest)
{
	struct spaces *s = calloc(1, sizeof(*s));
	const struct mapping *m;

	s->most = 1000;
	arena_init(&s->arena);
	map_init(&s->names, &s->arena);
	/* Far more than there is room for, in numbers that no process has. */
	for (int32_t i = 0; i < 20000; i++)
		test_process(s, (1 << 24) + i % 5000, 10 * (uint64_t)i + 10);
	TEST(weight(s) <= 1000);
	m = spaces_find(s, (1 << 24) + 19999 % 5000, 200001, 0x1800);
	TEST(m && str_is(m->path, "/lib/x.so"));
	m = spaces_find(s, (1 << 24) + 19900 % 5000, 199011, 0x1800);
	TEST(m && str_is(m->path, "/lib/x.so"));
	TEST(!space_at(s, (1 << 24), 11));
	spaces_destroy(s);
}
#endif
