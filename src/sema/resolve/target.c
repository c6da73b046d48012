/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target expression is resolved from its outermost node, which then holds
 * the struct target; what it was made of is not looked at again.  C types of
 * variables (for ident->f) are found in rounds: each round may give types to
 * variables, which let more accesses be resolved in the next.
 */
#include "sema/resolve/target.h"

#include "dbg/arch.h"
#include "dbg/btf.h"
#include "dbg/member.h"
#include "dbg/world.h"
#include "lang/diag.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/path.h"
#include "sema/resolve/target_text.h"
#include "sema/walk.h"

struct resolver {
	struct program *program;
	const struct target_scope *scope;	/* of the handler at hand */
	struct func *func;		/* the function at hand, or NULL: */
	struct probe *probe;		/* the probe at hand */
	struct ast_stmt *body;		/* of the handler or function */
	bool last;			/* what is not typed by now never is */
	bool changed;			/* a type was found in this round */
};

enum resolved {
	RESOLVED,		/* the path's target may still be undefined */
	RESOLVE_LATER,		/* the type of a variable is not known yet */
};

struct ctypes *program_btf(struct program *p)
{
	struct err *err;

	if (p->btf || p->btf_tried)
		return p->btf;
	p->btf_tried = true;
	err = dbg_btf_open(p->world, &p->btf);
	err_free(err);
	return p->btf;
}

struct ctypes *program_module_types(struct program *p, struct str module)
{
	struct ctypes *base = program_btf(p), *types = NULL;
	struct err *e;

	for (uint32_t i = 0; i < p->modules.n; i++)
		if (str_eq(p->modules.v[i]->module, module))
			return p->modules.v[i];
	if (!base)
		return NULL;
	e = dbg_btf_open_module(p->world, base,
				arena_str(p->arena, module).s, &types);
	if (err_drop(e))
		return NULL;
	types->module = arena_str(p->arena, module);
	vec_push(p->arena, &p->modules, types);
	return types;
}

static struct arena *arena_of(const struct resolver *r)
{
	return r->program->arena;
}

struct target_op target_arg(struct program *p, struct str kind, struct str of,
			    struct str arg, uint32_t n)
{
	struct target_op op = { .kind = TGT_CTX_WORD, .n = n };
	struct image_access a = { .kind = ACCESS_ARG, .value = n };

	if (!p->portable)
		return op;
	a.type = image_intern(p->image, p->back,
			      arena_printf(p->arena, "%" STR_FMT "%" STR_FMT,
					   STR_ARG(kind), STR_ARG(of)));
	a.path = image_intern(p->image, p->back, arg);
	op.access = image_access(p->image, p->back, &a) + 1;
	return op;
}

/* ---- roots ---- */

