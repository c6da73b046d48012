/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening, functions, scopes and frames.  Lines are debuglines.c, variables
 * debugvars.c, locations dieloc.c.
 */
#include "dbg/debuginfo.h"

#include <dwarf.h>
#include <stdlib.h>

#include "base/bits.h"
#include "dbg/cachefile.h"
#include "dbg/debugfile.h"
#include "dbg/debuginfo_data.h"
#include "dbg/diename.h"

/* clang's DW_AT_APPLE_optimized */
#define DEBUGINFO_APPLE_OPTIMIZED 0x3fe1
/* Inlined copies that are looked for: more than there can be probes. */
#define DEBUGINFO_INSTANCES_MAX 200000

/* ---- opening ---- */

struct debuginfo *debuginfo_create(const struct world *w, struct objfile *main,
				   struct objfile *obj, struct str cache_dir)
{
	struct debuginfo *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	arena_init(&d->arena);
	d->world = w;
	d->main = main;
	d->file = die_file_create(obj, false);
	if (main != obj)
		d->file->program = str_from(objfile_path(main));
	d->index = dieindex_create(d->file, cache_dir);
	d->functions = funcindex_create(d->file, d->index, cache_dir);
	d->vars = funcvars_create(d, cache_dir);
	d->cfi = cfi_create(main, obj);
	return d;
}

static struct debuginfo *debuginfo_new(const struct world *w,
				       struct objfile *main,
				       struct objfile *obj)
{
	struct debuginfo *d;
	struct arena a;

	arena_init(&a);
	d = debuginfo_create(w, main, obj, cachefile_dir(&a));
	arena_deinit(&a);
	return d;
}

struct err *debuginfo_open_kernel(const struct world *w, struct str dirs,
				  bool ask, struct debuginfo **ret)
{
	struct objfile *obj;
	struct err *err = debugfile_kernel(w, dirs, ask, &obj);

	if (!err)
		*ret = debuginfo_new(w, obj, obj);
	return err;
}

struct err *debuginfo_open_module(const struct world *w, struct str dirs,
				  bool ask, struct str name,
				  struct debuginfo **ret)
{
	struct objfile *obj;
	struct err *err = debugfile_module(w, dirs, ask, name, &obj);

	if (!err)
		*ret = debuginfo_new(w, obj, obj);
	return err;
}

struct err *debuginfo_open_file(const struct world *w, struct str dirs,
				struct str path, struct debuginfo **ret)
{
	struct objfile *main, *obj;
	struct err *err = debugfile_program(w, dirs, path, &main, &obj);

	if (!err)
		*ret = debuginfo_new(w, main, obj);
	return err;
}

void debuginfo_close(struct debuginfo *d)
{
	if (!d)
		return;
	cfi_destroy(d->cfi);
	buf_deinit(&d->text);
	funcvars_destroy(d->vars);
	funcindex_destroy(d->functions);
	dieindex_destroy(d->index);
	if (d->main != d->file->obj)
		objfile_close(d->main);
	die_file_destroy(d->file);
	arena_deinit(&d->arena);
	free(d);
}

struct str debuginfo_missing(const struct debuginfo *d)
{
	return d->file->missing;
}

bool debuginfo_section(struct debuginfo *d, uint64_t addr, struct str *name,
		       uint64_t *offset)
{
	const struct objfile_section *s = objfile_section_at(d->main, addr);

	if (!s)
		return false;
	*name = s->name;
	*offset = addr - s->addr;
	return true;
}

bool debuginfo_is_percpu(struct debuginfo *d, uint64_t addr)
{
	const struct objfile_section *s = objfile_section_at(d->main, addr);

	return s && str_starts(s->name, STR(".data..percpu"));
}

bool debuginfo_symbol(struct debuginfo *d, uint64_t addr, struct str *name,
		      uint64_t *offset, bool *is_unique)
{
	struct objfile_symbol s, other;
	uint32_t i = 0, n = 0;

	if (!objfile_symbol_at(d->main, addr, &s))
		return false;
	*name = s.name;
	*offset = addr - s.addr;
	if (!is_unique)
		return true;
	/* Many questions are about one function. */
	if (!d->has_symbol || !str_eq(d->symbol.name, s.name)) {
		while (n < 2 &&
		       objfile_find_symbol(d->main, s.name, &i, &other))
			n += !other.is_undefined;
		d->symbol = s;
		d->has_symbol = true;
		d->is_unique = n == 1;
	}
	*is_unique = d->is_unique;
	return true;
}

