/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of attributes: what each form means.
 */
#include <dwarf.h>

#include "base/bits.h"
#include "dbg/die.h"
#include "dbg/diesplit.h"

static struct reader die_attr_reader(const struct die_attr *a)
{
	return (struct reader){ .p = a->p, .end = a->end };
}

/* Finds the attribute among those of the entry itself. */
bool die_attr(struct dbg_die die, uint16_t name, struct die_attr *ret)
{
	const struct die_abbrev *abbrev;
	struct reader r;

	if (!die_attrs(die, &abbrev, &r))
		return false;
	for (uint32_t i = 0; i < abbrev->n; i++) {
		const struct die_spec *s =
			&die.unit->abbrevs.specs[abbrev->first + i];

		if (s->name == name) {
			*ret = (struct die_attr){ die.unit, s->form,
						  s->implicit, r.p, r.end };
			if (s->form == DW_FORM_indirect) {
				ret->form = (uint16_t)reader_uleb(&r);
				ret->p = r.p;
			}
			return !r.bad;
		}
		if (!die_skip(die.unit, s->form, &r))
			return false;
	}
	return false;
}

/* One step to what die is an instance or the definition of. */
static struct dbg_die die_step(struct dbg_die die)
{
	struct die_attr a;

	if (die_attr(die, DW_AT_abstract_origin, &a) ||
	    die_attr(die, DW_AT_specification, &a))
		return die_attr_ref(&a);
	return (struct dbg_die){};
}

bool die_attr_deep(struct dbg_die die, uint16_t name, struct die_attr *ret)
{
	for (int i = 0; i < DIE_HOPS_MAX && die.unit; i++) {
		if (die_attr(die, name, ret))
			return true;
		die = die_step(die);
	}
	return false;
}

struct dbg_die die_origin(struct dbg_die die)
{
	for (int i = 0; i < DIE_HOPS_MAX; i++) {
		struct dbg_die next = die_step(die);

		if (!next.unit)
			break;
		die = next;
	}
	return die;
}

/* ---- numbers ---- */

static unsigned int die_form_size(const struct die_attr *a)
{
	switch (a->form) {
	case DW_FORM_data1:
	case DW_FORM_flag:
	case DW_FORM_ref1:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_sec_offset:
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
	case DW_FORM_GNU_ref_alt:
		return a->unit->offset_size;
	case DW_FORM_ref_addr:
		return a->unit->version == 2 ? a->unit->address_size :
					       a->unit->offset_size;
	case DW_FORM_addr:
		return a->unit->address_size;
	default:
		return 0;
	}
}

/* Is it a constant (class "constant" or an index or offset)? */
bool die_attr_uint(const struct die_attr *a, uint64_t *ret)
{
	struct reader r = die_attr_reader(a);
	unsigned int size = die_form_size(a);

	switch (a->form) {
	case DW_FORM_flag_present:
		*ret = 1;
		return true;
	case DW_FORM_implicit_const:
		*ret = (uint64_t)a->implicit;
		return true;
	case DW_FORM_sdata:
		*ret = (uint64_t)reader_sleb(&r);
		return !r.bad;
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		*ret = reader_uleb(&r);
		return !r.bad;
	default:
		if (!size)
			return false;
		*ret = reader_uint(&r, size);
		return !r.bad;
	}
}

bool die_attr_sint(const struct die_attr *a, int64_t *ret)
{
	struct reader r = die_attr_reader(a);
	uint64_t v;

	switch (a->form) {
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
		*ret = reader_int(&r, die_form_size(a));
		return !r.bad;
	default:
		if (!die_attr_uint(a, &v))
			return false;
		*ret = (int64_t)v;
		return true;
	}
}

bool die_attr_flag(const struct die_attr *a)
{
	uint64_t v;

	return die_attr_uint(a, &v) && v;
}

bool die_attr_is_offset(const struct die_attr *a)
{
	return a->form == DW_FORM_sec_offset ||
	       a->form == DW_FORM_loclistx || a->form == DW_FORM_rnglistx ||
	       (a->unit->version < 4 && (a->form == DW_FORM_data4 ||
					 a->form == DW_FORM_data8));
}

/* ---- bytes ---- */

bool die_attr_is_block(const struct die_attr *a)
{
	return a->form == DW_FORM_block || a->form == DW_FORM_block1 ||
	       a->form == DW_FORM_block2 || a->form == DW_FORM_block4 ||
	       a->form == DW_FORM_exprloc || a->form == DW_FORM_data16;
}

bool die_attr_block(const struct die_attr *a, struct die_block *ret)
{
	struct reader r = die_attr_reader(a);
	uint64_t n;

	if (!die_attr_is_block(a))
		return false;
	n = a->form == DW_FORM_block1 ? reader_u8(&r) :
	    a->form == DW_FORM_block2 ? reader_u16(&r) :
	    a->form == DW_FORM_block4 ? reader_u32(&r) :
	    a->form == DW_FORM_data16 ? 16 : reader_uleb(&r);
	if (r.bad || n > reader_left(&r))
		return false;
	*ret = (struct die_block){ r.p, n };
	return true;
}

/* ---- strings ---- */

struct str die_section_str(struct die_file *f, enum die_section s,
			   uint64_t off)
{
	struct objfile_data d = die_section(f, s);
	struct reader r = reader_at(d.p, d.size, off);

	return reader_str(&r);
}

static struct str die_indexed_str(struct die_unit *u, uint64_t index)
{
	struct objfile_data d = die_section(u->file, DIE_STR_OFFSETS);
	struct reader r;
	uint64_t off;

