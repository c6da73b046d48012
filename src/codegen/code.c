/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/code.h"

#include <assert.h>

#include "base/bits.h"

static const struct {
	int number;
	uint8_t nargs;
} helpers[HELPER_N] = {
#define HELPER(id, number, nargs) [HELPER_##id] = { number, nargs },
#include "codegen/helpers.def"
#undef HELPER
};

void code_init(struct cg_code *c, struct arena *a)
{
	*c = (struct cg_code){ .arena = a, .place = IMAGE_NONE,
				.stack_max = CODE_STACK_MAX,
				.spill_base = NO_REG };
}

cg_reg code_reg(struct cg_code *c)
{
	return VREG + c->nvregs++;
}

cg_label code_label(struct cg_code *c)
{
	return c->nlabels++;
}

int16_t code_stack(struct cg_code *c, uint32_t size)
{
	c->stack += align_up(size, 8);
	return (int16_t)-(int32_t)c->stack;
}

static void add(struct cg_code *c, struct cg_insn i)
{
	i.place = c->place;
	vec_push(c->arena, &c->insns, i);
}

void code_place_label(struct cg_code *c, cg_label l)
{
	add(c, (struct cg_insn){ .kind = CG_LABEL, .label = l,
				 .dst = NO_REG, .src = NO_REG });
}

void code_mov(struct cg_code *c, cg_reg dst, cg_reg src)
{
	code_alu(c, BPF_MOV, dst, src);
}

void code_movi(struct cg_code *c, cg_reg dst, int64_t imm)
{
	if (code_fits(imm))
		code_alui(c, BPF_MOV, dst, imm);
	else
		add(c, (struct cg_insn){ .kind = CG_LD64,
					 .code = BPF_LD | BPF_DW | BPF_IMM,
					 .dst = dst, .src = NO_REG,
					 .imm = imm });
}

cg_reg code_copy(struct cg_code *c, cg_reg src)
{
	cg_reg r = code_reg(c);

	code_mov(c, r, src);
	return r;
}

cg_reg code_const(struct cg_code *c, int64_t imm)
{
	cg_reg r = code_reg(c);

	code_movi(c, r, imm);
	return r;
}

void code_alu(struct cg_code *c, uint8_t op, cg_reg dst, cg_reg src)
{
	add(c, (struct cg_insn){ .kind = CG_ALU, .uses_reg = true,
				 .code = BPF_ALU64 | op | BPF_X,
				 .dst = dst, .src = src });
}

void code_alui(struct cg_code *c, uint8_t op, cg_reg dst, int64_t imm)
{
	assert(code_fits(imm));
	add(c, (struct cg_insn){ .kind = CG_ALU,
				 .code = BPF_ALU64 | op | BPF_K,
				 .dst = dst, .src = NO_REG, .imm = imm });
}

void code_alu_signed(struct cg_code *c, uint8_t op, cg_reg dst, cg_reg src)
{
	code_alu(c, op, dst, src);
	vec_last(&c->insns).off = 1;
}

void code_big_endian(struct cg_code *c, cg_reg v)
{
	code_alui(c, BPF_END, v, 64);
	vec_last(&c->insns).code = BPF_ALU | BPF_END | BPF_TO_BE;
}

cg_reg code_addi(struct cg_code *c, cg_reg a, int64_t imm)
{
	cg_reg r = code_copy(c, a);

	if (imm)
		code_alui(c, BPF_ADD, r, imm);
	return r;
}

static uint8_t size_code(uint32_t size)
{
	switch (size) {
	case 1:
		return BPF_B;
	case 2:
		return BPF_H;
	case 4:
		return BPF_W;
	}
	assert(size == 8);
	return BPF_DW;
}

/* Offsets beyond 16 bits go into a register of their own. */
static cg_reg near(struct cg_code *c, cg_reg base, int32_t *off)
{
	if (*off == (int16_t)*off)
		return base;
	base = code_addi(c, base, *off);
	*off = 0;
	return base;
}

void code_load(struct cg_code *c, cg_reg dst, cg_reg base, int32_t off,
	       uint32_t size)
{
	base = near(c, base, &off);
	add(c, (struct cg_insn){ .kind = CG_LDX, .uses_reg = true,
				 .code = BPF_LDX | BPF_MEM | size_code(size),
				 .dst = dst, .src = base,
				 .off = (int16_t)off });
}