bool debuginfo_is_symbol(struct debuginfo *d, struct str name, uint64_t addr)
{
	struct objfile_symbol s;
	uint32_t i = 0, n = 0;

	while (objfile_find_symbol(d->main, name, &i, &s)) {
		if (s.is_undefined)
			continue;
		if (n++ || s.addr != addr)
			return false;
	}
	return n;
}

bool debuginfo_find_symbol(struct debuginfo *d, struct str name,
			   uint64_t *ret)
{
	struct objfile_symbol s;
	uint32_t i = 0;

	while (objfile_find_symbol(d->main, name, &i, &s))
		if (!s.is_undefined) {
			*ret = s.addr;
			return true;
		}
	return false;
}

/* ---- one function ---- */

static struct str debuginfo_decl_file(struct dbg_die die)
{
	struct lines *l;
	struct die_attr a;
	uint64_t n;

	if (!die_attr_deep(die, DW_AT_decl_file, &a) ||
	    !die_attr_uint(&a, &n) || n > UINT32_MAX)
		return (struct str){};
	l = lines_files(a.unit);
	return l ? debugmatch_path(a.unit, l, (uint32_t)n) :
		   (struct str){};
}

static uint64_t debuginfo_uint(struct dbg_die die, uint16_t name,
			       uint64_t fallback)
{
	struct die_attr a;
	uint64_t v;

	return die_attr_deep(die, name, &a) && die_attr_uint(&a, &v) ?
		       v : fallback;
}

static struct str debuginfo_linkage(struct dbg_die die)
{
	struct die_attr a;

	return die_attr_deep(die, DW_AT_linkage_name, &a) ||
	       die_attr_deep(die, DW_AT_MIPS_linkage_name, &a) ?
		       die_attr_str(&a) : (struct str){};
}

/* Of another unit the numbers of files mean something else. */
bool debuginfo_is_at_declaration(struct dbg_die die)
{
	struct dbg_die origin = die_origin(die);
	uint64_t column = die_uint(die, DW_AT_call_column, 0);

	return die_tag(die) == DW_TAG_inlined_subroutine && column &&
	       column == die_uint(origin, DW_AT_decl_column, 0) &&
	       die_uint(die, DW_AT_call_line, 0) ==
		       die_uint(origin, DW_AT_decl_line, 0) &&
	       (die.unit != origin.unit ||
		die_uint(die, DW_AT_call_file, 0) ==
			die_uint(origin, DW_AT_decl_file, 0));
}

/* Where gcc made two of a function, so that its beginning can be inlined alone,
 * that calls the rest from where the function is declared.  What a macro makes
 * is called there, too, but by others. */
bool debuginfo_is_rest(struct dbg_die die)
{
	struct dbg_die by = {};
	struct diescope s;
	uint64_t entry;

	if (!debuginfo_is_at_declaration(die) || !die_entry(die, &entry) ||
	    !diescope_at(die.unit, entry, &s))
		return false;
	for (uint32_t i = 0; i < s.n && !dbg_die_eq(s.v[i], die); i++)
		if (diescope_is_function(s.tags[i]))
			by = s.v[i];
	return by.unit && dbg_die_eq(die_origin(by), die_origin(die));
}

