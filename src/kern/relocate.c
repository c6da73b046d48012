/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/relocate.h"

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/btf.h"
#include "dbg/kallsyms.h"
#include "dbg/member.h"
#include "dbg/tracepoint.h"
#include "dbg/world.h"

struct relocate {
	struct image *img;
	struct world *world;
	struct ctypes *btf;    /* the kernel's; opened when needed */
	struct ctypes *module; /* of the module asked about last */
	istr module_name;
	struct kallsyms *symbols; /* or NULL: not asked yet */
	struct arena arena;
};

static struct str text(const struct relocate *r, istr s)
{
	return image_str(r->img, s);
}

/* ---- what may be wrong ---- */

static struct err *other_kernel(struct err *e)
{
	return err_hint(e, "compile the script on this machine, or for its "
			   "kernel (-r)");
}

static struct err *is_missing(const struct relocate *r,
			      const struct image_access *a)
{
	struct str type = text(r, a->type), path = text(r, a->path);

	if (!path.len)
		return other_kernel(
			err_new(ERR_UNSUPPORTED,
				"the image uses '%" STR_FMT
				"', which this kernel does not have",
				STR_ARG(type)));
	return other_kernel(err_new(ERR_UNSUPPORTED,
				    "the image uses '%" STR_FMT
				    "' of '%" STR_FMT
				    "', which this kernel does not have",
				    STR_ARG(path), STR_ARG(type)));
}

static struct err *is_different(const struct relocate *r,
				const struct image_access *a, const char *what)
{
	return other_kernel(err_new(
		ERR_UNSUPPORTED,
		"'%" STR_FMT "' of '%" STR_FMT
		"' has another %s here than where the image was made",
		STR_ARG(text(r, a->path)), STR_ARG(text(r, a->type)), what));
}

/* ---- types ---- */

static struct err *open_module(struct relocate *r, istr name)
{
	_cleanup_free_ char *s = NULL;
	struct str str = text(r, name);

	if (r->module && r->module_name == name)
		return NULL;
	ctypes_close(take_ptr(r->module));
	r->module_name = name;
	s = strndup(str.s, str.len);
	if (!s)
		abort();
	return dbg_btf_open_module(r->world, r->btf, s, &r->module);
}

static struct err *types_of(struct relocate *r, const struct image_access *a,
			    struct ctypes **ret)
{
	struct err *e = NULL;

	if (!r->btf)
		e = dbg_btf_open(r->world, &r->btf);
	if (!e && a->module)
		e = open_module(r, a->module);
	*ret = a->module ? r->module : r->btf;
	return e;
}

/* Bytes that hold the bits of a bitfield, from the byte it begins in. */
static uint64_t bitfield_bytes(const struct member *m)
{
	return (m->bit_offset % 8 + m->bits + 7) / 8;
}

static struct err *find_offset(struct relocate *r, struct image_access *a,
			       const struct member *m)
{
	uint64_t size = m->bits ? bitfield_bytes(m) : m->size;

	if (a->size && (m->bits ? size > a->size : size != a->size))
		return is_different(r, a, "size");
	if (a->size && !m->bits && a->is_signed != m->is_signed)
		return is_different(r, a, "sign");
	a->value = (int64_t)(m->bit_offset / 8);
	return NULL;
}

static struct err *find_shift(struct relocate *r, struct image_access *a,
			      const struct member *m)
{
	if (m->bits != a->size)
		return is_different(r, a, "width");
	a->value = (int64_t)(m->bit_offset % 8);
	return NULL;
}

/* It is in the code already. */
static struct err *is_at(struct relocate *r, const struct image_access *a,
			 const struct member *m)
{
	if (a->size && m->size != a->size)
		return is_different(r, a, "size");
	return (int64_t)(m->bit_offset / 8) == a->value ?
		       NULL : is_different(r, a, "place");
}

