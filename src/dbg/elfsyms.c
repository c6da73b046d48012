/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/elfsyms.h"

#include <elf.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/search.h"
#include "base/vec.h"
#include "dbg/cxxname.h"
#include "dbg/debugfile.h"
#include "dbg/elftab.h"
#include "dbg/insn.h"
#include "dbg/jumps.h"
#include "dbg/unpack.h"

#define ELFSYMS_TABLES_MAX 3
#define ELFSYMS_START_MAX 64 /* bytes of a program's start */
#define ELFSYMS_PACKED_MAX ((size_t)256 << 20)

struct elfsyms {
	struct arena arena;
	struct objfile *main, *debug, *packed;
	struct buf unpacked;		/* the bytes of packed */
	struct elftab tables[ELFSYMS_TABLES_MAX];
	uint32_t ntables;
	enum elfsyms_source source;
	uint64_t *starts;		/* of functions, ascending */
	uint32_t nstarts;
	bool has_starts;		/* looked for them */
	struct jumps jumps;		/* of a section, when asked for */
};

/* ---- opening ---- */

static bool elfsyms_take_table(struct elfsyms *s, struct objfile *o,
			       uint32_t type)
{
	uint32_t section = elftab_find(o, type);
	struct elftab t;

	if (!section)
		return false;
	t = elftab_of(o, &s->arena, section);
	if (t.n < 2)
		return false;
	s->tables[s->ntables++] = t;
	return true;
}

/* .gnu_debugdata, an ELF file packed by xz; a damaged one is none. */
static bool elfsyms_unpack(struct elfsyms *s)
{
	struct objfile_data d = objfile_data(s->main, ".gnu_debugdata");

	if (!d.p || err_drop(unpack(d.p, d.size, &s->unpacked)) ||
	    s->unpacked.len > ELFSYMS_PACKED_MAX)
		return false;
	return !err_drop(objfile_from(s->unpacked.data, s->unpacked.len,
				      &s->packed)) &&
	       elfsyms_take_table(s, s->packed, SHT_SYMTAB);
}

/* w NULL: separate files are not looked for. */
static void elfsyms_read(struct elfsyms *s, const struct world *w,
			 struct str dirs, struct str path)
{
	if (elfsyms_take_table(s, s->main, SHT_SYMTAB) ||
	    (w && debugfile_symbols(w, dirs, path, s->main, &s->debug) &&
	     elfsyms_take_table(s, s->debug, SHT_SYMTAB)))
		s->source = ELFSYMS_FULL;
	else if (elfsyms_unpack(s))
		s->source = ELFSYMS_PACKED;
	if (elfsyms_take_table(s, s->main, SHT_DYNSYM) && !s->source)
		s->source = ELFSYMS_DYNAMIC;
}

static struct elfsyms *elfsyms_create(struct objfile *main)
{
	struct elfsyms *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	arena_init(&s->arena);
	s->main = main;
	return s;
}

struct err *elfsyms_open(const struct world *w, struct str dirs,
			 struct str path, struct elfsyms **ret)
{
	struct objfile *main;
	struct arena a;
	struct err *err;

	arena_init(&a);
	err = objfile_open(world_path(w, &a, arena_str(&a, path).s).s, &main);
	arena_deinit(&a);
	if (err)
		return err;
	*ret = elfsyms_create(main);
	elfsyms_read(*ret, w, dirs, path);
	return NULL;
}

struct elfsyms *elfsyms_from(struct objfile *main)
{
	struct elfsyms *s = elfsyms_create(main);

	elfsyms_read(s, NULL, (struct str){}, (struct str){});
	return s;
}

void elfsyms_close(struct elfsyms *s)
{
	if (!s)
		return;
	objfile_close(s->main);
	objfile_close(s->debug);
	objfile_close(s->packed);
	buf_deinit(&s->unpacked);
	free(s->starts);
	jumps_deinit(&s->jumps);
	arena_deinit(&s->arena);
	free(s);
}

struct objfile *elfsyms_main(struct elfsyms *s)
{
	return s->main;
}

struct objfile *elfsyms_best(struct elfsyms *s)
{
	return s->debug ? s->debug : s->packed ? s->packed : s->main;
}

enum elfsyms_source elfsyms_source(const struct elfsyms *s)
{
	return s->source;
}

