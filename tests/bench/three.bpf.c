/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The script of three tracepoints (starts.py) in C: how long libbpf takes to
 * find types, load and attach.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

typedef unsigned int u32;
typedef unsigned long long u64;

struct task_struct {
	int pid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

struct stat {
	u64 count, sum, min, max;
};

#define MAP(name, kind, n, k, v)                   \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(max_entries, n);            \
		__type(key, k);                    \
		__type(value, v);                  \
	} name SEC(".maps")

MAP(switches, HASH, 2048, u64, u64);
MAP(wakeups, HASH, 2048, u64, u64);
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
	u64 id = ctx->args[1];
	u32 zero = 0;
	struct stat *s = bpf_map_lookup_elem(&calls, &zero);

	if (!s)
		return 0;
	if (!s->count || id < s->min)
		s->min = id;
	if (!s->count || id > s->max)
		s->max = id;
	s->count++;
	s->sum += id;
	return 0;
}
