/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/arch.h"

#include <elf.h>

#include "base/vec.h"

/* Row(name, DWARF number, offset in struct pt_regs): the order of pt_regs. */
/* clang-format off */
#define X86_64_REGS(R)                    \
	R(r15,      15, 0)                \
	R(r14,      14, 8)                \
	R(r13,      13, 16)               \
	R(r12,      12, 24)               \
	R(rbp,      6,  32)               \
	R(rbx,      3,  40)               \
	R(r11,      11, 48)               \
	R(r10,      10, 56)               \
	R(r9,       9,  64)               \
	R(r8,       8,  72)               \
	R(rax,      0,  80)               \
	R(rcx,      2,  88)               \
	R(rdx,      1,  96)               \
	R(rsi,      4,  104)              \
	R(rdi,      5,  112)              \
	R(orig_rax, ARCH_NO_DWARF, 120)   \
	R(rip,      16, 128)              \
	R(cs,       51, 136)              \
	R(rflags,   49, 144)              \
	R(rsp,      7,  152)              \
	R(ss,       52, 160)

/* Row(name, of, bytes): the kernel's own names, and the low parts. */
#define X86_64_ALIASES(A)                                      \
	A(ax, rax, 8) A(bx, rbx, 8) A(cx, rcx, 8)              \
	A(dx, rdx, 8) A(si, rsi, 8) A(di, rdi, 8)              \
	A(bp, rbp, 8) A(sp, rsp, 8) A(ip, rip, 8)              \
	A(orig_ax, orig_rax, 8) A(flags, rflags, 8)            \
	A(eflags, rflags, 4) A(xflags, rflags, 8)              \
	A(xcs, cs, 8) A(xss, ss, 8)                            \
	A(eax, rax, 4) A(ebx, rbx, 4) A(ecx, rcx, 4)           \
	A(edx, rdx, 4) A(esi, rsi, 4) A(edi, rdi, 4)           \
	A(ebp, rbp, 4) A(esp, rsp, 4) A(eip, rip, 4)           \
	A(orig_eax, orig_rax, 4)                               \
	A(r8d, r8, 4) A(r9d, r9, 4) A(r10d, r10, 4)            \
	A(r11d, r11, 4) A(r12d, r12, 4) A(r13d, r13, 4)        \
	A(r14d, r14, 4) A(r15d, r15, 4)                        \
	A(r8w, r8, 2) A(r9w, r9, 2) A(r10w, r10, 2)            \
	A(r11w, r11, 2) A(r12w, r12, 2) A(r13w, r13, 2)        \
	A(r14w, r14, 2) A(r15w, r15, 2)                        \
	A(al, rax, 1) A(bl, rbx, 1) A(cl, rcx, 1)              \
	A(dl, rdx, 1) A(sil, rsi, 1) A(dil, rdi, 1)            \
	A(bpl, rbp, 1) A(spl, rsp, 1)
/* clang-format on */

enum {
#define R(name, dwarf, offset) X86_64_##name,
	X86_64_REGS(R)
#undef R
};

enum {
#define R(name, dwarf, offset)                 \
	X86_64_DWARF_##name = (dwarf),         \
	X86_64_OFFSET_##name = (offset),
	X86_64_REGS(R)
#undef R
};

static const struct arch_reg x86_64_regs[] = {
#define R(name, dwarf, offset) { STR_INIT(#name), dwarf, offset, 8, false },
	X86_64_REGS(R)
#undef R
#define A(name, of, size)                                         \
	{ STR_INIT(#name), X86_64_DWARF_##of, X86_64_OFFSET_##of, \
	  size, true },
	X86_64_ALIASES(A)
#undef A
};

static const struct arch_syscall x86_64_syscalls[] = {
#define SYSCALL(nr, name) { nr, STR_INIT(#name) },
#include "dbg/syscall_x86_64.def"
#undef SYSCALL
};

static const struct arch_syscall i386_syscalls[] = {
#define SYSCALL(nr, name) { nr, STR_INIT(#name) },
#include "dbg/syscall_i386.def"
#undef SYSCALL
};

const struct arch arch_x86_64 = {
	.name = STR_INIT("x86_64"),
	.machine = STR_INIT("x86_64"),
	.elf_machine = EM_X86_64,
	.page_size = 4096,
	.ptr_size = 8,
	.pt_regs_size = 168,
	.ctx_regs_size = 168,
	.regs = x86_64_regs,
	.nregs = ARRAY_SIZE(x86_64_regs),
	.args = { X86_64_rdi, X86_64_rsi, X86_64_rdx, X86_64_rcx, X86_64_r8,
		  X86_64_r9 },
	.nargs = 6,
	.sys_args = { X86_64_rdi, X86_64_rsi, X86_64_rdx, X86_64_r10,
		      X86_64_r8, X86_64_r9 },
	.sys_nr = X86_64_orig_rax,
	.ret = X86_64_rax,
	.ip = X86_64_rip,
	.sp = X86_64_rsp,
	.fp = X86_64_rbp,
	.trap = 1,
	.ret_on_stack = true,
	.syscalls = x86_64_syscalls,
	.nsyscalls = ARRAY_SIZE(x86_64_syscalls),
	.syscalls32 = i386_syscalls,
	.nsyscalls32 = ARRAY_SIZE(i386_syscalls),
	.sys_args32 = { X86_64_rbx, X86_64_rcx, X86_64_rdx, X86_64_rsi,
			X86_64_rdi, X86_64_rbp },
};
