/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the code of an entry is: low_pc and high_pc, and lists of ranges
 * before (.debug_ranges) and since DWARF 5 (.debug_rnglists).
 */
#include <dwarf.h>

#include "base/vec.h"
#include "dbg/die.h"

#define DIE_RANGES_MAX 65536	/* of a unit */
#define DIE_RANGES_FEW 4096	/* of others */

/* Is given each range; false = it wants no more. */
typedef bool (*die_range_fn)(void *ctx, struct dbg_range range);

static bool die_range_give(die_range_fn fn, void *ctx, uint64_t start,
			   uint64_t end)
{
	return start >= end || fn(ctx, (struct dbg_range){ start, end });
}

static void die_ranges_4(struct die_unit *u, uint64_t off, uint32_t max_n,
			 die_range_fn fn, void *ctx)
{
	struct die_unit *main = u->skeleton ? u->skeleton : u;
	struct objfile_data d = die_section(main->file, DIE_RANGES);
	uint64_t max = u->address_size == 4 ? UINT32_MAX : UINT64_MAX, base;
	struct reader r;

	die_unit_bases(main);
	base = main->low_pc;
	r = reader_at(d.p, d.size, off + (u->skeleton ? main->ranges_base :
							0));
	for (uint32_t i = 0; i < max_n; i++) {
		uint64_t start = reader_uint(&r, u->address_size);
		uint64_t end = reader_uint(&r, u->address_size);

		if (r.bad || (!start && !end))
			return;
		if (start == max)
			base = end;
		else if (!die_range_give(fn, ctx, base + start, base + end))
			return;
	}
}

/* One entry of DWARF 5's lists; false = the list is over. */
static bool die_range_5(struct die_unit *u, struct reader *r, uint64_t *base,
			uint64_t *start, uint64_t *end)
{
	uint8_t size = u->address_size, kind = reader_u8(r);

	*start = *end = 0;
	switch (kind) {
	case DW_RLE_base_addressx:
		return die_indexed_addr(u, reader_uleb(r), base);
	case DW_RLE_startx_endx:
		return die_indexed_addr(u, reader_uleb(r), start) &&
		       die_indexed_addr(u, reader_uleb(r), end);
	case DW_RLE_startx_length:
		if (!die_indexed_addr(u, reader_uleb(r), start))
			return false;
		*end = *start + reader_uleb(r);
		return true;
	case DW_RLE_offset_pair:
		*start = *base + reader_uleb(r);
		*end = *base + reader_uleb(r);
		return true;
	case DW_RLE_base_address:
		*base = reader_uint(r, size);
		return true;
	case DW_RLE_start_end:
		*start = reader_uint(r, size);
		*end = reader_uint(r, size);
		return true;
	case DW_RLE_start_length:
		*start = reader_uint(r, size);
		*end = *start + reader_uleb(r);
		return true;
	default:	/* DW_RLE_end_of_list, or unknown */
		return false;
	}
}

static void die_ranges_5(struct die_unit *u, uint64_t off, uint32_t max_n,
			 die_range_fn fn, void *ctx)
{
	struct objfile_data d = die_section(u->file, DIE_RNGLISTS);
	struct die_unit *main = u->skeleton ? u->skeleton : u;
	struct reader r = reader_at(d.p, d.size, off);
	uint64_t base, start, end;

	die_unit_bases(main);
	base = main->low_pc;
	for (uint32_t i = 0; i < max_n; i++) {
		if (!die_range_5(u, &r, &base, &start, &end) || r.bad ||
		    !die_range_give(fn, ctx, start, end))
			return;
	}
}

static void die_ranges_attr(const struct die_attr *a, uint32_t max_n,
			    die_range_fn fn, void *ctx)
{
	struct die_unit *u = a->unit;
	struct objfile_data d;
	struct reader r;
	uint64_t off;

	if (!die_attr_uint(a, &off))
		return;
	if (u->version < 5) {
		die_ranges_4(u, off, max_n, fn, ctx);
		return;
	}
	if (a->form == DW_FORM_rnglistx) {
		if (off > UINT32_MAX)
			return;
		die_unit_bases(u);
		d = die_section(u->file, DIE_RNGLISTS);
		r = reader_at(d.p, d.size,
			      u->rnglists_base + off * u->offset_size);
		off = u->rnglists_base + reader_uint(&r, u->offset_size);
		if (r.bad)
			return;
	}
	die_ranges_5(u, off, max_n, fn, ctx);
}

static void die_each_range(struct dbg_die die, die_range_fn fn, void *ctx)
{
	uint64_t low, high;
	struct die_attr a;

	if (die_attr(die, DW_AT_ranges, &a)) {
		die_ranges_attr(&a, die.off == die.unit->root ?
					    DIE_RANGES_MAX : DIE_RANGES_FEW,
				fn, ctx);
		return;
	}
	if (!die_attr(die, DW_AT_low_pc, &a) || !die_attr_addr(&a, &low) ||
	    !die_attr(die, DW_AT_high_pc, &a))
		return;
	if (!die_attr_addr(&a, &high)) {
		if (!die_attr_uint(&a, &high))
			return;
		high += low;
	}
	die_range_give(fn, ctx, low, high);
}

struct die_ranges_ctx {
	struct arena *a;
	struct dbg_ranges *ret;
	uint64_t pc;
	struct dbg_range *found;
	bool is_found;
};

static bool die_range_add(void *p, struct dbg_range range)
{
	struct die_ranges_ctx *c = p;

	vec_push(c->a, c->ret, range);
	return true;
}

void die_ranges(struct dbg_die die, struct arena *a, struct dbg_ranges *ret)
{
	struct die_ranges_ctx c = { .a = a, .ret = ret };

	*ret = (struct dbg_ranges){};
	die_each_range(die, die_range_add, &c);
}

static bool die_range_covers(void *p, struct dbg_range range)
{
	struct die_ranges_ctx *c = p;

	if (c->pc < range.start || c->pc >= range.end)
		return true;
	c->is_found = true;
	*c->found = range;
	return false;
}

bool die_covers(struct dbg_die die, uint64_t pc, struct dbg_range *ret)
{
	struct dbg_range range;
	struct die_ranges_ctx c = { .pc = pc, .found = ret ? ret : &range };

	die_each_range(die, die_range_covers, &c);
	return c.is_found;
}

static bool die_range_first(void *p, struct dbg_range range)
{
	struct die_ranges_ctx *c = p;

	*c->found = range;
	c->is_found = true;
	return false;
}

bool die_entry(struct dbg_die die, uint64_t *ret)
{
	struct dbg_range range;
	struct die_ranges_ctx c = { .found = &range };
	struct die_attr a;
	uint64_t v;

	if (die_attr(die, DW_AT_entry_pc, &a)) {
		if (die_attr_addr(&a, ret))
			return true;
		/* An offset from the low_pc, or from the first range. */
		if (die_attr_uint(&a, &v)) {
			die_each_range(die, die_range_first, &c);
			if (c.is_found)
				*ret = range.start + v;
			return c.is_found;
		}
	}
	die_each_range(die, die_range_first, &c);
	if (c.is_found)
		*ret = range.start;
	return c.is_found;
}
