/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Computes what can be computed now: operations on constants and those that
 * give back an operand; turns conditions into what a branch wants.
 *
 * Needs: nothing.  Leaves: values that opt_dce finds useless, branches that
 * opt_jump decides.
 */
#include <limits.h>

#include "ir/cfg.h"
#include "ir/pass.h"

struct fold {
	struct ir_program *p;
	struct ir_func *f;
	ir_ref *to;
};

static void become_const(struct ir_insn *i, int64_t n)
{
	i->op = OP_CONST;
	i->type = IT_LONG;
	i->imm = n;
	i->a = i->b = i->c = IR_NONE;
	i->aux = i->nargs = 0;
}

static void become_str(struct fold *c, struct ir_insn *i, struct str s)
{
	uint32_t max = c->p->image->limits.maxstringlen - 1;

	s = str_sub(s, 0, max);
	i->op = OP_STR;
	i->type = IT_STRING;
	i->bound = (uint16_t)s.len;
	i->imm = image_intern(c->p->image, c->p->arena, s);
	i->a = i->b = i->c = IR_NONE;
	i->aux = i->nargs = 0;
}

static bool constant(const struct fold *c, ir_ref r, int64_t *ret)
{
	const struct ir_insn *i;

	if (r == IR_NONE)
		return false;
	i = ir_insn(c->f, r);
	if (i->op == OP_CONST)
		*ret = i->imm;
	return i->op == OP_CONST;
}

static bool text(const struct fold *c, ir_ref r, struct str *ret)
{
	const struct ir_insn *i = ir_insn(c->f, r);

	if (i->op == OP_STR)
		*ret = image_str(c->p->image, (istr)i->imm);
	return i->op == OP_STR;
}

/* ---- longs ---- */

static int64_t divide(int64_t x, int64_t y)
{
	return y == -1 ? (int64_t)(0 - (uint64_t)x) : x / y;
}

#define U(x) ((uint64_t)(x))
#define LONGS(LONG)                               \
	LONG(ADD, U(x) + U(y))                    \
	LONG(SUB, U(x) - U(y))                    \
	LONG(MUL, U(x) * U(y))                    \
	LONG(DIV, divide(x, y))                   \
	LONG(MOD, y == -1 ? 0 : x % y)            \
	LONG(AND, U(x) & U(y))                    \
	LONG(OR, U(x) | U(y))                     \
	LONG(XOR, U(x) ^ U(y))                    \
	LONG(SHL, U(x) << (y & 63))               \
	LONG(SHR, x >> (y & 63))                  \
	LONG(USHR, U(x) >> (y & 63))              \
	LONG(EQ, x == y)                          \
	LONG(NE, x != y)                          \
	LONG(LT, x < y)                           \
	LONG(LE, x <= y)                          \
	LONG(GT, x > y)                           \
	LONG(GE, x >= y)

#define LONG(id, value)                               \
	static int64_t op_##id(int64_t x, int64_t y)  \
	{                                             \
		return (int64_t)(value);              \
	}
LONGS(LONG)
#undef LONG

/* False: not of two longs, or an error when it runs. */
static bool compute(enum image_op op, int64_t x, int64_t y, int64_t *ret)
{
	static int64_t (*const of[OP_N])(int64_t x, int64_t y) = {
#define LONG(id, value) [OP_##id] = op_##id,
		LONGS(LONG)
#undef LONG
	};

	if (!of[op] || ((op == OP_DIV || op == OP_MOD) && !y))
		return false;
	*ret = of[op](x, y);
	return true;
}

/* The y that makes x op y just x. */
enum neutral {
	NEUTRAL_NO,
	NEUTRAL_0,
	NEUTRAL_0_OF_64,	/* as a count of bits */
	NEUTRAL_1,
	NEUTRAL_ONES,
};

