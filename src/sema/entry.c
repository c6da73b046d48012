/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is added is a file of the library, made for this point: the arrays,
 * and two handlers whose statements are taken from it.  `expr1` there stands
 * for the first expression.
 */
#include "sema/entry.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "sema/library.h"
#include "sema/walk.h"

#define ENTRY_MAX 16		/* in a handler */

struct asked {
	struct arena *arena;
	const struct probe *probe;
	VEC(struct ast_expr *) exprs;	/* the arguments of @entry */
};

static bool is_entry(const struct ast_expr *e)
{
	return e->kind == AST_ATOP && e->at_op.op == ATOP_ENTRY &&
	       e->at_op.args.n == 1;
}

static bool find_entry(struct ast_expr **place, void *data)
{
	bool *found = data;

	*found |= is_entry(*place);
	return !*found;
}

bool entry_is_asked(const struct probe *pr)
{
	bool found = false;

	walk_exprs(pr->body, find_entry, &found);
	return found;
}

/* ---- the file ---- */

static void put_arrays(struct buf *b, uint32_t group, uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++)
		buf_printf(b, "global __entry_%u_%u\n", group, i);
	buf_printf(b, "global __entry_%u_depth\n", group);
}

static void put_enter(struct buf *b, uint32_t group, uint32_t n, bool nests)
{
	buf_str(b, STR("probe __entry.keep = never\n{\n"));
	if (nests)
		buf_printf(b, "__d = ++__entry_%u_depth[tid()]\n", group);
	for (uint32_t i = 1; i <= n; i++)
		buf_printf(b, "__entry_%u_%u[tid()%s] = expr%u\n", group, i,
			   nests ? ", __d" : "", i);
	buf_str(b, STR("}\n"));
}

static void put_leave(struct buf *b, uint32_t group, uint32_t n, bool nests)
{
	const char *depth = nests ? ", __entry_d" : "";

	buf_str(b, STR("probe __entry.take = never\n{\n"));
	if (nests)
		buf_printf(b, "__entry_d = __entry_%u_depth[tid()]\n", group);
	for (uint32_t i = 1; i <= n; i++)
		buf_printf(b, "__entry_v%u = __entry_%u_%u[tid()%s]\n"
			   "delete __entry_%u_%u[tid()%s]\n",
			   i, group, i, depth, group, i, depth);
	if (nests)
		buf_printf(b, "if (__entry_d > 1) __entry_%u_depth[tid()] = "
			   "__entry_d - 1\n"
			   "else delete __entry_%u_depth[tid()]\n",
			   group, group);
	buf_str(b, STR("}\n"));
}

static struct ast_file *make_file(struct program *p, uint32_t n, bool nests)
{
	_cleanup_(buf_deinit) struct buf b = {};

	put_arrays(&b, p->ngroups, n);
	put_enter(&b, p->ngroups, n, nests);
	put_leave(&b, p->ngroups, n, nests);
	return library_made(p->library, STR("@entry"),
			    arena_str(p->arena, buf_view(&b)));
}

/* ---- putting it in ---- */

static struct ast_expr *name_new(struct arena *a, const struct ast_expr *at,
				 uint32_t number)
{
	struct ast_expr *e = arena_new(a, struct ast_expr);

	e->kind = AST_NAME;
	e->span = at->span;
	e->at = at->at;
	e->name.name = arena_printf(a, "__entry_v%u", number);
	return e;
}

/* Has the return itself what is asked for?  Programs at the exit of functions
 * are given the arguments, too. */
static bool is_kept(const struct asked *as, const struct ast_expr *e)
{
	return as->probe->kind == PROBE_FEXIT &&
	       e->at_op.args.v[0]->kind == AST_TARGET;
}

/* @entry(expr) to __entry_vN. */
static bool take_entry(struct ast_expr **place, void *data)
{
	struct asked *as = data;

	if (!is_entry(*place))
		return true;
	if (is_kept(as, *place)) {
		*place = (*place)->at_op.args.v[0];
		return false;
	}
	vec_push(as->arena, &as->exprs, (*place)->at_op.args.v[0]);
	*place = name_new(as->arena, *place, as->exprs.n);
	return false;
}

/* exprN to the expression. */
static bool put_expr(struct ast_expr **place, void *data)
{
	const struct asked *as = data;
	int64_t n;

	if ((*place)->kind != AST_NAME ||
	    !str_starts((*place)->name.name, STR("expr")))
		return true;
	n = strtol((*place)->name.name.s + 4, NULL, 10);
	if (n >= 1 && n <= as->exprs.n)
		*place = as->exprs.v[n - 1];
	return false;
}

/* The handler with what takes the values in front. */
static struct ast_stmt *with_values(struct arena *a, const struct probe *pr,
				    const struct ast_stmt *take)
{
	struct ast_stmt *s = arena_new(a, struct ast_stmt);

	s->kind = AST_S_BLOCK;
	s->span = pr->body->span;
	vec_push(a, &s->block, ast_clone_stmt(a, take));
	vec_push(a, &s->block, pr->body);
	return s;
}

static bool nests(const struct probe *pr)
{
	return pr->kind != PROBE_SYSCALL;
}

struct ast_stmt *entry_rewrite(struct program *p, uint32_t first, uint32_t n)
{
	struct asked asked = {};
	const struct ast_file *f;
	struct ast_stmt *keep;

	for (uint32_t i = first; i < first + n; i++) {
		asked = (struct asked){ .arena = p->arena,
					.probe = p->probes.v[i] };
		walk_exprs(p->probes.v[i]->body, take_entry, &asked);
	}
	if (!asked.exprs.n || asked.exprs.n > ENTRY_MAX || !p->library)
		return NULL;
	f = make_file(p, asked.exprs.n, nests(p->probes.v[first]));
	for (uint32_t i = first; i < first + n; i++) {
		struct probe *pr = p->probes.v[i];

		pr->body = with_values(p->arena, pr,
				       f->aliases.v[1]->prologue);
	}
	keep = ast_clone_stmt(p->arena, f->aliases.v[0]->prologue);
	walk_exprs(keep, put_expr, &asked);
	return keep;
}
