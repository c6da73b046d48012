/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

void *vec_grow(struct arena *a, void *v, uint32_t n, uint32_t *cap,
	       size_t size)
{
	uint32_t bigger = *cap ? *cap * 2 : 8;
	size_t bytes;
	void *p;

	if (bigger < *cap)
		abort();
	if (__builtin_mul_overflow(bigger, size, &bytes))
		abort();
	/* Of what is not used yet no page is touched. */
	p = arena_raw(a, bytes);
	if (n)
		memcpy(p, v, n * size);
	memset((char *)p + n * size, 0, size);
	*cap = bigger;
	return p;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(vec_keeps_what_is_pushed)
{
	struct arena a;
	VEC(int) v = {};

	arena_init(&a);
	for (int i = 0; i < 100; i++)
		vec_push(&a, &v, i * 3);
	TEST_EQ(v.n, 100);
	for (int i = 0; i < 100; i++)
		TEST_EQ(v.v[i], i * 3);
	TEST_EQ(vec_last(&v), 297);
	arena_deinit(&a);
}
#endif
