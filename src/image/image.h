/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image: all that crosses from the compiler to the running half.
 * Programs, host code, maps, probe sites, formats: plain arrays that refer to
 * each other by index; no pointer into the compiler, no file descriptor.  It
 * can be printed, saved, loaded on another machine, and run.
 *
 * Texts are numbers of strings (`istr`), 0 = the empty string.
 *
 * Memory that kernel code and host share
 *
 *   globals map: one value of an mmapable array.  At 0 a struct
 *   image_session; at `losses_off` the counters of loss, nprobes * LOSS_N of
 *   u64; at `hits_off` for each probe an u64 of hits and, with `count_hits`,
 *   a struct image_times; then the scalar globals at their
 *   offsets: long 8 bytes; string its bound + 1 bytes, NUL-terminated.
 *
 *   stats map: one value of a per-CPU array: the scalar statistics.
 *
 *   one hash map per array global (per-CPU when its value is a statistic).
 *   Key: the parts one after another, each on 8 bytes: long 8 bytes; string
 *   its bound + 1 rounded up to 8, NUL-terminated and padded with zeros.
 *   Value: u64 sequence number of the insertion when `ordered`, then long 8
 *   bytes, string as in a key, or a statistic.
 *
 *   A statistic: see struct image_stat.
 *
 *   `%` arrays (wrap) have a companion `ring_map`, an array of `max_entries`
 *   elements { u64 seq; key }, and their tail counter in the globals map at
 *   `tail_off`: insertion number n goes to element n % max_entries, and
 *   evicts what stands there if its seq is still that of the live entry.  Who
 *   finds another seq in its place when its entry is in takes that out again.
 *
 *   A kernel stack is a string of IMAGE_STACK_BYTES: `stack_mark` of the
 *   session block, then 7 bytes that the stacks map has for its addresses.
 *   None of them is 0, and nobody else can know the mark: the host puts the
 *   text in its place when somebody looks at it.
 *
 *   The stack of a process is the same, of the ustacks map: hash from a word
 *   that says whose and what (USTACK_*) and addresses to the 7 bytes and the
 *   time when it was first seen (CLOCK_MONOTONIC, ns).  So is what is
 *   at one address, of the places map: hash from such a word, 0 for the
 *   kernel, and the address to the same.
 *
 *   stacks map: hash from IMAGE_STACK_FRAMES addresses, u64 each, zeros
 *   behind the last, to u64: the 7 bytes, lowest first.
 *
 * Records, kernel to host
 *
 *   data ring: struct image_record, then the operands of the host function
 *   `func`: long 8 bytes; string u32 len, u32 space (multiple of 8), space
 *   bytes of which len are text; len UINT32_MAX: all up to the first NUL.
 *   control ring: struct image_control, then `len` bytes of text.
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "base/str.h"
#include "base/vec.h"

#define IMAGE_NONE UINT32_MAX

typedef uint32_t istr;

enum image_op {
#define V
#define OP(id, name, result, flags) OP_##id,
#include "image/op.def"
#undef OP
#undef V
	OP_N
};

enum image_intrinsic {
#define INTRINSIC(id, name, result, args, bound, flags) INTRIN_##id,
#include "image/intrinsic.def"
#undef INTRINSIC
	INTRIN_N
};

enum image_probe_kind {
#define PROBE(id, stem, where, ctx) PROBE_##id,
#include "image/probe.def"
#undef PROBE
	PROBE_N
};

enum image_error {
#define ERROR(id, message, operand) IERR_##id,
#include "image/error.def"
#undef ERROR
	IERR_N
};

enum image_loss {
#define LOSS(id, text) LOSS_##id,
#include "image/loss.def"
#undef LOSS
	LOSS_N
};

enum image_feature {
#define FEATURE(id, name, since) FEATURE_##id,
#include "image/feature.def"
#undef FEATURE
	FEATURE_N
};

enum image_access_kind {
#define ACCESS(id, name, type, path) ACCESS_##id,
#include "image/access.def"
#undef ACCESS
	ACCESS_N
};

/* A set of enum image_feature. */
typedef uint64_t image_features;
#define FEATURE_BIT(id) (UINT64_C(1) << FEATURE_##id)

