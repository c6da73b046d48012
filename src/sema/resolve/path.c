/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/resolve/path.h"

#include "lang/diag.h"
#include "sema/resolve/place.h"

static struct target *path_target_new(struct program *p)
{
	struct target *t = arena_new(p->arena, struct target);

	t->defined = true;
	t->absent.kind = ACCESS_N;
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
		.types = r->type.in,
		.target = path_target_new(p),
		.type = r->type.id,
		.is_user = r->is_user || (r->type.in && r->type.in->is_user),
	};

	if (r->is_address) {
		pa.is_address = true;
		pa.root = r->type.id;
	}
	pa.place = r->place;
	for (uint32_t i = 0; i < r->nops; i++)
		path_op(&pa, r->ops[i]);
	if (r->missing.len)
		path_fail(&pa, DIAG_UNKNOWN_TARGET_VAR, r->missing,
			  (struct str){});
	return pa;
}

struct path path_of_pointer(struct program *p, struct ast_expr *e,
			    struct ctype_ref type)
{
	struct path pa = {
		.program = p,
		.types = type.in,
		.target = path_target_new(p),
		.type = type.id,
		.root = type.id,
		.is_address = true,
		.is_user = type.in && type.in->is_user,
	};

	path_op(&pa, (struct target_op){
			     .kind = TGT_EXPR, .expr = e, .span = e->span });
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
	return ctypes_stripped(pa->types, pa->type);
}

struct ctype_ref path_ref(const struct path *pa, uint32_t type)
{
	return (struct ctype_ref){ type ? pa->types : NULL, type };
}

static struct str path_type_name(const struct path *pa)
{
	if (!pa->type)
		return STR("long");
	return ctypes_type_name(pa->types, pa->type, pa->program->arena);
}

/* Is a pointer of this type one to user memory?  Compilers that know say so
 * with a type tag between the pointer and its target. */
static bool path_is_user_pointer(struct ctypes *btf, uint32_t pointee)
{
	struct ctype t = ctypes_type(btf, pointee);

	return t.kind == CTYPE_TYPE_TAG && str_eq(t.name, STR("user"));
}

/* ---- what depends on the kernel ---- */

/* Is it to be written down how numbers of these types are found? */
static bool path_is_portable(const struct path *pa)
{
	return pa->program->portable && pa->types && pa->types->is_kernel;
}

/* The name by which another kernel finds the type; empty = it has none. */
static struct str path_root_name(const struct path *pa)
{
	struct ctype t = ctypes_type(pa->types, pa->root);

	if (t.kind == CTYPE_TYPEDEF)
		return t.name;
	t = ctypes_stripped(pa->types, pa->root);
	if (!t.name.len)
		return t.name;
	return arena_printf(pa->program->arena, "%s%" STR_FMT,
			    t.kind == CTYPE_STRUCT ? "struct " :
			    t.kind == CTYPE_UNION  ? "union " :
						     "",
			    STR_ARG(t.name));
}

/* By what names the offset is found on another kernel; kind ACCESS_N: it need
 * not be, or cannot. */
static struct image_access path_describe(const struct path *pa,
					 enum image_access_kind kind,
					 struct str members)
{
	struct program *p = pa->program;
	struct str root = path_is_portable(pa) ? path_root_name(pa) :
						 (struct str){};

	if (!root.len)
		return (struct image_access){ .kind = ACCESS_N };
	return (struct image_access){
		.kind = kind,
		.module = image_intern(p->image, p->back, pa->types->module),
		.type = image_intern(p->image, p->back, root),
		.path = image_intern(p->image, p->back, members),
	};
}

/* The number + 1 of an access, or 0 where none is needed. */
static uint32_t path_access(const struct path *pa, enum image_access_kind kind,
			    struct str members, uint32_t size, bool is_signed,
			    int64_t value)
{
	struct image_access a = path_describe(pa, kind, members);

	if (a.kind == ACCESS_N)
		return 0;
	a.size = (uint8_t)size;
	a.is_signed = is_signed;
	a.value = value;
	return image_access(pa->program->image, pa->program->back, &a) + 1;
}

