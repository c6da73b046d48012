/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/opt.h"

#include "ir/pass.h"

struct pass {
	const char *name;
	void (*run)(struct ir_program *p);
};

/* In the order in which they run. */
static const struct pass passes[] = {
	{ "inline", ir_inline },
	{ "jump", opt_jump },
	{ "copy", opt_copy },
	{ "fold", opt_fold },
	{ "cse", opt_cse },
	{ "dce", opt_dce },
	{ "jump", opt_jump },
	/* Once more over what the branches that went have freed. */
	{ "copy", opt_copy },
	{ "fold", opt_fold },
	{ "dce", opt_dce },
	{ "jump", opt_jump },
	{ "vars", opt_vars },
	{ "task", opt_task },
	{ "alone", opt_alone },
	{ "added", opt_added },
	{ "lock", ir_lock },
	{ "held", opt_held },
};

void ir_optimize(struct ir_program *p)
{
	ir_verify(p, "build");
	for (uint32_t i = 0; i < ARRAY_SIZE(passes); i++) {
		passes[i].run(p);
		ir_verify(p, passes[i].name);
	}
}

bool ir_optimize_one(struct ir_program *p, struct str name)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(passes); i++)
		if (str_is(name, passes[i].name)) {
			passes[i].run(p);
			return true;
		}
	return false;
}