	die_unit_bases(u);
	if (index > UINT32_MAX)
		return (struct str){};
	r = reader_at(d.p, d.size,
		      u->str_offsets_base + index * u->offset_size);
	off = reader_uint(&r, u->offset_size);
	if (r.bad)
		return (struct str){};
	return die_section_str(u->file, DIE_STR, off);
}

struct str die_attr_str(const struct die_attr *a)
{
	struct reader r = die_attr_reader(a);
	struct die_file *alt;
	uint64_t v;

	if (a->form == DW_FORM_string)
		return reader_str(&r);
	if (!die_attr_uint(a, &v))
		return (struct str){};
	switch (a->form) {
	case DW_FORM_strp:
		return die_section_str(a->unit->file, DIE_STR, v);
	case DW_FORM_line_strp:
		return die_section_str(a->unit->file, DIE_LINE_STR, v);
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
		alt = diesplit_alt(a->unit->file);
		return alt ? die_section_str(alt, DIE_STR, v) :
			     (struct str){};
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		return die_indexed_str(a->unit, v);
	default:
		return (struct str){};
	}
}

/* ---- references ---- */

static struct dbg_die die_at(struct die_file *f, uint64_t off)
{
	struct die_unit *u = f ? die_unit_at(f, off) : NULL;

	if (!u || off < u->root)
		return (struct dbg_die){};
	return (struct dbg_die){ u, off };
}

struct dbg_die die_attr_ref(const struct die_attr *a)
{
	struct die_unit *u = a->unit;
	uint64_t v;

	if (!die_attr_uint(a, &v))
		return (struct dbg_die){};
	switch (a->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		if (v < u->root - u->off || v >= u->end - u->off)
			return (struct dbg_die){};
		return (struct dbg_die){ u, u->off + v };
	case DW_FORM_ref_addr:
		return die_at(u->file, v);
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
		return die_at(diesplit_alt(u->file), v);
	case DW_FORM_ref_sig8:
		return die_by_signature(u->file, v);
	default:
		return (struct dbg_die){};
	}
}

/* ---- addresses ---- */

bool die_indexed_addr(struct die_unit *u, uint64_t index, uint64_t *ret)
{
	struct die_unit *main = u->skeleton ? u->skeleton : u;
	struct objfile_data d = die_section(main->file, DIE_ADDR);
	struct reader r;

	die_unit_bases(main);
	if (index > UINT32_MAX)
		return false;
	r = reader_at(d.p, d.size,
		      main->addr_base + index * main->address_size);
	*ret = reader_uint(&r, main->address_size);
	return !r.bad;
}

bool die_attr_addr(const struct die_attr *a, uint64_t *ret)
{
	uint64_t v;

	if (!die_attr_uint(a, &v))
		return false;
	switch (a->form) {
	case DW_FORM_addr:
		*ret = v;
		return true;
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4:
	case DW_FORM_GNU_addr_index:
		return die_indexed_addr(a->unit, v, ret);
	default:
		return false;
	}
}

static uint64_t die_offset_or(struct dbg_die root, uint16_t name,
			      uint64_t fallback)
{
	struct die_attr a;
	uint64_t v;

	return die_attr(root, name, &a) && die_attr_uint(&a, &v) ? v :
								   fallback;
}

/* The first table of a section begins behind its header. */
void die_unit_bases(struct die_unit *u)
{
	struct dbg_die root = { u, u->root };
	uint64_t header = u->version < 5 ? 0 : u->offset_size == 8 ? 16 : 8;
	uint64_t lists = u->version < 5 ? 0 : u->offset_size == 8 ? 20 : 12;
	struct die_attr a;

	if (u->has_bases)
		return;
	u->has_bases = true;
	u->str_offsets_base = die_offset_or(
		root, DW_AT_str_offsets_base,
		u->file->is_dwo ? u->dwp_str_offsets + header : 0);
	u->addr_base = die_offset_or(root, DW_AT_addr_base,
				     die_offset_or(root, DW_AT_GNU_addr_base,
						   0));
	u->rnglists_base = die_offset_or(root, DW_AT_rnglists_base,
					 u->dwp_rnglists + lists);
	u->loclists_base = die_offset_or(root, DW_AT_loclists_base,
					 u->dwp_loclists + lists);
	u->ranges_base = die_offset_or(root, DW_AT_GNU_ranges_base, 0);
	if (die_attr(root, DW_AT_low_pc, &a))
		die_attr_addr(&a, &u->low_pc);
	if (u->version < 5)
		u->signature = die_offset_or(root, DW_AT_GNU_dwo_id,
					     u->signature);
}

/* ---- shorthands ---- */

struct str die_str(struct dbg_die die, uint16_t name)
{
	struct die_attr a;

	return die_attr(die, name, &a) ? die_attr_str(&a) : (struct str){};
}

uint64_t die_uint(struct dbg_die die, uint16_t name, uint64_t fallback)
{
	struct die_attr a;
	uint64_t v;

	return die_attr(die, name, &a) && die_attr_uint(&a, &v) ? v :
								  fallback;
}

bool die_flag(struct dbg_die die, uint16_t name)
{
	struct die_attr a;

	return die_attr(die, name, &a) && die_attr_flag(&a);
}

struct dbg_die die_ref(struct dbg_die die, uint16_t name)
{
	struct die_attr a;

	return die_attr(die, name, &a) ? die_attr_ref(&a) :
					 (struct dbg_die){};
}

struct str die_name(struct dbg_die die)
{
	struct die_attr a;

	return die_attr_deep(die, DW_AT_name, &a) ? die_attr_str(&a) :
						    (struct str){};
}

struct dbg_die die_type(struct dbg_die die)
{
	struct die_attr a;

	return die_attr_deep(die, DW_AT_type, &a) ? die_attr_ref(&a) :
						    (struct dbg_die){};
}
