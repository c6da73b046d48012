/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/emit.h"

#include <assert.h>

/* Jumps of 16 bits that are about as wide as they can be do not survive that
 * the verifier puts instructions in place of one, between them and their
 * label: for a lookup in a map, some ten of them. */
#define SAFE_REACH 8192

struct emit {
	struct image *img;
	struct arena *a;
	int32_t reach;		/* of a jump of 16 bits */
	uint32_t first;		/* of the program, in image.insns */
	uint32_t last_place;
	uint32_t *starts;	/* of the functions, relative to first */
	uint32_t *label_at;	/* of the function at hand */
};

static uint32_t here(const struct emit *e)
{
	return e->img->insns.n - e->first;
}

/* The jump that is taken when this one is not; 0 = there is none. */
static uint8_t inverse(uint8_t op)
{
	static const uint8_t pairs[][2] = {
		{ BPF_JEQ, BPF_JNE },	{ BPF_JGT, BPF_JLE },
		{ BPF_JGE, BPF_JLT },	{ BPF_JSGT, BPF_JSLE },
		{ BPF_JSGE, BPF_JSLT },
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(pairs); i++)
		for (int k = 0; k < 2; k++)
			if (pairs[i][k] == op)
				return pairs[i][!k];
	return 0;
}

static uint32_t jump_size(const struct cg_insn *i)
{
	if (!i->is_far || i->code == (BPF_JMP | BPF_JA))
		return 1;
	return inverse(BPF_OP(i->code)) ? 2 : 3;
}

static uint32_t size_of(const struct cg_insn *i)
{
	switch ((enum cg_kind)i->kind) {
	case CG_LABEL:
	case CG_DEAD:
		return 0;
	case CG_LD64:
		return 2;
	case CG_JMP:
		return jump_size(i);
	case CG_ALU:
	case CG_LDX:
	case CG_STX:
	case CG_ST:
	case CG_ATOMIC:
	case CG_CALL:
	case CG_EXIT:
		break;
	}
	return 1;
}

/* Does label l stand here, before the next instruction? */
static bool is_here(const struct cg_code *c, uint32_t i, cg_label l)
{
	for (; i < c->insns.n && (c->insns.v[i].kind == CG_LABEL ||
				  c->insns.v[i].kind == CG_DEAD); i++)
		if (c->insns.v[i].kind == CG_LABEL &&
		    c->insns.v[i].label == l)
			return true;
	return false;
}

/* Which instructions lie between a jump back and where it leads. */
static bool *find_loops(const struct cg_code *c)
{
	uint32_t *at = arena_array(c->arena, c->nlabels + 1, uint32_t);
	int32_t *depth = arena_array(c->arena, c->insns.n + 1, int32_t);
	bool *ret = arena_array(c->arena, c->insns.n + 1, bool);
	int32_t sum = 0;

	for (uint32_t i = 0; i < c->insns.n; i++) {
		const struct cg_insn *p = &c->insns.v[i];

		if (p->kind == CG_LABEL) {
			at[p->label] = i + 1;
		} else if (p->kind == CG_JMP && at[p->label]) {
			depth[at[p->label] - 1]++;
			depth[i + 1]--;
		}
	}
	for (uint32_t i = 0; i < c->insns.n; i++) {
		sum += depth[i];
		ret[i] = sum > 0;
	}
	return ret;
}

/* Does instruction i come right behind one that does not jump? */
static bool is_behind_plain(const struct cg_code *c, uint32_t i)
{
	while (i && (c->insns.v[i - 1].kind == CG_DEAD))
		i--;
	return i && c->insns.v[i - 1].kind != CG_JMP;
}

/*
 * A jump to the label just behind it is none; one over a plain jump does that
 * jump itself, the other way round.
 *
 * Older verifiers allow loops that a jump closes, none that close by falling
 * from one instruction into the next: there the jump stays, and the kernel
 * drops it.
 */
