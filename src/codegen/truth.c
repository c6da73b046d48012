/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Truths that are made only to be branched on:
 *
 *	v = 1; if (a == b) goto L; v = 0; L: if (v != 0) goto yes
 *
 * A jump that leaves with v known to be a constant goes at once where the test
 * at L would send it, and where L is then reached from above alone, the test
 * there is decided.  Forward only: no loop gets another shape.
 */
#include "codegen/truth.h"

struct truth {
	struct cg_code *c;
	uint32_t *at;		/* of each label */
	uint32_t *refs;		/* to each label */
	cg_reg v;		/* is k, or NO_REG */
	int64_t k;
};

/* A test of the register that is known; ret = would it jump? */
static bool is_decided(const struct truth *t, const struct cg_insn *p,
		       bool *ret)
{
	bool is_equal = t->k == p->imm;

	if (t->v == NO_REG || p->kind != CG_JMP || p->uses_reg ||
	    p->dst != t->v || p->is_kept)
		return false;
	if (p->code == (BPF_JMP | BPF_JEQ | BPF_K))
		*ret = is_equal;
	else if (p->code == (BPF_JMP | BPF_JNE | BPF_K))
		*ret = !is_equal;
	else
		return false;
	return true;
}

static bool is_plain_jump(const struct cg_insn *p)
{
	return p->kind == CG_JMP && p->code == (BPF_JMP | BPF_JA) &&
	       !p->is_kept;
}

/* The jump at i goes on where its label's test sends it. */
static void skip_test(struct truth *t, uint32_t i)
{
	struct cg_insn *v = t->c->insns.v, *p = &v[i];
	uint32_t to = t->at[p->label];
	cg_label next;
	bool jumps;

	while (to < t->c->insns.n && v[to].kind == CG_LABEL)
		to++;
	if (to + 1 >= t->c->insns.n || !is_decided(t, &v[to], &jumps))
		return;
	if (jumps)
		next = v[to].label;
	else if (v[to + 1].kind == CG_LABEL || is_plain_jump(&v[to + 1]))
		next = v[to + 1].label;
	else
		return;
	if (t->at[next] < i)
		return;
	t->refs[p->label]--;
	t->refs[next]++;
	p->label = next;
}

/* The test at i comes out the same always. */
static void decide(struct truth *t, struct cg_insn *p, bool jumps)
{
	if (jumps) {
		p->code = BPF_JMP | BPF_JA;
		p->dst = NO_REG;
		p->imm = 0;
	} else {
		t->refs[p->label]--;
		p->kind = CG_DEAD;
	}
}

static bool is_jump_of_sort(const struct cg_insn *p)
{
	switch (BPF_OP(p->code)) {
	case BPF_JA:
	case BPF_JEQ:
	case BPF_JNE:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JLT:
	case BPF_JLE:
	case BPF_JSET:
	case BPF_JSGT:
	case BPF_JSGE:
	case BPF_JSLT:
	case BPF_JSLE:
		return !p->is_kept;
	}
	return false;		/* may_goto */
}

static void visit(struct truth *t, uint32_t i)
{
	struct cg_insn *p = &t->c->insns.v[i];
	bool jumps;

	if (p->kind == CG_LABEL) {
		if (t->refs[p->label])
			t->v = NO_REG;
		return;
	}
	if (p->kind == CG_JMP && is_decided(t, p, &jumps))
		decide(t, p, jumps);
	else if (p->kind == CG_JMP && t->v != NO_REG && is_jump_of_sort(p) &&
		 t->at[p->label] > i)
		skip_test(t, i);
	if (p->kind == CG_ALU && p->code == (BPF_ALU64 | BPF_MOV | BPF_K) &&
	    p->dst >= VREG && !p->reloc) {
		t->v = p->dst;
		t->k = p->imm;
	} else if (t->v != NO_REG && code_def(p) == t->v) {
		t->v = NO_REG;
	}
}

void truth_fold(struct cg_code *c)
{
	struct truth t = {
		.c = c,
		.at = arena_array(c->arena, c->nlabels + 1, uint32_t),
		.refs = arena_array(c->arena, c->nlabels + 1, uint32_t),
		.v = NO_REG,
	};

	for (uint32_t i = 0; i < c->insns.n; i++) {
		const struct cg_insn *p = &c->insns.v[i];

		if (p->kind == CG_LABEL)
			t.at[p->label] = i;
		else if (p->kind == CG_JMP)
			t.refs[p->label]++;
	}
	for (uint32_t i = 0; i < c->insns.n; i++)
		visit(&t, i);
}

#ifdef UNIT_TEST
#include "codegen/regalloc.h"
#include "unit.h"

/* if (ctx[0] == 5) 1 else 2, by a truth that is then compared with `with`. */
static uint32_t test_size(struct arena *a, int64_t with)
{
	struct cg_code c;
	cg_label set, yes;
	cg_reg v;

	code_init(&c, a);
	set = code_label(&c);
	yes = code_label(&c);
	v = code_const(&c, 1);
	code_ifi(&c, BPF_JEQ, code_ld(&c, R1, 0, 8), 5, set);
	code_movi(&c, v, 0);
	code_place_label(&c, set);
	code_ifi(&c, BPF_JNE, v, with, yes);
	code_place_label(&c, code_label(&c));
	code_movi(&c, R0, 2);
	code_exit(&c);
	code_place_label(&c, yes);
	code_movi(&c, R0, 1);
	code_exit(&c);
	truth_fold(&c);
	regalloc(&c);
	return c.insns.n;
}

UNIT_TEST_CASE(truth_is_not_made)
{
	struct arena a;

	arena_init(&a);
	/* load, test, 2, exit, 1, exit, and three labels */
	TEST_EQ(test_size(&a, 0), 9);
	/* both ways lead to 1 */
	TEST_EQ(test_size(&a, 7), 7);
	arena_deinit(&a);
}
#endif
