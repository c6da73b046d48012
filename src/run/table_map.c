/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array in a hash map of the kernel, which the programs there change at
 * the same time.  An entry's number in the order of insertion lies in front
 * of its value (image.h).
 *
 * Statistics: a copy for each CPU, which reading merges.  What the host adds
 * is merged into one of them (run/inplace); where the kernel cannot do that
 * it stays in memory here, so that no write of ours undoes one of the
 * kernel's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "kern/syscall.h"
#include "run/inplace.h"
#include "run/stat.h"
#include "run/table.h"

#define BATCH 256
/* Programs may insert or delete the key between our look and our write: then we
 * look again, so many times at most. */
#define TRIES 64

#define NOT_YET (-1)
#define CANNOT (-2)

struct map_table {
	struct table table;
	int fd, ring_fd;
	int change_fd;		/* run/inplace: add, or merge; NOT_YET,
				 * CANNOT */
	uint32_t off;		/* of the value proper */
	uint32_t map_value;	/* bytes of a value in the map */
	uint32_t copies;	/* of a value: CPUs, or 1 */
	uint64_t *seq, *front, *tail;	/* counters in the globals map */
	uint8_t *value;		/* room for all copies of one */
	uint8_t *ring;		/* room for one of the ring */
	struct table *own;	/* statistics: what the host has added */
	int number_fd;		/* run/inplace: sets a number */
};

/* What all() sorts. */
struct entry {
	int64_t seq;
	const uint8_t *key, *value;
};

static struct map_table *map_of(struct table *t)
{
	return (struct map_table *)(void *)t;
}

static void *alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		abort();
	return p;
}

static void map_destroy(struct table *t)
{
	struct map_table *m = map_of(t);

	if (m->own)
		m->own->ops->destroy(m->own);
	if (m->change_fd >= 0)
		close(m->change_fd);
	free(m->value);
	if (m->number_fd >= 0)
		close(m->number_fd);
	free(m->ring);
	free(m);
}

static uint64_t seq_of(const struct map_table *m, const uint8_t *value)
{
	uint64_t seq = 0;

	/* Only the CPU that made the entry has it. */
	for (uint32_t i = 0; i < m->copies && m->off && !seq; i++)
		memcpy(&seq, value + (size_t)i * m->map_value, sizeof(seq));
	return seq;
}

/* The value proper, merged, of a value as the map has it. */
static void read_value(const struct map_table *m, const uint8_t *value,
		       uint8_t *ret)
{
	const struct image_stat *s = &m->table.global->stat;

	memcpy(ret, value + m->off, m->table.value_size);
	for (uint32_t i = 1; i < m->copies; i++)
		stat_merge(s, ret, value + (size_t)i * m->map_value + m->off);
}

static bool map_get(struct table *t, const void *key, void *ret)
{
	struct map_table *m = map_of(t);
	uint8_t *own = m->value + (size_t)m->copies * m->map_value;
	bool is_here = m->own && m->own->ops->get(m->own, key, own);

	if (syscall_map_lookup(m->fd, key, m->value)) {
		if (is_here && ret)
			memcpy(ret, own, t->value_size);
		return is_here;
	}
	if (!ret)
		return true;
	read_value(m, m->value, ret);
	if (is_here)
		stat_merge(&t->global->stat, ret, own);
	return true;
}

/* A `%` array: room for one more, as the kernel's code makes it. */
static void evict(struct map_table *m, const void *key, uint64_t seq)
{
	uint32_t max = m->table.global->max_entries;
	uint32_t i = (uint32_t)(__atomic_fetch_add(m->tail, 1,
						   __ATOMIC_RELAXED) % max);
	uint64_t old;

	if (syscall_map_lookup(m->ring_fd, &i, m->ring))
		return;
	memcpy(&old, m->ring, sizeof(old));
	if (old && !syscall_map_lookup(m->fd, m->ring + 8, m->value) &&
	    seq_of(m, m->value) == old)
		syscall_map_delete(m->fd, m->ring + 8);
	memcpy(m->ring, &seq, sizeof(seq));
	memcpy(m->ring + 8, key, m->table.key_size);
	syscall_map_update(m->ring_fd, &i, m->ring, BPF_ANY);
}

static int insert(struct map_table *m, const void *key, const void *value)
{
	const struct image_global *g = m->table.global;
	uint64_t seq = 0;

	if (m->off)
		seq = __atomic_fetch_add(m->seq, 1, __ATOMIC_RELAXED) + 1;
	if (g->wrap && m->tail)
		evict(m, key, seq);
	memset(m->value, 0, (size_t)m->copies * m->map_value);
	if (m->off)
		memcpy(m->value, &seq, sizeof(seq));
	memcpy(m->value + m->off, value, m->table.value_size);
	return syscall_map_update(m->fd, key, m->value, BPF_NOEXIST);
}

