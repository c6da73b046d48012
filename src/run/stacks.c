/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The map is read as a whole when it has something that is not known here:
 * the kernel is ahead of us, so one reading mostly serves many stacks.
 */
#include "run/stacks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/arena.h"
#include "base/bits.h"
#include "base/buf.h"
#include "base/map.h"
#include "image/image.h"
#include "kern/syscall.h"

#define PLACE_WORDS (IMAGE_USTACK_HEAD + 1)
#define STACKS_BATCH 256	/* elements read at once */

struct stacks_known {
	uint64_t number;
	struct str text;
	struct stacks_user *user;	/* of STACK_AS_USER, else NULL */
};

struct stacks {
	struct stacks_options o;
	char mark[8];
	struct arena texts;	/* of stacks, as long as this lives */
	struct map users;	/* text to struct stacks_user */
	struct stacks_known *known;	/* a hash table */
	uint32_t n, cap;		/* cap: 0 or a power of two */
	struct buf *made;		/* other texts, until forgotten */
	uint32_t nmade, made_cap;
};

struct stacks *stacks_create(const struct stacks_options *o)
{
	struct stacks *st = calloc(1, sizeof(*st));

	if (!st)
		abort();
	st->o = *o;
	memcpy(st->mark, &o->mark, sizeof(o->mark));
	map_init(&st->users, &st->texts);
	return st;
}

void stacks_destroy(struct stacks *st)
{
	if (!st)
		return;
	stacks_forget(st);
	free(st->made);
	free(st->known);
	arena_deinit(&st->texts);
	free(st);
}

uint64_t stacks_mark(void)
{
	uint64_t v = 0;
	struct timespec ts;

	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) != sizeof(v)) {
		clock_gettime(CLOCK_REALTIME, &ts);
		v = (uint64_t)ts.tv_nsec * UINT64_C(0x9e3779b97f4a7c15);
	}
	return v | UINT64_C(0x8080808080808080);
}

/* ---- what is known ---- */

