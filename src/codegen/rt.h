/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routines of the run time: functions that the code of a handler calls,
 * added to a program when it first needs them.  They are made by the same
 * means as the handler itself (code.h).  Pointers are checked by the
 * verifier for each call anew, so that one routine serves every kind of
 * memory.
 */
#ifndef CODEGEN_RT_H
#define CODEGEN_RT_H

#include "codegen/cg.h"

enum rt {
#define RT(id, fn) RT_##id,
#include "codegen/rt.def"
#undef RT
	RT_N
};

/* Its number in the program, for code_call_sub(). */
uint32_t rt_routine(struct cg_fn *fn, enum rt which);

#define RT(id, name) void name(struct cg_fn *fn, struct cg_code *c);
#include "codegen/rt.def"
#undef RT

#endif
