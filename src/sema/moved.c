/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/moved.h"

#include "dbg/loc.h"
#include "image/image.h"
#include "sema/check_place.h"
#include "sema/touched.h"
#include "sema/walk.h"

/* Operands; what each kernel's verifier follows, with locals beside them. */
#define MOVED_ARGS_MAX 96

struct mover {
	struct program *program;
	struct probe *probe;
	struct ast_stmts *list;		/* from list->v[first] on it moves */
	uint32_t first;
	bool is_trial;			/* nothing is changed yet */
	bool fails;
	uint32_t nested;		/* in what may not run, or after what
					 * does something */
	struct func *func;
	VEC(struct ast_expr *) args;	/* one for each parameter */
	struct ast_stmts tries;		/* what they take before */
	VEC(const struct var *) assigned;	/* by what moves */
	struct vars from, to;	/* the handler's locals; the function's */
};

/* ---- trees ---- */

static struct ast_expr *expr_new(const struct mover *m, enum ast_expr_kind kind,
				 enum ty type, struct span span)
{
	struct ast_expr *e = arena_new(m->program->arena, struct ast_expr);

	e->kind = kind;
	e->type = type;
	e->span = e->at = span;
	return e;
}

static struct ast_stmt *stmt_new(const struct mover *m, enum ast_stmt_kind kind,
				 struct span span)
{
	struct ast_stmt *s = arena_new(m->program->arena, struct ast_stmt);

	s->kind = kind;
	s->span = span;
	return s;
}

static struct ast_expr *moment_new(const struct mover *m,
				   enum image_intrinsic which, struct span span)
{
	struct ast_expr *e = expr_new(m, AST_CALL, TY_LONG, span);

	e->call.name = str_from(intrin_info[which].name);
	e->call.is_intrinsic = true;
	e->call.intrinsic = (uint8_t)which;
	return e;
}

static struct ast_expr *number_new(const struct mover *m, int64_t n,
				   struct span span)
{
	struct ast_expr *e = expr_new(m, AST_NUMBER, TY_LONG, span);

	e->number = n;
	return e;
}

static struct ast_expr *name_new(const struct mover *m, struct var *v,
				 struct span span)
{
	struct ast_expr *e = expr_new(m, AST_NAME, v->type, span);

	e->name.name = v->name;
	e->name.var = v;
	return e;
}

/* ---- where it begins ---- */

static bool is_in_place(struct mover *m, struct ast_stmt *s)
{
	return !check_place_refuses(m->program, m->probe, s);
}

static bool condition_is_in_place(struct mover *m, struct ast_stmt *s)
{
	struct ast_stmt cond = { .kind = AST_S_EXPR, .span = s->span,
				 .expr = s->if_.cond };

	return is_in_place(m, &cond);
}

static void enter(struct mover *m, struct ast_stmt **place)
{
	struct ast_stmt *block = *place;

	if (block->kind != AST_S_BLOCK) {
		block = stmt_new(m, AST_S_BLOCK, (*place)->span);
		vec_push(m->program->arena, &block->block, *place);
		*place = block;
	}
	m->list = &block->block;
}

/* Goes on in a part of the last statement, if only that is in the way. */
static bool enter_last(struct mover *m)
{
	struct ast_stmt *s = m->list->v[m->first];
	bool yes, no;

	if (m->first + 1 < m->list->n)
		return false;
	if (s->kind == AST_S_BLOCK)
		enter(m, &m->list->v[m->first]);
	if (s->kind != AST_S_IF || !condition_is_in_place(m, s))
		return s->kind == AST_S_BLOCK;
	yes = is_in_place(m, s->if_.yes);
	no = !s->if_.no || is_in_place(m, s->if_.no);
	if (yes == no)
		return false;
	enter(m, no ? &s->if_.yes : &s->if_.no);
	return true;
}

static bool find_first(struct mover *m)
{
	m->list = &m->probe->body->block;
	do {
		m->first = 0;
		while (m->first < m->list->n &&
		       is_in_place(m, m->list->v[m->first]))
			m->first++;
		if (m->first == m->list->n)
			return false;
	} while (enter_last(m));
	return true;
}

/* ---- variables ---- */

static struct var *local_of(const struct ast_expr *e)
{
	return e->kind == AST_NAME && e->name.var && !e->name.var->is_global ?
		       e->name.var : NULL;
}

