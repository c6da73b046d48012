/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/ctypes.h"

#define CTYPES_DEPTH 32	    /* of references */
#define CTYPES_VISITS 65536 /* members looked at for one name */

/* ---- what the source says ---- */

void ctypes_close(struct ctypes *t)
{
	if (t)
		t->ops->close(t);
}

uint32_t ctypes_count(struct ctypes *t)
{
	return t->ops->count(t);
}

struct ctype ctypes_type(struct ctypes *t, uint32_t id)
{
	return t->ops->type(t, id);
}

struct ctype ctypes_brief(struct ctypes *t, uint32_t id)
{
	return t->ops->brief(t, id);
}

bool ctypes_member(struct ctypes *t, uint32_t id, uint32_t i,
		   struct ctype_member *ret)
{
	return t->ops->member(t, id, i, ret);
}

bool ctypes_param(struct ctypes *t, uint32_t id, uint32_t i,
		  struct ctype_param *ret)
{
	return t->ops->param(t, id, i, ret);
}

bool ctypes_enumerator(struct ctypes *t, uint32_t id, uint32_t i,
		       struct ctype_enumerator *ret)
{
	return t->ops->enumerator(t, id, i, ret);
}

uint32_t ctypes_find(struct ctypes *t, enum ctype_kind kind, struct str name)
{
	return t->ops->find(t, kind, name);
}

uint32_t ctypes_next(struct ctypes *t, uint32_t id, enum ctype_kind kind,
		     struct str prefix)
{
	return t->ops->next(t, id, kind, prefix);
}

bool ctypes_find_enumerator(struct ctypes *t, struct str name,
			    uint32_t *ret_type, int64_t *ret_value)
{
	return t->ops->find_enumerator(t, name, ret_type, ret_value);
}

/* ---- what follows from it ---- */

static bool ctypes_is_modifier(enum ctype_kind kind)
{
	return kind == CTYPE_TYPEDEF || kind == CTYPE_CONST ||
	       kind == CTYPE_VOLATILE || kind == CTYPE_RESTRICT ||
	       kind == CTYPE_TYPE_TAG;
}

uint32_t ctypes_strip(struct ctypes *t, uint32_t id)
{
	for (uint32_t depth = 0; depth < CTYPES_DEPTH; depth++) {
		struct ctype type = ctypes_brief(t, id);

		if (type.kind == CTYPE_BAD)
			return CTYPE_NONE;
		if (!ctypes_is_modifier(type.kind))
			return id;
		id = type.ref;
	}
	return CTYPE_NONE;
}

struct ctype ctypes_stripped(struct ctypes *t, uint32_t id)
{
	return ctypes_type(t, ctypes_strip(t, id));
}

static bool ctypes_has_size(enum ctype_kind kind)
{
	return kind == CTYPE_INT || kind == CTYPE_PTR || kind == CTYPE_STRUCT ||
	       kind == CTYPE_UNION || kind == CTYPE_ENUM ||
	       kind == CTYPE_ENUM64 || kind == CTYPE_FLOAT;
}

bool ctypes_size(struct ctypes *t, uint32_t id, uint64_t *ret)
{
	uint64_t times = 1;

	for (uint32_t depth = 0; depth < CTYPES_DEPTH; depth++) {
		struct ctype type = ctypes_stripped(t, id);

		if (ctypes_has_size(type.kind)) {
			*ret = times * type.size;
			return true;
		}
		/* No array is larger than 4 GiB: the product stays exact. */
		if (type.kind != CTYPE_ARRAY ||
		    __builtin_mul_overflow(times, type.n, &times) ||
		    times > UINT32_MAX)
			return false;
		id = type.ref;
	}
	return false;
}

/* One name looked for in a struct and in the nameless ones within. */
struct ctypes_member_search {
	struct ctypes *types;
	struct str name;
	uint32_t visits;
	struct ctype_member found;
};

static bool ctypes_search_member(struct ctypes_member_search *s, uint32_t id,
				 uint32_t bit_offset, uint32_t depth)
{
	struct ctype_member m;

	id = ctypes_strip(s->types, id);
	if (depth > CTYPES_DEPTH)
		return false;
	for (uint32_t i = 0;
	     s->visits < CTYPES_VISITS && ctypes_member(s->types, id, i, &m);
	     i++, s->visits++) {
		if (__builtin_add_overflow(m.bit_offset, bit_offset,
					   &m.bit_offset))
			continue;
		if (m.name.len ? str_eq(m.name, s->name) && s->name.len :
				 ctypes_search_member(s, m.type, m.bit_offset,
						      depth + 1)) {
			if (m.name.len)
				s->found = m;
			return true;
		}
	}
	return false;
}

bool ctypes_find_member(struct ctypes *t, uint32_t id, struct str name,
			struct ctype_member *ret)
{
	struct ctypes_member_search s = { .types = t, .name = name };

	if (!ctypes_search_member(&s, id, 0, 0))
		return false;
	*ret = s.found;
	return true;
}
