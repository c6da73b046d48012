/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/ctypes_die.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bits.h"
#include "base/vec.h"
#include "dbg/dietype.h"

#define CTYPES_DIE_MAX (1u << 22)
#define CTYPES_DIE_PARTS_MAX (1u << 16)

/* What an id stands for.  An array of several dimensions is one entry, but an
 * array of arrays here: dim is which of them. */
struct ctypes_die_type {
	struct dbg_die die;
	uint32_t dim;
	/* Where the last question about parts ended. */
	struct dietype_parts parts;
	uint32_t next;
	bool has_parts;
};

struct ctypes_die {
	struct ctypes base;
	struct debuginfo *d;
	struct arena arena;
	VEC(struct ctypes_die_type) types;	/* id - 1 */
	uint32_t *slots;			/* hash: id, 0 = free */
	uint32_t nslots;
};

static struct ctypes_die *ctypes_die_from(struct ctypes *t)
{
	return (struct ctypes_die *)t;
}

/* ---- ids ---- */

static uint32_t ctypes_die_hash(struct dbg_die die, uint32_t dim)
{
	uint64_t h = (uint64_t)(uintptr_t)die.unit ^
		     die.off * UINT64_C(0x9e3779b97f4a7c15) ^ dim;

	h ^= h >> 29;
	h *= UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(h >> 32);
}

static void ctypes_die_put(struct ctypes_die *c, uint32_t id)
{
	const struct ctypes_die_type *t = &c->types.v[id - 1];
	uint32_t h = ctypes_die_hash(t->die, t->dim) & (c->nslots - 1);

	while (c->slots[h])
		h = (h + 1) & (c->nslots - 1);
	c->slots[h] = id;
}

static void ctypes_die_grow(struct ctypes_die *c)
{
	if (c->types.n * 2 < c->nslots)
		return;
	c->nslots = c->nslots ? c->nslots * 2 : 256;
	free(c->slots);
	c->slots = calloc(c->nslots, sizeof(*c->slots));
	if (!c->slots)
		abort();
	for (uint32_t id = 1; id <= c->types.n; id++)
		ctypes_die_put(c, id);
}

static uint32_t ctypes_die_get(struct ctypes_die *c, struct dbg_die die,
			       uint32_t dim)
{
	uint32_t h;

	if (!die.unit)
		return 0;
	ctypes_die_grow(c);
	h = ctypes_die_hash(die, dim) & (c->nslots - 1);
	for (; c->slots[h]; h = (h + 1) & (c->nslots - 1)) {
		const struct ctypes_die_type *t =
			&c->types.v[c->slots[h] - 1];

		if (dbg_die_eq(t->die, die) && t->dim == dim)
			return c->slots[h];
	}
	if (c->types.n >= CTYPES_DIE_MAX)
		return CTYPE_NONE;
	vec_push(&c->arena, &c->types,
		 (struct ctypes_die_type){ .die = die, .dim = dim });
	ctypes_die_put(c, c->types.n);
	return c->types.n;
}

uint32_t ctypes_die_id(struct ctypes *t, struct dbg_die die)
{
	return ctypes_die_get(ctypes_die_from(t), die, 0);
}

static struct ctypes_die_type *ctypes_die_type(struct ctypes *t, uint32_t id)
{
	struct ctypes_die *c = ctypes_die_from(t);

	return id && id <= c->types.n ? &c->types.v[id - 1] : NULL;
}

struct dbg_die ctypes_die_of(struct ctypes *t, uint32_t id)
{
	struct ctypes_die_type *e = ctypes_die_type(t, id);

	return e ? e->die : (struct dbg_die){};
}

/* ---- one type ---- */

static enum ctype_kind ctypes_die_kind(const struct dbg_type *t)
{
	switch (t->kind) {
	case DBG_TYPE_BAD:
	case DBG_TYPE_MEMBER_POINTER:
		return CTYPE_BAD;
	case DBG_TYPE_VOID:
		return CTYPE_VOID;
	case DBG_TYPE_BASE:
		return t->encoding == DBG_ENC_FLOAT	? CTYPE_FLOAT :
		       t->encoding == DBG_ENC_COMPLEX ? CTYPE_BAD :
							CTYPE_INT;
	case DBG_TYPE_POINTER:
	case DBG_TYPE_REFERENCE:
		return CTYPE_PTR;
	case DBG_TYPE_STRUCT:
		return t->is_declaration ? CTYPE_FWD : CTYPE_STRUCT;
	case DBG_TYPE_UNION:
		return t->is_declaration ? CTYPE_FWD : CTYPE_UNION;
	case DBG_TYPE_ENUM:
		return t->size == 8 ? CTYPE_ENUM64 : CTYPE_ENUM;
	case DBG_TYPE_ARRAY:
		return CTYPE_ARRAY;
	case DBG_TYPE_FUNCTION:
		return CTYPE_FUNC_PROTO;
	case DBG_TYPE_TYPEDEF:
		return CTYPE_TYPEDEF;
	case DBG_TYPE_CONST:
		return CTYPE_CONST;
	case DBG_TYPE_VOLATILE:
	case DBG_TYPE_ATOMIC:
		return CTYPE_VOLATILE;
	case DBG_TYPE_RESTRICT:
		return CTYPE_RESTRICT;
	}
	return CTYPE_BAD;
}

