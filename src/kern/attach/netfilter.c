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

struct err *attach_netfilter(const struct attach_request *r,
			     struct attachment *ret)
{
	const struct image_site *s = &r->probe->site;
	const struct netfilter_attr want = {
		.prog_fd = (uint32_t)r->prog,
		.attach_type = NETFILTER_ATTACH,
		.pf = (uint32_t)s->a,
		.hooknum = (uint32_t)s->b,
		.priority = (int32_t)s->c,
	};
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	memcpy(&attr, &want, sizeof(want));
	fd = syscall_bpf(BPF_LINK_CREATE, &attr, sizeof(want));
	if (fd == -EAFNOSUPPORT || fd == -EINVAL)
		return err_new(ERR_UNSUPPORTED,
			       "this kernel has no such hook for programs");
	if (fd < 0)
		return privilege_hint(err_os(-fd, "at a netfilter hook"));
	attachment_add(r, ret, fd);
	return NULL;
}
