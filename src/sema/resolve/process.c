/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.begin, .end, .thread.begin, .thread.end, .syscall, .syscall.return:
 * of any process, of process(PID), of those that run process("program").
 * They stand on tracepoints; which tasks are meant is data of the site, and
 * tested by the code in front of the handler.
 *
 * A task that begins is seen where it first runs itself, which is at the end
 * of the clone() that made it (sys_exit); at sched_process_fork the parent
 * runs.
 *
 * What is there when the session begins is visited then, once, by a program
 * that the kernel runs for each task (PROBE_EXISTING).  What begins meanwhile
 * is told once, by the visit or by its event: they share a number.
 *
 * Before Linux 6.16, sched_process_exit comes when the task has forgotten its
 * memory, and with it the program that it ran.  There the end of a program is
 * seen at a function that each exit calls a little earlier.
 */
#include "dbg/process.h"

#include <stdlib.h>

#include "dbg/arch.h"
#include "dbg/tracepoint.h"
#include "lang/diag.h"
#include "sema/resolve/kind.h"
#include "sema/resolve/target.h"
#include "sema/resolve/types.h"

#define PROCESS_EXIT_FUNCTION "acct_collect"
#define PROCESS_VISIT_FUNCTION "bpf_iter_task"
#define PROCESS_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What a site's filter will be, and its text. */
struct process_who {
	uint32_t filter;		/* enum image_filter */
	uint32_t pid;
	uint32_t begins;		/* number of what one of several sites
					 * tells; 0 = each */
	struct process_file file;
};

/* ---- target variables ---- */

static void scope_add(struct arena *a, struct target_scope *s,
		      struct target_root root)
{
	root.type_name = STR("long");
	vec_push(a, &s->roots, root);
}

/* A word of the tracepoint's arguments. */
static struct target_root word_root(struct str name, int64_t word)
{
	return (struct target_root){
		.name = name,
		.ops = { { .kind = TGT_CTX_WORD, .n = word } },
		.nops = 1,
	};
}

/* A register in the struct pt_regs that word 0 points to. */
static struct target_root reg_root(struct str name, const struct arch_reg *r)
{
	return (struct target_root){
		.name = name,
		.ops = { { .kind = TGT_CTX_WORD, .n = 0 },
			 { .kind = TGT_ADD, .n = r->offset },
			 { .kind = TGT_LOAD, .size = r->size,
			   .is_signed = true } },
		.nops = 3,
	};
}

/* __task_regs() */
static struct ast_expr *task_regs(struct program *p)
{
	struct ast_expr *e = arena_new(p->arena, struct ast_expr);

	e->kind = AST_CALL;
	e->type = TY_LONG;
	e->call.name = str_from(intrin_info[INTRIN_TASK_REGS].name);
	e->call.is_intrinsic = true;
	e->call.intrinsic = INTRIN_TASK_REGS;
	return e;
}

/* For register() and @uregister: what the process had when it called, or has
 * where it goes on. */
static void add_registers(struct program *p, struct target_scope *s,
			  bool of_context)
{
	const struct arch *arch = world_arch(p->world);
	struct ast_expr *regs = of_context ? NULL : task_regs(p);

	for (uint32_t i = 0; i < arch->nregs; i++) {
		const struct arch_reg *r = &arch->regs[i];
		struct target_root root;

		if (r->dwarf == ARCH_NO_DWARF || r->alias)
			continue;
		root = reg_root(arena_printf(p->arena, "@reg%u", r->dwarf), r);
		if (regs)
			root.ops[0] = (struct target_op){ .kind = TGT_EXPR,
							  .expr = regs };
		root.hidden = true;
		scope_add(p->arena, s, root);
	}
}

static const struct target_scope *scope_new(struct program *p,
					    enum image_process_event event)
{
	const struct arch *arch = world_arch(p->world);
	struct target_scope *s = arena_new(p->arena, struct target_scope);

