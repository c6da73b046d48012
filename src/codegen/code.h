/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code before it has registers: BPF instructions over any number of virtual
 * registers, with labels instead of distances.  The select_*.c and rt_*.c
 * files append to it by the functions here; regalloc.c gives each virtual
 * register a real one or a place on the stack; emit.c makes the final
 * instructions of it.
 *
 * Real registers (R0 .. R5) appear only around calls, within one stretch
 * without labels: arguments are moved into them just before the call, the
 * result is moved out just behind it.
 */
#ifndef CODEGEN_CODE_H
#define CODEGEN_CODE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/vec.h"
#include "image/image.h"

enum {
	R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10,
	VREG = 16,		/* the first virtual register */
	NO_REG = 0xffffff,
};

#ifndef BPF_JCOND
#define BPF_JCOND 0xe0		/* may_goto */
#endif

#define CODE_STACK_MAX 512	/* bytes, of the functions that call each
				 * other together */

typedef uint32_t cg_reg;
typedef uint32_t cg_label;

enum cg_helper {
#define HELPER(id, number, nargs) HELPER_##id,
#include "codegen/helpers.def"
#undef HELPER
	HELPER_N
};

enum cg_kind {
	CG_ALU,			/* code, dst, src or imm */
	CG_LDX,			/* dst = *(src + off) */
	CG_STX,			/* *(dst + off) = src */
	CG_ST,			/* *(dst + off) = imm */
	CG_ATOMIC,		/* *(dst + off) op= src; imm = operation */
	CG_LD64,		/* dst = imm, or what the relocation says */
	CG_JMP,			/* code; if (dst op src or imm) goto label */
	CG_CALL,		/* nargs */
	CG_EXIT,
	CG_LABEL,		/* label */
	CG_DEAD,		/* nothing any more */
};

struct cg_insn {
	uint8_t kind;		/* enum cg_kind */
	uint8_t code;		/* opcode of linux/bpf.h */
	uint8_t nargs;		/* CG_CALL: R1 .. are read */
	uint8_t reloc;		/* enum image_reloc_kind + 1, or 0 */
	int16_t off;
	bool uses_reg;		/* operand src, else imm */
	bool is_kept;		/* a jump that another cannot do */
	bool is_far;		/* a jump that is too wide for 16 bits */
	cg_reg dst, src;
	int64_t imm;
	uint32_t what;		/* of the relocation */
	cg_label label;
	uint32_t place;
};

/* One function of a program: [0] is what the kernel calls. */
struct cg_code {
	struct arena *arena;
	VEC(struct cg_insn) insns;
	uint32_t nvregs;
	uint32_t nlabels;
	uint32_t stack;		/* bytes in use, from R10 down */
	uint32_t stack_max;	/* bytes there are */
	/* When those are used up: numbers (no pointers) are spilled to
	 * memory at what this register points to, from spill_off on.  NO_REG:
	 * there is none. */
	cg_reg spill_base;
	uint32_t spill_off;
	uint32_t place;		/* given to what is appended */
};

void code_init(struct cg_code *c, struct arena *a);
cg_reg code_reg(struct cg_code *c);
cg_label code_label(struct cg_code *c);
void code_place_label(struct cg_code *c, cg_label l);

/* A piece of the stack, 8-aligned: its (negative) offset from R10. */
int16_t code_stack(struct cg_code *c, uint32_t size);

/* dst = src, dst = imm; a fresh register with it. */
void code_mov(struct cg_code *c, cg_reg dst, cg_reg src);
void code_movi(struct cg_code *c, cg_reg dst, int64_t imm);
cg_reg code_copy(struct cg_code *c, cg_reg src);
cg_reg code_const(struct cg_code *c, int64_t imm);

