/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/resolve/place.h"

#include <elf.h>

#include "base/bits.h"
#include "dbg/arch.h"
#include "dbg/debuginfo.h"
#include "dbg/elfsyms.h"
#include "dbg/member.h"
#include "dbg/process.h"
#include "dbg/tlsslot.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/types.h"

/* Kernels that have this function tell programs what processes have mapped. */
#define PLACE_MAPPED "bpf_iter_task_vma_new"

/* A location on its way to operations of a target. */
struct lower {
	struct program *program;
	struct debug_source *src;
	const struct target_scope *scope;	/* of the handler, or NULL */
	VEC(struct dbg_loc_op) ops;
	const char *missing;
};

static void lower_op(struct lower *l, enum dbg_loc_code code, uint64_t value)
{
	vec_push(l->program->arena, &l->ops,
		 (struct dbg_loc_op){ .code = code, .value = value });
}

static void lower_load(struct lower *l, uint8_t size, bool is_user)
{
	vec_push(l->program->arena, &l->ops,
		 (struct dbg_loc_op){ .code = DBG_LOC_OP_LOAD,
				      .size = size,
				      .value = is_user });
}

static void lower_reg(struct lower *l, uint64_t n)
{
	const struct arch *arch = world_arch(l->program->world);
	const struct arch_reg *r =
		n < ARCH_NO_DWARF ? arch_reg_dwarf(arch, (uint16_t)n) : NULL;

	if (!r || r->size != 8 || r->offset + 8u > arch->ctx_regs_size)
		l->missing = "is in a register of floating-point numbers or "
			     "the like, which the kernel does not show to "
			     "probes";
	else
		lower_op(l, DBG_LOC_OP_REG, r->offset);
}

/* The address of a symbol, when the program is loaded. */
static void lower_symbol(struct lower *l, struct str module, struct str name)
{
	struct program *p = l->program;
	struct image_access a = {
		.kind = ACCESS_SYMBOL,
		.module = image_intern(p->image, p->back, module),
		.path = image_intern(p->image, p->back, name),
	};

	lower_op(l, DBG_LOC_OP_SYMBOL, image_access(p->image, p->back, &a));
}

/* An address of the kernel moves with it: it is so many bytes behind a symbol
 * whose address is looked up. */
static void lower_plain_addr(struct lower *l, uint64_t addr)
{
	struct str name = STR("_text");
	uint64_t base, offset;
	bool unique;

	if (l->src->module.len ||
	    !debuginfo_find_symbol(l->src->info, name, &base)) {
		if (!debuginfo_symbol(l->src->info, addr, &name, &offset,
				      &unique)) {
			l->missing = "has an address without a symbol";
			return;
		}
		base = addr - offset;
	}
	lower_symbol(l, l->src->module, name);
	lower_op(l, DBG_LOC_OP_CONST, addr - base);
	lower_op(l, DBG_LOC_OP_ADD, 0);
}

/* This CPU's: as far behind the section's as __per_cpu_offset[cpu] says.  On
 * older kernels the section is at 0, and does not move. */
static void lower_percpu(struct lower *l, uint64_t addr)
{
	struct str section;
	uint64_t offset;

	if (l->src->module.len) {
		l->missing = "is another one on each CPU, and of a module";
		return;
	}
	if (debuginfo_section(l->src->info, addr, &section, &offset) &&
	    offset == addr)
		lower_op(l, DBG_LOC_OP_CONST, addr);
	else
		lower_plain_addr(l, addr);
	lower_symbol(l, (struct str){}, STR("__per_cpu_offset"));
	lower_op(l, DBG_LOC_OP_CPU, 0);
	lower_op(l, DBG_LOC_OP_CONST, 3);
	lower_op(l, DBG_LOC_OP_SHL, 0);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_load(l, 8, false);
	lower_op(l, DBG_LOC_OP_ADD, 0);
}

/* The file of the program or library, which is open since it has symbols. */
static struct objfile *file_of(const struct lower *l)
{
	return elfsyms_main(l->src->symbols);
}

static void lower_check(struct lower *l, enum dbg_loc_check why)
{
	lower_op(l, DBG_LOC_OP_CHECK, why);
}

/* Where the process has the file of another program or library than the one
 * that was hit. */
