/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86: prefixes, an opcode of one of several maps, for most opcodes a byte
 * that names the operands (ModRM) with a displacement behind it, and an
 * immediate.  Two bits for each opcode of a map tell what it has.
 */
#include "dbg/insn.h"

#include "base/bits.h"
#include "dbg/reader.h"

#define X86_LENGTH_MAX 15

enum x86_imm {
	IMM_NONE,
	IMM_1,
	IMM_2,
	IMM_3,
	IMM_Z,		/* 4, with an operand-size prefix 2 */
	IMM_4,
	IMM_V,		/* 4 or 2, with REX.W 8 */
	IMM_ADDRESS,	/* 8, with an address-size prefix 4 */
	IMM_TEST,	/* of reg 0 and 1 only: group 3 */
};

struct x86 {
	struct reader r;
	uint8_t opcode;
	uint8_t map;		/* 0, 1 = 0f, 2 = 0f 38, 3 = 0f 3a, ... */
	uint8_t modrm;
	bool is_vex;
	bool has_66, has_67, has_f2, has_f3, has_rex_w, has_rex_b;
	bool is_bad_prefix;
	bool is_invalid;
};

/* ---- prefixes ---- */

static bool x86_prefix(struct x86 *x, uint8_t byte)
{
	switch (byte) {
	case 0x66:
		x->has_66 = true;
		return true;
	case 0x67:
		x->has_67 = true;
		return true;
	case 0xf2:
		x->has_f2 = true;
		return true;
	case 0xf3:
		x->has_f3 = true;
		return true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0xf0:
		x->is_bad_prefix = true;
		return true;
	case 0x64:
	case 0x65:
		return true;
	default:
		return false;
	}
}

/* c5, c4, 62: a prefix that names the map. */
static void x86_vex(struct x86 *x, uint8_t first)
{
	uint8_t byte = reader_u8(&x->r);

	x->is_vex = true;
	x->map = first == 0xc5 ? 1 : byte & (first == 0xc4 ? 0x1f : 7);
	reader_skip(&x->r, first == 0xc5 ? 0 : first == 0xc4 ? 1 : 2);
	x->opcode = reader_u8(&x->r);
	if (!x->map || x->map > 6)
		x->is_invalid = true;
}

static void x86_opcode(struct x86 *x)
{
	uint8_t byte = reader_u8(&x->r);

	while (x86_prefix(x, byte) && !x->r.bad)
		byte = reader_u8(&x->r);
	if ((byte & 0xf0) == 0x40) {
		x->has_rex_w = byte & 8;
		x->has_rex_b = byte & 1;
		byte = reader_u8(&x->r);
	}
	if (byte == 0xc5 || byte == 0xc4 || byte == 0x62) {
		x86_vex(x, byte);
		return;
	}
	if (byte == 0x0f) {
		x->map = 1;
		byte = reader_u8(&x->r);
		if (byte == 0x38 || byte == 0x3a) {
			x->map = byte == 0x38 ? 2 : 3;
			byte = reader_u8(&x->r);
		}
	}
	x->opcode = byte;
}

/* ---- what an opcode has ---- */

/* One bit for each opcode of a row of 16, the lowest for x0. */
static const uint16_t x86_modrm_1[16] = {
	0x0f0f, 0x0f0f, 0x0f0f, 0x0f0f, 0x0000, 0x0000, 0x0a08, 0x0000,
	0xfffb, 0x0000, 0x0000, 0x0000, 0x00c3, 0xff0f, 0x0000, 0xc0c0,
};
static const uint16_t x86_modrm_2[16] = {
	0xa00f, 0xffff, 0xff0f, 0x0000, 0xffff, 0xffff, 0xffff, 0xff7f,
	0x0000, 0xffff, 0xf8f8, 0xffff, 0x00ff, 0xffff, 0xffff, 0xffff,
};
static const uint16_t x86_invalid_1[16] = {
	0x40c0, 0xc0c0, 0x8080, 0x8080, 0x0000, 0x0000, 0x0003, 0x0000,
	0x0004, 0x0400, 0x0000, 0x0000, 0x4000, 0x0070, 0x0400, 0x0000,
};
static const uint16_t x86_invalid_2[16] = {
	0x1410, 0x0000, 0x00f0, 0xfa40, 0x0000, 0x0000, 0x0000, 0x0c00,
	0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000,
};

