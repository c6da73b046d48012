/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/inplace.h"

#include <errno.h>
#include <stdbool.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "kern/once.h"

/* The headers that this is built with may be older than the kernel. */
#define FUNC_LOOKUP 1
#define FUNC_LOOKUP_PERCPU 195
#define PROG_TYPE_SYSCALL 31
#define PROG_SLEEPABLE (1U << 4)
#define ATOMIC_XCHG (0xe0 | BPF_FETCH)
#define ATOMIC_CMPXCHG (0xf0 | BPF_FETCH)
#define MERGE_TRIES 4

/* Bytes of a key, which has to fit the program's stack. */
#define KEY_MAX 448
#define TAKE_MAX 32768

/* r0 = the value found; where there is none, the program ends with 1. */
static void emit_call(struct once *c, int32_t func)
{
	once_emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, func);
	once_emit(c, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 2, 0);
	once_exit(c, 1);
}

static int load(struct once *c)
{
	return once_create(c, PROG_TYPE_SYSCALL, PROG_SLEEPABLE);
}

/* r1 = the bytes of the packet (struct xdp_md: data, data_end), if it has
 * this many. */
static void emit_packet(struct once *c, uint32_t size)
{
	once_emit(c, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_6, BPF_REG_1, 0, 0);
	once_emit(c, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, 4, 0);
	once_mov(c, BPF_REG_3, BPF_REG_6);
	once_emit(c, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_3, 0, 0,
		  (int32_t)size);
	once_emit(c, BPF_JMP | BPF_JLE | BPF_X, BPF_REG_3, BPF_REG_2, 2, 0);
	once_exit(c, 2);
	once_mov(c, BPF_REG_1, BPF_REG_6);
}

/* r6 = the context, r0 = the value of the key that it begins with (of none:
 * the key 0). */
static void emit_lookup(struct once *c, int map_fd, uint32_t key_size)
{
	int32_t key = key_size ? (int32_t)key_size : 8;

	once_mov(c, BPF_REG_6, BPF_REG_1);
	once_imm(c, BPF_REG_2, 0);
	for (int32_t i = 0; i < key; i += 8) {
		if (key_size)
			once_load(c, BPF_REG_2, BPF_REG_6, i);
		once_store(c, BPF_REG_10, i - key, BPF_REG_2);
	}
	once_map(c, BPF_REG_1, map_fd);
	once_mov(c, BPF_REG_2, BPF_REG_10);
	once_emit(c, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -key);
	emit_call(c, FUNC_LOOKUP);
}

static void emit_change(struct once *c, int map_fd, uint32_t key_size,
			uint32_t off, bool add)
{
	emit_lookup(c, map_fd, key_size);
	once_load(c, BPF_REG_1, BPF_REG_6, (int32_t)key_size);
	if (add)
		once_emit(c, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0,
		     BPF_REG_1, (int32_t)off, BPF_ADD);
	else
		once_store(c, BPF_REG_0, (int32_t)off, BPF_REG_1);
	once_exit(c, 0);
}

/* Context: the key, then what to add or set. */
static int create_change(int map_fd, uint32_t key_size, uint32_t off, bool add)
{
	struct once c = {}, packet = {};
	int fd;

	if (!key_size || key_size > KEY_MAX || key_size % 8 || off > TAKE_MAX)
		return -E2BIG;
	emit_change(&c, map_fd, key_size, off, add);
	fd = load(&c);
	if (fd >= 0)
		return fd;
	emit_packet(&packet, key_size + 8);
	emit_change(&packet, map_fd, key_size, off, add);
	return once_create(&packet, BPF_PROG_TYPE_XDP, 0);
}

