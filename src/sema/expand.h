/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes of the script to probes at sites: aliases, braces, wildcards, lists,
 * ? and ! are resolved; each site gets its own copy of the handler.
 */
#ifndef SEMA_EXPAND_H
#define SEMA_EXPAND_H

#include "lang/ast.h"
#include "sema/program.h"

/* Appends to p->probes what the probes of all of p->files become; library
 * files that define aliases join p->files on the way. */
void expand(struct program *p);

/* The same for files from number `first` on; for those that a later pass
 * finds to be needed. */
void expand_files(struct program *p, uint32_t first);

#endif