static bool x86_bit(const uint16_t *rows, uint8_t opcode)
{
	return rows[opcode >> 4] >> (opcode & 15) & 1;
}

static bool x86_has_modrm(const struct x86 *x)
{
	if (x->is_vex)
		return !(x->map == 1 && x->opcode == 0x77);
	return x->map == 0 ? x86_bit(x86_modrm_1, x->opcode) :
	       x->map == 1 ? x86_bit(x86_modrm_2, x->opcode) : true;
}

static enum x86_imm x86_imm_1(uint8_t op)
{
	switch (op) {
	case 0x00 ... 0x3f:
		return (op & 7) == 4 ? IMM_1 : (op & 7) == 5 ? IMM_Z : IMM_NONE;
	case 0x6a:
	case 0x6b:
	case 0x70 ... 0x80:
	case 0x83:
	case 0xa8:
	case 0xb0 ... 0xb7:
	case 0xc0:
	case 0xc1:
	case 0xc6:
	case 0xcd:
	case 0xe0 ... 0xe7:
	case 0xeb:
		return IMM_1;
	case 0x68:
	case 0x69:
	case 0x81:
	case 0xa9:
	case 0xc7:
		return IMM_Z;
	case 0xa0 ... 0xa3:
		return IMM_ADDRESS;
	case 0xb8 ... 0xbf:
		return IMM_V;
	case 0xc2:
	case 0xca:
		return IMM_2;
	case 0xc8:
		return IMM_3;
	case 0xe8:
	case 0xe9:
		return IMM_4;
	case 0xf6:
	case 0xf7:
		return IMM_TEST;
	default:
		return IMM_NONE;
	}
}

static enum x86_imm x86_imm_2(const struct x86 *x)
{
	switch (x->opcode) {
	case 0x0f:
	case 0x70 ... 0x73:
	case 0xa4:
	case 0xac:
	case 0xba:
	case 0xc2:
	case 0xc4 ... 0xc6:
		return IMM_1;
	case 0x78:
		return x->has_66 || x->has_f2 ? IMM_2 : IMM_NONE;
	case 0x80 ... 0x8f:
		return x->is_vex ? IMM_NONE : IMM_4;
	default:
		return IMM_NONE;
	}
}

static uint8_t x86_imm_size(const struct x86 *x)
{
	enum x86_imm imm = x->map == 0 ? x86_imm_1(x->opcode) :
			   x->map == 1 ? x86_imm_2(x) :
			   x->map == 3 ? IMM_1 : IMM_NONE;
	uint8_t narrow = x->has_66 && !x->has_rex_w ? 2 : 4;

	switch (imm) {
	case IMM_NONE:
		return 0;
	case IMM_1:
		return 1;
	case IMM_2:
		return 2;
	case IMM_3:
		return 3;
	case IMM_Z:
		return narrow;
	case IMM_4:
		return 4;
	case IMM_V:
		return x->has_rex_w ? 8 : narrow;
	case IMM_ADDRESS:
		return x->has_67 ? 4 : 8;
	case IMM_TEST:
		return (x->modrm & 0x38) > 8 ? 0 :
		       x->opcode == 0xf6     ? 1 : narrow;
	}
	return 0;
}

/* ModRM, SIB, displacement. */
static void x86_operands(struct x86 *x)
{
	uint8_t mod, base;

	x->modrm = reader_u8(&x->r);
	mod = x->modrm >> 6;
	base = x->modrm & 7;
	if (mod == 3)
		return;
	if (base == 4)
		base = reader_u8(&x->r) & 7;
	if (mod == 2 || (mod == 0 && base == 5))
		reader_skip(&x->r, 4);
	else if (mod == 1)
		reader_skip(&x->r, 1);
}

/* ---- what the kernel does ---- */

/* Of instructions with VEX and EVEX prefixes: the kernel takes their opcodes,
 * of whatever map, for those of one byte that it has reasons to refuse. */
