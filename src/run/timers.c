/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A script has a handful of timers: a row that is looked through beats a
 * heap.
 */
#include "run/timers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

struct timer {
	uint32_t probe;
	bool armed;
	uint64_t period, random;
	uint64_t base;		/* multiples of the period count from here */
	uint64_t next;		/* due then; CLOCK_MONOTONIC */
};

struct timers {
	int fd;
	struct timer *v;
	uint32_t n;
	uint64_t seed;
	uint64_t set;		/* what the descriptor is set for, 0 = off */
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

struct err *timers_create(struct timers **ret)
{
	struct timers *t = calloc(1, sizeof(*t));
	struct err *e;

	if (!t)
		abort();
	t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (t->fd < 0) {
		e = err_os(errno, "making a timer");
		free(t);
		return e;
	}
	t->seed = now() | 1;
	*ret = t;
	return NULL;
}

void timers_destroy(struct timers *t)
{
	if (!t)
		return;
	close(t->fd);
	free(t->v);
	free(t);
}

void timers_add(struct timers *t, uint32_t probe, uint64_t period,
		uint64_t random)
{
	t->v = reallocarray(t->v, t->n + 1, sizeof(*t->v));
	if (!t->v)
		abort();
	t->v[t->n++] = (struct timer){
		.probe = probe,
		.period = period ? period : 1,
		.random = random,
	};
}

/* xorshift: nothing depends on how good it is. */
static uint64_t random_below(struct timers *t, uint64_t n)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return t->seed % n;
}

/* The next time after `at`. */
static void set_next(struct timers *t, struct timer *tm, uint64_t at)
{
	uint64_t periods = (at - tm->base) / tm->period + 1;

	tm->next = tm->base + periods * tm->period;
	if (!tm->random)
		return;
	/* A random one has no pace to keep. */
	tm->next = at + tm->period - tm->random +
		   random_below(t, 2 * tm->random + 1);
	tm->base = at;
}

void timers_arm(struct timers *t, uint32_t probe, bool on)
{
	for (uint32_t i = 0; i < t->n; i++) {
		struct timer *tm = &t->v[i];

		if (tm->probe != probe || tm->armed == on)
			continue;
		tm->armed = on;
		tm->base = now();
		set_next(t, tm, tm->base);
	}
}

int timers_fd(const struct timers *t)
{
	return t->fd;
}

static struct timer *first(const struct timers *t)
{
	struct timer *found = NULL;

	for (uint32_t i = 0; i < t->n; i++)
		if (t->v[i].armed && (!found || t->v[i].next < found->next))
			found = &t->v[i];
	return found;
}

bool timers_due(struct timers *t, uint32_t *ret_probe)
{
	struct timer *tm = first(t);
	uint64_t at = now();

	if (!tm || tm->next > at)
		return false;
	set_next(t, tm, at);
	*ret_probe = tm->probe;
	return true;
}

void timers_settle(struct timers *t)
{
	const struct timer *tm = first(t);
	uint64_t at = tm ? tm->next : 0;
	struct itimerspec spec = {
		.it_value = { .tv_sec = (time_t)(at / NS_PER_S),
			      .tv_nsec = (long)(at % NS_PER_S) },
	};

	if (at == t->set && at > now())
		return;
	t->set = at;
	timerfd_settime(t->fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(timers_keep_their_pace)
{
	struct timers t = { .fd = -1, .seed = 1 };
	struct timer tm = { .period = 100, .base = 1000 };

	set_next(&t, &tm, 1000);
	TEST_EQ(tm.next, 1100);
	set_next(&t, &tm, 1100);
	TEST_EQ(tm.next, 1200);
	/* Late: what was missed is left out. */
	set_next(&t, &tm, 1730);
	TEST_EQ(tm.next, 1800);
	tm.random = 100;
	for (int i = 0; i < 100; i++) {
		set_next(&t, &tm, 2000);
		TEST(tm.next >= 2000 && tm.next <= 2200);
	}
}
#endif
