/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places in the code by debug information: of programs all, of the kernel's
 * functions what symbols and BTF do not tell: .statement("name@file:line"),
 * .inline, .label, .callee(s).
 */
#include "dbg/debuginfo.h"
#include "lang/diag.h"
#include "sema/resolve/called.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/function_scope.h"
#include "sema/resolve/kind.h"

#define CALLEES_DEPTH_MAX 8

/* A point in the making. */
struct statement {
	struct query *q;
	struct debug_source *src;
	const struct ast_component *place;	/* statement(...), function() */
	uint32_t at;				/* its number, or of the
						 * component that names what
						 * is found from there */
	struct dbg_pattern pattern;
	struct str jumped_to;	/* the last callee that no call comes back of */
	bool is_untold;		/* who called one cannot be told here */
	bool is_gone;		/* there was something that no longer is */
	bool is_listed;		/* a list: there is a symbol, is known */
};

static struct arena *arena_of(const struct statement *s)
{
	return s->q->program->arena;
}

/* Is it code of the start, which is thrown away when that is done? */
static bool is_of_start(struct statement *s, uint64_t pc)
{
	struct str section;
	uint64_t offset;

	if (s->q->user ||
	    !debuginfo_section(s->src->info, pc, &section, &offset) ||
	    !str_starts(section, STR(".init")))
		return false;
	s->is_gone = true;
	return true;
}

/* Where a probe can be put: in the kernel, so far behind a symbol.  Symbols
 * that there are several of say nothing, the start of the kernel always
 * does. */
static bool set_place(struct statement *s, struct image_site *site,
		      uint64_t *pc)
{
	struct program *p = s->q->program;
	struct str name;
	uint64_t offset, text;
	bool unique;

	if (s->q->user)
		return user_place(s->q, pc, site);
	/* A module may yet come. */
	if (!s->src->module.len && is_of_start(s, *pc))
		return false;
	if (s->is_listed)
		return true;
	if (p->lists_points)
		return debuginfo_symbol(s->src->info, *pc, &name, &offset,
					NULL);
	if (!debuginfo_symbol(s->src->info, *pc, &name, &offset, &unique))
		return false;
	if (!unique && !s->src->module.len &&
	    debuginfo_find_symbol(s->src->info, STR("_text"), &text)) {
		name = STR("_text");
		offset = *pc - text;
	}
	site->name = image_intern(p->image, p->back, name);
	site->offset = offset;
	if (s->src->module.len)
		site->module = image_intern(p->image, p->back, s->src->module);
	return true;
}

static struct str text_of(const struct statement *s, struct str function,
			  struct str file, uint32_t line)
{
	/* Nobody wrote it: a function that the compiler made. */
	if (!file.len)
		return query_text_with(s->q, s->at, function);
	return query_text_with(s->q, s->at,
			       arena_printf(arena_of(s), "%" STR_FMT
					    "@%" STR_FMT ":%u",
					    STR_ARG(function), STR_ARG(file),
					    line));
}

/* The thousand places where a function was inlined are one line of a list. */
static bool was_listed(const struct statement *s, struct str text)
{
	return s->q->listed.arena && map_find(&s->q->listed, text);
}

static void list(struct statement *s, struct str text)
{
	if (!s->q->program->lists_names)
		return;
	if (!s->q->listed.arena)
		map_init(&s->q->listed, arena_of(s));
	map_set(&s->q->listed, text, s->q);
}

/* The scope of the new site; NULL if there can be none. */
static struct target_scope *add_site(struct statement *s, uint64_t pc,
				     struct dbg_die die, struct str function,
				     struct str file, uint32_t line)
{
	struct program *p = s->q->program;
	struct image_site place = {};
	struct target_scope *scope;
	struct str text = text_of(s, function, file, line);
	struct site *site;

	if (was_listed(s, text) || !set_place(s, &place, &pc))
		return NULL;
	list(s, text);
	site = query_site(s->q, s->q->user ? PROBE_UPROBE : PROBE_KPROBE,
			  text);
	site->image = place;
	/* A name is all that is asked for. */
	if (p->lists_names)
		return NULL;
	scope = debug_scope(p, s->src, pc, die, function,
			    arena_printf(p->arena,
					 "'%" STR_FMT "' at %" STR_FMT ":%u",
					 STR_ARG(function), STR_ARG(file),
					 line));
	site->scope = scope;
	return scope;
}

/* ---- beginning and end ---- */

