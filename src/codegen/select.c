/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instruction selection: a handler's blocks in order, each operation by the
 * select_*.c file of its kind.  This file has what concerns numbers, control
 * flow and variables.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/bits.h"
#include "codegen/cg.h"
#include "codegen/emit.h"
#include "codegen/fuel.h"
#include "codegen/loop.h"
#include "codegen/regalloc.h"
#include "codegen/standin.h"
#include "codegen/stepped.h"
#include "codegen/truth.h"

/* More sites in modules than these are hooked by one link. */
#define CG_MODULE_SITES 64

bool cg_is_const(struct cg_fn *fn, ir_ref r, int64_t *ret)
{
	const struct ir_insn *i = ir_insn(fn->f, r);

	if (i->op != OP_CONST)
		return false;
	*ret = i->imm;
	return true;
}

cg_reg cg_long(struct cg_fn *fn, ir_ref r)
{
	int64_t imm;

	if (cg_is_const(fn, r, &imm))
		return code_const(fn->c, imm);
	if (fn->vals[r].cell)
		return code_ld(fn->c, fn->scratch, (int32_t)fn->vals[r].cell,
			       8);
	assert(fn->vals[r].reg != NO_REG);
	return fn->vals[r].reg;
}

void cg_set_long(struct cg_fn *fn, ir_ref r, cg_reg reg)
{
	struct cg_val *v = &fn->vals[r];

	v->reg = reg;
	if (!fn->is_stepped || v->last != UINT32_MAX)
		return;
	v->cell = cg_slot(fn, 8);
	code_store(fn->c, fn->scratch, (int32_t)v->cell, reg, 8);
}

int16_t cg_word(struct cg_fn *fn)
{
	if (!fn->word_area)
		fn->word_area = code_stack(fn->c, 8);
	return fn->word_area;
}

static void binary(struct cg_fn *fn, ir_ref r, uint8_t op)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	cg_reg v = code_copy(fn->c, cg_long(fn, i->a));
	int64_t imm;

	if (cg_is_const(fn, i->b, &imm) && code_fits(imm)) {
		code_alui(fn->c, op, v, imm);
	} else {
		code_alu(fn->c, op, v, cg_long(fn, i->b));
	}
	cg_set_long(fn, r, v);
}

/* Shifts look at six bits of the count only. */
static void shift(struct cg_fn *fn, ir_ref r, uint8_t op)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	cg_reg v = code_copy(fn->c, cg_long(fn, i->a));
	int64_t imm;

	if (cg_is_const(fn, i->b, &imm)) {
		code_alui(fn->c, op, v, imm & 63);
	} else {
		cg_reg count = code_copy(fn->c, cg_long(fn, i->b));

		code_alui(fn->c, BPF_AND, count, 63);
		code_alu(fn->c, op, v, count);
	}
	cg_set_long(fn, r, v);
}

static void unary(struct cg_fn *fn, ir_ref r, uint8_t op, int32_t imm)
{
	cg_reg v = code_copy(fn->c, cg_long(fn, ir_insn(fn->f, r)->a));

	code_alui(fn->c, op, v, imm);
	cg_set_long(fn, r, v);
}

/* x < 0 ? -x : x, and whether it was. */
static cg_reg magnitude(struct cg_code *c, cg_reg x)
{
	cg_reg v = code_copy(c, x);
	cg_label done = code_label(c);

	code_ifi(c, BPF_JSGE, v, 0, done);
	code_alui(c, BPF_NEG, v, 0);
	code_place_label(c, done);
	return v;
}

/* Signed by unsigned division, for kernels that have no other. */
static cg_reg divide_soft(struct cg_code *c, uint8_t op, cg_reg a, cg_reg b)
{
	cg_reg q = magnitude(c, a), d = magnitude(c, b);
	cg_reg sign = code_copy(c, a);
	cg_label done = code_label(c);

	code_alu(c, op, q, d);
	if (op == BPF_DIV)
		code_alu(c, BPF_XOR, sign, b);
	code_ifi(c, BPF_JSGE, sign, 0, done);
	code_alui(c, BPF_NEG, q, 0);
	code_place_label(c, done);
	return q;
}