bool debuginfo_describe(struct dbg_die die, struct dbg_function *ret)
{
	struct dbg_range range;
	uint64_t inl;

	*ret = (struct dbg_function){ .name = die_name(die), .die = die };
	if (!die_entry(die, &ret->entry))
		return false;
	ret->end = ret->entry;
	if (die_covers(die, ret->entry, &range))
		ret->end = range.end;
	ret->is_inline = die_tag(die) == DW_TAG_inlined_subroutine;
	ret->origin = die_origin(die);
	ret->linkage = debuginfo_linkage(die);
	ret->file = debuginfo_decl_file(die);
	ret->line = (uint32_t)debuginfo_uint(die, DW_AT_decl_line, 0);
	ret->is_external = debuginfo_uint(die, DW_AT_external, 0);
	inl = debuginfo_uint(die, DW_AT_inline, DW_INL_not_inlined);
	ret->is_declared_inline = inl == DW_INL_declared_inlined ||
				  inl == DW_INL_declared_not_inlined;
	ret->has_inlines = ret->is_inline || inl == DW_INL_inlined ||
			   inl == DW_INL_declared_inlined;
	return true;
}

bool debuginfo_fill(struct dbg_die die, struct dbg_function *ret)
{
	if (!debuginfo_describe(die, ret))
		return false;
	ret->is_rest = ret->is_inline && debuginfo_is_rest(die);
	return true;
}

bool debuginfo_function(struct debuginfo *d, struct dbg_die die,
			struct dbg_function *ret)
{
	(void)d;
	return debuginfo_fill(die, ret);
}

bool debuginfo_function_at(struct debuginfo *d, struct arena *a, uint64_t pc,
			   struct dbg_function *ret)
{
	struct die_unit *u = dieindex_unit_at(d->index, pc);
	struct diescope s;

	(void)a;
	return u && diescope_at(u, pc, &s) && debuginfo_fill(s.v[0], ret);
}

/* ---- inlined instances ---- */

