/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/speculation.h"

#include <stdbool.h>
#include <stdlib.h>

#include "run/intrinsic.h"

#define HELD_MAX (UINT64_C(64) << 20)	/* bytes of all together */

struct speculation {
	int64_t id;
	bool is_used;		/* is, or was */
	struct buf text;
};

/* By number: open addressing, at most half full.  What is gone leaves its text
 * empty, and is left out when the table grows. */
struct speculations {
	struct speculation *v;
	uint32_t used, room;	/* room: a power of two */
	uint64_t bytes;
	bool said_full;
};

void speculations_destroy(struct speculations *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->room; i++)
		buf_deinit(&s->v[i].text);
	free(s->v);
	free(s);
}

static struct speculations *held(struct host *h)
{
	if (!h->speculations)
		h->speculations = calloc(1, sizeof(*h->speculations));
	if (!h->speculations)
		abort();
	return h->speculations;
}

/* Where id is, or would be. */
static struct speculation *place(const struct speculations *s, int64_t id)
{
	uint64_t at = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);

	for (uint64_t i = at >> 32;; i++) {
		struct speculation *p = &s->v[i & (s->room - 1)];

		if (!p->is_used || p->id == id)
			return p;
	}
}

static struct speculation *find(const struct speculations *s, int64_t id)
{
	struct speculation *p = s->room ? place(s, id) : NULL;

	return p && p->text.len ? p : NULL;
}

/* Room for one more. */
static void grow(struct speculations *s)
{
	struct speculations old = *s;
	uint32_t n = 0;

	if (s->room && s->used < s->room / 2)
		return;
	for (uint32_t i = 0; i < old.room; i++)
		n += old.v[i].text.len != 0;
	s->room = 16;
	while (s->room < 4 * (n + 1))
		s->room *= 2;
	s->v = calloc(s->room, sizeof(*s->v));
	if (!s->v)
		abort();
	s->used = n;
	for (uint32_t i = 0; i < old.room; i++)
		if (old.v[i].text.len)
			*place(s, old.v[i].id) = old.v[i];
		else
			buf_deinit(&old.v[i].text);
	free(old.v);
}

static struct speculation *add(struct speculations *s, int64_t id)
{
	struct speculation *p;

	grow(s);
	p = place(s, id);
	s->used += !p->is_used;
	p->id = id;
	p->is_used = true;
	return p;
}

/* Ones that hold little are no less of a burden. */
static uint64_t size_of(const struct speculation *p)
{
	return sizeof(*p) + p->text.len;
}

static void drop(struct speculations *s, struct speculation *p)
{
	s->bytes -= size_of(p);
	buf_deinit(&p->text);
}

enum step intrinsic_speculate(struct host *h, const struct value *args)
{
	struct speculations *s = held(h);
	struct speculation *p = find(s, args[0].l);
	struct str text = args[1].s;

	if (!text.len)
		return STEP_ON;
	if (s->bytes + text.len > HELD_MAX) {
		if (!s->said_full)
			output_warn(h->out, "speculate(): too much is held "
				    "back; more is forgotten");
		s->said_full = true;
		return STEP_ON;
	}
	if (!p) {
		p = add(s, args[0].l);
		s->bytes += size_of(p);
	}
	buf_str(&p->text, text);
	s->bytes += text.len;
	return STEP_ON;
}

enum step intrinsic_commit(struct host *h, const struct value *args)
{
	struct speculation *p = find(held(h), args[0].l);

	if (!p)
		return STEP_ON;
	output_write(h->out, buf_view(&p->text));
	drop(h->speculations, p);
	return STEP_ON;
}

enum step intrinsic_discard(struct host *h, const struct value *args)
{
	struct speculation *p = find(held(h), args[0].l);

	if (p)
		drop(h->speculations, p);
	return STEP_ON;
}
