/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image as a file: IMAGE_MAGIC, then every field, little-endian and
 * without gaps, sections with their number of elements in front.  One
 * function for each struct both writes and reads it, so that the two cannot
 * differ.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "image/image.h"

#define FILE_MAX (256U << 20)

struct codec {
	struct buf *out;	/* writing, or NULL: reading */
	const uint8_t *p;	/* reading: what is left */
	size_t left;
	bool failed;
	struct arena *arena;
};

/* ---- fields ---- */

static void bytes(struct codec *c, uint64_t *v, size_t n)
{
	if (c->out) {
		for (size_t i = 0; i < n; i++)
			buf_char(c->out, (char)(*v >> 8 * i));
		return;
	}
	*v = 0;
	if (c->left < n) {
		c->failed = true;
		c->left = 0;
		return;
	}
	for (size_t i = 0; i < n; i++)
		*v |= (uint64_t)c->p[i] << 8 * i;
	c->p += n;
	c->left -= n;
}

#define FIELD(name, type)                                        \
	static void name(struct codec *c, type *v)               \
	{                                                        \
		uint64_t wide = c->out ? (uint64_t)*v : 0;       \
                                                                 \
		bytes(c, &wide, sizeof(*v));                     \
		*v = (type)wide;                                 \
	}

FIELD(u8, uint8_t)
FIELD(s8, int8_t)
FIELD(u16, uint16_t)
FIELD(u32, uint32_t)
FIELD(u64, uint64_t)
FIELD(s64, int64_t)

static void flag(struct codec *c, bool *v)
{
	uint64_t wide = c->out ? *v : 0;

	bytes(c, &wide, 1);
	if (wide > 1)
		c->failed = true;
	*v = wide;
}

static void character(struct codec *c, char *v)
{
	uint64_t wide = c->out ? (unsigned char)*v : 0;

	bytes(c, &wide, 1);
	*v = (char)wide;
}

static void text(struct codec *c, struct str *s)
{
	uint32_t len = c->out ? s->len : 0;

	u32(c, &len);
	if (c->out) {
		buf_str(c->out, *s);
		return;
	}
	if (len > c->left) {
		c->failed = true;
		c->left = 0;
		len = 0;
	}
	*s = arena_str(c->arena, (struct str){ (const char *)c->p, len });
	c->p += len;
	c->left -= len;
}

/* ---- structs ---- */

static void map(struct codec *c, struct image_map *m)
{
	u32(c, &m->name);
	u32(c, &m->kind);
	u32(c, &m->key_size);
	u32(c, &m->value_size);
	u32(c, &m->max_entries);
	u32(c, &m->init);
	u32(c, &m->init_len);
}

static void stat_type(struct codec *c, struct image_stat *s)
{
	u8(c, &s->fields);
	u8(c, &s->hist);
	s64(c, &s->start);
	s64(c, &s->stop);
	s64(c, &s->interval);
}

static void global(struct codec *c, struct image_global *g)
{
	u32(c, &g->name);
	u8(c, &g->type);
	flag(c, &g->is_array);
	flag(c, &g->ordered);
	flag(c, &g->wrap);
	flag(c, &g->of_task);
	flag(c, &g->show);
	u8(c, &g->fold);
	u8(c, &g->nkeys);
	for (uint32_t k = 0; k < IMAGE_KEYS; k++) {
		u8(c, &g->key_type[k]);
		u16(c, &g->key_bound[k]);
		u32(c, &g->key_off[k]);
	}
	u32(c, &g->key_size);
	u16(c, &g->bound);
	u32(c, &g->off);
	u32(c, &g->map);
	u32(c, &g->max_entries);
	flag(c, &g->has_size);
	u32(c, &g->ring_map);
	u32(c, &g->tail_off);
	stat_type(c, &g->stat);
	s64(c, &g->init);
	u32(c, &g->init_str);
}

static void prog(struct codec *c, struct image_prog *p)
{
	u32(c, &p->name);
	u32(c, &p->first);
	u32(c, &p->n);
	u32(c, &p->first_reloc);
	u32(c, &p->nrelocs);
	u32(c, &p->first_line);
	u32(c, &p->nlines);
	u32(c, &p->prog_type);
	u32(c, &p->attach_type);
	flag(c, &p->sleeps);
	flag(c, &p->is_standin);
	u32(c, &p->standin);
	u32(c, &p->standins_map);
	u32(c, &p->standins_at);
	u32(c, &p->attach_to);
	u32(c, &p->attach_module);
}

static void reloc(struct codec *c, struct image_reloc *r)
{
	u32(c, &r->insn);
	u32(c, &r->kind);
	u32(c, &r->what);
}