/*
 * What the instruction does with MIN / -1 is what the language wants: MIN,
 * and 0 for the rest.
 */
static void divide(struct cg_fn *fn, ir_ref r, uint8_t op)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_code *c = fn->c;
	cg_reg a = cg_long(fn, i->a), b = cg_long(fn, i->b), v;
	int64_t imm;

	if (!cg_is_const(fn, i->b, &imm) || !imm) {
		cg_label ok = code_label(c);

		code_ifi(c, BPF_JNE, b, 0, ok);
		cg_raise(fn, IERR_DIV_ZERO, NO_REG);
		code_place_label(c, ok);
	}
	if (cg_has(fn, FEATURE_BIT(SDIV))) {
		v = code_copy(c, a);
		code_alu_signed(c, op, v, b);
	} else {
		v = divide_soft(c, op, a, b);
	}
	cg_set_long(fn, r, v);
}

/* The jumps that comparisons become, from OP_EQ on. */
static const uint8_t jumps[] = {
	[OP_EQ - OP_EQ] = BPF_JEQ,  [OP_NE - OP_EQ] = BPF_JNE,
	[OP_LT - OP_EQ] = BPF_JSLT, [OP_LE - OP_EQ] = BPF_JSLE,
	[OP_GT - OP_EQ] = BPF_JSGT, [OP_GE - OP_EQ] = BPF_JSGE,
};

static void branch_on(struct cg_fn *fn, ir_ref cmp, cg_label yes)
{
	const struct ir_insn *i = ir_insn(fn->f, cmp);
	uint8_t op = jumps[i->op - OP_EQ];
	cg_reg a = cg_long(fn, i->a);
	int64_t imm;

	if (cg_is_const(fn, i->b, &imm) && code_fits(imm))
		code_ifi(fn->c, op, a, imm, yes);
	else
		code_if(fn->c, op, a, cg_long(fn, i->b), yes);
}

cg_reg cg_truth(struct cg_fn *fn, uint8_t op, cg_reg v, int64_t imm)
{
	cg_label done = code_label(fn->c);
	cg_reg t = code_reg(fn->c);
	cg_cell cell;

	if (!fn->is_long) {
		code_movi(fn->c, t, 1);
		code_ifi(fn->c, op, v, imm, done);
		code_movi(fn->c, t, 0);
		code_place_label(fn->c, done);
		return t;
	}
	cell = cell_new(fn, 1);
	code_ifi(fn->c, op, v, imm, done);
	cell_seti(fn, cell, 0);
	code_place_label(fn->c, done);
	cell_free(fn, cell);
	return cell_get(fn, cell);
}

static void compare(struct cg_fn *fn, ir_ref r)
{
	cg_label done = code_label(fn->c);
	cg_reg v = code_reg(fn->c);
	cg_cell cell;

	if (fn->vals[r].fused)
		return;
	if (fn->is_long) {
		cell = cell_new(fn, 1);
		branch_on(fn, r, done);
		cell_seti(fn, cell, 0);
		code_place_label(fn->c, done);
		cg_set_long(fn, r, cell_get(fn, cell));
		cell_free(fn, cell);
		return;
	}
	code_movi(fn->c, v, 1);
	branch_on(fn, r, done);
	code_movi(fn->c, v, 0);
	code_place_label(fn->c, done);
	cg_set_long(fn, r, v);
}

static void bits(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	uint32_t sh = i->aux & 63, width = i->aux >> 8 & 0xff;
	bool is_signed = i->aux >> 16 & 1;
	cg_reg v = code_copy(fn->c, cg_long(fn, i->a));
	uint32_t up = width && width + sh < 64 ? 64 - width - sh : 0;
	uint32_t down = width && width < 64 ? 64 - width : 0;

	if (up)
		code_alui(fn->c, BPF_LSH, v, up);
	if (down || up || sh)
		code_alui(fn->c, is_signed ? BPF_ARSH : BPF_RSH, v,
			  MAX(down, sh));
	cg_set_long(fn, r, v);
}

/* ---- control ---- */

