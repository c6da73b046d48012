/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/usdt_arg.h"

#include "base/vec.h"

#define USDT_BLANKS " \t"

struct operand {
	struct objfile *obj;
	struct arena *arena;
	const struct arch *arch;
	struct str rest;		/* not read yet */
	struct usdt_arg *arg;
	VEC(struct dbg_loc_op) ops;
	const char *failed;		/* the first reason, or NULL */
};

/* "SYMBOL+8", "-16" */
struct operand_sum {
	struct str symbol;	/* empty = a number only */
	struct str suffix;	/* what is behind '@' of the symbol */
	int64_t n;
	bool is_empty;
};

static void operand_fail(struct operand *x, const char *reason)
{
	if (!x->failed)
		x->failed = reason;
}

static void operand_bad(struct operand *x)
{
	operand_fail(x, arena_printf(x->arena, "'%" STR_FMT "' is not "
				     "understood",
				     STR_ARG(x->arg->text)).s);
}

/* ---- reading ---- */

static void operand_blanks(struct operand *x)
{
	while (x->rest.len && strchr(USDT_BLANKS, x->rest.s[0]))
		x->rest = str_sub(x->rest, 1, x->rest.len);
}

static bool operand_is(const struct operand *x, const char *prefix)
{
	return str_starts(x->rest, str_from(prefix));
}

static bool operand_take(struct operand *x, const char *prefix)
{
	operand_blanks(x);
	if (!operand_is(x, prefix))
		return false;
	x->rest = str_sub(x->rest, (uint32_t)strlen(prefix), x->rest.len);
	return true;
}

static void operand_want(struct operand *x, const char *prefix)
{
	if (!operand_take(x, prefix))
		operand_bad(x);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Symbols may hold bytes of UTF-8. */
static bool is_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '$' ||
	       (unsigned char)c >= 0x80;
}

static struct str operand_word(struct operand *x)
{
	struct str word;
	uint32_t n = 0;

	operand_blanks(x);
	while (n < x->rest.len && is_name(x->rest.s[n]))
		n++;
	word = str_sub(x->rest, 0, n);
	x->rest = str_sub(x->rest, n, x->rest.len);
	return word;
}

static int64_t operand_number(struct operand *x)
{
	int64_t n = 0;

	if (!str_to_s64(operand_word(x), &n))
		operand_bad(x);
	return n;
}

static void operand_term(struct operand *x, bool minus,
			 struct operand_sum *sum)
{
	int64_t n;

	operand_blanks(x);
	if (x->rest.len && is_digit(x->rest.s[0])) {
		n = operand_number(x);
		sum->n = (int64_t)(minus ? (uint64_t)sum->n - (uint64_t)n :
					   (uint64_t)sum->n + (uint64_t)n);
		return;
	}
	if (minus || sum->symbol.len)
		operand_bad(x);
	sum->symbol = operand_word(x);
	if (!sum->symbol.len)
		operand_bad(x);
	if (operand_take(x, "@"))
		sum->suffix = operand_word(x);
}

/* Numbers and at most one symbol, added up. */
static struct operand_sum operand_sum(struct operand *x)
{
	struct operand_sum sum = { .is_empty = true };

	operand_blanks(x);
	while (!x->failed && x->rest.len) {
		bool minus = operand_take(x, "-");
		bool plus = !minus && operand_take(x, "+");

		if (!minus && !plus &&
		    (!sum.is_empty || !is_name(x->rest.s[0])))
			break;
		operand_term(x, minus, &sum);
		sum.is_empty = false;
	}
	return sum;
}

/* ---- locations ---- */

static void operand_op(struct operand *x, enum dbg_loc_code code,
		       uint8_t size, uint64_t value)
{
	vec_push(x->arena, &x->ops, (struct dbg_loc_op){ .code = code,
							  .size = size,
							  .value = value });
}

/* Adds what the next operations push to what is there. */
static void operand_add(struct operand *x, uint32_t before)
{
	if (before && x->ops.n > before)
		operand_op(x, DBG_LOC_OP_ADD, 0, 0);
}