static void lower_elsewhere(struct lower *l, uint64_t addr)
{
	struct program *p = l->program;
	struct process_file file = { .path = arena_str(p->arena,
						       l->src->path) };
	uint64_t offset, start;

	if (!program_btf(p) ||
	    !ctypes_find(program_btf(p), CTYPE_FUNC, STR(PLACE_MAPPED))) {
		l->missing = "is in another program or library than the "
			     "probe, and this kernel (before Linux 6.7) does "
			     "not tell programs where that is";
		return;
	}
	if (!objfile_code(file_of(l), &offset, &start) ||
	    err_drop(process_identify(p->world, &file))) {
		l->missing = "is in a file that is not loaded";
		return;
	}
	p->asks_mapped = true;
	lower_op(l, DBG_LOC_OP_CONST, file.ino);
	lower_op(l, DBG_LOC_OP_CONST, file.dev);
	lower_op(l, DBG_LOC_OP_CONST, offset);
	lower_op(l, DBG_LOC_OP_MAPPED, 0);
	lower_op(l, DBG_LOC_OP_PICK, 0);
	lower_check(l, DBG_LOC_UNMAPPED);
	lower_op(l, DBG_LOC_OP_CONST, addr - start);
	lower_op(l, DBG_LOC_OP_ADD, 0);
}

/* A program's addresses move with it, as the one does that was hit; of a
 * function that is left, its beginning is known. */
static void lower_user_addr(struct lower *l, uint64_t addr)
{
	const struct target_scope *s = l->scope;
	const struct arch *arch = world_arch(l->program->world);

	if (!s || s->source != l->src) {
		lower_elsewhere(l, addr);
		return;
	}
	if (!s->has_return)
		lower_op(l, DBG_LOC_OP_REG, arch->regs[arch->ip].offset);
	else if (l->program->features & FEATURE_BIT(UPROBE_MULTI))
		lower_op(l, DBG_LOC_OP_FUNC, 0);
	else
		l->missing = "has an address that this kernel does not tell "
			     "at returns";
	lower_op(l, DBG_LOC_OP_CONST, addr - s->pc);
	lower_op(l, DBG_LOC_OP_ADD, 0);
}

static void lower_addr(struct lower *l, uint64_t addr)
{
	if (l->src->path.len)
		lower_user_addr(l, addr);
	else if (debuginfo_is_percpu(l->src->info, addr))
		lower_percpu(l, addr);
	else
		lower_plain_addr(l, addr);
}

/* Where the kernel keeps the thread's base: that of x86-64 is there when the
 * thread runs, too. */
static bool lower_thread_base(struct lower *l)
{
	static const struct str type = STR_INIT("struct task_struct"),
				path = STR_INIT("thread.fsbase");
	struct program *p = l->program;
	struct image_access a = { .kind = ACCESS_OFFSET, .size = 8 };
	struct member m;

	if (world_arch(p->world)->elf_machine != EM_X86_64 ||
	    !program_btf(p) || !member_find(program_btf(p), type, path, &m))
		return false;
	a.value = (int64_t)(m.bit_offset / 8);
	a.type = image_intern(p->image, p->back, type);
	a.path = image_intern(p->image, p->back, path);
	lower_op(l, DBG_LOC_OP_TASK, 0);
	if (p->portable)
		lower_op(l, DBG_LOC_OP_SYMBOL,
			 image_access(p->image, p->back, &a));
	else
		lower_op(l, DBG_LOC_OP_CONST, (uint64_t)a.value);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_load(l, 8, false);
	return true;
}

/* ---- memory for each thread: the offset in it is on the stack ---- */

static void lower_base(struct lower *l)
{
	if (!l->missing && !lower_thread_base(l))
		l->missing = "is in memory for each thread, whose place this "
			     "kernel does not tell";
}

/* The block of the program itself ends at the base. */
static void lower_tls_program(struct lower *l, uint64_t size)
{
	lower_base(l);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_op(l, DBG_LOC_OP_CONST, size);
	lower_op(l, DBG_LOC_OP_SUB, 0);
}

/* That of a library which is always as far from the base as the dynamic linker
 * has written. */
static void lower_tls_fixed(struct lower *l, const struct tlsslot *slot)
{
	lower_user_addr(l, slot->addr);
	lower_load(l, 8, true);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_op(l, DBG_LOC_OP_CONST, slot->at);
	lower_op(l, DBG_LOC_OP_SUB, 0);
	lower_base(l);
	lower_op(l, DBG_LOC_OP_ADD, 0);
}

