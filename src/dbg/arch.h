/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What depends on the processor: registers and where struct pt_regs keeps
 * them, calling conventions, the numbers of system calls.  One constant table
 * for each architecture (arch_<name>.c); every table is in every binary, so
 * that an image for one machine can be made on another.
 */
#ifndef DBG_ARCH_H
#define DBG_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define ARCH_NO_DWARF UINT16_MAX
#define ARCH_ARGS_MAX 8

/*
 * A register or a part of one.  The offset is into the kernel's struct
 * pt_regs, of which the context of kprobe and uprobe programs is a prefix
 * (arm64) or the whole (x86_64).
 */
struct arch_reg {
	struct str name;
	uint16_t dwarf;		/* DWARF number, or ARCH_NO_DWARF */
	uint16_t offset;	/* bytes into struct pt_regs */
	uint8_t size;		/* bytes; little-endian parts start at offset */
	bool alias;		/* another name, or a part, of an earlier row */
};

struct arch_syscall {
	uint16_t nr;
	struct str name;	/* as in the kernel's table: "newfstatat" */
};

struct arch {
	struct str name;	/* the language's: "x86_64", "arm64" */
	struct str machine;	/* uname -m: "x86_64", "aarch64" */
	uint16_t elf_machine;	/* EM_* */
	uint32_t page_size;	/* bytes; the usual one */
	uint8_t ptr_size;	/* bytes */
	bool big_endian;
	uint16_t pt_regs_size;	/* bytes of struct pt_regs that regs covers */
	uint16_t ctx_regs_size;	/* bytes a BPF program sees of them */

	const struct arch_reg *regs;
	uint16_t nregs;
	/* Indices into regs. */
	uint8_t args[ARCH_ARGS_MAX];	/* integer arguments of a function */
	uint8_t nargs;
	uint8_t sys_args[6];		/* arguments of a system call */
	uint8_t sys_nr;			/* its number */
	uint8_t ret;			/* return value, of both */
	uint8_t ip, sp, fp;
	/* By how much the ip is behind what the kernel's probes stand on. */
	uint8_t trap;
	/* Does a call push its return address (else it is in link)? */
	bool ret_on_stack;
	uint8_t link;			/* valid only if !ret_on_stack */

	const struct arch_syscall *syscalls;	/* by ascending nr */
	uint16_t nsyscalls;
	/* Those of 32-bit programs, the registers of their arguments, of which
	 * the low halves count; none: nsyscalls32 is 0. */
	const struct arch_syscall *syscalls32;
	uint16_t nsyscalls32;
	uint8_t sys_args32[6];
};

extern const struct arch arch_x86_64;
extern const struct arch arch_aarch64;

/* The C parameters of a system call, "TYPE NAME, TYPE *NAME, ...", by its name
 * in the kernel's table; empty where that has none or is not known. */
struct str arch_syscall_args(struct str name);

/* A processor by the language's name for it, or by uname's; NULL = we do not
 * know it. */
const struct arch *arch_find(struct str name);

/* The one this binary runs on, or NULL. */
const struct arch *arch_host(void);

/* NULL = no such register. */
const struct arch_reg *arch_reg_find(const struct arch *a, struct str name);
const struct arch_reg *arch_reg_dwarf(const struct arch *a, uint16_t dwarf);

/* -1 = no such call. */
int arch_syscall_nr(const struct arch *a, struct str name);

/* Empty = no such call. */
struct str arch_syscall_name(const struct arch *a, uint32_t nr);

#endif
