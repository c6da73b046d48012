/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probes syscall.NAME, nd_syscall.NAME and tp_syscall.NAME, each with its
 * .return, as files of the library whose text is made from the table of calls
 * (syscalls.def) when one is asked for: there are two thousand of them.
 */
#ifndef SEMA_SYSCALLS_H
#define SEMA_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* May a point whose first component is this, or a pattern, be one of them? */
bool syscalls_may_match(struct str component);

/* How many there are. */
uint32_t syscalls_count(void);

/* "syscall.open.return" of i; several may have the same name. */
struct str syscalls_name(struct arena *a, uint32_t i);

/* The definition of the alias, NUL behind it. */
struct str syscalls_text(struct arena *a, uint32_t i);

#endif