	if (event == PROCESS_SYSCALL) {
		s->what = STR("process.syscall");
		s->has_parms = true;
		scope_add(p->arena, s, word_root(STR("syscall"), 1));
		for (uint32_t i = 0; i < ARRAY_SIZE(arch->sys_args); i++)
			scope_add(p->arena, s,
				  reg_root(arena_printf(p->arena, "arg%u",
							i + 1),
					   &arch->regs[arch->sys_args[i]]));
	} else {
		s->what = STR("process.syscall.return");
		scope_add(p->arena, s, reg_root(STR("syscall"),
						&arch->regs[arch->sys_nr]));
		scope_add(p->arena, s, word_root(STR("return"), 1));
		s->has_return = true;
	}
	add_registers(p, s, true);
	return s;
}

/* Of the other events, where programs can have the registers of a task. */
static const struct target_scope *scope_of_task(struct query *q)
{
	static const char *const names[] = {
		[PROCESS_BEGIN] = "process.begin",
		[PROCESS_END] = "process.end",
		[PROCESS_THREAD_BEGIN] = "process.thread.begin",
		[PROCESS_THREAD_END] = "process.thread.end",
	};
	struct program *p = q->program;
	struct target_scope *s;

	if (!(p->features & FEATURE_BIT(BPF_LOOP)))
		return NULL;
	s = arena_new(p->arena, struct target_scope);
	s->what = str_from(names[q->data]);
	add_registers(p, s, false);
	return s;
}

/* ---- sites ---- */

/* The calls that make tasks, for sys_exit to know a new one by. */
static uint64_t clone_numbers(const struct arch *arch)
{
	static const struct str calls[] = {
		STR_INIT("clone"), STR_INIT("clone3"), STR_INIT("fork"),
		STR_INIT("vfork"),
	};
	uint64_t v = 0;

	for (uint32_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int nr = arch_syscall_nr(arch, calls[i]);

		v |= (uint64_t)(nr < 0 ? 0xffff : nr) << (16 * i);
	}
	return v;
}

static struct site *new_site(struct query *q, enum image_probe_kind kind,
			     const struct process_who *who, struct str point,
			     const char *name)
{
	struct program *p = q->program;
	struct site *s = query_site(q, kind, point);

	s->image.name = image_intern(p->image, p->back,
				     str_from(name));
	s->image.a = (uint64_t)q->data;
	s->image.c = who->begins;
	s->image.filter = who->filter;
	s->image.pid = who->pid;
	s->image.dev = who->file.dev;
	s->image.ino = who->file.ino;
	return s;
}

static void add_site(struct query *q, const struct process_who *who,
		     struct str point, const char *tracepoint)
{
	struct program *p = q->program;
	enum image_process_event event = (enum image_process_event)q->data;
	struct site *s = new_site(q, PROBE_PROCESS, who, point, tracepoint);

	if (event == PROCESS_BEGIN || event == PROCESS_THREAD_BEGIN)
		s->image.b = clone_numbers(world_arch(p->world));
	if (event == PROCESS_SYSCALL || event == PROCESS_SYSCALL_RETURN)
		s->scope = scope_new(p, event);
	else
		s->scope = scope_of_task(q);
}

/* Does the kernel visit tasks? */
static bool visits_tasks(const struct query *q)
{
	struct ctypes *btf = program_btf(q->program);

	return btf &&
	       ctypes_find(btf, CTYPE_FUNC, STR(PROCESS_VISIT_FUNCTION));
}

/* Those that are there already.  With -c there are none: what is there of the
 * command is spile, which waits for the session to begin. */
static void add_existing(struct query *q, struct process_who *who,
			 struct str point)
{
	if (!visits_tasks(q) || (who->filter & FILTER_TARGET &&
				 q->program->options->has_command))
		return;
	who->begins = ++q->program->nbegins;
	new_site(q, PROBE_EXISTING, who, point, PROCESS_VISIT_FUNCTION)->scope =
		scope_of_task(q);
}

static bool is_end(const struct query *q)
{
	return q->data == PROCESS_END || q->data == PROCESS_THREAD_END;
}

/* Has a task at sched_process_exit forgotten its program?  Where it has not,
 * the tracepoint says whether it is the last of its process, too. */
