/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/usymbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "dbg/debugfile.h"
#include "dbg/debuginfo.h"
#include "dbg/objfile.h"
#include "run/spaces.h"

#define USYM_INLINES_MAX 16	/* shown of one address */

/* A file that has been mapped. */
struct ufile {
	struct str path;
	struct objfile *main;	/* NULL = cannot be read */
	struct objfile *debug;	/* another file with its symbols, or NULL */
	struct debuginfo *info;
	bool asked_info;
	void *memory;		/* of the vDSO */
};

struct usymbols {
	const struct world *world;
	struct str dirs;
	struct spaces *spaces;
	struct arena arena;
	struct map files;	/* by device, inode and path */
	struct arena answer;	/* of the last question */
};

struct usymbols *usymbols_create(const struct world *w, struct str dirs,
				 struct spaces *spaces)
{
	struct usymbols *u = calloc(1, sizeof(*u));

	if (!u)
		abort();
	u->world = w;
	u->dirs = dirs;
	u->spaces = spaces;
	arena_init(&u->arena);
	arena_init(&u->answer);
	map_init(&u->files, &u->arena);
	return u;
}

static void ufile_close(struct ufile *f)
{
	debuginfo_close(f->info);
	if (f->debug != f->main)
		objfile_close(f->debug);
	objfile_close(f->main);
	free(f->memory);
}

void usymbols_destroy(struct usymbols *u)
{
	if (!u)
		return;
	for (uint32_t i = 0; i < u->files.n; i++)
		ufile_close(u->files.entries[i].value);
	arena_deinit(&u->answer);
	arena_deinit(&u->arena);
	free(u);
}

/* ---- files ---- */

/* Is that the file that was mapped, and one that opening cannot wait for?  The
 * device is not compared: what stat() says of it is not always the kernel's. */
static bool is_same(const char *path, const struct mapping *m)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && st.st_ino == m->ino;
}

/* Where it can be read: by its name; by its name as its process knows it; or
 * through the mapping, though it is deleted.  Empty = nowhere. */
static struct str readable(struct usymbols *u, const struct mapping *m,
			   pid_t pid)
{
	struct str tries[] = {
		arena_str(&u->arena, m->path),
		arena_printf(&u->arena, "/proc/%d/root%" STR_FMT, pid,
			     STR_ARG(m->path)),
		arena_printf(&u->arena, "/proc/%d/map_files/%llx-%llx", pid,
			     (unsigned long long)m->start,
			     (unsigned long long)m->end),
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(tries); i++)
		if (is_same(tries[i].s, m))
			return tries[i];
	return (struct str){};
}

/* The kernel gives the same one to every process: ours. */
static void open_vdso(struct usymbols *u, struct ufile *f)
{
	uint64_t at = getauxval(AT_SYSINFO_EHDR);
	struct mappings list;
	struct arena a;

	arena_init(&a);
	if (at && err_drop(mappings_read(u->world, &a, getpid(), &list)))
		list.n = 0;
	for (uint32_t i = 0; at && i < list.n; i++) {
		size_t size = list.v[i].end - list.v[i].start;

		if (list.v[i].start != at)
			continue;
		f->memory = malloc(size);
		if (!f->memory)
			abort();
		memcpy(f->memory, (const void *)(uintptr_t)at, size);
		err_free(objfile_from(f->memory, size, &f->main));
		break;
	}
	arena_deinit(&a);
}

static void ufile_open(struct usymbols *u, struct ufile *f,
		       const struct mapping *m, pid_t pid)
{
	struct str path;

	if (str_is(m->path, "[vdso]")) {
		open_vdso(u, f);
		return;
	}
	if (!m->path.len || m->path.s[0] != '/' || !m->ino)
		return;
	path = readable(u, m, pid);
	if (!path.len)
		return;
	if (err_drop(debugfile_program(u->world, u->dirs, path, &f->main,
				       &f->debug)) &&
	    err_drop(objfile_open(path.s, &f->main)))
		f->main = NULL;
	f->path = path;
}

static struct str ufile_key(struct usymbols *u, const struct mapping *m)
{
	return arena_printf(&u->answer, "%x %llx %" STR_FMT, m->dev,
			    (unsigned long long)m->ino, STR_ARG(m->path));
}