enum image_type {
	IT_VOID,
	IT_LONG,
	IT_STRING,
	IT_STATS,
};

/* Static facts of the tables. */
enum op_flags {
	OPF_PURE = 1,
	OPF_RAISES = 2,
	OPF_TERM = 4,
	OPF_KERNEL = 8,
	OPF_HOST = 16,
	OPF_GLOBAL = 32,
	OPF_EFFECT = 64,
};

enum intrin_flags {
	INF_PURE = 1,
	INF_CONTEXT = 2,
	INF_DEFERRED = 4,	/* D: the host does it */
	INF_KERNEL = 8,
	INF_HOST = 16,
	INF_RAISES = 32,
	INF_STABLE = 64,	/* T: the same all through a handler */
	INF_GURU = 128,
};

#define INTRIN_BOUND_ARG 0xffff	/* bound of the first string argument */

struct op_info {
	const char *name;
	char result;		/* V L S A */
	uint8_t flags;		/* enum op_flags */
};

struct intrin_info {
	const char *name;
	char result;		/* V L S */
	const char *args;	/* L S ... */
	uint16_t bound;
	uint8_t flags;		/* enum intrin_flags */
};

extern const struct op_info op_info[OP_N];
extern const struct intrin_info intrin_info[INTRIN_N];
const char *image_error_text(enum image_error e);
char image_error_operand(enum image_error e);	/* N L S */
const char *image_loss_text(enum image_loss l);
const char *image_access_name(enum image_access_kind k);
const char *image_probe_stem(enum image_probe_kind k);
bool image_probe_is_kernel(enum image_probe_kind k);

/* ---- what the running half and the kernel code share ---- */

enum session_state {
	SESSION_STARTING,	/* only begin probes run */
	SESSION_RUNNING,
	SESSION_STOPPING,	/* exit(): no further handler starts */
	SESSION_ERROR,		/* too many errors */
};

/* At offset 0 of the globals map.  Kernel code may write state (to STOPPING
 * or ERROR only), lock, waiting, seq and errors; the rest is the host's. */
struct image_session {
	uint64_t state;		/* enum session_state */
	uint64_t lock;		/* 0, or the owner: CPU + 1; host: ~0 */
	uint64_t seq;		/* insertions into ordered arrays */
	uint64_t errors;	/* soft errors so far */
	uint64_t target;	/* pid of -c or -x */
	uint64_t stp_pid;
	int64_t wall_offset;	/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
	int64_t gmtoff;		/* seconds west of UTC */
	uint64_t data_waiting;	/* bytes written since the last wake-up */
	uint64_t front;		/* sequence numbers below 0 in use: sorted
				 * arrays (see codegen/select_iter.c) */
	uint64_t cond_waiting;	/* 1 = a CONTROL_COND is on its way; the host
				 * clears it before it looks */
	uint64_t waiting;	/* who has the lock or wants it: see
				 * codegen/lock.c */
	uint64_t stack_mark;	/* first 8 bytes of a stack: see below */
	uint64_t visited;	/* 1 = what was there before the session has
				 * been told (see IMAP_TOLD) */
	uint64_t spare[2];
};

#define IMAGE_SESSION_SIZE 128
_Static_assert(sizeof(struct image_session) == IMAGE_SESSION_SIZE,
	       "the session block is 128 bytes");

#define IMAGE_STACK_BYTES 15	/* a stack, as a string */
#define IMAGE_STACK_FRAMES 64	/* at most */
#define IMAGE_USTACK_HEAD 1	/* words before the frames */
#define IMAGE_USTACK_FRAMES 127	/* at most; 63 where keys are short */
#define IMAGE_USTACK_SHORT 63

/* The last of the 7 bytes says what text the stack has; in the map it is
 * STACK_AS_ADDRESSES. */
