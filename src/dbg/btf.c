/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file is a header, the type records one after the other (a type's id is
 * its place in that row), and the strings.  Records have different lengths,
 * so an id can't be found without having walked to it.  The walk goes only as
 * far as a question needs (the frontier), and leaves behind it
 *
 *   marks: the offset of every 32nd record, at most 31 steps from any id;
 *   tags:  a byte per record, hashed from its kind and name, so that a name
 *          among those walked over is found by memchr().
 *
 * A string is stored once, so a name is searched for in the strings first,
 * and then only its offset is compared.
 *
 * Where there is an index (dbg/btfindex.h), it takes the place of the walk.
 */
#include "dbg/btf.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "dbg/btfcopy.h"
#include "dbg/btfindex.h"
#include "dbg/cachefile.h"
#include "dbg/kernel_file.h"

#define DBG_BTF_BYTES_MAX (256u << 20)
#define DBG_BTF_MARK BTFINDEX_MARK
#define DBG_BTF_SEARCHES 16 /* without an index, where none is kept */

struct dbg_btf {
	struct ctypes head;
	struct dbg_btf *base;
	void *data;
	size_t size;
	bool is_mapped, is_owned;
	const char *types, *strs;
	uint32_t types_len, strs_len;
	uint32_t first;	     /* id of the first record */
	uint32_t strs_first; /* offset of the first string */
	/* The frontier: the first record not walked over yet. */
	uint32_t end, end_off;
	bool end_is_final; /* end of file, or of what makes sense */
	uint32_t *marks;
	uint8_t *tags;
	struct btfindex *index; /* marks are its own; no tags */
	/* Where it is kept; empty = nowhere. */
	struct arena arena;
	struct str path;
	struct btfindex_key key;
	uint32_t searches;
	/* Where the last walk within the marks ended. */
	uint32_t at, at_off;
};

static struct dbg_btf *dbg_btf_of(struct ctypes *t)
{
	return (struct dbg_btf *)((char *)t - offsetof(struct dbg_btf, head));
}

/* A record, its head decoded. */
struct dbg_btf_record {
	uint32_t name, kind, vlen;
	uint32_t size; /* or the type it is of */
	bool flag;
	const char *tail; /* what follows the head */
};

static inline uint32_t dbg_btf_u32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* ---- records ---- */

/* Bytes of a record, or 0 if there is no such kind. */
static inline uint32_t dbg_btf_record_len(uint32_t info)
{
	static const uint8_t tail[32] = {
		[CTYPE_INT] = 4,
		[CTYPE_ARRAY] = 12,
		[CTYPE_VAR] = 4,
		[CTYPE_DECL_TAG] = 4,
	};
	static const uint8_t each[32] = {
		[CTYPE_STRUCT] = 12,  [CTYPE_UNION] = 12,
		[CTYPE_ENUM] = 8,     [CTYPE_FUNC_PROTO] = 8,
		[CTYPE_DATASEC] = 12, [CTYPE_ENUM64] = 12,
	};
	uint32_t kind = BTF_INFO_KIND(info);

	if (kind == CTYPE_VOID || kind >= CTYPE_BAD)
		return 0;
	if (kind == CTYPE_FUNC)
		return 12; /* its vlen is the linkage */
	return 12 + tail[kind] + each[kind] * BTF_INFO_VLEN(info);
}

static inline uint8_t dbg_btf_tag(uint32_t kind, uint32_t name)
{
	return (uint8_t)((name * 32 + kind) * 0x9e3779b1u >> 24);
}

/* What walks leave behind.  Pages that no walk comes to are never touched; with
 * an index there are no walks. */
static void dbg_btf_prepare(struct dbg_btf *btf)
{
	uint32_t max = btf->types_len / 12 + 1;

	btf->marks = calloc(max / DBG_BTF_MARK + 1, sizeof(*btf->marks));
	btf->tags = calloc(max, 1);
	if (!btf->marks || !btf->tags)
		abort();
}

