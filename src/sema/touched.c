/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/touched.h"

#include "sema/walk.h"

struct toucher {
	uint8_t *touches;
	bool *seen;		/* functions */
};

static bool visit(struct ast_expr **place, void *data);
static bool visit_stmt(struct ast_stmt **place, void *data);

static void note(struct toucher *t, struct ast_expr *to, uint8_t how)
{
	const struct ast_expr *base = to->kind == AST_INDEX ? to->index.base :
							      to;

	if (base->kind == AST_NAME && base->name.var &&
	    base->name.var->is_global)
		t->touches[base->name.var->number] |= how;
	for (uint32_t i = 0; to->kind == AST_INDEX && i < to->index.keys.n; i++)
		if (to->index.keys.v[i])
			walk_expr(&to->index.keys.v[i], visit, t);
	if (base == to && to->kind != AST_NAME)
		walk_expr(&to, visit, t);
}

static void into(struct toucher *t, struct func *f)
{
	for (; f && !t->seen[f->number]; f = f->next_overload) {
		t->seen[f->number] = true;
		walk_stmts(&f->body, visit_stmt, t);
	}
}

/* What stands here changes a global and gives its value. */
static bool visit(struct ast_expr **place, void *data)
{
	struct ast_expr *e = *place;
	struct toucher *t = data;

	if (e->kind == AST_ASSIGN) {
		note(t, e->assign.to, e->assign.op == BINOP_STAT_ADD ?
					      TOUCH_ADD :
				      e->assign.op == BINOP_SET ?
					      TOUCH_SET :
					      TOUCH_SET | TOUCH_READ);
		walk_expr(&e->assign.value, visit, t);
		return false;
	}
	if (e->kind == AST_INCDEC) {
		note(t, e->incdec.of, TOUCH_SET | TOUCH_READ);
		return false;
	}
	if (e->kind == AST_CALL)
		into(t, e->call.func);
	else if (e->kind == AST_NAME)
		note(t, e, TOUCH_READ);
	return true;
}

static struct ast_expr *added_to(const struct ast_expr *e)
{
	if (e->kind == AST_INCDEC)
		return e->incdec.of;
	if (e->kind == AST_ASSIGN && (e->assign.op == BINOP_ADD ||
				      e->assign.op == BINOP_SUB))
		return e->assign.to;
	return NULL;
}

static void look_at(struct toucher *t, struct ast_expr **place)
{
	struct ast_expr *to = added_to(*place);

	if (!to) {
		walk_expr(place, visit, t);
		return;
	}
	note(t, to, TOUCH_ADD);
	if ((*place)->kind == AST_ASSIGN)
		walk_expr(&(*place)->assign.value, visit, t);
}

static void look_at_loop(struct toucher *t, struct ast_stmt *s)
{
	if (s->loop.init)
		look_at(t, &s->loop.init);
	if (s->loop.cond)
		walk_expr(&s->loop.cond, visit, t);
	if (s->loop.step)
		look_at(t, &s->loop.step);
}

static void look_at_foreach(struct toucher *t, struct ast_stmt *s)
{
	walk_expr(&s->foreach.array, visit, t);
	for (uint32_t i = 0; i < s->foreach.slice.n; i++)
		walk_expr(&s->foreach.slice.v[i], visit, t);
	walk_expr(&s->foreach.limit, visit, t);
	for (uint32_t i = 0; i < s->foreach.keys.n; i++)
		if (s->foreach.keys.v[i])
			note(t, s->foreach.keys.v[i], TOUCH_SET);
	if (s->foreach.value)
		note(t, s->foreach.value, TOUCH_SET);
}

/* Its own expressions: those below have their turn. */
static bool visit_stmt(struct ast_stmt **place, void *data)
{
	struct ast_stmt *s = *place;
	struct toucher *t = data;

	switch (s->kind) {
	case AST_S_EXPR:
	case AST_S_RETURN:
		if (s->expr)
			look_at(t, &s->expr);
		break;
	case AST_S_DELETE:
		note(t, s->expr, TOUCH_SET);
		break;
	case AST_S_IF:
		walk_expr(&s->if_.cond, visit, t);
		break;
	case AST_S_WHILE:
	case AST_S_FOR:
		look_at_loop(t, s);
		break;
	case AST_S_FOREACH:
		look_at_foreach(t, s);
		break;
	case AST_S_TRY:
		if (s->try_.message)
			note(t, s->try_.message, TOUCH_SET);
		break;
	case AST_S_EMPTY:
	case AST_S_BLOCK:
	case AST_S_BREAK:
	case AST_S_CONTINUE:
	case AST_S_NEXT:
	case AST_S_EMBEDDED:
		break;
	}
	return true;
}

void touched(struct program *p, struct ast_stmt *s, uint8_t *touches)
{
	struct toucher t = { .touches = touches,
			     .seen = arena_array(p->arena, p->funcs.n + 1,
						 bool) };

	walk_stmts(&s, visit_stmt, &t);
}

bool touched_conflict(uint8_t a, uint8_t b)
{
	bool a_writes = a & (TOUCH_ADD | TOUCH_SET);
	bool b_writes = b & (TOUCH_ADD | TOUCH_SET);

	return (a & TOUCH_READ && b_writes) || (b & TOUCH_READ && a_writes) ||
	       (a & TOUCH_SET && b_writes) || (b & TOUCH_SET && a_writes);
}
