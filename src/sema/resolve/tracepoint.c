/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.trace("name"), kernel.trace("system:name"), either with wildcards,
 * and kernel.tracepoint("name").  The arguments are target variables by their
 * names in the kernel's source, and $arg1 ... without being listed.
 */
#include "dbg/tracepoint.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "dbg/kernel_file.h"
#include "sema/resolve/kind.h"
#include "sema/resolve/module.h"
#include "sema/resolve/target.h"
#include "sema/resolve/types.h"

#define TRACEPOINT_GUESSES 3
#define TRACEPOINT_NUMBERS 6 /* $arg1 ... where nothing says how many */

struct tracepoint_query {
	struct query *q;
	const struct ast_component *c;	/* trace or tracepoint */
	struct tracepoints tps;
	struct str system, name;	/* system: empty = any */
	struct str module;		/* that it is in; empty = the kernel */
	bool has_systems;		/* kernel.trace: pp() says the system */
};

static struct arena *arena_of(const struct tracepoint_query *tq)
{
	return tq->q->program->arena;
}

/* ---- target variables ---- */

static void scope_add(const struct tracepoint_query *tq,
		      struct target_scope *s, struct str name,
		      const struct tracepoint_arg *arg, bool hidden)
{
	struct ctype_ref type = { tq->tps.btf, arg->type };

	vec_push(arena_of(tq), &s->roots,
		 (struct target_root){
			 .name = name,
			 .type = type,
			 .hidden = hidden,
			 .ops = { target_arg(tq->q->program, STR("tracepoint "),
					     s->name, arg->name, arg->slot) },
			 .nops = 1,
		 });
}

static bool has_arg(const struct tracepoint *tp, struct str name)
{
	for (uint32_t i = 0; i < tp->args.n; i++)
		if (str_eq(tp->args.v[i].name, name))
			return true;
	return false;
}

/* Arguments that nothing describes are named by their numbers. */
static void scope_add_numbers(const struct tracepoint_query *tq,
			      struct target_scope *s)
{
	for (uint32_t i = 0; i < TRACEPOINT_NUMBERS; i++)
		vec_push(arena_of(tq), &s->roots,
			 (struct target_root){
				 .name = arena_printf(arena_of(tq), "arg%u",
						      i + 1),
				 .hidden = true,
				 .ops = { { .kind = TGT_CTX_WORD, .n = i } },
				 .nops = 1,
			 });
}

static const struct target_scope *scope_new(const struct tracepoint_query *tq,
					    const struct tracepoint *tp)
{
	struct arena *a = arena_of(tq);
	struct target_scope *s = arena_new(a, struct target_scope);

	s->name = tp->name;
	s->system = tp->system;
	s->has_parms = true;
	s->what = arena_printf(a, "tracepoint '%" STR_FMT "'%s",
			       STR_ARG(tp->name),
			       tp->has_args ? "" :
			       ", whose arguments no BTF describes");
	for (uint32_t i = 0; i < tp->args.n; i++)
		scope_add(tq, s, tp->args.v[i].name, &tp->args.v[i], false);
	for (uint32_t i = 0; i < tp->args.n; i++) {
		struct str alias = arena_printf(a, "arg%u", i + 1);

		if (!has_arg(tp, alias))
			scope_add(tq, s, alias, &tp->args.v[i], true);
	}
	if (!tp->has_args)
		scope_add_numbers(tq, s);
	return s;
}

/* ---- sites ---- */

static void add_site(struct tracepoint_query *tq, const struct tracepoint *tp)
{
	struct program *p = tq->q->program;
	struct str text = tp->name;
	struct site *s;

	if (tq->has_systems && tp->system.len)
		text = arena_printf(p->arena, "%" STR_FMT ":%" STR_FMT,
				    STR_ARG(tp->system), STR_ARG(tp->name));
	s = query_site(tq->q, PROBE_RAW_TP, query_text_with(tq->q, 1, text));
	s->image.name = image_intern(p->image, p->back, tp->name);
	s->image.module = image_intern(p->image, p->back, tq->module);
	s->scope = scope_new(tq, tp);
}

/* ---- those of modules ---- */

/* Does the module's BTF have the tracepoint?  Then tq is about the module. */
static bool take_module(struct tracepoint_query *tq, struct str module,
			struct str name)
{
	struct program *p = tq->q->program;
	struct ctypes *types = program_module_types(p, module);
	struct str typedef_name =
		arena_printf(p->arena, "btf_trace_%" STR_FMT, STR_ARG(name));

	if (!types || !ctypes_find(types, CTYPE_TYPEDEF, typedef_name))
		return false;
	tq->tps.btf = types;
	tq->module = module;
	return true;
}

