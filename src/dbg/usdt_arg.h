/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An argument of a mark, "SIZE@OPERAND", as the assembler of the program's
 * machine spells operands:
 *
 *	x86_64	%reg $imm  [SYMBOL][+-N][(%base,%index,scale)]  %fs:SYM@tpoff
 *	arm64	reg  imm   [reg]  [reg, imm]  [reg, reg{, lsl N}]
 *		[reg, :lo12:SYMBOL]
 *
 * SIZE is 1, 2, 4 or 8, negative for signed numbers, with f behind it for
 * floating-point ones.
 */
#ifndef DBG_USDT_ARG_H
#define DBG_USDT_ARG_H

#include "dbg/arch.h"
#include "dbg/usdt.h"

/* o: whose symbols are meant.  arch may be NULL: then nothing is readable. */
void usdt_arg_parse(struct objfile *o, struct arena *a,
		    const struct arch *arch, struct str text,
		    struct usdt_arg *ret);

#endif
