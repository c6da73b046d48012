/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/check.h"

#include "lang/diag.h"
#include "sema/walk.h"

static bool visit(struct ast_expr **place, void *data)
{
	struct program *p = data;
	const struct ast_expr *e = *place;

	if (e->kind == AST_EMBEDDED)
		diag_error(p->diags, DIAG_EMBEDDED_C, e->span,
			   "C code is not run");
	return true;
}

void check(struct program *p)
{
	for (uint32_t i = 0; i < p->probes.n; i++)
		walk_exprs(p->probes.v[i]->body, visit, p);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		walk_exprs(p->funcs.v[i]->body, visit, p);
}
