/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/objfile.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/search.h"
#include "base/vec.h"
#include "dbg/debuginfo.h"
#include "dbg/reader.h"
#include "dbg/unpack.h"

#define OBJFILE_SECTIONS_MAX 65536
#define OBJFILE_PACKED_MAX ((size_t)512 << 20)
#define OBJFILE_READ ((size_t)1 << 20)
#define OBJFILE_NAME_MAX 65536	/* a longer one is none */
#define OBJFILE_UNPACKED_MAX (UINT64_C(4) << 30)
#define OBJFILE_PAGE 4096		/* the smallest there is */

struct objfile_part {
	struct objfile_section pub;
	Elf_Scn *scn;
	uint32_t rel;			/* section of relocations, 0 = none */
	struct objfile_data data;	/* once read */
	bool is_read;
};

struct objfile_segment {
	uint64_t addr, size, offset;
	bool is_code;
};

struct objfile {
	struct arena arena;
	char *path;
	int fd;
	Elf *elf;
	GElf_Ehdr ehdr;
	struct objfile_part *parts;
	uint32_t n;
	struct str build_id;
	bool has_build_id;		/* looked for it */
	uint32_t *by_addr;		/* symbols with bytes, by address */
	uint32_t nby_addr;
	uint32_t asked_addr;		/* questions for addresses */
	uint32_t *heads, *chain;	/* by name: number + 1 of the first of
					 * a hash, of the next; NULL = none
					 * yet */
	uint32_t nheads, asked_name;	/* a power of two; questions */
	bool has_symbols;		/* looked for them */
	Elf_Data *symbols;
	uint32_t nsymbols;
	const Elf64_Sym *wide;		/* the same, if of 64 bits */
	struct objfile_data strings;
	struct buf unpacked;		/* the bytes of what was packed */
	VEC(struct objfile_segment) segments;	/* by address */
	bool has_segments;		/* looked for them */
	bool looked_mapped, is_mapped;
};

/* ---- opening ---- */

static struct err *objfile_unpack(struct objfile *o)
{
	_cleanup_(buf_deinit) struct buf packed = {};
	struct err *e;

	for (;;) {
		char *to = buf_reserve(&packed, OBJFILE_READ);
		ssize_t n = read(o->fd, to, OBJFILE_READ);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(errno, "%s", o->path);
		if (!n)
			break;
		packed.len += (size_t)n;
		if (packed.len > OBJFILE_PACKED_MAX)
			return err_new(ERR_LIMIT, "%s: packed, and larger than "
				       "%zu bytes", o->path,
				       OBJFILE_PACKED_MAX);
	}
	e = unpack((const uint8_t *)packed.data, packed.len, &o->unpacked);
	if (e)
		return err_context(e, "%s: not an ELF file", o->path);
	o->elf = elf_memory(o->unpacked.data, o->unpacked.len);
	return NULL;
}

static bool objfile_is_elf(int fd)
{
	char magic[SELFMAG];

	return pread(fd, magic, SELFMAG, 0) == SELFMAG &&
	       !memcmp(magic, ELFMAG, SELFMAG);
}

static struct str objfile_section_name(struct objfile *o, size_t strndx,
				       uint32_t off)
{
	const char *name = elf_strptr(o->elf, strndx, off);

	return name ? str_from(name) : (struct str){};
}

static bool objfile_read_section(struct objfile *o, uint32_t i, size_t strndx)
{
	struct objfile_part *p = &o->parts[i];
	GElf_Shdr sh;

	p->scn = elf_getscn(o->elf, i);
	if (!p->scn || !gelf_getshdr(p->scn, &sh))
		return false;
	p->pub.name = objfile_section_name(o, strndx, sh.sh_name);
	p->pub.addr = sh.sh_addr;
	p->pub.size = sh.sh_size;
	p->pub.is_alloc = sh.sh_flags & SHF_ALLOC && !(sh.sh_flags & SHF_TLS);
	p->pub.is_code = sh.sh_flags & SHF_EXECINSTR;
	p->pub.has_bits = sh.sh_type != SHT_NOBITS && sh.sh_type != SHT_NULL;
	p->pub.type = sh.sh_type;
	p->pub.link = sh.sh_link;
	p->pub.info = sh.sh_info;
	p->pub.entsize = sh.sh_entsize;
	if ((sh.sh_type == SHT_RELA || sh.sh_type == SHT_REL) &&
	    o->ehdr.e_type == ET_REL && sh.sh_info < o->n)
		o->parts[sh.sh_info].rel = i;
	return true;
}

