/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/resolve/expr.h"

#include "dbg/arch.h"
#include "dbg/ctypes.h"
#include "dbg/member.h"
#include "lang/diag.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/types.h"
#include "sema/walk.h"

const struct str *expr_literal(const struct ast_exprs *args, uint32_t i)
{
	if (i >= args->n || args->v[i]->kind != AST_STRING)
		return NULL;
	return &args->v[i]->string;
}

static const struct target_root *root_find(const struct target_scope *s,
					   struct str name)
{
	for (; s; s = s->base)
		for (uint32_t i = 0; i < s->roots.n; i++)
			if (str_eq(s->roots.v[i].name, name))
				return &s->roots.v[i];
	return NULL;
}

static struct str root_names(const struct expr_context *c)
{
	struct str list = {};

	for (uint32_t i = 0; i < c->scope->roots.n; i++) {
		const struct target_root *root = &c->scope->roots.v[i];

		if (!root->hidden)
			list = arena_printf(c->program->arena, "%" STR_FMT " $%"
					    STR_FMT, STR_ARG(list),
					    STR_ARG(root->name));
	}
	return list;
}

struct path expr_undefined(const struct expr_context *c, uint32_t diag,
				  struct str why, struct str help)
{
	static const struct target_root nothing;
	struct path pa = path_of_root(c->program, &nothing);

	path_fail(&pa, diag, why, help);
	return pa;
}

struct path expr_no_variable(const struct expr_context *c, struct str name)
{
	struct arena *a = c->program->arena;
	struct str list;

	if (!c->scope)
		return expr_undefined(c, DIAG_NO_TARGETS,
			arena_printf(a, "there is no '%" STR_FMT
				     "': this kind of probe has no target variables",
				     STR_ARG(name)), (struct str){});
	list = root_names(c);
	if (str_is(name, "$return"))
		list = STR("what is returned is there in the probe of the return: with .return behind the point");
	else if (list.len)
		list = arena_printf(a, "it has%" STR_FMT, STR_ARG(list));
	else if (c->scope->help.len)
		list = c->scope->help;
	return expr_undefined(c, DIAG_UNKNOWN_TARGET_VAR,
		arena_printf(a, "no variable '%" STR_FMT "' in %" STR_FMT,
			     STR_ARG(name), STR_ARG(c->scope->what)),
		list.len ? list : STR("it has no variables"));
}

/* In a member function of C++: is it a member of the object? */
static bool is_own_member(const struct expr_context *c, struct str name)
{
	const struct target_root *self = root_find(c->scope, STR("this"));
	struct ctype_member m;
	struct ctype t;

	if (!self || !self->type.in)
		return false;
	t = ctypes_stripped(self->type.in, self->type.id);
	return t.kind == CTYPE_PTR &&
	       ctypes_find_member(self->type.in, t.ref, name, &m);
}

/* Its type is known by name only. */
static struct path path_of_pointee(const struct expr_context *c,
				   const struct target_root *root)
{
	struct target_root typed = *root;

	typed.type = types_pointer(program_btf(c->program), root->pointee);
	return path_of_root(c->program, &typed);
}

static struct path path_of_name(const struct expr_context *c, struct str name)
{
	struct str bare = str_sub(name, 1, name.len);
	const struct target_root *root = root_find(c->scope, bare);
	struct target_root global;

	if (root && root->pointee.len)
		return path_of_pointee(c, root);
	if (root) {
		struct path pa = path_of_root(c->program, root);

		if (root->missing.len)
			pa.target->help = c->scope->help;
		return pa;
	}
	if (is_own_member(c, bare)) {
		struct path pa = path_of_root(c->program,
					      root_find(c->scope, STR("this")));

		path_member(&pa, bare, (struct span){});
		return pa;
	}
	if (c->scope && debug_visible(c->program, c->scope, bare, &global))
		return path_of_root(c->program, &global);
	return expr_no_variable(c, name);
}

/* ---- C types of the script's own values ---- */

static struct ctype_ref points_to_var(const struct ast_expr *e)
{
	if (e->kind == AST_INDEX)
		e = e->index.base;
	return e->kind == AST_NAME && e->name.var ? e->name.var->ctype :
						    (struct ctype_ref){};
}

struct ctype_ref expr_points_to(const struct ast_expr *e)
{
	const struct target *t = walk_target_of(e);
	struct ctype_ref ref = {};

