/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One block of bytes, in the file as in memory:
 *
 *	head | marks | buckets, and their end | rows by bucket
 */
#include "dbg/btfindex.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "dbg/cachefile.h"

#define BTFINDEX_MAGIC "SPILEBX1"
#define BTFINDEX_BYTES_MAX (256u << 20)

struct btfindex_head {
	char magic[8];
	struct btfindex_key key;
	uint32_t n, nbuckets, nrows, pad;
};

struct btfindex_row {
	uint32_t hash, id;
};

struct btfindex {
	const void *data;
	uint64_t size;
	bool is_mapped;
	const struct btfindex_head *head;
	const uint32_t *marks, *buckets;
	const struct btfindex_row *rows;
	/* While it is filled. */
	struct btfindex_row *added;
	uint32_t nadded, room;
};

uint32_t btfindex_hash(enum ctype_kind kind, struct str name)
{
	uint64_t h = (uint64_t)name.len << 8 | kind, word;

	for (uint32_t i = 0; i < name.len; i += 8) {
		word = 0;
		memcpy(&word, name.s + i, MIN(name.len - i, 8u));
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t btfindex_nmarks(uint32_t n)
{
	return n / BTFINDEX_MARK + 1;
}

static uint64_t btfindex_size(const struct btfindex_head *h)
{
	return sizeof(*h) +
	       (uint64_t)sizeof(uint32_t) *
		       (btfindex_nmarks(h->n) + (uint64_t)h->nbuckets + 1) +
	       (uint64_t)sizeof(struct btfindex_row) * h->nrows;
}

/* Where the parts of the block are; false = it is not what it should be. */
static bool btfindex_take(struct btfindex *x, const struct btfindex_key *key)
{
	const struct btfindex_head *h = x->data;

	if (x->size < sizeof(*h) || memcmp(h->magic, BTFINDEX_MAGIC, 8) ||
	    memcmp(&h->key, key, sizeof(*key)) || !h->nbuckets ||
	    h->nbuckets & (h->nbuckets - 1) || btfindex_size(h) != x->size)
		return false;
	x->head = h;
	x->marks = (const void *)(h + 1);
	x->buckets = x->marks + btfindex_nmarks(h->n);
	x->rows = (const void *)(x->buckets + h->nbuckets + 1);
	return true;
}

struct btfindex *btfindex_create(void)
{
	struct btfindex *x = calloc(1, sizeof(*x));

	if (!x)
		abort();
	return x;
}

struct btfindex *btfindex_load(struct str path, const struct btfindex_key *key)
{
	struct btfindex *x = btfindex_create();

	x->data = cachefile_map(path, BTFINDEX_BYTES_MAX, &x->size);
	x->is_mapped = x->data;
	if (x->data && btfindex_take(x, key))
		return x;
	btfindex_destroy(x);
	return NULL;
}

void btfindex_add(struct btfindex *x, uint32_t hash, uint32_t id)
{
	if (x->nadded == x->room) {
		x->room = x->room ? x->room * 2 : 4096;
		x->added = realloc(x->added, x->room * sizeof(*x->added));
		if (!x->added)
			abort();
	}
	x->added[x->nadded++] = (struct btfindex_row){ hash, id };
}

/* Where each bucket begins; then, as rows are put there, where it ends. */
static void btfindex_sort(const struct btfindex *x, uint32_t nbuckets,
			  uint32_t *buckets, struct btfindex_row *rows)
{
	uint32_t mask = nbuckets - 1, sum = 0;

	memset(buckets, 0, (nbuckets + 1) * sizeof(*buckets));
	for (uint32_t i = 0; i < x->nadded; i++)
		buckets[(x->added[i].hash & mask) + 1]++;
	for (uint32_t i = 0; i <= nbuckets; i++)
		buckets[i] = sum += buckets[i];
	for (uint32_t i = 0; i < x->nadded; i++)
		rows[buckets[x->added[i].hash & mask]++] = x->added[i];
	memmove(buckets + 1, buckets, nbuckets * sizeof(*buckets));
	buckets[0] = 0;
}

void btfindex_finish(struct btfindex *x, const struct btfindex_key *key,
		     const uint32_t *marks, uint32_t n)
{
	struct btfindex_head head = {
		.magic = BTFINDEX_MAGIC,
		.key = *key,
		.n = n,
		.nbuckets = 64,
		.nrows = x->nadded,
	};
	struct btfindex_head *h;
	uint32_t *p;

	while (head.nbuckets < x->nadded / 2)
		head.nbuckets *= 2;
	x->size = btfindex_size(&head);
	h = calloc(1, x->size);
	if (!h)
		abort();
	*h = head;
	p = (uint32_t *)(h + 1);
	memcpy(p, marks, (n + BTFINDEX_MARK - 1) / BTFINDEX_MARK * sizeof(*p));
	p += btfindex_nmarks(n);
	btfindex_sort(x, head.nbuckets, p, (void *)(p + head.nbuckets + 1));
	free(x->added);
	x->added = NULL;
	x->data = h;
	btfindex_take(x, key);
}

void btfindex_save(const struct btfindex *x, struct str path)
{
	cachefile_save(path, x->data, x->size);
}

void btfindex_destroy(struct btfindex *x)
{
	if (!x)
		return;
	if (x->is_mapped)
		munmap((void *)(uintptr_t)x->data, x->size);
	else
		free((void *)(uintptr_t)x->data);
	free(x->added);
	free(x);
}

uint32_t btfindex_count(const struct btfindex *x)
{
	return x->head->n;
}

const uint32_t *btfindex_marks(const struct btfindex *x)
{
	return x->marks;
}

uint32_t btfindex_next(const struct btfindex *x, uint32_t hash, uint32_t *at)
{
	uint32_t bucket = hash & (x->head->nbuckets - 1);
	uint32_t end = MIN(x->buckets[bucket + 1], x->head->nrows);
	uint32_t i = *at ? *at : x->buckets[bucket];

	for (; i < end; i++) {
		if (x->rows[i].hash != hash)
			continue;
		*at = i + 1;
		return x->rows[i].id;
	}
	return 0;
}

#ifdef UNIT_TEST
#include "unit.h"

static struct btfindex *btfindex_sample(const struct btfindex_key *key)
{
	static const uint32_t marks[] = { 0, 500, 900, 1300 };
	struct btfindex *x = btfindex_create();

	for (uint32_t i = 1; i <= 100; i++)
		btfindex_add(x, i % 7 * 64, i);
	btfindex_finish(x, key, marks, 100);
	return x;
}

UNIT_TEST_CASE(btfindex_order)
{
	struct btfindex_key key = { .boot_id = "a", .types_len = 1 };
	struct btfindex *x = btfindex_sample(&key);
	uint32_t at = 0;

	TEST_EQ(btfindex_count(x), 100);
	TEST_EQ(btfindex_marks(x)[3], 1300);
	for (uint32_t i = 3; i <= 100; i += 7)
		TEST_EQ(btfindex_next(x, 3 * 64, &at), i);
	TEST_EQ(btfindex_next(x, 3 * 64, &at), 0);
	at = 0;
	TEST_EQ(btfindex_next(x, 8 * 64, &at), 0);
	btfindex_destroy(x);
}

UNIT_TEST_CASE(btfindex_of_another)
{
	struct btfindex_key key = { .boot_id = "a", .types_len = 1 };
	struct btfindex *x = btfindex_sample(&key);

	TEST(btfindex_take(x, &key));
	key.types_len = 2;
	TEST(!btfindex_take(x, &key));
	key.types_len = 1;
	x->size--;
	TEST(!btfindex_take(x, &key));
	btfindex_destroy(x);
}
#endif
