/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code of programs and libraries: process("path").function("name") and its
 * like.  Which files a point is about is told here; what is in them, debug
 * information says (statement.c), or else their symbols.
 */
#include "dbg/arch.h"
#include "dbg/buildid.h"
#include "dbg/elfsyms.h"
#include "dbg/insn.h"
#include "dbg/plt.h"
#include "dbg/process.h"
#include "dbg/solib.h"
#include "lang/diag.h"
#include "sema/point.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/function_scope.h"
#include "sema/resolve/kind.h"
#include "sema/resolve/target.h"

struct user_files {
	VEC(struct user_file) list;
};

/* ---- files ---- */

static void add_file(struct program *p, struct user_files *files,
		     const struct user_file *f)
{
	for (uint32_t i = 0; i < files->list.n; i++)
		if (str_eq(files->list.v[i].path, f->path) &&
		    str_eq(files->list.v[i].program, f->program))
			return;
	vec_push(p->arena, &files->list, *f);
}

static void add_program(struct program *p, struct user_files *files,
			const struct process_file *f)
{
	add_file(p, files,
		 &(struct user_file){ .program = f->path, .path = f->path,
				      .filter = process_target_filter(p),
				      .dev = f->dev, .ino = f->ino });
}

/* "libc.so.6": where the linker finds it for programs of this machine. */
static struct err *library_by_name(struct program *p, struct str name,
				   struct process_files *ret)
{
	struct solib found;
	struct err *e;

	if (str_find_char(name, '/') >= 0 || str_find(name, STR(".so")) < 0 ||
	    !world_is_live(p->world))
		return err_new(ERR_NOT_FOUND, "this is no library's name");
	e = solib_find(p->world, p->arena, (struct str){},
		       STR("/proc/self/exe"), name, &found);
	return e ? e : process_programs(p, found.here, ret);
}

/* A path, a name, a pattern, or a build-id. */
static struct err *files_by_name(struct program *p, struct str name,
				 struct user_files *ret)
{
	struct process_files found;
	struct err *e = NULL;

	if (buildid_is(name))
		e = buildid_find(p->world, p->arena, name,
				 process_search_path(p), &name);
	if (!e)
		e = process_programs(p, name, &found);
	if (e && !err_drop(library_by_name(p, name, &found))) {
		err_free(e);
		e = NULL;
	}
	for (uint32_t i = 0; !e && i < found.n; i++)
		add_program(p, ret, &found.v[i]);
	return e;
}

static struct err *files_of_process(struct program *p, int64_t pid,
				    uint32_t filter, struct user_files *ret)
{
	struct user_file f = { .filter = filter };
	struct process found;
	struct err *e;

	if (pid < 1 || pid > INT32_MAX)
		return err_new(ERR_NOT_FOUND, "%lld is no number of a process",
			       (long long)pid);
	e = process_get(p->world, p->arena, (pid_t)pid, &found);
	if (e)
		return e;
	if (!found.has_exe)
		return err_new(ERR_NOT_FOUND,
			       "process %lld runs no program that can be read",
			       (long long)pid);
	f.program = f.path = process_program_path(p->world, p->arena, &found);
	f.pid = (uint32_t)found.pid;
	add_file(p, ret, &f);
	return NULL;
}

/* The program that -c starts, or the one that -x's process runs. */
static struct err *files_of_target(struct program *p, struct user_files *ret)
{
	const struct sema_options *o = p->options;

	if (o->target_pid)
		return files_of_process(p, o->target_pid, FILTER_TARGET, ret);
	if (o->command.len)
		return files_by_name(p, o->command, ret);
	return err_hint(err_new(ERR_NOT_FOUND, "which program is meant?"),
			"name it, process(\"PATH\"), or start one with -c, or "
			"take a running one with -x");
}

static struct err *files_meant(struct query *q, struct user_files *ret)
{
	const struct ast_component *c = &q->point->v[0];