/* The dimension that an array's id is of; the element's type. */
static void ctypes_die_array(struct ctypes_die *c, struct dbg_die die,
			     uint32_t at, struct dbg_die element,
			     struct ctype *ret)
{
	struct dietype_parts p = dietype_parts(die);
	struct dbg_dimension dim;
	uint32_t n = 0;

	while (n < 64 && dietype_dimension(&p, &dim)) {
		if (n == at && dim.has_count)
			ret->n = (uint32_t)MIN(dim.count,
					       UINT64_C(0xffffffff));
		n++;
	}
	ret->ref = at + 1 < n ? ctypes_die_get(c, die, at + 1) :
				ctypes_die_get(c, element, 0);
}

static bool ctypes_die_has_part(struct dietype_parts *p, enum ctype_kind kind)
{
	struct dbg_member m;
	struct dbg_param param;
	struct dbg_enumerator e;

	if (kind == CTYPE_FUNC_PROTO)
		return dietype_param(p, &param);
	if (kind == CTYPE_ENUM || kind == CTYPE_ENUM64)
		return dietype_enumerator(p, &e);
	while (dietype_member(p, &m))
		if (!m.is_static && !m.is_virtual)
			return true;
	return false;
}

static uint32_t ctypes_die_count_parts(struct dbg_die die,
				       enum ctype_kind kind)
{
	struct dietype_parts p = dietype_parts(die);
	uint32_t n = 0;

	if (kind != CTYPE_STRUCT && kind != CTYPE_UNION &&
	    kind != CTYPE_FUNC_PROTO && kind != CTYPE_ENUM &&
	    kind != CTYPE_ENUM64)
		return 0;
	while (n < CTYPES_DIE_PARTS_MAX && ctypes_die_has_part(&p, kind))
		n++;
	return n;
}

static struct ctype ctypes_die_brief(struct ctypes *t, uint32_t id)
{
	struct ctypes_die *c = ctypes_die_from(t);
	struct ctypes_die_type *e = ctypes_die_type(t, id);
	struct ctype ret = { .kind = id ? CTYPE_BAD : CTYPE_VOID };
	struct dbg_type type;
	struct dbg_die die;
	uint32_t dim;

	if (!e)
		return ret;
	/* What is only declared here is taken from where it is defined. */
	die = e->die = dietype_definition(c->d, e->die);
	dim = e->dim;
	type = dietype(die);
	ret.kind = ctypes_die_kind(&type);
	ret.name = type.name;
	ret.size = (uint32_t)MIN(type.size, UINT64_C(0xffffffff));
	ret.is_union = type.kind == DBG_TYPE_UNION;
	ret.is_variadic = type.is_variadic;
	ret.is_signed = type.encoding == DBG_ENC_SIGNED ||
			type.encoding == DBG_ENC_SIGNED_CHAR;
	ret.is_bool = type.encoding == DBG_ENC_BOOL;
	if (ret.kind == CTYPE_INT)
		ret.bits = (uint8_t)MIN(ret.size * 8, 255u);
	if (ret.kind == CTYPE_ARRAY) {
		ret.size = 0;
		ctypes_die_array(c, die, dim, type.ref, &ret);
		return ret;
	}
	if (ret.kind != CTYPE_ENUM && ret.kind != CTYPE_ENUM64)
		ret.ref = ctypes_die_get(c, type.ref, 0);
	return ret;
}

static struct ctype ctypes_die_read(struct ctypes *t, uint32_t id)
{
	struct ctype ret = ctypes_die_brief(t, id);

	if (ret.kind != CTYPE_ARRAY)
		ret.n = ctypes_die_count_parts(ctypes_die_of(t, id), ret.kind);
	return ret;
}

/* ---- parts ---- */

/* The parts from the i-th on, without going over those before it when they
 * are asked for one after the other. */
static struct ctypes_die_type *ctypes_die_seek(struct ctypes *t, uint32_t id,
					       uint32_t i,
					       enum ctype_kind kind)
{
	struct ctypes_die *c = ctypes_die_from(t);
	struct ctypes_die_type *e = ctypes_die_type(t, id);

	if (!e || i >= CTYPES_DIE_PARTS_MAX)
		return NULL;
	if (!e->has_parts || i < e->next) {
		e->die = dietype_definition(c->d, e->die);
		e->parts = dietype_parts(e->die);
		e->next = 0;
		e->has_parts = true;
	}
	for (; e->next < i; e->next++)
		if (!ctypes_die_has_part(&e->parts, kind))
			return NULL;
	e->next++;
	return e;
}

static bool ctypes_die_is_record(struct ctypes *t, uint32_t id)
{
	enum dbg_type_kind kind = dietype(ctypes_die_of(t, id)).kind;

	return kind == DBG_TYPE_STRUCT || kind == DBG_TYPE_UNION;
}

