/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounds only grow: the program is gone over until none does any more.  A
 * string that is appended to itself in a loop would take many rounds; after a
 * few, whatever still grows gets the maximum at once.
 */
#include "sema/bounds.h"

#include "base/bits.h"
#include "dbg/arch.h"
#include "dbg/world.h"
#include "sema/stacks.h"
#include "sema/usage.h"
#include "sema/walk.h"

#define ROUNDS 6		/* of exact growth */
#define LONG_DIGITS 20		/* "-9223372036854775808" */

struct bounds {
	struct program *program;
	uint32_t max;			/* MAXSTRINGLEN - 1 */
	struct func *func;		/* the function at hand */
	bool changed;
	bool has_stacks;		/* their text is longer than they */
	bool jump;			/* what grows goes to max */
};

static uint16_t clip(const struct bounds *b, uint64_t n)
{
	return (uint16_t)MIN(n, (uint64_t)b->max);
}

static void grow(struct bounds *b, uint16_t *bound, uint16_t to)
{
	if (to <= *bound)
		return;
	*bound = b->jump ? (uint16_t)b->max : to;
	b->changed = true;
}

/* ---- formats ---- */

static uint32_t conv_bytes(const struct fmt_piece *f)
{
	switch (f->conv) {
	case FMT_LITERAL:
		return f->text.len;
	case FMT_SIGNED:
		return LONG_DIGITS + 1;		/* a sign or space by flag */
	case FMT_UNSIGNED:
		return LONG_DIGITS;
	case FMT_OCTAL:
		return 23;
	case FMT_HEX:
	case FMT_HEX_UPPER:
	case FMT_POINTER:
		return 18;
	case FMT_CHAR:
		return f->flag == '#' ? 4 : 8;
	case FMT_BINARY:
		return 8;
	case FMT_STRING:
	case FMT_MEMORY:
	case FMT_MEMORY_HEX:
		break;
	}
	return 0;
}

/* Bytes of one directive; arg = bound of its argument. */
static uint32_t piece_bytes(const struct bounds *b, const struct fmt_piece *f,
			    uint32_t arg)
{
	uint32_t n = conv_bytes(f);

	if (f->conv == FMT_STRING) {
		n = f->prec_kind == FMT_SIZE_NUMBER ? MIN(arg, f->prec) : arg;
		if (f->flag == '#')
			n *= 4;	/* of what is left, escapes */
	} else if (f->conv == FMT_MEMORY || f->conv == FMT_MEMORY_HEX) {
		n = f->prec_kind != FMT_SIZE_NUMBER || f->prec > b->max ?
			    b->max :
		    f->conv == FMT_MEMORY ? f->prec : 2 * f->prec;
	} else if (f->conv != FMT_LITERAL &&
		   f->prec_kind == FMT_SIZE_NUMBER) {
		n += MIN(f->prec, b->max);
	} else if (f->conv != FMT_LITERAL && f->prec_kind == FMT_SIZE_ARG) {
		n = b->max;
	}
	if (f->width_kind == FMT_SIZE_ARG)
		return b->max;
	if (f->width_kind == FMT_SIZE_NUMBER)
		n = MAX(n, f->width);
	return n;
}

static uint64_t format_bytes(const struct bounds *b, const struct ast_expr *e)
{
	const struct ast_exprs *args = &e->print.args;
	uint64_t n = 0;
	uint32_t arg = 0;

	for (uint32_t i = 0; i < e->print.npieces; i++) {
		const struct fmt_piece *f = &e->print.pieces[i];
		uint32_t bound = 0;

		if (f->conv == FMT_LITERAL) {
			n += f->text.len;
			continue;
		}
		arg += (f->width_kind == FMT_SIZE_ARG) +
		       (f->prec_kind == FMT_SIZE_ARG);
		if (arg < args->n)
			bound = args->v[arg++]->bound;
		n += piece_bytes(b, f, bound);
	}
	return n;
}

static uint64_t list_bytes(const struct bounds *b, const struct ast_expr *e)
{
	const struct ast_exprs *args = &e->print.args;
	uint64_t n = 1;			/* the newline of sprintln */

	for (uint32_t i = 0; i < args->n; i++) {
		const struct ast_expr *a = args->v[i];

		n += a->type == TY_STRING ? a->bound :
		     a->type == TY_STATS  ? b->max :
					    LONG_DIGITS;
		if (i)
			n += e->print.text.len;
	}
	return n;
}