	switch (c->arg_kind) {
	case AST_ARG_NUMBER:
		return files_of_process(q->program, c->number, FILTER_PID, ret);
	case AST_ARG_STRING:
		return files_by_name(q->program, c->string, ret);
	case AST_ARG_NONE:
		break;
	}
	return files_of_target(q->program, ret);
}

/* ---- libraries ---- */

/* The libraries that a process has mapped, or that a program will load. */
static struct err *libraries_of(struct program *p, const struct user_file *f,
				struct solibs *ret)
{
	if (f->pid)
		return solib_mapped(p->world, p->arena, (pid_t)f->pid, ret);
	return solib_needed(p->world, p->arena, (struct str){}, f->program,
			    ret);
}

static void add_library(struct program *p, const struct user_file *of,
			const struct solib *l, struct user_files *ret)
{
	struct user_file f = *of;

	f.path = l->here;
	if (!f.pid)
		f.filter |= FILTER_FILE;
	add_file(p, ret, &f);
}

/* Adds the libraries that match; or one that the program may yet load. */
static struct err *add_libraries(struct program *p, const struct user_file *of,
				 struct str name, struct user_files *ret)
{
	uint32_t from = ret->list.n;
	struct solibs all = {};
	struct solib one;
	struct err *e = libraries_of(p, of, &all);

	for (uint32_t i = 0; !e && i < all.n; i++)
		if (all.v[i].here.len && solib_matches(&all.v[i], name))
			add_library(p, of, &all.v[i], ret);
	if (e || ret->list.n > from)
		return e;
	if (str_has_glob(name))
		return err_new(ERR_NOT_FOUND, "%" STR_FMT " loads no library "
			       "that matches '%" STR_FMT "'",
			       STR_ARG(of->program), STR_ARG(name));
	e = solib_find(p->world, p->arena, (struct str){}, of->program, name,
		       &one);
	if (!e)
		add_library(p, of, &one, ret);
	return e;
}

/* In place of the programs, their libraries. */
static struct err *to_libraries(struct program *p,
				const struct ast_component *library,
				struct user_files *files)
{
	struct user_files found = {};
	struct err *e = NULL, *why = NULL;

	for (uint32_t i = 0; i < files->list.n; i++) {
		e = add_libraries(p, &files->list.v[i], library->string,
				  &found);
		if (!why)
			why = e;
		else
			err_free(e);
	}
	*files = found;
	if (!found.list.n)
		return why;
	err_free(why);
	return NULL;
}

/* ---- each file ---- */

static void set_path(struct ast_component *c, struct str path)
{
	c->arg_kind = AST_ARG_STRING;
	c->string = path;
}

/* The point with the paths that are meant in place of what was written. */
static const struct ast_point *point_of_file(struct program *p,
					     const struct ast_point *point,
					     const struct user_file *f)
{
	struct ast_point *copy = arena_new(p->arena, struct ast_point);

	*copy = *point;
	copy->v = arena_array(p->arena, point->n, struct ast_component);
	for (uint32_t i = 0; i < point->n; i++) {
		copy->v[i] = point->v[i];
		if (str_is(point->v[i].name, "library"))
			set_path(&copy->v[i], f->path);
	}
	if (point->v[0].arg_kind != AST_ARG_NUMBER)
		set_path(&copy->v[0], f->program);
	return copy;
}

static enum resolve_status no_files(struct query *q, struct err *e)
{
	const struct ast_component *c = &q->point->v[0];

	return query_err(q, c->arg_kind ? c->arg_span : c->span,
			 c->arg_kind == AST_ARG_NUMBER ? DIAG_UNKNOWN_PROCESS :
							 DIAG_UNKNOWN_PROGRAM,
			 e);
}

/* Not for a point with wildcards, of which nobody expects that all be
 * probed. */