/* Gives the loaded sections of a relocatable file addresses. */
static void objfile_lay_out(struct objfile *o)
{
	uint64_t addr = DEBUGINFO_REL_BASE;

	for (uint32_t i = 1; i < o->n; i++) {
		struct objfile_section *s = &o->parts[i].pub;

		if (!s->is_alloc || s->size > UINT32_MAX)
			continue;
		s->addr = addr;
		addr = (addr + s->size + 4095 + 64) & ~UINT64_C(4095);
	}
}

static struct err *objfile_read(struct objfile *o)
{
	size_t n, strndx;

	if (!o->elf || elf_kind(o->elf) != ELF_K_ELF ||
	    !gelf_getehdr(o->elf, &o->ehdr))
		return err_new(ERR_FORMAT, "%s: not an ELF file", o->path);
	if (o->ehdr.e_ident[EI_DATA] != ELFDATA2LSB)
		return err_new(ERR_UNSUPPORTED, "%s: big-endian", o->path);
	if (elf_getshdrnum(o->elf, &n) || n > OBJFILE_SECTIONS_MAX ||
	    elf_getshdrstrndx(o->elf, &strndx))
		return err_new(ERR_FORMAT, "%s: bad section headers",
			       o->path);
	o->n = (uint32_t)n;
	o->parts = arena_array(&o->arena, n + 1, struct objfile_part);
	for (uint32_t i = 1; i < o->n; i++)
		if (!objfile_read_section(o, i, strndx))
			return err_new(ERR_FORMAT, "%s: bad section %u",
				       o->path, i);
	if (o->ehdr.e_type == ET_REL)
		objfile_lay_out(o);
	return NULL;
}

static struct objfile *objfile_create(const char *path)
{
	struct objfile *o = calloc(1, sizeof(*o));

	if (!o)
		abort();
	arena_init(&o->arena);
	o->path = strdup(path);
	if (!o->path)
		abort();
	o->fd = -1;
	elf_version(EV_CURRENT);
	return o;
}

struct err *objfile_open(const char *path, struct objfile **ret)
{
	struct objfile *o = objfile_create(path);
	struct err *err = NULL;

	o->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (o->fd < 0)
		err = err_os(errno, "%s", path);
	else if (objfile_is_elf(o->fd))
		o->elf = elf_begin(o->fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	else
		err = objfile_unpack(o);
	if (!err)
		err = objfile_read(o);
	if (err) {
		objfile_close(o);
		return err;
	}
	*ret = o;
	return NULL;
}

struct err *objfile_from(void *data, size_t size, struct objfile **ret)
{
	struct objfile *o = objfile_create("memory");
	struct err *err;

