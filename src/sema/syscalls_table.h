/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of system calls (syscalls.def), for those who make library text
 * of it: syscalls.c and syscalls_group.c.
 */
#ifndef SEMA_SYSCALLS_TABLE_H
#define SEMA_SYSCALLS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct syscall_row {
	struct str name;	/* of the alias, without its family */
	struct str kernel;
	char result;		/* d, x */
	struct str args;
	bool is_32;		/* a call of 32-bit programs: kernel is its name
				 * there */
	struct str also;	/* how it can be made otherwise, or empty */
};

/* KIND(TABLE):NAME=OTHER:TEXT; TABLE, OTHER and TEXT may be empty. */
struct syscall_item {
	char kind;
	struct str table, name, text;
	uint32_t n;		/* which argument, from 1 */
};

/* NULL = no more. */
const struct syscall_row *syscall_row(uint32_t i);

/* Cuts the next argument off *args; false when there is none. n: its
 * number. */
bool syscall_item_next(struct str *args, uint32_t n,
		       struct syscall_item *ret);

/* A kind of argument that is the address of a struct, which the library shows:
 * _syscall_NAME() takes its first words, 2 or 4 (1: a single one, which groups
 * of calls do not have). */
struct syscall_struct {
	char kind;
	const char *name;
	uint32_t words;
};

/* NULL = this kind is none. */
const struct syscall_struct *syscall_struct(char kind);

/* Does the call make a task, which comes out of it, too, with 0?  A function of
 * the kernel returns to its caller only, and so do the aliases that SystemTap
 * has on functions; those of `family` "tp_syscall" see both. */
bool syscall_row_returns_once(const struct syscall_row *r, struct str family);

/* "syscall", "nd_syscall" and "tp_syscall"; empty = no more. */
struct str syscall_family(uint32_t i);

#endif
