/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * $value of procfs probes, which is text that spile itself holds: reading and
 * assigning become calls of the library; and $verdict of netfilter's, which is
 * what the handler will return.  Part of expansion, since what the
 * calls name is found after it.
 */
#ifndef SEMA_VALUE_H
#define SEMA_VALUE_H

#include "sema/program.h"

/* In the handler of a probe; does nothing to one of another kind. */
void value_rewrite(struct program *p, struct probe *pr);

/* In a copy of a function that is called from a probe with this scope. */
void value_rewrite_function(struct program *p, struct func *f);

#endif