static void drop_jumps(struct cg_code *c)
{
	const bool *in_loop = find_loops(c);

	for (uint32_t i = c->insns.n; i-- > 0;) {
		struct cg_insn *p = &c->insns.v[i], *next = p + 1;
		uint8_t other = p->kind == CG_JMP ? inverse(BPF_OP(p->code)) :
						    0;

		if (other && i + 2 < c->insns.n && next->kind == CG_JMP &&
		    next->code == (BPF_JMP | BPF_JA) && !next->is_kept &&
		    is_here(c, i + 2, p->label)) {
			p->code = (uint8_t)(BPF_CLASS(p->code) |
					    BPF_SRC(p->code) | other);
			p->label = next->label;
			next->kind = CG_DEAD;
		}
		if (p->kind == CG_JMP && is_here(c, i + 1, p->label) &&
		    p->code != (BPF_JMP | BPF_JCOND) &&
		    !(in_loop[i] && is_behind_plain(c, i)))
			p->kind = CG_DEAD;
	}
}

/* Where each label stands. */
static uint32_t *find_labels(const struct cg_code *c)
{
	uint32_t *at = arena_array(c->arena, c->nlabels + 1, uint32_t);

	for (uint32_t i = 0; i < c->insns.n; i++)
		if (c->insns.v[i].kind == CG_LABEL)
			at[c->insns.v[i].label] = i;
	return at;
}

static bool is_plain_jump(const struct cg_insn *p)
{
	return p->kind == CG_JMP && p->code == (BPF_JMP | BPF_JA);
}

/* A jump to a jump goes where that one goes, if the way is forward all along:
 * so no loop gets another shape. */
static void thread_jumps(struct cg_code *c)
{
	const uint32_t *at = find_labels(c);

	for (uint32_t i = c->insns.n; i-- > 0;) {
		struct cg_insn *p = &c->insns.v[i];
		uint32_t to;

		if (p->kind != CG_JMP || p->is_kept || at[p->label] < i ||
		    (!is_plain_jump(p) && !inverse(BPF_OP(p->code))))
			continue;
		to = at[p->label];
		while (to < c->insns.n && !size_of(&c->insns.v[to]))
			to++;
		if (to < c->insns.n && is_plain_jump(&c->insns.v[to]) &&
		    !c->insns.v[to].is_kept && at[c->insns.v[to].label] > to)
			p->label = c->insns.v[to].label;
	}
}

/* Drops what stands behind a jump or an exit and is not jumped to; true =
 * something, which may have jumped. */
static bool drop_unreached(struct cg_code *c)
{
	bool *is_used = arena_array(c->arena, c->nlabels + 1, bool);
	bool is_reached = true, dropped = false;

	for (uint32_t i = 0; i < c->insns.n; i++)
		if (c->insns.v[i].kind == CG_JMP)
			is_used[c->insns.v[i].label] = true;
	for (uint32_t i = 0; i < c->insns.n; i++) {
		struct cg_insn *p = &c->insns.v[i];

		if (p->kind == CG_LABEL) {
			is_reached |= is_used[p->label];
			if (!is_used[p->label])
				p->kind = CG_DEAD;
		} else if (!is_reached && p->kind != CG_DEAD) {
			p->kind = CG_DEAD;
			dropped = true;
		}
		if (is_plain_jump(p) || p->kind == CG_EXIT)
			is_reached = false;
	}
	return dropped;
}

static uint32_t field(cg_reg r)
{
	assert(r == NO_REG || r <= R10);
	return r == NO_REG ? 0 : r;
}

/* Laid out as struct bpf_insn is on a little-endian machine. */
static void push(struct emit *e, uint8_t code, cg_reg dst, cg_reg src,
		 int16_t off, int32_t imm)
{
	uint64_t raw = code | field(dst) << 8 | field(src) << 12;

	raw |= (uint64_t)(uint16_t)off << 16 | (uint64_t)(uint32_t)imm << 32;
	vec_push(e->a, &e->img->insns, raw);
}

