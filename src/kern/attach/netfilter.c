/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs at the hooks of netfilter, in the network namespace of this
 * process.
 */
#include <errno.h>

#include "kern/attach/attach.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

/* What linux/bpf.h does not have everywhere yet. */
#define NETFILTER_ATTACH 45 /* BPF_NETFILTER */

struct netfilter_attr {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint32_t pf, hooknum;
	int32_t priority;
	uint32_t netfilter_flags;
};

#define NEIGHBOURS 32	/* priorities that are tried */

static int link_at(const struct attach_request *r, int32_t priority)
{
	const struct image_site *s = &r->probe->site;
	const struct netfilter_attr want = {
		.prog_fd = (uint32_t)r->prog,
		.attach_type = NETFILTER_ATTACH,
		.pf = (uint32_t)s->a,
		.hooknum = (uint32_t)s->b,
		.priority = priority,
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	memcpy(&attr, &want, sizeof(want));
	return syscall_bpf(BPF_LINK_CREATE, &attr, sizeof(want));
}

/* A hook has one program at each priority: where another session has this
 * one, the next that is free. */
static int link_near(const struct attach_request *r)
{
	int32_t priority = (int32_t)r->probe->site.c;
	int fd = link_at(r, priority);

	for (int32_t k = 1; fd == -EBUSY && k < NEIGHBOURS; k++) {
		if (priority <= INT32_MAX - 1 - k)
			fd = link_at(r, priority + k);
		if (fd == -EBUSY && priority >= INT32_MIN + 1 + k)
			fd = link_at(r, priority - k);
	}
	return fd;
}

struct err *attach_netfilter(const struct attach_request *r,
			     struct attachment *ret)
{
	int fd = link_near(r);

	if (fd == -EAFNOSUPPORT || fd == -EINVAL)
		return err_new(ERR_UNSUPPORTED,
			       "this kernel has no such hook for programs");
	if (fd < 0)
		return privilege_hint(err_os(-fd, "at a netfilter hook"));
	attachment_add(r, ret, fd);
	return NULL;
}