/* ---- expressions ---- */

static uint16_t table_bound(const struct bounds *b, const struct ast_expr *e)
{
	const struct intrin_info *info = &intrin_info[e->call.intrinsic];

	if (!info->bound)
		return (uint16_t)b->max;
	if (info->bound != INTRIN_BOUND_ARG)
		return clip(b, info->bound);
	for (uint32_t i = 0; i < e->call.args.n; i++)
		if (e->call.args.v[i]->type == TY_STRING)
			return e->call.args.v[i]->bound;
	return (uint16_t)b->max;
}

/* pp() and pn() are constants, one for each probe. */
static uint16_t point_bound(const struct bounds *b)
{
	const struct program *p = b->program;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->probes.n; i++) {
		const struct probe *pr = p->probes.v[i];

		n = MAX(n, pr->point.len);
		n = MAX(n, pr->name.len);
		for (uint32_t k = 0; k < pr->sites.n; k++)
			n = MAX(n, image_str(p->image,
					     pr->sites.v[k].point).len);
	}
	return clip(b, n);
}

static uint32_t func_len(const struct program *p, struct str point)
{
	char buf[IMAGE_FUNC_LEN];

	return image_point_func(point, world_arch(p->world)->name, buf).len;
}

static uint32_t mark_len(const struct program *p, struct str point)
{
	(void)p;
	return image_point_mark(point).len;
}

/* ppfunc() too, and $$name: as long as `part` of the longest point. */
static uint16_t part_bound(const struct bounds *b,
			   uint32_t (*part)(const struct program *p,
					    struct str point))
{
	const struct program *p = b->program;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->probes.n; i++) {
		const struct probe *pr = p->probes.v[i];

		n = MAX(n, part(p, pr->point));
		for (uint32_t k = 0; k < pr->sites.n; k++) {
			struct str point = image_str(p->image,
						     pr->sites.v[k].point);

			n = MAX(n, part(p, point));
		}
	}
	return clip(b, n);
}

/* A parameter that is not changed is at most the greatest number that it is
 * called with: so user_string_n(x, 63) is of 63 bytes. */
static int64_t most_of(const struct ast_expr *e)
{
	if (e->kind == AST_NUMBER && e->number >= 0)
		return e->number;
	if (e->kind == AST_NAME && e->name.var && e->name.var->is_param)
		return e->name.var->most;
	return INT64_MAX;
}

/* The last argument says how many bytes there are at most. */
static uint16_t counted_bound(const struct bounds *b, const struct ast_expr *e)
{
	const struct ast_exprs *args = &e->call.args;
	uint16_t n = table_bound(b, e);
	int64_t most = args->n ? most_of(vec_last(args)) : INT64_MAX;

	return most < n ? (uint16_t)most : n;
}

static uint16_t intrinsic_bound(const struct bounds *b,
				const struct ast_expr *e)
{
	uint8_t i = e->call.intrinsic;

	if (b->has_stacks && intrin_info[i].bound == INTRIN_BOUND_ARG)
		return (uint16_t)b->max;
	if (i == INTRIN_TOKEN)		/* "" goes on with an earlier string */
		return (uint16_t)b->max;
	if (i == INTRIN_PROBE_POINT || i == INTRIN_PROBE_NAME)
		return point_bound(b);
	if (i == INTRIN_PROBE_FUNC)
		return part_bound(b, func_len);
	if (i == INTRIN_PROBE_MARK)
		return part_bound(b, mark_len);
	if (i == INTRIN_SUBSTR || i == INTRIN_KERNEL_STR ||
	    i == INTRIN_USER_STR)
		return counted_bound(b, e);
	return table_bound(b, e);
}

static uint16_t call_bound(struct bounds *b, struct ast_expr *e)
{
	uint16_t n = 0;

	if (e->call.is_intrinsic)
		return intrinsic_bound(b, e);
	for (struct func *f = e->call.func; f; f = f->next_overload)
		if (f->bound > n)
			n = f->bound;
	return n;
}

static uint16_t target_bound(const struct bounds *b, const struct target *t)
{
	if (!t || !t->ops.n || !t->is_string)
		return (uint16_t)b->max;
	return clip(b, vec_last(&t->ops).size);
}

