/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/syscall.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "image/image.h"

#define SYSCALL_LOAD_TRIES 5

void syscall_object_name(struct str from, char to[BPF_OBJ_NAME_LEN])
{
	uint32_t n = MIN(from.len, (uint32_t)BPF_OBJ_NAME_LEN - 1);

	for (uint32_t i = 0; i < n; i++) {
		char c = from.s[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') || c == '_' || c == '.';

		to[i] = ok ? c : '_';
	}
	to[n] = '\0';
}

int syscall_bpf(enum bpf_cmd cmd, union bpf_attr *attr, size_t size)
{
	int tries = cmd == BPF_PROG_LOAD ? SYSCALL_LOAD_TRIES : 1;
	long ret;

	do {
		ret = syscall(SYS_bpf, cmd, attr, size);
	} while (ret < 0 && errno == EAGAIN && --tries);
	return ret < 0 ? -errno : (int)ret;
}

static int syscall_map_elem(enum bpf_cmd cmd, int fd, const void *key,
			    const void *value, uint64_t flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.key = ptr_u64(key);
	attr.value = ptr_u64(value);
	attr.flags = flags;
	return syscall_bpf(cmd, &attr, SYSCALL_ATTR_SIZE(flags));
}

int syscall_map_lookup(int fd, const void *key, void *value)
{
	return syscall_map_elem(BPF_MAP_LOOKUP_ELEM, fd, key, value, 0);
}

int syscall_map_update(int fd, const void *key, const void *value,
		       uint64_t flags)
{
	return syscall_map_elem(BPF_MAP_UPDATE_ELEM, fd, key, value, flags);
}

int syscall_map_delete(int fd, const void *key)
{
	return syscall_map_elem(BPF_MAP_DELETE_ELEM, fd, key, NULL, 0);
}

int syscall_map_next_key(int fd, const void *key, void *next)
{
	return syscall_map_elem(BPF_MAP_GET_NEXT_KEY, fd, key, next, 0);
}

int syscall_map_take(int fd, const void *key, void *value)
{
	return syscall_map_elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, key,
				value, 0);
}

int syscall_map_lookup_batch(int fd, const void *in, void *out, void *keys,
			     void *values, uint32_t *n)
{
	union bpf_attr attr;
	int ret;

	memset(&attr, 0, sizeof(attr));
	attr.batch.in_batch = ptr_u64(in);
	attr.batch.out_batch = ptr_u64(out);
	attr.batch.keys = ptr_u64(keys);
	attr.batch.values = ptr_u64(values);
	attr.batch.count = *n;
	attr.batch.map_fd = (uint32_t)fd;
	ret = syscall_bpf(BPF_MAP_LOOKUP_BATCH, &attr,
			  SYSCALL_ATTR_SIZE(batch));
	*n = ret && ret != -ENOENT ? 0 : attr.batch.count;
	return ret;
}

int syscall_map_freeze(int fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	return syscall_bpf(BPF_MAP_FREEZE, &attr, SYSCALL_ATTR_SIZE(map_fd));
}

int syscall_raw_tracepoint_open(const char *name, int prog_fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.name = ptr_u64(name);
	attr.raw_tracepoint.prog_fd = (uint32_t)prog_fd;
	/* Up to prog_fd: newer kernels have more behind it. */
	return syscall_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr,
			   SYSCALL_ATTR_SIZE(raw_tracepoint));
}

int syscall_uprobe_multi(int prog_fd, const struct syscall_uprobe_multi *u)
{
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
		struct syscall_uprobe_multi multi;
	} attr = {
		.prog_fd = (uint32_t)prog_fd,
		.attach_type = IMAGE_UPROBE_MULTI,
		.multi = *u,
	};
	long ret = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return ret < 0 ? -errno : (int)ret;
}

int syscall_perf_event_open(const struct perf_event_attr *attr, pid_t pid,
			    int cpu, int group, unsigned long flags)
{
	long ret = syscall(SYS_perf_event_open, attr, pid, cpu, group, flags);

	return ret < 0 ? -errno : (int)ret;
}
