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

#include "base/err.h"
#include "image/image.h"
#include "kern/maps.h"

struct world;

/* The descriptors that one probe hangs on. */
struct attachment {
	int *fds;
	uint32_t n, cap;
};

struct attach_request {
	const struct image *image;
	const struct image_probe *probe;
	int prog;		/* descriptor of its program, or -1 */
	const struct maps *maps;
	pid_t target;		/* -c or -x, or 0 */
	bool target_waits;	/* it is a command that has yet to start */
	struct world *world;
};

/* Attaches a probe of a KERNEL kind; what it had attached is taken off again
 * when it fails. */
struct err *attach_probe(const struct attach_request *r,
			 struct attachment *ret) must_check;

/* Also of one that is not attached. */
void detach(struct attachment *at);

bool is_attached(const struct attachment *at);

/* For the kinds: ret takes over the descriptor. */
void attachment_add(struct attachment *at, int fd);
struct err *attach_tracepoint(const struct attach_request *r,
			      struct attachment *ret) must_check;
struct err *attach_fentry(const struct attach_request *r,
			  struct attachment *ret) must_check;
struct err *attach_kprobe(const struct attach_request *r,
			  struct attachment *ret) must_check;
struct err *attach_kprobe_multi(const struct attach_request *r,
				struct attachment *ret) must_check;
struct err *attach_perf(const struct attach_request *r,
			struct attachment *ret) must_check;
struct err *attach_netfilter(const struct attach_request *r,
			     struct attachment *ret) must_check;
struct err *attach_watch(const struct attach_request *r,
			 struct attachment *ret) must_check;

#endif