/*
 * That of a library with a number: glibc has a table of them for each thread,
 * at fs:8, of pairs { block, what to free }; how many there are is in the pair
 * before.  A thread gets its block when it first needs it, until then the
 * table says -1 or 0, or is too short.
 */
static void lower_tls_block(struct lower *l)	/* number */
{
	lower_base(l);
	lower_op(l, DBG_LOC_OP_CONST, 8);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_load(l, 8, true);			/* number table */
	lower_op(l, DBG_LOC_OP_PICK, 0);
	lower_op(l, DBG_LOC_OP_CONST, 16);
	lower_op(l, DBG_LOC_OP_SUB, 0);
	lower_load(l, 8, true);			/* ... table length */
	lower_op(l, DBG_LOC_OP_PICK, 2);
	lower_op(l, DBG_LOC_OP_UGE, 0);
	lower_check(l, DBG_LOC_NO_BLOCK);
	lower_op(l, DBG_LOC_OP_SWAP, 0);
	lower_op(l, DBG_LOC_OP_CONST, 4);
	lower_op(l, DBG_LOC_OP_SHL, 0);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_load(l, 8, true);			/* block */
	lower_op(l, DBG_LOC_OP_PICK, 0);
	lower_op(l, DBG_LOC_OP_CONST, 1);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_op(l, DBG_LOC_OP_CONST, 1);
	lower_op(l, DBG_LOC_OP_UGT, 0);		/* block good */
}

static void lower_tls_number(struct lower *l, const struct tlsslot *slot)
{
	lower_user_addr(l, slot->addr);
	lower_load(l, 8, true);
	lower_tls_block(l);
	lower_check(l, DBG_LOC_NO_BLOCK);
	lower_op(l, DBG_LOC_OP_ADD, 0);
}

static void lower_pick(struct lower *l, uint32_t n)
{
	lower_op(l, DBG_LOC_OP_PICK, n);
}

/* Of the two on top: the upper one if true is at n, counted with them. */
static void lower_choose(struct lower *l, uint32_t n)
{
	lower_pick(l, n);
	lower_op(l, DBG_LOC_OP_SWAPZ, 0);
	lower_op(l, DBG_LOC_OP_SWAP, 0);
	lower_op(l, DBG_LOC_OP_DROP, 0);
}

/*
 * That of a library which asks a function: two words, its address and what it
 * is given.  glibc gives an offset from the base, which is negative, or where
 * the library's number stands.  The way that it is not must not fail: then the
 * first word is read, and number 0 looked up, which is there.
 */
static void lower_tls_described(struct lower *l, const struct tlsslot *slot)
{
	lower_user_addr(l, slot->addr);
	lower_pick(l, 0);
	lower_op(l, DBG_LOC_OP_CONST, 8);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_load(l, 8, true);
	lower_pick(l, 0);
	lower_op(l, DBG_LOC_OP_CONST, 0);
	lower_op(l, DBG_LOC_OP_SLT, 0);		/* offset words given fixed */
	lower_pick(l, 1);
	lower_pick(l, 3);
	lower_choose(l, 2);
	lower_load(l, 8, true);
	lower_pick(l, 1);
	lower_op(l, DBG_LOC_OP_CONST, 1);
	lower_op(l, DBG_LOC_OP_SUB, 0);
	lower_op(l, DBG_LOC_OP_AND, 0);		/* ... fixed number */
	lower_tls_block(l);
	lower_pick(l, 2);
	lower_op(l, DBG_LOC_OP_OR, 0);
	lower_check(l, DBG_LOC_NO_BLOCK);
	lower_pick(l, 4);
	lower_op(l, DBG_LOC_OP_ADD, 0);		/* ... fixed address */
	lower_base(l);
	lower_pick(l, 3);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_pick(l, 5);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_op(l, DBG_LOC_OP_CONST, slot->at);
	lower_op(l, DBG_LOC_OP_SUB, 0);		/* ... fixed address address */
	lower_choose(l, 2);
	for (uint32_t k = 0; k < 4; k++) {
		lower_op(l, DBG_LOC_OP_SWAP, 0);
		lower_op(l, DBG_LOC_OP_DROP, 0);
	}
}

/* Another program's would be memory of this one: the process must run it. */
static void lower_ours(struct lower *l)
{
	uint64_t offset, start;

	if ((l->scope && l->scope->source == l->src) ||
	    !objfile_code(file_of(l), &offset, &start))
		return;
	lower_elsewhere(l, start);
	lower_op(l, DBG_LOC_OP_DROP, 0);
}