static bool is_back(struct cg_fn *fn, uint32_t to)
{
	return fn->position[to] <= fn->position[fn->block];
}

static void jump(struct cg_fn *fn, uint32_t to)
{
	cg_label enough;

	if (!is_back(fn, to) && !stepped_begins(fn, to)) {
		fuel_enter(fn, to);
		code_jmp(fn->c, fn->labels[to]);
		return;
	}
	enough = code_label(fn->c);
	cg_turn(fn, to, enough);
	code_place_label(fn->c, enough);
	cg_raise(fn, IERR_ACTIONS, NO_REG);
}

static void branch(struct cg_fn *fn, const struct ir_insn *i)
{
	cg_label yes = code_label(fn->c);
	int64_t imm;

	if (cg_is_const(fn, i->a, &imm)) {
		jump(fn, imm ? i->b : i->c);
		return;
	}
	if (fn->vals[i->a].fused)
		branch_on(fn, i->a, yes);
	else
		code_ifi(fn->c, BPF_JNE, cg_long(fn, i->a), 0, yes);
	jump(fn, i->c);
	code_place_label(fn->c, yes);
	jump(fn, i->b);
}

static void multiway(struct cg_fn *fn, const struct ir_insn *i)
{
	const uint32_t *to = &fn->f->args.v[i->args];
	cg_reg v = cg_long(fn, i->a);

	for (uint32_t k = 0; k + 1 < i->nargs; k++) {
		cg_label next = code_label(fn->c);

		code_ifi(fn->c, BPF_JNE, v, k, next);
		jump(fn, to[k]);
		code_place_label(fn->c, next);
	}
	jump(fn, to[i->nargs - 1]);
}

static void raise_op(struct cg_fn *fn, const struct ir_insn *i)
{
	enum image_error e = (enum image_error)i->imm;

	if (i->a == IR_NONE)
		cg_raise(fn, e, NO_REG);
	else if (ir_insn(fn->f, i->a)->type == IT_STRING)
		cg_raise_text(fn, cg_string(fn, i->a));
	else
		cg_raise(fn, e, cg_long(fn, i->a));
}

static void tick(struct cg_fn *fn, const struct ir_insn *i)
{
	struct cg_code *c = fn->c;
	cg_label ok = code_label(c);
	cg_reg v;

	if (!fn->counts_actions)
		return;
	v = code_ld(c, fn->scratch, CG_SCRATCH_ACTIONS, 8);
	code_alui(c, BPF_SUB, v, MIN(i->imm, INT32_MAX));
	code_store(c, fn->scratch, CG_SCRATCH_ACTIONS, v, 8);
	code_ifi(c, BPF_JSGE, v, 0, ok);
	cg_raise(fn, IERR_ACTIONS, NO_REG);
	code_place_label(c, ok);
}

/* ---- variables ---- */

/* Does a variable stay as it is until the value just read is used up? */
static bool is_stable(struct cg_fn *fn, ir_ref r)
{
	const struct ir_block *b = &fn->f->blocks.v[fn->block];
	uint32_t last = fn->vals[r].last;

	if (last == UINT32_MAX)
		return false;
	for (uint32_t k = fn->at + 1; k <= last && k < b->insns.n; k++) {
		const struct ir_insn *i = ir_insn(fn->f, b->insns.v[k]);

		if ((i->op == OP_SET || i->op == OP_RESTORE) &&
		    i->imm == ir_insn(fn->f, r)->imm)
			return false;
	}
	return true;
}

static void get(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_var *v = &fn->vars[i->imm];

	if (i->type == IT_STRING && is_stable(fn, r))
		fn->vals[r].str = v->str;
	else if (v->reg != NO_REG && is_stable(fn, r))
		cg_set_long(fn, r, v->reg);
	else if (i->type == IT_STRING)
		cg_str_copy(fn, cg_new_string(fn, r), v->str);
	else if (v->reg != NO_REG)
		cg_set_long(fn, r, code_copy(fn->c, v->reg));
	else
		cg_set_long(fn, r, code_ld(fn->c, fn->scratch, v->off, 8));
}

