/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What went wrong with the world: a file, an ELF, the kernel.  (What is wrong
 * with the script is a diagnostic: lang/diag.h.)  Everything that can fail
 * returns a struct err *, NULL = success; results come through a last
 * parameter called ret, which stays untouched on failure.
 *
 * An err is on the heap and belongs to whoever receives it: pass it up, or
 * print it, and err_free() it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define must_check __attribute__((warn_unused_result))

enum err_code {
	ERR_OTHER,
	ERR_OS,			/* a system call failed: errnum says how */
	ERR_NOT_FOUND,		/* no such file, type, tracepoint, process */
	ERR_FORMAT,		/* the file or record is malformed */
	ERR_PERMISSION,		/* not root, capability, lockdown */
	ERR_UNSUPPORTED,	/* this kernel or machine has no such thing */
	ERR_VERIFIER,		/* the kernel refused a program of ours */
	ERR_TOO_LONG,		/* ... too long in this form, not in another */
	ERR_LIMIT,
};

struct err {
	enum err_code code;
	int errnum;		/* errno, or 0 */
	char *msg;		/* whole sentence without full stop */
	char *hint;		/* what would help, or NULL */
};

struct err *err_new(enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))) must_check;

/* "fmt: strerror(errnum)"; EPERM and EACCES give ERR_PERMISSION, ENOENT
 * ERR_NOT_FOUND, all others ERR_OS. */
struct err *err_os(int errnum, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))) must_check;

/* Puts "context: " in front of the message; returns e. */
struct err *err_context(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Says what would help; replaces an earlier hint; returns e. */
struct err *err_hint(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void err_free(struct err *e);

/* Frees it; whether there was one. */
bool err_drop(struct err *e);

/* If *e is of this code: frees it, sets *e to NULL, and says true. */
bool err_catch(struct err **e, enum err_code code);

#endif
