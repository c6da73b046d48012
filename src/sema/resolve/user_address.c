/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places of programs by address: where the file has it, or a process; to run
 * code, or (process().data) to hold data that is watched.
 */
#include "dbg/elfsyms.h"
#include "dbg/mappings.h"
#include "dbg/process.h"
#include "dbg/solib.h"
#include "lang/diag.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/function_scope.h"
#include "sema/resolve/kind.h"
#include "sema/resolve/target.h"

#define DATA_PROCESSES_MAX 4	/* there are few watchpoints */

/* ---- code ---- */

/* pc: where the probe is of the address that was written. */
static const struct target_scope *address_scope(struct query *q, uint64_t pc,
						uint64_t written)
{
	struct debug_source *src = debug_source_file(q->program, q->user->path);
	struct program *p = q->program;
	struct str what = arena_printf(p->arena, "address %#llx of %" STR_FMT,
				       (unsigned long long)written,
				       STR_ARG(q->user->path));

	struct target_scope *s;
	struct dbg_function f;

	if (debug_is_foreign(p, src) &&
	    (!src->info || q->data == FUNCTION_RETURN))
		return scope_of_registers(p, what);
	if (!src->info || q->data == FUNCTION_RETURN)
		return scope_of_numbers(p, what, q->data == FUNCTION_RETURN);
	s = debug_scope(p, src, pc, (struct dbg_die){}, (struct str){}, what);
	if (debuginfo_function_at(src->info, p->arena, pc, &f) &&
	    f.entry == written && !debug_is_foreign(p, src))
		scope_add_arguments(p, s);
	return s;
}

/* elfsyms_instruction() says so of what is no code, too. */
static bool is_inside(const struct debug_source *src, uint64_t addr)
{
	uint64_t offset;
	bool is_code;

	return objfile_offset(elfsyms_main(src->symbols), addr, &offset,
			      &is_code) && is_code &&
	       elfsyms_instruction(src->symbols, addr) == ELFSYMS_INSN_INSIDE;
}

/* written: as the file has it. */
static enum resolve_status add_address(struct query *q, uint64_t written)
{
	const struct ast_component *c = query_component(q, "statement");
	struct debug_source *src = debug_source_file(q->program, q->user->path);
	uint64_t pc = written;
	struct image_site place;
	struct site *site;

	if (!user_may_return(q, c))
		return RESOLVE_NOTHING;
	if (src->symbols && is_inside(src, written))
		return query_nothing(q, c->arg_span, DIAG_UNKNOWN_USER_FUNCTION,
				     "no instruction of %" STR_FMT " begins at "
				     "%#llx", STR_ARG(q->user->path),
				     (unsigned long long)written);
	if (!user_place(q, &pc, &place))
		return query_nothing(q, c->arg_span, DIAG_UNKNOWN_USER_FUNCTION,
				     "%" STR_FMT " has no code at %#llx",
				     STR_ARG(q->user->path),
				     (unsigned long long)written);
	site = query_site(q, q->data == FUNCTION_RETURN ? PROBE_URETPROBE :
							  PROBE_UPROBE,
			  query_text(q));
	site->image = place;
	site->scope = address_scope(q, pc, written);
	return RESOLVE_FOUND;
}

static enum resolve_status address_in_file(struct query *q)
{
	const struct ast_component *c = query_component(q, "statement");

	return add_address(q, (uint64_t)c->number);
}

/* process("path").statement(ADDRESS), data: FUNCTION_RETURN or 0 */
enum resolve_status user_address_resolve(struct query *q)
{
	return user_each_file(q, address_in_file);
}

/* The file that a process has at an address, and where that is in it. */
static bool find_mapped(struct program *p, pid_t pid, uint64_t addr,
			struct str *path, uint64_t *offset)
{
	struct mappings all = {};