/* Is the tracepoint of a module, loaded or not, that is called as its name
 * begins, as kvm_exit is of kvm? */
static bool find_by_prefix(struct tracepoint_query *tq, struct str name)
{
	for (uint32_t i = 1; i < name.len; i++) {
		struct str module =
			arena_str(arena_of(tq), str_sub(name, 0, i));

		if (name.s[i] == '_' &&
		    modules_meant(tq->q->program, module).n &&
		    take_module(tq, module, name))
			return true;
	}
	return false;
}

/* Of a tracepoint that the kernel's own BTF does not know: the module called
 * as its system first. */
static bool find_module(struct tracepoint_query *tq, struct str system,
			struct str name)
{
	struct program *p = tq->q->program;
	struct world_names loaded = modules_meant(p, STR("*"));

	if (system.len && modules_meant(p, system).n &&
	    take_module(tq, system, name))
		return true;
	for (uint32_t i = 0; i < loaded.n; i++) {
		struct str btf = arena_printf(p->arena, "/sys/kernel/btf/%s",
					      loaded.v[i].s);

		if (world_exists(p->world, btf.s) &&
		    take_module(tq, loaded.v[i], name))
			return true;
	}
	return !system.len && find_by_prefix(tq, name);
}

static void add_module_site(struct tracepoint_query *tq, struct str module,
			    struct str name)
{
	struct tracepoint tp = { .name = name };
	struct tracepoint_query one = *tq;

	if (!take_module(&one, module, name)) {
		one.module = module;
		one.tps.btf = NULL;
		tp.system = tracepoint_system(&one.tps, arena_of(tq), name);
	} else {
		err_free(tracepoint_find(&one.tps, arena_of(tq),
					 (struct str){}, name, &tp));
	}
	add_site(&one, &tp);
}

static bool find_in_module(struct tracepoint_query *tq, struct str module)
{
	struct program *p = tq->q->program;
	const struct ast_point *point = tq->q->point;
	struct world_names names = {};
	bool found = false;
	struct err *e = kernel_file_tracepoints(p->world, p->arena, module,
						&names);

	err_free(e);
	tq->q->point = module_point(p, point, module);
	/* One that was built elsewhere has no file, but may be there. */
	if (e && take_module(tq, module, tq->name))
		vec_push(p->arena, &names, tq->name);
	for (uint32_t i = 0; i < names.n; i++) {
		if (!str_glob(tq->name, names.v[i]))
			continue;
		add_module_site(tq, module, names.v[i]);
		found = true;
	}
	tq->q->point = point;
	return found;
}

/* module("M").trace("NAME"), module("M").tracepoint("NAME") */
enum resolve_status module_tracepoint_resolve(struct query *q)
{
	const struct ast_component *m = &q->point->v[0], *c = &q->point->v[1];
	struct world_names names = modules_meant(q->program, m->string);
	struct tracepoint_query tq = {
		.q = q,
		.c = c,
		.tps = { .world = q->program->world },
		.name = c->string,
	};
	int64_t colon = str_find_char(c->string, ':');
	bool found = false;

	if (!names.n)
		return module_unknown(q, m);
	if (colon >= 0)
		tq.name = str_sub(c->string, (uint32_t)colon + 1,
				  c->string.len);
	for (uint32_t i = 0; i < names.n; i++)
		found |= find_in_module(&tq, names.v[i]);
	if (found)
		return RESOLVE_FOUND;
	return query_nothing(q, c->arg_span, DIAG_UNKNOWN_TRACEPOINT,
			     "module '%" STR_FMT "' has no tracepoint '%" STR_FMT
			     "'",
			     STR_ARG(m->string), STR_ARG(c->string));
}

/* ---- when there is none ---- */

static struct str guesses(const struct tracepoint_query *tq)
{
	struct tracepoint_names near = {};
	struct str list = {};
	struct err *e = tracepoint_similar(&tq->tps, arena_of(tq), tq->name,
					   TRACEPOINT_GUESSES, &near);

	err_free(e);
	for (uint32_t i = 0; i < near.n; i++) {
		const struct tracepoint *tp = &near.v[i];
		bool system = tq->system.len && tp->system.len;

		list = arena_printf(arena_of(tq),
				    "%" STR_FMT "%s'%" STR_FMT "%s%" STR_FMT
				    "'", STR_ARG(list), list.len ? ", " : "",
				    STR_ARG(system ? tp->system : STR("")),
				    system ? ":" : "", STR_ARG(tp->name));
	}
	return list;
}

static struct str help_for(const struct tracepoint_query *tq)
{
	struct str list;

