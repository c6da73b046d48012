/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --monitor: a live screen.  Above, the session, its probes with their hits and
 * times, its globals with their values; below, what the script prints.
 *
 * It looks and asks; what keys want done to the session, the session does.
 */
#ifndef RUN_MONITOR_H
#define RUN_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "image/image.h"
#include "run/host.h"
#include "run/output.h"
#include "run/store.h"

struct monitor;

/* What the session lets it see. */
struct monitor_view {
	const struct image *image;
	struct store *store;
	struct host *host;
	const char *name;
	const bool *armed, *off;	/* of each probe */
};

enum monitor_action {
	MONITOR_NOTHING,
	MONITOR_QUIT,
	MONITOR_RESET,		/* all globals */
	MONITOR_PAUSE,		/* all probes off */
	MONITOR_RESUME,
	MONITOR_TOGGLE,		/* the probe that goes with it */
};

/* seconds: between two pictures.  Takes the terminal. */
struct err *monitor_create(uint32_t seconds, struct monitor **ret) must_check;

/* Gives the terminal back, and prints what there was to read. */
void monitor_destroy(struct monitor *m);

/* For output_open(). */
struct output_sink monitor_sink(struct monitor *m);

/* Readable when monitor_serve() has something to do. */
int monitor_fd(const struct monitor *m);

/* Takes a key, and draws when it is time. */
enum monitor_action monitor_serve(struct monitor *m,
				  const struct monitor_view *v,
				  uint32_t *probe);

#endif