	o->elf = elf_memory(data, size);
	err = objfile_read(o);
	if (err) {
		objfile_close(o);
		return err;
	}
	*ret = o;
	return NULL;
}

void objfile_close(struct objfile *o)
{
	if (!o)
		return;
	elf_end(o->elf);
	if (o->fd >= 0)
		close(o->fd);
	buf_deinit(&o->unpacked);
	free(o->path);
	free(o->by_addr);
	free(o->heads);
	free(o->chain);
	arena_deinit(&o->arena);
	free(o);
}

const char *objfile_path(const struct objfile *o)
{
	return o->path;
}

uint16_t objfile_machine(const struct objfile *o)
{
	return o->ehdr.e_machine;
}

bool objfile_is_relocatable(const struct objfile *o)
{
	return o->ehdr.e_type == ET_REL;
}

uint8_t objfile_address_size(const struct objfile *o)
{
	return o->ehdr.e_ident[EI_CLASS] == ELFCLASS32 ? 4 : 8;
}

/* ---- sections ---- */

uint32_t objfile_nsections(const struct objfile *o)
{
	return o->n;
}

const struct objfile_section *objfile_section(const struct objfile *o,
					      uint32_t i)
{
	return &o->parts[i].pub;
}

const struct objfile_section *objfile_section_at(const struct objfile *o,
						 uint64_t addr)
{
	for (uint32_t i = 1; i < o->n; i++) {
		const struct objfile_section *s = &o->parts[i].pub;

		if (s->is_alloc && addr >= s->addr &&
		    addr - s->addr < s->size)
			return s;
	}
	return NULL;
}

/* The width of a relocation that is "symbol plus addend"; 0 = is none. */
static uint8_t objfile_reloc_size(uint16_t machine, uint32_t type)
{
	if (machine == EM_X86_64)
		return type == R_X86_64_64	? 8 :
		       type == R_X86_64_32	? 4 :
		       type == R_X86_64_32S	? 4 :
		       type == R_X86_64_DTPOFF32 ? 4 :
		       type == R_X86_64_DTPOFF64 ? 8 : 0;
	if (machine == EM_AARCH64)
		return type == R_AARCH64_ABS64 ? 8 :
		       type == R_AARCH64_ABS32 ? 4 : 0;
	return 0;
}

static void objfile_relocate_one(struct objfile *o, uint8_t *p, uint64_t size,
				 const GElf_Rela *r, Elf_Data *symtab)
{
	uint8_t n = objfile_reloc_size(o->ehdr.e_machine,
				       (uint32_t)GELF_R_TYPE(r->r_info));
	uint64_t v = (uint64_t)r->r_addend;
	GElf_Sym sym;

	if (!n || r->r_offset > size || size - r->r_offset < n ||
	    GELF_R_SYM(r->r_info) > INT32_MAX ||
	    !gelf_getsym(symtab, (int)GELF_R_SYM(r->r_info), &sym))
		return;
	v += sym.st_value;
	if (sym.st_shndx < o->n && o->parts[sym.st_shndx].pub.is_alloc)
		v += o->parts[sym.st_shndx].pub.addr;
	memcpy(p + r->r_offset, &v, n);
}

/* x86_64 and arm64 have RELA only. */
static void objfile_relocate(struct objfile *o, uint32_t rel, uint8_t *p,
			     uint64_t size)
{
	Elf_Data *rels = elf_getdata(o->parts[rel].scn, NULL), *symtab;
	GElf_Shdr sh;
	Elf_Scn *scn;

	if (!rels || rels->d_type != ELF_T_RELA ||
	    !gelf_getshdr(o->parts[rel].scn, &sh) || !sh.sh_entsize)
		return;
	scn = elf_getscn(o->elf, sh.sh_link);
	symtab = scn ? elf_getdata(scn, NULL) : NULL;
	if (!symtab || symtab->d_type != ELF_T_SYM)
		return;
	for (uint64_t i = 0; i < rels->d_size / sh.sh_entsize; i++) {
		GElf_Rela r;

		if (i > INT32_MAX || !gelf_getrela(rels, (int)i, &r))
			return;
		objfile_relocate_one(o, p, size, &r, symtab);
	}
}

/* Is what a compressed section claims to hold bounded? */
static bool objfile_may_unpack(uint64_t size, const GElf_Shdr *sh)
{
	return size <= OBJFILE_UNPACKED_MAX && size / 1100 <= sh->sh_size;
}

/* GNU's, before there was a standard: "ZLIB" and the size, big-endian. */
static bool objfile_decompress_gnu(struct objfile_part *p,
				   const GElf_Shdr *sh)
{
	Elf_Data *data = elf_rawdata(p->scn, NULL);
	uint64_t size;

	if (!data || !data->d_buf || data->d_size < 12)
		return false;
	memcpy(&size, (const char *)data->d_buf + 4, sizeof(size));
	return objfile_may_unpack(__builtin_bswap64(size), sh) &&
	       elf_compress_gnu(p->scn, 0, 0) > 0;
}

static bool objfile_decompress(struct objfile_part *p)
{
	GElf_Chdr ch;
	GElf_Shdr sh;

	if (!gelf_getshdr(p->scn, &sh))
		return false;
	if (str_starts(p->pub.name, STR(".zdebug")))
		return objfile_decompress_gnu(p, &sh);
	if (!(sh.sh_flags & SHF_COMPRESSED))
		return true;
	return gelf_getchdr(p->scn, &ch) &&
	       objfile_may_unpack(ch.ch_size, &sh) &&
	       elf_compress(p->scn, 0, 0) > 0;
}

static struct objfile_data objfile_read_data(struct objfile *o,
					     struct objfile_part *p)
{
	Elf_Data *data;

	if (!p->pub.has_bits || !objfile_decompress(p))
		return (struct objfile_data){};
	data = elf_rawdata(p->scn, NULL);
	if (!data || !data->d_buf)
		return (struct objfile_data){};
	if (p->rel)
		objfile_relocate(o, p->rel, data->d_buf, data->d_size);
	return (struct objfile_data){ data->d_buf, data->d_size };
}

static bool objfile_named(struct str section, struct str name)
{
	return str_eq(section, name) ||
	       (str_starts(section, STR(".z")) &&
		str_starts(name, STR(".debug")) &&
		str_eq(str_sub(section, 2, section.len),
		       str_sub(name, 1, name.len)));
}

struct objfile_data objfile_section_data(struct objfile *o, uint32_t i)
{
	struct objfile_part *p = &o->parts[i];