static bool forgets_program(const struct query *q)
{
	struct tracepoints tps = { q->program->world,
				   program_btf(q->program) };
	struct tracepoint tp;
	struct err *e = tracepoint_find(&tps, q->program->arena, STR(""),
					STR("sched_process_exit"), &tp);

	if (e) {
		err_free(e);
		return false;
	}
	return tp.has_args && tp.args.n < 2;
}

/* Is there the function to see it earlier? */
static bool has_exit_function(const struct query *q)
{
	struct ctypes *btf = program_btf(q->program);

	return btf && (q->program->features & FEATURE_BIT(FENTRY)) &&
	       ctypes_find(btf, CTYPE_FUNC, STR(PROCESS_EXIT_FUNCTION));
}

/* Does the kernel say that a task is about to run another program, as long as
 * it still has the old one? */
static bool tells_exec(const struct query *q)
{
	struct tracepoints tps = { q->program->world,
				   program_btf(q->program) };
	struct tracepoint tp;

	return !err_drop(tracepoint_find(&tps, q->program->arena, STR(""),
					 STR("sched_prepare_exec"), &tp));
}

/* A program ends with its process, or when that goes on with another. */
static void add_end(struct query *q, const struct process_who *who,
		    struct str point)
{
	if (who->filter & FILTER_FILE && q->data == PROCESS_END &&
	    tells_exec(q))
		add_site(q, who, point, "sched_prepare_exec");
	if (!(who->filter & FILTER_FILE) || !forgets_program(q)) {
		add_site(q, who, point, "sched_process_exit");
		return;
	}
	new_site(q, PROBE_FENTRY, who, point, PROCESS_EXIT_FUNCTION)->scope =
		scope_of_task(q);
	q->program->image->features |= FEATURE_BIT(FENTRY);
}

static void add_sites(struct query *q, struct process_who *who,
		      struct str point)
{
	switch ((enum image_process_event)q->data) {
	case PROCESS_BEGIN:
		add_existing(q, who, point);
		add_site(q, who, point, "sched_process_exec");
		/* A fork has another number. */
		if (!(who->filter & FILTER_PID))
			add_site(q, who, point, "sys_exit");
		return;
	case PROCESS_END:
	case PROCESS_THREAD_END:
		add_end(q, who, point);
		return;
	case PROCESS_SYSCALL:
		add_site(q, who, point, "sys_enter");
		return;
	case PROCESS_THREAD_BEGIN:
		add_existing(q, who, point);
		add_site(q, who, point, "sys_exit");
		return;
	case PROCESS_SYSCALL_RETURN:
		add_site(q, who, point, "sys_exit");
		return;
	}
}

/* ---- which processes ---- */

uint32_t process_target_filter(const struct program *p)
{
	return p->options->target_pid || p->options->has_command ?
		       FILTER_TARGET : 0;
}

struct str process_search_path(const struct program *p)
{
	const char *path = world_is_live(p->world) ? getenv("PATH") : NULL;

	return str_from(path ? path : PROCESS_PATH);
}

static enum resolve_status resolve_pid(struct query *q,
				       const struct ast_component *c)
{
	struct process_who who = { .filter = FILTER_PID };
	struct process found;
	struct err *e;

	if (c->number < 1 || c->number > INT32_MAX)
		return query_nothing(q, c->arg_span, DIAG_UNKNOWN_PROCESS,
				     "%lld is no number of a process",
				     (long long)c->number);
	e = process_get(q->program->world, q->program->arena,
			(pid_t)c->number, &found);
	if (e)
		return query_err(q, c->arg_span, DIAG_UNKNOWN_PROCESS, e);
	who.pid = (uint32_t)found.pid;
	if (q->data == PROCESS_BEGIN && !visits_tasks(q))
		diag_warning(q->program->diags, DIAG_ALREADY_BEGUN, c->arg_span,
			     "process %d has begun already, and this kernel "
			     "visits no tasks: this point is hit when it runs "
			     "another program", found.pid);
	add_sites(q, &who, query_text(q));
	return RESOLVE_FOUND;
}