void user_tell_refused(struct query *q, bool found)
{
	const struct ast_component *last = &q->point->v[q->point->n - 1];
	struct program *p = q->program;
	struct diag *d;

	if (!found) {
		q->answer->text = q->refused_text;
		q->answer->help = q->refused_help;
		return;
	}
	if (point_is_pattern(q->point))
		return;
	d = diag_warning(p->diags, DIAG_REFUSED_PLACE, last->span,
			 "%" STR_FMT, STR_ARG(q->refused_text));
	if (q->refused > 1)
		diag_note(p->diags, d, last->span, "and at %u more",
			  q->refused - 1);
}

/* The answer is that of the first without. */
enum resolve_status user_each_file(struct query *q, user_resolver *resolve)
{
	const struct ast_component *library = query_component(q, "library");
	const struct ast_point *point = q->point;
	enum resolve_status status = RESOLVE_NOTHING;
	struct resolve_answer first = {};
	struct user_files files = {};
	struct err *e = files_meant(q, &files);

	if (e)
		return no_files(q, e);
	if (library)
		e = to_libraries(q->program, library, &files);
	if (e)
		return query_err(q, library->arg_span, DIAG_UNKNOWN_PROGRAM,
				 e);
	for (uint32_t i = 0; i < files.list.n; i++) {
		q->user = &files.list.v[i];
		q->point = point_of_file(q->program, point, q->user);
		if (resolve(q) == RESOLVE_FOUND)
			status = RESOLVE_FOUND;
		else if (!first.text.len)
			first = *q->answer;
	}
	q->user = NULL;
	q->point = point;
	*q->answer = first;
	if (q->refused)
		user_tell_refused(q, status == RESOLVE_FOUND);
	return status;
}

/* ---- places ---- */

static struct insn instruction(const struct query *q,
			       const struct debug_source *src, uint64_t pc)
{
	struct objfile_data code = objfile_bytes(elfsyms_main(src->symbols),
						 pc);

	if (!code.size)
		return (struct insn){};
	return insn_at(world_arch(q->program->world), code.p, code.size);
}

/* Why not, and what of: "the nop", "the instruction". */
static const char *why_refused(const struct insn *in, const char **what)
{
	*what = "instruction";
	if (in->kind == INSN_NOP5) {
		*what = "five-byte nop";
		return "some kernels would break the program";
	}
	if (in->kind != INSN_HARMED)
		return "the kernel takes none";
	if (in->is_repeated)
		return "it would be hit at each turn";
	if (!in->is_syscall)
		return "the kernel takes it for another one";
	*what = "system call";
	return "it would break the program";
}

static void refuse(struct query *q, uint64_t pc, const struct insn *in)
{
	const char *what, *why = why_refused(in, &what);

	if (q->refused++)
		return;
	q->refused_text = arena_printf(q->program->arena,
				       "no probe can be at the %s at %#llx in %"
				       STR_FMT ": %s", what,
				       (unsigned long long)pc,
				       STR_ARG(q->user->path), why);
	q->refused_help = in->is_syscall ?
		STR("probe the instruction before it or behind it, or "
		    "process.syscall") :
		STR("probe the instruction before it or behind it");
}

#define NOPS_MAX 4

/* Behind nops that must not be probed, if it is the same there. */
static uint64_t behind_nops(const struct query *q, struct debug_source *src,
			    uint64_t pc)
{
	for (uint32_t i = 0; i < NOPS_MAX; i++) {
		struct insn in = instruction(q, src, pc);

		if (in.kind != INSN_NOP5 ||
		    !elfsyms_follows(src->symbols, pc + in.length, pc))
			break;
		pc += in.length;
	}
	return pc;
}

static bool is_probeable(struct query *q, const struct debug_source *src,
			 uint64_t pc)
{
	struct insn in = instruction(q, src, pc);

	if (in.kind != INSN_REFUSED && in.kind != INSN_HARMED &&
	    in.kind != INSN_NOP5)
		return true;
	refuse(q, pc, &in);
	return false;
}

