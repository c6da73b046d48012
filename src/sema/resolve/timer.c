/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timer.s(N) and its sisters, which the host runs, and timer.profile, which
 * is the kernel's own CPU clock on every CPU.
 */
#include <linux/perf_event.h>

#include "base/bits.h"
#include "dbg/world.h"
#include "sema/resolve/kind.h"

#define NS_PER_S 1000000000
#define TIMER_PERIOD_MIN 100000				/* ns */
#define TIMER_PERIOD_MAX (INT64_C(86400) * NS_PER_S)
#define TIMER_JIFFIES_MAX 1000000
#define TIMER_PROFILE_PERIOD 1000000			/* ns */

static enum resolve_status timer_bad(struct query *q,
				     const struct ast_component *c,
				     const char *what, int64_t min,
				     int64_t max)
{
	return query_nothing(q, c->arg_span, DIAG_BAD_POINT_ARG,
			     "%s %lld is not in the range from %lld to %lld",
			     what, (long long)c->number, (long long)min,
			     (long long)max);
}

/* Bounds are in the units of the script, of `unit` ns each. */
static enum resolve_status timer_site(struct query *q, int64_t unit,
				      int64_t max)
{
	const struct ast_component *period = &q->point->v[1];
	const struct ast_component *random = query_component(q, "randomize");
	int64_t min = MAX(TIMER_PERIOD_MIN / unit, INT64_C(1));
	struct site *s;

	if (period->number < min || period->number > max)
		return timer_bad(q, period, "interval", min, max);
	if (random && (random->number < 0 ||
		       random->number > period->number))
		return timer_bad(q, random, "random part", 0,
				 period->number);
	s = query_site(q, PROBE_TIMER, query_text(q));
	s->image.a = (uint64_t)(period->number * unit);
	s->image.b = random ? (uint64_t)(random->number * unit) : 0;
	return RESOLVE_FOUND;
}

static enum resolve_status timer_hz(struct query *q)
{
	const struct ast_component *c = &q->point->v[1];
	const int64_t max = NS_PER_S / TIMER_PERIOD_MIN;

	if (c->number < 1 || c->number > max)
		return timer_bad(q, c, "frequency", 1, max);
	query_site(q, PROBE_TIMER, query_text(q))->image.a =
		(uint64_t)(NS_PER_S / c->number);
	return RESOLVE_FOUND;
}

static enum resolve_status timer_jiffies(struct query *q)
{
	uint32_t hz = world_hz(q->program->world);
	enum resolve_status status;

	if (hz)
		return timer_site(q, NS_PER_S / hz, TIMER_JIFFIES_MAX);
	status = query_nothing(q, q->point->v[1].span, DIAG_NO_TICK,
			       "nothing tells how long a jiffy is here");
	q->answer->note = STR("this kernel's configuration is not readable");
	q->answer->help = STR("give the interval in time: timer.ms(N)");
	return status;
}

/* data: ns of the unit, or TIMER_HZ, TIMER_JIFFIES. */
enum resolve_status timer_resolve(struct query *q)
{
	if (q->data == TIMER_HZ)
		return timer_hz(q);
	if (q->data == TIMER_JIFFIES)
		return timer_jiffies(q);
	return timer_site(q, q->data, TIMER_PERIOD_MAX / q->data);
}

/* timer.profile, .tick, .freq.hz(N); data: .freq, which has no rate of its
 * own. */
enum resolve_status timer_profile_resolve(struct query *q)
{
	const struct ast_component *c = query_component(q, "hz");
	uint32_t hz = c || q->data ? 0 : world_hz(q->program->world);
	int64_t max;
	struct site *s;

	if (c) {
		max = perf_max_rate(q->program);
		if (c->number < 1 || c->number > max)
			return timer_bad(q, c, "frequency", 1, max);
		hz = (uint32_t)c->number;
	}
	s = query_site(q, PROBE_PERF, query_text(q));
	s->image.a = PERF_TYPE_SOFTWARE;
	s->image.b = PERF_COUNT_SW_CPU_CLOCK;
	s->scope = perf_scope(q->program);
	s->image.freq = hz != 0;
	s->image.c = hz ? hz : TIMER_PROFILE_PERIOD;
	return RESOLVE_FOUND;
}
