/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handlers of the bench in C with all that those of spile do: they test
 * whether the session runs and whether the call is one of a 32-bit task, number
 * the elements of arrays, count what is lost, and report errors with their
 * place.  For their size: what is left between these and spile's is the
 * compiler.  full_NAME for system calls, fuser_NAME for programs.
 */
#include "peer.bpf.c"

#define RUNNING 1
#define TS_COMPAT 2
#define LOCK_NS 150000

enum { ARRAY_FULL = 2, KERNEL_FAULT = 10, USER_FAULT = 12 };
enum { LOST_EVENT, LOST_LOCK, LOST_RECURSION, LOST_TASK, LOST_ERROR };

struct {
	u64 state, lock, seq, errors, offset, self, lost[5];
} session = { .state = RUNNING };

struct control {
	u32 kind, probe, error, place;
	u64 operand, len;
};

struct element {
	u64 seq, n;
};

struct thread_info {
	u32 status;
} __attribute__((preserve_access_index));

struct task_struct {
	struct thread_info thread_info;
} __attribute__((preserve_access_index));

struct buckets {
	u64 count, n[128];
};

struct summary {
	u64 count, sum, max, min;
};

struct start {
	u64 at, is_there;
};

MAP(full_pids, HASH, ENTRIES, u64, struct element);
MAP(full_comms, HASH, ENTRIES, struct comm, struct element);
MAP(full_paths, HASH, ENTRIES, struct comm_path, struct element);
MAP(full_names, HASH, ENTRIES, u64, struct element);
MAP(full_hist, PERCPU_ARRAY, 1, u32, struct buckets);
MAP(full_stats, PERCPU_ARRAY, 1, u32, struct summary);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} control SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct start);
} full_start SEC(".maps");

static __always_inline int is_narrow(struct pt_regs *regs)
{
	if (regs->cx == regs->ip && regs->r11 == regs->flags)
		return 0;
	return bpf_get_current_task_btf()->thread_info.status & TS_COMPAT;
}

static __always_inline void fail(u32 error, u32 place, u64 operand)
{
	struct control c = { 1, 0, error, place, operand, 0 };

	__sync_fetch_and_add(&session.errors, 1);
	session.state = 3;
	if (bpf_ringbuf_output(&control, &c, sizeof(c), 0))
		__sync_fetch_and_add(&session.lost[LOST_ERROR], 1);
}

#define COUNT(map, key)                                               \
	do {                                                          \
		struct element *e = bpf_map_lookup_elem(&map, key);   \
		struct element new = { .n = 1 };                      \
		int r;                                                \
		if (e) {                                              \
			__sync_fetch_and_add(&e->n, 1);               \
			break;                                        \
		}                                                     \
		new.seq = __sync_fetch_and_add(&session.seq, 1) + 1;  \
		r = bpf_map_update_elem(&map, key, &new, BPF_NOEXIST); \
		if (!r)                                               \
			break;                                        \
		if (r != -17) {                                       \
			fail(ARRAY_FULL, 6, 0);                       \
			break;                                        \
		}                                                     \
		e = bpf_map_lookup_elem(&map, key);                   \
		if (e)                                                \
			__sync_fetch_and_add(&e->n, 1);               \
	} while (0)

static __always_inline void full_pid_(u64 mode, u64 path)
{
	u64 k = bpf_get_current_pid_tgid() >> 32;

	COUNT(full_pids, &k);
}

static __always_inline void full_comm_(u64 mode, u64 path)
{
	struct comm k;

	bpf_get_current_comm(&k, sizeof(k));
	COUNT(full_comms, &k);
}

static __always_inline void full_commpath_(u64 mode, u64 path)
{
	struct comm_path k = {};

	bpf_get_current_comm(k.comm, sizeof(k.comm));
	if (bpf_probe_read_user_str(k.path, sizeof(k.path), (void *)path) < 0) {
		fail(USER_FAULT, 4, path);
		return;
	}
	COUNT(full_paths, &k);
}

