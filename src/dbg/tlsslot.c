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
 * read, a description the most. */
static uint32_t tlsslot_rank(enum tlsslot_kind kind, bool is_own)
{
	return 1 + 3 * is_own + kind;
}

static bool tlsslot_kind_of(uint32_t type, enum tlsslot_kind *ret)
{
	*ret = type == R_X86_64_TPOFF64	  ? TLSSLOT_OFFSET :
	       type == R_X86_64_DTPMOD64 ? TLSSLOT_NUMBER :
					   TLSSLOT_DESCRIBED;
	return *ret != TLSSLOT_DESCRIBED || type == R_X86_64_TLSDESC;
}

static void tlsslot_take(struct tlsslot_search *s, uint64_t addr,
			 uint32_t type, uint32_t symbol, uint64_t addend)
{
	enum tlsslot_kind kind;
	uint32_t rank;
	struct elftab_sym sym = {};

	if (!tlsslot_kind_of(type, &kind))
		return;
	rank = tlsslot_rank(kind, !symbol);
	if (rank <= s->rank || symbol >= s->symbols.n + !symbol)
		return;
	if (symbol) {
		elftab_get(&s->symbols, symbol, &sym);
		if (sym.section == SHN_UNDEF || sym.type != STT_TLS)
			return;
	}
	s->rank = rank;
	s->found = (struct tlsslot){ .addr = addr, .kind = kind,
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
#define TLSSLOT_ANY_LIBC "libc."

/* Does it use another C library than that of GNU?  Code that only has variables
 * may name none. */
static bool tlsslot_is_foreign(struct objfile *o)
{
	struct objfile_data d = objfile_data(o, ".dynamic");
	struct objfile_data names = objfile_data(o, ".dynstr");
	struct reader r = reader_at(d.p, d.size, 0);

	while (reader_left(&r) >= sizeof(Elf64_Dyn) && !r.bad) {
		uint64_t tag = reader_u64(&r), v = reader_u64(&r);
		struct reader at = reader_at(names.p, names.size, v);
		struct str name = {};

		if ((tag == DT_NEEDED || tag == DT_SONAME) && !at.bad)
			name = reader_str(&at);
		if (str_starts(name, STR(TLSSLOT_ANY_LIBC)) &&
		    !str_is(name, TLSSLOT_LIBC))
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
	return s.rank &&
	       (s.found.kind == TLSSLOT_OFFSET || !tlsslot_is_foreign(o));
}
