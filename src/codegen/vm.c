/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/vm.h"

#include <linux/bpf.h>
#include <stdarg.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "codegen/code.h"
#include "codegen/vm_run.h"

#define TURNS_MAX (8u << 20)	/* of may_goto */
#define POISON UINT64_C(0xdead4bad0dead000)

struct insn {
	uint8_t code, dst, src;
	int16_t off;
	int32_t imm;
};

static struct insn fetch(const struct vm *vm, uint32_t pc)
{
	uint64_t raw = vm->img->insns.v[vm->prog->first + pc];

	return (struct insn){ .code = (uint8_t)raw,
			      .dst = raw >> 8 & 15,
			      .src = raw >> 12 & 15,
			      .off = (int16_t)(raw >> 16),
			      .imm = (int32_t)(raw >> 32) };
}

bool vm_fail(struct vm *vm, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(vm->error, sizeof(vm->error), "insn %u: ", vm->pc);

	va_start(ap, fmt);
	vsnprintf(vm->error + n, sizeof(vm->error) - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

static bool is_in(uint64_t addr, uint64_t size, const void *from, uint64_t len)
{
	uint64_t at = addr - ptr_u64(from);

	return at <= len && size <= len - at;
}

bool vm_can_access(struct vm *vm, uint64_t addr, uint64_t size, bool write)
{
	/* every function sees the stacks of its callers too */
	for (uint32_t d = 0; d < vm->depth; d++)
		if (is_in(addr, size, vm->stacks[d], VM_STACK))
			return true;
	if (is_in(addr, size, vm->ctx, vm->ctx_len))
		return !write;
	for (uint32_t i = 0; i < vm->nrecords; i++)
		if (is_in(addr, size, vm->records[i].bytes,
			  vm->records[i].len))
			return true;
	for (uint32_t m = 0; m < vm->img->maps.n; m++)
		if (vm_map_holds(&vm->maps[m], addr, size))
			return !(write && vm->maps[m].m->kind == IMAP_RODATA);
	return false;
}

/* ---- arithmetic ---- */

static int64_t divide(int64_t a, int64_t b)
{
	return !b ? 0 : b == -1 ? (int64_t)-(uint64_t)a : a / b;
}

static int64_t modulo(int64_t a, int64_t b)
{
	return !b ? a : b == -1 ? 0 : a % b;
}

static bool alu(struct vm *vm, struct insn i, uint64_t *dst, uint64_t b)
{
	uint64_t a = *dst;

	switch (BPF_OP(i.code)) {
	case BPF_ADD:
		*dst = a + b;
		break;
	case BPF_SUB:
		*dst = a - b;
		break;
	case BPF_MUL:
		*dst = a * b;
		break;
	case BPF_DIV:
		*dst = i.off == 1 ? (uint64_t)divide((int64_t)a, (int64_t)b) :
		       b ? a / b : 0;
		break;
	case BPF_MOD:
		*dst = i.off == 1 ? (uint64_t)modulo((int64_t)a, (int64_t)b) :
		       b ? a % b : a;
		break;
	case BPF_OR:
		*dst = a | b;
		break;
	case BPF_AND:
		*dst = a & b;
		break;
	case BPF_XOR:
		*dst = a ^ b;
		break;
	case BPF_LSH:
		*dst = a << (b & 63);
		break;
	case BPF_RSH:
		*dst = a >> (b & 63);
		break;
	case BPF_ARSH:
		*dst = (uint64_t)((int64_t)a >> (b & 63));
		break;
	case BPF_NEG:
		*dst = -a;
		break;
	case BPF_MOV:
		*dst = b;
		break;
	default:
		return vm_fail(vm, "unknown operation %#x", i.code);
	}
	return true;
}

static bool compare(uint8_t code, uint64_t a, uint64_t b)
{
	int64_t x = (int64_t)a, y = (int64_t)b;

	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSET:
		return a & b;
	case BPF_JSGT:
		return x > y;
	case BPF_JSGE:
		return x >= y;
	case BPF_JSLT:
		return x < y;
	case BPF_JSLE:
		return x <= y;
	}
	return BPF_OP(code) == BPF_JA;
}

/* ---- memory ---- */

static uint32_t size_of(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	}
	return 8;
}

static bool load(struct vm *vm, struct insn i, uint64_t *r)
{
	uint64_t at = r[i.src] + (uint64_t)(int64_t)i.off, v = 0;

	bool peeks = at - VM_PEEK + 0x8000 < 0x10000;

	if (peeks)
		at += vm->peek - VM_PEEK;
	if (vm_can_access(vm, at, size_of(i.code), false))
		memcpy(&v, vm_ptr(at), size_of(i.code));
	else if (!peeks)
		return vm_fail(vm, "bad read of %u bytes", size_of(i.code));
	r[i.dst] = v;
	return true;
}