cg_reg code_ld(struct cg_code *c, cg_reg base, int32_t off, uint32_t size)
{
	cg_reg r = code_reg(c);

	code_load(c, r, base, off, size);
	return r;
}

void code_store(struct cg_code *c, cg_reg base, int32_t off, cg_reg src,
		uint32_t size)
{
	base = near(c, base, &off);
	add(c, (struct cg_insn){ .kind = CG_STX, .uses_reg = true,
				 .code = BPF_STX | BPF_MEM | size_code(size),
				 .dst = base, .src = src,
				 .off = (int16_t)off });
}

void code_storei(struct cg_code *c, cg_reg base, int32_t off, int32_t imm,
		 uint32_t size)
{
	base = near(c, base, &off);
	add(c, (struct cg_insn){ .kind = CG_ST,
				 .code = BPF_ST | BPF_MEM | size_code(size),
				 .dst = base, .src = NO_REG,
				 .off = (int16_t)off, .imm = imm });
}

void code_atomic(struct cg_code *c, int32_t op, cg_reg base, int32_t off,
		 cg_reg src)
{
	base = near(c, base, &off);
	add(c, (struct cg_insn){ .kind = CG_ATOMIC, .uses_reg = true,
				 .code = BPF_STX | BPF_ATOMIC | BPF_DW,
				 .dst = base, .src = src,
				 .off = (int16_t)off, .imm = op });
}

cg_reg code_map_value(struct cg_code *c, uint32_t map, uint32_t off)
{
	cg_reg r = code_reg(c);

	add(c, (struct cg_insn){ .kind = CG_LD64,
				 .code = BPF_LD | BPF_DW | BPF_IMM,
				 .reloc = IREL_MAP_VALUE + 1, .what = map,
				 .dst = r, .src = NO_REG,
				 .imm = off });
	return r;
}

cg_reg code_access(struct cg_code *c, uint32_t access, int64_t value)
{
	cg_reg r = code_reg(c);

	add(c, (struct cg_insn){ .kind = CG_LD64,
				 .code = BPF_LD | BPF_DW | BPF_IMM,
				 .reloc = IREL_ACCESS + 1, .what = access,
				 .dst = r, .src = NO_REG,
				 .imm = value });
	return r;
}

void code_relocate(struct cg_code *c, enum image_reloc_kind kind,
		   uint32_t what)
{
	struct cg_insn *last = &vec_last(&c->insns);

	last->reloc = (uint8_t)(kind + 1);
	last->what = what;
}

void code_map(struct cg_code *c, cg_reg dst, uint32_t map)
{
	add(c, (struct cg_insn){ .kind = CG_LD64,
				 .code = BPF_LD | BPF_DW | BPF_IMM,
				 .reloc = IREL_MAP + 1, .what = map,
				 .dst = dst, .src = NO_REG });
}

void code_if(struct cg_code *c, uint8_t op, cg_reg a, cg_reg b, cg_label l)
{
	add(c, (struct cg_insn){ .kind = CG_JMP, .uses_reg = true,
				 .code = BPF_JMP | op | BPF_X, .dst = a,
				 .src = b, .label = l });
}

void code_ifi(struct cg_code *c, uint8_t op, cg_reg a, int64_t imm,
	      cg_label l)
{
	if (!code_fits(imm)) {
		code_if(c, op, a, code_const(c, imm), l);
		return;
	}
	add(c, (struct cg_insn){ .kind = CG_JMP,
				 .code = BPF_JMP | op | BPF_K, .dst = a,
				 .src = NO_REG, .imm = imm, .label = l });
}

void code_ifi_int(struct cg_code *c, uint8_t op, cg_reg a, int32_t imm,
		  cg_label l)
{
	add(c, (struct cg_insn){ .kind = CG_JMP,
				 .code = BPF_JMP32 | op | BPF_K, .dst = a,
				 .src = NO_REG, .imm = imm, .label = l });
}

void code_stop_if(struct cg_code *c, uint8_t op, cg_reg v, int64_t imm,
		  cg_label done)
{
	cg_label on = code_label(c);

	code_ifi(c, op == BPF_JEQ ? BPF_JNE : BPF_JEQ, v, imm, on);
	code_jmp_kept(c, done);
	code_place_label(c, on);
}