/* dst op= src or imm (which must fit 32 bits); op = BPF_ADD ... */
void code_alu(struct cg_code *c, uint8_t op, cg_reg dst, cg_reg src);
void code_alui(struct cg_code *c, uint8_t op, cg_reg dst, int64_t imm);
/* As code_alui, with off: 1 makes BPF_DIV and BPF_MOD signed (cpu v4). */
void code_alu_signed(struct cg_code *c, uint8_t op, cg_reg dst, cg_reg src);
/* v, whose first byte in memory is its lowest, the other way round. */
void code_big_endian(struct cg_code *c, cg_reg v);
/* A fresh register with a + imm. */
cg_reg code_addi(struct cg_code *c, cg_reg a, int64_t imm);

/* size = 1, 2, 4, 8 bytes. */
void code_load(struct cg_code *c, cg_reg dst, cg_reg base, int32_t off,
	       uint32_t size);
cg_reg code_ld(struct cg_code *c, cg_reg base, int32_t off, uint32_t size);
void code_store(struct cg_code *c, cg_reg base, int32_t off, cg_reg src,
		uint32_t size);
void code_storei(struct cg_code *c, cg_reg base, int32_t off, int32_t imm,
		 uint32_t size);

/* op = BPF_ADD, BPF_OR | BPF_FETCH, BPF_XCHG, BPF_CMPXCHG (with R0); 8
 * bytes.  With BPF_FETCH src becomes what was there. */
void code_atomic(struct cg_code *c, int32_t op, cg_reg base, int32_t off,
		 cg_reg src);

/* The address of a byte in the value of an array map of one element; of a
 * map itself. */
cg_reg code_map_value(struct cg_code *c, uint32_t map, uint32_t off);
void code_map(struct cg_code *c, cg_reg dst, uint32_t map);

/* The value of an access; `value` on the kernel compiled for. */
cg_reg code_access(struct cg_code *c, uint32_t access, int64_t value);

/* Gives the instruction appended last a relocation. */
void code_relocate(struct cg_code *c, enum image_reloc_kind kind,
		   uint32_t what);

/* if (a op b) goto l; op = BPF_JEQ ... */
void code_if(struct cg_code *c, uint8_t op, cg_reg a, cg_reg b, cg_label l);
void code_ifi(struct cg_code *c, uint8_t op, cg_reg a, int64_t imm,
	      cg_label l);
/* The same of an int, as most helpers give it: of the low 32 bits. */
void code_ifi_int(struct cg_code *c, uint8_t op, cg_reg a, int32_t imm,
		  cg_label l);
/* Goes to `done` if v op imm (BPF_JEQ or BPF_JNE): the verifier follows that
 * way before the other, and in loops then has nothing open when it comes to
 * the next turn. */
void code_stop_if(struct cg_code *c, uint8_t op, cg_reg v, int64_t imm,
		  cg_label done);
void code_jmp(struct cg_code *c, cg_label l);
/* The same, and it stays behind the jump that goes around it: the verifier
 * follows what comes behind that jump first. */
void code_jmp_kept(struct cg_code *c, cg_label l);
/* Goes to l when the kernel has had enough of this loop. */
void code_may_goto(struct cg_code *c, cg_label l);
void code_exit(struct cg_code *c);

/* Arguments are in R1 ..; the result is in R0. */
void code_call(struct cg_code *c, enum cg_helper h);
void code_call_kfunc(struct cg_code *c, istr name, uint8_t nargs);
/* Function number `sub` of the program being made. */
void code_call_sub(struct cg_code *c, uint32_t sub, uint8_t nargs);
/* dst = address of function number `sub`, for a callback. */
void code_sub_addr(struct cg_code *c, cg_reg dst, uint32_t sub);
/* A fresh register with R0. */
cg_reg code_result(struct cg_code *c);

/* What an instruction reads and writes: at most three and two. */
uint32_t code_uses(const struct cg_insn *i, cg_reg ret[8]);
/* NO_REG = nothing; R0 of a call counts as written. */
cg_reg code_def(const struct cg_insn *i);

/* Takes out what is dead. */
void code_sweep(struct cg_code *c);

static inline bool code_fits(int64_t v)
{
	return v == (int32_t)v;
}

#endif
