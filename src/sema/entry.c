/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is added is a file of the library, made for this point: the arrays,
 * and two handlers whose statements are taken from it.  `expr1` there stands
 * for the first expression, `has1` for whether the probe has it.
 */
#include "sema/entry.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "lang/ast_print.h"
#include "sema/library.h"
#include "sema/resolve/target.h"
#include "sema/walk.h"

#define ENTRY_MAX 62		/* in a handler: bits of `seen` */

struct asked {
	struct program *program;
	const struct probe *probe;
	bool has_params;	/* see has_params() */
	VEC(struct ast_expr *) exprs;	/* what is kept: @entry(of this) */
	/* Variables of which @defined asks for a member. */
	VEC(struct str) doubted;
};

/* ---- what is asked for ---- */

static bool is_entry(const struct ast_expr *e)
{
	return e->kind == AST_ATOP && e->at_op.op == ATOP_ENTRY &&
	       e->at_op.args.n == 1;
}

/* The $name below members, elements and &. */
static const struct ast_expr *base_of(const struct ast_expr *e)
{
	if (e->kind == AST_ADDRESS)
		e = e->address.of;
	if (e->kind == AST_ACCESS)
		e = e->access.base;
	return e;
}

/* Parameters have in probes of a return the values of the entry, and so has
 * what they point to. */
static bool is_of_entry(const struct ast_expr *e)
{
	static const char *const now[] = { "$return", "$$return", "$$name" };

	if (e->kind == AST_ATOP && e->at_op.op == ATOP_CHOOSE_DEFINED &&
	    e->at_op.args.n)
		return is_of_entry(e->at_op.args.v[0]);
	e = base_of(e);
	if (e->kind != AST_TARGET)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(now); i++)
		if (str_is(e->target.name, now[i]))
			return false;
	return true;
}

/* Of a wildcard's functions some may have this parameter and others not: the
 * handler then asks by @defined. */
static bool is_there(const struct asked *as, const struct ast_expr *e)
{
	const struct target_scope *s;
	struct str name;

	if (e->kind == AST_ATOP)
		return true;
	e = base_of(e);
	if (e->kind != AST_TARGET || str_starts(e->target.name, STR("$$")))
		return true;
	name = str_sub(e->target.name, 1, e->target.name.len);
	s = target_scope_get(as->program, as->probe->scope);
	for (uint32_t i = 0; s && i < s->roots.n; i++)
		if (str_eq(s->roots.v[i].name, name))
			return true;
	return false;
}

/* Programs at the exit of functions are given the arguments, too. */
static bool is_at_hand(const struct asked *as, const struct ast_expr *e)
{
	return as->has_params && e->kind == AST_TARGET;
}

static bool is_return_of_function(const struct probe *pr)
{
	return pr->kind == PROBE_FEXIT || pr->kind == PROBE_KRETPROBE ||
	       pr->kind == PROBE_URETPROBE;
}

static bool is_asked(const struct asked *as, const struct ast_expr *e)
{
	return is_entry(e) ||
	       (is_return_of_function(as->probe) && is_of_entry(e) &&
		!is_at_hand(as, e));
}

static bool is_defined(const struct ast_expr *e)
{
	return e->kind == AST_ATOP && e->at_op.op == ATOP_DEFINED;
}

/* Are all of the probes programs at the exit of functions? */
static bool has_params(const struct program *p, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++)
		if (p->probes.v[i]->kind != PROBE_FEXIT)
			return false;
	return true;
}

struct search {
	struct asked asked;
	bool found;
};

static bool find_entry(struct ast_expr **place, void *data)
{
	struct search *s = data;

	s->found |= is_entry(*place);
	if (is_defined(*place) && (*place)->at_op.args.n)
		s->found |= is_entry((*place)->at_op.args.v[0]);
	else
		s->found |= is_asked(&s->asked, *place);
	return !s->found && !is_defined(*place);
}

bool entry_is_asked(struct program *p, uint32_t first, uint32_t n)
{
	struct search s = { .asked = { .program = p,
				       .has_params = has_params(p, first,
								n) } };

	for (uint32_t i = first; i < first + n && !s.found; i++) {
		s.asked.probe = p->probes.v[i];
		walk_exprs(s.asked.probe->body, find_entry, &s);
	}
	return s.found;
}

/* ---- the file ---- */

/* `seen` has 1 and, above that, a bit for each value that could not be had. */
static void put_arrays(struct buf *b, uint32_t group, uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++)
		buf_printf(b, "global __entry_%u_%u\n", group, i);
	buf_printf(b, "global __entry_%u_depth\nglobal __entry_%u_seen\n",
		   group, group);
}