static void note_assigned(struct mover *m, const struct ast_expr *to)
{
	const struct var *v = to ? local_of(to) : NULL;

	if (v)
		vec_push(m->program->arena, &m->assigned, v);
}

static bool visit_assigned(struct ast_expr **place, void *data)
{
	struct ast_expr *e = *place;

	if (e->kind == AST_ASSIGN)
		note_assigned(data, e->assign.to);
	else if (e->kind == AST_INCDEC)
		note_assigned(data, e->incdec.of);
	return true;
}

static bool visit_loops(struct ast_stmt **place, void *data)
{
	const struct ast_stmt *s = *place;

	if (s->kind == AST_S_FOREACH) {
		note_assigned(data, s->foreach.value);
		for (uint32_t i = 0; i < s->foreach.keys.n; i++)
			note_assigned(data, s->foreach.keys.v[i]);
	} else if (s->kind == AST_S_TRY) {
		note_assigned(data, s->try_.message);
	}
	return true;
}

static void find_assigned(struct mover *m)
{
	for (uint32_t i = m->first; i < m->list->n; i++) {
		walk_exprs(m->list->v[i], visit_assigned, m);
		walk_stmts(&m->list->v[i], visit_loops, m);
	}
}

static bool is_assigned(const struct mover *m, const struct var *v)
{
	for (uint32_t i = 0; i < m->assigned.n; i++)
		if (m->assigned.v[i] == v)
			return true;
	return false;
}

/* ---- what is of the moment ---- */

struct look {
	struct arena *arena;
	VEC(const struct func *) seen;
	bool of_moment;		/* time, task, registers, memory */
	bool may_fail;
	bool bad;		/* done at the hit, or reads a global */
};

static bool is_memory(enum image_intrinsic which)
{
	return which == INTRIN_USER_STR || which == INTRIN_KERNEL_STR;
}

static void look_at_intrinsic(struct look *l, enum image_intrinsic which)
{
	uint8_t flags = intrin_info[which].flags;

	l->of_moment |= flags & (INF_CONTEXT | INF_KERNEL) || is_memory(which);
	l->may_fail |= (flags & INF_RAISES) != 0;
	l->bad |= which == INTRIN_RAISE || which == INTRIN_DECIDE ||
		  which == INTRIN_USTACK_FROM;
}

/* Registers are there. */
static bool target_may_fail(const struct target *t)
{
	for (uint32_t i = 0; i < t->ops.n; i++)
		if (t->ops.v[i].kind != TGT_CTX_WORD &&
		    t->ops.v[i].kind != TGT_CTX_LOAD &&
		    t->ops.v[i].kind != TGT_CONST &&
		    t->ops.v[i].kind != TGT_ADD &&
		    t->ops.v[i].kind != TGT_BITS)
			return true;
	return false;
}

static bool look_was_in(struct look *l, const struct func *f)
{
	for (uint32_t i = 0; i < l->seen.n; i++)
		if (l->seen.v[i] == f)
			return true;
	vec_push(l->arena, &l->seen, f);
	return false;
}

static bool visit_look(struct ast_expr **place, void *data)
{
	const struct ast_expr *e = *place;
	const struct target *t = walk_target_of(e);
	struct look *l = data;

	l->bad |= e->kind == AST_NAME && e->name.var && e->name.var->is_global;
	if (t) {
		l->of_moment = true;
		l->may_fail |= target_may_fail(t);
	} else if (e->kind == AST_CALL && e->call.is_intrinsic) {
		look_at_intrinsic(l, (enum image_intrinsic)e->call.intrinsic);
	} else if (e->kind == AST_CALL) {
		for (const struct func *f = e->call.func;
		     f && !look_was_in(l, f); f = f->next_overload)
			walk_exprs_of(f->body, WALK_KERNEL, visit_look, l);
	}
	return true;
}

/* Of a call, without its arguments: where the host can do it, these alone are
 * of the moment. */
static struct look look_at(const struct mover *m, const struct ast_expr *e)
{
	struct ast_expr bare = *e, *place = &bare;
	struct look l = { .arena = m->program->arena };

	if (e->kind == AST_CALL)
		bare.call.args = (struct ast_exprs){};
	walk_expr(&place, visit_look, &l);
	return l;
}

/* ---- what becomes an argument ---- */