	if (t)
		return t->points_to;
	if (e->kind == AST_NAME || e->kind == AST_INDEX)
		return points_to_var(e);
	if (e->kind == AST_CALL)
		return e->call.func ? e->call.func->ctype : ref;
	if (e->kind == AST_ASSIGN && e->assign.op == BINOP_SET)
		return expr_points_to(e->assign.value);
	if (e->kind != AST_TERNARY)
		return ref;
	ref = expr_points_to(e->ternary.yes);
	return ref.in ? ref : expr_points_to(e->ternary.no);
}

/* "<linux/fs.h>" or "kernel<linux/fs.h>": the types of a header, which
 * SystemTap has a compiler make debug information of. */
static bool is_header(const struct str *module)
{
	return module && str_find_char(*module, '<') >= 0;
}

/* The struct or other type with the name most like this one. */
static struct str similar_type(struct program *p, struct str name)
{
	struct ctypes *btf = program_btf(p);
	struct diag_guess g;

	diag_guess_init(&g, name);
	for (uint32_t id = 1; btf && id < ctypes_count(btf); id++) {
		struct ctype t = ctypes_type(btf, id);

		if (t.kind == CTYPE_STRUCT || t.kind == CTYPE_UNION ||
		    t.kind == CTYPE_TYPEDEF)
			diag_guess_add(&g, t.name);
	}
	return diag_guess_best(&g);
}

static struct str type_help(struct program *p, struct str name,
			    const struct str *module)
{
	struct str near;

	if (is_header(module))
		return STR("a header takes a C compiler, which spile does not use: name a program or module whose debug information has the type");
	near = module ? (struct str){} : similar_type(p, name);
	if (!near.len)
		return near;
	return arena_printf(p->arena, "did you mean '%" STR_FMT "'?",
			    STR_ARG(near));
}

/* Who has no such type.  A program's own would be in its debug information. */
static const char *who_lacks(const struct expr_context *c,
			     const struct str *module, struct str *help)
{
	const struct debug_source *src;

	if (!types_of_user(c->scope, module))
		return "this kernel has";
	src = types_source(c->program, c->scope, module);
	if (!src || src->info)
		return "the program and this kernel have";
	if (!help->len)
		*help = src->help;
	return "the program, which no debug information is here of, and this "
	       "kernel have";
}

static struct path path_no_type(const struct expr_context *c, struct str name,
				const struct str *module)
{
	struct program *p = c->program;
	struct str help = type_help(p, name, module);
	const char *who = who_lacks(c, module, &help);
	struct path pa;

	pa = expr_undefined(c, DIAG_UNKNOWN_TYPE,
		arena_printf(p->arena, "%s no type '%" STR_FMT "'", who,
			     STR_ARG(name)), help);

	if (p->portable)
		pa.target->absent = (struct image_access){
			.kind = ACCESS_EXISTS,
			.type = image_intern(p->image, p->back, name),
		};
	return pa;
}

/* "<sys/stat.h>" is of programs, "kernel<linux/fs.h>" is not. */
static bool is_user_header(const struct str *module)
{
	return module && str_starts(*module, STR("<"));
}

/* No header is read: what is probed may have the type, and the kernel has those
 * that programs share with it. */
static struct ctypes *types_of_cast(const struct expr_context *c,
				    const struct str *module, struct str name)
{
	if (is_user_header(module) && types_of_user(c->scope, NULL))
		module = NULL;
	return types_find(c->program, c->scope, module, name);
}

static struct path path_of_cast(const struct expr_context *c,
				   struct ast_expr *e)
{
	struct arena *a = c->program->arena;
	const struct str *name = expr_literal(&e->at_op.args, 1);
	const struct str *module = expr_literal(&e->at_op.args, 2);
	struct ctypes *btf;
	struct path pa;
	uint32_t id;

	if (e->at_op.type)
		return path_of_pointer(c->program, e->at_op.args.v[0],
				       *e->at_op.type);
	if (!name)
		return expr_undefined(c, DIAG_BAD_ATOP,
				      STR("the type of @cast must be a string literal"),
				      (struct str){});
	btf = types_of_cast(c, module, *name);
	if (!btf && !types_of_kernel(c->scope, module))
		return expr_undefined(c, DIAG_NEEDS_DEBUGINFO,
			arena_printf(a, "nothing describes the types of '%"
				     STR_FMT "'", STR_ARG(*module)),
			STR("for a module: load it, for its BTF, or install "
			    "debug information"));
	if (!btf)
		return expr_undefined(c, DIAG_NO_BTF,
				      STR("this kernel does not describe its types"),
				      STR("it was built without CONFIG_DEBUG_INFO_BTF"));
	id = member_type(btf, *name);
	if (!id)
		return path_no_type(c, *name, module);
	pa = path_of_pointer(c->program, e->at_op.args.v[0],
			     (struct ctype_ref){ btf, id });
	pa.is_user |= is_user_header(module);
	return pa;
}