static void reloc(struct emit *e, const struct cg_insn *p)
{
	if (p->reloc)
		vec_push(e->a, &e->img->relocs, (struct image_reloc){
			.insn = here(e), .kind = p->reloc - 1u,
			.what = p->what });
}

static void line(struct emit *e, const struct cg_insn *p)
{
	if (p->place == IMAGE_NONE || p->place == e->last_place)
		return;
	e->last_place = p->place;
	vec_push(e->a, &e->img->lines,
		 (struct image_line){ .insn = here(e), .place = p->place });
}

/* From the instruction at hand to the start of function `sub`. */
static int32_t to_sub(const struct emit *e, uint32_t sub)
{
	return (int32_t)e->starts[sub] - (int32_t)here(e) - 1;
}

static void emit_ld64(struct emit *e, const struct cg_insn *p)
{
	int32_t lo = 0, hi = 0;
	cg_reg kind = 0;

	switch (p->reloc) {
	case 0:
	case IREL_ACCESS + 1:
		lo = (int32_t)p->imm;
		hi = (int32_t)(p->imm >> 32);
		break;
	case IREL_MAP + 1:
		kind = BPF_PSEUDO_MAP_FD;
		break;
	case IREL_MAP_VALUE + 1:
		kind = BPF_PSEUDO_MAP_VALUE;
		hi = (int32_t)p->imm;
		break;
	case IREL_SUBPROG + 1:
		kind = BPF_PSEUDO_FUNC;
		lo = to_sub(e, p->what);
		break;
	}
	push(e, p->code, p->dst, kind, 0, lo);
	push(e, 0, NO_REG, NO_REG, 0, hi);
}

static void emit_call(struct emit *e, const struct cg_insn *p)
{
	if (p->reloc == IREL_KFUNC + 1)
		push(e, p->code, NO_REG, BPF_PSEUDO_KFUNC_CALL, 0, 0);
	else if (p->reloc == IREL_SUBPROG + 1)
		push(e, p->code, NO_REG, BPF_PSEUDO_CALL, 0,
		     to_sub(e, p->what));
	else
		push(e, p->code, NO_REG, NO_REG, 0, (int32_t)p->imm);
}

/* Over the next n instructions. */
static void push_jump(struct emit *e, const struct cg_insn *p, uint8_t op,
		      int16_t n)
{
	uint8_t code = (uint8_t)(BPF_CLASS(p->code) | BPF_SRC(p->code) | op);

	push(e, code, p->dst, p->src, n, (int32_t)p->imm);
}

/* cpu v4 (Linux 6.6) has a jump of 32 bits, which asks for nothing: others go
 * around it when they do not jump. */
static void emit_far(struct emit *e, const struct cg_insn *p)
{
	uint8_t op = BPF_OP(p->code);

	if (jump_size(p) == 2) {
		push_jump(e, p, inverse(op), 1);
	} else if (jump_size(p) == 3) {
		push_jump(e, p, op, 1);
		push(e, BPF_JMP | BPF_JA, NO_REG, NO_REG, 1, 0);
	}
	push(e, BPF_JMP32 | BPF_JA, NO_REG, NO_REG, 0,
	     (int32_t)e->label_at[p->label] - (int32_t)here(e) - 1);
}

static void emit_jump(struct emit *e, const struct cg_insn *p)
{
	int32_t off = (int32_t)e->label_at[p->label] - (int32_t)here(e) - 1;

	if (p->is_far)
		emit_far(e, p);
	else
		push_jump(e, p, BPF_OP(p->code), (int16_t)off);
}

static void emit_insn(struct emit *e, const struct cg_insn *p)
{
	if (!size_of(p))
		return;
	line(e, p);
	reloc(e, p);
	if (p->kind == CG_LD64)
		emit_ld64(e, p);
	else if (p->kind == CG_CALL)
		emit_call(e, p);
	else if (p->kind == CG_JMP)
		emit_jump(e, p);
	else
		push(e, p->code, p->dst, p->src, p->off, (int32_t)p->imm);
}

