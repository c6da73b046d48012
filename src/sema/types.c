/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A type once known never changes, so the program is gone over until nothing
 * new is found; what contradicts is reported with both places.  One round
 * more then looks for what is still unknown.
 *
 * Types flow up from what is certain (literals, operators, formats) and down
 * to what takes any (variables, parameters, keys, results).
 *
 * Needs resolved names and targets, dead code gone.  Leaves e->type, var
 * types and key types, func types.
 */
#include "sema/types.h"

#include "lang/diag.h"
#include "sema/types_slot.h"

static void infer_stmt(struct types *t, struct ast_stmt *s);
static enum ty infer(struct types *t, struct ast_expr *e);

/* ---- what is wanted ---- */

/* Reports what never has a value, once nothing more is learnt. */
static void valueless(struct types *t, const struct ast_expr *e)
{
	if (!t->is_final || e->type != TY_UNKNOWN)
		return;
	if (e->kind == AST_CALL && e->call.func)
		types_no_result(t, e, e->call.func);
	else if (e->kind == AST_PRINT)
		types_no_value(t, e);
}

static void push_var(struct types *t, struct ast_expr *name, enum ty ty,
		     struct span why)
{
	if (name->kind == AST_NAME && name->name.var)
		types_set_var(t, name->name.var, ty, why);
}

/* Makes an expression of unknown type one of type ty, as far as it can. */
static void push(struct types *t, struct ast_expr *e, enum ty ty,
		 struct span why)
{
	if (e->type != TY_UNKNOWN)
		return;
	if (e->kind == AST_NAME) {
		push_var(t, e, ty, why);
	} else if (e->kind == AST_INDEX) {
		push_var(t, e->index.base, ty, why);
	} else if (e->kind == AST_CALL && e->call.func) {
		/* Without a return it gives 0 or "". */
		for (struct func *f = e->call.func; f; f = f->next_overload)
			types_set_func(t, f, ty, why);
	} else if (e->kind == AST_TERNARY) {
		push(t, e->ternary.yes, ty, why);
		push(t, e->ternary.no, ty, why);
	} else if (e->kind == AST_ASSIGN) {
		push(t, e->assign.to, ty, why);
		push(t, e->assign.value, ty, why);
	} else {
		valueless(t, e);
		return;
	}
	e->type = ty;
}

/* e must be of type ty, since the token at `why` wants it. */
static void want(struct types *t, struct ast_expr *e, enum ty ty,
		 struct span why)
{
	enum ty is = infer(t, e);

	if (is == TY_UNKNOWN)
		push(t, e, ty, why);
	else if (is != ty)
		types_mismatch(t, e, ty, why);
}

/* Both must be of the same type; which is the result. */
static enum ty unify(struct types *t, struct ast_expr *a, struct ast_expr *b)
{
	enum ty ta = infer(t, a), tb = infer(t, b);

	if (ta == TY_UNKNOWN && tb != TY_UNKNOWN)
		push(t, a, tb, b->span);
	else if (tb == TY_UNKNOWN && ta != TY_UNKNOWN)
		push(t, b, ta, a->span);
	else if (ta != tb)
		types_differ(t, a, b);
	else if (ta == TY_UNKNOWN) {
		valueless(t, a);
		valueless(t, b);
	}
	return ta != TY_UNKNOWN ? ta : tb;
}

/* The type of what must be a number or a string. */
static enum ty infer_value(struct types *t, struct ast_expr *e)
{
	enum ty ty = infer(t, e);

	if (ty != TY_STATS)
		return ty;
	types_stat_value(t, e);
	return TY_UNKNOWN;
}

/* ---- expressions ---- */

static void infer_key(struct types *t, struct var *v, uint32_t i,
		      struct ast_expr *key)
{
	if (!key)
		return;
	if (!v || i >= IMAGE_KEYS) {
		infer(t, key);
		return;
	}
	if (v->key_type[i] != TY_UNKNOWN) {
		if (infer(t, key) == TY_UNKNOWN)
			push(t, key, v->key_type[i], v->key_span[i]);
		else if (key->type != v->key_type[i])
			types_bad_key(t, key, v, i);
		return;
	}
	types_set_key(t, v, i, infer_value(t, key), key->span);
}

static void infer_keys(struct types *t, struct var *v, struct ast_exprs *keys)
{
	for (uint32_t i = 0; i < keys->n; i++)
		infer_key(t, v, i, keys->v[i]);
}

static enum ty infer_index(struct types *t, struct ast_expr *e)
{
	struct ast_expr *base = e->index.base;

