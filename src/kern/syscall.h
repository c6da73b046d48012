/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf(2) and perf_event_open(2), which the C library has no functions for.
 * Thin: one call of the kernel each, 0 or a new descriptor, or -errno.  A
 * descriptor that a program exits with is closed by the kernel, and what hung
 * on it is gone: nothing here outlives the process.
 */
#ifndef KERN_SYSCALL_H
#define KERN_SYSCALL_H

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

/* The bytes of attr up to the end of a field. */
#define SYSCALL_ATTR_SIZE(field)                    \
	(offsetof(union bpf_attr, field) +          \
	 sizeof(((union bpf_attr *)0)->field))

/* A name as the kernel takes it for maps and programs: cut, and without what
 * it does not like. */
void syscall_object_name(struct str from, char to[BPF_OBJ_NAME_LEN]);

/* What bpf(2) returns, or -errno.  A signal may interrupt the verifier: a
 * program is loaded again then. */
int syscall_bpf(enum bpf_cmd cmd, union bpf_attr *attr, size_t size);

int syscall_map_lookup(int fd, const void *key, void *value);
int syscall_map_update(int fd, const void *key, const void *value,
		       uint64_t flags);
int syscall_map_delete(int fd, const void *key);

/* key NULL: the first; -ENOENT: there is no next one. */
int syscall_map_next_key(int fd, const void *key, void *next);

/* Looks up and deletes, as one. */
int syscall_map_take(int fd, const void *key, void *value);

/*
 * Some elements at once: *n is how many there is room for, then how many
 * there are.  in NULL = from the start; out is where to go on (a position of
 * the kernel's, as large as a key or 4 bytes, whichever is more).  -ENOENT =
 * the last ones.
 */
int syscall_map_lookup_batch(int fd, const void *in, void *out, void *keys,
			     void *values, uint32_t *n);
int syscall_map_freeze(int fd);

/* name: a tracepoint, without its system. */
int syscall_raw_tracepoint_open(const char *name, int prog_fd);

/* link_create.uprobe_multi of Linux 6.6 (89ae89f53d20), which older headers
 * lack. */
struct syscall_uprobe_multi {
	uint64_t path;		/* const char * */
	uint64_t offsets;	/* const uint64_t *, in the file */
	uint64_t semaphores;	/* the same, 0 = has none; or NULL */
	uint64_t cookies;	/* const uint64_t * */
	uint32_t cnt;
	uint32_t flags;		/* 1 = at the return */
	uint32_t pid;		/* 0 = any process */
	uint32_t spare;
};

/* One link for many sites of one file. */
int syscall_uprobe_multi(int prog_fd, const struct syscall_uprobe_multi *u);

int syscall_perf_event_open(const struct perf_event_attr *attr, pid_t pid,
			    int cpu, int group, unsigned long flags);

#endif
