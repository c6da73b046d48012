/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A name in a handler is a local of it, a parameter of its function, a global
 * of the file it stands in, a global of the script, a global of the library;
 * or else it makes a new local.  The file counts by where the name is
 * written: an alias's prologue sees its own file's private names.
 *
 * Functions are instantiated when the first call to them is seen, overloads
 * together.  One that looks at the context ($x), itself or through others,
 * gets an instance for each set of target variables it is called with.
 *
 * Needs p->probes.  Leaves every NAME, INDEX and CALL resolved, or a
 * diagnostic; usage flags are for usage.c.
 */
#include "sema/scope.h"

#include "lang/diag.h"
#include "sema/embedded/embedded.h"
#include "sema/expand.h"
#include "sema/library.h"
#include "sema/scope_func.h"
#include "sema/unfold.h"
#include "sema/usage.h"
#include "sema/walk.h"

#define GUESS_MIN 3	/* letters, for "did you mean" to make sense */

struct scope {
	struct program *program;
	struct scope_funcs *funcs;
	struct map globals;		/* "name": public; "N name": private */
	struct map library;		/* the library's public ones */
	uint32_t declared;		/* files whose globals are known */
	/* The handler at hand. */
	struct vars *vars;
	struct map locals;		/* name to struct var */
	const struct target_scope *targets;
};

/* ---- files ---- */

const struct ast_file *scope_file(const struct program *p, struct span span)
{
	const struct source *s = source_of(p->sources, span.pos);

	for (uint32_t i = 0; s && i < p->files.n; i++)
		if (p->files.v[i]->source == s->number)
			return p->files.v[i];
	return NULL;
}

/* ---- globals ---- */

static struct str global_key(struct program *p, const struct ast_file *f,
			     const struct ast_global *g)
{
	if (!g->is_private)
		return g->name;
	return arena_printf(p->arena, "%u %" STR_FMT, f->source,
			    STR_ARG(g->name));
}

static struct var *global_new(struct scope *sc, const struct ast_file *f,
			      const struct ast_global *g)
{
	struct program *p = sc->program;
	struct var *v = arena_new(p->arena, struct var);

	v->name = g->name;
	v->span = g->span;
	v->is_global = true;
	v->is_library = f->is_library;
	v->is_array = g->is_array;
	if (g->init)
		v->nkeys_span = g->span;
	v->wrap = g->wrap;
	v->has_size = g->size != 0;
	v->size = g->size;
	v->init = g->init;
	v->decl = g;
	v->number = p->globals.n;
	vec_push(p->arena, &p->globals, v);
	return v;
}

static void declare_global(struct scope *sc, const struct ast_file *f,
			   const struct ast_global *g)
{
	struct program *p = sc->program;
	struct str key = global_key(p, f, g);
	struct map *names = f->is_library && !g->is_private ? &sc->library :
							      &sc->globals;
	struct var *old = map_find(names, key);
	struct diag *d;

	if (!old) {
		map_set(names, key, global_new(sc, f, g));
		return;
	}
	if (f->is_library)
		return;		/* what was found first counts */
	d = diag_error(p->diags, DIAG_REDECLARED, g->span,
		       "global '%" STR_FMT "' is declared twice",
		       STR_ARG(g->name));
	diag_note(p->diags, d, old->span, "the other declaration");
}

/* Takes notice of the files that joined since the last time. */
static void declare_new(struct scope *sc)
{
	struct program *p = sc->program;

	for (; sc->declared < p->files.n; sc->declared++) {
		const struct ast_file *f = p->files.v[sc->declared];

		for (uint32_t i = 0; i < f->globals.n; i++)
			declare_global(sc, f, f->globals.v[i]);
	}
}

static struct var *find_global(struct scope *sc, struct str name,
			       const struct ast_file *f)
{
	struct program *p = sc->program;
	struct var *v = NULL;

	declare_new(sc);
	if (f)
		v = map_find(&sc->globals,
			     arena_printf(p->arena, "%u %" STR_FMT, f->source,
					  STR_ARG(name)));
	if (!v && !(f && f->is_library))
		v = map_find(&sc->globals, name);
	if (!v)
		v = map_find(&sc->library, name);
	while (!v && p->library &&
	       library_load(p->library, SCAN_GLOBAL, name)) {
		declare_new(sc);
		v = map_find(&sc->library, name);
	}
	return v;
}