static struct ufile *ufile_get(struct usymbols *u, const struct mapping *m,
			       pid_t pid)
{
	struct str key = ufile_key(u, m);
	struct ufile *f = map_find(&u->files, key);

	if (f)
		return f;
	f = arena_new(&u->arena, struct ufile);
	map_set(&u->files, arena_str(&u->arena, key), f);
	ufile_open(u, f, m, pid);
	return f;
}

bool usymbols_has(struct usymbols *u, const struct mapping *m)
{
	arena_reset(&u->answer);
	return map_find(&u->files, ufile_key(u, m)) != NULL;
}

bool usymbols_file(struct usymbols *u, pid_t pid, const struct mapping *m,
		   struct usym_file *ret)
{
	struct ufile *f;

	arena_reset(&u->answer);
	f = ufile_get(u, m, pid);
	*ret = (struct usym_file){ f, f->main, f->debug };
	return f->main;
}

static struct debuginfo *ufile_info(struct usymbols *u, struct ufile *f)
{
	if (!f->asked_info && f->path.len && f->debug &&
	    err_drop(debuginfo_open_file(u->world, u->dirs, f->path,
					 &f->info)))
		f->info = NULL;
	f->asked_info = true;
	return f->info;
}

/* ---- questions ---- */

/* The function at an address: by the separate debug file, which has more
 * symbols, or else by the file itself. */
static bool symbol_at(struct ufile *f, uint64_t addr,
		      struct objfile_symbol *ret)
{
	if (f->debug && f->debug != f->main &&
	    objfile_symbol_at(f->debug, addr, ret))
		return true;
	return objfile_symbol_at(f->main, addr, ret);
}

/* Is it in the data of the file that is mapped below it? */
static bool locate_data(struct usymbols *u, const struct usym_place *p,
			struct usym *ret, struct ufile **file)
{
	const struct mapping *m = spaces_below(u->spaces, p->pid, p->time,
					       p->addr);
	struct ufile *f = m ? ufile_get(u, m, p->pid) : NULL;
	uint64_t start;

	if (!f || !f->main || !objfile_address(f->main, m->offset, &start))
		return false;
	ret->base = m->start - start;
	ret->file_addr = p->addr - ret->base;
	if (!objfile_section_at(f->main, ret->file_addr))
		return false;
	ret->path = m->path;
	*file = f;
	return true;
}

/* Finds the file and the address in it; false = nothing is there.  *file is
 * NULL when it cannot be read. */
static bool locate(struct usymbols *u, const struct usym_place *p,
		   struct usym *ret, struct ufile **file)
{
	const struct mapping *m;
	struct ufile *f;

	arena_reset(&u->answer);
	*ret = (struct usym){};
	*file = NULL;
	m = spaces_find(u->spaces, p->pid, p->time, p->addr);
	if (!m)
		return locate_data(u, p, ret, file);
	ret->path = m->path;
	ret->file_addr = p->addr - m->start + m->offset;
	f = ufile_get(u, m, p->pid);
	if (f->main && objfile_address(f->main, ret->file_addr,
				       &ret->file_addr)) {
		ret->base = p->addr - ret->file_addr;
		*file = f;
	} else {
		ret->base = m->start - m->offset;
	}
	return true;
}

bool usymbols_find(struct usymbols *u, const struct usym_place *p,
		   struct usym *ret)
{
	struct objfile_symbol sym;
	struct ufile *f;

	if (!locate(u, p, ret, &f))
		return false;
	if (!f)
		return true;
	ret->build_id = objfile_build_id(f->main);
	if (!symbol_at(f, ret->file_addr - p->is_return, &sym))
		return true;
	ret->name = sym.name;
	ret->offset = ret->file_addr - sym.addr;
	ret->size = sym.size;
	return true;
}

/* What was inlined there, and the line of each; none = not known. */
static struct dbg_frames frames_at(struct usymbols *u, struct ufile *f,
				   uint64_t file_addr, bool is_return)
{
	struct debuginfo *d = f ? ufile_info(u, f) : NULL;
	struct dbg_frames frames = {};

	if (!d || err_drop(debuginfo_frames(d, &u->answer,
					    file_addr - is_return, &frames)))
		frames.n = 0;
	return frames;
}

