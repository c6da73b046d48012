/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A traced program with pointers to functions. */
#include <stdlib.h>

struct steps {
	int (*first)(int);
	int (*second)(int);
	int (*library)(int);
	void *data;
};

static int once(int n)
{
	return n + 1;
}

int twice(int n)
{
	return n + 2;
}

__attribute__((noinline)) int take(struct steps *s, int (*last)(int))
{
	return s->first(1) + last(2) + s->library(-1);
}

int main(void)
{
	struct steps s = { .first = once, .library = abs };

	return take(&s, twice) != 7;
}