const struct target_scope *target_scope_get(struct program *p,
					    const struct target_scope *s)
{
	struct target_late *late = s ? s->late : NULL;

	if (late) {
		late->scope->late = NULL;
		late->fill(p, late);
	}
	return s;
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

static struct str root_names(const struct resolver *r)
{
	struct str list = {};

	for (uint32_t i = 0; i < r->scope->roots.n; i++) {
		const struct target_root *root = &r->scope->roots.v[i];

		if (!root->hidden)
			list = arena_printf(arena_of(r), "%" STR_FMT " $%"
					    STR_FMT, STR_ARG(list),
					    STR_ARG(root->name));
	}
	return list;
}

static struct path path_undefined(const struct resolver *r, uint32_t diag,
				  struct str why, struct str help)
{
	static const struct target_root nothing;
	struct path pa = path_of_root(r->program, &nothing);

	path_fail(&pa, diag, why, help);
	return pa;
}

static struct path path_no_root(const struct resolver *r, struct str name)
{
	struct arena *a = arena_of(r);
	struct str list;

	if (!r->scope)
		return path_undefined(r, DIAG_NO_TARGETS,
			arena_printf(a, "there is no '%" STR_FMT
				     "': this kind of probe has no target variables",
				     STR_ARG(name)), (struct str){});
	list = root_names(r);
	if (list.len)
		list = arena_printf(a, "it has%" STR_FMT, STR_ARG(list));
	else if (r->scope->help.len)
		list = r->scope->help;
	return path_undefined(r, DIAG_UNKNOWN_TARGET_VAR,
		arena_printf(a, "no variable '%" STR_FMT "' in %" STR_FMT,
			     STR_ARG(name), STR_ARG(r->scope->what)),
		list.len ? list : STR("it has no variables"));
}

/* In a member function of C++: is it a member of the object? */
static bool is_own_member(const struct resolver *r, struct str name)
{
	const struct target_root *self = root_find(r->scope, STR("this"));
	struct ctype_member m;
	struct ctype t;

	if (!self || !self->type.in)
		return false;
	t = ctypes_stripped(self->type.in, self->type.id);
	return t.kind == CTYPE_PTR &&
	       ctypes_find_member(self->type.in, t.ref, name, &m);
}

static struct path path_of_name(const struct resolver *r, struct str name)
{
	struct str bare = str_sub(name, 1, name.len);
	const struct target_root *root = root_find(r->scope, bare);
	struct target_root global;

	if (root)
		return path_of_root(r->program, root);
	if (is_own_member(r, bare)) {
		struct path pa = path_of_root(r->program,
					      root_find(r->scope, STR("this")));

		path_member(&pa, bare, (struct span){});
		return pa;
	}
	if (r->scope && debug_visible(r->program, r->scope, bare, &global))
		return path_of_root(r->program, &global);
	return path_no_root(r, name);
}

/* ---- C types of the script's own values ---- */

static const struct target *target_of(const struct ast_expr *e)
{
	if (e->kind == AST_TARGET)
		return e->target.target;
	if (e->kind == AST_ATOP)
		return e->at_op.target;
	if (e->kind == AST_ACCESS)
		return e->access.target;
	return e->kind == AST_ADDRESS ? e->address.target : NULL;
}

static struct ctype_ref points_to_var(const struct ast_expr *e)
{
	if (e->kind == AST_INDEX)
		e = e->index.base;
	return e->kind == AST_NAME && e->name.var ? e->name.var->ctype :
						    (struct ctype_ref){};
}

/* What the value of e points to, if that is known. */
static struct ctype_ref points_to(const struct ast_expr *e)
{
	const struct target *t = target_of(e);
	struct ctype_ref ref = {};

	if (t)
		return t->points_to;
	if (e->kind == AST_NAME || e->kind == AST_INDEX)
		return points_to_var(e);
	if (e->kind == AST_CALL)
		return e->call.func ? e->call.func->ctype : ref;
	if (e->kind == AST_ASSIGN && e->assign.op == BINOP_SET)
		return points_to(e->assign.value);
	if (e->kind != AST_TERNARY)
		return ref;
	ref = points_to(e->ternary.yes);
	return ref.in ? ref : points_to(e->ternary.no);
}

static void learn(struct resolver *r, struct ctype_ref *ctype,
		  struct ctype_ref found)
{
	if (ctype->in || !found.in)
		return;
	*ctype = found;
	r->changed = true;
}

static void learn_assign(struct resolver *r, struct ast_expr *e)
{
	struct ast_expr *to = e->assign.to;

	if (e->assign.op != BINOP_SET)
		return;
	if (to->kind == AST_INDEX)
		to = to->index.base;
	if (to->kind == AST_NAME && to->name.var)
		learn(r, &to->name.var->ctype, points_to(e->assign.value));
}

static void learn_call(struct resolver *r, struct ast_expr *e)
{
	struct func *f = e->call.func;

	for (; f; f = f->next_overload)
		for (uint32_t i = 0; i < f->nparams && i < e->call.args.n; i++)
			learn(r, &f->vars.v[i]->ctype,
			      points_to(e->call.args.v[i]));
}

static void learn_visit(struct ast_expr **e, void *data)
{
	struct resolver *r = data;

	if ((*e)->kind == AST_ASSIGN)
		learn_assign(r, *e);
	else if ((*e)->kind == AST_CALL)
		learn_call(r, *e);
}

static bool learn_return(struct ast_stmt **s, void *data)
{
	struct resolver *r = data;

	if ((*s)->kind == AST_S_RETURN && (*s)->expr)
		learn(r, &r->func->ctype, points_to((*s)->expr));
	return true;
}

/* ---- types by name ---- */

static const struct str *literal(const struct ast_exprs *args, uint32_t i)
{
	if (i >= args->n || args->v[i]->kind != AST_STRING)
		return NULL;
	return &args->v[i]->string;
}

/* What a module argument of @cast and @var is about.  Without one it is what
 * the probe is about. */
static bool is_about_user(const struct resolver *r, const struct str *module)
{
	const struct debug_source *src = r->scope ? r->scope->source : NULL;

	if (module)
		return module->len && module->s[0] == '/';
	return src && src->path.len;
}

static bool is_about_kernel(const struct resolver *r, const struct str *module)
{
	return !is_about_user(r, module) &&
	       (!module || str_starts(*module, STR("kernel")) ||
		str_starts(*module, STR("<")));
}

static struct debug_source *source_meant(const struct resolver *r,
				      const struct str *module)
{
	struct debug_source *own = r->scope ? r->scope->source : NULL;

	if (!module)
		return own && own->path.len ?
			       own :
			       debug_source_get(r->program, (struct str){});
	if (is_about_kernel(r, module))
		return debug_source_get(r->program, (struct str){});
	return is_about_user(r, module) ?
		       debug_source_file(r->program, *module) :
		       debug_source_get(r->program, *module);
}

/* The types of the program that is probed, then the kernel's. */
static struct ctypes *types_of(const struct resolver *r,
			       const struct str *module, struct str name)
{
	struct ctypes *types = NULL;

	if (is_about_user(r, module))
		types = source_meant(r, module)->types;
	else if (module && !is_about_kernel(r, module))
		return debug_module_types(r->program, *module);
	if (types && (module || member_type(types, name)))
		return types;
	return module && is_about_user(r, module) ? NULL :
						    program_btf(r->program);
}

static struct path path_no_type(const struct resolver *r, struct str name)
{
	struct program *p = r->program;
	struct path pa = path_undefined(r, DIAG_UNKNOWN_TYPE,
		arena_printf(p->arena, "this kernel has no type '%" STR_FMT
			     "'", STR_ARG(name)), (struct str){});

	if (p->portable)
		pa.target->absent = (struct image_access){
			.kind = ACCESS_EXISTS,
			.type = image_intern(p->image, p->back, name),
		};
	return pa;
}

static struct path path_of_cast(const struct resolver *r, struct ast_expr *e)
{
	struct arena *a = arena_of(r);
	const struct str *name = literal(&e->at_op.args, 1);
	const struct str *module = literal(&e->at_op.args, 2);
	struct ctypes *btf;
	uint32_t id;

	if (!name)
		return path_undefined(r, DIAG_BAD_ATOP,
				      STR("the type of @cast must be a string literal"),
				      (struct str){});
	btf = types_of(r, module, *name);
	if (!btf && !is_about_kernel(r, module))
		return path_undefined(r, DIAG_NEEDS_DEBUGINFO,
			arena_printf(a, "nothing describes the types of '%"
				     STR_FMT "'", STR_ARG(*module)),
			STR("for a module: load it, for its BTF, or install "
			    "debug information"));
	if (!btf)
		return path_undefined(r, DIAG_NO_BTF,
				      STR("this kernel does not describe its types"),
				      STR("it was built without CONFIG_DEBUG_INFO_BTF"));
	id = member_type(btf, *name);
	if (!id)
		return path_no_type(r, *name);
	return path_of_pointer(r->program, e->at_op.args.v[0],
			       (struct ctype_ref){ btf, id });
}

/* @var("name@file", "module") */
static struct path path_of_var(const struct resolver *r, struct ast_expr *e)
{
	struct arena *a = arena_of(r);
	const struct str *name = literal(&e->at_op.args, 0);
	const struct str *module = literal(&e->at_op.args, 1);
	struct debug_source *src;
	struct target_root root;
	int64_t at;

	if (!name)
		return path_undefined(r, DIAG_BAD_ATOP,
				      STR("the variable of @var must be a string literal"),
				      (struct str){});
	at = str_find_char(*name, '@');
	src = source_meant(r, module);
	if (!src->info)
		return path_undefined(r, DIAG_NEEDS_DEBUGINFO, src->why,
				      src->help);
	if (!debug_global(r->program, src, r->scope,
			  str_sub(*name, 0, at < 0 ? name->len : (uint32_t)at),
			  at < 0 ? (struct str){} :
				   str_sub(*name, (uint32_t)at + 1, name->len),
			  &root))
		return path_undefined(r, DIAG_UNKNOWN_TARGET_VAR,
			arena_printf(a, "there is no variable '%" STR_FMT
				     "' there", STR_ARG(*name)),
			(struct str){});
	return path_of_root(r->program, &root);
}

/* @kderef(size, address), @uderef(size, address) */
static struct path path_of_deref(const struct resolver *r, struct ast_expr *e)
{
	struct ast_expr *size = e->at_op.args.v[0];
	int64_t n = size->kind == AST_NUMBER ? size->number : 0;
	struct path pa;

	if (n != 1 && n != 2 && n != 4 && n != 8)
		return path_undefined(r, DIAG_BAD_ATOP,
				      STR("the size must be 1, 2, 4 or 8"),
				      (struct str){});
	pa = path_of_pointer(r->program, e->at_op.args.v[1],
			     (struct ctype_ref){});
	vec_push(arena_of(r), &pa.target->ops,
		 (struct target_op){ .kind = TGT_LOAD, .size = (uint32_t)n,
				     .is_user = e->at_op.op == ATOP_UDEREF,
				     .span = e->span });
	pa.target->store = vec_last(&pa.target->ops);
	pa.target->is_lvalue = true;
	pa.is_address = false;
	return pa;
}

/* @kregister(n), @uregister(n): where the context has registers. */
static struct path path_of_register(const struct resolver *r,
				    struct ast_expr *e)
{
	struct ast_expr *n = e->at_op.args.v[0];
	const struct target_root *root;

	root = n->kind != AST_NUMBER ? NULL :
	       root_find(r->scope, arena_printf(arena_of(r), "@reg%lld",
						(long long)n->number));
	if (root)
		return path_of_root(r->program, root);
	return path_undefined(r, DIAG_BAD_ATOP,
			      STR("this probe's context has no such register"),
			      (struct str){});
}

/* Is the probe a counter for @perf? */
static bool is_counter(const struct probe *p)
{
	return p->kind == PROBE_PERF && p->site.name;
}

static struct str counter_names(const struct resolver *r)
{
	const struct program *p = r->program;
	struct str list = {};

	for (uint32_t i = 0; i < p->probes.n; i++) {
		const struct probe *pr = p->probes.v[i];

		if (is_counter(pr))
			list = arena_printf(arena_of(r), "%" STR_FMT " \"%"
					    STR_FMT "\"", STR_ARG(list),
					    STR_ARG(image_str(p->image,
							      pr->site.name)));
	}
	if (!list.len)
		return STR("declare it: probe perf.sw.task_clock.counter(\"name\") {}");
	return arena_printf(arena_of(r), "there are%" STR_FMT, STR_ARG(list));
}

/* @perf("name") */
static struct path path_of_counter(const struct resolver *r,
				   struct ast_expr *e)
{
	static const struct target_root nothing;
	const struct program *p = r->program;
	const struct str *name = literal(&e->at_op.args, 0);
	struct path pa = path_of_root(r->program, &nothing);

	for (uint32_t i = 0; name && i < p->probes.n; i++) {
		const struct probe *pr = p->probes.v[i];

		if (!is_counter(pr) ||
		    !str_eq(image_str(p->image, pr->site.name), *name))
			continue;
		vec_push(arena_of(r), &pa.target->ops,
			 (struct target_op){
				 .kind = TGT_PERF, .n = pr->site.name,
				 .size = pr->site.filter ? 1 : 0,
				 .span = e->span });
		return pa;
	}
	path_fail(&pa, DIAG_UNKNOWN_COUNTER,
		  name ? arena_printf(arena_of(r),
				      "there is no perf counter '%" STR_FMT
				      "'", STR_ARG(*name)) :
			 STR("@perf needs a string literal"),
		  counter_names(r));
	return pa;
}

static struct path path_of_atop(const struct resolver *r, struct ast_expr *e)
{
	struct arena *a = arena_of(r);

	switch (e->at_op.op) {
	case ATOP_CAST:
		return path_of_cast(r, e);
	case ATOP_KDEREF:
	case ATOP_UDEREF:
		return path_of_deref(r, e);
	case ATOP_KREGISTER:
	case ATOP_UREGISTER:
		return path_of_register(r, e);
	case ATOP_ENTRY:
		return path_undefined(r, DIAG_ENTRY_OUTSIDE_RETURN,
				      STR("@entry is only meaningful in the return probe of a function"),
				      (struct str){});
	case ATOP_VAR:
		return path_of_var(r, e);
	case ATOP_PERF:
		return path_of_counter(r, e);
	case ATOP_CONST:
		return path_undefined(r, DIAG_BAD_ATOP,
				      STR("@const evaluates C code, and spile has no C compiler"),
				      STR("kernel enumerators can be had with @enum(\"NAME\")"));
	case ATOP_PROBEWRITE:
	case ATOP_DEFINED:
	case ATOP_CHOOSE_DEFINED:
	case ATOP_ENUM:
	case ATOP_ENUMNAME:
		break;
	}
	return path_undefined(r, DIAG_BAD_ATOP,
			      arena_printf(a, "%s has no members",
					   ast_atop_name(e->at_op.op)),
			      (struct str){});
}

/* ---- paths ---- */

static enum resolved path_of(struct resolver *r, struct ast_expr *e,
			     struct path *ret);

static enum resolved path_of_access(struct resolver *r, struct ast_expr *e,
				    struct path *ret)
{
	if (path_of(r, e->access.base, ret) == RESOLVE_LATER)
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
static struct str untyped_help(const struct resolver *r,
			       const struct ast_expr *e)
{
	if (e->kind == AST_NAME && root_find(r->scope, e->name.name))
		return arena_printf(arena_of(r), "did you mean '$%" STR_FMT
				    "'?", STR_ARG(e->name.name));
	return STR("say it: @cast(value, \"type\")->member");
}

/* A value of the script, whose C type may be known. */
static enum resolved path_of_value(struct resolver *r, struct ast_expr *e,
				   struct path *ret)
{
	struct ctype_ref to = points_to(e);

	if (to.in) {
		*ret = path_of_pointer(r->program, e, to);
		return RESOLVED;
	}
	if (!r->last)
		return RESOLVE_LATER;
	*ret = path_undefined(r, DIAG_UNTYPED_ACCESS,
			      STR("nothing tells what C type this points to"),
			      untyped_help(r, e));
	return RESOLVED;
}

static enum resolved path_of(struct resolver *r, struct ast_expr *e,
			     struct path *ret)
{
	if (e->kind == AST_ACCESS)
		return path_of_access(r, e, ret);
	if (e->kind == AST_TARGET)
		*ret = path_of_name(r, e->target.name);
	else if (e->kind == AST_ATOP)
		*ret = path_of_atop(r, e);
	else
		return path_of_value(r, e, ret);
	return RESOLVED;
}

/* @cast without a member is the value itself, with a C type. */
static void finish_value(struct path *pa, const struct ast_expr *e)
{
	bool bare_cast = e->kind == AST_ATOP && e->at_op.op == ATOP_CAST;

	if (!pa->target->defined)
		return;
	if (bare_cast)
		path_address(pa, e->at);
	else
		path_value(pa, e->at);
}

static bool is_enum(enum ctype_kind kind)
{
	return kind == CTYPE_ENUM || kind == CTYPE_ENUM64;
}

/* The variable that an assignment to e changes; empty = none. */
static struct str variable_name(const struct ast_expr *e)
{
	if (e->kind == AST_INDEX)
		e = e->index.base;
	if (e->kind == AST_NAME)
		return e->name.name;
	return e->kind == AST_TARGET ? e->target.name : (struct str){};
}

/* ---- what is replaced by an ordinary expression ---- */

static void become_number(struct ast_expr *e, int64_t n)
{
	struct span span = e->span, at = e->at;

	*e = (struct ast_expr){ .kind = AST_NUMBER, .number = n,
				.type = TY_LONG, .span = span, .at = at };
}

static bool visit(struct ast_expr **e, void *data);

/* Is every target variable in e there?  Resolves them. */
struct defined_query {
	struct resolver *r;
	bool defined, later;
};

static void note_absent(struct resolver *r, const struct target *t)
{
	struct absences *to = r->func ? &r->func->absent : &r->probe->absent;

	if (!t->defined && t->absent.kind != ACCESS_N)
		vec_push(arena_of(r), &to->list, t->absent);
}

static bool query_defined(struct ast_expr **e, void *data)
{
	struct defined_query *q = data;
	const struct target *t = target_of(*e);

	if (t) {
		q->defined &= t->defined;
		note_absent(q->r, t);
	} else if ((*e)->kind == AST_ACCESS || (*e)->kind == AST_ADDRESS ||
		   (*e)->kind == AST_ATOP) {
		q->later = true;
	}
	return true;
}

static struct defined_query ask_defined(struct resolver *r,
					struct ast_expr **e)
{
	struct defined_query q = { .r = r, .defined = true };

	walk_expr(e, visit, r);
	walk_expr(e, query_defined, &q);
	return q;
}

static void resolve_defined(struct resolver *r, struct ast_expr *e)
{
	struct defined_query q = ask_defined(r, &e->at_op.args.v[0]);

	if (!q.later || r->last)
		become_number(e, q.defined && !q.later);
}

static void resolve_choose(struct resolver *r, struct ast_expr *e)
{
	struct defined_query q = ask_defined(r, &e->at_op.args.v[0]);

	if (!q.later || r->last)
		*e = *e->at_op.args.v[q.defined && !q.later ? 0 : 1];
}

/* Another kernel may have given it another number. */
static void become_enumerator(struct resolver *r, struct ast_expr *e,
			      struct str name, int64_t value)
{
	static const struct target_root nothing;
	struct program *p = r->program;
	struct image_access a = { .kind = ACCESS_ENUM, .value = value };
	struct path pa;

	if (!p->portable) {
		become_number(e, value);
		return;
	}
	a.path = image_intern(p->image, p->back, name);
	pa = path_of_root(p, &nothing);
	vec_push(arena_of(r), &pa.target->ops,
		 (struct target_op){
			 .kind = TGT_CONST, .n = value, .span = e->span,
			 .access = image_access(p->image, p->back, &a) + 1 });
	e->at_op.target = pa.target;
}

static void resolve_enum(struct resolver *r, struct ast_expr *e)
{
	const struct str *literal_name = literal(&e->at_op.args, 0);
	struct str name = literal_name ? *literal_name : STR("");
	struct ctypes *btf = program_btf(r->program);
	struct path pa;
	uint32_t type;
	int64_t value;

	/* Of the program that is probed, then of the kernel. */
	if (is_about_user(r, NULL) && r->scope->source->types &&
	    ctypes_find_enumerator(r->scope->source->types, name, &type,
				   &value)) {
		become_number(e, value);
		return;
	}
	if (btf && ctypes_find_enumerator(btf, name, &type, &value)) {
		become_enumerator(r, e, name, value);
		return;
	}
	pa = path_undefined(r, DIAG_UNKNOWN_ENUM,
			    name.len ? arena_printf(arena_of(r),
						    "this kernel has no enumerator '%"
						    STR_FMT "'", STR_ARG(name)) :
				       STR("@enum needs a string literal"),
			    (struct str){});
	e->at_op.target = pa.target;
}

/* May be evaluated twice? */
static bool is_effect(struct ast_expr **e, void *data)
{
	bool *found = data;

	*found |= (*e)->kind == AST_ASSIGN || (*e)->kind == AST_INCDEC ||
		  (*e)->kind == AST_CALL || (*e)->kind == AST_PRINT;
	return !*found;
}

static bool resolve_enumname(struct resolver *r, struct ast_expr *e)
{
	const struct str *name = literal(&e->at_op.args, 1);
	struct ast_expr *value = e->at_op.args.v[0];
	struct ctype_ref type = {};
	bool effect = false;
	struct path pa;

	walk_expr(&value, is_effect, &effect);
	if (effect)
		return false;
	if (name)
		type.in = types_of(r, NULL, *name);
	if (type.in)
		type.id = member_type(type.in, *name);
	else if (path_of(r, value, &pa) == RESOLVED && pa.target->defined)
		type = path_ref(&pa, pa.type);
	if (!type.id || !is_enum(ctypes_stripped(type.in, type.id).kind))
		return false;
	target_enum_text(r->program, type, value, e);
	return true;
}

/* Does the handler write to the variable that @probewrite names? */
struct written_query {
	struct str name;
	bool found;
};

static bool query_written(struct ast_expr **e, void *data)
{
	struct written_query *q = data;
	const struct ast_expr *to = NULL;

	if ((*e)->kind == AST_ASSIGN)
		to = (*e)->assign.to;
	else if ((*e)->kind == AST_INCDEC)
		to = (*e)->incdec.of;
	if (to)
		q->found |= str_eq(variable_name(to), q->name);
	return true;
}

static void resolve_probewrite(struct resolver *r, struct ast_expr *e)
{
	struct written_query q = {
		.name = variable_name(e->at_op.args.v[0]),
	};

	walk_exprs(r->body, query_written, &q);
	become_number(e, q.name.len && q.found);
}

static enum ast_step_kind last_step(const struct ast_expr *e)
{
	return e->access.steps[e->access.nsteps - 1].kind;
}

static bool is_pretty(const struct ast_expr *e)
{
	return e->kind == AST_ACCESS && e->access.nsteps &&
	       last_step(e) >= AST_STEP_PRETTY;
}

static bool is_context_text(const struct ast_expr *e)
{
	if (e->kind == AST_ACCESS)
		e = e->access.base;
	return e->kind == AST_TARGET &&
	       str_starts(e->target.name, STR("$$"));
}

static void resolve_pretty(struct resolver *r, struct ast_expr *e)
{
	bool deep = last_step(e) == AST_STEP_PRETTY_DEEP;
	struct path pa;

	if (path_of(r, e, &pa) == RESOLVE_LATER)
		return;
	if (pa.target->defined)
		target_text(&pa, deep ? TARGET_ALL : TARGET_MEMBERS, e);
	else
		e->access.target = pa.target;
}

static void resolve_context_text(struct resolver *r, struct ast_expr *e)
{
	struct ast_expr *name = e->kind == AST_ACCESS ? e->access.base : e;
	enum target_depth depth =
		!is_pretty(e) ? TARGET_PLAIN :
		last_step(e) == AST_STEP_PRETTY ? TARGET_MEMBERS : TARGET_ALL;
	struct path pa;

	if (r->scope && target_scope_text(r->program, r->scope,
					  name->target.name, depth, e))
		return;
	pa = path_no_root(r, name->target.name);
	if (e->kind == AST_ACCESS)
		e->access.target = pa.target;
	else
		e->target.target = pa.target;
}

/* ---- the visit ---- */

static void resolve_atop(struct resolver *r, struct ast_expr *e)
{
	struct path pa;

	switch (e->at_op.op) {
	case ATOP_DEFINED:
		resolve_defined(r, e);
		return;
	case ATOP_CHOOSE_DEFINED:
		resolve_choose(r, e);
		return;
	case ATOP_ENUM:
		resolve_enum(r, e);
		return;
	case ATOP_PROBEWRITE:
		resolve_probewrite(r, e);
		return;
	case ATOP_ENUMNAME:
		if (resolve_enumname(r, e))
			return;
		break;
	case ATOP_CAST:
	case ATOP_ENTRY:
	case ATOP_VAR:
	case ATOP_PERF:
	case ATOP_CONST:
	case ATOP_KREGISTER:
	case ATOP_UREGISTER:
	case ATOP_KDEREF:
	case ATOP_UDEREF:
		break;
	}
	pa = path_of_atop(r, e);
	finish_value(&pa, e);
	e->at_op.target = pa.target;
}

static void resolve_access(struct resolver *r, struct ast_expr *e)
{
	struct path pa;

	if (is_context_text(e))
		resolve_context_text(r, e);
	else if (is_pretty(e))
		resolve_pretty(r, e);
	else if (path_of(r, e, &pa) == RESOLVED) {
		finish_value(&pa, e);
		e->access.target = pa.target;
	}
}

static void resolve_address(struct resolver *r, struct ast_expr *e)
{
	struct path pa;

	if (path_of(r, e->address.of, &pa) == RESOLVE_LATER)
		return;
	if (pa.target->defined)
		path_address(&pa, e->at);
	e->address.target = pa.target;
}

static void resolve_target(struct resolver *r, struct ast_expr *e)
{
	struct path pa;

	if (is_context_text(e)) {
		resolve_context_text(r, e);
		return;
	}
	path_of(r, e, &pa);
	finish_value(&pa, e);
	e->target.target = pa.target;
}

static bool is_about_target(const struct ast_expr *e)
{
	return e->kind == AST_TARGET || e->kind == AST_ATOP ||
	       e->kind == AST_ACCESS || e->kind == AST_ADDRESS;
}

static bool visit(struct ast_expr **place, void *data)
{
	struct resolver *r = data;
	struct ast_expr *e = *place;

	if (target_of(e))
		return true;
	if (is_about_target(e))
		target_scope_get(r->program, r->scope);
	if (e->kind == AST_TARGET)
		resolve_target(r, e);
	else if (e->kind == AST_ATOP)
		resolve_atop(r, e);
	else if (e->kind == AST_ACCESS)
		resolve_access(r, e);
	else if (e->kind == AST_ADDRESS)
		resolve_address(r, e);
	/* What is below & has no value of its own. */
	return e->kind != AST_ADDRESS || target_of(e);
}

static void resolve_probe(struct resolver *r, struct probe *probe)
{
	r->scope = probe->scope;
	r->probe = probe;
	r->body = probe->body;
	r->func = NULL;
	for (struct cond *c = probe->conditions; c; c = c->next)
		walk_expr(&c->expr, visit, r);
	walk_exprs(probe->body, visit, r);
	walk_exprs_post(probe->body, learn_visit, r);
}

static void resolve_func(struct resolver *r, struct func *f)
{
	r->scope = f->scope;
	r->body = f->body;
	r->func = f;
	walk_exprs(f->body, visit, r);
	walk_exprs_post(f->body, learn_visit, r);
	if (f->body)
		walk_stmts(&f->body, learn_return, r);
}

static void resolve_round(struct resolver *r)
{
	struct program *p = r->program;

	r->changed = false;
	for (uint32_t i = 0; i < p->probes.n; i++)
		resolve_probe(r, p->probes.v[i]);
	for (uint32_t i = 0; i < p->funcs.n; i++)
		resolve_func(r, p->funcs.v[i]);
}

/* A chain of assignments this long is not worth another round. */
#define MAX_ROUNDS 16

void target_resolve(struct program *p)
{
	struct resolver r = { .program = p };
	int rounds = 0;

	do {
		resolve_round(&r);
	} while (r.changed && ++rounds < MAX_ROUNDS);
	r.last = true;
	resolve_round(&r);
}

/* ---- what was not there ---- */

static void report(struct program *p, struct ast_expr *e,
		   const struct target *t)
{
	struct diag *d;

	d = diag_error(p->diags, t->diag, e->span, "%" STR_FMT,
		       STR_ARG(t->why));
	if (t->help.len)
		diag_help(p->diags, d, "%" STR_FMT,
			  STR_ARG(t->help));
}

static bool report_visit(struct ast_expr **e, void *data)
{
	struct program *p = data;
	const struct target *t = target_of(*e);

	if (!t || t->defined)
		return true;
	if (p->options->skip_badvars)
		become_number(*e, 0);
	else
		report(p, *e, t);
	return false;
}

static void keep_absences(struct program *p, const struct absences *a)
{
	for (uint32_t i = 0; i < a->list.n; i++)
		image_access(p->image, p->back, &a->list.v[i]);
}

void target_report(struct program *p)
{
	for (uint32_t i = 0; i < p->probes.n; i++) {
		struct probe *probe = p->probes.v[i];

		for (struct cond *c = probe->conditions; c; c = c->next)
			walk_expr(&c->expr, report_visit, p);
		walk_exprs(probe->body, report_visit, p);
		keep_absences(p, &probe->absent);
	}
	for (uint32_t i = 0; i < p->funcs.n; i++) {
		walk_exprs(p->funcs.v[i]->body, report_visit, p);
		keep_absences(p, &p->funcs.v[i]->absent);
	}
}

struct str target_root_text(struct program *p, const struct target_root *r)
{
	struct str type = r->type_name;

	if (r->type.in)
		type = ctypes_type_name(r->type.in, r->type.id, p->arena);
	return arena_printf(p->arena, "$%" STR_FMT ":%" STR_FMT,
			    STR_ARG(r->name),
			    STR_ARG(type.len ? type : STR("long")));
}