	if (!p->is_read)
		p->data = objfile_read_data(o, p);
	p->is_read = true;
	return p->data;
}

struct objfile_data objfile_data(struct objfile *o, const char *name)
{
	for (uint32_t i = 1; i < o->n; i++)
		if (objfile_named(o->parts[i].pub.name, str_from(name)))
			return objfile_section_data(o, i);
	return (struct objfile_data){};
}

/* ---- segments ---- */

static int objfile_compare_segments(const void *a, const void *b)
{
	const struct objfile_segment *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void objfile_read_segments(struct objfile *o)
{
	GElf_Phdr ph;
	size_t n;

	o->has_segments = true;
	if (elf_getphdrnum(o->elf, &n))
		return;
	for (size_t i = 0; i < n && i < INT32_MAX; i++)
		if (gelf_getphdr(o->elf, (int)i, &ph) &&
		    ph.p_type == PT_LOAD && ph.p_filesz)
			vec_push(&o->arena, &o->segments,
				 (struct objfile_segment){
					 ph.p_vaddr, ph.p_filesz, ph.p_offset,
					 ph.p_flags & PF_X });
	if (o->segments.n)
		qsort(o->segments.v, o->segments.n, sizeof(*o->segments.v),
		      objfile_compare_segments);
}

/* NULL = what is at the address is in no segment of the file. */
static const struct objfile_segment *objfile_segment_at(struct objfile *o,
							uint64_t addr)
{
	uint32_t i;

	if (!o->has_segments)
		objfile_read_segments(o);
	i = SEARCH(o->segments.n, k, o->segments.v[k].addr <= addr);
	if (!i || addr - o->segments.v[i - 1].addr >= o->segments.v[i - 1].size)
		return NULL;
	return &o->segments.v[i - 1];
}

bool objfile_offset(struct objfile *o, uint64_t addr, uint64_t *ret,
		    bool *is_code)
{
	const struct objfile_segment *s = objfile_segment_at(o, addr);

	if (!s)
		return false;
	*ret = s->offset + (addr - s->addr);
	*is_code = s->is_code;
	return true;
}

struct objfile_data objfile_bytes(struct objfile *o, uint64_t addr)
{
	const struct objfile_segment *s = objfile_segment_at(o, addr);
	size_t size;
	const char *all = elf_rawfile(o->elf, &size);
	uint64_t off;

	if (!all || !s)
		return (struct objfile_data){};
	off = s->offset + (addr - s->addr);
	if (off < s->offset || off >= size)
		return (struct objfile_data){};
	return (struct objfile_data){ (const uint8_t *)all + off,
				      MIN(s->size - (addr - s->addr),
					  (uint64_t)size - off) };
}

/* Is the file mapped?  libelf may have read it instead. */
static bool objfile_is_mapped(struct objfile *o)
{
	_cleanup_fclose_ FILE *f = NULL;
	unsigned long long start, end, ino;
	char line[512];
	size_t size;
	uintptr_t all = (uintptr_t)elf_rawfile(o->elf, &size);

	if (o->looked_mapped || o->fd < 0 || o->unpacked.len)
		return o->is_mapped;
	o->looked_mapped = true;
	f = fopen("/proc/self/maps", "re");
	while (f && !o->is_mapped && fgets(line, sizeof(line), f))
		o->is_mapped = sscanf(line, "%llx-%llx %*s %*s %*s %llu",
				      &start, &end, &ino) == 3 && ino &&
			       start <= all && all + size <= end;
	return o->is_mapped;
}

void objfile_forget(struct objfile *o, const uint8_t *p, uint64_t n)
{
	size_t size;
	const uint8_t *all = (const uint8_t *)elf_rawfile(o->elf, &size);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), from, to;

	/* Of a relocatable file what is in memory may have been changed. */
	if (o->ehdr.e_type == ET_REL || !objfile_is_mapped(o) || p < all ||
	    n > size || p + n > all + size)
		return;
	from = ((uint64_t)(uintptr_t)p + page - 1) & ~(page - 1);
	to = ((uint64_t)(uintptr_t)p + n) & ~(page - 1);
	if (from < to)
		(void)madvise((void *)(uintptr_t)from, to - from,
			      MADV_DONTNEED);
}

uint64_t objfile_size(struct objfile *o)
{
	size_t size;

	return elf_rawfile(o->elf, &size) ? size : 0;
}

/* ---- notes and links ---- */

static struct str objfile_hex(struct arena *a, const uint8_t *p, uint64_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *s = arena_alloc(a, 2 * n + 1);

	for (uint64_t i = 0; i < n; i++) {
		s[2 * i] = digits[p[i] >> 4];
		s[2 * i + 1] = digits[p[i] & 15];
	}
	return (struct str){ s, (uint32_t)(2 * n) };
}

struct str objfile_note_build_id(const uint8_t *p, uint64_t size,
				 struct arena *a)
{
	struct reader r = reader_at(p, size, 0);

