/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target expression is resolved from its outermost node, which then holds
 * the struct target; what it was made of is not looked at again.  C types of
 * variables (for ident->f) are found in rounds: each round may give types to
 * variables, which let more accesses be resolved in the next.
 */
#include "sema/resolve/target.h"

#include "dbg/arch.h"
#include "dbg/btf.h"
#include "dbg/member.h"
#include "dbg/world.h"
#include "lang/diag.h"
#include "sema/probewrite.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/expr.h"
#include "sema/resolve/target_text.h"
#include "sema/resolve/types.h"
#include "sema/walk.h"

struct resolver {
	struct expr_context at;		/* the handler or function at hand */
	struct func *func;		/* the function, or NULL: */
	struct probe *probe;		/* the probe */
	struct ast_stmt *body;
	bool changed;			/* a type was found in this round */
};

struct target_op target_arg(struct program *p, struct str kind, struct str of,
			    struct str arg, uint32_t n)
{
	struct target_op op = { .kind = TGT_CTX_WORD, .n = n };
	struct image_access a = { .kind = ACCESS_ARG, .value = n };

	if (!p->portable)
		return op;
	a.type = image_intern(p->image, p->back,
			      arena_printf(p->arena, "%" STR_FMT "%" STR_FMT,
					   STR_ARG(kind), STR_ARG(of)));
	a.path = image_intern(p->image, p->back, arg);
	op.access = image_access(p->image, p->back, &a) + 1;
	return op;
}

/* ---- roots ---- */

static void fill(struct program *p, struct target_late *late, struct arena *a)
{
	late->scope->late = NULL;
	late->arena = a;
	late->fill(p, late);
}

const struct target_scope *target_scope_look(struct program *p,
					     const struct target_scope *s,
					     struct arena *a)
{
	struct target_late *late = s ? s->late : NULL;
	struct target_scope as_was, *copy;

	if (!late)
		return s;
	as_was = *s;
	copy = arena_new(a, struct target_scope);
	late->is_brief = true;
	fill(p, late, a);
	late->is_brief = false;
	*copy = *s;
	*late->scope = as_was;
	return copy;
}

const struct target_scope *target_scope_get(struct program *p,
					    const struct target_scope *s)
{
	if (s && s->late)
		fill(p, s->late, p->arena);
	return s;
}

static void learn(struct resolver *r, struct ctype_ref *ctype,
		  struct ctype_ref found)
{
	if (ctype->in || !found.in)
		return;
	*ctype = found;
	r->changed = true;
}

static void learn_assign(struct resolver *r, struct ast_expr *e)
{
	struct ast_expr *to = e->assign.to;

	if (e->assign.op != BINOP_SET)
		return;
	if (to->kind == AST_INDEX)
		to = to->index.base;
	if (to->kind == AST_NAME && to->name.var)
		learn(r, &to->name.var->ctype, expr_points_to(e->assign.value));
}

static void learn_call(struct resolver *r, struct ast_expr *e)
{
	struct func *f = e->call.func;

	for (; f; f = f->next_overload)
		for (uint32_t i = 0; i < f->nparams && i < e->call.args.n; i++)
			learn(r, &f->vars.v[i]->ctype,
			      expr_points_to(e->call.args.v[i]));
}

static void learn_visit(struct ast_expr **e, void *data)
{
	struct resolver *r = data;

	if ((*e)->kind == AST_ASSIGN)
		learn_assign(r, *e);
	else if ((*e)->kind == AST_CALL)
		learn_call(r, *e);
}

static bool learn_return(struct ast_stmt **s, void *data)
{
	struct resolver *r = data;

	if ((*s)->kind == AST_S_RETURN && (*s)->expr)
		learn(r, &r->func->ctype, expr_points_to((*s)->expr));
	return true;
}

/* @cast without a member is the value itself, with a C type. */
static void finish_value(struct path *pa, const struct ast_expr *e)
{
	bool bare_cast = e->kind == AST_ATOP && e->at_op.op == ATOP_CAST;

	if (!pa->target->defined)
		return;
	if (bare_cast)
		path_address(pa, e->at);
	else
		path_value(pa, e->at);
}

static bool is_enum(enum ctype_kind kind)
{
	return kind == CTYPE_ENUM || kind == CTYPE_ENUM64;
}

/* ---- what is replaced by an ordinary expression ---- */

