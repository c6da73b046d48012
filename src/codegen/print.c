/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs of an image as text: one instruction a line, in the notation
 * of the kernel's verifier, under the lines of the script that they are for.
 */
#include <linux/bpf.h>
#include <string.h>

#include "codegen/codegen.h"

struct insn {
	uint8_t code;
	uint8_t dst, src;
	int16_t off;
	int32_t imm;
};

struct print {
	const struct image *img;
	const struct image_prog *prog;
	FILE *out;
	uint32_t line, reloc;	/* the next to come */
};

static struct insn decode(uint64_t raw)
{
	return (struct insn){
		.code = (uint8_t)raw,
		.dst = raw >> 8 & 15,
		.src = raw >> 12 & 15,
		.off = (int16_t)(raw >> 16),
		.imm = (int32_t)(raw >> 32),
	};
}

static const char *const helpers[] = {
#define HELPER(id, number, nargs) [number] = #id,
#include "codegen/helpers.def"
#undef HELPER
};

static const char *size_name(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return "u8";
	case BPF_H:
		return "u16";
	case BPF_W:
		return "u32";
	}
	return "u64";
}

static const char *alu_name(uint8_t code)
{
	static const char *const names[16] = {
		"+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=",
		"neg", "%=", "^=", "=", "s>>=", "end", "?", "?",
	};

	return names[code >> 4];
}

static const char *jump_name(uint8_t code)
{
	static const char *const names[16] = {
		"goto", "==", ">", ">=", "&", "!=", "s>", "s>=",
		"call", "exit", "<", "<=", "s<", "s<=", "may_goto", "?",
	};

	return names[code >> 4];
}

static void print_alu(struct print *p, struct insn i)
{
	const char *sign = i.off == 1 ? "s" : "";
	char r = BPF_CLASS(i.code) == BPF_ALU ? 'w' : 'r';

	if (BPF_OP(i.code) == BPF_NEG)
		fprintf(p->out, "%c%u = -%c%u", r, i.dst, r, i.dst);
	else if (BPF_SRC(i.code) == BPF_X)
		fprintf(p->out, "%c%u %s%s %c%u", r, i.dst, sign,
			alu_name(i.code), r, i.src);
	else
		fprintf(p->out, "%c%u %s%s %d", r, i.dst, sign,
			alu_name(i.code), i.imm);
}

static void print_atomic(struct print *p, struct insn i)
{
	const char *size = size_name(i.code);

	if (i.imm == BPF_CMPXCHG)
		fprintf(p->out, "r0 = cmpxchg(*(%s *)(r%u %+d), r0, r%u)",
			size, i.dst, i.off, i.src);
	else if (i.imm == BPF_XCHG)
		fprintf(p->out, "r%u = xchg(*(%s *)(r%u %+d), r%u)", i.src,
			size, i.dst, i.off, i.src);
	else if (i.imm & BPF_FETCH)
		fprintf(p->out, "r%u = fetch(*(%s *)(r%u %+d) %s r%u)", i.src,
			size, i.dst, i.off, alu_name((uint8_t)i.imm), i.src);
	else
		fprintf(p->out, "lock *(%s *)(r%u %+d) %s r%u", size, i.dst,
			i.off, alu_name((uint8_t)i.imm), i.src);
}

static void print_jump(struct print *p, struct insn i, uint32_t at)
{
	int64_t to = (int64_t)at + 1 + i.off;

	if (BPF_CLASS(i.code) == BPF_JMP32 && BPF_OP(i.code) == BPF_JA)
		to = (int64_t)at + 1 + i.imm;
	if (BPF_OP(i.code) == BPF_EXIT)
		fprintf(p->out, "exit");
	else if (BPF_OP(i.code) == BPF_JA)
		fprintf(p->out, "goto %lld", (long long)to);
	else if (jump_name(i.code)[0] == 'm')
		fprintf(p->out, "may_goto %lld", (long long)to);
	else if (BPF_SRC(i.code) == BPF_X)
		fprintf(p->out, "if r%u %s r%u goto %lld", i.dst,
			jump_name(i.code), i.src, (long long)to);
	else
		fprintf(p->out, "if %c%u %s %d goto %lld",
			BPF_CLASS(i.code) == BPF_JMP32 ? 'w' : 'r', i.dst,
			jump_name(i.code), i.imm, (long long)to);
}

static struct str name_of(struct print *p, const struct image_reloc *r)
{
	if (r->kind == IREL_KFUNC)
		return image_str(p->img, r->what);
	return image_str(p->img, p->img->maps.v[r->what].name);
}

