/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From each probe through the functions that it calls, with what is known
 * there: `if (__in_kernel())` is decided, so a function may have a way for
 * each place.
 *
 * What is printed in a kernel handler may be made on the host, as late.h
 * says; a function called for that runs there as a whole.
 */
#include "sema/check_place.h"

#include "lang/diag.h"
#include "sema/check_kernel.h"
#include "sema/late.h"
#include "sema/scope.h"

/* What is known of a function in one of the two. */
struct verdict {
	bool seen;
	const struct ast_expr *bad;	/* the first thing not possible */
};

enum { KERNEL, HOST, ENGINES };

struct engine {
	struct program *program;
	const struct probe *probe;
	bool is_kernel;
	const struct ast_expr *call;	/* the script's, that led here */
	const struct ast_expr *bad;	/* the first that was reported */
	struct verdict (*funcs)[ENGINES];	/* by number */
};

/* late: in an operand of what is printed. */
static void check_expr(struct engine *en, struct ast_expr *e, bool late);
static void check_stmt(struct engine *en, struct ast_stmt *s);

/* ---- intrinsics ---- */

static bool is_script(const struct engine *en, struct span span)
{
	const struct ast_file *f = scope_file(en->program, span);

	return !f || !f->is_library;
}

/* Such are kept as what they are names of: sema/keyed. */
static bool is_name_of_code(const struct ast_expr *e)
{
	return e->call.intrinsic == INTRIN_USYM ||
	       e->call.intrinsic == INTRIN_SYM_LINE;
}

static void report(struct engine *en, const struct ast_expr *e)
{
	struct diags *ds = en->program->diags;
	const struct ast_expr *at = en->call ? en->call : e;
	struct str name = at->call.name;
	struct diag *d;

	if (!en->bad)
		en->bad = e;
	if (en->is_kernel)
		d = diag_error(ds, DIAG_NOT_IN_KERNEL, at->span,
			       "'%" STR_FMT "' cannot be computed in the kernel",
			       STR_ARG(name));
	else
		d = diag_error(ds, DIAG_NOT_IN_HOST, at->span,
			       "'%" STR_FMT "' has nothing to look at here",
			       STR_ARG(name));
	if (d->parts.n)
		return;
	diag_note(ds, d, en->probe->span,
		  en->is_kernel ? "the handler of '%" STR_FMT "' runs there" :
				  "'%" STR_FMT "' stops no program",
		  STR_ARG(en->probe->point));
	if (at != e)
		diag_note(ds, d, e->span, "it comes to this");
	if (en->is_kernel && is_name_of_code(e))
		diag_help(ds, d,
			  "it can be printed there, be a key, and be kept, alone and joined with other text; not taken apart or compared");
	else if (en->is_kernel &&
		 intrin_info[e->call.intrinsic].result == 'S')
		diag_help(ds, d,
			  "it can be printed there, but not taken apart, compared or kept");
	else if (en->is_kernel)
		diag_help(ds, d,
			  "keep what it is made of, and compute it in a timer or end probe");
}

static void check_intrinsic(struct engine *en, struct ast_expr *e)
{
	uint8_t flags = intrin_info[e->call.intrinsic].flags;

	for (uint32_t i = 0; i < e->call.args.n; i++)
		check_expr(en, e->call.args.v[i], flags & INF_DEFERRED);
	if (flags & (en->is_kernel ? INF_HOST : INF_KERNEL))
		report(en, e);
}

static void check_func(struct engine *en, struct func *f)
{
	struct verdict *v = &en->funcs[f->number][en->is_kernel ? KERNEL :
								  HOST];
	const struct ast_expr *outer = en->bad;

	if (v->seen) {
		if (v->bad)
			report(en, v->bad);
		return;
	}
	v->seen = true;
	en->bad = NULL;
	check_stmt(en, f->body);
	v->bad = en->bad;
	if (outer)
		en->bad = outer;
}

static void check_funcs(struct engine *en, struct ast_expr *e)
{
	const struct ast_expr *outer = en->call;

	if (is_script(en, e->span))
		en->call = e;
	for (struct func *f = e->call.func; f; f = f->next_overload)
		check_func(en, f);
	en->call = outer;
}

static void check_call(struct engine *en, struct ast_expr *e)
{
	if (e->call.is_intrinsic) {
		check_intrinsic(en, e);
		return;
	}
	for (uint32_t i = 0; i < e->call.args.n; i++)
		check_expr(en, e->call.args.v[i], false);
	check_funcs(en, e);
}

/* ---- expressions ---- */

