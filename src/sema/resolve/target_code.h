/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pointers to functions as text: the address, and where the host makes the
 * text, the function's name.
 */
#ifndef SEMA_RESOLVE_TARGET_CODE_H
#define SEMA_RESOLVE_TARGET_CODE_H

#include "sema/program.h"

/* The text of an address: "0x401136 <main>"; of the process that is running, or
 * of the kernel. */
struct ast_expr *target_code_text(struct program *p, struct ast_expr *addr,
				  bool is_user);

#endif
