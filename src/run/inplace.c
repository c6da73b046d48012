/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/inplace.h"

#include <errno.h>
#include <stdbool.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "kern/syscall.h"

/* The headers that this is built with may be older than the kernel. */
#define FUNC_LOOKUP 1
#define FUNC_LOOKUP_PERCPU 195
#define PROG_TYPE_SYSCALL 31
#define PROG_SLEEPABLE (1U << 4)
#define ATOMIC_XCHG (0xe0 | BPF_FETCH)
#define ATOMIC_CMPXCHG (0xf0 | BPF_FETCH)
#define MERGE_TRIES 4

/* Of the program's stack, which the key has to fit. */
#define KEY_MAX 448
#define TAKE_MAX 32768

struct code {
	uint64_t *v;		/* struct bpf_insn, as u64 */
	uint32_t n, cap;
};

static void emit(struct code *c, uint8_t op, uint8_t dst, uint8_t src,
		 int32_t off, int32_t imm)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		c->v = reallocarray(c->v, c->cap, sizeof(*c->v));
		if (!c->v)
			abort();
	}
	c->v[c->n++] = op | (uint64_t)dst << 8 | (uint64_t)src << 12 |
		       (uint64_t)(uint16_t)off << 16 |
		       (uint64_t)(uint32_t)imm << 32;
}

static void emit_mov(struct code *c, uint8_t dst, uint8_t src)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void emit_imm(struct code *c, uint8_t dst, int32_t imm)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void emit_load(struct code *c, uint8_t dst, uint8_t src, int32_t off)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, dst, src, off, 0);
}

static void emit_store(struct code *c, uint8_t dst, int32_t off, uint8_t src)
{
	emit(c, BPF_STX | BPF_MEM | BPF_DW, dst, src, off, 0);
}

static void emit_map(struct code *c, uint8_t dst, int fd)
{
	emit(c, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, fd);
	emit(c, 0, 0, 0, 0, 0);
}

/* Gives r0 = imm. */
static void emit_exit(struct code *c, int32_t imm)
{
	emit_imm(c, BPF_REG_0, imm);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* r0 = the value found; where there is none, the program ends with 1. */
static void emit_call(struct code *c, int32_t func)
{
	emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, func);
	emit(c, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 2, 0);
	emit_exit(c, 1);
}

static int load_as(struct code *c, uint32_t type, uint32_t flags)
{
	static const char license[] = "GPL";
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.prog_flags = flags;
	attr.insns = ptr_u64(c->v);
	attr.insn_cnt = c->n;
	attr.license = ptr_u64(license);
	fd = syscall_bpf(BPF_PROG_LOAD, &attr, SYSCALL_ATTR_SIZE(prog_flags));
	free(c->v);
	return fd;
}

static int load(struct code *c)
{
	return load_as(c, PROG_TYPE_SYSCALL, PROG_SLEEPABLE);
}

/* What is a context elsewhere comes as a packet. */
static int run_packet(int prog_fd, const void *bytes, uint32_t size)
{
	union bpf_attr attr;
	int code;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)prog_fd;
	attr.test.data_in = ptr_u64(bytes);
	attr.test.data_size_in = size;
	attr.test.repeat = 1;
	code = syscall_bpf(BPF_PROG_TEST_RUN, &attr, SYSCALL_ATTR_SIZE(test));
	return code < 0 ? code : (int)attr.test.retval;
}

/* Runs it on a context, which it may change; its result, or -errno. */
static int run(int prog_fd, void *ctx, uint32_t size)
{
	union bpf_attr attr;
	int code;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)prog_fd;
	attr.test.ctx_in = ptr_u64(ctx);
	attr.test.ctx_size_in = size;
	code = syscall_bpf(BPF_PROG_TEST_RUN, &attr, SYSCALL_ATTR_SIZE(test));
	if (code == -EINVAL)
		return run_packet(prog_fd, ctx, size);
	return code < 0 ? code : (int)attr.test.retval;
}

/* r1 = the bytes of the packet (struct xdp_md: data, data_end), if it has
 * this many. */
