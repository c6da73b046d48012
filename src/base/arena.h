/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Region allocator.  Everything in an arena dies together, in arena_deinit();
 * there is no free().  Memory comes zeroed.  Running out of memory aborts: a
 * compilation is short, and nothing sensible can be done half way.
 *
 * An object in an arena owns no file descriptor and no heap pointer.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;	/* newest first */
	char *next, *end;		/* free part of the newest chunk */
};

void arena_init(struct arena *a);
void arena_deinit(struct arena *a);

/* Forgets every object, keeps one chunk for the next round. */
void arena_reset(struct arena *a);

/* Aligned for any type; its bytes are to be set before they are read. */
void *arena_raw(struct arena *a, size_t size)
	__attribute__((malloc, returns_nonnull));

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size)
	__attribute__((malloc, returns_nonnull));

/* A zeroed array of n; aborts when n * size overflows. */
void *arena_calloc(struct arena *a, size_t n, size_t size)
	__attribute__((malloc, returns_nonnull));

/* Copies; the copy has a NUL behind it, which its length does not count. */
struct str arena_str(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, n, type) ((type *)arena_calloc((a), (n), sizeof(type)))

#endif
