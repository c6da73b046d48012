/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* vasprintf() that does not return without memory. */
static __attribute__((format(printf, 1, 0))) char *err_text(const char *fmt,
							  va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	return s;
}

static struct err *err_alloc(enum err_code code, int errnum)
{
	struct err *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	e->code = code;
	e->errnum = errnum;
	return e;
}

struct err *err_new(enum err_code code, const char *fmt, ...)
{
	struct err *e = err_alloc(code, 0);
	va_list ap;

	va_start(ap, fmt);
	e->msg = err_text(fmt, ap);
	va_end(ap);
	return e;
}

static enum err_code err_code_of(int errnum)
{
	switch (errnum) {
	case EPERM:
	case EACCES:
		return ERR_PERMISSION;
	case ENOENT:
		return ERR_NOT_FOUND;
	default:
		return ERR_OS;
	}
}

struct err *err_os(int errnum, const char *fmt, ...)
{
	struct err *e = err_alloc(err_code_of(errnum), errnum);
	char *what;
	va_list ap;

	va_start(ap, fmt);
	what = err_text(fmt, ap);
	va_end(ap);
	if (asprintf(&e->msg, "%s: %s", what, strerror(errnum)) < 0)
		abort();
	free(what);
	return e;
}

struct err *err_context(struct err *e, const char *fmt, ...)
{
	char *what, *msg;
	va_list ap;

	va_start(ap, fmt);
	what = err_text(fmt, ap);
	va_end(ap);
	if (asprintf(&msg, "%s: %s", what, e->msg) < 0)
		abort();
	free(what);
	free(e->msg);
	e->msg = msg;
	return e;
}

struct err *err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	free(e->hint);
	va_start(ap, fmt);
	e->hint = err_text(fmt, ap);
	va_end(ap);
	return e;
}

void err_free(struct err *e)
{
	if (!e)
		return;
	free(e->msg);
	free(e->hint);
	free(e);
}

bool err_drop(struct err *e)
{
	bool had = e;

	err_free(e);
	return had;
}

bool err_catch(struct err **e, enum err_code code)
{
	if (!*e || (*e)->code != code)
		return false;
	err_free(*e);
	*e = NULL;
	return true;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(err_says_what_and_where)
{
	struct err *e = err_os(EACCES, "/proc/%s", "kallsyms");

	TEST_EQ(e->code, ERR_PERMISSION);
	TEST_EQ(e->errnum, EACCES);
	e = err_hint(err_context(e, "reading %d", 1), "be root");
	TEST(!strcmp(e->msg, "reading 1: /proc/kallsyms: Permission denied"));
	TEST(!strcmp(e->hint, "be root"));
	err_free(e);
	err_free(NULL);
}

UNIT_TEST_CASE(err_catch_takes_one_kind)
{
	struct err *e = err_os(ENOENT, "x");

	TEST(!err_catch(&e, ERR_LIMIT));
	TEST(e != NULL);
	TEST(err_catch(&e, ERR_NOT_FOUND));
	TEST(!e);
	TEST(!err_catch(&e, ERR_NOT_FOUND));
	TEST(!err_drop(e));
	TEST(err_drop(err_os(ENOENT, "x")));
}
#endif
