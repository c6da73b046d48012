/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From lines to addresses: statements, the end of the prologue, labels; and
 * what a function calls.
 */
#include <dwarf.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/map.h"
#include "dbg/debuginfo_data.h"
#include "dbg/diename.h"

#define DEBUGLINES_SITES_MAX (1u << 20)
#define DEBUGLINES_CALLEES_MAX 65536
#define DEBUGLINES_LEVELS_MAX 64
#define DEBUGLINES_FEW 100	/* units */

/* ---- statements ---- */

/* A statement that was found, before its block's others are dropped. */
struct debuglines_hit {
	struct dbg_site site;
	struct dbg_die block;	/* innermost scope of any kind */
	uint32_t file;
	uint32_t declared;	/* line of the function */
};

struct debuglines {
	struct debuginfo *d;
	struct arena *a;
	const struct dbg_pattern *p;
	struct debugmatch match;
	bool any_line;		/* nearest: lines are looked at later */
	uint32_t near;		/* then, when any function will do: only the
				 * next lines to this one matter; 0 = all */
	VEC(struct debuglines_hit) hits;
};

static bool debuglines_row_matches(struct debuglines *s, struct die_unit *u,
				   const struct lines_row *r,
				   uint32_t declared)
{
	return r->is_stmt && !r->is_end && r->line &&
	       (s->any_line || debugmatch_line(s->p, r->line, declared)) &&
	       debugmatch_file(&s->match, u, r->file);
}

/* Adds a row if it is in function (or, if that is none, in one whose name
 * matches), and not in what was inlined into that. */
static void debuglines_row(struct debuglines *s, struct die_unit *u,
			   const struct lines_row *r,
			   const struct dbg_function *f)
{
	struct debuglines_hit h = { .file = r->file };
	struct lines *l = lines_files(u);
	struct diescope scope;
	uint32_t i;

	if (!diescope_at(u, r->addr, &scope) ||
	    s->hits.n >= DEBUGLINES_SITES_MAX)
		return;
	for (i = scope.n - 1; i && !diescope_is_function(scope.tags[i]); i--)
		;
	if (f ? !dbg_die_eq(scope.v[i], f->die) :
		!str_glob(s->p->name, die_name(scope.v[i])) ||
			!diename_is_in(s->a, scope.v[i], s->p->scope))
		return;
	h.declared = f ? f->line : 0;
	h.block = scope.v[scope.n - 1];
	h.site = (struct dbg_site){
		.pc = r->addr,
		.file = debugmatch_path(u, l, r->file),
		.line = r->line,
		.scope = scope.v[i],
	};
	vec_push(s->a, &s->hits, h);
}

/* The statements of one instance of a function. */
static void debuglines_function(struct debuglines *s,
				const struct dbg_function *f)
{
	struct die_unit *u = f->die.unit;
	struct lines *l = lines_get(u);
	struct dbg_ranges r;

	die_ranges(f->die, s->a, &r);
	for (uint32_t k = 0; l && k < r.n; k++)
		for (uint32_t i = lines_from(l, r.v[k].start);
		     i < l->n && l->v[i].addr < r.v[k].end; i++)
			if (debuglines_row_matches(s, u, &l->v[i], f->line))
				debuglines_row(s, u, &l->v[i], f);
}

/* The lines of a unit that are next to one, below it and from it on. */
static void debuglines_next(struct debuglines *s, struct die_unit *u,
			    const struct lines *l, uint32_t ret[2])
{
	ret[0] = 0;
	ret[1] = UINT32_MAX;
	for (uint32_t i = 0; i < l->n; i++) {
		const struct lines_row *r = &l->v[i];

		if (!debuglines_row_matches(s, u, r, 0))
			continue;
		if (r->line < s->near)
			ret[0] = MAX(ret[0], r->line);
		else
			ret[1] = MIN(ret[1], r->line);
	}
}

static void debuglines_rows(struct debuglines *s, struct die_unit *u,
			    const struct lines *l, const uint32_t only[2])
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct lines_row *r = &l->v[i];

		if (debuglines_row_matches(s, u, r, 0) &&
		    (!only || r->line == only[0] || r->line == only[1]))
			debuglines_row(s, u, r, NULL);
	}
}

/* All of a unit: any function.  Which one takes long to find out: of the lines
 * next to one, first of those alone. */
static void debuglines_unit(struct debuglines *s, struct die_unit *u)
{
	uint32_t before = s->hits.n, next[2];
	struct lines *l;

	if (!debugmatch_unit(&s->match, u))
		return;
	l = lines_get(u);
	if (!l)
		return;
	if (s->near) {
		debuglines_next(s, u, l, next);
		debuglines_rows(s, u, l, next);
	}
	if (s->hits.n == before)
		debuglines_rows(s, u, l, NULL);
}

