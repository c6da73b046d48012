/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Return addresses under return probes: memory that a search for one, or
 * several on the way out of a stack, works on.
 */
#ifndef CODEGEN_RETURN_H
#define CODEGEN_RETURN_H

enum {
	RETURN_AT = 0,		/* struct return_instance of the kernel's, 0 =
				 * there is none any more */
	RETURN_TRAMPOLINE = 8,	/* what return probes put on the stack */
	RETURN_SLOT = 16,	/* where the return address is */
	RETURN_PC = 24,		/* what is there; then, what is meant */
	RETURN_SIZE = 32,
};

#endif