/* Adds the distance to the object, where `size` bytes will be read (0: its
 * address is wanted). */
static void path_settle(struct path *pa, uint32_t size, bool is_signed,
			struct span span)
{
	struct target_op op = { .kind = TGT_ADD,
				.n = pa->distance,
				.span = span };

	if (pa->members.len)
		op.access = path_access(pa, ACCESS_OFFSET, pa->members, size,
					is_signed, pa->distance);
	if (op.n || op.access)
		path_op(pa, op);
	pa->distance = 0;
	pa->members = (struct str){};
	pa->root = pa->type;
}

/* What members is followed by, with more bytes on the way. */
static void path_go(struct path *pa, int64_t bytes, struct str what)
{
	bool dot = pa->members.len && what.s[0] != '[';

	pa->distance += bytes;
	if (path_is_portable(pa))
		pa->members = arena_printf(pa->program->arena,
					   "%" STR_FMT "%s%" STR_FMT,
					   STR_ARG(pa->members), dot ? "." : "",
					   STR_ARG(what));
}

/* ---- steps ---- */

/* A part of an object that is in a place of its own. */
static void path_take(struct path *pa, uint32_t bits, bool is_signed,
		      struct span span)
{
	uint64_t bit = (uint64_t)(8 * pa->distance + pa->bit_offset);
	struct target_op op = {};
	struct str why = pa->distance < 0 || bits > 64 ?
				 STR("has no such part") :
				 place_bits(pa->program, pa->place, bit, bits,
					    &op);

	op.span = span;
	pa->place = NULL;
	pa->distance = 0;
	if (why.len)
		path_fail(pa, DIAG_UNKNOWN_TARGET_VAR, why, (struct str){});
	path_op(pa, op);
	if (is_signed && bits < 64)
		path_op(pa, (struct target_op){ .kind = TGT_BITS,
						.size = bits,
						.is_signed = true,
						.span = span });
}

/* A part of a value that is not in memory. */
static void path_pick(struct path *pa, uint32_t bits, bool is_signed,
		      struct span span)
{
	int64_t shift = 8 * pa->distance + pa->bit_offset;

	if (pa->place) {
		path_take(pa, bits, is_signed, span);
		return;
	}
	if (shift || bits < 64)
		path_op(pa, (struct target_op){ .kind = TGT_BITS,
						.n = shift,
						.size = bits,
						.is_signed = is_signed,
						.span = span });
	pa->distance = 0;
}

static void path_load(struct path *pa, uint32_t size, bool is_signed,
		      struct span span)
{
	path_settle(pa, size, is_signed, span);
	path_op(pa, (struct target_op){ .kind = TGT_LOAD,
					.size = size,
					.is_signed = is_signed,
					.is_user = pa->is_user,
					.span = span });
}

/* Is it a pointer to what has no address?  Then goes there. */
static bool path_follow(struct path *pa)
{
	const struct debug_place *to =
		place_pointee(pa->program, pa->place,
			      8 * (uint64_t)pa->distance, &pa->distance);

	if (to)
		pa->place = to;
	return to;
}

bool path_deref(struct path *pa, struct span span)
{
	struct ctype t = path_type(pa);

	if (t.kind != CTYPE_PTR)
		return false;
	if (pa->place && path_follow(pa)) {
		pa->type = t.ref;
		pa->bits = pa->bit_offset = 0;
		return true;
	}
	if (pa->is_address)
		path_load(pa, t.size, false, span);
	else if (pa->distance || pa->place)
		path_pick(pa, 8 * t.size, false, span);
	if (path_is_user_pointer(pa->types, t.ref))
		pa->is_user = true;
	pa->type = t.ref;
	pa->root = t.ref;
	pa->is_address = true;
	return true;
}

/* Member names of a struct that are close to name, or its first ones. */
static struct str path_members_help(const struct path *pa, struct str name)
{
	struct arena *a = pa->program->arena;
	struct str near = {}, list = {};
	struct ctype_member m;
	uint32_t best = 3, shown = 0;
	uint32_t id = ctypes_strip(pa->types, pa->type);

