/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/resolve/path.h"

#include "lang/diag.h"

static struct target *path_target_new(struct program *p)
{
	struct target *t = arena_new(p->arena, struct target);

	t->defined = true;
	return t;
}

static void path_op(struct path *pa, struct target_op op)
{
	vec_push(pa->program->arena, &pa->target->ops, op);
}

struct path path_of_root(struct program *p, const struct target_root *r)
{
	struct path pa = {
		.program = p,
		.btf = r->type ? program_btf(p) : NULL,
		.target = path_target_new(p),
		.type = r->type,
		.is_user = r->is_user,
	};

	for (uint32_t i = 0; i < r->nops; i++)
		path_op(&pa, r->ops[i]);
	return pa;
}

struct path path_of_pointer(struct program *p, struct ast_expr *e,
			    uint32_t type)
{
	struct path pa = {
		.program = p,
		.btf = program_btf(p),
		.target = path_target_new(p),
		.type = type,
		.is_address = true,
	};

	path_op(&pa, (struct target_op){ .kind = TGT_EXPR, .expr = e,
					 .span = e->span });
	return pa;
}

struct path path_copy(const struct path *from)
{
	struct path pa = *from;

	pa.target = path_target_new(pa.program);
	pa.target->defined = from->target->defined;
	pa.target->diag = from->target->diag;
	pa.target->why = from->target->why;
	pa.target->help = from->target->help;
	for (uint32_t i = 0; i < from->target->ops.n; i++)
		path_op(&pa, from->target->ops.v[i]);
	return pa;
}

void path_fail(struct path *pa, uint32_t diag, struct str why, struct str help)
{
	if (!pa->target->defined)
		return;
	pa->target->defined = false;
	pa->target->diag = diag;
	pa->target->why = why;
	pa->target->help = help;
}

struct ctype path_type(const struct path *pa)
{
	if (!pa->type)
		return (struct ctype){ .kind = CTYPE_VOID };
	return ctypes_stripped(pa->btf, pa->type);
}

static struct str path_type_name(const struct path *pa)
{
	if (!pa->type)
		return STR("long");
	return ctypes_type_name(pa->btf, pa->type, pa->program->arena);
}

/* Is a pointer of this type one to user memory?  Compilers that know say so
 * with a type tag between the pointer and its target. */
static bool path_is_user_pointer(struct ctypes *btf, uint32_t pointee)
{
	struct ctype t = ctypes_type(btf, pointee);

	return t.kind == CTYPE_TYPE_TAG && str_eq(t.name, STR("user"));
}

static void path_load(struct path *pa, uint32_t size, bool is_signed,
		      struct span span)
{
	path_op(pa, (struct target_op){ .kind = TGT_LOAD, .size = size,
					.is_signed = is_signed,
					.is_user = pa->is_user,
					.span = span });
}

bool path_deref(struct path *pa, struct span span)
{
	struct ctype t = path_type(pa);

	if (t.kind != CTYPE_PTR)
		return false;
	if (pa->is_address)
		path_load(pa, t.size, false, span);
	if (path_is_user_pointer(pa->btf, t.ref))
		pa->is_user = true;
	pa->type = t.ref;
	pa->is_address = true;
	return true;
}

static void path_add(struct path *pa, int64_t n, struct span span)
{
	if (n)
		path_op(pa, (struct target_op){ .kind = TGT_ADD, .n = n,
						.span = span });
}

/* Member names of a struct that are close to name, or its first ones. */
static struct str path_members_help(const struct path *pa, struct str name)
{
	struct arena *a = pa->program->arena;
	struct str near = {}, list = {};
	struct ctype_member m;
	uint32_t best = 3, shown = 0;
	uint32_t id = ctypes_strip(pa->btf, pa->type);

	for (uint32_t i = 0; ctypes_member(pa->btf, id, i, &m); i++) {
		uint32_t d = str_distance(m.name, name, best);

		if (m.name.len && d < best) {
			best = d;
			near = m.name;
		}
		if (m.name.len && shown++ < 12)
			list = arena_printf(a, "%" STR_FMT "%s%" STR_FMT,
					    STR_ARG(list), list.len ? " " : "",
					    STR_ARG(m.name));
	}
	if (near.len)
		return arena_printf(a, "did you mean '%" STR_FMT "'?",
				    STR_ARG(near));
	return arena_printf(a, "it has %" STR_FMT "%s", STR_ARG(list),
			    shown > 12 ? " ..." : "");
}

static bool path_no_members(struct path *pa, struct str name)
{
	struct arena *a = pa->program->arena;

	path_fail(pa, DIAG_NO_MEMBERS,
		  arena_printf(a, "a value of type %" STR_FMT
			       " has no member '%" STR_FMT "'",
			       STR_ARG(path_type_name(pa)), STR_ARG(name)),
		  (struct str){});
	return false;
}

void path_step(struct path *pa, const struct ctype_member *m,
	       struct span span)
{
	pa->type = m->type;
	pa->bits = m->bits;
	pa->bit_offset = m->bits ? m->bit_offset % 8 : 0;
	path_add(pa, m->bit_offset / 8, span);
}

bool path_member(struct path *pa, struct str name, struct span span)
{
	struct arena *a = pa->program->arena;
	struct ctype t = path_type(pa);
	struct ctype_member m;

	if (t.kind == CTYPE_PTR && path_deref(pa, span))
		t = path_type(pa);
	if (!pa->is_address ||
	    (t.kind != CTYPE_STRUCT && t.kind != CTYPE_UNION))
		return path_no_members(pa, name);
	if (!ctypes_find_member(pa->btf, pa->type, name, &m)) {
		path_fail(pa, DIAG_UNKNOWN_MEMBER,
			  arena_printf(a, "%" STR_FMT " has no member '%"
				       STR_FMT "'",
				       STR_ARG(path_type_name(pa)),
				       STR_ARG(name)),
			  path_members_help(pa, name));
		return false;
	}
	path_step(pa, &m, span);
	return true;
}

