/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types as C text. */
#include "dbg/btf.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/vec.h"

#define DBG_BTF_NAME_DEPTH 32
#define DBG_BTF_NAME_TYPES 256

const char *dbg_btf_kind_name(enum dbg_btf_kind kind)
{
	static const char *const names[] = {
#define KIND(name, text) text,
#include "dbg/btf.def"
#undef KIND
	};

	return kind < ARRAY_SIZE(names) ? names[kind] : "?";
}

/*
 * A declarator is built from the inside: text is what stands already where
 * the name would be ("*", "(*)[4]"), and each type puts its part around it.
 */
struct dbg_btf_namer {
	struct dbg_btf *btf;
	struct arena *arena;
	uint32_t budget;	/* types that may still be looked at */
};

static struct str dbg_btf_name(struct dbg_btf_namer *nm, uint32_t id,
			       struct str text);

static struct str dbg_btf_tagged(struct dbg_btf_namer *nm, const char *tag,
				 struct str name, struct str text)
{
	const char *space = text.len && text.s[0] == '(' ? " " : "";

	if (!name.len)
		name = STR("{...}");
	return arena_printf(nm->arena, "%s%" STR_FMT "%s%" STR_FMT, tag,
			    STR_ARG(name), space, STR_ARG(text));
}

/* Needs the text of a pointer to it parentheses? */
static bool dbg_btf_binds_tighter(struct dbg_btf *btf, uint32_t id)
{
	struct dbg_btf_type t;

	for (uint32_t depth = 0; depth < DBG_BTF_NAME_DEPTH; depth++) {
		t = dbg_btf_type(btf, id);
		if (t.kind == DBG_BTF_ARRAY || t.kind == DBG_BTF_FUNC_PROTO)
			return true;
		if (t.kind != DBG_BTF_CONST && t.kind != DBG_BTF_VOLATILE &&
		    t.kind != DBG_BTF_RESTRICT && t.kind != DBG_BTF_TYPE_TAG)
			return false;
		id = t.ref;
	}
	return false;
}

static struct str dbg_btf_name_ptr(struct dbg_btf_namer *nm, uint32_t to,
				   struct str text)
{
	bool tight = dbg_btf_binds_tighter(nm->btf, to);

	text = arena_printf(nm->arena, tight ? "(*%" STR_FMT ")" :
					       "*%" STR_FMT,
			    STR_ARG(text));
	return dbg_btf_name(nm, to, text);
}

/* "const" goes before a base type and behind a star. */
static struct str dbg_btf_name_qualified(struct dbg_btf_namer *nm,
					 const char *word, uint32_t of,
					 struct str text)
{
	struct dbg_btf_type t = dbg_btf_type(nm->btf, of);

	if (t.kind != DBG_BTF_PTR)
		return arena_printf(nm->arena, "%s %" STR_FMT, word,
				    STR_ARG(dbg_btf_name(nm, of, text)));
	return dbg_btf_name(nm, of,
			    arena_printf(nm->arena, " %s%" STR_FMT, word,
					 STR_ARG(text)));
}

static struct str dbg_btf_name_proto(struct dbg_btf_namer *nm, uint32_t id,
				     const struct dbg_btf_type *t,
				     struct str text)
{
	_cleanup_(buf_deinit) struct buf all = {};
	struct dbg_btf_param p;

	buf_str(&all, text);
	buf_char(&all, '(');
	for (uint32_t i = 0; i < t->n && nm->budget; i++) {
		if (!dbg_btf_param(nm->btf, id, i, &p))
			break;
		if (i)
			buf_str(&all, STR(", "));
		buf_str(&all, dbg_btf_name(nm, p.type, STR("")));
	}
	if (t->is_variadic)
		buf_str(&all, t->n ? STR(", ...") : STR("..."));
	else if (!t->n)
		buf_str(&all, STR("void"));
	buf_char(&all, ')');
	return dbg_btf_name(nm, t->ref, arena_str(nm->arena, buf_view(&all)));
}

static struct str dbg_btf_name_array(struct dbg_btf_namer *nm,
				     const struct dbg_btf_type *t,
				     struct str text)
{
	text = arena_printf(nm->arena, t->n ? "%" STR_FMT "[%u]" :
					      "%" STR_FMT "[]",
			    STR_ARG(text), t->n);
	return dbg_btf_name(nm, t->ref, text);
}

static struct str dbg_btf_name(struct dbg_btf_namer *nm, uint32_t id,
			       struct str text)
{
	struct dbg_btf_type t = dbg_btf_type(nm->btf, id);

	if (!nm->budget)
		return STR("?");
	nm->budget--;
	switch (t.kind) {
	case DBG_BTF_VOID:
		return dbg_btf_tagged(nm, "", STR("void"), text);
	case DBG_BTF_PTR:
		return dbg_btf_name_ptr(nm, t.ref, text);
	case DBG_BTF_ARRAY:
		return dbg_btf_name_array(nm, &t, text);
	case DBG_BTF_STRUCT:
		return dbg_btf_tagged(nm, "struct ", t.name, text);
	case DBG_BTF_UNION:
		return dbg_btf_tagged(nm, "union ", t.name, text);
	case DBG_BTF_ENUM:
	case DBG_BTF_ENUM64:
		return dbg_btf_tagged(nm, "enum ", t.name, text);
	case DBG_BTF_FWD:
		return dbg_btf_tagged(nm, t.is_union ? "union " : "struct ",
				      t.name, text);
	case DBG_BTF_CONST:
		return dbg_btf_name_qualified(nm, "const", t.ref, text);
	case DBG_BTF_VOLATILE:
		return dbg_btf_name_qualified(nm, "volatile", t.ref, text);
	case DBG_BTF_RESTRICT:
	case DBG_BTF_TYPE_TAG:
	case DBG_BTF_VAR:
	case DBG_BTF_FUNC:
		return dbg_btf_name(nm, t.ref, text);
	case DBG_BTF_FUNC_PROTO:
		return dbg_btf_name_proto(nm, id, &t, text);
	case DBG_BTF_INT:
	case DBG_BTF_TYPEDEF:
	case DBG_BTF_FLOAT:
		return dbg_btf_tagged(nm, "", t.name, text);
	case DBG_BTF_DATASEC:
	case DBG_BTF_DECL_TAG:
	case DBG_BTF_BAD:
		break;
	}
	return STR("?");
}

struct str dbg_btf_type_name(struct dbg_btf *btf, uint32_t id,
			     struct arena *a)
{
	struct dbg_btf_namer nm = { btf, a, DBG_BTF_NAME_TYPES };

	return dbg_btf_name(&nm, id, STR(""));
}