static bool map_put(struct table *t, const void *key, const void *value)
{
	struct map_table *m = map_of(t);
	int code = -EEXIST;

	for (int i = 0; i < TRIES; i++) {
		if (!syscall_map_lookup(m->fd, key, m->value)) {
			memcpy(m->value + m->off, value, t->value_size);
			code = syscall_map_update(m->fd, key, m->value,
						  BPF_EXIST);
		} else {
			code = insert(m, key, value);
		}
		if (code != -EEXIST && code != -ENOENT)
			break;
	}
	return !code;
}

/* Adds where the kernel has no programs for it: what a handler adds at the same
 * moment may be lost.  0; 1 = there is no such key; or -errno. */
static int replace_sum(struct map_table *m, const void *key, int64_t v)
{
	uint64_t sum;

	if (syscall_map_lookup(m->fd, key, m->value))
		return 1;
	memcpy(&sum, m->value + m->off, sizeof(sum));
	sum += (uint64_t)v;
	memcpy(m->value + m->off, &sum, sizeof(sum));
	return syscall_map_update(m->fd, key, m->value, BPF_EXIST);
}

/* The descriptor of the program that changes an entry in place, which is made
 * when it is first wanted; < 0 = there is none. */
static int change_fd(struct map_table *m)
{
	const struct table *t = &m->table;

	if (m->change_fd != NOT_YET)
		return m->change_fd;
	if (m->own)
		m->change_fd = inplace_merge_create(m->fd, t->key_size,
						    m->off,
						    &t->global->stat);
	else
		m->change_fd = inplace_add_create(m->fd, t->key_size, m->off);
	if (m->change_fd < 0)
		m->change_fd = CANNOT;
	return m->change_fd;
}

static int add_to_entry(struct map_table *m, const void *key, int64_t v)
{
	int fd = change_fd(m);

	if (fd >= 0)
		return inplace_add(fd, key, m->table.key_size, v);
	return replace_sum(m, key, v);
}

static bool map_add(struct table *t, const void *key, int64_t v)
{
	struct map_table *m = map_of(t);
	int code = -EEXIST;

	for (int i = 0; i < TRIES; i++) {
		code = add_to_entry(m, key, v);
		if (code == 1)
			code = insert(m, key, &v);
		if (code != -EEXIST && code != -ENOENT)
			break;
	}
	return !code;
}

/* Merges a statistic into that of a key, which is made where there is none;
 * false = there is no room. */
static bool merge_stat(struct map_table *m, const void *key,
		       const uint8_t *stat)
{
	uint32_t size = m->table.value_size;
	int fd = change_fd(m), code = -EEXIST;
	uint8_t *own;
	bool ok;

	for (int i = 0; i < TRIES && fd >= 0; i++) {
		code = inplace_merge(fd, key, m->table.key_size, stat, size);
		if (code == 1)
			code = insert(m, key, stat);
		if (code != -EEXIST && code != -ENOENT)
			return !code;
	}
	own = alloc(1, size);
	m->own->ops->get(m->own, key, own);
	stat_merge(&m->table.global->stat, own, stat);
	ok = m->own->ops->put(m->own, key, own);
	free(own);
	return ok;
}

static bool map_stat_add(struct table *t, const void *key, int64_t v)
{
	uint8_t *stat = alloc(1, t->value_size);
	bool ok;

	stat_add(&t->global->stat, stat, v);
	ok = merge_stat(map_of(t), key, stat);
	free(stat);
	return ok;
}

static bool map_merge(struct table *t, const void *key, const void *stat)
{
	return merge_stat(map_of(t), key, stat);
}

static void map_del(struct table *t, const void *key)
{
	struct map_table *m = map_of(t);

	syscall_map_delete(m->fd, key);
	if (m->own)
		m->own->ops->del(m->own, key);
}

/* ---- all entries ---- */

struct dump {
	uint8_t *keys, *values;
	uint32_t n, cap;
	size_t key, value;	/* bytes of one */
};

static void dump_reserve(struct dump *d, uint32_t more)
{
	if (d->cap - d->n >= more)
		return;
	d->cap = MAX(d->cap * 2, d->n + more);
	d->keys = reallocarray(d->keys, d->cap, d->key);
	d->values = reallocarray(d->values, d->cap, d->value);
	if (!d->keys || !d->values)
		abort();
}

static void dump_free(struct dump *d)
{
	free(d->keys);
	free(d->values);
}

/* The most elements that there may be at a moment. */
static uint32_t most_elements(const struct map_table *m)
{
	const struct image_global *g = m->table.global;

	return g->max_entries + (g->wrap ? IMAGE_WRAP_SPARE : 0);
}