static struct err *find_member(struct relocate *r, struct image_access *a,
			       struct ctypes *btf)
{
	struct member m;
	bool there = member_find(btf, text(r, a->type), text(r, a->path), &m);

	if (a->kind == ACCESS_PLACE && there)
		return is_at(r, a, &m);
	if (a->kind == ACCESS_EXISTS) {
		if (there == (a->value != 0))
			return NULL;
		return there ? is_different(r, a, "state") : is_missing(r, a);
	}
	if (!there)
		return is_missing(r, a);
	if (a->kind == ACCESS_OFFSET)
		return find_offset(r, a, &m);
	if (a->kind == ACCESS_SHIFT)
		return find_shift(r, a, &m);
	a->value = (int64_t)m.size;
	return NULL;
}

static struct err *find_enumerator(struct relocate *r, struct image_access *a,
				   struct ctypes *btf)
{
	uint32_t type;

	if (ctypes_find_enumerator(btf, text(r, a->path), &type, &a->value))
		return NULL;
	return is_missing(r, a);
}

/* ---- arguments ---- */

static struct err *find_trace_arg(struct relocate *r, struct image_access *a,
				  struct ctypes *btf, struct str name)
{
	struct tracepoints tps = { .world = r->world, .btf = btf };
	struct tracepoint tp;
	struct err *e =
		tracepoint_find(&tps, &r->arena, (struct str){}, name, &tp);

	if (e)
		return e;
	for (uint32_t i = 0; i < tp.args.n; i++) {
		if (!str_eq(tp.args.v[i].name, text(r, a->path)))
			continue;
		a->value = tp.args.v[i].slot;
		return NULL;
	}
	return is_missing(r, a);
}

static struct err *find_function_arg(struct relocate *r, struct image_access *a,
				     struct ctypes *btf)
{
	uint32_t f = ctypes_find(btf, CTYPE_FUNC, text(r, a->type));
	uint32_t proto = f ? ctypes_type(btf, f).ref : 0;
	struct ctype_param p;

	for (uint32_t i = 0; f && ctypes_param(btf, proto, i, &p); i++) {
		if (!str_eq(p.name, text(r, a->path)))
			continue;
		a->value = i;
		return NULL;
	}
	return is_missing(r, a);
}

static struct err *find_arg(struct relocate *r, struct image_access *a,
			    struct ctypes *btf)
{
	static const struct str tracepoint = STR_INIT("tracepoint ");
	struct str type = text(r, a->type);

	if (str_starts(type, tracepoint))
		return find_trace_arg(r, a, btf,
				      str_sub(type, tracepoint.len, type.len));
	return find_function_arg(r, a, btf);
}

/* ---- symbols ---- */

static struct err *find_module_symbol(struct relocate *r,
				      const struct image_access *a,
				      struct kallsym *ret)
{
	struct err *e = kallsyms_load(r->symbols);

	for (uint32_t i = 0; !e && kallsyms_get(r->symbols, i, ret); i++)
		if (str_eq(ret->name, text(r, a->path)) &&
		    str_eq(ret->module, text(r, a->module)))
			return NULL;
	return e ? e :
		   err_new(ERR_NOT_FOUND,
			   "module '%" STR_FMT "' is not loaded, or has no '%"
			   STR_FMT "'", STR_ARG(text(r, a->module)),
			   STR_ARG(text(r, a->path)));
}

static struct err *find_symbol(struct relocate *r, struct image_access *a)
{
	struct kallsym sym = {};
	struct err *e;

	if (!r->symbols)
		r->symbols = kallsyms_create(r->world);
	if (a->module)
		e = find_module_symbol(r, a, &sym);
	else
		e = kallsyms_find(r->symbols, text(r, a->path), &sym);
	if (e && a->size) {
		err_free(e);
		e = NULL;
	}
	if (!e)
		a->value = (int64_t)sym.addr;
	return e;
}

/* ---- all ---- */

