/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of machine instructions as placing probes on them takes: how long
 * they are, and what the kernel does with a breakpoint on them.
 */
#ifndef DBG_INSN_H
#define DBG_INSN_H

#include <stdbool.h>
#include <stdint.h>

#include "dbg/arch.h"

enum insn_kind {
	INSN_OTHER,	/* run out of line: a second trap, 9 us on some
			 * machines */
	INSN_EMULATED,	/* nop, push, branch: the kernel does it itself */
	INSN_NOP5,	/* Linux 6.18 to 7.1 put a call there, which writes
			 * below the stack pointer, and which children do not
			 * survive: a probe is better behind it */
	INSN_MARKER,	/* endbr64, bti: does nothing, but is run out of
			 * line: a probe is better behind it */
	INSN_REFUSED,	/* the kernel takes no probe there */
	INSN_HARMED,	/* it takes one, but a program does not survive when
			 * it is run elsewhere: a system call; or the kernel
			 * takes it for another instruction, or for many */
};

struct insn {
	uint8_t length;	/* bytes; 0 = this is no instruction */
	enum insn_kind kind;
	bool is_call, is_return;
	bool is_syscall;
	bool is_repeated;	/* rep movs and the like */
	bool is_jump;	/* always or perhaps goes elsewhere; calls do not */
	bool is_direct;	/* is_jump: the way is in the instruction; x86 only */
	int32_t way;	/* is_direct: bytes from the next instruction on */
};

/* The instruction that n bytes at p begin with, in 64-bit mode. */
struct insn insn_at(const struct arch *arch, const uint8_t *p, uint64_t n);

#endif