/* Steps over the record at the frontier; false at the end. */
static inline bool dbg_btf_advance(struct dbg_btf *btf)
{
	const char *p = btf->types + btf->end_off;
	uint32_t left = btf->types_len - btf->end_off;
	uint32_t info = left >= 12 ? dbg_btf_u32(p + 4) : 0;
	uint32_t len = dbg_btf_record_len(info);
	uint32_t i = btf->end - btf->first;

	if (!len || len > left) {
		btf->end_is_final = true;
		return false;
	}
	if (!btf->tags)
		dbg_btf_prepare(btf);
	if (i % DBG_BTF_MARK == 0)
		btf->marks[i / DBG_BTF_MARK] = btf->end_off;
	btf->tags[i] = dbg_btf_tag(BTF_INFO_KIND(info), dbg_btf_u32(p));
	btf->end_off += len;
	btf->end++;
	return true;
}

/* Walks until id is behind the frontier. */
static bool dbg_btf_reach(struct dbg_btf *btf, uint32_t id)
{
	while (id >= btf->end) {
		if (btf->end_is_final || !dbg_btf_advance(btf))
			return false;
	}
	return true;
}

/* Is there a whole record at an offset? */
static inline bool dbg_btf_is_record(const struct dbg_btf *btf, uint32_t off)
{
	uint32_t len;

	if (btf->types_len < 12 || off > btf->types_len - 12)
		return false;
	len = dbg_btf_record_len(dbg_btf_u32(btf->types + off + 4));
	return len && len <= btf->types_len - off;
}

/* Offset of a record behind the frontier.  An index may have told lies about
 * the way there: then it ends where no record is. */
static uint32_t dbg_btf_offset(struct dbg_btf *btf, uint32_t id)
{
	uint32_t mark = (id - btf->first) / DBG_BTF_MARK;
	uint32_t at = btf->first + mark * DBG_BTF_MARK;
	uint32_t off = btf->marks[mark];

	if (btf->at >= at && btf->at <= id) {
		at = btf->at;
		off = btf->at_off;
	}
	for (; at < id && dbg_btf_is_record(btf, off); at++)
		off += dbg_btf_record_len(dbg_btf_u32(btf->types + off + 4));
	btf->at = at;
	btf->at_off = off;
	return off;
}

/* Whose the id is: the module's own or its base's. */
static struct dbg_btf *dbg_btf_owner(struct dbg_btf *btf, uint32_t id)
{
	while (btf->base && id < btf->first)
		btf = btf->base;
	return btf;
}

static bool dbg_btf_record(struct dbg_btf *btf, uint32_t id,
			   struct dbg_btf_record *ret)
{
	uint32_t info, off;
	const char *p;

	btf = dbg_btf_owner(btf, id);
	if (!id || id == CTYPE_NONE || !dbg_btf_reach(btf, id))
		return false;
	off = dbg_btf_offset(btf, id);
	if (!dbg_btf_is_record(btf, off))
		return false;
	p = btf->types + off;
	info = dbg_btf_u32(p + 4);
	*ret = (struct dbg_btf_record){
		.name = dbg_btf_u32(p),
		.kind = BTF_INFO_KIND(info),
		.vlen = BTF_INFO_VLEN(info),
		.flag = BTF_INFO_KFLAG(info),
		.size = dbg_btf_u32(p + 8),
		.tail = p + 12,
	};
	return true;
}

/* The string at an offset; empty when it is outside. */
static struct str dbg_btf_str(const struct dbg_btf *btf, uint32_t off)
{
	while (btf->base && off < btf->strs_first)
		btf = btf->base;
	off -= btf->strs_first;
	if (off >= btf->strs_len)
		return (struct str){ "", 0 };
	return str_from(btf->strs + off);
}

/* ---- the file ---- */

static void dbg_btf_close(struct ctypes *t)
{
	struct dbg_btf *btf = dbg_btf_of(t);

	if (btf->is_mapped)
		munmap(btf->data, btf->size);
	if (btf->is_owned)
		free(btf->data);
	if (!btf->index)
		free(btf->marks);
	free(btf->tags);
	btfindex_destroy(btf->index);
	arena_deinit(&btf->arena);
	free(btf);
}

static struct err *dbg_btf_bad(const char *why)
{
	return err_new(ERR_FORMAT, "this is no BTF: %s", why);
}

