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
 * The arguments have the names of the kernel's parameters, and are $arg1 ...;
 * as the int or unsigned int that most of them are, $int1 ... and $uint1 ....
 * At the end of a call its registers still hold them, but for those calls that
 * replace the registers (execve).
 */
#include "base/bits.h"
#include "dbg/arch.h"
#include "dbg/world.h"
#include "sema/resolve/kind.h"
#include "sema/resolve/target.h"

/* ---- target variables ---- */

static void add_reg(struct program *p, struct target_scope *s,
		    struct str name, const struct arch_reg *r, uint32_t size,
		    bool is_signed, bool hidden)
{
	struct target_root root = {
		.name = name,
		.type_name = STR("long"),
		.hidden = hidden,
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

static void add_args(struct program *p, struct target_scope *s, bool narrow,
		     bool hidden)
{
	const struct arch *arch = world_arch(p->world);
	struct arena *a = p->arena;

	for (uint32_t i = 0; i < ARRAY_SIZE(arch->sys_args); i++) {
		uint8_t n = narrow ? arch->sys_args32[i] : arch->sys_args[i];
		const struct arch_reg *r = &arch->regs[n];

		add_reg(p, s, arena_printf(a, "arg%u", i + 1), r,
			narrow ? 4 : r->size, !narrow, hidden);
		add_reg(p, s, arena_printf(a, "int%u", i + 1), r, 4, true,
			true);
		add_reg(p, s, arena_printf(a, "uint%u", i + 1), r, 4, false,
			true);
	}
}

/* The same of all calls that have names of their own for them. */
static const struct target_scope *hidden_args(struct program *p, bool narrow)
{
	struct target_scope **s = &p->syscall_args[narrow];

	if (!*s) {
		*s = arena_new(p->arena, struct target_scope);
		add_args(p, *s, narrow, true);
	}
	return *s;
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

/* A parameter of the kernel's function: "struct timespec *rqtp". */
struct parameter {
	struct str name, type;	/* "rqtp", "struct timespec*" */
	struct str pointee;	/* "struct timespec", or empty */
	uint32_t bytes;
	bool is_signed;
};

/* Types that do not fill a register; all others are of 8 bytes. */
static const struct {
	struct str name;
	uint8_t bytes;
	bool is_signed;
} small_types[] = {
	{ STR_INIT("int"), 4, true },
	{ STR_INIT("__s32"), 4, true },
	{ STR_INIT("clockid_t"), 4, true },
	{ STR_INIT("key_serial_t"), 4, true },
	{ STR_INIT("key_t"), 4, true },
	{ STR_INIT("mqd_t"), 4, true },
	{ STR_INIT("pid_t"), 4, true },
	{ STR_INIT("qid_t"), 4, false },
	{ STR_INIT("rwf_t"), 4, true },
	{ STR_INIT("timer_t"), 4, true },
	{ STR_INIT("gid_t"), 4, false },
	{ STR_INIT("u32"), 4, false },
	{ STR_INIT("__u32"), 4, false },
	{ STR_INIT("uid_t"), 4, false },
	{ STR_INIT("umode_t"), 2, false },
	{ STR_INIT("unsigned int"), 4, false },
	{ STR_INIT("enum landlock_rule_type"), 4, false },
};

static void parameter_size(struct parameter *pm)
{
	pm->bytes = 8;
	pm->is_signed = str_eq(pm->type, STR("long")) ||
			str_eq(pm->type, STR("loff_t")) ||
			str_eq(pm->type, STR("off_t"));
	for (uint32_t i = 0; i < ARRAY_SIZE(small_types); i++)
		if (str_eq(pm->type, small_types[i].name)) {
			pm->bytes = small_types[i].bytes;
			pm->is_signed = small_types[i].is_signed;
		}
}

/* Of "TYPE NAME" or "TYPE *NAME". */
static struct parameter parameter_parse(struct arena *a, struct str text)
{
	struct parameter pm = {};
	uint32_t at = text.len, end;

	while (at && text.s[at - 1] != ' ' && text.s[at - 1] != '*')
		at--;
	pm.name = str_sub(text, at, text.len);
	for (end = at; end && text.s[end - 1] == '*'; end--)
		;
	pm.pointee = str_sub(text, 0, end ? end - 1 : 0);
	pm.type = arena_printf(a, "%" STR_FMT "%.*s", STR_ARG(pm.pointee),
			       (int)(at - end), text.s + end);
	if (at - end != 1)
		pm.pointee.len = 0;
	parameter_size(&pm);
	return pm;
}

static void add_parameter(struct program *p, struct target_scope *s,
			  const struct parameter *pm, const struct arch_reg *r)
{
	add_reg(p, s, pm->name, r, pm->bytes, pm->is_signed, false);
	vec_last(&s->roots).type_name = pm->type;
	vec_last(&s->roots).pointee = pm->pointee;
	vec_last(&s->roots).is_user = pm->pointee.len;
}

/* In 32-bit programs pointers and long are as narrow as int, and structures
 * are others. */
static void parameter_narrow(struct parameter *pm)
{
	pm->bytes = MIN(pm->bytes, 4U);
	pm->pointee.len = 0;
}

/* The arguments by the names that they have in the kernel.  False: they are
 * not known. */
static bool add_parameters(struct program *p, struct target_scope *s,
			   struct str call, bool narrow)
{
	const struct arch *arch = world_arch(p->world);
	const uint8_t *regs = narrow ? arch->sys_args32 : arch->sys_args;
	struct str rest = arch_syscall_args(call);
	bool any = rest.len;

	for (uint32_t i = 0; rest.len && i < ARRAY_SIZE(arch->sys_args); i++) {
		int64_t comma = str_find_char(rest, ',');
		uint32_t len = comma < 0 ? rest.len : (uint32_t)comma;
		struct parameter pm =
			parameter_parse(p->arena, str_sub(rest, 0, len));

		if (narrow)
			parameter_narrow(&pm);
		add_parameter(p, s, &pm, &arch->regs[regs[i]]);
		rest = str_sub(rest, MIN(len + 2, rest.len), rest.len);
	}
	return any;
}

/* The variables of a call, made when they are asked for. */
struct syscall_scope {
	struct target_late late;	/* first: it is found by this */
	struct target_scope scope;
	struct str call;		/* empty: one of several */
	bool narrow;			/* of a 32-bit program */
};

static void scope_fill(struct program *p, struct target_late *late)
{
	struct syscall_scope *ss = (struct syscall_scope *)late;
	const struct arch *arch = world_arch(p->world);
	struct target_scope *s = &ss->scope;
	bool is_return = s->has_return, is_named;

	add_word(p, s, is_return ? STR("return") : STR("syscall"));
	if (is_return)
		add_reg(p, s, STR("syscall"), &arch->regs[arch->sys_nr], 4,
			true, true);
	is_named = add_parameters(p, s, ss->call, ss->narrow);
	s->roots.v[0].hidden = is_named && !is_return;
	if (is_named || is_return)
		s->base = hidden_args(p, ss->narrow);
	else
		add_args(p, s, ss->narrow, false);
}

/* $$name: the kernel's function of a call. */
static struct str func_name(const struct query *q, struct str call)
{
	struct program *p = q->program;
	struct str point = query_text_with(q, 1, call);

	if (!call.len)
		return call;
	return image_point_func(point, world_arch(p->world)->name,
				arena_alloc(p->arena, IMAGE_FUNC_LEN));
}

static const struct target_scope *scope_new(const struct query *q,
					    struct str call, bool is_return)
{
	struct arena *a = q->program->arena;
	struct syscall_scope *ss = arena_new(a, struct syscall_scope);

	*ss = (struct syscall_scope){
		.late = { .scope = &ss->scope, .fill = scope_fill },
		.scope = {
			.late = &ss->late,
			.what = arena_printf(a, "kernel.%" STR_FMT "%s",
					     STR_ARG(q->point->v[1].name),
					     is_return ? ".return" : ""),
			.has_return = is_return,
			.has_parms = true,
			.name = func_name(q, call),
		},
		.call = call,
		.narrow = is_32(q),
	};
	return &ss->scope;
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

/* Adds the sites of the calls that a list of names and patterns means. */
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
