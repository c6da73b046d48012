/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* The linker's names for the ends of the section. */
extern const struct unit_test __start_unit_tests[], __stop_unit_tests[];

static int failures;

void unit_check(bool ok, const char *file, int line, const char *what)
{
	if (ok)
		return;
	failures++;
	printf("# %s:%d: not so: %s\n", file, line, what);
}

void unit_check_eq(long long a, long long b, const char *file, int line,
		   const char *what)
{
	if (a == b)
		return;
	failures++;
	printf("# %s:%d: %s: %lld and %lld\n", file, line, what, a, b);
}

static int run_case(const struct unit_test *t)
{
	int before = failures;

	t->run();
	printf("%sok - %s\n", failures > before ? "not " : "", t->name);
	fflush(stdout);
	return failures > before;
}

/* unit: all cases; unit -l: their names; unit -e NAME: this one. */
int main(int argc, char **argv)
{
	bool list = argc == 2 && !strcmp(argv[1], "-l");
	const char *only = argc == 3 && !strcmp(argv[1], "-e") ? argv[2] : NULL;
	int n = 0, failed = 0;

	for (const struct unit_test *t = __start_unit_tests;
	     t < __stop_unit_tests; t++) {
		if (only && strcmp(t->name, only))
			continue;
		n++;
		if (list)
			puts(t->name);
		else
			failed += run_case(t);
	}
	return failed || !n;
}
