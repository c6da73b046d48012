/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records (FDEs) are listed by address on the first question; a record is run
 * up to the pc that is asked about.
 */
#include "dbg/cfi.h"

#include <dwarf.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bits.h"
#include "base/search.h"
#include "base/vec.h"
#include "dbg/reader.h"

#define CFI_RECORDS_MAX (1u << 22)
#define CFI_STACK_MAX 16

/* Missing in elfutils' dwarf.h of this age. */
#define CFI_AARCH64_NEGATE_RA 0x2d

struct cfi_section {
	const uint8_t *p;
	uint64_t size, addr;
	bool is_eh;
	uint8_t address_size;
};

struct cfi_record {
	uint64_t start, end;
	const struct cfi_section *section;
	const uint8_t *cie, *program, *program_end;
};

/* What a CIE says. */
struct cfi_common {
	uint64_t code_align;
	int64_t data_align;
	uint64_t return_reg;
	uint8_t encoding;	/* of addresses in its records */
	bool has_data;		/* augmentation data in its records */
	bool is_signal;
	uint8_t address_size;
	struct reader program;
};

struct cfi {
	struct arena arena;
	struct objfile *main, *debug;
	struct cfi_section sections[2];
	struct cfi_record *v;
	uint32_t n, cap;
	bool is_read;
	/* While records are listed: what the last CIE said. */
	const uint8_t *cie;
	struct cfi_common common;
	bool cie_is_good;
};

struct cfi *cfi_create(struct objfile *main, struct objfile *debug)
{
	struct cfi *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	arena_init(&c->arena);
	c->main = main;
	c->debug = debug;
	return c;
}

void cfi_destroy(struct cfi *c)
{
	if (!c)
		return;
	arena_deinit(&c->arena);
	free(c);
}

/* ---- records ---- */

/* A pointer in one of .eh_frame's encodings. */
static uint64_t cfi_pointer(const struct cfi_section *s, struct reader *r,
			    uint8_t encoding)
{
	uint64_t at = s->addr + (uint64_t)(r->p - s->p), v;

	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
		v = reader_uint(r, s->address_size);
		break;
	case DW_EH_PE_uleb128:
		v = reader_uleb(r);
		break;
	case DW_EH_PE_udata2:
		v = reader_u16(r);
		break;
	case DW_EH_PE_udata4:
		v = reader_u32(r);
		break;
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		v = reader_u64(r);
		break;
	case DW_EH_PE_sleb128:
		v = (uint64_t)reader_sleb(r);
		break;
	case DW_EH_PE_sdata2:
		v = (uint64_t)reader_int(r, 2);
		break;
	case DW_EH_PE_sdata4:
		v = (uint64_t)reader_int(r, 4);
		break;
	default:
		r->bad = true;
		return 0;
	}
	if ((encoding & 0x70) == DW_EH_PE_pcrel)
		v += at;
	else if (encoding & 0x70)
		r->bad = true;	/* relative to what we do not know */
	return v;
}

/* The augmentation's letters. */
static bool cfi_augmentation(const struct cfi_section *s, struct str letters,
			     struct reader *r, struct cfi_common *ret)
{
	uint64_t n;
	const uint8_t *end;

	if (!letters.len)
		return true;
	if (letters.s[0] != 'z')
		return false;
	ret->has_data = true;
	n = reader_uleb(r);
	if (!reader_has(r, n))
		return false;
	end = r->p + n;
	for (uint32_t i = 1; i < letters.len; i++) {
		switch (letters.s[i]) {
		case 'R':
			ret->encoding = reader_u8(r);
			break;
		case 'P':
			/* Only stepped over: relative to nothing. */
			cfi_pointer(s, r, reader_u8(r) & 0x0f);
			break;
		case 'L':
			reader_u8(r);
			break;
		case 'S':
			ret->is_signal = true;
			break;
		default:
			break;
		}
	}
	if (r->bad || r->p > end)
		return false;
	r->p = end;
	return true;
}

/* at: the CIE's length field. */
static bool cfi_read_common(const struct cfi_section *s, const uint8_t *at,
			    struct cfi_common *ret)
{
	struct reader r = reader_at(s->p, s->size, (uint64_t)(at - s->p));
	uint64_t length = reader_u32(&r);
	unsigned int offset_size = 4;
	struct str letters;
	uint8_t version;