enum stack_as {
	STACK_AS_ADDRESSES = 0x80,
	STACK_AS_LINES,		/* the name of each address, in a line */
	STACK_AS_CALLER,	/* name and address of the second */
	/* Of a process; the first is what the map has. */
	STACK_AS_USER = 0x90,	/* addresses */
	STACK_AS_USER_LINES,
	/* One address: what the map has; + 1 + enum usym_what of a process;
	 * + enum code_what of the kernel. */
	STACK_AS_PLACE = 0xa0,
	STACK_AS_CODE = 0xb0,
};

/* What the map has of it. */
static inline enum stack_as stack_as_kept(enum stack_as as)
{
	return as < STACK_AS_USER ? STACK_AS_ADDRESSES :
	       as < STACK_AS_PLACE ? STACK_AS_USER : STACK_AS_PLACE;
}

/* The first word of a process's stack. */
#define USTACK_TGID_SHIFT 32
#define USTACK_EXEC_SHIFT 16	/* 16 bits: which program it runs */

/* How long the handlers of a probe have taken, in ns. */
struct image_times {
	uint64_t sum;
	uint64_t min;		/* complement of it; 0 = none yet */
	uint64_t max;
};

/* What a script wants to know of an address of a process: the first operand
 * of __usym(). */
enum usym_what {
	USYM_WHAT_NAME,		/* of the function, else the address */
	USYM_WHAT_DATA,		/* with offset, size and file */
	USYM_WHAT_FILE,		/* of the source, else the address */
	USYM_WHAT_LINE,
	USYM_WHAT_FILELINE,
	USYM_WHAT_MODULE,	/* the file's name; an error if there is none */
	USYM_WHAT_BUILD_ID,
};

/* What of an address of the kernel, by debug information: the last operand of
 * __sym_line(). */
enum code_what {
	CODE_WHAT_FILE,
	CODE_WHAT_LINE,
	CODE_WHAT_FILELINE,
};

/* The first operand of __print_ustack(). */
enum ustack_style {
	USTACK_STYLE_FULL,
	USTACK_STYLE_BRIEF,
	USTACK_STYLE_LINE,	/* with lines of the source */
};

struct image_record {
	uint32_t func;		/* number of the host function */
	uint32_t probe;		/* what emitted it: see image_origin() */
};

enum control_kind {
	CONTROL_EXIT,		/* state has become STOPPING */
	CONTROL_ERROR,		/* an error that nothing caught */
	CONTROL_SPACE,		/* of process `operand` no tables are there to
				 * unwind with */
	CONTROL_COND,		/* globals of a condition have changed */
};

struct image_control {
	uint32_t kind;		/* enum control_kind */
	uint32_t probe;
	uint32_t error;		/* enum image_error */
	uint32_t place;		/* number of the place, or IMAGE_NONE */
	uint64_t operand;
	uint32_t len, pad;	/* bytes of text that follow */
};

/*
 * A statistic in memory: only the fields of `fields`, in this order, 8 bytes
 * each, then the buckets, u64 each.  All zero = no value yet, so new memory
 * is an empty statistic:
 *   MAX holds the greatest of v ^ (1 << 63), as unsigned;
 *   MIN holds the greatest of ~(v ^ (1 << 63)), as unsigned;
 *   SUMSQ is 128 bits, low word first, of the sum of v * v.
 * The merge of two is a sum, or for MIN and MAX the greater.
 */
enum stat_fields {
	STAT_COUNT = 1,
	STAT_SUM = 2,
	STAT_MIN = 4,
	STAT_MAX = 8,
	STAT_SUMSQ = 16,	/* 16 bytes */
};

enum hist_kind {
	HIST_NONE,
	HIST_LOG,		/* 128 buckets, see image_hist_bucket() */
	HIST_LINEAR,		/* 1 under, the buckets, 1 over */
};

struct image_stat {
	uint8_t fields;		/* enum stat_fields */
	uint8_t hist;		/* enum hist_kind */
	int64_t start, stop, interval;	/* HIST_LINEAR */
};

#define HIST_LOG_BUCKETS 128

uint32_t image_stat_offset(const struct image_stat *s, enum stat_fields f);
uint32_t image_stat_buckets(const struct image_stat *s);	/* number */
uint32_t image_stat_buckets_offset(const struct image_stat *s);
uint32_t image_stat_size(const struct image_stat *s);
/* The bucket of value v. */
uint32_t image_hist_bucket(const struct image_stat *s, int64_t v);
/* The least value of bucket i (the under bucket: start). */
int64_t image_hist_value(const struct image_stat *s, uint32_t i);