/* ---- variables ---- */

static struct var *local_new(struct scope *sc, struct str name,
			     struct span span)
{
	struct program *p = sc->program;
	struct var *v = arena_new(p->arena, struct var);

	v->name = name;
	v->span = span;
	v->number = sc->vars->n;
	vec_push(p->arena, sc->vars, v);
	map_set(&sc->locals, name, v);
	return v;
}

static void add_names(struct diag_guess *g, const struct vars *vars,
		      struct str but)
{
	for (uint32_t i = 0; vars && i < vars->n; i++)
		if (!str_eq(vars->v[i]->name, but))
			diag_guess_add(g, vars->v[i]->name);
}

/* locals: NULL = only globals may be meant. */
static bool say_similar(const struct program *p, struct diag *d,
			struct str name, const struct vars *locals)
{
	struct diag_guess g;
	struct str best;

	if (name.len < GUESS_MIN)
		return false;
	diag_guess_init(&g, name);
	add_names(&g, &p->globals, name);
	add_names(&g, locals, name);
	best = diag_guess_best(&g);
	if (best.len)
		diag_help(p->diags, d, "did you mean '%" STR_FMT "'?",
			  STR_ARG(best));
	return best.len > 0;
}

/* Those that -G can be about. */
static void say_globals(const struct program *p, struct diag *d)
{
	struct str list = {};

	for (uint32_t i = 0; i < p->globals.n; i++) {
		const struct var *v = p->globals.v[i];

		if (!v->is_library && !v->is_array)
			list = arena_printf(p->arena, "%" STR_FMT " %" STR_FMT,
					    STR_ARG(list), STR_ARG(v->name));
	}
	if (list.len)
		diag_help(p->diags, d, "the script has%" STR_FMT, STR_ARG(list));
}

bool scope_help_unset(const struct program *p, struct diag *d, struct str name,
		      const struct vars *beside)
{
	if (!library_has_function(p, name))
		return say_similar(p, d, name, beside);
	diag_help(p->diags, d, "the function is called by %" STR_FMT "()",
		  STR_ARG(name));
	return true;
}

static void report_keys(struct scope *sc, const struct var *v, uint32_t n,
			struct span span)
{
	struct program *p = sc->program;
	struct diag *d;

	if (!v->is_array)
		d = diag_error(p->diags, DIAG_KEY_COUNT, span,
			       "'%" STR_FMT "' is no array", STR_ARG(v->name));
	else if (!n)
		d = diag_error(p->diags, DIAG_KEY_COUNT, span,
			       "'%" STR_FMT "' is an array, and has no value itself",
			       STR_ARG(v->name));
	else
		d = diag_error(p->diags, DIAG_KEY_COUNT, span,
			       "'%" STR_FMT "' has %u key%s, not %u",
			       STR_ARG(v->name), v->nkeys,
			       v->nkeys == 1 ? "" : "s", n);
	if (v->nkeys_span.len)
		diag_note(p->diags, d, v->nkeys_span, "as used first here");
	else
		diag_note(p->diags, d, v->span, "it is declared here");
}

/* The first use of a global tells how many keys it has (0: it is no array);
 * later ones must agree. */
static void set_keys(struct scope *sc, struct var *v, uint32_t n,
		     struct span span)
{
	if (n > IMAGE_KEYS) {
		diag_error(sc->program->diags, DIAG_TOO_MANY_KEYS, span,
			   "an array has at most %d keys, not %u", IMAGE_KEYS,
			   n);
		return;
	}
	if (v->nkeys_span.len) {
		if (v->nkeys != n)
			report_keys(sc, v, n, span);
		return;
	}
	v->nkeys_span = span;
	v->nkeys = n;
	v->is_array |= n != 0;
}