	*ret = (struct cfi_common){ .address_size = s->address_size };
	if (length == UINT32_MAX) {
		length = reader_u64(&r);
		offset_size = 8;
	}
	if (!reader_has(&r, length))
		return false;
	r.end = r.p + length;
	reader_skip(&r, s->is_eh ? 4 : offset_size);
	version = reader_u8(&r);
	letters = reader_str(&r);
	if (version >= 4) {
		ret->address_size = reader_u8(&r);
		reader_u8(&r);
	}
	ret->code_align = reader_uleb(&r);
	ret->data_align = reader_sleb(&r);
	ret->return_reg = version == 1 ? reader_u8(&r) : reader_uleb(&r);
	if (r.bad || !cfi_augmentation(s, letters, &r, ret))
		return false;
	ret->program = r;
	return true;
}

static void cfi_add(struct cfi *c, const struct cfi_section *s,
		    struct reader r, const uint8_t *cie)
{
	struct cfi_record rec = { .section = s, .cie = cie };
	uint64_t n;

	if (cie != c->cie)
		c->cie_is_good = cfi_read_common(s, cie, &c->common);
	c->cie = cie;
	if (!c->cie_is_good)
		return;
	rec.start = cfi_pointer(s, &r, c->common.encoding);
	n = cfi_pointer(s, &r, c->common.encoding & 0x0f);
	rec.end = rec.start + n;
	if (c->common.has_data)
		reader_skip(&r, reader_uleb(&r));
	rec.program = r.p;
	rec.program_end = r.end;
	if (!r.bad && n && rec.end > rec.start && c->n < CFI_RECORDS_MAX)
		vec_push(&c->arena, c, rec);
}

/* One entry; false = the section is over. */
static bool cfi_entry(struct cfi *c, const struct cfi_section *s,
		      struct reader *r)
{
	unsigned int offset_size = 4;
	const uint8_t *start = r->p, *id_at;
	uint64_t length = reader_u32(r), id, off;
	struct reader body;

	if (!length)
		return !s->is_eh && !r->bad && reader_left(r);
	if (length == UINT32_MAX) {
		length = reader_u64(r);
		offset_size = 8;
	}
	body = *r;
	reader_skip(r, length);
	if (r->bad)
		return false;
	body.end = r->p;
	id_at = body.p;
	id = reader_uint(&body, s->is_eh ? 4 : offset_size);
	if (body.bad)
		return false;
	if (s->is_eh ? !id : id == (offset_size == 4 ? UINT32_MAX :
						       UINT64_MAX))
		return reader_left(r);
	off = s->is_eh ? (uint64_t)(id_at - s->p) - id : id;
	if (off < s->size && s->p + off < start)
		cfi_add(c, s, body, s->p + off);
	return reader_left(r);
}

static void cfi_read_section(struct cfi *c, int i, struct objfile *o,
			     const char *name)
{
	struct objfile_data d = objfile_data(o, name);
	struct cfi_section *s = &c->sections[i];
	struct reader r;

	if (!d.p)
		return;
	*s = (struct cfi_section){
		.p = d.p,
		.size = d.size,
		.is_eh = !strcmp(name, ".eh_frame"),
		.address_size = objfile_address_size(o),
	};
	for (uint32_t k = 1; k < objfile_nsections(o); k++)
		if (str_is(objfile_section(o, k)->name, name))
			s->addr = objfile_section(o, k)->addr;
	r = reader_at(d.p, d.size, 0);
	while (cfi_entry(c, s, &r))
		;
}