static enum resolve_status begin(struct statement *s, struct query *q,
				 const char *component)
{
	const struct ast_component *module = query_component(q, "module");
	struct err *e;

	*s = (struct statement){ .q = q };
	for (uint32_t i = 0; i < q->point->n; i++)
		if (str_is(q->point->v[i].name, component))
			s->at = i;
	s->place = &q->point->v[s->at];
	e = dbg_pattern_parse(q->program->arena, s->place->string,
			      &s->pattern);
	if (e)
		return query_err(q, s->place->arg_span, DIAG_BAD_POINT_ARG, e);
	s->src = q->user ? debug_source_file(q->program, q->user->path) :
			   debug_source_get(q->program,
					    module ? module->string :
						     (struct str){});
	if (s->src->info)
		return RESOLVE_FOUND;
	query_nothing(q, s->place->span, DIAG_NEEDS_DEBUGINFO, "%" STR_FMT,
		      STR_ARG(s->src->why));
	q->answer->help = s->src->help;
	return RESOLVE_NOTHING;
}

static enum diag_code unknown(const struct statement *s)
{
	return s->q->user ? DIAG_UNKNOWN_USER_FUNCTION :
			    DIAG_UNKNOWN_KERNEL_FUNCTION;
}

/* The line that relative ones count from, if it is one; else 0. */
static uint32_t declared_at(struct statement *s)
{
	struct dbg_functions found = {};
	struct dbg_pattern p = s->pattern;

	p.kind = DBG_LINES_NONE;
	err_free(debuginfo_functions(s->src->info, arena_of(s), &p, DBG_BOTH,
				     &found));
	for (uint32_t i = 1; i < found.n; i++)
		if (found.v[i].line != found.v[0].line)
			return 0;
	return found.n ? found.v[0].line : 0;
}

/* "f:12" and "f:+3" are names. */
static bool looks_like_lines(struct str name)
{
	int64_t at = str_find_char(name, ':');
	struct str rest = at < 0 ? (struct str){} :
				   str_sub(name, (uint32_t)at + 1, name.len);

	if (str_starts(rest, STR("+")))
		rest = str_sub(rest, 1, rest.len);
	return str_find_char(name, '@') < 0 && rest.len &&
	       rest.s[0] >= '0' && rest.s[0] <= '9';
}

static enum resolve_status gone(struct statement *s)
{
	return query_nothing(s->q, s->place->arg_span, unknown(s),
			     "the code at '%" STR_FMT "' is thrown away once "
			     "the %s", STR_ARG(s->place->string),
			     s->src->module.len ? "module is loaded" :
						  "kernel has started");
}

static enum resolve_status no_place(struct statement *s)
{
	uint32_t lines[2], n = 0, base = 0;
	enum resolve_status status;
	bool relative = s->pattern.kind == DBG_LINES_RELATIVE;
	const char *sign = relative ? "+" : "";

	if (s->is_gone)
		return gone(s);
	status = query_nothing(s->q, s->place->arg_span, unknown(s),
			       "there is no code at '%" STR_FMT "'",
			       STR_ARG(s->place->string));
	if (relative)
		base = declared_at(s);
	if (base || s->pattern.kind == DBG_LINES_ABSOLUTE)
		n = debuginfo_near_lines(s->src->info, arena_of(s),
					 &s->pattern,
					 base + s->pattern.v[0].first, lines);
	if (n == 1)
		s->q->answer->help = arena_printf(
			arena_of(s), "line %s%u has code", sign,
			lines[0] - base);
	if (n == 2)
		s->q->answer->help = arena_printf(
			arena_of(s), "lines %s%u and %s%u have code", sign,
			lines[0] - base, sign, lines[1] - base);
	if (looks_like_lines(s->place->string))
		s->q->answer->help =
			STR("lines are of a file: \"FUNCTION@FILE:LINE\"");
	if (base)
		s->q->answer->help = arena_printf(
			arena_of(s), "%" STR_FMT "%sthe function begins at "
			"line %u", STR_ARG(s->q->answer->help),
			n ? ": " : "", base);
	return status;
}

/* ---- statements ---- */

/* kernel.statement(ADDRESS).absolute: anything is there, or nothing. */
enum resolve_status statement_absolute_resolve(struct query *q)
{
	const struct ast_component *c = query_component(q, "statement");
	struct target_scope *scope;
	struct site *site;

