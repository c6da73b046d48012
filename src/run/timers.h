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

/* Not armed yet.  period and random (in both directions) in ns. */
void timers_add(struct timers *t, uint32_t probe, uint64_t period,
		uint64_t random);

/* Arms or disarms that of a probe; an armed one begins now. */
void timers_arm(struct timers *t, uint32_t probe, bool on);

/* Readable when one is due. */
int timers_fd(const struct timers *t);

/* The next that is due, which is then set for its next time; false = none. */
bool timers_due(struct timers *t, uint32_t *ret_probe);

/* Sets the descriptor for the next that will be due. */
void timers_settle(struct timers *t);

#endif
