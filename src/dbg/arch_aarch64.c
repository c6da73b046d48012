/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/arch.h"

#include <elf.h>

#include "base/vec.h"

/* Row(number): x0 to x30 stand first in struct user_pt_regs. */
/* clang-format off */
#define AARCH64_GENERAL(R)                              \
	R(0) R(1) R(2) R(3) R(4) R(5) R(6) R(7)         \
	R(8) R(9) R(10) R(11) R(12) R(13) R(14) R(15)   \
	R(16) R(17) R(18) R(19) R(20) R(21) R(22) R(23) \
	R(24) R(25) R(26) R(27) R(28) R(29) R(30)
/* clang-format on */

/* Indices; 0 to 30 are the general registers. */
enum {
	AARCH64_X29 = 29,
	AARCH64_X30,
	AARCH64_SP,
	AARCH64_PC,
	AARCH64_PSTATE,
	AARCH64_ORIG_X0,
	AARCH64_SYSCALLNO,
};

/*
 * orig_x0 and syscallno are behind user_pt_regs, in the kernel's pt_regs
 * only (since "arm64: syscallno is secretly an int, make it official", v4.14,
 * an int).  x0 holds the result when a call ends, so the
 * first argument of a system call is orig_x0.
 */
static const struct arch_reg aarch64_regs[] = {
#define R(i) { STR_INIT("x" #i), i, (i) * 8, 8, false },
	AARCH64_GENERAL(R)
#undef R
	{ STR_INIT("sp"), 31, 248, 8, false },
	{ STR_INIT("pc"), 32, 256, 8, false },
	{ STR_INIT("pstate"), ARCH_NO_DWARF, 264, 8, false },
	{ STR_INIT("orig_x0"), ARCH_NO_DWARF, 272, 8, false },
	{ STR_INIT("syscallno"), ARCH_NO_DWARF, 280, 4, false },
	{ STR_INIT("fp"), 29, 29 * 8, 8, true },
	{ STR_INIT("lr"), 30, 30 * 8, 8, true },
#define R(i) { STR_INIT("w" #i), i, (i) * 8, 4, true },
	AARCH64_GENERAL(R)
#undef R
};

static const struct arch_syscall aarch64_syscalls[] = {
#define SYSCALL(nr, name) { nr, STR_INIT(#name) },
#include "dbg/syscall_aarch64.def"
#undef SYSCALL
};

const struct arch arch_aarch64 = {
	.name = STR_INIT("arm64"),
	.machine = STR_INIT("aarch64"),
	.elf_machine = EM_AARCH64,
	.page_size = 4096,
	.ptr_size = 8,
	.pt_regs_size = 288,
	.ctx_regs_size = 272,
	.regs = aarch64_regs,
	.nregs = ARRAY_SIZE(aarch64_regs),
	.args = { 0, 1, 2, 3, 4, 5, 6, 7 },
	.nargs = 8,
	.sys_args = { AARCH64_ORIG_X0, 1, 2, 3, 4, 5 },
	.sys_nr = AARCH64_SYSCALLNO,
	.ret = 0,
	.ip = AARCH64_PC,
	.sp = AARCH64_SP,
	.fp = AARCH64_X29,
	.ret_on_stack = false,
	.link = AARCH64_X30,
	.syscalls = aarch64_syscalls,
	.nsyscalls = ARRAY_SIZE(aarch64_syscalls),
};