/* ---- one symbol ---- */

static bool elfsyms_is_function(const struct elftab_sym *s)
{
	return (s->type == STT_FUNC || s->type == STT_GNU_IFUNC) &&
	       s->section != SHN_UNDEF && s->name.len;
}

static struct elfsym elfsyms_fill(const struct elftab *t,
				  const struct elftab_sym *s)
{
	return (struct elfsym){
		.name = s->name,
		.version = s->version,
		.addr = s->addr,
		.size = s->size,
		.is_function = elfsyms_is_function(s),
		.is_exported = t->is_dynamic,
		.is_global = s->bind != STB_LOCAL,
		.is_ifunc = s->type == STT_GNU_IFUNC,
		.is_old_version = s->is_old_version,
		.is_tls = s->type == STT_TLS,
	};
}

static bool elfsyms_is_code(struct elfsyms *s, uint64_t addr)
{
	uint64_t off;
	bool is_code;

	return objfile_offset(s->main, addr, &off, &is_code) && is_code;
}

static int elfsyms_compare_addr(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void elfsyms_read_starts(struct elfsyms *s)
{
	struct elftab_sym sym;
	uint64_t total = 0;

	s->has_starts = true;
	for (uint32_t t = 0; t < s->ntables; t++)
		total += s->tables[t].n;
	s->starts = calloc(total + 1, sizeof(*s->starts));
	if (!s->starts || total > UINT32_MAX)
		abort();
	for (uint32_t t = 0; t < s->ntables; t++)
		for (uint32_t i = 1; i < s->tables[t].n; i++) {
			elftab_get(&s->tables[t], i, &sym);
			if (elfsyms_is_function(&sym))
				s->starts[s->nstarts++] = sym.addr;
		}
	qsort(s->starts, s->nstarts, sizeof(*s->starts), elfsyms_compare_addr);
}

/* What was written in assembler may tell no size: up to the next one. */
static uint64_t elfsyms_size(struct elfsyms *s, uint64_t addr)
{
	uint64_t end = addr + objfile_bytes(s->main, addr).size;
	const struct objfile_section *in = objfile_section_at(s->main, addr);
	uint32_t i;

	if (!s->has_starts)
		elfsyms_read_starts(s);
	if (in && in->addr + in->size < end)
		end = in->addr + in->size;
	i = SEARCH(s->nstarts, k, s->starts[k] <= addr);
	if (i < s->nstarts && s->starts[i] < end)
		end = s->starts[i];
	return end > addr ? end - addr : 1;
}

/* ---- patterns ---- */

struct elfsyms_query {
	struct elfsyms *syms;
	struct arena *arena;
	struct str pattern, version;
	struct str word;	/* must be in a mangled name; empty = nothing
				 * must */
	bool has_glob;
	bool untyped;		/* symbols that are no functions by name */
	struct elfsyms_list *ret;
};

static bool elfsyms_glob(const struct elfsyms_query *q, struct str name)
{
	return q->has_glob ? str_glob(q->pattern, name) :
			     str_eq(q->pattern, name);
}

/* What compilers put behind the name of a function that they changed. */
static struct str elfsyms_base(struct str name)
{
	static const char *const tails[] = { ".isra.", ".constprop.",
					     ".lto_priv.", ".llvm." };
	int64_t first = -1;

	for (uint32_t i = 0; i < ARRAY_SIZE(tails); i++) {
		int64_t at = str_find(name, str_from(tails[i]));

		if (at > 0 && (first < 0 || at < first))
			first = at;
	}
	return first < 0 ? (struct str){} : str_sub(name, 0, (uint32_t)first);
}

/* Code that is rarely run, moved out of its function: nothing calls it. */
static bool elfsyms_is_cold(struct str name)
{
	return str_ends(name, STR(".cold")) ||
	       str_find(name, STR(".cold.")) > 0;
}

/* The whole readable name, or what is behind one of its "::". */
static bool elfsyms_matches_readable(const struct elfsyms_query *q,
				     struct str name)
{
	int64_t at = 0;

	while (at >= 0 && name.len) {
		if (elfsyms_glob(q, name))
			return true;
		at = str_find(name, STR("::"));
		name = str_sub(name, (uint32_t)at + 2, name.len);
	}
	return false;
}

static bool elfsyms_matches(const struct elfsyms_query *q,
			    const struct elftab_sym *s)
{
	struct str base;

	if (q->version.len && !str_eq(q->version, s->version))
		return false;
	if (elfsyms_is_cold(s->name))
		return false;
	if (elfsyms_glob(q, s->name))
		return true;
	base = elfsyms_base(s->name);
	if (base.len && elfsyms_glob(q, base))
		return true;
	if (!str_starts(s->name, STR("_Z")) ||
	    (q->word.len && str_find(s->name, q->word) < 0))
		return false;
	return elfsyms_matches_readable(q, cxxname(q->arena, s->name));
}

/* The last name in a pattern, when it is one. */
static struct str elfsyms_word(struct str pattern)
{
	uint32_t n = pattern.len;

	while (n && (pattern.s[n - 1] == '_' ||
		     (pattern.s[n - 1] >= '0' && pattern.s[n - 1] <= '9') ||
		     (pattern.s[n - 1] >= 'a' && pattern.s[n - 1] <= 'z') ||
		     (pattern.s[n - 1] >= 'A' && pattern.s[n - 1] <= 'Z')))
		n--;
	/* "operator new" has no such word in it. */
	if (str_find(pattern, STR("operator")) >= 0 ||
	    (n && pattern.s[n - 1] != ':'))
		return (struct str){};
	return str_sub(pattern, n, pattern.len);
}

static void elfsyms_collect(struct elfsyms_query *q)
{
	struct elftab_sym s;

	for (uint32_t t = 0; t < q->syms->ntables; t++) {
		const struct elftab *tab = &q->syms->tables[t];

		for (uint32_t i = 1; i < tab->n; i++) {
			elftab_get(tab, i, &s);
			if (elfsyms_is_function(&s) == q->untyped ||
			    s.section == SHN_UNDEF ||
			    (q->untyped && s.type != STT_NOTYPE) ||
			    !elfsyms_matches(q, &s) ||
			    !elfsyms_is_code(q->syms, s.addr))
				continue;
			vec_push(q->arena, q->ret, elfsyms_fill(tab, &s));
		}
	}
}

/* ---- lists ---- */

static int elfsyms_compare(const void *a, const void *b)
{
	const struct elfsym *x = a, *y = b;
	int by_name;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	/* What others call it, then what it is called inside. */
	if (x->is_global != y->is_global)
		return x->is_global ? -1 : 1;
	by_name = str_cmp(x->name, y->name);
	if (by_name)
		return by_name;
	if (x->is_exported != y->is_exported)
		return x->is_exported ? -1 : 1;
	return str_cmp(x->version, y->version);
}

/* The same symbol of two tables is one.  The table for others knows that it
 * is exported, and its version. */
static void elfsyms_merge(struct elfsyms_list *l)
{
	uint32_t n = 0;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), elfsyms_compare);
	for (uint32_t i = 0; i < l->n; i++) {
		struct elfsym *last = n ? &l->v[n - 1] : NULL;

		if (!last || last->addr != l->v[i].addr ||
		    !str_eq(last->name, l->v[i].name) ||
		    (l->v[i].version.len &&
		     !str_eq(last->version, l->v[i].version)))
			l->v[n++] = l->v[i];
	}
	l->n = n;
}

