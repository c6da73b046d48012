/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/scope_func.h"

#include "lang/diag.h"
#include "sema/embedded/embedded.h"
#include "sema/library.h"
#include "sema/scope.h"
#include "sema/walk.h"
#include "sema/value.h"

#define LIBRARY_PRIORITY 1	/* of functions that do not say theirs */

struct instance {
	const struct target_scope *scope;
	struct func *func;
	struct instance *next;
};

/* A function as declared. */
struct decl {
	struct ast_function *fn;
	const struct ast_file *file;
	uint32_t order;
	uint32_t visit;			/* search that has seen it */
	struct decl *from;		/* ... on the way from this one */
	bool knows_context, uses_context;
	struct instance *instances;
	struct decl *next;		/* of the same name */
};

struct scope_funcs {
	struct program *program;
	struct map names;		/* "name": public; "N name": private;
					 * to the first struct decl */
	uint32_t declared;		/* files whose functions are known */
	uint32_t ndecls, visits;
};

/* The functions that a call may go to, in the order in which they are
 * tried. */
struct overloads {
	VEC(struct decl *) list;
};

struct scope_funcs *scope_funcs_new(struct program *p)
{
	struct scope_funcs *fs = arena_new(p->arena, struct scope_funcs);

	fs->program = p;
	map_init(&fs->names, p->arena);
	return fs;
}

/* ---- declarations ---- */

static struct str decl_key(struct program *p, const struct ast_file *f,
			   struct str name)
{
	return arena_printf(p->arena, "%u %" STR_FMT, f->source,
			    STR_ARG(name));
}

static void check_params(struct program *p, const struct ast_function *fn)
{
	for (uint32_t i = 0; i < fn->nparams; i++)
		for (uint32_t k = 0; k < i; k++)
			if (str_eq(fn->params[i].name, fn->params[k].name))
				diag_error(p->diags, DIAG_REDECLARED,
					   fn->params[i].span,
					   "two parameters are called '%" STR_FMT
					   "'", STR_ARG(fn->params[i].name));
}

static void declare(struct scope_funcs *fs, const struct ast_file *f,
		    struct ast_function *fn)
{
	struct program *p = fs->program;
	struct str key = fn->is_private ? decl_key(p, f, fn->name) : fn->name;
	struct decl *d = arena_new(p->arena, struct decl), *last;

	*d = (struct decl){ .fn = fn, .file = f, .order = fs->ndecls++ };
	check_params(p, fn);
	last = map_find(&fs->names, key);
	if (!last) {
		map_set(&fs->names, key, d);
		return;
	}
	while (last->next)
		last = last->next;
	last->next = d;
}

static void declare_new(struct scope_funcs *fs)
{
	struct program *p = fs->program;

	for (; fs->declared < p->files.n; fs->declared++) {
		const struct ast_file *f = p->files.v[fs->declared];

		for (uint32_t i = 0; i < f->functions.n; i++)
			declare(fs, f, f->functions.v[i]);
	}
}

/* ---- overloads ---- */

static int64_t priority(const struct decl *d)
{
	if (d->fn->has_priority)
		return d->fn->priority;
	return d->file->is_library ? LIBRARY_PRIORITY : 0;
}

static void insert(struct scope_funcs *fs, struct overloads *o,
		   struct decl *d)
{
	uint32_t i;

	if (!d->fn->body)
		embedded_function(fs->program, d->fn);
	vec_push(fs->program->arena, &o->list, d);
	for (i = o->list.n - 1; i > 0; i--) {
		if (priority(o->list.v[i - 1]) <= priority(d))
			break;
		o->list.v[i] = o->list.v[i - 1];
	}
	o->list.v[i] = d;
}

static bool is_next(struct ast_stmt **s, void *data)
{
	bool *found = data;

	*found |= (*s)->kind == AST_S_NEXT;
	return !*found;
}

/* May a call go on behind the last of them, or come to them behind others? */
static bool goes_on(const struct overloads *o)
{
	bool found = false;

	for (uint32_t i = 0; i < o->list.n && !found; i++) {
		struct ast_stmt *body = o->list.v[i]->fn->body;

		found |= priority(o->list.v[i]) > LIBRARY_PRIORITY;
		if (body)
			walk_stmts(&body, is_next, &found);
	}
	return found;
}

/* Those of a name and number of parameters that the script has. */
static void collect_script(struct scope_funcs *fs, struct decl *first,
			   uint32_t nargs, struct overloads *ret)
{
	for (struct decl *d = first; d; d = d->next)
		if (d->fn->nparams == nargs && !d->file->is_library)
			insert(fs, ret, d);
}

/* The same of the first file of the library that has any: are there some? */
static bool collect_library(struct scope_funcs *fs, struct decl *first,
			    uint32_t nargs, struct overloads *ret)
{
	const struct ast_file *file = NULL;

	for (struct decl *d = first; d; d = d->next) {
		if (d->fn->nparams != nargs || !d->file->is_library ||
		    (file && d->file != file))
			continue;
		file = d->file;
		insert(fs, ret, d);
	}
	return file;
}

