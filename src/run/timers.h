/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timer probes of a session, on one timerfd.  A timer keeps its pace: it
 * falls due at multiples of its period; what it is late for is left out.
 */
#ifndef RUN_TIMERS_H
#define RUN_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct timers;

struct err *timers_create(struct timers **ret) must_check;
void timers_destroy(struct timers *t);

/* Adds a timer, which is not armed yet.  It falls due each `period` ns, give
 * or take `random` ns. */
void timers_add(struct timers *t, uint32_t probe, uint64_t period,
		uint64_t random);

/* Arms or disarms the timers of a probe; the time of one that is armed begins
 * now. */
void timers_arm(struct timers *t, uint32_t probe, bool on);

/* A descriptor that is readable when a timer is due. */
int timers_fd(const struct timers *t);

/* Gives the probe of a timer that is due, and sets that timer for its next
 * time; false = none is due. */
bool timers_due(struct timers *t, uint32_t *ret_probe);

/* Makes the descriptor wait for the next timer that falls due. */
void timers_settle(struct timers *t);

#endif
