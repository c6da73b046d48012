/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.data(ADDRESS | "symbol").write and .rw: watchpoints of the
 * processor.  Where a symbol lies is asked when the script starts; whether
 * there is one, here.
 */
#include <linux/hw_breakpoint.h>

#include "dbg/kallsyms.h"
#include "sema/resolve/kind.h"
#include "sema/resolve/target.h"

#define WATCH_MAX 8 /* bytes */

static const struct target_scope *watch_scope(struct program *p)
{
	struct target_scope *s = arena_new(p->arena, struct target_scope);

	s->what = STR("a watchpoint");
	scope_add_registers(p, s);
	return s;
}

/* The least that the processor can watch. */
static uint64_t round_length(int64_t n)
{
	uint64_t length = 1;

	while ((int64_t)length < n)
		length *= 2;
	return length;
}

static enum resolve_status watch_misaligned(struct query *q,
					    const struct ast_component *c,
					    uint64_t length)
{
	return query_nothing(q, c->arg_span, DIAG_BAD_POINT_ARG,
			     "%llu bytes are watched only at a multiple "
			     "of %llu",
			     (unsigned long long)length,
			     (unsigned long long)length);
}

/* On other kernels, and where this one hides its symbols, nobody knows. */
static bool is_missing(struct program *p, struct str name)
{
	struct kallsyms *k = program_symbols(p);
	struct kallsym sym;
	struct err *e = p->portable ? NULL : kallsyms_find(k, name, &sym);
	bool missing = err_catch(&e, ERR_NOT_FOUND);

	err_free(e);
	/* Or is it they that were not found? */
	return missing && !err_drop(kallsyms_load(k));
}

static enum resolve_status watch_unknown(struct query *q,
					 const struct ast_component *c)
{
	enum resolve_status status =
		query_nothing(q, c->arg_span, DIAG_BAD_POINT_ARG,
			      "the kernel's symbols have no '%" STR_FMT "'",
			      STR_ARG(c->string));

	q->answer->help =
		STR("data is among them only where the kernel is built with "
		    "CONFIG_KALLSYMS_ALL; an address is taken instead of a "
		    "name");
	return status;
}

/* data: HW_BREAKPOINT_W or HW_BREAKPOINT_RW. */
enum resolve_status watch_resolve(struct query *q)
{
	const struct ast_component *c = &q->point->v[1];
	const struct ast_component *length = query_component(q, "length");
	uint64_t bytes = 1;
	struct site *s;

	if (length && (length->number < 1 || length->number > WATCH_MAX))
		return query_nothing(q, length->arg_span, DIAG_BAD_POINT_ARG,
				     "a watchpoint is of 1 to %d bytes",
				     WATCH_MAX);
	if (length)
		bytes = round_length(length->number);
	if (c->arg_kind == AST_ARG_NUMBER && c->number >= 0)
		return query_nothing(q, c->arg_span, DIAG_BAD_POINT_ARG,
				     "%#llx is no address of the kernel",
				     (unsigned long long)c->number);
	if (c->arg_kind == AST_ARG_NUMBER && (uint64_t)c->number % bytes)
		return watch_misaligned(q, c, bytes);
	if (c->arg_kind == AST_ARG_STRING && is_missing(q->program, c->string))
		return watch_unknown(q, c);
	s = query_site(q, PROBE_WATCH, query_text(q));
	if (c->arg_kind == AST_ARG_STRING)
		s->image.name = image_intern(q->program->image,
					     q->program->back, c->string);
	else
		s->image.a = (uint64_t)c->number;
	s->image.b = (uint64_t)q->data;
	s->image.c = bytes;
	s->scope = watch_scope(q->program);
	return RESOLVE_FOUND;
}
