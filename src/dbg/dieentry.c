/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that registers had when a function was entered, as the calls of it
 * tell them: a call site says what it passes, in terms of its own frame, and
 * the return address says which call it was.  What comes out is
 *
 *	for each call: (return address == its) * (value there), all added,
 *	if one of them was equal; else CHECK fails
 *
 * so that no value is told for a caller that is not known: one in another
 * file, or one that jumped.  Where a caller passes on what it was passed, its
 * callers are asked: a call then is a chain of them.
 */
#include <dwarf.h>
#include <elf.h>

#include "base/bits.h"
#include "dbg/debuginfo_data.h"
#include "dbg/dieloc.h"

#define DIEENTRY_SITES_MAX 12	/* of one function */
#define DIEENTRY_DEPTH_MAX 3	/* callers of callers */
#define DIEENTRY_CHAINS_MAX 16
#define DIEENTRY_TAILS_MAX 32	/* functions that are jumped to */
#define DIEENTRY_OPS_MAX 1000
#define DIEENTRY_BYTES_MAX (2u << 20)	/* of other units looked through */
#define DIEENTRY_ALL_MAX (64u << 20)	/* ... where none should be missed */

/* x86-64: what a function leaves as it was, and the stack pointer. */
#define DIEENTRY_KEPT (1u << 3 | 1u << 6 | 0xfu << 12)
#define DIEENTRY_SP 7
#define DIEENTRY_PC 16

struct dieentry_frame;

struct dieentry {
	struct debuginfo *d;
	struct arena *a;
	VEC(struct dbg_loc_op) ops;
	bool failed;
	/* The chain at hand: frame i was called at site i from frame i + 1. */
	struct dieentry_frame *frames;
	struct dieentry_site sites[DIEENTRY_DEPTH_MAX];
	uint32_t length;
	uint32_t nchains;
};

/* A frame on the stack: the one at hand, or the caller of `inner`. */
struct dieentry_frame {
	uint64_t pc;			/* in it, of callers: in the call */
	struct cfi_row row;
	const struct dieentry_frame *inner;
};

static void dieentry_op(struct dieentry *e, enum dbg_loc_code code,
			uint8_t size, uint64_t value)
{
	if (e->ops.n >= DIEENTRY_OPS_MAX)
		e->failed = true;
	else
		vec_push(e->a, &e->ops,
			 (struct dbg_loc_op){ code, size, value });
}

static void dieentry_add(struct dieentry *e, int64_t n)
{
	dieentry_op(e, DBG_LOC_OP_CONST, 0, (uint64_t)n);
	dieentry_op(e, DBG_LOC_OP_ADD, 0, 0);
}

/* ---- frames ---- */

static void dieentry_cfa(struct dieentry *e, const struct dieentry_frame *f);

/* A register of a frame: now, or what it was before the inner ones. */
static void dieentry_reg(struct dieentry *e, const struct dieentry_frame *f,
			 uint64_t reg)
{
	const struct dieentry_frame *in = f->inner;
	const struct cfi_where *w;

	if (!in) {
		dieentry_op(e, DBG_LOC_OP_REG, 0, reg);
		return;
	}
	if (reg == DIEENTRY_SP) {
		dieentry_cfa(e, in);
		return;
	}
	w = reg < CFI_REGS_MAX ? &in->row.regs[reg] : NULL;
	if (w && (w->rule == CFI_OFFSET || w->rule == CFI_VALUE)) {
		dieentry_cfa(e, in);
		dieentry_add(e, w->offset);
		if (w->rule == CFI_OFFSET)
			dieentry_op(e, DBG_LOC_OP_LOAD, 8, 0);
	} else if (w && (w->rule == CFI_NONE || w->rule == CFI_SAME) &&
		   reg < 16 && DIEENTRY_KEPT >> reg & 1) {
		dieentry_reg(e, in, reg);
	} else {
		e->failed = true;
	}
}

static void dieentry_cfa(struct dieentry *e, const struct dieentry_frame *f)
{
	if (f->row.cfa.rule != CFI_OFFSET || e->failed) {
		e->failed = true;
		return;
	}
	dieentry_reg(e, f, f->row.cfa.reg);
	dieentry_add(e, f->row.cfa.offset);
}

/* ---- call sites ---- */

static bool dieentry_is_call(uint16_t tag)
{
	return tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site;
}

static bool dieentry_is_same(struct dbg_die called, struct dbg_die function)
{
	struct dbg_die a = die_origin(called), b = die_origin(function);

	if (dbg_die_eq(a, b) || dbg_die_eq(called, function))
		return true;
	return die_flag(a, DW_AT_external) && die_flag(b, DW_AT_external) &&
	       str_eq(die_name(a), die_name(b)) &&
	       str_eq(die_str(a, DW_AT_linkage_name),
		      die_str(b, DW_AT_linkage_name));
}

