/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/once.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "kern/syscall.h"

void once_emit(struct once *c, uint8_t op, uint8_t dst, uint8_t src,
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

void once_mov(struct once *c, uint8_t dst, uint8_t src)
{
	once_emit(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

void once_imm(struct once *c, uint8_t dst, int32_t imm)
{
	once_emit(c, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

void once_load(struct once *c, uint8_t dst, uint8_t src, int32_t off)
{
	once_emit(c, BPF_LDX | BPF_MEM | BPF_DW, dst, src, off, 0);
}

void once_store(struct once *c, uint8_t dst, int32_t off, uint8_t src)
{
	once_emit(c, BPF_STX | BPF_MEM | BPF_DW, dst, src, off, 0);
}

void once_map(struct once *c, uint8_t dst, int fd)
{
	once_emit(c, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, fd);
	once_emit(c, 0, 0, 0, 0, 0);
}

void once_exit(struct once *c, int32_t imm)
{
	once_imm(c, BPF_REG_0, imm);
	once_emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

int once_create(struct once *c, uint32_t type, uint32_t flags)
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

int once_run(int prog_fd, void *ctx, uint32_t size)
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