/* Key by key, for kernels that give no batches. */
static void dump_slowly(struct map_table *m, struct dump *d)
{
	uint32_t most = most_elements(m);
	bool first = true;

	d->n = 0;
	while (d->n < most) {
		uint8_t *key;

		dump_reserve(d, 1);
		key = d->keys + d->n * d->key;
		if (syscall_map_next_key(m->fd, first ? NULL : m->ring, key))
			break;
		first = false;
		memcpy(m->ring, key, d->key);
		if (!syscall_map_lookup(m->fd, key,
					d->values + d->n * d->value))
			d->n++;
	}
}

/* In batches; false = the kernel does not do that. */
static bool dump_batches(struct map_table *m, struct dump *d)
{
	uint32_t most = most_elements(m);
	size_t cursor_size = MAX(d->key, (size_t)8);
	uint8_t *in = alloc(1, cursor_size), *out = alloc(1, cursor_size);
	uint32_t want = BATCH, n;
	bool first = true;
	int code;

	do {
		dump_reserve(d, want);
		n = want;
		code = syscall_map_lookup_batch(m->fd, first ? NULL : in, out,
						d->keys + d->n * d->key,
						d->values + d->n * d->value,
						&n);
		if (code == -ENOSPC && want < 1U << 20) {
			want *= 2;	/* a bucket with many */
			code = 0;
			continue;
		}
		if (!code || code == -ENOENT) {
			d->n += n;
			first = false;
			memcpy(in, out, cursor_size);
		}
	} while (!code && d->n < most + want);
	free(in);
	free(out);
	return !code || code == -ENOENT;
}

/* Entries by number: below 0 those that a foreach that sorts has put in front.
 */
static int by_seq(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return (a->key > b->key) - (a->key < b->key);
}

/* Merges the host's own statistics into those of the n entries from ret's byte
 * `start` on, or adds them at the end; how many entries there are then. */
static uint32_t merge_own(struct map_table *m, struct buf *ret, size_t start,
			  uint32_t n)
{
	uint32_t key = m->table.key_size, value = m->table.value_size;
	struct buf own = {};
	uint32_t nown = m->own->ops->all(m->own, &own), known = n;

	for (uint32_t i = 0; i < nown; i++) {
		const uint8_t *e = (uint8_t *)own.data +
				   (size_t)i * (key + value);
		uint32_t k = 0;
		uint8_t *at;

		for (; k < known; k++) {
			at = (uint8_t *)ret->data + start +
			     (size_t)k * (key + value);
			if (!memcmp(at, e, key))
				break;
		}
		if (k < known) {
			stat_merge(&m->table.global->stat, at + key, e + key);
			continue;
		}
		buf_add(ret, e, key + value);
		n++;
	}
	buf_deinit(&own);
	return n;
}

/* Of a `%` array, elements that went while others came may have been read, too:
 * the oldest.  How many there are. */
static uint32_t too_many(const struct image_global *g, uint32_t n)
{
	return g->wrap && n > g->max_entries ? n - g->max_entries : 0;
}

static uint32_t map_all(struct table *t, struct buf *ret)
{
	struct map_table *m = map_of(t);
	size_t copies = (size_t)m->copies * m->map_value, start = ret->len;
	struct dump d = { .key = t->key_size, .value = copies };
	struct entry *entries;
	uint32_t first;

	if (!dump_batches(m, &d))
		dump_slowly(m, &d);
	first = too_many(t->global, d.n);
	entries = alloc(d.n, sizeof(*entries));
	for (uint32_t i = 0; i < d.n; i++) {
		entries[i].key = d.keys + i * d.key;
		entries[i].value = d.values + i * d.value;
		entries[i].seq = (int64_t)seq_of(m, entries[i].value);
	}
	if (m->off)
		qsort(entries, d.n, sizeof(*entries), by_seq);
	for (uint32_t i = first; i < d.n; i++) {
		buf_add(ret, entries[i].key, t->key_size);
		read_value(m, entries[i].value,
			   (uint8_t *)buf_reserve(ret, t->value_size));
		ret->len += t->value_size;
	}
	free(entries);
	dump_free(&d);
	d.n -= first;
	return m->own ? merge_own(m, ret, start, d.n) : d.n;
}

static void map_clear(struct table *t)
{
	struct map_table *m = map_of(t);
	struct dump d = { .key = t->key_size,
			  .value = (size_t)m->copies * m->map_value };

	if (!dump_batches(m, &d))
		dump_slowly(m, &d);
	for (uint32_t i = 0; i < d.n; i++)
		syscall_map_delete(m->fd, d.keys + i * d.key);
	dump_free(&d);
	if (m->own)
		m->own->ops->clear(m->own);
}