/* A program that does not run yet would be started without a probe that the
 * kernel takes not; it says nothing then. */
bool user_place(struct query *q, uint64_t *pc, struct image_site *ret)
{
	struct program *p = q->program;
	const struct user_file *f = q->user;
	struct debug_source *src = debug_source_file(p, f->path);
	uint64_t offset;
	bool is_code;

	if (!src->symbols || !objfile_offset(elfsyms_main(src->symbols), *pc,
					     &offset, &is_code) || !is_code)
		return false;
	*pc = behind_nops(q, src, *pc);
	if (!is_probeable(q, src, *pc) ||
	    !objfile_offset(elfsyms_main(src->symbols), *pc, &offset, &is_code))
		return false;
	*ret = (struct image_site){
		.name = image_intern(p->image, p->back, f->path),
		.offset = offset,
		.c = objfile_identity(elfsyms_main(src->symbols)),
		.filter = f->filter,
		.pid = f->filter & FILTER_PID ? f->pid : 0,
		.dev = f->filter & FILTER_FILE ? f->dev : 0,
		.ino = f->filter & FILTER_FILE ? f->ino : 0,
	};
	return true;
}

uint64_t user_entry(const struct query *q, uint64_t pc)
{
	struct debug_source *src = debug_source_file(q->program, q->user->path);
	struct insn in = {};

	if (src->symbols)
		in = instruction(q, src, pc);
	return in.kind == INSN_MARKER ? pc + in.length : pc;
}

/* ---- by symbols ---- */

static bool is_return(const struct query *q)
{
	return q->data == FUNCTION_RETURN;
}

#define GO_TABLE ".gopclntab"	/* its functions, for whoever walks stacks */

/* What unwinds the stacks of C++ is named where it is called from. */
static bool throws(struct objfile *o)
{
	static const char personality[] = "__gxx_personality_v0";
	static const char *const names[] = { ".dynstr", ".strtab" };

	if (!objfile_data(o, ".gcc_except_table").p)
		return false;
	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct objfile_data d = objfile_data(o, names[i]);

		if (d.p && memmem(d.p, d.size, personality,
				  sizeof(personality)))
			return true;
	}
	return false;
}

static void warn_of_exceptions(struct query *q, const struct ast_component *c)
{
	struct diags *ds = q->program->diags;
	struct diag *d = diag_warning(ds, DIAG_RETURN_OF_CXX, c->arg_span,
				      "an exception that passes through it "
				      "would end %" STR_FMT,
				      STR_ARG(q->user->path));

	diag_help(ds, d, "a return probe puts an address of the kernel's "
		  "on the stack, which what unwinds it does not know");
}

bool user_may_return(struct query *q, const struct ast_component *c)
{
	struct debug_source *src = debug_source_file(q->program, q->user->path);

	if (!is_return(q) || q->program->options->guru || !src->symbols)
		return true;
	if (!objfile_data(elfsyms_main(src->symbols), GO_TABLE).p) {
		if (throws(elfsyms_main(src->symbols)))
			warn_of_exceptions(q, c);
		return true;
	}
	query_nothing(q, c->arg_span, DIAG_RETURN_OF_GO,
		      "%" STR_FMT " is a program in Go: a probe of a return "
		      "would end it", STR_ARG(q->user->path));
	q->answer->help = STR("probe a statement of the function instead");
	return false;
}

static struct str function_text(const struct query *q, struct str name)
{
	for (uint32_t i = 0; i < q->point->n; i++)
		if (str_is(q->point->v[i].name, "function") ||
		    str_is(q->point->v[i].name, "plt"))
			return query_text_with(q, i, name);
	return query_text(q);
}

static struct target_scope *symbol_scope(struct query *q,
					 const struct debug_source *src,
					 struct str name)
{
	struct program *p = q->program;
	struct target_scope *s;