/* A name that must be an array of n keys (0: said later). */
static void resolve_array(struct scope *sc, struct ast_expr *e, uint32_t n)
{
	struct program *p = sc->program;
	struct var *v = map_find(&sc->locals, e->name.name);
	struct diag *d;

	if (!v)
		v = find_global(sc, e->name.name, scope_file(p, e->span));
	e->name.var = v;
	if (v && v->is_global) {
		if (n)
			set_keys(sc, v, n, e->span);
		return;
	}
	if (v) {
		d = diag_error(p->diags, DIAG_LOCAL_ARRAY, e->span,
			       "'%" STR_FMT "' is a local variable, and no array",
			       STR_ARG(e->name.name));
		diag_note(p->diags, d, v->span, "it is first used here");
		return;
	}
	d = diag_error(p->diags, DIAG_LOCAL_ARRAY, e->span,
		       "the array '%" STR_FMT "' is not declared",
		       STR_ARG(e->name.name));
	say_similar(sc->program, d, e->name.name, NULL);
	diag_help(p->diags, d, "arrays are global: global %" STR_FMT,
		  STR_ARG(e->name.name));
	local_new(sc, e->name.name, e->span);
	e->name.var = vec_last(sc->vars);
}

/* What a library's alias calls by a name is not what the script has declared
 * under it. */
static struct var *find_local(struct scope *sc, struct str name,
			      const struct ast_file *f)
{
	struct program *p = sc->program;
	struct var *v = map_find(&sc->locals, name);
	const struct ast_file *of;

	if (!v || !f || f->is_library || !map_find(&sc->globals, name))
		return v;
	of = scope_file(p, v->span);
	return of && of->is_library && !v->is_param ? NULL : v;
}

static void resolve_name(struct scope *sc, struct ast_expr *e)
{
	struct program *p = sc->program;
	const struct ast_file *f = scope_file(p, e->span);
	struct var *v;

	if (e->name.var)
		return;
	v = find_local(sc, e->name.name, f);
	if (!v)
		v = find_global(sc, e->name.name, f);
	if (!v)
		v = local_new(sc, e->name.name, e->span);
	e->name.var = v;
	if (v->is_global && !v->is_array)
		set_keys(sc, v, 0, e->span);
	else if (v->is_global)
		report_keys(sc, v, 0, e->span);
}

/* `delete a` is for arrays and others alike; a local is left to the visit. */
static void resolve_deleted(struct scope *sc, struct ast_expr *e)
{
	struct program *p = sc->program;

	if (!map_find(&sc->locals, e->name.name))
		e->name.var = find_global(sc, e->name.name,
					  scope_file(p, e->span));
}

/* ---- the visit ---- */

static void resolve_call(struct scope *sc, struct ast_expr *e)
{
	struct program *p = sc->program;
	const struct ast_file *f = scope_file(p, e->span);

	if (f && f->is_library && scope_find_intrinsic(e))
		return;
	e->call.func = scope_funcs_find(sc->funcs, e, f, sc->targets);
}

static bool visit(struct ast_expr **place, void *data)
{
	struct scope *sc = data;
	struct ast_expr *e = *place;

	if (e->kind == AST_NAME)
		resolve_name(sc, e);
	else if (e->kind == AST_CALL)
		resolve_call(sc, e);
	else if (e->kind == AST_INDEX && e->index.base->kind == AST_NAME)
		resolve_array(sc, e->index.base, e->index.keys.n);
	else if (e->kind == AST_IN && e->in.array->kind == AST_NAME)
		resolve_array(sc, e->in.array, e->in.keys.n);
	return true;
}

/* Names that are arrays, or may be, before those that cannot. */
static bool visit_arrays(struct ast_stmt **place, void *data)
{
	struct scope *sc = data;
	struct ast_stmt *s = *place;

	if (s->kind == AST_S_FOREACH && s->foreach.array->kind == AST_NAME)
		resolve_array(sc, s->foreach.array, 0);
	else if (s->kind == AST_S_DELETE && s->expr->kind == AST_NAME)
		resolve_deleted(sc, s->expr);
	return true;
}

/* Loops come last to say how many keys there are: elements are clearer. */
static bool visit_loops(struct ast_stmt **place, void *data)
{
	struct scope *sc = data;
	struct ast_stmt *s = *place;
	struct ast_expr *a;

	if (s->kind != AST_S_FOREACH)
		return true;
	a = s->foreach.array;
	if (a->kind == AST_NAME && a->name.var && a->name.var->is_global)
		set_keys(sc, a->name.var, s->foreach.keys.n, a->span);
	return true;
}

