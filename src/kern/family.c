/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/family.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/btf.h"
#include "dbg/member.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

enum helper {
	HELPER_LOOKUP = 1,
	HELPER_UPDATE = 2,
	HELPER_DELETE = 3,
	HELPER_READ = 113,	/* bpf_probe_read_kernel */
};

#define CODE_MAX 400

/* On the stack of a program. */
enum { READ_AT = -8, KEY_AT = -16, VALUE_AT = -24 };

enum task_member { TGID, PID, PARENT, LEADER, START, TASK_MEMBERS };

static const char *const names[TASK_MEMBERS] = { "tgid", "pid", "real_parent",
						 "group_leader", "start_time" };

/* Where jumps go to: further down. */
enum place { OUT, OURS, KNOWN, PLACES };

struct code {
	const struct member *task;	/* its members */
	int map;
	struct bpf_insn insns[CODE_MAX];
	uint32_t n;
	uint8_t to[CODE_MAX];		/* of a jump: its place + 1 */
};

static void add(struct code *c, uint8_t op, uint8_t dst, uint8_t src,
		int16_t off, int32_t imm)
{
	struct bpf_insn *at = &c->insns[c->n++];
	uint8_t registers = (uint8_t)(src << 4 | dst);

	*at = (struct bpf_insn){ .code = op, .off = off, .imm = imm };
	memcpy((uint8_t *)at + 1, &registers, 1);
}

static void add_call(struct code *c, enum helper h)
{
	add(c, BPF_JMP | BPF_CALL, 0, 0, 0, (int32_t)h);
}

static void add_mov(struct code *c, uint8_t dst, uint8_t src)
{
	add(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void add_imm(struct code *c, uint8_t op, uint8_t dst, int32_t imm)
{
	add(c, BPF_ALU64 | op | BPF_K, dst, 0, 0, imm);
}

static void add_load(struct code *c, uint8_t dst, uint8_t base, int16_t off)
{
	add(c, BPF_LDX | BPF_MEM | BPF_DW, dst, base, off, 0);
}

static void add_store(struct code *c, int16_t off, uint8_t src)
{
	add(c, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, src, off, 0);
}

/* op: with BPF_K or BPF_X. */
static void add_jump(struct code *c, uint8_t op, uint8_t dst, uint8_t src,
		     int32_t imm, enum place to)
{
	c->to[c->n] = (uint8_t)(to + 1);
	add(c, BPF_JMP | op, dst, src, 0, imm);
}

static void put_place(struct code *c, enum place at)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->to[i] == at + 1)
			c->insns[i].off = (int16_t)(c->n - i - 1);
}

/* dst = task->member. */
static void add_read(struct code *c, uint8_t dst, uint8_t task,
		     enum task_member m)
{
	add_mov(c, BPF_REG_3, task);
	add_imm(c, BPF_ADD, BPF_REG_3, (int32_t)(c->task[m].bit_offset / 8));
	add(c, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, READ_AT, 0);
	add_mov(c, BPF_REG_1, BPF_REG_10);
	add_imm(c, BPF_ADD, BPF_REG_1, READ_AT);
	add_imm(c, BPF_MOV, BPF_REG_2, (int32_t)c->task[m].size);
	add_call(c, HELPER_READ);
	add_load(c, dst, BPF_REG_10, READ_AT);
}

/* A call about the element of the key that is on the stack. */
static void add_map_call(struct code *c, enum helper h)
{
	add(c, BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0,
	    c->map);
	add(c, 0, 0, 0, 0, 0);
	add_mov(c, BPF_REG_2, BPF_REG_10);
	add_imm(c, BPF_ADD, BPF_REG_2, KEY_AT);
	if (h == HELPER_UPDATE) {
		add_mov(c, BPF_REG_3, BPF_REG_10);
		add_imm(c, BPF_ADD, BPF_REG_3, VALUE_AT);
		add_imm(c, BPF_MOV, BPF_REG_4, BPF_ANY);
	}
	add_call(c, h);
}

/* Out, unless the process of r6 is in the map: of the number in KEY_AT, and
 * begun when that one was. */
static void need_known(struct code *c)
{
	add_map_call(c, HELPER_LOOKUP);
	add_jump(c, BPF_JEQ | BPF_K, BPF_REG_0, 0, 0, OUT);
	add_load(c, BPF_REG_9, BPF_REG_0, 0);
	add_read(c, BPF_REG_1, BPF_REG_6, LEADER);
	add_read(c, BPF_REG_1, BPF_REG_1, START);
	add_jump(c, BPF_JNE | BPF_X, BPF_REG_1, BPF_REG_9, 0, OUT);
}