	if (str_is(tq->system, "syscalls"))
		return STR("system calls are probed as syscall.NAME, or all by \"raw_syscalls:sys_enter\" and \"raw_syscalls:sys_exit\"");
	list = guesses(tq);
	if (!list.len)
		return list;
	return arena_printf(arena_of(tq), "did you mean %" STR_FMT "?",
			    STR_ARG(list));
}

static enum resolve_status answer_err(struct tracepoint_query *tq,
				      struct err *e)
{
	bool unknown = e->code == ERR_NOT_FOUND;
	enum resolve_status status;

	status = query_err(tq->q, tq->c->arg_span,
			   unknown ? DIAG_UNKNOWN_TRACEPOINT : DIAG_NO_TRACEFS,
			   e);
	if (unknown)
		tq->q->answer->help = help_for(tq);
	return status;
}

/*
 * The kernel (7.2) comes by sched_set_need_resched_tp when it leaves the
 * critical section in which it calls each of our programs: it calls the
 * program once more from there, and so on until its stack is used up and it
 * panics.
 */
static bool is_inside_each_call(struct str name)
{
	return str_starts(name, STR("sched_set_need_resched"));
}

static enum resolve_status find_one(struct tracepoint_query *tq)
{
	struct tracepoint tp;
	struct err *e = tracepoint_find(&tq->tps, arena_of(tq), tq->system,
					tq->name, &tp);

	/* Not the kernel's own: then of a module, loaded or not. */
	if ((!e && !tp.btf_id && find_module(tq, tp.system, tq->name)) ||
	    (e && e->code == ERR_NOT_FOUND &&
	     find_module(tq, tq->system, tq->name))) {
		err_free(e);
		e = tracepoint_find(&tq->tps, arena_of(tq), tq->system,
				    tq->name, &tp);
	}
	if (e)
		return answer_err(tq, e);
	if (is_inside_each_call(tp.name) && !tq->q->program->options->guru)
		return query_nothing(tq->q, tq->c->arg_span,
				     DIAG_TRACEPOINT_IN_ITSELF,
				     "a program at this tracepoint would be "
				     "called inside itself for ever: that "
				     "needs guru mode (-g), and panics");
	add_site(tq, &tp);
	return RESOLVE_FOUND;
}

/* A module that is called as the system describes the arguments. */
static void add_one_of_many(struct tracepoint_query *tq,
			    const struct tracepoint *tp)
{
	struct tracepoint_query one = *tq;
	struct tracepoint found;
	struct err *e;

	if (tp->has_args || !tp->system.len ||
	    !modules_meant(tq->q->program, tp->system).n ||
	    !take_module(&one, tp->system, tp->name)) {
		add_site(tq, tp);
		return;
	}
	e = tracepoint_find(&one.tps, arena_of(tq), tp->system, tp->name,
			    &found);
	add_site(&one, e ? tp : &found);
	err_free(e);
}

static void leave_out_inside_each_call(struct tracepoint_names *names)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < names->n; i++)
		if (!is_inside_each_call(names->v[i].name))
			names->v[n++] = names->v[i];
	names->n = n;
}

static enum resolve_status find_many(struct tracepoint_query *tq)
{
	struct tracepoint_names names;
	struct err *e = tracepoint_list(&tq->tps, arena_of(tq), tq->system,
					tq->name, &names);

	if (e)
		return answer_err(tq, e);
	leave_out_inside_each_call(&names);
	if (!names.n)
		return query_nothing(tq->q, tq->c->arg_span,
				     DIAG_UNKNOWN_TRACEPOINT,
				     "no tracepoint matches '%" STR_FMT "'",
				     STR_ARG(tq->c->string));
	tracepoint_list_args(&tq->tps, arena_of(tq), &names);
	for (uint32_t i = 0; i < names.n; i++)
		add_one_of_many(tq, &names.v[i]);
	return RESOLVE_FOUND;
}

/* data: does the argument have a system? */
enum resolve_status tracepoint_resolve(struct query *q)
{
	const struct ast_component *c = &q->point->v[1];
	struct tracepoint_query tq = {
		.q = q,
		.c = c,
		.tps = { .world = q->program->world,
			 .btf = program_btf(q->program) },
		.name = c->string,
		.has_systems = q->data != 0,
	};
	int64_t colon = str_find_char(c->string, ':');

	if (tq.has_systems && colon >= 0) {
		tq.system = str_sub(c->string, 0, (uint32_t)colon);
		tq.name = str_sub(c->string, (uint32_t)colon + 1,
				  c->string.len);
	}
	if (str_has_glob(tq.name) || str_has_glob(tq.system))
		return find_many(&tq);
	return find_one(&tq);
}