static bool dieentry_is_tail(struct dbg_die site)
{
	return die_flag(site, DW_AT_call_tail_call) ||
	       die_flag(site, DW_AT_GNU_tail_call);
}

static struct dbg_die dieentry_called(struct dbg_die site)
{
	struct dbg_die origin = die_ref(site, DW_AT_call_origin);

	return origin.unit ? origin : die_ref(site, DW_AT_abstract_origin);
}

/* Where a call returns to; false = it does not, or calls something else.  What
 * is called by a pointer may be the function. */
static bool dieentry_returns(struct dbg_die site, struct dbg_die function,
			     uint64_t *ret)
{
	struct dbg_die origin = dieentry_called(site);
	struct die_attr a;

	if (dieentry_is_tail(site) ||
	    (origin.unit ? !dieentry_is_same(origin, function) :
			   !die_attr(site, DW_AT_call_target, &a) &&
				   !die_attr(site, DW_AT_GNU_call_site_target,
					     &a)))
		return false;
	return (die_attr(site, DW_AT_call_return_pc, &a) ||
		(die_tag(site) == DW_TAG_GNU_call_site &&
		 die_attr(site, DW_AT_low_pc, &a))) &&
	       die_attr_addr(&a, ret);
}

static void dieentry_scan(struct debuginfo *d, struct die_unit *u,
			  struct dbg_die function, uint32_t most)
{
	struct die_walk w = die_walk((struct dbg_die){ u, u->root });
	uint64_t at;

	while (die_walk_next(&w) && d->calls.n < most) {
		w.into = !dieentry_is_call(w.tag);
		if (!w.into && dieentry_returns(w.die, function, &at))
			vec_push(&d->arena, &d->calls,
				 (struct dieentry_site){ w.die, at });
	}
}

/* Looks through the function's own unit, and so many bytes of others. */
static void dieentry_scan_all(struct debuginfo *d, struct dbg_die function,
			      uint32_t most, uint64_t bytes)
{
	struct die_unit *u;

	d->called = function;
	d->calls.n = 0;
	dieentry_scan(d, function.unit, function, most);
	if (!die_flag(die_origin(function), DW_AT_external))
		return;
	for (uint32_t i = 0; (u = dieindex_unit(d->index, i)); i++) {
		uint64_t size = u->end - u->off;

		if (u == function.unit)
			continue;
		if (size > bytes)
			break;
		bytes -= size;
		dieentry_scan(d, u, function, most);
	}
}

/* The calls of a function, one more than there may be at most if there are; of
 * the last one asked about they are kept. */
static void dieentry_find(struct debuginfo *d, struct dbg_die function)
{
	if (!d->called.unit || !dbg_die_eq(d->called, function))
		dieentry_scan_all(d, function, DIEENTRY_SITES_MAX + 1,
				  DIEENTRY_BYTES_MAX);
}

uint32_t debuginfo_calls_of(struct debuginfo *d, const struct dbg_function *f,
			    uint64_t *returns, uint32_t most)
{
	uint32_t n = 0;

	dieentry_scan_all(d, f->die, most, DIEENTRY_ALL_MAX);
	d->called = (struct dbg_die){};
	for (uint32_t i = 0; i < d->calls.n; i++)
		if (dieentry_called(d->calls.v[i].die).unit)
			returns[n++] = d->calls.v[i].return_pc;
	return n;
}

/* Is this how a parameter of a call is passed: in register reg? */
static bool dieentry_is_in(struct dbg_die param, uint16_t reg)
{
	struct die_attr a;
	struct die_block e;

	return die_attr(param, DW_AT_location, &a) &&
	       die_attr_block(&a, &e) && e.size == 1 &&
	       e.p[0] >= DW_OP_reg0 && e.p[0] <= DW_OP_reg31 &&
	       e.p[0] - DW_OP_reg0 == reg;
}

static bool dieentry_param(struct dbg_die site, uint16_t reg,
			   struct die_attr *ret)
{
	struct dbg_die child = die_child(site);

	for (; child.unit; child = die_next(child))
		if (dieentry_is_in(child, reg))
			return die_attr(child, DW_AT_call_value, ret) ||
			       die_attr(child, DW_AT_GNU_call_site_value, ret);
	return false;
}

/* ---- jumps ---- */

struct dieentry_tails {
	struct debuginfo *d;
	struct dbg_die of;
	struct dbg_die v[DIEENTRY_TAILS_MAX];
	uint32_t n;
	bool comes_back;
};

