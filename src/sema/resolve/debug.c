/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/resolve/debug.h"

#include "dbg/arch.h"
#include "dbg/btf.h"
#include "dbg/ctypes_die.h"
#include "dbg/dietype.h"
#include "dbg/elfsyms.h"
#include "sema/resolve/kind.h"

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

	if (s->path.len)
		return debuginfo_open_file(p->world, dirs, s->path, &s->info);
	if (!s->module.len)
		return debuginfo_open_kernel(p->world, dirs, &s->info);
	return debuginfo_open_module(p->world, dirs, s->module, &s->info);
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

static struct debug_source *source_new(struct program *p, struct str module,
				       struct str path)
{
	struct debug_source *s = arena_new(p->arena, struct debug_source);
	struct err *e;

	s->module = module;
	s->path = path;
	vec_push(p->arena, &p->debug->v, s);
	e = source_open(p, s);
	if (!e) {
		s->types = ctypes_die_create(s->info);
		s->types->is_user = path.len > 0;
	} else {
		s->why = arena_str(p->arena, str_from(e->msg));
		if (e->hint)
			s->help = arena_str(p->arena, str_from(e->hint));
	}
	err_free(e);
	return s;
}

struct debug_source *debug_source_get(struct program *p, struct str module)
{
	struct debug_source *s = source_find(p, module, (struct str){});

	return s ? s : source_new(p, module, (struct str){});
}

struct debug_source *debug_source_file(struct program *p, struct str path)
{
	struct debug_source *s = source_find(p, (struct str){}, path);

	if (s)
		return s;
	s = source_new(p, (struct str){}, path);
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

/* ---- locations ---- */

/* A location on its way to operations of a target. */
struct lower {
	struct program *program;
	struct debug_source *src;
	const struct target_scope *scope;	/* of the handler, or NULL */
	VEC(struct dbg_loc_op) ops;
	const char *missing;
};

static void lower_op(struct lower *l, enum dbg_loc_code code, uint64_t value)
{
	vec_push(l->program->arena, &l->ops,
		 (struct dbg_loc_op){ .code = code, .value = value });
}

static void lower_reg(struct lower *l, uint64_t n)
{
	const struct arch *arch = world_arch(l->program->world);
	const struct arch_reg *r =
		n < ARCH_NO_DWARF ? arch_reg_dwarf(arch, (uint16_t)n) : NULL;

	if (!r || r->size != 8 || r->offset + 8u > arch->ctx_regs_size)
		l->missing = "is in a register that probes do not see";
	else
		lower_op(l, DBG_LOC_OP_REG, r->offset);
}

/* The address of a symbol, when the program is loaded. */
static void lower_symbol(struct lower *l, struct str module, struct str name)
{
	struct program *p = l->program;
	struct image_access a = {
		.kind = ACCESS_SYMBOL,
		.module = image_intern(p->image, p->back, module),
		.path = image_intern(p->image, p->back, name),
	};

	lower_op(l, DBG_LOC_OP_SYMBOL, image_access(p->image, p->back, &a));
}

/* An address of the kernel moves with it: it is so many bytes behind a symbol
 * whose address is looked up. */
static void lower_plain_addr(struct lower *l, uint64_t addr)
{
	struct str name = STR("_text");
	uint64_t base, offset;
	bool unique;

	if (l->src->module.len ||
	    !debuginfo_find_symbol(l->src->info, name, &base)) {
		if (!debuginfo_symbol(l->src->info, addr, &name, &offset,
				      &unique)) {
			l->missing = "has an address without a symbol";
			return;
		}
		base = addr - offset;
	}
	lower_symbol(l, l->src->module, name);
	lower_op(l, DBG_LOC_OP_CONST, addr - base);
	lower_op(l, DBG_LOC_OP_ADD, 0);
}

/* This CPU's: as far behind the section's as __per_cpu_offset[cpu] says.  On
 * older kernels the section is at 0, and does not move. */
static void lower_percpu(struct lower *l, uint64_t addr)
{
	struct str section;
	uint64_t offset;

	if (l->src->module.len) {
		l->missing = "is another one on each CPU, and of a module";
		return;
	}
	if (debuginfo_section(l->src->info, addr, &section, &offset) &&
	    offset == addr)
		lower_op(l, DBG_LOC_OP_CONST, addr);
	else
		lower_plain_addr(l, addr);
	lower_symbol(l, (struct str){}, STR("__per_cpu_offset"));
	lower_op(l, DBG_LOC_OP_CPU, 0);
	lower_op(l, DBG_LOC_OP_CONST, 3);
	lower_op(l, DBG_LOC_OP_SHL, 0);
	lower_op(l, DBG_LOC_OP_ADD, 0);
	vec_push(l->program->arena, &l->ops,
		 (struct dbg_loc_op){ .code = DBG_LOC_OP_LOAD, .size = 8 });
	lower_op(l, DBG_LOC_OP_ADD, 0);
}

/* A program's addresses move with it, as the one does that was hit; of a
 * function that is left, its beginning is known. */
static void lower_user_addr(struct lower *l, uint64_t addr)
{
	const struct target_scope *s = l->scope;
	const struct arch *arch = world_arch(l->program->world);

	if (!s || s->source != l->src) {
		l->missing = "is in another program or library than the probe";
		return;
	}
	if (!s->has_return)
		lower_op(l, DBG_LOC_OP_REG, arch->regs[arch->ip].offset);
	else if (l->program->features & FEATURE_BIT(UPROBE_MULTI))
		lower_op(l, DBG_LOC_OP_FUNC, 0);
	else
		l->missing = "has an address that this kernel does not tell "
			     "at returns";
	lower_op(l, DBG_LOC_OP_CONST, addr - s->pc);
	lower_op(l, DBG_LOC_OP_ADD, 0);
}

static void lower_addr(struct lower *l, uint64_t addr)
{
	if (l->src->path.len)
		lower_user_addr(l, addr);
	else if (debuginfo_is_percpu(l->src->info, addr))
		lower_percpu(l, addr);
	else
		lower_plain_addr(l, addr);
}

static void lower_one(struct lower *l, const struct dbg_loc_op *op)
{
	if (op->code == DBG_LOC_OP_REG)
		lower_reg(l, op->value);
	else if (op->code == DBG_LOC_OP_ADDR)
		lower_addr(l, op->value);
	else if (op->code == DBG_LOC_OP_ENTRY)
		l->missing = "is known at the function's entry only";
	else if (op->code == DBG_LOC_OP_TLS)
		l->missing = "is another one for each thread";
	else if (op->code == DBG_LOC_OP_SDIV || op->code == DBG_LOC_OP_UDIV ||
		 op->code == DBG_LOC_OP_SMOD || op->code == DBG_LOC_OP_UMOD)
		l->missing = "would take a division to compute";
	else if (op->code == DBG_LOC_OP_LOAD && l->src->path.len)
		vec_push(l->program->arena, &l->ops,
			 (struct dbg_loc_op){ .code = op->code,
					      .size = op->size, .value = 1 });
	else
		vec_push(l->program->arena, &l->ops, *op);
}

/* The bytes of a constant as a number. */
static bool lower_bytes(struct lower *l, struct str bytes)
{
	uint64_t v = 0;

	if (!bytes.len || bytes.len > 8)
		return false;
	memcpy(&v, bytes.s, bytes.len);
	lower_op(l, DBG_LOC_OP_CONST, v);
	return true;
}

static void lower_location(struct lower *l, const struct dbg_loc *loc)
{
	switch (loc->kind) {
	case DBG_LOC_NONE:
		l->missing = loc->reason;
		break;
	case DBG_LOC_MEMORY:
	case DBG_LOC_REGISTER:
	case DBG_LOC_VALUE:
		for (uint32_t i = 0; i < loc->nops && !l->missing; i++)
			lower_one(l, &loc->ops[i]);
		break;
	case DBG_LOC_BYTES:
		if (!lower_bytes(l, loc->bytes))
			l->missing = "is a constant that is no number";
		break;
	case DBG_LOC_POINTER:
		l->missing = "points to something that has no address";
		break;
	case DBG_LOC_PIECES:
		l->missing = "is spread over several places";
		break;
	}
}

/* ---- roots ---- */

void debug_locate(struct program *p, const struct target_scope *scope,
		  struct debug_source *src, const struct dbg_loc *loc,
		  struct target_root *r)
{
	struct lower l = { .program = p, .src = src, .scope = scope };

