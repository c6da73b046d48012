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

int syscall_perf_event_open(const struct perf_event_attr *attr, pid_t pid,
			    int cpu, int group, unsigned long flags);

#endif
