/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static marks of programs: process("path").mark("name"), perhaps of one
 * provider.  $arg1 ... are numbers, of the size and sign that the mark says.
 */
#include <assert.h>

#include "dbg/elfsyms.h"
#include "dbg/usdt.h"
#include "lang/diag.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/kind.h"
#include "sema/resolve/target.h"

/* ---- arguments ---- */

static void add_op(struct target_root *r, struct target_op op)
{
	assert(r->nops < TARGET_ROOT_OPS);
	r->ops[r->nops++] = op;
}

/* The number itself: in memory still to be read, in a register the low bytes
 * of what is there. */
static void take_value(struct target_root *r, const struct usdt_arg *arg)
{
	if (r->is_address)
		add_op(r, (struct target_op){ .kind = TGT_LOAD,
					      .size = arg->size,
					      .is_signed = arg->is_signed,
					      .is_user = true });
	else if (arg->loc.kind == DBG_LOC_REGISTER && arg->size < 8)
		add_op(r, (struct target_op){ .kind = TGT_BITS,
					      .size = 8u * arg->size,
					      .is_signed = arg->is_signed });
	r->is_address = false;
}

static struct target_root argument(struct program *p,
				   const struct target_scope *s,
				   const struct usdt_arg *arg, uint32_t n)
{
	struct target_root r = {
		.name = arena_printf(p->arena, "arg%u", n),
		.type_name = STR("long"),
		.is_user = true,
	};

	debug_locate(p, s, s->source, &arg->loc, &r);
	if (!r.missing.len)
		take_value(&r, arg);
	return r;
}

static const struct target_scope *mark_scope(struct query *q,
					     const struct usdt_mark *m,
					     uint64_t pc)
{
	struct program *p = q->program;
	struct target_scope *s = arena_new(p->arena, struct target_scope);

	s->what = arena_printf(p->arena, "mark '%" STR_FMT "'",
			       STR_ARG(m->name));
	s->name = m->name;
	s->provider = m->provider;
	s->source = debug_source_file(p, q->user->path);
	s->pc = pc;
	s->has_parms = true;
	for (uint32_t i = 0; i < m->nargs; i++)
		vec_push(p->arena, &s->roots,
			 argument(p, s, &m->args[i], i + 1));
	scope_add_registers(p, s);
	return s;
}

/* ---- sites ---- */

static void add_part(struct arena *a, struct ast_point *point,
		     const char *name, struct str arg)
{
	point->v[point->n++] = (struct ast_component){
		.name = str_from(name),
		.arg_kind = AST_ARG_STRING,
		.string = arena_str(a, arg),
	};
}

/* process("path").library("path").provider("provider").mark("name"): what was
 * written of these, as it was resolved. */
static struct str mark_text(const struct query *q, const struct usdt_mark *m)
{
	struct arena *a = q->program->arena;
	struct ast_point point = *q->point;
	struct query full = *q;

	point.v = arena_array(a, q->point->n + 2, struct ast_component);
	point.n = 0;
	for (uint32_t i = 0; i < q->point->n; i++)
		if (str_is(q->point->v[i].name, "process") ||
		    str_is(q->point->v[i].name, "library"))
			point.v[point.n++] = q->point->v[i];
	if (query_component(q, "provider"))
		add_part(a, &point, "provider", m->provider);
	add_part(a, &point, "mark", m->name);
	full.point = &point;
	return query_text(&full);
}

static void add_mark(struct query *q, const struct usdt_mark *m)
{
	struct image_site place;
	uint64_t pc = m->pc;
	struct site *site;

	if (!user_place(q, &pc, &place))
		return;
	place.b = m->semaphore_offset;
	site = query_site(q, PROBE_UPROBE, mark_text(q, m));
	site->image = place;
	site->scope = mark_scope(q, m, pc);
}

static bool is_meant(const struct query *q, const struct usdt_mark *m)
{
	const struct ast_component *provider = query_component(q, "provider");
	const struct ast_component *name = query_component(q, "mark");

	return str_glob(name->string, m->name) &&
	       (!provider || str_glob(provider->string, m->provider));
}

static enum resolve_status no_mark(struct query *q,
				   const struct usdt_marks *marks)
{
	const struct ast_component *c = query_component(q, "mark");
	struct arena *a = q->program->arena;
	enum resolve_status status;
	struct diag_guess g;
	struct str near;

	status = query_nothing(q, c->arg_span, DIAG_UNKNOWN_MARK,
			       marks->n ? "there is no mark '%" STR_FMT
					  "' in %" STR_FMT :
					  "there is no mark '%" STR_FMT
					  "' in %" STR_FMT ", nor any other",
			       STR_ARG(c->string), STR_ARG(q->user->path));
	diag_guess_init(&g, c->string);
	for (uint32_t i = 0; i < marks->n; i++)
		diag_guess_add(&g, marks->v[i].name);
	near = diag_guess_best(&g);
	if (near.len)
		q->answer->help = arena_printf(a, "did you mean '%" STR_FMT
					       "'?", STR_ARG(near));
	q->answer->note = marks->damage;
	return status;
}

/* A mark that nobody can switch on would never be come by. */
static enum resolve_status no_semaphore(struct query *q,
					const struct usdt_mark *m)
{
	return query_nothing(q, query_component(q, "mark")->arg_span,
			     DIAG_UNKNOWN_MARK,
			     "the semaphore of mark '%" STR_FMT "', at %#llx, "
			     "is not in %" STR_FMT, STR_ARG(m->name),
			     (unsigned long long)m->semaphore,
			     STR_ARG(q->user->path));
}

static enum resolve_status marks_in_file(struct query *q)
{
	struct debug_source *src = debug_source_file(q->program, q->user->path);
	uint32_t from = q->ret->list.n;
	const struct usdt_mark *lost = NULL;
	struct usdt_marks marks = {};

	if (src->symbols)
		usdt_marks(elfsyms_main(src->symbols),
			   elfsyms_best(src->symbols), q->program->arena,
			   &marks);
	for (uint32_t i = 0; i < marks.n; i++) {
		if (!is_meant(q, &marks.v[i]))
			continue;
		if (marks.v[i].is_lost)
			lost = &marks.v[i];
		else
			add_mark(q, &marks.v[i]);
	}
	if (q->ret->list.n > from)
		return RESOLVE_FOUND;
	return lost ? no_semaphore(q, lost) : no_mark(q, &marks);
}

enum resolve_status mark_resolve(struct query *q)
{
	return user_each_file(q, marks_in_file);
}
