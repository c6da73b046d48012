/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe, function and global are keywords and so begin a declaration
 * wherever they stand, but after '.' and '->'.  So braces need no counting,
 * which text between %( and %) could upset.
 */
#include "sema/library_scan.h"

#include <stdbool.h>

struct scan {
	struct arena *arena;
	const char *s, *end;
	scan_fn *fn;
	void *data;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

static bool at(const struct scan *sc, const char *two)
{
	return sc->end - sc->s >= 2 && sc->s[0] == two[0] &&
	       sc->s[1] == two[1];
}

/* Past the next place of the two characters, or to the end. */
static void skip_to(struct scan *sc, const char *two)
{
	while (sc->s < sc->end && !at(sc, two))
		sc->s++;
	sc->s = sc->end - sc->s >= 2 ? sc->s + 2 : sc->end;
}

static void skip_line(struct scan *sc)
{
	while (sc->s < sc->end && *sc->s != '\n')
		sc->s++;
}

static void skip_string(struct scan *sc)
{
	for (sc->s++; sc->s < sc->end && *sc->s != '"'; sc->s++)
		if (*sc->s == '\\' && sc->end - sc->s > 1)
			sc->s++;
	if (sc->s < sc->end)
		sc->s++;
}

/* True when there was something to skip. */
static bool skip_one(struct scan *sc)
{
	char c = *sc->s;

	if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		sc->s++;
	else if (c == '#' || at(sc, "//"))
		skip_line(sc);
	else if (at(sc, "/*"))
		sc->s += 2, skip_to(sc, "*/");
	else if (at(sc, "%{"))
		skip_to(sc, "%}");
	else if (c == '"')
		skip_string(sc);
	else
		return false;
	return true;
}

static void skip(struct scan *sc)
{
	while (sc->s < sc->end && skip_one(sc))
		;
}

/* The word that comes next, or an empty string. */
static struct str word(struct scan *sc)
{
	const char *start;

	skip(sc);
	start = sc->s;
	if (sc->s < sc->end && is_letter(*sc->s))
		while (sc->s < sc->end && is_word(*sc->s))
			sc->s++;
	return (struct str){ start, (uint32_t)(sc->s - start) };
}

static bool eat(struct scan *sc, char c)
{
	skip(sc);
	if (sc->s == sc->end || *sc->s != c)
		return false;
	sc->s++;
	return true;
}

/* Behind a name: %, [n], = literal. */
static void skip_declarator(struct scan *sc)
{
	eat(sc, '%');
	if (eat(sc, '['))
		while (sc->s < sc->end && *sc->s++ != ']')
			;
	if (!eat(sc, '='))
		return;
	skip(sc);	/* a string is skipped with the spaces */
	if (sc->s < sc->end && *sc->s == '-')
		sc->s++;
	while (sc->s < sc->end && is_word(*sc->s))
		sc->s++;
}

static void scan_global(struct scan *sc, bool is_private)
{
	do {
		struct str name = word(sc);

		if (!name.len)
			return;
		if (!is_private)
			sc->fn(SCAN_GLOBAL, name, sc->data);
		skip_declarator(sc);
	} while (eat(sc, ','));
}

static void scan_probe(struct scan *sc)
{
	struct str name = {}, part;

	do {
		part = word(sc);
		if (!part.len)
			return;
		name = name.len ? arena_printf(sc->arena,
					       "%" STR_FMT ".%" STR_FMT,
					       STR_ARG(name), STR_ARG(part)) :
				  part;
	} while (eat(sc, '.'));
	skip(sc);
	if (at(sc, "+=") || eat(sc, '='))
		sc->fn(SCAN_ALIAS, name, sc->data);
}

static void scan_define(struct scan *sc)
{
	struct str name;

	sc->s++;
	if (!str_is(word(sc), "define"))
		return;
	eat(sc, '@');
	name = word(sc);
	if (name.len)
		sc->fn(SCAN_MACRO, name, sc->data);
}

static void scan_word(struct scan *sc, bool is_private, bool is_member)
{
	struct str w = word(sc);

	if (is_member)
		return;
	if (str_is(w, "function")) {
		w = word(sc);
		if (w.len && !is_private)
			sc->fn(SCAN_FUNCTION, w, sc->data);
	} else if (str_is(w, "global")) {
		scan_global(sc, is_private);
	} else if (str_is(w, "probe")) {
		scan_probe(sc);
	} else if (str_is(w, "private")) {
		skip(sc);
		scan_word(sc, true, false);
	}
}

void library_scan(struct arena *a, struct str text, scan_fn *fn, void *data)
{
	struct scan sc = {
		.arena = a,
		.s = text.s,
		.end = text.s + text.len,
		.fn = fn,
		.data = data,
	};
	char last = '\0';

	for (;;) {
		skip(&sc);
		if (sc.s >= sc.end)
			return;
		if (is_letter(*sc.s))
			scan_word(&sc, false, last == '.' || last == '>');
		else if (*sc.s == '@')
			scan_define(&sc);
		else if (is_word(*sc.s))
			while (sc.s < sc.end && is_word(*sc.s))
				sc.s++;
		else {
			last = *sc.s++;
			continue;
		}
		last = '\0';
	}
}

#ifdef UNIT_TEST
#include "base/buf.h"
#include "unit.h"

static void note(enum scan_kind kind, struct str name, void *data)
{
	buf_printf(data, "%c:%" STR_FMT " ", "fgam"[kind], STR_ARG(name));
}

static bool finds(const char *text, const char *wanted)
{
	struct arena a;
	struct buf b = {};
	bool same;

	arena_init(&a);
	library_scan(&a, str_from(text), note, &b);
	same = str_is(buf_view(&b), wanted);
	buf_deinit(&b);
	arena_deinit(&a);
	return same;
}

UNIT_TEST_CASE(library_scan_kinds)
{
	TEST(finds("function f:long(a) { return a } function g() %{ x %}",
		   "f:f f:g "));
	TEST(finds("global a, b% [10], c = \"x, y\", d = -5\nglobal e",
		   "g:a g:b g:c g:d g:e "));
	TEST(finds("probe a.b.c = begin, x.y(1) { } probe d += e ? { }",
		   "a:a.b.c a:d "));
	TEST(finds("@define m %( x %) @define n(a) %( @a %)", "m:m m:n "));
}

UNIT_TEST_CASE(library_scan_leaves_out)
{
	TEST(finds("private function f() { } private global g, h", ""));
	TEST(finds("probe begin { x = 1 } probe kernel.function(\"f\") { }",
		   ""));
	TEST(finds("/* function a */ // function b\n# function c\n", ""));
	TEST(finds("probe x { s = \"function f\" y->function z }", ""));
	TEST(finds("%{ int function(void); %}", ""));
}

UNIT_TEST_CASE(library_scan_ends)
{
	TEST(finds("", ""));
	TEST(finds("function", ""));
	TEST(finds("global", ""));
	TEST(finds("global a[", "g:a "));
	TEST(finds("probe a.", ""));
	TEST(finds("\"open", ""));
	TEST(finds("/* open", ""));
	TEST(finds("private", ""));
	TEST(finds("@", ""));
}
#endif
