/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests at the end of the file that they test, where its static functions
 * are in sight:
 *
 *	#ifdef UNIT_TEST
 *	#include "unit.h"
 *
 *	UNIT_TEST_CASE(str_glob_star)
 *	{
 *		TEST(str_glob(STR("a*c"), STR("abbc")));
 *		TEST_EQ(str_find_char(STR("abc"), 'c'), 2);
 *	}
 *	#endif
 *
 * The file is listed in tests/unit/meson.build, which compiles it a second
 * time, with UNIT_TEST defined, into build/tests/unit/unit.  A case is one
 * entry in the section "unit_tests"; unit.c runs them all.
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>

struct unit_test {
	const char *file, *name;
	void (*run)(void);
};

#define UNIT_TEST_CASE(name_)                                            \
	static void test_##name_(void);                                  \
	static const struct unit_test entry_##name_                      \
		__attribute__((used, section("unit_tests"), aligned(8))) \
		= { __FILE__, #name_, test_##name_ };                    \
	static void test_##name_(void)

/* Both count a failure, print it, and go on. */
void unit_check(bool ok, const char *file, int line, const char *what);
void unit_check_eq(long long a, long long b, const char *file, int line,
		   const char *what);

#define TEST(cond) unit_check((cond), __FILE__, __LINE__, #cond)
#define TEST_EQ(a, b)                                                   \
	unit_check_eq((long long)(a), (long long)(b), __FILE__, __LINE__, \
		      #a " == " #b)

#endif