static void lower_tls(struct lower *l)
{
	struct tlsslot slot;

	if (!l->src->path.len) {
		l->missing = "is another one for each thread";
	} else if (objfile_is_program(file_of(l))) {
		lower_ours(l);
		lower_tls_program(l, objfile_tls_size(file_of(l)));
	} else if (!tlsslot_find(file_of(l), &slot)) {
		l->missing = "is in a library's memory for each thread, whose "
			     "place only the dynamic linker knows";
	} else if (slot.kind == TLSSLOT_OFFSET) {
		lower_tls_fixed(l, &slot);
	} else if (slot.kind == TLSSLOT_NUMBER) {
		lower_tls_number(l, &slot);
	} else {
		lower_tls_described(l, &slot);
	}
}

static void lower_ops(struct lower *l, const struct dbg_loc *loc);

/* What a register was at the function's entry: its callers know. */
static void lower_entry(struct lower *l, uint64_t reg)
{
	struct dbg_loc loc;

	if (!l->src->path.len || !l->scope) {
		l->missing = "is known at the function's entry only";
		return;
	}
	loc = debuginfo_entry_value(l->src->info, l->program->arena,
				    l->scope->pc, (uint16_t)reg);
	if (loc.kind == DBG_LOC_NONE)
		l->missing = loc.reason;
	else
		lower_ops(l, &loc);
}

/* Of the kernel's own return probes programs cannot undo what they did. */
static void lower_return(struct lower *l)
{
	if (l->src->path.len) {
		lower_op(l, DBG_LOC_OP_RETURN, 0);
	} else {
		lower_op(l, DBG_LOC_OP_SWAP, 0);
		lower_op(l, DBG_LOC_OP_DROP, 0);
	}
}

static void lower_one(struct lower *l, const struct dbg_loc_op *op)
{
	if (op->code == DBG_LOC_OP_REG)
		lower_reg(l, op->value);
	else if (op->code == DBG_LOC_OP_ADDR)
		lower_addr(l, op->value);
	else if (op->code == DBG_LOC_OP_ENTRY)
		lower_entry(l, op->value);
	else if (op->code == DBG_LOC_OP_TLS)
		lower_tls(l);
	else if (op->code == DBG_LOC_OP_RETURN)
		lower_return(l);
	else if (op->code == DBG_LOC_OP_LOAD)
		lower_load(l, op->size, l->src->path.len > 0);
	else
		vec_push(l->program->arena, &l->ops, *op);
}

/* ---- parts of an object ---- */

static uint8_t bytes_for(uint32_t bits)
{
	return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
}

/* Leaves of the value on top the `bits` bits from bit `shift` on. */
static void lower_cut(struct lower *l, uint32_t shift, uint32_t bits,
		      uint32_t width)
{
	if (shift) {
		lower_op(l, DBG_LOC_OP_CONST, shift);
		lower_op(l, DBG_LOC_OP_SHR, 0);
	}
	if (bits + shift < width) {
		lower_op(l, DBG_LOC_OP_CONST, (UINT64_C(1) << bits) - 1);
		lower_op(l, DBG_LOC_OP_AND, 0);
	}
}

static void lower_ops(struct lower *l, const struct dbg_loc *loc)
{
	for (uint32_t i = 0; i < loc->nops && !l->missing; i++)
		lower_one(l, &loc->ops[i]);
}

static void lower_memory(struct lower *l, const struct dbg_loc *loc,
			 uint64_t bit, uint32_t bits)
{
	uint32_t shift = bit % 8;
	uint8_t size = bytes_for(shift + bits);

	if (shift + bits > 64) {
		l->missing = "has a bitfield that no load can take";
		return;
	}
	lower_ops(l, loc);
	lower_op(l, DBG_LOC_OP_CONST, bit / 8);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	lower_load(l, size, l->src->path.len > 0);
	lower_cut(l, shift, bits, 8u * size);
}

static void lower_word(struct lower *l, const struct dbg_loc *loc,
		       uint64_t bit, uint32_t bits)
{
	if (bit + bits > 64) {
		l->missing = "is longer than the register or number that it "
			     "is in";
		return;
	}
	lower_ops(l, loc);
	lower_cut(l, (uint32_t)bit, bits, 64);
}