/* @var("name@file", "module") */
static struct path path_of_var(const struct expr_context *c, struct ast_expr *e)
{
	struct arena *a = c->program->arena;
	const struct str *name = expr_literal(&e->at_op.args, 0);
	const struct str *module = expr_literal(&e->at_op.args, 1);
	struct debug_source *src;
	struct target_root root;
	struct str file = {}, bare;
	int64_t at;

	if (!name)
		return expr_undefined(c, DIAG_BAD_ATOP,
				      STR("the variable of @var must be a string literal"),
				      (struct str){});
	at = str_find_char(*name, '@');
	if (at >= 0)
		file = str_sub(*name, (uint32_t)at + 1, name->len);
	bare = str_sub(*name, 0, at < 0 ? name->len : (uint32_t)at);
	src = types_source(c->program, c->scope, module);
	if (!src->info && !(at < 0 && debug_symbol(c->program, src, c->scope,
						   bare, &root)))
		return expr_undefined(c, DIAG_NEEDS_DEBUGINFO, src->why,
				      src->help);
	if (src->info &&
	    !debug_global(c->program, src, c->scope, bare, file, &root) &&
	    !(at < 0 && c->scope && c->scope->source == src &&
	      debug_visible(c->program, c->scope, bare, &root)))
		return expr_undefined(c, DIAG_UNKNOWN_TARGET_VAR,
			arena_printf(a, "there is no variable '%" STR_FMT
				     "' there", STR_ARG(*name)),
			(struct str){});
	return path_of_root(c->program, &root);
}

/* @kderef(size, address), @uderef(size, address) */
static struct path path_of_deref(const struct expr_context *c,
				   struct ast_expr *e)
{
	struct ast_expr *size = e->at_op.args.v[0];
	int64_t n = size->kind == AST_NUMBER ? size->number : 0;
	struct path pa;

	if (n != 1 && n != 2 && n != 4 && n != 8)
		return expr_undefined(c, DIAG_BAD_ATOP,
				      STR("the size must be 1, 2, 4 or 8"),
				      (struct str){});
	pa = path_of_pointer(c->program, e->at_op.args.v[1],
			     (struct ctype_ref){});
	vec_push(c->program->arena, &pa.target->ops,
		 (struct target_op){ .kind = TGT_LOAD, .size = (uint32_t)n,
				     .is_user = e->at_op.op == ATOP_UDEREF,
				     .span = e->span });
	path_assignable(pa.target, c->program->arena, 0, 8 * (uint32_t)n);
	pa.is_address = false;
	return pa;
}

/* @kregister(n), @uregister(n): where the context has registers. */
static struct path path_of_register(const struct expr_context *c,
				    struct ast_expr *e)
{
	struct ast_expr *n = e->at_op.args.v[0];
	const struct target_root *root;

	root = n->kind != AST_NUMBER ? NULL :
	       root_find(c->scope, arena_printf(c->program->arena, "@reg%lld",
						(long long)n->number));
	if (root)
		return path_of_root(c->program, root);
	return expr_undefined(c, DIAG_BAD_ATOP,
			      STR("this probe's context has no such register"),
			      (struct str){});
}

/* Is the probe a counter for @perf? */
static bool is_counter(const struct probe *p)
{
	return p->kind == PROBE_PERF && p->site.name;
}

static struct str counter_names(const struct expr_context *c)
{
	const struct program *p = c->program;
	struct str list = {};

	for (uint32_t i = 0; i < p->probes.n; i++) {
		const struct probe *pr = p->probes.v[i];

		if (is_counter(pr))
			list = arena_printf(c->program->arena, "%" STR_FMT " \"%"
					    STR_FMT "\"", STR_ARG(list),
					    STR_ARG(image_str(p->image,
							      pr->site.name)));
	}
	if (!list.len)
		return STR("declare it: probe perf.sw.task_clock.counter(\"name\") {}");
	return arena_printf(c->program->arena, "there are%" STR_FMT, STR_ARG(list));
}

/* @perf("name") */
static struct path path_of_counter(const struct expr_context *c,
				   struct ast_expr *e)
{
	static const struct target_root nothing;
	const struct program *p = c->program;
	const struct str *name = expr_literal(&e->at_op.args, 0);
	struct path pa = path_of_root(c->program, &nothing);

