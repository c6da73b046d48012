/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the machine in user space: what its instructions (vm.c) and its
 * helpers (vm_helper.c) share.
 */
#ifndef CODEGEN_VM_RUN_H
#define CODEGEN_VM_RUN_H

#include "base/vec.h"
#include "codegen/vm.h"
#include "codegen/vm_map.h"

#define VM_STACK 512
#define VM_DEPTH 8
#define VM_TAILS 33
/* What bpf_rdonly_cast() gives: a read near it is one of what was cast last. */
#define VM_PEEK (UINT64_C(0x7eec) << 48)
#define VM_FUNC (UINT64_C(0xf) << 60)	/* | number of an instruction */

struct vm_record {
	uint32_t map, len;
	uint8_t *bytes;
};

struct vm {
	struct vm_options o;
	const struct image *img;
	struct vm_map *maps;
	uint64_t steps, turns, clock, random;
	uint32_t tails;		/* calls of the program by itself */
	uint8_t stacks[VM_DEPTH][VM_STACK];
	uint32_t depth;
	const uint8_t *ctx;
	uint32_t ctx_len;
	struct vm_record records[16];	/* reserved, not yet submitted */
	uint32_t nrecords;
	const struct image_prog *prog;
	const struct image_reloc **relocs;	/* of each instruction */
	uint64_t peek;		/* what was cast last by bpf_rdonly_cast */
	uint32_t pc;
	char error[160];
};

/* Notes what is wrong; false. */
bool vm_fail(struct vm *vm, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* May these bytes be read or written? */
bool vm_can_access(struct vm *vm, uint64_t addr, uint64_t size, bool write);

/* Runs the function that begins at an instruction; false = failed. */
bool vm_call(struct vm *vm, uint32_t pc, const uint64_t args[5],
	     uint64_t *ret);

/* The map whose handle a register holds; NULL = failed. */
struct vm_map *vm_map_of(struct vm *vm, uint64_t handle);

/* Helper `number`, or the kernel function of the relocation. */
bool vm_helper(struct vm *vm, int32_t number, const struct image_reloc *r,
	       const uint64_t args[5], uint64_t *ret);

static inline void *vm_ptr(uint64_t addr)
{
	return (void *)(uintptr_t)addr;
}

#endif
