/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring is a page of positions and a power of two of pages with records,
 * which may run over the end.  Records that are not well formed are skipped.
 */
#include "kern/space_watch.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kern/privilege.h"
#include "kern/syscall.h"

#define SPACE_RING_BYTES (256u << 10)
#define SPACE_RECORD_MAX 65536

struct space_ring {
	int fd;
	struct perf_event_mmap_page *head;
	const uint8_t *data;
	uint32_t size;		/* of the next record; 0 = none was seen */
	uint64_t time;		/* when it was made */
};

struct space_watch {
	struct space_ring *rings;
	uint32_t n;
	uint32_t page;
	uint8_t record[SPACE_RECORD_MAX];
};

/* What every record ends with: PERF_SAMPLE_TID and _TIME. */
struct space_tail {
	uint32_t pid, tid;
	uint64_t time;
};

static struct perf_event_attr space_attr(void)
{
	return (struct perf_event_attr){
		.size = sizeof(struct perf_event_attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = 1,
	};
}

static struct err *space_refused(int code)
{
	return privilege_hint(err_os(-code, "watching what processes map"));
}

static struct err *space_ring_map(const struct space_watch *w,
				  struct space_ring *r)
{
	void *p = mmap(NULL, w->page + SPACE_RING_BYTES,
		       PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);

	if (p == MAP_FAILED)
		return space_refused(-errno);
	r->head = p;
	r->data = (const uint8_t *)p + w->page;
	r->size = 0;
	return NULL;
}

/* A CPU that is not there has no ring. */
static struct err *space_ring_open(struct space_watch *w, int cpu)
{
	struct space_ring *r = &w->rings[w->n];
	struct perf_event_attr attr = space_attr();
	struct err *e;

	r->fd = syscall_perf_event_open(&attr, -1, cpu, -1,
					PERF_FLAG_FD_CLOEXEC);
	if (r->fd == -ENODEV)
		return NULL;
	if (r->fd < 0)
		return space_refused(r->fd);
	e = space_ring_map(w, r);
	if (e)
		close(r->fd);
	else
		w->n++;
	return e;
}

struct err *space_watch_open(uint32_t ncpus, struct space_watch **ret)
{
	struct space_watch *w = calloc(1, sizeof(*w));
	struct err *e = NULL;

	if (!w)
		abort();
	w->page = (uint32_t)sysconf(_SC_PAGESIZE);
	w->rings = calloc(ncpus, sizeof(*w->rings));
	if (!w->rings)
		abort();
	for (uint32_t i = 0; i < ncpus && !e; i++)
		e = space_ring_open(w, (int)i);
	if (e)
		space_watch_close(w);
	else
		*ret = w;
	return e;
}

/* Rings behind one that cannot be had are left out: what is mapped from then on
 * is looked up in /proc. */
void space_watch_take_over(struct space_watch *w)
{
	uint32_t n = 0;
	struct err *e = NULL;

	while (n < w->n && !e)
		e = space_ring_map(w, &w->rings[n++]);
	if (!e)
		return;
	err_free(e);
	for (uint32_t i = --n; i < w->n; i++)
		close(w->rings[i].fd);
	w->n = n;
}

void space_watch_close(struct space_watch *w)
{
	if (!w)
		return;
	for (uint32_t i = 0; i < w->n; i++) {
		munmap(w->rings[i].head, w->page + SPACE_RING_BYTES);
		close(w->rings[i].fd);
	}
	free(w->rings);
	free(w);
}

int space_watch_fd(const struct space_watch *w, uint32_t i)
{
	return i < w->n ? w->rings[i].fd : -1;
}

/* ---- records ---- */

static void space_copy(const struct space_ring *r, uint64_t from, void *to,
		       uint32_t n)
{
	uint32_t at = (uint32_t)(from % SPACE_RING_BYTES);
	uint32_t first = SPACE_RING_BYTES - at;

	if (first > n)
		first = n;
	memcpy(to, r->data + at, first);
	memcpy((uint8_t *)to + first, r->data, n - first);
}

static uint64_t space_record_time(const struct space_ring *r, uint64_t from,
				  uint32_t n)
{
	struct space_tail tail = {};

	if (n >= sizeof(struct perf_event_header) + sizeof(tail))
		space_copy(r, from + n - sizeof(tail), &tail, sizeof(tail));
	return tail.time;
}

/* Looks for the next record of a ring; false = there is none. */
static bool space_peek(struct space_ring *r)
{
	uint64_t head, tail = r->head->data_tail;
	struct perf_event_header h;

	if (r->size)
		return true;
	head = __atomic_load_n(&r->head->data_head, __ATOMIC_ACQUIRE);
	if (head - tail < sizeof(h))
		return false;
	space_copy(r, tail, &h, sizeof(h));
	if (h.size < sizeof(h) || h.size > head - tail) {
		/* not the kernel's: nothing to be read */
		__atomic_store_n(&r->head->data_tail, head, __ATOMIC_RELEASE);
		return false;
	}
	r->size = h.size;
	r->time = space_record_time(r, tail, h.size);
	return true;
}

/* The ring whose next record was made first; NULL = there is none. */
static struct space_ring *space_first(struct space_watch *w)
{
	struct space_ring *first = NULL;

