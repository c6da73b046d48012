/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Growable arrays in an arena.  A vector is any struct made by VEC(type);
 * old storage stays behind in the arena, which is cheap since it doubles.
 *
 *	struct names VEC(struct str);
 *	VEC(struct str) names = {};
 *	vec_push(arena, &names, s);
 *	for (uint32_t i = 0; i < names.n; i++) use(names.v[i]);
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define VEC(type)                \
	struct {                 \
		type *v;         \
		uint32_t n, cap; \
	}

/* Room for one more element; the new element is zeroed. */
void *vec_grow(struct arena *a, void *v, uint32_t n, uint32_t *cap,
	       size_t size);

#define vec_push(a, vec, ...)                                             \
	do {                                                              \
		typeof(vec) vec_ = (vec);                                 \
		if (vec_->n == vec_->cap)                                 \
			vec_->v = vec_grow((a), vec_->v, vec_->n,         \
					   &vec_->cap, sizeof(*vec_->v)); \
		vec_->v[vec_->n++] = (__VA_ARGS__);                       \
	} while (0)

#define vec_last(vec) ((vec)->v[(vec)->n - 1])

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
