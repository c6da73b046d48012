/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry jumps to what a word of the global offset table holds; a
 * relocation says for which function that word is.  So each entry is found by
 * its code: linkers have many forms of it, with names of sections that differ
 * (.plt, .plt.sec, .plt.got, .iplt), and the jump is in all of them.
 */
#include "dbg/plt.h"

#include <elf.h>
#include <stdlib.h>

#include "base/search.h"
#include "base/vec.h"
#include "dbg/elftab.h"
#include "dbg/insn.h"
#include "dbg/reader.h"

#define PLT_RELOCS_MAX 4000000
#define PLT_INSNS_MAX 3		/* of an entry, up to the jump */

struct plt_slot {
	uint64_t addr;
	struct str name, version;
};

struct plt {
	struct objfile *obj;
	struct arena *arena;
	const struct arch *arch;
	VEC(struct plt_slot) slots;	/* by address */
	VEC(struct plt_slot) choosers;	/* functions that are chosen by code
					 * at the address, by address */
	bool has_choosers;		/* looked for them */
	uint64_t left;			/* bytes that sections may have, which
					 * do not overlap */
	struct plt_entries *ret;
};

/* ---- words of the global offset table ---- */

enum plt_reloc {
	PLT_RELOC_OTHER,
	PLT_RELOC_SYMBOL,	/* the address of a symbol */
	PLT_RELOC_CHOSEN,	/* what the code at the addend chooses */
};

static enum plt_reloc plt_reloc_kind(uint16_t machine, uint32_t type)
{
	if (machine == EM_X86_64)
		return type == R_X86_64_JUMP_SLOT ||
				       type == R_X86_64_GLOB_DAT ?
			       PLT_RELOC_SYMBOL :
		       type == R_X86_64_IRELATIVE ? PLT_RELOC_CHOSEN :
						    PLT_RELOC_OTHER;
	return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT ?
		       PLT_RELOC_SYMBOL :
	       type == R_AARCH64_IRELATIVE ? PLT_RELOC_CHOSEN :
					     PLT_RELOC_OTHER;
}

static void plt_add_symbol(struct plt *p, const struct elftab *t,
			   uint64_t addr, uint32_t i)
{
	struct elftab_sym s;

	if (i >= t->n)
		return;
	elftab_get(t, i, &s);
	if (s.name.len)
		vec_push(p->arena, &p->slots,
			 (struct plt_slot){ addr, s.name, s.version });
}

static int plt_compare_slots(const void *a, const void *b)
{
	const struct plt_slot *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return str_cmp(x->name, y->name);
}

static void plt_read_choosers(struct plt *p, uint32_t section)
{
	struct elftab t = elftab_of(p->obj, p->arena, section);
	struct elftab_sym s;

	for (uint32_t i = 1; i < t.n; i++) {
		elftab_get(&t, i, &s);
		if (s.type == STT_GNU_IFUNC && s.section != SHN_UNDEF)
			vec_push(p->arena, &p->choosers,
				 (struct plt_slot){ s.addr, s.name,
						    s.version });
	}
}

static void plt_find_choosers(struct plt *p)
{
	uint32_t full = elftab_find(p->obj, SHT_SYMTAB);
	uint32_t dynamic = elftab_find(p->obj, SHT_DYNSYM);

	p->has_choosers = true;
	if (full)
		plt_read_choosers(p, full);
	if (dynamic)
		plt_read_choosers(p, dynamic);
	if (p->choosers.n)
		qsort(p->choosers.v, p->choosers.n, sizeof(*p->choosers.v),
		      plt_compare_slots);
}

static void plt_add_chosen(struct plt *p, uint64_t addr, uint64_t chooser)
{
	struct plt_slot slot = { .addr = addr };
	struct objfile_symbol s;
	uint32_t i;

	if (!p->has_choosers)
		plt_find_choosers(p);
	i = SEARCH(p->choosers.n, k, p->choosers.v[k].addr < chooser);
	if (i < p->choosers.n && p->choosers.v[i].addr == chooser)
		slot.name = p->choosers.v[i].name;
	else if (objfile_symbol_at(p->obj, chooser, &s) && s.addr == chooser)
		slot.name = s.name;
	if (slot.name.len)
		vec_push(p->arena, &p->slots, slot);
}

static struct objfile_data plt_section_data(struct plt *p, uint32_t section)
{
	struct objfile_data d = objfile_section_data(p->obj, section);

	if (d.size > p->left)
		return (struct objfile_data){};
	p->left -= d.size;
	return d;
}

static void plt_read_relocs(struct plt *p, uint32_t section)
{
	const struct objfile_section *s = objfile_section(p->obj, section);
	struct objfile_data d = plt_section_data(p, section);
	struct reader r = reader_at(d.p, d.size, 0);
	struct elftab t = {};

	if (s->link && s->link < objfile_nsections(p->obj))
		t = elftab_of(p->obj, p->arena, s->link);
	while (reader_left(&r) >= sizeof(Elf64_Rela) &&
	       p->slots.n < PLT_RELOCS_MAX) {
		uint64_t addr = reader_u64(&r), info = reader_u64(&r);
		uint64_t addend = reader_u64(&r);

		switch (plt_reloc_kind(objfile_machine(p->obj),
				       (uint32_t)ELF64_R_TYPE(info))) {
		case PLT_RELOC_SYMBOL:
			plt_add_symbol(p, &t, addr,
				       (uint32_t)ELF64_R_SYM(info));
			break;
		case PLT_RELOC_CHOSEN:
			plt_add_chosen(p, addr, addend);
			break;
		case PLT_RELOC_OTHER:
			break;
		}
	}
}