static void operand_finish(struct operand *x, enum dbg_loc_kind kind)
{
	x->arg->loc.kind = kind;
	x->arg->loc.ops = x->ops.v;
	x->arg->loc.nops = x->ops.n;
}

/* A symbol of this file that can be only one thing. */
static bool operand_symbol(struct operand *x, struct str name,
			   struct objfile_symbol *ret)
{
	struct objfile_symbol s;
	bool found = false;
	uint32_t i = 0;

	while (objfile_find_symbol(x->obj, name, &i, &s)) {
		if (s.is_undefined)
			continue;
		if (found && s.addr != ret->addr) {
			operand_fail(x, arena_printf(
				x->arena, "there are several symbols '%"
				STR_FMT "'", STR_ARG(name)).s);
			return false;
		}
		*ret = s;
		found = true;
	}
	if (!found)
		operand_fail(x, arena_printf(
			x->arena, "the symbol '%" STR_FMT "' is not in the "
			"file", STR_ARG(name)).s);
	return found;
}

static void operand_push_tls(struct operand *x, const struct operand_sum *sum)
{
	struct objfile_symbol s;

	if (!str_is(sum->suffix, "tpoff") && !str_is(sum->suffix, "TPOFF")) {
		operand_fail(x, "it is relative to the thread's block, but "
				"names no variable of this file");
		return;
	}
	if (!operand_symbol(x, sum->symbol, &s))
		return;
	if (!s.is_tls)
		operand_bad(x);
	operand_op(x, DBG_LOC_OP_CONST, 0, s.addr + (uint64_t)sum->n);
	operand_op(x, DBG_LOC_OP_TLS, 0, 0);
}

/* Pushes the value of a sum, if it is not 0 or nothing else is there. */
static void operand_push_sum(struct operand *x, const struct operand_sum *sum)
{
	struct objfile_symbol s;

	if (sum->suffix.len) {
		operand_fail(x, arena_printf(
			x->arena, "'@%" STR_FMT "' can be followed only by "
			"the program", STR_ARG(sum->suffix)).s);
		return;
	}
	if (sum->symbol.len && operand_symbol(x, sum->symbol, &s)) {
		if (s.is_tls)
			operand_bad(x);
		operand_op(x, DBG_LOC_OP_ADDR, 0,
			   s.addr + (uint64_t)sum->n);
	} else if (!sum->symbol.len && (sum->n || !x->ops.n)) {
		operand_op(x, DBG_LOC_OP_CONST, 0, (uint64_t)sum->n);
	}
}

/* A constant, as what a variable of the argument's type holds. */
static void operand_constant(struct operand *x)
{
	struct operand_sum sum = operand_sum(x);
	unsigned int shift = 64 - 8u * x->arg->size;

	if (sum.is_empty)
		operand_bad(x);
	if (!sum.symbol.len)
		sum.n = x->arg->is_signed ?
				(int64_t)((uint64_t)sum.n << shift) >> shift :
				(int64_t)((uint64_t)sum.n << shift >> shift);
	operand_push_sum(x, &sum);
	operand_finish(x, DBG_LOC_VALUE);
}

/* ---- registers ---- */

/* Is name letters followed by a number? */
static bool is_numbered(struct str name, const char *letters)
{
	struct str n = str_sub(name, (uint32_t)strlen(letters), name.len);
	int64_t v;

	return str_starts(name, str_from(letters)) && n.len <= 2 &&
	       str_to_s64(n, &v);
}

static bool is_vector(const struct arch *arch, struct str name)
{
	static const char *const x86[] = { "xmm", "ymm", "zmm", "mm", "k" };
	static const char *const arm[] = { "v", "q", "d", "s", "h", "b" };

	if (arch != &arch_x86_64) {
		for (uint32_t i = 0; i < ARRAY_SIZE(arm); i++)
			if (is_numbered(name, arm[i]))
				return true;
		return false;
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(x86); i++)
		if (is_numbered(name, x86[i]))
			return true;
	return str_starts(name, STR("st"));
}

/* A register with a number that locations can name; NULL = failed. */
static const struct arch_reg *operand_register(struct operand *x,
					       struct str name)
{
	const struct arch_reg *r = arch_reg_find(x->arch, name);