/* Finds the labels of a function that begins at `at`. */
static void place_labels(struct emit *e, const struct cg_code *c, uint32_t at)
{
	for (uint32_t i = 0; i < c->insns.n; i++) {
		if (c->insns.v[i].kind == CG_LABEL)
			e->label_at[c->insns.v[i].label] = at;
		at += size_of(&c->insns.v[i]);
	}
}

/* Marks jumps that are too wide; false = all those are known. */
static bool find_far(struct emit *e, struct cg_code *c)
{
	bool found = false;
	uint32_t at = 0;

	place_labels(e, c, 0);
	for (uint32_t i = 0; i < c->insns.n; i++) {
		struct cg_insn *p = &c->insns.v[i];
		int32_t off;

		at += size_of(p);
		if (p->kind != CG_JMP || p->is_far)
			continue;
		off = (int32_t)e->label_at[p->label] - (int32_t)at;
		p->is_far = off < -e->reach || off > e->reach;
		found |= p->is_far;
	}
	return found;
}

/* How many instructions of the kernel's a function becomes. */
static uint32_t measure(struct emit *e, struct cg_code *c)
{
	uint32_t n = 0;

	e->label_at = arena_array(e->a, c->nlabels + 1, uint32_t);
	/* One that takes more room may push others apart. */
	while (find_far(e, c))
		;
	for (uint32_t i = 0; i < c->insns.n; i++)
		n += size_of(&c->insns.v[i]);
	return n;
}

static void emit_func(struct emit *e, const struct cg_code *c)
{
	e->last_place = IMAGE_NONE;
	e->label_at = arena_array(e->a, c->nlabels + 1, uint32_t);
	place_labels(e, c, here(e));
	for (uint32_t i = 0; i < c->insns.n; i++)
		emit_insn(e, &c->insns.v[i]);
}

/* Calls that are left lead to these; the verifier wants no others. */
static void mark_called(struct cg_code *const *funcs, uint32_t f, bool *called)
{
	called[f] = true;
	for (uint32_t i = 0; i < funcs[f]->insns.n; i++) {
		const struct cg_insn *p = &funcs[f]->insns.v[i];

		if (p->kind != CG_DEAD && p->reloc == IREL_SUBPROG + 1 &&
		    !called[p->what])
			mark_called(funcs, p->what, called);
	}
}

uint32_t emit_prog(struct image *img, struct cg_code *const *funcs,
		   uint32_t n, bool has_far, const struct image_prog *like)
{
	struct emit e = { .img = img, .a = funcs[0]->arena,
			  .first = img->insns.n,
			  .reach = has_far ? SAFE_REACH : INT16_MAX };
	struct image_prog prog = *like;
	uint32_t at = 0;
	bool *called;

	prog.first = img->insns.n;
	prog.first_reloc = img->relocs.n;
	prog.first_line = img->lines.n;
	e.starts = arena_array(e.a, n, uint32_t);
	called = arena_array(e.a, n, bool);
	mark_called(funcs, 0, called);
	for (uint32_t f = 0; f < n; f++) {
		if (!called[f])
			continue;
		/* Verifiers of before Linux 6.6 find less to compare where
		 * ways no longer come together in a jump, and give up. */
		if (has_far)
			thread_jumps(funcs[f]);
		while (drop_unreached(funcs[f]))
			;
		code_sweep(funcs[f]);
		drop_jumps(funcs[f]);
		e.starts[f] = at;
		at += measure(&e, funcs[f]);
	}
	for (uint32_t f = 0; f < n; f++)
		if (called[f])
			emit_func(&e, funcs[f]);
	prog.n = img->insns.n - prog.first;
	prog.nrelocs = img->relocs.n - prog.first_reloc;
	prog.nlines = img->lines.n - prog.first_line;
	vec_push(e.a, &img->progs, prog);
	return img->progs.n - 1;
}

