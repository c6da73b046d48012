/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hits that the kernel did not give to a program, as another probe was being
 * handled on that processor: kprobes and fprobes count them by themselves, and
 * their links say it since Linux 6.7.  (Programs that were skipped, because
 * they ran already, are counted with these: kern/programs.)
 */
#include <linux/bpf.h>

#include "base/bits.h"
#include "kern/attach/attach.h"
#include "kern/syscall.h"

#define LINK_PERF_EVENT 7   /* enum bpf_link_type, which linux/bpf.h may */
#define LINK_KPROBE_MULTI 8 /* not have */
#define PERF_EVENT_KPROBE 3 /* enum bpf_perf_event_type */
#define PERF_EVENT_KRETPROBE 4

/* struct bpf_link_info, as far as these have it. */
struct link_info {
	uint32_t type, id, prog_id, pad;
	union {
		struct {
			uint64_t addrs;
			uint32_t count, flags;
			uint64_t missed;
		} multi;
		struct {
			uint32_t type, pad;
			uint64_t name;
			uint32_t name_len, offset;
			uint64_t addr, missed;
		} perf;
	};
};

uint64_t hook_missed(int fd)
{
	struct link_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = ptr_u64(&info);
	if (syscall_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr,
			SYSCALL_ATTR_SIZE(info)))
		return 0;
	if (info.type == LINK_KPROBE_MULTI)
		return info.multi.missed;
	if (info.type == LINK_PERF_EVENT &&
	    (info.perf.type == PERF_EVENT_KPROBE ||
	     info.perf.type == PERF_EVENT_KRETPROBE))
		return info.perf.missed;
	return 0;
}