static struct err *dbg_btf_sections(struct dbg_btf *btf,
				    const struct btf_header *h)
{
	const char *body = (const char *)btf->data + h->hdr_len;
	size_t room = btf->size - h->hdr_len;

	if (h->type_off > room || h->type_len > room - h->type_off)
		return dbg_btf_bad("the types are outside of the file");
	if (h->str_off > room || h->str_len > room - h->str_off)
		return dbg_btf_bad("the strings are outside of the file");
	if (h->type_off % 4)
		return dbg_btf_bad("the types are not aligned");
	btf->types = body + h->type_off;
	btf->types_len = h->type_len;
	btf->strs = body + h->str_off;
	btf->strs_len = h->str_len;
	if (!btf->strs_len ? !btf->base : btf->strs[btf->strs_len - 1] != 0)
		return dbg_btf_bad("the last string has no end");
	if (!btf->base && btf->strs[0])
		return dbg_btf_bad("the first string is not empty");
	return NULL;
}

static struct err *dbg_btf_header(struct dbg_btf *btf)
{
	struct btf_header h;

	if (btf->size < sizeof(h))
		return dbg_btf_bad("it is too short");
	if (btf->size > DBG_BTF_BYTES_MAX)
		return err_new(ERR_LIMIT, "the BTF is larger than %u bytes",
			       DBG_BTF_BYTES_MAX);
	memcpy(&h, btf->data, sizeof(h));
	if (h.magic == __builtin_bswap16(BTF_MAGIC))
		return err_new(ERR_UNSUPPORTED,
			       "the BTF is of the other byte order");
	if (h.magic != BTF_MAGIC)
		return dbg_btf_bad("wrong magic number");
	if (h.version != BTF_VERSION)
		return err_new(ERR_UNSUPPORTED, "BTF of version %u", h.version);
	if (h.hdr_len < sizeof(h) || h.hdr_len > btf->size)
		return dbg_btf_bad("wrong length of the header");
	return dbg_btf_sections(btf, &h);
}

static uint32_t dbg_btf_count(struct ctypes *t)
{
	struct dbg_btf *btf = dbg_btf_of(t);

	while (!btf->end_is_final)
		dbg_btf_advance(btf);
	return btf->end;
}

static struct err *dbg_btf_init(struct dbg_btf *btf)
{
	struct err *e = dbg_btf_header(btf);

	if (e)
		return e;
	btf->first = 1;
	if (btf->base) {
		btf->first = dbg_btf_count(&btf->base->head);
		btf->strs_first = btf->base->strs_first + btf->base->strs_len;
	}
	btf->end = btf->first;
	btf->key.types_len = btf->types_len;
	btf->key.strs_len = btf->strs_len;
	return NULL;
}

/* ---- types ---- */

static void dbg_btf_int(const struct dbg_btf_record *r, struct ctype *t)
{
	uint32_t v = dbg_btf_u32(r->tail);

	t->bits = BTF_INT_BITS(v);
	t->bit_offset = BTF_INT_OFFSET(v);
	t->is_signed = BTF_INT_ENCODING(v) & BTF_INT_SIGNED;
	t->is_bool = BTF_INT_ENCODING(v) & BTF_INT_BOOL;
	t->is_char = BTF_INT_ENCODING(v) & BTF_INT_CHAR;
	if (r->size > 16 || t->bits + t->bit_offset > r->size * 8)
		t->kind = CTYPE_BAD;
}

static void dbg_btf_proto(const struct dbg_btf_record *r, struct ctype *t)
{
	const char *last;

	t->ref = r->size;
	t->n = r->vlen;
	if (!r->vlen)
		return;
	/* Dots are a last parameter without name and type. */
	last = r->tail + 8 * (r->vlen - 1);
	t->is_variadic = !dbg_btf_u32(last) && !dbg_btf_u32(last + 4);
	t->n -= t->is_variadic;
}