/* The idle tasks are all number 0. */
static const char who[] = "__entry_w = tid() ? tid() : -1 - cpu()\n";

static const char *key_of(enum entry_key key)
{
	switch (key) {
	case ENTRY_BY_FRAME:
	case ENTRY_BY_STACK:
		return "__entry_f";
	case ENTRY_BY_DEPTH:
		return "__entry_w, __entry_d";
	case ENTRY_BY_TASK:
		break;
	}
	return "tid()";
}

/* Functions return with the stack as it was when they were called: where the
 * call has put its return address there, without that. */
static void put_stack(struct buf *b, const struct arch *arch, bool is_return)
{
	buf_printf(b, "__entry_f = @kregister(%u)", arch->regs[arch->sp].dwarf);
	if (is_return && arch->ret_on_stack)
		buf_printf(b, " - %u", arch->ptr_size);
	buf_char(b, '\n');
}

static void put_frame(struct buf *b, const struct program *p,
		      enum entry_key key, bool is_return)
{
	if (key == ENTRY_BY_FRAME)
		buf_str(b, STR("__entry_f = __stack_pointer()\n"));
	if (key == ENTRY_BY_STACK)
		put_stack(b, world_arch(p->world), is_return);
}

static void put_enter(struct buf *b, const struct program *p, uint32_t n,
		      enum entry_key key, const char *task)
{
	const char *k = key_of(key);
	uint32_t group = p->ngroups;

	buf_str(b, STR("probe __entry.keep = never\n{\n__entry_s = 1\n"));
	put_frame(b, p, key, false);
	if (key == ENTRY_BY_DEPTH)
		buf_printf(b, "%s__entry_d = ++__entry_%u_depth[%s]\n", who,
			   group, task);
	for (uint32_t i = 1; i <= n; i++)
		buf_printf(b, "if (has%u) try { __entry_%u_%u[%s] = expr%u }\n"
			   "catch { __entry_s |= %#llx }\n",
			   i, group, i, k, i, 1ULL << i);
	buf_printf(b, "__entry_%u_seen[%s] = __entry_s\n}\n", group, k);
}

static void put_depth(struct buf *b, uint32_t group, const char *task)
{
	buf_printf(b, "%s__entry_d = __entry_%u_depth[%s]\n"
		   "if (!__entry_d) next\n"
		   "if (__entry_d > 1) __entry_%u_depth[%s] = __entry_d - 1\n"
		   "else delete __entry_%u_depth[%s]\n",
		   who, group, task, group, task, group, task);
}

/* A return whose entry was not seen is none. */
static void put_leave(struct buf *b, const struct program *p, uint32_t n,
		      enum entry_key key, const char *task)
{
	const char *k = key_of(key);
	uint32_t group = p->ngroups;

	buf_str(b, STR("probe __entry.take = never\n{\n"));
	put_frame(b, p, key, true);
	if (key == ENTRY_BY_DEPTH)
		put_depth(b, group, task);
	buf_printf(b, "__entry_s = __entry_%u_seen[%s]\n"
		   "if (!__entry_s) next\ndelete __entry_%u_seen[%s]\n",
		   group, k, group, k);
	for (uint32_t i = 1; i <= n; i++)
		buf_printf(b, "__entry_v%u = __entry_%u_%u[%s]\n"
			   "delete __entry_%u_%u[%s]\n",
			   i, group, i, k, group, i, k);
	buf_str(b, STR("}\n"));
}

static struct ast_file *make_file(struct program *p, uint32_t n,
				  enum entry_key key)
{
	_cleanup_(buf_deinit) struct buf b = {};
	/* What is kept with tasks has room for each of the idle ones. */
	const char *task = p->features & FEATURE_BIT(TASK_STORAGE) ?
				   "tid()" : "__entry_w";
	struct ast_file *f;

	put_arrays(&b, p->ngroups, n);
	put_enter(&b, p, n, key, task);
	put_leave(&b, p, n, key, task);
	f = library_made(p->library, STR("@entry"),
			 arena_str(p->arena, buf_view(&b)));
	for (uint32_t i = 0; i < f->globals.n; i++)
		f->globals.v[i]->of_call = true;
	return f;
}

/* ---- putting it in ---- */

static struct ast_expr *expr_new(struct arena *a, enum ast_expr_kind kind,
				 const struct ast_expr *at)
{
	struct ast_expr *e = arena_new(a, struct ast_expr);

	e->kind = kind;
	e->span = at->span;
	e->at = at->at;
	return e;
}

