/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The variables at a function of the kernel without debug information: its
 * arguments and its value as BTF says, or by their numbers.
 */
#include "sema/resolve/function_scope.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "dbg/arch.h"
#include "dbg/world.h"
#include "sema/resolve/target.h"

/* Arguments that the trampolines of every kernel take. */
#define FUNCTION_WORDS 6

/* ---- what BTF says ---- */

static bool is_word(struct ctypes *btf, uint32_t type)
{
	struct ctype t = ctypes_stripped(btf, type);

	return (t.kind == CTYPE_INT || t.kind == CTYPE_PTR ||
		t.kind == CTYPE_ENUM || t.kind == CTYPE_ENUM64) &&
	       t.size <= 8;
}

struct function function_of(struct ctypes *btf, uint32_t id)
{
	return (struct function){
		.name = ctypes_type(btf, id).name,
		.module = btf->module,
		.types = btf,
		.id = id,
	};
}

void function_look(struct function *fn)
{
	struct ctypes *btf = fn->types;
	struct ctype proto;
	struct ctype_param p;

	if (fn->proto)
		return;
	fn->proto = ctypes_type(btf, fn->id).ref;
	proto = ctypes_type(btf, fn->proto);
	fn->nparams = proto.n;
	fn->result = proto.ref;
	fn->by_words = !proto.is_variadic && proto.n <= FUNCTION_WORDS;
	for (uint32_t i = 0; ctypes_param(btf, fn->proto, i, &p); i++)
		fn->by_words &= is_word(btf, p.type);
	fn->by_words &= !fn->result || is_word(btf, fn->result);
}

/* ---- target variables ---- */

static void add_root(struct arena *a, struct target_scope *s, struct str name,
		     struct ctype_ref type, struct target_op op)
{
	vec_push(a, &s->roots,
		 (struct target_root){
			 .name = name,
			 .type = type,
			 .ops = { op },
			 .nops = 1,
		 });
}

/* A trampoline's program may read pointers to structures, and void *; others
 * only on newer kernels, or nowhere. */
static bool is_hidden(struct ctypes *types, uint32_t type)
{
	struct ctype t = ctypes_stripped(types, type);
	struct ctype to;

	if (t.kind != CTYPE_PTR || !t.ref)
		return false;
	to = ctypes_stripped(types, t.ref);
	return to.kind != CTYPE_STRUCT && to.kind != CTYPE_UNION;
}

static struct target_op word(const struct function *fn, uint32_t n,
			     uint32_t type)
{
	return (struct target_op){ .kind = TGT_CTX_WORD,
				   .n = n,
				   .is_copied = is_hidden(fn->types, type) };
}

static struct target_op argument(struct program *p, const struct function *fn,
				 const struct ctype_param *param, uint32_t n)
{
	struct target_op op = target_arg(p, STR(""), fn->name, param->name, n);

	op.is_copied = is_hidden(fn->types, param->type);
	return op;
}

static struct target_op reg(const struct program *p, uint8_t index)
{
	const struct arch_reg *r = &world_arch(p->world)->regs[index];

	return (struct target_op){ .kind = TGT_CTX_LOAD,
				   .n = r->offset,
				   .size = r->size };
}

static void add_params(struct program *p, struct arena *a,
		       struct target_scope *s, const struct function *fn,
		       bool is_fentry)
{
	const struct arch *arch = world_arch(p->world);
	struct ctype_param param;

	for (uint32_t i = 0; ctypes_param(fn->types, fn->proto, i, &param);
	     i++) {
		struct ctype_ref type = { fn->types, param.type };

		if (is_fentry)
			add_root(a, s, param.name, type,
				 argument(p, fn, &param, i));
		else if (i < arch->nargs && fn->by_words)
			add_root(a, s, param.name, type, reg(p, arch->args[i]));
	}
}

static bool has_root(const struct target_scope *s, struct str name)
{
	for (uint32_t i = 0; i < s->roots.n; i++)
		if (str_eq(s->roots.v[i].name, name))
			return true;
	return false;
}

static struct target_op numbered(const struct function *fn, uint32_t n)
{
	struct ctype_param param = {};

	ctypes_param(fn->types, fn->proto, n, &param);
	return word(fn, n, param.type);
}

static void add_hidden(struct arena *a, struct target_scope *s, uint32_t n,
		       struct target_op op)
{
	struct str name = arena_printf(a, "arg%u", n + 1);

	if (has_root(s, name))
		return;
	add_root(a, s, name, (struct ctype_ref){}, op);
	vec_last(&s->roots).hidden = true;
}

