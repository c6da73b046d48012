/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/keyed.h"

#include "sema/walk.h"

struct keyer {
	struct program *p;
	VEC(const struct var *) keys;	/* locals that are keys */
};

static bool is_intrinsic(const struct ast_expr *e,
			 enum image_intrinsic intrinsic)
{
	return e->kind == AST_CALL && e->call.is_intrinsic &&
	       e->call.intrinsic == intrinsic;
}

static bool number_of(const struct ast_expr *e, int64_t *ret)
{
	if (e->kind != AST_NUMBER)
		return false;
	*ret = e->number;
	return true;
}

/* What the text says, and the address that it is of; NULL = it is none. */
static struct ast_expr *place_of(const struct ast_expr *e, int64_t *as)
{
	int64_t what;

	if (is_intrinsic(e, INTRIN_USYM) &&
	    number_of(e->call.args.v[0], &what)) {
		*as = STACK_AS_PLACE + 1 + what;
		return e->call.args.v[3];
	}
	if (is_intrinsic(e, INTRIN_SYM_LINE) &&
	    number_of(e->call.args.v[1], &what)) {
		*as = STACK_AS_CODE + what;
		return e->call.args.v[0];
	}
	return NULL;
}

static struct ast_expr *number(struct program *p, const struct ast_expr *at,
			       int64_t v)
{
	struct ast_expr *e = arena_new(p->arena, struct ast_expr);

	*e = (struct ast_expr){ .kind = AST_NUMBER, .span = at->span,
				.type = TY_LONG, .number = v };
	return e;
}

static void keep(struct program *p, struct ast_expr **place);

/* The parts of a text that is put together. */
static void keep_parts(struct program *p, struct ast_expr *e)
{
	if (e->kind == AST_BINARY && e->binary.op == BINOP_CONCAT) {
		keep(p, &e->binary.a);
		keep(p, &e->binary.b);
	} else if (e->kind == AST_TERNARY) {
		keep(p, &e->ternary.yes);
		keep(p, &e->ternary.no);
	} else if (e->kind == AST_PRINT &&
		   ast_printop_is_string(e->print.op)) {
		for (uint32_t i = 0; i < e->print.args.n; i++)
			keep(p, &e->print.args.v[i]);
	}
}

static void keep(struct program *p, struct ast_expr **place)
{
	int64_t as;
	struct ast_expr *addr = place_of(*place, &as), *e;

	if (!addr) {
		keep_parts(p, *place);
		return;
	}
	e = arena_new(p->arena, struct ast_expr);
	*e = **place;
	e->call.intrinsic = INTRIN_PLACE;
	e->call.args = (struct ast_exprs){};
	vec_push(p->arena, &e->call.args, number(p, e, as));
	vec_push(p->arena, &e->call.args, addr);
	*place = e;
}

/* What a statement changes; NULL = nothing, or it reads it. */
static struct ast_expr *changed(const struct ast_stmt *s)
{
	const struct ast_expr *e = s->kind == AST_S_EXPR ? s->expr : NULL;

	if (!e)
		return NULL;
	if (e->kind == AST_INCDEC)
		return e->incdec.of;
	return e->kind == AST_ASSIGN ? e->assign.to : NULL;
}

static struct ast_exprs *keys_of(const struct ast_stmt *s)
{
	struct ast_expr *to = changed(s);

	return to && to->kind == AST_INDEX ? &to->index.keys : NULL;
}

static bool note_keys(struct ast_stmt **s, void *data)
{
	struct keyer *k = data;
	struct ast_exprs *keys = keys_of(*s);

	for (uint32_t i = 0; keys && i < keys->n; i++)
		if (keys->v[i] && keys->v[i]->kind == AST_NAME &&
		    keys->v[i]->name.var && !keys->v[i]->name.var->is_global)
			vec_push(k->p->arena, &k->keys,
				 keys->v[i]->name.var);
	return true;
}