static bool debuglines_is_any(const struct dbg_pattern *p)
{
	return p->kind == DBG_LINES_ABSOLUTE && str_is(p->name, "*") &&
	       !p->scope.len;
}

static int debuglines_compare(const void *a, const void *b)
{
	const struct debuglines_hit *x = a, *y = b;

	if (x->site.pc != y->site.pc)
		return x->site.pc < y->site.pc ? -1 : 1;
	return x->site.line < y->site.line ? -1 : x->site.line > y->site.line;
}

/* Is it the first statement of its line in its block?  A line may come back
 * in a block, as that of a loop's end does. */
static bool debuglines_is_first(struct map *seen, struct arena *a,
				const struct debuglines_hit *h)
{
	struct str key = arena_printf(a, "%p %llx %u %u",
				      (const void *)h->block.unit,
				      (unsigned long long)h->block.off,
				      h->file, h->site.line);

	if (map_find(seen, key))
		return false;
	map_set(seen, key, seen);
	return true;
}

/* The line with code that is nearest: the first one from wanted on, else the
 * last one before. */
static uint32_t debuglines_best(const struct debuglines *s, uint32_t wanted)
{
	uint32_t best = 0;

	for (uint32_t j = 0; j < s->hits.n; j++) {
		uint32_t line = s->hits.v[j].site.line;

		if (line >= wanted ? best < wanted || line < best :
				     best < wanted && line > best)
			best = line;
	}
	return best;
}

/* Keeps the hits of the nearest line to the start of the k-th range. */
static void debuglines_keep(struct debuglines *s, uint32_t k, bool *keep)
{
	uint32_t last = UINT32_MAX, best = 0;

	for (uint32_t i = 0; i < s->hits.n; i++) {
		const struct debuglines_hit *h = &s->hits.v[i];
		uint32_t base = s->p->kind == DBG_LINES_RELATIVE ?
					h->declared : 0;

		/* Instances of a function come one after the other. */
		if (base != last)
			best = debuglines_best(s, base + s->p->v[k].first);
		last = base;
		keep[i] |= h->site.line == best;
	}
}

static void debuglines_nearest(struct debuglines *s)
{
	bool *keep = arena_array(s->a, s->hits.n + 1, bool);
	uint32_t n = 0;

	for (uint32_t k = 0; k < s->p->n && k < 64; k++)
		debuglines_keep(s, k, keep);
	for (uint32_t i = 0; i < s->hits.n; i++)
		if (keep[i])
			s->hits.v[n++] = s->hits.v[i];
	s->hits.n = n;
}

static void debuglines_finish(struct debuglines *s, struct dbg_sites *ret)
{
	struct arena scratch;
	struct map seen;

	arena_init(&scratch);
	map_init(&seen, &scratch);
	if (s->hits.n)
		qsort(s->hits.v, s->hits.n, sizeof(*s->hits.v),
		      debuglines_compare);
	for (uint32_t i = 0; i < s->hits.n; i++)
		if (debuglines_is_first(&seen, &scratch, &s->hits.v[i]))
			vec_push(s->a, ret, s->hits.v[i].site);
	arena_deinit(&scratch);
}