/* One for each address: one whose name is the pattern, else the first. */
static void elfsyms_unique(struct elfsyms_list *l, struct str pattern)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		if (!n || l->v[n - 1].addr != l->v[i].addr)
			l->v[n++] = l->v[i];
		else if (str_eq(l->v[i].name, pattern) &&
			 !str_eq(l->v[n - 1].name, pattern))
			l->v[n - 1] = l->v[i];
	}
	l->n = n;
}

static void elfsyms_complete(struct elfsyms *s, struct arena *a,
			     struct elfsym *sym)
{
	sym->is_function = true;
	if (!sym->size)
		sym->size = elfsyms_size(s, sym->addr);
	if (str_starts(sym->name, STR("_Z")))
		sym->readable = cxxname(a, sym->name);
}

/* ---- main() without symbols ---- */

/* What rdi is set to by the instruction at addr, as the first parameter of
 * the call that comes behind it: "lea main(%rip), %rdi", "mov $main, %rdi". */
static bool elfsyms_loads_main(const uint8_t *p, uint64_t addr, uint64_t *ret)
{
	uint32_t word = p[3] | (uint32_t)p[4] << 8 | (uint32_t)p[5] << 16 |
			(uint32_t)p[6] << 24;
	bool is_call = p[7] == 0xe8 || (p[7] == 0xff && p[8] == 0x15) ||
		       (p[7] == 0x67 && p[8] == 0xe8);

	if (p[0] != 0x48 || !is_call)
		return false;
	if (p[1] == 0x8d && p[2] == 0x3d)
		*ret = addr + 7 + (uint64_t)(int64_t)(int32_t)word;
	else if (p[1] == 0xc7 && p[2] == 0xc7)
		*ret = word;
	else
		return false;
	return true;
}