void code_jmp(struct cg_code *c, cg_label l)
{
	add(c, (struct cg_insn){ .kind = CG_JMP, .code = BPF_JMP | BPF_JA,
				 .dst = NO_REG, .src = NO_REG, .label = l });
}

void code_jmp_kept(struct cg_code *c, cg_label l)
{
	code_jmp(c, l);
	vec_last(&c->insns).is_kept = true;
}

void code_may_goto(struct cg_code *c, cg_label l)
{
	add(c, (struct cg_insn){ .kind = CG_JMP,
				 .code = BPF_JMP | BPF_JCOND,
				 .dst = NO_REG, .src = NO_REG, .label = l });
}

void code_exit(struct cg_code *c)
{
	add(c, (struct cg_insn){ .kind = CG_EXIT, .code = BPF_JMP | BPF_EXIT,
				 .dst = NO_REG, .src = NO_REG });
}

void code_call(struct cg_code *c, enum cg_helper h)
{
	add(c, (struct cg_insn){ .kind = CG_CALL, .code = BPF_JMP | BPF_CALL,
				 .nargs = helpers[h].nargs, .dst = NO_REG,
				 .src = NO_REG, .imm = helpers[h].number });
}

void code_call_kfunc(struct cg_code *c, istr name, uint8_t nargs)
{
	add(c, (struct cg_insn){ .kind = CG_CALL, .code = BPF_JMP | BPF_CALL,
				 .reloc = IREL_KFUNC + 1, .what = name,
				 .nargs = nargs, .dst = NO_REG,
				 .src = NO_REG });
}

void code_call_sub(struct cg_code *c, uint32_t sub, uint8_t nargs)
{
	add(c, (struct cg_insn){ .kind = CG_CALL, .code = BPF_JMP | BPF_CALL,
				 .reloc = IREL_SUBPROG + 1, .what = sub,
				 .nargs = nargs, .dst = NO_REG,
				 .src = NO_REG });
}

void code_sub_addr(struct cg_code *c, cg_reg dst, uint32_t sub)
{
	add(c, (struct cg_insn){ .kind = CG_LD64,
				 .code = BPF_LD | BPF_DW | BPF_IMM,
				 .reloc = IREL_SUBPROG + 1, .what = sub,
				 .dst = dst, .src = NO_REG });
}

cg_reg code_result(struct cg_code *c)
{
	return code_copy(c, R0);
}

uint32_t code_uses(const struct cg_insn *i, cg_reg ret[8])
{
	uint32_t n = 0;

	switch ((enum cg_kind)i->kind) {
	case CG_ALU:
		if (BPF_OP(i->code) != BPF_MOV)
			ret[n++] = i->dst;
		break;
	case CG_STX:
	case CG_ST:
		ret[n++] = i->dst;
		break;
	case CG_ATOMIC:
		ret[n++] = i->dst;
		if (i->imm == BPF_CMPXCHG)
			ret[n++] = R0;
		break;
	case CG_JMP:
		if (i->dst != NO_REG)
			ret[n++] = i->dst;
		break;
	case CG_CALL:
		for (uint32_t k = 0; k < i->nargs; k++)
			ret[n++] = R1 + k;
		break;
	case CG_EXIT:
		ret[n++] = R0;
		break;
	case CG_LDX:
	case CG_LD64:
	case CG_LABEL:
	case CG_DEAD:
		break;
	}
	if (i->uses_reg)
		ret[n++] = i->src;
	return n;
}

cg_reg code_def(const struct cg_insn *i)
{
	switch ((enum cg_kind)i->kind) {
	case CG_ALU:
	case CG_LDX:
	case CG_LD64:
		return i->dst;
	case CG_CALL:
		return R0;
	case CG_ATOMIC:
		if (i->imm == BPF_CMPXCHG)
			return R0;
		return i->imm & BPF_FETCH ? i->src : NO_REG;
	case CG_STX:
	case CG_ST:
	case CG_JMP:
	case CG_EXIT:
	case CG_LABEL:
	case CG_DEAD:
		break;
	}
	return NO_REG;
}

void code_sweep(struct cg_code *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->insns.n; i++)
		if (c->insns.v[i].kind != CG_DEAD)
			c->insns.v[n++] = c->insns.v[i];
	c->insns.n = n;
}