static void find_in_library(struct scope_funcs *fs, struct str name,
			    uint32_t nargs, struct overloads *ret)
{
	struct program *p = fs->program;

	while (!collect_library(fs, map_find(&fs->names, name), nargs, ret) &&
	       p->library && library_load(p->library, SCAN_FUNCTION, name))
		declare_new(fs);
}

/*
 * The script's come first, also where a tapset of -I calls, whose defaults they
 * replace; the library's behind them where a `next` may lead there.  spile's
 * own library sees no function of the script: its helpers have names, too.
 */
static void find_overloads(struct scope_funcs *fs, struct str name,
			   uint32_t nargs, const struct ast_file *f,
			   struct overloads *ret)
{
	struct decl *of_file;

	declare_new(fs);
	of_file = f ? map_find(&fs->names, decl_key(fs->program, f, name)) :
		      NULL;
	collect_script(fs, of_file, nargs, ret);
	if (!ret->list.n)
		collect_library(fs, of_file, nargs, ret);
	if (ret->list.n)
		return;
	if (!f || !f->is_own)
		collect_script(fs, map_find(&fs->names, name), nargs, ret);
	if (!ret->list.n || goes_on(ret))
		find_in_library(fs, name, nargs, ret);
}

/* ---- does a function look at the context? ---- */

/*
 * A search from a function through what it calls.  What is found on the way
 * to a use of the context uses it too; when none is found, nothing that was
 * seen does.
 */
struct context_query {
	struct scope_funcs *funcs;
	struct decl *at;
	bool uses;
	VEC(struct decl *) seen;
};

bool scope_atop_uses_context(enum ast_atop op)
{
	return op == ATOP_ENTRY || op == ATOP_KREGISTER ||
	       op == ATOP_UREGISTER || op == ATOP_PERF ||
	       op == ATOP_PROBEWRITE;
}

static void see(struct context_query *q, struct decl *d, struct decl *from)
{
	if (d->visit == q->funcs->visits || d == q->at)
		return;
	if (d->knows_context) {
		q->uses |= d->uses_context;
		return;
	}
	d->visit = q->funcs->visits;
	d->from = from;
	vec_push(q->funcs->program->arena, &q->seen, d);
}

static bool ask_visit(struct ast_expr **place, void *data)
{
	struct context_query *q = data;
	const struct ast_expr *e = *place;
	struct overloads o = {};

	if (e->kind == AST_TARGET ||
	    (e->kind == AST_ATOP && scope_atop_uses_context(e->at_op.op)))
		q->uses = true;
	if (e->kind != AST_CALL || q->uses)
		return !q->uses;
	if (q->at->file->is_library && str_starts(e->call.name, STR("__")))
		return true;
	find_overloads(q->funcs, e->call.name, e->call.args.n, q->at->file,
		       &o);
	for (uint32_t i = 0; i < o.list.n; i++)
		see(q, o.list.v[i], q->at);
	return !q->uses;
}

static void know(struct decl *d, bool uses)
{
	d->knows_context = true;
	d->uses_context = uses;
}

static bool decl_uses_context(struct scope_funcs *fs, struct decl *d)
{
	struct context_query q = { .funcs = fs };

	if (d->knows_context)
		return d->uses_context;
	fs->visits++;
	see(&q, d, NULL);
	for (uint32_t i = 0; i < q.seen.n && !q.uses; i++) {
		q.at = q.seen.v[i];
		if (q.at->fn->body)
			walk_exprs(q.at->fn->body, ask_visit, &q);
	}
	if (q.uses)
		for (struct decl *up = q.at; up; up = up->from)
			know(up, true);
	else
		for (uint32_t i = 0; i < q.seen.n; i++)
			know(q.seen.v[i], false);
	return q.uses;
}

static bool overloads_use_context(struct scope_funcs *fs,
				  const struct overloads *o)
{
	bool uses = false;

	for (uint32_t i = 0; i < o->list.n; i++)
		uses |= decl_uses_context(fs, o->list.v[i]);
	return uses;
}

/* ---- instances ---- */

static struct func *func_new(struct scope_funcs *fs, const struct decl *d,
			     const struct target_scope *scope)
{
	struct program *p = fs->program;
	const struct ast_function *fn = d->fn;
	struct func *f = arena_new(p->arena, struct func);

	f->name = fn->name;
	f->decl = fn;
	f->body = ast_clone_stmt(p->arena, fn->body);
	f->nparams = fn->nparams;
	f->type = fn->type;
	f->type_span = fn->type == TY_UNKNOWN ? (struct span){} : fn->span;
	f->is_library = d->file->is_library;
	f->scope = scope;
	value_rewrite_function(p, f);
	for (uint32_t i = 0; i < fn->nparams; i++) {
		struct var *v = arena_new(p->arena, struct var);

		v->name = fn->params[i].name;
		v->span = fn->params[i].span;
		v->type = fn->params[i].type;
		v->type_span = v->span;
		v->is_param = true;
		v->number = i;
		vec_push(p->arena, &f->vars, v);
	}
	f->number = p->funcs.n;
	vec_push(p->arena, &p->funcs, f);
	return f;
}

