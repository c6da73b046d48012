/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/point.h"

#include "base/buf.h"

/* ---- braces ---- */

struct flat {
	struct arena *arena;
	struct ast_points *ret;
	bool too_many;
};

static void push_component(struct arena *a, struct ast_point *pt,
			   const struct ast_component *c)
{
	vec_push(a, pt, *c);
}

/* The rest of a point: components v, then those of the level outside. */
struct rest {
	const struct ast_component *v;
	uint32_t n;
	const struct rest *outer;
};

static void flatten(struct flat *f, const struct ast_point *made,
		    const struct rest *rest);

static void flatten_braces(struct flat *f, const struct ast_point *made,
			   const struct rest *rest)
{
	const struct ast_component *c = rest->v;
	struct rest after = { c + 1, rest->n - 1, rest->outer };

	for (uint32_t i = 0; i < c->nbraces && !f->too_many; i++) {
		const struct ast_point *b = &c->braces[i];
		struct rest inner = { b->v, b->n, &after };
		struct ast_point pt = *made;

		pt.optional |= b->optional;
		pt.sufficient |= b->sufficient;
		flatten(f, &pt, &inner);
	}
}

static void flatten(struct flat *f, const struct ast_point *made,
		    const struct rest *rest)
{
	struct ast_point pt = *made;

	/* Points that share a beginning must not share its memory. */
	pt.v = NULL;
	pt.n = pt.cap = 0;
	for (uint32_t i = 0; i < made->n; i++)
		push_component(f->arena, &pt, &made->v[i]);
	while (rest && !rest->n)
		rest = rest->outer;
	for (; rest; ) {
		struct rest next = { rest->v + 1, rest->n - 1, rest->outer };

		if (rest->v->nbraces) {
			flatten_braces(f, &pt, rest);
			return;
		}
		push_component(f->arena, &pt, rest->v);
		if (next.n) {
			flatten(f, &pt, &next);
			return;
		}
		for (rest = rest->outer; rest && !rest->n; rest = rest->outer)
			;
	}
	if (f->ret->n >= POINT_MAX_FLAT)
		f->too_many = true;
	else
		vec_push(f->arena, f->ret, pt);
}

static bool has_braces(const struct ast_point *pt)
{
	for (uint32_t i = 0; i < pt->n; i++)
		if (pt->v[i].nbraces)
			return true;
	return false;
}

bool point_flatten(struct arena *a, const struct ast_point *pt,
		   const struct ast_component *suffix, uint32_t nsuffix,
		   struct ast_points *ret)
{
	struct flat f = { .arena = a, .ret = ret };
	struct rest tail = { suffix, nsuffix, NULL };
	struct rest all = { pt->v, pt->n, &tail };
	struct ast_point made = *pt;

	if (!nsuffix && !has_braces(pt)) {
		vec_push(a, ret, *pt);
		return true;
	}
	made.v = NULL;
	made.n = made.cap = 0;
	flatten(&f, &made, &all);
	return !f.too_many;
}

/* ---- text ---- */

static void add_string(struct buf *b, struct str s)
{
	buf_char(b, '"');
	for (uint32_t i = 0; i < s.len; i++) {
		if (s.s[i] == '"' || s.s[i] == '\\')
			buf_char(b, '\\');
		buf_char(b, s.s[i]);
	}
	buf_char(b, '"');
}

static void add_component(struct buf *b, const struct ast_component *c)
{
	buf_str(b, c->name);
	switch (c->arg_kind) {
	case AST_ARG_NONE:
		return;
	case AST_ARG_NUMBER:
		buf_printf(b, "(%lld)", (long long)c->number);
		return;
	case AST_ARG_STRING:
		buf_char(b, '(');
		add_string(b, c->string);
		buf_char(b, ')');
		return;
	}
}

struct str point_text(struct arena *a, const struct ast_component *v,
		      uint32_t n)
{
	struct buf b = {};
	struct str s;

	for (uint32_t i = 0; i < n; i++) {
		if (i)
			buf_char(&b, '.');
		add_component(&b, &v[i]);
	}
	s = arena_str(a, buf_view(&b));
	buf_deinit(&b);
	return s;
}

bool point_has_glob(const struct ast_point *pt)
{
	for (uint32_t i = 0; i < pt->n; i++)
		if (str_has_glob(pt->v[i].name))
			return true;
	return false;
}

/* "name@file:12,20-30" */
static bool has_many_lines(struct str s)
{
	bool digits = str_find_char(s, '@') >= 0;

	for (uint32_t i = s.len; i && digits; i--) {
		char c = s.s[i - 1];

		if (c == ',' || c == '-')
			return true;
		digits = c >= '0' && c <= '9';
	}
	return false;
}