static const uint16_t x86_refused_vex[16] = {
	0x40c0, 0xc0c0, 0x8080, 0x8080, 0x0000, 0x0000, 0xf007, 0x0000,
	0x0004, 0x0400, 0x0000, 0x0000, 0xf000, 0x0070, 0xf4f0, 0x0c12,
};

/* Input and output, traps, and what stops the processor. */
static bool x86_is_refused(const struct x86 *x)
{
	uint8_t op = x->opcode;

	if (x->is_bad_prefix)
		return true;
	if (x->is_vex)
		return x86_bit(x86_refused_vex, op);
	return !x->map && ((op >= 0x6c && op <= 0x6f) ||
			   (op >= 0xe4 && op <= 0xe7) ||
			   (op >= 0xec && op <= 0xef) ||
			   (op >= 0xcc && op <= 0xcf) || op == 0xf1 ||
			   op == 0xf4 || op == 0xfa || op == 0xfb);
}

/*
 * With VEX and EVEX prefixes: what the kernel takes for instructions of one
 * byte that it emulates (jumps, calls, nop), after which the program counter is
 * right (ret, jmp), or which set the trap flag (popf).
 */
static const uint16_t x86_harmed_vex[16] = {
	[0x7] = 0xffff, [0x9] = 0x2001, [0xc] = 0x0c0c,
	[0xe] = 0x0f00, [0xf] = 0x8000,
};

/*
 * A system call that is stepped over elsewhere hears no signals; the child that
 * it makes goes on there, behind it.  Transactions that fail go on from where
 * xbegin stood; pushf sees the trap flag; xchg %rax, %r8 is taken for a nop.
 */
static bool x86_is_harmed(const struct x86 *x)
{
	uint8_t op = x->opcode;

	if (x->is_vex)
		return x86_bit(x86_harmed_vex, op);
	return (x->map == 1 && op == 0x05) ||
	       (x->map == 0 && (op == 0x9c || (op == 0x90 && x->has_rex_b) ||
				(op == 0xc7 && x->modrm == 0xf8)));
}

/* Of these the kernel stops at each turn. */
static bool x86_is_repeated(const struct x86 *x)
{
	uint8_t op = x->opcode;

	return (x->has_f2 || x->has_f3) && !x->is_vex && !x->map &&
	       ((op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf));
}

static enum insn_kind x86_kind(const struct x86 *x, const uint8_t *p,
			       uint8_t length)
{
	uint8_t op = x->opcode;

	if (x86_is_refused(x))
		return INSN_REFUSED;
	if (x86_is_harmed(x) || x86_is_repeated(x))
		return INSN_HARMED;
	if (length == 5 && !x->is_vex &&
	    ((x->map == 1 && op == 0x1f) || (x->map == 0 && op == 0x90)))
		return INSN_NOP5;
	if (length == 4 && !memcmp(p, "\xf3\x0f\x1e\xfa", 4))
		return INSN_MARKER;
	if (x->is_vex || x->map > 1)
		return INSN_OTHER;
	if (x->map == 1)
		return op == 0x1f || (op & 0xf0) == 0x80 ? INSN_EMULATED :
							   INSN_OTHER;
	return op == 0x90 || op == 0xe8 || op == 0xe9 || op == 0xeb ||
			       (op & 0xf0) == 0x70 || (op & 0xf8) == 0x50 ?
		       INSN_EMULATED : INSN_OTHER;
}

static void x86_flow(const struct x86 *x, struct insn *ret)
{
	uint8_t op = x->opcode, group = x->modrm >> 3 & 7;

	if (x->is_vex || x->map > 1)
		return;
	if (x->map == 1) {
		ret->is_syscall = op == 0x05;
		ret->is_jump = ret->is_direct = (op & 0xf0) == 0x80;
		return;
	}
	ret->is_call = op == 0xe8 || (op == 0xff && (group & 6) == 2);
	ret->is_return = op == 0xc2 || op == 0xc3 || op == 0xca || op == 0xcb;
	ret->is_repeated = x86_is_repeated(x);
	ret->is_direct = (op & 0xf0) == 0x70 || op == 0xe9 || op == 0xeb ||
			 (op >= 0xe0 && op <= 0xe3);
	ret->is_jump = ret->is_direct || (op == 0xff && (group & 6) == 4);
}