	if (base->kind == AST_NAME) {
		infer_keys(t, base->name.var, &e->index.keys);
		return base->name.var ? base->name.var->type : TY_UNKNOWN;
	}
	infer(t, base);
	for (uint32_t i = 0; i < e->index.keys.n; i++)
		if (e->index.keys.v[i])
			want(t, e->index.keys.v[i], TY_LONG, e->at);
	return TY_LONG;
}

static enum ty infer_target(struct types *t, struct target *target)
{
	if (!target)
		return TY_LONG;
	for (uint32_t i = 0; i < target->ops.n; i++)
		if (target->ops.v[i].expr)
			want(t, target->ops.v[i].expr, TY_LONG,
			     target->ops.v[i].span);
	return target->is_string ? TY_STRING : TY_LONG;
}

static enum ty infer_binary(struct types *t, struct ast_expr *e)
{
	struct ast_expr *a = e->binary.a, *b = e->binary.b;

	switch (e->binary.op) {
	case BINOP_LT:
	case BINOP_GT:
	case BINOP_LE:
	case BINOP_GE:
	case BINOP_EQ:
	case BINOP_NE:
		unify(t, a, b);
		return TY_LONG;
	case BINOP_MATCH:
	case BINOP_NOMATCH:
		want(t, a, TY_STRING, e->at);
		want(t, b, TY_STRING, e->at);
		return TY_LONG;
	case BINOP_CONCAT:
		want(t, a, TY_STRING, e->at);
		want(t, b, TY_STRING, e->at);
		return TY_STRING;
	case BINOP_LOR:
	case BINOP_LAND:
	case BINOP_OR:
	case BINOP_XOR:
	case BINOP_AND:
	case BINOP_SHL:
	case BINOP_SHR:
	case BINOP_USHR:
	case BINOP_ADD:
	case BINOP_SUB:
	case BINOP_MUL:
	case BINOP_DIV:
	case BINOP_MOD:
	case BINOP_STAT_ADD:
	case BINOP_SET:
		break;
	}
	want(t, a, TY_LONG, e->at);
	want(t, b, TY_LONG, e->at);
	return TY_LONG;
}

static enum ty infer_assign(struct types *t, struct ast_expr *e)
{
	enum ty ty = TY_LONG;

	if (e->assign.op == BINOP_SET) {
		if (infer(t, e->assign.value) == TY_STATS)
			return infer_value(t, e->assign.value);
		return unify(t, e->assign.to, e->assign.value);
	}
	if (e->assign.op == BINOP_STAT_ADD) {
		want(t, e->assign.to, TY_STATS, e->at);
		want(t, e->assign.value, TY_LONG, e->at);
		return TY_LONG;
	}
	if (e->assign.op == BINOP_CONCAT)
		ty = TY_STRING;
	want(t, e->assign.to, ty, e->at);
	want(t, e->assign.value, ty, e->at);
	return ty;
}

static void infer_args(struct types *t, struct ast_expr *e, struct func *f)
{
	for (uint32_t i = 0; i < e->call.args.n && i < f->nparams; i++) {
		struct ast_expr *arg = e->call.args.v[i];
		struct var *v = f->vars.v[i];

		if (v->type != TY_UNKNOWN)
			want(t, arg, v->type, v->type_span);
		else
			types_set_var(t, v, infer_value(t, arg), arg->span);
	}
}

/* All overloads give the same type; those that say none (they end with next)
 * that of the others. */
static enum ty infer_call(struct types *t, struct ast_expr *e)
{
	struct func *f, *typed = NULL;

	for (f = e->call.func; f; f = f->next_overload) {
		infer_args(t, e, f);
		if (!typed && f->type != TY_UNKNOWN)
			typed = f;
	}
	for (f = e->call.func; typed && f; f = f->next_overload)
		if (f->type == TY_UNKNOWN)
			types_set_func(t, f, typed->type, typed->type_span);
		else if (f->type != typed->type)
			types_overloads_differ(t, e, typed, f);
	return typed ? typed->type : TY_UNKNOWN;
}

static enum ty ty_of_letter(char c)
{
	return c == 'L' ? TY_LONG : c == 'S' ? TY_STRING : TY_UNKNOWN;
}

static enum ty infer_intrinsic(struct types *t, struct ast_expr *e)
{
	const struct intrin_info *info = &intrin_info[e->call.intrinsic];
	uint32_t n = (uint32_t)strlen(info->args);