static void set_var(struct cg_fn *fn, const struct ir_insn *i)
{
	struct cg_var *v = &fn->vars[i->imm];

	if (ir_insn(fn->f, i->a)->type == IT_STRING)
		cg_str_copy(fn, v->str, cg_string(fn, i->a));
	else if (v->reg != NO_REG)
		code_mov(fn->c, v->reg, cg_long(fn, i->a));
	else
		code_store(fn->c, fn->scratch, v->off, cg_long(fn, i->a), 8);
}

/* ---- one operation ---- */

static void unexpected(const struct ir_insn *i)
{
	fprintf(stderr, "codegen: %s in kernel code\n", op_info[i->op].name);
	abort();
}

/* A value that nobody reads, when what read it needs it no more. */
static bool is_forgotten(const struct cg_fn *fn, ir_ref r)
{
	uint8_t flags = ir_op(ir_insn(fn->f, r))->flags;

	return !fn->vals[r].uses && flags & OPF_PURE && !(flags & OPF_RAISES);
}

static void select_insn(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);

	fn->c->place = cg_place(fn->g, i->span);
	if (fn->vals[r].late || is_forgotten(fn, r))
		return;
	switch ((enum image_op)i->op) {
	case OP_CONST:
		break;
	case OP_ACCESS:
		cg_access(fn, r);
		break;
	case OP_ADD:
		binary(fn, r, BPF_ADD);
		break;
	case OP_SUB:
		binary(fn, r, BPF_SUB);
		break;
	case OP_MUL:
		binary(fn, r, BPF_MUL);
		break;
	case OP_AND:
		binary(fn, r, BPF_AND);
		break;
	case OP_OR:
		binary(fn, r, BPF_OR);
		break;
	case OP_XOR:
		binary(fn, r, BPF_XOR);
		break;
	case OP_DIV:
		divide(fn, r, BPF_DIV);
		break;
	case OP_MOD:
		divide(fn, r, BPF_MOD);
		break;
	case OP_SHL:
		shift(fn, r, BPF_LSH);
		break;
	case OP_SHR:
		shift(fn, r, BPF_ARSH);
		break;
	case OP_USHR:
		shift(fn, r, BPF_RSH);
		break;
	case OP_NEG:
		unary(fn, r, BPF_NEG, 0);
		break;
	case OP_INV:
		unary(fn, r, BPF_XOR, -1);
		break;
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		compare(fn, r);
		break;
	case OP_BITS:
		bits(fn, r);
		break;
	case OP_GET:
		get(fn, r);
		break;
	case OP_SET:
		set_var(fn, i);
		break;
	case OP_JMP:
		jump(fn, i->b);
		break;
	case OP_BR:
		branch(fn, i);
		break;
	case OP_SWITCH:
		multiway(fn, i);
		break;
	case OP_RET:
	case OP_NEXT:
		cg_leave(fn);
		break;
	case OP_RAISE:
		raise_op(fn, i);
		break;
	case OP_TICK:
		tick(fn, i);
		break;
	case OP_CATCH_MSG:
		cg_catch_msg(fn, r);
		break;
	case OP_LOCK:
		cg_lock(fn);
		break;
	case OP_UNLOCK:
		cg_unlock(fn);
		break;
	case OP_COND:
		cg_cond(fn);
		break;
	case OP_SAVE:
		cg_save(fn, r);
		break;
	case OP_RESTORE:
		cg_restore(fn, r);
		break;
	case OP_STR:
		cg_str(fn, r);
		break;
	case OP_STR_EQ:
	case OP_STR_CMP:
		cg_str_compare(fn, r);
		break;
	case OP_STR_CAT:
		cg_str_cat(fn, r);
		break;
	case OP_STR_FMT:
		cg_str_fmt(fn, r);
		break;
	case OP_GGET:
		cg_gget(fn, r);
		break;
	case OP_GSET:
		cg_gset(fn, r);
		break;
	case OP_GADD:
		cg_gadd(fn, r);
		break;
	case OP_GNEXT:
		cg_gnext(fn, r);
		break;
	case OP_AGET:
		cg_aget(fn, r);
		break;
	case OP_ASET:
		cg_aset(fn, r);
		break;
	case OP_AADD:
		cg_aadd(fn, r);
		break;
	case OP_AHAS:
		cg_ahas(fn, r);
		break;
	case OP_ADEL:
		cg_adel(fn, r);
		break;
	case OP_STAT_ADD:
		cg_stat_add(fn, r);
		break;
	case OP_STAT_GET:
		cg_stat_get(fn, r);
		break;
	case OP_HIST_TAKE:
		cg_hist_take(fn, r);
		break;
	case OP_STAT_CLEAR:
		cg_stat_clear(fn, r);
		break;
	case OP_ITER_NEW:
		cg_iter_new(fn, r);
		break;
	case OP_ITER_NEXT:
		cg_iter_next(fn, r);
		break;
	case OP_ITER_KEY:
		cg_iter_key(fn, r);
		break;
	case OP_ITER_VALUE:
		cg_iter_value(fn, r);
		break;
	case OP_ITER_STAT:
		cg_iter_stat(fn, r);
		break;
	case OP_ITER_END:
		cg_iter_end(fn, r);
		break;
	case OP_EMIT:
		cg_emit(fn, r);
		break;
	case OP_INTRIN:
		cg_intrin(fn, r);
		break;
	case OP_CTX_WORD:
		cg_ctx_word(fn, r);
		break;
	case OP_PERF_READ:
		cg_perf_read(fn, r);
		break;
	case OP_LOAD:
		cg_load(fn, r);
		break;
	case OP_LOAD_STR:
		cg_load_str(fn, r);
		break;
	case OP_STORE:
		cg_store(fn, r);
		break;
	case OP_MATCH:
		cg_match(fn, r);
		break;
	case OP_CALL:
	case OP_PRINT:
	case OP_PRINT_HIST:
	case OP_HIST_STR:
	case OP_N:
		unexpected(i);
		break;
	}
}