/* What is particular to a kind. */
static void dbg_btf_fill(const struct dbg_btf_record *r, struct ctype *t)
{
	switch (t->kind) {
	case CTYPE_INT:
		t->size = r->size;
		dbg_btf_int(r, t);
		break;
	case CTYPE_ARRAY:
		t->ref = dbg_btf_u32(r->tail);
		t->n = dbg_btf_u32(r->tail + 8);
		break;
	case CTYPE_ENUM:
	case CTYPE_ENUM64:
		t->is_signed = r->flag;
		t->size = r->size;
		t->n = r->vlen;
		if (!r->size || r->size > 8)
			t->kind = CTYPE_BAD;
		break;
	case CTYPE_STRUCT:
	case CTYPE_UNION:
	case CTYPE_DATASEC:
		t->size = r->size;
		t->n = r->vlen;
		break;
	case CTYPE_FLOAT:
		t->size = r->size;
		break;
	case CTYPE_FWD:
		t->is_union = r->flag;
		break;
	case CTYPE_FUNC_PROTO:
		dbg_btf_proto(r, t);
		break;
	case CTYPE_PTR:
		t->size = 8;
		t->ref = r->size;
		break;
	case CTYPE_TYPEDEF:
	case CTYPE_VOLATILE:
	case CTYPE_CONST:
	case CTYPE_RESTRICT:
	case CTYPE_FUNC:
	case CTYPE_VAR:
	case CTYPE_DECL_TAG:
	case CTYPE_TYPE_TAG:
		t->ref = r->size;
		break;
	case CTYPE_VOID:
	case CTYPE_BAD:
		break;
	}
}

static struct ctype dbg_btf_type(struct ctypes *types, uint32_t id)
{
	struct dbg_btf *btf = dbg_btf_of(types);
	struct ctype t = { .kind = CTYPE_BAD, .name = { "", 0 } };
	struct dbg_btf_record r;

	if (!id)
		t.kind = CTYPE_VOID;
	else if (dbg_btf_record(btf, id, &r)) {
		t.kind = r.kind;
		t.name = dbg_btf_str(btf, r.name);
		dbg_btf_fill(&r, &t);
	}
	return t;
}

/* ---- parts of types ---- */

/* Before kind_flag there was, a bitfield was an INT of odd width. */
static void dbg_btf_old_bitfield(struct dbg_btf *btf, struct ctype_member *m)
{
	struct ctype t = ctypes_stripped(&btf->head, m->type);

	if (t.kind != CTYPE_INT ||
	    (t.bits == t.size * 8 && !(m->bit_offset % 8)))
		return;
	m->bits = t.bits;
	m->bit_offset += t.bit_offset;
}

static bool dbg_btf_member(struct ctypes *types, uint32_t id, uint32_t i,
			   struct ctype_member *ret)
{
	struct dbg_btf *btf = dbg_btf_of(types);
	struct dbg_btf_record r;
	struct ctype_member m = {};
	const char *p;

	if (!dbg_btf_record(btf, id, &r) || i >= r.vlen ||
	    (r.kind != CTYPE_STRUCT && r.kind != CTYPE_UNION))
		return false;
	p = r.tail + 12 * i;
	m.name = dbg_btf_str(btf, dbg_btf_u32(p));
	m.type = dbg_btf_u32(p + 4);
	m.bit_offset = dbg_btf_u32(p + 8);
	if (r.flag) {
		m.bits = BTF_MEMBER_BITFIELD_SIZE(m.bit_offset);
		m.bit_offset = BTF_MEMBER_BIT_OFFSET(m.bit_offset);
	} else {
		dbg_btf_old_bitfield(btf, &m);
	}
	if (m.bits > 64 || ((uint64_t)m.bit_offset + m.bits + 7) / 8 > r.size)
		return false;
	*ret = m;
	return true;
}

static bool dbg_btf_param(struct ctypes *types, uint32_t id, uint32_t i,
			  struct ctype_param *ret)
{
	struct dbg_btf *btf = dbg_btf_of(types);
	struct dbg_btf_record r;

	if (!dbg_btf_record(btf, id, &r) || i >= r.vlen ||
	    r.kind != CTYPE_FUNC_PROTO)
		return false;
	ret->name = dbg_btf_str(btf, dbg_btf_u32(r.tail + 8 * i));
	ret->type = dbg_btf_u32(r.tail + 8 * i + 4);
	return true;
}

static bool dbg_btf_enumerator(struct ctypes *types, uint32_t id, uint32_t i,
			       struct ctype_enumerator *ret)
{
	struct dbg_btf *btf = dbg_btf_of(types);
	struct dbg_btf_record r;
	const char *p;
	uint32_t low;