	while (!r.bad && reader_left(&r) >= 12) {
		uint32_t nname = reader_u32(&r), ndesc = reader_u32(&r);
		uint32_t type = reader_u32(&r);
		const uint8_t *name = r.p, *desc;

		reader_skip(&r, (nname + UINT64_C(3)) & ~UINT64_C(3));
		desc = r.p;
		if (!reader_has(&r, ndesc))
			break;
		if (type == NT_GNU_BUILD_ID && nname == 4 &&
		    !memcmp(name, "GNU", 4) && ndesc >= 2 && ndesc <= 64)
			return objfile_hex(a, desc, ndesc);
		reader_skip(&r, MIN((ndesc + UINT64_C(3)) & ~UINT64_C(3),
				    reader_left(&r)));
	}
	return (struct str){};
}

struct str objfile_build_id(struct objfile *o)
{
	if (o->has_build_id)
		return o->build_id;
	o->has_build_id = true;
	for (uint32_t i = 1; i < o->n && !o->build_id.len; i++) {
		struct objfile_part *p = &o->parts[i];
		GElf_Shdr sh;
		Elf_Data *data;

		if (!gelf_getshdr(p->scn, &sh) || sh.sh_type != SHT_NOTE)
			continue;
		data = elf_rawdata(p->scn, NULL);
		if (data && data->d_buf)
			o->build_id = objfile_note_build_id(
				data->d_buf, data->d_size, &o->arena);
	}
	return o->build_id;
}

uint64_t objfile_identity(struct objfile *o)
{
	struct str id = objfile_build_id(o);
	uint64_t v = 0;
	size_t size;

	for (uint32_t i = 0; i < id.len && i < 16; i++)
		v = v << 4 | (uint64_t)(id.s[i] <= '9' ? id.s[i] - '0' :
							id.s[i] - 'a' + 10);
	if (id.len || !elf_rawfile(o->elf, &size))
		return v;
	return size;
}

bool objfile_debuglink(struct objfile *o, struct str *name, uint32_t *crc)
{
	struct objfile_data d = objfile_data(o, ".gnu_debuglink");
	struct reader r = reader_at(d.p, d.size, 0);
	struct str s = reader_str(&r);

	reader_skip(&r, (4 - ((s.len + UINT64_C(1)) & 3)) & 3);
	*crc = reader_u32(&r);
	*name = s;
	return !r.bad && s.len;
}

bool objfile_altlink(struct objfile *o, struct arena *a, struct str *name,
		     struct str *build_id)
{
	struct objfile_data d = objfile_data(o, ".gnu_debugaltlink");
	struct reader r = reader_at(d.p, d.size, 0);

	*name = reader_str(&r);
	if (r.bad || !name->len || reader_left(&r) > 64)
		return false;
	*build_id = objfile_hex(a, r.p, reader_left(&r));
	return true;
}

bool objfile_supplementary(struct objfile *o, struct arena *a,
			   struct str *name, struct str *sum)
{
	struct objfile_data d = objfile_data(o, ".debug_sup");
	struct reader r = reader_at(d.p, d.size, 0);
	uint64_t n;
	bool is_sup;