/* A program begins with code of the C library that hands main() to
 * __libc_start_main(). */
static bool elfsyms_start_main(struct elfsyms *s, uint64_t *ret)
{
	uint64_t addr = objfile_entry(s->main), n = 0;
	struct objfile_data code;

	if (objfile_machine(s->main) != EM_X86_64 || !addr ||
	    !objfile_is_program(s->main))
		return false;
	code = objfile_bytes(s->main, addr);
	while (n < ELFSYMS_START_MAX && n + 9 <= code.size) {
		struct insn in =
			insn_at(&arch_x86_64, code.p + n, code.size - n);

		if (elfsyms_loads_main(code.p + n, addr + n, ret))
			return elfsyms_is_code(s, *ret);
		if (!in.length || in.is_jump || in.is_call)
			return false;
		n += in.length;
	}
	return false;
}

static void elfsyms_add_main(struct elfsyms *s, struct arena *a,
			     struct elfsyms_list *ret)
{
	struct elfsym sym = { .name = STR("main"),
			      .is_function = true,
			      .is_global = true };

	if (s->source != ELFSYMS_FULL && elfsyms_start_main(s, &sym.addr))
		vec_push(a, ret, sym);
}

void elfsyms_functions(struct elfsyms *s, struct arena *a, struct str pattern,
		       struct str version, struct elfsyms_list *ret)
{
	struct elfsyms_query q = { .syms = s, .arena = a, .pattern = pattern,
				   .version = version, .ret = ret,
				   .word = elfsyms_word(pattern),
				   .has_glob = str_has_glob(pattern) };

	*ret = (struct elfsyms_list){};
	elfsyms_collect(&q);
	if (!ret->n && !q.has_glob) {
		q.untyped = true;
		elfsyms_collect(&q);
	}
	if (!ret->n && str_is(pattern, "main"))
		elfsyms_add_main(s, a, ret);
	elfsyms_merge(ret);
	elfsyms_unique(ret, pattern);
	for (uint32_t i = 0; i < ret->n; i++)
		elfsyms_complete(s, a, &ret->v[i]);
}

void elfsyms_aliases(struct elfsyms *s, struct arena *a, uint64_t addr,
		     struct elfsyms_list *ret)
{
	struct elftab_sym sym;

	*ret = (struct elfsyms_list){};
	for (uint32_t t = 0; t < s->ntables; t++)
		for (uint32_t i = 1; i < s->tables[t].n; i++) {
			elftab_get(&s->tables[t], i, &sym);
			if (sym.addr == addr && elfsyms_is_function(&sym))
				vec_push(a, ret, elfsyms_fill(&s->tables[t],
							      &sym));
		}
	elfsyms_merge(ret);
	for (uint32_t i = 0; i < ret->n; i++)
		elfsyms_complete(s, a, &ret->v[i]);
}

/* ---- single questions ---- */

bool elfsyms_at(struct elfsyms *s, struct arena *a, uint64_t addr,
		struct elfsym *ret)
{
	struct objfile *const in[] = { s->debug, s->packed, s->main };
	struct objfile_symbol sym;

	for (uint32_t i = 0; i < ARRAY_SIZE(in); i++) {
		if (!in[i] || !objfile_symbol_at(in[i], addr, &sym))
			continue;
		*ret = (struct elfsym){
			.name = sym.name,
			.addr = sym.addr,
			.size = sym.size,
			.is_function = sym.is_function,
			.is_global = sym.is_global,
		};
		if (str_starts(sym.name, STR("_Z")))
			ret->readable = cxxname(a, sym.name);
		return true;
	}
	return false;
}

