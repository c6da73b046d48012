/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A point is an alias, or it is for resolve_point() to say what it means.  An
 * alias stands for its own points, each with the components that followed
 * the alias's name in the use; so a site is reached through a chain of
 * aliases, whose prologues and epilogues surround the handler.
 *
 * Needs the parsed files.  Leaves p->probes with bodies of their own, in
 * which no name is resolved yet.
 */
#include "sema/expand.h"

#include "lang/diag.h"
#include "sema/entry.h"
#include "sema/handler.h"
#include "sema/library.h"
#include "sema/point.h"
#include "sema/resolve/resolve.h"
#include "sema/syscalls.h"
#include "sema/syscalls_group.h"
#include "sema/value.h"

#define MAX_PROBES 100000
#define MAX_LISTED 1000000
#define MAX_REPORTS 20		/* for one probe */
#define MAX_WORK 20000		/* points that one probe stands for */

struct expander {
	struct program *program;
	const struct ast_stmt *body;	/* of the handler, or NULL */
	uint32_t work;			/* points looked at, for the limit */
	uint32_t reports;		/* of points that are not there */
};

/* How a point came to be looked at. */
struct context {
	const struct use *chain;	/* innermost first */
	struct span span;		/* of the script's own point */
	struct str name;		/* pn(), or empty: of the point */
	bool optional;
	bool of_glob;			/* optional, as others match as well */
	struct cond *conditions;
};

static uint32_t expand_list(struct expander *ex, const struct ast_points *list,
			    const struct ast_component *suffix,
			    uint32_t nsuffix, const struct context *ctx);

/* ---- the probe at a site ---- */

static struct cond *clone_conditions(struct arena *a, const struct cond *c)
{
	struct cond *copy;

	if (!c)
		return NULL;
	copy = arena_new(a, struct cond);
	copy->expr = ast_clone_expr(a, c->expr);
	copy->next = clone_conditions(a, c->next);
	return copy;
}

static void add_probe(struct expander *ex, const struct site *site,
		      const struct ast_point *pt, const struct context *ctx)
{
	struct program *p = ex->program;
	struct probe *pr = arena_new(p->arena, struct probe);

	pr->span = ctx->span;
	pr->point = site->point;
	pr->by_alias = ctx->name.len > 0;
	if (pr->by_alias)
		pr->name = ctx->name;
	else if (point_is_pattern(pt))
		pr->name = site->point;
	else
		pr->name = point_text(p->arena, pt->v, pt->n);
	pr->kind = site->kind;
	pr->site = site->image;
	pr->site.point = image_intern(p->image, p->back, site->point);
	pr->group = p->ngroups;
	pr->is_one_of_many = point_is_pattern(pt);
	pr->is_copy = site->is_copy;
	pr->is_optional = ctx->optional && !ctx->of_glob;
	pr->scope = site->scope;
	pr->conditions = clone_conditions(p->arena, ctx->conditions);
	pr->body = handler_make(p, ctx->chain, ex->body, ctx->span);
	pr->when = site->when;
	pr->number = p->probes.n;
	vec_push(p->arena, &p->probes, pr);
	value_rewrite(p, pr);
}

/* ---- what is wrong ---- */

static void note_chain(struct program *p, struct diag *d, const struct use *u)
{
	for (; u; u = u->outer)
		diag_note(p->diags, d, u->point->span,
			  "in expansion of the alias '%" STR_FMT "'",
			  STR_ARG(point_text(p->arena, u->alias->name.v,
					     u->alias->name.n)));
}

/* What a wrong point may have been meant to be: as a whole, or its first word
 * alone. */
struct guesses {
	struct diag_guess whole, first;
	struct str longer;	/* a first word that begins like it */
};

static struct str first_word(struct str name)
{
	int64_t dot = str_find_char(name, '.');

	return dot < 0 ? name : str_sub(name, 0, (uint32_t)dot);
}

static void guess_name(struct str name, void *data)
{
	struct guesses *g = data;
	struct str first = first_word(name);

	diag_guess_add(&g->whole, name);
	diag_guess_add(&g->first, first);
	if (g->first.name.len >= 3 && str_starts(first, g->first.name))
		g->longer = first;
}

/* "timer.s(N)" without its arguments, as names of aliases have none. */
static struct str form_name(struct arena *a, const char *text)
{
	char *s = arena_alloc(a, strlen(text) + 1);
	uint32_t n = 0, depth = 0;

