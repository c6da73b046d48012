/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/unwind_rows.h"

#include <dwarf.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "dbg/cfi.h"
#include "dbg/reader.h"

#define UNWIND_ROWS_MAX (1u << 22)
/* DWARF numbers of x86-64. */
#define REG_FP 6
#define REG_SP 7

struct collector {
	struct arena *a;
	struct unwind_rows *rows;
};

static bool fits(int64_t v)
{
	return v == (int32_t)v;
}

/* `reg + offset` or `*(reg + offset)`; false = it is another expression. */
static bool simple_expression(const struct die_block *b, uint32_t *reg,
			      int64_t *offset, bool *deref)
{
	struct reader r = { .p = b->p, .end = b->p + b->size };
	uint8_t op = reader_u8(&r);

	*deref = false;
	if (op < DW_OP_breg0 || op > DW_OP_breg31)
		return false;
	*reg = op - (uint32_t)DW_OP_breg0;
	*offset = reader_sleb(&r);
	if (reader_left(&r) && *r.p == DW_OP_deref) {
		*deref = true;
		reader_u8(&r);
	}
	return !r.bad && !reader_left(&r) && fits(*offset);
}

/* Entries of a PLT: sp + 8 + ((pc & 15) >= N) * 8; N, or -1. */
static int32_t plt_expression(const struct die_block *b)
{
	static const uint8_t head[] = { DW_OP_breg7, 8, DW_OP_breg16, 0,
					DW_OP_lit15, DW_OP_and };
	static const uint8_t tail[] = { DW_OP_ge, DW_OP_lit3, DW_OP_shl,
					DW_OP_plus };
	uint8_t lit;

	if (b->size != sizeof(head) + 1 + sizeof(tail) ||
	    memcmp(b->p, head, sizeof(head)) ||
	    memcmp(b->p + sizeof(head) + 1, tail, sizeof(tail)))
		return -1;
	lit = b->p[sizeof(head)];
	return lit >= DW_OP_lit0 && lit <= DW_OP_lit15 ? lit - DW_OP_lit0 : -1;
}

static void set_cfa_expression(const struct die_block *b,
			       struct unwind_rule *ret)
{
	int32_t plt = plt_expression(b);
	int64_t offset;
	uint32_t reg;
	bool deref;

	if (plt >= 0) {
		ret->cfa_kind = UNWIND_CFA_PLT;
		ret->cfa = plt;
		return;
	}
	if (!simple_expression(b, &reg, &offset, &deref) ||
	    (reg != REG_SP && reg != REG_FP))
		return;
	ret->cfa = (int32_t)offset;
	if (reg == REG_SP)
		ret->cfa_kind = deref ? UNWIND_CFA_AT_SP : UNWIND_CFA_SP;
	else
		ret->cfa_kind = deref ? UNWIND_CFA_AT_FP : UNWIND_CFA_FP;
}

static void set_cfa(const struct cfi_where *w, struct unwind_rule *ret)
{
	if (w->rule == CFI_EXPRESSION) {
		set_cfa_expression(&w->expression, ret);
	} else if (w->rule == CFI_OFFSET && fits(w->offset) &&
		   (w->reg == REG_SP || w->reg == REG_FP)) {
		ret->cfa = (int32_t)w->offset;
		ret->cfa_kind = w->reg == REG_SP ? UNWIND_CFA_SP :
						   UNWIND_CFA_FP;
	}
}

/* Where a register is saved; false = it cannot be said. */
static bool set_saved(const struct cfi_where *w, uint8_t *kind,
		      int32_t *offset)
{
	int64_t at;
	uint32_t reg;
	bool deref;

	if (w->rule == CFI_OFFSET && fits(w->offset)) {
		*kind = UNWIND_SAVED_CFA;
		*offset = (int32_t)w->offset;
		return true;
	}
	if (w->rule != CFI_EXPRESSION ||
	    !simple_expression(&w->expression, &reg, &at, &deref) || deref ||
	    (reg != REG_SP && reg != REG_FP))
		return false;
	*kind = reg == REG_SP ? UNWIND_SAVED_SP : UNWIND_SAVED_FP;
	*offset = (int32_t)at;
	return true;
}

static struct unwind_rule rule_of(const struct cfi_row *row)
{
	const struct cfi_where *ra = &row->regs[row->return_reg];
	const struct cfi_where *fp = &row->regs[REG_FP];
	struct unwind_rule r = {};

	set_cfa(&row->cfa, &r);
	if (!r.cfa_kind)
		return r;
	if (!set_saved(ra, &r.ra_kind, &r.ra))
		return (struct unwind_rule){ .cfa_kind =
			ra->rule == CFI_NONE ? UNWIND_CFA_END :
					       UNWIND_CFA_UNKNOWN };
	/* Of a register that nothing is said of the caller has the same. */
	if (fp->rule != CFI_NONE && fp->rule != CFI_SAME &&
	    !set_saved(fp, &r.fp_kind, &r.fp))
		r.fp_kind = UNWIND_SAVED_NOT;
	return r;
}

static void collect(void *data, uint64_t start, uint64_t end,
		    const struct cfi_row *row)
{
	struct collector *c = data;
	struct unwind_row r = { .start = start };

	if (row->return_reg >= CFI_REGS_MAX || end <= start ||
	    c->rows->n + 2 > UNWIND_ROWS_MAX)
		return;
	r.rule = rule_of(row);
	vec_push(c->a, c->rows, r);
	/* Behind it nothing is known, unless another row begins there. */
	if (end == row->end)
		vec_push(c->a, c->rows, (struct unwind_row){ .start = end });
}

/* By address; of two at one address the one that knows something comes last. */
static int compare(const void *a, const void *b)
{
	const struct unwind_row *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return !!x->rule.cfa_kind - !!y->rule.cfa_kind;
}

static bool is_same(const struct unwind_rule *a, const struct unwind_rule *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Rows that say nothing new go. */
static void compact(struct unwind_rows *rows)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rows->n; i++) {
		if (i + 1 < rows->n &&
		    rows->v[i + 1].start == rows->v[i].start)
			continue;
		if (n && is_same(&rows->v[n - 1].rule, &rows->v[i].rule))
			continue;
		rows->v[n++] = rows->v[i];
	}
	rows->n = n;
}

void unwind_rows_read(struct objfile *main, struct objfile *debug,
		      struct arena *a, struct unwind_rows *ret)
{
	struct collector c = { a, ret };
	struct cfi *cfi;

	*ret = (struct unwind_rows){};
	if (objfile_machine(main) != EM_X86_64)
		return;
	cfi = cfi_create(main, debug);
	cfi_each(cfi, collect, &c);
	cfi_destroy(cfi);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	compact(ret);
}
