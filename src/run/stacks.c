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
#include "base/buf.h"
#include "image/image.h"
#include "kern/syscall.h"

#define STACKS_KEY (8 * IMAGE_STACK_FRAMES)
#define STACKS_BATCH 256	/* elements read at once */

struct stacks_known {
	uint64_t number;
	struct str text;
};

struct stacks {
	int fd;
	char mark[8];
	stacks_write_fn *write;
	void *data;
	struct arena texts;	/* of stacks, as long as this lives */
	struct stacks_known *known;	/* a hash table */
	uint32_t n, cap;		/* cap: 0 or a power of two */
	struct buf *made;		/* other texts, until forgotten */
	uint32_t nmade, made_cap;
};

struct stacks *stacks_create(int fd, uint64_t mark, stacks_write_fn *write,
			     void *data)
{
	struct stacks *st = calloc(1, sizeof(*st));

	if (!st)
		abort();
	st->fd = fd;
	st->write = write;
	st->data = data;
	memcpy(st->mark, &mark, sizeof(mark));
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

static struct str addresses(struct stacks *st, const uint64_t *frames)
{
	struct buf b = {};
	struct str text;

	for (uint32_t i = 0; i < IMAGE_STACK_FRAMES && frames[i]; i++)
		buf_printf(&b, "%s0x%016" PRIx64, i ? " " : "", frames[i]);
	text = arena_str(&st->texts, buf_view(&b));
	buf_deinit(&b);
	return text;
}

static void learn(struct stacks *st, uint64_t number, struct str text)
{
	if (!number)
		return;
	if (2 * st->n >= st->cap)
		grow(st);
	*slot(st, number) = (struct stacks_known){ number, text };
	st->n++;
}

static void learn_all(struct stacks *st, const uint64_t *keys,
		      const uint64_t *values, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!st->cap || !slot(st, values[i])->number)
			learn(st, values[i],
			      addresses(st, keys + i * IMAGE_STACK_FRAMES));
}

static void read_map(struct stacks *st)
{
	uint64_t *keys = malloc(STACKS_BATCH * STACKS_KEY);
	uint64_t values[STACKS_BATCH], at[2][IMAGE_STACK_FRAMES];
	uint32_t which = 0, n;
	bool begun = false;
	int code;

	if (!keys)
		abort();
	do {
		n = STACKS_BATCH;
		code = syscall_map_lookup_batch(st->fd,
						begun ? at[which] : NULL,
						at[!which], keys, values, &n);
		if (code && code != -ENOENT)
			break;
		learn_all(st, keys, values, n);
		which = !which;
		begun = true;
	} while (!code);
	free(keys);
}

#define STACKS_AS_SHIFT 48

static struct str text_of(struct stacks *st, uint64_t number);

/* The text of a stack that the map has under another name. */
static struct str text_as(struct stacks *st, uint64_t number)
{
	enum stack_as as = (enum stack_as)(number >> STACKS_AS_SHIFT);
	uint64_t low = number & ((UINT64_C(1) << STACKS_AS_SHIFT) - 1);
	struct buf b = {};
	struct str text;

	text = text_of(st, low | (uint64_t)STACK_AS_ADDRESSES
				 << STACKS_AS_SHIFT);
	if (text.len)
		st->write(st->data, text, as, &b);
	text = arena_str(&st->texts, buf_view(&b));
	buf_deinit(&b);
	return text;
}

static struct str text_of(struct stacks *st, uint64_t number)
{
	struct str text = STR("");

	if (!st->cap)
		grow(st);
	if (slot(st, number)->number)
		return slot(st, number)->text;
	if (number >> STACKS_AS_SHIFT != STACK_AS_ADDRESSES)
		text = text_as(st, number);
	else
		read_map(st);
	if (!slot(st, number)->number)
		learn(st, number, text);
	return slot(st, number)->text;
}

/* ---- strings ---- */

/* Where a stack begins in s at or behind `from`; -1 = none. */
static int64_t find(const struct stacks *st, struct str s, uint32_t from)
{
	const char *p;

	if (st->fd < 0 || s.len < from + IMAGE_STACK_BYTES)
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
	struct stacks *st = stacks_create(0, mark, NULL, NULL);
	char one[IMAGE_STACK_BYTES], two[40] = "a";
	uint64_t number = UINT64_C(0x80808080808081);
	struct str s;

	st->fd = 1 << 20;	/* no descriptor: what is not known is empty */
	learn(st, number, addresses(st, frames));
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