/* Out, if it is a thread other than the first; r8: the process. */
static void need_process(struct code *c, uint8_t task)
{
	add_read(c, BPF_REG_8, task, TGID);
	add_read(c, BPF_REG_1, task, PID);
	add_jump(c, BPF_JNE | BPF_X, BPF_REG_1, BPF_REG_8, 0, OUT);
}

static void put_end(struct code *c)
{
	put_place(c, OUT);
	add_imm(c, BPF_MOV, BPF_REG_0, 0);
	add(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* The context is the parent and the child.  r6: the parent, r7: the child. */
static void make_fork(struct code *c, pid_t target)
{
	add_load(c, BPF_REG_6, BPF_REG_1, 0);
	add_load(c, BPF_REG_7, BPF_REG_1, 8);
	need_process(c, BPF_REG_7);
	add_mov(c, BPF_REG_9, BPF_REG_6);
	for (int i = 0; i < FAMILY_PARENTS_MAX; i++) {
		add_read(c, BPF_REG_1, BPF_REG_9, TGID);
		add_jump(c, BPF_JEQ | BPF_K, BPF_REG_1, 0, target, OURS);
		add_jump(c, BPF_JLE | BPF_K, BPF_REG_1, 0, 1, KNOWN);
		add_read(c, BPF_REG_9, BPF_REG_9, PARENT);
	}
	put_place(c, KNOWN);
	add_read(c, BPF_REG_1, BPF_REG_6, TGID);
	add_store(c, KEY_AT, BPF_REG_1);
	need_known(c);
	put_place(c, OURS);
	add_store(c, KEY_AT, BPF_REG_8);
	add_read(c, BPF_REG_1, BPF_REG_7, START);
	add_store(c, VALUE_AT, BPF_REG_1);
	add_map_call(c, HELPER_UPDATE);
	put_end(c);
}

/* The context is the task, which nobody will see again: r6. */
static void make_free(struct code *c)
{
	add_load(c, BPF_REG_6, BPF_REG_1, 0);
	need_process(c, BPF_REG_6);
	add_store(c, KEY_AT, BPF_REG_8);
	need_known(c);
	add_map_call(c, HELPER_DELETE);
	put_end(c);
}

static int load(const struct code *c)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	attr.insns = ptr_u64(c->insns);
	attr.insn_cnt = c->n;
	attr.license = ptr_u64("GPL");
	return syscall_bpf(BPF_PROG_LOAD, &attr, SYSCALL_ATTR_SIZE(prog_flags));
}

/* Twice: where a task may lose its turn in a program, the kernel skips it for
 * the tasks that run meanwhile.  To do the same once more does no harm. */
static int hang(const struct code *c, const char *tracepoint, int hooks[2])
{
	for (int i = 0; i < 2; i++) {
		_cleanup_close_ int prog = load(c);

		if (prog < 0)
			return prog;
		hooks[i] = syscall_raw_tracepoint_open(tracepoint, prog);
		if (hooks[i] < 0)
			return hooks[i];
	}
	return 0;
}

static int hang_fork(const struct member *task, int map, pid_t target,
		     int hooks[2])
{
	struct code c = { .task = task, .map = map };

	make_fork(&c, target);
	return hang(&c, "sched_process_fork", hooks);
}

static int hang_free(const struct member *task, int map, int hooks[2])
{
	struct code c = { .task = task, .map = map };

	make_free(&c);
	return hang(&c, "sched_process_free", hooks);
}

static struct err *find_members(const struct world *w, struct member *ret)
{
	struct ctypes *btf;
	struct err *e = dbg_btf_open(w, &btf);

	if (e)
		return e;
	for (uint32_t i = 0; i < TASK_MEMBERS && !e; i++)
		if (!member_find(btf, STR("task_struct"), str_from(names[i]),
				 &ret[i]) || ret[i].size > 8)
			e = err_new(ERR_UNSUPPORTED, "this kernel's tasks have "
				    "no '%s'", names[i]);
	ctypes_close(btf);
	return e;
}

struct err *family_open(const struct world *w, int map, pid_t target,
			struct family *ret)
{
	struct member task[TASK_MEMBERS];
	struct err *e = find_members(w, task);
	int code;

	if (e)
		return err_context(e, "following what the command starts");
	code = hang_fork(task, map, target, ret->hooks);
	if (code >= 0)
		code = hang_free(task, map, ret->hooks + 2);
	if (code >= 0)
		return NULL;
	return privilege_hint(err_os(-code, "following what the command "
				     "starts"));
}

void family_close(struct family *f)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(f->hooks); i++)
		if (f->hooks[i] >= 0)
			close(f->hooks[i]);
	*f = (struct family)FAMILY_NONE;
}
