/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patterns: parsed into a tree, and the tree made into an NFA from its end to
 * its start, so that each part knows what follows it.
 */
#include "sema/regex.h"

#include <ctype.h>

#include "image/dfa.h"
#include "sema/regex_nfa.h"

#define DEPTH_MAX 100
#define REPEAT_MAX 255
#define PATTERN_MAX 4096

enum part_kind {
	PART_EMPTY,
	PART_SET,
	PART_BEGIN,
	PART_END,
	PART_CAT,		/* a, then b */
	PART_ALT,		/* a or b */
	PART_REPEAT,		/* a, min to max times */
	PART_GROUP,		/* a */
};

struct part {
	enum part_kind kind;
	struct part *a, *b;
	uint32_t set;
	uint32_t min, max;	/* max UINT32_MAX = any number */
	uint32_t group;
};

struct regex {
	struct str s;
	uint32_t at, depth;
	struct arena *a;
	struct nfa nfa;
	struct err *err;	/* the first */
};

static struct part *part_new(struct regex *r, enum part_kind kind)
{
	struct part *p = arena_new(r->a, struct part);

	p->kind = kind;
	return p;
}

static struct part *fail(struct regex *r, const char *what)
{
	if (!r->err)
		r->err = err_new(ERR_FORMAT, "%s, at character %u", what,
				 r->at + 1);
	return part_new(r, PART_EMPTY);
}

static bool more(const struct regex *r)
{
	return r->at < r->s.len && !r->err;
}

static bool at(const struct regex *r, char c)
{
	return more(r) && r->s.s[r->at] == c;
}

static bool take(struct regex *r, char c)
{
	bool is = at(r, c);

	r->at += is;
	return is;
}

/* ---- sets of bytes ---- */

static void set_add(struct nfa_set *s, uint32_t from, uint32_t to)
{
	for (uint32_t c = from; c <= to && c < 256; c++)
		s->bits[c / 8] |= (uint8_t)(1U << c % 8);
}

static struct part *set_part(struct regex *r, const struct nfa_set *s)
{
	struct part *p = part_new(r, PART_SET);

	for (p->set = 0; p->set < r->nfa.sets.n; p->set++) {
		if (!memcmp(&r->nfa.sets.v[p->set], s, sizeof(*s)))
			return p;
	}
	vec_push(r->a, &r->nfa.sets, *s);
	return p;
}

static struct part *byte_part(struct regex *r, char c)
{
	struct nfa_set s = {};

	set_add(&s, (unsigned char)c, (unsigned char)c);
	return set_part(r, &s);
}

static struct part *any_part(struct regex *r)
{
	struct nfa_set s = {};

	set_add(&s, 0, 255);
	return set_part(r, &s);
}

/* [:name:], at the colon; the classes of the C locale. */
static void bracket_class(struct regex *r, struct nfa_set *s)
{
	static const struct {
		const char *name;
		int (*has)(int);
	} classes[] = {
		{ "alnum", isalnum }, { "alpha", isalpha },
		{ "blank", isblank }, { "cntrl", iscntrl },
		{ "digit", isdigit }, { "graph", isgraph },
		{ "lower", islower }, { "print", isprint },
		{ "punct", ispunct }, { "space", isspace },
		{ "upper", isupper }, { "xdigit", isxdigit },
	};
	struct str rest = str_sub(r->s, r->at + 1, r->s.len);
	int64_t end = str_find(rest, STR(":]"));
	struct str name = str_sub(rest, 0, end < 0 ? 0 : (uint32_t)end);

	for (uint32_t i = 0; i < ARRAY_SIZE(classes); i++) {
		if (!str_is(name, classes[i].name))
			continue;
		for (int c = 0; c < 128; c++) {
			if (classes[i].has(c))
				set_add(s, (uint32_t)c, (uint32_t)c);
		}
		r->at += name.len + 3;
		return;
	}
	fail(r, "there is no such class of characters");
}