static void become_number(struct ast_expr *e, int64_t n)
{
	struct span span = e->span, at = e->at;

	*e = (struct ast_expr){ .kind = AST_NUMBER, .number = n,
				.type = TY_LONG, .span = span, .at = at };
}

static bool visit(struct ast_expr **e, void *data);

/* Is every target variable in e there?  Resolves them. */
struct defined_query {
	struct resolver *r;
	bool defined, later;
};

static void note_absent(struct resolver *r, const struct target *t)
{
	struct absences *to = r->func ? &r->func->absent : &r->probe->absent;

	if (!t->defined && t->absent.kind != ACCESS_N)
		vec_push(r->at.program->arena, &to->list, t->absent);
}

static bool query_defined(struct ast_expr **e, void *data)
{
	struct defined_query *q = data;
	const struct target *t = walk_target_of(*e);

	if (t) {
		q->defined &= t->defined;
		note_absent(q->r, t);
	} else if ((*e)->kind == AST_ACCESS || (*e)->kind == AST_ADDRESS ||
		   (*e)->kind == AST_ATOP) {
		q->later = true;
	}
	return true;
}

static struct defined_query ask_defined(struct resolver *r,
					struct ast_expr **e)
{
	struct defined_query q = { .r = r, .defined = true };

	walk_expr(e, visit, r);
	walk_expr(e, query_defined, &q);
	return q;
}

static void resolve_defined(struct resolver *r, struct ast_expr *e)
{
	struct defined_query q = ask_defined(r, &e->at_op.args.v[0]);

	if (!q.later || r->at.last)
		become_number(e, q.defined && !q.later);
}

static void resolve_choose(struct resolver *r, struct ast_expr *e)
{
	struct defined_query q = ask_defined(r, &e->at_op.args.v[0]);

	if (q.later && !r->at.last)
		return;
	*e = *e->at_op.args.v[q.defined && !q.later ? 0 : 1];
	visit(&e, r);
}

/* Members of a choice are those of what is chosen. */
static void choose_base(struct resolver *r, struct ast_expr *e)
{
	if (e->kind == AST_ADDRESS)
		e = e->address.of;
	while (e->kind == AST_ACCESS)
		e = e->access.base;
	if (e->kind == AST_ATOP && e->at_op.op == ATOP_CHOOSE_DEFINED)
		resolve_choose(r, e);
}

/* Another kernel may have given it another number. */
static void become_enumerator(struct resolver *r, struct ast_expr *e,
			      struct str name, int64_t value)
{
	static const struct target_root nothing;
	struct program *p = r->at.program;
	struct image_access a = { .kind = ACCESS_ENUM, .value = value };
	struct path pa;

	if (!p->portable) {
		become_number(e, value);
		return;
	}
	a.path = image_intern(p->image, p->back, name);
	pa = path_of_root(p, &nothing);
	vec_push(r->at.program->arena, &pa.target->ops,
		 (struct target_op){
			 .kind = TGT_CONST, .n = value, .span = e->span,
			 .access = image_access(p->image, p->back, &a) + 1 });
	e->at_op.target = pa.target;
}

static void resolve_enum(struct resolver *r, struct ast_expr *e)
{
	const struct str *literal_name = expr_literal(&e->at_op.args, 0);
	struct str name = literal_name ? *literal_name : STR("");
	struct ctypes *btf = program_btf(r->at.program);
	struct path pa;
	uint32_t type;
	int64_t value;

	/* Of the program that is probed, then of the kernel. */
	if (types_of_user(r->at.scope, NULL) && r->at.scope->source->types &&
	    ctypes_find_enumerator(r->at.scope->source->types, name, &type,
				   &value)) {
		become_number(e, value);
		return;
	}
	if (btf && ctypes_find_enumerator(btf, name, &type, &value)) {
		become_enumerator(r, e, name, value);
		return;
	}
	pa = expr_undefined(&r->at, DIAG_UNKNOWN_ENUM,
			    name.len ? arena_printf(r->at.program->arena,
						    "this kernel has no enumerator '%"
						    STR_FMT "'", STR_ARG(name)) :
				       STR("@enum needs a string literal"),
			    (struct str){});
	e->at_op.target = pa.target;
}

/* May be evaluated twice? */
static bool is_effect(struct ast_expr **e, void *data)
{
	bool *found = data;

	*found |= (*e)->kind == AST_ASSIGN || (*e)->kind == AST_INCDEC ||
		  (*e)->kind == AST_CALL || (*e)->kind == AST_PRINT;
	return !*found;
}