	if (reader_u16(&r) != 5)
		return false;
	is_sup = reader_u8(&r);
	*name = reader_str(&r);
	n = reader_uleb(&r);
	if (r.bad || n > 64 || !reader_has(&r, n) || is_sup == !!name->len)
		return false;
	*sum = objfile_hex(a, r.p, n);
	return n;
}

/* ---- symbols ---- */

static uint32_t objfile_find_symtab(struct objfile *o)
{
	uint32_t dynamic = 0;

	for (uint32_t i = 1; i < o->n; i++) {
		GElf_Shdr sh;

		if (!gelf_getshdr(o->parts[i].scn, &sh))
			continue;
		if (sh.sh_type == SHT_SYMTAB)
			return i;
		if (sh.sh_type == SHT_DYNSYM)
			dynamic = i;
	}
	return dynamic;
}

static void objfile_read_symbols(struct objfile *o)
{
	uint32_t i = objfile_find_symtab(o);
	Elf_Data *strings;
	Elf_Scn *scn;
	GElf_Shdr sh;

	o->has_symbols = true;
	if (!i || !gelf_getshdr(o->parts[i].scn, &sh))
		return;
	scn = elf_getscn(o->elf, sh.sh_link);
	strings = scn ? elf_getdata(scn, NULL) : NULL;
	o->symbols = elf_getdata(o->parts[i].scn, NULL);
	if (o->symbols && o->symbols->d_type == ELF_T_SYM &&
	    o->symbols->d_buf)
		o->nsymbols = (uint32_t)MIN(
			o->symbols->d_size /
				gelf_fsize(o->elf, ELF_T_SYM, 1, EV_CURRENT),
			(size_t)INT32_MAX);
	if (o->nsymbols && objfile_address_size(o) == 8)
		o->wide = o->symbols->d_buf;
	if (strings && strings->d_buf)
		o->strings = (struct objfile_data){ strings->d_buf,
						    strings->d_size };
}

static uint64_t objfile_value(const struct objfile *o, const GElf_Sym *sym)
{
	uint64_t v = sym->st_value;

	if (objfile_is_relocatable(o) && sym->st_shndx < o->n)
		v += o->parts[sym->st_shndx].pub.addr;
	return v;
}

static void objfile_fill_symbol(struct objfile *o, const GElf_Sym *sym,
				struct objfile_symbol *ret)
{
	struct reader r = reader_at(o->strings.p, o->strings.size,
				    sym->st_name);

	/* Thousands of symbols may have the end of one long text. */
	if (!r.bad && reader_left(&r) > OBJFILE_NAME_MAX)
		r.end = r.p + OBJFILE_NAME_MAX;
	*ret = (struct objfile_symbol){
		.name = reader_str(&r),
		.addr = objfile_value(o, sym),
		.size = sym->st_size,
		.is_function = GELF_ST_TYPE(sym->st_info) == STT_FUNC ||
			       GELF_ST_TYPE(sym->st_info) == STT_GNU_IFUNC,
		.is_global = GELF_ST_BIND(sym->st_info) != STB_LOCAL,
		.is_undefined = sym->st_shndx == SHN_UNDEF,
		.is_tls = GELF_ST_TYPE(sym->st_info) == STT_TLS,
	};
}

/* A kernel has 170000: those of 64 bits are taken as they lie there. */
static bool objfile_sym(struct objfile *o, uint32_t i, GElf_Sym *ret)
{
	if (!o->has_symbols)
		objfile_read_symbols(o);
	if (i >= o->nsymbols)
		return false;
	if (!o->wide)
		return gelf_getsym(o->symbols, (int)i, ret);
	memcpy(ret, o->wide + i, sizeof(*ret));
	return true;
}

bool objfile_symbol(struct objfile *o, uint32_t i, struct objfile_symbol *ret)
{
	GElf_Sym sym;

	if (!objfile_sym(o, i, &sym))
		return false;
	objfile_fill_symbol(o, &sym, ret);
	return true;
}

/* ---- by name ---- */

/* Who asks so often gets an index. */
#define OBJFILE_MANY 8

static bool objfile_is_named(const struct objfile *o, const GElf_Sym *sym,
			     struct str name)
{
	const char *s;