static bool path_not_indexable(struct path *pa)
{
	path_fail(pa, DIAG_NOT_INDEXABLE,
		  arena_printf(pa->program->arena, "a value of type %" STR_FMT
			       " cannot be indexed",
			       STR_ARG(path_type_name(pa))),
		  (struct str){});
	return false;
}

bool path_element(struct path *pa, uint32_t i, struct span span)
{
	struct ctype t = path_type(pa);
	uint64_t size;

	if (t.kind != CTYPE_ARRAY || !pa->is_address ||
	    !ctypes_size(pa->btf, t.ref, &size))
		return path_not_indexable(pa);
	pa->type = t.ref;
	path_add(pa, (int64_t)(size * i), span);
	return true;
}

/* @cast(p, "struct x") is a pointer where it is indexed: [1] is the next
 * struct x in memory. */
static bool path_is_bare_cast(const struct path *pa)
{
	return pa->is_address && pa->target->ops.n == 1 &&
	       pa->target->ops.v[0].kind == TGT_EXPR;
}

bool path_index(struct path *pa, struct ast_expr *index, struct span span)
{
	struct ctype t = path_type(pa);
	bool is_cast = path_is_bare_cast(pa) && t.kind != CTYPE_PTR;
	uint64_t size;

	if (t.kind == CTYPE_ARRAY && pa->is_address)
		pa->type = t.ref;
	else if (!is_cast && !path_deref(pa, span))
		return path_not_indexable(pa);
	if (!ctypes_size(pa->btf, pa->type, &size))
		return path_not_indexable(pa);
	path_op(pa, (struct target_op){ .kind = TGT_INDEX, .expr = index,
					.n = (int64_t)size, .span = span });
	return true;
}

/* The word that holds a bitfield, then the bits of it. */
static void path_load_bits(struct path *pa, bool is_signed, struct span span)
{
	uint32_t end = pa->bit_offset + pa->bits;
	uint32_t size = end <= 8 ? 1 : end <= 16 ? 2 : end <= 32 ? 4 : 8;

	path_load(pa, size, false, span);
	path_op(pa, (struct target_op){ .kind = TGT_BITS, .n = pa->bit_offset,
					.size = pa->bits,
					.is_signed = is_signed,
					.span = span });
}

static bool path_has_value(const struct ctype *t)
{
	bool is_scalar = t->kind == CTYPE_INT || t->kind == CTYPE_FLOAT ||
			 t->kind == CTYPE_ENUM ||
			 t->kind == CTYPE_ENUM64 || t->kind == CTYPE_PTR;

	return is_scalar && (t->size == 1 || t->size == 2 || t->size == 4 ||
			     t->size == 8);
}

static void path_load_value(struct path *pa, const struct ctype *t,
			    struct span span)
{
	if (pa->bits) {
		path_load_bits(pa, t->is_signed, span);
		return;
	}
	path_load(pa, t->size, t->is_signed, span);
	pa->target->store = vec_last(&pa->target->ops);
	pa->target->is_lvalue = true;
}

/* A word of the context holds a narrow value in its low bits only. */
static void path_narrow(struct path *pa, const struct ctype *t,
			struct span span)
{
	if (t->kind != CTYPE_PTR && t->size && t->size < 8)
		path_op(pa, (struct target_op){ .kind = TGT_BITS,
						.size = t->size * 8,
						.is_signed = t->is_signed,
						.span = span });
}

bool path_value(struct path *pa, struct span span)
{
	struct ctype t = path_type(pa);

	pa->target->type_id = pa->type;
	pa->target->is_user = pa->is_user;
	if (t.kind == CTYPE_PTR || t.kind == CTYPE_ARRAY) {
		pa->target->points_to = t.ref;
		pa->target->is_user |= path_is_user_pointer(pa->btf, t.ref);
	}
	if (!pa->is_address) {
		path_narrow(pa, &t, span);
		return true;
	}
	if (t.kind == CTYPE_ARRAY || t.kind == CTYPE_FUNC_PROTO)
		return true;
	if (path_has_value(&t)) {
		path_load_value(pa, &t, span);
		return true;
	}
	path_fail(pa, DIAG_NOT_A_VALUE,
		  arena_printf(pa->program->arena,
			       "a value of type %" STR_FMT
			       " does not fit a number",
			       STR_ARG(path_type_name(pa))),
		  STR("name a member with ->, take its address with &, or print it whole with $"));
	return false;
}

bool path_address(struct path *pa, struct span span)
{
	(void)span;
	if (pa->is_address && !pa->bits) {
		pa->target->type_id = 0;
		pa->target->points_to = pa->type;
		pa->target->is_user = pa->is_user;
		return true;
	}
	path_fail(pa, DIAG_NO_ADDRESS,
		  pa->bits ? STR("a bitfield has no address") :
			     STR("a value in a register has no address"),
		  (struct str){});
	return false;
}

void path_text(struct path *pa, uint32_t max, struct span span)
{
	path_op(pa, (struct target_op){ .kind = TGT_LOAD_STR, .size = max,
					.is_user = pa->is_user,
					.span = span });
	pa->target->is_string = true;
}