	for (uint32_t i = 0; i < e->call.args.n && i < n; i++)
		want(t, e->call.args.v[i], ty_of_letter(info->args[i]), e->at);
	if (e->call.args.n != n)
		diag_error(t->program->diags, DIAG_ARG_COUNT, e->at,
			   "'%s' takes %u argument%s, not %u", info->name, n,
			   n == 1 ? "" : "s", e->call.args.n);
	return ty_of_letter(info->result);
}

static void infer_directive(struct types *t, struct ast_expr *arg,
			    const struct fmt_piece *f)
{
	enum ty wanted = f->conv == FMT_STRING ? TY_STRING : TY_LONG;
	enum ty is = infer(t, arg);

	if (is == TY_UNKNOWN)
		push(t, arg, wanted, f->span);
	else if (is != wanted)
		types_bad_directive(t, arg, wanted, f);
}

static void infer_format(struct types *t, struct ast_expr *e)
{
	struct ast_exprs *args = &e->print.args;
	uint32_t arg = 0;

	for (uint32_t i = 0; i < e->print.npieces; i++) {
		const struct fmt_piece *f = &e->print.pieces[i];

		if (f->conv == FMT_LITERAL)
			continue;
		if (f->width_kind == FMT_SIZE_ARG && arg < args->n)
			want(t, args->v[arg++], TY_LONG, f->span);
		if (f->prec_kind == FMT_SIZE_ARG && arg < args->n)
			want(t, args->v[arg++], TY_LONG, f->span);
		if (arg < args->n)
			infer_directive(t, args->v[arg++], f);
	}
	for (; arg < args->n; arg++)
		infer(t, args->v[arg]);
}

static void infer_any(struct types *t, struct ast_expr *e)
{
	infer(t, e);
	valueless(t, e);
}

static enum ty infer_print(struct types *t, struct ast_expr *e)
{
	struct ast_exprs *args = &e->print.args;

	switch (e->print.op) {
	case PRINTOP_PRINTF:
	case PRINTOP_SPRINTF:
		infer_format(t, e);
		break;
	case PRINTOP_PRINT_CHAR:
		for (uint32_t i = 0; i < args->n; i++)
			want(t, args->v[i], TY_LONG, e->at);
		break;
	case PRINTOP_PRINT:
	case PRINTOP_PRINTLN:
	case PRINTOP_PRINTD:
	case PRINTOP_PRINTDLN:
	case PRINTOP_SPRINT:
	case PRINTOP_SPRINTLN:
	case PRINTOP_SPRINTD:
	case PRINTOP_SPRINTDLN:
		for (uint32_t i = 0; i < args->n; i++)
			infer_any(t, args->v[i]);
		break;
	}
	return ast_printop_is_string(e->print.op) ? TY_STRING : TY_UNKNOWN;
}

static enum ty infer_kind(struct types *t, struct ast_expr *e)
{
	switch (e->kind) {
	case AST_NUMBER:
		return TY_LONG;
	case AST_STRING:
		return TY_STRING;
	case AST_NAME:
		return e->name.var ? e->name.var->type : TY_UNKNOWN;
	case AST_INDEX:
		return infer_index(t, e);
	case AST_TARGET:
		return infer_target(t, e->target.target);
	case AST_ATOP:
		return infer_target(t, e->at_op.target);
	case AST_ACCESS:
		return infer_target(t, e->access.target);
	case AST_ADDRESS:
		return infer_target(t, e->address.target);
	case AST_UNARY:
		want(t, e->unary.a, TY_LONG, e->at);
		return TY_LONG;
	case AST_BINARY:
		return infer_binary(t, e);
	case AST_TERNARY:
		want(t, e->ternary.cond, TY_LONG, e->at);
		return unify(t, e->ternary.yes, e->ternary.no);
	case AST_ASSIGN:
		return infer_assign(t, e);
	case AST_INCDEC:
		want(t, e->incdec.of, TY_LONG, e->at);
		return TY_LONG;
	case AST_IN:
		if (e->in.array->kind == AST_NAME)
			infer_keys(t, e->in.array->name.var, &e->in.keys);
		return TY_LONG;
	case AST_CALL:
		return e->call.is_intrinsic ? infer_intrinsic(t, e) :
					      infer_call(t, e);
	case AST_PRINT:
		return infer_print(t, e);
	case AST_STAT:
		want(t, e->stat.of, TY_STATS, e->at);
		return ast_statop_is_hist(e->stat.op) ? TY_STATS : TY_LONG;
	case AST_EMBEDDED:
		return TY_LONG;
	}
	return TY_UNKNOWN;
}

