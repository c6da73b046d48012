/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables: which are visible, which one a name means, where they live.
 */
#include <dwarf.h>
#include <elf.h>

#include "base/bits.h"
#include "base/map.h"
#include "dbg/debuginfo_data.h"
#include "dbg/dieloc.h"
#include "dbg/diename.h"
#include "dbg/diescope.h"
#include "dbg/dietype.h"

#define DEBUGVARS_MAX 65536

/* ---- what is visible ---- */

struct debugvars {
	struct arena *a;
	struct dbg_vars *ret;
	uint32_t depth;
};

static struct dbg_var debugvars_make(struct dbg_die die, uint16_t tag)
{
	return (struct dbg_var){
		.name = die_name(die),
		.kind = tag == DW_TAG_formal_parameter ? DBG_VAR_PARAM :
							 DBG_VAR_LOCAL,
		.die = die,
		.type = die_type(die),
		.is_artificial = die_flag(die_origin(die), DW_AT_artificial),
	};
}

/* Is an instance of this origin listed already, here or (blocks of the
 * instance may be others) further in? */
static bool debugvars_has(const struct debugvars *c, struct dbg_die origin)
{
	for (uint32_t i = c->ret->n; i; i--)
		if (dbg_die_eq(die_origin(c->ret->v[i - 1].die), origin))
			return true;
	return false;
}

/* The variables of one scope; with is_abstract, those of what the scope is an
 * instance of that the instance does not mention any more. */
static void debugvars_scope(struct debugvars *c, struct dbg_die scope,
			    struct dbg_die named, bool is_abstract)
{
	struct dbg_die child = die_child(scope);

	for (; child.unit && c->ret->n < DEBUGVARS_MAX;
	     child = die_next(child)) {
		uint16_t tag = die_tag(child);
		struct dbg_var v;

		if (tag != DW_TAG_formal_parameter && tag != DW_TAG_variable)
			continue;
		if (is_abstract && debugvars_has(c, child))
			continue;
		v = debugvars_make(child, tag);
		if (!v.name.len)
			continue;
		v.scope = named;
		v.depth = c->depth;
		vec_push(c->a, c->ret, v);
	}
}

/* What is inlined, and has no code of its own left, has variables all the
 * same. */
static void debugvars_of_nothing(struct debugvars *c, struct dbg_die scope)
{
	struct dbg_die origin = die_origin(scope);

	debugvars_scope(c, scope, scope, false);
	if (!dbg_die_eq(origin, scope))
		debugvars_scope(c, origin, scope, true);
}

struct err *debuginfo_vars(struct debuginfo *d, struct arena *a, uint64_t pc,
			   struct dbg_die scope, struct dbg_vars *ret)
{
	struct debugvars c = { .a = a, .ret = ret };
	struct die_unit *u = dieindex_unit_at(d->index, pc);
	struct diescope s;
	bool inside = !scope.unit;

	*ret = (struct dbg_vars){};
	if (!u || !diescope_at(u, pc, &s))
		return err_new(ERR_NOT_FOUND,
			       "there is no function at 0x%llx",
			       (unsigned long long)pc);
	/* What was inlined into the function meant is no part of it. */
	for (uint32_t i = 0; i < s.n && !inside; i++)
		if (dbg_die_eq(s.v[i], scope)) {
			uint32_t k = i + 1;

			while (k < s.n && !diescope_is_function(s.tags[k]))
				k++;
			s.n = k;
			inside = true;
		}
	if (!inside && die_tag(scope) == DW_TAG_inlined_subroutine) {
		debugvars_of_nothing(&c, scope);
		return NULL;
	}
	for (uint32_t i = s.n; i; i--) {
		struct dbg_die at = s.v[i - 1], origin = die_origin(at);

		debugvars_scope(&c, at, at, false);
		if (!dbg_die_eq(origin, at))
			debugvars_scope(&c, origin, at, true);
		c.depth++;
		if (s.tags[i - 1] == DW_TAG_inlined_subroutine)
			break;
	}
	return NULL;
}

/* Is there one of this name further in, which is the one that is meant? */
static bool debugvars_is_shadowed(const struct dbg_vars *vars, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (str_eq(vars->v[k].name, vars->v[i].name))
			return true;
	return false;
}

