/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.function("name"): entry and return of functions.  What BTF describes
 * is hooked with the arguments by type (fentry, fexit); the rest, and what was
 * inlined, if debug information is there, by kprobes.
 */
#include "dbg/btf.h"

#include "base/bits.h"
#include "dbg/doubles.h"
#include "dbg/kallsyms.h"
#include "dbg/kernel_file.h"
#include "dbg/world.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/function_scope.h"
#include "sema/resolve/kind.h"
#include "sema/resolve/module.h"
#include "sema/resolve/target.h"
#include "sema/resolve/types.h"

/* ---- sites ---- */

/* In the program of a trampoline a task may lose its turn where the kernel is
 * preemptible: the hits of others on that CPU were lost for as long.  With a
 * program of a kprobe it does not.  Where programs of tracepoints may lose it,
 * too (Linux 7.0), both have stand-ins; before, kprobes by one link are taken.
 * Kernels without those, and images for other kernels, have trampolines. */
static bool is_kept(const struct query *q)
{
	const image_features older =
		FEATURE_BIT(TP_KEPT) | FEATURE_BIT(KPROBE_MULTI);
	image_features has = q->program->features;

	return (has & FEATURE_BIT(FN_KEPT)) || (has & older) != older;
}

/* Trampolines call these themselves, without end where they are hooked by one:
 * before Linux 35e3815fa810 ("bpf: Add deny list of btf ids check for tracing
 * programs") (v5.13) the kernel died of it. */