/* aux of OP_PRINT_HIST and OP_HIST_STR: args are what OP_HIST_TAKE made of all
 * buckets, one behind the other. */
#define HIST_TAKEN 1u

/* aux of OP_STAT_GET and OP_ITER_STAT. */
enum stat_op {
	STAT_OP_COUNT,
	STAT_OP_SUM,
	STAT_OP_MIN,
	STAT_OP_MAX,
	STAT_OP_AVG,
	STAT_OP_VARIANCE,	/* a (or b) = shift, or none */
	STAT_OP_BUCKET,		/* a (or b) = number of the bucket */
};

/* aux of OP_STAT_ADD: nobody else is at the copy of the CPU meanwhile. */
#define STAT_ALONE 1

/* imm of OP_CTX_WORD, beside the number: programs of this type may not read the
 * word, but copy it. */
#define CTX_WORD_COPIED (INT64_C(1) << 32)

/* aux of OP_LOAD, OP_LOAD_STR, OP_STORE. */
enum load_as {
	LOAD_SIZE = 15,		/* mask: 1, 2, 4, 8 */
	LOAD_SIGNED = 16,
	LOAD_USER = 32,		/* user memory, else kernel */
	LOAD_CTX = 64,		/* the probe's context itself: no fault */
	LOAD_QUIET = 128,	/* a fault gives "" or 0, no error */
	LOAD_ASKS = 256,	/* not what is there: can it be read, 1 or 0? */
};

/* aux of OP_BITS: shift right, keep width bits, sign-extend or not. */
#define BITS_AUX(shift, width, is_signed) \
	((uint32_t)(shift) | (uint32_t)(width) << 8 | \
	 (uint32_t)(is_signed) << 16)

/* ---- the sections ---- */

#define IMAGE_KEYS 9		/* most keys of an array */

enum image_map_kind {
	IMAP_GLOBALS,		/* mmapable array, 1 entry */
	IMAP_RODATA,		/* frozen array, 1 entry: `init` */
	IMAP_STATS,		/* per-CPU array, 1 entry */
	IMAP_SCRATCH,		/* array, max_entries slots of each CPU */
	IMAP_HASH,
	IMAP_PERCPU_HASH,
	IMAP_RING_KEYS,		/* array: the ring of a wrapping array */
	IMAP_DATA,		/* ring buffer, max_entries = bytes */
	IMAP_CONTROL,		/* ring buffer */
	IMAP_ITER,		/* array: space for foreach in the kernel */
	IMAP_PERF,		/* perf events of the counter `name`: of each
				 * CPU, or (1 entry) of the target task */
	IMAP_STACKS,		/* hash: see above */
	IMAP_PROGS,		/* program array: program number `init`, which
				 * calls itself through it, or is called by who
				 * stands in for it */
	IMAP_TASK,		/* kept with each task: a number, then 1 where
				 * there is an element */
	IMAP_UNWIND_PROCS,	/* to unwind with: unwind.h */
	IMAP_UNWIND_MAPPINGS,
	IMAP_UNWIND_ROWS,
	IMAP_UNWIND_RULES,
	IMAP_TOLD,		/* hash: of which tasks the begin of what they
				 * run has been told; max_entries for each task
				 * of the machine.  See codegen/filter.c */
	IMAP_FAMILY,		/* hash: from a process that descends from the
				 * target to when it began: kern/family.h */
	IMAP_STANDINS,		/* per-CPU array: how many hits the stand-ins of
				 * a program had, codegen/standin.h */
};

#define IMAGE_COPIES 3		/* a program and those that stand in for it */

#define IMAGE_TASK_SIZE 16	/* bytes of that */

struct image_map {
	istr name;
	uint32_t kind;		/* enum image_map_kind */
	uint32_t key_size, value_size, max_entries;
	uint32_t init, init_len;	/* IMAP_RODATA: range of `bytes` */
};