static bool resolve_enumname(struct resolver *r, struct ast_expr *e)
{
	const struct str *name = expr_literal(&e->at_op.args, 1);
	struct ast_expr *value = e->at_op.args.v[0];
	struct ctype_ref type = {};
	bool effect = false;
	struct path pa;

	walk_expr(&value, is_effect, &effect);
	if (effect)
		return false;
	if (name)
		type.in = types_find(r->at.program, r->at.scope, NULL, *name);
	if (type.in)
		type.id = member_type(type.in, *name);
	else if (expr_path(&r->at, value, &pa) == RESOLVED &&
		 pa.target->defined)
		type = path_ref(&pa, pa.type);
	if (!type.id || !is_enum(ctypes_stripped(type.in, type.id).kind))
		return false;
	target_enum_text(r->at.program, type, value, e);
	return true;
}

static enum ast_step_kind last_step(const struct ast_expr *e)
{
	return e->access.steps[e->access.nsteps - 1].kind;
}

static bool is_pretty(const struct ast_expr *e)
{
	return e->kind == AST_ACCESS && e->access.nsteps &&
	       last_step(e) >= AST_STEP_PRETTY;
}

static bool is_context_text(const struct ast_expr *e)
{
	if (e->kind == AST_ACCESS)
		e = e->access.base;
	return e->kind == AST_TARGET &&
	       str_starts(e->target.name, STR("$$"));
}

static void resolve_pretty(struct resolver *r, struct ast_expr *e)
{
	bool deep = last_step(e) == AST_STEP_PRETTY_DEEP;
	struct path pa;

	if (expr_path(&r->at, e, &pa) == RESOLVE_LATER)
		return;
	if (pa.target->defined)
		target_text(&pa, deep ? TARGET_ALL : TARGET_MEMBERS, e);
	else
		e->access.target = pa.target;
}

static void resolve_context_text(struct resolver *r, struct ast_expr *e)
{
	struct ast_expr *name = e->kind == AST_ACCESS ? e->access.base : e;
	enum target_depth depth =
		!is_pretty(e) ? TARGET_PLAIN :
		last_step(e) == AST_STEP_PRETTY ? TARGET_MEMBERS : TARGET_ALL;
	struct path pa;

	if (r->at.scope && target_scope_text(r->at.program, r->at.scope,
					  name->target.name, depth, e))
		return;
	pa = expr_no_variable(&r->at, name->target.name);
	if (e->kind == AST_ACCESS)
		e->access.target = pa.target;
	else
		e->target.target = pa.target;
}

/* ---- the visit ---- */

static void resolve_atop(struct resolver *r, struct ast_expr *e)
{
	struct path pa;

	switch (e->at_op.op) {
	case ATOP_DEFINED:
		resolve_defined(r, e);
		return;
	case ATOP_CHOOSE_DEFINED:
		resolve_choose(r, e);
		return;
	case ATOP_ENUM:
		resolve_enum(r, e);
		return;
	case ATOP_PROBEWRITE:
		probewrite_decide(e, &r->body, 1);
		return;
	case ATOP_ENUMNAME:
		if (resolve_enumname(r, e))
			return;
		break;
	case ATOP_CAST:
	case ATOP_ENTRY:
	case ATOP_VAR:
	case ATOP_PERF:
	case ATOP_CONST:
	case ATOP_KREGISTER:
	case ATOP_UREGISTER:
	case ATOP_KDEREF:
	case ATOP_UDEREF:
		break;
	}
	pa = expr_atop(&r->at, e);
	finish_value(&pa, e);
	e->at_op.target = pa.target;
}

static void resolve_access(struct resolver *r, struct ast_expr *e)
{
	struct path pa;

	if (is_context_text(e))
		resolve_context_text(r, e);
	else if (is_pretty(e))
		resolve_pretty(r, e);
	else if (expr_path(&r->at, e, &pa) == RESOLVED) {
		finish_value(&pa, e);
		e->access.target = pa.target;
	}
}

static void resolve_address(struct resolver *r, struct ast_expr *e)
{
	struct path pa;

	if (expr_path(&r->at, e->address.of, &pa) == RESOLVE_LATER)
		return;
	if (pa.target->defined)
		path_address(&pa, e->at);
	e->address.target = pa.target;
}