static bool visit_changing(struct ast_expr **place, void *data)
{
	const struct var *v = local_of(*place);
	struct mover *m = data;

	m->fails |= (v && is_assigned(m, v)) || (*place)->kind == AST_ASSIGN ||
		    (*place)->kind == AST_INCDEC || (*place)->kind == AST_INDEX;
	return true;
}

static struct var *var_new(struct mover *m, const char *what, enum ty type,
			   struct span span, struct vars *to)
{
	struct arena *a = m->program->arena;
	struct var *v = arena_new(a, struct var);

	v->name = arena_printf(a, "__%s_%u", what, m->args.n);
	v->span = v->type_span = span;
	v->type = type;
	v->number = to->n;
	vec_push(a, to, v);
	return v;
}

/* e becomes an argument: what stands for it in the function. */
static struct ast_expr *pass(struct mover *m, struct ast_expr *e)
{
	struct var *v = var_new(m, "moved", e->type, e->span,
				&m->func->vars);

	v->is_param = true;
	vec_push(m->program->arena, &m->args, e);
	return name_new(m, v, e->span);
}

static struct ast_stmt *set_new(const struct mover *m, struct var *v,
				struct ast_expr *value)
{
	struct ast_expr *e = expr_new(m, AST_ASSIGN, v->type, value->span);
	struct ast_stmt *s = stmt_new(m, AST_S_EXPR, value->span);

	e->assign.op = BINOP_SET;
	e->assign.to = name_new(m, v, value->span);
	e->assign.value = value;
	s->expr = e;
	return s;
}

static struct func *func_new(struct mover *m, const char *what, enum ty type)
{
	struct program *p = m->program;
	struct func *f = arena_new(p->arena, struct func);
	struct ast_function *decl = arena_new(p->arena, struct ast_function);

	f->name = arena_printf(p->arena, "__%s_%u", what, p->funcs.n);
	decl->name = f->name;
	decl->span = m->probe->span;
	f->decl = decl;
	f->body = stmt_new(m, AST_S_BLOCK, m->probe->span);
	f->type = type;
	f->type_span = m->probe->span;
	f->number = p->funcs.n;
	vec_push(p->arena, &p->funcs, f);
	return f;
}

static struct ast_stmt *error_new(const struct mover *m, struct ast_expr *text)
{
	struct ast_stmt *s = stmt_new(m, AST_S_EXPR, text->span);

	s->expr = moment_new(m, INTRIN_ERROR, text->span);
	s->expr->type = TY_UNKNOWN;
	vec_push(m->program->arena, &s->expr->call.args, text);
	return s;
}

/* function __failed_1:type(why:string) { __error(why) } */
static struct func *failing_new(struct mover *m, enum ty type,
				struct span span)
{
	struct func *f = func_new(m, "failed", type);
	struct var *why = var_new(m, "why", TY_STRING, span, &f->vars);

	why->is_param = true;
	f->nparams = 1;
	f->is_library = true;	/* fails at the place of its call */
	vec_push(m->program->arena, &f->body->block,
		 error_new(m, name_new(m, why, span)));
	return f;
}

/* What fails as it did in the kernel. */
static struct ast_expr *failure_new(struct mover *m, struct ast_expr *e,
				    struct ast_expr *why)
{
	struct ast_expr *call = expr_new(m, AST_CALL, e->type, e->span);

	call->call.func = failing_new(m, e->type, e->span);
	call->call.name = call->call.func->name;
	vec_push(m->program->arena, &call->call.args, why);
	return call;
}

static struct ast_expr *not_empty_new(const struct mover *m, struct ast_expr *e)
{
	struct ast_expr *same = expr_new(m, AST_BINARY, TY_LONG, e->span);
	struct ast_expr *empty = expr_new(m, AST_STRING, TY_STRING, e->span);

	same->binary.op = BINOP_NE;
	same->binary.a = e;
	same->binary.b = empty;
	return same;
}

/*
 *	try { t = e } catch (why) { }
 *
 * and both are passed: why != "" ? what fails so : t.
 */
static struct ast_expr *pass_tried(struct mover *m, struct ast_expr *e)
{
	struct arena *a = m->program->arena;
	struct vars *locals = &m->probe->locals;
	struct var *t = var_new(m, "tried", e->type, e->span, locals);
	struct var *why = var_new(m, "why", TY_STRING, e->span, locals);
	struct ast_stmt *s = stmt_new(m, AST_S_TRY, e->span);
	struct ast_expr *choice = expr_new(m, AST_TERNARY, e->type, e->span);
	struct ast_expr *passed;