static void emit_packet(struct code *c, uint32_t size)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_6, BPF_REG_1, 0, 0);
	emit(c, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, 4, 0);
	emit_mov(c, BPF_REG_3, BPF_REG_6);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_3, 0, 0, (int32_t)size);
	emit(c, BPF_JMP | BPF_JLE | BPF_X, BPF_REG_3, BPF_REG_2, 2, 0);
	emit_exit(c, 2);
	emit_mov(c, BPF_REG_1, BPF_REG_6);
}

/* r6 = the context, r0 = the value of the key that it begins with (of none:
 * the key 0). */
static void emit_lookup(struct code *c, int map_fd, uint32_t key_size)
{
	int32_t key = key_size ? (int32_t)key_size : 8;

	emit_mov(c, BPF_REG_6, BPF_REG_1);
	emit_imm(c, BPF_REG_2, 0);
	for (int32_t i = 0; i < key; i += 8) {
		if (key_size)
			emit_load(c, BPF_REG_2, BPF_REG_6, i);
		emit_store(c, BPF_REG_10, i - key, BPF_REG_2);
	}
	emit_map(c, BPF_REG_1, map_fd);
	emit_mov(c, BPF_REG_2, BPF_REG_10);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -key);
	emit_call(c, FUNC_LOOKUP);
}

static void emit_change(struct code *c, int map_fd, uint32_t key_size,
			uint32_t off, bool add)
{
	emit_lookup(c, map_fd, key_size);
	emit_load(c, BPF_REG_1, BPF_REG_6, (int32_t)key_size);
	if (add)
		emit(c, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1,
		     (int32_t)off, BPF_ADD);
	else
		emit_store(c, BPF_REG_0, (int32_t)off, BPF_REG_1);
	emit_exit(c, 0);
}

/* Context: the key, then what to add or set. */
static int create_change(int map_fd, uint32_t key_size, uint32_t off, bool add)
{
	struct code c = {}, packet = {};
	int fd;

	if (!key_size || key_size > KEY_MAX || key_size % 8 || off > TAKE_MAX)
		return -E2BIG;
	emit_change(&c, map_fd, key_size, off, add);
	fd = load(&c);
	if (fd >= 0)
		return fd;
	emit_packet(&packet, key_size + 8);
	emit_change(&packet, map_fd, key_size, off, add);
	return load_as(&packet, BPF_PROG_TYPE_XDP, 0);
}

static int run_change(int prog_fd, const void *key, uint32_t key_size,
		      uint64_t v)
{
	uint8_t ctx[KEY_MAX + 8];

	memcpy(ctx, key, key_size);
	memcpy(ctx + key_size, &v, sizeof(v));
	return run(prog_fd, ctx, key_size + 8);
}

int inplace_add_create(int map_fd, uint32_t key_size, uint32_t off)
{
	return create_change(map_fd, key_size, off, true);
}

int inplace_add(int prog_fd, const void *key, uint32_t key_size, int64_t v)
{
	return run_change(prog_fd, key, key_size, (uint64_t)v);
}

int inplace_set_create(int map_fd, uint32_t key_size, uint32_t off)
{
	return create_change(map_fd, key_size, off, false);
}

int inplace_set(int prog_fd, const void *key, uint32_t key_size, uint64_t v)
{
	return run_change(prog_fd, key, key_size, v);
}

/* ---- merging statistics: r7 = the value, r6 + from = what to merge ---- */

static void emit_atomic(struct code *c, int32_t off, uint8_t src, int32_t op)
{
	emit(c, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_7, src, off, op);
}

/* A jump over the next n instructions. */
static void emit_skip(struct code *c, uint8_t cond, uint8_t dst, uint8_t src,
		      int32_t n)
{
	emit(c, BPF_JMP | cond | BPF_X, dst, src, n, 0);
}

static void emit_sum(struct code *c, int32_t from, int32_t to)
{
	emit_load(c, BPF_REG_1, BPF_REG_6, from);
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 1, 0);
	emit_atomic(c, to, BPF_REG_1, BPF_ADD);
}

/* *to = the greater, tried a few times against others that do the same. */
static void emit_greater(struct code *c, int32_t from, int32_t to)
{
	emit_load(c, BPF_REG_1, BPF_REG_6, from);
	for (int32_t left = MERGE_TRIES - 1; left >= 0; left--) {
		emit_load(c, BPF_REG_0, BPF_REG_7, to);
		emit_skip(c, BPF_JGE, BPF_REG_0, BPF_REG_1, 3 + 5 * left);
		emit_mov(c, BPF_REG_2, BPF_REG_0);
		emit_atomic(c, to, BPF_REG_1, ATOMIC_CMPXCHG);
		emit_skip(c, BPF_JEQ, BPF_REG_0, BPF_REG_2, 5 * left);
	}
}