/* Strings of this block whose last use is behind us give up their place. */
static void free_strings(struct cg_fn *fn, const struct ir_block *b)
{
	for (uint32_t k = 0; k <= fn->at; k++) {
		struct cg_val *v = &fn->vals[b->insns.v[k]];

		if (v->str.is_temp && v->last == fn->at)
			cg_slot_free(fn, (uint32_t)v->str.off);
	}
}

static void select_block(struct cg_fn *fn, uint32_t n)
{
	const struct ir_block *b = &fn->f->blocks.v[n];

	fn->block = n;
	fn->is_locked = fn->locked[n];
	code_place_label(fn->c, fn->labels[n]);
	for (fn->at = 0; fn->at < b->insns.n; fn->at++) {
		select_insn(fn, b->insns.v[fn->at]);
		free_strings(fn, b);
	}
}

/* Registers for all functions.  What the stack of the handler cannot take
 * goes behind its scratch memory. */
static void allocate(struct cg_fn *fn)
{
	uint32_t *size = fn->can_sleep ? &fn->g->wait_size :
					 &fn->g->scratch_size;
	uint32_t end = fn->scratch_end;

	for (uint32_t k = 0; k < fn->funcs.n; k++) {
		struct cg_code *c = fn->funcs.v[k];
		bool steps = fn->is_stepped && k == fn->outer.function;

		if ((!k || (steps && fn->by_tail)) && fn->funcs.n > 1)
			c->stack_max = CODE_STACK_MAX - CG_STACK_CALLEES;
		if ((!k || steps) && fn->needs_scratch) {
			c->spill_base = steps ? fn->outer.inner :
				fn->is_stepped ? fn->outer.scratch :
						 fn->scratch;
			c->spill_off = end;
		}
		truth_fold(c);
		regalloc(c);
		end = MAX(end, c->spill_off);
	}
	if (fn->needs_scratch)
		*size = MAX(*size, end + fn->g->img->limits.maxstringlen + 8);
}

/* Are all sites where functions begin?  One link takes no others. */
static bool is_at_entries(const struct cg_fn *fn)
{
	const struct image_probe *p = &fn->probe->image;

	for (uint32_t i = 0; i < p->nsites; i++)
		if (fn->g->img->sites.v[p->first_site + i].offset)
			return false;
	return true;
}