static bool is_neutral(enum image_op op, int64_t y)
{
	static const uint8_t neutral[OP_N] = {
		[OP_ADD] = NEUTRAL_0,
		[OP_SUB] = NEUTRAL_0,
		[OP_OR] = NEUTRAL_0,
		[OP_XOR] = NEUTRAL_0,
		[OP_SHL] = NEUTRAL_0_OF_64,
		[OP_SHR] = NEUTRAL_0_OF_64,
		[OP_USHR] = NEUTRAL_0_OF_64,
		[OP_MUL] = NEUTRAL_1,
		[OP_DIV] = NEUTRAL_1,
		[OP_AND] = NEUTRAL_ONES,
	};

	switch ((enum neutral)neutral[op]) {
	case NEUTRAL_NO:
		break;
	case NEUTRAL_0:
		return y == 0;
	case NEUTRAL_0_OF_64:
		return (y & 63) == 0;
	case NEUTRAL_1:
		return y == 1;
	case NEUTRAL_ONES:
		return y == -1;
	}
	return false;
}

static bool commutes(enum image_op op)
{
	return op == OP_ADD || op == OP_MUL || op == OP_AND || op == OP_OR ||
	       op == OP_XOR || op == OP_EQ || op == OP_NE;
}

/* Both operands are the same value. */
static bool of_itself(enum image_op op, int64_t *ret)
{
	*ret = op == OP_EQ || op == OP_LE || op == OP_GE;
	return *ret || op == OP_NE || op == OP_LT || op == OP_GT ||
	       op == OP_SUB || op == OP_XOR;
}

static bool is_comparison(enum image_op op)
{
	return op >= OP_EQ && op <= OP_GE;
}

/* Gives nothing but 0 and 1. */
static bool is_truth(const struct ir_insn *i)
{
	return is_comparison(i->op) || i->op == OP_STR_EQ ||
	       i->op == OP_AHAS || i->op == OP_MATCH;
}

/* The comparison that holds where this one does not. */
static uint8_t opposite(uint8_t op)
{
	static const uint8_t to[OP_N] = {
		[OP_EQ] = OP_NE, [OP_NE] = OP_EQ, [OP_LT] = OP_GE,
		[OP_GE] = OP_LT, [OP_GT] = OP_LE, [OP_LE] = OP_GT,
	};

	return to[op];
}

/* x != 0 of a comparison is it, x == 0 is its opposite. */
static void fold_truth(struct fold *c, ir_ref r, int64_t y)
{
	struct ir_insn *i = ir_insn(c->f, r);
	const struct ir_insn *x = ir_insn(c->f, i->a);

	if (y != 0 || !is_truth(x))
		return;
	if (i->op == OP_NE) {
		c->to[r] = i->a;
	} else if (i->op == OP_EQ && is_comparison(x->op)) {
		i->op = opposite(x->op);
		i->b = x->b;
		i->a = x->a;
	}
}

static void fold_longs(struct fold *c, ir_ref r)
{
	struct ir_insn *i = ir_insn(c->f, r);
	int64_t x, y, n;
	ir_ref swap;

	if (i->a == i->b && of_itself(i->op, &n)) {
		become_const(i, n);
		return;
	}
	if (constant(c, i->a, &x) && constant(c, i->b, &y)) {
		if (compute(i->op, x, y, &n))
			become_const(i, n);
		return;
	}
	if (commutes(i->op) && constant(c, i->a, &x)) {
		swap = i->a;
		i->a = i->b;
		i->b = swap;
	}
	if (!constant(c, i->b, &y))
		return;
	if (is_neutral(i->op, y))
		c->to[r] = i->a;
	else if (!y && (i->op == OP_MUL || i->op == OP_AND))
		become_const(i, 0);
	else
		fold_truth(c, r, y);
}

static void fold_bits(struct fold *c, ir_ref r)
{
	struct ir_insn *i = ir_insn(c->f, r);
	uint32_t shift = i->aux & 0xff, width = i->aux >> 8 & 0xff;
	uint64_t v;
	int64_t x;

	if (!constant(c, i->a, &x) || !width || width > 64 || shift > 63)
		return;
	v = (uint64_t)x >> shift << (64 - width);
	become_const(i, i->aux >> 16 & 1 ? (int64_t)v >> (64 - width) :
					   (int64_t)(v >> (64 - width)));
}

static void fold_unary(struct fold *c, ir_ref r)
{
	struct ir_insn *i = ir_insn(c->f, r);
	int64_t x;

	if (constant(c, i->a, &x))
		become_const(i, i->op == OP_NEG ? (int64_t)(0 - (uint64_t)x) :
						  ~x);
}