	s->try_.body = stmt_new(m, AST_S_BLOCK, e->span);
	s->try_.handler = stmt_new(m, AST_S_BLOCK, e->span);
	s->try_.message = name_new(m, why, e->span);
	vec_push(a, &s->try_.body->block, set_new(m, t, e));
	vec_push(a, &m->tries, s);
	passed = pass(m, name_new(m, why, e->span));
	choice->ternary.cond = not_empty_new(m, passed);
	choice->ternary.yes = failure_new(
		m, e, name_new(m, passed->name.var, e->span));
	choice->ternary.no = pass(m, name_new(m, t, e->span));
	return choice;
}

/* A function that is of the moment and does something, or needs the host, would
 * have to be taken apart; what may fail must not do so before its time. */
static void take(struct mover *m, struct ast_expr **place)
{
	struct ast_expr *e = *place;
	const struct func *f = e->kind == AST_CALL ? e->call.func : NULL;
	struct look l = { .arena = m->program->arena };
	bool is_tried;

	walk_expr(place, visit_look, &l);
	walk_expr(place, visit_changing, m);
	is_tried = l.may_fail && m->nested;
	m->fails |= l.bad || (f && (f->has_effect || f->needs_host)) ||
		    m->args.n + is_tried >= MOVED_ARGS_MAX;
	if (m->is_trial)
		for (uint32_t i = 0; i <= is_tried; i++)
			vec_push(m->program->arena, &m->args, e);
	else
		*place = is_tried ? pass_tried(m, e) : pass(m, e);
}

/* What stands for a name, as a key of the kernel's (keyed), is the name itself
 * here. */
static void name_again(struct mover *m, struct ast_expr *e)
{
	int64_t as = e->call.args.v[0]->number;
	struct ast_expr *addr = e->call.args.v[1];
	struct arena *a = m->program->arena;
	bool is_code = as >= STACK_AS_CODE;

	e->call.intrinsic = is_code ? INTRIN_SYM_LINE : INTRIN_USYM;
	e->call.args = (struct ast_exprs){};
	if (is_code)
		vec_push(a, &e->call.args, addr);
	vec_push(a, &e->call.args,
		 number_new(m, as - (is_code ? STACK_AS_CODE :
					       STACK_AS_PLACE + 1), e->span));
	if (is_code)
		return;
	vec_push(a, &e->call.args, moment_new(m, INTRIN_PID_TGID, e->span));
	vec_push(a, &e->call.args, moment_new(m, INTRIN_KTIME_NS, e->span));
	vec_push(a, &e->call.args, addr);
}

static bool is_place(const struct ast_expr *e)
{
	return e->kind == AST_CALL && e->call.is_intrinsic &&
	       e->call.intrinsic == INTRIN_PLACE;
}

static bool prints_memory(const struct ast_expr *e)
{
	for (uint32_t i = 0; e->kind == AST_PRINT && i < e->print.npieces; i++)
		if (e->print.pieces[i].conv == FMT_MEMORY ||
		    e->print.pieces[i].conv == FMT_MEMORY_HEX)
			return true;
	return false;
}

static bool writes_target(const struct ast_expr *e)
{
	return (e->kind == AST_ASSIGN && walk_target_of(e->assign.to)) ||
	       (e->kind == AST_INCDEC && walk_target_of(e->incdec.of));
}

static bool visit_moved(struct ast_expr **place, void *data);

/* Of these the first part is always computed. */
static bool move_choice(struct mover *m, struct ast_expr *e)
{
	bool is_logic = e->kind == AST_BINARY &&
			(e->binary.op == BINOP_LAND ||
			 e->binary.op == BINOP_LOR);

	if (!is_logic && e->kind != AST_TERNARY)
		return false;
	walk_expr(is_logic ? &e->binary.a : &e->ternary.cond, visit_moved, m);
	m->nested++;
	walk_expr(is_logic ? &e->binary.b : &e->ternary.yes, visit_moved, m);
	if (!is_logic)
		walk_expr(&e->ternary.no, visit_moved, m);
	m->nested--;
	return true;
}

