/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of a session share: session.c (start, loop, end),
 * session_open.c (what it is made of), session_arm.c (attaching, as conditions
 * and modules come and go), session_handler.c (handlers of the host),
 * session_leave.c (going on without a terminal).
 */
#ifndef RUN_SESSION_OWN_H
#define RUN_SESSION_OWN_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "image/image.h"
#include "kern/attach/attach.h"
#include "kern/family.h"
#include "kern/maps.h"
#include "kern/programs.h"
#include "run/command.h"
#include "run/detach.h"
#include "run/session.h"

struct buf;
struct run_error;

struct session {
	struct image *img;
	const struct session_options *o;
	bool in_kernel; /* has programs */
	struct maps maps;
	struct programs programs;
	struct attachment *attached; /* one for each probe */
	struct attach_lists lists;
	bool *armed;		     /* its condition holds, or has none */
	bool *off;		     /* the monitor has turned it off */
	bool is_paused;		     /* it has stopped all */
	struct err **refused;	     /* why the kernel has no probe there */
	bool *told;		     /* that some of its places have none */
	struct output *out;
	struct store *store;
	struct host *host;
	struct image_session *state;
	struct ring *data, *control;
	struct timers *timers;
	struct procfs *procfs; /* or NULL: there are no such probes */
	struct usymbols *usymbols;
	struct unwind *unwind; /* or NULL: no stacks of processes */
	struct spaces *spaces; /* or NULL: no symbols of processes */
	struct family family;  /* of the target, when filters ask */
	struct follow *follow; /* or NULL: no probe is in a module */
	struct input *input;	   /* or NULL: no probe of it */
	struct monitor *monitor;   /* or NULL */
	struct recorder *recorder; /* -F without -o, or NULL */
	struct detach *detach;	   /* it has left the terminal, or is to */
	struct detach left;	   /* ... since SIGQUIT */
	char name[64];	       /* module_name() */
	struct command command;
	int epoll, signals;
	uint32_t quiet;		/* looks in a row that found no data */
	int64_t deadline; /* CLOCK_MONOTONIC ns, or 0 */
	bool failed;	  /* exit status 1 */
	int was_told;	  /* the signal that ended it, or 0 */
};

/* ---- session_open.c ---- */

/* All but the probes: on failure, too, session_close() ends it. */
struct err *session_open(struct session *s) must_check;
void session_close(struct session *s);

/* Without a terminal and a file, what is said is kept. */
struct err *session_open_recorder(struct session *s) must_check;

/* ---- session_arm.c ---- */

/* Does the probe's condition, if any, hold? */
bool session_condition(struct session *s, uint32_t i);

/* Attaches and detaches what the conditions say now. */
struct err *session_arm(struct session *s) must_check;

/* The same while it runs: a probe that can't be attached again ends it. */
void session_rearm(struct session *s);

/* Are there probes that can be attached only when the command runs? */
bool session_watches_command(const struct session *s);

/* Probes of modules that came or went. */
void session_follow_modules(struct session *s);

/* The end: no handler in the kernel runs any more. */
void session_detach(struct session *s);

/* ---- session_handler.c ---- */

/* A handler of the host; false: it ended in an error, or was skipped. */
bool session_run_handler(struct session *s, uint32_t probe);

/* The same with text that it may read and change, of at most max bytes; data
 * is the session (struct procfs_caller). */
bool session_run_with_value(void *data, uint32_t probe, struct buf *text,
			    uint32_t max);

/* All begin, end or error probes, in their order, while the state is below
 * `until`. */
void session_run_kind(struct session *s, enum image_probe_kind kind,
		      uint64_t until);

/* A handler, of the kernel or the host, ended in an error. */
void session_report(struct session *s, uint32_t probe,
		    const struct run_error *e);

/* One error more; too many end it. */
void session_count_error(struct session *s);

/* ---- session_leave.c ---- */

bool session_may_leave(const struct session *s);

/* Returns in the process that goes on. */
void session_leave(struct session *s);

/* ---- session.c ---- */

/* The terminal, if it is to be left, is told where the session is to be found;
 * from here on it is not there. */
void session_say_detached(struct session *s);

/* ---- for all ---- */

static inline int64_t session_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static inline const struct image_probe *session_probe(const struct session *s,
						       uint32_t i)
{
	return &s->img->probes.v[i];
}

static inline bool session_is_kernel(const struct session *s, uint32_t i)
{
	return image_probe_is_kernel(
		(enum image_probe_kind)session_probe(s, i)->kind);
}

/* Where it is: an enum session_state. */
static inline uint64_t session_at(const struct session *s)
{
	return __atomic_load_n(&s->state->state, __ATOMIC_RELAXED);
}

/* Onwards only: what has begun to stop does not start again. */
static inline void session_raise(struct session *s, enum session_state to)
{
	if (session_at(s) < (uint64_t)to)
		__atomic_store_n(&s->state->state, (uint64_t)to,
				 __ATOMIC_RELAXED);
}

static inline bool session_is_over(const struct session *s)
{
	return session_at(s) >= SESSION_STOPPING;
}

#endif