	if (r && r->dwarf != ARCH_NO_DWARF && r->dwarf <= UINT8_MAX &&
	    arch_reg_dwarf(x->arch, r->dwarf))
		return r;
	if (is_vector(x->arch, name))
		operand_fail(x, "it is in a vector register, which programs "
				"in the kernel cannot read");
	else
		operand_bad(x);
	return NULL;
}

/* Bytes: the assembler's %ax has two, the kernel's ax is another name of
 * rax. */
static uint8_t operand_register_size(const struct operand *x,
				     const struct arch_reg *r)
{
	return x->arch == &arch_x86_64 && r->name.len == 2 &&
			       strchr("xip", r->name.s[1]) &&
			       r->size == 8 && r->name.s[0] != 'r' ?
		       2 : r->size;
}

/* Part of a register, from a bit on: not its low bytes. */
static void operand_high(struct operand *x, const char *of)
{
	const struct arch_reg *r = operand_register(x, str_from(of));

	operand_op(x, DBG_LOC_OP_REG, 0, r ? r->dwarf : 0);
	operand_op(x, DBG_LOC_OP_CONST, 0, 8);
	operand_op(x, DBG_LOC_OP_SHR, 0, 0);
	operand_op(x, x->arg->is_signed ? DBG_LOC_OP_SEXT : DBG_LOC_OP_ZEXT,
		   1, 0);
	operand_finish(x, DBG_LOC_VALUE);
}

static void operand_in_register(struct operand *x, struct str name,
				bool has_size)
{
	static const char *const high[] = { "ah", "rax", "bh", "rbx",
					    "ch", "rcx", "dh", "rdx" };
	const struct arch_reg *r;

	for (uint32_t i = 0; i < ARRAY_SIZE(high); i += 2)
		if (x->arch == &arch_x86_64 && str_is(name, high[i])) {
			operand_high(x, high[i + 1]);
			return;
		}
	r = operand_register(x, name);
	if (!r)
		return;
	if (!has_size)
		x->arg->size = operand_register_size(x, r);
	operand_op(x, DBG_LOC_OP_REG, 0, r->dwarf);
	operand_finish(x, DBG_LOC_REGISTER);
	x->arg->loc.reg = r->dwarf;
}

static bool is_zero_register(struct str name)
{
	return str_is(name, "xzr") || str_is(name, "wzr");
}

/* Pushes a register; one of 4 bytes by its sign or without it. */
static void operand_push_register(struct operand *x, struct str name,
				  enum dbg_loc_code narrow)
{
	const struct arch_reg *r;
	uint8_t size;

	if (x->arch == &arch_aarch64 && is_zero_register(name)) {
		operand_op(x, DBG_LOC_OP_CONST, 0, 0);
		return;
	}
	r = operand_register(x, name);
	if (!r)
		return;
	size = operand_register_size(x, r);
	if (size != 8 && size != 4)
		operand_bad(x);
	operand_op(x, DBG_LOC_OP_REG, 0, r->dwarf);
	if (size == 4)
		operand_op(x, narrow, 4, 0);
}

static void operand_scale(struct operand *x, int64_t shift)
{
	if (shift < 0 || shift > 4)
		operand_bad(x);
	if (shift) {
		operand_op(x, DBG_LOC_OP_CONST, 0, (uint64_t)shift);
		operand_op(x, DBG_LOC_OP_SHL, 0, 0);
	}
}

/* ---- x86_64 ---- */

/* "(%base,%index,scale)", each of them optional.  relative: to this place of
 * the code. */
static void x86_parentheses(struct operand *x, bool *relative)
{
	uint32_t before;
	int64_t scale;

	if (operand_take(x, "%")) {
		struct str base = operand_word(x);

		*relative = str_is(base, "rip") || str_is(base, "eip");
		if (!*relative)
			operand_push_register(x, base, DBG_LOC_OP_ZEXT);
	}
	if (!operand_take(x, ","))
		return;
	before = x->ops.n;
	if (operand_take(x, "%")) {
		operand_push_register(x, operand_word(x), DBG_LOC_OP_ZEXT);
		scale = operand_take(x, ",") ? operand_number(x) : 1;
		if (scale <= 0 || scale > 8 || scale & (scale - 1))
			operand_bad(x);
		else
			operand_scale(x, __builtin_ctzll((uint64_t)scale));
	} else if (operand_take(x, ",")) {
		operand_number(x);
	}
	operand_add(x, before);
}

