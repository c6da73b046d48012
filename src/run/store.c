/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/store.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "kern/syscall.h"
#include "run/inplace.h"
#include "run/stat.h"
#include "run/table.h"

#define LOCK_HOST UINT64_MAX
/* Who has the lock in the kernel may have been preempted: spin for so many
 * tries, then let others run between two of them. */
#define LOCK_SPINS 1000
#define LOCK_TRIES 20000

/* Programs of run/inplace for a scalar statistic: descriptors, or NOT_YET or
 * CANNOT. */
struct stat_fds {
	int take, merge;
};

#define NOT_YET (-1)
#define CANNOT (-2)

struct store {
	const struct image *img;
	bool in_kernel;
	uint32_t ncpus;
	uint8_t *globals;	/* the value of the globals map */
	uint8_t *stats;		/* the host's part of the stats map */
	struct table **tables;	/* of arrays, by number of the global */
	uint8_t *key, *value;	/* room for one of any array */
	const int *fds;		/* the kernel's side */
	uint8_t *copies;	/* the stats map's value, of all CPUs */
	uint32_t stats_size;	/* of one of them */
	bool has_copies;	/* read since store_begin() */
	struct stat_fds *stat_fds;	/* by number of the global */
};

static void *alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		abort();
	return p;
}

static uint32_t map_value_size(const struct image *img, uint32_t map)
{
	return map < img->maps.n ? img->maps.v[map].value_size : 0;
}

/* Room for the longest key and the longest value. */
static void alloc_scratch(struct store *s)
{
	uint32_t key = 0, value = 8;

	for (uint32_t i = 0; i < s->img->globals.n; i++) {
		const struct image_global *g = &s->img->globals.v[i];

		if (g->is_array)
			key = MAX(key, g->key_size);
		value = MAX(value, table_value_size(g));
	}
	s->key = alloc(key);
	s->value = alloc(value);
}

static const struct image_global *global_of(const struct store *s,
					    uint32_t global)
{
	return &s->img->globals.v[global];
}

/* Cut to the bound, padded with zeros to `size`. */
static void encode_str(uint8_t *to, struct str s, uint32_t bound,
		       uint32_t size)
{
	uint32_t n = MIN(s.len, bound);

	if (n)
		memcpy(to, s.s, n);
	memset(to + n, 0, size - n);
}

static void encode_part(const struct image_global *g, uint32_t k,
			uint8_t *key, const struct value *v)
{
	uint32_t bound = g->key_bound[k];

	if (g->key_type[k] == IT_LONG)
		memcpy(key + g->key_off[k], &v->l, sizeof(v->l));
	else
		encode_str(key + g->key_off[k], v->s, bound,
			   align_up(bound + 1, 8));
}

static const uint8_t *encode_key(struct store *s,
				 const struct image_global *g,
				 const struct value *keys)
{
	for (uint32_t k = 0; k < g->nkeys; k++)
		encode_part(g, k, s->key, &keys[k]);
	return s->key;
}

static const uint8_t *encode_value(struct store *s,
				   const struct image_global *g,
				   struct value v)
{
	if (g->type == IT_STRING)
		encode_str(s->value, v.s, g->bound, table_value_size(g));
	else
		memcpy(s->value, &v.l, sizeof(v.l));
	return s->value;
}

static struct value decode_value(const struct image_global *g,
				 const uint8_t *p)
{
	return g->type == IT_STRING ? value_decode_str(p, g->bound) :
				      value_decode_long(p);
}

static uint8_t *scalar_at(struct store *s, const struct image_global *g)
{
	return g->type == IT_STATS ? s->stats + g->off : s->globals + g->off;
}

static void set_scalar(struct store *s, const struct image_global *g,
		       struct value v)
{
	uint8_t *p = scalar_at(s, g);

	if (g->type == IT_STRING)
		encode_str(p, v.s, g->bound, g->bound + 1U);
	else
		__atomic_store_n((int64_t *)(void *)p, v.l, __ATOMIC_RELAXED);
}

static void init_scalar(struct store *s, uint32_t global)
{
	const struct image_global *g = global_of(s, global);

	if (g->is_array || g->type == IT_STATS)
		return;
	if (g->type == IT_STRING)
		set_scalar(s, g, value_str(image_str(s->img, g->init_str)));
	else
		set_scalar(s, g, value_long(g->init));
}