static uint16_t assign_bound(const struct bounds *b, const struct ast_expr *e)
{
	if (e->assign.op == BINOP_CONCAT && b->has_stacks)
		return (uint16_t)b->max;
	if (e->assign.op == BINOP_CONCAT)
		return clip(b, (uint64_t)e->assign.to->bound +
				       e->assign.value->bound);
	return e->assign.value->bound;
}

static uint16_t var_bound(const struct ast_expr *e)
{
	if (e->kind == AST_INDEX)
		e = e->index.base;
	return e->kind == AST_NAME && e->name.var ? e->name.var->bound : 0;
}

/* Children have theirs already. */
static uint16_t bound_of(struct bounds *b, struct ast_expr *e)
{
	switch (e->kind) {
	case AST_STRING:
		return clip(b, e->string.len);
	case AST_NAME:
	case AST_INDEX:
		return var_bound(e);
	case AST_TARGET:
		return target_bound(b, e->target.target);
	case AST_ATOP:
		return target_bound(b, e->at_op.target);
	case AST_ACCESS:
		return target_bound(b, e->access.target);
	case AST_ADDRESS:
		return target_bound(b, e->address.target);
	case AST_BINARY:
		if (b->has_stacks)
			break;
		return clip(b, (uint64_t)e->binary.a->bound +
				       e->binary.b->bound);
	case AST_TERNARY:
		return (uint16_t)MAX(e->ternary.yes->bound,
				     e->ternary.no->bound);
	case AST_ASSIGN:
		return assign_bound(b, e);
	case AST_CALL:
		return call_bound(b, e);
	case AST_PRINT:
		if (b->has_stacks)
			break;
		return clip(b, e->print.op == PRINTOP_SPRINTF ?
				       format_bytes(b, e) :
				       list_bytes(b, e));
	case AST_NUMBER:
	case AST_UNARY:
	case AST_INCDEC:
	case AST_IN:
	case AST_STAT:
	case AST_EMBEDDED:
		break;
	}
	return (uint16_t)b->max;
}

static void grow_keys(struct bounds *b, struct var *v, struct ast_exprs *keys)
{
	for (uint32_t i = 0; v && i < keys->n && i < IMAGE_KEYS; i++)
		if (keys->v[i] && keys->v[i]->type == TY_STRING)
			grow(b, &v->key_bound[i], keys->v[i]->bound);
}

static void grow_place(struct bounds *b, struct ast_expr *to, uint16_t bound)
{
	if (to->kind == AST_INDEX)
		to = to->index.base;
	if (to->kind == AST_NAME && to->name.var)
		grow(b, &to->name.var->bound, bound);
}

/* Keys that are only looked up, or deleted, need not fit: but codegen makes
 * keys of one size, and what is longer could be cut to what is there. */
static void grow_index(struct bounds *b, struct ast_expr *base,
		       struct ast_exprs *keys)
{
	if (base->kind == AST_NAME)
		grow_keys(b, base->name.var, keys);
}

static void grow_most(struct bounds *b, struct var *v, int64_t to)
{
	if (to <= v->most)
		return;
	v->most = to;
	b->changed = true;
}

static void grow_changed(struct bounds *b, const struct ast_expr *to)
{
	if (to && to->kind == AST_NAME && to->name.var)
		grow_most(b, to->name.var, INT64_MAX);
}

static void grow_params(struct bounds *b, struct ast_expr *e)
{
	for (struct func *f = e->call.func; f; f = f->next_overload)
		for (uint32_t i = 0; i < f->nparams && i < e->call.args.n;
		     i++) {
			const struct ast_expr *arg = e->call.args.v[i];
			struct var *v = f->vars.v[i];

			if (v->type == TY_STRING)
				grow(b, &v->bound, arg->bound);
			else
				grow_most(b, v, most_of(arg));
		}
}

static void visit(struct ast_expr **place, void *data)
{
	struct bounds *b = data;
	struct ast_expr *e = *place;

	if (e->type == TY_STRING)
		e->bound = bound_of(b, e);
	if (e->kind == AST_ASSIGN)
		grow_changed(b, e->assign.to);
	else if (e->kind == AST_INCDEC)
		grow_changed(b, e->incdec.of);
	if (e->kind == AST_ASSIGN && e->type == TY_STRING)
		grow_place(b, e->assign.to, e->bound);
	else if (e->kind == AST_INDEX)
		grow_index(b, e->index.base, &e->index.keys);
	else if (e->kind == AST_IN)
		grow_index(b, e->in.array, &e->in.keys);
	else if (e->kind == AST_CALL && !e->call.is_intrinsic)
		grow_params(b, e);
}