	for (; *text; text++) {
		if (*text == '(')
			depth++;
		else if (*text == ')')
			depth--;
		else if (!depth)
			s[n++] = *text;
	}
	return (struct str){ s, n };
}

static struct str bare_name(struct arena *a, const struct ast_point *pt)
{
	struct str s = {};

	for (uint32_t i = 0; i < pt->n; i++)
		s = arena_printf(a, "%" STR_FMT "%s%" STR_FMT, STR_ARG(s),
				 i ? "." : "", STR_ARG(pt->v[i].name));
	return s;
}

static void guess_all(struct program *p, struct guesses *g)
{
	const struct resolve_form *forms;
	uint32_t n;

	forms = resolve_forms(&n);
	for (uint32_t i = 0; i < n; i++)
		guess_name(form_name(p->arena, forms[i].text), g);
	for (uint32_t f = 0; f < p->files.n; f++)
		for (uint32_t i = 0; i < p->files.v[f]->aliases.n; i++)
			guess_name(bare_name(p->arena,
				&p->files.v[f]->aliases.v[i]->name), g);
	if (p->library)
		library_each(p->library, SCAN_ALIAS, guess_name, g);
	/* Those of system calls are made when they are asked for. */
	guess_name(STR("syscall"), g);
}

static void help_similar(struct program *p, struct diag *d,
			 const struct ast_point *pt)
{
	struct str name = bare_name(p->arena, pt), first = first_word(name);
	struct str rest = str_sub(name, first.len, name.len), best;
	struct guesses g = {};

	diag_guess_init(&g.whole, name);
	diag_guess_init(&g.first, first);
	guess_all(p, &g);
	best = diag_guess_best(&g.first);
	best = best.len ? best : g.longer;
	if (str_eq(best, first))
		best.len = 0;
	if (best.len)
		best = arena_printf(p->arena, "%" STR_FMT "%" STR_FMT,
				    STR_ARG(best), STR_ARG(rest));
	if (!best.len || g.whole.distance < g.first.distance)
		best = diag_guess_best(&g.whole);
	if (best.len)
		diag_help(p->diags, d, "did you mean '%" STR_FMT "'?",
			  STR_ARG(best));
}

static void report(struct expander *ex, const struct ast_point *pt,
		   const struct context *ctx, enum resolve_status status,
		   const struct resolve_answer *answer)
{
	struct program *p = ex->program;
	struct str text, near = {};
	struct diag *d;

	if (ex->reports++ >= MAX_REPORTS)
		return;
	text = point_text(p->arena, pt->v, pt->n);
	if (!answer->text.len)
		d = diag_error(p->diags, DIAG_UNKNOWN_POINT, pt->span,
			       "there is no probe point '%" STR_FMT "'",
			       STR_ARG(text));
	else
		d = diag_error(p->diags, answer->code,
			       answer->span.len ? answer->span : pt->span,
			       "%" STR_FMT, STR_ARG(answer->text));
	if (answer->note.len)
		diag_note(p->diags, d, (struct span){}, "%" STR_FMT,
			  STR_ARG(answer->note));
	if (answer->similar)
		near = answer->similar(p, answer->wanted);
	if (near.len)
		diag_help(p->diags, d, "did you mean '%" STR_FMT "'?",
			  STR_ARG(near));
	else if (answer->help.len)
		diag_help(p->diags, d, "%" STR_FMT, STR_ARG(answer->help));
	else if (status == RESOLVE_UNKNOWN)
		help_similar(p, d, pt);
	note_chain(p, d, ctx->chain);
}

/* ---- aliases ---- */

struct match {
	const struct ast_alias *alias;
	struct str name;
	uint32_t used;		/* components of the point */
	bool is_library;
};

struct matches {
	VEC(struct match) list;
};

struct wanted {
	const struct ast_point *pt;
	const struct syscalls_group *but;
	bool lists;
};

/* Calls of 32-bit programs are meant by those who say so: a program for each
 * of them would be run for each call. */
static bool is_left_out(const struct wanted *w, struct str name)
{
	const struct ast_point *pt = w->pt;

	if (w->but && syscalls_group_has(w->but, name))
		return true;
	return !w->lists && point_has_glob(pt) && pt->n > 1 &&
	       !str_starts(pt->v[1].name, STR("compat_")) &&
	       syscalls_is_narrow(name);
}

