/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs in C share.
 */
#ifndef BENCH_PEER_BPF_H
#define BENCH_PEER_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define ENTRIES 2048

#define MAP(name, kind, n, k, v)                   \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(max_entries, n);            \
		__type(key, k);                    \
		__type(value, v);                  \
	} name SEC(".maps")

struct stat {
	u64 count, sum, min, max;
};

static __always_inline void stat_add(struct stat *s, u64 v)
{
	if (!s->count || v < s->min)
		s->min = v;
	if (!s->count || v > s->max)
		s->max = v;
	s->count++;
	s->sum += v;
}

#endif
