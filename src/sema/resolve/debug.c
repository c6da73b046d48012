/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/resolve/debug.h"

#include "dbg/arch.h"
#include "dbg/btf.h"
#include "dbg/ctypes_die.h"
#include "dbg/dietype.h"
#include "dbg/elfsyms.h"
#include "sema/resolve/kind.h"
#include "sema/resolve/place.h"
#include "sema/resolve/types.h"

struct debug_btf {
	struct str module;
	struct ctypes *types;
};

struct debug_sources {
	VEC(struct debug_source *) v;
	VEC(struct debug_btf) btf;
};

static struct debug_sources *sources_of(struct program *p)
{
	if (!p->debug)
		p->debug = arena_new(p->arena, struct debug_sources);
	return p->debug;
}

/* ---- sources ---- */

static struct str directories(const struct program *p)
{
	return p->options->debuginfo ? str_from(p->options->debuginfo) :
				       (struct str){};
}

static struct err *source_open(struct program *p, struct debug_source *s)
{
	struct str dirs = directories(p);
	bool ask = !s->is_unasked;

	if (s->path.len)
		return debuginfo_open_file(p->world, dirs, s->path, &s->info);
	if (!s->module.len)
		return debuginfo_open_kernel(p->world, dirs, ask, &s->info);
	return debuginfo_open_module(p->world, dirs, ask, s->module,
				     &s->info);
}

static struct debug_source *source_find(struct program *p, struct str module,
					struct str path)
{
	struct debug_sources *all = sources_of(p);

	for (uint32_t i = 0; i < all->v.n; i++)
		if (str_eq(all->v.v[i]->module, module) &&
		    str_eq(all->v.v[i]->path, path))
			return all->v.v[i];
	return NULL;
}

static void source_fill(struct program *p, struct debug_source *s)
{
	struct err *e = source_open(p, s);

	if (!e) {
		s->types = ctypes_die_create(s->info);
		s->types->is_user = s->path.len > 0;
	} else {
		s->why = arena_str(p->arena, str_from(e->msg));
		if (e->hint)
			s->help = arena_str(p->arena, str_from(e->hint));
	}
	err_free(e);
}

static struct debug_source *source_new(struct program *p, struct str module,
				       struct str path, bool is_unasked)
{
	struct debug_source *s = arena_new(p->arena, struct debug_source);

	s->module = module;
	s->path = path;
	s->is_unasked = is_unasked;
	vec_push(p->arena, &p->debug->v, s);
	source_fill(p, s);
	return s;
}

struct debug_source *debug_source_get(struct program *p, struct str module)
{
	struct debug_source *s = source_find(p, module, (struct str){});

	if (!s)
		return source_new(p, module, (struct str){}, false);
	if (s->info || !s->is_unasked)
		return s;
	s->is_unasked = false;
	source_fill(p, s);
	return s;
}

struct debug_source *debug_source_here(struct program *p, struct str module)
{
	struct debug_source *s = source_find(p, module, (struct str){});

	return s ? s : source_new(p, module, (struct str){}, true);
}

struct debug_source *debug_source_file(struct program *p, struct str path)
{
	struct debug_source *s = source_find(p, (struct str){}, path);

	if (s)
		return s;
	s = source_new(p, (struct str){}, path, false);
	err_free(elfsyms_open(p->world, directories(p), path, &s->symbols));
	return s;
}

struct ctypes *debug_module_types(struct program *p, struct str module)
{
	struct debug_btf one = { .module = module };
	struct debug_sources *s = sources_of(p);
	struct err *e;

	for (uint32_t i = 0; i < s->btf.n; i++)
		if (str_eq(s->btf.v[i].module, module))
			return s->btf.v[i].types;
	if (program_btf(p)) {
		e = dbg_btf_open_module(p->world, program_btf(p),
					arena_str(p->arena, module).s,
					&one.types);
		err_free(e);
	}
	if (!one.types)
		return debug_source_get(p, module)->types;
	vec_push(p->arena, &s->btf, one);
	return one.types;
}