static int debuginfo_die_compare(const void *a, const void *b)
{
	const struct dbg_die *x = a, *y = b;

	if (x->unit != y->unit && x->unit->off != y->unit->off)
		return x->unit->off < y->unit->off ? -1 : 1;
	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

static int debuginfo_function_compare(const void *a, const void *b)
{
	const struct dbg_function *x = a, *y = b;

	if (x->entry != y->entry)
		return x->entry < y->entry ? -1 : 1;
	if (x->is_inline != y->is_inline)
		return x->is_inline ? 1 : -1;
	return debuginfo_die_compare(&x->die, &y->die);
}

void debuginfo_instances(struct die_unit *u, struct arena *a,
			 const struct dbg_die *origins, uint32_t n, bool *had,
			 struct dbg_functions *ret)
{
	struct die_walk w = die_walk((struct dbg_die){ u, u->root });
	const struct dbg_die *known;
	struct dbg_die origin;
	struct objfile_symbol sym;
	struct dbg_function f;

	while (ret->n <= DEBUGINFO_INSTANCES_MAX && die_walk_next(&w)) {
		if (w.depth == 1 && w.tag != DW_TAG_subprogram)
			w.into = w.tag == DW_TAG_namespace ||
				 w.tag == DW_TAG_module ||
				 w.tag == DW_TAG_structure_type ||
				 w.tag == DW_TAG_class_type;
		if (w.tag != DW_TAG_inlined_subroutine)
			continue;
		origin = die_ref(w.die, DW_AT_abstract_origin);
		if (!origin.unit)
			continue;
		known = bsearch(&origin, origins, n, sizeof(*origins),
				debuginfo_die_compare);
		if (!known || !debuginfo_fill(w.die, &f) ||
		    (had && (had[known - origins] || f.is_rest)))
			continue;
		/* Where no symbol is, there may be no probe. */
		if (had)
			had[known - origins] =
				objfile_symbol_at(u->file->obj, f.entry, &sym);
		vec_push(a, ret, f);
	}
}

/* ---- functions by pattern ---- */

struct debuginfo_search {
	struct debuginfo *d;
	struct arena *a;
	const struct dbg_pattern *p;
	struct debugmatch match;
	bool is_cross;		/* an entry may be of another unit's file */
	bool is_once;		/* DBG_ONCE */
	bool is_brief;		/* DBG_BRIEF */
	struct dbg_functions *ret;
	VEC(struct dbg_die) origins;
};

/* Is the declaration in the scope and in a file of the pattern? */
static bool debuginfo_file_matches(struct debuginfo_search *s,
				   struct dbg_die die)
{
	struct die_attr a;
	uint64_t n;

	if (!diename_is_in(s->a, die, s->p->scope))
		return false;
	if (!s->p->file.len)
		return true;
	if (!s->is_cross && !debugmatch_unit(&s->match, die.unit))
		return false;
	return die_attr_deep(die, DW_AT_decl_file, &a) &&
	       die_attr_uint(&a, &n) && n < UINT32_MAX &&
	       debugmatch_file(&s->match, a.unit, (uint32_t)n);
}

/* Has the function a statement of one of the lines? */
static bool debuginfo_has_line(struct debuginfo_search *s,
			       const struct dbg_function *f)
{
	struct lines *l;
	struct dbg_ranges r;

	if (s->p->kind == DBG_LINES_NONE || s->p->kind == DBG_LINES_ALL ||
	    debugmatch_line(s->p, f->line, f->line))
		return true;
	l = lines_get(f->die.unit);
	if (!l)
		return false;
	die_ranges(f->die, s->a, &r);
	for (uint32_t k = 0; k < r.n; k++)
		for (uint32_t i = lines_from(l, r.v[k].start);
		     i < l->n && l->v[i].addr < r.v[k].end; i++)
			if (l->v[i].is_stmt && !l->v[i].is_end &&
			    debugmatch_line(s->p, l->v[i].line, f->line) &&
			    debugmatch_file(&s->match, f->die.unit,
					    l->v[i].file))
				return true;
	return false;
}

static void debuginfo_take(struct debuginfo_search *s, struct dbg_die die)
{
	struct dbg_function f;

	if (debuginfo_file_matches(s, die) && debuginfo_fill(die, &f) &&
	    debuginfo_has_line(s, &f))
		vec_push(s->a, s->ret, f);
}

/* Only units that have a file of the pattern are worth a look. */
static struct dieindex_iter debuginfo_units(struct debuginfo_search *s)
{
	struct die_unit *u;
	VEC(bool) units = {};

	if (!s->p->file.len || s->is_cross)
		return (struct dieindex_iter){};
	for (uint32_t i = 0; (u = dieindex_unit(s->d->index, i)); i++)
		vec_push(s->a, &units, debugmatch_unit(&s->match, u));
	return (struct dieindex_iter){ .units = units.v, .nunits = units.n };
}

static void debuginfo_find_inlines(struct debuginfo_search *s)
{
	struct dieindex_iter it = debuginfo_units(s);
	struct dieindex_entry e;

	while (dieindex_glob(s->d->index, s->p->name, DIESCAN_INLINE, &it, &e))
		if (debuginfo_file_matches(s, e.die))
			vec_push(s->a, &s->origins, e.die);
}

/* Walks each unit that has an origin once; those of partial units may have
 * instances in any. */
static void debuginfo_take_instances(struct debuginfo_search *s, bool all)
{
	struct dbg_functions found = {};
	struct die_unit *u, *last = NULL;
	bool *had = NULL;
	uint32_t first = 0;

	if (!s->origins.n)
		return;
	if (s->is_once)
		had = arena_array(s->a, s->origins.n, bool);
	qsort(s->origins.v, s->origins.n, sizeof(*s->origins.v),
	      debuginfo_die_compare);
	for (uint32_t i = 0; all && (u = dieindex_unit(s->d->index, i)); i++)
		debuginfo_instances(u, s->a, s->origins.v, s->origins.n, had,
				    &found);
	for (uint32_t i = 0; !all && i <= s->origins.n; i++) {
		u = i < s->origins.n ? s->origins.v[i].unit : NULL;
		if (u == last)
			continue;
		if (last)
			debuginfo_instances(last, s->a, s->origins.v + first,
					    i - first,
					    had ? had + first : NULL, &found);
		first = i;
		last = u;
	}
	for (uint32_t i = 0; i < found.n; i++)
		if (debuginfo_has_line(s, &found.v[i]))
			vec_push(s->a, s->ret, found.v[i]);
}

/* The unit that defines an external function of this name; what it inlines
 * is in the same unit. */
static void debuginfo_take_external(struct debuginfo_search *s,
				    enum dbg_which which,
				    const struct dbg_function *f)
{
	if (which & DBG_CALLS)
		debuginfo_take(s, f->die);
	if (!(which & DBG_INLINES) || !f->has_inlines ||
	    !debuginfo_file_matches(s, f->die))
		return;
	vec_push(s->a, &s->origins, f->origin);
	debuginfo_take_instances(s, false);
}

/*
 * A function that the linker sees has its address in the symbol table, and
 * what is external is inlined in its own unit only: the index is not needed.
 * false = it must be asked.
 */
static bool debuginfo_quick(struct debuginfo_search *s, enum dbg_which which)
{
	struct objfile_symbol sym;
	struct dbg_function f, found = {};
	uint32_t i = 0;

	if (str_has_glob(s->p->name) || dieindex_is_small(s->d->index) ||
	    dieindex_has_names(s->d->index))
		return false;
	while (objfile_find_symbol(s->d->main, s->p->name, &i, &sym)) {
		if (!sym.is_function || sym.is_undefined)
			continue;
		if (!sym.is_global || found.die.unit ||
		    !debuginfo_function_at(s->d, s->a, sym.addr, &f) ||
		    f.entry != sym.addr || !str_eq(f.name, s->p->name) ||
		    f.origin.unit != f.die.unit)
			return false;
		found = f;
	}
	if (found.die.unit)
		debuginfo_take_external(s, which, &found);
	return found.die.unit;
}

/* ---- by the index of functions ---- */

/* To make it takes longer than what one name is about. */
static bool debuginfo_has_index(struct debuginfo *d,
				const struct dbg_pattern *p,
				enum dbg_which which)
{
	if (p->scope.len)
		return false;
	if (funcindex_is_made(d->functions))
		return true;
	return str_has_glob(p->name) && which & DBG_INLINES &&
	       !dieindex_is_small(d->index) && funcindex_need(d->functions);
}

static bool debuginfo_next(struct debuginfo *d, const struct dbg_pattern *p,
			   enum dbg_which which, uint32_t *at,
			   struct funcindex_entry *ret)
{
	while (funcindex_next(d->functions, p->name, at, ret))
		if (which & (ret->f.is_inline ? DBG_INLINES : DBG_CALLS) &&
		    (!p->file.len ||
		     linefiles_is_suffix(p->file, ret->f.file)))
			return true;
	return false;
}

bool debuginfo_can_list(struct debuginfo *d, const struct dbg_pattern *p,
			enum dbg_which which)
{
	bool all = str_is(p->name, "*") && !p->file.len;

	return !p->n &&
	       debuginfo_has_index(d, p, which | (all ? DBG_INLINES : 0));
}

void debuginfo_make_index(struct debuginfo *d, bool with_vars)
{
	if (!funcindex_is_made(d->functions))
		funcindex_make(d->functions);
	if (with_vars && !funcvars_is_made(d->vars))
		funcvars_make(d->vars);
}

bool debuginfo_list(struct debuginfo *d, const struct dbg_pattern *p,
		    enum dbg_which which, uint32_t *at, struct dbg_listed *ret)
{
	struct funcindex_entry e;

	while (debuginfo_next(d, p, which, at, &e)) {
		if (e.is_part)
			continue;
		*ret = (struct dbg_listed){
			.name = e.f.name,
			.file = e.f.file,
			.line = e.f.line,
			.is_inline = e.f.is_inline,
			.is_external = e.f.is_external,
			.has_symbol = e.has_symbol,
			.is_symbol = e.is_symbol,
			.is_of_start = e.is_of_start,
			.row = *at - 1,
		};
		return true;
	}
	return false;
}

void debuginfo_list_many_vars(struct debuginfo *d)
{
	funcvars_need(d->vars);
}

struct str debuginfo_list_vars(struct debuginfo *d, const struct dbg_listed *f)
{
	uint32_t at = f->row;
	struct funcindex_entry e;

	if (funcvars_is_made(d->vars))
		return funcvars_get(d->vars, f->row);
	d->text.len = 0;
	/* The row itself: its name is no pattern. */
	if (!funcindex_next(d->functions, STR("*"), &at, &e))
		return (struct str){};
	e.f.die = funcindex_die(d->functions, &e);
	if (e.f.die.unit)
		funcvars_text(d->vars, &e.f, &d->text);
	return buf_view(&d->text);
}

static bool debuginfo_take_copies(struct debuginfo_search *s,
				  const struct funcindex_entry *e)
{
	struct dbg_function f;

	for (uint32_t i = 0; i < e->n; i++) {
		if (s->ret->n > DEBUGINFO_INSTANCES_MAX)
			return true;
		if (!funcindex_copy(s->d->functions, e, i, &f))
			return false;
		if (debuginfo_has_line(s, &f))
			vec_push(s->a, s->ret, f);
	}
	return true;
}

/* What the index says is enough. */
static bool debuginfo_take_brief(struct debuginfo_search *s,
				const struct funcindex_entry *e)
{
	struct dbg_function f = e->f;

	f.die = funcindex_die(s->d->functions, e);
	f.is_rest = e->is_part;
	f.is_indexed = true;
	f.has_symbol = e->has_symbol;
	f.is_symbol = e->is_symbol;
	if (f.die.unit)
		vec_push(s->a, s->ret, f);
	return f.die.unit;
}

/* false = the index lies. */
static bool debuginfo_take_entry(struct debuginfo_search *s,
				 const struct funcindex_entry *e)
{
	struct dbg_function f;

	if (s->is_once || (s->is_brief && !e->f.is_inline))
		return debuginfo_take_brief(s, e);
	if (e->f.is_inline)
		return debuginfo_take_copies(s, e);
	if (!funcindex_own(s->d->functions, e, &f))
		return false;
	if (debuginfo_has_line(s, &f))
		vec_push(s->a, s->ret, f);
	return true;
}

static bool debuginfo_take_indexed(struct debuginfo_search *s,
				   enum dbg_which which)
{
	struct funcindex_entry e;
	uint32_t at = 0;

	s->ret->n = 0;
	while (debuginfo_next(s->d, s->p, which, &at, &e))
		if (!debuginfo_take_entry(s, &e)) {
			s->ret->n = 0;
			return false;
		}
	return true;
}

/* false = there is none. */
static bool debuginfo_by_index(struct debuginfo_search *s, enum dbg_which which)
{
	if (!debuginfo_has_index(s->d, s->p, which))
		return false;
	return debuginfo_take_indexed(s, which) ||
	       (funcindex_distrust(s->d->functions) &&
		debuginfo_take_indexed(s, which));
}

/* As they are in an index. */
static bool debuginfo_is_sorted(const struct dbg_functions *f)
{
	for (uint32_t i = 1; i < f->n; i++)
		if (debuginfo_function_compare(&f->v[i - 1], &f->v[i]) > 0)
			return false;
	return true;
}

static void debuginfo_unique(struct dbg_functions *f)
{
	uint32_t n = 0;

	if (!debuginfo_is_sorted(f))
		qsort(f->v, f->n, sizeof(*f->v), debuginfo_function_compare);
	for (uint32_t i = 0; i < f->n; i++)
		if (!n || !dbg_die_eq(f->v[n - 1].die, f->v[i].die))
			f->v[n++] = f->v[i];
	f->n = n;
}

/* Asks the entries of all that have the name. */
static void debuginfo_by_names(struct debuginfo_search *s, enum dbg_which which)
{
	struct dieindex *x = s->d->index;
	struct dieindex_entry e;
	struct dieindex_iter it;

	s->is_cross = dieindex_is_cross(x);
	it = debuginfo_units(s);
	while (which & DBG_CALLS &&
	       dieindex_glob(x, s->p->name, DIESCAN_FUNCTION, &it, &e))
		debuginfo_take(s, e.die);
	if (which & DBG_INLINES) {
		debuginfo_find_inlines(s);
		debuginfo_take_instances(s, s->is_cross);
	}
}

struct err *debuginfo_functions(struct debuginfo *d, struct arena *a,
				const struct dbg_pattern *p,
				enum dbg_which which,
				struct dbg_functions *ret)
{
	struct dbg_functions found = {};
	struct debuginfo_search s = {
		.d = d, .a = a, .p = p, .is_cross = true, .ret = &found,
		.is_once = which & DBG_ONCE && !p->n,
		.is_brief = which & DBG_BRIEF && !p->n,
	};

	debugmatch_init(&s.match, p, a);
	if (!debuginfo_quick(&s, which) && !debuginfo_by_index(&s, which))
		debuginfo_by_names(&s, which);
	debuginfo_unique(&found);
	*ret = found;
	return NULL;
}

/* ---- units ---- */

/* What the last -O of the compiler's options says; false = it has none. */
static bool debuginfo_level(struct str producer, bool *ret)
{
	bool found = false;

	for (uint32_t at = 0; at < producer.len; at++) {
		struct str rest = str_sub(producer, at, 4);

		if (!str_starts(rest, STR(" -O")))
			continue;
		*ret = rest.len == 4 && rest.s[3] != '0' && rest.s[3] != ' ';
		found = true;
	}
	return found;
}

/* Has a parameter places that change from one instruction to another?  Only
 * optimizing compilers say that, but for what is passed as an address.  One
 * that is always in the frame is put there first, whatever the others are. */
static bool debuginfo_has_lists(struct dbg_die function)
{
	struct dbg_die c = die_child(function);
	bool has_lists = false;
	struct die_block b;
	struct die_attr at;

	for (; die_tag(c); c = die_next(c)) {
		if (die_tag(c) != DW_TAG_formal_parameter ||
		    !die_attr(c, DW_AT_location, &at))
			continue;
		has_lists |= die_attr_is_offset(&at);
		if (!die_attr_is_offset(&at) && die_attr_block(&at, &b) &&
		    b.size && b.p[0] == DW_OP_fbreg)
			return false;
	}
	return has_lists;
}

bool debuginfo_is_optimized(struct debuginfo *d, struct dbg_die die)
{
	struct die_unit *u = die.unit;
	struct str producer;
	bool is_optimized;

	(void)d;
	if (!u)
		return false;
	producer = die_str((struct dbg_die){ u, u->root }, DW_AT_producer);
	if (debuginfo_level(producer, &is_optimized))
		return is_optimized;
	return die_flag((struct dbg_die){ u, u->root },
			DEBUGINFO_APPLE_OPTIMIZED) ||
	       debuginfo_has_lists(die);
}

uint64_t debuginfo_begin(struct debuginfo *d, const struct dbg_function *f)
{
	return f->is_inline || debuginfo_is_optimized(d, f->die) ?
		       f->entry : debuginfo_prologue_end(d, f);
}

/* ---- frames ---- */

struct err *debuginfo_frames(struct debuginfo *d, struct arena *a, uint64_t pc,
			     struct dbg_frames *ret)
{
	struct die_unit *u = dieindex_unit_at(d->index, pc);
	struct lines *l = u ? lines_get(u) : NULL;
	const struct lines_row *row = l ? lines_at(l, pc) : NULL;
	struct dbg_frame at = {};
	struct diescope s = {};

	*ret = (struct dbg_frames){};
	if (row) {
		at.file = debugmatch_path(u, l, row->file);
		at.line = row->line;
		at.column = row->column;
	}
	if (u)
		diescope_at(u, pc, &s);
	for (uint32_t i = s.n; i; i--) {
		struct dbg_die die = s.v[i - 1];
		uint64_t file;

		if (!diescope_is_function(s.tags[i - 1]) ||
		    debuginfo_is_rest(die))
			continue;
		at.function = die_name(die);
		at.die = die;
		at.is_inline = s.tags[i - 1] == DW_TAG_inlined_subroutine;
		vec_push(a, ret, at);
		/* The next one is where this was called. */
		file = die_uint(die, DW_AT_call_file, UINT64_MAX);
		at = (struct dbg_frame){
			.line = (uint32_t)die_uint(die, DW_AT_call_line, 0),
			.column = (uint32_t)die_uint(die, DW_AT_call_column,
						     0),
		};
		if (l && file < UINT32_MAX)
			at.file = debugmatch_path(u, l,
						  (uint32_t)file);
	}
	if (!ret->n && row)
		vec_push(a, ret, at);
	return NULL;
}