bool elfsyms_find(struct elfsyms *s, struct arena *a, struct str name,
		  struct elfsym *ret)
{
	struct elftab_sym sym;
	bool found = false;

	for (uint32_t t = 0; t < s->ntables; t++)
		for (uint32_t i = 1; i < s->tables[t].n; i++) {
			elftab_get(&s->tables[t], i, &sym);
			if (sym.section == SHN_UNDEF ||
			    sym.type == STT_SECTION || sym.type == STT_FILE ||
			    !str_eq(sym.name, name))
				continue;
			if (found && ret->addr == sym.addr &&
			    s->tables[t].is_dynamic)
				ret->is_exported = true;
			if (found &&
			    (ret->is_global || sym.bind == STB_LOCAL))
				continue;
			*ret = elfsyms_fill(&s->tables[t], &sym);
			found = true;
		}
	if (found && ret->is_function)
		elfsyms_complete(s, a, ret);
	return found;
}

static const struct arch *elfsyms_arch(const struct elfsyms *s)
{
	uint16_t machine = objfile_machine(s->main);

	return machine == EM_X86_64  ? &arch_x86_64 :
	       machine == EM_AARCH64 ? &arch_aarch64 : NULL;
}

/* The greatest start of a function that is not above addr. */
static bool elfsyms_start(struct elfsyms *s, uint64_t addr, uint64_t *ret)
{
	uint32_t i;

	if (!s->has_starts)
		elfsyms_read_starts(s);
	i = SEARCH(s->nstarts, k, s->starts[k] <= addr);
	if (!i)
		return false;
	*ret = s->starts[i - 1];
	return true;
}

enum elfsyms_insn elfsyms_instruction(struct elfsyms *s, uint64_t addr)
{
	const struct arch *arch = elfsyms_arch(s);
	struct objfile_data d;
	uint64_t start, at = 0;

	if (!elfsyms_is_code(s, addr))
		return ELFSYMS_INSN_INSIDE;
	if (arch == &arch_aarch64)
		return addr & 3 ? ELFSYMS_INSN_INSIDE : ELFSYMS_INSN_START;
	if (!elfsyms_start(s, addr, &start))
		return ELFSYMS_INSN_UNKNOWN;
	d = objfile_bytes(s->main, start);
	while (start + at < addr && at < d.size) {
		struct insn in = insn_at(arch, d.p + at, d.size - at);

		if (!in.length)
			return ELFSYMS_INSN_UNKNOWN;
		at += in.length;
	}
	if (start + at < addr)
		return ELFSYMS_INSN_UNKNOWN;
	return start + at == addr ? ELFSYMS_INSN_START : ELFSYMS_INSN_INSIDE;
}

/* ---- jumps ---- */

static bool elfsyms_is_jumped_to(struct elfsyms *s, uint64_t addr)
{
	const struct objfile_section *in = objfile_section_at(s->main, addr);
	struct objfile_data d;

	if (!in)
		return true;
	if (!jumps_know(&s->jumps, addr)) {
		d = objfile_bytes(s->main, in->addr);
		jumps_read(&s->jumps, d.p, MIN(d.size, in->size), in->addr);
	}
	return !jumps_know(&s->jumps, addr) || jumps_go_to(&s->jumps, addr);
}

bool elfsyms_follows(struct elfsyms *s, uint64_t addr, uint64_t before)
{
	const struct arch *arch = elfsyms_arch(s);
	struct objfile_data d;
	bool is_open = false;
	uint64_t start, size;
	struct insn in;

	if (!elfsyms_start(s, before, &start) || elfsyms_is_jumped_to(s, addr))
		return false;
	size = elfsyms_size(s, start);
	d = objfile_bytes(s->main, start);
	for (uint64_t at = 0; at < MIN(size, d.size); at += in.length) {
		in = insn_at(arch, d.p + at, d.size - at);
		if (!in.length)
			return false;
		if (in.is_direct && start + at + in.length +
				    (uint64_t)(int64_t)in.way == addr)
			return false;
		is_open |= in.is_jump && !in.is_direct;
	}
	in = insn_at(arch, d.p, d.size);
	return !is_open || before == start ||
	       (in.kind == INSN_MARKER && before == start + in.length);
}