bool usymbols_line(struct usymbols *u, const struct usym_place *p,
		   struct str *file, uint32_t *line)
{
	struct dbg_frames frames;
	struct ufile *f;
	struct usym sym;

	if (!locate(u, p, &sym, &f))
		return false;
	frames = frames_at(u, f, sym.file_addr, p->is_return);
	if (!frames.n || !frames.v[0].file.len)
		return false;
	*file = frames.v[0].file;
	*line = frames.v[0].line;
	return true;
}

/* ---- texts ---- */

static void write_module(const struct usym *s, enum usym_style style,
			 struct buf *to)
{
	if (style < USYM_SIMPLE || !s->path.len)
		return;
	buf_printf(to, " %s%" STR_FMT, s->path.s[0] == '[' ? "" : "[",
		   STR_ARG(s->path));
	if (!s->name.len && s->path.s[0] != '[')
		buf_printf(to, "+0x%llx", (unsigned long long)s->file_addr);
	if (s->path.s[0] != '[')
		buf_char(to, ']');
}

static void write_symbol(const struct usym *s, uint64_t addr,
			 enum usym_style style, const struct dbg_frame *line,
			 struct buf *to)
{
	if (!s->name.len)
		buf_printf(to, "0x%llx", (unsigned long long)addr);
	else
		buf_str(to, s->name);
	if (s->name.len && style != USYM_NAME)
		buf_printf(to, "+0x%llx", (unsigned long long)s->offset);
	if (s->name.len && s->size && style >= USYM_FULL)
		buf_printf(to, "/0x%llx", (unsigned long long)s->size);
	if (style == USYM_LINE && line && line->file.len)
		buf_printf(to, " at %" STR_FMT ":%u", STR_ARG(line->file),
			   line->line);
	write_module(s, style, to);
}

void usymbols_write(struct usymbols *u, const struct usym_place *p,
		    enum usym_style style, struct buf *to)
{
	struct usym sym;

	if (!usymbols_find(u, p, &sym))
		sym = (struct usym){};
	write_symbol(&sym, p->addr, style, NULL, to);
}

static void write_head(const struct usym_place *p, enum usym_style style,
		       struct buf *to)
{
	if (style >= USYM_FULL)
		buf_printf(to, " 0x%016llx : ", (unsigned long long)p->addr);
}

/* A function without code of its own. */
static void write_inlined(const struct usym_place *p, const struct usym *s,
			  const struct dbg_frame *f, enum usym_style style,
			  struct buf *to)
{
	write_head(p, style, to);
	buf_printf(to, "%" STR_FMT " (inlined)", STR_ARG(f->function));
	if (style == USYM_LINE && f->file.len)
		buf_printf(to, " at %" STR_FMT ":%u", STR_ARG(f->file),
			   f->line);
	write_module(s, style, to);
	buf_char(to, '\n');
}

/* Is debug information worth its time?  For lines; and where it is at hand. */
static bool wants_frames(const struct ufile *f, enum usym_style style)
{
	return f && (style == USYM_LINE ||
		     (f->main == f->debug && style != USYM_NAME));
}

void usymbols_write_frame(struct usymbols *u, const struct usym_place *p,
			  enum usym_style style, struct buf *to)
{
	struct dbg_frames frames = {};
	const struct dbg_frame *own = NULL;
	struct objfile_symbol sym;
	struct usym s = {};
	struct ufile *f;

	if (locate(u, p, &s, &f) && wants_frames(f, style))
		frames = frames_at(u, f, s.file_addr, p->is_return);
	if (f && symbol_at(f, s.file_addr - p->is_return, &sym)) {
		s.name = sym.name;
		s.offset = s.file_addr - sym.addr;
		s.size = sym.size;
	}
	for (uint32_t i = 0; i < frames.n && i < USYM_INLINES_MAX; i++) {
		own = &frames.v[i];
		if (!own->is_inline)
			break;
		write_inlined(p, &s, own, style, to);
	}
	write_head(p, style, to);
	write_symbol(&s, p->addr, style, own, to);
	buf_char(to, '\n');
}
