/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the bench lets happen, so that it can be traced: each of these makes n
 * events of a kind.
 */
#ifndef SITES_H
#define SITES_H

/* NULL = no such kind.  "syscall": faccessat() with a path of 63 bytes and an
 * impossible mode, which the kernel refuses before it looks at the path, as
 * cheap as a system call gets with a text and numbers to look at; "function":
 * hit(); "mark": the static mark bench:mark; "many": many_00() to many_24(). */
typedef void sites_fn(long n);
sites_fn *sites_find(const char *kind);

#endif