/* Of negative ones, too: from 2^-63 over 0 to 2^63. */
static __always_inline u32 signed_bucket(s64 v)
{
	u32 r;

	if (!v)
		return 64;
	r = log2_bucket(v < 0 ? -v : v);
	if (v > 0)
		return 65 + r;
	return 63 - (r > 63 ? 63 : r);
}

static __always_inline void full_log2_(u64 mode, u64 path)
{
	struct buckets *b;
	u32 zero = 0, k;

	b = bpf_map_lookup_elem(&full_hist, &zero);
	if (!b)
		return;
	b->count++;
	k = signed_bucket((s64)mode);
	b->n[k < 128 ? k : 127]++;
}

static __always_inline void full_linear_(u64 mode, u64 path)
{
	struct buckets *b;
	u32 zero = 0;
	u64 k;

	b = bpf_map_lookup_elem(&full_hist, &zero);
	if (!b)
		return;
	b->count++;
	k = (s64)mode < 0 ? 0 : mode / 128 >= 33 ? 34 : mode / 128 + 1;
	b->n[k < 35 ? k : 34]++;
}

static __always_inline void full_minmax_(u64 mode, u64 path)
{
	const u64 top = 1ULL << 63;
	struct summary *s;
	u32 zero = 0;

	s = bpf_map_lookup_elem(&full_stats, &zero);
	if (!s)
		return;
	s->count++;
	s->sum += mode;
	if (s->max < (mode ^ top))
		s->max = mode ^ top;
	if (s->min < ~(mode ^ top))
		s->min = ~(mode ^ top);
}

extern void bpf_local_irq_save(unsigned long *flags) __ksym __weak;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym __weak;

/* 0 = has it, 1 = gave up, 2 = the host, which this is, has it */
static __noinline int wait_for_lock(u64 me, u64 stranger)
{
	u64 end = bpf_ktime_get_ns() + LOCK_NS, owner;
	int i;

	for (i = 0; i < 1000; i++) {
		owner = __sync_val_compare_and_swap(&session.lock, 0, me);
		if (!owner)
			return 0;
		if (owner == me)
			break;
		if (owner == -1ULL && !stranger)
			return 2;
		if (bpf_ktime_get_ns() > end)
			break;
	}
	return 1;
}

static __always_inline void full_lock_(u64 mode, u64 path)
{
	u64 me;
	unsigned long flags;
	int got = 0;

	bpf_local_irq_save(&flags);
	me = bpf_get_smp_processor_id() + 1;
	if (__sync_val_compare_and_swap(&session.lock, 0, me))
		got = wait_for_lock(me, bpf_get_current_pid_tgid() >> 32 ^
						session.self);
	if (got) {
		bpf_local_irq_restore(&flags);
		__sync_fetch_and_add(&session.lost[got], 1);
		return;
	}
	a = a * 3 + b;
	b ^= a;
	session.lock = 0;
	bpf_local_irq_restore(&flags);
}

static __always_inline void full_ustr_(u64 mode, u64 path)
{
	char text[64];

	if (bpf_probe_read_user_str(text, sizeof(text), (void *)path) < 0)
		fail(USER_FAULT, 4, path);
	else if (!bpf_strncmp(text, 3, "/s"))
		__sync_fetch_and_add(&n, 1);
}

#define full_empty_ do_empty
#define full_strcmp_ do_strcmp
#define full_regex_ do_regex
#define full_printf_ do_printf