static int cfi_compare(const void *a, const void *b)
{
	const struct cfi_record *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void cfi_read(struct cfi *c)
{
	c->is_read = true;
	cfi_read_section(c, 0, c->main, ".eh_frame");
	cfi_read_section(c, 1, c->debug ? c->debug : c->main, ".debug_frame");
	if (c->n)
		qsort(c->v, c->n, sizeof(*c->v), cfi_compare);
}

static const struct cfi_record *cfi_find(const struct cfi *c, uint64_t pc)
{
	uint32_t low = SEARCH(c->n, i, c->v[i].start <= pc);

	for (uint32_t i = low; i && low - i < 4; i--)
		if (pc < c->v[i - 1].end)
			return &c->v[i - 1];
	return NULL;
}

/* ---- running a record ---- */

struct cfi_machine {
	const struct cfi_record *rec;
	const struct cfi_common *common;
	struct reader r;
	uint64_t at, pc;
	struct cfi_row *row;
	struct cfi_row initial;
	struct cfi_row *stack;
	uint32_t nstack;
	cfi_row_fn *each;	/* or NULL: only the row at pc is wanted */
	void *data;
};

static void cfi_set(struct cfi_machine *m, uint64_t reg, struct cfi_where w)
{
	if (reg < CFI_REGS_MAX)
		m->row->regs[reg] = w;
}

static int64_t cfi_scaled(const struct cfi_machine *m, int64_t n)
{
	return (int64_t)((uint64_t)n * (uint64_t)m->common->data_align);
}

static void cfi_set_offset(struct cfi_machine *m, uint64_t reg, int64_t n,
			   enum cfi_rule rule)
{
	cfi_set(m, reg, (struct cfi_where){
		.rule = rule,
		.offset = cfi_scaled(m, n),
	});
}

static struct die_block cfi_block(struct cfi_machine *m)
{
	uint64_t n = reader_uleb(&m->r);
	struct die_block b = { m->r.p, n };

	reader_skip(&m->r, n);
	return m->r.bad ? (struct die_block){} : b;
}

/* A step of the address; false = beyond the pc. */
static bool cfi_move(struct cfi_machine *m, uint64_t to)
{
	if (m->each && to > m->at)
		m->each(m->data, m->at, MIN(to, m->rec->end), m->row);
	m->at = to;
	return m->at <= m->pc;
}

static bool cfi_advance(struct cfi_machine *m, uint64_t delta)
{
	return cfi_move(m, m->at + delta * m->common->code_align);
}

static void cfi_restore(struct cfi_machine *m, uint64_t reg)
{
	if (reg < CFI_REGS_MAX)
		m->row->regs[reg] = m->initial.regs[reg];
}

static void cfi_save(struct cfi_machine *m)
{
	if (m->nstack == CFI_STACK_MAX)
		m->r.bad = true;
	else
		m->stack[m->nstack++] = *m->row;
}

static void cfi_reload(struct cfi_machine *m)
{
	if (!m->nstack)
		m->r.bad = true;
	else
		*m->row = m->stack[--m->nstack];
}

static void cfi_def_cfa(struct cfi_machine *m, uint64_t reg, int64_t offset)
{
	m->row->cfa = (struct cfi_where){
		.rule = CFI_OFFSET,
		.reg = (uint32_t)MIN(reg, (uint64_t)UINT32_MAX),
		.offset = offset,
	};
}

/* Instructions that set how a register is found. */
static void cfi_register_op(struct cfi_machine *m, uint8_t op)
{
	uint64_t reg = reader_uleb(&m->r);

	switch (op) {
	case DW_CFA_offset_extended:
		cfi_set_offset(m, reg, (int64_t)reader_uleb(&m->r),
			       CFI_OFFSET);
		break;
	case DW_CFA_offset_extended_sf:
		cfi_set_offset(m, reg, reader_sleb(&m->r), CFI_OFFSET);
		break;
	case DW_CFA_val_offset:
		cfi_set_offset(m, reg, (int64_t)reader_uleb(&m->r), CFI_VALUE);
		break;
	case DW_CFA_val_offset_sf:
		cfi_set_offset(m, reg, reader_sleb(&m->r), CFI_VALUE);
		break;
	case DW_CFA_restore_extended:
		cfi_restore(m, reg);
		break;
	case DW_CFA_undefined:
		cfi_set(m, reg, (struct cfi_where){ .rule = CFI_NONE });
		break;
	case DW_CFA_same_value:
		cfi_set(m, reg, (struct cfi_where){ .rule = CFI_SAME });
		break;
	case DW_CFA_register:
		cfi_set(m, reg, (struct cfi_where){
			.rule = CFI_REGISTER,
			.reg = (uint32_t)reader_uleb(&m->r) });
		break;
	case DW_CFA_expression:
		cfi_set(m, reg, (struct cfi_where){
			.rule = CFI_EXPRESSION,
			.expression = cfi_block(m) });
		break;
	case DW_CFA_val_expression:
		cfi_set(m, reg, (struct cfi_where){
			.rule = CFI_VALUE_EXPRESSION,
			.expression = cfi_block(m) });
		break;
	case DW_CFA_def_cfa:
		cfi_def_cfa(m, reg, (int64_t)reader_uleb(&m->r));
		break;
	case DW_CFA_def_cfa_sf:
		cfi_def_cfa(m, reg, cfi_scaled(m, reader_sleb(&m->r)));
		break;
	case DW_CFA_def_cfa_register:
		cfi_def_cfa(m, reg, m->row->cfa.offset);
		break;
	default:
		m->r.bad = true;
	}
}

/* The others; false = beyond the pc. */
static bool cfi_other_op(struct cfi_machine *m, uint8_t op)
{
	switch (op) {
	case DW_CFA_nop:
	case CFI_AARCH64_NEGATE_RA:
		return true;
	case DW_CFA_set_loc:
		return cfi_move(m, cfi_pointer(m->rec->section, &m->r,
					       m->common->encoding));
	case DW_CFA_advance_loc1:
		return cfi_advance(m, reader_u8(&m->r));
	case DW_CFA_advance_loc2:
		return cfi_advance(m, reader_u16(&m->r));
	case DW_CFA_advance_loc4:
		return cfi_advance(m, reader_u32(&m->r));
	case DW_CFA_remember_state:
		cfi_save(m);
		return true;
	case DW_CFA_restore_state:
		cfi_reload(m);
		return true;
	case DW_CFA_def_cfa_offset:
		m->row->cfa.offset = (int64_t)reader_uleb(&m->r);
		return true;
	case DW_CFA_def_cfa_offset_sf:
		m->row->cfa.offset = cfi_scaled(m, reader_sleb(&m->r));
		return true;
	case DW_CFA_def_cfa_expression:
		m->row->cfa = (struct cfi_where){
			.rule = CFI_EXPRESSION,
			.expression = cfi_block(m),
		};
		return true;
	case DW_CFA_GNU_args_size:
		reader_uleb(&m->r);
		return true;
	default:
		cfi_register_op(m, op);
		return true;
	}
}

static void cfi_run(struct cfi_machine *m, struct reader program)
{
	bool more = true;

	m->r = program;
	while (more && !m->r.bad && reader_left(&m->r)) {
		uint8_t op = reader_u8(&m->r), low = op & 0x3f;

		switch (op & 0xc0) {
		case DW_CFA_advance_loc:
			more = cfi_advance(m, low);
			break;
		case DW_CFA_offset:
			cfi_set_offset(m, low, (int64_t)reader_uleb(&m->r),
				       CFI_OFFSET);
			break;
		case DW_CFA_restore:
			cfi_restore(m, low);
			break;
		default:
			more = cfi_other_op(m, op);
		}
	}
}

/* Runs a record up to m->pc; false = it is malformed. */
static bool cfi_run_record(struct cfi_machine *m, const struct cfi_record *rec,
			   struct cfi_row *row)
{
	cfi_row_fn *each = m->each;
	struct cfi_common common;
	bool good;

	if (!cfi_read_common(rec->section, rec->cie, &common))
		return false;
	*row = (struct cfi_row){
		.return_reg = (uint32_t)common.return_reg,
		.start = rec->start,
		.end = rec->end,
		.is_signal = common.is_signal,
	};
	m->rec = rec;
	m->common = &common;
	m->row = row;
	m->nstack = 0;
	m->at = rec->start;
	m->each = NULL;
	cfi_run(m, common.program);
	m->initial = *row;
	m->at = rec->start;
	m->each = each;
	good = !m->r.bad;
	cfi_run(m, (struct reader){ .p = rec->program,
				    .end = rec->program_end });
	return good && !m->r.bad;
}

static struct cfi_machine *cfi_machine_new(void)
{
	struct cfi_machine *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->stack = calloc(CFI_STACK_MAX, sizeof(*m->stack));
	if (!m->stack)
		abort();
	return m;
}

static void cfi_machine_free(struct cfi_machine *m)
{
	free(m->stack);
	free(m);
}

bool cfi_at(struct cfi *c, uint64_t pc, struct cfi_row *ret)
{
	const struct cfi_record *rec;
	struct cfi_machine *m;
	bool good;

	if (!c->is_read)
		cfi_read(c);
	rec = cfi_find(c, pc);
	if (!rec)
		return false;
	m = cfi_machine_new();
	m->pc = pc;
	good = cfi_run_record(m, rec, ret);
	cfi_machine_free(m);
	return good && ret->cfa.rule != CFI_NONE;
}

void cfi_each(struct cfi *c, cfi_row_fn *fn, void *data)
{
	struct cfi_machine *m = cfi_machine_new();
	struct cfi_row row;

	if (!c->is_read)
		cfi_read(c);
	m->pc = UINT64_MAX;
	m->data = data;
	for (uint32_t i = 0; i < c->n; i++) {
		m->each = fn;
		/* What comes behind a mistake is not known. */
		if (cfi_run_record(m, &c->v[i], &row) && m->at < row.end)
			fn(data, m->at, row.end, &row);
	}
	cfi_machine_free(m);
}