/* The type known so far. */
static enum ty infer(struct types *t, struct ast_expr *e)
{
	enum ty ty = infer_kind(t, e);

	if (ty != TY_UNKNOWN || e->type == TY_UNKNOWN)
		e->type = ty;
	return e->type;
}

/* ---- statements ---- */

static void infer_foreach(struct types *t, struct ast_stmt *s)
{
	struct ast_expr *a = s->foreach.array, *value = s->foreach.value;
	struct var *v = a->kind == AST_NAME ? a->name.var : NULL;

	if (v) {
		infer_keys(t, v, &s->foreach.keys);
		infer_keys(t, v, &s->foreach.slice);
		if (value && v->type != TY_UNKNOWN)
			want(t, value, v->type, a->span);
		else if (value)
			types_set_var(t, v, infer(t, value), value->span);
	} else {
		infer(t, a);
		for (uint32_t i = 0; i < s->foreach.keys.n; i++)
			want(t, s->foreach.keys.v[i], TY_LONG, a->span);
		if (value)
			want(t, value, TY_LONG, a->span);
	}
	if (s->foreach.sort_by == AST_SORT_STAT && v)
		want(t, a, TY_STATS, a->span);
	if (s->foreach.limit)
		want(t, s->foreach.limit, TY_LONG, s->span);
	infer_stmt(t, s->foreach.body);
}

static void infer_return(struct types *t, struct ast_stmt *s)
{
	struct func *f = t->func;

	if (!s->expr || !f)
		return;
	if (f->type != TY_UNKNOWN)
		want(t, s->expr, f->type, f->type_span);
	else
		types_set_func(t, f, infer_value(t, s->expr), s->expr->span);
}

static void infer_loop(struct types *t, struct ast_stmt *s)
{
	if (s->loop.init)
		infer(t, s->loop.init);
	if (s->loop.cond)
		want(t, s->loop.cond, TY_LONG, s->span);
	if (s->loop.step)
		infer(t, s->loop.step);
	infer_stmt(t, s->loop.body);
}

static void infer_stmt(struct types *t, struct ast_stmt *s)
{
	if (!s)
		return;
	switch (s->kind) {
	case AST_S_EMPTY:
	case AST_S_BREAK:
	case AST_S_CONTINUE:
	case AST_S_NEXT:
	case AST_S_EMBEDDED:
		return;
	case AST_S_EXPR:
	case AST_S_DELETE:
		infer(t, s->expr);
		return;
	case AST_S_BLOCK:
		for (uint32_t i = 0; i < s->block.n; i++)
			infer_stmt(t, s->block.v[t->backwards ?
						 s->block.n - 1 - i : i]);
		return;
	case AST_S_IF:
		want(t, s->if_.cond, TY_LONG, s->span);
		infer_stmt(t, s->if_.yes);
		infer_stmt(t, s->if_.no);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		infer_loop(t, s);
		return;
	case AST_S_FOREACH:
		infer_foreach(t, s);
		return;
	case AST_S_RETURN:
		infer_return(t, s);
		return;
	case AST_S_TRY:
		infer_stmt(t, s->try_.body);
		if (s->try_.message)
			want(t, s->try_.message, TY_STRING, s->span);
		infer_stmt(t, s->try_.handler);
		return;
	}
}

/* ---- the program ---- */

static void infer_round(struct types *t)
{
	struct program *p = t->program;

	t->changed = false;
	t->func = NULL;
	for (uint32_t i = 0; i < p->probes.n; i++) {
		struct probe *pr = p->probes.v[i];

		for (struct cond *c = pr->conditions; c; c = c->next)
			want(t, c->expr, TY_LONG, pr->span);
		infer_stmt(t, pr->body);
	}
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		t->func = p->funcs.v[i];
		infer_stmt(t, t->func->body);
	}
}

/* Back and forth: what a type is known from may stand before or behind.  A
 * chain that needs more rounds than MAX_ROUNDS is no script of a person; its
 * end stays unknown. */
#define MAX_ROUNDS 500

static void infer_rounds(struct types *t)
{
	int rounds = 0;

	do {
		t->backwards = rounds & 1;
		infer_round(t);
	} while (t->changed && ++rounds < MAX_ROUNDS);
	t->backwards = false;
}

void types_infer(struct program *p)
{
	struct types t = { .program = p };
	uint32_t errors = p->diags->errors;

	types_start(&t);
	infer_rounds(&t);
	types_override(&t);
	infer_rounds(&t);
	t.is_final = true;
	infer_round(&t);
	if (p->diags->errors == errors)
		types_report_unknown(&t);
}
