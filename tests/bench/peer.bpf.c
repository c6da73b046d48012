/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handlers of the bench as someone who knows BPF writes them in C:
 * raw_NAME on the BTF tracepoint that spile uses too, with the test of the call
 * first and the same data structures; tp_NAME as most would write it, on the
 * tracepoint of the call.  For programs, user_NAME, which peer.c attaches as
 * spile does, by one link, and plain_NAME as most would.
 */
#include "peer.bpf.h"

#define NR_FACCESSAT 269

/* Where x86-64 has the arguments of a call. */
struct pt_regs {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	u64 orig_ax, ip, cs, flags;
};

/* As the tracepoint has them. */
struct entry {
	u64 common;
	u64 nr, dfd, path, mode;
};

struct comm {
	char text[16];
};

struct comm_path {
	char comm[16], path[64];
};

struct event {
	u64 head;
	u64 pid, mode;
	char comm[16];
};

MAP(by_pid, HASH, ENTRIES, u64, u64);
MAP(by_comm, HASH, ENTRIES, struct comm, u64);
MAP(by_path, HASH, ENTRIES, struct comm_path, u64);
MAP(log2_hist, PERCPU_ARRAY, 128, u32, u64);
MAP(linear_hist, PERCPU_ARRAY, 36, u32, u64);
MAP(stats, PERCPU_ARRAY, 1, u32, struct stat);
MAP(by_start, HASH, ENTRIES, u64, u64);
MAP(by_stack, HASH, ENTRIES, u32, u64);

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} start SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, ENTRIES);
	__uint(key_size, 4);
	__uint(value_size, 20 * 8);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} events SEC(".maps");

u64 lost, n, a, b, taken, waiting;

static __always_inline u32 log2_bucket(u64 v)
{
	u32 r = 0;

	if (v >> 32) {
		v >>= 32;
		r += 32;
	}
	if (v >> 16) {
		v >>= 16;
		r += 16;
	}
	if (v >> 8) {
		v >>= 8;
		r += 8;
	}
	if (v >> 4) {
		v >>= 4;
		r += 4;
	}
	if (v >> 2) {
		v >>= 2;
		r += 2;
	}
	if (v >> 1)
		r++;
	return r;
}

#define ADD(map, key)                                                      \
	do {                                                               \
		u64 one = 1, *v = bpf_map_lookup_elem(&map, key);          \
		if (v)                                                     \
			__sync_fetch_and_add(v, 1);                        \
		else                                                       \
			bpf_map_update_elem(&map, key, &one, BPF_NOEXIST); \
	} while (0)

static __always_inline void do_pid(u64 mode, u64 path)
{
	u64 k = bpf_get_current_pid_tgid() >> 32;

	ADD(by_pid, &k);
}

static __always_inline void do_comm(u64 mode, u64 path)
{
	struct comm k;

	bpf_get_current_comm(&k, sizeof(k));
	ADD(by_comm, &k);
}

static __always_inline void do_commpath(u64 mode, u64 path)
{
	struct comm_path k = {};

	bpf_get_current_comm(k.comm, sizeof(k.comm));
	bpf_probe_read_user_str(k.path, sizeof(k.path), (void *)path);
	ADD(by_path, &k);
}

static __always_inline void bucket(void *map, u32 k)
{
	u64 *v = bpf_map_lookup_elem(map, &k);

	if (v)
		++*v;
}

static __always_inline void do_log2(u64 mode, u64 path)
{
	bucket(&log2_hist, log2_bucket(mode));
}

static __always_inline void do_linear(u64 mode, u64 path)
{
	u32 k = mode / 128 + 1;

	bucket(&linear_hist, k > 34 ? 34 : k);
}

static __always_inline void do_minmax(u64 mode, u64 path)
{
	u32 zero = 0;
	struct stat *s = bpf_map_lookup_elem(&stats, &zero);

	if (s)
		stat_add(s, mode);
}