/* [.c.] and [=c=], at the dot: only of one character. */
static unsigned char bracket_single(struct regex *r)
{
	char mark = r->s.s[r->at];
	struct str rest = str_sub(r->s, r->at, 4);

	if (rest.len < 4 || rest.s[2] != mark || rest.s[3] != ']') {
		fail(r, "there is no such character");
		return 0;
	}
	r->at += 4;
	return (unsigned char)rest.s[1];
}

/* One end of a range, or a character by itself. */
static unsigned char bracket_char(struct regex *r)
{
	char c = r->s.s[r->at++];

	if (c == '[' && (at(r, '.') || at(r, '=')))
		return bracket_single(r);
	return (unsigned char)c;
}

static void bracket_item(struct regex *r, struct nfa_set *s)
{
	unsigned char from, to;

	if (at(r, '[') && r->at + 1 < r->s.len && r->s.s[r->at + 1] == ':') {
		r->at++;
		bracket_class(r, s);
		return;
	}
	from = to = bracket_char(r);
	if (at(r, '-') && r->at + 1 < r->s.len && r->s.s[r->at + 1] != ']') {
		r->at++;
		to = bracket_char(r);
	}
	if (to < from)
		fail(r, "a range of characters runs backwards");
	set_add(s, from, to);
}

/* Behind the '['. */
static struct part *bracket(struct regex *r)
{
	bool negated = take(r, '^');
	struct nfa_set s = {};
	bool first = true;

	while (more(r) && (first || !at(r, ']'))) {
		bracket_item(r, &s);
		first = false;
	}
	if (!take(r, ']'))
		return fail(r, "a '[' is not closed");
	for (uint32_t i = 0; negated && i < sizeof(s.bits); i++)
		s.bits[i] = (uint8_t)~s.bits[i];
	return set_part(r, &s);
}

/* ---- the grammar ---- */

static struct part *alternatives(struct regex *r);

static struct part *group(struct regex *r)
{
	struct part *p = part_new(r, PART_GROUP);

	if (++r->depth > DEPTH_MAX)
		return fail(r, "parentheses are nested too deep");
	p->group = r->nfa.ngroups++;
	p->a = alternatives(r);
	if (!take(r, ')'))
		return fail(r, "a '(' is not closed");
	r->depth--;
	return p;
}

static struct part *atom(struct regex *r)
{
	char c = r->s.s[r->at++];

	switch (c) {
	case '(':
		return group(r);
	case '[':
		return bracket(r);
	case '.':
		return any_part(r);
	case '^':
		return part_new(r, PART_BEGIN);
	case '$':
		return part_new(r, PART_END);
	case '*': case '+': case '?':
		r->at--;
		return fail(r, "there is nothing to repeat");
	case '\\':
		if (!more(r))
			return fail(r, "nothing follows the last '\\'");
		if (r->s.s[r->at] >= '1' && r->s.s[r->at] <= '9')
			return fail(r, "what a group has matched ('\\1') cannot be asked for");
		return byte_part(r, r->s.s[r->at++]);
	default:
		return byte_part(r, c);
	}
}

static uint32_t number(struct regex *r)
{
	uint32_t n = 0;

	while (more(r) && isdigit((unsigned char)r->s.s[r->at])) {
		n = n * 10 + (uint32_t)(r->s.s[r->at++] - '0');
		if (n > REPEAT_MAX) {
			fail(r, "a repeat is larger than 255");
			return 0;
		}
	}
	return n;
}

/* Is there a {m}, {m,} or {m,n} here (else '{' is itself)? */
static bool at_braces(const struct regex *r)
{
	return at(r, '{') && r->at + 1 < r->s.len &&
	       isdigit((unsigned char)r->s.s[r->at + 1]);
}

static void braces(struct regex *r, struct part *p)
{
	r->at++;
	p->min = p->max = number(r);
	if (take(r, ',')) {
		p->max = UINT32_MAX;
		if (!at(r, '}'))
			p->max = number(r);
	}
	if (!take(r, '}'))
		fail(r, "a '{' is not closed");
	else if (p->max < p->min)
		fail(r, "a repeat's numbers are the wrong way round");
}

static struct part *repeats(struct regex *r)
{
	struct part *p = atom(r);