/* $arg1 ...: for int_arg() and its like. */
static void add_numbered(struct arena *a, struct target_scope *s,
			 const struct function *fn)
{
	for (uint32_t i = 0; i < fn->nparams; i++)
		add_hidden(a, s, i, numbered(fn, i));
}

/* The same where they are in registers, and these: alike for all. */
void scope_add_arguments(struct program *p, struct target_scope *s)
{
	const struct arch *arch = world_arch(p->world);
	struct target_scope *args;

	if (!p->arguments) {
		args = arena_new(p->arena, struct target_scope);
		for (uint32_t i = 0; i < arch->nargs; i++)
			add_hidden(p->arena, args, i, reg(p, arch->args[i]));
		scope_add_registers(p, args);
		p->arguments = args;
	}
	s->base = p->arguments;
}

/* The variables at a function, made when they are asked for. */
struct function_scope {
	struct target_late late; /* first: it is found by this */
	struct target_scope scope;
	struct function fn;
	bool is_fentry, is_return;
};

static void scope_fill(struct program *p, struct target_late *late)
{
	struct function_scope *fs = (struct function_scope *)late;
	struct target_scope *s = &fs->scope;
	struct function *fn = &fs->fn;

	function_look(fn);
	s->what = arena_printf(late->arena, "function '%" STR_FMT "'",
			       STR_ARG(fn->name));
	/* In returns by kprobes only @defined asks for parameters: their values
	 * are kept at the entry (sema/entry). */
	add_params(p, late->arena, s, fn, fs->is_fentry);
	if (fs->is_fentry)
		add_numbered(late->arena, s, fn);
	else if (fs->is_return)
		scope_add_registers(p, s);
	else
		scope_add_arguments(p, s);
	if (fs->is_return && fn->result)
		add_root(late->arena, s, STR("return"),
			 (struct ctype_ref){ fn->types, fn->result },
			 fs->is_fentry ? word(fn, fn->nparams, fn->result) :
					 reg(p, world_arch(p->world)->ret));
}

const struct target_scope *function_scope_new(struct query *q,
					      const struct function *fn,
					      bool is_fentry)
{
	struct function_scope *fs =
		arena_new(q->program->arena, struct function_scope);
	bool is_return = q->data == FUNCTION_RETURN;

	*fs = (struct function_scope){
		.late = { .scope = &fs->scope, .fill = scope_fill },
		.scope = {
			.late = &fs->late,
			.name = fn->name,
			.has_parms = true,
			.has_return = is_return,
		},
		.fn = *fn,
		.is_fentry = is_fentry,
		.is_return = is_return,
	};
	return &fs->scope;
}

/* ---- where nothing describes it ---- */

struct target_scope *scope_of_registers(struct program *p, struct str name)
{
	struct target_scope *s = arena_new(p->arena, struct target_scope);

	s->what = arena_printf(p->arena,
			       "function '%" STR_FMT "' by its name alone",
			       STR_ARG(name));
	s->name = name;
	scope_add_registers(p, s);
	return s;
}

struct target_scope *scope_of_numbers(struct program *p, struct str name,
				      bool is_return)
{
	struct target_scope *s = scope_of_registers(p, name);

	s->help = STR("int_arg(1), pointer_arg(2) ... and returnval() read "
		      "the registers");
	if (!is_return) {
		scope_add_arguments(p, s);
		return s;
	}
	add_root(p->arena, s, STR("return"), (struct ctype_ref){},
		 reg(p, world_arch(p->world)->ret));
	vec_last(&s->roots).hidden = true;
	return s;
}

/* ---- lists ---- */

static void put_var(struct query *q, struct str name, uint32_t type,
		    struct buf *ret)
{
	struct str text = ctypes_names_get(&q->names, type);

	buf_str(ret, STR(" $"));
	buf_str(ret, name);
	buf_char(ret, ':');
	buf_str(ret, text);
}

/* What scope_fill() would make. */
struct str function_vars_text(struct query *q, struct function *fn,
			      bool is_fentry)
{
	struct arena *a = q->program->arena;
	_cleanup_(buf_deinit) struct buf b = {};
	struct ctype_param param;
	uint32_t n;

	if (q->names.types != fn->types)
		ctypes_names_init(&q->names, fn->types, a);
	function_look(fn);
	n = is_fentry ? UINT32_MAX : fn->by_words ?
			world_arch(q->program->world)->nargs : 0;
	for (uint32_t i = 0;
	     i < n && ctypes_param(fn->types, fn->proto, i, &param); i++)
		put_var(q, param.name, param.type, &b);
	if (q->data == FUNCTION_RETURN && fn->result)
		put_var(q, STR("return"), fn->result, &b);
	return arena_str(a, buf_view(&b));
}