struct err *debuginfo_vars_in_order(struct debuginfo *d, struct arena *a,
				    uint64_t pc, struct dbg_die scope,
				    struct dbg_vars *ret)
{
	struct dbg_vars all;
	struct err *e = debuginfo_vars(d, a, pc, scope, &all);
	uint32_t depth = all.n ? vec_last(&all).depth + 1 : 0;

	*ret = (struct dbg_vars){};
	while (depth--)
		for (uint32_t i = 0; i < all.n; i++)
			if (all.v[i].depth == depth &&
			    !debugvars_is_shadowed(&all, i))
				vec_push(a, ret, all.v[i]);
	return e;
}

/* ---- globals ---- */

static struct dbg_var debugvars_global(struct dbg_die die)
{
	struct dbg_var v = debugvars_make(die, DW_TAG_variable);

	v.kind = DBG_VAR_GLOBAL;
	v.scope = (struct dbg_die){ die.unit, die.unit->root };
	v.depth = UINT32_MAX;
	return v;
}

/* The file of a variable is that of its declaration or of its unit. */
static bool debugvars_in_file(struct debugmatch *m, struct dbg_die die)
{
	struct die_attr a;
	uint64_t n;

	if (!m->pattern->file.len)
		return true;
	if (die_attr_deep(die, DW_AT_decl_file, &a) &&
	    die_attr_uint(&a, &n) && n < UINT32_MAX &&
	    debugmatch_file(m, a.unit, (uint32_t)n))
		return true;
	/* File 1 is the unit's own (since DWARF 5, 0 too). */
	return debugmatch_file(m, die.unit, 1);
}

struct err *debuginfo_globals(struct debuginfo *d, struct arena *a,
			      struct str pattern, struct str file,
			      struct dbg_vars *ret)
{
	struct dbg_pattern p = { .name = pattern, .file = file };
	struct dieindex_iter it = {};
	struct dieindex_entry e;
	struct debugmatch m;

	*ret = (struct dbg_vars){};
	debugmatch_init(&m, &p, a);
	while (dieindex_glob(d->index, pattern, DIESCAN_VARIABLE, &it, &e))
		if (debugvars_in_file(&m, e.die))
			vec_push(a, ret, debugvars_global(e.die));
	return NULL;
}

static bool debugvars_is_space(uint16_t tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module ||
	       tag == DW_TAG_imported_unit;
}

/* A variable of the unit; with a location if one has it. */
static bool debugvars_in_unit(struct die_unit *u, struct str name,
			      struct dbg_var *ret)
{
	struct die_walk w = die_walk((struct dbg_die){ u, u->root });
	bool found = false;
	struct die_attr a;

	while (die_walk_next(&w)) {
		w.into = debugvars_is_space(w.tag);
		if (w.tag != DW_TAG_variable ||
		    !str_eq(die_name(w.die), name))
			continue;
		*ret = debugvars_global(w.die);
		found = true;
		if (die_attr(w.die, DW_AT_location, &a) ||
		    die_attr(w.die, DW_AT_const_value, &a))
			break;
	}
	return found;
}

/* One that is nowhere has no entry in the index: of the units of that name. */
static bool debugvars_nowhere(struct debuginfo *d, struct debugmatch *m,
			      struct str name, struct str file,
			      struct dbg_var *ret)
{
	struct die_unit *u;
	struct dbg_var v;

