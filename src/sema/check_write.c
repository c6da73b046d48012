/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/check_write.h"

#include "dbg/arch.h"
#include "dbg/world.h"
#include "lang/diag.h"

/* ---- where it goes ---- */

static bool is_register(const struct target_part *part)
{
	return part->word.kind == TGT_CTX_LOAD;
}

static bool writes_kernel(const struct target *t)
{
	for (uint32_t i = 0; i < t->parts.n; i++)
		if (!is_register(&t->parts.v[i]) &&
		    !t->parts.v[i].word.is_user)
			return true;
	return false;
}

bool check_writes_user(const struct target *t)
{
	for (uint32_t i = 0; i < t->parts.n; i++)
		if (!is_register(&t->parts.v[i]) &&
		    t->parts.v[i].word.is_user)
			return true;
	return false;
}

bool check_writes_registers(const struct target *t)
{
	for (uint32_t i = 0; i < t->parts.n; i++)
		if (is_register(&t->parts.v[i]))
			return true;
	return false;
}

static bool writes_register(const struct target *t, uint16_t offset)
{
	for (uint32_t i = 0; i < t->parts.n; i++)
		if (is_register(&t->parts.v[i]) &&
		    t->parts.v[i].word.n == offset)
			return true;
	return false;
}

/* ---- what is wrong with it ---- */

/* Why no error can be given back in place of the function's result. */
static const char *no_injection(const struct program *p)
{
	struct str value;

	switch (world_config(p->world, STR("CONFIG_BPF_KPROBE_OVERRIDE"),
			     &value)) {
	case WORLD_CONFIG_UNSET:
		return "errors can be injected in place of a function, but "
		       "this kernel is built without that: "
		       "CONFIG_BPF_KPROBE_OVERRIDE is not set";
	case WORLD_CONFIG_SET:
		return "this kernel could inject an error in place of some "
		       "functions; this version of spile does not";
	case WORLD_CONFIG_UNKNOWN:
		break;
	}
	return "errors can be injected in place of a function only by a kernel "
	       "with CONFIG_BPF_KPROBE_OVERRIDE";
}

static void bad_kernel_memory(struct program *p, const struct ast_expr *to)
{
	struct diag *d = diag_error(p->diags, DIAG_KERNEL_WRITE, to->span,
				    "BPF cannot write to the kernel's memory");

	if (!d->parts.n)
		diag_help(p->diags, d,
			  "memory of the current process can be written: "
			  "@uderef(size, address) = value, set_user_int() and "
			  "its like");
}

static void bad_kernel_register(const struct kernel_place *at,
				const struct ast_expr *to)
{
	struct program *p = at->program;
	bool is_return = to->kind == AST_TARGET &&
			 str_eq(to->target.name, STR("$return"));
	struct diag *d;

	d = diag_error(p->diags, DIAG_KERNEL_WRITE,
		       at->call ? at->call->span : to->span,
		       "BPF cannot change what the kernel has in registers");
	if (!d->parts.n)
		diag_help(p->diags, d, "%s",
			  is_return ? no_injection(p) :
				      "registers of a process can be changed, "
				      "in probes of its code");
}

/* It is written nowhere: computed, optimised out, a float. */
static void bad_variable(struct program *p, const struct ast_expr *to,
			 struct str why)
{
	struct diag *d = diag_error(p->diags, DIAG_KERNEL_WRITE, to->span,
				    "this cannot be assigned to: it %" STR_FMT,
				    STR_ARG(why));

	if (!d->parts.n)
		diag_help(p->diags, d,
			  "at another line it may be in a register or in "
			  "memory; or write to what it is made of");
}

void check_write(struct program *p, const struct ast_expr *to,
		 const struct target *t)
{
	if (writes_kernel(t))
		bad_kernel_memory(p, to);
	else if (t->no_parts.len)
		bad_variable(p, to, t->no_parts);
}

bool check_write_registers(const struct kernel_place *at,
			   const struct ast_expr *to, const struct target *t)
{
	struct program *p = at->program;
	const struct arch *arch = world_arch(p->world);

	if (t->parts.n && !check_writes_registers(t))
		return false;
	if (at->probe->kind != PROBE_UPROBE &&
	    at->probe->kind != PROBE_URETPROBE) {
		bad_kernel_register(at, to);
		return false;
	}
	if (!t->parts.n && !t->no_parts.len) {
		bad_variable(p, to, STR("is in no place that can be written"));
		return false;
	}
	if (!writes_register(t, arch->regs[arch->sp].offset) &&
	    !writes_register(t, arch->regs[arch->ip].offset))
		return true;
	diag_error(p->diags, DIAG_KERNEL_WRITE, to->span,
		   "where the process goes on, and its stack, are not changed: "
		   "the instruction that the probe stands on would be lost");
	return false;
}
