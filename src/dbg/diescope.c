/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/diescope.h"

#include <dwarf.h>
#include <stdlib.h>

#include "base/search.h"
#include "base/vec.h"

static bool diescope_holds_functions(uint16_t tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type || tag == DW_TAG_subprogram ||
	       tag == DW_TAG_lexical_block;
}

bool diescope_is_c(struct die_unit *u)
{
	uint64_t lang = die_uint((struct dbg_die){ u, u->root },
				 DW_AT_language, 0);

	return lang == DW_LANG_C89 || lang == DW_LANG_C ||
	       lang == DW_LANG_C99 || lang == DW_LANG_C11 || lang == 0x2c;
}

static int diescope_compare(const void *a, const void *b)
{
	const struct diescope_function *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->die.off < y->die.off ? -1 : x->die.off > y->die.off;
}

static void diescope_add(struct diescope_table *t, struct dbg_die die,
			 struct arena *scratch)
{
	struct dbg_ranges r;

	die_ranges(die, scratch, &r);
	for (uint32_t i = 0; i < r.n; i++)
		vec_push(&t->arena, t,
			 (struct diescope_function){ r.v[i].start,
						     r.v[i].end, die });
	arena_reset(scratch);
}

static struct diescope_table *diescope_read(struct die_unit *u, bool deep)
{
	struct die_walk w = die_walk((struct dbg_die){ u, u->root });
	struct diescope_table *t = calloc(1, sizeof(*t));
	struct arena scratch;

	if (!t)
		abort();
	arena_init(&t->arena);
	arena_init(&scratch);
	t->is_deep = deep;
	while (die_walk_next(&w)) {
		w.into = deep && diescope_holds_functions(w.tag);
		if (w.tag == DW_TAG_namespace || w.tag == DW_TAG_module)
			w.into = true;
		if (w.tag == DW_TAG_subprogram)
			diescope_add(t, w.die, &scratch);
	}
	arena_deinit(&scratch);
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), diescope_compare);
	return t;
}

const struct diescope_table *diescope_functions(struct die_unit *u)
{
	if (!u->functions)
		u->functions = diescope_read(u, !diescope_is_c(u));
	return u->functions;
}

void diescope_table_destroy(struct diescope_table *t)
{
	if (!t)
		return;
	arena_deinit(&t->arena);
	free(t);
}

bool diescope_is_function(uint16_t tag)
{
	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

/* The function whose range begins last before pc. */
static struct dbg_die diescope_find(const struct diescope_table *t,
				    uint64_t pc)
{
	uint32_t low = SEARCH(t->n, i, t->v[i].start <= pc);

	for (uint32_t i = low; i && low - i < 16; i--)
		if (pc < t->v[i - 1].end)
			return t->v[i - 1].die;
	return (struct dbg_die){};
}

static bool diescope_is_scope(uint16_t tag)
{
	return tag == DW_TAG_lexical_block ||
	       tag == DW_TAG_inlined_subroutine ||
	       tag == DW_TAG_subprogram || tag == DW_TAG_try_block ||
	       tag == DW_TAG_catch_block || tag == DW_TAG_with_stmt;
}

bool diescope_at(struct die_unit *u, uint64_t pc, struct diescope *ret)
{
	struct dbg_die function = diescope_find(diescope_functions(u), pc);
	struct dbg_die child;
	bool found = true;

	ret->n = 0;
	if (!function.unit && !u->functions->is_deep) {
		diescope_table_destroy(u->functions);
		u->functions = diescope_read(u, true);
		function = diescope_find(u->functions, pc);
	}
	if (!function.unit)
		return false;
	ret->tags[0] = DW_TAG_subprogram;
	ret->v[ret->n++] = function;
	while (found && ret->n < DIESCOPE_MAX) {
		found = false;
		child = die_child(ret->v[ret->n - 1]);
		for (; child.unit; child = die_next(child)) {
			uint16_t tag = die_tag(child);

			if (!diescope_is_scope(tag) ||
			    !die_covers(child, pc, NULL))
				continue;
			ret->tags[ret->n] = tag;
			ret->v[ret->n++] = child;
			found = true;
			break;
		}
	}
	return true;
}