	if (err_drop(mappings_read(p->world, p->arena, pid, &all)))
		return false;
	for (uint32_t i = 0; i < all.n; i++) {
		const struct mapping *m = &all.v[i];

		if (addr < m->start || addr >= m->end || !m->ino)
			continue;
		*path = solib_mapped_path(p->world, p->arena, pid, m);
		*offset = addr - m->start + m->offset;
		return true;
	}
	return false;
}

static pid_t process_meant(const struct query *q)
{
	const struct ast_component *c = &q->point->v[0];
	int64_t pid = c->arg_kind == AST_ARG_NUMBER ?
			      c->number : q->program->options->target_pid;

	return pid < 1 || pid > INT32_MAX ? 0 : (pid_t)pid;
}

static enum resolve_status no_process(struct query *q)
{
	return query_nothing(q, q->point->v[0].span, DIAG_UNKNOWN_PROCESS,
			     "an address is one of a process: process(PID), or "
			     "with -x");
}

/* process(PID).statement(ADDRESS).absolute, data: FUNCTION_RETURN or 0 */
enum resolve_status user_absolute_resolve(struct query *q)
{
	const struct ast_component *c = query_component(q, "statement");
	struct user_file f = { .filter = FILTER_PID };
	enum resolve_status status;
	struct debug_source *src;
	uint64_t offset, pc;
	pid_t pid = process_meant(q);

	if (!pid)
		return no_process(q);
	f.pid = (uint32_t)pid;
	if (!find_mapped(q->program, pid, (uint64_t)c->number, &f.path,
			 &offset))
		return query_nothing(q, c->arg_span, DIAG_UNKNOWN_USER_FUNCTION,
				     "process %d has no code of a file at %#llx",
				     pid, (unsigned long long)c->number);
	f.program = f.path;
	src = debug_source_file(q->program, f.path);
	q->user = &f;
	if (src->symbols &&
	    objfile_address(elfsyms_main(src->symbols), offset, &pc))
		status = add_address(q, pc);
	else
		status = query_nothing(q, c->arg_span, DIAG_UNKNOWN_PROGRAM,
				       "%" STR_FMT " cannot be read",
				       STR_ARG(f.path));
	if (q->refused)
		user_tell_refused(q, status == RESOLVE_FOUND);
	q->user = NULL;
	return status;
}

/* ---- data ---- */

/* How far a process has moved a file from where it says that it belongs. */
static bool find_bias(struct program *p, pid_t pid, const struct user_file *f,
		      uint64_t *ret)
{
	struct debug_source *src = debug_source_file(p, f->path);
	struct mappings all = {};
	uint64_t addr;

	if (err_drop(mappings_read(p->world, p->arena, pid, &all)))
		return false;
	for (uint32_t i = 0; i < all.n; i++) {
		if (!str_ends(f->path, all.v[i].path) || !all.v[i].ino ||
		    !objfile_address(elfsyms_main(src->symbols),
				     all.v[i].offset, &addr))
			continue;
		*ret = all.v[i].start - addr;
		return true;
	}
	return false;
}

/* pid: 0 for the command of -c. */
static void add_data(struct query *q, pid_t pid, uint64_t addr, uint64_t bytes)
{
	struct target_scope *scope = arena_new(q->program->arena,
					       struct target_scope);
	struct site *s = query_site(q, PROBE_WATCH, query_text(q));

	scope->what = STR("a watchpoint");
	scope_add_registers(q->program, scope);
	s->image.a = addr;
	s->image.b = (uint64_t)q->data;
	s->image.c = bytes;
	s->image.filter = pid ? FILTER_PID : FILTER_TARGET;
	s->image.pid = (uint32_t)pid;
	s->scope = scope;
	/* Where the command has loaded it is known when it runs. */
	if (!pid && query_component(q, "data")->arg_kind == AST_ARG_STRING) {
		s->image.dev = q->user->dev;
		s->image.ino = q->user->ino;
	}
}

