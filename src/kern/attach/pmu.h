/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes as perf events: the kernel has a unit ("PMU") for kprobes and one for
 * uprobes, whose events are set to one site each.
 */
#ifndef KERN_ATTACH_PMU_H
#define KERN_ATTACH_PMU_H

#include <linux/perf_event.h>

#include "kern/attach/attach.h"

/* For events of the unit of this name; ERR_NOT_FOUND if there is none. */
struct err *pmu_attr(const struct world *w, const char *name, bool is_return,
		     struct perf_event_attr *ret) must_check;

/* Gives an event its program, with a cookie where the kernel has them, and
 * starts it. */
struct err *pmu_start(const struct attach_request *r, int event,
		      uint64_t cookie, struct attachment *ret) must_check;

#endif