static int debuglines_unit_compare(const void *a, const void *b)
{
	struct die_unit *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* There is no index, and the heads of the line tables tell sooner than one is
 * made which units to look at?  A header is in thousands. */
static bool debuglines_are_few(struct debuglines *s)
{
	struct die_unit *u;
	uint32_t n = 0;

	if (dieindex_has_names(s->d->index))
		return false;
	for (uint32_t i = 0; n < DEBUGLINES_FEW &&
			     (u = dieindex_unit(s->d->index, i)); i++)
		n += debugmatch_unit(&s->match, u);
	return n < DEBUGLINES_FEW;
}

/* The units with code from the file, once each; all if any file will do, where
 * what says which file it is of is in other units, and if those that may have
 * it are known without an index. */
static void debuglines_units(struct debuglines *s)
{
	bool all = !s->p->file.len || str_has_glob(s->p->file) ||
		   debuglines_are_few(s) || dieindex_is_cross(s->d->index);
	struct str file = s->p->file;
	VEC(struct die_unit *) units = {};
	struct dieindex_iter it = {};
	struct dieindex_entry e;
	struct die_unit *u;
	uint32_t n = file.len;

	for (uint32_t i = 0; all && (u = dieindex_unit(s->d->index, i)); i++)
		debuglines_unit(s, u);
	if (all)
		return;
	while (n && file.s[n - 1] != '/')
		n--;
	while (dieindex_glob(s->d->index, str_sub(file, n, file.len),
			     DIESCAN_FILE, &it, &e))
		vec_push(s->a, &units, e.die.unit);
	if (units.n)
		qsort(units.v, units.n, sizeof(u), debuglines_unit_compare);
	for (uint32_t i = 0; i < units.n; i++)
		if (!i || units.v[i] != units.v[i - 1])
			debuglines_unit(s, units.v[i]);
}

static struct err *debuglines_collect(struct debuglines *s)
{
	struct dbg_pattern by_name = { .name = s->p->name,
				       .scope = s->p->scope };
	struct dbg_functions f = {};
	struct err *err;

	if (str_has_glob(s->p->name) && s->p->kind != DBG_LINES_RELATIVE) {
		debuglines_units(s);
		return NULL;
	}
	err = debuginfo_functions(s->d, s->a, &by_name, DBG_BOTH, &f);
	for (uint32_t i = 0; !err && i < f.n; i++)
		debuglines_function(s, &f.v[i]);
	return err;
}

struct err *debuginfo_statements(struct debuginfo *d, struct arena *a,
				 const struct dbg_pattern *p, bool nearest,
				 struct dbg_sites *ret)
{
	struct debuglines s = { .d = d, .a = a, .p = p };
	struct err *err;

	debugmatch_init(&s.match, p, a);
	*ret = (struct dbg_sites){};
	err = debuglines_collect(&s);
	if (!err && !s.hits.n && nearest && p->n) {
		s.any_line = true;
		if (p->n == 1 && debuglines_is_any(p))
			s.near = p->v[0].first;
		err = debuglines_collect(&s);
		debuglines_nearest(&s);
	}
	if (!err)
		debuglines_finish(&s, ret);
	return err;
}

uint32_t debuginfo_near_lines(struct debuginfo *d, struct arena *a,
			      const struct dbg_pattern *p, uint32_t line,
			      uint32_t ret[2])
{
	struct debuglines s = { .d = d, .a = a, .p = p, .any_line = true };
	uint32_t below = 0, above = UINT32_MAX, n = 0;

	if (debuglines_is_any(p))
		s.near = line;
	debugmatch_init(&s.match, p, a);
	err_free(debuglines_collect(&s));
	for (uint32_t i = 0; i < s.hits.n; i++) {
		uint32_t at = s.hits.v[i].site.line;

		if (at < line)
			below = MAX(below, at);
		else
			above = MIN(above, at);
	}
	if (below)
		ret[n++] = below;
	if (above != UINT32_MAX)
		ret[n++] = above;
	return n;
}

/* ---- the prologue ---- */

uint64_t debuginfo_prologue_end(struct debuginfo *d,
				const struct dbg_function *f)
{
	struct lines *l = f->die.unit ? lines_get(f->die.unit) : NULL;
	const struct lines_row *second = NULL;

	(void)d;
	for (uint32_t i = l ? lines_from(l, f->entry) : 0;
	     l && i < l->n && l->v[i].addr < f->end; i++) {
		const struct lines_row *r = &l->v[i];

		/* The code of another section may end where this begins. */
		if (r->is_end && r->addr > f->entry)
			break;
		if (r->is_end)
			continue;
		if (r->is_prologue_end)
			return r->addr;
		if (!second && r->addr > f->entry && r->is_stmt && r->line)
			second = r;
	}
	return second ? second->addr : f->entry;
}

/* ---- labels ---- */

struct err *debuginfo_labels(struct debuginfo *d, struct arena *a,
			     const struct dbg_function *f, struct str pattern,
			     struct dbg_labels *ret)
{
	struct die_walk w = die_walk(f->die);

	(void)d;
	*ret = (struct dbg_labels){};
	while (die_walk_next(&w)) {
		struct dbg_label label = { .function = *f };
		struct lines *l;
		struct die_attr at;
		uint64_t n;

		if (w.tag != DW_TAG_label ||
		    !die_attr(w.die, DW_AT_low_pc, &at) ||
		    !die_attr_addr(&at, &label.pc))
			continue;
		label.name = die_name(w.die);
		if (!label.name.len || !str_glob(pattern, label.name))
			continue;
		if (die_attr_deep(w.die, DW_AT_decl_line, &at) &&
		    die_attr_uint(&at, &n))
			label.line = (uint32_t)MIN(n, UINT64_C(0xffffffff));
		if (die_attr_deep(w.die, DW_AT_decl_file, &at) &&
		    die_attr_uint(&at, &n) && n < UINT32_MAX &&
		    (l = lines_files(at.unit)))
			label.file = debugmatch_path(at.unit, l, (uint32_t)n);
		vec_push(a, ret, label);
	}
	return NULL;
}

/* ---- callees ---- */

struct debuglines_calls {
	struct debuginfo *d;
	struct arena *a;
	struct dbg_callees *ret;
	uint32_t depth;		/* how deep is asked for */
	struct map seen;	/* functions whose callees are listed */
};

static bool debuglines_is_call(uint16_t tag)
{
	return tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site;
}

/* The code of a called function: in its unit, or an external one. */
static bool debuglines_find_code(struct debuglines_calls *c,
				 struct dbg_die origin,
				 struct dbg_function *ret)
{
	const struct diescope_table *t = diescope_functions(origin.unit);
	struct dieindex_iter it = {};
	struct dieindex_entry e;
	struct str name = die_name(origin);
	bool external = die_flag(die_origin(origin), DW_AT_external);

	for (uint32_t i = 0; i < t->n; i++)
		if (dbg_die_eq(t->v[i].die, origin) ||
		    dbg_die_eq(die_origin(t->v[i].die), origin))
			return debuginfo_fill(t->v[i].die, ret);
	while (external && dieindex_find(c->d->index, name, DIESCAN_FUNCTION,
					 &it, &e))
		if (e.is_external)
			return debuginfo_fill(e.die, ret);
	*ret = (struct dbg_function){
		.name = name,
		.die = origin,
		.origin = die_origin(origin),
		.is_external = external,
	};
	return name.len;
}

static void debuglines_call(struct debuglines_calls *c, struct dbg_die site,
			    uint32_t depth, uint32_t parent)
{
	struct dbg_callee callee = { .depth = depth, .parent = parent };
	struct dbg_die origin = die_ref(site, DW_AT_call_origin);
	struct die_attr a;

	if (!origin.unit)
		origin = die_ref(site, DW_AT_abstract_origin);
	if (!origin.unit || !debuglines_find_code(c, origin, &callee.function))
		return;
	callee.is_jump = die_flag(site, DW_AT_call_tail_call) ||
			 die_flag(site, DW_AT_GNU_tail_call);
	if (!callee.is_jump &&
	    (die_attr(site, DW_AT_call_return_pc, &a) ||
	     (die_tag(site) == DW_TAG_GNU_call_site &&
	      die_attr(site, DW_AT_low_pc, &a))))
		die_attr_addr(&a, &callee.return_pc);
	vec_push(c->a, c->ret, callee);
}

/* What is called in function die, whose callees are `depth` deep.  The frame of
 * what was inlined is that of the function: it is their parent, too. */
static void debuglines_callees(struct debuglines_calls *c, struct dbg_die die,
			       uint32_t depth, uint32_t parent)
{
	uint32_t level[DEBUGLINES_LEVELS_MAX] = {};
	struct die_walk w = die_walk(die);
	struct dbg_function f;

	/* level[n]: how many inlined functions entries n deep are in. */
	while (die_walk_next(&w) && c->ret->n < DEBUGLINES_CALLEES_MAX) {
		uint32_t at;

		if (w.depth >= DEBUGLINES_LEVELS_MAX) {
			w.into = false;
			continue;
		}
		at = level[w.depth - 1];
		level[w.depth] = at;
		w.into = depth + at <= c->depth;
		if (!w.into)
			continue;
		if (w.tag == DW_TAG_inlined_subroutine) {
			if (debuginfo_is_rest(w.die))
				continue;
			level[w.depth] = at + 1;
			if (debuginfo_function(c->d, w.die, &f))
				vec_push(c->a, c->ret,
					 (struct dbg_callee){
						 .function = f,
						 .depth = depth + at,
						 .parent = parent });
		} else if (debuglines_is_call(w.tag)) {
			debuglines_call(c, w.die, depth + at, parent);
			w.into = false;
		} else if (w.tag == DW_TAG_subprogram) {
			w.into = false;
		}
	}
}

static bool debuglines_is_new(struct debuglines_calls *c, struct dbg_die die)
{
	struct str key = arena_printf(c->a, "%p %llx", (const void *)die.unit,
				      (unsigned long long)die.off);

	if (map_find(&c->seen, key))
		return false;
	map_set(&c->seen, key, c);
	return true;
}

struct err *debuginfo_callees(struct debuginfo *d, struct arena *a,
			      const struct dbg_function *f, uint32_t depth,
			      struct dbg_callees *ret)
{
	struct debuglines_calls c = { .d = d, .a = a, .ret = ret,
				      .depth = depth };

	*ret = (struct dbg_callees){ .of = *f, .depth = depth };
	map_init(&c.seen, a);
	debuglines_is_new(&c, f->die);
	debuglines_callees(&c, f->die, 1, 0);
	/* The list grows while it is read. */
	for (uint32_t i = 0; i < ret->n; i++) {
		struct dbg_callee callee = ret->v[i];

		if (callee.function.is_inline || !callee.function.entry ||
		    callee.depth >= depth ||
		    !debuglines_is_new(&c, callee.function.die))
			continue;
		debuglines_callees(&c, callee.function.die, callee.depth + 1,
				   i + 1);
	}
	return NULL;
}