	while (at(r, '*') || at(r, '+') || at(r, '?') || at_braces(r)) {
		struct part *all = part_new(r, PART_REPEAT);

		all->a = p;
		p = all;
		if (at_braces(r)) {
			braces(r, p);
			continue;
		}
		p->min = at(r, '+');
		p->max = at(r, '?') ? 1 : UINT32_MAX;
		r->at++;
	}
	return p;
}

static struct part *sequence(struct regex *r)
{
	struct part *p = NULL;

	while (more(r) && !at(r, '|') && !(at(r, ')') && r->depth)) {
		struct part *next, *cat;

		if (at(r, ')'))
			return fail(r, "a ')' closes nothing");
		next = repeats(r);
		if (!p) {
			p = next;
			continue;
		}
		cat = part_new(r, PART_CAT);
		cat->a = p;
		cat->b = next;
		p = cat;
	}
	return p ? p : part_new(r, PART_EMPTY);
}

static struct part *alternatives(struct regex *r)
{
	struct part *p = sequence(r);

	while (take(r, '|')) {
		struct part *alt = part_new(r, PART_ALT);

		alt->a = p;
		alt->b = sequence(r);
		p = alt;
	}
	return p;
}

/* ---- the NFA ---- */

static uint32_t node_new(struct regex *r, enum nfa_op op, uint32_t arg,
			 uint32_t x, uint32_t y)
{
	if (r->nfa.nodes.n >= NFA_MAX) {
		if (!r->err)
			r->err = err_new(ERR_LIMIT, "the regular expression "
					 "is too large");
		return 0;
	}
	vec_push(r->a, &r->nfa.nodes, (struct nfa_node){
		.op = (uint8_t)op, .arg = (uint16_t)arg, .x = x, .y = y });
	return r->nfa.nodes.n - 1;
}

static uint32_t lower(struct regex *r, const struct part *p, uint32_t next);

/* p any number of times, and where to go in without or with the first. */
static uint32_t lower_star(struct regex *r, const struct part *p,
			   uint32_t next, bool at_least_one)
{
	uint32_t split = node_new(r, NFA_SPLIT, 0, 0, next);
	uint32_t body = lower(r, p, split);

	if (r->err)
		return 0;
	r->nfa.nodes.v[split].x = body;
	return at_least_one ? body : split;
}

static uint32_t lower_repeat(struct regex *r, const struct part *p,
			     uint32_t next)
{
	uint32_t end = next, copies = p->min;

	if (p->max == UINT32_MAX) {
		end = lower_star(r, p->a, next, copies);
		copies -= copies > 0;
	}
	for (uint32_t i = p->min; p->max != UINT32_MAX && i < p->max; i++) {
		if (r->err)
			return 0;
		end = node_new(r, NFA_SPLIT, 0, lower(r, p->a, end), next);
	}
	for (uint32_t i = 0; i < copies && !r->err; i++)
		end = lower(r, p->a, end);
	return end;
}

static uint32_t lower(struct regex *r, const struct part *p, uint32_t next)
{
	uint32_t x, y;

	if (r->err)
		return 0;
	switch (p->kind) {
	case PART_EMPTY:
		return next;
	case PART_SET:
		return node_new(r, NFA_SET, p->set, next, 0);
	case PART_BEGIN:
		return node_new(r, NFA_BEGIN, 0, next, 0);
	case PART_END:
		return node_new(r, NFA_END, 0, next, 0);
	case PART_CAT:
		return lower(r, p->a, lower(r, p->b, next));
	case PART_ALT:
		x = lower(r, p->a, next);
		y = lower(r, p->b, next);
		return node_new(r, NFA_SPLIT, 0, x, y);
	case PART_REPEAT:
		return lower_repeat(r, p, next);
	case PART_GROUP:
		x = node_new(r, NFA_SAVE, 2 * p->group + 1, next, 0);
		x = lower(r, p->a, x);
		return node_new(r, NFA_SAVE, 2 * p->group, x, 0);
	}
	return next;
}