static bool ctypes_die_member(struct ctypes *t, uint32_t id, uint32_t i,
			      struct ctype_member *ret)
{
	struct ctypes_die_type *e;
	struct dbg_member m;

	if (!ctypes_die_is_record(t, id))
		return false;
	e = ctypes_die_seek(t, id, i, CTYPE_STRUCT);
	do {
		if (!e || !dietype_member(&e->parts, &m))
			return false;
	} while (m.is_static || m.is_virtual);
	/* Members of a base class are found as those of an anonymous struct
	 * are; where a virtual one is, only the object tells. */
	*ret = (struct ctype_member){
		.name = m.is_base ? (struct str){} : m.name,
		.bit_offset = (uint32_t)MIN(m.bit_offset,
					    UINT64_C(0xffffffff)),
		.bits = m.bits,
		.when = m.is_selector ? CTYPE_SELECTOR :
			m.is_rest     ? CTYPE_REST :
			m.is_variant  ? CTYPE_VARIANT :
					CTYPE_ALWAYS,
		.value = m.value,
	};
	ret->type = ctypes_die_id(t, m.type);
	return true;
}

static bool ctypes_die_param(struct ctypes *t, uint32_t id, uint32_t i,
			     struct ctype_param *ret)
{
	struct ctypes_die_type *e = ctypes_die_seek(t, id, i,
						    CTYPE_FUNC_PROTO);
	struct dbg_param p;

	if (!e || dietype(e->die).kind != DBG_TYPE_FUNCTION ||
	    !dietype_param(&e->parts, &p))
		return false;
	*ret = (struct ctype_param){ p.name, ctypes_die_id(t, p.type) };
	return true;
}

static bool ctypes_die_enumerator(struct ctypes *t, uint32_t id, uint32_t i,
				  struct ctype_enumerator *ret)
{
	struct ctypes_die_type *e = ctypes_die_seek(t, id, i, CTYPE_ENUM);
	struct dbg_enumerator en;

	if (!e || dietype(e->die).kind != DBG_TYPE_ENUM ||
	    !dietype_enumerator(&e->parts, &en))
		return false;
	*ret = (struct ctype_enumerator){ en.name, en.value };
	return true;
}

/* ---- searches ---- */

static bool ctypes_die_tag(enum ctype_kind kind, enum dbg_tag *ret)
{
	*ret = kind == CTYPE_STRUCT ? DBG_TAG_STRUCT :
	       kind == CTYPE_UNION  ? DBG_TAG_UNION :
	       kind == CTYPE_ENUM   ? DBG_TAG_ENUM :
				      DBG_TAG_TYPEDEF;
	return kind == CTYPE_STRUCT || kind == CTYPE_UNION ||
	       kind == CTYPE_ENUM || kind == CTYPE_TYPEDEF ||
	       kind == CTYPE_INT || kind == CTYPE_FLOAT;
}

static uint32_t ctypes_die_find(struct ctypes *t, enum ctype_kind kind,
				struct str name)
{
	struct ctypes_die *c = ctypes_die_from(t);
	enum dbg_tag tag;
	struct dbg_die die;
	uint32_t id;

	if (!ctypes_die_tag(kind, &tag) ||
	    !debuginfo_find_type(c->d, tag, name, (struct dbg_die){}, &die))
		return 0;
	id = ctypes_die_id(t, die);
	if (tag == DBG_TAG_TYPEDEF && ctypes_die_read(t, id).kind != kind)
		return 0;
	return id;
}

/* Only functions are asked for one by one, and those are BTF's. */
static uint32_t ctypes_die_next(struct ctypes *t, uint32_t id,
				enum ctype_kind kind, struct str prefix)
{
	(void)t;
	(void)id;
	(void)kind;
	(void)prefix;
	return 0;
}

static bool ctypes_die_find_enumerator(struct ctypes *t, struct str name,
				       uint32_t *ret_type, int64_t *ret_value)
{
	struct dbg_die type;

	if (!debuginfo_enumerator(ctypes_die_from(t)->d, name,
				  (struct dbg_die){}, &type, ret_value))
		return false;
	*ret_type = ctypes_die_id(t, type);
	return true;
}

static uint32_t ctypes_die_count(struct ctypes *t)
{
	return ctypes_die_from(t)->types.n + 1;
}

static void ctypes_die_close(struct ctypes *t)
{
	struct ctypes_die *c = ctypes_die_from(t);

	free(c->slots);
	arena_deinit(&c->arena);
	free(c);
}

struct ctypes *ctypes_die_create(struct debuginfo *d)
{
	static const struct ctypes_ops ops = {
		.type = ctypes_die_read,
		.brief = ctypes_die_brief,
		.member = ctypes_die_member,
		.param = ctypes_die_param,
		.enumerator = ctypes_die_enumerator,
		.find = ctypes_die_find,
		.next = ctypes_die_next,
		.find_enumerator = ctypes_die_find_enumerator,
		.count = ctypes_die_count,
		.close = ctypes_die_close,
	};
	struct ctypes_die *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	arena_init(&c->arena);
	c->base.ops = &ops;
	c->d = d;
	return &c->base;
}
