/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/late.h"

#include "image/image.h"
#include "sema/program.h"
#include "sema/walk.h"

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