/* ---- statements ---- */

/* What the loop sets: children of the statement have been visited. */
static void grow_foreach(struct bounds *b, struct ast_stmt *s)
{
	struct ast_expr *a = s->foreach.array, *value = s->foreach.value;
	struct var *v = a->kind == AST_NAME ? a->name.var : NULL;

	grow_changed(b, value);
	for (uint32_t i = 0; i < s->foreach.keys.n; i++)
		grow_changed(b, s->foreach.keys.v[i]);
	if (!v)
		return;
	grow_keys(b, v, &s->foreach.slice);
	for (uint32_t i = 0; i < s->foreach.keys.n && i < IMAGE_KEYS; i++)
		if (v->key_type[i] == TY_STRING)
			grow_place(b, s->foreach.keys.v[i], v->key_bound[i]);
	if (value && v->type == TY_STRING)
		grow_place(b, value, v->bound);
}

static bool visit_stmt(struct ast_stmt **place, void *data)
{
	struct bounds *b = data;
	struct ast_stmt *s = *place;

	if (s->kind == AST_S_FOREACH)
		grow_foreach(b, s);
	else if (s->kind == AST_S_TRY && s->try_.message)
		grow_place(b, s->try_.message, (uint16_t)b->max);
	else if (s->kind == AST_S_RETURN && s->expr && b->func &&
		 s->expr->type == TY_STRING)
		grow(b, &b->func->bound, s->expr->bound);
	return true;
}

static void visit_body(struct bounds *b, struct ast_stmt **body)
{
	walk_exprs_post(*body, visit, b);
	walk_stmts(body, visit_stmt, b);
}

static void infer_round(struct bounds *b)
{
	struct program *p = b->program;

	b->changed = false;
	b->func = NULL;
	for (uint32_t i = 0; i < p->probes.n; i++) {
		for (struct cond *c = p->probes.v[i]->conditions; c;
		     c = c->next)
			walk_expr_post(&c->expr, visit, b);
		visit_body(b, &p->probes.v[i]->body);
	}
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		b->func = p->funcs.v[i];
		visit_body(b, &b->func->body);
	}
}

static void start_global(struct bounds *b, struct var *v)
{
	if (v->type != TY_STRING)
		return;
	if (v->init)
		grow(b, &v->bound, clip(b, v->init->string.len));
	if (v->has_override)
		grow(b, &v->bound, clip(b, v->override_str.len));
}

/* A string of bound 0 would have no slot. */
static void at_least_one(struct vars *vars)
{
	for (uint32_t i = 0; i < vars->n; i++) {
		struct var *v = vars->v[i];

		if (v->type == TY_STRING && !v->bound)
			v->bound = 1;
		for (uint32_t k = 0; k < IMAGE_KEYS; k++)
			if (v->key_type[k] == TY_STRING && !v->key_bound[k])
				v->key_bound[k] = 1;
	}
}

static void finish(struct bounds *b)
{
	struct program *p = b->program;

	at_least_one(&p->globals);
	for (uint32_t i = 0; i < p->probes.n; i++)
		at_least_one(&p->probes.v[i]->locals);
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		struct func *f = p->funcs.v[i];

		at_least_one(&f->vars);
		if (f->type == TY_STRING && !f->bound)
			f->bound = 1;
	}
}

void bounds_infer(struct program *p)
{
	struct bounds b = {
		.program = p,
		.has_stacks = stacks_used(p),
		.max = p->options->limits.maxstringlen ?
			       p->options->limits.maxstringlen - 1 :
			       511,
	};
	uint32_t rounds = 0;

	b.max = b.max ? MIN(b.max, (uint32_t)UINT16_MAX - 1) : 1;
	for (uint32_t i = 0; i < p->globals.n; i++)
		start_global(&b, p->globals.v[i]);
	do {
		b.jump = rounds++ >= ROUNDS;
		infer_round(&b);
	} while (b.changed);
	finish(&b);
	infer_round(&b);
	usage_compute(p);
}