static void print_call(struct print *p, struct insn i, uint32_t at,
		       const struct image_reloc *r)
{
	if (i.src == BPF_PSEUDO_CALL)
		fprintf(p->out, "call %lld", (long long)at + 1 + i.imm);
	else if (r && r->kind == IREL_KFUNC)
		fprintf(p->out, "call %" STR_FMT, STR_ARG(name_of(p, r)));
	else if (i.imm >= 0 && (size_t)i.imm < ARRAY_SIZE(helpers) &&
		 helpers[i.imm])
		fprintf(p->out, "call %s", helpers[i.imm]);
	else
		fprintf(p->out, "call %d", i.imm);
}

static void print_ld64(struct print *p, struct insn i, struct insn hi,
		       uint32_t at, const struct image_reloc *r)
{
	int64_t v = (int64_t)((uint64_t)(uint32_t)hi.imm << 32 |
			      (uint32_t)i.imm);

	fprintf(p->out, "r%u = ", i.dst);
	if (i.src == BPF_PSEUDO_FUNC)
		fprintf(p->out, "&%lld", (long long)at + 1 + i.imm);
	else if (r && r->kind == IREL_MAP)
		fprintf(p->out, "map %" STR_FMT, STR_ARG(name_of(p, r)));
	else if (r && r->kind == IREL_MAP_VALUE)
		fprintf(p->out, "&%" STR_FMT "[%d]", STR_ARG(name_of(p, r)),
			hi.imm);
	else
		fprintf(p->out, "%lld", (long long)v);
}

static void print_insn(struct print *p, const uint64_t *raw, uint32_t at,
		       const struct image_reloc *r)
{
	struct insn i = decode(*raw);

	switch (BPF_CLASS(i.code)) {
	case BPF_ALU:
	case BPF_ALU64:
		print_alu(p, i);
		break;
	case BPF_LDX:
		fprintf(p->out, "r%u = *(%s *)(r%u %+d)", i.dst,
			size_name(i.code), i.src, i.off);
		break;
	case BPF_ST:
		fprintf(p->out, "*(%s *)(r%u %+d) = %d", size_name(i.code),
			i.dst, i.off, i.imm);
		break;
	case BPF_STX:
		if (BPF_MODE(i.code) == BPF_ATOMIC)
			print_atomic(p, i);
		else
			fprintf(p->out, "*(%s *)(r%u %+d) = r%u",
				size_name(i.code), i.dst, i.off, i.src);
		break;
	case BPF_LD:
		print_ld64(p, i, decode(raw[1]), at, r);
		break;
	case BPF_JMP:
	case BPF_JMP32:
		if (BPF_OP(i.code) == BPF_CALL)
			print_call(p, i, at, r);
		else
			print_jump(p, i, at);
		break;
	}
}

/* "; x.stp:3:7: the line" where a new one begins. */
static void print_line(struct print *p, uint32_t at)
{
	const struct image_line *l =
		&p->img->lines.v[p->prog->first_line + p->line];
	const struct image_place *pl;

	if (p->line == p->prog->nlines || l->insn != at)
		return;
	p->line++;
	pl = &p->img->places.v[l->place];
	fprintf(p->out, "; %" STR_FMT ":%u:%u: %" STR_FMT "\n",
		STR_ARG(image_str(p->img, pl->file)), pl->line, pl->col,
		STR_ARG(image_str(p->img, pl->source)));
}

static const struct image_reloc *next_reloc(struct print *p, uint32_t at)
{
	const struct image_reloc *r =
		&p->img->relocs.v[p->prog->first_reloc + p->reloc];

	if (p->reloc == p->prog->nrelocs || r->insn != at)
		return NULL;
	p->reloc++;
	return r;
}

static void print_prog(struct print *p)
{
	const uint64_t *insns = &p->img->insns.v[p->prog->first];

	fprintf(p->out, "prog %" STR_FMT "\n",
		STR_ARG(image_str(p->img, p->prog->name)));
	for (uint32_t at = 0; at < p->prog->n; at++) {
		print_line(p, at);
		fprintf(p->out, "%5u: ", at);
		print_insn(p, insns + at, at, next_reloc(p, at));
		fputc('\n', p->out);
		if ((uint8_t)insns[at] == (BPF_LD | BPF_DW | BPF_IMM))
			at++;
	}
}

void cg_print(const struct image *img, FILE *out)
{
	for (uint32_t i = 0; i < img->progs.n; i++) {
		struct print p = { .img = img, .out = out,
				   .prog = &img->progs.v[i] };

		if (i)
			fputc('\n', out);
		print_prog(&p);
	}
}