static void number(struct codec *c, struct image_access *a)
{
	u32(c, &a->kind);
	u32(c, &a->module);
	u32(c, &a->type);
	u32(c, &a->path);
	u8(c, &a->size);
	flag(c, &a->is_signed);
	s64(c, &a->value);
}

static void line(struct codec *c, struct image_line *l)
{
	u32(c, &l->insn);
	u32(c, &l->place);
}

static void place(struct codec *c, struct image_place *p)
{
	u32(c, &p->file);
	u32(c, &p->line);
	u32(c, &p->col);
	u32(c, &p->token);
	u32(c, &p->source);
}

static void site(struct codec *c, struct image_site *s)
{
	u32(c, &s->point);
	u32(c, &s->name);
	u32(c, &s->module);
	u64(c, &s->offset);
	u64(c, &s->a);
	u64(c, &s->b);
	u64(c, &s->c);
	flag(c, &s->freq);
	u32(c, &s->filter);
	u32(c, &s->pid);
	u32(c, &s->dev);
	u64(c, &s->ino);
}

static void probe(struct codec *c, struct image_probe *p)
{
	u32(c, &p->point);
	u32(c, &p->name);
	u32(c, &p->kind);
	u32(c, &p->place);
	u32(c, &p->prog);
	u32(c, &p->func);
	u32(c, &p->cond);
	site(c, &p->site);
	u32(c, &p->first_site);
	u32(c, &p->nsites);
	u32(c, &p->group);
	flag(c, &p->is_pattern);
	flag(c, &p->is_optional);
}

static void insn(struct codec *c, struct image_insn *i)
{
	u8(c, &i->op);
	u8(c, &i->type);
	u16(c, &i->nargs);
	u32(c, &i->args);
	u32(c, &i->a);
	u32(c, &i->b);
	u32(c, &i->c);
	u32(c, &i->aux);
	s64(c, &i->imm);
	u32(c, &i->place);
}

static void block(struct codec *c, struct image_block *b)
{
	u32(c, &b->first);
	u32(c, &b->n);
	u32(c, &b->catch);
}

static void func(struct codec *c, struct image_func *f)
{
	u32(c, &f->name);
	u32(c, &f->first);
	u32(c, &f->n);
	u32(c, &f->first_block);
	u32(c, &f->nblocks);
	u32(c, &f->first_var);
	u32(c, &f->nvars);
	u32(c, &f->nparams);
	u8(c, &f->type);
	flag(c, &f->is_library);
}

static void var(struct codec *c, struct image_var *v)
{
	u32(c, &v->name);
	u8(c, &v->type);
}

static void format(struct codec *c, struct image_format *f)
{
	u32(c, &f->first);
	u32(c, &f->n);
}

static void piece(struct codec *c, struct image_piece *p)
{
	u8(c, &p->conv);
	character(c, &p->flag);
	u8(c, &p->width_kind);
	u8(c, &p->prec_kind);
	u32(c, &p->width);
	u32(c, &p->prec);
	u32(c, &p->text);
}

static void iter(struct codec *c, struct image_iter *i)
{
	u32(c, &i->global);
	u8(c, &i->sort);
	s8(c, &i->dir);
	u8(c, &i->key);
	u8(c, &i->stat);
	flag(c, &i->has_limit);
	u16(c, &i->slice);
	flag(c, &i->wants_value);
}

static void dfa(struct codec *c, struct image_dfa *d)
{
	u32(c, &d->pattern);
	u32(c, &d->first);
	u32(c, &d->n);
}

static void source(struct codec *c, struct image_text *t)
{
	u32(c, &t->name);
	u32(c, &t->text);
}

static void limits(struct codec *c, struct image_limits *l)
{
	u32(c, &l->maxaction);
	u32(c, &l->maxnesting);
	u32(c, &l->maxstringlen);
	u32(c, &l->maxmapentries);
	u32(c, &l->maxerrors);
	u32(c, &l->maxskipped);
	u32(c, &l->maxtrylock);
	u32(c, &l->hist_elision);
}

/* ---- the whole ---- */

/* An element takes at least `least` bytes in the file: so a number that is
 * too large is found before memory is asked for. */
#define SECTION(c, vec, fn, least)                                        \
	do {                                                              \
		typeof(vec) v_ = (vec);                                   \
                                                                          \
		u32((c), &v_->n);                                         \
		if (!(c)->out) {                                          \
			if (v_->n > (c)->left / (least)) {                \
				(c)->failed = true;                       \
				v_->n = 0;                                \
			}                                                 \
			v_->cap = v_->n;                                  \
			v_->v = arena_calloc((c)->arena, v_->n,           \
					     sizeof(*v_->v));             \
		}                                                         \
		for (uint32_t i_ = 0; i_ < v_->n && !(c)->failed; i_++)   \
			fn((c), &v_->v[i_]);                              \
	} while (0)