static bool wanted_alias(struct str name, const void *data)
{
	const struct wanted *w = data;

	return point_match(w->pt, name) != 0 && !is_left_out(w, name);
}

static void find_in_file(struct program *p, const struct ast_file *f,
			 const struct wanted *w, struct matches *ret)
{
	const struct ast_point *pt = w->pt;

	for (uint32_t i = 0; i < f->aliases.n; i++) {
		const struct ast_alias *al = f->aliases.v[i];
		struct str name;
		uint32_t used;

		if (!str_has_glob(pt->v[0].name) && al->name.n &&
		    !str_eq(pt->v[0].name, al->name.v[0].name))
			continue;
		name = bare_name(p->arena, &al->name);
		used = point_match(pt, name);
		if (used && !is_left_out(w, name))
			vec_push(p->arena, &ret->list,
				 (struct match){ al, name, used,
						 f->is_library });
	}
}

/* but: these are served already, or NULL. */
static void find_aliases(struct program *p, const struct ast_point *pt,
			 bool library, const struct syscalls_group *but,
			 struct matches *ret)
{
	struct wanted w = { pt, but, p->lists_points };

	if (library && p->library)
		library_load_aliases(p->library, pt->v[0].name,
				     point_has_glob(pt), wanted_alias, &w);
	for (uint32_t i = 0; i < p->files.n; i++)
		if (p->files.v[i]->is_library == library)
			find_in_file(p, p->files.v[i], &w, ret);
}

static bool is_exact(const struct match *m, const struct ast_point *pt)
{
	return m->used == pt->n;
}

/* A library alias gives way to one of the script; an alias that would leave
 * a suffix, to one whose name has that suffix in it. */
static bool is_hidden(const struct match *m, const struct matches *all)
{
	for (uint32_t i = 0; i < all->list.n; i++) {
		const struct match *o = &all->list.v[i];

		if (m->is_library && !o->is_library && str_eq(m->name, o->name))
			return true;
		if (o->used > m->used && str_starts(o->name, m->name) &&
		    o->name.s[m->name.len] == '.')
			return true;
	}
	return false;
}

static bool is_recursive(const struct use *u, const struct ast_alias *al)
{
	for (; u; u = u->outer)
		if (u->alias == al)
			return true;
	return false;
}

/* The name that pn() gives: of the first alias, with its suffix. */
static struct str use_name(struct arena *a, const struct match *m,
			   const struct ast_point *pt)
{
	struct str rest = point_text(a, pt->v + m->used, pt->n - m->used);

	if (!rest.len)
		return m->name;
	return arena_printf(a, "%" STR_FMT ".%" STR_FMT, STR_ARG(m->name),
			    STR_ARG(rest));
}

static uint32_t expand_alias(struct expander *ex, const struct match *m,
			     const struct ast_point *pt,
			     const struct context *outer)
{
	struct program *p = ex->program;
	uint32_t errors = p->diags->errors, n;
	struct use u = { outer->chain, m->alias, pt };
	struct context ctx = *outer;
	struct diag *d;

	if (is_recursive(outer->chain, m->alias)) {
		d = diag_error(p->diags, DIAG_RECURSIVE_ALIAS,
			       m->alias->name.span,
			       "the alias '%" STR_FMT
			       "' stands for itself", STR_ARG(m->name));
		note_chain(p, d, &u);
		return 0;
	}
	ctx.chain = &u;
	if (!ctx.name.len)
		ctx.name = use_name(p->arena, m, pt);
	n = expand_list(ex, &m->alias->points, pt->v + m->used,
			pt->n - m->used, &ctx);
	if (n || ctx.optional || p->diags->errors != errors)
		return n;
	d = diag_error(p->diags, DIAG_EMPTY_ALIAS, pt->span,
		       "nothing that '%" STR_FMT "' stands for exists here",
		       STR_ARG(m->name));
	diag_note(p->diags, d, m->alias->name.span, "it is defined here");
	note_chain(p, d, outer->chain);
	return 0;
}