struct err *regex_compile(struct str pattern, bool groups, struct arena *a,
			  struct str *table, uint32_t *ngroups)
{
	struct regex r = { .s = pattern, .a = a };
	struct part *p;
	struct str t;
	struct err *e;

	if (pattern.len > PATTERN_MAX)
		return err_new(ERR_LIMIT, "the regular expression is longer "
			       "than %d characters", PATTERN_MAX);
	r.nfa.ngroups = 1;
	p = alternatives(&r);
	if (!r.err && groups && r.nfa.ngroups > DFA_GROUPS_MAX)
		r.err = err_new(ERR_LIMIT, "the regular expression has more "
				"than %d groups", DFA_GROUPS_MAX - 1);
	if (!r.err)
		r.nfa.start = lower(&r, p, node_new(&r, NFA_MATCH, 0, 0, 0));
	if (r.err)
		return r.err;
	e = regex_table(&r.nfa, groups, a, &t);
	if (e)
		return e;
	*table = t;
	*ngroups = groups ? r.nfa.ngroups : 0;
	return NULL;
}

#ifdef UNIT_TEST
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

static bool matches(const char *pattern, const char *s, bool groups,
		    struct dfa_groups *ret)
{
	struct arena a;
	struct str table;
	uint32_t ngroups;
	struct err *e;
	bool found;

	arena_init(&a);
	e = regex_compile(str_from(pattern), groups, &a, &table, &ngroups);
	if (e) {
		TEST(false);
		err_free(e);
		arena_deinit(&a);
		return false;
	}
	TEST(dfa_check((const uint8_t *)table.s, table.len));
	found = dfa_match((const uint8_t *)table.s, str_from(s), ret);
	arena_deinit(&a);
	return found;
}

static bool fails(const char *pattern)
{
	struct arena a;
	struct str table;
	uint32_t ngroups;
	struct err *e;

	arena_init(&a);
	e = regex_compile(str_from(pattern), true, &a, &table, &ngroups);
	arena_deinit(&a);
	err_free(e);
	return e;
}

/* Group g is [from, to)? */
static bool group_is(const char *pattern, const char *s, uint32_t g,
		     uint32_t from, uint32_t to)
{
	struct dfa_groups ret = {};

	return matches(pattern, s, true, &ret) && g < ret.n &&
	       ret.pos[2 * g] == from && ret.pos[2 * g + 1] == to;
}

UNIT_TEST_CASE(regex_simple)
{
	TEST(matches("", "x", false, NULL));
	TEST(matches("b+", "aabbc", false, NULL));
	TEST(!matches("^b", "ab", false, NULL));
	TEST(!matches("a$", "ab", false, NULL));
	TEST(matches("^$", "", false, NULL));
	TEST(matches("[]x]", "]", false, NULL));
	TEST(!matches("[^]x]", "]", false, NULL));
	TEST(matches("[[:digit:]a-c-]+$", "x12b-", false, NULL));
	TEST(matches("a\\.b", "a.b", false, NULL));
	TEST(!matches("a\\.b", "axb", false, NULL));
	TEST(matches("x{2,3}y", "xxy", false, NULL));
	TEST(!matches("^x{2,3}y", "xxxxy", false, NULL));
	TEST(matches("a{b", "a{b", false, NULL));
	TEST(matches("^(a|b)*(c|d{2})$", "ababdd", false, NULL));
}

UNIT_TEST_CASE(regex_wrong)
{
	TEST(fails("("));
	TEST(fails("a)"));
	TEST(fails("*a"));
	TEST(fails("a|+"));
	TEST(fails("[a"));
	TEST(fails("[b-a]"));
	TEST(fails("[[:no:]]"));
	TEST(fails("a{2,1}"));
	TEST(fails("a{1"));
	TEST(fails("a{256}"));
	TEST(fails("a\\"));
	TEST(fails("((((((((((((((((a))))))))))))))))"));
	TEST(fails("(((((a{200}){200}){200}){200}){200})"));
	TEST(fails("[ab]*a[ab]{20}"));
}