static __always_inline void do_lock(u64 mode, u64 path)
{
	int i;

	for (i = 0; i < 64; i++)
		if (!__sync_val_compare_and_swap(&taken, 0, 1))
			break;
	if (i == 64) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	a = a * 3 + b;
	b ^= a;
	__sync_lock_test_and_set(&taken, 0);
}

static __always_inline void do_strcmp(u64 mode, u64 path)
{
	char comm[16];

	bpf_get_current_comm(comm, sizeof(comm));
	if (!bpf_strncmp(comm, sizeof(comm), "measure"))
		__sync_fetch_and_add(&n, 1);
}

/* ^mea.*e$ */
static __always_inline void do_regex(u64 mode, u64 path)
{
	char comm[16];
	int i;

	bpf_get_current_comm(comm, sizeof(comm));
	if (comm[0] != 'm' || comm[1] != 'e' || comm[2] != 'a')
		return;
#pragma unroll
	for (i = 3; i < 16; i++)
		if (!comm[i])
			break;
	if (i > 3 && comm[(i - 1) & 15] == 'e')
		__sync_fetch_and_add(&n, 1);
}

static __always_inline void do_ustr(u64 mode, u64 path)
{
	char text[64];

	if (bpf_probe_read_user_str(text, sizeof(text), (void *)path) > 0 &&
	    text[1] == 's')
		__sync_fetch_and_add(&n, 1);
}

static __always_inline void do_printf(u64 mode, u64 path)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	u64 flags = BPF_RB_NO_WAKEUP;

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->mode = mode;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	if (__sync_fetch_and_add(&waiting, sizeof(*e)) >= 32768) {
		waiting = 0;
		flags = BPF_RB_FORCE_WAKEUP;
	}
	bpf_ringbuf_submit(e, flags);
}