static bool store(struct vm *vm, struct insn i, const uint64_t *r, uint64_t v)
{
	uint64_t at = r[i.dst] + (uint64_t)(int64_t)i.off;

	if (!vm_can_access(vm, at, size_of(i.code), true))
		return vm_fail(vm, "bad write of %u bytes", size_of(i.code));
	memcpy(vm_ptr(at), &v, size_of(i.code));
	return true;
}

static bool atomic(struct vm *vm, struct insn i, uint64_t *r)
{
	uint64_t at = r[i.dst] + (uint64_t)(int64_t)i.off, old, v;
	struct insn op = { .code = (uint8_t)(i.imm & 0xf0) };

	if (BPF_SIZE(i.code) != BPF_DW || at % 8 ||
	    !vm_can_access(vm, at, 8, true))
		return vm_fail(vm, "bad atomic access");
	memcpy(&old, vm_ptr(at), 8);
	v = old;
	if (i.imm == BPF_XCHG)
		v = r[i.src];
	else if (i.imm == BPF_CMPXCHG)
		v = old == r[BPF_REG_0] ? r[i.src] : old;
	else if (!alu(vm, op, &v, r[i.src]))
		return false;
	memcpy(vm_ptr(at), &v, 8);
	if (i.imm == BPF_CMPXCHG)
		r[BPF_REG_0] = old;
	else if (i.imm & BPF_FETCH)
		r[i.src] = old;
	return true;
}

static uint64_t ld64(struct vm *vm, struct insn i, uint32_t pc)
{
	const struct image_reloc *rel = vm->relocs[pc];
	struct insn hi = fetch(vm, pc + 1);

	if (i.src == BPF_PSEUDO_FUNC)
		return VM_FUNC | (uint64_t)((int64_t)pc + 1 + i.imm);
	if (rel && rel->kind == IREL_MAP)
		return ptr_u64(&vm->maps[rel->what]);
	if (rel && rel->kind == IREL_MAP_VALUE)
		return ptr_u64(vm_value(vm, rel->what)) + (uint32_t)hi.imm;
	return (uint64_t)(uint32_t)hi.imm << 32 | (uint32_t)i.imm;
}

/* ---- control ---- */

static bool call(struct vm *vm, struct insn i, uint32_t pc, uint64_t *r)
{
	bool ok;

	if (i.src == BPF_PSEUDO_CALL)
		ok = vm_call(vm, (uint32_t)((int64_t)pc + 1 + i.imm), r + 1,
			     r);
	else
		ok = vm_helper(vm, i.imm, vm->relocs[pc], r + 1, r);
	vm->pc = pc;
	for (int k = BPF_REG_1; k <= BPF_REG_5; k++)
		r[k] = POISON;
	return ok;
}

static void find_relocs(struct vm *vm)
{
	vm->relocs = calloc(vm->prog->n + 1, sizeof(*vm->relocs));
	if (!vm->relocs)
		abort();
	for (uint32_t k = 0; k < vm->prog->nrelocs; k++) {
		const struct image_reloc *r =
			&vm->img->relocs.v[vm->prog->first_reloc + k];

		vm->relocs[r->insn] = r;
	}
}

static bool is_tail_call(struct insn i)
{
	return BPF_OP(i.code) == BPF_CALL && !i.src &&
	       i.imm == BPF_FUNC_tail_call;
}

/* Another program goes on in the same frame, as long as there are not too
 * many of them. */
static bool tail_call(struct vm *vm, uint64_t *r, uint32_t *pc)
{
	struct vm_map *map = vm_map_of(vm, r[BPF_REG_2]);

	if (!map)
		return false;
	if (map->m->kind != IMAP_PROGS || vm->depth != 1)
		return vm_fail(vm, "this is no place for a tail call");
	r[BPF_REG_0] = (uint64_t)-ENOENT;
	if (vm->tails++ < VM_TAILS) {
		free(vm->relocs);
		vm->prog = &vm->img->progs.v[map->m->init];
		find_relocs(vm);
		*pc = 0;
	}
	for (int k = BPF_REG_2; k <= BPF_REG_9; k++)
		if (!*pc || k <= BPF_REG_5)
			r[k] = POISON;
	return true;
}

static bool jump(struct vm *vm, struct insn i, uint64_t *r, uint32_t *pc)
{
	uint64_t b = BPF_SRC(i.code) == BPF_X ? r[i.src] :
						(uint64_t)(int64_t)i.imm;

	if (BPF_CLASS(i.code) == BPF_JMP32) {
		if (BPF_OP(i.code) == BPF_JA)
			*pc += (uint32_t)i.imm;
		else if (BPF_OP(i.code) != BPF_JEQ)
			return vm_fail(vm, "jump of 32 bits");
		else if ((uint32_t)r[i.dst] == (uint32_t)b)
			*pc += (uint32_t)i.off;
	} else if (BPF_OP(i.code) == BPF_JCOND) {
		if (!vm->turns--)
			*pc += (uint32_t)i.off;
		vm->turns += vm->turns == UINT64_MAX;
	} else if (compare(i.code, r[i.dst], b)) {
		*pc += (uint32_t)i.off;
	}
	return true;
}