static void emit_wide_sum(struct code *c, int32_t from, int32_t to)
{
	emit_load(c, BPF_REG_1, BPF_REG_6, from);
	emit_load(c, BPF_REG_3, BPF_REG_6, from + 8);
	emit_mov(c, BPF_REG_2, BPF_REG_1);
	emit_atomic(c, to, BPF_REG_1, BPF_ADD | BPF_FETCH);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_1, BPF_REG_2, 0, 0);
	emit_skip(c, BPF_JGE, BPF_REG_1, BPF_REG_2, 1);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_3, 0, 0, 1);
	emit_atomic(c, to + 8, BPF_REG_3, BPF_ADD);
}

static void emit_merge(struct code *c, const struct image_stat *s,
		       int32_t from, int32_t to)
{
	int32_t size = (int32_t)image_stat_size(s), at = 0;

	for (uint32_t bit = STAT_COUNT; bit < STAT_SUMSQ; bit <<= 1) {
		if (!(s->fields & bit))
			continue;
		if (bit == STAT_MIN || bit == STAT_MAX)
			emit_greater(c, from + at, to + at);
		else
			emit_sum(c, from + at, to + at);
		at += 8;
	}
	if (s->fields & STAT_SUMSQ) {
		emit_wide_sum(c, from + at, to + at);
		at += 16;
	}
	for (; at < size; at += 8)
		emit_sum(c, from + at, to + at);
}

/* Context: the key, then the statistic. */
int inplace_merge_create(int map_fd, uint32_t key_size, uint32_t off,
			 const struct image_stat *s)
{
	uint32_t size = image_stat_size(s);
	struct code c = {};

	if (key_size > KEY_MAX || key_size % 8 || size > TAKE_MAX ||
	    off > TAKE_MAX - size)
		return -E2BIG;
	emit_lookup(&c, map_fd, key_size);
	emit_mov(&c, BPF_REG_7, BPF_REG_0);
	emit_merge(&c, s, (int32_t)key_size, (int32_t)off);
	emit_exit(&c, 0);
	return load(&c);
}

int inplace_merge(int prog_fd, const void *key, uint32_t key_size,
		  const void *stat, uint32_t size)
{
	uint8_t *ctx = malloc((size_t)key_size + size + 1);
	int code;

	if (!ctx)
		abort();
	if (key_size)
		memcpy(ctx, key, key_size);
	memcpy(ctx + key_size, stat, size);
	code = run(prog_fd, ctx, key_size + size);
	free(ctx);
	return code;
}

/* Context: the CPU, in 8 bytes, then room for what is taken. */
int inplace_take_create(int map_fd, uint32_t off, uint32_t size)
{
	struct code c = {};

	if (size > TAKE_MAX || off > TAKE_MAX - size || size % 8)
		return -E2BIG;
	emit_mov(&c, BPF_REG_6, BPF_REG_1);
	emit(&c, BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -8, 0);
	emit_map(&c, BPF_REG_1, map_fd);
	emit_mov(&c, BPF_REG_2, BPF_REG_10);
	emit(&c, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -8);
	emit_load(&c, BPF_REG_3, BPF_REG_6, 0);
	emit_call(&c, FUNC_LOOKUP_PERCPU);
	for (int32_t i = 0; i < (int32_t)size; i += 8) {
		emit_imm(&c, BPF_REG_1, 0);
		emit(&c, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1,
		     (int32_t)off + i, ATOMIC_XCHG);
		emit_store(&c, BPF_REG_6, 8 + i, BPF_REG_1);
	}
	emit_exit(&c, 0);
	return load(&c);
}

int inplace_take(int prog_fd, uint32_t cpu, void *ret, uint32_t size)
{
	uint8_t *ctx = calloc(1, 8 + (size_t)size);
	int code;

	if (!ctx)
		abort();
	memcpy(ctx, &cpu, sizeof(cpu));
	code = run(prog_fd, ctx, 8 + size);
	if (!code)
		memcpy(ret, ctx + 8, size);
	free(ctx);
	return code;
}