/* How many entries the map has in the kernel, or in codegen/vm. */
static inline uint32_t image_map_entries(const struct image_map *m,
					 uint32_t ncpus)
{
	return m->kind == IMAP_SCRATCH ? m->max_entries * ncpus :
					 m->max_entries;
}

/* Elements of an array whose keys differ, but read the same: texts that the
 * host makes of addresses.  How the host makes one of them (run/fold). */
enum image_fold {
	FOLD_NONE,		/* no key is such a text */
	FOLD_ADD,		/* the sum, or the statistic of all */
	FOLD_LAST,		/* the value of the youngest */
	FOLD_N
};

/* Elements of a `%` array that may be in its map beyond max_entries, while they
 * come and what is oldest has not gone yet: a few of each CPU. */
#define IMAGE_WRAP_SPARE 64

struct image_global {
	istr name;		/* as in the script */
	uint8_t type;		/* enum image_type of the value */
	bool is_array, ordered, wrap;
	bool of_task;		/* in an IMAP_TASK: its key is tid(), and only
				 * programs touch it */
	bool show;		/* unread: printed at the end */
	uint8_t fold;		/* enum image_fold */
	uint8_t nkeys;
	uint8_t key_type[IMAGE_KEYS];
	uint16_t key_bound[IMAGE_KEYS];	/* strings: most bytes, without NUL */
	uint32_t key_off[IMAGE_KEYS];
	uint32_t key_size;	/* whole key */
	uint16_t bound;		/* of a string value */
	uint32_t off;		/* scalar: in its map; array: of the value
				 * proper behind the sequence number */
	uint32_t map;		/* number of the map */
	uint32_t max_entries;
	bool has_size;		/* [N] was written */
	uint32_t ring_map;	/* wrap: or IMAGE_NONE */
	uint32_t tail_off;	/* wrap: u64 in the globals map */
	struct image_stat stat;
	int64_t init;		/* scalar long */
	istr init_str;		/* scalar string */
};

/* BPF_TRACE_UPROBE_MULTI, which older headers of the kernel lack. */
#define IMAGE_UPROBE_MULTI 48

/* The typedef in the kernel's BTF that is a tracepoint's. */
#define IMAGE_TRACEPOINT_TYPEDEF "btf_trace_"

struct image_prog {
	istr name;
	uint32_t first, n;	/* range of `insns` */
	uint32_t first_reloc, nrelocs;
	uint32_t first_line, nlines;
	uint32_t prog_type, attach_type;	/* BPF_PROG_TYPE_*, BPF_* */
	bool sleeps;		/* it may wait for memory of the task */
	bool is_standin;	/* for another program, codegen/standin.h */
	uint32_t standin;	/* 1 + the program that stands in for it; or 0.
				 * What they have handled is counted in this */
	uint32_t standins_map, standins_at;	/* IMAP_STANDINS' element */
	istr attach_to, attach_module;	/* TRACING: the kernel function or
					 * tracepoint whose arguments are its
					 * context */
};

enum image_reloc_kind {
	IREL_MAP,		/* ld_imm64: file descriptor of map `what` */
	IREL_MAP_VALUE,		/* ld_imm64: address in the value of map */
	IREL_KFUNC,		/* call: BTF id of the kernel function `what`
				 * (an istr) */
	IREL_SUBPROG,		/* call or ld_imm64 of a function within the
				 * program: resolved by codegen already,
				 * listed for the dump */
	IREL_ACCESS,		/* imm of an ALU instruction, or ld_imm64: the
				 * value of access `what` */
	IREL_ACCESS_WORD,	/* off of a load: 8 times the value */
	IREL_COPY,		/* imm of an ALU instruction: which of those
				 * that stand in the program is, from 1 on */
};

struct image_reloc {
	uint32_t insn;		/* relative to the program's first */
	uint32_t kind;
	uint32_t what;
};

struct image_line {
	uint32_t insn;		/* relative to the program's first */
	uint32_t place;
};

/* A number that another kernel may have otherwise.  OFFSET and SHIFT say what
 * the code loads there; where the kernel at hand has another size or sign,
 * the image cannot be run. */