static struct err *find_access(struct relocate *r, struct image_access *a)
{
	struct ctypes *btf;
	struct err *e;

	if (a->kind == ACCESS_SYMBOL)
		return find_symbol(r, a);
	e = types_of(r, a, &btf);
	if (e)
		return e;
	switch ((enum image_access_kind)a->kind) {
	case ACCESS_OFFSET:
	case ACCESS_SHIFT:
	case ACCESS_SIZE:
	case ACCESS_EXISTS:
	case ACCESS_PLACE:
		return find_member(r, a, btf);
	case ACCESS_ENUM:
		return find_enumerator(r, a, btf);
	case ACCESS_ARG:
		return find_arg(r, a, btf);
	case ACCESS_SYMBOL:
	case ACCESS_N:
		break;
	}
	return err_new(ERR_FORMAT, "the image has an access of no known kind");
}

static const char *feature_name(uint32_t f)
{
	static const char *const names[] = {
#define FEATURE(id, name, since) name,
#include "image/feature.def"
#undef FEATURE
	};

	return names[f];
}

static struct err *check_features(const struct image *img,
				  image_features features)
{
	image_features missing = img->features & ~features;

	for (uint32_t f = 0; f < FEATURE_N; f++)
		if (missing >> f & 1)
			return other_kernel(err_new(ERR_UNSUPPORTED,
						    "the image needs %s, which "
						    "this kernel does not have",
						    feature_name(f)));
	return NULL;
}

static struct err *check_arch(const struct image *img, const struct world *w)
{
	struct str arch = image_str(img, img->arch);

	if (str_eq(arch, world_arch(w)->name))
		return NULL;
	return err_new(ERR_UNSUPPORTED,
		       "the image is for %" STR_FMT
		       ", and this machine is %" STR_FMT,
		       STR_ARG(arch), STR_ARG(world_arch(w)->name));
}

/* Which accesses programs or host code use; what was only asked about (does it
 * exist, is it there?) always counts. */
static bool *find_used(struct relocate *r)
{
	const struct image *img = r->img;
	bool *used = arena_array(&r->arena, img->accesses.n + 1, bool);

	for (uint32_t i = 0; i < img->accesses.n; i++)
		used[i] = img->accesses.v[i].kind == ACCESS_EXISTS ||
			  img->accesses.v[i].kind == ACCESS_PLACE;
	for (uint32_t i = 0; i < img->relocs.n; i++) {
		const struct image_reloc *rel = &img->relocs.v[i];

		if ((rel->kind == IREL_ACCESS ||
		     rel->kind == IREL_ACCESS_WORD) &&
		    rel->what < img->accesses.n)
			used[rel->what] = true;
	}
	for (uint32_t i = 0; i < img->code.n; i++)
		if (img->code.v[i].op == OP_ACCESS)
			used[img->code.v[i].imm] = true;
	return used;
}

struct err *relocate(struct image *img, struct world *w,
		     image_features features)
{
	struct relocate r = { .img = img, .world = w };
	struct err *e = check_arch(img, w);
	bool *used;

	if (!e)
		e = check_features(img, features);
	arena_init(&r.arena);
	used = find_used(&r);
	for (uint32_t i = 0; i < img->accesses.n && !e; i++)
		if (used[i])
			e = find_access(&r, &img->accesses.v[i]);
	ctypes_close(r.module);
	ctypes_close(r.btf);
	kallsyms_destroy(r.symbols);
	arena_deinit(&r.arena);
	return e;
}

struct err *relocate_symbols(struct image *img, struct world *w)
{
	struct relocate r = { .img = img, .world = w };
	struct err *e = NULL;

	for (uint32_t i = 0; i < img->accesses.n && !e; i++)
		if (img->accesses.v[i].kind == ACCESS_SYMBOL)
			e = find_symbol(&r, &img->accesses.v[i]);
	kallsyms_destroy(r.symbols);
	return e;
}