	lower_location(&l, loc);
	if (l.missing) {
		r->missing = arena_printf(p->arena, "'%" STR_FMT "' %s%s",
					  STR_ARG(r->name),
					  strncmp(l.missing, "optimi", 6) ?
						  "" : "is ", l.missing);
		return;
	}
	r->is_address = loc->kind == DBG_LOC_MEMORY;
	r->ops[0] = (struct target_op){ .kind = TGT_LOC,
					.n = l.ops.n,
					.loc = l.ops.v };
	r->nops = 1;
}

static struct target_root root_of(struct program *p, struct debug_source *src,
				  const struct target_scope *scope,
				  const struct dbg_var *v, uint64_t pc)
{
	struct dbg_loc loc = debuginfo_location(src->info, p->arena, v->die,
						pc);
	struct target_root r = {
		.name = v->name,
		.is_local = v->kind != DBG_VAR_PARAM,
		.is_user = src->path.len > 0,
		.type = { src->types, ctypes_die_id(src->types, v->type) },
	};

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

const struct target_scope *debug_scope(struct program *p,
				       struct debug_source *src, uint64_t pc,
				       struct dbg_die scope, struct str what)
{
	struct target_scope *s = arena_new(p->arena, struct target_scope);
	struct dbg_vars vars = {};
	struct dbg_function f;

	s->what = what;
	s->source = src;
	s->pc = pc;
	s->die = scope;
	s->has_parms = true;
	if (scope.unit && debuginfo_function(src->info, scope, &f))
		s->name = f.name;
	err_free(debuginfo_vars(src->info, p->arena, pc, scope, &vars));
	/* The innermost of a name is the one that is meant. */
	for (uint32_t i = 0; i < vars.n; i++)
		if (!is_hidden(s, vars.v[i].name))
			vec_push(p->arena, &s->roots,
				 root_of(p, src, s, &vars.v[i], pc));
	scope_add_registers(p, s);
	return s;
}

const struct target_scope *debug_return_scope(struct program *p,
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