static int run_change(int prog_fd, const void *key, uint32_t key_size,
		      uint64_t v)
{
	uint8_t ctx[KEY_MAX + 8];

	memcpy(ctx, key, key_size);
	memcpy(ctx + key_size, &v, sizeof(v));
	return once_run(prog_fd, ctx, key_size + 8);
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

static void emit_atomic(struct once *c, int32_t off, uint8_t src, int32_t op)
{
	once_emit(c, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_7, src, off, op);
}

/* A jump over the next n instructions. */
static void emit_skip(struct once *c, uint8_t cond, uint8_t dst, uint8_t src,
		      int32_t n)
{
	once_emit(c, BPF_JMP | cond | BPF_X, dst, src, n, 0);
}

static void emit_sum(struct once *c, int32_t from, int32_t to)
{
	once_load(c, BPF_REG_1, BPF_REG_6, from);
	once_emit(c, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 1, 0);
	emit_atomic(c, to, BPF_REG_1, BPF_ADD);
}

/* *to = the greater, tried a few times against others that do the same. */
static void emit_greater(struct once *c, int32_t from, int32_t to)
{
	once_load(c, BPF_REG_1, BPF_REG_6, from);
	for (int32_t left = MERGE_TRIES - 1; left >= 0; left--) {
		once_load(c, BPF_REG_0, BPF_REG_7, to);
		emit_skip(c, BPF_JGE, BPF_REG_0, BPF_REG_1, 3 + 5 * left);
		once_mov(c, BPF_REG_2, BPF_REG_0);
		emit_atomic(c, to, BPF_REG_1, ATOMIC_CMPXCHG);
		emit_skip(c, BPF_JEQ, BPF_REG_0, BPF_REG_2, 5 * left);
	}
}

static void emit_wide_sum(struct once *c, int32_t from, int32_t to)
{
	once_load(c, BPF_REG_1, BPF_REG_6, from);
	once_load(c, BPF_REG_3, BPF_REG_6, from + 8);
	once_mov(c, BPF_REG_2, BPF_REG_1);
	emit_atomic(c, to, BPF_REG_1, BPF_ADD | BPF_FETCH);
	once_emit(c, BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_1, BPF_REG_2, 0, 0);
	emit_skip(c, BPF_JGE, BPF_REG_1, BPF_REG_2, 1);
	once_emit(c, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_3, 0, 0, 1);
	emit_atomic(c, to + 8, BPF_REG_3, BPF_ADD);
}

static void emit_merge(struct once *c, const struct image_stat *s,
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
	struct once c = {};

	if (key_size > KEY_MAX || key_size % 8 || size > TAKE_MAX ||
	    off > TAKE_MAX - size)
		return -E2BIG;
	emit_lookup(&c, map_fd, key_size);
	once_mov(&c, BPF_REG_7, BPF_REG_0);
	emit_merge(&c, s, (int32_t)key_size, (int32_t)off);
	once_exit(&c, 0);
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
	code = once_run(prog_fd, ctx, key_size + size);
	free(ctx);
	return code;
}

/* Context: the CPU, in 8 bytes, then room for what is taken. */
int inplace_take_create(int map_fd, uint32_t off, uint32_t size)
{
	struct once c = {};

	if (size > TAKE_MAX || off > TAKE_MAX - size || size % 8)
		return -E2BIG;
	once_mov(&c, BPF_REG_6, BPF_REG_1);
	once_emit(&c, BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -8, 0);
	once_map(&c, BPF_REG_1, map_fd);
	once_mov(&c, BPF_REG_2, BPF_REG_10);
	once_emit(&c, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -8);
	once_load(&c, BPF_REG_3, BPF_REG_6, 0);
	emit_call(&c, FUNC_LOOKUP_PERCPU);
	for (int32_t i = 0; i < (int32_t)size; i += 8) {
		once_imm(&c, BPF_REG_1, 0);
		once_emit(&c, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0,
		     BPF_REG_1, (int32_t)off + i, ATOMIC_XCHG);
		once_store(&c, BPF_REG_6, 8 + i, BPF_REG_1);
	}
	once_exit(&c, 0);
	return load(&c);
}

int inplace_take(int prog_fd, uint32_t cpu, void *ret, uint32_t size)
{
	uint8_t *ctx = calloc(1, 8 + (size_t)size);
	int code;

	if (!ctx)
		abort();
	memcpy(ctx, &cpu, sizeof(cpu));
	code = once_run(prog_fd, ctx, 8 + size);
	if (!code)
		memcpy(ret, ctx + 8, size);
	free(ctx);
	return code;
}