static uint32_t expand_those(struct expander *ex, const struct matches *ms,
			     const struct ast_point *pt,
			     const struct context *ctx, bool exact)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ms->list.n; i++) {
		const struct match *m = &ms->list.v[i];

		if ((!exact || is_exact(m, pt)) && !is_hidden(m, ms))
			n += expand_alias(ex, m, pt, ctx);
	}
	return n;
}

/* Expands all that a wildcard means, of which some may not exist here. */
static uint32_t expand_matches(struct expander *ex, const struct matches *ms,
			       const struct ast_point *pt,
			       const struct context *ctx, bool exact)
{
	struct context some = *ctx;
	uint32_t n;

	if (!point_has_glob(pt) || ctx->optional)
		return expand_those(ex, ms, pt, ctx, exact);
	some.optional = some.of_glob = true;
	n = expand_those(ex, ms, pt, &some, exact);
	return n ? n : expand_those(ex, ms, pt, ctx, exact);
}

static bool has_exact(const struct matches *ms, const struct ast_point *pt)
{
	for (uint32_t i = 0; i < ms->list.n; i++)
		if (is_exact(&ms->list.v[i], pt))
			return true;
	return false;
}

/* ---- points ---- */

/* One more site of the probe that was added last. */
static void share_site(struct expander *ex, const struct site *site)
{
	struct program *p = ex->program;
	struct image_site s = site->image;

	s.point = image_intern(p->image, p->back, site->point);
	vec_push(p->arena, &vec_last(&p->probes)->sites, s);
}

static void list_site(struct program *p, const struct context *ctx,
		      const struct site *site)
{
	vec_push(p->arena, &p->listed,
		 (struct listed){ ctx->span, site->point, site->scope });
}

static bool is_full(const struct program *p)
{
	return p->probes.n >= MAX_PROBES || p->listed.n >= MAX_LISTED;
}

/* Has it a .call, which leaves inlined copies out? */
static bool can_be_called(const struct ast_point *pt, uint32_t at)
{
	return (str_is(pt->v[0].name, "process") ||
		str_is(pt->v[0].name, "kernel") ||
		str_is(pt->v[0].name, "module")) &&
	       (str_is(pt->v[at].name, "function") ||
		str_is(pt->v[at].name, "callee") ||
		str_is(pt->v[at].name, "callees"));
}

static void too_many(struct program *p, const struct ast_point *pt,
		     struct span span)
{
	struct diag *d = diag_error(p->diags, DIAG_TOO_MANY_PROBES, span,
				    "more than %d probes",
				    p->lists_points ? MAX_LISTED : MAX_PROBES);

	if (can_be_called(pt, pt->n - 1))
		diag_help(p->diags, d,
			  "'.call' leaves inlined copies of functions out");
}

static void add_probes(struct expander *ex, const struct ast_point *pt,
		       const struct context *ctx, const struct sites *sites)
{
	struct program *p = ex->program;

	for (uint32_t i = 0; i < sites->list.n; i++) {
		if (i && sites->share) {
			share_site(ex, &sites->list.v[i]);
			continue;
		}
		if (is_full(p)) {
			too_many(p, pt, ctx->span);
			break;
		}
		if (p->lists_points && !ctx->chain && !sites->share) {
			list_site(p, ctx, &sites->list.v[i]);
			continue;
		}
		add_probe(ex, &sites->list.v[i], pt, ctx);
		if (sites->share) {
			vec_last(&p->probes)->scope = sites->scope;
			share_site(ex, &sites->list.v[i]);
		}
	}
	p->ngroups++;
}

static void add_lines(struct expander *ex, const struct ast_point *pt,
		      const struct context *ctx, const struct sites *sites)
{
	struct program *p = ex->program;

	for (uint32_t i = 0; i < sites->lines.n; i++) {
		struct site site = { .point = sites->lines.v[i],
				     .kind = PROBE_KPROBE };

		if (is_full(p)) {
			too_many(p, pt, ctx->span);
			return;
		}
		if (p->lists_points && !ctx->chain)
			list_site(p, ctx, &site);
		else
			add_probe(ex, &site, pt, ctx);
	}
}

/* The point without its .return and what follows; false: there is none. */
static bool entry_point(struct arena *a, const struct ast_point *pt,
			struct ast_point *ret)
{
	struct ast_component call;
	uint32_t i;