/* What .length(N) says, or the variable's own size. */
static enum resolve_status data_length(struct query *q, uint64_t addr,
				       uint64_t size, uint64_t *ret)
{
	const struct ast_component *c = query_component(q, "length");
	int64_t n = c ? c->number : size <= 8 ? (int64_t)size : 1;
	uint64_t bytes = 1;

	if (n < 1 || n > 8)
		return query_nothing(q, c ? c->arg_span : q->point->span,
				     DIAG_BAD_POINT_ARG,
				     "a watchpoint is of 1 to 8 bytes");
	while ((int64_t)bytes < n)
		bytes *= 2;
	if (addr % bytes)
		return query_nothing(q, q->point->span, DIAG_BAD_POINT_ARG,
				     "%llu bytes are watched only at a "
				     "multiple of %llu",
				     (unsigned long long)bytes,
				     (unsigned long long)bytes);
	*ret = bytes;
	return RESOLVE_FOUND;
}

/* In one process, or (0) the command of -c. */
static enum resolve_status data_in_process(struct query *q, pid_t pid)
{
	const struct ast_component *c = query_component(q, "data");
	struct debug_source *src = debug_source_file(q->program, q->user->path);
	struct elfsym sym = { .addr = (uint64_t)c->number, .size = 1 };
	uint64_t bytes = 1, bias = 0;

	if (c->arg_kind == AST_ARG_STRING &&
	    (!src->symbols || !elfsyms_find(src->symbols, q->program->arena,
					    c->string, &sym) || sym.is_tls))
		return query_nothing(q, c->arg_span, DIAG_UNKNOWN_USER_FUNCTION,
				     "%" STR_FMT " has no variable '%" STR_FMT
				     "' among its symbols",
				     STR_ARG(q->user->path),
				     STR_ARG(c->string));
	if (pid && c->arg_kind == AST_ARG_STRING &&
	    !find_bias(q->program, pid, q->user, &bias))
		return query_nothing(q, c->arg_span, DIAG_UNKNOWN_PROCESS,
				     "process %d has not loaded %" STR_FMT, pid,
				     STR_ARG(q->user->path));
	if (data_length(q, sym.addr + bias, sym.size, &bytes) !=
	    RESOLVE_FOUND)
		return RESOLVE_NOTHING;
	add_data(q, pid, sym.addr + bias, bytes);
	return RESOLVE_FOUND;
}

static bool runs(struct program *p, pid_t pid, const struct user_file *f)
{
	struct process found;

	return !err_drop(process_get(p->world, p->arena, pid, &found)) &&
	       found.has_exe && str_eq(found.exe.path, f->program);
}

/* In all processes that run the program now. */
static enum resolve_status data_of_program(struct query *q)
{
	struct program *p = q->program;
	struct process_ids all = {};
	uint32_t n = 0;

	err_free(process_list(p->world, p->arena, &all));
	for (uint32_t i = 0; i < all.n && n < DATA_PROCESSES_MAX; i++)
		if (runs(p, all.v[i], q->user)) {
			if (data_in_process(q, all.v[i]) != RESOLVE_FOUND)
				return RESOLVE_NOTHING;
			n++;
		}
	if (n)
		return RESOLVE_FOUND;
	query_nothing(q, q->point->v[0].arg_span, DIAG_UNKNOWN_PROCESS,
		      "no process runs %" STR_FMT " now",
		      STR_ARG(q->user->program));
	q->answer->help = STR("a watchpoint is at an address, which a program "
			      "has only while it runs");
	return RESOLVE_NOTHING;
}

static enum resolve_status data_in_file(struct query *q)
{
	if (q->user->pid || q->program->options->has_command)
		return data_in_process(q, (pid_t)q->user->pid);
	return data_of_program(q);
}

/* data: HW_BREAKPOINT_W or HW_BREAKPOINT_RW */
enum resolve_status user_data_resolve(struct query *q)
{
	return user_each_file(q, data_in_file);
}