static bool is_of_trampolines(struct str name)
{
	static const struct str names[] = {
		STR_INIT("__rcu_read_lock"),
		STR_INIT("__rcu_read_unlock"),
		STR_INIT("migrate_disable"),
		STR_INIT("migrate_enable"),
		STR_INIT("preempt_count_add"),
		STR_INIT("preempt_count_sub"),
		STR_INIT("rcu_read_unlock_strict"),
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static bool is_hooked_by_type(const struct query *q, struct function *fn)
{
	/* Trampolines of modules would need their BTF in the kernel at load. */
	if (fn->module.len || fn->symbol.len || !is_kept(q) ||
	    is_of_trampolines(fn->name) ||
	    !(q->program->features & FEATURE_BIT(FENTRY)))
		return false;
	function_look(fn);
	return fn->by_words;
}

static enum image_probe_kind kind_of(const struct query *q,
				     struct function *fn, bool many)
{
	bool is_return = q->data == FUNCTION_RETURN;

	if (!many && is_hooked_by_type(q, fn))
		return is_return ? PROBE_FEXIT : PROBE_FENTRY;
	return is_return ? PROBE_KRETPROBE : PROBE_KPROBE;
}

/* module("NAME").function("NAME"), and what follows in the point. */
static struct str text_of(const struct query *q, const struct function *fn)
{
	struct arena *a = q->program->arena;
	struct str rest = query_text_with(q, 1, fn->name);
	int64_t end = str_find(rest, STR(").function("));

	if (!fn->module.len || end < 0)
		return rest;
	return arena_printf(a, "module(\"%" STR_FMT "\"%" STR_FMT,
			    STR_ARG(fn->module),
			    STR_ARG(str_sub(rest, (uint32_t)end, rest.len)));
}

static bool is_by_type(enum image_probe_kind kind)
{
	return kind == PROBE_FENTRY || kind == PROBE_FEXIT;
}

/* As many of one list have it. */
static struct str list_vars(struct query *q, struct ctypes *types, uint32_t id,
			    bool many)
{
	struct function fn = function_of(types, id);

	return function_vars_text(q, &fn, is_by_type(kind_of(q, &fn, many)));
}

static void add_line(struct query *q, struct function *fn, bool many)
{
	struct arena *a = q->program->arena;
	struct str line = text_of(q, fn), vars;

	if (!q->program->lists_names) {
		vars = function_vars_text(q, fn,
					  is_by_type(kind_of(q, fn, many)));
		line = arena_printf(a, "%" STR_FMT "%" STR_FMT, STR_ARG(line),
				    STR_ARG(vars));
	}
	vec_push(a, &q->ret->lines, line);
}

static void add_site(struct query *q, struct function *fn, bool many)
{
	struct program *p = q->program;
	enum image_probe_kind kind;
	bool is_fentry;
	struct site *s;

	if (query_takes_lines(q)) {
		add_line(q, fn, many);
		return;
	}
	kind = kind_of(q, fn, many);
	is_fentry = is_by_type(kind);
	s = query_site(q, kind, text_of(q, fn));
	s->image.module = image_intern(p->image, p->back, fn->module);
	s->image.name = image_intern(p->image, p->back,
				     fn->symbol.len ? fn->symbol : fn->name);
	s->scope = function_scope_new(q, fn, is_fentry);
	if (is_fentry)
		p->image->features |= FEATURE_BIT(FENTRY);
}

/* ---- .exported ---- */

static struct str exported_key(struct arena *a, struct str module,
			       struct str name)
{
	return arena_printf(a, "%" STR_FMT ":%" STR_FMT, STR_ARG(module),
			    STR_ARG(name));
}

/* What other files can call: the linker's global symbols.  NULL = nobody
 * knows. */
static struct map *exported_names(struct program *p)
{
	struct kallsyms *k = program_symbols(p);
	struct err *e;
	struct kallsym sym;

	if (p->exported)
		return p->exported;
	e = kallsyms_load(k);
	if (e) {
		err_free(e);
		return NULL;
	}
	p->exported = arena_new(p->arena, struct map);
	map_init(p->exported, p->arena);
	for (uint32_t i = 0; kallsyms_get(k, i, &sym); i++)
		if (sym.type == 'T' || sym.type == 'W')
			map_set(p->exported,
				exported_key(p->arena, sym.module, sym.name),
				p);
	return p->exported;
}

static bool is_meant(const struct query *q, const struct function *fn)
{
	struct program *p = q->program;
	struct map *names;

	if (!query_component(q, "exported"))
		return true;
	names = exported_names(p);
	return !names ||
	       map_find(names, exported_key(p->arena, fn->module, fn->name));
}

/* ---- by BTF ---- */

/* The kernel has only copies of the function: BTF says that they are it when
 * their arguments are where those of the function would be. */
static bool add_copies(struct query *q, struct function fn)
{
	struct kallsyms *k = program_symbols(q->program);
	struct err *e = kallsyms_load(k);
	struct kallsym sym;
	bool found = false;

	for (uint32_t i = 0; !e && kallsyms_get(k, i, &sym); i++) {
		if (sym.module.len ||
		    !str_eq(kallsyms_copied(sym.name), fn.name))
			continue;
		fn.symbol = sym.name;
		add_site(q, &fn, false);
		found = true;
	}
	err_free(e);
	return found;
}

/* One of few functions; false = the kernel has no code of its own for it. */
static bool add_function(struct query *q, struct function *fn)
{
	const struct program *p = q->program;

	if (!fn->module.len && p->lacks_function && p->lacks_function(fn->id))
		return add_copies(q, *fn);
	add_site(q, fn, false);
	return true;
}

/* What stands before the first wildcard. */
static struct str prefix_of(struct str pattern)
{
	uint32_t n = 0;

	while (n < pattern.len && !strchr("*?[\\", pattern.s[n]))
		n++;
	return str_sub(pattern, 0, n);
}

/* The functions of one source of types that the pattern means. */
struct found {
	VEC(struct function) list;
};

/* Two that BTF has of one name are known by the first. */
static bool is_known(struct ctypes *types, uint32_t id, const bool *known)
{
	return known[id] ||
	       known[ctypes_find(types, CTYPE_FUNC,
				 ctypes_type(types, id).name)];
}

/* but: NULL, or by id which not. */
static void find_in(struct query *q, struct ctypes *types, struct str pattern,
		    const bool *but, struct found *ret)
{
	struct str prefix = prefix_of(pattern);
	uint32_t id = 0;

	/* A module's own types come behind those of the kernel. */
	if (types->module.len)
		id = ctypes_count(program_btf(q->program)) - 1;
	while ((id = ctypes_next(types, id, CTYPE_FUNC, prefix))) {
		struct function fn;

		if (!str_glob(pattern, ctypes_type(types, id).name) ||
		    (but && is_known(types, id, but)))
			continue;
		fn = function_of(types, id);
		if (is_meant(q, &fn))
			vec_push(q->program->arena, &ret->list, fn);
	}
}

static void add_all(struct query *q, const struct found *f)
{
	for (uint32_t i = 0; i < f->list.n; i++)
		if (f->list.n > FUNCTION_FEW)
			add_site(q, &f->list.v[i], true);
		else
			add_function(q, &f->list.v[i]);
}

/* ---- by debug information ---- */

static struct ctypes *types_of(struct program *p, struct str module)
{
	return module.len ? program_module_types(p, module) : program_btf(p);
}

/* The function of BTF that f is, if the kernel finds it by its name. */
static uint32_t id_of(struct debug_source *src, struct ctypes *types,
		      const struct dbg_function *f)
{
	if (!types || f->is_inline)
		return 0;
	if (f->is_indexed ? !f->is_symbol :
			    !debuginfo_is_symbol(src->info, f->name, f->entry))
		return 0;
	return ctypes_find(types, CTYPE_FUNC, f->name);
}

/* What BTF knows is hooked by it, which is cheaper. */
static void add_described(struct query *q, struct str module,
			  const struct dbg_function *f, bool many)
{
	struct program *p = q->program;
	struct ctypes *types = types_of(p, module);
	uint32_t id = id_of(debug_source_get(p, module), types, f);
	struct function fn;

	if (id) {
		fn = function_of(types, id);
		add_site(q, &fn, many);
	} else if (q->data == FUNCTION_RETURN) {
		debug_return_add(q, f);
	} else {
		debug_function_add(q, f);
	}
}

/* Of functions with the same code debug information may have but one. */
static bool has_others(const struct query *q)
{
	struct str pattern = query_component(q, "function")->string;

	return str_has_glob(pattern) && str_find_char(pattern, '@') < 0;
}

static void add_others(struct query *q, struct str module,
		       const struct dbg_functions *f)
{
	struct str pattern = query_component(q, "function")->string;
	struct program *p = q->program;
	struct ctypes *types = types_of(p, module);
	struct found all = {}, others = {};
	struct map seen;

	if (!types || !has_others(q))
		return;
	map_init(&seen, p->arena);
	for (uint32_t i = 0; i < f->n; i++)
		if (!f->v[i].is_inline)
			map_set(&seen, f->v[i].name, q);
	find_in(q, types, pattern, NULL, &all);
	for (uint32_t i = 0; i < all.list.n; i++)
		if (!map_find(&seen, all.list.v[i].name))
			vec_push(p->arena, &others.list, all.list.v[i]);
	add_all(q, &others);
}

/* Functions first: many of them are one link, which copies are none of. */
static void add_all_described(struct query *q, struct str module,
			      const struct dbg_functions *f)
{
	bool exported = query_component(q, "exported");
	uint32_t calls = 0;

	for (uint32_t i = 0; i < f->n; i++)
		calls += !f->v[i].is_inline;
	for (uint32_t i = 0; i < f->n; i++)
		if (!f->v[i].is_inline && (!exported || f->v[i].is_external))
			add_described(q, module, &f->v[i],
				      calls > FUNCTION_FEW);
	add_others(q, module, f);
	for (uint32_t i = 0; i < f->n; i++)
		if (f->v[i].is_inline)
			debug_function_add(q, &f->v[i]);
}

/* Variables at returns are not in the index. */
static bool list_described(struct query *q, struct str module)
{
	struct program *p = q->program;
	struct ctypes *types = types_of(p, module);
	struct found others = {};
	bool *known;

	if (!query_takes_lines(q) || !types ||
	    (q->data == FUNCTION_RETURN && !p->lists_names))
		return false;
	known = arena_array(p->arena, ctypes_count(types), bool);
	if (!function_list(q, debug_source_get(p, module), debug_which(q),
			   types, known, list_vars))
		return false;
	if (has_others(q))
		find_in(q, types, query_component(q, "function")->string,
			known, &others);
	add_all(q, &others);
	return true;
}

static uint32_t found_so_far(const struct query *q)
{
	return q->ret->list.n + q->ret->lines.n;
}

/* Debug information says which functions there are, and where they were
 * inlined; BTF, if it knows them, gives their arguments. */
static enum resolve_status find_described(struct query *q, struct str module)
{
	const struct ast_point *point = q->point;
	uint32_t before = found_so_far(q);
	enum resolve_status status;
	struct dbg_functions f;

	if (module.len)
		q->point = module_point(q->program, point, module);
	if (list_described(q, module)) {
		q->point = point;
		return RESOLVE_FOUND;
	}
	status = debug_functions(q, debug_which(q) | DBG_BRIEF, &f);
	if (status == RESOLVE_FOUND)
		add_all_described(q, module, &f);
	if (status == RESOLVE_FOUND && found_so_far(q) == before)
		status = query_nothing(q, point->span,
				       DIAG_UNKNOWN_KERNEL_FUNCTION,
				       "nothing there can be probed");
	q->point = point;
	return status;
}

/* Names of functions mean their inlined copies, too, and wildcards what BTF
 * leaves out, where debug information is at hand.  No server is asked for it,
 * as functions can do without. */
static bool find_with_debug(struct query *q, struct str module)
{
	struct resolve_answer answer = *q->answer;
	struct str name = query_component(q, "function")->string;
	bool found = (debug_which(q) == DBG_BOTH || str_has_glob(name)) &&
		     debug_source_here(q->program, module)->info &&
		     find_described(q, module) == RESOLVE_FOUND;

	*q->answer = answer;
	return found;
}

/* Functions that BTF does not have are inlined everywhere, or the kernel has
 * only copies of them that take less (f.isra.0). */
static bool find_undescribed(struct query *q)
{
	struct resolve_answer answer = *q->answer;
	bool found = find_described(q, (struct str){}) == RESOLVE_FOUND;

	*q->answer = answer;
	return found;
}

/* The function with the name most like this one. */
static struct str similar(struct program *p, struct str name)
{
	struct ctypes *btf = program_btf(p);
	struct diag_guess g;

	diag_guess_init(&g, name);
	for (uint32_t id = 1; btf && id < ctypes_count(btf); id++) {
		struct ctype t = ctypes_type(btf, id);

		if (t.kind == CTYPE_FUNC)
			diag_guess_add(&g, t.name);
	}
	return diag_guess_best(&g);
}

/* What helps where the function of a system call is meant, as kernels called
 * them: sys_open(), do_sys_open(), SyS_open(). */
static struct str system_call(struct program *p, struct str name)
{
	static const char *const before[] = { "sys_",	    "SyS_",
					      "do_sys_",    "ksys_",
					      "__x64_sys_", "__arm64_sys_",
					      "compat_sys_" };
	const struct arch *arch = world_arch(p->world);

	for (uint32_t i = 0; i < ARRAY_SIZE(before); i++) {
		struct str start = str_from(before[i]), call;

		if (!str_starts(name, start))
			continue;
		call = str_sub(name, start.len, name.len);
		if (arch_syscall_nr(arch, call) < 0)
			continue;
		return arena_printf(
			p->arena,
			"system calls are probed as syscall.%" STR_FMT
			", whatever their functions are "
			"called",
			STR_ARG(call));
	}
	return (struct str){};
}

static enum resolve_status no_function(struct query *q,
				       const struct ast_component *c)
{
	enum resolve_status status =
		query_nothing(q, c->arg_span, DIAG_UNKNOWN_KERNEL_FUNCTION,
			      "this kernel has no function '%" STR_FMT "'",
			      STR_ARG(c->string));

	q->answer->help = system_call(q->program, c->string);
	if (q->answer->help.len)
		return status;
	q->answer->similar = similar;
	q->answer->wanted = c->string;
	return status;
}

static enum resolve_status not_exported(struct query *q,
					const struct ast_component *c)
{
	return query_nothing(q, c->arg_span, DIAG_UNKNOWN_KERNEL_FUNCTION,
			     "the kernel's function '%" STR_FMT
			     "' is known in its own file only",
			     STR_ARG(c->string));
}

/* ---- by symbols ---- */

/* Have several functions this name?  Where they are is true of one kernel: what
 * is to run on others keeps the name. */
static bool is_double(struct program *p, struct str name)
{
	if (p->portable)
		return false;
	if (!p->doubles)
		p->doubles = doubles_create(p->world, program_symbols(p));
	return doubles_has(p->doubles, name);
}

/* Is it a function of this name that the point means? */
static bool is_named(const struct query *q, const struct kallsym *sym,
		     struct str name)
{
	return kallsym_is_function(sym) && str_eq(sym->name, name) &&
	       (!query_component(q, "exported") || sym->type == 'T' ||
		sym->type == 'W');
}

/* The place of a symbol whose name says nothing: from the kernel's start on. */
static struct image_site place_of(struct program *p, const struct kallsym *sym,
				  uint64_t text)
{
	return (struct image_site){
		.name = image_intern(p->image, p->back, STR("_text")),
		.offset = sym->addr - text,
	};
}

static void add_symbol(struct query *q, struct function *fn,
		       const struct kallsym *sym, uint64_t text)
{
	struct program *p = q->program;
	bool is_return = q->data == FUNCTION_RETURN;
	struct site *s = query_site(q, is_return ? PROBE_KRETPROBE :
						   PROBE_KPROBE,
				    text_of(q, fn));

	if (p->lists_names)
		return;
	s->image = place_of(p, sym, text);
	s->scope = fn->id ? function_scope_new(q, fn, false) :
			    scope_of_numbers(p, fn->name, is_return);
}

/* All functions that have the name, wherever they are; on this kernel. */
static bool add_symbols(struct query *q, struct function fn)
{
	struct kallsyms *k = program_symbols(q->program);
	struct kallsym sym, text;
	struct err *e = kallsyms_find(k, STR("_text"), &text);
	bool found = false;

	if (!e)
		e = kallsyms_load(k);
	for (uint32_t i = 0; !e && kallsyms_get(k, i, &sym); i++)
		if (is_named(q, &sym, fn.name)) {
			add_symbol(q, &fn, &sym, text.addr);
			found = true;
		}
	err_free(e);
	return found;
}

/* One that BTF describes.  What it says is true of all functions of the name,
 * or they would not be in it. */
static bool find_typed(struct query *q, struct function *fn)
{
	if (is_double(q->program, fn->name) &&
	    (find_undescribed(q) || add_symbols(q, *fn)))
		return true;
	return add_function(q, fn);
}

static enum resolve_status find_one(struct query *q,
				    const struct ast_component *c)
{
	struct ctypes *btf = program_btf(q->program);
	uint32_t id = btf ? ctypes_find(btf, CTYPE_FUNC, c->string) : 0;
	struct function fn;

	if (id) {
		fn = function_of(btf, id);
		if (!is_meant(q, &fn))
			return not_exported(q, c);
		if (find_typed(q, &fn))
			return RESOLVE_FOUND;
	}
	if (find_undescribed(q))
		return RESOLVE_FOUND;
	if (!id && !q->program->portable &&
	    add_symbols(q, (struct function){ .name = c->string }))
		return RESOLVE_FOUND;
	if (!id)
		return no_function(q, c);
	return query_nothing(q, c->arg_span, DIAG_UNKNOWN_KERNEL_FUNCTION,
			     "the kernel has the code of '%" STR_FMT
			     "' only in the functions that call it",
			     STR_ARG(c->string));
}

static enum resolve_status add_found(struct query *q, const struct found *f,
				     const struct ast_component *c,
				     struct str where)
{
	uint32_t before = found_so_far(q);

	add_all(q, f);
	if (found_so_far(q) > before)
		return RESOLVE_FOUND;
	return query_nothing(q, c->arg_span, DIAG_UNKNOWN_KERNEL_FUNCTION,
			     "no function of %" STR_FMT " matches '%" STR_FMT
			     "'",
			     STR_ARG(where), STR_ARG(c->string));
}

static enum resolve_status find_many(struct query *q,
				     const struct ast_component *c)
{
	struct ctypes *btf = program_btf(q->program);
	struct found found = {};

	if (btf)
		find_in(q, btf, c->string, NULL, &found);
	return add_found(q, &found, c, STR("this kernel"));
}

/* data: FUNCTION_RETURN or 0 */
enum resolve_status function_resolve(struct query *q)
{
	const struct ast_component *c = &q->point->v[1];

	if (str_find_char(c->string, '@') >= 0)
		return find_described(q, (struct str){});
	if (find_with_debug(q, (struct str){}))
		return RESOLVE_FOUND;
	return str_has_glob(c->string) ? find_many(q, c) : find_one(q, c);
}

/* ---- modules ---- */

static void add_named(struct query *q, struct str module, struct str name)
{
	const struct function fn = { .name = name, .module = module };
	struct program *p = q->program;
	struct target_scope *scope = scope_of_numbers(
		p, name, q->data == FUNCTION_RETURN);
	struct site *s = query_site(q, q->data == FUNCTION_RETURN ?
					       PROBE_KRETPROBE : PROBE_KPROBE,
				    text_of(q, &fn));

	scope->what = arena_printf(p->arena,
				   "function '%" STR_FMT "', which neither BTF "
				   "nor debug information describes",
				   STR_ARG(name));
	s->image.module = image_intern(p->image, p->back, module);
	s->image.name = image_intern(p->image, p->back, name);
	s->scope = scope;
}

/* Finds functions of a module that nothing describes by its file's symbols. */
static bool find_by_symbols(struct query *q, struct str module,
			    struct str pattern)
{
	struct program *p = q->program;
	struct world_names names = {};
	bool found = false;
	struct err *e = kernel_file_functions(p->world, p->arena, module,
					      &names);

	err_free(e);
	for (uint32_t i = 0; i < names.n; i++) {
		if (!str_glob(pattern, names.v[i]) ||
		    kallsyms_copied(names.v[i]).len)
			continue;
		add_named(q, module, names.v[i]);
		found = true;
	}
	return found;
}

/* Of what BTF has, what the file of the module has the code of: by its name,
 * or by those of the copies that were made of it. */
static void find_code(struct query *q, struct str module,
		      const struct found *described, bool copies,
		      struct found *ret)
{
	struct program *p = q->program;
	struct world_names names = {};
	struct map known;

	if (err_drop(kernel_file_functions(p->world, p->arena, module,
					   &names))) {
		*ret = *described;
		return;
	}
	map_init(&known, p->arena);
	for (uint32_t i = 0; i < described->list.n; i++)
		map_set(&known, described->list.v[i].name,
			&described->list.v[i]);
	for (uint32_t i = 0; i < names.n; i++) {
		struct str of = kallsyms_copied(names.v[i]);
		const struct function *fn =
			map_find(&known, of.len ? of : names.v[i]);

		if (!fn || (of.len && !copies))
			continue;
		vec_push(p->arena, &ret->list, *fn);
		if (of.len)
			vec_last(&ret->list).symbol = names.v[i];
	}
}

static bool find_in_module(struct query *q, struct str module,
			   const struct ast_component *c)
{
	struct ctypes *types = program_module_types(q->program, module);
	struct found described = {}, found = {};
	bool one = !str_has_glob(c->string);

	if (str_find_char(c->string, '@') >= 0)
		return find_described(q, module) == RESOLVE_FOUND;
	if (find_with_debug(q, module))
		return true;
	if (types)
		find_in(q, types, c->string, NULL, &described);
	find_code(q, module, &described, !one, &found);
	add_all(q, &found);
	/* Debug information says what a copy takes. */
	if (found.list.n || find_described(q, module) == RESOLVE_FOUND)
		return true;
	if (one)
		find_code(q, module, &described, true, &found);
	add_all(q, &found);
	return found.list.n ||
	       (!types && find_by_symbols(q, module, c->string));
}

/* data: FUNCTION_RETURN or 0 */
enum resolve_status module_function_resolve(struct query *q)
{
	const struct ast_component *m = &q->point->v[0], *c = &q->point->v[1];
	struct world_names names = modules_meant(q->program, m->string);
	bool found = false;

	if (!names.n)
		return module_unknown(q, m);
	for (uint32_t i = 0; i < names.n; i++)
		found |= find_in_module(q, names.v[i], c);
	if (found)
		return RESOLVE_FOUND;
	if (str_find_char(c->string, '@') >= 0)
		return RESOLVE_NOTHING;
	return query_nothing(q, c->arg_span, DIAG_UNKNOWN_KERNEL_FUNCTION,
			     "no function of module '%" STR_FMT
			     "' matches '%" STR_FMT "'",
			     STR_ARG(m->string), STR_ARG(c->string));
}

/* ---- kprobe.*: by name alone, whatever it is ---- */

/* Of several functions of a name the kernel takes the first, or since Linux 6.6
 * none. */
static bool place_of_first(struct program *p, struct str name,
			   struct image_site *ret)
{
	struct kallsyms *k = program_symbols(p);
	struct kallsym sym, text;
	struct err *e;

	if (!is_double(p, name))
		return false;
	e = kallsyms_find(k, STR("_text"), &text);
	if (!e)
		e = kallsyms_load(k);
	for (uint32_t i = 0; !e && kallsyms_get(k, i, &sym); i++)
		if (kallsym_is_function(&sym) && str_eq(sym.name, name)) {
			*ret = place_of(p, &sym, text.addr);
			return true;
		}
	err_free(e);
	return false;
}

/* data: FUNCTION_RETURN or 0 */
enum resolve_status kprobe_resolve(struct query *q)
{
	const struct ast_component *m = query_component(q, "module");
	const struct ast_component *c = query_component(q, "function");
	const struct ast_component *max = query_component(q, "maxactive");
	struct program *p = q->program;
	struct site *s;

	if (m && !modules_meant(p, m->string).n)
		return module_unknown(q, m);
	s = query_site(
		q, q->data == FUNCTION_RETURN ? PROBE_KRETPROBE : PROBE_KPROBE,
		query_text(q));
	if (m || !place_of_first(p, c->string, &s->image))
		s->image.name = image_intern(p->image, p->back, c->string);
	if (m)
		s->image.module =
			image_intern(p->image, p->back,
				     module_name(p->arena, m->string));
	if (max)
		s->image.c = (uint64_t)max->number;
	s->scope = scope_of_numbers(p, c->string,
				    q->data == FUNCTION_RETURN);
	return RESOLVE_FOUND;
}

/* kprobe.statement(ADDRESS).absolute */
enum resolve_status kprobe_address_resolve(struct query *q)
{
	const struct ast_component *c = query_component(q, "statement");
	struct program *p = q->program;
	struct site *s;

	if (!p->options->guru)
		return query_nothing(
			q, c->span, DIAG_ADDRESS_NEEDS_GURU,
			"a probe at an absolute address needs guru mode (-g)");
	s = query_site(q, PROBE_KPROBE, query_text(q));
	s->image.a = (uint64_t)c->number;
	/* It may be where a function begins. */
	s->scope = scope_of_numbers(p, STR("at an address"), false);
	return RESOLVE_FOUND;
}