	for (i = 1; i < pt->n && !str_is(pt->v[i].name, "return"); i++)
		;
	if (i >= pt->n)
		return false;
	*ret = *pt;
	ret->v = NULL;
	ret->n = ret->cap = 0;
	for (uint32_t k = 0; k < i; k++)
		vec_push(a, ret, pt->v[k]);
	if (can_be_called(pt, i - 1)) {
		call = pt->v[i];
		call.name = STR("call");
		vec_push(a, ret, call);
	}
	return true;
}

/* The values of the entry are kept and taken, too, only when the handler
 * runs. */
static void put_conditions(struct program *p, uint32_t first)
{
	for (uint32_t i = first; i < p->probes.n; i++) {
		struct probe *pr = p->probes.v[i];

		if (pr->when)
			pr->body = handler_when(p->arena, pr->when, pr->body);
		pr->when = NULL;
	}
}

/* Are the returns all of one kind, and the entries of another? */
static bool is_of_kinds(const struct program *p, uint32_t first,
			const struct sites *entries,
			enum image_probe_kind exit, enum image_probe_kind entry)
{
	for (uint32_t i = first; i < p->probes.n; i++)
		if (p->probes.v[i]->kind != exit)
			return false;
	for (uint32_t i = 0; i < entries->list.n; i++)
		if (entries->list.v[i].kind != entry)
			return false;
	return true;
}

static enum entry_key entry_key(const struct program *p, uint32_t first,
				const struct sites *entries)
{
	if (p->probes.v[first]->kind == PROBE_SYSCALL)
		return ENTRY_BY_TASK;
	if (is_of_kinds(p, first, entries, PROBE_FEXIT, PROBE_FENTRY))
		return ENTRY_BY_FRAME;
	if (is_of_kinds(p, first, entries, PROBE_KRETPROBE, PROBE_KPROBE))
		return ENTRY_BY_STACK;
	return ENTRY_BY_DEPTH;
}

/* Probes of returns, from `first` on, may ask for values of the entry: then
 * there are probes of that, too. */
static void expand_entries(struct expander *ex, const struct ast_point *pt,
			   const struct context *ctx, uint32_t first)
{
	struct program *p = ex->program;
	struct expander quiet = { .program = p };
	struct context plain = { .span = ctx->span, .name = ctx->name };
	struct sites sites = {};
	struct resolve_answer answer = {};
	struct ast_point at;
	uint32_t n = p->probes.n - first;

	if (!n || p->lists_points || !entry_is_asked(p, first, n) ||
	    !entry_point(p->arena, pt, &at) ||
	    resolve_point(p, &at, &sites, &answer) != RESOLVE_FOUND)
		return;
	quiet.body = entry_rewrite(p, first, n, entry_key(p, first, &sites));
	if (!quiet.body)
		return;
	add_probes(&quiet, &at, &plain, &sites);
}

static uint32_t expand_sites(struct expander *ex, const struct ast_point *pt,
			     const struct context *ctx,
			     const struct sites *sites)
{
	uint32_t first = ex->program->probes.n;

	add_probes(ex, pt, ctx, sites);
	add_lines(ex, pt, ctx, sites);
	expand_entries(ex, pt, ctx, first);
	put_conditions(ex->program, first);
	return sites->list.n + sites->lines.n;
}

/* The calls that a pattern means and one program can serve: see
 * sema/syscalls_group.h.  Sets *ret if there are such. */
static uint32_t expand_group(struct expander *ex, const struct ast_point *pt,
			     const struct context *ctx,
			     struct syscalls_group *ret)
{
	struct program *p = ex->program;
	struct syscalls_group g;
	struct str name, text;
	struct match m;

	if (ctx->chain || p->lists_points || !p->library ||
	    !syscalls_group_find(p, pt, ex->body, &g))
		return 0;
	text = syscalls_group_text(p->arena, &g);
	if (!text.len)
		return 0;
	*ret = g;
	name = point_text(p->arena, pt->v, pt->n);
	m = (struct match){
		library_made(p->library, name, text)->aliases.v[0], name,
		pt->n, true,
	};
	return expand_alias(ex, &m, pt, ctx);
}

/*
 * The order of meanings: an alias of the script; a point of a known kind; an
 * alias of the library; an alias with a suffix.  Where names hold wildcards
 * all of them count.
 */