static void dieentry_tail(struct dieentry_tails *t, struct dbg_die to)
{
	struct dieindex_iter it = {};
	struct dieindex_entry e;

	if (!to.unit || dieentry_is_same(to, t->of)) {
		t->comes_back = true;
		return;
	}
	for (uint32_t i = 0; i < t->n; i++)
		if (dieentry_is_same(to, t->v[i]))
			return;
	while (dieindex_find(t->d->index, die_name(to), DIESCAN_FUNCTION, &it,
			     &e)) {
		if (t->n == DIEENTRY_TAILS_MAX)
			t->comes_back = true;
		else if (dieentry_is_same(to, e.die))
			t->v[t->n++] = e.die;
	}
}

/* May the function be left by a jump that comes to it again?  Then who called
 * it is not who passed its arguments. */
static bool dieentry_comes_back(struct debuginfo *d, struct dbg_die function)
{
	struct dieentry_tails t = { .d = d, .of = function };

	t.v[t.n++] = function;
	for (uint32_t i = 0; i < t.n && !t.comes_back; i++) {
		struct die_walk w = die_walk(t.v[i]);

		while (die_walk_next(&w) && !t.comes_back) {
			w.into = !dieentry_is_call(w.tag);
			if (!w.into && dieentry_is_tail(w.die))
				dieentry_tail(&t, dieentry_called(w.die));
		}
	}
	return t.comes_back;
}

/* ---- values ---- */

/* What site `level` of the chain passes in a register, or (reg < 0) what it
 * calls: in terms of the frame above. */
static struct dbg_loc dieentry_at_site(struct dieentry *e, uint32_t level,
				       int reg)
{
	struct dbg_die site = e->sites[level].die;
	uint64_t pc = e->frames[level + 1].pc;
	struct dieloc x = { .d = e->d, .a = e->a, .pc = pc };
	struct die_unit *u = dieindex_unit_at(e->d->index, pc);
	struct diescope s;
	struct die_attr attr;

	if (u && diescope_at(u, pc, &s))
		x.function = s.v[0];
	if (reg >= 0 ? dieentry_param(site, (uint16_t)reg, &attr) :
		       (die_attr(site, DW_AT_call_target, &attr) ||
			die_attr(site, DW_AT_GNU_call_site_target, &attr)))
		return dieloc_attr(&x, &attr);
	return dieloc_none("");
}

static bool dieentry_needs(const struct dbg_loc *l, enum dbg_loc_code code)
{
	for (uint32_t i = 0; i < l->nops; i++)
		if (l->ops[i].code == code)
			return true;
	return false;
}

/* Is what it reads, if anything, on the caller's stack?  That is there whoever
 * the caller was. */
static bool dieentry_is_stack(const struct dbg_loc *l)
{
	uint32_t loads = 0;

	for (uint32_t i = 0; i < l->nops; i++) {
		loads += l->ops[i].code == DBG_LOC_OP_LOAD;
		if (l->ops[i].code == DBG_LOC_OP_REG &&
		    l->ops[i].value != DIEENTRY_SP)
			return false;
	}
	return loads <= 1;
}

static int dieentry_entry_reg(const struct dbg_loc *l)
{
	for (uint32_t i = 0; i < l->nops; i++)
		if (l->ops[i].code == DBG_LOC_OP_ENTRY)
			return (int)l->ops[i].value;
	return 0;
}

/* Of a target clang says which register it is in. */
static bool dieentry_is_value(const struct dbg_loc *l)
{
	return l->kind == DBG_LOC_MEMORY || l->kind == DBG_LOC_VALUE ||
	       l->kind == DBG_LOC_REGISTER;
}

/* The operations of what site `level` passes. */
static void dieentry_passed(struct dieentry *e, uint32_t level, int reg)
{
	struct dbg_loc l = dieentry_at_site(e, level, reg);

	if (!dieentry_is_value(&l))
		e->failed = true;
	for (uint32_t i = 0; i < l.nops && !e->failed; i++) {
		const struct dbg_loc_op *op = &l.ops[i];

		if (op->code == DBG_LOC_OP_REG)
			dieentry_reg(e, &e->frames[level + 1], op->value);
		else if (op->code != DBG_LOC_OP_ENTRY)
			dieentry_op(e, op->code, op->size, op->value);
		else if (level + 1 < e->length)
			dieentry_passed(e, level + 1, (int)op->value);
		else
			e->failed = true;
	}
}