static void init_scalars(struct store *s)
{
	for (uint32_t i = 0; i < s->img->globals.n; i++)
		init_scalar(s, i);
}

static void create_tables(struct store *s)
{
	s->tables = alloc(s->img->globals.n * sizeof(*s->tables));
	for (uint32_t i = 0; i < s->img->globals.n; i++) {
		const struct image_global *g = global_of(s, i);

		if (g->of_task)
			continue;	/* the host has no business there */
		if (g->is_array && s->in_kernel)
			s->tables[i] = table_map_create(s->img, i, s->fds,
							s->globals, s->ncpus);
		else if (g->is_array)
			s->tables[i] = table_memory_create(g);
	}
}

static void create_stat_fds(struct store *s)
{
	s->stat_fds = alloc(s->img->globals.n * sizeof(*s->stat_fds));
	for (uint32_t i = 0; i < s->img->globals.n; i++)
		s->stat_fds[i] = (struct stat_fds){ NOT_YET, NOT_YET };
}

static void destroy_stat_fds(struct store *s)
{
	for (uint32_t i = 0; s->stat_fds && i < s->img->globals.n; i++) {
		if (s->stat_fds[i].take >= 0)
			close(s->stat_fds[i].take);
		if (s->stat_fds[i].merge >= 0)
			close(s->stat_fds[i].merge);
	}
	free(s->stat_fds);
}

struct err *store_create(const struct image *img,
			 const struct store_maps *maps, struct store **ret)
{
	uint32_t size = map_value_size(img, img->globals_map);
	struct store *s = alloc(sizeof(*s));

	s->img = img;
	s->in_kernel = maps;
	s->globals = maps ? maps->globals :
			    alloc(MAX(size, (uint32_t)IMAGE_SESSION_SIZE));
	s->stats_size = map_value_size(img, img->stats_map);
	s->stats = alloc(s->stats_size);
	if (maps) {
		s->fds = maps->fds;
		s->ncpus = maps->ncpus;
		s->copies = alloc((size_t)s->stats_size * s->ncpus);
		create_stat_fds(s);
	}
	alloc_scratch(s);
	create_tables(s);
	init_scalars(s);
	*ret = s;
	return NULL;
}

void store_destroy(struct store *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->img->globals.n; i++) {
		if (s->tables[i])
			s->tables[i]->ops->destroy(s->tables[i]);
	}
	destroy_stat_fds(s);
	if (!s->in_kernel)
		free(s->globals);
	free(s->stats);
	free(s->copies);
	free(s->tables);
	free(s->key);
	free(s->value);
	free(s);
}

struct image_session *store_session(struct store *s)
{
	return (struct image_session *)(void *)s->globals;
}

uint64_t *store_loss(struct store *s, uint32_t probe, enum image_loss l)
{
	uint64_t *losses = (void *)(s->globals + s->img->losses_off);

	return losses + (size_t)probe * LOSS_N + l;
}

struct image_times *store_times(struct store *s, uint32_t probe)
{
	if (!s->img->count_hits)
		return NULL;
	return (struct image_times *)(void *)(store_hits(s, probe) + 1);
}

uint64_t *store_hits(struct store *s, uint32_t probe)
{
	return (uint64_t *)(void *)(s->globals +
				    image_hits_off(s->img, probe));
}

/*
 * Kernel handlers give up soon on a lock that they do not get, and whoever
 * holds it must not be preempted for long: so the host holds it as a real-time
 * task.  Where that is not allowed, or the user has chosen another way of
 * scheduling, it holds it as it is.
 */
static void hurry(bool on)
{
	struct sched_param p = { .sched_priority = on ? 1 : 0 };
	int now = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;

	if (now == (on ? SCHED_OTHER : SCHED_RR))
		(void)sched_setscheduler(0, on ? SCHED_RR |
						 SCHED_RESET_ON_FORK :
						 SCHED_OTHER, &p);
}

/* Both words of the lock, as codegen/lock.c says: programs of older kernels
 * go by `waiting`, others by `lock` alone. */
