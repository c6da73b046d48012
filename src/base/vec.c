/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vec.h"

#include <string.h>

void *vec_grow(struct arena *a, void *v, uint32_t n, uint32_t *cap,
	       size_t size)
{
	uint32_t bigger = *cap ? *cap * 2 : 8;
	void *p = arena_calloc(a, bigger, size);

	if (n)
		memcpy(p, v, n * size);
	*cap = bigger;
	return p;
}