/* The way of a jump is what it ends with. */
static int32_t x86_way(const struct x86 *x, const uint8_t *end)
{
	struct reader r;

	if (x->map == 0 && x->opcode != 0xe9)
		return (int8_t)end[-1];
	r = reader_at(end - 4, 4, 0);
	return (int32_t)reader_u32(&r);
}

static struct insn x86_insn(const uint8_t *p, uint64_t n)
{
	uint64_t most = MIN(n, (uint64_t)X86_LENGTH_MAX);
	struct x86 x = { .r = reader_at(p, most, 0) };
	struct insn ret = {};

	x86_opcode(&x);
	if (x.is_invalid || x.r.bad ||
	    (!x.is_vex && x.map == 0 && x86_bit(x86_invalid_1, x.opcode)) ||
	    (!x.is_vex && x.map == 1 && x86_bit(x86_invalid_2, x.opcode)))
		return ret;
	if (x86_has_modrm(&x))
		x86_operands(&x);
	reader_skip(&x.r, x86_imm_size(&x));
	if (x.r.bad)
		return ret;
	ret.length = (uint8_t)(x.r.p - p);
	ret.kind = x86_kind(&x, p, ret.length);
	x86_flow(&x, &ret);
	if (ret.is_direct)
		ret.way = x86_way(&x, x.r.p);
	return ret;
}

/* ---- arm64 ---- */

/* See arch/arm64/kernel/probes/decode-insn.c. */
static enum insn_kind arm64_kind(uint32_t w)
{
	if (w == 0xd503201f)				/* nop */
		return INSN_EMULATED;
	if ((w & 0xffffff3f) == 0xd503241f)		/* bti */
		return INSN_MARKER;
	if ((w & 0x3f000000) == 0x08000000 ||		/* exclusive */
	    (w & 0xff000000) == 0xd4000000)		/* svc, brk, hlt */
		return INSN_REFUSED;
	if ((w & 0x7c000000) == 0x14000000 ||		/* b, bl */
	    (w & 0xff000010) == 0x54000000 ||		/* b.cond */
	    (w & 0x7e000000) == 0x34000000 ||		/* cbz, cbnz */
	    (w & 0x7e000000) == 0x36000000 ||		/* tbz, tbnz */
	    (w & 0xfe000000) == 0xd6000000 ||		/* br, blr, ret */
	    (w & 0x1f000000) == 0x10000000 ||		/* adr, adrp */
	    (w & 0xbf000000) == 0x18000000)		/* ldr, literal */
		return INSN_EMULATED;
	return INSN_OTHER;
}

static struct insn arm64_insn(const uint8_t *p, uint64_t n)
{
	struct reader r = reader_at(p, n, 0);
	uint32_t w = reader_u32(&r);
	struct insn ret = {};

	if (r.bad || !(w >> 16))
		return ret;	/* udf */
	ret.length = 4;
	ret.kind = arm64_kind(w);
	ret.is_call = (w & 0xfc000000) == 0x94000000 ||
		      (w & 0xfffff000) == 0xd63f0000;
	ret.is_return = (w & 0xfffff000) == 0xd65f0000;
	ret.is_jump = !ret.is_call && !ret.is_return &&
		      ((w & 0x7c000000) == 0x14000000 ||
		       (w & 0xff000010) == 0x54000000 ||
		       (w & 0x7c000000) == 0x34000000 ||
		       (w & 0xfffff000) == 0xd61f0000);
	return ret;
}

struct insn insn_at(const struct arch *arch, const uint8_t *p, uint64_t n)
{
	if (arch == &arch_x86_64)
		return x86_insn(p, n);
	if (arch == &arch_aarch64)
		return arm64_insn(p, n);
	return (struct insn){};
}

#ifdef UNIT_TEST
#include "unit.h"

#define X86(bytes) insn_at(&arch_x86_64, (const uint8_t *)(bytes), \
			   sizeof(bytes) - 1)