	for (uint32_t i = 0; ctypes_member(pa->types, id, i, &m); i++) {
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
		  arena_printf(a,
			       "a value of type %" STR_FMT
			       " has no member '%" STR_FMT "'",
			       STR_ARG(path_type_name(pa)), STR_ARG(name)),
		  (struct str){});
	return false;
}

void path_step(struct path *pa, const struct ctype_member *m, struct span span)
{
	(void)span;
	pa->type = m->type;
	pa->is_part = true;
	pa->bits = m->bits;
	pa->bit_offset = m->bits ? m->bit_offset % 8 : 0;
	if (m->name.len)
		path_go(pa, m->bit_offset / 8, m->name);
	else
		pa->distance += m->bit_offset / 8;
}

static struct str path_join(const struct path *pa, struct str name)
{
	return arena_printf(pa->program->arena, "%" STR_FMT "%s%" STR_FMT,
			    STR_ARG(pa->members), pa->members.len ? "." : "",
			    STR_ARG(name));
}

bool path_member(struct path *pa, struct str name, struct span span)
{
	struct arena *a = pa->program->arena;
	struct ctype t = path_type(pa);
	struct ctype_member m;

	if (t.kind == CTYPE_PTR && path_deref(pa, span))
		t = path_type(pa);
	if ((!pa->is_address && !pa->place && t.size > 8) ||
	    (t.kind != CTYPE_STRUCT && t.kind != CTYPE_UNION))
		return path_no_members(pa, name);
	if (!ctypes_find_member(pa->types, pa->type, name, &m)) {
		pa->target->absent =
			path_describe(pa, ACCESS_EXISTS, path_join(pa, name));
		path_fail(pa, DIAG_UNKNOWN_MEMBER,
			  arena_printf(
				  a,
				  "%" STR_FMT " has no member '%" STR_FMT "'",
				  STR_ARG(path_type_name(pa)), STR_ARG(name)),
			  path_members_help(pa, name));
		return false;
	}
	path_step(pa, &m, span);
	return true;
}

static bool path_not_indexable(struct path *pa)
{
	path_fail(pa, DIAG_NOT_INDEXABLE,
		  arena_printf(pa->program->arena,
			       "a value of type %" STR_FMT " cannot be indexed",
			       STR_ARG(path_type_name(pa))),
		  (struct str){});
	return false;
}

bool path_element(struct path *pa, uint32_t i, struct span span)
{
	struct ctype t = path_type(pa);
	uint64_t size;

	if (t.kind != CTYPE_ARRAY || (!pa->is_address && !pa->place) ||
	    !ctypes_size(pa->types, t.ref, &size))
		return path_not_indexable(pa);
	(void)span;
	pa->type = t.ref;
	pa->is_part = true;
	path_go(pa, (int64_t)(size * i),
		arena_printf(pa->program->arena, "[%u]", i));
	return true;
}

/* @cast(p, "struct x") is a pointer where it is indexed: [1] is the next
 * struct x in memory. */
static bool path_is_bare_cast(const struct path *pa)
{
	return pa->is_address && pa->type == pa->root &&
	       pa->target->ops.n == 1 &&
	       pa->target->ops.v[0].kind == TGT_EXPR;
}

/* The n-th of what has no address: an array, or what a pointer points to. */
static bool path_index_place(struct path *pa, const struct ast_expr *index)
{
	struct ctype t = path_type(pa);
	uint64_t size;

	if (index->kind != AST_NUMBER || index->number < 0 ||
	    index->number > INT32_MAX) {
		path_fail(pa, DIAG_NOT_INDEXABLE,
			  STR("this is not in memory at this address: its "
			      "elements can be chosen by numbers only"),
			  (struct str){});
		return false;
	}
	if (t.kind == CTYPE_ARRAY)
		return path_element(pa, (uint32_t)index->number, index->span);
	if (!ctypes_size(pa->types, pa->type, &size))
		return path_not_indexable(pa);
	pa->distance += (int64_t)size * index->number;
	return true;
}