static struct func *instance(struct scope_funcs *fs, struct decl *d,
			     const struct target_scope *scope, bool *is_new)
{
	struct instance *i;

	for (i = d->instances; i; i = i->next)
		if (i->scope == scope)
			return i->func;
	i = arena_new(fs->program->arena, struct instance);
	*i = (struct instance){ .scope = scope, .next = d->instances };
	i->func = func_new(fs, d, scope);
	d->instances = i;
	*is_new = true;
	return i->func;
}

/* ---- what is wrong ---- */

static void guess_name(struct str name, void *data)
{
	diag_guess_add(data, name);
}

static void help_similar(struct scope_funcs *fs, struct diag *d,
			 struct str name)
{
	struct program *p = fs->program;
	struct diag_guess g;
	struct str best;

	diag_guess_init(&g, name);
	for (uint32_t i = 0; i < fs->names.n; i++)
		diag_guess_add(&g, fs->names.entries[i].key);
	for (uint32_t op = 0; op <= PRINTOP_SPRINTF; op++)
		diag_guess_add(&g, str_from(ast_printop_name(
					   (enum ast_printop)op)));
	if (p->library)
		library_each(p->library, SCAN_FUNCTION, guess_name, &g);
	best = diag_guess_best(&g);
	if (best.len)
		diag_help(p->diags, d, "did you mean '%" STR_FMT "'?",
			  STR_ARG(best));
}

static struct decl *find_any(struct scope_funcs *fs, struct str name,
			     const struct ast_file *f)
{
	struct decl *d = NULL;

	if (f)
		d = map_find(&fs->names, decl_key(fs->program, f, name));
	return d ? d : map_find(&fs->names, name);
}

static bool is_extractor(struct str name)
{
	for (uint32_t op = 0; op <= STATOP_HIST_LINEAR; op++) {
		const char *at_name = ast_statop_name((enum ast_statop)op);

		if (str_is(name, at_name + 1))
			return true;
	}
	return false;
}

/* Is it one of SystemTap's that write where BPF cannot? */
static bool report_write(struct program *p, const struct ast_expr *call)
{
	struct str name = call->call.name;
	struct diag *d;

	if (!str_starts(name, STR("set_kernel_")))
		return false;
	d = diag_error(p->diags, DIAG_KERNEL_WRITE, call->at,
		       "'%" STR_FMT "' cannot be had: BPF cannot write to the "
		       "kernel's memory", STR_ARG(name));
	diag_help(p->diags, d, "set_user_int() and its like write to the "
		  "current process's");
	return true;
}

static void report(struct scope_funcs *fs, const struct ast_expr *call,
		   const struct ast_file *f)
{
	struct program *p = fs->program;
	const struct decl *other = find_any(fs, call->call.name, f);
	struct diag *d;

	if (other) {
		d = diag_error(p->diags, DIAG_ARG_COUNT, call->at,
			       "'%" STR_FMT "' takes %u argument%s, not %u",
			       STR_ARG(call->call.name), other->fn->nparams,
			       other->fn->nparams == 1 ? "" : "s",
			       call->call.args.n);
		for (; other; other = other->next)
			diag_note(p->diags, d, other->fn->span,
				  "it is defined here");
		return;
	}
	if (report_write(p, call))
		return;
	d = diag_error(p->diags, DIAG_UNKNOWN_FUNCTION, call->at,
		       "there is no function '%" STR_FMT "'",
		       STR_ARG(call->call.name));
	if (is_extractor(call->call.name))
		diag_help(p->diags, d, "statistics are asked by @%" STR_FMT
			  "(...)", STR_ARG(call->call.name));
	else if (str_is(call->call.name, "elif") ||
		 str_is(call->call.name, "elsif") ||
		 str_is(call->call.name, "elseif"))
		diag_help(p->diags, d, "it is written: else if (...)");
	else
		help_similar(fs, d, call->call.name);
}

struct func *scope_funcs_find(struct scope_funcs *fs, struct ast_expr *call,
			      const struct ast_file *f,
			      const struct target_scope *targets)
{
	struct overloads o = {};
	struct func *first = NULL, *last = NULL;
	bool uses;

	find_overloads(fs, call->call.name, call->call.args.n, f, &o);
	if (!o.list.n) {
		report(fs, call, f);
		return NULL;
	}
	uses = overloads_use_context(fs, &o);
	for (uint32_t i = 0; i < o.list.n; i++) {
		bool is_new = false;
		struct func *fn = instance(fs, o.list.v[i],
					   uses ? targets : NULL, &is_new);

		if (!is_new && !last)
			return fn;
		fn->uses_context = uses;
		if (last)
			last->next_overload = fn;
		else
			first = fn;
		last = fn;
	}
	return first;
}

bool scope_find_intrinsic(struct ast_expr *call)
{
	if (!str_starts(call->call.name, STR("__")))
		return false;
	for (uint32_t i = 0; i < INTRIN_N; i++)
		if (str_is(call->call.name, intrin_info[i].name)) {
			call->call.is_intrinsic = true;
			call->call.intrinsic = (uint8_t)i;
			return true;
		}
	return false;
}