static bool step(struct vm *vm, struct insn i, uint64_t *r, uint32_t *pc)
{
	uint64_t b = BPF_SRC(i.code) == BPF_X ? r[i.src] :
						(uint64_t)(int64_t)i.imm;
	uint32_t at = *pc - 1;

	switch (BPF_CLASS(i.code)) {
	case BPF_ALU64:
		return alu(vm, i, &r[i.dst], b);
	case BPF_ALU:
		if (BPF_OP(i.code) != BPF_END || i.imm != 64)
			return vm_fail(vm, "operation of 32 bits");
		r[i.dst] = __builtin_bswap64(r[i.dst]);
		return true;
	case BPF_LDX:
		return load(vm, i, r);
	case BPF_ST:
		return store(vm, i, r, (uint64_t)(int64_t)i.imm);
	case BPF_STX:
		return BPF_MODE(i.code) == BPF_ATOMIC ?
			       atomic(vm, i, r) : store(vm, i, r, r[i.src]);
	case BPF_LD:
		r[i.dst] = ld64(vm, i, at);
		++*pc;
		return true;
	case BPF_JMP:
	case BPF_JMP32:
		if (is_tail_call(i))
			return tail_call(vm, r, pc);
		if (BPF_OP(i.code) == BPF_CALL)
			return call(vm, i, at, r);
		return jump(vm, i, r, pc);
	}
	return vm_fail(vm, "unknown class of %#x", i.code);
}

bool vm_call(struct vm *vm, uint32_t pc, const uint64_t args[5],
	     uint64_t *ret)
{
	uint64_t r[16];

	if (vm->depth == VM_DEPTH)
		return vm_fail(vm, "too many calls deep");
	for (int k = 0; k < 16; k++)
		r[k] = POISON;
	memcpy(r + 1, args, 5 * sizeof(*args));
	memset(vm->stacks[vm->depth], 0xa5, VM_STACK);
	r[BPF_REG_10] = ptr_u64(vm->stacks[vm->depth]) + VM_STACK;
	vm->depth++;
	for (;;) {
		struct insn i;

		if (pc >= vm->prog->n)
			return vm_fail(vm, "left the program");
		vm->pc = pc;
		if (!vm->steps--)
			return vm_fail(vm, "too many instructions");
		i = fetch(vm, pc++);
		if (i.code == (BPF_JMP | BPF_EXIT))
			break;
		if (!step(vm, i, r, &pc))
			return false;
	}
	vm->depth--;
	*ret = r[BPF_REG_0];
	return true;
}

/* ---- the machine ---- */

struct vm *vm_create(const struct vm_options *o)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	struct image_session *session;

	if (!vm)
		abort();
	vm->o = *o;
	vm->img = o->image;
	vm->maps = calloc(vm->img->maps.n + 1, sizeof(*vm->maps));
	if (!vm->maps)
		abort();
	for (uint32_t m = 0; m < vm->img->maps.n; m++)
		vm_map_init(&vm->maps[m], vm->img, m, MAX(o->ncpus, 1u));
	session = vm_ptr(ptr_u64(vm_value(vm, vm->img->globals_map)));
	session->state = SESSION_RUNNING;
	return vm;
}

void vm_destroy(struct vm *vm)
{
	if (!vm)
		return;
	for (uint32_t m = 0; m < vm->img->maps.n; m++)
		vm_map_deinit(&vm->maps[m]);
	free(vm->maps);
	free(vm);
}

uint8_t *vm_value(struct vm *vm, uint32_t map)
{
	return vm->maps[map].v[0].value;
}

const char *vm_error(const struct vm *vm)
{
	return vm->error;
}

static bool is_settled(struct vm *vm)
{
	if (vm->nrecords)
		return vm_fail(vm, "a record was reserved and not submitted");
	for (uint32_t m = 0; m < vm->img->maps.n; m++) {
		const struct vm_map *map = &vm->maps[m];

		for (uint32_t i = 0; map->m->kind == IMAP_SCRATCH &&
		     i < map->n; i++)
			if (map->v[i].value[0])
				return vm_fail(vm, "scratch was not freed");
	}
	return true;
}

bool vm_run(struct vm *vm, uint32_t prog, const void *ctx, uint32_t len)
{
	uint64_t args[5] = { ptr_u64(ctx), POISON, POISON, POISON, POISON };
	uint64_t ret;
	bool ok;

	vm->prog = &vm->img->progs.v[prog];
	vm->ctx = ctx;
	vm->ctx_len = len;
	vm->steps = vm->o.steps;
	vm->turns = TURNS_MAX;
	vm->tails = 0;
	vm->depth = 0;
	find_relocs(vm);
	ok = vm_call(vm, 0, args, &ret) && is_settled(vm);
	free(vm->relocs);
	vm->relocs = NULL;
	for (uint32_t k = 0; k < vm->nrecords; k++)
		free(vm->records[k].bytes);
	vm->nrecords = 0;
	for (uint32_t m = 0; m < vm->img->maps.n; m++)
		vm_map_settle(&vm->maps[m]);
	return ok;
}