static bool visit_moved(struct ast_expr **place, void *data)
{
	struct mover *m = data;
	struct ast_expr *e = *place;
	struct look l;

	m->fails |= e->kind == AST_EMBEDDED || prints_memory(e) ||
		    writes_target(e);
	if (is_place(e) && m->is_trial) {
		walk_expr(&e->call.args.v[1], visit_moved, m);
		return false;
	}
	if (is_place(e))
		name_again(m, e);
	if (!m->fails && move_choice(m, e))
		return false;
	if (m->fails || (!walk_target_of(e) && e->kind != AST_CALL))
		return !m->fails;
	l = look_at(m, e);
	if (l.of_moment)
		take(m, place);
	else
		m->fails |= l.bad && e->call.is_intrinsic;
	return !l.of_moment;
}

static void move_stmts(struct mover *m, const struct ast_stmts *s,
		       uint32_t first);

static void move_stmt(struct mover *m, struct ast_stmt *s)
{
	bool is_plain = s->kind == AST_S_EXPR || s->kind == AST_S_DELETE;

	if (s->kind == AST_S_BLOCK) {
		move_stmts(m, &s->block, 0);
		return;
	}
	if (s->kind == AST_S_IF) {
		walk_expr(&s->if_.cond, visit_moved, m);
		m->nested++;
		move_stmt(m, s->if_.yes);
		if (s->if_.no)
			move_stmt(m, s->if_.no);
		m->nested--;
		return;
	}
	m->nested += !is_plain;
	walk_exprs(s, visit_moved, m);
	m->nested -= !is_plain;
}

/* What stands behind a statement may never run, and if it fails at the hit that
 * is too early for what the statement does. */
static void move_stmts(struct mover *m, const struct ast_stmts *s,
		       uint32_t first)
{
	for (uint32_t i = first; i < s->n; i++) {
		move_stmt(m, s->v[i]);
		m->nested++;
	}
	m->nested -= s->n - first;
}

/* ---- locals ---- */

static struct var *renamed(struct mover *m, struct var *v)
{
	struct arena *a = m->program->arena;
	struct var *to;

	for (uint32_t i = 0; i < m->from.n; i++)
		if (m->from.v[i] == v)
			return m->to.v[i];
	to = arena_new(a, struct var);
	*to = *v;
	vec_push(a, &m->from, v);
	vec_push(a, &m->to, to);
	return to;
}

static bool visit_rename(struct ast_expr **place, void *data)
{
	struct var *v = local_of(*place);

	if (v && !v->is_param)
		(*place)->name.var = renamed(data, v);
	return true;
}

/* What stays behind names it, too: it comes along with its value. */
static bool visit_left(struct ast_expr **place, void *data)
{
	const struct var *v = local_of(*place);
	struct mover *m = data;

	for (uint32_t i = 0; v && i < m->from.n; i++)
		if (m->from.v[i] == v)
			m->to.v[i]->is_param = true;
	return true;
}

static void move_locals(struct mover *m, struct ast_stmts *moving)
{
	struct arena *a = m->program->arena;
	struct func *f = m->func;

	for (uint32_t i = 0; i < moving->n; i++)
		walk_exprs(moving->v[i], visit_rename, m);
	walk_exprs(m->probe->body, visit_left, m);
	for (uint32_t i = 0; i < m->from.n; i++)
		if (m->to.v[i]->is_param) {
			vec_push(a, &m->args, name_new(m, m->from.v[i],
						       m->probe->span));
			vec_push(a, &f->vars, m->to.v[i]);
		}
	f->nparams = f->vars.n;
	for (uint32_t i = 0; i < m->from.n; i++)
		if (!m->to.v[i]->is_param)
			vec_push(a, &f->vars, m->to.v[i]);
	for (uint32_t i = 0; i < f->vars.n; i++)
		f->vars.v[i]->number = i;
}

/* ---- the function ---- */

/* print(__moved_1(...)): of nothing, as it never returns. */
static struct ast_stmt *call_new(struct mover *m)
{
	struct span span = m->probe->span;
	struct ast_expr *call = expr_new(m, AST_CALL, TY_STRING, span);
	struct ast_expr *print = expr_new(m, AST_PRINT, TY_UNKNOWN, span);
	struct ast_stmt *s = stmt_new(m, AST_S_EXPR, span);
	struct arena *a = m->program->arena;

	call->call.name = m->func->name;
	call->call.func = m->func;
	for (uint32_t i = 0; i < m->args.n; i++)
		vec_push(a, &call->call.args, m->args.v[i]);
	print->print.op = PRINTOP_PRINT;
	vec_push(a, &print->print.args, call);
	s->expr = print;
	return s;
}