static bool is_key(const struct keyer *k, const struct var *v)
{
	for (uint32_t i = 0; i < k->keys.n; i++)
		if (k->keys.v[i] == v)
			return true;
	return false;
}

/* Does it keep what it is given? */
static bool keeps(const struct keyer *k, const struct ast_expr *to)
{
	const struct ast_expr *base = to->kind == AST_INDEX ?
					      to->index.base : to;
	const struct var *v = base->kind == AST_NAME ? base->name.var : NULL;

	return v && (v->is_global || is_key(k, v));
}

static bool visit_stmt(struct ast_stmt **s, void *data)
{
	struct keyer *k = data;
	struct ast_expr *to = changed(*s), *e = to ? (*s)->expr : NULL;
	struct ast_exprs *keys = keys_of(*s);

	for (uint32_t i = 0; keys && i < keys->n; i++)
		if (keys->v[i])
			keep(k->p, &keys->v[i]);
	if (e && e->kind == AST_ASSIGN &&
	    (e->assign.op == BINOP_SET || e->assign.op == BINOP_CONCAT) &&
	    keeps(k, to))
		keep(k->p, &e->assign.value);
	return true;
}

/* What a function of the library returns that does no more than that. */
static const struct ast_expr *returned(const struct ast_expr *e)
{
	const struct func *f = e->kind == AST_CALL ? e->call.func : NULL;
	const struct ast_stmt *s = f && f->is_library ? f->body : NULL;

	while (s && s->kind == AST_S_BLOCK && s->block.n == 1)
		s = s->block.v[0];
	return s && s->kind == AST_S_RETURN ? s->expr : NULL;
}

/* How many frames of a stack e takes; NULL = it takes no stack. */
static struct ast_expr *frames_of(const struct ast_expr *e,
				  enum image_intrinsic stack)
{
	const struct ast_expr *call = is_intrinsic(e, stack) ? e : returned(e);
	struct ast_expr *n;

	if (!call || !is_intrinsic(call, stack))
		return NULL;
	n = call->call.args.v[0];
	if (call == e || n->kind != AST_NAME)
		return n;
	return e->call.args.n == 1 ? e->call.args.v[0] : NULL;
}

/* The lines of a stack that is at hand: the stack itself has them. */
static bool visit_lines(struct ast_expr **place, void *data)
{
	struct ast_expr *e = *place, *frames, *new;
	bool is_user = is_intrinsic(e, INTRIN_USTACK_LINES);
	struct program *p = data;

	if (!is_user && !is_intrinsic(e, INTRIN_STACK_LINES))
		return true;
	frames = frames_of(e->call.args.v[e->call.args.n - 1],
			   is_user ? INTRIN_USTACK : INTRIN_STACK);
	if (!frames)
		return true;
	new = arena_new(p->arena, struct ast_expr);
	*new = *e;
	new->call.intrinsic = is_user ? INTRIN_USTACK : INTRIN_STACK;
	new->call.args = (struct ast_exprs){};
	vec_push(p->arena, &new->call.args, frames);
	vec_push(p->arena, &new->call.args,
		 number(p, e, is_user ? STACK_AS_USER_LINES : STACK_AS_LINES));
	*place = new;
	return true;
}

static void visit_body(struct program *p, struct ast_stmt **body)
{
	struct keyer k = { .p = p };

	walk_exprs(*body, visit_lines, p);
	walk_stmts(body, note_keys, &k);
	walk_stmts(body, visit_stmt, &k);
}

void keyed(struct program *p)
{
	for (uint32_t i = 0; i < p->probes.n; i++)
		if (image_probe_is_kernel(
			    (enum image_probe_kind)p->probes.v[i]->kind))
			visit_body(p, &p->probes.v[i]->body);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		if (p->funcs.v[i]->called_in_kernel &&
		    !p->funcs.v[i]->called_in_host)
			visit_body(p, &p->funcs.v[i]->body);
}