static struct ast_expr *name_new(struct arena *a, const struct ast_expr *at,
				 struct str name)
{
	struct ast_expr *e = expr_new(a, AST_NAME, at);

	e->name.name = name;
	return e;
}

static struct ast_expr *number_new(struct arena *a, const struct ast_expr *at,
				   int64_t n)
{
	struct ast_expr *e = expr_new(a, AST_NUMBER, at);

	e->number = n;
	return e;
}

/* 1, or an error if the value could not be had: only who uses it needs it. */
static struct ast_expr *had(struct arena *a, const struct ast_expr *at,
			    uint32_t number)
{
	struct ast_expr *e = expr_new(a, AST_CALL, at);

	e->call.name = STR("__entry_had");
	vec_push(a, &e->call.args, name_new(a, at, STR("__entry_s")));
	vec_push(a, &e->call.args, number_new(a, at, INT64_C(1) << number));
	return e;
}

/* had() ? __entry_vN : __entry_vN */
static struct ast_expr *value_new(struct arena *a, const struct ast_expr *at,
				  uint32_t number)
{
	struct str name = arena_printf(a, "__entry_v%u", number);
	struct ast_expr *e = expr_new(a, AST_TERNARY, at);

	e->ternary.cond = had(a, at, number);
	e->ternary.yes = name_new(a, at, name);
	e->ternary.no = name_new(a, at, name);
	return e;
}

/* Elements are chosen by number: variables of the handler have no values at
 * the entry. */
static bool can_be_kept(const struct asked *as, const struct ast_expr *e)
{
	struct diag *d;

	if (e->kind == AST_ADDRESS)
		e = e->address.of;
	for (uint32_t i = 0; e->kind == AST_ACCESS && i < e->access.nsteps;
	     i++) {
		const struct ast_expr *x = e->access.steps[i].index;

		if (!x || x->kind == AST_NUMBER)
			continue;
		d = diag_error(as->program->diags, DIAG_NOT_AT_ENTRY, x->span,
			       "this index is not known at the function's "
			       "entry");
		diag_help(as->program->diags, d,
			  "only numbers are; or keep the pointer, "
			  "@entry($name), and read behind it with @cast");
		return false;
	}
	return true;
}

static struct str text_of(struct arena *a, const struct ast_expr *e)
{
	_cleanup_(buf_deinit) struct buf b = {};

	ast_unparse_expr(e, &b);
	return arena_str(a, buf_view(&b));
}

/* The number of what is kept; from 1.  The same text is the same value, in
 * this handler and in its copies. */
static uint32_t number_of(struct asked *as, struct ast_expr *e)
{
	struct arena *a = as->program->arena;
	struct str text = text_of(a, e);

	for (uint32_t i = 0; i < as->exprs.n; i++)
		if (str_eq(text_of(a, as->exprs.v[i]), text))
			return i + 1;
	vec_push(a, &as->exprs, e);
	return as->exprs.n;
}

/* ---- what may not be there ---- */

static bool strip_entry(struct ast_expr **place, void *data)
{
	(void)data;
	while (is_entry(*place))
		*place = (*place)->at_op.args.v[0];
	return true;
}

/* What is there at the entry is known at the return. */
static bool note_doubt(struct ast_expr **place, void *data)
{
	struct asked *as = data;
	const struct ast_expr *of, *base;

	if (!is_defined(*place) || !(*place)->at_op.args.n)
		return true;
	strip_entry(&(*place)->at_op.args.v[0], NULL);
	walk_expr(&(*place)->at_op.args.v[0], strip_entry, NULL);
	of = (*place)->at_op.args.v[0];
	base = base_of(of);
	if (base != of && base->kind == AST_TARGET)
		vec_push(as->program->arena, &as->doubted, base->target.name);
	return false;
}

static bool is_doubted(const struct asked *as, const struct ast_expr *e)
{
	const struct ast_expr *base = base_of(e);

	for (uint32_t i = 0; base->kind == AST_TARGET && i < as->doubted.n; i++)
		if (str_eq(as->doubted.v[i], base->target.name))
			return true;
	return false;
}

static struct ast_expr *defined_new(struct arena *a, const struct ast_expr *of)
{
	struct ast_expr *e = expr_new(a, AST_ATOP, of);

	e->at_op.op = ATOP_DEFINED;
	vec_push(a, &e->at_op.args, ast_clone_expr(a, of));
	return e;
}

/* @defined(e) ? value : e, so that a mistake in e is said. */
static struct ast_expr *if_there(struct arena *a, const struct ast_expr *e,
				 struct ast_expr *value)
{
	struct ast_expr *choice = expr_new(a, AST_TERNARY, e);