#ifdef UNIT_TEST
#include "unit.h"

#define TEST_FILL (SAFE_REACH + 1)

/* A jump of this kind over many instructions, which another one leads to; the
 * program it becomes. */
static const uint64_t *test_far(struct arena *a, struct cg_insn jump,
				uint32_t *ret_n)
{
	const struct image_prog like = {};
	struct image *img = arena_new(a, struct image);
	struct cg_code *c = arena_new(a, struct cg_code);
	cg_label again;

	code_init(c, a);
	jump.label = code_label(c);
	again = code_label(c);
	jump.kind = CG_JMP;
	vec_push(a, &c->insns, jump);
	code_place_label(c, again);
	for (uint32_t i = 0; i < TEST_FILL; i++)
		code_movi(c, R0, 1);
	code_ifi(c, BPF_JEQ, R0, 7, again);
	code_place_label(c, jump.label);
	code_exit(c);
	emit_prog(img, &c, 1, true, &like);
	*ret_n = img->insns.n;
	return img->insns.v;
}

/* struct bpf_insn's code, off, imm */
static void test_insn(uint64_t insn, int code, int off, int imm)
{
	TEST_EQ(insn & 0xff, code);
	TEST_EQ((int16_t)(insn >> 16), off);
	TEST_EQ((int32_t)(insn >> 32), imm);
}

UNIT_TEST_CASE(emit_far_jumps)
{
	const uint64_t *v;
	struct arena a;
	uint32_t n;

	arena_init(&a);
	v = test_far(&a, (struct cg_insn){ .code = BPF_JMP | BPF_JA,
					   .dst = NO_REG, .src = NO_REG }, &n);
	TEST_EQ(n, TEST_FILL + 4);
	test_insn(v[0], BPF_JMP32 | BPF_JA, 0, TEST_FILL + 2);
	v = test_far(&a, (struct cg_insn){ .code = BPF_JMP | BPF_JSGT,
					   .dst = R1, .src = NO_REG,
					   .imm = 7 }, &n);
	TEST_EQ(n, TEST_FILL + 5);
	test_insn(v[0], BPF_JMP | BPF_JSLE, 1, 7);
	test_insn(v[1], BPF_JMP32 | BPF_JA, 0, TEST_FILL + 2);
	v = test_far(&a, (struct cg_insn){ .code = BPF_JMP | BPF_JSET,
					   .dst = R1, .src = NO_REG,
					   .imm = 7 }, &n);
	TEST_EQ(n, TEST_FILL + 6);
	test_insn(v[0], BPF_JMP | BPF_JSET, 1, 7);
	test_insn(v[1], BPF_JMP | BPF_JA, 1, 0);
	test_insn(v[2], BPF_JMP32 | BPF_JA, 0, TEST_FILL + 2);
	arena_deinit(&a);
}

/* A jump to a jump goes on at once; what nobody comes to any more is gone. */
UNIT_TEST_CASE(emit_threads_jumps)
{
	const struct image_prog like = {};
	struct image img = {};
	struct cg_code c, *funcs[] = { &c };
	cg_label on, end;
	struct arena a;

	arena_init(&a);
	code_init(&c, &a);
	on = code_label(&c);
	end = code_label(&c);
	code_ifi(&c, BPF_JEQ, R1, 0, on);
	code_movi(&c, R0, 1);
	code_exit(&c);
	code_place_label(&c, on);
	code_jmp(&c, end);
	code_movi(&c, R0, 2);
	code_exit(&c);
	code_place_label(&c, end);
	code_movi(&c, R0, 3);
	code_exit(&c);
	emit_prog(&img, funcs, 1, true, &like);
	TEST_EQ(img.insns.n, 5);
	test_insn(img.insns.v[0], BPF_JMP | BPF_JEQ | BPF_K, 2, 0);
	test_insn(img.insns.v[3], BPF_ALU64 | BPF_MOV | BPF_K, 0, 3);
	arena_deinit(&a);
}
#endif