static void lower_bytes(struct lower *l, struct str bytes, uint64_t bit,
			uint32_t bits)
{
	uint64_t first = bit / 8, v = 0;

	if (bit + bits > UINT64_C(8) * bytes.len) {
		l->missing = "is a constant that is too short";
		return;
	}
	memcpy(&v, bytes.s + first, MIN(bytes.len - first, sizeof(v)));
	lower_op(l, DBG_LOC_OP_CONST, v);
	lower_cut(l, bit % 8, bits, 64);
}

static void lower_bits(struct lower *l, const struct dbg_loc *loc,
		       uint64_t bit, uint32_t bits);

/* Parts of the number come from several pieces: each goes to its place. */
static void lower_pieces(struct lower *l, const struct dbg_loc *loc,
			 uint64_t bit, uint32_t bits)
{
	uint64_t at = 0, done = 0;

	for (uint32_t i = 0; i < loc->npieces && !l->missing; i++) {
		const struct dbg_loc_piece *pc = &loc->pieces[i];
		uint64_t from = MAX(at, bit);
		uint64_t to = MIN(at + pc->bits, bit + bits);

		if (from < to) {
			lower_bits(l, &pc->loc, pc->bit_offset + (from - at),
				   (uint32_t)(to - from));
			lower_op(l, DBG_LOC_OP_CONST, from - bit);
			lower_op(l, DBG_LOC_OP_SHL, 0);
			if (done)
				lower_op(l, DBG_LOC_OP_OR, 0);
			done += to - from;
		}
		at += pc->bits;
	}
	if (done < bits && !l->missing)
		l->missing = "has a part that no piece of its location is of";
}

static void lower_bits(struct lower *l, const struct dbg_loc *loc,
		       uint64_t bit, uint32_t bits)
{
	switch (loc->kind) {
	case DBG_LOC_NONE:
		l->missing = loc->reason;
		break;
	case DBG_LOC_MEMORY:
		lower_memory(l, loc, bit, bits);
		break;
	case DBG_LOC_REGISTER:
	case DBG_LOC_VALUE:
		lower_word(l, loc, bit, bits);
		break;
	case DBG_LOC_BYTES:
		lower_bytes(l, loc->bytes, bit, bits);
		break;
	case DBG_LOC_POINTER:
		l->missing = "points to something that has no address";
		break;
	case DBG_LOC_PIECES:
		lower_pieces(l, loc, bit, bits);
		break;
	}
}

/* ---- where what is assigned goes ---- */

static void put_part(struct lower *l, struct target *to,
		     const struct target_part *part)
{
	vec_push(l->program->arena, &to->parts, *part);
	l->ops = (typeof(l->ops)){};
}

static void put_bits(struct lower *l, const struct dbg_loc *loc, uint64_t bit,
		     uint32_t bits, uint32_t from, struct target *to);

static void put_memory(struct lower *l, const struct dbg_loc *loc,
		       uint64_t bit, uint32_t bits, uint32_t from,
		       struct target *to)
{
	uint32_t shift = bit % 8;

	if (shift + bits > 64) {
		l->missing = "has a bitfield that no store can take";
		return;
	}
	lower_ops(l, loc);
	lower_op(l, DBG_LOC_OP_CONST, bit / 8);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	put_part(l, to, &(struct target_part){
		.word = { .kind = TGT_LOC, .n = l->ops.n, .loc = l->ops.v,
			  .is_user = true },
		.size = bytes_for(shift + bits), .shift = (uint8_t)shift,
		.bits = (uint8_t)bits, .from = (uint8_t)from });
}

static void put_register(struct lower *l, const struct dbg_loc *loc,
			 uint64_t bit, uint32_t bits, uint32_t from,
			 struct target *to)
{
	lower_ops(l, loc);
	if (l->missing)
		return;
	if (bit + bits > 64 || l->ops.n != 1) {
		l->missing = "is in a register that cannot be written to as a "
			     "whole";
		return;
	}
	put_part(l, to, &(struct target_part){
		.word = { .kind = TGT_CTX_LOAD, .size = 8,
			  .n = (int64_t)l->ops.v[0].value },
		.size = 8, .shift = (uint8_t)bit, .bits = (uint8_t)bits,
		.from = (uint8_t)from });
}

