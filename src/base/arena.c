/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_SIZE ((size_t)64 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct arena_chunk {
	struct arena_chunk *older;
	size_t size;		/* bytes behind this header */
	_Alignas(max_align_t) char data[];
};

static void arena_oom(void)
{
	fputs("spile: out of memory\n", stderr);
	abort();
}

void arena_init(struct arena *a)
{
	*a = (struct arena){};
}

void arena_deinit(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *c = a->chunks;

		a->chunks = c->older;
		free(c);
	}
	*a = (struct arena){};
}

void arena_reset(struct arena *a)
{
	while (a->chunks && a->chunks->older) {
		struct arena_chunk *c = a->chunks;

		a->chunks = c->older;
		free(c);
	}
	if (!a->chunks)
		return;
	a->next = a->chunks->data;
	a->end = a->next + a->chunks->size;
	memset(a->next, 0, a->chunks->size);
}

static void arena_new_chunk(struct arena *a, size_t size)
{
	struct arena_chunk *c;

	if (size < CHUNK_SIZE)
		size = CHUNK_SIZE;
	if (size > SIZE_MAX - sizeof(*c))
		arena_oom();
	c = calloc(1, sizeof(*c) + size);
	if (!c)
		arena_oom();
	c->size = size;
	c->older = a->chunks;
	a->chunks = c;
	a->next = c->data;
	a->end = c->data + size;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX - ALIGNMENT)
		arena_oom();
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!a->next || size > (size_t)(a->end - a->next))
		arena_new_chunk(a, size);
	p = a->next;
	a->next += size;
	return p;
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		arena_oom();
	return arena_alloc(a, total);
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, (size_t)s.len + 1);

	if (s.len)
		memcpy(p, s.s, s.len);
	return (struct str){ p, s.len };
}

struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		n = 0;
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return (struct str){ p, (uint32_t)n };
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	struct str s;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}
