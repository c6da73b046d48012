/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks that are there already: a program that is run for each of them, in the
 * context of who asks for it.  The kernel calls it an iterator: reading from it
 * runs the program; there is nothing to be read.
 */
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kern/attach/attach.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

struct err *attach_existing(const struct attach_request *r,
			    struct attachment *ret)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)r->prog;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	fd = syscall_bpf(BPF_LINK_CREATE, &attr,
			 SYSCALL_ATTR_SIZE(link_create.flags));
	if (fd < 0)
		return privilege_hint(err_os(-fd, "an iterator of tasks"));
	attachment_add(r, ret, fd);
	return NULL;
}

/* After so many tasks without output the kernel makes a pause (EAGAIN). */
static struct err *visit(int link)
{
	_cleanup_close_ int fd = -1;
	union bpf_attr attr;
	char none[64];
	ssize_t n;

	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (uint32_t)link;
	fd = syscall_bpf(BPF_ITER_CREATE, &attr,
			 SYSCALL_ATTR_SIZE(iter_create));
	if (fd < 0)
		return err_os(-fd, "an iterator of tasks");
	do {
		n = read(fd, none, sizeof(none));
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	return n < 0 ? err_os(errno, "visiting all tasks") : NULL;
}

struct err *attach_visit(const struct attachment *at)
{
	struct err *e = NULL;

	for (uint32_t i = 0; i < at->n && !e; i++)
		e = visit(at->v[i].fd);
	return e;
}