static void put_pieces(struct lower *l, const struct dbg_loc *loc,
		       uint64_t bit, uint32_t bits, uint32_t from,
		       struct target *to)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < loc->npieces && !l->missing; i++) {
		const struct dbg_loc_piece *pc = &loc->pieces[i];
		uint64_t first = MAX(at, bit);
		uint64_t end = MIN(at + pc->bits, bit + bits);

		if (first < end)
			put_bits(l, &pc->loc, pc->bit_offset + (first - at),
				 (uint32_t)(end - first),
				 from + (uint32_t)(first - bit), to);
		at += pc->bits;
	}
	if (at < bit + bits && !l->missing)
		l->missing = "is here in part only";
}

static void put_bits(struct lower *l, const struct dbg_loc *loc, uint64_t bit,
		     uint32_t bits, uint32_t from, struct target *to)
{
	switch (loc->kind) {
	case DBG_LOC_NONE:
		l->missing = loc->reason;
		break;
	case DBG_LOC_MEMORY:
		put_memory(l, loc, bit, bits, from, to);
		break;
	case DBG_LOC_REGISTER:
		put_register(l, loc, bit, bits, from, to);
		break;
	case DBG_LOC_VALUE:
	case DBG_LOC_BYTES:
	case DBG_LOC_POINTER:
		l->missing = "is computed from other values here: there is "
			     "nothing to write to";
		break;
	case DBG_LOC_PIECES:
		put_pieces(l, loc, bit, bits, from, to);
		break;
	}
}

/* The piece that a bit is in, and which of its bits that is. */
static const struct dbg_loc *piece_at(const struct dbg_loc *loc, uint64_t *bit)
{
	for (uint32_t i = 0; loc->kind == DBG_LOC_PIECES && i < loc->npieces;
	     i++) {
		if (*bit < loc->pieces[i].bits) {
			*bit += loc->pieces[i].bit_offset;
			return &loc->pieces[i].loc;
		}
		*bit -= loc->pieces[i].bits;
	}
	return loc;
}

/* ---- what paths ask ---- */

static struct str finish(struct lower *l, const struct debug_place *pl,
			 struct target_op *ret)
{
	const char *why = l->missing;

	if (why)
		return arena_printf(l->program->arena, "'%" STR_FMT "' %s%s",
				    STR_ARG(pl->name),
				    !strncmp(why, "optimi", 6) ? "is " :
				    !strncmp(why, "the", 3) ?
					    "is not known: " : "",
				    why);
	*ret = (struct target_op){ .kind = TGT_LOC, .n = l->ops.n,
				   .loc = l->ops.v };
	return (struct str){};
}

struct str place_bits(struct program *p, const struct debug_place *pl,
		      uint64_t bit, uint32_t bits, struct target_op *ret)
{
	struct lower l = { .program = p, .src = pl->src, .scope = pl->scope };

	lower_bits(&l, pl->loc, bit, bits);
	return finish(&l, pl, ret);
}

struct str place_parts(struct program *p, const struct debug_place *pl,
		       uint64_t bit, uint32_t bits, struct target *to)
{
	struct lower l = { .program = p, .src = pl->src, .scope = pl->scope };

	if (!pl->src->path.len)
		return (struct str){};
	put_bits(&l, pl->loc, bit, bits, 0, to);
	if (!l.missing)
		return (struct str){};
	to->parts.n = 0;
	return str_from(l.missing);
}

struct str place_address(struct program *p, const struct debug_place *pl,
			 uint64_t byte, struct target_op *ret)
{
	struct lower l = { .program = p, .src = pl->src, .scope = pl->scope };
	uint64_t bit = 8 * byte;
	const struct dbg_loc *loc = piece_at(pl->loc, &bit);

	if (loc->kind == DBG_LOC_NONE)
		l.missing = loc->reason;
	else if (loc->kind != DBG_LOC_MEMORY)
		l.missing = "is not in memory, and has no address";
	else
		lower_ops(&l, loc);
	if (bit / 8) {
		lower_op(&l, DBG_LOC_OP_CONST, bit / 8);
		lower_op(&l, DBG_LOC_OP_ADD, 0);
	}
	return finish(&l, pl, ret);
}

const struct debug_place *place_pointee(struct program *p,
					const struct debug_place *pl,
					uint64_t bit, int64_t *ret)
{
	const struct dbg_loc *loc = piece_at(pl->loc, &bit);
	struct debug_place *to;

	if (loc->kind != DBG_LOC_POINTER || bit)
		return NULL;
	to = arena_new(p->arena, struct debug_place);
	*to = *pl;
	to->loc = loc->target;
	*ret = loc->offset;
	return to;
}
