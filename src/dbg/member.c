/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/member.h"

#include "base/vec.h"

#define MEMBER_ELEMENTS_MAX (1u << 24)

uint32_t member_type(struct ctypes *btf, struct str name)
{
	static const struct {
		struct str prefix;
		enum ctype_kind kind;
	} tagged[] = {
		{ STR_INIT("struct "), CTYPE_STRUCT },
		{ STR_INIT("class "), CTYPE_STRUCT },
		{ STR_INIT("union "), CTYPE_UNION },
		{ STR_INIT("enum "), CTYPE_ENUM },
	};
	static const enum ctype_kind plain[] = {
		CTYPE_STRUCT, CTYPE_UNION, CTYPE_TYPEDEF,
		CTYPE_INT,	CTYPE_ENUM,
	};
	uint32_t id = 0;

	while (name.len &&
	       (name.s[name.len - 1] == '*' || name.s[name.len - 1] == ' '))
		name.len--;
	for (uint32_t i = 0; i < ARRAY_SIZE(tagged); i++)
		if (str_starts(name, tagged[i].prefix))
			return ctypes_find(btf, tagged[i].kind,
					    str_sub(name, tagged[i].prefix.len,
						    name.len));
	for (uint32_t i = 0; i < ARRAY_SIZE(plain) && !id; i++)
		id = ctypes_find(btf, plain[i], name);
	return id;
}

/* The next part of a path: up to '.' or '[', or "[N]" as a whole. */
static struct str member_part(struct str *path)
{
	uint32_t n = 0;
	struct str part;

	if (path->s[0] == '[')
		while (n < path->len && path->s[n++] != ']')
			;
	else
		while (n < path->len && path->s[n] != '.' && path->s[n] != '[')
			n++;
	part = str_sub(*path, 0, n);
	*path = str_sub(*path, n, path->len);
	if (path->len && path->s[0] == '.')
		*path = str_sub(*path, 1, path->len);
	return part;
}

static bool member_element(struct ctypes *btf, struct str part,
			   struct member *at)
{
	struct ctype t = ctypes_stripped(btf, at->type);
	uint64_t size;
	int64_t i;

	if (part.len < 3 || part.s[part.len - 1] != ']' ||
	    !str_to_s64(str_sub(part, 1, part.len - 1), &i) || i < 0 ||
	    i > MEMBER_ELEMENTS_MAX || t.kind != CTYPE_ARRAY ||
	    !ctypes_size(btf, t.ref, &size))
		return false;
	at->type = t.ref;
	at->bit_offset += 8 * size * (uint64_t)i;
	return true;
}

static bool member_step(struct ctypes *btf, struct str part, struct member *at)
{
	struct ctype_member m;

	if (!part.len || at->bits)
		return false;
	if (part.s[0] == '[')
		return member_element(btf, part, at);
	if (!ctypes_find_member(btf, at->type, part, &m))
		return false;
	at->type = m.type;
	at->bit_offset += m.bit_offset;
	at->bits = m.bits;
	return true;
}

bool member_find(struct ctypes *btf, struct str type, struct str path,
		 struct member *ret)
{
	struct member at = { .type = member_type(btf, type) };

	if (!at.type)
		return false;
	while (path.len)
		if (!member_step(btf, member_part(&path), &at))
			return false;
	at.is_signed = ctypes_stripped(btf, at.type).is_signed;
	if (!ctypes_size(btf, at.type, &at.size))
		at.size = 0;
	*ret = at;
	return true;
}