/* One link for all sites?  It would hold their modules: rmmod refuses them.
 * As long as there are not too many, each gets its own, which does not. */
static bool is_one_link(const struct cg_fn *fn)
{
	const struct image_probe *p = &fn->probe->image;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->nsites; i++)
		n += fn->g->img->sites.v[p->first_site + i].module != 0;
	return p->nsites && (!n || n > CG_MODULE_SITES) && is_at_entries(fn) &&
	       cg_has(fn, FEATURE_BIT(KPROBE_MULTI));
}

static bool is_of_user(const struct image_probe *p)
{
	return p->kind == PROBE_UPROBE || p->kind == PROBE_URETPROBE;
}

/* What the kernel must be told of the program of a probe. */
static struct image_prog prog_of(const struct cg_fn *fn)
{
	const struct image_probe *p = &fn->probe->image;
	static const struct {
		uint32_t type, attach;
	} types[PROBE_N] = {
		[PROBE_RAW_TP] = { BPF_PROG_TYPE_RAW_TRACEPOINT, 0 },
		[PROBE_PERF] = { BPF_PROG_TYPE_PERF_EVENT, 0 },
		[PROBE_PROCESS] = { BPF_PROG_TYPE_RAW_TRACEPOINT, 0 },
		[PROBE_SYSCALL] = { BPF_PROG_TYPE_RAW_TRACEPOINT, 0 },
		[PROBE_FENTRY] = { BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY },
		[PROBE_FEXIT] = { BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT },
		[PROBE_EXISTING] = { BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER },
		[PROBE_KPROBE] = { BPF_PROG_TYPE_KPROBE, 0 },
		[PROBE_KRETPROBE] = { BPF_PROG_TYPE_KPROBE, 0 },
		[PROBE_UPROBE] = { BPF_PROG_TYPE_KPROBE, 0 },
		[PROBE_URETPROBE] = { BPF_PROG_TYPE_KPROBE, 0 },
		[PROBE_WATCH] = { BPF_PROG_TYPE_PERF_EVENT, 0 },
		/* BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER */
		[PROBE_NETFILTER] = { 32, 45 },
	};
	struct image_prog prog = {
		.name = p->point,
		.prog_type = types[p->kind].type,
		.attach_type = types[p->kind].attach,
	};

	prog.sleeps = fn->sleeps;
	if (cg_has_typed_regs(fn)) {
		prog.prog_type = BPF_PROG_TYPE_TRACING;
		prog.attach_type = BPF_TRACE_RAW_TP;
	}
	if (is_of_user(p))
		prog.attach_type = cg_has(fn, FEATURE_BIT(UPROBE_MULTI)) ?
					   IMAGE_UPROBE_MULTI : 0;
	else if (prog.prog_type == BPF_PROG_TYPE_KPROBE && is_one_link(fn))
		prog.attach_type = BPF_TRACE_KPROBE_MULTI;
	if (prog.prog_type == BPF_PROG_TYPE_TRACING) {
		prog.attach_to = p->site.name;
		prog.attach_module = p->site.module;
	}
	return prog;
}

uint32_t cg_select(struct cg *g, uint32_t n)
{
	struct cg_fn fn = { .g = g, .probe = &g->p->probes.v[n], .nprobe = n,
			    .features = g->o->features };
	struct image_prog like;
	uint32_t prog;

	fn.f = g->p->funcs.v[fn.probe->func];
	cg_frame_init(&fn);
	cg_prologue(&fn);
	if (fn.is_stepped)
		stepped_begin(&fn);
	cg_iters_begin(&fn);
	for (uint32_t k = 0; k < fn.norder; k++) {
		cg_texts_begin(&fn, k);
		select_block(&fn, fn.order[k]);
		cg_texts_end(&fn, k);
	}
	cg_epilogue(&fn);
	allocate(&fn);
	like = prog_of(&fn);
	prog = stepped_emit(&fn, &like);
	standin_emit(&fn, prog);
	return prog;
}
