/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A note of type 3 and owner "stapsdt" holds three addresses (of the mark,
 * of the section .stapsdt.base, of the semaphore), and three texts: provider,
 * name, arguments.  Tools like prelink move code without knowing of these
 * notes; how far the section .stapsdt.base is from where the note says that
 * it is tells by how much.
 */
#include "dbg/usdt.h"

#include <elf.h>
#include <inttypes.h>

#include "base/bits.h"
#include "base/vec.h"
#include "dbg/reader.h"
#include "dbg/usdt_arg.h"

#define USDT_TYPE 3
#define USDT_OWNER "stapsdt"
#define USDT_ARGS_MAX 64
#define USDT_MARKS_MAX 1000000
#define USDT_ALL_ARGS_MAX 1000000	/* of all marks */

struct usdt_file {
	struct objfile *obj, *symbols;
	struct arena *arena;
	const struct arch *arch;
	uint64_t base;		/* of .stapsdt.base; 0 = there is none */
	uint8_t address_size;
	uint64_t left;		/* bytes that sections may still have */
	uint32_t nargs;		/* of all marks so far */
	struct usdt_marks *ret;
};

static const struct arch *usdt_arch(const struct objfile *o)
{
	switch (objfile_machine(o)) {
	case EM_X86_64:
		return &arch_x86_64;
	case EM_AARCH64:
		return &arch_aarch64;
	default:
		return NULL;
	}
}

/* The next argument; those of arm64 have blanks in brackets. */
static struct str usdt_next_arg(struct str *rest)
{
	uint32_t n = 0, depth = 0;
	struct str arg;

	while (rest->len && rest->s[0] == ' ')
		*rest = str_sub(*rest, 1, rest->len);
	for (; n < rest->len && (depth || rest->s[n] != ' '); n++) {
		if (strchr("[(", rest->s[n]))
			depth++;
		else if (depth && strchr("])", rest->s[n]))
			depth--;
	}
	arg = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n, rest->len);
	return arg;
}

static void usdt_args(struct usdt_file *f, struct str text,
		      struct usdt_mark *mark)
{
	struct str rest = text, one;
	struct usdt_arg *args;
	uint32_t n = 0;

	while (n < USDT_ARGS_MAX && usdt_next_arg(&rest).len)
		n++;
	args = arena_array(f->arena, n, struct usdt_arg);
	rest = text;
	for (uint32_t i = 0; i < n; i++) {
		one = usdt_next_arg(&rest);
		usdt_arg_parse(f->symbols, f->arena, f->arch, one, &args[i]);
	}
	mark->args = args;
	mark->nargs = n;
	f->nargs += n;
}

static bool usdt_mark(struct usdt_file *f, struct reader *r)
{
	uint64_t pc = reader_uint(r, f->address_size);
	uint64_t base = reader_uint(r, f->address_size);
	uint64_t semaphore = reader_uint(r, f->address_size);
	uint64_t moved = f->base && base ? f->base - base : 0;
	struct usdt_mark mark = { .pc = pc + moved };
	struct str args;
	bool is_code;

	mark.provider = reader_str(r);
	mark.name = reader_str(r);
	args = reader_str(r);
	if (r->bad || !mark.provider.len || !mark.name.len)
		return false;
	if (semaphore) {
		mark.semaphore = semaphore + moved;
		mark.is_lost = !objfile_offset(f->obj, mark.semaphore,
					       &mark.semaphore_offset,
					       &is_code);
	}
	usdt_args(f, args, &mark);
	vec_push(f->arena, f->ret, mark);
	return true;
}

/* One note of any kind; false = it is damaged. */
static bool usdt_note(struct usdt_file *f, struct reader *r)
{
	uint32_t nname = reader_u32(r), ndesc = reader_u32(r);
	uint32_t type = reader_u32(r);
	const uint8_t *name = r->p;
	struct reader desc;

	if (!reader_has(r, (nname + UINT64_C(3)) & ~UINT64_C(3)))
		return false;
	reader_skip(r, (nname + UINT64_C(3)) & ~UINT64_C(3));
	desc = *r;
	if (!reader_has(r, ndesc))
		return false;
	desc.end = desc.p + ndesc;
	reader_skip(r, MIN((ndesc + UINT64_C(3)) & ~UINT64_C(3),
			   reader_left(r)));
	if (type != USDT_TYPE || nname != sizeof(USDT_OWNER) ||
	    memcmp(name, USDT_OWNER, sizeof(USDT_OWNER)))
		return true;
	return usdt_mark(f, &desc);
}

static void usdt_damage(struct usdt_file *f, uint64_t offset, const char *why)
{
	if (!f->ret->damage.len)
		f->ret->damage = arena_printf(
			f->arena, "%s: .note.stapsdt, at offset 0x%" PRIx64
			": %s", objfile_path(f->obj), offset, why);
}

static void usdt_section(struct usdt_file *f, struct objfile_data d)
{
	struct reader r = reader_at(d.p, d.size, 0);

	if (d.size > f->left) {
		usdt_damage(f, 0, "sections overlap");
		return;
	}
	f->left -= d.size;
	while (reader_left(&r)) {
		uint64_t at = d.size - reader_left(&r);

		if (f->ret->n == USDT_MARKS_MAX ||
		    f->nargs > USDT_ALL_ARGS_MAX) {
			usdt_damage(f, at, "too many marks");
			return;
		}
		if (!usdt_note(f, &r)) {
			usdt_damage(f, at, "the note is malformed");
			return;
		}
	}
}

void usdt_marks(struct objfile *o, struct objfile *symbols, struct arena *a,
		struct usdt_marks *ret)
{
	struct usdt_file f = { .obj = o, .symbols = symbols ? symbols : o,
			       .arena = a, .arch = usdt_arch(o),
			       .address_size = objfile_address_size(o),
			       .left = objfile_size(o),
			       .ret = ret };
	const struct objfile_section *s;

	*ret = (struct usdt_marks){};
	for (uint32_t i = 1; i < objfile_nsections(o); i++)
		if (str_is(objfile_section(o, i)->name, ".stapsdt.base"))
			f.base = objfile_section(o, i)->addr;
	for (uint32_t i = 1; i < objfile_nsections(o); i++) {
		s = objfile_section(o, i);
		if (str_is(s->name, ".note.stapsdt") && s->has_bits)
			usdt_section(&f, objfile_section_data(o, i));
	}
}