	if (!dbg_btf_record(btf, id, &r) || i >= r.vlen ||
	    (r.kind != CTYPE_ENUM && r.kind != CTYPE_ENUM64))
		return false;
	p = r.tail + (r.kind == CTYPE_ENUM ? 8 : 12) * i;
	ret->name = dbg_btf_str(btf, dbg_btf_u32(p));
	low = dbg_btf_u32(p + 4);
	if (r.kind == CTYPE_ENUM64)
		ret->value =
			(int64_t)((uint64_t)dbg_btf_u32(p + 8) << 32 | low);
	else
		ret->value = r.flag ? (int64_t)(int32_t)low : (int64_t)low;
	return true;
}

/* ---- searching by name ---- */

/* Of a file without an index, which has no base.  Offset of a string; 0 = not
 * there. */
static uint32_t dbg_btf_string(const struct dbg_btf *btf, struct str s)
{
	_cleanup_(buf_deinit) struct buf needle = {};
	struct str strs = { btf->strs, btf->strs_len };
	int64_t at;

	buf_char(&needle, '\0');
	buf_str(&needle, s);
	buf_char(&needle, '\0');
	at = str_find(strs, buf_view(&needle));
	return at < 0 ? 0 : (uint32_t)at + 1;
}

/* Among the records that were walked over. */
static uint32_t dbg_btf_find_behind(struct dbg_btf *btf, enum ctype_kind kind,
				    uint32_t name)
{
	uint8_t tag = dbg_btf_tag(kind, name);
	const uint8_t *p = btf->tags, *end;
	struct dbg_btf_record r;

	if (!p)
		return 0;
	end = p + (btf->end - btf->first);
	while ((p = memchr(p, tag, (size_t)(end - p)))) {
		uint32_t id = btf->first + (uint32_t)(p - btf->tags);

		if (dbg_btf_record(btf, id, &r) && r.kind == kind &&
		    r.name == name)
			return id;
		p++;
	}
	return 0;
}

/* Beyond, moving the frontier. */
static uint32_t dbg_btf_find_ahead(struct dbg_btf *btf, enum ctype_kind kind,
				   uint32_t name)
{
	const char *p = btf->types + btf->end_off;

	while (dbg_btf_advance(btf)) {
		if (dbg_btf_u32(p) == name &&
		    BTF_INFO_KIND(dbg_btf_u32(p + 4)) == kind)
			return btf->end - 1;
		p = btf->types + btf->end_off;
	}
	return 0;
}

static uint32_t dbg_btf_find_name(struct dbg_btf *btf, enum ctype_kind kind,
				  uint32_t name)
{
	uint32_t id = dbg_btf_find_behind(btf, kind, name);

	if (!id && !btf->end_is_final)
		id = dbg_btf_find_ahead(btf, kind, name);
	return id;
}

/* ---- with an index ---- */

/* Takes it over. */
static void dbg_btf_use(struct dbg_btf *btf, struct btfindex *index)
{
	free(btf->marks);
	free(btf->tags);
	btf->index = index;
	btf->marks = (uint32_t *)(uintptr_t)btfindex_marks(index);
	btf->tags = NULL;
	btf->end = btf->first + btfindex_count(index);
	btf->end_is_final = true;
	btf->at = btf->at_off = 0;
}

static void dbg_btf_add_enum(struct dbg_btf *btf, struct btfindex *index,
			     uint32_t id)
{
	struct ctype_enumerator e;

	for (uint32_t i = 0; dbg_btf_enumerator(&btf->head, id, i, &e); i++)
		btfindex_add(index, btfindex_hash(CTYPE_VOID, e.name), id);
}

static void dbg_btf_make_index(struct dbg_btf *btf)
{
	struct btfindex *index = btfindex_create();
	struct dbg_btf_record r;
	uint32_t id;

	for (id = btf->first; dbg_btf_record(btf, id, &r); id++) {
		struct str name = dbg_btf_str(btf, r.name);

		if (name.len)
			btfindex_add(index, btfindex_hash(r.kind, name), id);
		if (r.kind == CTYPE_ENUM || r.kind == CTYPE_ENUM64)
			dbg_btf_add_enum(btf, index, id);
	}
	btfindex_finish(index, &btf->key, btf->marks, id - btf->first);
	dbg_btf_use(btf, index);
	if (btf->path.len)
		btfindex_save(index, btf->path);
}

