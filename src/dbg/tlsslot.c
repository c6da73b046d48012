/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A word is of the library's own memory when its relocation has no symbol, or
 * one that the library defines.  The former is better: another library may
 * define the symbol, too, and be asked first.
 */
#include "dbg/tlsslot.h"

#include <elf.h>

#include "base/arena.h"
#include "dbg/elftab.h"
#include "dbg/reader.h"

#define TLSSLOT_RELOCS_MAX 4000000

struct tlsslot_search {
	struct objfile *obj;
	struct elftab symbols;
	struct tlsslot found;
	uint32_t rank;		/* of it; 0 = none yet */
};

/* Is a word of this kind better than what was found?  An offset costs one
 * read. */
static uint32_t tlsslot_rank(bool is_offset, bool is_own)
{
	return 1 + 2 * is_own + is_offset;
}

static void tlsslot_take(struct tlsslot_search *s, uint64_t addr,
			 uint32_t type, uint32_t symbol, uint64_t addend)
{
	bool is_offset = type == R_X86_64_TPOFF64;
	uint32_t rank = tlsslot_rank(is_offset, !symbol);
	struct elftab_sym sym = {};

	if ((!is_offset && type != R_X86_64_DTPMOD64) || rank <= s->rank ||
	    symbol >= s->symbols.n + !symbol)
		return;
	if (symbol) {
		elftab_get(&s->symbols, symbol, &sym);
		if (sym.section == SHN_UNDEF || sym.type != STT_TLS)
			return;
	}
	s->rank = rank;
	s->found = (struct tlsslot){ .addr = addr, .is_offset = is_offset,
				     .at = sym.addr + addend };
}

static void tlsslot_section(struct tlsslot_search *s, uint32_t number)
{
	struct objfile_data d = objfile_section_data(s->obj, number);
	struct reader r = reader_at(d.p, d.size, 0);
	uint32_t left = TLSSLOT_RELOCS_MAX;

	while (reader_left(&r) >= sizeof(Elf64_Rela) && !r.bad && left--) {
		uint64_t addr = reader_u64(&r), info = reader_u64(&r);
		uint64_t addend = reader_u64(&r);

		tlsslot_take(s, addr, (uint32_t)ELF64_R_TYPE(info),
			     (uint32_t)ELF64_R_SYM(info), addend);
	}
}

#define TLSSLOT_LIBC "libc.so.6"

/* Does it use the C library of GNU, or is it that? */
static bool tlsslot_is_gnu(struct objfile *o)
{
	struct objfile_data d = objfile_data(o, ".dynamic");
	struct objfile_data names = objfile_data(o, ".dynstr");
	struct reader r = reader_at(d.p, d.size, 0);

	while (reader_left(&r) >= sizeof(Elf64_Dyn) && !r.bad) {
		uint64_t tag = reader_u64(&r), v = reader_u64(&r);
		struct reader name = reader_at(names.p, names.size, v);

		if ((tag == DT_NEEDED || tag == DT_SONAME) && !name.bad &&
		    str_is(reader_str(&name), TLSSLOT_LIBC))
			return true;
	}
	return false;
}

bool tlsslot_find(struct objfile *o, struct tlsslot *ret)
{
	struct tlsslot_search s = { .obj = o };
	uint32_t dynamic = elftab_find(o, SHT_DYNSYM);
	struct arena arena;

	if (objfile_machine(o) != EM_X86_64 || objfile_address_size(o) != 8)
		return false;
	arena_init(&arena);
	if (dynamic)
		s.symbols = elftab_of(o, &arena, dynamic);
	for (uint32_t i = 1; i < objfile_nsections(o); i++)
		if (objfile_section(o, i)->type == SHT_RELA &&
		    objfile_section(o, i)->is_alloc)
			tlsslot_section(&s, i);
	arena_deinit(&arena);
	*ret = s.found;
	return s.rank && (s.found.is_offset || tlsslot_is_gnu(o));
}