static void enter(struct scope *sc, struct vars *vars,
		  const struct target_scope *targets)
{
	sc->vars = vars;
	sc->targets = targets;
	map_init(&sc->locals, sc->program->arena);
	for (uint32_t i = 0; i < vars->n; i++)
		map_set(&sc->locals, vars->v[i]->name, vars->v[i]);
}

/* fn: whose body it is, or NULL: a handler's. */
static void resolve_body(struct scope *sc, struct ast_stmt **body,
			 const struct ast_function *fn)
{
	if (!*body)
		return;
	embedded_body(sc->program, body, fn);
	walk_stmts(body, visit_arrays, sc);
	walk_exprs(*body, visit, sc);
	walk_stmts(body, visit_loops, sc);
}

/* Of a condition. */
static void report_local(struct scope *sc, const struct var *v)
{
	struct program *p = sc->program;
	struct diag *d = diag_error(
		p->diags, DIAG_CONDITION_LOCAL, v->span,
		"'%" STR_FMT
		"' is no global: a condition looks at globals only",
		STR_ARG(v->name));

	if (!scope_help_unset(p, d, v->name, NULL))
		diag_help(p->diags, d,
			  "no file of the script or the library declares it: "
			  "global %" STR_FMT " = 1",
			  STR_ARG(v->name));
}

static void resolve_probe(struct scope *sc, struct probe *pr)
{
	enter(sc, &pr->locals, pr->scope);
	for (struct cond *c = pr->conditions; c; c = c->next) {
		embedded_expr(sc->program, &c->expr);
		walk_expr(&c->expr, visit, sc);
	}
	if (pr->locals.n)
		report_local(sc, pr->locals.v[0]);
	resolve_body(sc, &pr->body, NULL);
}

static void resolve_func(struct scope *sc, struct func *f)
{
	enter(sc, &f->vars, f->scope);
	resolve_body(sc, &f->body, f->decl);
}

/* Files that came since number `first`: their probes run too. */
static void take_new_files(struct scope *sc, uint32_t *first)
{
	struct program *p = sc->program;
	uint32_t n;

	while (*first < p->files.n) {
		n = *first;
		*first = p->files.n;
		for (uint32_t i = n; i < *first; i++)
			if (p->files.v[i]->probes.n) {
				expand_files(p, n);
				break;
			}
	}
}

static void resolve_all(struct scope *sc)
{
	struct program *p = sc->program;
	uint32_t probes = 0, funcs = 0, files = p->files.n;

	while (probes < p->probes.n || funcs < p->funcs.n) {
		if (probes < p->probes.n)
			resolve_probe(sc, p->probes.v[probes++]);
		else
			resolve_func(sc, p->funcs.v[funcs++]);
		take_new_files(sc, &files);
	}
}

/* ---- -G ---- */

static void override(struct scope *sc, const struct sema_override *o)
{
	struct program *p = sc->program;
	struct var *v = map_find(&sc->globals, o->name);
	struct diag *d;

	if (!v)
		v = map_find(&sc->library, o->name);
	if (v && !v->is_array) {
		v->has_override = true;
		v->override_str = o->value;
		return;
	}
	d = diag_error(p->diags, DIAG_BAD_OVERRIDE, (struct span){},
		       v ? "-G %" STR_FMT ": that is an array" :
			   "-G %" STR_FMT ": there is no such global",
		       STR_ARG(o->name));
	if (v)
		diag_note(p->diags, d, v->span, "it is declared here");
	else if (!say_similar(p, d, o->name, NULL))
		say_globals(p, d);
}

static void apply_overrides(struct scope *sc)
{
	const struct sema_options *o = sc->program->options;

	for (uint32_t i = 0; i < o->globals.n; i++)
		override(sc, &o->globals.v[i]);
}

void scope_resolve(struct program *p)
{
	struct scope sc = { .program = p };

	map_init(&sc.globals, p->arena);
	map_init(&sc.library, p->arena);
	sc.funcs = scope_funcs_new(p);
	declare_new(&sc);
	resolve_all(&sc);
	apply_overrides(&sc);
	unfold(p);
	if (!p->diags->errors && usage_compute(p) > USAGE_MAX_CALLS)
		diag_error(p->diags, DIAG_TOO_DEEP_CALLS, (struct span){},
			   "functions call each other more than %d deep",
			   USAGE_MAX_CALLS);
}
