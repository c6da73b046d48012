/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/builder.h"
#include "sema/regex.h"
#include "sema/usage.h"

struct ir_dfa build_dfa(struct build *b, struct str pattern)
{
	struct ir_dfa dfa = { .pattern = pattern };

	/* sema/check has compiled it before, and reported what is wrong. */
	err_free(regex_compile(pattern, usage_asks_groups(b->p), b->a,
			       &dfa.table, &dfa.ngroups));
	return dfa;
}