void debug_sources_close(struct program *p)
{
	for (uint32_t i = 0; p->debug && i < p->debug->v.n; i++) {
		ctypes_close(p->debug->v.v[i]->types);
		debuginfo_close(p->debug->v.v[i]->info);
		elfsyms_close(p->debug->v.v[i]->symbols);
	}
	for (uint32_t i = 0; p->debug && i < p->debug->btf.n; i++)
		ctypes_close(p->debug->btf.v[i].types);
	p->debug = NULL;
}

/* ---- roots ---- */

bool debug_is_foreign(const struct program *p, const struct debug_source *src)
{
	return src->symbols && objfile_machine(elfsyms_main(src->symbols)) !=
				       world_arch(p->world)->elf_machine;
}

/* What is in memory has an address; of what is not, a path takes parts. */
void debug_locate(struct program *p, const struct target_scope *scope,
		  struct debug_source *src, const struct dbg_loc *loc,
		  struct target_root *r)
{
	struct debug_place *pl = arena_new(p->arena, struct debug_place);
	struct dbg_loc *copy = arena_new(p->arena, struct dbg_loc);

	if (debug_is_foreign(p, src)) {
		r->missing = arena_printf(p->arena, "'%" STR_FMT "' is in a "
					  "program for another processor, "
					  "whose registers have other numbers",
					  STR_ARG(r->name));
		return;
	}
	*copy = *loc;
	*pl = (struct debug_place){ .name = r->name, .src = src,
				    .scope = scope, .loc = copy };
	/* Callers are asked only for what is used. */
	r->is_address = loc->kind == DBG_LOC_MEMORY && !loc->needs_entry;
	if (r->is_address) {
		r->missing = place_address(p, pl, 0, &r->ops[0]);
		r->nops = 1;
		return;
	}
	if (!r->type.in) {	/* a number, with nothing to be told of it */
		r->missing = place_bits(p, pl, 0, 64, &r->ops[0]);
		r->nops = 1;
		return;
	}
	r->place = pl;
	if (loc->needs_entry)
		return;
	if (loc->kind == DBG_LOC_NONE || loc->kind == DBG_LOC_REGISTER ||
	    loc->kind == DBG_LOC_VALUE)
		r->missing = place_bits(p, pl, 0, 8, &r->ops[0]);
}

/* Its name and type. */
static struct target_root outline_of(struct debug_source *src,
				     const struct dbg_var *v)
{
	return (struct target_root){
		.name = v->name,
		.is_local = v->kind != DBG_VAR_PARAM,
		.is_user = src->path.len > 0,
		.type = { src->types, ctypes_die_id(src->types, v->type) },
	};
}

static struct target_root root_of(struct program *p, struct debug_source *src,
				  const struct target_scope *scope,
				  const struct dbg_var *v, uint64_t pc)
{
	struct dbg_loc loc = debuginfo_location(src->info, p->arena, v->die,
						pc);
	struct target_root r = outline_of(src, v);

	debug_locate(p, scope, src, &loc, &r);
	return r;
}

static bool is_hidden(const struct target_scope *s, struct str name)
{
	for (uint32_t i = 0; i < s->roots.n; i++)
		if (str_eq(s->roots.v[i].name, name))
			return true;
	return false;
}

/* The variables at a place, made when they are asked for. */
struct debug_late {
	struct target_late late;	/* first: it is found by this */
	struct target_scope scope;
};

static void add_root(struct program *p, struct debug_late *l,
		     const struct dbg_var *v)
{
	struct target_scope *s = &l->scope;

	vec_push(l->late.arena, &s->roots,
		 l->late.is_brief ? outline_of(s->source, v) :
				    root_of(p, s->source, s, v, s->pc));
}

static void scope_fill(struct program *p, struct target_late *late)
{
	struct debug_late *l = (struct debug_late *)late;
	struct target_scope *s = &l->scope;
	struct dbg_vars vars;

	err_free(debuginfo_vars_in_order(s->source->info, late->arena, s->pc,
					 s->die, &vars));
	for (uint32_t i = 0; i < vars.n; i++)
		add_root(p, l, &vars.v[i]);
}

struct target_scope *debug_scope(struct program *p, struct debug_source *src,
				 uint64_t pc, struct dbg_die scope,
				 struct str name, struct str what)
{
	struct debug_late *l = arena_new(p->arena, struct debug_late);

