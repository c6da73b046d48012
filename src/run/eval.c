/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and strings.
 */
#include <stdlib.h>

#include "run/engine.h"
#include "run/format.h"

static int64_t divide(int64_t a, int64_t b)
{
	return b == -1 ? (int64_t)-(uint64_t)a : a / b;
}

static int64_t modulo(int64_t a, int64_t b)
{
	return b == -1 ? 0 : a % b;
}

static int64_t bits(uint64_t v, uint32_t aux)
{
	uint32_t shift = aux & 63, width = aux >> 8 & 255;

	v >>= shift;
	if (!width || width >= 64)
		return (int64_t)v;
	v <<= 64 - width;
	if (aux >> 16 & 1)
		return (int64_t)v >> (64 - width);
	return (int64_t)(v >> (64 - width));
}

static int64_t unary(const struct image_insn *i, int64_t a)
{
	switch ((enum image_op)i->op) {
	case OP_NEG:
		return (int64_t)-(uint64_t)a;
	case OP_INV:
		return ~a;
	case OP_BITS:
		return bits((uint64_t)a, i->aux);
	default:
		abort();
	}
}

static int64_t binary(enum image_op op, int64_t a, int64_t b)
{
	uint64_t ua = (uint64_t)a, ub = (uint64_t)b;

	switch (op) {
	case OP_ADD:
		return (int64_t)(ua + ub);
	case OP_SUB:
		return (int64_t)(ua - ub);
	case OP_MUL:
		return (int64_t)(ua * ub);
	case OP_DIV:
		return divide(a, b);
	case OP_MOD:
		return modulo(a, b);
	case OP_AND:
		return a & b;
	case OP_OR:
		return a | b;
	case OP_XOR:
		return a ^ b;
	case OP_SHL:
		return (int64_t)(ua << (b & 63));
	case OP_SHR:
		return a >> (b & 63);
	case OP_USHR:
		return (int64_t)(ua >> (b & 63));
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_LT:
		return a < b;
	case OP_LE:
		return a <= b;
	case OP_GT:
		return a > b;
	case OP_GE:
		return a >= b;
	default:
		abort();
	}
}

enum step eval_number(struct host *h, const struct image_insn *i)
{
	int64_t a, b;

	if (i->op == OP_CONST) {
		host_set_long(h, i->imm);
		return STEP_ON;
	}
	a = host_long(h, i->a);
	if (i->op == OP_NEG || i->op == OP_INV || i->op == OP_BITS) {
		host_set_long(h, unary(i, a));
		return STEP_ON;
	}
	b = host_long(h, i->b);
	if (!b && (i->op == OP_DIV || i->op == OP_MOD))
		return host_raise(h, IERR_DIV_ZERO);
	host_set_long(h, binary((enum image_op)i->op, a, b));
	return STEP_ON;
}

static void concat(struct host *h, struct str a, struct str b)
{
	h->text.len = 0;
	buf_str(&h->text, a);
	buf_str(&h->text, b);
	host_set_str(h, buf_view(&h->text));
}

static void format(struct host *h, const struct image_insn *i)
{
	h->text.len = 0;
	format_text(h->img, (uint32_t)i->imm, host_list(h, i), i->nargs,
		    &h->text);
	host_set_str(h, buf_view(&h->text));
}

static void match(struct host *h, const struct image_dfa *dfa, struct str s)
{
	bool found = dfa_match(h->img->bytes.v + dfa->first, s,
			       &h->match.groups);

	if (found) {
		h->match.text.len = 0;
		buf_str(&h->match.text, s);
	}
	host_set_long(h, found);
}

/* A constant is not copied: its bytes are the image's. */
static void constant(struct host *h, const struct image_insn *i)
{
	uint32_t slot = (uint32_t)(i - h->img->code.v) - h->frame->func->first;
	struct str s = image_str(h->img, (istr)i->imm);

	if (s.len >= h->strcap)
		s.len = h->strcap - 1;
	h->frame->slots[slot] = value_str(s);
}

enum step eval_string(struct host *h, const struct image_insn *i)
{
	switch ((enum image_op)i->op) {
	case OP_STR:
		constant(h, i);
		break;
	case OP_STR_EQ:
		host_set_long(h, str_eq(host_str(h, i->a), host_str(h, i->b)));
		break;
	case OP_STR_CMP:
		host_set_long(h, str_cmp(host_str(h, i->a),
					 host_str(h, i->b)));
		break;
	case OP_STR_CAT:
		concat(h, host_str(h, i->a), host_str(h, i->b));
		break;
	case OP_STR_FMT:
		format(h, i);
		break;
	case OP_MATCH:
		match(h, &h->img->dfas.v[i->imm], host_str(h, i->a));
		break;
	default:
		abort();
	}
	return STEP_ON;
}