/* Does the frame return to this address?  1 or 0. */
static void dieentry_returns_to(struct dieentry *e,
				const struct dieentry_frame *f, uint64_t pc)
{
	dieentry_cfa(e, f);
	dieentry_add(e, f->row.regs[f->row.return_reg].offset);
	dieentry_op(e, DBG_LOC_OP_PICK, 0, 0);
	dieentry_op(e, DBG_LOC_OP_LOAD, 8, 0);
	dieentry_op(e, DBG_LOC_OP_RETURN, 0, 0);
	dieentry_op(e, DBG_LOC_OP_ADDR, 0, pc);
	dieentry_op(e, DBG_LOC_OP_EQ, 0, 0);
}

/* Is frame `level` one that was called at its site?  1 or 0. */
static void dieentry_is_from(struct dieentry *e, uint32_t level)
{
	const struct dieentry_frame *f = &e->frames[level];
	uint64_t entry;
	struct diescope s;
	struct die_unit *u = dieindex_unit_at(e->d->index, f->pc);

	dieentry_returns_to(e, f, e->sites[level].return_pc);
	if (dieentry_called(e->sites[level].die).unit)
		return;
	if (!u || !diescope_at(u, f->pc, &s) || !die_entry(s.v[0], &entry)) {
		e->failed = true;
		return;
	}
	dieentry_passed(e, level, -1);
	dieentry_op(e, DBG_LOC_OP_ADDR, 0, entry);
	dieentry_op(e, DBG_LOC_OP_EQ, 0, 0);
	dieentry_op(e, DBG_LOC_OP_AND, 0, 0);
}

/* On the stack are: how many chains were right, the value so far. */
static void dieentry_chain(struct dieentry *e, int reg)
{
	uint32_t before = e->ops.n;

	for (uint32_t i = 0; i < e->length; i++) {
		dieentry_is_from(e, i);
		if (i)
			dieentry_op(e, DBG_LOC_OP_AND, 0, 0);
	}
	dieentry_op(e, DBG_LOC_OP_SWAP, 0, 0);
	dieentry_op(e, DBG_LOC_OP_PICK, 0, 1);
	dieentry_op(e, DBG_LOC_OP_NEG, 0, 0);
	dieentry_passed(e, 0, reg);
	dieentry_op(e, DBG_LOC_OP_AND, 0, 0);
	dieentry_op(e, DBG_LOC_OP_OR, 0, 0);
	dieentry_op(e, DBG_LOC_OP_ROT, 0, 0);
	dieentry_op(e, DBG_LOC_OP_ADD, 0, 0);
	dieentry_op(e, DBG_LOC_OP_SWAP, 0, 0);
	if (e->failed)
		e->ops.n = before;
	else
		e->nchains++;
	e->failed = false;
}

/* The function of frame `level`, if its calls tell what it was passed. */
static bool dieentry_function(struct dieentry *e, uint32_t level,
			      struct dbg_die *ret)
{
	const struct dieentry_frame *f = &e->frames[level];
	struct die_unit *u = dieindex_unit_at(e->d->index, f->pc);
	struct diescope s;

	if (!u || !diescope_at(u, f->pc, &s) ||
	    f->row.return_reg >= CFI_REGS_MAX ||
	    f->row.regs[f->row.return_reg].rule != CFI_OFFSET ||
	    dieentry_comes_back(e->d, s.v[0]))
		return false;
	*ret = s.v[0];
	return true;
}

/* Fills the frame that site `level` is in. */
static bool dieentry_caller(struct dieentry *e, uint32_t level)
{
	struct dieentry_frame *f = &e->frames[level + 1];

	f->pc = e->sites[level].return_pc - 1;
	f->inner = &e->frames[level];
	return cfi_at(e->d->cfi, f->pc, &f->row);
}

/* May what is on the stack of the frame above be read?  Where there is more
 * than one chain, all are computed, whoever called: then only what is found
 * from the stack pointer is sure to be there. */
static bool dieentry_is_safe(const struct dieentry *e, uint32_t level,
			     bool only)
{
	return only || e->frames[level + 1].row.cfa.reg == DIEENTRY_SP;
}

/* All chains that begin with those sites that are below `level`; first: the
 * register that is asked for, passed: the one that frame `level` was passed. */