static struct stacks_known *slot(const struct stacks *st, uint64_t number)
{
	uint32_t at = (uint32_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	while (st->known[at & (st->cap - 1)].number &&
	       st->known[at & (st->cap - 1)].number != number)
		at++;
	return &st->known[at & (st->cap - 1)];
}

static void grow(struct stacks *st)
{
	struct stacks_known *old = st->known;
	uint32_t n = st->cap;

	st->cap = n ? 2 * n : 1024;
	st->known = calloc(st->cap, sizeof(*st->known));
	if (!st->known)
		abort();
	for (uint32_t i = 0; i < n; i++)
		if (old[i].number)
			*slot(st, old[i].number) = old[i];
	free(old);
}

static struct str addresses(struct stacks *st, const uint64_t *frames,
			    uint32_t most)
{
	struct buf b = {};
	struct str text;

	for (uint32_t i = 0; i < most && frames[i]; i++)
		buf_printf(&b, "%s0x%016" PRIx64, i ? " " : "", frames[i]);
	text = arena_str(&st->texts, buf_view(&b));
	buf_deinit(&b);
	return text;
}

static void learn(struct stacks *st, struct stacks_known k)
{
	if (!k.number || (st->cap && slot(st, k.number)->number))
		return;
	if (2 * st->n >= st->cap)
		grow(st);
	*slot(st, k.number) = k;
	st->n++;
}

static struct stacks_user *user_of(struct stacks *st, const uint64_t *key,
				   uint32_t words, uint64_t time)
{
	const uint64_t *frames = key + IMAGE_USTACK_HEAD;
	struct stacks_user *u;
	uint32_t n = 0;

	while (n < words - IMAGE_USTACK_HEAD && frames[n])
		n++;
	u = arena_alloc(&st->texts,
			sizeof(*u) + MAX(n, 1u) * sizeof(*frames));
	u->pid = (pid_t)(key[0] >> USTACK_TGID_SHIFT);
	u->time = time;
	u->n = n;
	memcpy(u->frames, frames, n * sizeof(*frames));
	return u;
}

static void learn_user(struct stacks *st, const uint64_t *key, uint32_t words,
		       const uint64_t *value)
{
	struct stacks_known k = { .number = value[0] };

	if (st->cap && slot(st, k.number)->number)
		return;
	k.user = user_of(st, key, words, value[1]);
	k.text = addresses(st, k.user->frames, k.user->n);
	map_set(&st->users, k.text, k.user);
	learn(st, k);
}

static void learn_kernel(struct stacks *st, const uint64_t *key,
			 const uint64_t *value)
{
	if (!st->cap || !slot(st, value[0])->number)
		learn(st, (struct stacks_known){
			.number = value[0],
			.text = addresses(st, key, IMAGE_STACK_FRAMES) });
}

/* Its one address may be 0. */
static void learn_place(struct stacks *st, const uint64_t *key,
			const uint64_t *value)
{
	struct stacks_known k = { .number = value[0] };

	if (st->cap && slot(st, k.number)->number)
		return;
	k.user = user_of(st, key, PLACE_WORDS, value[1]);
	k.user->frames[0] = key[IMAGE_USTACK_HEAD];
	k.user->n = 1;
	learn(st, k);
}

static int map_fd(const struct stacks *st, enum stack_as as)
{
	return as == STACK_AS_USER ? st->o.user_fd :
	       as == STACK_AS_PLACE ? st->o.places_fd : st->o.fd;
}

static uint32_t key_words(const struct stacks *st, enum stack_as as)
{
	return as == STACK_AS_USER ? st->o.user_key / 8 :
	       as == STACK_AS_PLACE ? PLACE_WORDS : IMAGE_STACK_FRAMES;
}

static void learn_entry(struct stacks *st, enum stack_as as,
			const uint64_t *key, const uint64_t *value)
{
	if (as == STACK_AS_USER)
		learn_user(st, key, key_words(st, as), value);
	else if (as == STACK_AS_PLACE)
		learn_place(st, key, value);
	else
		learn_kernel(st, key, value);
}

/* Reads the map that has these. */
static void read_map(struct stacks *st, enum stack_as as)
{
	uint32_t words = key_words(st, as);
	uint32_t which = 0, n, per = as == STACK_AS_ADDRESSES ? 1 : 2;
	uint64_t *keys = calloc(STACKS_BATCH, words * sizeof(*keys));
	uint64_t *at = calloc(2, words * sizeof(*at));
	uint64_t *values = calloc(STACKS_BATCH, per * sizeof(*values));
	bool begun = false;
	int code;

	if (!keys || !at || !values)
		abort();
	do {
		n = STACKS_BATCH;
		code = syscall_map_lookup_batch(
			map_fd(st, as),
			begun ? at + which * words : NULL, at + !which * words,
			keys, values, &n);
		if (code && code != -ENOENT)
			break;
		for (uint32_t i = 0; i < n; i++)
			learn_entry(st, as, keys + i * words,
				    values + per * i);
		which = !which;
		begun = true;
	} while (!code);
	free(values);
	free(at);
	free(keys);
}

#define STACKS_AS_SHIFT 48

static const struct stacks_known *known(struct stacks *st, uint64_t number);

/* The text of a stack that the map has under another name. */
static struct str text_as(struct stacks *st, uint64_t number)
{
	enum stack_as as = (enum stack_as)(number >> STACKS_AS_SHIFT);
	uint64_t low = number & ((UINT64_C(1) << STACKS_AS_SHIFT) - 1);
	struct stacks_known k = *known(st, low | (uint64_t)stack_as_kept(as)
							<< STACKS_AS_SHIFT);
	struct buf b = {};
	struct str text;

