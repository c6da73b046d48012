/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static marks (USDT) for programs of tests: a nop, and a note that says
 * where it is, as the assembler of the program's machine writes operands.
 *
 *	MARK("shop", "sale", "-4@%0 8@%1", MARK_ANY(count), MARK_ANY(p));
 *
 *	MARK_SEMAPHORE(shop_sale_semaphore);
 *	if (shop_sale_semaphore)
 *		MARK_WATCHED("shop", "sale", "shop_sale_semaphore", "-4@%0",
 *			     MARK_ANY(count));
 */
#ifndef MARK_H
#define MARK_H

/* Wherever the compiler has it: a register, memory, a constant. */
#define MARK_ANY(x) "nor"(x)

#define MARK_SEMAPHORE(name)                                             \
	__extension__ volatile unsigned short name                       \
		__attribute__((section(".probes"), used))

#define MARK_WATCHED(provider, name, semaphore, args, ...)               \
	__asm__ volatile("990:	nop\n"                                   \
			 ".pushsection .note.stapsdt,\"\",\"note\"\n"   \
			 "	.balign 4\n"                             \
			 "	.4byte 992f-991f, 994f-993f, 3\n"        \
			 "991:	.asciz \"stapsdt\"\n"                    \
			 "992:	.balign 4\n"                             \
			 "993:	.8byte 990b, _.stapsdt.base, "           \
			 semaphore "\n"                                  \
			 "	.asciz \"" provider "\"\n"               \
			 "	.asciz \"" name "\"\n"                   \
			 "	.asciz \"" args "\"\n"                   \
			 "994:	.balign 4\n"                             \
			 ".popsection\n"                                 \
			 ".ifndef _.stapsdt.base\n"                      \
			 ".pushsection .stapsdt.base,\"aG\",\"progbits\"" \
			 ",.stapsdt.base,comdat\n"                       \
			 "	.weak _.stapsdt.base\n"                  \
			 "	.hidden _.stapsdt.base\n"                \
			 "_.stapsdt.base: .space 1\n"                    \
			 "	.size _.stapsdt.base, 1\n"               \
			 ".popsection\n"                                 \
			 ".endif\n" ::__VA_ARGS__)

#define MARK(provider, name, args, ...)                                  \
	MARK_WATCHED(provider, name, "0", args, __VA_ARGS__)

#endif