static void resolve_target(struct resolver *r, struct ast_expr *e)
{
	struct path pa;

	if (is_context_text(e)) {
		resolve_context_text(r, e);
		return;
	}
	expr_path(&r->at, e, &pa);
	finish_value(&pa, e);
	e->target.target = pa.target;
}

static bool is_about_target(const struct ast_expr *e)
{
	return e->kind == AST_TARGET || e->kind == AST_ATOP ||
	       e->kind == AST_ACCESS || e->kind == AST_ADDRESS;
}

static bool visit(struct ast_expr **place, void *data)
{
	struct resolver *r = data;
	struct ast_expr *e = *place;

	if (walk_target_of(e))
		return true;
	if (is_about_target(e))
		target_scope_get(r->at.program, r->at.scope);
	if (e->kind == AST_ACCESS || e->kind == AST_ADDRESS)
		choose_base(r, e);
	if (e->kind == AST_TARGET)
		resolve_target(r, e);
	else if (e->kind == AST_ATOP)
		resolve_atop(r, e);
	else if (e->kind == AST_ACCESS)
		resolve_access(r, e);
	else if (e->kind == AST_ADDRESS)
		resolve_address(r, e);
	/* What is below & has no value of its own. */
	return e->kind != AST_ADDRESS || walk_target_of(e);
}

static void resolve_probe(struct resolver *r, struct probe *probe)
{
	r->at.scope = probe->scope;
	r->probe = probe;
	r->body = probe->body;
	r->func = NULL;
	for (struct cond *c = probe->conditions; c; c = c->next)
		walk_expr(&c->expr, visit, r);
	walk_exprs(probe->body, visit, r);
	walk_exprs_post(probe->body, learn_visit, r);
}

static void resolve_func(struct resolver *r, struct func *f)
{
	r->at.scope = f->scope;
	r->body = f->body;
	r->func = f;
	walk_exprs(f->body, visit, r);
	walk_exprs_post(f->body, learn_visit, r);
	if (f->body)
		walk_stmts(&f->body, learn_return, r);
}

static void resolve_round(struct resolver *r)
{
	struct program *p = r->at.program;

	r->changed = false;
	for (uint32_t i = 0; i < p->probes.n; i++)
		resolve_probe(r, p->probes.v[i]);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		resolve_func(r, p->funcs.v[i]);
}

/* A chain of assignments this long is not worth another round. */
#define MAX_ROUNDS 16

void target_resolve(struct program *p)
{
	struct resolver r = { .at.program = p };
	int rounds = 0;

	do {
		resolve_round(&r);
	} while (r.changed && ++rounds < MAX_ROUNDS);
	r.at.last = true;
	resolve_round(&r);
}

/* ---- what was not there ---- */

static void report(struct program *p, struct ast_expr *e,
		   const struct target *t)
{
	struct diag *d;

	d = diag_error(p->diags, t->diag, e->span, "%" STR_FMT,
		       STR_ARG(t->why));
	if (t->help.len)
		diag_help(p->diags, d, "%" STR_FMT,
			  STR_ARG(t->help));
}

static bool report_visit(struct ast_expr **e, void *data)
{
	struct program *p = data;
	const struct target *t = walk_target_of(*e);

	if (!t || t->defined)
		return true;
	if (p->options->skip_badvars)
		become_number(*e, 0);
	else
		report(p, *e, t);
	return false;
}

static void keep_absences(struct program *p, const struct absences *a)
{
	for (uint32_t i = 0; i < a->list.n; i++)
		image_access(p->image, p->back, &a->list.v[i]);
}

void target_report(struct program *p)
{
	for (uint32_t i = 0; i < p->probes.n; i++) {
		struct probe *probe = p->probes.v[i];

		for (struct cond *c = probe->conditions; c; c = c->next)
			walk_expr(&c->expr, report_visit, p);
		walk_exprs(probe->body, report_visit, p);
		keep_absences(p, &probe->absent);
	}
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		walk_exprs(p->funcs.v[i]->body, report_visit, p);
		keep_absences(p, &p->funcs.v[i]->absent);
	}
}

void target_root_text(struct arena *a, const struct target_root *r,
		      struct buf *ret)
{
	struct str type = r->type_name;

	if (r->type.in)
		type = ctypes_type_name(r->type.in, r->type.id, a);
	buf_char(ret, '$');
	buf_str(ret, r->name);
	buf_char(ret, ':');
	buf_str(ret, type.len ? type : STR("long"));
}