#define LENGTH(bytes) TEST_EQ(X86(bytes).length, sizeof(bytes) - 1)
#define KIND(bytes, wanted) TEST_EQ(X86(bytes).kind, wanted)

UNIT_TEST_CASE(insn_x86_lengths)
{
	LENGTH("\x55");
	LENGTH("\x48\x89\xe5");
	LENGTH("\x48\x81\xec\x00\x01\x00\x00");
	LENGTH("\x66\x81\xc0\x00\x01");
	LENGTH("\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08");
	LENGTH("\x48\xc7\x44\x24\x08\x00\x00\x00\x00");
	LENGTH("\xf6\x05\x00\x00\x00\x00\x01");
	LENGTH("\xf6\xd8");
	LENGTH("\x0f\x84\x00\x01\x00\x00");
	LENGTH("\x66\x0f\x3a\x0f\xc1\x08");
	LENGTH("\xc5\xf8\x77");
	LENGTH("\xc4\xe3\x75\x4b\xc2\x30");
	LENGTH("\x62\xf1\x7c\x48\x28\x04\x8f");
	LENGTH("\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00");
	LENGTH("\x64\x48\x8b\x04\x25\x28\x00\x00\x00");
	TEST_EQ(X86("\x48\xb8\x01").length, 0);
	TEST_EQ(X86("\x06").length, 0);
	TEST_EQ(X86("").length, 0);
	TEST_EQ(X86("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"
		    "\x66\x66\x90").length, 0);
}

UNIT_TEST_CASE(insn_x86_kinds)
{
	KIND("\x55", INSN_EMULATED);
	KIND("\x41\x57", INSN_EMULATED);
	KIND("\x90", INSN_EMULATED);
	KIND("\xe8\x00\x00\x00\x00", INSN_EMULATED);
	KIND("\x0f\x1f\x44\x00\x00", INSN_NOP5);
	KIND("\x66\x66\x66\x66\x90", INSN_NOP5);
	KIND("\x0f\x1f\x40\x00", INSN_EMULATED);
	KIND("\x0f\x05", INSN_HARMED);
	KIND("\xc7\xf8\x02\x00\x00\x00", INSN_HARMED);
	KIND("\x9c", INSN_HARMED);
	KIND("\x49\x90", INSN_HARMED);
	KIND("\x62\xe2\x7d\x28\x7a\xce", INSN_HARMED);
	KIND("\xc5\xfe\x7f\x07", INSN_HARMED);
	KIND("\xc5\xf8\xc2\xc1\x02", INSN_HARMED);
	KIND("\xc4\xe2\x71\x9d\xc2", INSN_HARMED);
	KIND("\xf3\x48\xab", INSN_HARMED);
	KIND("\x48\xab", INSN_OTHER);
	KIND("\xc5\xf8\x58\xc1", INSN_OTHER);
	KIND("\xf3\x0f\x1e\xfa", INSN_MARKER);
	KIND("\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00", INSN_REFUSED);
	KIND("\xf0\x48\x0f\xb1\x0f", INSN_REFUSED);
	KIND("\xcc", INSN_REFUSED);
	KIND("\x48\x83\xec\x08", INSN_OTHER);
	TEST(X86("\xff\xd0").is_call && X86("\xff\xe0").is_jump);
	TEST(X86("\xc3").is_return && !X86("\xff\x30").is_call);
	TEST(!X86("\xff\xe0").is_direct && X86("\xeb\xfe").is_direct);
	TEST_EQ(X86("\xeb\xfe").way, -2);
	TEST_EQ(X86("\x0f\x84\x00\x01\x00\x00").way, 0x100);
	TEST_EQ(X86("\xe9\xfb\xff\xff\xff").way, -5);
}

UNIT_TEST_CASE(insn_arm64)
{
	const uint8_t ret[] = { 0xc0, 0x03, 0x5f, 0xd6 };
	const uint8_t bti[] = { 0x5f, 0x24, 0x03, 0xd5 };

	TEST(insn_at(&arch_aarch64, ret, 4).is_return);
	TEST_EQ(insn_at(&arch_aarch64, ret, 3).length, 0);
	TEST_EQ(insn_at(&arch_aarch64, bti, 4).kind, INSN_MARKER);
}
#endif