struct image_access {
	uint32_t kind;		/* enum image_access_kind */
	istr module;		/* whose types; empty = the kernel's own */
	istr type, path;	/* access.def says what they are */
	uint8_t size;		/* bytes loaded, bits of a bitfield; 0 = any */
	bool is_signed;
	int64_t value;
};

/* A file of those that the script was compiled from. */
struct image_text {
	istr name, text;
};

/* A place in a source, resolved for people. */
struct image_place {
	istr file;		/* as shown: "x.stp", "<input>" */
	uint32_t line, col;	/* from 1 */
	istr token;		/* text there, for "near '...'" */
	istr source;		/* the line, as far as it is shown */
};

/* Where and how a probe is attached; fields by kind:
 * TIMER: a = period ns, b = random part ns (both directions)
 * RAW_TP: name = tracepoint, without system
 * PERF: a = perf type, b = config, c = period, or frequency if freq; filter.
 *       name = a counter for @perf(name), which is opened and read, and
 *       whose handler never runs; or empty
 * PROCESS: name = the tracepoint it stands on: sched_process_exec,
 *       sched_process_exit, sys_enter or sys_exit, attached as RAW_TP is and
 *       with the context of that; a = enum image_process_event; c = number
 *       that it shares with an EXISTING, or 0; filter
 * EXISTING: name = "bpf_iter_task": once for each task that was there before
 *       the session, which is not the current one but the context's; a =
 *       PROCESS_BEGIN or PROCESS_THREAD_BEGIN; c as with PROCESS: what one of
 *       them has told the others do not; filter
 * SYSCALL: name = sys_enter or sys_exit, attached as RAW_TP is and with the
 *       context of that; a = number of the call.  Not those of 32-bit tasks,
 *       whose numbers are others
 * FENTRY, FEXIT, KPROBE, KRETPROBE: name = function, module; KPROBE: offset =
 *       bytes into it, b = its address from _stext on when the name alone is
 *       not enough, else 0; no name: a = the address.  KRETPROBE: c = how
 *       many calls may be under way at once, 0 = as the kernel thinks fit.
 *       FENTRY with a filter: a = enum image_process_event
 * UPROBE, URETPROBE: name = path of the file, offset = bytes into it; b =
 *       where in the file the counter is that says that somebody looks (the
 *       semaphore of a mark), 0 = there is none; c = which version of the
 *       file (objfile_identity()): another one has other code there; filter
 * WATCH: name = symbol of the kernel, or empty and a = address; b =
 *       HW_BREAKPOINT_W or HW_BREAKPOINT_RW; c = length in bytes: 1, 2, 4, 8
 * PROCFS: name = path of the file; a = 1: it is written to, 0: it is read;
 *       b = permissions that it does not have; c = most bytes of its text,
 *       0 = MAXSTRINGLEN
 * NETFILTER: a = NFPROTO_*, b = number of the hook, c = priority (signed)
 * BEGIN, END, ERROR: a = order (signed) */
struct image_site {
	istr point;			/* full, as pp() gives it */
	istr name;
	istr module;			/* empty = the kernel itself */
	uint64_t offset;
	uint64_t a, b, c;
	bool freq;
	/* Which tasks: the code tests this before the handler. */
	uint32_t filter;		/* enum image_filter, all of them */
	uint32_t pid;			/* FILTER_PID */
	uint32_t dev;			/* FILTER_FILE: super_block.s_dev */
	uint64_t ino;			/* FILTER_FILE: inode.i_ino */
};

enum image_filter {
	FILTER_PID = 1,		/* current->tgid == pid */
	FILTER_FILE = 2,	/* current->mm->exe_file->f_inode is the file */
	FILTER_TARGET = 4,	/* session.target, or a descendant of it */
	FILTER_USER = 8,	/* !(current->flags & PF_KTHREAD 0x200000):
				 * mm is gone when a task exits */
};