static const struct plt_slot *plt_slot(const struct plt *p, uint64_t addr)
{
	uint32_t i = SEARCH(p->slots.n, k, p->slots.v[k].addr < addr);

	return i < p->slots.n && p->slots.v[i].addr == addr ? &p->slots.v[i] :
							      NULL;
}

/* ---- x86_64 ---- */

/* jmp *N(%rip), perhaps with the prefix bnd or notrack: how far N reaches
 * from the end of the instruction. */
static bool plt_x86_jump(const uint8_t *p, uint8_t length, int32_t *ret)
{
	bool prefix = *p == 0xf2 || *p == 0x3e;

	if (length != 6 + prefix || p[prefix] != 0xff ||
	    p[prefix + 1] != 0x25)
		return false;
	memcpy(ret, p + prefix + 2, sizeof(*ret));
	return true;
}

/* The slot that the entry at p jumps by; mold loads a number before. */
static const struct plt_slot *plt_x86_entry(const struct plt *plt,
					    const uint8_t *p, uint64_t n,
					    uint64_t addr)
{
	uint64_t at = 0;
	int32_t off;

	for (int k = 0; k < PLT_INSNS_MAX; k++) {
		struct insn in = insn_at(plt->arch, p + at, n - at);

		if (!in.length)
			return NULL;
		if (plt_x86_jump(p + at, in.length, &off))
			return plt_slot(plt, addr + at + in.length +
						     (uint64_t)(int64_t)off);
		if (in.kind != INSN_MARKER && p[at] != 0x41)
			return NULL;
		at += in.length;
	}
	return NULL;
}

static void plt_x86_section(struct plt *p, const struct objfile_section *s,
			    struct objfile_data d)
{
	uint32_t step = s->entsize == 8 || s->entsize == 16 ?
				(uint32_t)s->entsize :
			str_ends(s->name, STR(".got")) ? 8 : 16;

	for (uint64_t at = 0; at < d.size; at += step) {
		uint64_t left = d.size - at < step ? d.size - at : step;
		const struct plt_slot *slot =
			plt_x86_entry(p, d.p + at, left, s->addr + at);

		if (slot)
			vec_push(p->arena, p->ret,
				 (struct plt_entry){ slot->name, slot->version,
						     s->addr + at, step });
	}
}

/* ---- arm64 ---- */

static uint32_t plt_word(struct objfile_data d, uint64_t at)
{
	struct reader r = reader_at(d.p, d.size, at);

	return reader_u32(&r);
}

/* adrp x16, PAGE; ldr x17, [x16, N] */
static bool plt_arm64_slot(uint32_t adrp, uint32_t ldr, uint64_t pc,
			   uint64_t *ret)
{
	uint64_t page = (adrp >> 5 & 0x7ffff) << 2 | (adrp >> 29 & 3);

	if ((adrp & 0x9f00001f) != 0x90000010 ||
	    (ldr & 0xffc003ff) != 0xf9400211)
		return false;
	page = (page ^ 0x100000) - 0x100000;
	*ret = (pc & ~UINT64_C(0xfff)) + (page << 12) +
	       8 * (ldr >> 10 & 0xfff);
	return true;
}

static void plt_arm64_section(struct plt *p, const struct objfile_section *s,
			      struct objfile_data d)
{
	for (uint64_t at = 0; at + 8 <= d.size; at += 4) {
		const struct plt_slot *slot;
		uint64_t addr, start = at;

		if (!plt_arm64_slot(plt_word(d, at), plt_word(d, at + 4),
				    s->addr + at, &addr))
			continue;
		slot = plt_slot(p, addr);
		if (at >= 4 && plt_word(d, at - 4) == 0xd503245f)
			start -= 4;	/* bti c */
		if (slot)
			vec_push(p->arena, p->ret,
				 (struct plt_entry){
					 slot->name, slot->version,
					 s->addr + start,
					 (uint32_t)(at - start) + 16 });
	}
}

/* ---- all ---- */

static bool plt_is_section(const struct objfile_section *s)
{
	return s->is_code && s->has_bits && s->is_alloc &&
	       (str_is(s->name, ".plt") || str_is(s->name, ".iplt") ||
		str_starts(s->name, STR(".plt.")));
}

static int plt_compare(const void *a, const void *b)
{
	const struct plt_entry *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void plt_read_slots(struct plt *p)
{
	for (uint32_t i = 1; i < objfile_nsections(p->obj); i++) {
		const struct objfile_section *s = objfile_section(p->obj, i);

		if (s->type == SHT_RELA && s->is_alloc)
			plt_read_relocs(p, i);
	}
	if (p->slots.n)
		qsort(p->slots.v, p->slots.n, sizeof(*p->slots.v),
		      plt_compare_slots);
}

void plt_entries(struct objfile *o, struct arena *a, struct plt_entries *ret)
{
	uint16_t machine = objfile_machine(o);
	struct plt p = { .obj = o, .arena = a, .left = objfile_size(o),
			 .ret = ret };

	*ret = (struct plt_entries){};
	if ((machine != EM_X86_64 && machine != EM_AARCH64) ||
	    objfile_address_size(o) != 8)
		return;
	p.arch = machine == EM_X86_64 ? &arch_x86_64 : &arch_aarch64;
	plt_read_slots(&p);
	for (uint32_t i = 1; i < objfile_nsections(o) && p.slots.n; i++) {
		const struct objfile_section *s = objfile_section(o, i);

		if (!plt_is_section(s))
			continue;
		if (machine == EM_X86_64)
			plt_x86_section(&p, s, plt_section_data(&p, i));
		else
			plt_arm64_section(&p, s, plt_section_data(&p, i));
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), plt_compare);
}