	if (!q->program->options->guru)
		return query_nothing(q, c->span, DIAG_BAD_POINT_ARG,
				     "a probe at any address needs -g");
	scope = arena_new(q->program->arena, struct target_scope);
	scope->what = STR("an address");
	/* It may be where a function begins. */
	scope_add_arguments(q->program, scope);
	site = query_site(q, PROBE_KPROBE, query_text(q));
	site->image.a = (uint64_t)c->number;
	site->scope = scope;
	return RESOLVE_FOUND;
}

/* ---- functions ---- */

static uint64_t begins(const struct statement *s, const struct dbg_function *f)
{
	uint64_t pc = debuginfo_begin(s->src->info, f);

	return s->q->user && !f->is_inline && pc == f->entry ?
		       user_entry(s->q, pc) : pc;
}

static struct target_scope *add_function(struct statement *s,
					 const struct dbg_function *f)
{
	struct target_scope *scope;

	s->is_listed = s->q->program->lists_points && f->has_symbol;
	scope = add_site(s, begins(s, f), f->die, f->name, f->file, f->line);

	if (scope && !f->is_inline && !debug_is_foreign(s->q->program, s->src))
		scope_add_arguments(s->q->program, scope);
	return scope;
}

/* The rest of a function whose beginning was inlined (f.part.0; it may be
 * inlined, too): no call of it, and what it is given is something else. */
static bool is_part(const struct statement *s, const struct dbg_function *f)
{
	struct str name;
	uint64_t offset;

	if (f->is_inline || f->is_indexed)
		return f->is_rest;
	return debuginfo_symbol(s->src->info, f->entry, &name, &offset,
				NULL) &&
	       !offset && str_find(name, STR(".part.")) >= 0;
}

static void drop_parts(struct statement *s, struct dbg_functions *f)
{
	bool may_come = s->src->module.len;
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n; i++)
		if (!is_part(s, &f->v[i]) &&
		    (may_come || !is_of_start(s, f->v[i].entry)))
			f->v[n++] = f->v[i];
	f->n = n;
}

static enum resolve_status functions(struct statement *s, enum dbg_which which,
				     struct dbg_functions *ret)
{
	struct err *e;

	/* A list of many has each once, at one of its copies. */
	if (s->q->program->lists_names ||
	    (s->q->program->lists_points && str_has_glob(s->pattern.name)))
		which |= DBG_ONCE;
	e = debuginfo_functions(s->src->info, arena_of(s), &s->pattern, which,
				ret);
	if (e)
		return query_err(s->q, s->place->arg_span, DIAG_BAD_POINT_ARG,
				 e);
	drop_parts(s, ret);
	if (!ret->n)
		return no_place(s);
	return RESOLVE_FOUND;
}

/* "f", "f@file": where functions begin. */
static enum resolve_status statement_functions(struct statement *s)
{
	struct dbg_functions found;
	enum resolve_status status = functions(s, DBG_BOTH, &found);

	for (uint32_t i = 0; status == RESOLVE_FOUND && i < found.n; i++)
		add_function(s, &found.v[i]);
	return s->q->ret->list.n ? RESOLVE_FOUND : status;
}

/* data: STATEMENT_NEAREST or 0 */
enum resolve_status statement_resolve(struct query *q)
{
	struct dbg_sites found;
	struct dbg_function f;
	struct statement s;
	struct err *e;

	if (begin(&s, q, "statement") != RESOLVE_FOUND)
		return RESOLVE_NOTHING;
	if (s.pattern.kind == DBG_LINES_NONE)
		return statement_functions(&s);
	e = debuginfo_statements(s.src->info, arena_of(&s), &s.pattern,
				 q->data == STATEMENT_NEAREST, &found);
	if (e)
		return query_err(q, s.place->arg_span, DIAG_BAD_POINT_ARG, e);
	for (uint32_t i = 0; i < found.n; i++) {
		struct dbg_site *site = &found.v[i];

		if (debuginfo_function(s.src->info, site->scope, &f))
			add_site(&s, site->pc, site->scope, f.name, site->file,
				 site->line);
	}
	return q->ret->list.n ? RESOLVE_FOUND : no_place(&s);
}

/* .call, .exported and .return are of functions with code of their own. */
enum dbg_which debug_which(const struct query *q)
{
	return q->data == FUNCTION_RETURN || query_component(q, "call") ||
			       query_component(q, "exported") ?
		       DBG_CALLS : DBG_BOTH;
}