	if (k.user)
		st->o.write_user(st->o.data, k.user, as, &b);
	else if (k.text.len)
		st->o.write(st->o.data, k.text, as, &b);
	text = arena_str(&st->texts, buf_view(&b));
	buf_deinit(&b);
	return text;
}

static const struct stacks_known *known(struct stacks *st, uint64_t number)
{
	enum stack_as as = (enum stack_as)(number >> STACKS_AS_SHIFT);
	struct stacks_known k = { .number = number };

	if (!st->cap)
		grow(st);
	if (slot(st, number)->number)
		return slot(st, number);
	if (as != stack_as_kept(as))
		k.text = text_as(st, number);
	else
		read_map(st, as);
	if (number)
		learn(st, k);
	return slot(st, number);
}

static struct str text_of(struct stacks *st, uint64_t number)
{
	return known(st, number)->text;
}

const struct stacks_user *stacks_user(const struct stacks *st,
				      struct str text)
{
	return map_find(&st->users, text);
}

/* ---- strings ---- */

/* Where a stack begins in s at or behind `from`; -1 = none. */
static int64_t find(const struct stacks *st, struct str s, uint32_t from)
{
	const char *p;

	if ((st->o.fd < 0 && st->o.user_fd < 0 && st->o.places_fd < 0) ||
	    s.len < from + IMAGE_STACK_BYTES)
		return -1;
	p = memmem(s.s + from, s.len - from - 7, st->mark, sizeof(st->mark));
	return p ? p - s.s : -1;
}

static struct str stack_at(struct stacks *st, struct str s, uint32_t at)
{
	uint64_t number = 0;

	memcpy(&number, s.s + at + 8, 7);
	return text_of(st, number);
}

static struct buf *new_text(struct stacks *st)
{
	if (st->nmade == st->made_cap) {
		st->made_cap = st->made_cap ? 2 * st->made_cap : 8;
		st->made = reallocarray(st->made, st->made_cap,
					sizeof(*st->made));
		if (!st->made)
			abort();
	}
	st->made[st->nmade] = (struct buf){};
	return &st->made[st->nmade++];
}

void stacks_forget(struct stacks *st)
{
	while (st->nmade)
		buf_deinit(&st->made[--st->nmade]);
}

struct str stacks_text(struct stacks *st, struct str s)
{
	int64_t at = find(st, s, 0);
	uint32_t done = 0;
	struct buf *b;

	if (at < 0)
		return s;
	if (s.len == IMAGE_STACK_BYTES)
		return stack_at(st, s, 0);
	b = new_text(st);
	for (; at >= 0; at = find(st, s, done)) {
		buf_str(b, str_sub(s, done, (uint32_t)at - done));
		buf_str(b, stack_at(st, s, (uint32_t)at));
		done = (uint32_t)at + IMAGE_STACK_BYTES;
	}
	buf_str(b, str_sub(s, done, s.len));
	return buf_view(b);
}

struct value stacks_value(struct stacks *st, struct value v)
{
	return v.type == IT_STRING ? value_str(stacks_text(st, v.s)) : v;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(stacks_texts)
{
	uint64_t mark = stacks_mark(), frames[IMAGE_STACK_FRAMES] = { 16, 2 };
	/* no descriptor: what is not known is empty */
	const struct stacks_options o = { .fd = 1 << 20, .user_fd = -1,
					  .places_fd = -1,
					  .mark = mark };
	struct stacks *st = stacks_create(&o);
	char one[IMAGE_STACK_BYTES], two[40] = "a";
	uint64_t number = UINT64_C(0x80808080808081);
	struct str s;

	learn_kernel(st, frames, &number);
	memcpy(one, &mark, 8);
	memcpy(one + 8, &number, 7);
	s = stacks_text(st, (struct str){ one, sizeof(one) });
	TEST(str_is(s, "0x0000000000000010 0x0000000000000002"));
	memcpy(two + 1, one, sizeof(one));
	memcpy(two + 1 + sizeof(one), "b", 1);
	s = stacks_text(st, (struct str){ two, 2 + sizeof(one) });
	TEST(str_is(s, "a0x0000000000000010 0x0000000000000002b"));
	TEST(str_is(stacks_text(st, STR("abc")), "abc"));
	/* cut short it is no stack */
	s = stacks_text(st, (struct str){ one, sizeof(one) - 1 });
	TEST_EQ(s.len, sizeof(one) - 1);
	one[13] = (char)0xff;
	TEST_EQ(stacks_text(st, (struct str){ one, sizeof(one) }).len, 0);
	stacks_destroy(st);
}
#endif
