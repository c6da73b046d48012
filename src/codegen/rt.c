/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/rt.h"

uint32_t rt_routine(struct cg_fn *fn, enum rt which)
{
	static void (*const make[RT_N])(struct cg_fn *, struct cg_code *) = {
#define RT(id, name) [RT_##id] = name,
#include "codegen/rt.def"
#undef RT
	};
	struct cg_code *c;

	if (!fn->routine[which]) {
		c = cg_func_new(fn);
		fn->routine[which] = fn->funcs.n - 1;
		make[which](fn, c);
	}
	return fn->routine[which];
}
