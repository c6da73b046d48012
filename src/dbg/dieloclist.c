/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of locations: .debug_loc, its split form before DWARF 5, and
 * .debug_loclists.
 */
#include <dwarf.h>

#include "dbg/dieloc.h"

#define DIELOC_LIST_MAX 16384

/* GNU's, in DWARF 5 lists: numbers of views, which nobody needs here. */
#define DIELOC_LLE_VIEW_PAIR 0x09

/* What precedes DWARF 5 in split files. */
enum {
	DIELOC_GNU_END,
	DIELOC_GNU_BASE,
	DIELOC_GNU_START_END,
	DIELOC_GNU_START_LENGTH,
	DIELOC_GNU_OFFSET_PAIR,
};

struct dieloc_entry {
	uint64_t start, end;
	bool has_range;
	struct die_block e;
};

static struct die_block dieloc_block(struct reader *r, uint64_t n)
{
	struct die_block b = { r->p, n };

	reader_skip(r, n);
	return b;
}

/* false = the list is over. */
static bool dieloc_entry_4(struct die_unit *u, struct reader *r,
			   uint64_t *base, struct dieloc_entry *ret)
{
	uint64_t max = u->address_size == 4 ? UINT32_MAX : UINT64_MAX;
	uint64_t start = reader_uint(r, u->address_size);
	uint64_t end = reader_uint(r, u->address_size);

	if (r->bad || (!start && !end))
		return false;
	if (start == max) {
		*base = end;
		return true;
	}
	*ret = (struct dieloc_entry){ *base + start, *base + end, true, {} };
	ret->e = dieloc_block(r, reader_u16(r));
	return true;
}

static bool dieloc_entry_gnu(struct die_unit *u, struct reader *r,
			     uint64_t *base, struct dieloc_entry *ret)
{
	switch (reader_u8(r)) {
	case DIELOC_GNU_BASE:
		return die_indexed_addr(u, reader_uleb(r), base);
	case DIELOC_GNU_START_END:
		if (!die_indexed_addr(u, reader_uleb(r), &ret->start) ||
		    !die_indexed_addr(u, reader_uleb(r), &ret->end))
			return false;
		break;
	case DIELOC_GNU_START_LENGTH:
		if (!die_indexed_addr(u, reader_uleb(r), &ret->start))
			return false;
		ret->end = ret->start + reader_u32(r);
		break;
	case DIELOC_GNU_OFFSET_PAIR:
		ret->start = *base + reader_u32(r);
		ret->end = *base + reader_u32(r);
		break;
	default:
		return false;
	}
	ret->has_range = true;
	ret->e = dieloc_block(r, reader_u16(r));
	return true;
}

/* The addresses of a DWARF 5 entry; false = over, or unknown. */
static bool dieloc_range_5(struct die_unit *u, struct reader *r, uint8_t kind,
			   uint64_t *base, struct dieloc_entry *ret)
{
	ret->has_range = true;
	switch (kind) {
	case DW_LLE_base_addressx:
		ret->has_range = false;
		return die_indexed_addr(u, reader_uleb(r), base);
	case DW_LLE_base_address:
		ret->has_range = false;
		*base = reader_uint(r, u->address_size);
		return true;
	case DIELOC_LLE_VIEW_PAIR:
		ret->has_range = false;
		reader_uleb(r);
		reader_uleb(r);
		return true;
	case DW_LLE_startx_endx:
		return die_indexed_addr(u, reader_uleb(r), &ret->start) &&
		       die_indexed_addr(u, reader_uleb(r), &ret->end);
	case DW_LLE_startx_length:
		if (!die_indexed_addr(u, reader_uleb(r), &ret->start))
			return false;
		ret->end = ret->start + reader_uleb(r);
		return true;
	case DW_LLE_offset_pair:
		ret->start = *base + reader_uleb(r);
		ret->end = *base + reader_uleb(r);
		return true;
	case DW_LLE_default_location:
		ret->start = 0;
		ret->end = UINT64_MAX;
		return true;
	case DW_LLE_start_end:
		ret->start = reader_uint(r, u->address_size);
		ret->end = reader_uint(r, u->address_size);
		return true;
	case DW_LLE_start_length:
		ret->start = reader_uint(r, u->address_size);
		ret->end = ret->start + reader_uleb(r);
		return true;
	default:
		return false;
	}
}

static bool dieloc_entry_5(struct die_unit *u, struct reader *r,
			   uint64_t *base, struct dieloc_entry *ret)
{
	if (!dieloc_range_5(u, r, reader_u8(r), base, ret))
		return false;
	if (ret->has_range)
		ret->e = dieloc_block(r, reader_uleb(r));
	return true;
}

/* Where the list begins; false = nowhere. */
static bool dieloc_list_at(const struct die_attr *a, struct reader *ret)
{
	struct die_unit *u = a->unit;
	struct objfile_data d;
	uint64_t off;

	if (!die_attr_uint(a, &off))
		return false;
	die_unit_bases(u);
	d = die_section(u->file, u->version >= 5 ? DIE_LOCLISTS : DIE_LOC);
	if (a->form == DW_FORM_loclistx) {
		struct reader r;

		if (off > UINT32_MAX)
			return false;
		r = reader_at(d.p, d.size,
			      u->loclists_base + off * u->offset_size);
		off = u->loclists_base + reader_uint(&r, u->offset_size);
		if (r.bad)
			return false;
	} else {
		off += u->dwp_loclists;
	}
	*ret = reader_at(d.p, d.size, off);
	return !ret->bad;
}

void dieloc_list(const struct die_attr *a, dieloc_list_fn fn, void *ctx)
{
	struct die_unit *u = a->unit;
	struct die_unit *main = u->skeleton ? u->skeleton : u;
	struct reader r;
	uint64_t base;

	if (!dieloc_list_at(a, &r))
		return;
	die_unit_bases(main);
	base = main->low_pc;
	for (uint32_t i = 0; i < DIELOC_LIST_MAX; i++) {
		struct dieloc_entry e = {};
		bool more = u->version >= 5 ?
				    dieloc_entry_5(u, &r, &base, &e) :
			    u->file->is_dwo ?
				    dieloc_entry_gnu(u, &r, &base, &e) :
				    dieloc_entry_4(u, &r, &base, &e);

		if (!more || r.bad ||
		    (e.has_range && e.start < e.end &&
		     !fn(ctx, e.start, e.end, e.e)))
			return;
	}
}