	for (uint32_t i = 0; i < w->n; i++) {
		struct space_ring *r = &w->rings[i];

		if (space_peek(r) && (!first || r->time < first->time))
			first = r;
	}
	return first;
}

/* The next record of a ring that has one, into w->record; returns its size. */
static uint32_t space_take(struct space_watch *w, struct space_ring *r)
{
	uint64_t tail = r->head->data_tail;
	uint32_t n = r->size;

	space_copy(r, tail, w->record, n);
	__atomic_store_n(&r->head->data_tail, tail + n, __ATOMIC_RELEASE);
	r->size = 0;
	return n;
}

struct space_map_record {
	uint32_t pid, tid;
	uint64_t addr, len, offset;
	uint32_t major, minor;
	uint64_t ino, generation;
	uint32_t prot, flags;
};

static bool space_read_map(const uint8_t *p, uint32_t n,
			   struct space_event *ret)
{
	struct space_map_record m;
	const char *path;

	if (n < sizeof(m))
		return false;
	memcpy(&m, p, sizeof(m));
	path = (const char *)p + sizeof(m);
	ret->kind = SPACE_MAP;
	ret->pid = (pid_t)m.pid;
	ret->start = m.addr;
	ret->end = m.addr + m.len;
	ret->offset = m.offset;
	ret->dev = m.major << 20 | m.minor;
	ret->ino = m.ino;
	ret->path = (struct str){ path, (uint32_t)strnlen(path,
							  n - sizeof(m)) };
	return ret->end > ret->start;
}

struct space_task_record {
	uint32_t pid, ppid, tid, ptid;
	uint64_t time;
};

/* A thread is no new process. */
static bool space_read_task(const uint8_t *p, uint32_t n, bool is_fork,
			    struct space_event *ret)
{
	struct space_task_record t;

	if (n < sizeof(t))
		return false;
	memcpy(&t, p, sizeof(t));
	ret->kind = is_fork ? SPACE_FORK : SPACE_EXIT;
	ret->pid = (pid_t)t.pid;
	ret->parent = (pid_t)t.ppid;
	ret->tid = (pid_t)t.tid;
	return !is_fork || t.pid != t.ppid;
}

static bool space_read(const uint8_t *p, uint32_t n, struct space_event *ret)
{
	struct perf_event_header h;
	struct space_tail tail;

	*ret = (struct space_event){};
	if (n < sizeof(h) + sizeof(tail))
		return false;
	memcpy(&h, p, sizeof(h));
	memcpy(&tail, p + n - sizeof(tail), sizeof(tail));
	p += sizeof(h);
	n -= (uint32_t)(sizeof(h) + sizeof(tail));
	ret->time = tail.time;
	switch (h.type) {
	case PERF_RECORD_MMAP2:
		return space_read_map(p, n, ret);
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		return space_read_task(p, n, h.type == PERF_RECORD_FORK, ret);
	case PERF_RECORD_COMM:
		ret->kind = SPACE_EXEC;
		ret->pid = (pid_t)tail.pid;
		return h.misc & PERF_RECORD_MISC_COMM_EXEC;
	case PERF_RECORD_LOST:
		ret->kind = SPACE_LOST;
		return true;
	}
	return false;
}

/* A process that goes on on another CPU leaves records in several rings.  What
 * it had left when a record of it is seen may have come behind the look at that
 * ring: so there is a second look. */
bool space_watch_next(struct space_watch *w, struct space_event *ret)
{
	uint32_t n;

	while (space_first(w)) {
		n = space_take(w, space_first(w));
		if (space_read(w->record, n, ret))
			return true;
	}
	return false;
}

#ifdef UNIT_TEST
#include "unit.h"

/* Of the process 7: a record of `type`, and `size` bytes of what is its own. */
static void test_record(struct space_ring *r, uint32_t type, uint32_t size,
			uint64_t time)
{
	struct space_tail tail = { 7, 7, time };
	struct perf_event_header h = {
		.type = type,
		.misc = PERF_RECORD_MISC_COMM_EXEC,
		.size = (uint16_t)(sizeof(h) + size + sizeof(tail)),
	};
	uint8_t *at = (uint8_t *)(uintptr_t)r->data + r->head->data_head;

	memcpy(at, &h, sizeof(h));
	memcpy(at + sizeof(h) + size, &tail, sizeof(tail));
	r->head->data_head += h.size;
}

static void test_ring(struct space_ring *r, struct perf_event_mmap_page *page)
{
	*page = (struct perf_event_mmap_page){};
	r->head = page;
	r->data = calloc(1, SPACE_RING_BYTES);
}

UNIT_TEST_CASE(space_watch_of_two_cpus)
{
	static struct space_watch w;
	static struct perf_event_mmap_page pages[2];
	struct space_ring rings[2] = {};
	struct space_event e;

	w.rings = rings;
	w.n = 2;
	test_ring(&rings[0], &pages[0]);
	test_ring(&rings[1], &pages[1]);
	TEST(!space_watch_next(&w, &e));
	/* It runs a program on the second, and ends on the first. */
	test_record(&rings[0], PERF_RECORD_EXIT, 24, 30);
	test_record(&rings[1], PERF_RECORD_COMM, 16, 10);
	test_record(&rings[1], PERF_RECORD_COMM, 16, 20);
	TEST(space_watch_next(&w, &e) && e.kind == SPACE_EXEC && e.time == 10);
	TEST(space_watch_next(&w, &e) && e.kind == SPACE_EXEC && e.time == 20);
	TEST(space_watch_next(&w, &e) && e.kind == SPACE_EXIT && e.time == 30);
	TEST(!space_watch_next(&w, &e));
	free((void *)(uintptr_t)rings[0].data);
	free((void *)(uintptr_t)rings[1].data);
}
#endif