/* ---- strings ---- */

static void fold_cat(struct fold *c, ir_ref r)
{
	struct ir_insn *i = ir_insn(c->f, r);
	struct str x = {}, y = {};
	bool has_x = text(c, i->a, &x), has_y = text(c, i->b, &y);

	if (has_x && has_y)
		become_str(c, i, arena_printf(c->p->arena,
					      "%" STR_FMT "%" STR_FMT,
					      STR_ARG(x), STR_ARG(y)));
	else if (has_x && !x.len)
		c->to[r] = i->b;
	else if (has_y && !y.len)
		c->to[r] = i->a;
}

static void fold_compare(struct fold *c, ir_ref r)
{
	struct ir_insn *i = ir_insn(c->f, r);
	struct str x = {}, y = {};

	if (i->a == i->b)
		become_const(i, i->op == OP_STR_EQ);
	else if (text(c, i->a, &x) && text(c, i->b, &y))
		become_const(i, i->op == OP_STR_EQ ? str_eq(x, y) :
						     str_cmp(x, y));
}

/* Formatting of nothing but text. */
static void fold_format(struct fold *c, ir_ref r)
{
	struct ir_insn *i = ir_insn(c->f, r);
	const struct image *img = c->p->image;
	const struct image_format *f = &img->formats.v[i->imm];
	struct str s = {};

	for (uint32_t k = 0; k < f->n; k++) {
		const struct image_piece *p = &img->pieces.v[f->first + k];
		struct str t = image_str(img, p->text);

		if (p->conv != CONV_LITERAL)
			return;
		s = arena_printf(c->p->arena, "%" STR_FMT "%" STR_FMT,
				 STR_ARG(s), STR_ARG(t));
	}
	become_str(c, i, s);
}

static void fold_intrinsic(struct fold *c, ir_ref r)
{
	struct ir_insn *i = ir_insn(c->f, r);
	struct str s;

	if (i->imm == INTRIN_STRLEN &&
	    text(c, c->f->args.v[i->args], &s))
		become_const(i, s.len);
}

/* ---- all of them ---- */

/* if (x != 0), if (x == 0): the branch does that itself. */
static void fold_branch(struct fold *c, ir_ref r)
{
	struct ir_insn *i = ir_insn(c->f, r);
	const struct ir_insn *cond = ir_insn(c->f, i->a);
	int64_t y;
	uint32_t yes = i->b;

	if ((cond->op != OP_NE && cond->op != OP_EQ) ||
	    !constant(c, cond->b, &y) || y)
		return;
	if (cond->op == OP_EQ) {
		i->b = i->c;
		i->c = yes;
	}
	i->a = cond->a;
}

typedef void fold_fn(struct fold *c, ir_ref r);

static void fold_insn(struct fold *c, ir_ref r)
{
	static fold_fn *const folds[OP_N] = {
#define LONG(id, value) [OP_##id] = fold_longs,
		LONGS(LONG)
#undef LONG
		[OP_NEG] = fold_unary,
		[OP_INV] = fold_unary,
		[OP_BITS] = fold_bits,
		[OP_STR_CAT] = fold_cat,
		[OP_STR_EQ] = fold_compare,
		[OP_STR_CMP] = fold_compare,
		[OP_STR_FMT] = fold_format,
		[OP_INTRIN] = fold_intrinsic,
		[OP_BR] = fold_branch,
	};
	struct ir_insn *i = ir_insn(c->f, r);

	pass_rename(c->f, i, c->to);
	if (folds[i->op])
		folds[i->op](c, r);
}

static void fold(struct ir_program *p, struct ir_func *f,
		 struct arena *scratch)
{
	struct fold c = { .p = p, .f = f, .to = pass_names(f, scratch) };
	struct cfg cfg;

	cfg_init(&cfg, f, scratch);
	for (uint32_t k = 0; k < cfg.n; k++) {
		const struct ir_block *b = &f->blocks.v[cfg.order[k]];

		for (uint32_t i = 0; i < b->insns.n; i++)
			fold_insn(&c, b->insns.v[i]);
	}
}

void opt_fold(struct ir_program *p)
{
	pass_each(p, fold);
}