	if (sym->st_name >= o->strings.size ||
	    o->strings.size - sym->st_name <= name.len)
		return false;
	s = (const char *)o->strings.p + sym->st_name;
	return !s[name.len] && !memcmp(s, name.s, name.len);
}

static void objfile_index_names(struct objfile *o)
{
	struct objfile_symbol s;
	uint32_t n = o->nsymbols;

	o->nheads = 1024;
	while (o->nheads < n && o->nheads < UINT32_C(1) << 30)
		o->nheads *= 2;
	o->heads = calloc(o->nheads, sizeof(*o->heads));
	o->chain = calloc(n + UINT64_C(1), sizeof(*o->chain));
	if (!o->heads || !o->chain)
		abort();
	/* From the last on: then the first is the first in its chain. */
	while (n--) {
		uint32_t *head;

		objfile_symbol(o, n, &s);
		head = &o->heads[str_hash(s.name) & (o->nheads - 1)];
		o->chain[n] = *head;
		*head = n + 1;
	}
}

/* The same from the index; names that are too long for it have an end of
 * their own there, and never match. */
static bool objfile_look_up(struct objfile *o, struct str name, uint32_t *i,
			    GElf_Sym *sym)
{
	uint32_t at = o->heads[str_hash(name) & (o->nheads - 1)];

	for (; at; at = o->chain[at - 1]) {
		if (at - 1 < *i || !objfile_sym(o, at - 1, sym) ||
		    !objfile_is_named(o, sym, name))
			continue;
		*i = at;
		return true;
	}
	return false;
}

bool objfile_find_symbol(struct objfile *o, struct str name, uint32_t *i,
			 struct objfile_symbol *ret)
{
	bool found = false;
	GElf_Sym sym;

	if (!o->has_symbols)
		objfile_read_symbols(o);
	if (!o->heads && !*i && ++o->asked_name > OBJFILE_MANY)
		objfile_index_names(o);
	if (o->heads)
		found = objfile_look_up(o, name, i, &sym);
	else
		while (!found && objfile_sym(o, (*i)++, &sym))
			found = objfile_is_named(o, &sym, name);
	if (found)
		objfile_fill_symbol(o, &sym, ret);
	return found;
}

/* ---- by address ---- */

struct objfile_key {
	uint64_t addr;
	uint32_t number;
};

#define OBJFILE_DIGIT 9		/* bits */

static bool objfile_has_name(const struct objfile *o, const GElf_Sym *sym)
{
	return sym->st_name < o->strings.size && o->strings.p[sym->st_name];
}

/* By one digit of the addresses; false = they have it in common. */
static bool objfile_sort_by(const struct objfile_key *from, uint32_t n,
			    unsigned int shift, struct objfile_key *to)
{
	uint32_t at[1u << OBJFILE_DIGIT] = {}, sum = 0, mask;

	mask = ARRAY_SIZE(at) - 1;
	for (uint32_t i = 0; i < n; i++)
		at[from[i].addr >> shift & mask]++;
	if (n && at[from[0].addr >> shift & mask] == n)
		return false;
	for (uint32_t i = 0; i <= mask; i++) {
		uint32_t count = at[i];

		at[i] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < n; i++)
		to[at[from[i].addr >> shift & mask]++] = from[i];
	return true;
}

/* By address; those of one stay in the order of the file. */
static void objfile_sort_symbols(struct objfile *o)
{
	uint64_t total = o->nsymbols + UINT64_C(1);
	struct objfile_key *keys = calloc(total, sizeof(*keys)), *swap;
	struct objfile_key *other = calloc(total, sizeof(*other));
	uint32_t n = 0;
	GElf_Sym sym;

	o->by_addr = calloc(total, sizeof(*o->by_addr));
	if (!keys || !other || !o->by_addr)
		abort();
	for (uint32_t i = 0; objfile_sym(o, i, &sym); i++) {
		if (!sym.st_size || !objfile_has_name(o, &sym) ||
		    sym.st_shndx == SHN_UNDEF)
			continue;
		keys[n++] = (struct objfile_key){ objfile_value(o, &sym), i };
	}
	for (unsigned int shift = 0; shift < 64; shift += OBJFILE_DIGIT) {
		if (!objfile_sort_by(keys, n, shift, other))
			continue;
		swap = keys;
		keys = other;
		other = swap;
	}
	for (uint32_t i = 0; i < n; i++)
		o->by_addr[i] = keys[i].number;
	o->nby_addr = n;
	free(keys);
	free(other);
}

/* The same without an order: to sort takes as long as many passes. */
static bool objfile_scan_at(struct objfile *o, uint64_t addr,
			    struct objfile_symbol *ret)
{
	struct objfile_symbol s;
	bool found = false;
	GElf_Sym sym;

	for (uint32_t i = 0; objfile_sym(o, i, &sym); i++) {
		if (addr - sym.st_value >= sym.st_size ||
		    sym.st_shndx == SHN_UNDEF ||
		    (found && (sym.st_value < ret->addr ||
			       (sym.st_value == ret->addr && ret->is_global))))
			continue;
		objfile_fill_symbol(o, &sym, &s);
		if (!s.name.len)
			continue;
		*ret = s;
		found = true;
	}
	return found;
}

bool objfile_symbol_at(struct objfile *o, uint64_t addr,
		       struct objfile_symbol *ret)
{
	bool found = false;
	struct objfile_symbol s;
	uint32_t low;

