/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/diename.h"

#include <dwarf.h>

#include "dbg/die.h"

#define DIENAME_DEPTH_MAX 32

static bool diename_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* "operator>", "operator()" and the like are the last part of a name. */
static bool diename_is_operator(struct str name, uint32_t i)
{
	struct str word = STR("operator");
	struct str rest = str_sub(name, i, name.len);

	return str_starts(rest, word) && rest.len > word.len &&
	       !diename_is_word(rest.s[word.len]) &&
	       (!i || !diename_is_word(name.s[i - 1]));
}

bool diename_split(struct str name, struct str *scope, struct str *last)
{
	uint32_t depth = 0, at = 0;

	for (uint32_t i = 0; i + 1 < name.len && !diename_is_operator(name, i);
	     i++) {
		char c = name.s[i];

		/* Not those between the brackets of a template. */
		if (c == '<' || c == '(')
			depth++;
		else if (depth && (c == '>' || c == ')'))
			depth--;
		else if (!depth && c == ':' && name.s[i + 1] == ':')
			at = i + 2;
	}
	if (!at || at == name.len)
		return false;
	*scope = str_sub(name, 0, at - 2);
	*last = str_sub(name, at, name.len);
	return true;
}

/* Definitions refer to what stands in the class or namespace. */
static struct dbg_die diename_declaration(struct dbg_die die)
{
	for (int i = 0; i < DIE_HOPS_MAX; i++) {
		struct dbg_die next = die_ref(die, DW_AT_abstract_origin);

		if (!next.unit)
			next = die_ref(die, DW_AT_specification);
		if (!next.unit)
			break;
		die = next;
	}
	return die;
}

static bool diename_is_scope(uint16_t tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_class_type ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_enumeration_type;
}

/* The child of at that holds the offset, or is there. */
static struct dbg_die diename_holder(struct dbg_die at, uint64_t off)
{
	struct dbg_die child = die_child(at), last = {};

	for (; child.unit && child.off <= off; child = die_next(child))
		last = child;
	return last;
}

struct str diename_scope(struct arena *a, struct dbg_die die)
{
	struct dbg_die to = diename_declaration(die), at;
	struct str path = {};

	if (!to.unit)
		return path;
	at = (struct dbg_die){ to.unit, to.unit->root };
	for (int i = 0; i < DIENAME_DEPTH_MAX; i++) {
		struct str name;

		at = diename_holder(at, to.off);
		if (!at.unit || at.off == to.off)
			break;
		name = die_str(at, DW_AT_name);
		if (diename_is_scope(die_tag(at)) && name.len)
			path = arena_printf(a, "%" STR_FMT "%s%" STR_FMT,
					    STR_ARG(path),
					    path.len ? "::" : "",
					    STR_ARG(name));
	}
	return path;
}

bool diename_is_in(struct arena *a, struct dbg_die die, struct str scope)
{
	struct str whole;

	if (!scope.len)
		return true;
	whole = diename_scope(a, die);
	for (uint32_t i = 0; i < whole.len; i++)
		if ((!i || (i > 1 && whole.s[i - 1] == ':' &&
			    whole.s[i - 2] == ':')) &&
		    str_glob(scope, str_sub(whole, i, whole.len)))
			return true;
	return false;
}

#ifdef UNIT_TEST
#include "unit.h"

static bool splits(const char *name, const char *scope, const char *last)
{
	struct str s = {}, l = {};

	return diename_split(str_from(name), &s, &l) && str_is(s, scope) &&
	       str_is(l, last);
}

UNIT_TEST_CASE(diename_split)
{
	struct str s, l;

	TEST(splits("a::b", "a", "b"));
	TEST(splits("a::b::~c", "a::b", "~c"));
	TEST(splits("a::f<b::c>", "a", "f<b::c>"));
	TEST(splits("a<x::y>::f<int>", "a<x::y>", "f<int>"));
	TEST(splits("a::operator>", "a", "operator>"));
	TEST(splits("a::operator<<", "a", "operator<<"));
	TEST(splits("a::b::operator()", "a::b", "operator()"));
	TEST(splits("operators::f", "operators", "f"));
	TEST(splits("::f", "", "f"));
	TEST(!diename_split(STR("f"), &s, &l));
	TEST(!diename_split(STR("a::"), &s, &l));
	TEST(!diename_split(STR("f<a::b>"), &s, &l));
	TEST(!diename_split(STR("operator a::b"), &s, &l));
}
#endif