static bool is_known(const struct process_files *files, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (files->v[i].dev == files->v[n].dev &&
		    files->v[i].ino == files->v[n].ino)
			return true;
	return false;
}

/* The same path where Debian keeps libraries, for /lib64/libc.so.6 and
 * /usr/lib*\/libc.so.6, as scripts of other systems have them; empty if it is
 * no such path. */
static struct str library_path(const struct program *p, struct str name)
{
	const char *arch = str_is(world_arch(p->world)->name, "arm64") ?
				   "aarch64" :
				   "x86_64";
	struct str usr = STR("/usr"), rest = name;

	if (str_starts(rest, usr))
		rest = str_sub(rest, usr.len, rest.len);
	if (str_starts(rest, STR("/lib64/")))
		rest = str_sub(rest, 7, rest.len);
	else if (str_starts(rest, STR("/lib*/")))
		rest = str_sub(rest, 6, rest.len);
	else
		return (struct str){};
	return arena_printf(p->arena, "/usr/lib/%s-linux-gnu/%" STR_FMT, arch,
			    STR_ARG(rest));
}

static struct err *programs_matching(const struct program *p, struct str name,
				     struct process_files *ret)
{
	struct str library = library_path(p, name);
	struct process_files more = {};
	struct err *e = NULL;

	if (library.len)
		e = process_glob(p->world, p->arena, library, ret);
	if (!e)
		e = process_glob(p->world, p->arena, name, &more);
	if (e)
		return e;
	for (uint32_t i = 0; i < more.n; i++)
		vec_push(p->arena, ret, more.v[i]);
	if (ret->n)
		return NULL;
	return err_new(ERR_NOT_FOUND, "no program matches '%" STR_FMT "'",
		       STR_ARG(name));
}

/* A path of another system's, where there is no such file, is looked for as
 * one of Debian's. */
static struct err *program_called(const struct program *p, struct str name,
				  struct process_files *ret)
{
	struct str path = process_search_path(p), library;
	struct process_file one;
	struct err *e =
		process_find_program(p->world, p->arena, name, path, &one);

	if (e && e->code == ERR_NOT_FOUND) {
		library = library_path(p, name);
		if (library.len &&
		    !err_drop(process_find_program(p->world, p->arena, library,
						   path, &one))) {
			err_free(e);
			e = NULL;
		}
	}
	if (!e)
		vec_push(p->arena, ret, one);
	return e;
}

struct err *process_programs(const struct program *p, struct str name,
			     struct process_files *ret)
{
	struct process_files found = {};
	struct err *e = str_has_glob(name) ?
				programs_matching(p, name, &found) :
				program_called(p, name, &found);

	if (!e)
		*ret = found;
	return e;
}

static enum resolve_status resolve_program(struct query *q,
					   const struct ast_component *c)
{
	struct process_files files;
	struct err *e = process_programs(q->program, c->string, &files);

	if (e)
		return query_err(q, c->arg_span, DIAG_UNKNOWN_PROGRAM, e);
	if (is_end(q) && forgets_program(q) && !has_exit_function(q))
		return query_nothing(q, c->arg_span, DIAG_OLD_KERNEL,
				     "when a task ends, this kernel does not "
				     "know any more which program it ran");
	for (uint32_t i = 0; i < files.n; i++) {
		struct process_who who = {
			.filter = FILTER_FILE |
				  process_target_filter(q->program),
			.file = files.v[i],
		};

		if (!is_known(&files, i))	/* by another name */
			add_sites(q, &who,
				  query_text_with(q, 0, files.v[i].path));
	}
	return RESOLVE_FOUND;
}

/* data: enum image_process_event */
enum resolve_status process_resolve(struct query *q)
{
	const struct ast_component *c = &q->point->v[0];
	struct process_who any = { .filter = FILTER_USER };

	switch (c->arg_kind) {
	case AST_ARG_NUMBER:
		return resolve_pid(q, c);
	case AST_ARG_STRING:
		return resolve_program(q, c);
	case AST_ARG_NONE:
		break;
	}
	any.filter |= process_target_filter(q->program);
	add_sites(q, &any, query_text(q));
	return RESOLVE_FOUND;
}