/* 1: true here, 0: false, -1: not known. */
static int decided(const struct engine *en, const struct ast_expr *e)
{
	int x;

	if (e->kind == AST_CALL && e->call.is_intrinsic &&
	    e->call.intrinsic == INTRIN_IN_KERNEL)
		return en->is_kernel;
	if (e->kind == AST_UNARY && e->unary.op == UNOP_NOT) {
		x = decided(en, e->unary.a);
		return x < 0 ? x : !x;
	}
	return -1;
}

static void check_list(struct engine *en, struct ast_exprs *list, bool late)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (list->v[i])
			check_expr(en, list->v[i], late);
}

static void check_target(struct engine *en, struct target *t)
{
	for (uint32_t i = 0; t && i < t->ops.n; i++)
		if (t->ops.v[i].expr)
			check_expr(en, t->ops.v[i].expr, false);
}

static void check_ternary(struct engine *en, struct ast_expr *e)
{
	int x = decided(en, e->ternary.cond);

	if (x < 0)
		check_expr(en, e->ternary.cond, false);
	if (x)
		check_expr(en, e->ternary.yes, false);
	if (x <= 0)
		check_expr(en, e->ternary.no, false);
}

static void check_binary(struct engine *en, struct ast_expr *e)
{
	int x = decided(en, e->binary.a);

	if (x < 0)
		check_expr(en, e->binary.a, false);
	if ((e->binary.op == BINOP_LAND && !x) ||
	    (e->binary.op == BINOP_LOR && x > 0))
		return;
	check_expr(en, e->binary.b, false);
}

/* Evaluated on the host, its operands where late.h says. */
static void check_late(struct engine *en, struct ast_expr *e)
{
	struct engine host = *en;

	switch (e->kind) {
	case AST_PRINT:
		check_list(en, &e->print.args, true);
		return;
	case AST_STAT:
		check_expr(en, e->stat.of, false);
		return;
	case AST_CALL:
		check_list(en, &e->call.args, true);
		host.is_kernel = false;
		if (!e->call.is_intrinsic)
			check_funcs(&host, e);
		return;
	case AST_UNARY:
		check_expr(en, e->unary.a, true);
		return;
	case AST_BINARY:
		check_expr(en, e->binary.a, true);
		check_expr(en, e->binary.b, true);
		return;
	case AST_TERNARY:
		check_expr(en, e->ternary.cond, true);
		check_expr(en, e->ternary.yes, true);
		check_expr(en, e->ternary.no, true);
		return;
	case AST_NUMBER:
	case AST_STRING:
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
		return;
	}
}

static bool is_hist(const struct ast_expr *e)
{
	return e->kind == AST_STAT && ast_statop_is_hist(e->stat.op);
}

/* A handler in the kernel reads buckets; it does not draw them. */
static void report_hist(struct engine *en, const struct ast_expr *e)
{
	struct diags *ds = en->program->diags;
	struct diag *d = diag_error(ds, DIAG_NOT_IN_KERNEL, e->span,
				    "a histogram is no text in the kernel");

	if (d->parts.n)
		return;
	diag_note(ds, d, en->probe->span,
		  "the handler of '%" STR_FMT "' runs there",
		  STR_ARG(en->probe->point));
	diag_help(ds, d,
		  "print it there, or make a text of it in a timer or end probe");
}

/* Where something is: in the script itself, or, of the library, at the call
 * that the script makes. */
static struct kernel_place place(const struct engine *en, struct span span)
{
	return (struct kernel_place){
		.program = en->program,
		.probe = en->probe,
		.call = is_script(en, span) ? NULL : en->call,
	};
}

/* What a [ ] or a foreach is about. */
static void check_base(struct engine *en, struct ast_expr *e)
{
	struct kernel_place at = place(en, e->span);

	if (!is_hist(e)) {
		check_expr(en, e, false);
		return;
	}
	if (en->is_kernel)
		check_kernel_expr(&at, e);
	check_expr(en, e->stat.of, false);
}