/* Have all address registers 4 bytes?  Then the sum has. */
static bool x86_is_narrow(const struct operand *x)
{
	for (uint32_t i = 0; i < x->ops.n; i++)
		if (x->ops.v[i].code == DBG_LOC_OP_ZEXT)
			return true;
	return false;
}

static void x86_memory(struct operand *x)
{
	bool in_block = operand_take(x, "%fs:"), relative = false;
	struct operand_sum sum = operand_sum(x);
	uint32_t before;

	if (in_block) {
		operand_push_tls(x, &sum);
		operand_finish(x, DBG_LOC_MEMORY);
		return;
	}
	if (operand_take(x, "(")) {
		x86_parentheses(x, &relative);
		operand_want(x, ")");
	} else if (sum.is_empty) {
		operand_bad(x);
	}
	if (relative && !sum.symbol.len)
		operand_fail(x, "it is relative to an unknown place of the "
				"code");
	before = x->ops.n;
	operand_push_sum(x, &sum);
	operand_add(x, before);
	if (x86_is_narrow(x))
		operand_op(x, DBG_LOC_OP_ZEXT, 4, 0);
	operand_finish(x, DBG_LOC_MEMORY);
	x->arg->loc.is_static = x->ops.n == 1 &&
				x->ops.v[0].code == DBG_LOC_OP_ADDR;
}

static void x86_operand(struct operand *x, bool has_size)
{
	if (operand_take(x, "$")) {
		operand_constant(x);
	} else if (operand_is(x, "%") && !operand_is(x, "%fs:")) {
		operand_take(x, "%");
		operand_in_register(x, operand_word(x), has_size);
	} else {
		x86_memory(x);
	}
}

/* ---- arm64 ---- */

/* "lsl 3", "sxtw 2", "uxtw": whether the register has a sign, and the shift */
static void arm64_index(struct operand *x, struct str name)
{
	enum dbg_loc_code narrow = DBG_LOC_OP_ZEXT;
	struct str extend;
	int64_t shift = 0;

	if (operand_take(x, ",")) {
		extend = operand_word(x);
		if (str_is(extend, "sxtw"))
			narrow = DBG_LOC_OP_SEXT;
		else if (!str_is(extend, "lsl") && !str_is(extend, "uxtw") &&
			 !str_is(extend, "sxtx") && !str_is(extend, "uxtx"))
			operand_bad(x);
		operand_take(x, "#");
		operand_blanks(x);
		if (x->rest.len && is_digit(x->rest.s[0]))
			shift = operand_number(x);
	}
	operand_push_register(x, name, narrow);
	operand_scale(x, shift);
}

/* The low 12 bits of an address: the register has the page. */
static void arm64_low(struct operand *x)
{
	struct operand_sum sum = operand_sum(x);
	struct objfile_symbol s;

	if (!sum.symbol.len || sum.suffix.len)
		operand_bad(x);
	else if (operand_symbol(x, sum.symbol, &s))
		operand_op(x, DBG_LOC_OP_CONST, 0,
			   (s.addr + (uint64_t)sum.n) & 0xfff);
}

static void arm64_offset(struct operand *x)
{
	uint32_t before = x->ops.n;
	struct operand_sum sum;

	operand_take(x, "#");
	operand_blanks(x);
	if (operand_take(x, ":lo12:")) {
		arm64_low(x);
	} else if (x->rest.len && (is_digit(x->rest.s[0]) ||
				   x->rest.s[0] == '-')) {
		sum = operand_sum(x);
		operand_push_sum(x, &sum);
	} else {
		arm64_index(x, operand_word(x));
	}
	operand_add(x, before);
}