bool point_is_pattern(const struct ast_point *pt)
{
	for (uint32_t i = 0; i < pt->n; i++)
		if (str_has_glob(pt->v[i].name) ||
		    str_is(pt->v[i].name, "callees") ||
		    (pt->v[i].arg_kind == AST_ARG_STRING &&
		     (str_has_glob(pt->v[i].string) ||
		      has_many_lines(pt->v[i].string))))
			return true;
	return false;
}

/* ---- names ---- */

/* The first part of "a.b.c"; *name becomes the rest. */
static struct str take_part(struct str *name)
{
	int64_t dot = str_find_char(*name, '.');
	uint32_t n = dot < 0 ? name->len : (uint32_t)dot;
	struct str part = str_sub(*name, 0, n);

	*name = dot < 0 ? (struct str){} : str_sub(*name, n + 1, name->len);
	return part;
}

/* Does the pattern up to its "**", and then anything, match? */
static bool starts_glob(struct str pattern, uint32_t stars, struct str s)
{
	struct str head = str_sub(pattern, 0, stars + 1);

	return str_glob(head, s);
}

static uint32_t match(const struct ast_point *pt, uint32_t i,
		      struct str pattern, struct str name)
{
	struct str part;
	int64_t stars;
	uint32_t n;

	if (pt->v[i].arg_kind != AST_ARG_NONE || pt->v[i].nbraces)
		return 0;
	part = take_part(&name);
	stars = str_find(pattern, STR("**"));
	if (str_glob(pattern, part)) {
		if (!name.len)
			return i + 1;
		n = i + 1 < pt->n ? match(pt, i + 1, pt->v[i + 1].name, name) :
				    0;
		if (n)
			return n;
	}
	if (stars < 0 || !name.len ||
	    !starts_glob(pattern, (uint32_t)stars, part))
		return 0;
	return match(pt, i, str_sub(pattern, (uint32_t)stars, pattern.len),
		     name);
}

uint32_t point_match(const struct ast_point *pt, struct str name)
{
	return pt->n ? match(pt, 0, pt->v[0].name, name) : 0;
}

#ifdef UNIT_TEST
#include "unit.h"

/* point_match() of a point of up to three plain components. */
static uint32_t matches(const char *a, const char *b, const char *c,
			const char *name)
{
	const char *const parts[] = { a, b, c };
	struct ast_component v[3] = {};
	struct ast_point pt = { .v = v };

	for (uint32_t i = 0; i < 3 && parts[i]; i++)
		v[pt.n++].name = str_from(parts[i]);
	return point_match(&pt, str_from(name));
}

UNIT_TEST_CASE(point_match_names)
{
	TEST_EQ(matches("a", NULL, NULL, "a"), 1);
	TEST_EQ(matches("a", "b", NULL, "a"), 1);
	TEST_EQ(matches("a", "b", NULL, "a.b"), 2);
	TEST_EQ(matches("a", NULL, NULL, "a.b"), 0);
	TEST_EQ(matches("a", "x", NULL, "a.b"), 0);
	TEST_EQ(matches("b", NULL, NULL, "a"), 0);
}

UNIT_TEST_CASE(point_match_wildcards)
{
	TEST_EQ(matches("sys*", "read", NULL, "syscall.read"), 2);
	TEST_EQ(matches("syscall", "*", NULL, "syscall.read"), 2);
	TEST_EQ(matches("syscall", "*", NULL, "syscall.read.return"), 0);
	TEST_EQ(matches("syscall", "*", "return", "syscall.read.return"), 3);
	TEST_EQ(matches("syscall", "**", NULL, "syscall.read.return"), 2);
	TEST_EQ(matches("**", NULL, NULL, "syscall.read.return"), 1);
	TEST_EQ(matches("**return", NULL, NULL, "syscall.read.return"), 1);
	TEST_EQ(matches("sys**turn", "x", NULL, "syscall.read.return"), 1);
	TEST_EQ(matches("sys**turn", NULL, NULL, "syscall.read"), 0);
}

UNIT_TEST_CASE(point_flatten_products)
{
	struct arena a;
	struct ast_component one[2] = {}, two[1] = {}, braces[1] = {};
	struct ast_component suffix = { .name = STR("z") };
	struct ast_point alternatives[2] = { { .v = one, .n = 2 },
					     { .v = two, .n = 1 } };
	struct ast_point pt = { .v = braces, .n = 1 };
	struct ast_points flat = {};

	arena_init(&a);
	one[0].name = STR("a");
	one[1].name = STR("b");
	two[0].name = STR("c");
	braces[0].braces = alternatives;
	braces[0].nbraces = 2;
	TEST(point_flatten(&a, &pt, &suffix, 1, &flat));
	TEST_EQ(flat.n, 2);
	TEST(str_is(point_text(&a, flat.v[0].v, flat.v[0].n), "a.b.z"));
	TEST(str_is(point_text(&a, flat.v[1].v, flat.v[1].n), "c.z"));
	arena_deinit(&a);
}
#endif
