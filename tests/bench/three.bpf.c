/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The script of three tracepoints (starts.py) in C: how long libbpf takes to
 * find types, load and attach.
 */
#include "peer.bpf.h"

#include <bpf/bpf_core_read.h>

struct task_struct {
	int pid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

MAP(switches, HASH, ENTRIES, u64, u64);
MAP(wakeups, HASH, ENTRIES, u64, u64);
MAP(calls, PERCPU_ARRAY, 1, u32, struct stat);

static __always_inline void add(void *map, u64 key)
{
	u64 one = 1, *v = bpf_map_lookup_elem(map, &key);

	if (v)
		__sync_fetch_and_add(v, 1);
	else
		bpf_map_update_elem(map, &key, &one, BPF_NOEXIST);
}

SEC("raw_tp/sched_switch")
int three(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *next = (void *)ctx->args[2];

	add(&switches, BPF_CORE_READ(next, pid));
	return 0;
}

SEC("raw_tp/sched_wakeup")
int three_in(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *p = (void *)ctx->args[0];

	add(&wakeups, BPF_CORE_READ(p, real_parent, pid));
	return 0;
}

SEC("raw_tp/sys_enter")
int three_out(struct bpf_raw_tracepoint_args *ctx)
{
	struct stat *s;
	u32 zero = 0;

	s = bpf_map_lookup_elem(&calls, &zero);
	if (s)
		stat_add(s, ctx->args[1]);
	return 0;
}
