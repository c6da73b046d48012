/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/builder.h"
#include "sema/regex.h"
#include "sema/walk.h"

/* Does anyone ask for the groups of a match? */
static bool asks_groups(struct ast_expr **e, void *data)
{
	bool *found = data;

	*found |= (*e)->kind == AST_CALL && (*e)->call.is_intrinsic &&
		  ((*e)->call.intrinsic == INTRIN_MATCHED ||
		   (*e)->call.intrinsic == INTRIN_NGROUPS);
	return true;
}

static bool program_asks_groups(const struct program *p)
{
	bool found = false;

	for (uint32_t i = 0; i < p->funcs.n; i++)
		walk_exprs(p->funcs.v[i]->body, asks_groups, &found);
	for (uint32_t i = 0; i < p->probes.n; i++)
		walk_exprs(p->probes.v[i]->body, asks_groups, &found);
	return found;
}

struct ir_dfa build_dfa(struct build *b, struct str pattern)
{
	struct ir_dfa dfa = { .pattern = pattern };

	/* sema/check has compiled it before, and reported what is wrong. */
	err_free(regex_compile(pattern, program_asks_groups(b->p), b->a,
			       &dfa.table, &dfa.ngroups));
	return dfa;
}