#define HANDLER(name)                                           \
	SEC("tp_btf/sys_enter")                                 \
	int BPF_PROG(raw_##name, struct pt_regs *regs, long id) \
	{                                                       \
		if (id == NR_FACCESSAT)                         \
			do_##name(regs->dx, regs->si);          \
		return 0;                                       \
	}                                                       \
	SEC("tp/syscalls/sys_enter_faccessat")                  \
	int tp_##name(struct entry *e)                          \
	{                                                       \
		do_##name(e->mode, e->path);                    \
		return 0;                                       \
	}

static __always_inline void do_empty(u64 mode, u64 path)
{
}

HANDLER(empty)
HANDLER(pid)
HANDLER(comm)
HANDLER(commpath)
HANDLER(log2)
HANDLER(linear)
HANDLER(minmax)
HANDLER(lock)
HANDLER(strcmp)
HANDLER(regex)
HANDLER(ustr)
HANDLER(printf)

/* A stack needs the context. */
SEC("tp_btf/sys_enter")
int BPF_PROG(raw_stack, struct pt_regs *regs, long id)
{
	u32 k;

	if (id != NR_FACCESSAT)
		return 0;
	k = bpf_get_stackid(ctx, &stacks, 0);
	ADD(by_stack, &k);
	return 0;
}

SEC("tp/syscalls/sys_enter_faccessat")
int tp_stack(struct entry *e)
{
	u32 k = bpf_get_stackid(e, &stacks, 0);

	ADD(by_stack, &k);
	return 0;
}

/* The latency of a call: with task storage, and with a hash. */
SEC("tp_btf/sys_enter")
int BPF_PROG(raw_latency_in, struct pt_regs *regs, long id)
{
	u64 *v;

	if (id != NR_FACCESSAT)
		return 0;
	v = bpf_task_storage_get(&start, bpf_get_current_task_btf(), 0,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (v)
		*v = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(raw_latency_out, struct pt_regs *regs, long ret)
{
	u64 *v;

	if (regs->orig_ax != NR_FACCESSAT)
		return 0;
	v = bpf_task_storage_get(&start, bpf_get_current_task_btf(), 0, 0);
	if (!v || !*v)
		return 0;
	bucket(&log2_hist, log2_bucket(bpf_ktime_get_ns() - *v));
	*v = 0;
	return 0;
}

static __always_inline void hash_in(void)
{
	u64 k = (u32)bpf_get_current_pid_tgid(), t = bpf_ktime_get_ns();

	bpf_map_update_elem(&by_start, &k, &t, BPF_ANY);
}

static __always_inline void hash_out(void)
{
	u64 k = (u32)bpf_get_current_pid_tgid();
	u64 *t = bpf_map_lookup_elem(&by_start, &k);

	if (!t)
		return;
	bucket(&log2_hist, log2_bucket(bpf_ktime_get_ns() - *t));
	bpf_map_delete_elem(&by_start, &k);
}

SEC("tp/syscalls/sys_enter_faccessat")
int tp_latency_in(void *ctx)
{
	hash_in();
	return 0;
}

SEC("tp/syscalls/sys_exit_faccessat")
int tp_latency_out(void *ctx)
{
	hash_out();
	return 0;
}

/* ---- programs ---- */

#define VALUE(regs) ((regs)->di)

#define USER(name, body) \
	SEC("uprobe") \
	int user_##name(struct pt_regs *regs) \
	{ \
		body; \
		return 0; \
	} \
	SEC("uprobe") \
	int plain_##name(struct pt_regs *regs) \
	{ \
		body; \
		return 0; \
	}

USER(nothing, )
USER(pid, do_pid(0, 0))
USER(log2, do_log2(VALUE(regs), 0))
USER(printf, do_printf(VALUE(regs), 0))
USER(result_nothing_out, )
USER(result_log2_out, do_log2(regs->ax, 0))

/* The mark has its first argument where the compiler put it: -8@%rax. */
USER(mark_log2, do_log2(regs->ax, 0))

struct inner {
	int count;
	s64 value;
};

struct outer {
	char name[24];
	struct inner *inner;
};

static __always_inline void do_member(struct outer *o)
{
	struct inner *in = 0;
	u64 v = 0;

	bpf_probe_read_user(&in, sizeof(in), &o->inner);
	bpf_probe_read_user(&v, sizeof(v), &in->value);
	do_minmax(v, 0);
}

USER(member, do_member((struct outer *)regs->si))

MAP(by_site, HASH, ENTRIES, u64, u64);

static __always_inline void do_site(void *ctx)
{
	u64 k = bpf_get_attach_cookie(ctx);

	ADD(by_site, &k);
}

USER(site, do_site(regs))

SEC("uprobe")
int user_time_in(void *ctx)
{
	u64 *v = bpf_task_storage_get(&start, bpf_get_current_task_btf(), 0,
				      BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (v)
		*v = bpf_ktime_get_ns();
	return 0;
}

SEC("uprobe")
int user_time_out(void *ctx)
{
	u64 *v = bpf_task_storage_get(&start, bpf_get_current_task_btf(), 0,
				      0);

	if (!v || !*v)
		return 0;
	bucket(&log2_hist, log2_bucket(bpf_ktime_get_ns() - *v));
	*v = 0;
	return 0;
}

SEC("uprobe")
int plain_time_in(void *ctx)
{
	hash_in();
	return 0;
}

SEC("uprobe")
int plain_time_out(void *ctx)
{
	hash_out();
	return 0;
}

/* One link for both, with a place for a number in between. */
extern _Bool bpf_session_is_return(void) __ksym __weak;
extern u64 *bpf_session_cookie(void) __ksym __weak;

SEC("uprobe")
int session_time(void *ctx)
{
	u64 *v = bpf_session_cookie();

	if (bpf_session_is_return())
		bucket(&log2_hist, log2_bucket(bpf_ktime_get_ns() - *v));
	else
		*v = bpf_ktime_get_ns();
	return 0;
}
