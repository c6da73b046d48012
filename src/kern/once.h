/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small programs of our own that are not attached to anything: each is run
 * when the host wants it (BPF_PROG_TEST_RUN), for what bpf(2) has no command
 * for.
 */
#ifndef KERN_ONCE_H
#define KERN_ONCE_H

#include <linux/bpf.h>
#include <stdint.h>

/* A program in the making. */
struct once {
	uint64_t *v;		/* struct bpf_insn, as u64 */
	uint32_t n, cap;
};

/* One instruction: any; dst = src; dst = imm; 8 bytes from and to memory; dst
 * = the map of this descriptor; return imm (which changes r0). */
void once_emit(struct once *c, uint8_t op, uint8_t dst, uint8_t src,
	       int32_t off, int32_t imm);
void once_mov(struct once *c, uint8_t dst, uint8_t src);
void once_imm(struct once *c, uint8_t dst, int32_t imm);
void once_load(struct once *c, uint8_t dst, uint8_t src, int32_t off);
void once_store(struct once *c, uint8_t dst, int32_t off, uint8_t src);
void once_map(struct once *c, uint8_t dst, int fd);
void once_exit(struct once *c, int32_t imm);

/* Loads it, and ends the making; flags: BPF_F_SLEEPABLE and the like.  A
 * descriptor, or -errno. */
int once_create(struct once *c, uint32_t type, uint32_t flags);

/* Runs it on a context, which it may change; its result, or -errno. */
int once_run(int prog_fd, void *ctx, uint32_t size);

#endif