	for (uint32_t i = 0; (u = dieindex_unit(d->index, i)); i++) {
		struct str unit = die_name((struct dbg_die){ u, u->root });

		if (str_ends(unit, file) && debugvars_in_unit(u, name, &v) &&
		    debugvars_in_file(m, v.die)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

bool debuginfo_global(struct debuginfo *d, struct arena *a, struct str name,
		      struct str file, struct dbg_var *ret)
{
	struct dbg_pattern p = { .name = name, .file = file };
	struct dieindex_iter it = {};
	struct dieindex_entry e;
	struct debugmatch m;
	bool found = false;

	diename_split(name, &p.scope, &name);
	debugmatch_init(&m, &p, a);
	while (dieindex_find(d->index, name, DIESCAN_VARIABLE, &it, &e)) {
		if ((found && !e.is_external) ||
		    !debugvars_in_file(&m, e.die) ||
		    !diename_is_in(a, e.die, p.scope))
			continue;
		*ret = debugvars_global(e.die);
		found = true;
		if (e.is_external)
			break;
	}
	if (!found && file.len && !str_has_glob(file))
		found = debugvars_nowhere(d, &m, name, file, ret);
	return found;
}

bool debuginfo_var(struct debuginfo *d, struct arena *a, uint64_t pc,
		   struct dbg_die scope, struct str name, struct dbg_var *ret)
{
	struct dbg_vars vars = {};
	struct die_unit *u = dieindex_unit_at(d->index, pc);
	struct err *err = debuginfo_vars(d, a, pc, scope, &vars);

	err_free(err);
	for (uint32_t i = 0; i < vars.n; i++)
		if (str_eq(vars.v[i].name, name)) {
			*ret = vars.v[i];
			return true;
		}
	return (u && debugvars_in_unit(u, name, ret)) ||
	       debuginfo_global(d, a, name, (struct str){}, ret);
}

/* ---- locations ---- */

/* The definition of a variable that is only declared here. */
static struct dbg_die debugvars_definition(struct debuginfo *d,
					   struct arena *a, struct dbg_die var)
{
	struct dbg_var v;

	if (!die_flag(var, DW_AT_declaration) ||
	    !debuginfo_global(d, a, die_name(var), (struct str){}, &v))
		return var;
	return v.die;
}

struct dbg_loc debuginfo_location(struct debuginfo *d, struct arena *a,
				  struct dbg_die var, uint64_t pc)
{
	struct die_unit *u = dieindex_unit_at(d->index, pc);
	struct dieloc x = { .d = d, .a = a, .pc = pc };
	struct diescope s;
	struct die_attr attr;

	if (!var.unit)
		return dieloc_none("there is no such variable");
	if (u && diescope_at(u, pc, &s))
		x.function = s.v[0];
	if (!die_attr_deep(var, DW_AT_location, &attr) &&
	    !die_attr_deep(var, DW_AT_const_value, &attr))
		var = debugvars_definition(d, a, var);
	if (die_attr_deep(var, DW_AT_location, &attr))
		return dieloc_attr(&x, &attr);
	if (die_attr_deep(var, DW_AT_const_value, &attr))
		return dieloc_constant(&x, &attr);
	return dieloc_none(die_flag(var, DW_AT_declaration) ?
				   "is defined in another file" :
				   "optimised out everywhere");
}

struct debugvars_ranges {
	struct arena *a;
	struct dbg_ranges *ret;
};

static bool debugvars_range(void *ctx, uint64_t start, uint64_t end,
			    struct die_block e)
{
	struct debugvars_ranges *r = ctx;
	struct dbg_range *last = r->ret->n ? &vec_last(r->ret) : NULL;

	if (!e.size)
		return true;
	if (last && last->end == start)
		last->end = end;
	else
		vec_push(r->a, r->ret, (struct dbg_range){ start, end });
	return true;
}

struct err *debuginfo_available(struct debuginfo *d, struct arena *a,
				struct dbg_die var, struct dbg_ranges *ret)
{
	struct debugvars_ranges c = { .a = a, .ret = ret };
	struct die_attr attr;

	*ret = (struct dbg_ranges){};
	var = debugvars_definition(d, a, var);
	if (!die_attr_deep(var, DW_AT_location, &attr)) {
		if (die_attr_deep(var, DW_AT_const_value, &attr))
			vec_push(a, ret, (struct dbg_range){ 0, UINT64_MAX });
		return NULL;
	}
	if (die_attr_is_block(&attr))
		vec_push(a, ret, (struct dbg_range){ 0, UINT64_MAX });
	else
		dieloc_list(&attr, debugvars_range, &c);
	return NULL;
}

/* ---- return values ---- */

/* Class of an eightbyte, as the x86-64 ABI has them. */
enum debugvars_class {
	DEBUGVARS_NO,
	DEBUGVARS_FLOAT,
	DEBUGVARS_INTEGER,
	DEBUGVARS_MEMORY,
};

static struct dbg_type debugvars_strip(struct dbg_die *die)
{
	struct dbg_type t = dietype(*die);

	for (int i = 0; i < 32 && (t.kind == DBG_TYPE_TYPEDEF ||
				   t.kind == DBG_TYPE_CONST ||
				   t.kind == DBG_TYPE_VOLATILE ||
				   t.kind == DBG_TYPE_RESTRICT ||
				   t.kind == DBG_TYPE_ATOMIC); i++) {
		*die = t.ref;
		t = dietype(*die);
	}
	return t;
}

static void debugvars_merge(enum debugvars_class classes[2], uint64_t at,
			    uint64_t size, enum debugvars_class c)
{
	if (at + size > 16 || at > 16) {
		classes[0] = DEBUGVARS_MEMORY;
		return;
	}
	for (uint64_t i = at / 8; i <= (at + size - 1) / 8 && i < 2; i++)
		classes[i] = MAX(classes[i], c);
}

static void debugvars_classify(struct dbg_die die, uint64_t at,
			       enum debugvars_class classes[2], int depth);

static void debugvars_members(struct dbg_die die, uint64_t at,
			      enum debugvars_class classes[2], int depth)
{
	struct dietype_parts p = dietype_parts(die);
	struct dbg_member m;

	while (dietype_member(&p, &m)) {
		if (m.is_static)
			continue;
		if (m.is_virtual)
			classes[0] = DEBUGVARS_MEMORY;
		else if (m.bits)
			debugvars_merge(classes, at + m.bit_offset / 8,
					(m.bit_offset % 8 + m.bits + 7) / 8,
					DEBUGVARS_INTEGER);
		else
			debugvars_classify(m.type, at + m.bit_offset / 8,
					   classes, depth + 1);
	}
}

static void debugvars_elements(struct dbg_die die, const struct dbg_type *t,
			       uint64_t at, enum debugvars_class classes[2],
			       int depth)
{
	struct dietype_parts p = dietype_parts(die);
	struct dbg_dimension dim;
	struct dbg_die element = t->ref;
	struct dbg_type e = debugvars_strip(&element);
	uint64_t n = 1;

	while (dietype_dimension(&p, &dim))
		n = dim.has_count && dim.count <= 16 ? n * dim.count : 0;
	if (!n || n > 16 || !e.has_size || !e.size) {
		classes[0] = DEBUGVARS_MEMORY;
		return;
	}
	for (uint64_t i = 0; i < n && classes[0] != DEBUGVARS_MEMORY; i++)
		debugvars_classify(element, at + i * e.size, classes,
				   depth + 1);
}

static void debugvars_classify(struct dbg_die die, uint64_t at,
			       enum debugvars_class classes[2], int depth)
{
	struct dbg_type t = debugvars_strip(&die);
	bool is_float = t.encoding == DBG_ENC_FLOAT ||
			t.encoding == DBG_ENC_COMPLEX;

	if (depth > 16 || classes[0] == DEBUGVARS_MEMORY)
		classes[0] = DEBUGVARS_MEMORY;
	else if (t.kind == DBG_TYPE_STRUCT || t.kind == DBG_TYPE_UNION)
		debugvars_members(die, at, classes, depth);
	else if (t.kind == DBG_TYPE_ARRAY)
		debugvars_elements(die, &t, at, classes, depth);
	else if (t.kind == DBG_TYPE_BASE && is_float && t.size > 8)
		classes[0] = DEBUGVARS_MEMORY;	/* x87, or two registers */
	else if (t.has_size && t.size)
		debugvars_merge(classes, at, t.size,
				is_float ? DEBUGVARS_FLOAT :
					   DEBUGVARS_INTEGER);
	else
		classes[0] = DEBUGVARS_MEMORY;
}

static struct dbg_loc debugvars_register(struct arena *a, uint16_t reg)
{
	struct dbg_loc_op *op = arena_new(a, struct dbg_loc_op);

	*op = (struct dbg_loc_op){ DBG_LOC_OP_REG, 0, reg };
	return (struct dbg_loc){ .kind = DBG_LOC_REGISTER,
				 .reg = reg,
				 .ops = op,
				 .nops = 1 };
}

/* DWARF numbers of the registers that hold results. */
struct debugvars_abi {
	uint16_t integer[2], real[2];
	bool memory_in_first;	/* the first integer register has the address
				 * of what is returned in memory */
};

static struct dbg_loc debugvars_return(struct arena *a,
				       const struct debugvars_abi *abi,
				       const enum debugvars_class classes[2],
				       uint64_t size)
{
	struct dbg_loc_piece *p = arena_array(a, 2, struct dbg_loc_piece);
	uint32_t integers = 0, reals = 0;
	struct dbg_loc l;

	if (classes[0] == DEBUGVARS_MEMORY) {
		if (!abi->memory_in_first)
			return dieloc_none("is returned in memory whose "
					   "address is not kept");
		l = debugvars_register(a, abi->integer[0]);
		l.kind = DBG_LOC_MEMORY;
		return l;
	}
	for (uint32_t i = 0; i < 2; i++) {
		if (8 * i >= size)
			break;
		p[i].bits = (uint32_t)(8 * MIN(size - 8 * i, UINT64_C(8)));
		p[i].loc = debugvars_register(
			a, classes[i] == DEBUGVARS_FLOAT ?
				   abi->real[reals++] :
				   abi->integer[integers++]);
	}
	if (size <= 8)
		return p[0].loc;
	return (struct dbg_loc){ .kind = DBG_LOC_PIECES,
				 .pieces = p,
				 .npieces = 2 };
}

struct dbg_loc debuginfo_return_location(struct debuginfo *d, struct arena *a,
					 struct dbg_die function)
{
	static const struct debugvars_abi x86 = { { 0, 1 }, { 17, 18 }, true };
	static const struct debugvars_abi arm = { { 0, 1 }, { 64, 65 },
						  false };
	enum debugvars_class classes[2] = {};
	struct dbg_die type = die_type(function);
	struct dbg_type t = debugvars_strip(&type);

	if (t.kind == DBG_TYPE_VOID)
		return dieloc_none("the function returns nothing");
	if (t.kind == DBG_TYPE_STRUCT || t.kind == DBG_TYPE_UNION) {
		type = dietype_definition(d, type);
		t = dietype(type);
	}
	if (!t.has_size || !t.size)
		return dieloc_none("the type of the result has no size");
	debugvars_classify(type, 0, classes, 0);
	if (objfile_machine(d->main) == EM_X86_64)
		return debugvars_return(a, &x86, classes, t.size);
	if (objfile_machine(d->main) == EM_AARCH64 &&
	    classes[0] != DEBUGVARS_FLOAT && classes[1] != DEBUGVARS_FLOAT)
		return debugvars_return(a, &arm, classes, t.size);
	if (objfile_machine(d->main) == EM_AARCH64 &&
	    t.kind == DBG_TYPE_BASE && t.size <= 8)
		return debugvars_return(a, &arm, classes, t.size);
	return dieloc_none("it is not known where this machine returns it");
}

/* ---- types and enumerators by name ---- */

static bool debugvars_tag_is(uint16_t tag, enum dbg_tag wanted)
{
	switch (wanted) {
	case DBG_TAG_STRUCT:
		return tag == DW_TAG_structure_type ||
		       tag == DW_TAG_class_type;
	case DBG_TAG_UNION:
		return tag == DW_TAG_union_type;
	case DBG_TAG_ENUM:
		return tag == DW_TAG_enumeration_type;
	case DBG_TAG_TYPEDEF:
		return tag == DW_TAG_typedef || tag == DW_TAG_base_type;
	}
	return false;
}

/* A type that is looked for. */
struct debugvars_wanted {
	struct arena arena;
	enum dbg_tag tag;
	struct str scope, name;
	bool is_whole;		/* that is all of the scope */
};

static void debugvars_want(struct debugvars_wanted *w, enum dbg_tag tag,
			   struct str name)
{
	*w = (struct debugvars_wanted){ .tag = tag, .name = name };
	arena_init(&w->arena);
	w->is_whole = str_starts(name, STR("::"));
	if (w->is_whole)
		w->name = name = str_sub(name, 2, name.len);
	(void)diename_split(name, &w->scope, &w->name);
}

static bool debugvars_is_wanted(struct debugvars_wanted *w, struct dbg_die die)
{
	if (!w->is_whole)
		return diename_is_in(&w->arena, die, w->scope);
	return str_eq(diename_scope(&w->arena, die), w->scope);
}

static bool debugvars_holds_types(struct die_unit *u, uint16_t tag)
{
	return debugvars_is_space(tag) ||
	       (!diescope_is_c(u) && (tag == DW_TAG_class_type ||
				      tag == DW_TAG_structure_type));
}

static bool debugvars_find_type_in(struct die_unit *u,
				   struct debugvars_wanted *wanted,
				   struct dbg_die *ret)
{
	struct die_walk w = die_walk((struct dbg_die){ u, u->root });

	while (die_walk_next(&w)) {
		w.into = debugvars_holds_types(u, w.tag);
		if (debugvars_tag_is(w.tag, wanted->tag) &&
		    !die_flag(w.die, DW_AT_declaration) &&
		    str_eq(die_str(w.die, DW_AT_name), wanted->name) &&
		    debugvars_is_wanted(wanted, w.die)) {
			*ret = w.die;
			return true;
		}
	}
	return false;
}

/* By the index, which of types with one name may have the first only. */
static bool debugvars_find_type(struct debuginfo *d,
				struct debugvars_wanted *w,
				struct dbg_die *ret)
{
	static const enum diescan_kind kinds[] = {
		[DBG_TAG_STRUCT] = DIESCAN_STRUCT,
		[DBG_TAG_UNION] = DIESCAN_UNION,
		[DBG_TAG_ENUM] = DIESCAN_ENUM,
		[DBG_TAG_TYPEDEF] = DIESCAN_TYPEDEF,
	};
	struct dieindex_iter it = {};
	struct dieindex_entry e;
	struct die_unit *u;
	bool known = false;

	while (dieindex_find(d->index, w->name, kinds[w->tag], &it, &e)) {
		*ret = e.die;
		if (debugvars_is_wanted(w, e.die))
			return true;
		known = true;
	}
	for (uint32_t i = 0; known && (u = dieindex_unit(d->index, i)); i++)
		if (!diescope_is_c(u) && debugvars_find_type_in(u, w, ret))
			return true;
	return false;
}

bool debuginfo_find_type(struct debuginfo *d, enum dbg_tag tag,
			 struct str name, struct dbg_die near,
			 struct dbg_die *ret)
{
	struct debugvars_wanted w;
	struct dbg_die die;
	bool found;

	debugvars_want(&w, tag, name);
	found = (near.unit && debugvars_find_type_in(near.unit, &w, &die)) ||
		debugvars_find_type(d, &w, &die);
	arena_deinit(&w.arena);
	if (found)
		*ret = die;
	return found;
}

static bool debugvars_enumerator_of(struct dbg_die type, struct str name,
				    int64_t *ret)
{
	struct dietype_parts p = dietype_parts(type);
	struct dbg_enumerator e;

	while (dietype_enumerator(&p, &e))
		if (str_eq(e.name, name)) {
			*ret = e.value;
			return true;
		}
	return false;
}

static bool debugvars_enumerator_in(struct die_unit *u, struct str name,
				    struct dbg_die *ret, int64_t *ret_value)
{
	struct die_walk w = die_walk((struct dbg_die){ u, u->root });

	while (die_walk_next(&w)) {
		w.into = debugvars_is_space(w.tag);
		if (w.tag == DW_TAG_enumeration_type &&
		    debugvars_enumerator_of(w.die, name, ret_value)) {
			*ret = w.die;
			return true;
		}
	}
	return false;
}

bool debuginfo_enumerator(struct debuginfo *d, struct str name,
			  struct dbg_die near, struct dbg_die *ret_type,
			  int64_t *ret_value)
{
	struct dieindex_iter it = {};
	struct dieindex_entry e;

	if (near.unit &&
	    debugvars_enumerator_in(near.unit, name, ret_type, ret_value))
		return true;
	return dieindex_find(d->index, name, DIESCAN_ENUMERATOR, &it, &e) &&
	       debugvars_enumerator_in(e.die.unit, name, ret_type, ret_value);
}
