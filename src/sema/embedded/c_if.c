/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions of the preprocessor: 64 bits, with a sign; names that are no
 * macros are 0.
 */
#include "sema/embedded/c_pp.h"

#define MAX_DEPTH 100

struct cond {
	struct c_pp *pp;
	struct c_tokens in;
	uint32_t at, depth;
	struct span span;
};

static int64_t ternary(struct cond *c);

static bool accept(struct cond *c, const char *text)
{
	if (!c->in.v || c->at >= c->in.n || !c_token_is(&c->in.v[c->at], text))
		return false;
	c->at++;
	return true;
}

static int64_t wrong(struct cond *c)
{
	struct span at = c->span;

	if (c->in.v && c->at < c->in.n)
		at = c->in.v[c->at].span;
	c_fail(c->pp->failure, c->pp->arena, at,
	       "this condition is not understood");
	return 0;
}

static int64_t primary(struct cond *c);

static int64_t operand(struct cond *c)
{
	const struct c_token *t = c->in.v + c->at;
	int64_t v;

	if (!c->in.v || c->at >= c->in.n)
		return wrong(c);
	if (accept(c, "(")) {
		v = ternary(c);
		return accept(c, ")") ? v : wrong(c);
	}
	if (accept(c, "!"))
		return !primary(c);
	if (accept(c, "-"))
		return (int64_t)-(uint64_t)primary(c);
	if (accept(c, "+"))
		return primary(c);
	if (accept(c, "~"))
		return ~primary(c);
	if (t->kind != C_NUMBER && t->kind != C_CHAR && t->kind != C_IDENT)
		return wrong(c);
	c->at++;
	return t->kind == C_IDENT ? 0 : (int64_t)t->number;
}

static int64_t primary(struct cond *c)
{
	int64_t v;

	if (c->depth++ > MAX_DEPTH)
		return wrong(c);
	v = operand(c);
	c->depth--;
	return v;
}

static const struct {
	const char *text;
	uint32_t level;
} ops[] = {
	{ "||", 1 }, { "&&", 2 }, { "|", 3 }, { "^", 4 }, { "&", 5 },
	{ "==", 6 }, { "!=", 6 }, { "<", 7 }, { ">", 7 }, { "<=", 7 },
	{ ">=", 7 }, { "<<", 8 }, { ">>", 8 }, { "+", 9 }, { "-", 9 },
	{ "*", 10 }, { "/", 10 }, { "%", 10 },
};

static int64_t divide(struct cond *c, int64_t a, int64_t b, bool rest)
{
	if (!b)
		return wrong(c);
	if (b == -1)
		return rest ? 0 : (int64_t)-(uint64_t)a;
	return rest ? a % b : a / b;
}

static int64_t apply(struct cond *c, uint32_t op, int64_t a, int64_t b)
{
	switch (op) {
	case 0: return a || b;
	case 1: return a && b;
	case 2: return a | b;
	case 3: return a ^ b;
	case 4: return a & b;
	case 5: return a == b;
	case 6: return a != b;
	case 7: return a < b;
	case 8: return a > b;
	case 9: return a <= b;
	case 10: return a >= b;
	case 11: return (int64_t)((uint64_t)a << (b & 63));
	case 12: return a >> (b & 63);
	case 13: return (int64_t)((uint64_t)a + (uint64_t)b);
	case 14: return (int64_t)((uint64_t)a - (uint64_t)b);
	case 15: return (int64_t)((uint64_t)a * (uint64_t)b);
	case 16: return divide(c, a, b, false);
	}
	return divide(c, a, b, true);
}

static int64_t binary(struct cond *c, uint32_t level)
{
	int64_t a = primary(c);
	uint32_t op;

	while (!c->pp->failure->is_set && c->at < c->in.n) {
		for (op = 0; op < ARRAY_SIZE(ops); op++)
			if (c_token_is(&c->in.v[c->at], ops[op].text))
				break;
		if (op == ARRAY_SIZE(ops) || ops[op].level < level)
			break;
		c->at++;
		a = apply(c, op, a, binary(c, ops[op].level + 1));
	}
	return a;
}

static int64_t ternary(struct cond *c)
{
	int64_t v, yes, no;

	c->depth++;
	v = binary(c, 1);
	if (accept(c, "?")) {
		yes = ternary(c);
		if (!accept(c, ":"))
			wrong(c);
		no = ternary(c);
		v = v ? yes : no;
	}
	c->depth--;
	return v;
}

static void push_number(struct cond *c, struct c_tokens *to, bool n,
			struct span span)
{
	vec_push(c->pp->arena, to,
		 (struct c_token){ .kind = C_NUMBER, .number = n, .size = 4,
				   .text = n ? STR("1") : STR("0"),
				   .span = span });
}

/* defined X, defined(X): before macros are replaced. */
static void take_names(struct cond *c, const struct c_tokens *line,
		       struct c_tokens *to)
{
	for (uint32_t i = 1; i < line->n; i++) {
		const struct c_token *t = &line->v[i];
		bool paren = i + 1 < line->n && c_token_is(t + 1, "(");

		if (!c_token_is(t, "defined") ||
		    i + (paren ? 3 : 1) >= line->n) {
			vec_push(c->pp->arena, to, *t);
			continue;
		}
		i += paren ? 2 : 1;
		push_number(c, to, c_pp_find(c->pp, line->v[i].text) != NULL,
			    t->span);
		i += paren;
	}
}

bool c_if(struct c_pp *pp, const struct c_tokens *line)
{
	struct cond c = { .pp = pp, .span = line->v[0].span };
	struct c_tokens named = {};
	int64_t v;

	take_names(&c, line, &named);
	c_pp_expand(pp, &named, &c.in);
	v = ternary(&c);
	if (c.at < c.in.n)
		wrong(&c);
	return v != 0;
}