	l->late = (struct target_late){ .scope = &l->scope,
					.fill = scope_fill };
	l->scope = (struct target_scope){
		.late = &l->late,
		.name = name,
		.what = what,
		.source = src,
		.pc = pc,
		.die = scope,
		.has_parms = true,
	};
	scope_add_registers(p, &l->scope);
	return &l->scope;
}

struct target_scope *debug_return_scope(struct program *p,
					struct debug_source *src,
					const struct dbg_function *f,
					uint64_t pc, struct str what)
{
	struct target_scope *s = arena_new(p->arena, struct target_scope);
	struct dbg_die type = dietype_of(f->die);
	struct dbg_loc loc = debuginfo_return_location(src->info, p->arena,
						       f->die);
	struct dbg_vars vars = {};
	struct target_root r = {
		.name = STR("return"),
		.type = { src->types, ctypes_die_id(src->types, type) },
	};

	s->source = src;
	s->pc = pc;
	s->die = f->die;
	s->has_return = true;
	/* Parameters are for @defined: their values are kept at the entry
	 * (sema/entry). */
	err_free(debuginfo_vars(src->info, p->arena, f->entry, f->die, &vars));
	for (uint32_t i = 0; i < vars.n; i++)
		if (vars.v[i].kind == DBG_VAR_PARAM &&
		    !is_hidden(s, vars.v[i].name))
			vec_push(p->arena, &s->roots,
				 root_of(p, src, s, &vars.v[i],
					 f->entry));
	s->what = what;
	s->name = f->name;
	s->has_parms = true;
	if (type.unit) {
		debug_locate(p, s, src, &loc, &r);
		vec_push(p->arena, &s->roots, r);
	}
	scope_add_registers(p, s);
	return s;
}

bool debug_global(struct program *p, struct debug_source *src,
		  const struct target_scope *scope, struct str name,
		  struct str file, struct target_root *ret)
{
	struct dbg_var v;

	if (!src->info ||
	    !debuginfo_global(src->info, p->arena, name, file, &v))
		return false;
	*ret = root_of(p, src, scope, &v, 0);
	return true;
}

/* Where it is: an address, or an offset in the memory of each thread. */
static struct dbg_loc symbol_location(struct program *p,
				      const struct elfsym *sym)
{
	struct dbg_loc_op *ops = arena_array(p->arena, 2, struct dbg_loc_op);

	ops[0] = (struct dbg_loc_op){
		.code = sym->is_tls ? DBG_LOC_OP_CONST : DBG_LOC_OP_ADDR,
		.value = sym->addr,
	};
	ops[1] = (struct dbg_loc_op){ .code = DBG_LOC_OP_TLS };
	return (struct dbg_loc){ .kind = DBG_LOC_MEMORY, .ops = ops,
				 .nops = sym->is_tls ? 2 : 1 };
}

bool debug_symbol(struct program *p, struct debug_source *src,
		  const struct target_scope *scope, struct str name,
		  struct target_root *ret)
{
	struct target_root r = { .is_user = true };
	struct dbg_loc loc;
	struct elfsym sym;

	if (!src->path.len || !src->symbols ||
	    !elfsyms_find(src->symbols, p->arena, name, &sym) ||
	    sym.is_function || !sym.size || sym.size > 8 ||
	    (sym.size & (sym.size - 1)))
		return false;
	r.name = name;
	loc = symbol_location(p, &sym);
	debug_locate(p, scope, src, &loc, &r);
	if (r.is_address)
		r.ops[r.nops++] = (struct target_op){
			.kind = TGT_LOAD, .size = (uint32_t)sym.size,
			.is_signed = true, .is_user = true };
	r.is_address = false;
	*ret = r;
	return true;
}

bool debug_visible(struct program *p, const struct target_scope *scope,
		   struct str name, struct target_root *ret)
{
	struct debug_source *src = scope->source;
	struct dbg_var v;

	if (!src || !src->info ||
	    !debuginfo_var(src->info, p->arena, scope->pc, scope->die, name,
			   &v) ||
	    v.kind != DBG_VAR_GLOBAL)
		return false;
	*ret = root_of(p, src, scope, &v, scope->pc);
	return true;
}