static void arm64_operand(struct operand *x, bool has_size)
{
	struct str word;

	if (operand_take(x, "[")) {
		operand_push_register(x, operand_word(x), DBG_LOC_OP_ZEXT);
		if (operand_take(x, ","))
			arm64_offset(x);
		operand_want(x, "]");
		operand_finish(x, DBG_LOC_MEMORY);
		return;
	}
	operand_blanks(x);
	if (operand_take(x, "#") || (x->rest.len && (is_digit(x->rest.s[0]) ||
						    x->rest.s[0] == '-'))) {
		operand_constant(x);
		return;
	}
	word = operand_word(x);
	if (is_zero_register(word)) {
		operand_op(x, DBG_LOC_OP_CONST, 0, 0);
		operand_finish(x, DBG_LOC_VALUE);
		return;
	}
	operand_in_register(x, word, has_size);
}

/* ---- the argument ---- */

/* "-4@", "8f@"; false = there is no size. */
static bool operand_size(struct operand *x)
{
	int64_t at = str_find_char(x->rest, '@'), n;
	struct str size = str_sub(x->rest, 0, at < 0 ? 0 : (uint32_t)at);
	bool is_float = str_ends(size, STR("f"));

	if (is_float)
		size.len--;
	if (!str_to_s64(size, &n))
		return false;
	x->rest = str_sub(x->rest, (uint32_t)at + 1, x->rest.len);
	x->arg->is_signed = n < 0 || is_float;
	x->arg->is_float = is_float;
	n = n < 0 && n > -16 ? -n : n;
	if (n == 1 || n == 2 || n == 4 || n == 8)
		x->arg->size = (uint8_t)n;
	else
		operand_fail(x, "it does not have 1, 2, 4 or 8 bytes");
	return true;
}

void usdt_arg_parse(struct objfile *o, struct arena *a,
		    const struct arch *arch, struct str text,
		    struct usdt_arg *ret)
{
	struct operand x = { .obj = o, .arena = a, .arch = arch,
			     .rest = text, .arg = ret };
	bool has_size;

	*ret = (struct usdt_arg){ .text = text, .size = 8,
				  .is_signed = true };
	has_size = operand_size(&x);
	if (!arch)
		operand_fail(&x, "its registers are not known: the program is "
				 "for another machine");
	else if (arch == &arch_aarch64)
		arm64_operand(&x, has_size);
	else
		x86_operand(&x, has_size);
	operand_blanks(&x);
	if (x.rest.len)
		operand_bad(&x);
	if (x.failed)
		ret->loc = (struct dbg_loc){ .kind = DBG_LOC_NONE,
					     .reason = x.failed };
}

#ifdef UNIT_TEST
#include <stdio.h>

#include "unit.h"

static bool usdt_arg_is(const struct arch *arch, const char *text,
			const char *wanted)
{
	struct usdt_arg arg;
	struct arena a;
	struct str s;
	bool ok;

	arena_init(&a);
	usdt_arg_parse(NULL, &a, arch, str_from(text), &arg);
	s = dbg_loc_text(&a, &arg.loc);
	s = arena_printf(&a, "%s%u%s: %" STR_FMT, arg.is_signed ? "s" : "u",
			 (unsigned int)arg.size, arg.is_float ? "f" : "",
			 STR_ARG(s));
	ok = str_is(s, wanted);
	if (!ok)
		printf("# %s: %" STR_FMT "\n", text, STR_ARG(s));
	arena_deinit(&a);
	return ok;
}

#define X86(text, wanted) TEST(usdt_arg_is(&arch_x86_64, text, wanted))
#define ARM(text, wanted) TEST(usdt_arg_is(&arch_aarch64, text, wanted))

