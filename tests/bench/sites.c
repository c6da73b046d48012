/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sites.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../data/mark.h"

static const char path[] =
	"/srv/measure/a-path-of-sixty-three-bytes/as-paths-happen-to-be";

struct inner {
	int count;
	long value;
};

struct outer {
	char name[24];
	struct inner *inner;
};

/* From 8 to 4103: impossible as modes. */
static long number(void)
{
	static unsigned long x = 88172645463325252UL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return 8 + (long)(x & 0xfff);
}

static void calls(long n)
{
	for (long i = 0; i < n; i++)
		syscall(SYS_faccessat, AT_FDCWD, path, number());
}

/* What a compiler cannot see through, so that functions stay as written. */
static long same(long x)
{
	return x;
}
static long (*volatile touch)(long) = same;

/* A function that calls another saves registers first; the kernel does not
 * have to step over the first instruction of such a one. */
__attribute__((noinline)) long hit(long x, struct outer *o);
long hit(long x, struct outer *o)
{
	return touch(x) + x + o->inner->value;
}

static void functions(long n)
{
	struct inner inner = { .value = 7 };
	struct outer outer = { .name = "bench", .inner = &inner };

	for (long i = 0; i < n; i++)
		touch(hit(number(), &outer));
}

static void marks(long n)
{
	for (long i = 0; i < n; i++) {
		long x = number();

		MARK("bench", "mark", "-8@%0 -4@%1", MARK_ANY(x),
		     MARK_ANY((int)i));
	}
}

#define MANY(n)                                          \
	__attribute__((noinline)) long many_##n(long x); \
	long many_##n(long x)                            \
	{                                                \
		return touch(x) + x + 1##n;              \
	}
#define FIVE(do, a, b, c, d, e) do(a) do(b) do(c) do(d) do(e)
#define ALL(do)                                          \
	FIVE(do, 00, 01, 02, 03, 04)                     \
	FIVE(do, 05, 06, 07, 08, 09)                     \
	FIVE(do, 10, 11, 12, 13, 14)                     \
	FIVE(do, 15, 16, 17, 18, 19)                     \
	FIVE(do, 20, 21, 22, 23, 24)

ALL(MANY)

static void many(long n)
{
#define NAME(n) many_##n,
	static long (*const all[])(long) = { ALL(NAME) };

	for (long i = 0; i < n; i++)
		touch(all[i % 25](i));
}

sites_fn *sites_find(const char *kind)
{
	static const struct {
		const char *kind;
		sites_fn *make;
	} all[] = {
		{ "syscall", calls },
		{ "function", functions },
		{ "mark", marks },
		{ "many", many },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i].kind, kind))
			return all[i].make;
	return NULL;
}