static void check_expr(struct engine *en, struct ast_expr *e, bool late)
{
	if (late && en->is_kernel && late_is_late(e)) {
		check_late(en, e);
		return;
	}
	if (en->is_kernel) {
		struct kernel_place at = place(en, e->span);

		check_kernel_expr(&at, e);
	}
	switch (e->kind) {
	case AST_NUMBER:
	case AST_STRING:
	case AST_NAME:
	case AST_EMBEDDED:
		return;
	case AST_INDEX:
		check_base(en, e->index.base);
		check_list(en, &e->index.keys, false);
		return;
	case AST_TARGET:
		check_target(en, e->target.target);
		return;
	case AST_ATOP:
		check_target(en, e->at_op.target);
		return;
	case AST_ACCESS:
		check_target(en, e->access.target);
		return;
	case AST_ADDRESS:
		check_target(en, e->address.target);
		return;
	case AST_UNARY:
		check_expr(en, e->unary.a, false);
		return;
	case AST_BINARY:
		check_binary(en, e);
		return;
	case AST_TERNARY:
		check_ternary(en, e);
		return;
	case AST_ASSIGN:
		check_expr(en, e->assign.to, false);
		check_expr(en, e->assign.value, false);
		return;
	case AST_INCDEC:
		check_expr(en, e->incdec.of, false);
		return;
	case AST_IN:
		check_list(en, &e->in.keys, false);
		return;
	case AST_CALL:
		check_call(en, e);
		return;
	case AST_PRINT:
		check_list(en, &e->print.args,
			   !ast_printop_is_string(e->print.op));
		return;
	case AST_STAT:
		if (en->is_kernel && is_hist(e))
			report_hist(en, e);
		check_expr(en, e->stat.of, false);
		return;
	}
}

/* ---- statements ---- */

static void check_maybe(struct engine *en, struct ast_expr *e)
{
	if (e)
		check_expr(en, e, false);
}

static void check_if(struct engine *en, struct ast_stmt *s)
{
	int x = decided(en, s->if_.cond);

	if (x < 0)
		check_expr(en, s->if_.cond, false);
	if (x)
		check_stmt(en, s->if_.yes);
	if (x <= 0)
		check_stmt(en, s->if_.no);
}

static void check_foreach(struct engine *en, struct ast_stmt *s)
{
	check_base(en, s->foreach.array);
	check_list(en, &s->foreach.slice, false);
	check_maybe(en, s->foreach.limit);
	check_stmt(en, s->foreach.body);
}

static void check_stmt(struct engine *en, struct ast_stmt *s)
{
	if (!s)
		return;
	if (en->is_kernel) {
		struct kernel_place at = place(en, s->span);

		check_kernel_stmt(&at, s);
	}
	switch (s->kind) {
	case AST_S_EMPTY:
	case AST_S_BREAK:
	case AST_S_CONTINUE:
	case AST_S_NEXT:
	case AST_S_EMBEDDED:
		return;
	case AST_S_EXPR:
	case AST_S_DELETE:
		check_expr(en, s->expr, false);
		return;
	case AST_S_RETURN:
		if (s->expr)
			check_expr(en, s->expr, false);
		return;
	case AST_S_BLOCK:
		for (uint32_t i = 0; i < s->block.n; i++)
			check_stmt(en, s->block.v[i]);
		return;
	case AST_S_IF:
		check_if(en, s);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		check_maybe(en, s->loop.init);
		check_maybe(en, s->loop.cond);
		check_maybe(en, s->loop.step);
		check_stmt(en, s->loop.body);
		return;
	case AST_S_FOREACH:
		check_foreach(en, s);
		return;
	case AST_S_TRY:
		check_stmt(en, s->try_.body);
		check_stmt(en, s->try_.handler);
		return;
	}
}

/* Said to nobody. */
bool check_place_refuses(struct program *p, const struct probe *pr,
			 struct ast_stmt *s)
{
	struct diags *ds = p->diags, quiet;
	struct arena scratch;
	struct engine en = { .program = p, .probe = pr, .is_kernel = true };
	bool refuses = false;

	arena_init(&scratch);
	diags_init(&quiet, &scratch, p->sources);
	en.funcs = arena_calloc(&scratch, p->funcs.n + 1, sizeof(*en.funcs));
	p->diags = &quiet;
	check_stmt(&en, s);
	p->diags = ds;
	for (uint32_t i = 0; i < quiet.list.n; i++)
		refuses |= quiet.list.v[i]->code == DIAG_NOT_IN_KERNEL;
	arena_deinit(&scratch);
	return refuses;
}

void check_places(struct program *p)
{
	struct verdict (*funcs)[ENGINES] =
		arena_calloc(p->arena, p->funcs.n + 1, sizeof(*funcs));

	for (uint32_t i = 0; i < p->probes.n; i++) {
		const struct probe *pr = p->probes.v[i];
		struct engine en = {
			.program = p,
			.probe = pr,
			.is_kernel = image_probe_is_kernel(pr->kind),
			.funcs = funcs,
		};

		check_stmt(&en, pr->body);
	}
}