/* An index takes as long as DBG_BTF_SEARCHES, and is for other runs too. */
static bool dbg_btf_has_index(struct dbg_btf *btf)
{
	if (!btf->index &&
	    (btf->base || btf->path.len || ++btf->searches > DBG_BTF_SEARCHES))
		dbg_btf_make_index(btf);
	return btf->index;
}

static uint32_t dbg_btf_find_indexed(struct dbg_btf *btf, enum ctype_kind kind,
				     struct str name)
{
	uint32_t hash = btfindex_hash(kind, name), at = 0, id;
	struct dbg_btf_record r;

	while ((id = btfindex_next(btf->index, hash, &at)))
		if (dbg_btf_record(btf, id, &r) && r.kind == kind &&
		    str_eq(dbg_btf_str(btf, r.name), name))
			break;
	return id;
}

static uint32_t dbg_btf_find_kind(struct dbg_btf *btf, enum ctype_kind kind,
				  struct str name)
{
	uint32_t id = 0, off;

	if (btf->base)
		id = dbg_btf_find_kind(btf->base, kind, name);
	if (id || !name.len || str_find_char(name, '\0') >= 0)
		return id;
	if (dbg_btf_has_index(btf))
		return dbg_btf_find_indexed(btf, kind, name);
	off = dbg_btf_string(btf, name);
	return off ? dbg_btf_find_name(btf, kind, off) : 0;
}

static uint32_t dbg_btf_find(struct ctypes *types, enum ctype_kind kind,
			     struct str name)
{
	struct dbg_btf *btf = dbg_btf_of(types);
	uint32_t id = dbg_btf_find_kind(btf, kind, name);

	if (!id && kind == CTYPE_ENUM)
		id = dbg_btf_find_kind(btf, CTYPE_ENUM64, name);
	return id;
}

static uint32_t dbg_btf_next(struct ctypes *types, uint32_t id,
			     enum ctype_kind kind, struct str prefix)
{
	struct dbg_btf *btf = dbg_btf_of(types);
	struct dbg_btf_record r;

	while (dbg_btf_record(btf, ++id, &r)) {
		if (r.kind == kind &&
		    str_starts(dbg_btf_str(btf, r.name), prefix))
			return id;
	}
	return 0;
}

/* The place of a name in an enum, -1 = not in this one. */
static int64_t dbg_btf_enum_index(const struct dbg_btf_record *r, uint32_t name)
{
	uint32_t len = r->kind == CTYPE_ENUM ? 8 : 12;

	for (uint32_t i = 0; i < r->vlen; i++) {
		if (dbg_btf_u32(r->tail + len * i) == name)
			return i;
	}
	return -1;
}

/* The enumerator of a type that has this name. */
static bool dbg_btf_enumerator_of(struct dbg_btf *btf, uint32_t id,
				  struct str name, struct ctype_enumerator *ret)
{
	for (uint32_t i = 0; dbg_btf_enumerator(&btf->head, id, i, ret); i++)
		if (str_eq(ret->name, name))
			return true;
	return false;
}

/* The type that has such an enumerator; 0 = none. */
static uint32_t dbg_btf_enum_of(struct dbg_btf *btf, struct str name,
				struct ctype_enumerator *ret)
{
	uint32_t hash = btfindex_hash(CTYPE_VOID, name), at = 0, id, off;
	struct dbg_btf_record r;

	if (dbg_btf_has_index(btf)) {
		while ((id = btfindex_next(btf->index, hash, &at)))
			if (dbg_btf_enumerator_of(btf, id, name, ret))
				break;
		return id;
	}
	off = dbg_btf_string(btf, name);
	for (id = 1; off && dbg_btf_record(btf, id, &r); id++)
		if ((r.kind == CTYPE_ENUM || r.kind == CTYPE_ENUM64) &&
		    dbg_btf_enum_index(&r, off) >= 0 &&
		    dbg_btf_enumerator_of(btf, id, name, ret))
			return id;
	return 0;
}