enum resolve_status debug_functions(struct query *q, enum dbg_which which,
				    struct dbg_functions *ret)
{
	struct statement s;

	if (begin(&s, q, "function") != RESOLVE_FOUND)
		return RESOLVE_NOTHING;
	return functions(&s, which, ret);
}

/* The scope of the new site; NULL if there can be none. */
static struct target_scope *add_return(struct statement *s,
				       const struct dbg_function *f)
{
	struct query *q = s->q;
	uint64_t pc = q->user ? user_entry(q, f->entry) : f->entry;
	struct image_site place = {};
	struct target_scope *scope;
	struct site *site;

	if (!set_place(s, &place, &pc))
		return NULL;
	site = query_site(q, q->user ? PROBE_URETPROBE : PROBE_KRETPROBE,
			  text_of(s, f->name, f->file, f->line));
	scope = debug_return_scope(q->program, s->src, f, pc,
				   arena_printf(arena_of(s), "function '%"
						STR_FMT "'", STR_ARG(f->name)));
	site->image = place;
	site->scope = scope;
	return scope;
}

bool debug_return_add(struct query *q, const struct dbg_function *f)
{
	struct statement s;

	return begin(&s, q, "function") == RESOLVE_FOUND && add_return(&s, f);
}

bool debug_function_add(struct query *q, const struct dbg_function *f)
{
	uint32_t n = q->ret->list.n;
	struct target_scope *scope = NULL;
	struct statement s;

	if (begin(&s, q, "function") == RESOLVE_FOUND)
		scope = add_function(&s, f);
	if (q->ret->list.n == n)
		return false;
	if (scope && f->is_inline)
		scope->help = STR("here the function was inlined: '.call' "
				  "leaves such places out, @defined() asks");
	/* Programs have one kind of link for all. */
	vec_last(&q->ret->list).is_copy = f->is_inline && !q->user;
	return true;
}

/* data: enum dbg_which */
enum resolve_status debug_function_resolve(struct query *q)
{
	struct dbg_functions f;
	struct statement s;

	enum dbg_which which = (enum dbg_which)q->data;

	if (begin(&s, q, "function") != RESOLVE_FOUND)
		return RESOLVE_NOTHING;
	if (!q->user && function_list(q, s.src, which, NULL, NULL, NULL))
		return RESOLVE_FOUND;
	if (functions(&s, which, &f) != RESOLVE_FOUND)
		return RESOLVE_NOTHING;
	for (uint32_t i = 0; i < f.n; i++)
		add_function(&s, &f.v[i]);
	return q->ret->list.n ? RESOLVE_FOUND : no_place(&s);
}

enum resolve_status label_resolve(struct query *q)
{
	const struct ast_component *label = query_component(q, "label");
	struct dbg_labels labels;
	struct dbg_functions f;
	struct statement s;

	if (begin(&s, q, "function") != RESOLVE_FOUND ||
	    functions(&s, DBG_CALLS, &f) != RESOLVE_FOUND)
		return RESOLVE_NOTHING;
	for (uint32_t i = 0; i < f.n; i++) {
		err_free(debuginfo_labels(s.src->info, arena_of(&s), &f.v[i],
					  label->string, &labels));
		for (uint32_t k = 0; k < labels.n; k++)
			add_site(&s, labels.v[k].pc, (struct dbg_die){},
				 f.v[i].name, labels.v[k].file,
				 labels.v[k].line);
	}
	if (q->ret->list.n)
		return RESOLVE_FOUND;
	return query_nothing(q, label->arg_span, unknown(&s),
			     "no function there has a label '%" STR_FMT "'",
			     STR_ARG(label->string));
}

/* Does any of its calls come back to who called? */
static bool comes_back(const struct dbg_callees *all, uint32_t k)
{
	for (uint32_t i = k; i < all->n; i++)
		if (all->v[i].function.entry == all->v[k].function.entry &&
		    all->v[i].return_pc)
			return true;
	return false;
}

/* Do returns of the kernel's functions tell where they go?  From Linux 5.16 on
 * the registers have it when handlers run; bpf_loop came next. */
static bool is_told(const struct statement *s)
{
	return s->q->user || s->q->data != CALLEE_RETURNS ||
	       s->q->program->features & FEATURE_BIT(BPF_LOOP);
}

/* The code of a function is that of all its callers: the handler asks who
 * called. */