/* An array in one piece of memory has an address. */
static void path_find_address(struct path *pa, struct span span)
{
	struct target_op op = {};
	struct str why;

	if (!pa->place || pa->distance < 0)
		return;
	why = place_address(pa->program, pa->place, (uint64_t)pa->distance,
			    &op);
	if (why.len)
		return;
	op.span = span;
	path_op(pa, op);
	pa->place = NULL;
	pa->distance = 0;
	pa->root = pa->type;
	pa->is_address = true;
}

bool path_index(struct path *pa, struct ast_expr *index, struct span span)
{
	struct ctype t = path_type(pa);
	bool is_cast = path_is_bare_cast(pa) && t.kind != CTYPE_PTR;
	uint64_t size;

	if (t.kind == CTYPE_ARRAY && pa->place)
		return path_index_place(pa, index);
	if (t.kind == CTYPE_PTR && pa->place && path_follow(pa)) {
		pa->type = t.ref;
		return path_index_place(pa, index);
	}
	if (t.kind == CTYPE_ARRAY && pa->is_address) {
		path_settle(pa, 0, false, span);
		pa->type = pa->root = t.ref;
	} else if (!is_cast &&
		   (t.kind != CTYPE_PTR || !path_deref(pa, span))) {
		return path_not_indexable(pa);
	}
	if (!ctypes_size(pa->types, pa->type, &size))
		return path_not_indexable(pa);
	path_op(pa, (struct target_op){ .kind = TGT_INDEX,
					.expr = index,
					.n = (int64_t)size,
					.access = path_access(
						pa, ACCESS_SIZE, (struct str){},
						0, false, (int64_t)size),
					.span = span });
	return true;
}

void path_assignable(struct target *t, struct arena *a, uint32_t shift,
		     uint32_t bits)
{
	struct target_part part = {
		.word = vec_last(&t->ops),
		.size = (uint8_t)vec_last(&t->ops).size,
		.shift = (uint8_t)shift,
		.bits = (uint8_t)bits,
	};

	t->naddress = t->ops.n - 1;
	vec_push(a, &t->parts, part);
}

/* The word that holds a bitfield, then the bits of it. */
static void path_load_bits(struct path *pa, bool is_signed, struct span span)
{
	uint32_t end = pa->bit_offset + pa->bits;
	uint32_t size = end <= 8 ? 1 : end <= 16 ? 2 : end <= 32 ? 4 : 8;
	uint32_t shift = path_access(pa, ACCESS_SHIFT, pa->members, pa->bits,
				     false, pa->bit_offset);

	path_load(pa, size, false, span);
	path_assignable(pa->target, pa->program->arena, pa->bit_offset,
			pa->bits);
	path_op(pa, (struct target_op){ .kind = TGT_BITS,
					.n = pa->bit_offset,
					.size = pa->bits,
					.is_signed = is_signed,
					.access = shift,
					.span = span });
}

static bool path_has_value(const struct ctype *t)
{
	bool is_scalar = t->kind == CTYPE_INT || t->kind == CTYPE_FLOAT ||
			 t->kind == CTYPE_ENUM || t->kind == CTYPE_ENUM64 ||
			 t->kind == CTYPE_PTR;

	return is_scalar &&
	       (t->size == 1 || t->size == 2 || t->size == 4 || t->size == 8);
}

static bool path_is_short_float(const struct ctype *t)
{
	return t->kind == CTYPE_FLOAT && t->size == 4;
}

/* A float becomes a double, so that all of them mean the same as numbers. */
static void path_widen(struct path *pa, const struct ctype *t,
		       struct span span)
{
	if (path_is_short_float(t))
		path_op(pa, (struct target_op){ .kind = TGT_DOUBLE,
						.span = span });
}

static void path_load_value(struct path *pa, const struct ctype *t,
			    struct span span)
{
	if (pa->bits) {
		path_load_bits(pa, t->is_signed, span);
		return;
	}
	path_load(pa, t->size, t->is_signed, span);
	if (path_is_short_float(t))
		pa->target->no_parts = STR("is a float, which is shown here as "
					   "a double");
	else
		path_assignable(pa->target, pa->program->arena, 0,
				8 * t->size);
	path_widen(pa, t, span);
}