static bool dbg_btf_find_enumerator(struct ctypes *types, struct str name,
				    uint32_t *ret_type, int64_t *ret_value)
{
	struct dbg_btf *btf = dbg_btf_of(types);
	struct ctype_enumerator found;
	uint32_t id;

	if (btf->base && dbg_btf_find_enumerator(&btf->base->head, name,
						 ret_type, ret_value))
		return true;
	if (!name.len || str_find_char(name, '\0') >= 0)
		return false;
	id = dbg_btf_enum_of(btf, name, &found);
	if (id) {
		*ret_type = id;
		*ret_value = found.value;
	}
	return id;
}

static const struct ctypes_ops dbg_btf_ops = {
	.type = dbg_btf_type,
	.brief = dbg_btf_type,
	.member = dbg_btf_member,
	.param = dbg_btf_param,
	.enumerator = dbg_btf_enumerator,
	.find = dbg_btf_find,
	.next = dbg_btf_next,
	.find_enumerator = dbg_btf_find_enumerator,
	.count = dbg_btf_count,
	.close = dbg_btf_close,
};

/* ---- opening: the files ---- */

/* Takes over data also when it fails. */
static struct err *dbg_btf_create(struct dbg_btf has, struct ctypes **ret)
{
	struct dbg_btf *btf = malloc(sizeof(*btf));
	struct err *e;

	if (!btf)
		abort();
	*btf = has;
	btf->head.ops = &dbg_btf_ops;
	btf->head.is_kernel = true;
	arena_init(&btf->arena);
	e = dbg_btf_init(btf);
	if (e) {
		dbg_btf_close(&btf->head);
		return e;
	}
	*ret = &btf->head;
	return NULL;
}

struct err *dbg_btf_from(const void *data, size_t size, struct ctypes *base,
			 struct ctypes **ret)
{
	return dbg_btf_create(
		(struct dbg_btf){
			.base = base ? dbg_btf_of(base) : NULL,
			.data = (void *)(uintptr_t)data,
			.size = size,
		},
		ret);
}

/* Since Linux 6.16 the kernel's BTF can be mapped: nothing is copied.  Files
 * that are not the kernel's, nor ours, are read: someone could truncate them
 * under a mapping. */
static void *dbg_btf_map(const struct world *w, const char *path,
			 size_t *ret_size)
{
	_cleanup_close_ int fd = -1;
	struct err *e;
	struct stat st;
	void *p;

	if (!world_is_live(w))
		return NULL;
	e = world_open_fd(w, path, &fd);
	if (err_drop(e) || fstat(fd, &st) || st.st_size <= 0)
		return NULL;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return NULL;
	*ret_size = (size_t)st.st_size;
	return p;
}

static struct err *dbg_btf_read(const struct world *w, const char *path,
				struct dbg_btf *btf)
{
	struct buf bytes = {};
	struct err *e = world_read(w, path, DBG_BTF_BYTES_MAX, &bytes);

	if (e) {
		buf_deinit(&bytes);
		return e;
	}
	if (!btf->base)
		btfcopy_save(w, &bytes);
	btf->data = bytes.data;
	btf->size = bytes.len;
	btf->is_owned = true;
	return NULL;
}

static struct err *dbg_btf_file(const struct world *w, const char *path,
				struct ctypes *base, struct ctypes **ret)
{
	struct dbg_btf btf = { .base = base ? dbg_btf_of(base) : NULL };
	struct err *e = NULL;

	btf.data = dbg_btf_map(w, path, &btf.size);
	if (!btf.data && !base)
		btf.data = btfcopy_map(w, &btf.size);
	btf.is_mapped = btf.data;
	if (!btf.data)
		e = dbg_btf_read(w, path, &btf);
	if (e)
		return e;
	e = dbg_btf_create(btf, ret);
	return e ? err_context(e, "%s", path) : NULL;
}

/* What a module's file says. */
static struct err *dbg_btf_module_file(const struct world *w,
				       const char *module, struct ctypes *base,
				       struct ctypes **ret)
{
	struct dbg_btf btf = { .base = dbg_btf_of(base), .is_owned = true };
	struct objfile_data types;
	struct buf bytes = {};
	struct objfile *o;
	struct arena a;
	struct str path;
	struct err *e;