	choice->ternary.cond = defined_new(a, e);
	choice->ternary.yes = value;
	choice->ternary.no = ast_clone_expr(a, e);
	return choice;
}

/* ---- putting it in: expressions ---- */

static bool take_entry(struct ast_expr **place, void *data);

/* Where a parameter was at the entry, something else is when the function
 * returns. */
static void bad_write(const struct asked *as, const struct ast_expr *to)
{
	struct diags *ds = as->program->diags;
	struct diag *d = diag_error(ds, DIAG_NOT_ASSIGNABLE, to->span,
				    "parameters are of the function's entry "
				    "here, and cannot be assigned to");

	if (!d->parts.n)
		diag_help(ds, d, "assign to them in the probe of the entry; "
			  "$return can be assigned to here");
}

/* Is it no assignment to what is of the entry? */
static bool take_assigned(struct asked *as, struct ast_expr *e)
{
	const struct ast_expr *to = e->kind == AST_INCDEC ? e->incdec.of :
				    e->kind == AST_ASSIGN ? e->assign.to :
							    NULL;

	if (!to || !is_of_entry(to) || !is_return_of_function(as->probe))
		return true;
	bad_write(as, to);
	return false;
}

static struct ast_expr *kept(struct asked *as, const struct ast_expr *at,
			     struct ast_expr *e)
{
	struct arena *a = as->program->arena;
	struct ast_expr *v = value_new(a, at, number_of(as, e));

	return is_doubted(as, e) ? if_there(a, e, v) : v;
}

/* @entry(expr), and what is of the entry without saying so, to __entry_vN. */
static bool take_entry(struct ast_expr **place, void *data)
{
	struct asked *as = data;
	struct ast_expr *e = *place;

	if (!is_asked(as, e))
		return !is_defined(e) && take_assigned(as, e);
	if (is_entry(e))
		e = e->at_op.args.v[0];
	if (is_at_hand(as, e) || !is_there(as, e))
		*place = e;
	else if (can_be_kept(as, e))
		*place = kept(as, *place, e);
	return false;
}

/* @defined($name) of what begins with that, or of all of it where that is in
 * doubt; else 1. */
static struct ast_expr *question(const struct asked *as, struct ast_expr *of)
{
	struct arena *a = as->program->arena;
	const struct ast_expr *base = base_of(of);

	if (base->kind == AST_TARGET &&
	    !str_starts(base->target.name, STR("$$")))
		return defined_new(a, is_doubted(as, of) ? of : base);
	return number_new(a, of, 1);
}

/* exprN to the expression, hasN to whether it is there. */
static bool put_expr(struct ast_expr **place, void *data)
{
	const struct asked *as = data;
	struct ast_expr *of;
	struct str name;
	bool asks;
	int64_t n;

	if ((*place)->kind != AST_NAME)
		return true;
	name = (*place)->name.name;
	asks = str_starts(name, STR("has"));
	if (!asks && !str_starts(name, STR("expr")))
		return true;
	if (!str_to_s64(str_sub(name, asks ? 3 : 4, name.len), &n) || n < 1 ||
	    n > as->exprs.n)
		return true;
	of = as->exprs.v[n - 1];
	*place = asks ? question(as, of) : of;
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

struct ast_stmt *entry_rewrite(struct program *p, uint32_t first, uint32_t n,
			       enum entry_key key)
{
	bool params = has_params(p, first, n);
	struct asked asked = { .program = p, .has_params = params };
	const struct ast_file *f;
	struct ast_stmt *keep;

	for (uint32_t i = first; i < first + n; i++) {
		asked.probe = p->probes.v[i];
		walk_exprs(p->probes.v[i]->body, note_doubt, &asked);
		walk_exprs(p->probes.v[i]->body, take_entry, &asked);
	}
	if (asked.exprs.n > ENTRY_MAX)
		diag_error(p->diags, DIAG_NOT_AT_ENTRY, asked.probe->span,
			   "more than %d values of the function's entry",
			   ENTRY_MAX);
	if (!asked.exprs.n || asked.exprs.n > ENTRY_MAX || !p->library)
		return NULL;
	f = make_file(p, asked.exprs.n, key);
	for (uint32_t i = first; i < first + n; i++) {
		struct probe *pr = p->probes.v[i];

		pr->body = with_values(p->arena, pr,
				       f->aliases.v[1]->prologue);
	}
	keep = ast_clone_stmt(p->arena, f->aliases.v[0]->prologue);
	walk_exprs(keep, put_expr, &asked);
	return keep;
}