	for (uint32_t i = 0; name && i < p->probes.n; i++) {
		const struct probe *pr = p->probes.v[i];

		if (!is_counter(pr) ||
		    !str_eq(image_str(p->image, pr->site.name), *name))
			continue;
		vec_push(c->program->arena, &pa.target->ops,
			 (struct target_op){
				 .kind = TGT_PERF, .n = pr->site.name,
				 .size = pr->site.filter ? 1 : 0,
				 .span = e->span });
		return pa;
	}
	path_fail(&pa, DIAG_UNKNOWN_COUNTER,
		  name ? arena_printf(c->program->arena,
				      "there is no perf counter '%" STR_FMT
				      "'", STR_ARG(*name)) :
			 STR("@perf needs a string literal"),
		  counter_names(c));
	return pa;
}

struct path expr_atop(const struct expr_context *c, struct ast_expr *e)
{
	struct arena *a = c->program->arena;

	switch (e->at_op.op) {
	case ATOP_CAST:
		return path_of_cast(c, e);
	case ATOP_KDEREF:
	case ATOP_UDEREF:
		return path_of_deref(c, e);
	case ATOP_KREGISTER:
	case ATOP_UREGISTER:
		return path_of_register(c, e);
	case ATOP_ENTRY:
		return expr_undefined(c, DIAG_ENTRY_OUTSIDE_RETURN,
				      STR("@entry is only meaningful in the return probe of a function"),
				      (struct str){});
	case ATOP_VAR:
		return path_of_var(c, e);
	case ATOP_PERF:
		return path_of_counter(c, e);
	case ATOP_CONST:
		if (e->at_op.refusal)
			return expr_undefined(c, DIAG_EMBEDDED_C,
					      e->at_op.refusal->text,
					      e->at_op.refusal->help);
		break;
	case ATOP_PROBEWRITE:
	case ATOP_DEFINED:
	case ATOP_CHOOSE_DEFINED:
	case ATOP_ENUM:
	case ATOP_ENUMNAME:
		break;
	}
	return expr_undefined(c, DIAG_BAD_ATOP,
			      arena_printf(a, "%s has no members",
					   ast_atop_name(e->at_op.op)),
			      (struct str){});
}

/* ---- paths ---- */

static enum resolved path_of_access(const struct expr_context *c,
				    struct ast_expr *e,
				    struct path *ret)
{
	if (expr_path(c, e->access.base, ret) == RESOLVE_LATER)
		return RESOLVE_LATER;
	for (uint32_t i = 0; i < e->access.nsteps; i++) {
		struct ast_step *s = &e->access.steps[i];

		if (!ret->target->defined)
			break;
		switch (s->kind) {
		case AST_STEP_MEMBER:
			path_member(ret, s->name, s->span);
			break;
		case AST_STEP_INDEX:
			path_index(ret, s->index, s->span);
			break;
		case AST_STEP_PRETTY:
		case AST_STEP_PRETTY_DEEP:
			break;	/* always the last: target_text() */
		}
	}
	return RESOLVED;
}

/* x->f where $x->f is there was a slip. */
static struct str untyped_help(const struct expr_context *c,
			       const struct ast_expr *e)
{
	if (e->kind == AST_NAME && root_find(c->scope, e->name.name))
		return arena_printf(c->program->arena, "did you mean '$%" STR_FMT
				    "'?", STR_ARG(e->name.name));
	if (e->kind == AST_INDEX)
		return STR("several keys of an array: NAME[x, y]; members of what is there: @cast(value, \"type\")->member");
	return STR("say it: @cast(value, \"type\")->member");
}

/* A value of the script, whose C type may be known. */
static enum resolved path_of_value(const struct expr_context *c,
				    struct ast_expr *e,
				   struct path *ret)
{
	struct ctype_ref to = expr_points_to(e);

	if (to.in) {
		*ret = path_of_pointer(c->program, e, to);
		return RESOLVED;
	}
	if (!c->last)
		return RESOLVE_LATER;
	*ret = expr_undefined(c, DIAG_UNTYPED_ACCESS,
			      STR("nothing tells what C type this points to"),
			      untyped_help(c, e));
	return RESOLVED;
}

enum resolved expr_path(const struct expr_context *c, struct ast_expr *e,
			     struct path *ret)
{
	if (e->kind == AST_ACCESS)
		return path_of_access(c, e, ret);
	if (e->kind == AST_TARGET)
		*ret = path_of_name(c, e->target.name);
	else if (e->kind == AST_ATOP &&
		 e->at_op.op == ATOP_CHOOSE_DEFINED)
		return RESOLVE_LATER; /* nothing is chosen yet */
	else if (e->kind == AST_ATOP)
		*ret = expr_atop(c, e);
	else
		return path_of_value(c, e, ret);
	return RESOLVED;
}