	if (debug_is_foreign(p, src))
		return scope_of_registers(p, name);
	s = scope_of_numbers(p, name, is_return(q));

	s->what = arena_printf(p->arena, "function '%" STR_FMT "', which no "
			       "debug information describes", STR_ARG(name));
	if (src->help.len)
		s->help = arena_printf(p->arena, "%" STR_FMT "; without that, "
				       "%" STR_FMT, STR_ARG(src->help),
				       STR_ARG(s->help));
	return s;
}

static void add_function(struct query *q, const struct dbg_function *f)
{
	if (is_return(q))
		debug_return_add(q, f);
	else
		debug_function_add(q, f);
}

/* Debug information may know the function by another one of its names. */
static void add_symbol(struct query *q, const struct debug_source *src,
		       struct str name, uint64_t addr)
{
	struct image_site place;
	struct dbg_function f;
	struct site *site;
	uint64_t pc;

	if (src->info && debuginfo_function_at(src->info, q->program->arena,
					       addr, &f) && f.entry == addr) {
		f.name = name;
		add_function(q, &f);
		return;
	}
	pc = user_entry(q, addr);
	if (!user_place(q, &pc, &place))
		return;
	site = query_site(q, is_return(q) ? PROBE_URETPROBE : PROBE_UPROBE,
			  function_text(q, name));
	site->image = place;
	site->scope = symbol_scope(q, src, name);
}

/* "name@VERSION" is one of several of the name in a library. */
static bool find_symbols(struct query *q, struct debug_source *src,
			 struct str pattern)
{
	bool exported = query_component(q, "exported");
	int64_t at = str_find_char(pattern, '@');
	uint32_t from = q->ret->list.n;
	struct elfsyms_list found = {};
	struct str version = {};

	if (at >= 0) {
		version = str_sub(pattern, (uint32_t)at + 1, pattern.len);
		pattern = str_sub(pattern, 0, (uint32_t)at);
	}
	elfsyms_functions(src->symbols, q->program->arena, pattern, version,
			  &found);
	for (uint32_t i = 0; i < found.n; i++)
		if (found.v[i].is_exported || !exported)
			add_symbol(q, src, found.v[i].name, found.v[i].addr);
	return q->ret->list.n > from;
}

static struct str similar(struct query *q, const struct debug_source *src,
			  struct str name)
{
	struct elfsyms_list all = {};
	struct diag_guess g;

	diag_guess_init(&g, name);
	elfsyms_functions(src->symbols, q->program->arena, STR("*"),
			  (struct str){}, &all);
	for (uint32_t i = 0; i < all.n; i++)
		diag_guess_add(&g, all.v[i].name);
	return diag_guess_best(&g);
}

/* Since 2.34 glibc has what these had in libc.so.6, and they are empty. */
static bool is_emptied(struct str path)
{
	static const char *const names[] = { "/libpthread.so.0", "/libdl.so.2",
					     "/librt.so.1", "/libutil.so.1" };

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_ends(path, str_from(names[i])))
			return true;
	return false;
}

static enum resolve_status no_function(struct query *q,
				       const struct debug_source *src,
				       const struct ast_component *c)
{
	struct arena *a = q->program->arena;
	enum resolve_status status;
	struct str near;

	status = query_nothing(q, c->arg_span, DIAG_UNKNOWN_USER_FUNCTION,
			       "there is no function '%" STR_FMT "' in %"
			       STR_FMT, STR_ARG(c->string),
			       STR_ARG(q->user->path));
	near = similar(q, src, c->string);
	if (!src->info)
		q->answer->note = src->why;
	if (near.len)
		q->answer->help = arena_printf(a, "did you mean '%" STR_FMT
					       "'?", STR_ARG(near));
	else if (is_emptied(q->user->path))
		q->answer->help = STR("since version 2.34, glibc has its "
				      "functions in libc.so.6");
	else if (!src->info)
		q->answer->help = src->help;
	return status;
}