static bool take_lock(struct image_session *se)
{
	uint64_t free_word = 0;

	if (!__atomic_fetch_add(&se->waiting, 1, __ATOMIC_ACQUIRE) &&
	    __atomic_compare_exchange_n(&se->lock, &free_word, LOCK_HOST,
					false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return true;
	__atomic_fetch_sub(&se->waiting, 1, __ATOMIC_RELAXED);
	return false;
}

static bool try_lock(struct image_session *se)
{
	for (uint32_t i = 0; i < LOCK_TRIES; i++) {
		if (i >= LOCK_SPINS)
			sched_yield();
		if (take_lock(se))
			return true;
	}
	return false;
}

bool store_lock(struct store *s)
{
	if (!s->in_kernel)
		return true;
	hurry(true);
	if (try_lock(store_session(s)))
		return true;
	hurry(false);
	return false;
}

void store_unlock(struct store *s)
{
	struct image_session *se = store_session(s);

	if (!s->in_kernel)
		return;
	__atomic_store_n(&se->lock, 0, __ATOMIC_RELEASE);
	__atomic_fetch_sub(&se->waiting, 1, __ATOMIC_RELEASE);
	hurry(false);
}

bool store_has(struct store *s, uint32_t global, const struct value *keys)
{
	struct table *t = s->tables[global];

	return t->ops->get(t, encode_key(s, t->global, keys), NULL);
}

struct value store_get(struct store *s, uint32_t global,
		       const struct value *keys)
{
	const struct image_global *g = global_of(s, global);
	struct table *t = s->tables[global];

	if (!t)
		return decode_value(g, scalar_at(s, g));
	if (!t->ops->get(t, encode_key(s, g, keys), s->value))
		memset(s->value, 0, t->value_size);
	return decode_value(g, s->value);
}

static bool no_room(const struct image_global *g, struct run_error *e)
{
	if (g->type == IT_STATS)
		e->kind = IERR_STAT_FULL;
	else
		e->kind = g->has_size ? IERR_ARRAY_SIZE : IERR_ARRAY_FULL;
	return false;
}

bool store_set(struct store *s, uint32_t global, const struct value *keys,
	       struct value v, struct run_error *e)
{
	const struct image_global *g = global_of(s, global);
	struct table *t = s->tables[global];

	if (!t) {
		set_scalar(s, g, v);
		return true;
	}
	encode_value(s, g, v);
	if (t->ops->put(t, encode_key(s, g, keys), s->value))
		return true;
	return no_room(g, e);
}

bool store_add(struct store *s, uint32_t global, const struct value *keys,
	       int64_t v, struct run_error *e)
{
	const struct image_global *g = global_of(s, global);
	struct table *t = s->tables[global];

	if (!t) {
		__atomic_fetch_add((int64_t *)(void *)scalar_at(s, g), v,
				   __ATOMIC_RELAXED);
		return true;
	}
	if (t->ops->add(t, encode_key(s, g, keys), v))
		return true;
	return no_room(g, e);
}

/* Reads the kernel's part of all scalar statistics into s->copies, once for
 * each handler, so that all it sees is of one moment.  False = there is none.
 */
static bool read_copies(struct store *s)
{
	const uint32_t zero = 0;

	if (s->in_kernel && !s->has_copies && s->stats_size)
		s->has_copies = !syscall_map_lookup(
			s->fds[s->img->stats_map], &zero, s->copies);
	return s->has_copies;
}

static uint8_t *copy_of(const struct store *s, const struct image_global *g,
			uint32_t cpu)
{
	return s->copies + (size_t)cpu * s->stats_size + g->off;
}

static int take_fd(struct store *s, uint32_t global)
{
	const struct image_global *g = global_of(s, global);
	int *fd = &s->stat_fds[global].take;

	if (*fd == NOT_YET)
		*fd = inplace_take_create(s->fds[s->img->stats_map], g->off,
					  image_stat_size(&g->stat));
	if (*fd < 0)
		*fd = CANNOT;
	return *fd;
}

static int merge_fd(struct store *s, uint32_t global)
{
	const struct image_global *g = global_of(s, global);
	int *fd = &s->stat_fds[global].merge;

	if (*fd == NOT_YET)
		*fd = inplace_merge_create(s->fds[s->img->stats_map], 0,
					   g->off, &g->stat);
	if (*fd < 0)
		*fd = CANNOT;
	return *fd;
}

/* Merges a statistic into one of the kernel's copies, or else into the host's
 * part. */
static void merge_scalar(struct store *s, uint32_t global,
			 const uint8_t *stat)
{
	const struct image_global *g = global_of(s, global);
	uint32_t size = image_stat_size(&g->stat);

	if (s->in_kernel && merge_fd(s, global) >= 0 &&
	    !inplace_merge(merge_fd(s, global), NULL, 0, stat, size))
		s->has_copies = false;
	else
		stat_merge(&g->stat, scalar_at(s, g), stat);
}

/* Clears the copies of all CPUs; what came to them since they were read is
 * merged again.  False = this kernel cannot. */
static bool take_stat(struct store *s, uint32_t global)
{
	const struct image_global *g = global_of(s, global);
	uint32_t size = image_stat_size(&g->stat);
	uint8_t *later = alloc(size);
	int fd = take_fd(s, global);
	bool ok = fd >= 0;

	for (uint32_t i = 0; i < s->ncpus && ok; i++) {
		ok = !inplace_take(fd, i, s->value, size);
		if (!ok || !s->has_copies)
			continue;
		stat_subtract(&g->stat, s->value, copy_of(s, g, i));
		memset(copy_of(s, g, i), 0, size);
		stat_merge(&g->stat, later, s->value);
	}
	if (!stat_is_empty(&g->stat, later))
		merge_scalar(s, global, later);
	free(later);
	return ok;
}

static void clear_stat(struct store *s, uint32_t global)
{
	const struct image_global *g = global_of(s, global);
	uint32_t size = image_stat_size(&g->stat);
	const uint32_t zero = 0;

	memset(scalar_at(s, g), 0, size);
	if (!s->in_kernel || take_stat(s, global))
		return;
	s->has_copies = false;
	if (!read_copies(s))
		return;
	for (uint32_t i = 0; i < s->ncpus; i++)
		memset(copy_of(s, g, i), 0, size);
	syscall_map_update(s->fds[s->img->stats_map], &zero, s->copies, 0);
}

static const uint8_t *scalar_stat(struct store *s,
				  const struct image_global *g)
{
	memcpy(s->value, scalar_at(s, g), image_stat_size(&g->stat));
	if (!read_copies(s))
		return s->value;
	for (uint32_t i = 0; i < s->ncpus; i++)
		stat_merge(&g->stat, s->value, copy_of(s, g, i));
	return s->value;
}

void store_begin(struct store *s)
{
	s->has_copies = false;
}

static void clear_scalar(struct store *s, uint32_t global)
{
	const struct image_global *g = global_of(s, global);

	if (g->type == IT_STATS)
		clear_stat(s, global);
	else if (g->type == IT_STRING)
		set_scalar(s, g, value_str(STR("")));
	else
		set_scalar(s, g, value_long(0));
}

void store_delete(struct store *s, uint32_t global, const struct value *keys)
{
	struct table *t = s->tables[global];

	if (t)
		t->ops->del(t, encode_key(s, t->global, keys));
	else
		clear_scalar(s, global);
}

void store_clear(struct store *s, uint32_t global)
{
	struct table *t = s->tables[global];

	if (t)
		t->ops->clear(t);
	else
		clear_scalar(s, global);
}

void store_reset(struct store *s, uint32_t global)
{
	store_clear(s, global);
	init_scalar(s, global);
}

bool store_stat_add(struct store *s, uint32_t global,
		    const struct value *keys, int64_t v, struct run_error *e)
{
	const struct image_global *g = global_of(s, global);
	struct table *t = s->tables[global];

	if (!t && s->in_kernel) {
		memset(s->value, 0, image_stat_size(&g->stat));
		stat_add(&g->stat, s->value, v);
		merge_scalar(s, global, s->value);
		return true;
	}
	if (!t) {
		stat_add(&g->stat, scalar_at(s, g), v);
		return true;
	}
	if (t->ops->stat_add(t, encode_key(s, g, keys), v))
		return true;
	return no_room(g, e);
}

const uint8_t *store_stat(struct store *s, uint32_t global,
			  const struct value *keys)
{
	const struct image_global *g = global_of(s, global);
	struct table *t = s->tables[global];

	if (!t)
		return scalar_stat(s, g);
	if (!t->ops->get(t, encode_key(s, g, keys), s->value))
		memset(s->value, 0, t->value_size);
	return s->value;
}

/* Does an entry's key have the parts of the slice (encoded in s->key)? */
static bool in_slice(const struct store *s, const struct image_global *g,
		     const struct value *slice, const uint8_t *key)
{
	for (uint32_t k = 0; k < g->nkeys; k++) {
		uint32_t end = k + 1U < g->nkeys ? g->key_off[k + 1] :
						   g->key_size;

		if (slice[k].type != IT_VOID &&
		    memcmp(key + g->key_off[k], s->key + g->key_off[k],
			   end - g->key_off[k]) != 0)
			return false;
	}
	return true;
}

void store_keep_slice(struct store *s, struct snapshot *sn,
		      const struct value *slice)
{
	const struct image_global *g = sn->global;
	uint32_t n = 0;

	for (uint32_t k = 0; k < g->nkeys; k++) {
		if (slice[k].type != IT_VOID)
			encode_part(g, k, s->key, &slice[k]);
	}
	for (uint32_t i = 0; i < sn->n; i++) {
		if (in_slice(s, g, slice, snapshot_raw(sn, i)))
			sn->order[n++] = sn->order[i];
	}
	sn->n = n;
}

struct snapshot *store_snapshot(struct store *s, uint32_t global)
{
	struct table *t = s->tables[global];
	struct snapshot *sn = alloc(sizeof(*sn));

	sn->global = t->global;
	sn->entry_size = t->key_size + t->value_size;
	sn->n = t->ops->all(t, &sn->entries);
	sn->order = alloc(sn->n * sizeof(*sn->order));
	for (uint32_t i = 0; i < sn->n; i++)
		sn->order[i] = i;
	return sn;
}

/* A handler that adds to an element while it is taken out adds in vain.  So a
 * sum only becomes 0, and goes when it is found so. */
static void move_sum(struct table *t, const uint8_t *seen, const uint8_t *to)
{
	int64_t v;

	memcpy(&v, seen + t->key_size, sizeof(v));
	if (v && t->ops->add(t, to, v)) {
		t->ops->add(t, seen, -v);
		return;
	}
	t->ops->drain(t, seen, seen + t->key_size);
	/* The array was full: now there is room for one. */
	if (v)
		t->ops->add(t, to, v);
}

void store_fold(struct store *s, uint32_t global, const uint8_t *seen,
		const uint8_t *to)
{
	struct table *t = s->tables[global];
	const uint8_t *value = seen + t->key_size;

	if (t->global->type == IT_STATS) {
		t->ops->drain(t, seen, value);
		t->ops->merge(t, to, value);
	} else if (t->global->type == IT_LONG &&
		   t->global->fold == FOLD_ADD) {
		move_sum(t, seen, to);
	} else {
		t->ops->del(t, seen);
		t->ops->put(t, to, value);
	}
}

void store_reorder(struct store *s, uint32_t global,
		   const struct snapshot *sn, uint32_t n)
{
	struct table *t = s->tables[global];
	const uint8_t **keys;

	n = MIN(n, sn->n);
	keys = alloc(n * sizeof(*keys));
	for (uint32_t i = 0; i < n; i++)
		keys[i] = snapshot_raw(sn, i);
	t->ops->reorder(t, keys, n);
	free(keys);
}

void store_drain(struct store *s, uint32_t global, const struct snapshot *sn)
{
	struct table *t = s->tables[global];

	for (uint32_t i = 0; i < sn->n; i++) {
		const uint8_t *key = snapshot_raw(sn, i);

		t->ops->drain(t, key, key + t->key_size);
	}
}

bool store_has_any(struct store *s, uint32_t global,
		   const struct value *slice)
{
	struct snapshot *sn = store_snapshot(s, global);
	bool any;

	store_keep_slice(s, sn, slice);
	any = sn->n;
	snapshot_destroy(sn);
	return any;
}

void store_delete_slice(struct store *s, uint32_t global,
			const struct value *slice)
{
	struct table *t = s->tables[global];
	struct snapshot *sn = store_snapshot(s, global);

	store_keep_slice(s, sn, slice);
	for (uint32_t i = 0; i < sn->n; i++)
		t->ops->del(t, snapshot_raw(sn, i));
	snapshot_destroy(sn);
}