static void dieentry_chains(struct dieentry *e, uint32_t level, int first,
			    int passed)
{
	struct dieentry_site sites[DIEENTRY_SITES_MAX];
	struct dbg_die function;
	uint32_t n;

	if (!dieentry_function(e, level, &function))
		return;
	dieentry_find(e->d, function);
	n = e->d->calls.n;
	if (!n || n > DIEENTRY_SITES_MAX)
		return;
	/* Those of callers are looked for meanwhile. */
	memcpy(sites, e->d->calls.v, n * sizeof(*sites));
	for (uint32_t i = 0; i < n && e->nchains < DIEENTRY_CHAINS_MAX; i++) {
		bool only = n == 1 && !level;
		struct dbg_loc l;

		e->sites[level] = sites[i];
		e->length = level + 1;
		if (!dieentry_caller(e, level))
			continue;
		l = dieentry_at_site(e, level, passed);
		if (!dieentry_is_value(&l) ||
		    (dieentry_needs(&l, DBG_LOC_OP_LOAD) && !only &&
		     !dieentry_is_stack(&l)))
			continue;
		if (!dieentry_needs(&l, DBG_LOC_OP_ENTRY))
			dieentry_chain(e, first);
		else if (level + 1 < DIEENTRY_DEPTH_MAX &&
			 dieentry_is_safe(e, level, only))
			dieentry_chains(e, level + 1, first,
					dieentry_entry_reg(&l));
	}
}

static void dieentry_value(struct dieentry *e, uint64_t pc, uint16_t reg)
{
	e->frames[0].pc = pc;
	e->frames[0].inner = NULL;
	if (!cfi_at(e->d->cfi, pc, &e->frames[0].row))
		return;
	dieentry_op(e, DBG_LOC_OP_CONST, 0, 0);
	dieentry_op(e, DBG_LOC_OP_CONST, 0, 0);
	dieentry_chains(e, 0, reg, reg);
	dieentry_op(e, DBG_LOC_OP_SWAP, 0, 0);
	dieentry_op(e, DBG_LOC_OP_CHECK, 0, 0);
}

struct dbg_loc debuginfo_entry_value(struct debuginfo *d, struct arena *a,
				     uint64_t pc, uint16_t reg)
{
	struct dieentry e = { .d = d, .a = a };

	e.frames = arena_array(a, DIEENTRY_DEPTH_MAX + 1,
			       struct dieentry_frame);
	if (objfile_machine(d->main) == EM_X86_64)
		dieentry_value(&e, pc, reg);
	if (!e.nchains || e.failed)
		return dieloc_none("is known to the function's callers only, "
				   "and too little of them");
	return (struct dbg_loc){ .kind = DBG_LOC_VALUE,
				 .ops = e.ops.v,
				 .nops = e.ops.n };
}

/* ---- who called ---- */

static bool dieentry_frame_at(struct dieentry *e, struct dieentry_frame *f,
			      uint64_t pc)
{
	f->pc = pc;
	return cfi_at(e->d->cfi, pc, &f->row) &&
	       f->row.return_reg < CFI_REGS_MAX &&
	       f->row.regs[f->row.return_reg].rule == CFI_OFFSET;
}

/* The frames from `first` on, the last of which returns there, or has done so
 * (n is 1, first too).  Frame 0 is at pc. */
static struct dbg_loc dieentry_frames(struct dieentry *e, uint64_t pc,
				      const uint64_t *returns, uint32_t n,
				      uint32_t first)
{
	struct dieentry_frame *f = arena_array(e->a, n, struct dieentry_frame);

	if (objfile_machine(e->d->main) != EM_X86_64)
		return dieloc_none("is known on x86-64 only");
	for (uint32_t i = first; i < n && !e->failed; i++) {
		f[i].inner = i > first ? &f[i - 1] : NULL;
		e->failed = !dieentry_frame_at(e, &f[i],
					       i ? returns[i - 1] - 1 : pc);
	}
	if (!e->failed && first < n) {
		dieentry_returns_to(e, &f[n - 1], returns[n - 1]);
	} else if (!e->failed) {
		dieentry_op(e, DBG_LOC_OP_REG, 0, DIEENTRY_PC);
		dieentry_op(e, DBG_LOC_OP_ADDR, 0, returns[0]);
		dieentry_op(e, DBG_LOC_OP_EQ, 0, 0);
	}
	if (e->failed)
		return dieloc_none("is known from no table");
	return (struct dbg_loc){ .kind = DBG_LOC_VALUE,
				 .ops = e->ops.v,
				 .nops = e->ops.n };
}

struct dbg_loc debuginfo_called_by(struct debuginfo *d, struct arena *a,
				   uint64_t pc, const uint64_t *returns,
				   uint32_t n)
{
	struct dieentry e = { .d = d, .a = a };

	return dieentry_frames(&e, pc, returns, n, 0);
}

struct dbg_loc debuginfo_returned_to(struct debuginfo *d, struct arena *a,
				     const uint64_t *returns, uint32_t n)
{
	struct dieentry e = { .d = d, .a = a };

	return dieentry_frames(&e, 0, returns, n, 1);
}
