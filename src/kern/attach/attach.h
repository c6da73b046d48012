/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attaching the kernel probes of an image, each kind in its own way
 * (attach/<kind>.c), and taking them off again.  All that is attached hangs on
 * descriptors.
 */
#ifndef KERN_ATTACH_ATTACH_H
#define KERN_ATTACH_ATTACH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "dbg/hookable.h"
#include "dbg/kallsyms.h"
#include "image/image.h"
#include "kern/maps.h"

struct world;

struct hook {
	int fd;
	istr module; /* 0 = none that can be unloaded */
	bool is_standin;
};

/* What one probe hangs on.  Its sites in modules that are not loaded wait;
 * those that the kernel refuses are left out, as long as there are others. */
struct attachment {
	struct hook *v;
	uint32_t n, cap;
	bool waits;
	uint32_t left_out;
	struct err *why;	/* of the first */
	uint64_t missed;	/* of what it hung on before: hits that the
				 * kernel did not give to the program */
};

/* What the kernel has, as long as probes are attached one after the other and
 * no module comes or goes: to read it takes longer than to attach. */
struct attach_lists {
	struct hookable *hookable;	/* of the kernel itself */
	struct buf traceable;		/* see dbg/traceable.h */
	struct kallsyms *symbols;
};

struct attach_request {
	const struct image *image;
	const struct image_probe *probe;
	int prog;		/* descriptor of its program, or -1 */
	const int *copies;	/* IMAGE_COPIES - 1 that stand in for it, or -1
				 * each; NULL = none */
	const struct maps *maps;
	pid_t target;		/* -c or -x, or 0 */
	bool target_waits;	/* it is a command that has yet to start */
	struct world *world;
	struct attach_lists *lists;
	/* Is what is being attached not wanted any more?  Then a kind that
	 * attaches many may leave the rest out. */
	bool (*stopped)(void);
	istr module;		/* for the kinds: the sites in this one */
};

/* Attaches a probe of a KERNEL kind; what it had attached is taken off again
 * when it fails.  That the modules of all of its sites are missing is no
 * failure. */
struct err *attach_probe(const struct attach_request *r,
			 struct attachment *ret) must_check;

/* Empties them. */
void attach_lists_drop(struct attach_lists *l);

/* Takes all hooks off; one that is not attached has none. */
void detach(struct attachment *at);

/* The same for n of them, together: each waits until no CPU runs the program,
 * and they wait at the same time. */
void detach_all(struct attachment *at, uint32_t n);

/* A module has come: its sites of a probe that is attached otherwise.  When
 * it fails, these are not. */
struct err *attach_module(struct attach_request r, struct str name,
			  struct attachment *at) must_check;

/* A module has gone: its sites wait from now on. */
void detach_module(const struct image *img, struct str name,
		   struct attachment *at);

/* Has a probe sites in modules? */
bool has_modules(const struct image *img, const struct image_probe *p);

/* Attached, as far as its modules are there? */
bool is_attached(const struct attachment *at);

/* Hits that a hook has missed, as the kernel counts them. */
uint64_t hook_missed(int fd);

/* For the kinds: ret takes over the descriptor, which is for the module at
 * hand. */
void attachment_add(const struct attach_request *r, struct attachment *ret,
		    int fd);
/* The same, for the program and those that stand in for it, each opened as a
 * raw tracepoint (NULL: what it was loaded for), so that the kernel runs these
 * behind it.  0 or -errno.  Where those that stand in are attached first and
 * the session runs already, they take the hits until the program is there. */
int attachment_open(const struct attach_request *r, struct attachment *ret,
		    const char *tracepoint, bool last_runs_first);
/* Notes that n sites are left out, and why, which it takes over. */
void attachment_leave_out(struct attachment *ret, uint32_t n, struct err *why);
struct err *attach_tracepoint(const struct attach_request *r,
			      struct attachment *ret) must_check;
struct err *attach_fentry(const struct attach_request *r,
			  struct attachment *ret) must_check;
struct err *attach_kprobe(const struct attach_request *r,
			  struct attachment *ret) must_check;
struct err *attach_kprobe_multi(const struct attach_request *r,
				struct attachment *ret) must_check;
struct err *attach_uprobe(const struct attach_request *r,
			  struct attachment *ret) must_check;
struct err *attach_perf(const struct attach_request *r,
			struct attachment *ret) must_check;
struct err *attach_netfilter(const struct attach_request *r,
			     struct attachment *ret) must_check;
struct err *attach_watch(const struct attach_request *r,
			 struct attachment *ret) must_check;
struct err *attach_existing(const struct attach_request *r,
			    struct attachment *ret) must_check;

/* Runs the program of an EXISTING probe for each task. */
struct err *attach_visit(const struct attachment *at) must_check;

#endif
