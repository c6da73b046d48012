/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/late.h"

#include "image/image.h"
#include "sema/program.h"
#include "sema/walk.h"

#define MAX_DEPTH 16		/* of calls that are followed */

struct query {
	int depth;
	bool found;
};

static bool visit(struct ast_expr **place, void *data)
{
	struct query *q = data;
	struct ast_expr *e = *place;
	struct query inner = { .depth = q->depth + 1 };

	if (e->kind == AST_CALL && e->call.is_intrinsic)
		q->found |= !!(intrin_info[e->call.intrinsic].flags &
			       INF_HOST);
	if (e->kind == AST_CALL && e->call.func && q->depth < MAX_DEPTH) {
		walk_exprs(e->call.func->body, visit, &inner);
		q->found |= inner.found;
	}
	return !q->found;
}

bool late_needs_host(struct ast_expr *e)
{
	struct query q = {};

	walk_expr(&e, visit, &q);
	return q.found;
}

static bool is_late_call(struct ast_expr *e)
{
	const struct intrin_info *info;

	if (!e->call.is_intrinsic)
		return e->call.func->pure &&
		       (e->call.func->type == TY_STRING || late_needs_host(e));
	info = &intrin_info[e->call.intrinsic];
	if (info->flags & INF_HOST)
		return true;
	return (info->flags & INF_PURE) && !(info->flags & INF_KERNEL) &&
	       (info->result == 'S' || late_needs_host(e));
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
	case AST_UNARY:
	case AST_TERNARY:
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
