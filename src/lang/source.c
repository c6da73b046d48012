/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

void sources_init(struct sources *ss, struct arena *a)
{
	*ss = (struct sources){ .arena = a, .next = 1 };
}

struct source *source_add(struct sources *ss, struct str name, struct str text)
{
	struct source *s = arena_new(ss->arena, struct source);

	*s = (struct source){
		.name = name,
		.text = text,
		.base = ss->next,
		.number = ss->files.n,
	};
	/* One more, so that the end of a text is a place in it. */
	ss->next += text.len + 1;
	vec_push(ss->arena, &ss->files, s);
	return s;
}

static struct err *read_all(FILE *f, const char *path, struct buf *text)
{
	size_t n;

	do {
		char *room = buf_reserve(text, 65536);

		n = fread(room, 1, 65536, f);
		text->len += n;
		if (text->len > SOURCE_MAX)
			return err_new(ERR_LIMIT,
				       "%s is longer than %u MB", path,
				       SOURCE_MAX >> 20);
	} while (n);
	if (ferror(f))
		return err_os(errno, "cannot read %s", path);
	return NULL;
}

static struct err *source_given(struct sources *ss, struct str path,
				struct source **ret)
{
	for (uint32_t i = 0; i < ss->ngiven; i++) {
		if (!str_eq(ss->given[i].name, path))
			continue;
		if (ss->given[i].text.len > SOURCE_MAX ||
		    ss->next > UINT32_MAX - SOURCE_MAX - 1)
			return err_new(ERR_LIMIT, "too much text to compile");
		*ret = source_add(ss, str_is(path, "-") ? STR("<stdin>") : path,
				  ss->given[i].text);
		return NULL;
	}
	return err_new(ERR_NOT_FOUND, "the image has no file %s", path.s);
}

struct err *source_read(struct sources *ss, const char *path,
			struct source **ret)
{
	_cleanup_fclose_ FILE *opened = NULL;
	_cleanup_(buf_deinit) struct buf text = {};
	bool is_stdin = !strcmp(path, "-");
	struct err *err;
	struct str name;

	if (ss->given)
		return source_given(ss, str_from(path), ret);
	if (!is_stdin) {
		opened = fopen(path, "re");
		if (!opened)
			return err_os(errno, "cannot open %s", path);
	}
	err = read_all(is_stdin ? stdin : opened, path, &text);
	if (err)
		return err;
	if (ss->next > UINT32_MAX - SOURCE_MAX - 1)
		return err_new(ERR_LIMIT, "too much text to compile");
	name = is_stdin ? STR("<stdin>") : str_from(path);
	*ret = source_add(ss, arena_str(ss->arena, name),
			  arena_str(ss->arena, buf_view(&text)));
	return NULL;
}

struct source *source_of(const struct sources *ss, uint32_t pos)
{
	uint32_t lo = 0, hi = ss->files.n;

	if (!pos)
		return NULL;
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ss->files.v[mid]->base <= pos)
			lo = mid;
		else
			hi = mid;
	}
	if (lo == hi || pos < ss->files.v[lo]->base ||
	    pos > ss->files.v[lo]->base + ss->files.v[lo]->text.len)
		return NULL;
	return ss->files.v[lo];
}

static void find_lines(struct arena *a, struct source *s)
{
	VEC(uint32_t) lines = {};

	vec_push(a, &lines, 0);
	for (uint32_t i = 0; i < s->text.len; i++)
		if (s->text.s[i] == '\n')
			vec_push(a, &lines, i + 1);
	s->lines = lines.v;
	s->nlines = lines.n;
}

/* The number, from 0, of the line that the byte is in. */
static uint32_t line_of(const struct source *s, uint32_t at)
{
	uint32_t lo = 0, hi = s->nlines;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->lines[mid] <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

struct place source_place(const struct sources *ss, uint32_t pos)
{
	struct source *s = source_of(ss, pos);
	struct place p = { .source = s };
	uint32_t start, end;

	if (!s)
		return p;
	if (!s->nlines)
		find_lines(ss->arena, s);
	p.line = line_of(s, pos - s->base);
	start = s->lines[p.line++];
	p.col = pos - s->base - start + 1;
	end = p.line < s->nlines ? s->lines[p.line] - 1 : s->text.len;
	p.text = str_sub(s->text, start, end - start);
	return p;
}

struct str source_text(const struct sources *ss, struct span span)
{
	const struct source *s = span.len ? source_of(ss, span.pos) : NULL;

	return s ? str_sub(s->text, span.pos - s->base, span.len) :
		   (struct str){};
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(places_of_two_texts)
{
	struct arena a;
	struct sources ss;
	struct source *x, *y;

	arena_init(&a);
	sources_init(&ss, &a);
	x = source_add(&ss, STR("x"), STR("one\n\nthree"));
	y = source_add(&ss, STR("y"), STR(""));
	TEST_EQ(source_place(&ss, x->base).line, 1);
	TEST_EQ(source_place(&ss, x->base + 3).col, 4);
	TEST_EQ(source_place(&ss, x->base + 4).line, 2);
	TEST_EQ(source_place(&ss, x->base + 4).text.len, 0);
	TEST_EQ(source_place(&ss, x->base + 7).line, 3);
	TEST_EQ(source_place(&ss, x->base + 7).col, 3);
	TEST(str_is(source_place(&ss, x->base + 10).text, "three"));
	TEST(source_of(&ss, y->base) == y);
	TEST_EQ(source_place(&ss, y->base).line, 1);
	TEST(!source_of(&ss, 0));
	TEST(!source_of(&ss, y->base + 1));
	arena_deinit(&a);
}
#endif
