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

/* Variables of so many functions are worth making them of all. */
#define FUNCTION_LIST_MANY 1000

struct function_list {
	struct query *q;
	struct debug_source *src;
	enum dbg_which which;
	struct dbg_pattern pattern;
	uint32_t at;			/* the component that has the name */
	struct str before, after;	/* the text around the name */
	struct ctypes *types;
	bool *is_described;		/* by id of types; NULL = nothing
					 * describes functions beside the debug
					 * information */
	function_vars *vars;
	bool with_vars;
	bool many;			/* functions with code of their own */
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
			  struct str place, struct str vars)
{
	struct arena *a = l->q->program->arena;
	char *s, *p;

	if (!is_plain(name) || !is_plain(place)) {
		name = arena_printf(a, "%" STR_FMT "%" STR_FMT, STR_ARG(name),
				    STR_ARG(place));
		name = query_text_with(l->q, l->at, name);
		return arena_printf(a, "%" STR_FMT "%" STR_FMT, STR_ARG(name),
				    STR_ARG(vars));
	}
	p = s = arena_raw(a, l->before.len + name.len + place.len +
				     l->after.len + vars.len + 1);
	p = mempcpy(p, l->before.s, l->before.len);
	p = mempcpy(p, name.s, name.len);
	p = mempcpy(p, place.s, place.len);
	p = mempcpy(p, l->after.s, l->after.len);
	if (vars.len)
		p = mempcpy(p, vars.s, vars.len);
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

/* The function of BTF that it is, by its name; 0 = none. */
static uint32_t id_of(const struct function_list *l, const struct dbg_listed *f)
{
	return !f->is_inline && l->is_described ?
		       ctypes_find(l->types, CTYPE_FUNC, f->name) : 0;
}

static struct str vars_of(struct function_list *l, const struct dbg_listed *f,
			  uint32_t id)
{
	if (!l->with_vars)
		return (struct str){};
	return id && f->is_symbol ? l->vars(l->q, l->types, id, l->many) :
				    debuginfo_list_vars(l->src->info, f);
}

static void add(struct function_list *l, const struct dbg_listed *f)
{
	uint32_t id = id_of(l, f);
	struct str place = {};

	if (id)
		l->is_described[id] = true;
	if (!id || !f->is_symbol)
		place = place_of(l, f);
	vec_push(l->q->program->arena, &l->q->ret->lines,
		 text_of(l, f->name, place, vars_of(l, f, id)));
}

/* What BTF has of this name has no other code, and is no other function. */
static void leave_out(struct function_list *l, const struct dbg_listed *f)
{
	uint32_t id = id_of(l, f);

	if (id)
		l->is_described[id] = true;
}

/* The next one that can be probed. */
static bool next(struct function_list *l, uint32_t *at, struct dbg_listed *ret)
{
	while (debuginfo_list(l->src->info, &l->pattern, l->which, at, ret)) {
		if (ret->is_of_start && !l->src->module.len)
			continue;
		if (ret->has_symbol)
			return true;
		leave_out(l, ret);
	}
	return false;
}

/* What lines with variables depend on, and whether these come from units. */
static void count(struct function_list *l)
{
	uint32_t at = 0, calls = 0, of_units = 0;
	struct dbg_listed f;

	while (next(l, &at, &f)) {
		calls += !f.is_inline;
		of_units += !f.is_symbol || !id_of(l, &f);
	}
	l->many = calls > FUNCTION_FEW;
	if (of_units > FUNCTION_LIST_MANY)
		debuginfo_list_many_vars(l->src->info);
}

bool function_list(struct query *q, struct debug_source *src,
		   enum dbg_which which, struct ctypes *types,
		   bool *is_described, function_vars *vars)
{
	struct function_list l = { .q = q, .src = src, .which = which, .at = 1,
				   .types = types,
				   .is_described = is_described,
				   .vars = vars };
	bool exported = query_component(q, "exported");
	struct dbg_listed f;
	uint32_t at = 0;
	struct err *e;

	if (!query_takes_lines(q) || !src->info)
		return false;
	l.with_vars = !q->program->lists_names;
	e = dbg_pattern_parse(q->program->arena, q->point->v[1].string,
			      &l.pattern);
	/* Of one function all copies are shown, which may differ in what they
	 * have left of the variables. */
	if (e || (l.with_vars && !str_has_glob(l.pattern.name)) ||
	    !debuginfo_can_list(src->info, &l.pattern, which)) {
		err_free(e);
		return false;
	}
	find_around(&l);
	if (l.with_vars)
		count(&l);
	while (next(&l, &at, &f))
		if (!exported || f.is_external)
			add(&l, &f);
		else
			leave_out(&l, &f);
	buf_deinit(&l.place);
	return q->ret->lines.n;
}
