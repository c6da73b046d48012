/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/speculation.h"

#include <stdlib.h>

#include "run/intrinsic.h"

#define HELD_MAX (UINT64_C(64) << 20)	/* bytes of all together */

struct speculation {
	int64_t id;
	struct buf text;
};

struct speculations {
	struct speculation *v;
	uint32_t n, room;
	uint64_t bytes;
	bool said_full;
};

void speculations_destroy(struct speculations *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->n; i++)
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

static struct speculation *find(struct speculations *s, int64_t id)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->v[i].id == id)
			return &s->v[i];
	return NULL;
}

static struct speculation *add(struct speculations *s, int64_t id)
{
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 16;
		s->v = realloc(s->v, s->room * sizeof(*s->v));
		if (!s->v)
			abort();
	}
	s->v[s->n] = (struct speculation){ .id = id };
	return &s->v[s->n++];
}

/* Ones that hold little are no less of a burden. */
static uint64_t size_of(const struct speculation *p)
{
	return sizeof(*p) + p->text.len;
}

/* Its place is the last one's then. */
static void drop(struct speculations *s, struct speculation *p)
{
	s->bytes -= size_of(p);
	buf_deinit(&p->text);
	*p = s->v[--s->n];
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
