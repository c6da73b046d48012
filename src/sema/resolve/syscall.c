/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.syscall("name") and its .return: one system call, which the
 * families syscall.* of the library stand on (sema/syscalls.h).  They are
 * tests of the number on the tracepoints of all calls, so they need neither
 * hooks on functions nor debuginfo.
 *
 * kernel.syscall32("name"): the same of 32-bit programs, whose calls have
 * numbers, registers and structures of their own, and which any program on
 * x86-64 may make.
 *
 * The arguments are $arg1 ...; as the int or unsigned int that most of them
 * are, $int1 ... and $uint1 ....  At the end of a call its registers still
 * hold them, but for those calls that replace the registers (execve).
 */
#include "dbg/arch.h"
#include "dbg/world.h"

#include "sema/resolve/kind.h"
#include "sema/resolve/target.h"
#include "sema/syscalls.h"

/* ---- target variables ---- */

static void add_reg(struct program *p, struct target_scope *s,
		    struct str name, const struct arch_reg *r, uint32_t size,
		    bool is_signed, bool hidden)
{
	struct target_root root = {
		.name = name,
		.type_name = STR("long"),
		.hidden = hidden || s->has_return,
		.ops = { { .kind = TGT_CTX_WORD, .n = 0 },
			 { .kind = TGT_ADD, .n = r->offset },
			 { .kind = TGT_LOAD, .size = size,
			   .is_signed = is_signed } },
		.nops = 3,
	};

	vec_push(p->arena, &s->roots, root);
}

static bool is_32(const struct query *q)
{
	return str_is(q->point->v[1].name, "syscall32");
}

static void add_args(struct program *p, struct target_scope *s, bool narrow)
{
	const struct arch *arch = world_arch(p->world);
	struct arena *a = p->arena;

	for (uint32_t i = 0; i < ARRAY_SIZE(arch->sys_args); i++) {
		uint8_t n = narrow ? arch->sys_args32[i] : arch->sys_args[i];
		const struct arch_reg *r = &arch->regs[n];

		add_reg(p, s, arena_printf(a, "arg%u", i + 1), r,
			narrow ? 4 : r->size, !narrow, false);
		add_reg(p, s, arena_printf(a, "int%u", i + 1), r, 4, true,
			true);
		add_reg(p, s, arena_printf(a, "uint%u", i + 1), r, 4, false,
			true);
	}
}

static void add_word(struct program *p, struct target_scope *s,
		     struct str name)
{
	vec_push(p->arena, &s->roots,
		 (struct target_root){
			 .name = name,
			 .type_name = STR("long"),
			 .ops = { { .kind = TGT_CTX_WORD, .n = 1 } },
			 .nops = 1 });
}

/* The arguments by the names that they have in the kernel. */
static void add_names(struct program *p, struct target_scope *s,
		      struct str call)
{
	const struct arch *arch = world_arch(p->world);
	struct str name;
	int bytes;

	for (uint32_t i = 0; i < ARRAY_SIZE(arch->sys_args); i++) {
		name = syscalls_argument(call, i + 1, &bytes);
		if (name.len)
			add_reg(p, s, name, &arch->regs[arch->sys_args[i]],
				bytes == 8 ? 8 : 4, bytes != 4, true);
	}
}

static const struct target_scope *scope_new(const struct query *q,
					    struct str call, bool is_return)
{
	struct program *p = q->program;
	const struct arch *arch = world_arch(p->world);
	struct target_scope *s = arena_new(p->arena, struct target_scope);

	s->what = arena_printf(p->arena, "kernel.%" STR_FMT "%s",
			       STR_ARG(q->point->v[1].name),
			       is_return ? ".return" : "");
	s->has_return = is_return;
	s->has_parms = !is_return;
	add_word(p, s, is_return ? STR("return") : STR("syscall"));
	if (is_return)
		add_reg(p, s, STR("syscall"), &arch->regs[arch->sys_nr], 4,
			true, true);
	add_args(p, s, is_32(q));
	if (!is_32(q))
		add_names(p, s, call);
	return s;
}

/* ---- sites ---- */

static void add_site(struct query *q, const struct arch_syscall *call)
{
	struct program *p = q->program;
	bool is_return = q->data == PROCESS_SYSCALL_RETURN;
	struct site *s = query_site(q, PROBE_SYSCALL,
				    query_text_with(q, 1, call->name));

	s->image.name = image_intern(p->image, p->back,
				     is_return ? STR("sys_exit") :
						 STR("sys_enter"));
	s->image.a = call->nr;
	s->image.b = is_32(q);
	if (!q->ret->share)
		s->scope = scope_new(q, call->name, is_return);
	else if (!q->ret->scope)
		q->ret->scope = scope_new(q, STR(""), is_return);
}

/* Those of the names or patterns, between commas. */
static void add_sites(struct query *q, struct str list)
{
	const struct arch *arch = world_arch(q->program->world);
	const struct arch_syscall *calls =
		is_32(q) ? arch->syscalls32 : arch->syscalls;
	uint32_t n = is_32(q) ? arch->nsyscalls32 : arch->nsyscalls;
	int64_t comma = str_find_char(list, ',');
	struct str one = list;

	if (comma >= 0) {
		one.len = (uint32_t)comma;
		q->ret->share = true;
	}
	for (uint32_t i = 0; i < n; i++)
		if (str_glob(one, calls[i].name))
			add_site(q, &calls[i]);
	if (comma >= 0)
		add_sites(q, str_sub(list, (uint32_t)comma + 1, list.len));
}

/* data: PROCESS_SYSCALL or PROCESS_SYSCALL_RETURN */
enum resolve_status syscall_resolve(struct query *q)
{
	const struct ast_component *c = &q->point->v[1];
	const struct arch *arch = world_arch(q->program->world);
	uint32_t n = q->ret->list.n;

	add_sites(q, c->string);
	if (q->ret->list.n > n)
		return RESOLVE_FOUND;
	return query_nothing(q, c->arg_span, DIAG_UNKNOWN_SYSCALL,
			     "%" STR_FMT " has no %ssystem call '%" STR_FMT
			     "'", STR_ARG(arch->name),
			     is_32(q) ? "32-bit " : "", STR_ARG(c->string));
}