/* What is assigned to a value that is not in memory, or not in one place. */
static void path_place_assignable(struct path *pa, const struct ctype *t)
{
	struct target *to = pa->target;
	uint32_t bits = pa->bits ? pa->bits : 8 * t->size;

	if (pa->place && pa->distance >= 0 && !path_is_short_float(t))
		to->no_parts = place_parts(pa->program, pa->place,
					   (uint64_t)(8 * pa->distance +
						      pa->bit_offset),
					   bits, to);
	else if (!pa->place && to->ops.n == 1 &&
		 to->ops.v[0].kind == TGT_CTX_LOAD &&
		 to->ops.v[0].size == 8 && !pa->distance)
		path_assignable(to, pa->program->arena, 0,
				8 * to->ops.v[0].size);
	if (pa->place && path_is_short_float(t))
		to->no_parts = STR("is a float, which is shown here as a "
				   "double");
	if (to->parts.n != 1 || pa->is_part || pa->bits ||
	    to->parts.v[0].shift)
		return;
	to->parts.v[0].is_alone = true;
	to->parts.v[0].is_signed = t->is_signed;
	if (t->size && t->size < 8)
		to->parts.v[0].bits = (uint8_t)(8 * t->size);
}

/* A word of the context holds a narrow value in its low bits only. */
static void path_narrow(struct path *pa, const struct ctype *t,
			struct span span)
{
	if (pa->bits)
		path_pick(pa, pa->bits, t->is_signed, span);
	else if (pa->distance || pa->place ||
		 (t->kind != CTYPE_PTR && t->size && t->size < 8))
		path_pick(pa, 8 * t->size, t->is_signed, span);
}

static void path_no_value(struct path *pa)
{
	path_fail(pa, DIAG_NOT_A_VALUE,
		  arena_printf(pa->program->arena,
			       "a value of type %" STR_FMT
			       " does not fit a number",
			       STR_ARG(path_type_name(pa))),
		  STR("name a member with ->, take its address with &, or "
		      "print it whole with $"));
}

bool path_value(struct path *pa, struct span span)
{
	struct ctype t = path_type(pa);

	pa->target->type = path_ref(pa, pa->type);
	pa->target->is_user = pa->is_user;
	if (t.kind == CTYPE_PTR || t.kind == CTYPE_ARRAY) {
		pa->target->points_to = path_ref(pa, t.ref);
		pa->target->is_user |= path_is_user_pointer(pa->types, t.ref);
	}
	if (t.kind == CTYPE_ARRAY)
		path_find_address(pa, span);
	if (pa->place && !path_has_value(&t)) {
		path_no_value(pa);
		return false;
	}
	if (!pa->is_address) {
		path_place_assignable(pa, &t);
		path_narrow(pa, &t, span);
		path_widen(pa, &t, span);
		return pa->target->defined;
	}
	if (t.kind == CTYPE_ARRAY || t.kind == CTYPE_FUNC_PROTO) {
		path_settle(pa, 0, false, span);
		return true;
	}
	if (path_has_value(&t)) {
		path_load_value(pa, &t, span);
		return true;
	}
	path_no_value(pa);
	return false;
}

bool path_address(struct path *pa, struct span span)
{
	path_find_address(pa, span);
	if (pa->is_address && !pa->bits) {
		path_settle(pa, 0, false, span);
		pa->target->type = (struct ctype_ref){};
		pa->target->points_to = path_ref(pa, pa->type);
		pa->target->is_user = pa->is_user;
		return true;
	}
	path_fail(pa, DIAG_NO_ADDRESS,
		  pa->bits ? STR("a bitfield has no address") :
			     STR("a value in a register has no address"),
		  (struct str){});
	return false;
}

bool path_text(struct path *pa, uint32_t max, struct span span)
{
	path_find_address(pa, span);
	if (pa->place)
		return false;
	path_settle(pa, 0, false, span);
	path_op(pa, (struct target_op){ .kind = TGT_LOAD_STR,
					.size = max,
					.is_user = pa->is_user,
					.span = span });
	pa->target->is_string = true;
	return true;
}
