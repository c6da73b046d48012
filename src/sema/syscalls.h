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

struct arch;

/* May a point whose first component is this, or a pattern, be one of them? */
bool syscalls_may_match(struct str component);

/* How many there are. */
uint32_t syscalls_count(void);

/* "syscall.open.return" of i; several may have the same name. */
struct str syscalls_name(struct arena *a, uint32_t i);

/* Is "syscall.compat_nanosleep.return" one of a call of 32-bit programs only?
 * Wildcards leave them out, unless they begin with "compat_". */
bool syscalls_is_narrow(struct str name);

/* Has this processor no such call?  Then its probe is one that never runs. */
bool syscalls_is_absent(const struct arch *arch, uint32_t i);

/* The definition of the alias, NUL behind it. */
struct str syscalls_text(struct arena *a, const struct arch *arch, uint32_t i);

#endif