UNIT_TEST_CASE(usdt_x86_registers)
{
	X86("-4@%eax", "s4: reg 0 -> register");
	X86("8@%rdi", "u8: reg 5 -> register");
	X86("2@%r9w", "u2: reg 9 -> register");
	X86("-1@%sil", "s1: reg 4 -> register");
	X86("1@%ah", "u1: reg 0, const 8, shr, zext 1 -> value");
	X86("-1@%dh", "s1: reg 1, const 8, shr, sext 1 -> value");
	X86("%r8d", "s4: reg 8 -> register");
	X86("%ax", "s2: reg 0 -> register");
	X86("4f@%ebx", "s4f: reg 3 -> register");
	X86("-8@%xmm0", "s8: none (it is in a vector register, which "
	    "programs in the kernel cannot read)");
	X86("8f@%st(1)", "s8f: none (it is in a vector register, which "
	    "programs in the kernel cannot read)");
	X86("4@%nothing", "u4: none ('4@%nothing' is not understood)");
}

UNIT_TEST_CASE(usdt_x86_constants)
{
	X86("-4@$5", "s4: const 5 -> value");
	X86("4@$-1", "u4: const 4294967295 -> value");
	X86("-1@$255", "s1: const -1 -> value");
	X86("8@$0xffffffffffffffff", "u8: const -1 -> value");
	X86("4@$", "u4: none ('4@$' is not understood)");
}

UNIT_TEST_CASE(usdt_x86_memory)
{
	X86("8@(%rax)", "u8: reg 0 -> memory");
	X86("-4@-16(%rbp)", "s4: reg 6, const -16, add -> memory");
	X86("8@8+16(%rsp)", "u8: reg 7, const 24, add -> memory");
	X86("8@-8(%rax,%rbx,8)", "u8: reg 0, reg 3, const 3, shl, add, "
	    "const -8, add -> memory");
	X86("8@(,%rcx,4)", "u8: reg 2, const 2, shl -> memory");
	X86("8@(%rax, %rbx)", "u8: reg 0, reg 3, add -> memory");
	X86("4@4(%eax)", "u4: reg 0, zext 4, const 4, add, zext 4 -> memory");
	X86("4@4096", "u4: const 4096 -> memory");
	X86("4@8(%rip)", "u4: none (it is relative to an unknown place of "
	    "the code)");
	X86("4@(%rax,%rbx,3)", "u4: none ('4@(%rax,%rbx,3)' is not "
	    "understood)");
	X86("4@(%rax", "u4: none ('4@(%rax' is not understood)");
	X86("4@(%ax)", "u4: none ('4@(%ax)' is not understood)");
	X86("16@(%rax)", "u8: none (it does not have 1, 2, 4 or 8 bytes)");
	X86("-9223372036854775808@(%rax)",
	    "s8: none (it does not have 1, 2, 4 or 8 bytes)");
	X86("", "s8: none ('' is not understood)");
	X86("4@%rax junk", "u4: none ('4@%rax junk' is not understood)");
}

UNIT_TEST_CASE(usdt_arm64)
{
	ARM("-4@w0", "s4: reg 0 -> register");
	ARM("8@x30", "u8: reg 30 -> register");
	ARM("8@[x29, -16]", "u8: reg 29, const -16, add -> memory");
	ARM("8@[sp,#24]", "u8: reg 31, const 24, add -> memory");
	ARM("8@[sp]", "u8: reg 31 -> memory");
	ARM("8@[x1, x2]", "u8: reg 1, reg 2, add -> memory");
	ARM("8@[x1, x2, lsl 3]", "u8: reg 1, reg 2, const 3, shl, add -> "
	    "memory");
	ARM("4@[x1, w2, sxtw #2]", "u4: reg 1, reg 2, sext 4, const 2, shl, "
	    "add -> memory");
	ARM("4@[x1, w2, uxtw]", "u4: reg 1, reg 2, zext 4, add -> memory");
	ARM("-4@5", "s4: const 5 -> value");
	ARM("-4@#-5", "s4: const -5 -> value");
	ARM("-4@wzr", "s4: const 0 -> value");
	ARM("4@s3", "u4: none (it is in a vector register, which programs "
	    "in the kernel cannot read)");
	ARM("4@[x1", "u4: none ('4@[x1' is not understood)");
	ARM("4@[x1], 8", "u4: none ('4@[x1], 8' is not understood)");
}

UNIT_TEST_CASE(usdt_other_machine)
{
	TEST(usdt_arg_is(NULL, "4@r0", "u4: none (its registers are not "
			 "known: the program is for another machine)"));
}
#endif