/* What the code tests beside the filter, in the context of `current`. */
enum image_process_event {
	PROCESS_BEGIN,		/* exec: always.  sys_exit: the child of a
				 * fork, tgid == pid (see below).  A task that
				 * is visited: tgid == pid */
	PROCESS_END,		/* exit: signal->live is 0.  sched_prepare_exec:
				 * always */
	PROCESS_THREAD_BEGIN,	/* sys_exit: a new thread, tgid != pid */
	PROCESS_THREAD_END,	/* exit: signal->live is not 0 */
	PROCESS_SYSCALL,	/* sys_enter: always */
	PROCESS_SYSCALL_RETURN,	/* sys_exit: always */
};
/* A new task comes to life in sys_exit of clone, clone3, fork or vfork, with
 * result 0: site.b holds the numbers of these four calls, 16 bits each, the
 * first lowest; 0xffff = this machine has no such call. */

/* A probe has one site, or many that share its program: then the program can
 * tell them apart, by the cookie that each is attached with: its number among
 * them. */
struct image_probe {
	istr point;		/* full, as pp() gives it; of many: the first */
	istr name;		/* as written, as pn() gives it */
	uint32_t kind;		/* enum image_probe_kind */
	uint32_t place;
	uint32_t prog;		/* KERNEL kinds, else IMAGE_NONE */
	uint32_t func;		/* HOST kinds: host function */
	uint32_t cond;		/* host function: armed while it gives
				 * non-zero; or IMAGE_NONE */
	struct image_site site;	/* of many: the first */
	uint32_t first_site, nsites;	/* of many: range of `sites` */
	uint32_t group;		/* probes of one point with many sites: any of
				 * them may be refused, but not all; 0 = none */
	bool is_pattern;	/* the point has wildcards: that is not said */
	bool is_optional;	/* all of them may be refused */
};

/* Host code: the same operations as the IR's.  The value of instruction i is
 * in slot i of the frame; operands are numbers of instructions, or
 * IMAGE_NONE. */
struct image_insn {
	uint8_t op;		/* enum image_op */
	uint8_t type;		/* enum image_type of its value */
	uint16_t nargs;
	uint32_t args;		/* first in `args` */
	uint32_t a, b, c;
	uint32_t aux;
	int64_t imm;
	uint32_t place;
};

struct image_block {
	uint32_t first, n;	/* in the function's instructions */
	uint32_t catch;		/* block where errors go, or IMAGE_NONE */
};

struct image_func {
	istr name;
	uint32_t first, n;	/* range of `code` */
	uint32_t first_block, nblocks;
	uint32_t first_var, nvars;	/* range of `vars`; parameters first */
	uint32_t nparams;
	uint8_t type;		/* enum image_type of the result */
	bool is_library;	/* its errors are shown at the call */
};

struct image_var {
	istr name;
	uint8_t type;
};

struct image_format {
	uint32_t first, n;	/* range of `pieces` */
};

struct image_piece {
	uint8_t conv;		/* enum image_conv */
	char flag;
	uint8_t width_kind, prec_kind;	/* enum image_size */
	uint32_t width, prec;
	istr text;
};

/* One to one lang's enum fmt_conv, but for memory, which is words here; and
 * enum fmt_size. */
enum image_conv {
	CONV_LITERAL, CONV_SIGNED, CONV_UNSIGNED, CONV_OCTAL, CONV_HEX,
	CONV_HEX_UPPER, CONV_POINTER, CONV_CHAR, CONV_STRING, CONV_BINARY,
};

enum image_size { SIZE_NONE, SIZE_NUMBER, SIZE_ARG };

enum image_sort { SORT_NONE, SORT_KEY, SORT_VALUE, SORT_STAT };

struct image_iter {
	uint32_t global;
	uint8_t sort;		/* enum image_sort */
	int8_t dir;
	uint8_t key;		/* SORT_KEY */
	uint8_t stat;		/* SORT_STAT: enum stat_op */
	bool has_limit;
	uint16_t slice;		/* bit k: key k is fixed by an argument */
	bool wants_value;	/* the loop reads values */
};

/* A DFA over bytes: see image/dfa.h for the table in `bytes`. */
struct image_dfa {
	istr pattern;
	uint32_t first, n;	/* range of `bytes` */
};

#define HIST_ALL UINT32_MAX

