/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types as C text. */
#include "dbg/ctypes.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/vec.h"

#define CTYPES_NAME_DEPTH 32
#define CTYPES_NAME_TYPES 256

/*
 * A declarator is built from the inside: text is what stands already where
 * the name would be ("*", "(*)[4]"), and each type puts its part around it.
 */
struct ctypes_namer {
	struct ctypes *btf;
	struct arena *arena;
	uint32_t budget; /* types that may still be looked at */
};

static struct str ctypes_name(struct ctypes_namer *nm, uint32_t id,
			      struct str text);

static struct str ctypes_tagged(struct ctypes_namer *nm, const char *tag,
				struct str name, struct str text)
{
	const char *space = text.len && text.s[0] == '(' ? " " : "";

	if (!name.len)
		name = STR("{...}");
	return arena_printf(nm->arena, "%s%" STR_FMT "%s%" STR_FMT, tag,
			    STR_ARG(name), space, STR_ARG(text));
}

/* Needs the text of a pointer to it parentheses? */
static bool ctypes_binds_tighter(struct ctypes *btf, uint32_t id)
{
	struct ctype t;

	for (uint32_t depth = 0; depth < CTYPES_NAME_DEPTH; depth++) {
		t = ctypes_brief(btf, id);
		if (t.kind == CTYPE_ARRAY || t.kind == CTYPE_FUNC_PROTO)
			return true;
		if (t.kind != CTYPE_CONST && t.kind != CTYPE_VOLATILE &&
		    t.kind != CTYPE_RESTRICT && t.kind != CTYPE_TYPE_TAG)
			return false;
		id = t.ref;
	}
	return false;
}

static struct str ctypes_name_ptr(struct ctypes_namer *nm, uint32_t to,
				  struct str text)
{
	bool tight = ctypes_binds_tighter(nm->btf, to);

	text = arena_printf(nm->arena, tight ? "(*%" STR_FMT ")" : "*%" STR_FMT,
			    STR_ARG(text));
	return ctypes_name(nm, to, text);
}

/* "const" goes before a base type and behind a star. */
static struct str ctypes_name_qualified(struct ctypes_namer *nm,
					const char *word, uint32_t of,
					struct str text)
{
	struct ctype t = ctypes_brief(nm->btf, of);

	if (t.kind != CTYPE_PTR)
		return arena_printf(nm->arena, "%s %" STR_FMT, word,
				    STR_ARG(ctypes_name(nm, of, text)));
	return ctypes_name(nm, of,
			   arena_printf(nm->arena, " %s%" STR_FMT, word,
					STR_ARG(text)));
}

static struct str ctypes_name_proto(struct ctypes_namer *nm, uint32_t id,
				    const struct ctype *t, struct str text)
{
	_cleanup_(buf_deinit) struct buf all = {};
	struct ctype_param p;
	uint32_t n = ctypes_type(nm->btf, id).n;

	buf_str(&all, text);
	buf_char(&all, '(');
	for (uint32_t i = 0; i < n && nm->budget; i++) {
		if (!ctypes_param(nm->btf, id, i, &p))
			break;
		if (i)
			buf_str(&all, STR(", "));
		buf_str(&all, ctypes_name(nm, p.type, STR("")));
	}
	if (t->is_variadic)
		buf_str(&all, n ? STR(", ...") : STR("..."));
	else if (!n)
		buf_str(&all, STR("void"));
	buf_char(&all, ')');
	return ctypes_name(nm, t->ref, arena_str(nm->arena, buf_view(&all)));
}

static struct str ctypes_name_array(struct ctypes_namer *nm,
				    const struct ctype *t, struct str text)
{
	text = arena_printf(nm->arena,
			    t->n ? "%" STR_FMT "[%u]" : "%" STR_FMT "[]",
			    STR_ARG(text), t->n);
	return ctypes_name(nm, t->ref, text);
}

static struct str ctypes_name(struct ctypes_namer *nm, uint32_t id,
			      struct str text)
{
	struct ctype t = ctypes_brief(nm->btf, id);

	if (!nm->budget)
		return STR("?");
	nm->budget--;
	switch (t.kind) {
	case CTYPE_VOID:
		return ctypes_tagged(nm, "", STR("void"), text);
	case CTYPE_PTR:
		return ctypes_name_ptr(nm, t.ref, text);
	case CTYPE_ARRAY:
		return ctypes_name_array(nm, &t, text);
	case CTYPE_STRUCT:
		return ctypes_tagged(nm, "struct ", t.name, text);
	case CTYPE_UNION:
		return ctypes_tagged(nm, "union ", t.name, text);
	case CTYPE_ENUM:
	case CTYPE_ENUM64:
		return ctypes_tagged(nm, "enum ", t.name, text);
	case CTYPE_FWD:
		return ctypes_tagged(nm, t.is_union ? "union " : "struct ",
				     t.name, text);
	case CTYPE_CONST:
		return ctypes_name_qualified(nm, "const", t.ref, text);
	case CTYPE_VOLATILE:
		return ctypes_name_qualified(nm, "volatile", t.ref, text);
	case CTYPE_RESTRICT:
	case CTYPE_TYPE_TAG:
	case CTYPE_VAR:
	case CTYPE_FUNC:
		return ctypes_name(nm, t.ref, text);
	case CTYPE_FUNC_PROTO:
		return ctypes_name_proto(nm, id, &t, text);
	case CTYPE_INT:
	case CTYPE_TYPEDEF:
	case CTYPE_FLOAT:
		return ctypes_tagged(nm, "", t.name, text);
	case CTYPE_DATASEC:
	case CTYPE_DECL_TAG:
	case CTYPE_BAD:
		break;
	}
	return STR("?");
}

struct str ctypes_type_name(struct ctypes *btf, uint32_t id, struct arena *a)
{
	struct ctypes_namer nm = { btf, a, CTYPES_NAME_TYPES };

	return ctypes_name(&nm, id, STR(""));
}
