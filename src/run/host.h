/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host engine: evaluates host functions of an image (struct image_func)
 * in user space.  Handlers of begin, end, error and timer probes, conditions,
 * and what a record from the kernel asks for, all come through here.
 *
 * What it does to the session it does in the session block (exit() sets the
 * state to STOPPING, a lock that was not to be had counts a loss).  It never
 * fails but by struct run_error, and blocks only where the script asks for
 * that (system()).
 */
#ifndef RUN_HOST_H
#define RUN_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "image/image.h"
#include "run/output.h"
#include "run/store.h"
#include "run/value.h"

struct buf;
struct usymbols;
struct world;
struct host;

struct host_options {
	const struct image *image;	/* has passed image_check() */
	struct store *store;
	struct output *output;
	struct world *world;		/* symbols, ticks */
	const char *debuginfo;		/* directories with debug information,
					 * ':' between, or NULL */
	int stacks_fd;			/* of the stacks map; 0 = none */
	int ustacks_fd, places_fd;	/* of these maps; the same */
	struct usymbols *usymbols;	/* or NULL: not needed */
	const char *name;		/* of the session: module_name() */
};

enum host_status {
	HOST_DONE,
	HOST_ERROR,		/* an error that nothing caught: see err */
	HOST_SKIPPED,		/* the lock of the globals was not to be had;
				 * counted already */
};

struct host *host_create(const struct host_options *o);
void host_destroy(struct host *h);

/*
 * Runs a function.  probe: for whom, or IMAGE_NONE.  args: its parameters,
 * of the right types (else aborts).  ret and err may be NULL; what they
 * point to lives until the next call.  Strings in args need to live during
 * the call only.
 */
enum host_status host_call(struct host *h, uint32_t func, uint32_t probe,
			   const struct value *args, uint32_t nargs,
			   struct value *ret, struct run_error *err);

/* From now on $value is this text, which handlers read and change, of at most
 * `max` bytes; NULL: there is none. */
void host_set_value(struct host *h, struct buf *text, uint32_t max);

/* A record from the data ring: struct image_record and operands.  A record
 * that is not well formed is an ERR_FORMAT. */
struct err *host_record(struct host *h, const void *data, uint32_t len,
			enum host_status *ret, struct run_error *err)
	must_check;

/* Have globals of conditions changed (OP_COND) since this was last asked? */
bool host_cond_changed(struct host *h);

/* A global as it is now, in lines: of an array at most max entries, those
 * with the greatest values. */
void host_show_global(struct host *h, uint32_t global, uint32_t max,
		      struct buf *to);

/* Globals that no one reads, as SystemTap prints them at the end. */
void host_show_globals(struct host *h);

#endif