/* Limits of the session, from -D. */
struct image_limits {
	uint32_t maxaction, maxnesting, maxstringlen, maxmapentries;
	uint32_t maxerrors, maxskipped, maxtrylock;
	uint32_t hist_elision;	/* HIST_ALL: empty rows are all shown */
};

struct image {
	istr arch;
	istr kernel;		/* build-id of the kernel that the values of
				 * accesses are right for; empty = not known */
	bool guru, show_globals;
	bool count_hits;		/* -t: programs count their hits, and
					 * measure how long they take */
	struct image_limits limits;
	image_features features;	/* that the code relies on */
	bool short_steps;	/* as cg_options says */
	uint32_t turns;		/* most turns of a loop between two tail calls,
				 * see codegen/fuel.h; 0 = no tail calls */
	uint32_t globals_map, stats_map, scratch_map, rodata_map;
	uint32_t data_map, control_map;		/* or IMAGE_NONE */
	uint32_t stacks_map, ustacks_map, places_map;	/* or IMAGE_NONE */
	uint32_t unwind_maps;	/* the first of UNWIND_MAPS_N, or IMAGE_NONE */
	uint32_t losses_off, hits_off;
	VEC(struct str) strings;
	VEC(uint8_t) bytes;
	VEC(struct image_map) maps;
	VEC(struct image_global) globals;
	VEC(uint64_t) insns;		/* struct bpf_insn, as u64 */
	VEC(struct image_prog) progs;
	VEC(struct image_reloc) relocs;
	VEC(struct image_access) accesses;
	VEC(struct image_line) lines;
	VEC(struct image_place) places;
	VEC(struct image_probe) probes;
	VEC(struct image_site) sites;
	VEC(struct image_insn) code;
	VEC(uint32_t) args;
	VEC(struct image_block) blocks;
	VEC(struct image_func) funcs;
	VEC(struct image_var) vars;
	VEC(struct image_format) formats;
	VEC(struct image_piece) pieces;
	VEC(struct image_iter) iters;
	VEC(struct image_dfa) dfas;
	/* To compile it again: the command line, and the files that it means;
	 * empty = cannot be. */
	VEC(istr) words;
	VEC(struct image_text) texts;
	uint32_t *intern;	/* hash of `strings`: number + 1, 0 = free */
	uint32_t nintern;	/* a power of two, or 0 */
};

void image_init(struct image *img, struct arena *a);

/* The number of a string; equal strings get one number. */
istr image_intern(struct image *img, struct arena *a, struct str s);
struct str image_str(const struct image *img, istr s);

/* Bytes at hits_off for each probe; where those of a probe are in the globals
 * map. */
uint32_t image_hits_size(const struct image *img);
uint32_t image_hits_off(const struct image *img, uint32_t probe);

/* Who emitted a record: a probe of one site by its number, one of many by
 * probes.n + the number of the site.  IMAGE_NONE, with site NULL, if there is
 * no such one. */
uint32_t image_origin(const struct image *img, uint32_t probe,
		      const struct image_site **site);

#define IMAGE_FUNC_LEN 64

/* The name of the function that a probe point is about, of a system call the
 * kernel's on that machine; empty = of none.  It may be put into buf. */
struct str image_point_func(struct str point, struct str arch,
			    char buf[IMAGE_FUNC_LEN]);

/* The name of the mark, or of what a .plt() calls; empty = it is about none. */
struct str image_point_mark(struct str point);

/* The number of an access; equal ones get one number. */
uint32_t image_access(struct image *img, struct arena *a,
		      const struct image_access *want);

/* Every index in range, every offset inside its map, types of host code
 * consistent: what a loaded file must pass before it is run. */
struct err *image_check(const struct image *img) must_check;

void image_print(const struct image *img, FILE *out);

/* A saved image begins with these bytes. */
#define IMAGE_MAGIC "\177spile3\n"
#define IMAGE_MAGIC_SIZE 8

struct err *image_save(const struct image *img, const char *path) must_check;
struct err *image_load(const char *path, struct arena *a,
		       struct image *ret) must_check;
/* As image_load, from memory. */
struct err *image_parse(struct str bytes, struct arena *a,
			struct image *ret) must_check;

#endif
