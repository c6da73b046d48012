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

/* TAP; with an argument, only the cases whose name contains it. */
int main(int argc, char **argv)
{
	const struct unit_test *t;
	int n = 0, failed = 0;

	for (t = __start_unit_tests; t < __stop_unit_tests; t++) {
		int before = failures;

		if (argc > 1 && !strstr(t->name, argv[1]))
			continue;
		t->run();
		failed += failures > before;
		printf("%sok %d - %s\n", failures > before ? "not " : "", ++n,
		       t->name);
		fflush(stdout);
	}
	printf("1..%d\n", n);
	return failed || !n;
}
