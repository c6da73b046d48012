/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"

static bool has_capability(unsigned cap)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	return !syscall(SYS_capget, &head, data) &&
	       (data[cap / 32].effective & 1u << cap % 32);
}

/* Before Linux 5.8 CAP_SYS_ADMIN was all of them. */
static bool may_trace(void)
{
	return has_capability(CAP_SYS_ADMIN) ||
	       (has_capability(CAP_BPF) && has_capability(CAP_PERFMON));
}

static bool is_locked_down(void)
{
	_cleanup_close_ int fd = open(LOCKDOWN, O_RDONLY | O_CLOEXEC);
	char text[128] = "";

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 &&
	       strstr(text, "[confidentiality]");
}

struct err *privilege_hint(struct err *e)
{
	if (e->errnum == EMFILE)
		return err_hint(e, "each probe in the kernel takes two open "
				   "files and more: raise the limit, "
				   "ulimit -n");
	if (e->code != ERR_PERMISSION)
		return e;
	if (may_trace() && is_locked_down())
		return err_hint(e, "the kernel is locked down for "
				   "confidentiality: nobody may trace it until "
				   "it is booted without");
	if (may_trace())
		return err_hint(e, "a security policy (LSM, seccomp, a "
				   "container's rules) stands against it");
	if (!geteuid())
		return err_hint(e, "root lacks the capabilities CAP_BPF and "
				   "CAP_PERFMON here, as in a container: give "
				   "them to it");
	return err_hint(e, "tracing needs root, or the capabilities CAP_BPF "
			   "and CAP_PERFMON");
}

void privilege_lift_limits(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	/* Before Linux 5.11 maps count as locked memory. */
	(void)setrlimit(RLIMIT_MEMLOCK, &r);
	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}
