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
}

static void arena_new_chunk(struct arena *a, size_t size)
{
	struct arena_chunk *c;

	if (size < CHUNK_SIZE)
		size = CHUNK_SIZE;
	if (size > SIZE_MAX - sizeof(*c))
		arena_oom();
	c = malloc(sizeof(*c) + size);
	if (!c)
		arena_oom();
	c->size = size;
	c->older = a->chunks;
	a->chunks = c;
	a->next = c->data;
	a->end = c->data + size;
}

void *arena_raw(struct arena *a, size_t size)
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

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = arena_raw(a, size);

	/* Here, and not whole chunks: most arenas of a pass stay small. */
	return memset(p, 0, size);
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

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(arena_zeroed_and_aligned)
{
	struct arena a;

	arena_init(&a);
	for (size_t size = 1; size < 200; size += 7) {
		char *p = arena_alloc(&a, size);
		char zero[200] = {};

		TEST_EQ((uintptr_t)p % ALIGNMENT, 0);
		TEST(!memcmp(p, zero, size));
		memset(p, 0xab, size);
	}
	arena_deinit(&a);
}

UNIT_TEST_CASE(arena_bigger_than_a_chunk)
{
	struct arena a;
	char *p;

	arena_init(&a);
	arena_alloc(&a, 1);
	p = arena_alloc(&a, 3 * CHUNK_SIZE);
	p[3 * CHUNK_SIZE - 1] = 1;
	arena_reset(&a);
	p = arena_alloc(&a, CHUNK_SIZE);
	TEST_EQ(p[CHUNK_SIZE - 1], 0);
	arena_deinit(&a);
}

UNIT_TEST_CASE(arena_strings_end_in_nul)
{
	struct arena a;

	arena_init(&a);
	TEST(str_is(arena_printf(&a, "%d-%s", 12, "x"), "12-x"));
	TEST_EQ(arena_str(&a, (struct str){}).s[0], '\0');
	TEST_EQ(arena_str(&a, STR("abc")).s[3], '\0');
	arena_deinit(&a);
}
#endif
