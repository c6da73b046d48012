/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "run/host.h"
#include "run/output.h"
#include "run/session_own.h"
#include "run/store.h"

void session_count_error(struct session *s)
{
	uint64_t n = __atomic_add_fetch(&s->state->errors, 1, __ATOMIC_RELAXED);

	if (n > s->img->limits.maxerrors && !s->o->tolerant)
		session_raise(s, SESSION_ERROR);
}

void session_report(struct session *s, uint32_t probe,
		    const struct run_error *e)
{
	if (e->kind == IERR_ABORT) {
		session_raise(s, SESSION_STOPPING);
		return;
	}
	output_run_error(s->out, s->img, probe, e);
	session_count_error(s);
}

/* A handler, and what time it takes if that is asked for. */
static enum host_status measured_call(struct session *s, uint32_t func,
				      uint32_t probe, struct run_error *e)
{
	struct image_times *t = store_times(s->store, probe);
	int64_t start = t ? session_clock(CLOCK_MONOTONIC) : 0;
	enum host_status status =
		host_call(s->host, func, probe, NULL, 0, NULL, e);
	uint64_t took;

	if (!t)
		return status;
	took = (uint64_t)(session_clock(CLOCK_MONOTONIC) - start);
	t->sum += took;
	t->max = MAX(t->max, took);
	t->min = MAX(t->min, ~took);
	return status;
}

bool session_run_handler(struct session *s, uint32_t probe)
{
	struct run_error e = { .place = IMAGE_NONE };
	uint32_t func = session_probe(s, probe)->func;

	if (func == IMAGE_NONE || !s->armed[probe])
		return true;
	__atomic_add_fetch(store_hits(s->store, probe), 1, __ATOMIC_RELAXED);
	switch (measured_call(s, func, probe, &e)) {
	case HOST_DONE:
		return true;
	case HOST_ERROR:
		session_report(s, probe, &e);
		return false;
	case HOST_SKIPPED:
		break;
	}
	return false;
}

bool session_run_with_value(void *data, uint32_t probe, struct buf *text,
			   uint32_t max)
{
	struct session *s = data;
	bool done;

	if (session_is_over(s))
		return true;
	host_set_value(s->host, text, max);
	done = session_run_handler(s, probe);
	host_set_value(s->host, NULL, 0);
	return done;
}

static int by_order(const void *a, const void *b, void *data)
{
	const struct session *s = data;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	int64_t x = (int64_t)session_probe(s, i)->site.a;
	int64_t y = (int64_t)session_probe(s, j)->site.a;

	return x != y ? (x > y) - (x < y) : (i > j) - (i < j);
}

/* All begin, end or error probes, in their order, while the state is below
 * `until`. */
void session_run_kind(struct session *s, enum image_probe_kind kind,
		    uint64_t until)
{
	_cleanup_free_ uint32_t *list =
		calloc(s->img->probes.n + 1, sizeof(*list));
	uint32_t n = 0;

	if (!list)
		abort();
	for (uint32_t i = 0; i < s->img->probes.n; i++)
		if (session_probe(s, i)->kind == (uint32_t)kind)
			list[n++] = i;
	qsort_r(list, n, sizeof(*list), by_order, s);
	for (uint32_t i = 0; i < n && session_at(s) < until; i++)
		session_run_handler(s, list[i]);
}
