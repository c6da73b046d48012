/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/elftab.h"

#include <elf.h>

#include "base/bits.h"
#include "base/vec.h"
#include "dbg/reader.h"

#define ELFTAB_NAME_MAX 65536
#define ELFTAB_VERSIONS_MAX 32768	/* numbers have 15 bits */
#define ELFTAB_LINKS_MAX 32768		/* records of a chain */

uint32_t elftab_find(const struct objfile *o, uint32_t type)
{
	for (uint32_t i = 1; i < objfile_nsections(o); i++)
		if (objfile_section(o, i)->type == type)
			return i;
	return 0;
}

/* ---- versions ---- */

static struct str elftab_text(const struct objfile_data *strings, uint64_t off)
{
	struct reader r = reader_at(strings->p, strings->size, off);

	/* Thousands of symbols may have the end of one long text. */
	if (!r.bad && reader_left(&r) > ELFTAB_NAME_MAX)
		r.end = r.p + ELFTAB_NAME_MAX;
	return reader_str(&r);
}

static void elftab_set_version(struct elftab *t, uint16_t number,
			       struct str name)
{
	if ((number & 0x7fff) < t->nversions && (number & 0x7fff) > 1)
		t->versions[number & 0x7fff] = name;
}

/* A version that this file defines: its name is the first of a list. */
static bool elftab_defined(struct elftab *t, const struct objfile_data *d,
			   const struct objfile_data *names, uint64_t *at)
{
	struct reader r = reader_at(d->p, d->size, *at), aux;
	uint16_t number, flags;
	uint32_t off, next;

	reader_u16(&r);
	flags = reader_u16(&r);
	number = reader_u16(&r);
	reader_u16(&r);
	reader_u32(&r);
	off = reader_u32(&r);
	next = reader_u32(&r);
	if (r.bad)
		return false;
	aux = reader_at(d->p, d->size, *at + off);
	if (!(flags & VER_FLG_BASE))
		elftab_set_version(t, number,
				   elftab_text(names, reader_u32(&aux)));
	*at += next;
	return next;
}

/* The versions that are needed of one other file. */
static bool elftab_needed(struct elftab *t, const struct objfile_data *d,
			  const struct objfile_data *names, uint64_t *at,
			  uint32_t *left)
{
	struct reader r = reader_at(d->p, d->size, *at), aux;
	uint32_t off, next, more = 1;
	uint64_t from;

	reader_u16(&r);
	reader_u16(&r);
	reader_u32(&r);
	off = reader_u32(&r);
	next = reader_u32(&r);
	for (from = *at + off; !r.bad && more && *left; (*left)--) {
		uint16_t number;

		aux = reader_at(d->p, d->size, from);
		reader_u32(&aux);
		reader_u16(&aux);
		number = reader_u16(&aux);
		elftab_set_version(t, number,
				   elftab_text(names, reader_u32(&aux)));
		more = reader_u32(&aux);
		from += more;
	}
	*at += next;
	return !r.bad && next;
}

static void elftab_read_versions(struct elftab *t, uint32_t section,
				 bool is_needed)
{
	const struct objfile_section *s = objfile_section(t->obj, section);
	struct objfile_data d = objfile_section_data(t->obj, section), names;
	uint32_t left = ELFTAB_LINKS_MAX;
	uint64_t at = 0;
	bool more = true;

	if (!s->link || s->link >= objfile_nsections(t->obj))
		return;
	names = objfile_section_data(t->obj, s->link);
	for (; more && left; left--)
		more = is_needed ? elftab_needed(t, &d, &names, &at, &left) :
				   elftab_defined(t, &d, &names, &at);
}

static void elftab_versions(struct elftab *t, struct arena *a)
{
	uint32_t numbers = elftab_find(t->obj, SHT_GNU_versym);
	uint32_t defined = elftab_find(t->obj, SHT_GNU_verdef);
	uint32_t needed = elftab_find(t->obj, SHT_GNU_verneed);

	if (!numbers || (!defined && !needed))
		return;
	t->numbers = objfile_section_data(t->obj, numbers);
	t->nversions = ELFTAB_VERSIONS_MAX;
	t->versions = arena_array(a, t->nversions, struct str);
	if (defined)
		elftab_read_versions(t, defined, false);
	if (needed)
		elftab_read_versions(t, needed, true);
}

/* ---- symbols ---- */

struct elftab elftab_of(struct objfile *o, struct arena *a, uint32_t section)
{
	const struct objfile_section *s = objfile_section(o, section);
	uint8_t entsize = objfile_address_size(o) == 8 ? sizeof(Elf64_Sym) :
							 sizeof(Elf32_Sym);
	struct elftab t = { .obj = o, .entsize = entsize,
			    .is_dynamic = s->type == SHT_DYNSYM };
	struct objfile_data d;

	if (!s->has_bits || !s->link || s->link >= objfile_nsections(o))
		return t;
	d = objfile_section_data(o, section);
	t.p = d.p;
	t.n = (uint32_t)MIN(d.size / entsize, (uint64_t)INT32_MAX);
	t.strings = objfile_section_data(o, s->link);
	if (t.is_dynamic)
		elftab_versions(&t, a);
	return t;
}

/* "name@@V" and "name@V", as linkers write them into .symtab. */
static void elftab_split(struct elftab_sym *s)
{
	int64_t at = s->name.len ? str_find_char(str_sub(s->name, 1,
							 s->name.len), '@') :
				   -1;

	if (at < 0)
		return;
	s->version = str_sub(s->name, (uint32_t)at + 2, s->name.len);
	s->name = str_sub(s->name, 0, (uint32_t)at + 1);
	s->is_old_version = !str_starts(s->version, STR("@"));
	if (!s->is_old_version)
		s->version = str_sub(s->version, 1, s->version.len);
}

static void elftab_version(const struct elftab *t, uint32_t i,
			   struct elftab_sym *s)
{
	struct reader r = reader_at(t->numbers.p, t->numbers.size,
				    UINT64_C(2) * i);
	uint16_t number = reader_u16(&r);

	if (r.bad || (number & 0x7fff) >= t->nversions)
		return;
	s->version = t->versions[number & 0x7fff];
	s->is_old_version = number & 0x8000 && s->section != SHN_UNDEF;
}

void elftab_get(const struct elftab *t, uint32_t i, struct elftab_sym *ret)
{
	uint8_t info;

	if (t->entsize == sizeof(Elf64_Sym)) {
		Elf64_Sym s;

		memcpy(&s, t->p + (uint64_t)i * sizeof(s), sizeof(s));
		*ret = (struct elftab_sym){ .addr = s.st_value,
					    .size = s.st_size,
					    .section = s.st_shndx };
		ret->name = elftab_text(&t->strings, s.st_name);
		info = s.st_info;
	} else {
		Elf32_Sym s;

		memcpy(&s, t->p + (uint64_t)i * sizeof(s), sizeof(s));
		*ret = (struct elftab_sym){ .addr = s.st_value,
					    .size = s.st_size,
					    .section = s.st_shndx };
		ret->name = elftab_text(&t->strings, s.st_name);
		info = s.st_info;
	}
	ret->type = info & 15;
	ret->bind = info >> 4;
	if (t->nversions)
		elftab_version(t, i, ret);
	else if (!t->is_dynamic)
		elftab_split(ret);
}