/* Sets a number where the kernel has no programs for it: see replace_sum(). */
static void replace_number(struct map_table *m, const void *key, uint64_t seq)
{
	if (syscall_map_lookup(m->fd, key, m->value))
		return;
	memcpy(m->value, &seq, sizeof(seq));
	syscall_map_update(m->fd, key, m->value, BPF_EXIST);
}

/*
 * The keys' entries get numbers below all that there are, as the kernel's own
 * foreach gives them (session.front); in place, so that nothing that is added
 * meanwhile is undone.  The numbers of a `%` array say what goes next, and
 * statistics have theirs in one CPU's copy: these stay.
 */
static void map_reorder(struct table *t, const uint8_t *const *keys,
			uint32_t n)
{
	struct map_table *m = map_of(t);
	uint64_t first;

	if (!t->global->ordered || t->global->wrap || m->own || !n)
		return;
	if (m->number_fd == NOT_YET)
		m->number_fd = inplace_set_create(m->fd, t->key_size, 0);
	if (m->number_fd < 0)
		m->number_fd = CANNOT;
	first = -(__atomic_fetch_add(m->front, n, __ATOMIC_RELAXED) + n);
	for (uint32_t i = 0; i < n; i++) {
		if (m->number_fd < 0)
			replace_number(m, keys[i], first + i);
		else
			inplace_set(m->number_fd, keys[i], t->key_size,
				    first + i);
	}
}

/* Reads an entry and deletes it.  Older kernels do one after the other: what
 * their programs add between the two goes with it. */
static int take(struct map_table *m, const void *key)
{
	int code = syscall_map_take(m->fd, key, m->value);

	if (!code || code == -ENOENT)
		return code;
	code = syscall_map_lookup(m->fd, key, m->value);
	return code ? code : syscall_map_delete(m->fd, key);
}

/* What came after it was seen is merged again. */
static void drain_stat(struct map_table *m, const void *key,
		       const uint8_t *seen)
{
	const struct image_stat *s = &m->table.global->stat;
	uint32_t size = m->table.value_size;
	uint8_t *now = alloc(2, size), *own = now + size;
	bool has_own = m->own->ops->get(m->own, key, own);

	if (syscall_map_take(m->fd, key, m->value)) {
		/* An old kernel does not take from these, or there is only
		 * what the host has added. */
		map_del(&m->table, key);
		free(now);
		return;
	}
	read_value(m, m->value, now);
	if (has_own)
		stat_merge(s, now, own);
	stat_subtract(s, now, seen);
	m->own->ops->del(m->own, key);
	if (!stat_is_empty(s, now))
		merge_stat(m, key, now);
	free(now);
}

/* What came after the value was seen is added again. */
static void map_drain(struct table *t, const void *key, const void *seen)
{
	struct map_table *m = map_of(t);
	uint64_t now, then;

	if (t->global->type == IT_STATS) {
		drain_stat(m, key, seen);
		return;
	}
	if (t->global->type != IT_LONG) {
		map_del(t, key);
		return;
	}
	if (take(m, key))
		return;
	memcpy(&now, m->value + m->off, sizeof(now));
	memcpy(&then, seen, sizeof(then));
	if (now != then)
		map_add(t, key, (int64_t)(now - then));
}

static const struct table_ops map_ops = {
	.destroy = map_destroy,
	.get = map_get,
	.put = map_put,
	.add = map_add,
	.stat_add = map_stat_add,
	.merge = map_merge,
	.del = map_del,
	.clear = map_clear,
	.all = map_all,
	.reorder = map_reorder,
	.drain = map_drain,
};

struct table *table_map_create(const struct image *img, uint32_t global,
			       const int *fds, uint8_t *globals,
			       uint32_t ncpus)
{
	const struct image_global *g = &img->globals.v[global];
	struct map_table *m = alloc(1, sizeof(*m));
	struct image_session *session = (void *)globals;

	m->table.ops = &map_ops;
	m->table.global = g;
	m->table.key_size = g->key_size;
	m->table.value_size = table_value_size(g);
	m->fd = fds[g->map];
	m->ring_fd = -1;
	m->change_fd = NOT_YET;
	m->off = g->off;
	m->map_value = img->maps.v[g->map].value_size;
	m->copies = g->type == IT_STATS ? ncpus : 1;
	m->seq = &session->seq;
	m->front = &session->front;
	m->number_fd = NOT_YET;
	if (g->wrap && g->ring_map != IMAGE_NONE) {
		m->ring_fd = fds[g->ring_map];
		m->tail = (uint64_t *)(void *)(globals + g->tail_off);
	}
	m->value = alloc(m->copies + 1, m->map_value);
	m->ring = alloc(1, 8 + g->key_size);
	if (g->type == IT_STATS)
		m->own = table_memory_create(g);
	return &m->table;
}