static uint32_t expand_flat(struct expander *ex, const struct ast_point *pt,
			    const struct context *ctx)
{
	struct program *p = ex->program;
	bool glob = point_has_glob(pt);
	struct matches ms = {};
	struct sites sites = { .takes_lines = p->lists_points && !ctx->chain };
	struct resolve_answer answer = {};
	enum resolve_status status;
	uint32_t errors = p->diags->errors, n = 0;
	struct syscalls_group group = {};

	if (!pt->n)
		return 0;	/* after a parse error */
	find_aliases(p, pt, false, NULL, &ms);
	if (!glob && has_exact(&ms, pt))
		return expand_matches(ex, &ms, pt, ctx, true);
	status = resolve_point(p, pt, &sites, &answer);
	if (status == RESOLVE_FOUND)
		n = expand_sites(ex, pt, ctx, &sites);
	if (glob || status == RESOLVE_UNKNOWN) {
		n += expand_group(ex, pt, ctx, &group);
		find_aliases(p, pt, true, group.pattern.len ? &group : NULL,
			     &ms);
		n += expand_matches(ex, &ms, pt, ctx,
				    !glob && has_exact(&ms, pt));
		if (ms.list.n && !glob)
			return n;
	}
	if (!n && !ctx->optional && p->diags->errors == errors)
		report(ex, pt, ctx, status, &answer);
	return n;
}

static uint32_t expand_one(struct expander *ex, const struct ast_point *pt,
			   const struct ast_component *suffix,
			   uint32_t nsuffix, const struct context *outer,
			   bool *sufficient)
{
	struct program *p = ex->program;
	struct context ctx = *outer;
	struct cond cond = { pt->condition, outer->conditions };
	struct ast_points flats = {};
	uint32_t n = 0, got;

	if (!ctx.chain)
		ctx.span = pt->span;
	if (pt->condition)
		ctx.conditions = &cond;
	if (!point_flatten(p->arena, pt, suffix, nsuffix, &flats)) {
		diag_error(p->diags, DIAG_TOO_MANY_PROBES, pt->span,
			   "the braces stand for more than %d points",
			   POINT_MAX_FLAT);
		return 0;
	}
	for (uint32_t i = 0; i < flats.n; i++) {
		ctx.optional = outer->optional || flats.v[i].optional;
		ctx.of_glob = outer->of_glob && !flats.v[i].optional;
		got = expand_flat(ex, &flats.v[i], &ctx);
		n += got;
		if (got && flats.v[i].sufficient) {
			*sufficient = true;
			break;
		}
	}
	return n;
}

static uint32_t expand_list(struct expander *ex, const struct ast_points *list,
			    const struct ast_component *suffix,
			    uint32_t nsuffix, const struct context *ctx)
{
	struct program *p = ex->program;
	bool sufficient = false;
	uint32_t n = 0;

	for (uint32_t i = 0; i < list->n && !sufficient; i++) {
		if (ex->work++ >= MAX_WORK) {
			diag_error(p->diags, DIAG_TOO_MANY_PROBES, ctx->span,
				   "this stands for more than %d points",
				   MAX_WORK);
			return n;
		}
		n += expand_one(ex, &list->v[i], suffix, nsuffix, ctx,
				&sufficient);
	}
	return n;
}

static void check_alias_names(struct program *p, const struct ast_file *f)
{
	for (uint32_t i = 0; i < f->aliases.n; i++) {
		const struct ast_point *name = &f->aliases.v[i]->name;

		for (uint32_t k = 0; k < name->n; k++) {
			if (name->v[k].arg_kind == AST_ARG_NONE &&
			    !name->v[k].nbraces &&
			    !str_has_glob(name->v[k].name))
				continue;
			diag_error(p->diags, DIAG_BAD_ALIAS_NAME,
				   name->v[k].span,
				   "the name of an alias is made of plain words");
		}
	}
}

void expand_files(struct program *p, uint32_t first)
{
	for (uint32_t i = first; i < p->files.n; i++) {
		struct ast_file *f = p->files.v[i];

		check_alias_names(p, f);
		for (uint32_t k = 0; k < f->probes.n; k++) {
			struct expander ex = {
				.program = p,
				.body = f->probes.v[k]->body,
			};
			struct context ctx = {};

			expand_list(&ex, &f->probes.v[k]->points, NULL, 0,
				    &ctx);
		}
	}
}

void expand(struct program *p)
{
	expand_files(p, 0);
}
