/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/probewrite.h"

#include "sema/walk.h"

/* What an assignment to e changes; empty = nothing that has a name. */
static struct str variable_name(const struct ast_expr *e)
{
	if (e->kind == AST_INDEX)
		e = e->index.base;
	if (e->kind == AST_NAME)
		return e->name.name;
	return e->kind == AST_TARGET ? e->target.name : (struct str){};
}

struct query {
	struct str name;
	bool found;
};

static bool query_expr(struct ast_expr **place, void *data)
{
	struct query *q = data;
	const struct ast_expr *e = *place, *to = NULL;

	if (e->kind == AST_ASSIGN)
		to = e->assign.to;
	else if (e->kind == AST_INCDEC)
		to = e->incdec.of;
	if (to)
		q->found |= str_eq(variable_name(to), q->name);
	return true;
}

static bool query_stmt(struct ast_stmt **place, void *data)
{
	struct query *q = data;

	if ((*place)->kind == AST_S_DELETE)
		q->found |= str_eq(variable_name((*place)->expr), q->name);
	return true;
}

void probewrite_decide(struct ast_expr *e, struct ast_stmt *const *stmts,
		       uint32_t n)
{
	struct query q = { .name = variable_name(e->at_op.args.v[0]) };
	struct span span = e->span, at = e->at;

	for (uint32_t i = 0; i < n; i++) {
		struct ast_stmt *s = stmts[i];

		walk_exprs(s, query_expr, &q);
		walk_stmts(&s, query_stmt, &q);
	}
	*e = (struct ast_expr){ .kind = AST_NUMBER,
				.number = q.name.len && q.found,
				.type = TY_LONG, .span = span, .at = at };
}

struct decider {
	struct ast_stmt *const *stmts;
	uint32_t n;
};

static bool decide(struct ast_expr **place, void *data)
{
	struct decider *d = data;
	struct ast_expr *e = *place;

	if (e->kind == AST_ATOP && e->at_op.op == ATOP_PROBEWRITE &&
	    e->at_op.args.n)
		probewrite_decide(e, d->stmts, d->n);
	return true;
}

void probewrite_decide_all(struct ast_stmt *in, struct ast_stmt *const *stmts,
			   uint32_t n)
{
	struct decider d = { stmts, n };

	walk_exprs(in, decide, &d);
}
