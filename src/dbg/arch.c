/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/arch.h"

#include <stddef.h>
#include <sys/utsname.h>

#include "base/vec.h"

static const struct arch *const arch_all[] = {
	&arch_x86_64,
	&arch_aarch64,
};

static const struct {
	struct str name, args;
} syscall_args[] = {
#define SYSCALL_ARGS(name, args) { STR_INIT(#name), STR_INIT(args) },
#include "dbg/syscall_args.def"
#undef SYSCALL_ARGS
};

struct str arch_syscall_args(struct str name)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(syscall_args); i++)
		if (str_eq(syscall_args[i].name, name))
			return syscall_args[i].args;
	return (struct str){};
}

const struct arch *arch_find(struct str name)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(arch_all); i++) {
		if (str_eq(arch_all[i]->name, name) ||
		    str_eq(arch_all[i]->machine, name))
			return arch_all[i];
	}
	return NULL;
}

const struct arch *arch_host(void)
{
	struct utsname u;

	return uname(&u) ? NULL : arch_find(str_from(u.machine));
}

const struct arch_reg *arch_reg_find(const struct arch *a, struct str name)
{
	for (uint32_t i = 0; i < a->nregs; i++) {
		if (str_eq(a->regs[i].name, name))
			return &a->regs[i];
	}
	return NULL;
}

const struct arch_reg *arch_reg_dwarf(const struct arch *a, uint16_t dwarf)
{
	if (dwarf == ARCH_NO_DWARF)
		return NULL;
	for (uint32_t i = 0; i < a->nregs; i++) {
		if (a->regs[i].dwarf == dwarf && !a->regs[i].alias)
			return &a->regs[i];
	}
	return NULL;
}

int arch_syscall_nr(const struct arch *a, struct str name)
{
	for (uint32_t i = 0; i < a->nsyscalls; i++) {
		if (str_eq(a->syscalls[i].name, name))
			return a->syscalls[i].nr;
	}
	return -1;
}

struct str arch_syscall_name(const struct arch *a, uint32_t nr)
{
	uint32_t lo = 0, hi = a->nsyscalls;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (a->syscalls[mid].nr < nr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < a->nsyscalls && a->syscalls[lo].nr == nr)
		return a->syscalls[lo].name;
	return (struct str){ "", 0 };
}