static void add_called(struct statement *s, const struct dbg_callees *all,
		       uint32_t k)
{
	struct sites *sites = s->q->ret;
	uint32_t n = sites->list.n;
	const struct dbg_function *f = &all->v[k].function;
	struct target_scope *scope = s->q->data == CALLEE_RETURNS ?
					     add_return(s, f) :
					     add_function(s, f);

	if (!scope)
		return;
	if (is_told(s))
		vec_last(&sites->list).when =
			called_condition(s->q->program, scope, all, k,
					 s->place->span);
	if (vec_last(&sites->list).when)
		return;
	sites->list.n = n;
	if (comes_back(all, k))
		s->is_untold = true;
	else
		s->jumped_to = f->name;
}

static bool is_first(const struct dbg_callees *all, uint32_t k)
{
	for (uint32_t i = 0; i < k; i++)
		if (all->v[i].function.entry == all->v[k].function.entry)
			return false;
	return all->v[k].function.entry;
}

/* What was inlined stands where it was inlined; of calls proper the handler
 * asks who called. */
static void add_callees(struct statement *s, const struct dbg_function *f,
			struct str name, uint32_t depth)
{
	struct dbg_callees callees;

	err_free(debuginfo_callees(s->src->info, arena_of(s), f, depth,
				   &callees));
	for (uint32_t i = 0; i < callees.n; i++) {
		const struct dbg_function *to = &callees.v[i].function;

		if (!is_first(&callees, i) || !str_glob(name, to->name))
			continue;
		if (to->is_inline && !s->q->data)
			add_function(s, to);
		if (to->is_inline || debug_is_foreign(s->q->program, s->src))
			continue;
		add_called(s, &callees, i);
	}
}

static enum resolve_status no_callee(struct statement *s)
{
	struct query *q = s->q;

	if (s->is_untold && q->data == CALLEE_RETURNS)
		return query_nothing(q, q->point->span, unknown(s),
				     "this kernel (before Linux %s) does not "
				     "tell at returns who called",
				     q->user ? "6.6" : "5.16");
	query_nothing(q, q->point->span, unknown(s),
		      "nothing of that is %scalled there",
		      q->data ? "" : "inlined or ");
	if (s->jumped_to.len)
		q->answer->help = arena_printf(
			arena_of(s), "'%" STR_FMT "' is jumped to where this "
			"function ends (a tail call), and returns to its "
			"caller: who jumped is known only where that one calls "
			"this function by its name",
			STR_ARG(s->jumped_to));
	else if (q->user)
		q->answer->help = STR("compilers note calls when they optimize "
				      "(-O1), and when the called function is "
				      "in the same program; calls through "
				      "pointers name none");
	return RESOLVE_NOTHING;
}

/* .callee("name"), .callees, .callees(N); data: CALLEE_CALLS, CALLEE_RETURNS or
 * 0 */
enum resolve_status callee_resolve(struct query *q)
{
	const struct ast_component *callee = query_component(q, "callee");
	const struct ast_component *all = query_component(q, "callees");
	struct dbg_functions f;
	struct statement s;
	int64_t depth = 1;

	if (all && all->arg_kind == AST_ARG_NUMBER)
		depth = all->number;
	if (depth < 1 || depth > CALLEES_DEPTH_MAX)
		return query_nothing(q, all->arg_span, DIAG_BAD_POINT_ARG,
				     "the depth must be from 1 to %d",
				     CALLEES_DEPTH_MAX);
	/* The kernel puts an address of its own where a function whose return
	 * is probed finds the one that it returns to. */
	if (depth > 1 && q->data == CALLEE_RETURNS && !q->user)
		return query_nothing(q, all->arg_span, DIAG_BAD_POINT_ARG,
				     "who called the callers is not known when "
				     "returns are probed in the kernel: the "
				     "depth must be 1");
	if (begin(&s, q, "function") != RESOLVE_FOUND ||
	    functions(&s, DBG_CALLS, &f) != RESOLVE_FOUND)
		return RESOLVE_NOTHING;
	if (callee)
		s.at = (uint32_t)(callee - q->point->v);
	for (uint32_t i = 0; i < f.n; i++)
		if (!is_of_start(&s, f.v[i].entry))
			add_callees(&s, &f.v[i],
				    callee ? callee->string : STR("*"),
				    (uint32_t)depth);
	if (q->ret->list.n)
		return RESOLVE_FOUND;
	return s.is_gone ? gone(&s) : no_callee(&s);
}
