/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/late.h"

#include "image/image.h"
#include "sema/program.h"

static bool visit(struct ast_expr **place, void *data)
{
	bool *found = data;
	struct ast_expr *e = *place;

	if (e->kind == AST_CALL && e->call.is_intrinsic)
		*found |= !!(intrin_info[e->call.intrinsic].flags & INF_HOST);
	if (e->kind == AST_CALL && e->call.func)
		*found |= e->call.func->needs_host;
	return !*found;
}

bool late_needs_host(struct ast_expr *e)
{
	bool found = false;

	walk_expr(&e, visit, &found);
	return found;
}

static bool is_late_call(struct ast_expr *e)
{
	const struct intrin_info *info;

	if (!e->call.is_intrinsic)
		return e->call.func &&
		       (e->call.func->is_moved ||
			(e->call.func->pure &&
			 (e->call.func->type == TY_STRING ||
			  late_needs_host(e))));
	info = &intrin_info[e->call.intrinsic];
	if (info->flags & INF_HOST)
		return true;
	return (info->flags & INF_PURE) && !(info->flags & INF_KERNEL) &&
	       (info->result == 'S' || late_needs_host(e));
}

/* Can it be read? what it is : "ERROR" (target_text): reading has no error. */
static bool is_text_of_memory(const struct ast_expr *e)
{
	const struct ast_expr *asks = e->ternary.cond;
	const struct target *t;

	if (asks->kind == AST_BINARY)
		asks = asks->binary.a;
	t = walk_target_of(asks);
	return t && t->ops.n && vec_last(&t->ops).asks;
}

bool late_is_late(struct ast_expr *e)
{
	switch (e->kind) {
	case AST_NUMBER:
	case AST_STRING:
		return true;
	case AST_PRINT:
		return ast_printop_is_string(e->print.op);
	case AST_STAT:
		return ast_statop_is_hist(e->stat.op);
	case AST_CALL:
		return is_late_call(e);
	case AST_BINARY:
		return e->binary.op == BINOP_CONCAT || late_needs_host(e);
	case AST_TERNARY:
		return is_text_of_memory(e) || late_needs_host(e);
	case AST_UNARY:
		return late_needs_host(e);
	case AST_NAME:
	case AST_INDEX:
	case AST_TARGET:
	case AST_ATOP:
	case AST_ACCESS:
	case AST_ADDRESS:
	case AST_ASSIGN:
	case AST_INCDEC:
	case AST_IN:
	case AST_EMBEDDED:
		break;
	}
	return false;
}

/* ---- operands ---- */

/* Bytes at an address are taken in the kernel. */
static bool prints_memory(const struct ast_expr *e)
{
	for (uint32_t i = 0; i < e->print.npieces; i++)
		if (e->print.pieces[i].conv == FMT_MEMORY ||
		    e->print.pieces[i].conv == FMT_MEMORY_HEX)
			return true;
	return false;
}

bool late_prints(const struct ast_expr *e)
{
	if (e->kind == AST_PRINT)
		return !ast_printop_is_string(e->print.op) &&
		       !prints_memory(e);
	return e->kind == AST_CALL && e->call.is_intrinsic &&
	       (intrin_info[e->call.intrinsic].flags & INF_DEFERRED);
}

struct late_walker {
	walk_expr_fn *fn;
	void *data;
	bool wants_late;
};

static bool visit_operand(struct ast_expr **place, void *data)
{
	struct late_walker *w = data;

	/* A name may be put for something late. */
	if (w->wants_late && (*place)->kind == AST_NAME)
		w->fn(place, w->data);
	if (late_is_late(*place)) {
		if (w->wants_late)
			w->fn(place, w->data);
		return true;
	}
	if (!w->wants_late)
		walk_expr(place, w->fn, w->data);
	return false;
}

static void walk_operands(struct ast_expr *e, struct late_walker *w)
{
	struct ast_exprs *list = e->kind == AST_CALL ? &e->call.args :
						       &e->print.args;

	for (uint32_t i = 0; i < list->n; i++)
		walk_expr(&list->v[i], visit_operand, w);
}

void late_walk(struct ast_expr *e, walk_expr_fn *fn, void *data)
{
	walk_operands(e, &(struct late_walker){ fn, data, false });
}

void late_walk_late(struct ast_expr *e, walk_expr_fn *fn, void *data)
{
	walk_operands(e, &(struct late_walker){ fn, data, true });
}