#define FULL(name)                                              \
	SEC("tp_btf/sys_enter")                                 \
	int BPF_PROG(full_##name, struct pt_regs *regs, long id) \
	{                                                       \
		if (session.state != RUNNING || id != NR_FACCESSAT || \
		    is_narrow(regs))                            \
			return 0;                               \
		full_##name##_((u32)regs->dx, regs->si);        \
		return 0;                                       \
	}

FULL(empty)
FULL(pid)
FULL(comm)
FULL(commpath)
FULL(log2)
FULL(linear)
FULL(minmax)
FULL(lock)
FULL(strcmp)
FULL(regex)
FULL(ustr)
FULL(printf)

static __always_inline void time_in(void)
{
	u64 now = bpf_ktime_get_ns() + session.offset;
	struct start *s = bpf_task_storage_get(&full_start,
			bpf_get_current_task_btf(), 0,
			BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!s) {
		__sync_fetch_and_add(&session.lost[LOST_TASK], 1);
		return;
	}
	s->at = now;
	s->is_there = 1;
}

static __always_inline void time_out(void)
{
	struct start *s = bpf_task_storage_get(&full_start,
			bpf_get_current_task_btf(), 0, 0);

	if (!s || !s->is_there)
		return;
	full_log2_(bpf_ktime_get_ns() + session.offset - s->at, 0);
	s->at = 0;
	s->is_there = 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(full_latency_in, struct pt_regs *regs, long id)
{
	if (session.state == RUNNING && id == NR_FACCESSAT &&
	    !is_narrow(regs))
		time_in();
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(full_latency_out, struct pt_regs *regs, long ret)
{
	if (session.state == RUNNING && regs->orig_ax == NR_FACCESSAT &&
	    !is_narrow(regs))
		time_out();
	return 0;
}

/* ---- programs ---- */

/* Where memory is not at hand, it is waited for.  Who waits may be overtaken on
 * the same processor: what is added is added by atomic operations. */
static __always_inline int read_user(void *to, u32 size, void *from)
{
	return bpf_probe_read_user(to, size, from) &&
	       bpf_copy_from_user(to, size, from);
}

static __always_inline void maximize(u64 *at, u64 v)
{
	u64 old;
	int i;

#pragma unroll
	for (i = 0; i < 4; i++) {
		old = *at;
		if (old >= v || __sync_val_compare_and_swap(at, old, v) == old)
			return;
	}
}

static __always_inline void full_member_(struct outer *o)
{
	const u64 top = 1ULL << 63;
	struct summary *s;
	struct inner *in;
	u32 zero = 0;
	u64 v;

	if (read_user(&in, sizeof(in), &o->inner)) {
		fail(KERNEL_FAULT, 6, (u64)&o->inner);
		return;
	}
	if (read_user(&v, sizeof(v), &in->value)) {
		fail(KERNEL_FAULT, 6, (u64)&in->value);
		return;
	}
	s = bpf_map_lookup_elem(&full_stats, &zero);
	if (!s)
		return;
	__sync_fetch_and_add(&s->count, 1);
	__sync_fetch_and_add(&s->sum, v);
	maximize(&s->max, v ^ top);
	maximize(&s->min, ~(v ^ top));
}

/* The names lie ready. */
const volatile u64 names[25] = { 1 };

static __always_inline void full_site_(void *ctx)
{
	u64 k = bpf_get_attach_cookie(ctx);

	k = names[k < 25 ? k : 0];
	COUNT(full_names, &k);
}

#define FULL_USER(name, body) FULL_USER_IN("uprobe", name, body)
#define FULL_USER_IN(kind, name, body)       \
	SEC(kind)                            \
	int fuser_##name(struct pt_regs *regs) \
	{                                    \
		if (session.state == RUNNING) { \
			body;                \
		}                            \
		return 0;                    \
	}

FULL_USER(nothing, asm volatile(""))
FULL_USER(pid, full_pid_(0, 0))
FULL_USER(log2, full_log2_(regs->di, 0))
FULL_USER_IN("uprobe.s", member, full_member_((struct outer *)regs->si))
FULL_USER(printf, do_printf(regs->di, 0))
FULL_USER(result_nothing_out, asm volatile(""))
FULL_USER(result_log2_out, full_log2_(regs->ax, 0))
FULL_USER(mark_log2, full_log2_(regs->ax, 0))
FULL_USER(site, full_site_(regs))
FULL_USER(time_in, time_in())
FULL_USER(time_out, time_out())