static void sections(struct codec *c, struct image *img)
{
	SECTION(c, &img->strings, text, 4);
	SECTION(c, &img->bytes, u8, 1);
	SECTION(c, &img->maps, map, 28);
	SECTION(c, &img->globals, global, 100);
	SECTION(c, &img->insns, u64, 8);
	SECTION(c, &img->progs, prog, 45);
	SECTION(c, &img->relocs, reloc, 12);
	SECTION(c, &img->accesses, number, 26);
	SECTION(c, &img->lines, line, 8);
	SECTION(c, &img->places, place, 20);
	SECTION(c, &img->probes, probe, 98);
	SECTION(c, &img->sites, site, 58);
	SECTION(c, &img->code, insn, 36);
	SECTION(c, &img->args, u32, 4);
	SECTION(c, &img->blocks, block, 12);
	SECTION(c, &img->funcs, func, 34);
	SECTION(c, &img->vars, var, 5);
	SECTION(c, &img->formats, format, 8);
	SECTION(c, &img->pieces, piece, 16);
	SECTION(c, &img->iters, iter, 12);
	SECTION(c, &img->dfas, dfa, 12);
	SECTION(c, &img->words, u32, 4);
	SECTION(c, &img->texts, source, 8);
}

static void whole(struct codec *c, struct image *img)
{
	u32(c, &img->arch);
	u32(c, &img->kernel);
	flag(c, &img->guru);
	flag(c, &img->show_globals);
	flag(c, &img->count_hits);
	limits(c, &img->limits);
	u64(c, &img->features);
	flag(c, &img->short_steps);
	u32(c, &img->turns);
	u32(c, &img->globals_map);
	u32(c, &img->stats_map);
	u32(c, &img->scratch_map);
	u32(c, &img->rodata_map);
	u32(c, &img->data_map);
	u32(c, &img->control_map);
	u32(c, &img->stacks_map);
	u32(c, &img->ustacks_map);
	u32(c, &img->places_map);
	u32(c, &img->unwind_maps);
	u32(c, &img->losses_off);
	u32(c, &img->hits_off);
	sections(c, img);
}

static struct err *write_all(int fd, const struct buf *b, const char *path)
{
	for (size_t at = 0; at < b->len;) {
		ssize_t n = write(fd, b->data + at, b->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(errno, "cannot write %s", path);
		at += (size_t)n;
	}
	return NULL;
}

struct err *image_save(const struct image *img, const char *path)
{
	struct image copy = *img;	/* a codec takes what it may change */
	struct buf out = {};
	struct codec c = { .out = &out };
	_cleanup_close_ int fd = -1;
	struct err *e;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_os(errno, "cannot write %s", path);
	buf_add(&out, IMAGE_MAGIC, IMAGE_MAGIC_SIZE);
	whole(&c, &copy);
	e = write_all(fd, &out, path);
	buf_deinit(&out);
	return e;
}

struct err *image_parse(struct str b, struct arena *a, struct image *ret)
{
	struct image img = {};
	struct codec c = { .arena = a };

	if (!str_starts(b, (struct str){ IMAGE_MAGIC, IMAGE_MAGIC_SIZE }))
		return err_new(ERR_FORMAT, "this is not a saved image");
	c.p = (const uint8_t *)b.s + IMAGE_MAGIC_SIZE;
	c.left = b.len - IMAGE_MAGIC_SIZE;
	whole(&c, &img);
	if (c.failed || c.left)
		return err_new(ERR_FORMAT, "the image is cut off, or of "
			       "another version");
	*ret = img;
	return NULL;
}

static struct err *read_all(int fd, const char *path, struct buf *ret)
{
	for (;;) {
		ssize_t n = read(fd, buf_reserve(ret, 65536), 65536);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(errno, "cannot read %s", path);
		if (!n)
			return NULL;
		ret->len += (size_t)n;
		if (ret->len > FILE_MAX)
			return err_new(ERR_LIMIT, "%s is too large for an "
				       "image", path);
	}
}

struct err *image_load(const char *path, struct arena *a, struct image *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf b = {};
	struct err *e;

	if (fd < 0)
		return err_os(errno, "cannot read %s", path);
	e = read_all(fd, path, &b);
	if (!e)
		e = image_parse(buf_view(&b), a, ret);
	buf_deinit(&b);
	return e ? err_context(e, "%s", path) : NULL;
}