static void move(struct mover *m)
{
	struct arena *a = m->program->arena;
	struct ast_stmts moving = {};

	m->func = func_new(m, "moved", TY_STRING);
	m->func->is_moved = true;
	m->args.n = 0;
	move_stmts(m, m->list, m->first);
	for (uint32_t i = m->first; i < m->list->n; i++)
		vec_push(a, &moving, m->list->v[i]);
	m->list->n = m->first;
	move_locals(m, &moving);
	m->func->body->block = moving;
	for (uint32_t i = 0; i < m->tries.n; i++)
		vec_push(a, m->list, m->tries.v[i]);
	vec_push(a, m->list, call_new(m));
}

/* ---- which handlers ---- */

/* All of the program's; those of the kernel that move have a mover. */
struct moving {
	struct program *program;
	struct mover **of;		/* by probe, or NULL */
	bool *stays;			/* the same: is told that it cannot */
	uint8_t *touches;		/* what that does to globals */
};

/* Could it, from m->first on? */
static bool can_move(struct mover *m)
{
	find_assigned(m);
	move_stmts(m, m->list, m->first);
	return !m->fails;
}

static struct mover *mover_new(struct moving *g, uint32_t n)
{
	struct mover *m = arena_new(g->program->arena, struct mover);

	m->program = g->program;
	m->probe = g->program->probes.v[n];
	m->list = &m->probe->body->block;
	m->is_trial = true;
	g->of[n] = m;
	return m;
}

static bool is_of_kernel(const struct probe *pr)
{
	return image_probe_is_kernel(pr->kind) && pr->body &&
	       pr->body->kind == AST_S_BLOCK;
}

/* Those that have to.  Which of them cannot is told of them alone. */
static bool find_refused(struct moving *g)
{
	const struct program *p = g->program;
	bool any = false;
	struct mover *m;

	for (uint32_t n = 0; n < p->probes.n; n++) {
		struct probe *pr = p->probes.v[n];

		if (!is_of_kernel(pr) ||
		    !check_place_refuses(g->program, pr, pr->body))
			continue;
		m = mover_new(g, n);
		if (find_first(m) && can_move(m)) {
			any = true;
			continue;
		}
		g->of[n] = NULL;
		g->stays[n] = true;
	}
	return any;
}

static void find_touches(struct moving *g)
{
	struct program *p = g->program;

	memset(g->touches, 0, p->globals.n);
	for (uint32_t n = 0; n < p->probes.n; n++) {
		const struct mover *m = g->of[n];

		for (uint32_t i = m ? m->first : 0; m && i < m->list->n; i++)
			touched(p, m->list->v[i], g->touches);
	}
}

/* Does what stays in the kernel share with what moves? */
static bool is_shared(const struct moving *g, uint32_t n)
{
	struct program *p = g->program;
	struct mover *m = g->of[n];
	uint8_t *own = arena_array(p->arena, p->globals.n + 1, uint8_t);
	uint32_t all = m ? m->list->n : 0;
	bool shares = false;

	if (m)
		m->list->n = m->first;
	touched(p, p->probes.v[n]->body, own);
	if (m)
		m->list->n = all;
	for (uint32_t i = 0; i < p->globals.n; i++)
		shares |= touched_conflict(own[i], g->touches[i]);
	return shares;
}

/* A handler that shares with those that move what the order of hits matters to
 * moves with them, all of it: records are read in that order. */
static bool add_others(struct moving *g, bool *changed)
{
	const struct program *p = g->program;

	*changed = false;
	find_touches(g);
	for (uint32_t n = 0; n < p->probes.n; n++) {
		if (!is_of_kernel(p->probes.v[n]) || g->stays[n] ||
		    !is_shared(g, n))
			continue;
		*changed = true;
		if (!can_move(mover_new(g, n)))
			return false;
	}
	return true;
}

bool moved(struct program *p)
{
	struct moving g = {
		.program = p,
		.of = arena_array(p->arena, p->probes.n + 1, struct mover *),
		.stays = arena_array(p->arena, p->probes.n + 1, bool),
		.touches = arena_array(p->arena, p->globals.n + 1, uint8_t),
	};
	bool changed = true;

	if (!find_refused(&g))
		return false;
	while (changed)
		if (!add_others(&g, &changed))
			return false;
	for (uint32_t n = 0; n < p->probes.n; n++)
		if (g.of[n]) {
			g.of[n]->is_trial = false;
			move(g.of[n]);
		}
	return true;
}
