/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and strings.
 */
#include <string.h>

#include "run/engine.h"
#include "run/format.h"
#include "run/stacks.h"

enum step eval_const(struct host *h, const struct image_insn *i)
{
	host_set_long(h, i->imm);
	return STEP_ON;
}

enum step eval_access(struct host *h, const struct image_insn *i)
{
	host_set_long(h, h->img->accesses.v[i->imm].value);
	return STEP_ON;
}

enum step eval_unary(struct host *h, const struct image_insn *i)
{
	int64_t a = host_long(h, i->a);

	host_set_long(h, i->op == OP_NEG ? (int64_t)-(uint64_t)a : ~a);
	return STEP_ON;
}

enum step eval_bits(struct host *h, const struct image_insn *i)
{
	uint32_t shift = i->aux & 63, width = i->aux >> 8 & 255;
	uint64_t v = (uint64_t)host_long(h, i->a) >> shift;

	if (width && width < 64) {
		v <<= 64 - width;
		v = i->aux >> 16 & 1 ? (uint64_t)((int64_t)v >> (64 - width)) :
				       v >> (64 - width);
	}
	host_set_long(h, (int64_t)v);
	return STEP_ON;
}

/* Operations that cannot fail; unsigned where C's signed ones need not wrap. */
#define BINARY(name, expr)                                          \
	static int64_t binary_##name(int64_t a, int64_t b)          \
	{                                                           \
		uint64_t ua = (uint64_t)a, ub = (uint64_t)b;        \
                                                                    \
		(void)ua;                                           \
		(void)ub;                                           \
		return (int64_t)(expr);                             \
	}

BINARY(add, ua + ub)
BINARY(sub, ua - ub)
BINARY(mul, ua * ub)
BINARY(bit_and, a & b)
BINARY(bit_or, a | b)
BINARY(bit_xor, a ^ b)
BINARY(shl, ua << (b & 63))
BINARY(shr, a >> (b & 63))
BINARY(ushr, ua >> (b & 63))
BINARY(eq, a == b)
BINARY(ne, a != b)
BINARY(lt, a < b)
BINARY(le, a <= b)
BINARY(gt, a > b)
BINARY(ge, a >= b)

static int64_t (*const binary_ops[OP_N])(int64_t a, int64_t b) = {
	[OP_ADD] = binary_add, [OP_SUB] = binary_sub, [OP_MUL] = binary_mul,
	[OP_AND] = binary_bit_and, [OP_OR] = binary_bit_or,
	[OP_XOR] = binary_bit_xor,
	[OP_SHL] = binary_shl, [OP_SHR] = binary_shr, [OP_USHR] = binary_ushr,
	[OP_EQ] = binary_eq,   [OP_NE] = binary_ne,   [OP_LT] = binary_lt,
	[OP_LE] = binary_le,   [OP_GT] = binary_gt,   [OP_GE] = binary_ge,
};

enum step eval_binary(struct host *h, const struct image_insn *i)
{
	host_set_long(h, binary_ops[i->op](host_long(h, i->a),
					   host_long(h, i->b)));
	return STEP_ON;
}

/* The quotient, or with OP_MOD the rest; INT64_MIN / -1 wraps. */
enum step eval_divide(struct host *h, const struct image_insn *i)
{
	int64_t a = host_long(h, i->a), b = host_long(h, i->b);

	if (!b)
		return host_raise(h, IERR_DIV_ZERO);
	if (i->op == OP_DIV)
		host_set_long(h, b == -1 ? (int64_t)-(uint64_t)a : a / b);
	else
		host_set_long(h, b == -1 ? 0 : a % b);
	return STEP_ON;
}

/* As in C, a string ends at its first NUL. */
static struct str until_nul(struct str s)
{
	return (struct str){ s.s, s.len ? (uint32_t)strnlen(s.s, s.len) : 0 };
}

/* A constant is not copied: its bytes are the image's. */
enum step eval_str(struct host *h, const struct image_insn *i)
{
	uint32_t slot = (uint32_t)(i - h->img->code.v) - h->frame->func->first;
	struct str s = until_nul(image_str(h->img, (istr)i->imm));

	if (s.len >= h->strcap)
		s.len = h->strcap - 1;
	h->frame->slots[slot] = value_str(s);
	return STEP_ON;
}

enum step eval_str_eq(struct host *h, const struct image_insn *i)
{
	bool same = str_eq(host_str(h, i->a), host_str(h, i->b));

	host_set_long(h, same || str_eq(host_text(h, i->a),
					host_text(h, i->b)));
	return STEP_ON;
}

enum step eval_str_cmp(struct host *h, const struct image_insn *i)
{
	host_set_long(h, str_cmp(host_text(h, i->a), host_text(h, i->b)));
	return STEP_ON;
}

enum step eval_str_cat(struct host *h, const struct image_insn *i)
{
	h->text.len = 0;
	buf_str(&h->text, host_text(h, i->a));
	buf_str(&h->text, host_text(h, i->b));
	host_set_str(h, buf_view(&h->text));
	return STEP_ON;
}

enum step eval_str_fmt(struct host *h, const struct image_insn *i)
{
	h->text.len = 0;
	format_text(h->img, (uint32_t)i->imm, host_texts(h, i), i->nargs,
		    &h->text);
	host_set_str(h, until_nul(buf_view(&h->text)));
	return STEP_ON;
}

/* What has matched is kept for matched(). */
enum step eval_match(struct host *h, const struct image_insn *i)
{
	const struct image_dfa *dfa = &h->img->dfas.v[i->imm];
	struct str s = host_text(h, i->a);
	bool found = dfa_match(h->img->bytes.v + dfa->first, s,
			       &h->match.groups);

	if (found) {
		h->match.text.len = 0;
		buf_str(&h->match.text, s);
	}
	host_set_long(h, found);
	return STEP_ON;
}
