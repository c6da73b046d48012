/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of the kernel's functions by debug information.  There are a hundred
 * thousand; what is not done for each of them is what a list saves.
 */
#include "base/buf.h"
#include "dbg/ctypes.h"
#include "dbg/debuginfo.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/kind.h"

struct function_list {
	struct query *q;
	uint32_t at;			/* the component that has the name */
	struct str before, after;	/* the text around the name */
	struct ctypes *types;
	bool *is_described;		/* by id of types; NULL = nothing
					 * describes functions beside the debug
					 * information */
	struct buf place;		/* for reuse */
};

/* Where two texts of the point with other names differ, the name is. */
static void find_around(struct function_list *l)
{
	struct str a = query_text_with(l->q, l->at, STR("a"));
	struct str b = query_text_with(l->q, l->at, STR("b"));
	uint32_t n = 0;

	while (n < a.len && a.s[n] == b.s[n])
		n++;
	l->before = str_sub(a, 0, n);
	l->after = str_sub(a, n + 1, a.len);
}

static bool is_plain(struct str s)
{
	return str_find_char(s, '"') < 0 && str_find_char(s, '\\') < 0;
}

static struct str text_of(struct function_list *l, struct str name,
			  struct str place)
{
	struct arena *a = l->q->program->arena;
	char *s, *p;

	if (!is_plain(name) || !is_plain(place))
		return query_text_with(l->q, l->at,
				       arena_printf(a, "%" STR_FMT "%" STR_FMT,
						    STR_ARG(name),
						    STR_ARG(place)));
	p = s = arena_raw(a, l->before.len + name.len + place.len +
				     l->after.len + 1);
	p = mempcpy(p, l->before.s, l->before.len);
	p = mempcpy(p, name.s, name.len);
	p = mempcpy(p, place.s, place.len);
	p = mempcpy(p, l->after.s, l->after.len);
	*p = 0;
	return (struct str){ s, (uint32_t)(p - s) };
}

static struct str place_of(struct function_list *l, const struct dbg_listed *f)
{
	l->place.len = 0;
	if (f->file.len) {
		buf_char(&l->place, '@');
		buf_str(&l->place, f->file);
		buf_printf(&l->place, ":%u", f->line);
	}
	return buf_view(&l->place);
}

static void add(struct function_list *l, const struct dbg_listed *f)
{
	struct str place = {};
	uint32_t id = 0;

	if (!f->is_inline && l->is_described)
		id = ctypes_find(l->types, CTYPE_FUNC, f->name);
	if (id)
		l->is_described[id] = true;
	if (!id || !f->is_symbol)
		place = place_of(l, f);
	vec_push(l->q->program->arena, &l->q->ret->names,
		 text_of(l, f->name, place));
}

bool function_list(struct query *q, struct debug_source *src,
		   enum dbg_which which, struct ctypes *types,
		   bool *is_described)
{
	struct function_list l = { .q = q, .at = 1, .types = types,
				   .is_described = is_described };
	bool exported = query_component(q, "exported");
	struct dbg_pattern p;
	struct dbg_listed f;
	uint32_t at = 0;
	struct err *e;

	if (!q->program->lists_names || !src->info)
		return false;
	e = dbg_pattern_parse(q->program->arena, q->point->v[1].string, &p);
	if (e || !debuginfo_can_list(src->info, &p, which)) {
		err_free(e);
		return false;
	}
	find_around(&l);
	while (debuginfo_list(src->info, &p, which, &at, &f))
		if ((!exported || f.is_external) &&
		    (!f.is_of_start || src->module.len))
			add(&l, &f);
	buf_deinit(&l.place);
	return q->ret->names.n;
}