	arena_init(&a);
	e = kernel_file_module(w, &a, str_from(module), &path);
	if (!e)
		e = kernel_file_btf(path, &o, &types);
	arena_deinit(&a);
	if (e)
		return e;
	buf_add(&bytes, types.p, types.size);
	objfile_close(o);
	btf.data = bytes.data;
	btf.size = bytes.len;
	return dbg_btf_create(btf, ret);
}

/* Later runs find it there; btf->key says what it is of. */
static void dbg_btf_keep_as(struct dbg_btf *btf, struct str name)
{
	struct str dir = cachefile_dir(&btf->arena), path;
	struct btfindex *index;

	if (!dir.len)
		return;
	path = arena_printf(&btf->arena, "%" STR_FMT "/%" STR_FMT,
			    STR_ARG(dir), STR_ARG(name));
	index = btfindex_load(path, &btf->key);
	if (index)
		dbg_btf_use(btf, index);
	else if (cachefile_can_save(path))
		btf->path = path;
}

/* The index is kept until the next boot. */
static void dbg_btf_keep_index(struct dbg_btf *btf, const struct world *w)
{
	struct str boot = world_boot_id(w);

	if (!world_is_live(w) || !boot.len ||
	    boot.len >= sizeof(btf->key.boot_id))
		return;
	memcpy(btf->key.boot_id, boot.s, boot.len);
	dbg_btf_keep_as(btf, STR("btf.index"));
}

/* Of a kernel that does not run: by its build-id, which who has none does
 * without. */
static void dbg_btf_keep_installed(struct dbg_btf *btf, struct objfile *image)
{
	struct str id = objfile_build_id(image), name;

	if (!id.len)
		return;
	name = arena_printf(&btf->arena, "btf-%" STR_FMT ".index",
			    STR_ARG(id));
	memcpy(btf->key.boot_id, id.s,
	       MIN(id.len, (uint32_t)sizeof(btf->key.boot_id)));
	dbg_btf_keep_as(btf, name);
}

/* Types from the file of a kernel that does not run, where they are in it. */
static struct err *dbg_btf_installed(const struct world *w, struct ctypes **ret)
{
	struct objfile **image = world_image(w);
	struct objfile_data types = {};
	struct err *e = NULL;
	struct arena a;
	struct str path;

	arena_init(&a);
	if (*image)
		types = objfile_data(*image, ".BTF");
	else
		e = kernel_file_find(w, &a, &path);
	if (!e && !*image)
		e = kernel_file_btf(path, image, &types);
	arena_deinit(&a);
	if (!e)
		e = dbg_btf_from(types.p, types.size, NULL, ret);
	if (!e)
		dbg_btf_keep_installed(dbg_btf_of(*ret), *image);
	return e;
}

struct err *dbg_btf_open(const struct world *w, struct ctypes **ret)
{
	struct err *e;

	if (world_is_kernel(w))
		return dbg_btf_installed(w, ret);
	e = dbg_btf_file(w, "/sys/kernel/btf/vmlinux", NULL, ret);
	if (!e)
		dbg_btf_keep_index(dbg_btf_of(*ret), w);
	if (!err_catch(&e, ERR_NOT_FOUND))
		return e;
	e = err_new(ERR_UNSUPPORTED,
		    "this kernel has no BTF: it does not describe its types");
	return err_hint(e, "a kernel built with CONFIG_DEBUG_INFO_BTF=y has "
			   "/sys/kernel/btf/vmlinux");
}

struct err *dbg_btf_open_module(const struct world *w, struct ctypes *base,
				const char *module, struct ctypes **ret)
{
	struct arena a;
	struct err *e;

	if (!*module || strchr(module, '/') || *module == '.')
		return err_new(ERR_NOT_FOUND, "no module '%s'", module);
	if (world_is_kernel(w))
		return dbg_btf_module_file(w, module, base, ret);
	arena_init(&a);
	e = dbg_btf_file(w, arena_printf(&a, "/sys/kernel/btf/%s", module).s,
			 base, ret);
	arena_deinit(&a);
	/* One that is not loaded yet. */
	if (err_catch(&e, ERR_NOT_FOUND))
		e = dbg_btf_module_file(w, module, base, ret);
	return e;
}
