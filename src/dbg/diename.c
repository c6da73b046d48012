/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/diename.h"

#include <dwarf.h>

#include "dbg/die.h"

#define DIENAME_DEPTH_MAX 32

bool diename_split(struct str name, struct str *scope, struct str *last)
{
	for (uint32_t i = name.len; i >= 2; i--) {
		/* Not those between the brackets of a template. */
		if (name.s[i - 1] == '>')
			return false;
		if (name.s[i - 1] == ':' && name.s[i - 2] == ':') {
			*scope = str_sub(name, 0, i - 2);
			*last = str_sub(name, i, name.len);
			return last->len;
		}
	}
	return false;
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