	if (!o->has_symbols)
		objfile_read_symbols(o);
	if (!objfile_is_relocatable(o) && ++o->asked_addr < OBJFILE_MANY)
		return objfile_scan_at(o, addr, ret);
	if (!o->by_addr)
		objfile_sort_symbols(o);
	low = SEARCH(o->nby_addr, i, objfile_symbol(o, o->by_addr[i], &s) &&
					     s.addr <= addr);
	/* Names of one address: a global one is better. */
	for (uint32_t i = low; i && low - i < 16; i--) {
		if (!objfile_symbol(o, o->by_addr[i - 1], &s) ||
		    !s.name.len || addr - s.addr >= s.size ||
		    (found && s.addr != ret->addr))
			continue;
		if (!found || s.is_global)
			*ret = s;
		found = true;
	}
	return found;
}

/* The next segment of a type, from number *i on. */
static bool objfile_segment(struct objfile *o, size_t *i, uint32_t type,
			    GElf_Phdr *ret)
{
	size_t n;

	if (elf_getphdrnum(o->elf, &n))
		return false;
	while (*i < n && *i < INT32_MAX)
		if (gelf_getphdr(o->elf, (int)(*i)++, ret) &&
		    ret->p_type == type)
			return true;
	return false;
}

bool objfile_address(struct objfile *o, uint64_t offset, uint64_t *ret)
{
	uint64_t in_page;
	bool found = false;
	GElf_Phdr ph;
	size_t i = 0;

	while (objfile_segment(o, &i, PT_LOAD, &ph)) {
		if (found && !(ph.p_flags & PF_X))
			continue;
		/* Whole pages are loaded. */
		in_page = ph.p_offset % OBJFILE_PAGE;
		if (offset < ph.p_offset - in_page ||
		    offset >= ph.p_offset + ph.p_filesz)
			continue;
		*ret = offset - ph.p_offset + ph.p_vaddr;
		found = true;
	}
	return found;
}

bool objfile_code(struct objfile *o, uint64_t *ret_offset, uint64_t *ret_addr)
{
	GElf_Phdr ph;
	size_t i = 0;

	while (objfile_segment(o, &i, PT_LOAD, &ph)) {
		if (!(ph.p_flags & PF_X))
			continue;
		*ret_offset = ph.p_offset - ph.p_offset % OBJFILE_PAGE;
		*ret_addr = ph.p_vaddr - ph.p_offset % OBJFILE_PAGE;
		return true;
	}
	return false;
}

static bool objfile_tls_segment(struct objfile *o, GElf_Phdr *ret)
{
	size_t i = 0;

	return objfile_segment(o, &i, PT_TLS, ret);
}

uint64_t objfile_tls_size(struct objfile *o)
{
	GElf_Phdr ph;
	uint64_t align;

	if (!objfile_tls_segment(o, &ph))
		return 0;
	align = ph.p_align ? ph.p_align : 1;
	return (ph.p_memsz + align - 1) / align * align;
}

bool objfile_tls(struct objfile *o, uint64_t *ret_addr, uint64_t *ret_size)
{
	GElf_Phdr ph;

	if (!objfile_tls_segment(o, &ph))
		return false;
	*ret_addr = ph.p_vaddr;
	*ret_size = ph.p_memsz;
	return true;
}

/* Position-independent programs look like libraries but for these. */
static bool objfile_is_pie(struct objfile *o)
{
	struct objfile_data d = objfile_data(o, ".dynamic");

	if (objfile_address_size(o) != 8)
		return false;
	for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= d.size;
	     at += sizeof(Elf64_Dyn)) {
		Elf64_Dyn dyn;

		memcpy(&dyn, d.p + at, sizeof(dyn));
		if (dyn.d_tag == DT_DEBUG ||
		    (dyn.d_tag == DT_FLAGS_1 && dyn.d_un.d_val & DF_1_PIE))
			return true;
	}
	return false;
}

uint64_t objfile_entry(const struct objfile *o)
{
	return o->ehdr.e_entry;
}

bool objfile_is_program(struct objfile *o)
{
	GElf_Ehdr eh;

	return gelf_getehdr(o->elf, &eh) &&
	       (eh.e_type == ET_EXEC ||
		(eh.e_type == ET_DYN && objfile_is_pie(o)));
}