UNIT_TEST_CASE(regex_groups)
{
	TEST(group_is("b+", "aabbbc", 0, 2, 5));
	TEST(group_is("(a)(b)?", "xab", 2, 2, 3));
	TEST(group_is("(a)(b)?", "xac", 2, DFA_UNSET_POS, DFA_UNSET_POS));
	TEST(group_is("(foo|foobar)baz", "foobarbaz", 1, 0, 6));
	TEST(group_is("abcd|bc", "xabce", 0, 2, 4));
	TEST(group_is("abcd|bc", "xabcd", 0, 1, 5));
	TEST(group_is("([a-z]+)=([0-9]+)", "  key=42;", 1, 2, 5));
	TEST(group_is("([a-z]+)=([0-9]+)", "  key=42;", 2, 6, 8));
	TEST(group_is("(a|b)*c", "ababc", 1, 3, 4));
	TEST(group_is("(x$|y)", "axyx", 0, 2, 3));
	TEST(group_is("(x$|q)", "axyx", 1, 3, 4));
}

/* ---- against the C library ---- */

struct random {
	uint64_t s;
	char text[256];
	uint32_t n;
};

static uint32_t pick(struct random *r, uint32_t n)
{
	r->s = r->s * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(r->s >> 33) % n;
}

static void put(struct random *r, const char *s)
{
	while (*s && r->n + 1 < sizeof(r->text))
		r->text[r->n++] = *s++;
	r->text[r->n] = '\0';
}

static void random_atom(struct random *r, uint32_t depth);

static void random_pattern(struct random *r, uint32_t depth)
{
	static const char *const repeats[] = { "*", "+", "?", "{2}", "{1,2}",
					       "{0,2}", "{2,}" };
	uint32_t n = 1 + pick(r, 3);

	for (uint32_t i = 0; i < n; i++) {
		random_atom(r, depth);
		if (!pick(r, 3))
			put(r, repeats[pick(r, 7)]);
	}
	if (depth && !pick(r, 3)) {
		put(r, "|");
		random_pattern(r, depth - 1);
	}
}

static void random_atom(struct random *r, uint32_t depth)
{
	static const char *const atoms[] = { "a", "b", "c", ".", "[ab]",
					     "[^a]", "[b-c]", "a", "b" };

	if (!depth || pick(r, 3)) {
		put(r, atoms[pick(r, 9)]);
		return;
	}
	put(r, "(");
	random_pattern(r, depth - 1);
	put(r, ")");
}

/* Patterns that need too large a table are not compared. */
static bool is_small(const char *pattern)
{
	struct arena a;
	struct str table;
	uint32_t ngroups;
	struct err *e;

	arena_init(&a);
	e = regex_compile(str_from(pattern), true, &a, &table, &ngroups);
	arena_deinit(&a);
	return !e || !err_catch(&e, ERR_LIMIT);
}

static void compare(struct random *r, const char *pattern, const regex_t *re)
{
	struct dfa_groups g = {};
	uint32_t n = pick(r, 12);
	bool want, got;
	regmatch_t m;
	char s[16];

	for (uint32_t c = 0; c < n; c++)
		s[c] = (char)('a' + pick(r, 3));
	s[n] = '\0';
	want = !regexec(re, s, 1, &m, 0);
	got = matches(pattern, s, true, &g);
	if (got == want && got == matches(pattern, s, false, NULL) &&
	    (!got || (g.pos[0] == m.rm_so && g.pos[1] == m.rm_eo)))
		return;
	printf("# /%s/ on \"%s\"\n", pattern, s);
	TEST(false);
}

UNIT_TEST_CASE(regex_random)
{
	struct random r = { .s = 42 };
	regex_t re;

	for (int i = 0; i < 1000; i++) {
		r.n = 0;
		put(&r, pick(&r, 6) ? "" : "^");
		random_pattern(&r, 2);
		put(&r, pick(&r, 6) ? "" : "$");
		if (!is_small(r.text) ||
		    regcomp(&re, r.text, REG_EXTENDED))
			continue;
		for (int k = 0; k < 5; k++)
			compare(&r, r.text, &re);
		regfree(&re);
	}
}
#endif
