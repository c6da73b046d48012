/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/check_kernel.h"

#include "base/bits.h"
#include "lang/diag.h"
#include "sema/check_write.h"
#include "sema/stacks.h"
#include "sema/walk.h"

static const struct need {
	enum image_feature feature;
	const char *what, *help;
} walks = {
	FEATURE_FOR_EACH,
	"this kernel's handlers cannot walk over an array",
	"do it in a timer or end probe, or on Linux 5.13 or later",
}, empties = {
	FEATURE_FOR_EACH,
	"this kernel's handlers cannot empty an array",
	"delete single elements, or empty it in a timer or end probe; Linux 5.13 and later can do it here",
}, reads = {
	FEATURE_PERCPU_LOOKUP,
	"this kernel's handlers cannot read a statistic",
	"read it in a timer or end probe, or on Linux 5.19 or later; a global with ++ or += can be read here",
}, clears = {
	FEATURE_PERCPU_LOOKUP,
	"this kernel's handlers cannot clear a statistic",
	"clear it in a timer or end probe, or on Linux 5.19 or later",
}, writes = {
	FEATURE_WRITE_USER,
	"this kernel's handlers cannot write to a process's memory",
	"the kernel is locked down, or was built so",
}, changes = {
	FEATURE_WRITE_REGISTERS,
	"this kernel's handlers cannot change a process's registers",
	"this is in a register; Linux 6.18 and later can do it, unless locked down; what is in memory can be written on older ones, too",
}, symbols = {
	FEATURE_SNPRINTF,
	"this kernel's handlers do not know names of symbols",
	"print it at once, or keep the address and name it in a timer or end probe; Linux 5.13 and later can do it here",
};

static void check(const struct kernel_place *at, struct span span,
		  const struct need *need)
{
	struct diags *ds = at->program->diags;
	struct diag *d;

	if (at->program->may_need) {
		at->program->features |= UINT64_C(1) << need->feature;
		at->program->image->features |= UINT64_C(1) << need->feature;
	}
	if (at->program->features >> need->feature & 1)
		return;
	d = diag_error(ds, DIAG_OLD_KERNEL, at->call ? at->call->span : span,
		       "%s", need->what);
	if (d->parts.n)
		return;
	diag_note(ds, d, at->probe->span,
		  "the handler of '%" STR_FMT "' runs there",
		  STR_ARG(at->probe->point));
	if (at->call)
		diag_note(ds, d, span, "it comes to this");
	diag_help(ds, d, "%s", need->help);
}

static bool has_wildcard(const struct ast_exprs *keys)
{
	for (uint32_t i = 0; i < keys->n; i++)
		if (!keys->v[i])
			return true;
	return false;
}

static void check_delete(const struct kernel_place *at,
			 const struct ast_expr *e)
{
	const struct var *v = e->kind == AST_NAME ? e->name.var : NULL;

	if (e->kind == AST_INDEX && has_wildcard(&e->index.keys))
		check(at, e->span, &empties);
	else if (v && v->is_array)
		check(at, e->span, &empties);
	else if (v && v->type == TY_STATS)
		check(at, e->span, &clears);
}

static void check_foreach(const struct kernel_place *at,
			  const struct ast_stmt *s)
{
	const struct ast_expr *a = s->foreach.array;

	if (a->kind == AST_STAT) {
		check(at, a->span, &reads);
		return;
	}
	check(at, a->span, &walks);
	if (a->kind == AST_NAME && a->name.var &&
	    a->name.var->type == TY_STATS &&
	    at->program->features & FEATURE_BIT(FOR_EACH))
		check(at, a->span, &reads);
}

void check_kernel_stmt(const struct kernel_place *at,
		       const struct ast_stmt *s)
{
	if (s->kind == AST_S_DELETE)
		check_delete(at, s->expr);
	else if (s->kind == AST_S_FOREACH)
		check_foreach(at, s);
}

/* A stack has no text there. */
static void check_stack(const struct kernel_place *at,
			const struct ast_expr *e)
{
	const struct ast_expr *stack = stacks_taken_apart(e);
	struct diags *ds = at->program->diags;
	struct diag *d;

	if (!stack)
		return;
	d = diag_error(ds, DIAG_NOT_IN_KERNEL,
		       at->call ? at->call->span : stack->span,
		       "the text of a stack or a symbol is not known in the kernel");
	if (d->parts.n)
		return;
	diag_note(ds, d, at->probe->span,
		  "the handler of '%" STR_FMT "' runs there",
		  STR_ARG(at->probe->point));
	diag_help(ds, d,
		  "it can be a key, kept, printed, and compared with another stack there, and taken apart in a timer or end probe");
}

void check_kernel_expr(const struct kernel_place *at,
		       const struct ast_expr *e)
{
	const struct ast_expr *to = e->kind == AST_ASSIGN ? e->assign.to :
				    e->kind == AST_INCDEC ? e->incdec.of :
							    NULL;
	const struct target *t = to ? walk_target_of(to) : NULL;

	check_stack(at, e);
	/* Memory of the kernel has been refused already. */
	if (t && check_writes_user(t))
		check(at, e->span, &writes);
	if (t && t->defined && !t->no_parts.len &&
	    check_write_registers(at, to, t))
		check(at, e->span, &changes);
	if (e->kind == AST_STAT)
		check(at, e->span, &reads);
	else if (e->kind == AST_CALL && e->call.is_intrinsic &&
		 e->call.intrinsic == INTRIN_SYM_TEXT)
		check(at, e->span, &symbols);
	else if (e->kind == AST_IN && has_wildcard(&e->in.keys))
		check(at, e->span, &walks);
}

/* ---- keys ---- */

#define SMALL_KEY 512u		/* bytes, of which every kernel takes as many */

/* As ir/layout places them. */
static uint32_t key_size(const struct var *v)
{
	uint32_t size = 0;

	for (uint32_t k = 0; k < v->nkeys; k++)
		size += v->key_type[k] == TY_STRING ?
			align_up(v->key_bound[k] + 1u, 8) : 8;
	return size;
}

static bool has_kernel_probes(const struct program *p)
{
	for (uint32_t i = 0; i < p->probes.n; i++)
		if (image_probe_is_kernel(
			    (enum image_probe_kind)p->probes.v[i]->kind))
			return true;
	return false;
}

void check_kernel_keys(struct program *p)
{
	/* an image says that it needs them */
	bool can = p->portable || p->features & FEATURE_BIT(BIG_KEYS);

	for (uint32_t i = 0; i < p->globals.n; i++) {
		const struct var *v = p->globals.v[i];
		uint32_t size = key_size(v);
		struct diag *d;

		if (!v->is_array || size <= SMALL_KEY || !has_kernel_probes(p))
			continue;
		p->image->features |= FEATURE_BIT(BIG_KEYS);
		if (can)
			continue;
		d = diag_error(p->diags, DIAG_OLD_KERNEL, v->span,
			       "keys of '%" STR_FMT "' can take %u bytes, and those of this kernel's arrays %u",
			       STR_ARG(v->name), size, SMALL_KEY);
		if (!d->parts.n)
			diag_help(p->diags, d,
				  "use a part, sprintf(\"%%.200s\", key), or -D MAXSTRINGLEN=%u; Linux 5.11 and later take more",
				  MAX(SMALL_KEY / v->nkeys / 8 * 8, 8u));
	}
}