/* ---- calls of other files ---- */

static enum resolve_status no_elf(struct query *q)
{
	return query_nothing(q, q->point->v[0].arg_span, DIAG_UNKNOWN_PROGRAM,
			     "%" STR_FMT " is no ELF file that can be read",
			     STR_ARG(q->user->path));
}

static enum resolve_status plt_in_file(struct query *q)
{
	struct debug_source *src = debug_source_file(q->program, q->user->path);
	const struct ast_component *c = query_component(q, "plt");
	uint32_t from = q->ret->list.n;
	struct plt_entries found = {};

	if (!src->symbols)
		return no_elf(q);
	plt_entries(elfsyms_main(src->symbols), q->program->arena, &found);
	for (uint32_t i = 0; i < found.n; i++)
		if (!c->arg_kind || str_glob(c->string, found.v[i].name))
			add_symbol(q, src, found.v[i].name, found.v[i].addr);
	if (q->ret->list.n > from)
		return RESOLVE_FOUND;
	if (!c->arg_kind)
		return query_nothing(q, c->span, DIAG_UNKNOWN_USER_FUNCTION,
				     "%" STR_FMT " calls no functions of other "
				     "files", STR_ARG(q->user->path));
	return query_nothing(q, c->arg_span, DIAG_UNKNOWN_USER_FUNCTION,
			     "%" STR_FMT " calls no '%" STR_FMT "' of another "
			     "file", STR_ARG(q->user->path),
			     STR_ARG(c->string));
}

/* data: FUNCTION_RETURN or 0 */
enum resolve_status plt_resolve(struct query *q)
{
	return user_each_file(q, plt_in_file);
}

/* ---- functions ---- */

static bool find_functions(struct query *q)
{
	bool exported = query_component(q, "exported");
	uint32_t from = q->ret->list.n;
	struct dbg_functions f;

	if (debug_functions(q, debug_which(q), &f) != RESOLVE_FOUND)
		return false;
	for (uint32_t i = 0; i < f.n; i++)
		if (!exported || f.v[i].is_external)
			add_function(q, &f.v[i]);
	return q->ret->list.n > from;
}

/* What debug information does not have may still have a symbol: functions in
 * assembler, and all where there is none. */
static enum resolve_status functions_in_file(struct query *q)
{
	const struct ast_component *c = query_component(q, "function");
	struct debug_source *src = debug_source_file(q->program, q->user->path);
	bool is_place = str_find_char(c->string, '@') >= 0;

	if (!src->symbols)
		return no_elf(q);
	if (!user_may_return(q, c))
		return RESOLVE_NOTHING;
	if ((src->info || is_place) && find_functions(q))
		return RESOLVE_FOUND;
	if (find_symbols(q, src, c->string))
		return RESOLVE_FOUND;
	return is_place ? RESOLVE_NOTHING : no_function(q, src, c);
}

/* data: FUNCTION_RETURN or 0 */
enum resolve_status user_function_resolve(struct query *q)
{
	return user_each_file(q, functions_in_file);
}

enum resolve_status user_statement_resolve(struct query *q)
{
	return user_each_file(q, statement_resolve);
}

/* data: enum dbg_which */
enum resolve_status user_inline_resolve(struct query *q)
{
	return user_each_file(q, debug_function_resolve);
}

enum resolve_status user_label_resolve(struct query *q)
{
	return user_each_file(q, label_resolve);
}

static enum resolve_status callees_in_file(struct query *q)
{
	if (!user_may_return(q, query_component(q, "function")))
		return RESOLVE_NOTHING;
	return callee_resolve(q);
}

/* data: CALLEE_CALLS, CALLEE_RETURNS or 0 */
enum resolve_status user_callee_resolve(struct query *q)
{
	return user_each_file(q, callees_in_file);
}
